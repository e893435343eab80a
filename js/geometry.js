/**
 * Which cells touch which: sizes and cell relations of convolutions, one axis at a time.
 *
 * Pure functions of numbers. A convolution treats height and width alike and apart, so every
 * question about a map is two questions about an axis. `unet_teach/arithmetic.py` answers the same
 * questions in Python; a test holds the two and real torch layers against each other.
 *
 * All of it follows from one line. Tap `t` of the kernel, placed for cell `j`, lies at
 *
 *     j * stride - padding + t * dilation
 *
 * For a convolution `j` counts output cells and the place is in the input; for a transposed
 * convolution `j` counts input cells and the place is in the output.
 */

/**
 * One axis of a layer and of the map it is given. Names are PyTorch's.
 * @typedef {object} Axis
 * @property {number} input_size   cells
 * @property {number} kernel_size  taps
 * @property {number} stride       cells from one window to the next
 * @property {number} padding      cells added (transposed: cropped) on each side
 * @property {number} dilation     cells from one tap to the next
 */

/** Cells from a window's first tap to its last, both included. @param {Axis} axis */
export const windowExtent = ({ kernel_size, dilation }) => dilation * (kernel_size - 1) + 1;

/** Cells of the input with its padding. @param {Axis} axis */
export const paddedSize = ({ input_size, padding }) => input_size + 2 * padding;

/**
 * Output cells of a convolution; 0 where the window does not fit the padded input once.
 * @param {Axis} axis
 */
export function convOutputSize(axis) {
  const room = paddedSize(axis) - windowExtent(axis);
  return room < 0 ? 0 : Math.floor(room / axis.stride) + 1;
}

/**
 * The places the kernel's taps take for cell `j`, inside a map of `size` cells or not.
 * @param {number} j
 * @param {Axis} axis
 */
export function tapPlaces(j, { kernel_size, stride, padding, dilation }) {
  return Array.from({ length: kernel_size }, (_, t) => j * stride - padding + t * dilation);
}

/**
 * The cells, of `size`, that the taps of cell `j` fall on.
 * @param {number} j
 * @param {Axis} axis
 * @param {number} size
 */
const touchedBy = (j, axis, size) => tapPlaces(j, axis).filter((place) => place >= 0 && place < size);

/**
 * The other way round: the cells `j`, of `count`, one of whose taps falls on `place`.
 * @param {number} place
 * @param {Axis} axis
 * @param {number} count
 */
function touching(place, { kernel_size, stride, padding, dilation }, count) {
  const cells = [];
  for (let t = kernel_size - 1; t >= 0; t--) {
    const steps = place + padding - t * dilation;
    if (steps % stride === 0 && steps >= 0 && steps / stride < count) cells.push(steps / stride);
  }
  return cells;
}

/** Input cells that an output cell of a convolution sees; padding is left out. @param {number} output_index @param {Axis} axis */
export const convSees = (output_index, axis) => touchedBy(output_index, axis, axis.input_size);

/** Output cells of a convolution that an input cell feeds. @param {number} input_index @param {Axis} axis */
export const convFeeds = (input_index, axis) => touching(input_index, axis, convOutputSize(axis));

/**
 * How many windows cover each cell of the padded input, padding included.
 * @param {Axis} axis
 */
export function convCoverage(axis) {
  const cells = Array.from({ length: paddedSize(axis) }, (_, i) => i - axis.padding);
  return cells.map((cell) => convFeeds(cell, axis).length);
}
