/** The bottom-right corners of a skip and of the decoder's map, cell by cell: what is missing, and what a repair puts there. */

import { s } from './dom.js';
import { range } from './geometry.js';
import { TRANSPOSED } from './ledger.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Pair} Pair */
/** @typedef {import('./ledger.js').Cost} Cost */
/** @typedef {'skip' | 'decoder' | 'both' | 'missing' | 'over' | 'cut' | 'zero' | 'bias' | 'blend' | 'none'} Kind  what a cell is */
/** @typedef {{skip: Pair, decoder: Pair, repair: string, isBias: boolean}} Corner  two maps that overlap from the top left */

/** Kinds of cells that need a word, beside those of skip and decoder. @type {Partial<Record<Kind, string>>} */
const WORDS = {
  missing: 'missing',
  over: 'no skip',
  cut: 'cropped',
  zero: 'zero',
  bias: 'bias only',
  blend: 'blended',
};

/** What a repair, or none, makes of the cell of one map that the other lacks. @param {Corner} corner @param {boolean} inSkip @returns {Kind} */
function alone({ repair, isBias }, inSkip) {
  if (repair === 'grid') return 'skip';
  if (repair === 'crop') return 'cut';
  if (repair === 'pad') return 'zero';
  if (repair === 'output_padding' && inSkip) return isBias ? 'bias' : 'both';
  return inSkip ? 'missing' : 'over';
}

/** @param {Corner} corner @param {number} row @param {number} column @returns {Kind} */
function kindOf(corner, row, column) {
  const [inSkip, inDecoder] = [corner.skip, corner.decoder].map(
    ([height, width]) => row < height && column < width,
  );
  if (inSkip && inDecoder) return corner.repair === 'resize' ? 'blend' : 'both';
  return inSkip || inDecoder ? alone(corner, inSkip) : 'none';
}

/** Diagonal lines over a rectangle. @param {number} x @param {number} y @param {number} width @param {number} height @param {number} step */
export function hatch(x, y, width, height, step) {
  const lines = range(1, Math.ceil((width + height) / step)).map((i) => {
    const far = i * step;
    const [x0, y0] = far <= height ? [0, far] : [far - height, height];
    const [x1, y1] = far <= width ? [far, 0] : [width, far - width];
    return `M${x + x0} ${y + y0}L${x + x1} ${y + y1}`;
  });
  return s('path', { class: 'ut-u-hatch', d: lines.join('') });
}

/** @param {Kind} kind @param {number} x @param {number} y @param {number} size @returns {SVGElement[]} */
function cellOf(kind, x, y, size) {
  const square = (/** @type {string} */ look, inset = 0.5) =>
    s('rect', {
      class: look,
      x: x + inset,
      y: y + inset,
      width: size - 2 * inset,
      height: size - 2 * inset,
    });
  const side = size * 0.5;
  const dot = (look = 'ut-u-dot') =>
    s('rect', {
      class: look,
      x: x + size / 2 - side / 2,
      y: y + size / 2 - side / 2,
      width: side,
      height: side,
      rx: size * 0.14,
    });
  switch (kind) {
    case 'skip':
      return [square('ut-u-skipped')];
    case 'decoder':
      return [dot()];
    case 'both':
      return [square('ut-u-skipped'), dot()];
    case 'missing':
      return [square('ut-u-missing', 1)];
    case 'over':
      return [square('ut-u-missing', 1), dot()];
    case 'cut':
      return [square('ut-u-cut'), hatch(x + 0.5, y + 0.5, size - 1, size - 1, size / 3)];
    case 'zero':
      return [
        square('ut-u-zero'),
        s('ellipse', {
          class: 'ut-u-digit',
          cx: x + size / 2,
          cy: y + size / 2,
          rx: size * 0.15,
          ry: size * 0.24,
        }),
      ];
    case 'bias':
      return [square('ut-u-skipped'), dot('ut-u-ring')];
    case 'blend':
      return [square('ut-u-skipped'), dot('ut-u-blend')];
    default:
      return [];
  }
}

/**
 * The corner's cells, at most so many rows and columns of them.
 * @param {Corner} corner @param {number} x @param {number} y @param {number} rows @param {number} columns @param {number} size of a cell
 */
function cells(corner, x, y, rows, columns, size) {
  const [height, width] = [0, 1].map((side) => Math.max(corner.skip[side], corner.decoder[side]));
  const [top, left] = [Math.max(0, height - rows), Math.max(0, width - columns)];
  return range(top, height).flatMap((row) =>
    range(left, width).flatMap((column) =>
      cellOf(kindOf(corner, row, column), x + (column - left) * size, y + (row - top) * size, size),
    ),
  );
}

/**
 * The corner to be enlarged: that of the mismatch, or of the first level that a repair changes.
 * @param {Options} o @param {Ledger} result @param {Cost} cost of the chosen repair
 * @returns {{level: number, isWrong: boolean, corner: Corner} | null}
 */
