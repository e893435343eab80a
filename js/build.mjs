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
const SHARED = ['theme.css', 'steps.css'];
const KEYFRAME = /^\s*(from|to|[\d.]+%)/;
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
/**
 * Make a widget's rules stronger than those that all widgets share, where both are equally specific.
 *
 * Every bundle begins with the shared rules, so on a page with several widgets they come again after a
 * widget's own. Of the element names in a selector, a shared rule gets twice as many and a widget's one
 * more than that; all other orders stay. `:not(q)` counts as one name and is true of everything here.
 */
const weighed = {
  name: 'weighed',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const css = (await readFile(file, 'utf8')).replaceAll(/\/\*.*?\*\//gs, '');
      const isShared = SHARED.includes(path.basename(file));
      const contents = css.replaceAll(/(?<=^|[{};])[^{};]+(?=\{)/g, (prelude) =>
        prelude.trim().startsWith('@') || KEYFRAME.test(prelude)
          ? prelude
          : topLevel(prelude)
              .map((selector) => heavier(selector.trim(), isShared))
              .join(',\n'),
      );
      return { contents, loader: 'css' };
    });
  },
};
/** @param {string} selector @param {boolean} isShared */
function heavier(selector, isShared) {
  const [, , names] = specificity(selector);
  const [first] = /^[a-z]*/.exec(selector) ?? [''];
  return first + ':not(q)'.repeat(names + Number(!isShared)) + selector.slice(first.length);
}
/** Ids; classes, attributes and pseudo-classes; names of elements and pseudo-elements. @param {string} selector @returns {number[]} */
function specificity(selector) {
  const inner = /:(is|not|has|where|[a-z-]+)\(([^()]*)\)/;
  let rest = selector.replaceAll(/\[[^\]]*\]/g, '.x');
  for (let found = inner.exec(rest); found; found = inner.exec(rest)) {
    const [whole, name, list] = found;
    const isList = ['is', 'not', 'has'].includes(name);
    const [ids, classes, names] = isList
      ? list.split(',').map(specificity).sort(byWeight)[0]
      : [0, Number(name !== 'where'), 0];
    const same = '#x'.repeat(ids) + '.x'.repeat(classes) + '::x'.repeat(names);
    rest = rest.replace(whole, () => same);
  }
  const count = (/** @type {RegExp} */ part) => (rest.match(part) ?? []).length;
  return [count(/#/g), count(/\.|(?<!:):(?!:)/g), count(/::|(?<![\w.#:-])[a-z]/g)];
}
/** @param {number[]} one @param {number[]} other */
const byWeight = (one, other) => other.map((n, i) => n - one[i]).find(Boolean) ?? 0;
/** The selectors of a list. @param {string} list */
function topLevel(list) {
  let depth = 0;
  const marked = list.replaceAll(/[(),]/g, (sign) => {
    depth += { '(': 1, ')': -1 }[sign] ?? 0;
    return sign === ',' && !depth ? '\n,' : sign;
  });
  return marked.split('\n,');
}
const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  write: false,
  plugins: [asText, weighed],
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
