/** The sizes that a ledger's picture has, and where its levels stand in them. */

import { range } from './geometry.js';

/** @typedef {import('./ledger.js').Ledger} Ledger */
/**
 * Lengths in pixels of the design.
 * @typedef {object} Frame
 * @property {number} width
 * @property {number} height
 * @property {[width: number, height: number]} box   the largest at level 0
 * @property {number} left      the middle of the encoder
 * @property {number} right     the middle of the decoder
 * @property {number} large     type of sizes
 * @property {number} small     type of everything else
 * @property {number} slot      height of a level's words
 * @property {number} cell      of the lens
 * @property {number} columns   of the lens
 * @property {boolean} isNarrow  no room for two things on a line
 * @property {number} [foot]     height below the U for the halvings; then no words stand at the skips
 */

const WIDEST_GAP = 0.42; // of the picture's height, between two levels
export const LEAST = 4; // pixels of the design that a box's side has at least

/** @type {Record<'wide' | 'medium' | 'present' | 'phone' | 'slim', Frame>} */
export const FRAMES = {
  wide: {
    width: 676,
    height: 370,
    box: [112, 76],
    left: 167,
    right: 488,
    large: 16,
    small: 13,
    slot: 34,
    cell: 14,
    columns: 8,
    isNarrow: false,
  },
  medium: {
    width: 496,
    height: 354,
    box: [84, 57],
    left: 141,
    right: 358,
    large: 16,
    small: 13,
    slot: 46,
    cell: 14,
    columns: 8,
    isNarrow: true,
  },
  present: {
    width: 1232,
    height: 540,
    box: [168, 108],
    left: 290,
    right: 895,
    large: 30,
    small: 24,
    slot: 56,
    cell: 28,
    columns: 7,
    isNarrow: false,
  },
  phone: {
    width: 358,
    height: 410,
    box: [46, 36],
    left: 118,
    right: 231,
    large: 13,
    small: 13,
    slot: 48,
    cell: 11,
    columns: 4,
    isNarrow: true,
  },
  slim: {
    width: 262,
    height: 440,
    box: [26, 22],
    left: 84,
    right: 160,
    large: 11,
    small: 11,
    slot: 42,
    cell: 8,
    columns: 4,
    isNarrow: true,
    foot: 58,
  },
};

/** Pixels of the design for one of the image's. @param {Ledger} result @param {Frame} frame */
export function scaleOf({ levels, input_size }, { box }) {
  const { encoder, decoder } = levels[0];
  const [height, width] = [0, 1].map(
    (side) => Math.max(encoder?.[side] ?? 0, decoder?.[side] ?? 0) || input_size[side],
  );
  return Math.min(box[0] / width, box[1] / height);
}

/** Whether no box had to be drawn larger than its scale. @param {Ledger} result @param {Frame} frame */
export function isToScale(result, frame) {
  const scale = scaleOf(result, frame);
  return result.levels.every(({ encoder, decoder }) =>
    [...(encoder ?? []), ...(decoder ?? [])].every((side) => side * scale >= LEAST - 0.5),
  );
}

/** The middles of the levels, from top to bottom. @param {number} depth @param {Frame} frame */
export function heights(depth, { height, box, slot, large, small, foot = 0 }) {
  const slots = range(0, depth).map((level) =>
    Math.max(level ? slot : large + 3.9 * small, box[1] / 2 ** level),
  );
  const bottom = height - foot - small * 1.75 - Math.max(3, box[1] / 2 ** (depth + 1));
  const free = (bottom - small / 2 - slots.reduce((sum, each) => sum + each, 0)) / depth;
  // A single level and the bottleneck stand closer: the blank between them would be the largest thing.
  const gap = Math.min(free, WIDEST_GAP * height);
  const spare = ((free - gap) * depth) / 2;
  let top = 1 + spare;
  const middles = slots.map((each) => {
    const middle = top + each / 2;
    top += each + gap;
    return middle;
  });
  return [...middles, bottom - spare];
}
