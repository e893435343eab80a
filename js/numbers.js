/**
 * Small whole numbers to compute with, the same in every browser and in Python
 * (`unet_teach/widgets/numbers.py`; a test compares), and the sums a layer makes of them.
 */

import { range, tapPlaces } from './geometry.js';
import { LIMITS } from './layers.js';

/** @typedef {import('./geometry.js').Axis} Axis */
/** @typedef {number[][]} Values  rows of a map */

const LARGEST = { input: LIMITS.input_size[1], kernel: LIMITS.kernel_size[1] };

/** Rows of integers from `low` to `high`, fixed by the seed. @param {number} seed @param {number} side @param {number} low @param {number} high */
function scattered(seed, side, low, high) {
  let state = seed >>> 0;
  return range(0, side).map(() =>
    range(0, side).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
      return low + ((state >>> 16) % (high - low + 1));
    }),
  );
}

/** The input map: 0 to 4. A larger map keeps the corner of a smaller one. @param {number} seed @param {number} height @param {number} width @returns {Values} */
export const inputValues = (seed, height, width) =>
  scattered(seed, LARGEST.input, 0, 4)
    .slice(0, height)
    .map((row) => row.slice(0, width));

/**
 * The kernel: a named one, or rows that were given, cut or filled with zeros to its size.
 * @param {string | Values} weights
 * @param {number} seed
 * @param {number} height
 * @param {number} width
 * @returns {Values}
 */
export function kernelValues(weights, seed, height, width) {
  const random = weights === 'random' ? scattered(seed + 1, LARGEST.kernel, -2, 3) : [];
  const isCentre = (/** @type {number} */ r, /** @type {number} */ c) =>
    r === (height - 1) >> 1 && c === (width - 1) >> 1;
  return range(0, height).map((r) =>
    range(0, width).map((c) => {
      if (weights === 'box') return 1;
      if (weights === 'identity') return isCentre(r, c) ? 1 : 0;
      if (weights === 'edge') return isCentre(r, c) ? height * width - 1 : -1;
      if (weights === 'random') return random[r][c];
      return Number(/** @type {Values} */ (weights)[r]?.[c]) || 0;
    }),
  );
}

/** One product of a sum, and the kernel's row that it belongs to. @typedef {{value: number, weight: number, row: number}} Product */

/**
 * The products that make one output cell, in the kernel's order.
 * @param {[number, number]} cell
 * @param {[Axis, Axis]} axes
 * @param {Values} input
 * @param {Values} kernel
 * @param {boolean} transposed
 * @returns {Product[]}
 */
export function productsOf(cell, axes, input, kernel, transposed) {
  const [rows, columns] = axes.map((axis, i) =>
    transposed ? sources(cell[i], axis) : tapPlaces(cell[i], axis),
  );
  return rows.flatMap((r, i) =>
    columns.flatMap((c, j) =>
      Number.isInteger(r) && Number.isInteger(c) && input[r]?.[c] !== undefined
        ? [{ value: input[r][c], weight: kernel[i][j], row: i }]
        : [],
    ),
  );
}

/** For each tap the input cell whose patch puts that tap on the output cell; a fraction where none does. @param {number} cell @param {Axis} axis */
const sources = (cell, { kernel_size, stride, padding, dilation }) =>
  range(0, kernel_size).map((t) => (cell + padding - t * dilation) / stride);

/** The sum, as torch gives it with a bias of 0. @param {Product[]} products */
export const sumOf = (products) =>
  products.reduce((sum, { value, weight }) => sum + value * weight, 0);
