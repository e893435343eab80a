/** What the signs in an explorer's cells mean: legends below and beside its maps. */

import { s } from '../dom.js';
import { range } from '../geometry.js';
import { outline, SIGNS, shadeOf } from './cell_shapes.js';
import { ROOM_OF_NOTES } from './layout.js';
import { pair } from './pictures.js';
import { unreachedWords } from './sentences.js';
import { LETTER, text } from './stage_words.js';

const ROOM_FOR_BOTH = 300; // pixels: in less, the notes on padding and output_padding are a word each

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('./cell_map.js').CellMap} CellMap */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./stage_words.js').Drawing} Drawing */
/** One swatch and its words: that of a number of patches, or of a sign. @typedef {{words: string, level?: number, sign?: string}} Item */

/** @param {Drawing} drawing */
export function legends({ state, maps, layout, mode, ends }) {
  if (state.problem) return [];
  if (!state.isTransposed) {
    if (!hasUnreached(state)) return [];
    const isLarge = mode === 'present';
    const words = isLarge ? 'not reached' : 'no window reaches these';
    const { left, bottom } = maps[ends[1]].edges;
    const y = mode === 'phone' ? Math.round(bottom) + 14 : layout.legend.y - (isLarge ? 20 : 0);
    return mode === 'phone' ? [] : row(left, y, isLarge ? 30 : 16, [{ sign: 'hatch', words }]);
  }
  if (state.view === 'zero insertion') return [];
  const { axes, plain } = state;
  const map = maps.middle;
  const { overlap } = plain.panels.middle ?? {};
  const pads = pair(axes, (axis) => axis.padding);
  const more = pair(axes, (axis) => axis.output_padding);
  const isBare = overlap?.counts.some((counts) => counts.includes(0));
  const shades = [
    ...chosenLevels(
      overlap?.levels ?? [],
      layout.width < ROOM_FOR_BOTH ? 2 : mode === 'notebook' ? 4 : 3,
    ).map((level) => ({
      level,
      words: String(level),
    })),
    ...(isBare ? [{ sign: 'bias', words: 'only bias' }] : []),
  ];
  if (mode === 'present') return presentLegend(map, layout, shades, pads, more, state);
  const { x } = layout.legend;
  const isShort = mode === 'narrow' || layout.width < ROOM_FOR_BOTH;
  const isBelow = state.view === 'crop window' && mode !== 'phone';
  const top = isBelow ? Math.round(map.edges.bottom) + 16 : layout.legend.y;
  const added = [
    text(x, top, 'ut-label ut-from-left ut-middle', isShort ? 'patches' : 'patches added here'),
    ...row(x + (isShort ? 62 : 140), top, 16, shades, state),
  ];
  // Where the rows are high enough for two lines of text, each text stands beside its rows.
  const rows = [pads, more].filter((pair) => Math.max(...pair)).map((pair) => Math.min(...pair));
  const high = state.view === 'crop window' ? 32 : 20;
  if (layout.isRoomRight && rows.every((count) => count * map.place.side >= high))
    return [...added, ...asides(map, state, pads, more)];
  const [crops, keeps] =
    layout.width < ROOM_FOR_BOTH ? ['cropped', 'kept'] : ['padding crops', 'output_padding keeps'];
  const notes = [
    ...(Math.max(...pads) ? [{ sign: 'hatch', words: crops }] : []),
    ...(Math.max(...more) ? [{ sign: 'keep', words: keeps }] : []),
  ];
  return [...added, ...row(x, top + 20, 16, notes)];
}

/** Present mode: which rows are cropped and kept stands under the map, what shades mean under the input. @param {CellMap} map @param {Layout} layout @param {Item[]} shades @param {number[]} pads @param {number[]} more @param {ExplorerState} state */
function presentLegend(map, layout, shades, pads, more, state) {
  const { left, right, bottom } = map.edges;
  const { side } = map.place;
  const y = Math.round(bottom) + 8;
  const words = [];
  if (pads[1])
    words.push(
      s('path', { class: 'ut-aside-crop', d: `M${left} ${y}H${left + pads[1] * side}` }),
      text(left, y + 28, 'ut-label ut-from-left', 'padding crops'),
    );
  if (more[1]) {
    const frame = map.rect([0, 0], state.outputSize);
    const end = Math.max(right, left + 260);
    words.push(
      s('path', {
        class: 'ut-aside-keep',
        d: `M${frame.right - more[1] * side} ${y}H${frame.right}`,
      }),
      text(
        end,
        y + (end - left < ROOM_OF_NOTES && pads[1] ? 56 : 28),
        'ut-label ut-from-right ut-of-output',
        'output_padding keeps',
      ),
    );
  }
  if (state.view !== 'scatter') return words;
  const { x, y: first, side: step } = layout.legend;
  const patches = shades.map((item) => ({
    ...item,
    words: item.level ? `${item.words} patch${item.level > 1 ? 'es' : ''}` : item.words,
  }));
  return [...words, ...patches.flatMap((item, i) => row(x, first + step * i, 32, [item], state))];
}

