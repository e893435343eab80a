/** One map of cells on the page: draws a panel as SVG, and finds the cell under the pointer. */

import { h, s, set } from './dom.js';
import { range } from './geometry.js';

/** @typedef {import('./layers.js').Pair} Pair */
/** @typedef {import('./pictures.js').Panel} Panel */

/** Kinds of cells with rounded corners: output cells can be told apart without colour. */
const ROUND = new Set(['output']);
/** Below this many pixels a cell's own outline cannot be seen: neighbours are drawn as one area. */
const SMALLEST_CELL = 6;
/** From this many pixels on, a cell has room for a number. */
const SMALLEST_NUMBERED = 15;

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

/** A box with rounded corners, as a path. @param {number} x @param {number} y @param {number} width @param {number} height @param {number} r */
const box = (x, y, width, height, r) =>
  r > 0
    ? `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}z`
    : `M${x} ${y}h${width}v${height}h${-width}z`;

export class CellMap {
  /** @type {Panel | null} */
  #panel = null;
  #corner = { x: 0, y: 0 };
  #side = 1;
  #title = h('b');
  #note = h('span');
  #more = h('span', { class: 'ut-more' });
  #svg = s('svg', { role: 'img' });

  /** @param {string} label the map's name for screen readers */
  constructor(label) {
    this.frame = h(
      'div',
      {
        class: 'ut-frame',
        tabindex: 0,
        role: 'group',
        'aria-label': `${label}. Arrow keys choose a cell.`,
      },
      this.#svg,
    );
    this.figure = h(
      'figure',
      { class: 'ut-map' },
      h('figcaption', {}, this.#title, h('span', {}, this.#note, this.#more)),
      this.frame,
    );
  }

  /**
   * @param {Panel} panel
   * @param {object} look
   * @param {number} look.side      pixels of a cell with its gap
   * @param {Pair} look.room        pixels, height and width, that the map keeps whatever its size
   * @param {string} look.sentence  what the picture says, for those who hear it
   * @param {((row: number, column: number) => string)} [look.text]  what stands in a cell
   * @param {boolean} [look.isFaint]
   */
  draw(panel, { side, room, sentence, text, isFaint = false }) {
    this.#panel = panel;
    this.#side = side;
    const [rows, columns] = panel.count;
    this.#corner = {
      x: Math.max(2, Math.floor((room[1] - columns * side) / 2)) + 0.5,
      y: Math.max(2, Math.floor((room[0] - rows * side) / 2)) + 0.5,
    };
    this.#title.textContent = panel.title;
    this.#note.textContent = panel.note;
    this.#more.textContent = panel.more ?? '';
    set(this.#svg, {
      width: Math.max(room[1], columns * side + 4),
      height: Math.max(room[0], rows * side + 4),
      'aria-label': `${panel.title}, ${panel.note}${panel.more ?? ''}. ${sentence}`,
    });
    this.#svg.classList.toggle('ut-faint', isFaint);
    this.#svg.replaceChildren(
      ...panel.layers.flatMap((layer) => [
        ...this.#shapes(layer.kind, layer.rows, layer.columns),
        ...(layer.kind === 'painted' ? this.#ramp(panel) : []),
      ]),
      ...(text && side >= SMALLEST_NUMBERED ? this.#texts(panel, text) : []),
      ...panel.frames.map(({ kind, from, size }) =>
        s('path', {
          class: `ut-frame-${kind}`,
          d: this.#area(from, size, kind === 'window' ? 0 : -1),
        }),
      ),
    );
  }

