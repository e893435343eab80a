/**
 * Compile js/engine/sums.wat into js/engine/sums_wasm.js, as base64: once as it is, and once with
 * fused multiplications and additions (relaxed SIMD, which not every browser has).
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
const wat = await readFile(source, 'utf8');
const fused = wat.replace(
  /\(f32x4\.add (\(\S+ \$\w+\)) \(f32x4\.mul (\(\S+ \$\w+\)) (\(\S+ \$\w+\))\)\)/g,
  '(f32x4.relaxed_madd $2 $3 $1)',
);
/** @param {string} text @param {object} features */
const compiled = (text, features) =>
  Buffer.from(parseWat('sums.wat', text, features).toBinary({}).buffer).toString('base64');
const texts = {
  FUSED_WASM: compiled(fused, { simd: true, relaxed_simd: true }),
  SUMS_WASM: compiled(wat, { simd: true }),
};
const written = [
  '/** sums.wat, compiled by `npm run wasm`. Do not edit. */',
  ...Object.entries(texts).map(([name, text]) => `export const ${name} =\n  '${text}';`),
  '',
].join('\n');
if (!process.argv.includes('--check')) {
  await writeFile(target, written);
  console.log(`engine/sums_wasm.js  ${(written.length / 1024).toFixed(1)} kB`);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== written) {
  console.error('stale: engine/sums_wasm.js. Run: npm --prefix js run wasm');
  process.exit(1);
}
