/** Feature maps as numbers: reading, ranges, colours, text, and which cells of two maps cover the same place. */

import { range } from './geometry.js';

/** @typedef {[row: number, column: number]} Cell */
/** @typedef {[low: number, high: number]} Bounds */
/** @typedef {'grey' | 'diverging'} Ramp */

/**
 * @typedef {object} FeatureMap
 * @property {string} name
 * @property {string} row      the label of its row; '' where the author made no rows
 * @property {number} channels
 * @property {number} height   cells
 * @property {number} width    cells
 * @property {Float32Array} values   all channels, row by row
 */

/** One channel of a map: `values` are its own. @typedef {FeatureMap & {channel: number}} Shown */

/** ColorBrewer's PuOr of 11 colours from its purple end, as matplotlib's "PuOr_r" has them. */
const DIVERGING = [
  '2d004b',
  '542788',
  '8073ac',
  'b2abd2',
  'd8daeb',
  'f7f7f7',
  'fee0b6',
  'fdb863',
  'e08214',
  'b35806',
  '7f3b08',
];
/** The stops of each ramp, from its lowest value to its highest, as red, green and blue. */
const STOPS = {
  grey: [
    [0, 0, 0],
    [255, 255, 255],
  ],
  diverging: DIVERGING.map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16))),
};

// ---------------------------------------------------------------------------------------- reading

/** Read the maps that Python, or a page without a kernel, sent; anything that is not a map is left out. @param {unknown} sent @returns {FeatureMap[]} */
export function readMaps(sent) {
  if (!Array.isArray(sent)) return [];
  return sent.flatMap((each) => {
    const [channels, height, width] = Array.isArray(each?.shape) ? each.shape : [];
    const values = readNumbers(each?.values);
    if (!values.length || values.length !== channels * height * width) return [];
    return [
      { name: String(each.name), row: String(each.row ?? ''), channels, height, width, values },
    ];
  });
}

/** The bytes of 32-bit floats, as the kernel sends them, or a list of numbers. @param {unknown} sent */
function readNumbers(sent) {
  if (Array.isArray(sent)) return Float32Array.from(sent, Number);
  if (!ArrayBuffer.isView(sent)) return new Float32Array();
  // A copy: the bytes may start anywhere in a message, floats only at every fourth.
  return new Float32Array(
    sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength - (sent.byteLength % 4)),
  );
}

/** One channel; a map that has fewer shows its last. @param {FeatureMap} map @param {number} index @returns {Shown} */
export function channelOf(map, index) {
  const channel = Math.min(index, map.channels - 1);
  const cells = map.height * map.width;
  return { ...map, channel, values: map.values.subarray(channel * cells, (channel + 1) * cells) };
}

// ----------------------------------------------------------------------------------------- places

/**
 * Which cells of a row of `to` cells cover the same place as cell `index` of an equally long row of
 * `from` cells: those where the centre of the smaller cell lies inside the larger one.
 * @param {number} index
 * @param {number} from
 * @param {number} to
 * @returns {[first: number, count: number]}
 */
export function samePlace(index, from, to) {
  /** The cell of `n` that holds the centre of the i-th of `m`. @param {number} i @param {number} m @param {number} n */
  const holding = (i, m, n) => Math.floor(((2 * i + 1) * n) / (2 * m));
  if (to <= from) return [holding(index, from, to), 1];
  const inside = range(0, to).filter((i) => holding(i, to, from) === index);
  return [inside[0], inside.length];
}

/** The area of a map at the place of another map's cell. @param {Cell} cell @param {{height: number, width: number}} from @param {{height: number, width: number}} to */
export function placeIn([row, column], from, to) {
  const [top, height] = samePlace(row, from.height, to.height);
  const [left, width] = samePlace(column, from.width, to.width);
  return { top, left, height, width };
}

/** The values in an area of a map. @param {Shown} map @param {ReturnType<typeof placeIn>} area */
export const valuesIn = (map, { top, left, height, width }) =>
  range(top, top + height).flatMap((row) =>
    range(left, left + width).map((column) => map.values[row * map.width + column]),
  );

// ----------------------------------------------------------------------------------------- colours

/** The lowest and the highest finite value. @param {Iterable<number>} values @returns {Bounds | null} */
export function boundsOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** The values at both ends of a colour ramp; the diverging ramp has zero in its middle. @param {Bounds | null} bounds @param {Ramp} ramp @returns {Bounds} */
export function endsOf(bounds, ramp) {
  const [low, high] = bounds ?? [0, 1];
  if (ramp === 'grey') return [low, high];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-most, most];
}

/** Red, green and blue of a value, 0 to 255; values beyond the ends look like the ends. @param {number} value @param {Bounds} ends @param {Ramp} ramp */
export function colourOf(value, [low, high], ramp) {
  const stops = STOPS[ramp];
  // A map of one value is drawn in the middle of the ramp.
  const part = low < high ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5;
  const place = part * (stops.length - 1);
  const before = Math.min(Math.floor(place), stops.length - 2);
  return stops[before].map((from, i) =>
    Math.round(from + (stops[before + 1][i] - from) * (place - before)),
  );
}

/** Whether text on a colour is better white. @param {number[]} colour */
export const isDark = ([red, green, blue]) =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) < 0.179;

/** @param {number} part of 255 */
const linear = (part) => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);

/** A ramp as a CSS gradient. @param {Ramp} ramp */
export const gradient = (ramp) =>
  `linear-gradient(to right, ${STOPS[ramp].map((stop) => `rgb(${stop})`).join(', ')})`;