  /** Draw the window of another selection faintly: that of the animation while another cell is hovered. @param {Panel} panel */
  drawGhost(panel) {
    this.#svg.append(
      ...panel.frames.map(({ from, size }) =>
        s('path', { class: 'ut-frame-window ut-faint', d: this.#area(from, size, 0) }),
      ),
    );
  }

  /** The cell under a pointer. @param {PointerEvent} event @returns {Pair | null} */
  cellAt({ clientX, clientY }) {
    if (!this.#panel) return null;
    const page = this.#svg.getBoundingClientRect();
    const { first, count } = this.#panel;
    const steps = [clientY - page.top - this.#corner.y, clientX - page.left - this.#corner.x].map(
      (pixels) => Math.floor(pixels / this.#side),
    );
    return steps.every((step, i) => step >= 0 && step < count[i])
      ? [steps[0] + first[0], steps[1] + first[1]]
      : null;
  }

  /** The cell next to another, inside the map. @param {Pair} cell @param {Pair} step @returns {Pair} */
  next(cell, step) {
    const { first, count } = /** @type {Panel} */ (this.#panel);
    const inside = (/** @type {number} */ i) =>
      Math.max(first[i], Math.min(first[i] + count[i] - 1, cell[i] + step[i]));
    return [inside(0), inside(1)];
  }

  /** @param {Pair} from @param {Pair} size @param {number} inset @param {number} [r] */
  #area([row, column], [height, width], inset, r = 2) {
    const { first } = /** @type {Panel} */ (this.#panel);
    const x = this.#corner.x + (column - first[1]) * this.#side + inset;
    const y = this.#corner.y + (row - first[0]) * this.#side + inset;
    return box(x, y, width * this.#side - 1 - 2 * inset, height * this.#side - 1 - 2 * inset, r);
  }

  /** @param {string} kind @param {number[]} rows @param {number[]} columns */
  #shapes(kind, rows, columns) {
    const { first, count } = /** @type {Panel} */ (this.#panel);
    const inside = (/** @type {number} */ axis) => (/** @type {number} */ cell) =>
      cell >= first[axis] && cell < first[axis] + count[axis];
    const lists = [rows.filter(inside(0)), columns.filter(inside(1))];
    if (!lists[0].length || !lists[1].length) return [];
    const isTiny = this.#side < SMALLEST_CELL;
    const [tall, wide] = lists.map((list) =>
      isTiny ? runs(list) : list.map((cell) => /** @type {[number, number]} */ ([cell, 1])),
    );
    const r = ROUND.has(kind) && !isTiny ? Math.min(5, this.#side / 4) : 0;
    const inset = kind === 'lit' ? 1.5 : 0;
    const d = tall
      .flatMap(([row, height]) =>
        wide.map(([column, width]) => this.#area([row, column], [height, width], inset, r)),
      )
      .join('');
    const shapes = [s('path', { class: `ut-cell-${kind}`, d })];
    if ((kind === 'hatch' || kind === 'bias') && !isTiny)
      shapes.push(s('path', { class: `ut-sign-${kind}`, d: this.#signs(kind, lists) }));
    return shapes;
  }

  /** Strokes in cells that no window covers, dots in cells that hold the bias alone: both can be read without colour. @param {string} kind @param {number[][]} cells */
  #signs(kind, [rows, columns]) {
    const { first } = /** @type {Panel} */ (this.#panel);
    const a = this.#side - 1;
    const half = a / 2;
    return rows
      .flatMap((row) =>
        columns.map((column) => {
          const x = this.#corner.x + (column - first[1]) * this.#side;
          const y = this.#corner.y + (row - first[0]) * this.#side;
          if (kind === 'bias')
            return [0.3, 0.7]
              .flatMap((v) => [0.3, 0.7].map((u) => `M${x + u * a} ${y + v * a}h0`))
              .join('');
          return `M${x} ${y + half}l${half} ${-half}M${x} ${y + a}l${a} ${-a}M${x + half} ${y + a}l${half} ${-half}`;
        }),
      )
      .join('');
  }

  /** Shade cells by overlap: the more input cells paint a cell, the stronger its colour. @param {Panel} panel */
  #ramp({ counts, first }) {
    if (!counts) return [];
    const most = Math.max(1, ...counts[0]) * Math.max(1, ...counts[1]);
    if (most === 1) return [];
    const places = counts.map((list, axis) => {
      /** @type {Map<number, number[]>} */
      const cells = new Map();
      list.forEach((count, i) => {
        if (count) cells.set(count, [...(cells.get(count) ?? []), first[axis] + i]);
      });
      return [...cells];
    });
    return places[0].flatMap(([a, rows]) =>
      places[1].flatMap(([b, columns]) => {
        const shapes = a * b > 1 ? this.#shapes('count', rows, columns) : [];
        shapes.forEach((shape) => {
          set(shape, { 'fill-opacity': ((0.55 * (a * b)) / most).toFixed(3) });
        });
        return shapes;
      }),
    );
  }

  /**
   * What stands in the cells. All single characters share one element, each with its own place: a
   * map of zeros is drawn in the time of one.
   * @param {Panel} panel
   * @param {(row: number, column: number) => string} text
   */
  #texts({ first, count }, text) {
    const single = {
      x: /** @type {number[]} */ ([]),
      y: /** @type {number[]} */ ([]),
      content: '',
    };
    const long = [];
    for (const row of range(first[0], first[0] + count[0])) {
      for (const column of range(first[1], first[1] + count[1])) {
        const content = text(row, column);
        const x = this.#corner.x + (column - first[1] + 0.5) * this.#side - 0.5;
        const y = this.#corner.y + (row - first[0] + 0.5) * this.#side;
        if (content.length === 1) {
          single.x.push(x);
          single.y.push(y);
          single.content += content;
        } else if (content) long.push(this.#text(String(x), String(y), content, content.length));
      }
    }
    return single.content
      ? [this.#text(single.x.join(' '), single.y.join(' '), single.content, 1), ...long]
      : long;
  }

  /** @param {string} x @param {string} y @param {string} content @param {number} length of what stands in one cell */
  #text(x, y, content, length) {
    const size = Math.min(28, this.#side * 0.58, (this.#side - 3) / (0.6 * length)).toFixed(1);
    return s('text', { class: 'ut-number', x, y, style: `font-size:${size}px` }, content);
  }
}
