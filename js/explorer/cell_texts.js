/** The text in the cells of each map: values, sums, zeros, counts. */

import { convCoverage } from '../geometry.js';
import { productsOf, sumOf } from '../numbers.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('../pictures.js').PanelName} PanelName */
/** @typedef {(row: number, column: number) => string} CellText */

/** @param {ExplorerState} state @param {PanelName} name @returns {CellText | undefined} */
export function cellText(state, name) {
  const { isNumbered, isTransposed } = state;
  if (name === 'kernel') return isNumbered ? ofValues(state.kernelValues) : undefined;
  if (name === 'output') return isNumbered ? ofSums(state) : undefined;
  if (name === 'input' && isTransposed) return isNumbered ? ofValues(state.inputValues) : undefined;
  if (name === 'input') return ofPaddedInput(state);
  if (state.view === 'zero insertion') return ofZeroInsertion(state);
  return isNumbered ? ofSums(state) : ofCounts(state);
}

/** @param {number[][]} values @returns {CellText} */
const ofValues = (values) => (row, column) => String(values[row][column]);

/** @param {ExplorerState} state @returns {CellText} */
function ofSums({ axes, inputValues, kernelValues, isTransposed }) {
  return (row, column) =>
    String(sumOf(productsOf([row, column], axes, inputValues, kernelValues, isTransposed)));
}

/** Padding shows its zeros where a window reaches them, also without numbers.
 * @param {ExplorerState} state @returns {CellText} */
function ofPaddedInput({ axes, inputValues, isNumbered }) {
  const covered = axes.map(convCoverage);
  const isCovered = (/** @type {number[]} */ cell) =>
    cell.every((index, n) => covered[n][index + axes[n].padding] > 0);
  return (row, column) => {
    const value = inputValues[row]?.[column];
    if (value === undefined) return isCovered([row, column]) ? '0' : '';
    return isNumbered ? String(value) : '';
  };
}

/** @param {ExplorerState} state @returns {CellText} */
function ofZeroInsertion({ axes, inputValues, isNumbered }) {
  const [down, across] = axes.map((axis) => axis.stride);
  return (row, column) => {
    const isValue = row % down === 0 && column % across === 0;
    const value = isValue ? inputValues[row / down]?.[column / across] : undefined;
    if (value === undefined) return '0';
    return isNumbered ? String(value) : '';
  };
}

/** How many input cells reach each cell. @param {ExplorerState} state @returns {CellText | undefined} */
function ofCounts({ axes, plain }) {
  const counts = plain.middle?.counts;
  if (!counts) return undefined;
  const count = (/** @type {number} */ n, /** @type {number} */ index) =>
    counts[n][index + axes[n].padding] ?? 0;
  return (row, column) => String(count(0, row) * count(1, column) || '');
}
