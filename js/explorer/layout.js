/**
 * Where each map of an explorer stands and how large its cells are. Pure: numbers in, numbers out.
 *
 * Lengths are pixels of the design (`--ut-px`): 1 in a notebook, more on a whole screen. Places depend
 * on sizes that are given, never on stride or dilation of a convolution, so that nothing moves or
 * rescales while those change.
 */

import { clamp } from '../shell.js';

/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {'notebook' | 'narrow' | 'present' | 'phone'} Mode   narrow: beside an open sidebar */
/** @typedef {'flow' | 'scatter' | 'crop'} Kind   input → window → output; input → patch → map; map → output */
/** Its top left corner, and the side of a cell with its gap. @typedef {{x: number, y: number, side: number}} Place */
/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {number} drop         how far down all of it stands, on a whole screen: a small drawing in the middle
 * @property {Record<string, Place>} places    by the name of the map
 * @property {boolean} isUpright   the first map stands above the others, not beside them
 * @property {Place} legend        its left end and middle; `side` is the width there is
 * @property {boolean} isRoomRight   whether words fit beside the last map
 */

/**
 * The measures of a mode: where maps begin (`head`) and how tall they may be; words above the products
 * and below them; a kernel cell (`tap`) and the side of larger kernels (`taps`); what lies between two
 * maps; the largest cell; and the cells from which numbers are shown.
 */
export const ROOMS = {
  notebook: { height: 394, left: 0, head: 42, tall: 352, label: 19, caption: 36, tap: 46, taps: 147, gutter: 50, cut: 150, largest: 56, patch: 40, input: 140, legend: 44, numbered: 22, tapped: 20, words: 118 }, // biome-ignore format: one mode a line
  narrow: { height: 340, left: 0, head: 38, tall: 300, label: 19, caption: 34, tap: 36, taps: 112, gutter: 26, cut: 122, largest: 46, patch: 34, input: 110, legend: 44, numbered: 20, tapped: 18, words: 118 }, // biome-ignore format: one mode a line
  present: {
    height: 622,
    left: 20,
    head: 80,
    tall: 530,
    label: 36,
    caption: 62,
    tap: 61,
    taps: 208,
    gutter: 48,
    cut: 230,
    largest: 250,
    patch: 200,
    input: 204,
    legend: 46,
    numbered: 36,
    tapped: 28,
    words: 300,
  },
  phone: {
    height: 500,
    left: 0,
    head: 0,
    tall: 340,
    label: 18,
    caption: 18,
    tap: 31,
    taps: 96,
    gutter: 34,
    cut: 40,
    largest: 56,
    patch: 48,
    input: 96,
    legend: 40,
    numbered: 20,
    tapped: 20,
    words: 999,
  },
};
/** Cells that share the room of a map which outgrows any frame: few steps, so that most changes keep the scale. */
const CAPACITIES = [2, 4, 7, 10, 13, 17, 22, 28, 36, 46, 60, 80, 112];

/** @param {Pair} count */
const capacity = (count) =>
  count.map((cells) => CAPACITIES.find((capacity) => capacity >= cells) ?? cells);

/** The side of a cell of a map, which has `count` cells and this much room: whole pixels, from two on. @param {number[]} count @param {number} tall @param {number} wide @param {number} largest */
function sideFor(count, tall, wide, largest) {
  const side = Math.min(tall / count[0], wide / count[1], largest);
  return side < 2 ? side : Math.floor(side);
}

/**
 * @param {Kind} kind
 * @param {Mode} mode
 * @param {number} width   of the drawing
 * @param {object} counts   rows and columns
 * @param {Pair} counts.first    of the map that the flow begins with
 * @param {Pair} counts.last     of the map that it ends in
 * @param {Pair} counts.kernel
 * @param {Pair} [counts.shift]  in the kind "crop": rows and columns before the frame
 * @returns {Layout}
 */
