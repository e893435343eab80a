/** The cells of a map as SVG paths: one path for all cells of a kind, and the signs that say the kind without colour. */

import { s } from '../dom.js';

/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('./pictures.js').Panel} Panel */
/** @typedef {import('./layout.js').Place} Place */

/** Kinds of cells with rounded corners: output cells can be told apart without colour. */
const ROUND = new Set(['output', 'patch', 'full']);
/** Below this many pixels a cell's own outline cannot be seen: neighbours are drawn as one area. */
const SMALLEST_CELL = 6;
export const SIGNS = { hatch: hatchIn, bias: dotsIn, wrong: crossIn };

/** A box with rounded corners, as a path. @param {number} x @param {number} y @param {number} width @param {number} height @param {number} r */
export const outline = (x, y, width, height, r) =>
  r > 0
    ? `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}z`
    : `M${x} ${y}h${width}v${height}h${-width}z`;

/** Strokes in a cell. @param {number} x @param {number} y @param {number} side */
function hatchIn(x, y, side) {
  const [a, b] = [x + 1, y + 1];
  const n = side - 3;
  const third = n / 3;
  return [-2, -1, 0, 1, 2]
    .map((i) => {
      const from = Math.max(0, i * third);
      const to = Math.min(n, n + i * third);
      return `M${a + from} ${b + n - (from - i * third)}L${a + to} ${b + n - (to - i * third)}`;
    })
    .join('');
}

/** Dots in a cell. @param {number} x @param {number} y @param {number} side */
function dotsIn(x, y, side) {
  return [0.3, 0.7]
    .flatMap((v) => [0.3, 0.7].map((u) => `M${x + u * (side - 1)} ${y + v * (side - 1)}h0`))
    .join('');
}

/** A cross in a cell. @param {number} x @param {number} y @param {number} side */
export function crossIn(x, y, side) {
  const inset = side * 0.28;
  const n = side - 1 - 2 * inset;
  return `M${x + inset} ${y + inset}l${n} ${n}m0 ${-n}l${-n} ${n}`;
}

/** Whole numbers in runs of neighbours: [0, 1, 2, 5] are [0, 3] and [5, 1]. @param {number[]} cells */
function runs(cells) {
  /** @type {[start: number, length: number][]} */
  const runs = [];
  for (const cell of cells) {
    const last = runs[runs.length - 1];
    if (last && cell === last[0] + last[1]) last[1] += 1;
    else runs.push([cell, 1]);
  }
  return runs;
}

/** @param {Panel} panel @param {Place} place */
export function cellShapes(panel, place) {
  return panel.layers.flatMap(({ kind, rows, columns }) =>
    kind === 'full'
      ? patches(panel, place)
      : shapesOf(panel, place, kind, rows, columns).map((d, i) =>
          s('path', { class: i ? `ut-sign-${kind}` : `ut-cell-${kind}`, d }),
        ),
  );
}

/** Cells in which patches meet: the more there are, the stronger the shade and the thicker the outline. @param {Panel} panel @param {Place} place */
function patches(panel, place) {
  const { overlap, first } = panel;
  if (!overlap) return [];
  const [down, across] = overlap.counts.map((list, axis) => {
    /** @type {Map<number, number[]>} */
    const cells = new Map();
    list.forEach((count, i) => {
      cells.set(count, [...(cells.get(count) ?? []), first[axis] + i]);
    });
    return [...cells];
  });
  return overlap.levels.map((level) => {
    const d = down
      .flatMap(([a, rows]) =>
        across.flatMap(([b, columns]) =>
          a * b === level ? shapesOf(panel, place, 'patch', rows, columns) : [],
        ),
      )
      .join('');
    return s('path', { class: 'ut-cell-patch', d, ...shadeOf(overlap.levels, level) });
  });
}

/** How strong a cell looks in which so many patches meet. @param {number[]} levels @param {number} level */
export function shadeOf(levels, level) {
  const strength = levels.length > 1 ? levels.indexOf(level) / (levels.length - 1) : 0;
  return { 'fill-opacity': (0.1 + 0.28 * strength).toFixed(3), 'stroke-width': 1 + 1.5 * strength };
}

/** The path of some cells and, where cells are large enough, that of their signs. @param {Panel} panel @param {Place} place @param {string} kind @param {number[]} rows @param {number[]} columns */
function shapesOf({ first, count, layers }, { x, y, side }, kind, rows, columns) {
  const inside = (/** @type {number} */ axis) => (/** @type {number} */ cell) =>
    cell >= first[axis] && cell < first[axis] + count[axis];
  const lists = [rows.filter(inside(0)), columns.filter(inside(1))];
  if (!lists[0].length || !lists[1].length) return [];
  const isTiny = side < SMALLEST_CELL;
  const [tall, wide] = lists.map((list) =>
    isTiny ? runs(list) : list.map((cell) => /** @type {[number, number]} */ ([cell, 1])),
  );
  const isRound =
    ROUND.has(kind) || (kind === 'lit' && layers.some((layer) => ROUND.has(layer.kind)));
  const radius = isRound && !isTiny ? Math.min(9, side / 4) : 0;
  const gap = isTiny ? 1 : 2;
  const left = (/** @type {number} */ column) => x + (column - first[1]) * side;
  const top = (/** @type {number} */ row) => y + (row - first[0]) * side;
  const d = tall
    .flatMap(([row, height]) =>
      wide.map(([column, width]) =>
        outline(
          left(column) + 0.5,
          top(row) + 0.5,
          width * side - gap,
          height * side - gap,
          radius,
        ),
      ),
    )
    .join('');
  const sign = SIGNS[/** @type {keyof typeof SIGNS} */ (kind)];
  if (!sign || isTiny) return [d];
  const signs = lists[0].flatMap((row) =>
    lists[1].map((column) => sign(left(column), top(row), side)),
  );
  return [d, signs.join('')];
}
