/** Where the levels of the U stand, in pixels of the design. Pure: no page. */

/** @typedef {'wide' | 'narrow'} Shape */
/** @typedef {{left: number, top: number, side: number}} Box */

const SIDES = /** @type {Record<number, number[]>} */ ({
  1: [112, 92],
  2: [108, 108, 84],
  3: [100, 100, 76, 64],
  4: [84, 84, 64, 54, 44],
  5: [70, 70, 56, 44, 38, 34],
  6: [62, 62, 46, 38, 32, 28, 26],
});
const GAP = { wide: 14, narrow: 14 };
const COLUMNS = { wide: { encoder: 120, decoder: 346 }, narrow: { encoder: 106, decoder: 284 } };
export const WIDTH = { wide: 472, narrow: 374 };
export const LABEL_ROOM = 62; // a lower one has what its skip carries beside its name
export const NAME_ROOM = 38; // a lower one has its size and its channels on the left, and no name
export const SLIDER_ROOM = 70; // of a level: a lower one has no slider for its skip's strength

/** @param {number} depth @param {Shape} shape */
export function layOut(depth, shape) {
  const sides = SIDES[depth];
  const centres = COLUMNS[shape];
  let top = 6;
  /** @type {Box[]} */
  const encoder = [];
  /** @type {Box[]} */
  const decoder = [];
  for (let level = 0; level < depth; level += 1) {
    const side = sides[level];
    encoder.push({ left: centres.encoder - side / 2, top, side });
    decoder.push({ left: centres.decoder - side / 2, top, side });
    top += side + GAP[shape];
  }
  const side = sides[depth];
  encoder.push({ left: (centres.encoder + centres.decoder) / 2 - side / 2, top, side });
  return { encoder, decoder, height: top + side + 26, width: WIDTH[shape], centres };
}
