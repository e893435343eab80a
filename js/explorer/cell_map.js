/** One map of cells in an explorer's drawing: draws a panel as SVG, and finds the cell under the pointer. */

import { s, set, update } from '../dom.js';
import { range } from '../geometry.js';
import { clamp } from '../shell.js';
import { cellShapes, crossIn, outline } from './cell_shapes.js';

/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('./pictures.js').Panel} Panel */
/** @typedef {import('./pictures.js').Frame} Frame */
/** @typedef {import('./layout.js').Place} Place */
/** Lines in the gaps between cells. @typedef {{left: number, top: number, right: number, bottom: number}} Rect */
/**
 * How a map is drawn.
 * @typedef {object} Look
 * @property {Place} place
 * @property {string} sentence   what the picture says, for those who hear it
 * @property {(row: number, column: number) => string} [text]   what stands in a cell
 * @property {Pair} type         smallest and largest type
 * @property {Rect} limits       what lies outside the map may be drawn up to here
 * @property {boolean} [isFaint]
 */

const DIGIT = 0.62; // of the type's size: the width of a digit
const NARROWEST = 0.62; // so much may digits be narrowed before they are left out

export class CellMap {
  /** @type {Panel} */
  panel = { title: '', first: [0, 0], count: [0, 0], layers: [], frames: [] };
  /** @type {Place} */
  place = { x: 0, y: 0, side: 1 };
  #ground = s('rect', { class: 'ut-pane-ground' });
  #image = s('g', { role: 'img' });
  #focus = s('rect', { class: 'ut-pane-focus', rx: 4 });

