/** Lines in rings: the rule that generates the data, in the browser. unet_teach/segmentation/data/synthetic.py is its other copy; a test compares them. Pure. */

/** Angle, offset and half width of a line that runs right across. @typedef {[angle: number, offset: number, halfWidth: number]} Line */
/** Row, column and radius. @typedef {[row: number, column: number, radius: number]} Ring */
/** A line from one point to another. @typedef {[fromRow: number, fromColumn: number, toRow: number, toColumn: number]} Segment */
/** @typedef {{lines: Line[], rings: Ring[], segments: Segment[]}} Scene */

export const SIDE = 96; // pixels
export const CONTRAST = 0.4; // how much brighter a stroke is than the ground
export const GROUND = 0.35;
export const NOISE = 0.05;
export const SEGMENT_HALF_WIDTH = 0.75;
export const RADII = /** @type {const} */ ([13, 22]);
const LINES = 10;
const MOST_RINGS = 3;

/** Math.hypot takes ten times as long. @param {number} down @param {number} right */
const distance = (down, right) => Math.sqrt(down * down + right * right);

/** How much of a pixel a stroke covers, 0 to 1. @param {number} far @param {number} halfWidth */
const stroke = (far, halfWidth) => Math.max(0, Math.min(1, halfWidth + 0.5 - far));

/** @param {number} row @param {number} column @param {Ring} ring */
export const ringCoverage = (row, column, [y, x, radius]) =>
  stroke(Math.abs(distance(row - y, column - x) - radius), 1);

/** @param {number} row @param {number} column @param {Ring} ring */
export const isInside = (row, column, [y, x, radius]) => distance(row - y, column - x) < radius;

/** @param {number} row @param {number} column @param {Segment} segment */
export function segmentCoverage(row, column, [y0, x0, y1, x1]) {
  const [down, right] = [y1 - y0, x1 - x0];
  const length = down * down + right * right;
  const along = length ? ((row - y0) * down + (column - x0) * right) / length : 0;
  const part = Math.max(0, Math.min(1, along));
  const far = distance(row - y0 - part * down, column - x0 - part * right);
  return stroke(far, SEGMENT_HALF_WIDTH);
}

/** How much of each pixel lines and rings cover, and whether it lies in a ring. @typedef {{onLine: Float64Array, onRing: Float64Array, inside: Uint8Array}} Layers */

/** @param {Scene} scene @param {number} height @param {number} width @returns {Layers} */
export function layersOf({ lines, rings, segments }, height, width) {
  const count = height * width;
  const onLine = new Float64Array(count);
  const onRing = new Float64Array(count);
  const inside = new Uint8Array(count);
  /** @param {(row: number, column: number, i: number) => void} visit */
  const eachPixel = (visit) => {
    for (let i = 0; i < count; i += 1) visit(Math.floor(i / width), i % width, i);
  };
  for (const [angle, offset, halfWidth] of lines) {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    eachPixel((row, column, i) => {
      const across = cos * (column - width / 2) + sin * (row - height / 2) - offset;
      onLine[i] = Math.max(onLine[i], stroke(Math.abs(across), halfWidth));
    });
  }
  for (const segment of segments)
    eachPixel((row, column, i) => {
      onLine[i] = Math.max(onLine[i], segmentCoverage(row, column, segment));
    });
  for (const ring of rings)
    eachPixel((row, column, i) => {
      onRing[i] = Math.max(onRing[i], ringCoverage(row, column, ring));
      if (isInside(row, column, ring)) inside[i] = 1;
    });
  return { onLine, onRing, inside };
}

/** The rule: a pixel of a line, inside a ring, not on a ring. @param {Layers} layers @param {number} i */
export const isMarked = ({ onLine, onRing, inside }, i) =>
  Number(onLine[i] >= 0.5 && inside[i] && onRing[i] < 0.5);

/** @param {Layers} layers */
export const maskOf = (layers) => layers.inside.map((_, i) => isMarked(layers, i));

/** How much of each pixel strokes cover. @param {Layers} layers */
export const coveredBy = ({ onLine, onRing }) =>
  Float32Array.from(onLine, (line, i) => Math.max(line, onRing[i]));

/** How much of each pixel strokes cover, and the mask. @param {Scene} scene @param {number} height @param {number} width */
export function drawScene(scene, height, width) {
  const layers = layersOf(scene, height, width);
  return { strokes: coveredBy(layers), mask: maskOf(layers) };
}

/** A random scene, and its image, by the same distributions as the data. @param {number} seed */
export function randomScene(seed) {
  const random = randomNumbers(seed);
  const between = (/** @type {number} */ low, /** @type {number} */ high) =>
    low + (high - low) * random();
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  /** @type {Line[]} */
  const lines = Array.from({ length: LINES }, () => [
    between(0, Math.PI),
    between(-0.6, 0.6) * SIDE,
    between(0.5, 1),
  ]);
  /** @type {Ring[]} */
  const rings = [];
  for (let i = 0; i < 30 && rings.length < MOST_RINGS; i += 1) {
    const radius = between(...RADII);
    const [row, column] = [between(radius, SIDE - radius), between(radius, SIDE - radius)];
    if (rings.every(([y, x, other]) => Math.hypot(row - y, column - x) > radius + other + 4))
      rings.push([row, column, radius]);
  }
  const [wide, fine] = [smoothNoise(normal, 6), smoothNoise(normal, 24)];
  const { strokes } = drawScene({ lines, rings, segments: [] }, SIDE, SIDE);
  const image = strokes.map((covered, i) =>
    clip(GROUND + 0.1 * wide[i] + 0.06 * fine[i] + CONTRAST * covered + NOISE * normal()),
  );
  return { image, lines, rings };
}

/** Random values on a coarse grid, interpolated. @param {() => number} normal @param {number} cells */
function smoothNoise(normal, cells) {
  const corners = Array.from({ length: (cells + 1) ** 2 }, () => 0.6 * normal());
  const noise = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row += 1)
    for (let column = 0; column < SIDE; column += 1) {
      const [y, x] = [(row * cells) / SIDE, (column * cells) / SIDE];
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const at = (/** @type {number} */ i, /** @type {number} */ j) =>
        corners[(top + i) * (cells + 1) + left + j];
      const above = at(0, 0) * (1 - x + left) + at(0, 1) * (x - left);
      const below = at(1, 0) * (1 - x + left) + at(1, 1) * (x - left);
      noise[row * SIDE + column] = above * (1 - y + top) + below * (y - top);
    }
  return noise;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). @param {number} seed */
export function randomNumbers(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} value */
export const clip = (value) => Math.max(0, Math.min(1, value));
