/** The left column: the image, painted with a pointer or with keys, chosen from samples, or dropped on. */

import { h, s, set } from '../dom.js';
import { ARROWS } from '../pointing.js';
import { drawImage } from './drawing.js';
import { ERASER } from './painting.js';
import { SampleList } from './sample_list.js';

/** @typedef {import('./painting.js').Stroke} Stroke */
/** @typedef {[row: number, column: number]} Point */
/** @typedef {'ring' | 'line' | 'erase'} Tool */

const TOOLS = /** @type {Record<Tool, string>} */ ({ ring: 'ring', line: 'line', erase: 'eraser' });
const LEAP = 8; // pixels that Shift and an arrow key move
const SMALLEST = 3; // pixels: a shorter stroke is a slip

export class InputPanel {
  /** @type {Tool} */
  tool = 'ring';
  /** @type {Point} where the keys are */
  #at = [48, 48];
  /** @type {Point | null} where a stroke began */
  #from = null;
  /** @type {number[]} of the eraser */
  #way = [];
  #isDragging = false;
  #size = { height: 96, width: 96 };
  #canvas = h('canvas', { 'aria-hidden': 'true' });
  #svg = s('svg', { 'aria-hidden': 'true' });
  #hint = h('span', { class: 'ut-quiet' });

  /**
   * @param {object} options
   * @param {(stroke: Stroke | null, isNew: boolean) => void} options.onStroke   a stroke in the making; `null` takes it back
   * @param {() => void} options.onUndo
   * @param {(index: number) => void} options.onSample
   * @param {() => void} options.onNew
   * @param {(file: File) => void} options.onFile
   * @param {() => void} options.onTool
   * @param {AbortSignal} options.signal
   */
  constructor({ onStroke, onUndo, onSample, onNew, onFile, onTool, signal }) {
    this.onStroke = onStroke;
    this.samples = new SampleList({ onSample, onNew, signal });
    this.onUndo = onUndo;
    this.frame = h(
      'div',
      {
        class: 'ut-see-frame ut-see-paper',
        tabindex: 0,
        role: 'application',
        'aria-roledescription': 'painting',
      },
      this.#canvas,
      this.#svg,
    );
    this.tools = /** @type {Tool[]} */ (Object.keys(TOOLS)).map((tool) => {
      const button = h('button', { type: 'button', 'data-tool': tool }, TOOLS[tool]);
      button.addEventListener('click', () => this.#choose(tool, onTool), { signal });
      return button;
    });
    const undo = h('button', { type: 'button', 'data-tool': 'undo' }, 'undo');
    undo.addEventListener('click', onUndo, { signal });
    this.undo = undo;
    const picker = h('input', {
      type: 'file',
      accept: 'image/*',
      'aria-label': 'image file',
      hidden: true,
    });
    const file = h(
      'button',
      { type: 'button', title: 'The image stays on this machine.' },
      'file…',
    );
    file.addEventListener('click', () => picker.click(), { signal });
    picker.addEventListener(
      'change',
      () => {
        if (picker.files?.[0]) onFile(picker.files[0]);
        picker.value = '';
      },
      { signal },
    );
    this.element = h(
      'section',
      { class: 'ut-see-input', 'aria-label': 'Input' },
      h('p', { class: 'ut-see-name' }, h('b', {}, 'Input'), ' ', this.#hint),
      this.frame,
      h('div', { class: 'ut-see-tools' }, ...this.tools, undo, file, picker),
      this.samples.element,
    );
    this.#listen(onFile, signal);
    this.#choose('ring', () => {});
  }

  /** @param {Tool} tool @param {() => void} onTool */
  #choose(tool, onTool) {
    this.tool = tool;
    this.#from = null;
    for (const button of this.tools)
      button.setAttribute('aria-pressed', String(button.dataset.tool === tool));
    this.#mark();
    onTool();
  }

  /** @param {(file: File) => void} onFile @param {AbortSignal} signal */
  #listen(onFile, signal) {
    const { frame } = this;
    frame.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button) return;
        event.preventDefault();
        frame.focus({ preventScroll: true });
        frame.setPointerCapture(event.pointerId);
        this.#isDragging = true;
        this.#begin(this.#pointAt(event));
      },
      { signal },
    );
    frame.addEventListener(
      'pointermove',
      (event) => {
        if (this.#isDragging) this.#move(this.#pointAt(event));
      },
      { signal },
    );
    for (const type of ['pointerup', 'pointercancel'])
      frame.addEventListener(
        type,
        () => {
          if (this.#isDragging) this.#end();
          this.#isDragging = false;
        },
        { signal },
      );
    frame.addEventListener('keydown', (event) => this.#key(event), { signal });
    for (const type of ['focus', 'blur'])
      frame.addEventListener(type, () => this.#mark(), { signal });
    frame.addEventListener('dragover', (event) => event.preventDefault(), { signal });
    frame.addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        const file = event.dataTransfer?.files[0];
        if (file) onFile(file);
      },
      { signal },
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = ARROWS[event.key];
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const far = event.shiftKey ? LEAP : 1;
      const inside = (/** @type {number} */ i, /** @type {number} */ count) =>
        Math.max(0, Math.min(count - 1, i));
      const { height, width } = this.#size;
      this.#at = [
        inside(this.#at[0] + far * step[0], height),
        inside(this.#at[1] + far * step[1], width),
      ];
      if (this.#from) this.#move(this.#at);
      this.#mark();
    } else if (event.key === ' ') {
      event.preventDefault();
      event.stopPropagation();
      if (this.#from) this.#end();
      else {
        this.#begin(this.#at);
        if (this.tool === 'erase') this.#end();
      }
    } else if (event.key === 'Backspace') {
      event.preventDefault();
      this.onUndo();
    } else if (event.key === 'Escape' && this.#from) {
      event.stopPropagation();
      this.#from = null;
      this.onStroke(null, false);
    }
  }

  /** @param {PointerEvent} event @returns {Point} */
  #pointAt({ clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    const { height, width } = this.#size;
    return [
      ((clientY - box.top) / box.height) * height - 0.5,
      ((clientX - box.left) / box.width) * width - 0.5,
    ];
  }

  /** @param {Point} point */
  #begin(point) {
    this.#from = point;
    this.#at = [Math.round(point[0]), Math.round(point[1])];
    this.#way = [];
    this.onStroke(this.#stroke(point), true);
    this.#mark();
  }

  /** @param {Point} point */
  #move(point) {
    this.#at = [Math.round(point[0]), Math.round(point[1])];
    this.onStroke(this.#stroke(point), false);
    this.#mark();
  }

  #end() {
    const [from, to] = [this.#from, this.#at];
    this.#from = null;
    if (from && this.tool !== 'erase' && Math.hypot(to[0] - from[0], to[1] - from[1]) < SMALLEST)
      this.onStroke(null, false);
    this.#mark();
  }

  /** The stroke from where it began to here. @param {Point} to @returns {Stroke | null} */
  #stroke(to) {
    const from = this.#from ?? to;
    const distance = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (this.tool === 'erase') {
      this.#way.push(...[...to].map(rounded));
      return ['erase', ...this.#way];
    }
    if (distance < SMALLEST) return null;
    if (this.tool === 'ring') return ['ring', ...[...from, distance].map(rounded)];
    return ['line', ...[...from, ...to].map(rounded)];
  }

  /** Draw the cursor of the keys, and the stroke that is being made. */
  #mark() {
    const [row, column] = this.#at;
    const isFocused = document.activeElement === this.frame || this.frame.matches(':focus');
    const marks = [];
    const [y, x] = [row + 0.5, column + 0.5];
    if (this.#from) {
      const [top, left] = [this.#from[0] + 0.5, this.#from[1] + 0.5];
      const radius = Math.hypot(y - top, x - left);
      if (this.tool === 'ring')
        marks.push(
          s('circle', { class: 'ut-see-making', cx: left, cy: top, r: radius }),
          s('path', { class: 'ut-see-making', d: `M${left - 2} ${top}h4M${left} ${top - 2}v4` }),
        );
      if (this.tool === 'line')
        marks.push(s('path', { class: 'ut-see-making', d: `M${left} ${top}L${x} ${y}` }));
    }
    if (isFocused && this.tool === 'erase')
      marks.push(s('circle', { class: 'ut-see-making', cx: x, cy: y, r: ERASER }));
    if (isFocused && !this.#isDragging)
      marks.push(
        s('path', { class: 'ut-see-halo', d: `M${x - 3} ${y}h6M${x} ${y - 3}v6` }),
        s('path', { class: 'ut-see-making', d: `M${x - 3} ${y}h6M${x} ${y - 3}v6` }),
      );
    this.#svg.replaceChildren(...marks, ...this.#extra);
  }

  /** @type {SVGElement[]} */
  #extra = [];

  /**
   * @param {Float32Array} image @param {{height: number, width: number}} size @param {string} hint
   * @param {{shade: number, marks: SVGElement[]}} extra   what the level view lays over it
   */
  paint(image, size, hint, { shade, marks }) {
    this.#size = size;
    const { height, width } = size;
    drawImage(this.#canvas, image, height, width, shade);
    set(this.#svg, { viewBox: `0 0 ${width} ${height}` });
    set(this.frame, {
      'aria-label': `Input image, ${height}×${width}. ${TOOLS[this.tool]}: arrow keys move, Space ${this.tool === 'erase' ? 'erases' : 'begins and ends'}, Backspace undoes.`,
      style: `--ratio:${width / height}`,
    });
    this.#hint.textContent = hint;
    this.#extra = marks;
    this.#mark();
  }
}

/** @param {number} value */
const rounded = (value) => Math.round(10 * value) / 10;
