/**
 * The two layers as a reader of PyTorch knows them: parameters, formula, code line, and what is said
 * of an illegal one. Pure: no page, no model.
 */

import layers from '../unet_teach/widgets/layers.json' with { type: 'json' };
import {
  convInputSizes,
  convOutputSize,
  convTransposeOutputSize,
  fullSize,
  outputPaddingFor,
  outputPaddingMost,
  paddedSize,
  windowExtent,
} from './geometry.js';

/** @typedef {import('./geometry.js').Axis} Axis */
/** @typedef {[height: number, width: number]} Pair */
/** @typedef {keyof typeof LIMITS} Parameter */
/** @typedef {Record<Parameter, Pair>} Sizes */
/** A formula's part: text, or a number that belongs to a parameter. @typedef {string | [Parameter | 'answer', number | string]} Part */

/** The bounds of sliders and typed numbers, lowest and highest. */
export const LIMITS =
  /** @type {Record<keyof typeof layers.layer.bounds, [lowest: number, highest: number]>} */ (
    layers.layer.bounds
  );
/** The sizes that RoundTrip follows. */
export const ROUND_TRIP_SIZES = /** @type {[smallest: number, largest: number]} */ (
  layers.RoundTrip.sizes
);
/** The pictures of a transposed convolution, the default first. */
export const VIEWS = layers.ConvTranspose2d.views;
/** The named kernels, the default first. */
export const KERNELS = layers.layer.kernels;
/** The lowest and highest seed of an input and a random kernel. */
export const [LOWEST_SEED, HIGHEST_SEED] = layers.layer.seed.bounds;
const DEFAULTS = layers.torch_defaults;

/** @param {number[]} pair */
export const times = ([height, width]) => `${height}×${width}`;

/** An int where both axes agree, as PyTorch lets us write it. @param {Pair} pair */
export const short = ([height, width]) =>
  height === width ? height : /** @type {Pair} */ ([height, width]);

/** Both axes of a layer. @param {Sizes} sizes @returns {[Axis, Axis]} */
export const axesOf = (sizes) => {
  const axis = (/** @type {0 | 1} */ i) =>
    /** @type {Axis} */ (
      Object.fromEntries(Object.entries(sizes).map(([name, pair]) => [name, pair[i]]))
    );
  return [axis(0), axis(1)];
};

/**
 * One kind of layer.
 * @typedef {object} Layer
 * @property {string} name          PyTorch's class
 * @property {Parameter[]} parameters  in the order of the sliders
 * @property {(axis: Axis) => number} outputSize   below 1 where there is no output
 * @property {(axis: Axis) => string} problem      why torch refuses this axis, or ''
 * @property {(axes: [Axis, Axis]) => string} torchError   torch's own words for it, or ''
 * @property {(axis: Axis) => Part[]} formula
 * @property {(axes: [Axis, Axis], target: Pair) => string} inverse   the sizes run backwards, as a sentence
 * @property {string} inverseLabel   with names in backticks
 * @property {Record<string, Partial<Record<Parameter, number>>>} presets
 */

/** The cells a dilated kernel spans, as it stands in both formulas. @param {Axis} axis @returns {Part[]} */
const spread = ({ kernel_size, dilation }) => [
  ['dilation', dilation],
  '·(',
  ['kernel_size', kernel_size],
  ' − 1) + 1',
];

/** A layer's parameters, in the order of `layers.json`. @param {'Conv2d' | 'ConvTranspose2d'} name */
const parametersOf = (name) => /** @type {Parameter[]} */ (Object.keys(layers[name].defaults));

/** @type {Layer} */
export const conv = {
  name: 'Conv2d',
  parameters: parametersOf('Conv2d'),
  outputSize: convOutputSize,
  problem(axis) {
    if (convOutputSize(axis) > 0) return '';
    const { input_size, padding, dilation } = axis;
    const extent = windowExtent(axis);
    const spread = dilation > 1 ? ` (${dilation}·(${axis.kernel_size} − 1) + 1)` : '';
    const smaller = dilation > 1 ? 'a smaller kernel_size or dilation' : 'a smaller kernel_size';
    return `The window spans ${extent} cells${spread}, but the padded input has only ${paddedSize(axis)} (${input_size} + 2·${padding}). Use padding ≥ ${Math.ceil((extent - input_size) / 2)} or ${smaller}.`;
  },
  torchError([h, w]) {
    if (convOutputSize(h) > 0 && convOutputSize(w) > 0) return '';
    return `Calculated padded input size per channel: (${paddedSize(h)} x ${paddedSize(w)}). Kernel size: (${windowExtent(h)} x ${windowExtent(w)}). Kernel size can't be greater than actual input size`;
  },
  formula(axis) {
    const { input_size, kernel_size, stride, padding, dilation } = axis;
    const room = paddedSize(axis) - windowExtent(axis);
    /** @type {Part[]} */
    const window = dilation === 1 ? [['kernel_size', kernel_size]] : ['(', ...spread(axis), ')'];
    /** @type {Part[]} */
    const travel = [
      '⌊(',
      ['input_size', input_size],
      ' + 2·',
      ['padding', padding],
      ' − ',
      ...window,
      ') / ',
      ['stride', stride],
      '⌋ + 1 = ',
    ];
    if (room < 0) return [...travel, ['answer', '✕']];
    const quotient = Number((room / stride).toFixed(2));
    return [...travel, `⌊${quotient}⌋ + 1 = `, ['answer', convOutputSize(axis)]];
  },
  inverseLabel: 'Which `input_size` gives',
  inverse(axes, target) {
    const sizes = axes.map((axis, i) => convInputSizes(target[i], axis));
    const [h, w] = sizes.map((list) =>
      list.length ? list.join(', ').replace(/, (\d+)$/, ' or $1') : 'none',
    );
    return h === w ? h : `height ${h}; width ${w}`;
  },
  presets: layers.Conv2d.presets,
};