export function enlarged(o, { levels, mismatch_at }, cost) {
  const isWrong = mismatch_at !== null;
  const at = isWrong ? levels[mismatch_at] : cost.fits ? cost.changed[0] : undefined;
  if (!at?.encoder || !at.arrives) return null;
  const usual = TRANSPOSED[o.up]?.output_padding ?? 0;
  const repair = isWrong ? 'none' : o.repair;
  // What output_padding added is the difference to the map that the layer makes without it.
  const added = (/** @type {number} */ side) =>
    isWrong ? 0 : Math.max(0, (at.output_padding?.[side] ?? usual) - usual);
  return {
    level: at.level,
    isWrong,
    corner: {
      skip: at.encoder,
      // Interpolation leaves no cell of the decoder's as it was.
      decoder:
        repair === 'resize' ? at.encoder : [at.arrives[0] - added(0), at.arrives[1] - added(1)],
      repair,
      isBias: o.up === 'conv_transpose_2',
    },
  };
}

/** The kinds of cells in a corner that a legend has to name. @param {Corner} corner @returns {Kind[]} */
export function kindsIn(corner) {
  const { skip, decoder } = corner;
  const kinds = new Set(
    [skip, decoder].flatMap(([height, width]) => [
      kindOf(corner, height - 1, 0),
      kindOf(corner, 0, width - 1),
    ]),
  );
  return ['skip', 'decoder', ...[...kinds].filter((kind) => WORDS[kind])];
}

/** @param {Kind} kind */
export const wordOf = (kind) => WORDS[kind] ?? `${kind}'s cell`;

/** A cell alone, for the legend. @param {Kind} kind */
export const swatch = (kind) =>
  s('svg', { viewBox: '0 0 14 14', 'aria-hidden': 'true' }, ...cellOf(kind, 0, 0, 14));

/**
 * The lens around the corner, its middle at (x, y).
 * @param {Corner} corner @param {number} x @param {number} y @param {number} columns @param {number} size of a cell @param {boolean} isWrong
 */
export function lens(corner, x, y, columns, size, isWrong) {
  const [rows, across] = [0, 1].map((side) =>
    Math.min(side ? columns : ROWS, Math.max(corner.skip[side], corner.decoder[side])),
  );
  const pad = size * 0.4;
  const [width, height] = [across * size + 2 * pad, rows * size + 2 * pad];
  const frame = {
    x: x - width / 2,
    y: y - height / 2,
    width,
    height,
    rx: size * 0.4,
  };
  return [
    s('rect', { class: 'ut-u-halo', ...frame }),
    s('rect', { class: isWrong ? 'ut-u-lens ut-u-clash' : 'ut-u-lens', ...frame }),
    ...cells(corner, frame.x + pad, frame.y + pad, ROWS, columns, size),
  ];
}
/** Rows of cells in the lens. */
export const ROWS = 3;

/** The same corner, small, after a repair. @param {SVGSVGElement} svg @param {string} repair @param {Options} o @param {Level | null} wrong the level of the mismatch without a repair */
export function drawIcon(svg, repair, o, wrong) {
  const size = 12;
  if (repair === 'pad_input') {
    // The image has no decoder's cells yet.
    const kinds = /** @type {Kind[][]} */ ([
      ['skip', 'skip', 'zero'],
      ['skip', 'skip', 'zero'],
      ['zero', 'zero', 'zero'],
    ]);
    svg.replaceChildren(
      ...kinds.flatMap((row, y) =>
        row.flatMap((kind, x) => cellOf(kind, x * size, y * size, size)),
      ),
    );
    return;
  }
  const differs = [0, 1].map((side) => !wrong || wrong.encoder?.[side] !== wrong.arrives?.[side]);
  const small = /** @type {Pair} */ (differs.map((isShort) => (isShort ? 2 : 3)));
  const large = /** @type {Pair} */ ([3, 3]);
  const isSkipSmaller = o.down === 'strided_conv';
  const [skip, decoder] = isSkipSmaller ? [small, large] : [large, small];
  if (repair === 'resize') {
    // Cells of the one map as large as the interpolation makes them, over those of the other.
    const unit = (3 * size) / Math.max(...skip);
    const [tall, wide] = [0, 1].map((side) => (skip[side] / decoder[side]) * unit);
    const dots = range(0, decoder[0]).flatMap((row) =>
      range(0, decoder[1]).map((column) =>
        s('rect', {
          class: 'ut-u-dot',
          x: (column + 0.16) * wide,
          y: (row + 0.16) * tall,
          width: wide * 0.68,
          height: tall * 0.68,
          rx: 2,
        }),
      ),
    );
    const grid = { skip, decoder: /** @type {Pair} */ ([0, 0]), repair: 'grid', isBias: false };
    svg.replaceChildren(...cells(grid, 0, 0, 3, 3, unit), ...dots);
    return;
  }
  const isExact = repair === 'output_padding' && isSkipSmaller;
  const corner = {
    skip: isExact ? large : skip,
    decoder: isExact ? large : decoder,
    repair,
    isBias: o.up === 'conv_transpose_2',
  };
  svg.replaceChildren(...cells(corner, 0, 0, 3, 3, size));
}
