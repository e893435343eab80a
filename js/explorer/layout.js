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
 * @property {boolean} isUpright   the first map stands above the others or the last, not beside them
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
export const HEADING = 260; // at least so far from the right end the last map begins on a whole screen: its size stands over it
const FLAT = 240; // on a whole screen: with maps less high beside each other, more than a fifth would be blank above them or below
export const ROOM_OF_NOTES = 480; // for what padding crops and output_padding keeps, on one line of a whole screen
const AIR = 100; // so much of a whole screen may be blank under products and kernel
const SHADES = 184; // the height of what shades mean, on a whole screen
const SIGN = 16; // pixels between two maps side by side on a phone
const SECOND_ROW = 134; // of a whole screen: the words over the patch and over the map under it
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
  const column = 3 * room.tap;
  const top = head + room.label;
  /** Where products and the kernel below them stand in a column. @param {number} x @param {number} wide */
  const stackAt = (x, wide) => {
    const plain = most <= 3 ? room.tap : Math.floor(room.taps / most);
    const half = (tall - room.label - room.caption) / 2;
    const tap = isPresented ? Math.max(plain, sideFor(kernel, half, wide, room.patch)) : plain;
    // Larger kernels take a little of the next gap, so that all other maps stay where they are.
    const left = x + Math.max(0, Math.floor((wide - tap * kernel[1]) / 2));
    const high = 2 * kernel[0] * tap + room.caption;
    // A flat kernel stands lower on a whole screen: less is blank below it.
    const spare = isPresented ? Math.max(0, head + tall - top - high - AIR) : 0;
    const y = top + Math.floor(spare / 2);
    const below = y + kernel[0] * tap + room.caption;
    return {
      products: { x: left, y, side: tap },
      kernel: { x: left, y: below, side: tap },
      stacked: below + kernel[0] * tap,
    };
  };
  /** Where the last map begins: on a whole screen it ends with the drawing, and what is between fills the rest. @param {number} least @param {number} wide */
  const endAt = (least, wide) =>
    isPresented ? Math.max(least, width - Math.max(wide, HEADING)) : least;
  const base = { width, height: room.height, isUpright: false, drop: 0 };
  /** A layout moved to the middle, its bottom given. @param {Layout} layout @param {number} bottom */
  const centred = (layout, bottom) => {
    const drop = isPresented ? Math.max(0, Math.floor((head + tall - bottom) / 2)) : 0;
    return { ...layout, drop };
  };
  const legend = { x: left, y: head + tall - 8, side: width };
  /** The side of a cell of a map over its legend: two lines of words where it is too narrow for one. @param {number[]} count @param {number} wide @param {number} above  of the height @param {number} most */
  const aboveLegend = (count, wide, above = 0, most = room.patch) => {
    const side = sideFor(count, tall - above - room.legend, wide, most);
    const isNarrow = isPresented && count[1] * side < ROOM_OF_NOTES;
    return isNarrow ? sideFor(count, tall - above - 1.6 * room.legend, wide, most) : side;
  };
  if (kind === 'flow') {
    const wide = width - left - column - 2 * gutter;
    const rows = Math.max(first[0], last[0]);
    const side = sideFor([rows, first[1] + last[1]], tall, wide, room.largest);
    const x = left + first[1] * side + gutter;
    const end = endAt(x + column + gutter, last[1] * side);
    const { stacked, ...stack } = stackAt(x, end - gutter - x);
    // On a whole screen, flat maps beside a tall kernel stand a little lower: less is blank below them.
    const lower = isPresented ? clamp((stacked - head - rows * side) / 3, 0, 130) : 0;
    const y = head + Math.floor(lower);
    const places = {
      first: { x: left, y, side },
      ...stack,
      last: { x: end, y, side },
    };
    const bottom = Math.max(stacked, head + first[0] * side);
    const made = centred({ ...base, places, legend, isRoomRight: false }, bottom);
    return { ...made, legend: { ...legend, y: legend.y - made.drop } };
  }
  if (kind === 'scatter') {
    const under = isPresented ? SHADES : 0; // what shades mean stands under the input
    const small = sideFor(first, tall - room.label - under, room.input, room.patch);
    const x = left + first[1] * small + gutter;
    const least = x + column + gutter + 4;
    const held = capacity(last);
    const side = aboveLegend(held, width - least);
    if (isPresented && side < aboveLegend(held, width - left, 3 * room.tap + SECOND_ROW))
      return twoRowLayout(base, width, counts, held);
    const end = endAt(least, held[1] * side);
    const { stacked, ...stack } = stackAt(x, end - gutter - 4 - x);
    const lower = isPresented ? clamp((stacked - head - last[0] * side) / 3, 0, 130) : 0;
    const y = head + Math.floor(lower);
    const bottom = y + last[0] * side;
    const most = Math.max(stacked, bottom + room.legend, top + first[0] * small + under);
    const made = {
      ...base,
      places: {
        first: { x: left, y: top, side: small },
        ...stack,
        last: { x: end, y, side },
      },
      legend: isPresented
        ? { x: left, y: top + first[0] * small + 44, side: 46 }
        : { x: end, y: bottom + 20, side: width - end },
      isRoomRight: width - end - last[1] * side >= room.words,
    };
    return centred(made, most);
  }
  const wide = width - left - room.cut;
  const held = isPresented ? first : capacity(first);
  const both = [held[0], held[1] + Math.min(held[1], isPresented ? last[1] : capacity(last)[1])];
  const side = isPresented
    ? aboveLegend(both, wide, 0, room.largest)
    : sideFor(both, tall - room.legend, wide, room.patch);
  const [down] = counts.shift ?? [0, 0];
  if (isPresented && first[0] * side < FLAT) return crossedLayout(base, width, first, last);
  const made = {
    ...base,
    places: {
      first: { x: left, y: head, side },
      last: {
        x: endAt(left + first[1] * side + room.cut, last[1] * side),
        y: head + down * side,
        side,
      },
    },
    legend,
    isRoomRight: true,
  };
  return centred(made, head + first[0] * side + room.legend / 2);
}

