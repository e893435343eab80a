/** Which cells of each map belong to a chosen cell, one axis at a time. Pure. */

import {
  convFeeds,
  convOutputSize,
  convTransposeOutputSize,
  convTransposeSees,
  range,
  tapPlaces,
} from '../geometry.js';

/** @typedef {import('../geometry.js').Axis} Axis */
/** @typedef {import('./pictures.js').PanelName} PanelName */
/** @typedef {import('./pictures.js').View} View */
/** Along one axis: the cells of each map that belong to a chosen one. @typedef {Record<PanelName, number[]>} Related */

/**
 * The cells of each panel that belong to cell `i` of `panel`, along one axis of a convolution.
 * @param {PanelName} panel
 * @param {number} i
 * @param {Axis} axis
 * @returns {Related}
 */
export function relateConv(panel, i, axis) {
  const { kernel_size, stride, padding, dilation, input_size } = axis;
  const taps = range(0, kernel_size);
  if (panel === 'output')
    return { output: [i], input: tapPlaces(i, axis), kernel: taps, middle: [] };
  if (panel === 'kernel') {
    const outputs = range(0, convOutputSize(axis));
    const place = (/** @type {number} */ o) => o * stride - padding + i * dilation;
    return {
      kernel: [i],
      input: outputs.map(place),
      output: outputs.filter((o) => place(o) >= 0 && place(o) < input_size),
      middle: [],
    };
  }
  const outputs = convFeeds(i, axis);
  return {
    input: [i],
    output: outputs,
    kernel: outputs.map((o) => (i + padding - o * stride) / dilation),
    middle: [],
  };
}

/**
 * The same along one axis of a transposed convolution.
 * @param {PanelName} panel
 * @param {number} i
 * @param {Axis} axis
 * @param {View} view
 * @returns {Related}
 */
export function relateTranspose(panel, i, axis, view) {
  const { kernel_size, stride, padding, dilation, input_size } = axis;
  const size = convTransposeOutputSize(axis);
  const isSpread = view === 'zero insertion';
  const isKept = (/** @type {number} */ cell) => cell >= 0 && cell < size;
  if (panel === 'input') {
    const places = tapPlaces(i, axis);
    return {
      input: [i],
      kernel: range(0, kernel_size),
      middle: isSpread ? [i * stride] : places,
      output: places.filter(isKept),
    };
  }
  if (panel === 'kernel') {
    const place = (/** @type {number} */ cell) => cell * stride - padding + i * dilation;
    const inputs = range(0, input_size);
    return {
      kernel: [i],
      input: inputs.filter((cell) => isKept(place(cell))),
      middle: inputs.map((cell) => (isSpread ? cell * stride : place(cell))),
      output: inputs.map(place).filter(isKept),
    };
  }
  if (panel === 'middle' && isSpread) {
    const source = i / stride;
    const isInput = Number.isInteger(source) && source >= 0 && source < input_size;
    return isInput
      ? { ...relateTranspose('input', source, axis, view), middle: [i] }
      : { input: [], kernel: [], middle: [i], output: [] };
  }
  const sources = convTransposeSees(i, axis);
  const taps = sources.map((cell) => (i + padding - cell * stride) / dilation);
  const window = range(0, kernel_size)
    .map((t) => i + padding - t * dilation)
    .reverse();
  return {
    input: sources,
    kernel: taps,
    middle: isSpread ? window : [i],
    output: isKept(i) ? [i] : [],
  };
}
