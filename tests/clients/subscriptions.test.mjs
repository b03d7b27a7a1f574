// Subscriptions, with the public clients graphql-ws and graphql-sse.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';
import { run, start } from './server.mjs';

const WANTED = 5;
const query = 'subscription Log($after: Position) { events(after: $after) { position type } }';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const overSockets = () =>
  createWsClient({ url: `${server.base.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
const overEvents = () => createSseClient({ url: `${server.base}/graphql`, retryAttempts: 0 });

async function take(client, variables, count = WANTED) {
  const taken = [];
  for await (const { data, errors } of client.iterate({ query, variables })) {
    assert.equal(errors, undefined, JSON.stringify(errors));
    taken.push(data.events);
    if (taken.length === count) break;
  }
  return taken;
}

const positions = (events) => events.map((event) => Number(event.position));

for (const [name, connect] of [['graphql-ws', overSockets], ['graphql-sse', overEvents]]) {
  test(`${name}: the log from its start, in order and without gaps`, async () => {
    const client = connect();
    const events = await take(client, { after: '0' });
    assert.deepEqual(positions(events), [1, 2, 3, 4, 5]);
    assert(events.every((event) => /^[a-z]+\.[a-z_]+$/.test(event.type)), JSON.stringify(events));
    await client.dispose();
  });

  test(`${name}: a subscription goes on after the position where another stopped`, async () => {
    const client = connect();
    const [first] = await take(client, { after: '2' }, 1);
    const next = await take(client, { after: first.position }, 2);
    assert.deepEqual(positions([first, ...next]), [3, 4, 5]);
    await client.dispose();
  });

  test(`${name}: new events arrive while the subscription runs`, async () => {
    const client = connect();
    const { logHead } = await run(server.base, '{ logHead }');
    const live = positions(await take(client, { after: logHead }, 2));
    assert.deepEqual(live, [Number(logHead) + 1, Number(logHead) + 2]);
    await client.dispose();
  });

  test(`${name}: a query works over the same connection`, async () => {
    const client = connect();
    const answers = [];
    for await (const answer of client.iterate({ query: '{ __typename }' })) answers.push(answer.data);
    assert.deepEqual(answers, [{ __typename: 'Query' }]);
    await client.dispose();
  });

  test(`${name}: a subscription that is not in the schema is refused with a reason`, async () => {
    const client = connect();
    const reasons = [];
    try {
      for await (const answer of client.iterate({ query: 'subscription { nothingOfThisName }' })) {
        reasons.push(...(answer.errors ?? []));
      }
    } catch (errors) {
      reasons.push(...[errors].flat());
    }
    assert.match(JSON.stringify(reasons), /nothingOfThisName/);
    await client.dispose();
  });
}