export function layoutOf(kind, mode, width, counts) {
  if (mode === 'phone') return phoneLayout(kind, width, counts);
  const room = ROOMS[mode];
  const { left, head, tall, gutter } = room;
  const { first, last, kernel } = counts;
  const most = Math.max(...kernel);
  const isPresented = mode === 'present';
  const largest = isPresented ? Math.min(110, Math.floor((3 * room.tap) / most)) : room.tap;
  const tap = most <= 3 ? largest : Math.floor(room.taps / most);
  // Larger kernels take a little of the next gap, so that all other maps stay where they are.
  const column = 3 * room.tap;
  const inset = Math.max(0, Math.floor((column - tap * kernel[1]) / 2));
  const top = head + room.label;
  const below = top + kernel[0] * tap + room.caption;
  const base = { width, height: room.height, isUpright: false, drop: 0 };
  /** A layout moved to the middle, its bottom given. @param {Layout} layout @param {number} bottom */
  const centred = (layout, bottom) => {
    const drop = isPresented ? Math.max(0, Math.floor((head + tall - bottom) / 2)) : 0;
    return { ...layout, drop };
  };
  const stacked = below + kernel[0] * tap;
  const legend = { x: left, y: head + tall - 8, side: width };
  if (kind === 'flow') {
    const wide = width - left - column - 2 * gutter;
    const rows = Math.max(first[0], last[0]);
    const side = sideFor([rows, first[1] + last[1]], tall, wide, room.largest);
    const x = left + first[1] * side + gutter;
    // On a whole screen, flat maps beside a tall kernel stand a little lower: less is blank below them.
    const lower = isPresented ? clamp((stacked - head - rows * side) / 4, 0, 60) : 0;
    const y = head + Math.floor(lower);
    const places = {
      first: { x: left, y, side },
      products: { x: x + inset, y: top, side: tap },
      kernel: { x: x + inset, y: below, side: tap },
      last: { x: x + column + gutter, y, side },
    };
    const bottom = Math.max(stacked, head + first[0] * side);
    const made = centred({ ...base, places, legend, isRoomRight: false }, bottom);
    return { ...made, legend: { ...legend, y: legend.y - made.drop } };
  }
  if (kind === 'scatter') {
    const small = sideFor(first, tall - room.label, room.input, room.patch);
    const x = left + first[1] * small + gutter;
    const end = x + column + gutter + 4;
    const side = sideFor(capacity(last), tall - room.legend, width - end, room.patch);
    const bottom = head + last[0] * side;
    const most = Math.max(stacked, bottom + room.legend, top + first[0] * small + 4 * room.legend);
    const made = {
      ...base,
      places: {
        first: { x: left, y: top, side: small },
        products: { x: x + inset, y: top, side: tap },
        kernel: { x: x + inset, y: below, side: tap },
        last: { x: end, y: head, side },
      },
      legend: { x: end, y: bottom + 20, side: width - end },
      isRoomRight: width - end - last[1] * side >= room.words,
    };
    return centred(made, most);
  }
  const wide = width - left - room.cut;
  const held = isPresented ? first : capacity(first);
  const side = sideFor(
    [held[0], held[1] + Math.min(held[1], isPresented ? last[1] : capacity(last)[1])],
    tall - (isPresented ? room.legend : 0),
    wide,
    room.patch,
  );
  const [down] = counts.shift ?? [0, 0];
  const made = {
    ...base,
    places: {
      first: { x: left, y: head, side },
      last: { x: left + first[1] * side + room.cut, y: head + down * side, side },
    },
    legend,
    isRoomRight: true,
  };
  return centred(made, head + first[0] * side + room.legend);
}

/** Maps under each other, for a column as narrow as a phone. @param {Kind} kind @param {number} width @param {{first: Pair, last: Pair, kernel: Pair}} counts @returns {Layout} */
function phoneLayout(kind, width, { first, last, kernel }) {
  const room = ROOMS.phone;
  const tap = Math.min(room.tap, Math.floor(room.taps / Math.max(...kernel)));
  const third = Math.floor(width / 3);
  const centred = (/** @type {number} */ cells, /** @type {number} */ side) =>
    Math.max(0, Math.floor((width - cells * side) / 2));
  const base = { width, height: room.height, isUpright: true, isRoomRight: false, drop: 0 };
  if (kind === 'scatter') {
    const small = sideFor(first, room.input, room.input, room.tap);
    const y = room.label;
    const below = y + room.taps + room.gutter;
    const side = sideFor(capacity(last), room.tall - 32, width, room.patch);
    const places = {
      first: { x: 0, y, side: small },
      products: { x: third + Math.floor((third - kernel[1] * tap) / 2), y, side: tap },
      kernel: { x: width - kernel[1] * tap, y, side: tap },
      last: { x: centred(last[1], side), y: below, side },
    };
    return { ...base, places, legend: { x: 0, y: room.height - 30, side: width } };
  }
  const isCrop = kind === 'crop';
  const side = sideFor(
    isCrop ? capacity(first) : first,
    isCrop ? 240 : room.tall,
    width,
    room.largest,
  );
  const y = (isCrop ? 240 : room.tall) + room.gutter + room.label;
  const small = isCrop
    ? Math.min(side, Math.floor((room.height - room.legend - y) / last[0]))
    : sideFor(last, room.height - y, third, room.tap);
  const places = {
    first: { x: centred(first[1], side), y: 0, side },
    products: { x: third + Math.floor((third - kernel[1] * tap) / 2), y, side: tap },
    kernel: { x: 0, y, side: tap },
    last: { x: isCrop ? centred(last[1], small) : width - last[1] * small, y, side: small },
  };
  return { ...base, places, legend: { x: 0, y: room.height - 30, side: width } };
}
