/** The strip below: the tour's caption, its evidence, and the keys that play it. */

import { h, set } from '../dom.js';
import { STANDS, TOUR } from './tour.js';

/** @typedef {import('./tour.js').Caption} Caption */

export class TourStrip {
  #timer = 0;
  #lead = h('b');
  #text = h('span');
  #evidence = h('p', { class: 'ut-see-evidence' });
  #count = h('b');
  #says = h('span');
  #bars = TOUR.map(() => h('i'));

  /** @param {{onCaption: (index: number) => void, at: () => number, signal: AbortSignal}} options   captions count from 0 */
  constructor({ onCaption, at, signal }) {
    this.onCaption = onCaption;
    this.at = at;
    this.play = h('button', { type: 'button', class: 'ut-see-play' });
    this.play.addEventListener('click', () => this.toggle(), { signal });
    const walk = (
      /** @type {number} */ by,
      /** @type {string} */ name,
      /** @type {string} */ sign,
    ) => {
      const button = h('button', { type: 'button', 'aria-label': name }, sign);
      button.addEventListener('click', () => this.step(by), { signal });
      return button;
    };
    this.#evidence.append(h('span', { class: 'ut-see-count' }, this.#count, ' · '), this.#says);
    this.element = h(
      'section',
      { class: 'ut-see-tour', 'aria-label': 'Tour' },
      this.play,
      h(
        'div',
        { class: 'ut-see-caption', 'aria-live': 'polite' },
        h('p', { class: 'ut-see-lead' }, this.#lead, ' ', this.#text),
        this.#evidence,
      ),
      h(
        'div',
        { class: 'ut-see-walk' },
        walk(-1, 'previous caption', '‹'),
        walk(1, 'next caption', '›'),
      ),
      h('div', { class: 'ut-see-bars', 'aria-hidden': 'true' }, ...this.#bars),
    );
    this.element.addEventListener(
      'keydown',
      (event) => {
        const by = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 })[
          event.key
        ];
        if (!by) return;
        event.preventDefault();
        this.step(by);
      },
      { signal },
    );
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
    this.#paintPlay();
  }

  get isPlaying() {
    return this.#timer !== 0;
  }

  /** What the strip is for: the tour of the course's networks; of others, only the hint of its end. @param {'tour' | 'hint' | 'none'} what */
  show(what) {
    set(this.element, { 'data-shows': what });
    this.element.hidden = what === 'none';
  }

  /** Play from here, or pause. From the last caption it begins anew. */
  toggle() {
    if (this.element.dataset.shows !== 'tour') return;
    if (this.isPlaying) return this.pause();
    this.#next(this.at() >= TOUR.length - 1 ? 0 : this.at());
  }

  pause() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#paintPlay();
  }

  /** @param {number} by */
  step(by) {
    this.pause();
    if (this.element.dataset.shows !== 'tour') return;
    this.onCaption(Math.max(0, Math.min(TOUR.length - 1, this.at() + by)));
  }

  /** @param {number} index */
  #next(index) {
    this.onCaption(index);
    if (index >= TOUR.length - 1) return this.pause();
    this.#timer = window.setTimeout(() => this.#next(index + 1), 1000 * STANDS);
    this.#paintPlay();
  }

  #paintPlay() {
    set(this.play, {
      'aria-label': this.isPlaying ? 'pause the tour' : 'play the tour',
      'data-playing': String(this.isPlaying),
    });
    set(this.element, { 'data-playing': String(this.isPlaying) });
  }

  /** @param {Caption} caption */
  paint({ lead, text, evidence }) {
    const at = this.at();
    set(this.element, { 'data-waits': String(at < TOUR.length - 1) });
    this.#lead.textContent = lead;
    this.#text.textContent = text;
    this.#count.textContent = `${at + 1} of ${TOUR.length}`;
    this.#says.textContent = evidence;
    this.#bars.forEach((bar, i) => {
      set(bar, { 'data-fate': i < at ? 'done' : i > at ? 'open' : 'now' });
    });
  }
}
