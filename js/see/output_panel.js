/** The right column: the prediction over the ground truth's outline, what changed, and the score. */

import { h, s, set, update } from '../dom.js';
import { ARROWS } from '../pointing.js';
import { drawChange, drawChanges, drawMap, outline } from './drawing.js';

/** @typedef {[row: number, column: number]} Point */

const MEANS = 'IoU: intersection over union, 1 is perfect';
const short = (/** @type {number} */ count) =>
  count < 1000 ? String(count) : `${Math.round(count / 1000)}k`;
const EMPTY = 0.1; // a prediction whose largest value is lower is stretched

/**
 * @typedef {object} Outcome
 * @property {number} height
 * @property {number} width
 * @property {Float32Array} probabilities
 * @property {Uint8Array} prediction
 * @property {Uint8Array | null} mask
 * @property {{hit: number, missed: number, wrong: number, total: number, iou: number} | null} score
 */

export class OutputPanel {
  #canvas = h('canvas', { 'aria-hidden': 'true' });
  #svg = s('svg', { 'aria-hidden': 'true' });
  #outline = s('path', { class: 'ut-see-truth' });
  #picked = s('g');
  #hint = h('span', { class: 'ut-quiet' });
  #small = [0, 1].map(() => {
    const name = h('p', { class: 'ut-see-small-name' });
    const canvas = h('canvas', { role: 'img' });
    return { name, canvas, element: h('div', { class: 'ut-see-small' }, name, canvas) };
  });
  #score = h('div', { class: 'ut-see-score' });
  #means = h('p', { class: 'ut-see-iou-means ut-quiet' }, MEANS);
  #size = { height: 1, width: 1 };
  /** @type {Point} */
  #at = [48, 48];
  /** @type {Uint8Array | null} the mask whose outline is drawn */
  #outlined = null;

  /** @param {{onPick: (pixel: Point | null) => void, signal: AbortSignal}} options */
  constructor({ onPick, signal }) {
    this.frame = h(
      'div',
      {
        class: 'ut-see-frame ut-see-decoder',
        tabindex: 0,
        role: 'application',
        'aria-roledescription': 'picture',
      },
      this.#canvas,
      this.#svg,
    );
    this.#svg.append(this.#outline, this.#picked);
    this.element = h(
      'section',
      { class: 'ut-see-output', 'aria-label': 'Prediction' },
      h('p', { class: 'ut-see-name' }, h('b', {}, 'Prediction'), ' ', this.#hint),
      this.frame,
      h(
        'div',
        { class: 'ut-see-results' },
        ...this.#small.map(({ element }) => element),
        this.#score,
        this.#means,
      ),
    );
    this.frame.addEventListener(
      'click',
      ({ clientX, clientY }) => {
        const box = this.#canvas.getBoundingClientRect();
        const { height, width } = this.#size;
        const row = Math.floor(((clientY - box.top) / box.height) * height);
        const column = Math.floor(((clientX - box.left) / box.width) * width);
        if (row < 0 || column < 0 || row >= height || column >= width) return;
        this.#at = [row, column];
        onPick([row, column]);
      },
      { signal },
    );
    this.frame.addEventListener(
      'keydown',
      (event) => {
        const step = ARROWS[event.key];
        if (step) {
          event.preventDefault();
          const far = event.shiftKey ? 8 : 1;
          const { height, width } = this.#size;
          this.#at = [
            Math.max(0, Math.min(height - 1, this.#at[0] + far * step[0])),
            Math.max(0, Math.min(width - 1, this.#at[1] + far * step[1])),
          ];
          this.#mark(this.#at);
        } else if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          event.stopPropagation();
          onPick(this.#at);
        } else if (event.key === 'Escape') onPick(null);
      },
      { signal },
    );
  }

  /** @param {Point | null} pixel */
  #mark(pixel) {
    const marks = pixel
      ? ['ut-see-halo', 'ut-see-making'].map((style) =>
          s('rect', { class: style, x: pixel[1] - 0.5, y: pixel[0] - 0.5, width: 2, height: 2 }),
        )
      : [];
    this.#picked.replaceChildren(...marks);
  }

  /**
   * @param {Outcome} now @param {Outcome | null} before @param {Point | null} pixel   the picked one
   * @param {{changes: Float32Array, name: string, count: number}[] | null} matters  which pixels matter for it, in two states
   * @param {string} unknown   why there is no score
   * @param {'light' | 'dark'} theme
   */
  paint(now, before, pixel, matters, unknown, theme) {
    const { height, width, probabilities, prediction, mask, score } = now;
    this.#size = { height, width };
    const most = probabilities.reduce((top, each) => Math.max(top, each), 0);
    const isStretched = most < EMPTY;
    drawMap(
      this.#canvas,
      probabilities,
      height,
      width,
      [0, isStretched ? most || 1 : 1],
      'output',
      theme,
    );
    set(this.#svg, { viewBox: `0 0 ${width} ${height}` });
    if (mask !== this.#outlined)
      set(this.#outline, { d: mask ? outline(mask, height, width) : '' });
    this.#outlined = mask;
    const amount = most < 0.005 ? 'below 0.01' : most.toFixed(2);
    const count = prediction.reduce((sum, each) => sum + each, 0);
    const known = count ? 'outline: ground truth' : 'no value reaches 0.5';
    this.#hint.textContent = isStretched
      ? `stretched: largest value ${amount}`
      : mask
        ? known
        : 'no ground truth';
    set(this.frame, {
      style: `--ratio:${width / height}`,
      'aria-label': `Prediction: ${count} pixels${score ? `, IoU ${score.iou.toFixed(2)}` : ''}. Arrow keys and Enter pick a pixel: which input pixels matter for it?`,
    });
    this.#mark(pixel);
    this.element.classList.toggle('ut-see-picked', matters !== null);
    if (matters) this.#paintMatters(matters, height, width, theme);
    else this.#paintChange(now, before, theme);
    const rows = score
      ? [
          h('p', {}, h('b', {}, String(score.missed)), ' missed'),
          h('p', {}, `of ${score.total} px`),
          h('p', {}, h('b', {}, String(score.wrong)), ' false'),
        ]
      : [h('p', {}, unknown)];
    update(this.#score, [
      h('p', { class: 'ut-see-iou-name', title: MEANS }, h('b', {}, 'IoU')),
      h('p', { class: 'ut-see-iou' }, score ? score.iou.toFixed(2) : '–'),
      ...rows,
    ]);
  }

  /** @param {Outcome} now @param {Outcome | null} before @param {'light' | 'dark'} theme */
  #paintChange(now, before, theme) {
    const [truth, change] = this.#small;
    const { height, width, mask, prediction } = now;
    update(truth.name, [h('b', {}, 'Ground truth')]);
    if (mask) {
      // Dark on a light page, light on a dark one.
      const shade = theme === 'light' ? mask.map((each) => 1 - each) : mask;
      drawMap(truth.canvas, shade, height, width, [0, 1], 'grey', theme);
    } else {
      const empty = new Uint8Array(height * width);
      drawChange(truth.canvas, empty, empty, height, width, theme);
    }
    set(truth.canvas, { 'aria-label': mask ? 'ground truth' : 'no ground truth' });
    const isComparable = before && before.height === height && before.width === width;
    const was = isComparable ? before.prediction : prediction;
    drawChange(change.canvas, was, prediction, height, width, theme);
    let [lost, gained] = [0, 0];
    prediction.forEach((each, i) => {
      if (each > was[i]) gained += 1;
      if (each < was[i]) lost += 1;
    });
    // The words have the colours of the pixels.
    const parts = [
      ...(lost ? [h('b', {}, `${short(lost)} lost`)] : []),
      ...(lost && gained ? [' '] : []),
      ...(gained ? [h('b', { class: 'ut-see-gained' }, `${short(gained)} new`)] : []),
    ];
    update(change.name, parts.length ? parts : ['Change ', h('b', {}, 'none')]);
    const counts = `change of the prediction: ${lost} pixels lost, ${gained} gained`;
    set(change.canvas, { 'aria-label': counts, title: `${counts} (green); grey ones stay` });
  }

  /** @param {{changes: Float32Array, name: string, count: number}[]} matters @param {number} height @param {number} width @param {'light' | 'dark'} theme */
  #paintMatters(matters, height, width, theme) {
    matters.forEach(({ changes, name, count }, i) => {
      const small = this.#small[i];
      small.name.replaceChildren(h('b', {}, name));
      drawChanges(small.canvas, changes, height, width, theme);
      set(small.canvas, {
        'aria-label': `${name}: ${count} input pixels make 90 % of the changes`,
      });
    });
  }
}
