// Tokens of an OpenID Connect provider: the certified package oidc-provider, running here, and what nobody gets past.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import * as jose from 'jose';
import Provider from 'oidc-provider';
import WebSocket from 'ws';
import { start } from './server.mjs';

const AUDIENCE = 'trunkline';
const RESOURCE = 'https://trunkline.example';
const CLIENT = { client_id: 'export', client_secret: 'a-secret-of-the-exporter' };
const OURSELVES = { client_id: 'trunkline', client_secret: 'a-secret-of-trunkline' };

/** A provider whose keys can be changed while it runs. */
class Issuer {
  async start() {
    this.listener = createServer((request, response) => this.answer(request, response)).listen(0, '127.0.0.1');
    await once(this.listener, 'listening');
    this.name = `http://127.0.0.1:${this.listener.address().port}`;
    await this.rotate('first');
  }

  async rotate(kid) {
    const pair = await jose.generateKeyPair('RS256', { extractable: true });
    this.key = { kid, ...pair };
    const jwk = { ...(await jose.exportJWK(pair.privateKey)), kid, alg: 'RS256', use: 'sig' };
    const client = {
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    };
    const provider = new Provider(this.name, {
      jwks: { keys: [jwk] },
      clients: [{ ...client, ...CLIENT }, { ...client, ...OURSELVES }],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: { enabled: true, getResourceServerInfo: (_, resource) => resourceServer(resource) },
      },
      extraTokenClaims: () => ({ roles: ['crm-services', 'of-something-else'], teams: ['north'] }),
    });
    provider.on('server_error', (_, error) => console.error(error));
    this.answer = provider.callback();
  }

  async post(path, client, parameters) {
    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
    const response = await fetch(`${this.name}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams(parameters),
    });
    const text = await response.text();
    assert(response.ok, `${path} answered ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  async token(kind) {
    const parameters = { grant_type: 'client_credentials', resource: `${RESOURCE}/${kind}`, scope: 'api' };
    return (await this.post('/token', CLIENT, parameters)).access_token;
  }

  /** A token as the provider makes it but for what is given; signed with its key, if not with another. */
  forge(claims = {}, header = {}, key = this.key.privateKey) {
    const now = Math.floor(Date.now() / 1000);
    const usual = {
      iss: this.name, aud: AUDIENCE, sub: 'export', client_id: 'export', iat: now, exp: now + 600,
      roles: ['crm-services'],
    };
    return new jose.SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: this.key.kid, ...header })
      .sign(key);
  }

  async stop() {
    this.listener.close();
    this.listener.closeAllConnections();
    await once(this.listener, 'close');
  }
}

function resourceServer(resource) {
  const kind = new URL(resource).pathname.slice(1);
  const audience = kind === 'elsewhere' ? 'something-else' : AUDIENCE;
  const format = kind === 'opaque' ? 'opaque' : 'jwt';
  return { scope: 'api', audience, accessTokenTTL: 600, accessTokenFormat: format, jwt: { sign: { alg: 'RS256' } } };
}

const issuer = new Issuer();
let server;
before(async () => {
  await issuer.start();
  server = await start('serve', {
    TRUNKLINE_IDENTITY_REQUIRED: 'true',
    TRUNKLINE_IDENTITY_CLOCK_SKEW_SECONDS: '0',
    TRUNKLINE_LIMITS_BAD_TOKENS_FREE: '1000',
    TRUNKLINE_OIDC_ISSUER: issuer.name,
    TRUNKLINE_OIDC_SUBJECT_CLAIM: 'client_id',
    TRUNKLINE_OIDC_ROLE_NAMES: 'crm-services = service; crm-leads = team_lead',
    TRUNKLINE_OIDC_INTROSPECTION: 'opaque',
    TRUNKLINE_OIDC_INTROSPECTION_SECONDS: '0',
    TRUNKLINE_OIDC_CLIENT_ID: OURSELVES.client_id,
    TRUNKLINE_OIDC_CLIENT_SECRET: OURSELVES.client_secret,
    TRUNKLINE_OIDC_KEYS_PAUSE_SECONDS: '0',
  });
});
after(async () => {
  await server?.stop();
  await issuer.stop();
});

