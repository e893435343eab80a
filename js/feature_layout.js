/** Where the maps of FeatureMaps stand, and how large they are drawn. Pure: no page, no model. */

import { range } from './geometry.js';

export const FRAME = 2; // pixels around a map's cells, so that the cursor is whole at the border
const GAP = { column: 32, tight: 16, row: 8 };
const CAPTION = { notebook: [26, 20], presented: [32, 29] }; // height above a map, and of each further line
const LETTER = { notebook: 10, presented: 15 }; // width of a caption's
const MOST_LINES = 3;
const BESIDE = 84; // width beside a map
const LABEL = 100; // width of the rows' labels
const LARGEST_CELL = 56; // of the input image, in a notebook
const ASIDE = { right: 0.22, below: 0.47 }; // of the room: with more left over, words stand there
const NARROW_MAPS = 0.6; // with more of the width left over, they stand away from the border
const MOST_FACTS = 4; // maps of which something is said there
const ASIDE_TYPE = { smallest: 28, largest: 104, letters: 11 };
const NARROW = 520;
const TIGHT = 960; // below, maps stand closer together
const TALLEST = 480; // pixels of a map that stands above others
const STACKED = 700; // below, labels stand above their rows and captions above their maps

/**
 * @typedef {object} Layout
 * @property {number} columns
 * @property {number} lines     of the longest caption
 * @property {number} gap       pixels between columns
 * @property {number} label     width of the rows' labels; 0: they stand above
 * @property {boolean} isBeside captions stand beside the maps
 * @property {number} cell      width of a column, caption included
 * @property {number} height    pixels of a map
 * @property {number} width
 * @property {'' | 'right' | 'below'} aside   where a whole screen has room for words in large type
 * @property {number} facts     maps of which something is said there
 * @property {boolean} isListed  each on a line of its own
 * @property {number} type      pixels of that type
 * @property {number} inset     pixels left of very narrow maps
 * @property {number} used      width of the maps, and of what is left of them
 */

/**
 * The layout in which a pixel of the input image is largest; a whole number of pixels where possible.
 *
 * @param {object} options
 * @param {number[]} options.groups  maps in each row, as their author grouped them; empty where not
 * @param {number} options.count     maps
 * @param {number | null} options.rows   as many as the author asked for
 * @param {{height: number, width: number}} options.image   what all maps cover, in pixels
 * @param {boolean} options.isNested     receptive fields, with captions beside them
 * @param {number} options.letters       of the longest caption
 * @param {{height: number, width: number}} options.room    pixels on the page
 * @param {number} options.px            pixels of one design pixel
 * @param {boolean} options.isPresented
 * @returns {Layout}
 */
export function layOut({ groups, count, rows, image, isNested, letters, room, px, isPresented }) {
  const isStacked = room.width / px < STACKED;
  const isBeside = isNested && !isStacked && !isPresented;
  const label = groups.length && !isStacked ? LABEL * px * (isPresented ? 1.5 : 1) : 0;
  const look = isPresented ? 'presented' : 'notebook';
  const captionOf = (/** @type {number} */ lines) =>
    (CAPTION[look][0] + (lines - 1) * CAPTION[look][1]) * px;
  const beside = isBeside ? BESIDE : 0;
  const between = room.width / px < TIGHT ? GAP.tight : GAP.column;
  const gap = (isStacked ? 12 : isBeside ? 8 : between) * px;
  const smallest = room.width / px < NARROW ? 120 : 190;
  const fitting = Math.max(1, Math.floor((room.width + gap) / (smallest * px + gap)));
  const most = Math.max(LARGEST_CELL, smallest / Math.max(image.height, image.width));

  const widthOf = (/** @type {number} */ side) =>
    Math.max(1, Math.round(image.width * side)) + 2 * FRAME + beside;
  /** @param {number} columns @param {number} rows @param {number} [lines]   of captions @returns {{columns: number, side: number, wide: number, lines: number}} */
  const fit = (columns, rows, lines = 1) => {
    const wide = (room.width - label - gap * (columns - (label ? 0 : 1))) / columns;
    const high = (room.height - GAP.row * px * (rows - 1)) / rows;
    const side = Math.min(
      (wide - beside - 2 * FRAME) / image.width,
      isStacked
        ? TALLEST / image.height
        : (high - (isBeside ? 0 : captionOf(lines)) - 2 * FRAME) / image.height,
      isPresented ? Infinity : most,
    );
    const whole = side >= 1 ? Math.floor(side) : Math.max(side, 0.1);
    const held = isPresented ? wide : Math.min(wide, Math.max(widthOf(whole), smallest));
    const needed = isBeside ? 1 : Math.ceil((letters * LETTER[look] * px) / held);
    if (needed > lines && lines < MOST_LINES) return fit(columns, rows, lines + 1);
    return { columns, side: whole, wide: Math.floor(wide), lines };
  };
  const inRows = (/** @type {number} */ lines) => fit(Math.ceil(count / lines), lines);
  const best = groups.length
    ? fit(isStacked ? Math.min(fitting, ...groups) : Math.max(...groups), groups.length)
    : isStacked
      ? inRows(Math.ceil(count / Math.min(count, fitting)))
      : rows
        ? inRows(Math.min(rows, count))
        : range(1, count + 1)
            .map(inRows)
            .reduce((first, next) => (next.side > first.side ? next : first));
  const pixels = (/** @type {number} */ cells) => Math.max(1, Math.round(cells * best.side));
  const width = pixels(image.width);
  const height = pixels(image.height);
  const written = isPresented ? Math.min(letters * LETTER[look] * px, best.wide) : 0;
  const least = Math.max(widthOf(best.side), smallest, written);
  const lines = groups.length || Math.ceil(count / best.columns);
  const caption = captionOf(best.lines);
  const used = label + best.columns * (least + gap) - (label ? 0 : gap);
  const free = {
    right: room.width - used,
    below: room.height - lines * (height + caption + 2 * FRAME) - GAP.row * px * (lines - 1),
  };
  const isRight = best.wide + gap - width > ASIDE.right * room.width;
  const aside =
    !isPresented || isNested || isStacked
      ? ''
      : isRight
        ? 'right'
        : free.below > ASIDE.below * room.height
          ? 'below'
          : '';
  const facts = Math.min(count, MOST_FACTS);
  const isListed = count === 1 && isRight;
  const inset = isRight && free.right > NARROW_MAPS * room.width ? 0.14 * room.width : 0;
  const high = isRight ? room.height : free.below;
  const type = Math.min(
    (isRight ? free.right - inset : room.width) / ASIDE_TYPE.letters,
    (0.45 * high) / (isListed ? 3 : 2 * facts),
    ASIDE_TYPE.largest * px,
  );
  return {
    columns: best.columns,
    lines: best.lines,
    gap,
    label,
    isBeside,
    cell: isPresented && aside !== 'right' ? best.wide : Math.min(best.wide, least),
    height,
    width,
    aside,
    inset,
    used: used + inset,
    facts,
    isListed,
    type: Math.max(ASIDE_TYPE.smallest * px, type),
  };
}
