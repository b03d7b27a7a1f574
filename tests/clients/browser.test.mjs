// The IDE and the plain page in a real browser: they work, and ask for nothing outside their server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { issue, start } from './server.mjs';

// A browser that does nothing on its own, so that every request seen is the page's.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps',
];
const patience = { timeout: 60_000 };

let server;
let browser;
before(async () => {
  server = await start();
  const executablePath = process.env.TRUNKLINE_TEST_CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: flags });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a page and keeps what it asks for and what goes wrong in it. */
async function open(path, locale = 'en-GB') {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  const asked = [];
  const wrong = [];
  context.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(message.text()); });
  await page.goto(server.base + path, patience);
  return { page, asked, wrong, close: () => context.close() };
}

function assertClean({ asked, wrong }) {
  assert(asked.length > 1, 'the page asked for its own files');
  const { host } = new URL(server.base);
  const outside = asked.filter((url) => !/^(data|blob):/.test(url) && new URL(url).host !== host);
  assert.deepEqual(outside, [], 'requests to somewhere else');
  assert.deepEqual(wrong, [], 'errors in the page');
}

test('GraphiQL runs a query that was typed', async () => {
  const opened = await open('/graphql');
  const { page } = opened;
  const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
  await editor.waitFor(patience);
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('query Typed { __typename }');
  await page.keyboard.press('Control+Enter');
  const result = page.locator('.result-window');
  await result.getByText('"Query"').first().waitFor(patience);
  // The documentation comes from the server's own introspection.
  await page.getByRole('button', { name: /documentation explorer/i }).first().click();
  await page.locator('.graphiql-doc-explorer').getByText('query', { exact: false }).first().waitFor(patience);
  assertClean(opened);
  await opened.close();
});

test('the plain page runs a query that was typed, and shows the documentation', async () => {
  const opened = await open('/ide/plain.html');
  const { page } = opened;
  await page.locator('#query').fill('query Typed($with: Boolean!) { __typename logHead @include(if: $with) }');
  await page.locator('#variables').fill('{ "with": true }');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('#result').getByText('"__typename": "Query"').waitFor(patience);
  await page.locator('#documentation summary').first().waitFor(patience);
  assert.equal(await page.locator('#documentation summary').first().textContent(), 'Query');
  await page.locator('#variables').fill('{ not json');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('#result').getByText('The variables are not JSON').waitFor(patience);
  assertClean(opened);
  await opened.close();
});

test('where a token is needed both pages open, and work with one', async () => {
  const strict = await start('serve', { TRUNKLINE_IDENTITY_REQUIRED: 'true' });
  const token = await issue(strict.folder);
  const plain = await (await browser.newContext()).newPage();
  await plain.goto(`${strict.base}/ide/plain.html`, patience);
  await plain.getByRole('button', { name: 'Run' }).click();
  await plain.locator('#result').getByText('UNAUTHENTICATED').waitFor(patience);
  await plain.locator('#token').fill(token);
  await plain.getByRole('button', { name: 'Run' }).click();
  await plain.locator('#result').getByText('"__typename": "Query"').waitFor(patience);
  await plain.locator('#documentation summary').first().waitFor(patience);
  await plain.locator('#query').fill('subscription { events(after: "0") { type } }');
  await plain.getByRole('button', { name: 'Run' }).click();
  await plain.locator('#result').getByText('token.issued').first().waitFor(patience);
  const response = await plain.goto(`${strict.base}/graphql`, patience);
  assert.equal(response.status(), 200);
  await plain.context().close();
  assert.equal(await strict.stop(), 0);
});

test('the plain page speaks Chinese and runs a subscription', async () => {
  const opened = await open('/ide/plain.html', 'zh-CN');
  const { page } = opened;
  await page.locator('#query').fill('subscription { events(after: "0") { position type } }');
  await page.getByRole('button', { name: '运行' }).click();
  await page.locator('#result').getByText('"position"').first().waitFor(patience);
  await page.getByRole('button', { name: '停止' }).click();
  assertClean(opened);
  await opened.close();
});