async function ask(token, query = '{ __typename }') {
  const response = await fetch(`${server.base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
}

async function assertRefused(token, what) {
  const { status, challenge, body } = await ask(token);
  assert.equal(status, 401, `${what}: ${JSON.stringify(body)}`);
  assert.equal(challenge, 'Bearer realm="trunkline", error="invalid_token"', what);
  assert.equal(body.errors[0].message, 'The token is not taken.', what);
}

test('a signed token of the provider names who does something', async () => {
  const token = await issuer.token('signed');
  assert.equal(jose.decodeProtectedHeader(token).alg, 'RS256');
  const done = await ask(token, 'mutation { registerCustomer(input: {kind: COMPANY}) { id } }');
  assert.equal(done.status, 200, JSON.stringify(done.body));
  const events = await ask(await issuer.token('signed'), '{ events(first: 5, filter: {types: ["customer.registered"]}) { nodes { actor } } }');
  assert.deepEqual(events.body.data.events.nodes, [{ actor: 'service:export' }]);
});

test('a forged token that is made as the provider makes them is taken, so that the refusals below mean something', async () => {
  assert.equal((await ask(await issuer.forge())).status, 200);
});

test('a token for something else, over, too early, or of somebody else is refused', async () => {
  await assertRefused(await issuer.token('elsewhere'), 'made for something else');
  await assertRefused(await issuer.forge({ aud: undefined }), 'made for nobody');
  const now = Math.floor(Date.now() / 1000);
  await assertRefused(await issuer.forge({ exp: now - 1 }), 'over');
  await assertRefused(await issuer.forge({ exp: undefined }), 'without an end');
  await assertRefused(await issuer.forge({ nbf: now + 600 }), 'too early');
  await assertRefused(await issuer.forge({ iss: 'https://other.example' }), 'of somebody else');
  await assertRefused(await issuer.forge({ iss: 'trunkline' }), 'said to be one of our own');
  await assertRefused(await issuer.forge({}, { typ: 'logout+jwt' }), 'no access token');
});

test('a token that was changed, or signed with another key, is refused', async () => {
  const [header, , signature] = (await issuer.token('signed')).split('.');
  const claims = { ...jose.decodeJwt(await issuer.token('signed')), roles: ['crm-leads'] };
  await assertRefused([header, jose.base64url.encode(JSON.stringify(claims)), signature].join('.'), 'changed');
  const other = await jose.generateKeyPair('RS256');
  await assertRefused(await issuer.forge({}, {}, other.privateKey), 'another key under the same name');
  await assertRefused(await issuer.forge({}, { kid: 'unheard-of' }, other.privateKey), 'an unknown key');
});

test('no token chooses its own algorithm', async () => {
  const claims = jose.decodeJwt(await issuer.token('signed'));
  const part = (value) => jose.base64url.encode(JSON.stringify(value));
  for (const alg of ['none', 'None', 'nOnE']) {
    await assertRefused(`${part({ alg, kid: issuer.key.kid })}.${part(claims)}.`, `alg ${alg}`);
  }
  const spki = new TextEncoder().encode(await jose.exportSPKI(issuer.key.publicKey));
  const { n } = await jose.exportJWK(issuer.key.publicKey);
  for (const secret of [spki, jose.base64url.decode(n)]) {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      await assertRefused(await issuer.forge({}, { alg }, secret), `${alg} with the public key`);
    }
  }
  const embedded = await jose.generateKeyPair('RS256');
  const jwk = await jose.exportJWK(embedded.publicKey);
  await assertRefused(await issuer.forge({}, { jwk, kid: undefined }, embedded.privateKey), 'a key of its own');
});

test('a token that gives no role here permits nothing', async () => {
  const { status, challenge } = await ask(await issuer.forge({ roles: ['of-something-else', 'administrator'] }));
  assert.equal(status, 403);
  assert.match(challenge, /error="insufficient_scope"/);
});

test('new keys of the provider are found, and the old one signs nothing more', async () => {
  const old = issuer.key;
  await issuer.rotate('second');
  assert.equal((await ask(await issuer.token('signed'))).status, 200);
  // A token that was taken before is known for a while, so this one has to differ from all of them.
  await assertRefused(await issuer.forge({ jti: 'late' }, { kid: old.kid }, old.privateKey), 'signed with the old key');
});

test('an opaque token is asked about, and refused from the moment on when it is revoked', async () => {
  const token = await issuer.token('opaque');
  assert.equal(token.split('.').length, 1);
  const allowed = await ask(token);
  assert.equal(allowed.status, 200, JSON.stringify(allowed.body));
  const client = createClient({
    url: `${server.base.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0,
    connectionParams: { Authorization: `Bearer ${token}` }, lazy: false, onNonLazyError: () => {},
  });
  const closed = new Promise((resolve) => client.on('closed', resolve));
  const connected = new Promise((resolve) => client.on('connected', resolve));
  await connected;
  await issuer.post('/token/revocation', CLIENT, { token });
  await assertRefused(token, 'revoked');
  assert.equal((await closed).code, 4401);
  await assertRefused('made-up', 'never issued');
});
