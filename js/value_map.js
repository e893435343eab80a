/** One feature map on the page: its cells on a canvas, with numbers, hatching and the cursor in an SVG above. */

import { freshId, h, s, set } from './dom.js';
import { FRAME } from './feature_layout.js';
import {
  colourOf,
  fieldOf,
  isDark,
  pixels,
  placeIn,
  rangeText,
  roundedTogether,
} from './feature_values.js';
import { range } from './geometry.js';

/** @typedef {import('./feature_values.js').Shown} Shown */
/** @typedef {import('./feature_values.js').Cell} Cell */
/** @typedef {import('./feature_values.js').Bounds} Bounds */
/** @typedef {import('./feature_values.js').Ramp} Ramp */
/** @typedef {ReturnType<typeof placeIn>} Area */

/** Pixels of a cell: from these sizes on there is a gap to its neighbours, and room for its number. */
const SMALLEST_APART = 14;
const SMALLEST_NUMBERED = 28;
/** From here on a negative cell of the diverging ramp shows a minus, so that its sign is not told by colour alone. */
const SMALLEST_SIGNED = 8;
const SMALLEST_TYPE = 12;
const SMALLEST_PRESENTED = 24;

/** The background of a cell's number or minus. @param {number} value @param {Bounds} ends @param {Ramp} ramp */
const background = (value, ends, ramp) => (isDark(colourOf(value, ends, ramp)) ? 'dark' : 'light');

export class ValueMap {
  /** @type {Shown} */
  #map;
  /** Pixels at which rows and columns start, and where the last one ends. @type {[number[], number[]]} */
  #edges = [[], []];
  #title = h('b');
  #extent = h('strong');
  #note = h('span');
  #canvas = h('canvas', { 'aria-hidden': 'true' });
  #svg = s('svg', { role: 'img' });
  #marks = s('g');
  #cursor = s('g');
  #hatch = freshId();
  /** Type in cells is at least so large, in pixels. */
  #smallestType = SMALLEST_TYPE;

  /** @param {Shown} map */
  constructor(map) {
    this.#map = map;
    this.#svg.append(
      s(
        'defs',
        {},
        s(
          'pattern',
          { id: this.#hatch, width: 6, height: 6, patternUnits: 'userSpaceOnUse' },
          s('path', { class: 'ut-sign-hatch', d: 'M-1 1L1 -1M0 6L6 0M5 7L7 5' }),
        ),
      ),
      this.#marks,
      this.#cursor,
    );
    this.frame = h(
      'div',
      { class: 'ut-frame', tabindex: 0, role: 'group' },
      this.#canvas,
      this.#svg,
    );
    this.figure = h(
      'figure',
      { class: 'ut-map' },
      h('figcaption', {}, this.#title, this.#extent, this.#note),
      this.frame,
    );
  }

  get cells() {
    return this.#map;
  }

  /**
   * @param {Shown} map
   * @param {object} options
   * @param {number} options.height   pixels of the whole map
   * @param {number} options.width
   * @param {Bounds} options.ends     the values at both ends of the ramp
   * @param {Ramp} options.ramp
   * @param {string} options.note     stands after the name
   * @param {Shown[] | null} options.before   a receptive field: those of the maps before it
   * @param {number} options.presentedPixel   of the design, on the whole screen; 0 in a notebook
   */
  draw(map, { height, width, ends, ramp, note, before, presentedPixel }) {
    this.#map = map;
    this.#smallestType = presentedPixel ? SMALLEST_PRESENTED * presentedPixel : SMALLEST_TYPE;
    const edges = (/** @type {number} */ cells, /** @type {number} */ pixels) =>
      range(0, cells + 1).map((i) => Math.round((i * pixels) / cells));
    this.#edges = [edges(map.height, height), edges(map.width, width)];
    this.#title.textContent = this.#title.title = map.name;
    const channel = map.channels > 1 ? `, channel ${map.channel} of ${map.channels}` : '';
    const { area, seen } = fieldOf(map);
    const extent = area ? `${area.height}×${area.width}` : '0×0';
    this.#extent.textContent = before ? extent : '';
    const count = presentedPixel ? `${seen} px` : pixels(seen); // a caption is one line
    this.#note.textContent = before ? count : note;
    const says = before ? `sees ${extent}, ${pixels(seen)}` : rangeText(map.values);
    set(this.frame, {
      'aria-label': `${map.row ? `${map.row}, ` : ''}${map.name}. Arrow keys choose a cell.`,
      style: `width:${width + 2 * FRAME}px;height:${height + 2 * FRAME}px`,
    });
    set(this.#svg, {
      viewBox: `${-FRAME} ${-FRAME} ${width + 2 * FRAME} ${height + 2 * FRAME}`,
      'aria-label': `${map.name}, ${map.height}×${map.width}${channel}: ${says}`,
    });
    if (before) {
      this.#paintFields([...before, map], height, width);
      return;
    }
    this.#paintCells(height, width, ends, ramp);
    this.#paintMarks(ends, ramp);
  }

