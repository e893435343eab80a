/**
 * Reads a file of cases (binary, see test_engine.py) and writes every level's maps.
 *   node run_engine.mjs CASES ANSWERS KIND
 */
import { readFile, writeFile } from 'node:fs/promises';
import { makeMachine } from '../../js/engine/machine.js';
import { readNetwork } from '../../js/engine/network.js';
import { UNetRunner } from '../../js/engine/unet.js';

const [, , from, to, kind] = process.argv;
const chunks = [];
for (const line of (await readFile(from, 'utf8')).split('\n').filter(Boolean)) {
  const { network, height, width, image, other, skips } = JSON.parse(line);
  const runner = new UNetRunner(readNetwork(network), height, width, makeMachine(kind));
  const decoded = [image, other].map((text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer));
  // Twice, with another image before: nothing of it may be left, nor in the memory of its answer.
  runner.run(decoded[1], skips, decoded[1]);
  const spare = runner.readAll().logits.values.buffer;
  runner.run(decoded[0], skips);
  const maps = runner.readAll(spare);
  if (maps.image.values.buffer !== spare) throw new Error('memory was not used again');
  for (const place of runner.places) chunks.push(Buffer.from(Float32Array.from(maps[place].values).buffer));
}
await writeFile(to, Buffer.concat(chunks));
