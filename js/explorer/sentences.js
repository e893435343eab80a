/** What an explorer says of the chosen cell: its name, and a sentence that goes on from there. Pure. */

import { convCoverage, convSees, convTransposeOutputSize, fullSize, range } from '../geometry.js';
import { times } from '../layers.js';
import { isAdded, pair } from './pictures.js';
import { relateConv, relateTranspose } from './relations.js';

/** @typedef {import('../geometry.js').Axis} Axis */
/** @typedef {import('./pictures.js').Selection} Selection */
/** @typedef {import('./pictures.js').View} View */
/** @typedef {[name: string, rest: string]} Sentence */

/** "rows 1–3" or "row 2" or "rows 0, 2, 4" or "rows 0, 2, …, 8". @param {string} word @param {number[]} cells */
function listed(word, cells) {
  if (cells.length === 1) return `${word} ${cells[0]}`;
  const [first, second, last] = [cells[0], cells[1], cells[cells.length - 1]];
  const isEven = cells.every((cell, i) => cell === first + i * (second - first));
  const few = isEven && cells.length > 3 ? [first, second, '…', last] : cells;
  return `${word}s ${last - first + 1 === cells.length ? `${first}–${last}` : few.join(', ')}`;
}

/** @param {number[][]} lists */
const where = ([rows, columns]) => `${listed('row', rows)} and ${listed('column', columns)}`;

/** @param {number} count @param {string} word */
export const some = (count, word) =>
  `${count} ${word}${count === 1 ? '' : word === 'patch' ? 'es' : 's'}`;

/** @param {number[][]} lists */
const product = (lists) => lists.reduce((count, list) => count * list.length, 1);

/** @param {number[]} cell */
export const cellText = (cell) => `(${cell.join(', ').replaceAll('-', '−')})`;

/**
 * What a convolution's picture says of the selected cell.
 * @param {[Axis, Axis]} axes
 * @param {Selection} selection
 * @returns {Sentence}
 */
export function convSentence(axes, { panel, cell }) {
  const related = axes.map((axis, i) => relateConv(panel, cell[i], axis));
  const outputs = related.map(({ output }) => output);
  if (panel === 'output') {
    const seen = axes.map((axis, i) => convSees(cell[i], axis));
    const zeros = product(related.map(({ kernel }) => kernel)) - product(seen);
    const border = zeros ? `, and ${some(zeros, 'padding zero')}` : '';
    return [
      `Output cell ${cellText(cell)}`,
      product(seen)
        ? ` sees ${where(seen)} of the input${border}.`
        : ` sees ${some(zeros, 'padding zero')} and no input cell.`,
    ];
  }
  if (panel === 'kernel') {
    const inside = product(outputs);
    const zeros = product(related.map(({ input }) => input)) - inside;
    return [
      `Kernel cell ${cellText(cell)}`,
      ` is used by every output cell: ${some(inside, 'time')} on the input${zeros ? `, ${some(zeros, 'time')} on padding` : ''}.`,
    ];
  }
  const isPadding = cell.some((i, axis) => i < 0 || i >= axes[axis].input_size);
  const what = isPadding ? `Padding zero ${cellText(cell)}` : `Input cell ${cellText(cell)}`;
  const count = product(outputs);
  if (!count) return [what, ' is in no window, so no output cell depends on it.'];
  return [what, ` is in the windows of ${some(count, 'output cell')}: ${where(outputs)}.`];
}

/**
 * Which input cells no window of a convolution reaches; empty where it reaches all.
 * @param {[Axis, Axis]} axes
 */
export function unreachedWords(axes) {
  const missed = axes.map((axis) => {
    const covered = convCoverage(axis);
    return range(0, axis.input_size).filter((i) => !covered[i + axis.padding]);
  });
  return ['row', 'column']
    .flatMap((word, i) => (missed[i].length ? [listed(word, missed[i])] : []))
    .join(' and ');
}

/**
 * What a transposed convolution's picture says of the selected cell.
 * @param {[Axis, Axis]} axes
 * @param {Selection} selection
 * @param {View} view
 * @returns {Sentence}
 */
export function transposeSentence(axes, { panel, cell }, view) {
  const isSpread = view === 'zero insertion';
  const related = axes.map((axis, i) => relateTranspose(panel, cell[i], axis, view));
  const outputs = related.map(({ output }) => output);
  const inputs = related.map(({ input }) => input);
  if (panel === 'input') {
    const added = product(related.map(({ kernel }) => kernel));
    const kept = product(outputs);
    if (!kept)
      return [`Input cell ${cellText(cell)}`, ' adds its patch only to cells that padding crops.'];
    const lost = `; padding crops ${added - kept} of its ${added} products`;
    const rest = kept < added ? lost : ' of the output';
    return [`Input cell ${cellText(cell)}`, ` adds its patch to ${where(outputs)}${rest}.`];
  }
  if (panel === 'kernel') {
    const made = axes[0].input_size * axes[1].input_size;
    const lost = made - product(outputs);
    const turned = isSpread ? pair(axes, (axis, i) => axis.kernel_size - 1 - cell[i]) : cell;
    return [
      `Kernel cell ${cellText(turned)}`,
      ` makes ${some(made, 'product')}, one for each input cell${lost ? `; padding crops ${lost}` : ''}.`,
    ];
  }
  if (panel === 'middle' && isSpread) {
    if (!product(inputs)) return ['An inserted zero', ' adds nothing to any output cell.'];
    const source = inputs.map(([i]) => i);
    return [
      `Input cell ${cellText(source)}`,
      ` is in ${some(product(outputs), 'window')}: ${where(outputs)} of the output.`,
    ];
  }
  const count = product(inputs);
  const isCropped =
    panel === 'middle' &&
    axes.some((axis, i) => cell[i] < 0 || cell[i] >= convTransposeOutputSize(axis));
  if (isCropped)
    return [
      `Cell ${cellText(cell)}`,
      ` gets ${some(count, 'product')}, but padding crops it away.`,
    ];
  const what = `Output cell ${cellText(cell)}`;
  const isExtra = axes.some((axis, i) => isAdded(cell[i], axis));
  const kept = isExtra ? ' It is there because of output_padding.' : '';
  if (!count) return [what, ` is reached by no patch: it holds only the bias.${kept}`];
  if (isSpread) {
    const zeros = product(axes.map((axis) => range(0, axis.kernel_size))) - count;
    return [
      what,
      ` sees ${some(count, 'input cell')}${zeros ? ` and ${some(zeros, 'inserted zero')}` : ''}. The kernel is turned by 180°.`,
    ];
  }
  if (view === 'crop window')
    return [
      what,
      ` is cell ${cellText(pair(axes, (axis, i) => cell[i] + axis.padding))} of the full ${times(axes.map(fullSize))} map.${kept}`,
    ];
  return [what, ` adds up ${some(count, 'product')}: ${where(inputs)} of the input.${kept}`];
}
