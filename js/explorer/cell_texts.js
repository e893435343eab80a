/** The text in the cells of each map: values, products, sums, zeros, counts. */

import { convCoverage, tapPlaces } from '../geometry.js';
import { productsOf, sumOf } from '../numbers.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('./pictures.js').PanelName} PanelName */
/** @typedef {(row: number, column: number) => string} CellText */

/** @param {ExplorerState} state @param {PanelName | 'products'} name @returns {CellText | undefined} */
export function cellText(state, name) {
  const { isNumbered, isTransposed, view } = state;
  if (name === 'kernel') return isNumbered ? ofKernel(state) : undefined;
  if (name === 'products') return isNumbered ? ofProducts(state) : undefined;
  if (name === 'output') return isNumbered ? ofSums(state) : undefined;
  if (name === 'input' && isTransposed) return isNumbered ? ofValues(state.inputValues) : undefined;
  if (name === 'input') return ofPaddedInput(state);
  if (view === 'zero insertion') return ofSpreadInput(state, isNumbered);
  return isNumbered ? ofSums(state) : ofCounts(state);
}

/** @param {number[][]} values @returns {CellText} */
const ofValues = (values) => (row, column) => written(values[row][column]);

/** @param {number} value */
const written = (value) => String(Number(value.toFixed(2)));

/** @param {ExplorerState} state @returns {CellText} */
const ofKernel = (state) => (row, column) => {
  const [r, c] = state.kernelCell([row, column]);
  return written(state.kernelValues[r][c]);
};

/** What each tap of the kernel is multiplied with. @param {ExplorerState} state @returns {CellText | undefined} */
function ofProducts(state) {
  const { axes, source, selected, isTransposed, view, inputValues, kernelValues } = state;
  if (isTransposed && view === 'scatter') {
    if (!source) return undefined;
    const value = inputValues[source[0]][source[1]];
    return (row, column) => written(value * kernelValues[row][column]);
  }
  if (selected.panel !== 'output') return undefined;
  const [rows, columns] = axes.map((axis, i) =>
    isTransposed ? undefined : tapPlaces(selected.cell[i], axis),
  );
  if (rows && columns)
    return (row, column) =>
      written((inputValues[rows[row]]?.[columns[column]] ?? 0) * kernelValues[row][column]);
  const value = ofSpreadInput(state, true);
  const [down, across] = axes.map(
    ({ kernel_size, dilation, padding }, i) =>
      selected.cell[i] - dilation * (kernel_size - 1) + padding,
  );
  return (row, column) => {
    const [r, c] = state.kernelCell([row, column]);
    const seen = Number(value(down + row * axes[0].dilation, across + column * axes[1].dilation));
    return written(seen * kernelValues[r][c]);
  };
}

/** @param {ExplorerState} state @returns {CellText} */
function ofSums({ axes, inputValues, kernelValues, isTransposed }) {
  return (row, column) => {
    const terms = productsOf([row, column], axes, inputValues, kernelValues, isTransposed);
    // A cell that holds only the bias has dots in place of a number.
    return isTransposed && !terms.length ? '' : written(sumOf(terms));
  };
}

/** Padding shows its zeros where a window reaches them, also without numbers.
 * @param {ExplorerState} state @returns {CellText} */
function ofPaddedInput({ axes, inputValues, isNumbered, problem }) {
  const covered = axes.map(convCoverage);
  const isCovered = (/** @type {number[]} */ cell) =>
    Boolean(problem) || cell.every((index, n) => covered[n][index + axes[n].padding] > 0);
  return (row, column) => {
    const value = inputValues[row]?.[column];
    if (value === undefined) return isCovered([row, column]) ? '0' : '';
    return isNumbered && isCovered([row, column]) ? written(value) : '';
  };
}

/** @param {ExplorerState} state @param {boolean} isNumbered @returns {CellText} */
function ofSpreadInput({ axes, inputValues }, isNumbered) {
  const [down, across] = axes.map((axis) => axis.stride);
  return (row, column) => {
    const isValue = row % down === 0 && column % across === 0;
    const value = isValue ? inputValues[row / down]?.[column / across] : undefined;
    if (value === undefined) return '0';
    return isNumbered ? written(value) : '';
  };
}

/** How many patches meet in each cell. @param {ExplorerState} state @returns {CellText | undefined} */
function ofCounts({ axes, plain }) {
  const counts = plain.panels.middle?.overlap?.counts;
  if (!counts) return undefined;
  const count = (/** @type {number} */ n, /** @type {number} */ index) =>
    counts[n][index + axes[n].padding] ?? 0;
  return (row, column) => String(count(0, row) * count(1, column) || '');
}
