// Starts the built binary for one suite, on a port of its own with a store of its own.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const binary = process.env.TRUNKLINE_BIN ?? new URL('../../target/debug/trunkline', import.meta.url).pathname;
const patience = 60_000;

/**
 * Starts `trunkline demo`, whose simulated call centre keeps the log growing, or another command that serves; `stop`
 * ends it.
 */
export async function start(command = 'demo', settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-clients-'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRUNKLINE_')));
  const child = spawn(binary, [command, '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0'], {
    cwd: folder,
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGINT');
    const code = await ended;
    await rm(folder, { recursive: true, force: true });
    return code;
  };
  try {
    return { base: await address(child), folder, stop };
  } catch (error) {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function address(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (reason) => reject(new Error(`${binary} ${reason}; it said:\n${said}`));
    const timer = setTimeout(() => fail(`printed no address within ${patience} ms`), patience);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('close', (code) => fail(`ended with ${code}`));
    child.stderr.on('data', (text) => { said += text; });
    child.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/http:\/\/[^\s/"]+:\d+/);
      if (found) {
        clearTimeout(timer);
        resolve(found[0]);
      }
    });
  });
}

/** A token of an auditor for the server whose data is in `folder`. */
export async function issue(folder) {
  const flags = ['--subject', 'browser', '--role', 'auditor', '--data-dir', join(folder, 'data')];
  const { stdout } = await promisify(execFile)(binary, ['token', 'issue', ...flags], { cwd: folder });
  return stdout.trim();
}

/** Runs a query or mutation and gives its data. */
export async function run(base, query, variables = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}
