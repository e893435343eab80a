/** What the explorers draw: maps of cells, what is lit in each, and the band that connects them. Pure. */

import {
  convCoverage,
  convOutputSize,
  convTransposeOutputSize,
  convTransposeOverlap,
  convTransposeSees,
  fullSize,
  paddedSize,
  range,
  tapPlaces,
  windowExtent,
  zeroInsertion,
} from '../geometry.js';
import { relateConv, relateTranspose } from './relations.js';

/** @typedef {import('../geometry.js').Axis} Axis */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('./relations.js').Related} Related */
/** @typedef {'input' | 'kernel' | 'middle' | 'output'} PanelName */
/** @typedef {{panel: PanelName, cell: Pair}} Selection  a cell that somebody asks about */
/** @typedef {'scatter' | 'zero insertion' | 'crop window'} View  of a transposed convolution */
/** Rows × columns of cells of one kind, which is also their CSS class. @typedef {{kind: string, rows: number[], columns: number[]}} Layer */
/** An outline around cells; its kind is its CSS class. @typedef {{kind: string, from: Pair, size: Pair}} Frame */
/** How many patches meet in a cell: of each row and each column, and the products that occur. @typedef {{counts: number[][], levels: number[]}} Overlap */
/**
 * A map of cells. Cells are counted as the layer counts them: the input's first cell is (0, 0), and
 * its padding lies at negative numbers.
 * @typedef {object} Panel
 * @property {string} title    for those who hear it
 * @property {Pair} first      row and column of its first cell
 * @property {Pair} count      rows and columns of cells
 * @property {Layer[]} layers  painted in this order
 * @property {Frame[]} frames
 * @property {Overlap} [overlap]
 * @property {(row: number, column: number) => boolean} [isQuiet]   whether what stands in a cell is secondary
 */
/** Cells of one map that lead to cells of another. @typedef {{panel: PanelName, from: Pair, size: Pair}} End */
/**
 * @typedef {object} Picture
 * @property {Partial<Record<PanelName | 'products', Panel>>} panels
 * @property {[End, End] | null} band   what is drawn as one flow: through the products where there are any
 */

/**
 * @param {[Axis, Axis]} axes
 * @param {Selection | null} selection
 * @returns {Picture}
 */
export function convPicture(axes, selection) {
  const padding = pair(axes, (axis) => axis.padding);
  const input = pair(axes, (axis) => axis.input_size);
  const extent = pair(axes, windowExtent);
  const output = pair(axes, convOutputSize);
  const padded = pair(axes, paddedSize);
  const isLegal = Math.min(...output) > 0;
  const corner = /** @type {Pair} */ (padding.map((size) => -size));
  const everywhere = padded.map((size, i) => range(-padding[i], size - padding[i]));
  const inputPanel = panel('Input', corner, padded, [
    layer('zero', everywhere),
    layer('input', input.map(cells)),
  ]);
  inputPanel.isQuiet = (row, column) =>
    row < 0 || column < 0 || row >= input[0] || column >= input[1];
  inputPanel.title = `Input, ${size(input)}${Math.max(...padding) ? `, with padding ${size(padded)}` : ''}`;
  /** @type {Picture} */
  const picture = {
    panels: {
      input: inputPanel,
      kernel: kernelPanel(axes),
      products: productsPanel(axes, isLegal && selection?.panel === 'output'),
      output: outputPanel(output, isLegal),
    },
    band: null,
  };
  if (!isLegal) {
    inputPanel.frames.push({ kind: 'wrong', from: corner, size: extent });
    return picture;
  }
  const covered = axes.map(convCoverage);
  const never = everywhere.map((all, i) => all.filter((_, n) => covered[i][n] === 0));
  inputPanel.layers.push(...unreached('hatch', never, everywhere));
  if (!selection) return picture;
  light(
    picture,
    selection,
    axes.map((axis, i) => relateConv(selection.panel, selection.cell[i], axis)),
  );
  if (selection.panel === 'output') {
    const from = pair(axes, (axis, i) => tapPlaces(selection.cell[i], axis)[0]);
    inputPanel.frames.push({ kind: 'window', from, size: extent });
    picture.band = [{ panel: 'input', from, size: extent }, one(selection)];
  }
  return picture;
}

/**
 * @param {[Axis, Axis]} axes
 * @param {Selection | null} selection
 * @param {View} view
 * @param {{source: Pair | null, sum: Pair | null}} focus   in the view "scatter": the input cell whose
 *   patch is drawn, and the cell in which sums are followed
 * @returns {Picture}
 */
