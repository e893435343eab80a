/** Drawing feature maps as cells: one SVG path for a whole kind of cell keeps a repaint cheap. */

/**
 * Where a map stands: the corner of its cell (0, 0), and the side of a cell with its 1 px gap.
 * @typedef {{x: number, y: number, side: number}} Grid
 */

/**
 * The path of many cells of one kind.
 * @param {Iterable<[row: number, column: number]>} cells
 * @param {Grid} grid
 * @param {{round?: boolean, inset?: number}} [look]
 */
export function cellsPath(cells, { x, y, side }, { round = false, inset = 0 } = {}) {
  const a = side - 1 - 2 * inset;
  const r = round ? Math.min(5, a / 4) : 0;
  const straight = a - 2 * r;
  const outline = round
    ? `h${straight}a${r},${r},0,0,1,${r},${r}v${straight}a${r},${r},0,0,1,${-r},${r}` +
      `h${-straight}a${r},${r},0,0,1,${-r},${-r}v${-straight}a${r},${r},0,0,1,${r},${-r}z`
    : `h${a}v${a}h${-a}z`;
  let path = '';
  for (const [row, column] of cells)
    path += `M${x + column * side + inset + r} ${y + row * side + inset}${outline}`;
  return path;
}

/**
 * One diagonal stroke across each cell: the sign of "never reached".
 * @param {Iterable<[row: number, column: number]>} cells
 * @param {Grid} grid
 */
export function hatchPath(cells, { x, y, side }) {
  let path = '';
  for (const [row, column] of cells) {
    const left = x + column * side;
    const top = y + row * side;
    const a = side - 1;
    const half = a / 2;
    path += `M${left} ${top + half}l${half} ${-half}M${left} ${top + a}l${a} ${-a}M${left + half} ${top + a}l${half} ${-half}`;
  }
  return path;
}

/**
 * Rows × columns as cells.
 * @param {Iterable<number>} rows
 * @param {number[]} columns
 * @returns {[number, number][]}
 */
export const cross = (rows, columns) => [...rows].flatMap((r) => columns.map((c) => /** @type {[number, number]} */ ([r, c])));

/** @param {number} from @param {number} to first number left out */
export const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