  constructor() {
    this.frame = s('g', { class: 'ut-pane' }, this.#image, this.#focus);
  }

  /** Let its cells be chosen by keys, too. @param {string} label the map's name for screen readers */
  name(label) {
    const words = `${label}. Arrow keys choose a cell.`;
    set(this.frame, { tabindex: 0, role: 'group', 'aria-label': words });
  }

  /** @param {Panel} panel @param {Look} look */
  draw(panel, { place, sentence, text, type, limits, isFaint = false }) {
    this.panel = panel;
    this.place = place;
    const { left, top, right, bottom } = this.edges;
    const [width, height] = [Math.max(0, right - left), Math.max(0, bottom - top)];
    set(this.#ground, { x: left, y: top, width, height });
    set(this.#focus, { x: left - 3, y: top - 3, width: width + 6, height: height + 6 });
    set(this.#image, { 'aria-label': `${panel.title}. ${sentence}` });
    this.#image.classList.toggle('ut-faint', isFaint);
    update(this.#image, [
      this.#ground,
      ...cellShapes(panel, place),
      ...(text ? this.#texts(text, type) : []),
      ...panel.frames.flatMap((frame) => this.#frame(frame, limits)),
    ]);
  }

  /** Draw the frames of another selection faintly: those of the animation while another cell is hovered. @param {Panel} panel */
  drawGhost(panel) {
    const faint = s('g', { class: 'ut-faint' });
    faint.append(...panel.frames.map(({ from, size }) => this.#box('chosen', from, size)));
    this.#image.append(faint);
  }

  /** The whole map. */
  get edges() {
    return this.rect(this.panel.first, this.panel.count);
  }

  /** The lines in the gaps around some cells. @param {Pair} from @param {Pair} size @returns {Rect} */
  rect([row, column], [height, width]) {
    const { x, y, side } = this.place;
    const { first } = this.panel;
    const left = x + (column - first[1]) * side - 0.5;
    const top = y + (row - first[0]) * side - 0.5;
    return { left, top, right: left + width * side, bottom: top + height * side };
  }

  /** The cell under a point of the drawing. @param {{x: number, y: number}} point @returns {Pair | null} */
  cellAt({ x, y }) {
    const { first, count } = this.panel;
    const steps = [y - this.place.y, x - this.place.x].map((length) =>
      Math.floor((length + 0.5) / this.place.side),
    );
    return steps.every((step, i) => step >= 0 && step < count[i])
      ? [steps[0] + first[0], steps[1] + first[1]]
      : null;
  }

  /** The cell next to another, inside the map. @param {Pair} cell @param {Pair} step @returns {Pair} */
  next(cell, step) {
    const { first, count } = this.panel;
    const inside = (/** @type {number} */ i) =>
      clamp(cell[i] + step[i], first[i], first[i] + count[i] - 1);
    return [inside(0), inside(1)];
  }

  /** @param {Frame} frame @param {Rect} limits */
  #frame({ kind, from, size }, limits) {
    if (kind === 'wrong') return this.#wrong(from, size, limits);
    const isWindow = kind === 'window' && this.place.side >= 8;
    return [this.#box(kind, from, size), ...(isWindow ? [this.#corners(from, size)] : [])];
  }

  /** @param {string} kind @param {Pair} from @param {Pair} size */
  #box(kind, from, size) {
    const { left, top, right, bottom } = this.rect(from, size);
    const isRound = kind === 'sum' || this.panel.layers.some((layer) => layer.kind === 'output');
    const radius = size[0] * size[1] === 1 && isRound ? Math.min(9, this.place.side / 3.5) : 2;
    const grown = kind === 'crop' ? 2 : 0;
    return s('rect', {
      class: `ut-frame-${kind}`,
      x: left - grown,
      y: top - grown,
      width: right - left + 2 * grown,
      height: bottom - top + 2 * grown,
      rx: kind === 'crop' ? 4 : radius,
    });
  }

  /** The second sign of a window, beside its colour. @param {Pair} from @param {Pair} size */
  #corners(from, size) {
    const { left, top, right, bottom } = this.rect(from, size);
    const arm = Math.min(14, 0.42 * this.place.side);
    const corner = (/** @type {number} */ x, /** @type {number} */ y) =>
      `M${x} ${y + (y === top ? arm : -arm)}V${y}H${x + (x === left ? arm : -arm)}`;
    const d = [left, right].flatMap((x) => [top, bottom].map((y) => corner(x, y))).join('');
    return s('path', { class: 'ut-frame-corners', d });
  }

  /** A window that does not fit: open where it goes on beyond the drawing, with a cross where the first cell is missing. @param {Pair} from @param {Pair} size @param {Rect} limits */
  #wrong(from, size, limits) {
    const window = this.rect(from, size);
    const { edges } = this;
    const { side } = this.place;
    const right = Math.min(window.right, Math.max(limits.right, edges.right + side / 2));
    const bottom = Math.min(window.bottom, Math.max(limits.bottom, edges.bottom));
    const { left, top } = window;
    const goesOn = { right: right < window.right, down: bottom < window.bottom };
    const outlined = `M${right} ${top}H${left}V${bottom}${goesOn.down ? `M${right} ${top}` : `H${right}`}${goesOn.right ? '' : `M${right} ${top}V${bottom}`}`;
    const [isWider, isHigher] = [window.right > edges.right, window.bottom > edges.bottom];
    const missing = [];
    if (isWider) missing.push(outline(edges.right, top, right - edges.right, bottom - top, 0));
    if (isHigher && bottom > edges.bottom)
      missing.push(
        outline(left, edges.bottom, Math.min(right, edges.right) - left, bottom - edges.bottom, 0),
      );
    // Where a whole cell is drawn that is missing.
    const isBeside = isWider && (right - edges.right >= side || !isHigher);
    const at = {
      x: isBeside ? edges.right : left,
      y: isBeside ? top : Math.min(edges.bottom, bottom - side / 2),
    };
    const isMissing = isWider || isHigher;
    return [
      s('path', { class: 'ut-missing', d: missing.join('') }),
      s('path', { class: 'ut-frame-wrong', d: outlined }),
      ...(isMissing
        ? [
            s('path', {
              class: 'ut-sign-wrong',
              d: crossIn(at.x, at.y, Math.min(side, 2 * (right - at.x))),
            }),
          ]
        : []),
    ];
  }

  /**
   * What stands in the cells. Single characters of one tone share one element, each with its own
   * place: a map of zeros is drawn in the time of one.
   * @param {(row: number, column: number) => string} text @param {Pair} type
   */
  #texts(text, type) {
    const { first, count, isQuiet } = this.panel;
    const { x, y, side } = this.place;
    const tones = ['ut-number', 'ut-number ut-quiet-number'].map((tone) => ({
      tone,
      xs: /** @type {number[]} */ ([]),
      ys: /** @type {number[]} */ ([]),
      content: '',
    }));
    const long = [];
    for (const row of range(first[0], first[0] + count[0])) {
      for (const column of range(first[1], first[1] + count[1])) {
        const content = text(row, column).replace('-', '−');
        if (!content) continue;
        const shared = tones[isQuiet?.(row, column) ? 1 : 0];
        const at = [x + (column - first[1] + 0.5) * side - 0.5, y + (row - first[0] + 0.5) * side];
        if (content.length > 1) long.push(this.#text(shared.tone, at, content, type));
        else {
          shared.xs.push(at[0]);
          shared.ys.push(at[1]);
          shared.content += content;
        }
      }
    }
    const single = tones.filter(({ content }) => content);
    return [
      ...single.map(({ tone, xs, ys, content }) =>
        s(
          'text',
          { class: tone, x: xs.join(' '), y: ys.join(' '), 'font-size': this.#size(type) },
          content,
        ),
      ),
      ...long,
    ];
  }

  /** @param {Pair} type */
  #size = ([smallest, largest]) => clamp(Math.round(0.48 * this.place.side), smallest, largest);

  /** @param {string} tone @param {number[]} at @param {string} content @param {Pair} type */
  #text(tone, [x, y], content, type) {
    const room = this.place.side - 4;
    const fitting = Math.floor(room / (DIGIT * content.length));
    const size = clamp(fitting, type[0], this.#size(type));
    const width = DIGIT * size * content.length;
    const shown = room / width < NARROWEST ? '…' : content;
    const node = s('text', { class: tone, x, y, 'font-size': size }, shown);
    if (width > room && shown === content)
      set(node, { textLength: room.toFixed(1), lengthAdjust: 'spacingAndGlyphs' });
    return node;
  }
}
