// Bundles GraphiQL into `dist/`; with `--check`, compares instead of writing.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, 'dist');

const common = {
  absWorkingDir: here,
  bundle: true,
  charset: 'utf8',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  minify: true,
  outdir: dist,
  target: 'es2022',
  write: false,
};

/** GraphiQL's style sheet has Monaco's in it already, and fonts for scripts which the reader's own fonts draw as well. */
const leanStyles = {
  name: 'lean-styles',
  setup(builder) {
    builder.onLoad({ filter: /[/]monaco-editor[/].*[.]css$/ }, () => ({ contents: '', loader: 'css' }));
    builder.onLoad({ filter: /[/]graphiql[/]dist[/]style[.]css$/ }, async ({ path }) => {
      const sheet = await readFile(path, 'utf8');
      return { contents: sheet.replace(/@font-face[^}]*unicode-range:\s*U[+](?!0000|0100)[^}]*\}/g, ''), loader: 'css' };
    });
  },
};

async function bundle() {
  const page = build({
    ...common,
    entryPoints: { playground: 'src/playground.jsx' },
    format: 'esm',
    jsx: 'automatic',
    plugins: [leanStyles],
  });
  const workers = build({
    ...common,
    entryPoints: {
      'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
      'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    },
    format: 'iife',
  });
  const results = await Promise.all([page, workers]);
  const built = results.flatMap((result) => result.outputFiles);
  const files = new Map(built.map((file) => [basename(file.path), Buffer.from(file.contents)]));
  files.set('index.html', await readFile(join(here, 'src/index.html')));
  files.set('licenses.txt', Buffer.from(await licenses(results.flatMap((result) => Object.keys(result.metafile.inputs)))));
  return files;
}

/** The notices of every package that is inside the bundle, which their licences ask to be passed on. */
async function licenses(inputs) {
  const folders = new Set(inputs.map((path) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  const notices = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(here, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(here, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(join(here, folder, file), 'utf8') : '';
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  const fonts = 'Fonts: Roboto (Apache-2.0), Fira Code (OFL-1.1), Codicons (CC-BY-4.0)\n';
  return [fonts, ...(await Promise.all(notices))].join(`\n${'-'.repeat(72)}\n\n`);
}

async function write(files) {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  for (const [name, bytes] of files) {
    // zlib leaves the header's time stamp at zero, which keeps the output reproducible.
    const packed = gzipSync(bytes, { level: 9 });
    await writeFile(join(dist, `${name}.gz`), packed);
    console.log(`${name.padEnd(20)} ${String(packed.length).padStart(8)} bytes`);
  }
}

/** Compares what is inside: another release of zlib may pack the same bytes otherwise. */
async function check(files) {
  const present = await readdir(dist).catch(() => []);
  const expected = [...files.keys()].map((name) => `${name}.gz`);
  const differs = expected.filter((file) => !present.includes(file));
  for (const file of present) {
    const fresh = files.get(file.replace(/\.gz$/, ''));
    if (!fresh?.equals(gunzipSync(await readFile(join(dist, file))))) differs.push(file);
  }
  if (differs.length > 0) {
    console.error(`dist/ is not what the sources build: ${differs.join(', ')}; run \`npm run build\``);
    process.exitCode = 1;
  }
}

const files = await bundle();
await (process.argv.includes('--check') ? check(files) : write(files));