// ------------------------------------------------------------------------------------------- text

/** A value with `digits` significant digits, but never fewer than stand before the decimal point. @param {number} value @param {number} [digits] */
export function shown(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const whole = String(Math.round(Math.abs(value)));
  const isLong = whole.length >= digits && Math.abs(value) < 1e6;
  return String(isLong ? Math.round(value) : Number(value.toPrecision(digits))).replaceAll(
    '-',
    '−',
  );
}

/**
 * Values for neighbouring cells: all rounded to the same place, with `digits` digits in the largest.
 * @param {Float32Array} values
 * @param {number} digits
 */
export function roundedTogether(values, digits) {
  const most = Math.max(...(boundsOf(values) ?? [0]).map(Math.abs));
  const decimals = digits - 1 - Math.floor(Math.log10(most || 1));
  if (most >= 1e6 || decimals > 6) return Array.from(values, (value) => shown(value, digits));
  const rounded = (/** @type {number} */ value) =>
    Number.isFinite(value) ? Number(value.toFixed(Math.max(0, decimals))) : value;
  return Array.from(values, (value) => shown(rounded(value), 7));
}

/** "0 to 1", or one value. @param {number[]} ends */
const span = (ends) => [...new Set(ends.map((end) => shown(end)))].join(' to ');

/** The range of many values, and how many of them are not finite. @param {ArrayLike<number> & Iterable<number>} values */
export function rangeText(values) {
  const bounds = boundsOf(values);
  const odd = [NaN, Infinity, -Infinity].map((kind) => ({
    kind,
    count: Array.from(values).filter((value) => Object.is(value, kind)).length,
  }));
  return [
    bounds ? span(bounds) : 'no finite value',
    ...odd.filter(({ count }) => count).map(({ kind, count }) => `${count} ${shown(kind)}`),
  ].join(', ');
}

/** The values of an area: one value, or the range and the mean of several. @param {number[]} values */
export function areaText(values) {
  const isMixed = values.some(
    (value) => value !== values[0] && !(Number.isNaN(value) && Number.isNaN(values[0])),
  );
  if (!isMixed) return shown(values[0]);
  const finite = values.filter(Number.isFinite);
  const mean =
    finite.length === values.length
      ? `, mean ${shown(values.reduce((sum, value) => sum + value, 0) / values.length)}`
      : '';
  return rangeText(values) + mean;
}

/** "(2, 3)" or "(4–5, 6–7)": rows, columns. @param {ReturnType<typeof placeIn>} area */
export const areaName = ({ top, left, height, width }) =>
  `(${run(top, height)}, ${run(left, width)})`;

/** @param {number} first @param {number} count */
const run = (first, count) => (count === 1 ? String(first) : `${first}–${first + count - 1}`);

/** A map's name, with that of its row. @param {Shown} map */
const fullName = ({ name, row }) => (row ? `${row}, ${name}` : name);

/**
 * One sentence for a cell of one map and the same place in all others. A place is only given where
 * it differs from that of the cell.
 * @param {Shown[]} maps
 * @param {number} source   index of the map under the pointer
 * @param {Cell} cell
 * @param {{height: number, width: number} | null} input   the input image's size; its pixels are named where no map is as large
 */
export function sentence(maps, source, cell, input) {
  const from = maps[source];
  const own = placeIn(cell, from, from);
  const valueIn = (/** @type {Shown} */ map) => {
    const area = placeIn(cell, from, map);
    const place = areaName(area) === areaName(own) ? '' : ` ${areaName(area)}`;
    return `${fullName(map)}${place} is ${areaText(valuesIn(map, area))}`;
  };
  const start = `${fullName(from)}, row ${cell[0]}, column ${cell[1]}, is ${areaText(valuesIn(from, own))}`;
  const isShown = maps.some(
    ({ height, width }) => height === input?.height && width === input.width,
  );
  const pixels = input && !isShown && placeIn(cell, from, input);
  const place = pixels
    ? `; its place in the ${input.height}×${input.width} input is ${areaName(pixels)}`
    : '';
  const others = maps.filter((_, i) => i !== source).map(valueIn);
  return `${start}${place}${others.length ? `; at the same place ${others.join('; ')}` : ''}.`;
}

// ------------------------------------------------------------------------------- receptive fields

/** The cells that are not 0, as the area around them and their number. @param {Shown} map @returns {{area: ReturnType<typeof placeIn> | null, seen: number}} */
export function fieldOf({ values, height, width }) {
  let [top, left, bottom, right, seen] = [height, width, -1, -1, 0];
  values.forEach((value, i) => {
    if (value === 0) return;
    const [row, column] = [Math.floor(i / width), i % width];
    seen += 1;
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  const area = seen ? { top, left, height: bottom - top + 1, width: right - left + 1 } : null;
  return { area, seen };
}

/** "49 pixels". @param {number} seen */
export const pixels = (seen) => `${seen} pixel${seen === 1 ? '' : 's'}`;

/** One sentence for a pixel: in which receptive fields it is. @param {Shown[]} maps @param {number} source @param {Cell} cell */
export function fieldSentence(maps, source, cell) {
  const inside = maps.filter((map) =>
    valuesIn(map, placeIn(cell, maps[source], map)).some((value) => value !== 0),
  );
  const where = `Row ${cell[0]}, column ${cell[1]}`;
  if (!inside.length) return `${where}: outside every receptive field.`;
  if (inside.length === maps.length) return `${where}: inside every receptive field.`;
  return `${where}: inside the receptive field of ${inside.map(fullName).join('; ')}.`;
}
