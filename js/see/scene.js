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

/** How much of a pixel a stroke covers, 0 to 1. @param {number} distance @param {number} halfWidth */
const stroke = (distance, halfWidth) => Math.max(0, Math.min(1, halfWidth + 0.5 - distance));

/** @param {number} row @param {number} column @param {number} height @param {number} width @param {Line} line */
function lineCoverage(row, column, height, width, [angle, offset, halfWidth]) {
  const across = Math.cos(angle) * (column - width / 2) + Math.sin(angle) * (row - height / 2);
  return stroke(Math.abs(across - offset), halfWidth);
}

/** @param {number} row @param {number} column @param {Ring} ring */
export const ringCoverage = (row, column, [y, x, radius]) =>
  stroke(Math.abs(Math.hypot(row - y, column - x) - radius), 1);

/** @param {number} row @param {number} column @param {Segment} segment */
export function segmentCoverage(row, column, [y0, x0, y1, x1]) {
  const [down, right] = [y1 - y0, x1 - x0];
  const length = down * down + right * right;
  const along = length ? ((row - y0) * down + (column - x0) * right) / length : 0;
  const part = Math.max(0, Math.min(1, along));
  const distance = Math.hypot(row - y0 - part * down, column - x0 - part * right);
  return stroke(distance, SEGMENT_HALF_WIDTH);
}

/**
 * How much of each pixel strokes cover, and the mask: pixels of lines inside a ring, not on a ring.
 * @param {Scene} scene @param {number} height @param {number} width
 */
export function drawScene({ lines, rings, segments }, height, width) {
  const strokes = new Float32Array(height * width);
  const mask = new Uint8Array(height * width);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      let [onLine, onRing, isInside] = [0, 0, false];
      for (const line of lines)
        onLine = Math.max(onLine, lineCoverage(row, column, height, width, line));
      for (const segment of segments)
        onLine = Math.max(onLine, segmentCoverage(row, column, segment));
      for (const ring of rings) {
        onRing = Math.max(onRing, ringCoverage(row, column, ring));
        if (Math.hypot(row - ring[0], column - ring[1]) < ring[2]) isInside = true;
      }
      strokes[row * width + column] = Math.max(onLine, onRing);
      mask[row * width + column] = Number(onLine >= 0.5 && isInside && onRing < 0.5);
    }
  return { strokes, mask };
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