/** Beside the map: which rows padding crops and output_padding keeps. @param {CellMap} map @param {ExplorerState} state @param {number[]} pads @param {number[]} more */
function asides(map, state, pads, more) {
  const { right, top } = map.edges;
  const { side } = map.place;
  const frame = map.rect([0, 0], state.outputSize);
  const [x, words] = [right + 6, right + 12];
  const aside = (
    /** @type {string} */ kind,
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {string[]} */ lines,
  ) => [
    s('path', { class: `ut-aside-${kind}`, d: `M${x} ${from + 3}V${to - 3}` }),
    ...lines.map((line, i) =>
      text(
        words,
        (from + to) / 2 + 4 + 17 * (i - (lines.length - 1) / 2),
        `ut-label ut-from-left ${kind === 'keep' ? 'ut-of-output' : ''}`,
        line,
      ),
    ),
  ];
  return [
    ...(Math.max(...pads)
      ? aside('crop', top, top + Math.max(1, pads[0]) * side, [
          `padding ${both(pads)}`,
          'crops these',
        ])
      : []),
    ...(Math.max(...more)
      ? aside('keep', frame.bottom - Math.max(1, more[0]) * side, frame.bottom, [
          `output_padding ${both(more)}`,
          'keeps these',
        ])
      : []),
  ];
}

/** A row of swatches with words. @param {number} x @param {number} y @param {number} side @param {Item[]} items @param {ExplorerState} [state] */
function row(x, y, side, items, state) {
  const type = side > 20 ? 24 : 13;
  let left = Math.round(x);
  const top = Math.round(y - side / 2);
  return items.flatMap(({ words, level, sign }) => {
    const at = left;
    left += side + 6 + Math.ceil(words.length * type * LETTER) + 12;
    const mark = SIGNS[/** @type {keyof typeof SIGNS} */ (sign)];
    const levels = state?.plain.panels.middle?.overlap?.levels ?? [];
    const shape = outline(
      at + 0.5,
      top + 0.5,
      side - 1,
      side - 1,
      level || sign === 'bias' ? 4 : 0,
    );
    const look = level
      ? { class: 'ut-cell-patch', ...shadeOf(levels, level) }
      : { class: `ut-swatch-${sign}` };
    return [
      s('path', { d: shape, ...look }),
      ...(sign && sign in SIGNS
        ? [s('path', { class: `ut-sign-${sign}`, d: mark(at, top, side) })]
        : []),
      text(at + side + 6, y, 'ut-label ut-from-left ut-middle', words),
    ];
  });
}

/** At most so many of the numbers of patches that occur. @param {number[]} levels @param {number} most */
const chosenLevels = (levels, most) =>
  levels.length <= most
    ? levels
    : range(0, most).map((i) => levels[Math.round((i * (levels.length - 1)) / (most - 1))]);

/** @param {number[]} sizes */
const both = ([h, w]) => (h === w ? String(h) : `${h}×${w}`);

/** Whether some cell of the padded input is in no window. @param {ExplorerState} state */
const hasUnreached = (state) =>
  !state.isTransposed &&
  !state.problem &&
  Boolean(
    state.plain.panels.input?.layers.some(
      ({ kind, rows, columns }) => kind === 'hatch' && rows.length && columns.length,
    ),
  );

/** What no window of a convolution reaches, for those who hear it. @param {ExplorerState} state */
export function unreachedNote(state) {
  const cells = hasUnreached(state) ? unreachedWords(state.axes) : '';
  return cells && ` No window reaches ${cells}.`;
}
