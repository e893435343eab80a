/** A skip in the U: a wire with a switch, and what it carries. */

import { h, s, set } from '../dom.js';
import { LABEL_ROOM, SLIDER_ROOM } from './u_layout.js';

/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./u_layout.js').Box} Box */

const TIGHT = 100; // pixels of a wire: on a shorter one the switch makes room for the zero
const HOW = { on: 'on', cut: 'cut', blur: 'blurred', other: 'other image' };
/** @type {Record<string, Skip>} */
const CARRIES = { on: 1, cut: 0, blur: 'blur', other: 'other' };

/** A skip in a word: "on", "cut", "0.5", "blurred". @param {Skip} skip */
export const inWords = (skip) =>
  typeof skip === 'number' ? (skip === 1 ? 'on' : skip ? String(skip) : 'cut') : HOW[skip];

export class SkipSwitch {
  #wire = s('path', { class: 'ut-see-wire' });
  #arm = s('path', { class: 'ut-see-arm' });
  #button = h('button', { type: 'button', role: 'switch', class: 'ut-see-switch' });
  #how;
  #strength;

  /**
   * @param {object} options
   * @param {number} options.level
   * @param {string} options.name   of the level
   * @param {Box} options.from
   * @param {Box} options.to
   * @param {(level: number, skip: Skip, isSlid: boolean) => void} options.onSkip
   * @param {AbortSignal} options.signal
   */
  constructor({ level, name, from, to, onSkip, signal }) {
    this.level = level;
    this.name = name;
    const [left, width] = [from.left + from.side, to.left - from.left - from.side];
    this.width = width;
    this.poles = width < TIGHT ? [16, 40] : [width / 2 - 15, width / 2 + 15];
    const [near, far] = this.poles;
    this.zero = s(
      'g',
      { class: 'ut-see-zero' },
      s('path', { d: `M${far + 5} 16H${width - 28}` }),
      s('rect', { x: width - 26, y: 7, width: 18, height: 18 }),
      s('text', { x: width - 17, y: 21 }, '0'),
    );
    this.#button.append(
      h('b', {}, `skip ${name}`),
      s(
        'svg',
        { viewBox: `0 0 ${width} 32`, 'aria-hidden': 'true' },
        this.#wire,
        this.zero,
        this.#arm,
        s('circle', { class: 'ut-see-pole', cx: near, cy: 16, r: 4.5 }),
        s('circle', { class: 'ut-see-pole ut-see-far', cx: far, cy: 16, r: 4.5 }),
      ),
    );
    this.#how = h('select', {
      'aria-label': `skip ${name} carries`,
      title: 'what this skip carries',
      class: 'ut-see-how',
    });
    for (const [value, text] of Object.entries(HOW)) this.#how.append(h('option', { value }, text));
    this.#strength = h('input', {
      type: 'range',
      min: 0,
      max: 1,
      step: 0.05,
      'aria-label': `strength of skip ${name}`,
      title: 'what this skip is multiplied by',
    });
    const [button, how, strength] = [this.#button, this.#how, this.#strength];
    const isOn = () => button.getAttribute('aria-checked') === 'true';
    button.addEventListener('click', () => onSkip(level, isOn() ? 0 : 1, false), { signal });
    how.addEventListener('change', () => onSkip(level, CARRIES[how.value] ?? 1, false), { signal });
    strength.addEventListener('input', () => onSkip(level, strength.valueAsNumber, true), {
      signal,
    });
    this.element = h(
      'div',
      {
        class: [
          'ut-see-skip',
          to.side < SLIDER_ROOM && 'ut-see-low',
          to.side < LABEL_ROOM && 'ut-see-lower',
        ]
          .filter(Boolean)
          .join(' '),
        style: `--x:${left};--y:${to.top};--s:${to.side};--w:${width}`,
      },
      button,
      how,
      strength,
    );
  }

  /** @param {Skip} skip */
  paint(skip) {
    const {
      element,
      width,
      poles: [near, far],
    } = this;
    const isCut = skip === 0;
    const words = inWords(skip);
    element.classList.toggle('ut-see-cut', isCut);
    element.dataset.how = words;
    set(this.#arm, {
      d: isCut ? `M${near} 16L${far - 5} -2` : `M${near} 16H${far}`,
    });
    set(this.#wire, {
      d: isCut
        ? `M4 16H${near}`
        : `M4 16H${width - 6}M${width - 12} 9L${width - 4} 16L${width - 12} 23`,
    });
    set(this.zero, { visibility: isCut ? 'visible' : 'hidden' });
    set(this.#button, {
      'data-how': words,
      'aria-checked': String(!isCut),
      'aria-label': `skip ${this.name}, ${words}`,
    });
    const isPart = typeof skip === 'number' && skip > 0 && skip < 1;
    this.#how.options[0].textContent = isPart ? `on, ×${skip}` : 'on';
    this.#how.value = typeof skip === 'number' ? (isCut ? 'cut' : 'on') : skip;
    this.#strength.disabled = typeof skip !== 'number';
    this.#strength.value = String(typeof skip === 'number' ? skip : 1);
    this.#strength.style.setProperty('--share', this.#strength.value);
  }
}
