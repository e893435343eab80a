/**
 * What the browser's code says of layers, one JSON line each.
 *
 *   node facts.mjs domain Conv2d      every square layer that the sliders reach, one axis of it:
 *                                     [parameters, output size, problem?, torch's error, sees, feeds]
 *   node facts.mjs given Conv2d       layers from standard input, one JSON object a line, with
 *                                     height and width: output size, problem?, torch's error and,
 *                                     where `numbers` is asked for, the output's values
 */
import { readFileSync } from 'node:fs';
import { convFeeds, convSees, convTransposeFeeds, convTransposeSees, range } from '../../js/geometry.js';
import { axesOf, codeLine, conv, convTranspose, LIMITS, problemSentence } from '../../js/layers.js';
import { inputValues, kernelValues, productsOf, sumOf } from '../../js/numbers.js';

const [mode, name] = process.argv.slice(2);
const layer = name === 'Conv2d' ? conv : convTranspose;
const [sees, feeds] = layer === conv ? [convSees, convFeeds] : [convTransposeSees, convTransposeFeeds];
const print = (line) => lines.push(JSON.stringify(line));
const lines = [];

/** Every combination of the sliders' values. */
function* domain(parameters, chosen = {}) {
  const [next, ...rest] = parameters;
  if (!next) yield chosen;
  else for (const value of range(LIMITS[next][0], LIMITS[next][1] + 1)) yield* domain(rest, { ...chosen, [next]: value });
}

if (mode === 'domain') {
  for (const axis of domain(layer.parameters)) {
    const isLegal = !layer.problem(axis);
    const size = layer.outputSize(axis);
    print([
      axis,
      size,
      !isLegal,
      isLegal ? '' : layer.torchError([axis, axis]),
      isLegal ? range(0, size).map((i) => sees(i, axis)) : [],
      isLegal ? range(0, axis.input_size).map((i) => feeds(i, axis)) : [],
    ]);
  }
} else {
  for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
    const { numbers, weights, seed, ...sizes } = JSON.parse(line);
    const axes = axesOf(sizes);
    const output = axes.map((axis) => layer.outputSize(axis));
    const problem = problemSentence(layer, axes);
    const input = numbers ? inputValues(seed, ...sizes.input_size) : [];
    const kernel = numbers ? kernelValues(weights, seed, ...sizes.kernel_size) : [];
    const values = numbers && !problem
      ? range(0, output[0]).map((r) => range(0, output[1]).map((c) => sumOf(productsOf([r, c], axes, input, kernel, layer === convTranspose))))
      : [];
    print({ output, problem, torchError: layer.torchError(axes), code: codeLine(layer, sizes), input, kernel, values });
  }
}
process.stdout.write(lines.join('\n') + '\n');
