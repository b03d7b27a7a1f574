// Bundles the IDE into dist/. Every file but the page has a hash of its content in its name, so that browsers may
// keep it for ever.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

const options = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  outdir: 'dist/assets',
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  jsx: 'automatic',
  legalComments: 'eof',
  loader: { '.ttf': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  metafile: true,
  logLevel: 'warning',
};

/** The path under /ide/ of what was made from `entry`, or of its style sheet. */
function made({ outputs }, entry, ending = '.js') {
  const wanted = (path) => outputs[path].entryPoint?.endsWith(entry);
  const script = Object.keys(outputs).find((path) => path.endsWith('.js') && wanted(path));
  const path = ending === '.css' ? outputs[script].cssBundle : script;
  return `assets/${basename(path)}`;
}

const workers = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
};

await rm('dist/assets', { recursive: true, force: true });
await rm('dist/index.html', { force: true });
const entries = Object.values(workers).map((path) => `node_modules/${path}`);
const { metafile: workersMade } = await build({ ...options, entryPoints: entries });
const addresses = Object.entries(workers).map(([label, path]) => [label, `/ide/${made(workersMade, path)}`]);
const define = { ...options.define, WORKERS: JSON.stringify(Object.fromEntries(addresses)) };
const { metafile } = await build({ ...options, define, splitting: true, entryPoints: ['src/main.jsx'] });
const page = await readFile('src/index.html', 'utf8');
// The page is written last: with it, the bundle is whole.
await writeFile(
  'dist/index.html',
  page.replace('MAIN_SCRIPT', made(metafile, 'main.jsx')).replace('MAIN_STYLE', made(metafile, 'main.jsx', '.css')),
);
