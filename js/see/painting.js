/** What has been painted on an image, and what the rule says of it. Pure: no page. */

import layers from '../../unet_teach/widgets/layers.json' with { type: 'json' };
import {
  CONTRAST,
  clip,
  coveredBy,
  GROUND,
  isInside,
  isMarked,
  layersOf,
  maskOf,
  NOISE,
  randomNumbers,
  ringCoverage,
  segmentCoverage,
} from './scene.js';

/** @typedef {import('./scene.js').Line} Line */
/** @typedef {import('./scene.js').Ring} Ring */
/** @typedef {import('./scene.js').Segment} Segment */
/** @typedef {['ring' | 'line' | 'erase', ...number[]]} Stroke   row, column, radius; from and to; the points of the eraser's way */
/**
 * @typedef {object} Sample
 * @property {string} name
 * @property {number} height
 * @property {number} width
 * @property {number} channels
 * @property {Float32Array} image   (channels, height, width), 0 to 1
 * @property {Uint8Array | null} mask
 * @property {Line[] | null} lines  `null`: no rule is known
 * @property {Ring[]} rings
 */

export const ERASER = 5; // radius in pixels
export const MOST_STROKES = layers.SeeInside.most_strokes;
const LARGEST = 4096;
const STROKE_REACH = 3; // pixels beyond a stroke's middle that it may cover

/** The strokes in what a link or the kernel sent; anything else there is left out. @param {unknown} sent @returns {Stroke[]} */
export function readStrokes(sent) {
  if (!Array.isArray(sent)) return [];
  return sent.slice(0, MOST_STROKES).filter((stroke) => {
    if (!Array.isArray(stroke)) return false;
    const [kind, ...numbers] = stroke;
    const isRight = numbers.every((each) => Number.isFinite(each) && Math.abs(each) <= LARGEST);
    if (kind === 'ring') return isRight && numbers.length === 3 && numbers[2] >= 1;
    if (kind === 'line') return isRight && numbers.length === 4;
    return kind === 'erase' && isRight && numbers.length >= 2 && numbers.length % 2 === 0;
  });
}

/**
 * The image with its strokes, and the ground truth; `null` where nobody knows it.
 * @param {Sample} sample @param {Stroke[]} strokes
 */
export function painted(sample, strokes) {
  const { height, width, channels } = sample;
  const image = sample.image.slice();
  const pixels = height * width;
  const covered = ownOf(sample)?.covered.slice() ?? new Float32Array(pixels);
  for (const stroke of strokes) {
    if (stroke[0] === 'erase') erase(sample, image, covered, stroke.slice(1));
    else
      for (const i of cellsNear(stroke, height, width)) {
        const more = coverage(stroke, Math.floor(i / width), i % width) - covered[i];
        if (more <= 0) continue;
        covered[i] += more;
        for (let c = i; c < channels * pixels; c += pixels)
          image[c] = clip(image[c] + CONTRAST * more);
      }
  }
  return { image, mask: truth(sample, strokes) };
}

/** The pixels in the box around a ring or a line. @param {Stroke} stroke @param {number} height @param {number} width */
function cellsNear([kind, ...numbers], height, width) {
  const [a, b, c, d] = numbers;
  const [from, to] =
    kind === 'ring'
      ? [
          [a - c, b - c],
          [a + c, b + c],
        ]
      : [
          [Math.min(a, c), Math.min(b, d)],
          [Math.max(a, c), Math.max(b, d)],
        ];
  const [top, left] = from.map((at) => Math.max(0, Math.floor(at - STROKE_REACH)));
  const bottom = Math.min(height - 1, Math.ceil(to[0] + STROKE_REACH));
  const right = Math.min(width - 1, Math.ceil(to[1] + STROKE_REACH));
  const cells = [];
  for (let row = top; row <= bottom; row += 1)
    for (let column = left; column <= right; column += 1) cells.push(row * width + column);
  return cells;
}

/** @param {Stroke} stroke @param {number} row @param {number} column */
export const coverage = ([kind, ...numbers], row, column) =>
  kind === 'ring'
    ? ringCoverage(row, column, /** @type {Ring} */ (numbers))
    : segmentCoverage(row, column, /** @type {Segment} */ (numbers));

/** What a sample shows without strokes. @typedef {{layers: import('./scene.js').Layers, covered: Float32Array, mask: Uint8Array}} Own */

/** @type {WeakMap<Sample, Own>} */
const known = new WeakMap();

/** The lines and rings of a sample itself, `null` where nobody knows them. @param {Sample} sample */
function ownOf(sample) {
  const { lines, rings, height, width } = sample;
  if (!lines) return null;
  let own = known.get(sample);
  if (!own) {
    const layers = layersOf({ lines, rings, segments: [] }, height, width);
    own = { layers, covered: coveredBy(layers), mask: maskOf(layers) };
    known.set(sample, own);
  }
  return own;
}

/** @param {Sample} sample @param {Stroke[]} strokes */
function truth(sample, strokes) {
  const { height, width } = sample;
  if (!strokes.length) return sample.mask;
  const own = ownOf(sample);
  if (!own || strokes.some(([kind]) => kind === 'erase')) return null;
  const { onLine, onRing, inside } = own.layers;
  const layers = { onLine: onLine.slice(), onRing: onRing.slice(), inside: inside.slice() };
  const near = strokes.map((stroke) => cellsNear(stroke, height, width));
  strokes.forEach((stroke, k) => {
    for (const i of near[k]) addTo(layers, stroke, i, width);
  });
  // Where nothing was painted, the sample's own mask stays: its lines and rings may be rounded.
  const mask = (sample.mask ?? own.mask).slice();
  for (const i of near.flat()) {
    const each = isMarked(layers, i);
    if (each !== own.mask[i]) mask[i] = each;
  }
  return mask;
}

/** @param {import('./scene.js').Layers} layers @param {Stroke} stroke @param {number} i @param {number} width */
function addTo({ onLine, onRing, inside }, stroke, i, width) {
  const [row, column] = [Math.floor(i / width), i % width];
  const covered = coverage(stroke, row, column);
  const layer = stroke[0] === 'ring' ? onRing : onLine;
  if (covered > layer[i]) layer[i] = covered;
  if (stroke[0] === 'ring' && isInside(row, column, /** @type {Ring} */ (stroke.slice(1))))
    inside[i] = 1;
}

/** Put ground where the eraser was. @param {Sample} sample @param {Float32Array} image @param {Float32Array} covered @param {(string | number)[]} way */
function erase({ lines, height, width, channels, image: before }, image, covered, way) {
  const random = randomNumbers(7);
  const pixels = height * width;
  const grounds = Array.from({ length: channels }, (_, c) =>
    lines ? GROUND : median(before.subarray(c * pixels, (c + 1) * pixels)),
  );
  for (let i = 0; i < pixels; i += 1) {
    const noise = NOISE * (random() + random() + random() - 1.5) * 2;
    const [row, column] = [Math.floor(i / width), i % width];
    if (!isNear(row, column, /** @type {number[]} */ (way))) continue;
    covered[i] = 0;
    for (let c = 0; c < channels; c += 1) image[c * pixels + i] = clip(grounds[c] + noise);
  }
}

/** @param {number} row @param {number} column @param {number[]} way */
function isNear(row, column, way) {
  for (let i = 0; i < way.length; i += 2)
    if ((row - way[i]) ** 2 + (column - way[i + 1]) ** 2 <= ERASER ** 2) return true;
  return false;
}

/** @param {Float32Array} values */
const median = (values) => values.slice().sort()[values.length >> 1];
