/** What RoundTrip says of a size: what becomes of it, why, and which output_padding brings it back. Pure. */

import {
  convInputSizes,
  convOutputSize,
  convTransposeOutputSize,
  outputPaddingFor,
  outputPaddingMost,
  paddedSize,
  range,
  windowExtent,
} from './geometry.js';
import { codeLine, conv, convTranspose, ROUND_TRIP_SIZES } from './layers.js';

/** @typedef {import('./geometry.js').Axis} Axis */
/** @typedef {import('./layers.js').Sizes} Sizes */
/** @typedef {Omit<Axis, 'input_size'>} Layers  what both layers share, and output_padding */

export const PARAMETERS = /** @type {const} */ ([
  'kernel_size',
  'stride',
  'padding',
  'dilation',
  'output_padding',
]);
/**
 * What becomes of one size: it comes back, comes back as another size ("off"), has no size to come back to
 * ("lost"), or is too small for the kernel to go down at all ("small").
 * @typedef {object} Trip
 * @property {number} size
 * @property {number} small        what the convolution makes of it; 0 where the kernel does not fit
 * @property {number} back         what the transposed convolution makes of that, where it can
 * @property {number | null} mend  the output_padding that brings it back
 * @property {'back' | 'off' | 'lost' | 'small'} fate
 */

/** @param {number} size @param {Layers} layers @returns {Trip} */
export function trip(size, layers) {
  const small = convOutputSize({ ...layers, input_size: size });
  if (small === 0) return { size, small, back: 0, mend: null, fate: 'small' };
  const up = { ...layers, input_size: small };
  const back = convTransposeOutputSize(up);
  const fate = !isLegal(layers) || back < 1 ? 'lost' : back === size ? 'back' : 'off';
  return { size, small, back, mend: outputPaddingFor(size, up), fate };
}

/** @param {Layers} layers */
const isLegal = (layers) => layers.output_padding <= outputPaddingMost(layers);

const NUMBERS = ['none', 'one', 'two', 'three', 'four'];
const signed = (/** @type {number} */ n) => (n < 0 ? `−${-n}` : `+${n}`);

/** The sign below a tile's size. @param {Trip} trip */
export const sign = ({ fate, back, size }) =>
  ({ back: '', off: signed(back - size), lost: '✕', small: '–' })[fate];

/** "31, 32 and 33". @param {number[]} sizes */
const and = (sizes) =>
  sizes.length < 2
    ? sizes.join('')
    : `${sizes.slice(0, -1).join(', ')} and ${sizes[sizes.length - 1]}`;

/** "1, 3, 5, …, 63". @param {number[]} sizes */
const some = (sizes) =>
  sizes.length <= 4
    ? sizes.join(', ')
    : `${sizes.slice(0, 3).join(', ')}, …, ${sizes[sizes.length - 1]}`;

/** @param {number} from @param {number} to */
const span = (from, to) => (from === to ? String(from) : `${from} to ${to}`);

/** The three sizes of a trip: "31 → 16 → 31". @param {Trip} trip */
export const way = ({ size, small, back, fate }) =>
  `${size} → ${small || '✕'}${fate === 'small' ? '' : ` → ${fate === 'lost' ? '✕' : back}`}`;

/** What the trip means, and which output_padding brings the size back. @param {Trip} trip @param {Layers} layers */
export function meaning({ size, back, mend, fate }, layers) {
  if (fate === 'small') {
    const extent = windowExtent(layers);
    const padded = paddedSize({ ...layers, input_size: size });
    return `The kernel spans ${extent} cells, but the padded input has only ${padded}, so there is no output. Use padding ≥ ${Math.ceil((extent - size) / 2)} or a smaller kernel.`;
  }
  if (fate === 'back') return 'It comes back.';
  const mended = `output_padding=${mend} gives ${size}.`;
  if (!isLegal(layers))
    return `output_padding=${layers.output_padding} is illegal: it must be smaller than stride=${layers.stride} or dilation=${layers.dilation}. ${mended}`;
  if (fate === 'lost') return `padding=${layers.padding} crops everything away. ${mended}`;
  const off = Math.abs(back - size);
  const count = NUMBERS[off] ?? String(off);
  return `${count[0].toUpperCase()}${count.slice(1)} too ${back > size ? 'many' : 'few'}. ${mended}`;
}

/** Which sizes give the same small size. @param {Trip} trip @param {Layers} layers */
export function company({ size, small }, layers) {
  if (!small) return '';
  const group = convInputSizes(small, { ...layers, input_size: size });
  if (group.length === 1) return `Only ${size} becomes ${small}.`;
  return `${and(group)} ${group.length === 2 ? 'both' : 'all'} become ${small}, and ${small} alone doesn’t say which one it was.`;
}

/**
 * Which output_padding brings back which sizes, one line each.
 * @param {Trip[]} trips
 * @param {Layers} layers
 * @returns {{paddings: string, sizes: string, isNow: boolean}[]}
 */
export function mends(trips, layers) {
  const { stride, dilation, output_padding: now } = layers;
  const most = outputPaddingMost(layers);
  const lines = range(0, stride).map((n) => {
    const sizes = trips.filter(({ mend }) => mend === n).map(({ size }) => size);
    return {
      paddings: String(n),
      sizes: some(sizes) || `none up to ${ROUND_TRIP_SIZES[1]}`,
      isNow: now === n,
    };
  });
  if (most >= stride)
    lines.push({
      paddings: span(stride, most),
      sizes: 'legal, but brings none back',
      isNow: now >= stride && now <= most,
    });
  if (now > most)
    lines.push({
      paddings: String(now),
      sizes: `✕ illegal: below ${Math.max(stride, dilation)} only`,
      isNow: true,
    });
  const small = trips.filter(({ fate }) => fate === 'small').length;
  if (small) lines.push({ paddings: 'none', sizes: `${span(1, small)}: too small`, isNow: false });
  return lines;
}

/** @param {Layers} layers */
export function codeLines(layers) {
  const sizes = /** @type {Sizes} */ (
    Object.fromEntries(PARAMETERS.map((name) => [name, [layers[name], layers[name]]]))
  );
  return `${codeLine(conv, sizes)}\n${codeLine(convTranspose, sizes)}`;
}