export function transposePicture(axes, selection, view, { source, sum }) {
  const input = pair(axes, (axis) => axis.input_size);
  const output = pair(axes, (axis) => Math.max(0, convTransposeOutputSize(axis)));
  const isLegal =
    Math.min(...output) > 0 &&
    axes.every((axis) => axis.output_padding < Math.max(axis.stride, axis.dilation));
  const silent = axes.map((axis) =>
    range(0, convTransposeOutputSize(axis)).filter((cell) => !convTransposeSees(cell, axis).length),
  );
  const outputMap = outputPanel(output, isLegal);
  if (isLegal) outputMap.layers.push(...unreached('bias', silent, output.map(cells)));
  const isSpread = view === 'zero insertion';
  const extent = pair(axes, windowExtent);
  const kernel = kernelPanel(axes);
  const spread = spreadPanel(axes);
  const inputMap = panel('Input', [0, 0], input, [layer('input', input.map(cells))]);
  // Where padding crops all of the spread input, there is only the input itself to draw.
  const spreadOrInput = Math.min(...spread.count) ? { middle: spread } : { input: inputMap };
  const hasProducts = isSpread ? selection?.panel === 'output' : Boolean(source);
  const products = productsPanel(axes, isLegal && hasProducts);
  /** @type {Picture} */
  const picture = {
    panels: isSpread
      ? { ...spreadOrInput, kernel, products, output: outputMap }
      : view === 'scatter'
        ? {
            input: inputMap,
            kernel,
            products,
            middle: fullPanel(axes, isLegal),
          }
        : { middle: fullPanel(axes, isLegal), output: outputMap },
    band: null,
  };
  if (isLegal && view === 'crop window')
    picture.band = [
      { panel: 'middle', from: [0, 0], size: output },
      { panel: 'output', from: [0, 0], size: output },
    ];
  if (!isLegal || !selection) return picture;
  const turned = (/** @type {number[]} */ taps, /** @type {number} */ i) =>
    isSpread ? taps.map((tap) => axes[i].kernel_size - 1 - tap) : taps;
  const related = axes.map((axis, i) => {
    const isTurned = isSpread && selection.panel === 'kernel';
    const cell = isTurned ? axis.kernel_size - 1 - selection.cell[i] : selection.cell[i];
    const found = relateTranspose(selection.panel, cell, axis, view);
    return { ...found, kernel: turned(found.kernel, i) };
  });
  light(picture, selection, related);
  const { middle } = picture.panels;
  if (isSpread && selection.panel === 'output') {
    const from = pair(axes, (axis, i) => selection.cell[i] - zeroInsertion(axis).before);
    middle?.frames.push({ kind: 'window', from, size: extent });
    picture.band = [{ panel: 'middle', from, size: extent }, one(selection)];
  }
  if (sum && view === 'scatter') middle?.frames.push({ kind: 'sum', from: sum, size: [1, 1] });
  if (source && view === 'scatter') {
    const taps = axes.map((axis, i) => tapPlaces(source[i], axis));
    const from = pair(axes, (_, i) => taps[i][0]);
    if (axes.some((axis) => axis.dilation > 1)) middle?.layers.push(layer('tap', taps));
    middle?.frames.unshift({ kind: 'window', from, size: extent });
    picture.panels.input?.frames.push({ kind: 'chosen', from: source, size: [1, 1] });
    picture.band = [one({ panel: 'input', cell: source }), { panel: 'middle', from, size: extent }];
  }
  return picture;
}

/** Everything the patches add up to, and the frame that padding and output_padding leave of it. @param {[Axis, Axis]} axes @param {boolean} isLegal @returns {Panel} */
function fullPanel(axes, isLegal) {
  const counts = axes.map(convTransposeOverlap);
  const first = pair(axes, (axis) => -axis.padding);
  const count = /** @type {Pair} */ (counts.map((list) => list.length));
  const all = count.map((size, i) => range(first[i], first[i] + size));
  const sizes = pair(axes, convTransposeOutputSize);
  const isKept = (/** @type {number} */ axis) => (/** @type {number} */ cell) =>
    cell >= 0 && cell < sizes[axis];
  const cropped = all.map((list, axis) => list.filter((cell) => !isKept(axis)(cell)));
  const silent = all.map((list, axis) => list.filter((_, i) => counts[axis][i] === 0));
  const added = axes.map((axis, i) =>
    all[i].filter((cell) => isAdded(cell, axis) && isKept(i)(cell)),
  );
  const isEmpty = Math.min(...sizes) < 1;
  const levels = new Set(counts[0].flatMap((a) => counts[1].map((b) => a * b)));
  levels.delete(0);
  return {
    ...panel('Full map', first, count, [
      layer('full', all),
      ...unreached('bias', silent, all),
      ...unreached('hatch', cropped, all),
      ...(isLegal ? [] : unreached('wrong', isEmpty ? all : added, all)),
    ]),
    frames: isEmpty ? [] : [{ kind: isLegal ? 'crop' : 'wrong', from: [0, 0], size: sizes }],
    overlap: { counts, levels: [...levels].sort((a, b) => a - b) },
    isQuiet: (row, column) => !isKept(0)(row) || !isKept(1)(column),
  };
}