/** @type {Layer} */
export const convTranspose = {
  name: 'ConvTranspose2d',
  parameters: parametersOf('ConvTranspose2d'),
  outputSize: convTransposeOutputSize,
  problem(axis) {
    const { stride, padding, output_padding, dilation } = axis;
    if (output_padding > outputPaddingMost(axis))
      return `output_padding=${output_padding} is too large: it must be smaller than stride (${stride}) or dilation (${dilation}). Use output_padding ${outputPaddingMost(axis) ? '≤' : '='} ${outputPaddingMost(axis)} or a larger stride.`;
    if (convTransposeOutputSize(axis) > 0) return '';
    const kept = output_padding ? `, of which output_padding keeps ${output_padding}` : '';
    return `Nothing is left: the patches cover ${fullSize(axis)} cells, and padding ${padding} crops ${2 * padding}${kept}. Use padding ≤ ${Math.floor((fullSize(axis) + output_padding - 1) / 2)}.`;
  },
  torchError(axes) {
    const [h, w] = axes;
    if (axes.some((axis) => axis.output_padding > outputPaddingMost(axis))) {
      const told = /** @type {const} */ (['output_padding', 'stride', 'dilation']).map(
        (name) => `${name}_height: ${h[name]} ${name}_width: ${w[name]}`,
      );
      return `output padding must be smaller than either stride or dilation, but got ${told.join(' ')}`;
    }
    const sizes = axes.map(convTransposeOutputSize);
    if (Math.min(...sizes) >= 0) return ''; // torch returns an empty map for a size of 0, without a word
    return `Given input size per channel: (${h.input_size} x ${w.input_size}). Calculated output size per channel: (${sizes.join(' x ')}). Output size is too small`;
  },
  formula(axis) {
    const { input_size, kernel_size, stride, padding, output_padding, dilation } = axis;
    /** @type {Part[]} */
    const window = dilation === 1 ? [['kernel_size', kernel_size]] : spread(axis);
    return [
      '(',
      ['input_size', input_size],
      ' − 1)·',
      ['stride', stride],
      ' + ',
      ...window,
      ' − 2·',
      ['padding', padding],
      ' + ',
      ['output_padding', output_padding],
      ' = ',
      ['answer', convTransposeOutputSize(axis)],
    ];
  },
  inverseLabel: '`output_padding` to get back to',
  inverse(axes, target) {
    const [h, w] = axes.map((axis, i) => {
      const needed = outputPaddingFor(target[i], axis);
      if (needed !== null) return String(needed);
      const least = Math.max(1, convTransposeOutputSize({ ...axis, output_padding: 0 }));
      const most = least + outputPaddingMost(axis);
      return `none: it can only be ${least === most ? least : `${least} to ${most}`}`;
    });
    return h === w ? h : `height ${h}; width ${w}`;
  },
  presets: layers.ConvTranspose2d.presets,
};

/** All parameters of a preset: those it leaves out are PyTorch's defaults. @param {Layer} layer @param {string} name */
export const presetSizes = (layer, name) => ({ ...DEFAULTS, ...layer.presets[name] });

/** The line that makes the layer; parameters at PyTorch's defaults are left out. @param {Layer} layer @param {Sizes} sizes */
export function codeLine(layer, sizes) {
  const write = (/** @type {Pair} */ pair) =>
    pair[0] === pair[1] ? String(pair[0]) : `(${pair.join(', ')})`;
  const options = /** @type {(keyof typeof DEFAULTS)[]} */ (Object.keys(DEFAULTS))
    .filter(
      (name) =>
        layer.parameters.includes(name) && sizes[name].some((size) => size !== DEFAULTS[name]),
    )
    .map((name) => `, ${name}=${write(sizes[name])}`);
  return `nn.${layer.name}(1, 1, kernel_size=${write(sizes.kernel_size)}${options.join('')})`;
}

/** Why there is no output, as a sentence, or ''. @param {Layer} layer @param {[Axis, Axis]} axes */
export function problemSentence(layer, axes) {
  const [height, width] = axes.map((axis) => layer.problem(axis));
  if (height === width) return height;
  return height ? `Height: ${height}${width && ' The width fails, too.'}` : `Width: ${width}`;
}
