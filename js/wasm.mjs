/**
 * Compile js/engine/sums.wat into js/engine/sums_wasm.js, as base64.
 *
 *   node wasm.mjs           write it
 *   node wasm.mjs --check   write nothing; fail when the committed file is stale
 */
import { readFile, writeFile } from 'node:fs/promises';
import wabt from 'wabt';

const [source, target] = ['engine/sums.wat', 'engine/sums_wasm.js'].map(
  (name) => new URL(name, import.meta.url),
);
const { parseWat } = await wabt();
const module = parseWat('sums.wat', await readFile(source, 'utf8'), { simd: true });
const text = Buffer.from(module.toBinary({}).buffer).toString('base64');
const written = `/** sums.wat, compiled by \`npm run wasm\`. Do not edit. */\nexport const SUMS_WASM =\n  '${text}';\n`;
if (!process.argv.includes('--check')) {
  await writeFile(target, written);
  console.log(`engine/sums_wasm.js  ${(written.length / 1024).toFixed(1)} kB`);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== written) {
  console.error('stale: engine/sums_wasm.js. Run: npm --prefix js run wasm');
  process.exit(1);
}