/** A flat map of what is scattered, on a whole screen: under the patch that it is made of. @param {Omit<Layout, 'places' | 'legend' | 'isRoomRight'>} base @param {number} width @param {{first: Pair, last: Pair, kernel: Pair}} counts @param {number[]} held @returns {Layout} */
function twoRowLayout(base, width, { first, last, kernel }, held) {
  const { left, head, tall, label, tap, taps, gutter, legend, patch } = ROOMS.present;
  const top = head + label;
  const high = 3 * tap;
  const third = Math.floor(width / 3);
  const small = sideFor(first, high, third, patch);
  const part = Math.min(tap, Math.floor(taps / Math.max(...kernel)));
  const x = third + gutter;
  const y = top + high + SECOND_ROW - label;
  const side = sideFor(held, head + tall - y - legend, width - left, patch);
  const spare = head + tall - legend - y - last[0] * side;
  return {
    ...base,
    isUpright: true,
    drop: Math.max(0, Math.floor(spare / 2)),
    places: {
      first: { x: left, y: top, side: small },
      products: { x, y: top, side: part },
      kernel: { x: x + Math.max(taps, kernel[1] * part) + gutter, y: top, side: part },
      last: { x: left + Math.floor((width - left - last[1] * side) / 2), y, side },
    },
    legend: { x: width - 180, y: top + 16, side: 46 },
    isRoomRight: false,
  };
}

/** Two flat maps on a whole screen: one above at the left, one below at the right. @param {Omit<Layout, 'places' | 'legend' | 'isRoomRight'>} base @param {number} width @param {Pair} first @param {Pair} last @returns {Layout} */
function crossedLayout(base, width, first, last) {
  const { left, head, tall, legend } = ROOMS.present;
  const between = head + legend;
  const rows = [first[0] + last[0], Math.max(first[1], last[1])];
  const side = sideFor(rows, tall - between - legend, width - left, ROOMS.present.patch);
  const y = head + first[0] * side + between;
  const free = tall - between - legend - rows[0] * side;
  return {
    ...base,
    isUpright: true,
    places: {
      first: { x: left, y: head, side },
      last: { x: width - last[1] * side, y: y + free, side },
    },
    legend: { x: left, y: head, side: width },
    isRoomRight: false,
  };
}

/** Maps under each other, for a column as narrow as a phone. @param {Kind} kind @param {number} width @param {{first: Pair, last: Pair, kernel: Pair}} counts @returns {Layout} */
function phoneLayout(kind, width, { first, last, kernel }) {
  const room = ROOMS.phone;
  const third = Math.floor(width / 3);
  // Input or kernel, products, and kernel or output share the width: a sign stands between them.
  const part = Math.min(room.taps, third - SIGN);
  const tap = Math.min(room.tap, Math.floor(part / Math.max(...kernel)));
  const centred = (/** @type {number} */ cells, /** @type {number} */ side) =>
    Math.max(0, Math.floor((width - cells * side) / 2));
  const base = { width, height: room.height, isUpright: true, isRoomRight: false, drop: 0 };
  if (kind === 'scatter') {
    const small = sideFor(first, room.input, part, room.tap);
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