/** The input with zeros between and around its cells, for the ordinary convolution that gives the same output. @param {[Axis, Axis]} axes @returns {Panel} */
function spreadPanel(axes) {
  const spread = axes.map(zeroInsertion);
  const first = /** @type {Pair} */ (spread.map(({ before }) => -before));
  const count = /** @type {Pair} */ (spread.map(({ size }) => Math.max(0, size)));
  const all = count.map((size, i) => range(first[i], first[i] + size));
  const inputs = axes.map(({ input_size, stride }, i) =>
    range(0, input_size)
      .map((cell) => cell * stride)
      .filter((cell) => all[i].includes(cell)),
  );
  return {
    ...panel('Zero insertion', first, count, [layer('zero', all), layer('input', inputs)]),
    isQuiet: (row, column) => !inputs[0].includes(row) || !inputs[1].includes(column),
  };
}

/** @param {Pair} count @param {boolean} isLegal */
const outputPanel = (count, isLegal) =>
  panel(isLegal ? 'Output' : 'No output', [0, 0], count, [layer('output', count.map(cells))]);

/** @param {[Axis, Axis]} axes */
function kernelPanel(axes) {
  const count = pair(axes, (axis) => axis.kernel_size);
  return panel('Kernel', [0, 0], count, [layer('kernel', count.map(cells))]);
}

/** @param {[Axis, Axis]} axes @param {boolean} isFilled whether there are products to show now */
function productsPanel(axes, isFilled) {
  const count = pair(axes, (axis) => axis.kernel_size);
  const filled = panel('Products', [0, 0], count, [
    layer(isFilled ? 'product' : 'idle', count.map(cells)),
  ]);
  if (isFilled) filled.frames.push({ kind: 'products', from: [0, 0], size: count });
  return filled;
}

/** @param {string} title @param {Pair} first @param {Pair} count @param {Layer[]} layers @returns {Panel} */
const panel = (title, first, count, layers) => ({
  title: count.every((size) => size > 0) ? `${title}, ${size(count)}` : title,
  first,
  count,
  layers,
  frames: [],
});

/** @param {[Axis, Axis]} axes @param {(axis: Axis, i: number) => number} of */
export const pair = (axes, of) => /** @type {Pair} */ (axes.map(of));

/** @param {Pair} count */
const size = ([rows, columns]) => `${rows}×${columns}`;

/** @param {number} count */
const cells = (count) => range(0, count);

/** @param {Selection} selection @returns {End} */
const one = ({ panel, cell }) => ({ panel, from: cell, size: [1, 1] });

/** Whether only output_padding keeps this output cell. @param {number} cell @param {Axis} axis */
export const isAdded = (cell, axis) => cell >= fullSize(axis) - 2 * axis.padding;

/** @param {string} kind @param {number[][]} cells @returns {Layer} */
const layer = (kind, [rows, columns]) => ({ kind, rows, columns });

/** The cells of which the row or the column is one of `lost`: two layers. @param {string} kind @param {number[][]} lost @param {number[][]} all */
const unreached = (kind, lost, all) => [
  layer(kind, [lost[0], all[1]]),
  layer(kind, [all[0].filter((row) => !lost[0].includes(row)), lost[1]]),
];

/** Light what belongs to the selected cell, and frame the cell itself. A whole kernel stays as it is. @param {Picture} picture @param {Selection} selection @param {Related[]} related */
function light({ panels }, { panel, cell }, related) {
  for (const name of /** @type {PanelName[]} */ (['input', 'kernel', 'middle', 'output'])) {
    const shown = panels[name];
    const lit = related.map((axis) => axis[name]);
    const isPatch = panel === 'input' && name === 'middle';
    const isWhole = name === 'kernel' && lit.every((taps, i) => taps.length === shown?.count[i]);
    if (name === panel) shown?.frames.push({ kind: 'chosen', from: cell, size: [1, 1] });
    else if (!isPatch && !isWhole) shown?.layers.push(layer('lit', lit));
  }
}
