/**
 * Sizes of convolutions, and which input cells belong to which output cells, one axis at a time.
 *
 * Pure functions of numbers. A convolution treats height and width independently and in the same
 * way, so every question about a map is two questions about an axis. `unet_teach/arithmetic/sizes.py` answers the same
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
 * @property {number} output_padding  transposed only: cells kept beyond the far edge
 */

/** @param {number} from @param {number} to the first number left out */
export const range = (from, to) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** Cells from a window's first tap to its last, both included. @param {Pick<Axis, 'kernel_size' | 'dilation'>} axis */
export const windowExtent = ({ kernel_size, dilation }) => dilation * (kernel_size - 1) + 1;

/**
 * The places the kernel's taps take for cell `j`, inside a map or not.
 * @param {number} j
 * @param {Axis} axis
 */
export const tapPlaces = (j, { kernel_size, stride, padding, dilation }) =>
  range(0, kernel_size).map((t) => j * stride - padding + t * dilation);

/** The cells, of `size`, that the taps of cell `j` fall on. @param {number} j @param {Axis} axis @param {number} size */
const touchedBy = (j, axis, size) =>
  tapPlaces(j, axis).filter((place) => place >= 0 && place < size);

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

// ------------------------------------------------------------------------------------ convolution

/** Cells of the input with its padding. @param {Axis} axis */
export const paddedSize = ({ input_size, padding }) => input_size + 2 * padding;

/** Output cells of a convolution; 0 where the window does not fit the padded input once. @param {Axis} axis */
export function convOutputSize(axis) {
  const room = paddedSize(axis) - windowExtent(axis);
  return room < 0 ? 0 : Math.floor(room / axis.stride) + 1;
}

/** Input cells that an output cell sees; padding is left out. @param {number} output_index @param {Axis} axis */
export const convSees = (output_index, axis) => touchedBy(output_index, axis, axis.input_size);

/** Output cells that an input cell feeds. @param {number} input_index @param {Axis} axis */
export const convFeeds = (input_index, axis) => touching(input_index, axis, convOutputSize(axis));

/** How many windows cover each cell of the padded input, padding included. @param {Axis} axis */
export const convCoverage = (axis) =>
  range(-axis.padding, axis.input_size + axis.padding).map((cell) => convFeeds(cell, axis).length);

/** Every input size that gives this output size: `stride` of them, less those below 1. @param {number} output_size @param {Axis} axis */
export function convInputSizes(output_size, axis) {
  const smallest = (output_size - 1) * axis.stride + windowExtent(axis) - 2 * axis.padding;
  return range(Math.max(1, smallest), smallest + axis.stride);
}

// ------------------------------------------------------------------------- transposed convolution

/** Size of a transposed convolution's result before padding crops it. @param {Axis} axis */
export const fullSize = (axis) => (axis.input_size - 1) * axis.stride + windowExtent(axis);

/** Output cells of a transposed convolution; below 1 there is no output. @param {Axis} axis */
export const convTransposeOutputSize = (axis) =>
  fullSize(axis) - 2 * axis.padding + axis.output_padding;

/** The largest output_padding torch takes: it must be smaller than stride or dilation. @param {Pick<Axis, 'stride' | 'dilation'>} axis */
export const outputPaddingMost = ({ stride, dilation }) => Math.max(stride, dilation) - 1;

/** Input cells that reach an output cell. @param {number} output_index @param {Axis} axis */
export const convTransposeSees = (output_index, axis) =>
  touching(output_index, axis, axis.input_size);

/** Output cells that an input cell feeds. @param {number} input_index @param {Axis} axis */
export const convTransposeFeeds = (input_index, axis) =>
  touchedBy(input_index, axis, convTransposeOutputSize(axis));

/**
 * How many input cells paint each cell, from the first one painted (at `-padding`) to the last one
 * painted or kept: output_padding may keep cells that nothing paints.
 * @param {Axis} axis
 */
export const convTransposeOverlap = (axis) =>
  range(-axis.padding, Math.max(fullSize(axis) - axis.padding, convTransposeOutputSize(axis))).map(
    (cell) => convTransposeSees(cell, axis).length,
  );

/**
 * The output_padding that brings a transposed convolution to `output_size`, or null.
 * @param {number} output_size
 * @param {Axis} axis
 */
export function outputPaddingFor(output_size, axis) {
  const missing = output_size - convTransposeOutputSize({ ...axis, output_padding: 0 });
  return output_size >= 1 && missing >= 0 && missing <= outputPaddingMost(axis) ? missing : null;
}

/**
 * The same transposed convolution as an ordinary one: its input is spread `stride` apart with zeros
 * between, and padded with `before` zeros (a negative number cuts cells off), so that a window with
 * the kernel turned round stands on cells `output_index` and following.
 * @param {Axis} axis
 * @returns {{before: number, size: number}} zeros before the first input cell; cells in all
 */
export function zeroInsertion(axis) {
  const reach = windowExtent(axis) - 1;
  return { before: reach - axis.padding, size: convTransposeOutputSize(axis) + reach };
}
