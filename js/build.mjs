/**
 * Bundle the widgets' sources into unet_teach/widgets/static, and the live demo's into docs.
 *
 *   node build.mjs           write the bundles
 *   node build.mjs --check   write nothing; fail when a committed bundle is stale
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const names = async (/** @type {string} */ folder) =>
  (await readdir(path.join(here, folder))).map((file) => path.parse(file).name).sort();
const views = await names('views');
/** Styles of one widget alone; the others are in every one's. */
const styles = (await names('styles')).filter((name) => views.includes(name));
/** `import text from './script.js?text'`: that script and all that it imports, as one text for a worker. */
const asText = {
  name: 'as-text',
  setup(build) {
    build.onResolve({ filter: /\?text$/ }, ({ path: name, resolveDir }) => ({
      path: path.join(resolveDir, name.replace('?text', '')),
      namespace: 'text',
    }));
    build.onLoad({ filter: /.*/, namespace: 'text' }, async ({ path: script }) => {
      const { outputFiles } = await esbuild.build({
        entryPoints: [script],
        bundle: true,
        minify: true,
        format: 'iife',
        target: 'es2022',
        charset: 'utf8',
        write: false,
      });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};
const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  write: false,
  plugins: [asText],
};
const results = await Promise.all([
  esbuild.build({
    ...options,
    entryPoints: [
      ...views.map((view) => ({ in: `views/${view}.js`, out: view })),
      ...styles.map((name) => ({ in: `styles/${name}.css`, out: name })),
    ],
    outdir: '../unet_teach/widgets/static',
  }),
  esbuild.build({
    ...options,
    entryPoints: [
      { in: 'demo/main.js', out: 'demo.bundle' },
      { in: 'demo/demo.css', out: 'demo.bundle' },
    ],
    outdir: '../docs',
  }),
]);

const stale = [];
for (const { path: file, text } of results.flatMap(({ outputFiles }) => outputFiles)) {
  if (process.argv.includes('--check')) {
    const committed = await readFile(file, 'utf8').catch(() => null);
    if (committed?.replaceAll('\r\n', '\n') !== text) stale.push(path.relative(here, file));
  } else {
    await writeFile(file, text);
    console.log(`${path.relative(here, file)}  ${(text.length / 1024).toFixed(1)} kB`);
  }
}
if (stale.length) {
  console.error(`stale: ${stale.join(', ')}. Run: npm --prefix js run build`);
  process.exit(1);
}
