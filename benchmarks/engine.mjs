/** What benchmarks/engine.py times in Node: FOLDER has the libraries, the network, and u64.onnx to u128.onnx. Turns are taken, all times are printed. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { makeMachine } from '../js/engine/machine.js';
import { readNetwork } from '../js/engine/network.js';
import { UNetRunner } from '../js/engine/unet.js';

const [, , folder, rounds] = process.argv;
const require = createRequire(`${folder}/`);
const bundle = `${folder}/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs`;
const ort = await import(pathToFileURL(bundle).href);
ort.env.wasm.numThreads = 1;
const tf = require('@tensorflow/tfjs-core');
const { setWasmPaths, setThreadsCount } = require('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${folder}/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
setThreadsCount(1);
await tf.setBackend('wasm');

const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) * 0.1);
const network = readNetwork(JSON.parse(await readFile(`${folder}/network.json`, 'utf8')));
/** tfjs gets the 3×3 convolutions alone, in its favour: no pooling, up-sampling or joins. */
const convolutions = (side) =>
  ['encoder', 'decoder'].flatMap((part) =>
    [0, 1, 2, 3].flatMap((level) =>
      network.at(part, level).map((layer) => [
        tf.tensor4d(numbers(layer.in * (side >> level) ** 2), [1, side >> level, side >> level, layer.in]),
        tf.tensor4d(numbers(9 * layer.in * layer.out), [3, 3, layer.in, layer.out]),
      ]),
    ),
  );
for (const side of [64, 96, 128]) {
  const image = numbers(side * side);
  const runners = ['fused', 'wasm', 'plain'].map((kind) => new UNetRunner(network, side, side, makeMachine(kind)));
  const session = await ort.InferenceSession.create(await readFile(`${folder}/u${side}.onnx`));
  const [name] = session.inputNames;
  const layers = convolutions(side);
  const ways = {
    engine: () => runners[0].run(image, [1, 1, 1]),
    'engine and all maps': () => {
      runners[0].run(image, [1, 1, 1]);
      for (const place of runners[0].places) runners[0].read(place);
    },
    'engine without fused additions': () => runners[1].run(image, [1, 1, 1]),
    'plain loops': () => runners[2].run(image, [1, 1, 1]),
    'tfjs-wasm': () =>
      tf.tidy(() => {
        let last;
        for (const [x, w] of layers) last = tf.relu(tf.conv2d(x, w, 1, 'same'));
        last.dataSync();
      }),
    'onnxruntime-web': () =>
      session.run({ [name]: new ort.Tensor('float32', image, [1, 1, side, side]) }),
  };
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < Number(rounds) + 3; round += 1)
    for (const [way, run] of Object.entries(ways)) {
      const start = performance.now();
      await run();
      if (round >= 3) times[way].push(performance.now() - start);
    }
  for (const [way, ms] of Object.entries(times)) console.log(JSON.stringify({ way, side, ms }));
}
