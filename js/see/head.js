/** The line above the picture: the headline, the networks on offer, and the way back from an opened level. */

import { h, set } from '../dom.js';

export class Head {
  #title = h('b', { class: 'ut-result' });
  #note = h('span', { class: 'ut-quiet' });
  #halves;

  /**
   * @param {object} options
   * @param {HTMLElement} options.networks
   * @param {HTMLElement} options.present   the button
   * @param {(part: string) => void} options.onHalf   the encoder or the decoder of the opened level
   * @param {() => void} options.onBack
   * @param {AbortSignal} options.signal
   */
  constructor({ networks, present, onHalf, onBack, signal }) {
    const halves = ['encoder', 'decoder'].map((part) => {
      const button = h('button', { type: 'button' }, part);
      button.addEventListener('click', () => onHalf(part), { signal });
      return button;
    });
    this.#halves = halves;
    const words = h('span', {}, ' to the U ', h('small', {}, 'Esc'));
    const back = h('button', { type: 'button' }, '← back', words);
    back.addEventListener('click', onBack, { signal });
    this.element = h(
      'div',
      { class: 'ut-head' },
      h('p', { class: 'ut-see-headline', role: 'status' }, this.#title, ' ', this.#note),
      h(
        'div',
        { class: 'ut-tools' },
        h('span', { class: 'ut-see-of-u' }, networks),
        h('span', { class: 'ut-see-of-level' }, ...halves, back),
        present,
      ),
    );
  }

  /** @param {string} title @param {string} [note]   without it, the one there stays */
  say(title, note) {
    this.#title.textContent = title;
    if (note === undefined) return;
    this.#note.textContent = note;
    this.#note.title = note; // where it does not fit
  }

  /** Which half of the opened level is shown. @param {string} place @param {boolean} hasDecoder */
  paintHalves(place, hasDecoder) {
    this.#halves[1].hidden = !hasDecoder;
    for (const button of this.#halves)
      set(button, { 'aria-pressed': String(place.startsWith(button.textContent ?? '')) });
  }
}