  /** Outline the cells at the place of another map's cell; `null` removes the outline. @param {Cell | null} cell @param {Shown} from */
  point(cell, from) {
    const d = cell ? this.#outline(placeIn(cell, from, this.#map)) : '';
    this.#cursor.replaceChildren(
      ...(d
        ? [s('path', { class: 'ut-halo', d }), s('path', { class: 'ut-frame-window', d })]
        : []),
    );
  }

  /** The cell under a pointer. @param {PointerEvent} event @returns {Cell | null} */
  cellAt({ clientX, clientY }) {
    const page = this.#svg.getBoundingClientRect();
    const at = [clientY - page.top - FRAME, clientX - page.left - FRAME];
    const [row, column] = this.#edges.map((edges, axis) =>
      edges.findIndex((start, i) => start <= at[axis] && at[axis] < edges[i + 1]),
    );
    return row >= 0 && column >= 0 ? [row, column] : null;
  }

  /** The cell next to another, inside the map. @param {Cell} cell @param {Cell} step @returns {Cell} */
  next([row, column], [down, right]) {
    const inside = (/** @type {number} */ i, /** @type {number} */ count) =>
      Math.max(0, Math.min(count - 1, i));
    return [inside(row + down, this.#map.height), inside(column + right, this.#map.width)];
  }

  /** @param {Area} area */
  #outline({ top, left, height, width }) {
    const [ys, xs] = this.#edges;
    return `M${xs[left]} ${ys[top]}H${xs[left + width]}V${ys[top + height]}H${xs[left]}z`;
  }

  /** Pixels of the smallest cell. */
  #smallest() {
    const [ys, xs] = this.#edges;
    return Math.min(ys[ys.length - 1] / this.#map.height, xs[xs.length - 1] / this.#map.width);
  }

  /** The seen cells of a receptive field, its frame, and the frames of the fields before it, dashed. @param {Shown[]} fields   the last is this map @param {number} height @param {number} width */
  #paintFields(fields, height, width) {
    set(this.#canvas, { height: 0, width: 0, style: 'display:none' });
    let [grid, seen] = ['', ''];
    this.#eachCell((value, y, x, high, wide) => {
      const cell = `M${x + 0.5} ${y + 0.5}h${wide - 2}v${high - 2}h${2 - wide}z`;
      if (value === 0) grid += cell;
      else seen += cell;
    });
    const frames = fields.flatMap((map) => {
      const { area } = fieldOf(map);
      if (!area) return [];
      const [y, x] = [height / map.height, width / map.width];
      const d = `M${area.left * x} ${area.top * y}h${area.width * x}v${area.height * y}h${-area.width * x}z`;
      return [s('path', { class: map === this.#map ? 'ut-field' : 'ut-field-before', d })];
    });
    this.#marks.replaceChildren(
      s('path', { class: 'ut-field-grid', d: grid }),
      s('path', { class: 'ut-cell-input', d: seen }),
      s('rect', { class: 'ut-field-image', x: 0, y: 0, width, height }),
      ...frames,
    );
  }

  /** Fill the cells; values that are not finite stay empty. @param {number} height @param {number} width @param {Bounds} ends @param {Ramp} ramp */
  #paintCells(height, width, ends, ramp) {
    const sharp = window.devicePixelRatio || 1;
    set(this.#canvas, {
      height: Math.round(height * sharp),
      width: Math.round(width * sharp),
      style: `height:${height}px;width:${width}px`,
    });
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const gap = this.#smallest() >= SMALLEST_APART ? 1 : 0;
    context.scale(sharp, sharp);
    this.#eachCell((value, y, x, high, wide) => {
      if (!Number.isFinite(value)) return;
      context.fillStyle = `rgb(${colourOf(value, ends, ramp)})`;
      context.fillRect(x, y, wide - gap, high - gap);
    });
  }

  /** @param {Bounds} ends @param {Ramp} ramp */
  #paintMarks(ends, ramp) {
    const smallest = this.#smallest();
    let empty = '';
    const minuses = { dark: '', light: '' };
    this.#eachCell((value, y, x, high, wide) => {
      if (!Number.isFinite(value)) empty += `M${x} ${y}h${wide}v${high}h${-wide}z`;
      else if (value < 0)
        minuses[background(value, ends, ramp)] +=
          `M${x + wide * 0.3} ${y + high / 2 - 0.5}h${wide * 0.4}`;
    });
    const numbers = smallest >= SMALLEST_NUMBERED ? this.#numbers(smallest, ends, ramp) : [];
    const isSigned = ramp === 'diverging' && smallest >= SMALLEST_SIGNED && !numbers.length;
    this.#marks.replaceChildren(
      ...(empty
        ? [
            s('path', { class: 'ut-cell-hatch', d: empty }),
            s('path', { fill: `url(#${this.#hatch})`, d: empty }),
          ]
        : []),
      ...(isSigned
        ? Object.entries(minuses).map(([on, d]) => s('path', { class: `ut-minus ut-on-${on}`, d }))
        : []),
      ...numbers,
    );
  }

  /** The values, with as many digits as the longest has room for. @param {number} side @param {Bounds} ends @param {Ramp} ramp */
  #numbers(side, ends, ramp) {
    for (const digits of [3, 2]) {
      const words = roundedTogether(this.#map.values, digits);
      const longest = Math.max(...words.map(({ length }) => length));
      const size = Math.min(side * 0.4, (side - 5) / (0.63 * longest));
      if (size < this.#smallestType) continue;
      const style = `font-size:${size.toFixed(1)}px`;
      /** @type {SVGElement[]} */
      const texts = [];
      this.#eachCell((value, y, x, high, wide) => {
        const ground = Number.isFinite(value) ? `on-${background(value, ends, ramp)}` : 'odd';
        texts.push(
          s(
            'text',
            { class: `ut-number ut-${ground}`, x: x + (wide - 1) / 2, y: y + high / 2, style },
            words[texts.length],
          ),
        );
      });
      return texts;
    }
    return [];
  }

  /** @param {(value: number, y: number, x: number, high: number, wide: number) => void} visit */
  #eachCell(visit) {
    const [ys, xs] = this.#edges;
    const { height, width, values } = this.#map;
    for (let row = 0; row < height; row += 1)
      for (let column = 0; column < width; column += 1)
        visit(
          values[row * width + column],
          ys[row],
          xs[column],
          ys[row + 1] - ys[row],
          xs[column + 1] - xs[column],
        );
  }
}
