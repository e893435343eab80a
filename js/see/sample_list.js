/** The images on offer below the painted one, and one that is drawn anew. */

import { h, set } from '../dom.js';
import { drawImage } from './drawing.js';

/** @typedef {import('./painting.js').Sample} Sample */

export class SampleList {
  element = h('div', { class: 'ut-see-samples', role: 'group', 'aria-label': 'Images' });
  /** @type {unknown} */
  #listed;

  /** @param {{onSample: (index: number) => void, onNew: () => void, signal: AbortSignal}} options */
  constructor({ onSample, onNew, signal }) {
    this.element.addEventListener(
      'click',
      ({ target }) => {
        const button = /** @type {Element} */ (target).closest('button');
        if (!button) return;
        if (button.dataset.sample) onSample(Number(button.dataset.sample));
        else onNew();
      },
      { signal },
    );
  }

  /** @param {Sample[]} samples @param {number} chosen   −1: none of them @param {boolean} canDraw   new ones */
  paint(samples, chosen, canDraw) {
    if (this.#listed !== samples) {
      this.#listed = samples;
      const buttons = samples.slice(0, 4).map(({ name, image, height, width }, i) => {
        const canvas = h('canvas', { 'aria-hidden': 'true' });
        drawImage(canvas, image, height, width);
        return h(
          'button',
          { type: 'button', 'data-sample': i, 'aria-label': name, title: name },
          canvas,
        );
      });
      const more = h(
        'button',
        { type: 'button', class: 'ut-see-new', title: 'A new image by the same rule' },
        'new',
      );
      this.element.replaceChildren(...buttons, ...(canDraw ? [more] : []));
    }
    [...this.element.children].forEach((button) => {
      const { sample } = /** @type {HTMLElement} */ (button).dataset;
      if (sample) set(button, { 'aria-pressed': String(Number(sample) === chosen) });
    });
  }
}
