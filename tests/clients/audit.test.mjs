// GraphQL over HTTP: the public audit suite of the package graphql-http.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { start } from './server.mjs';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const audits = serverAudits({ url: () => `${server.base}/graphql` });
assert(audits.length > 50, `the suite has ${audits.length} audits, far fewer than expected`);

// Recommendations that are not followed, each with the reason; all others are held to as well.
const declined = new Map();

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    if (result.status === 'ok') {
      assert(!declined.has(audit.id), 'this recommendation is followed after all: take it off the list');
      return;
    }
    const text = `${result.status}: ${result.reason}`;
    if (audit.name.startsWith('MUST')) assert.fail(text);
    assert(declined.has(audit.id), text);
  });
}
