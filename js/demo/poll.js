/** A vote by show of hands: counts are entered while it runs, and bars show when it is over. */

import { h, withCode } from '../dom.js';

/** @typedef {import('./deck.js').Scene} Scene */

export const MOST_HANDS = 999;

/** A count as it is kept. @param {number} count */
const kept = (count) => Math.max(0, Math.min(MOST_HANDS, Math.round(count) || 0));

export class Poll {
  /**
   * @param {Scene} scene
   * @param {number[]} hands             counts by option; changed in place
   * @param {boolean} isOver             whether bars and answer show
   * @param {() => void} onCount         after each change
   */
  constructor({ options, right }, hands, isOver, onCount) {
    this.hands = hands;
    this.onCount = onCount;
    this.rows = options.map(({ text, says }, i) => {
      const field = h('input', {
        type: 'number',
        min: 0,
        max: MOST_HANDS,
        'aria-label': `hands for option ${i + 1}`,
        readonly: isOver,
      });
      const bar = h('span', { class: 'd-bar', 'aria-hidden': 'true' }, h('span'));
      const share = h('span', { class: 'd-share' });
      field.addEventListener('input', () => this.#put(i, field.valueAsNumber));
      field.addEventListener('focus', () => field.select());
      const sign = isOver ? (i === right ? '✓' : '✕') : String(i + 1);
      const row = h(
        'li',
        { 'data-fate': isOver ? (i === right ? 'right' : 'wrong') : 'open' },
        h('span', { class: 'd-sign', 'aria-hidden': 'true' }, sign),
        h('span', { class: 'd-option' }, ...withCode(text)),
        h(
          'span',
          { class: 'd-count' },
          this.#button(i, -1, isOver),
          field,
          this.#button(i, 1, isOver),
        ),
        bar,
        share,
        h('span', { class: 'd-says' }, ...(isOver ? withCode(says) : [])),
      );
      if (isOver)
        row.prepend(h('span', { class: 'd-hidden' }, i === right ? 'Right: ' : 'Wrong: '));
      return { row, field, fill: /** @type {HTMLElement} */ (bar.firstChild), share };
    });
    const isUncounted = isOver && !this.total ? ' d-uncounted' : '';
    this.element = h(
      'ol',
      { class: `d-options${isUncounted}` },
      ...this.rows.map(({ row }) => row),
    );
    this.paint();
  }

  get total() {
    return this.hands.reduce((sum, count) => sum + count, 0);
  }

  /** One hand more or less for an option. @param {number} i @param {number} by */
  count(i, by) {
    if (this.hands[i] !== undefined) this.#put(i, this.hands[i] + by);
  }

  /** Go to the count after this element's, or to the first. @param {Element | null} [from] */
  focusNext(from) {
    const at = this.rows.findIndex(({ field }) => field === from);
    const next = this.rows[at + 1];
    if (next) next.field.focus();
    else this.rows[at]?.field.blur();
  }

  /** @param {number} i @param {number} count */
  #put(i, count) {
    this.hands[i] = kept(count);
    this.paint();
    this.onCount();
  }

  paint() {
    const most = Math.max(1, ...this.hands);
    this.rows.forEach(({ field, fill, share }, i) => {
      const count = this.hands[i];
      // While somebody types, an empty field stays empty.
      if (field.ownerDocument.activeElement !== field || field.valueAsNumber > MOST_HANDS)
        field.value = String(count);
      fill.style.width = `${(100 * count) / most}%`;
      share.textContent = this.total ? `${Math.round((100 * count) / this.total)} %` : '';
    });
  }

  /** @param {number} i @param {number} by @param {boolean} isOver */
  #button(i, by, isOver) {
    const name = `option ${i + 1}: one hand ${by < 0 ? 'less' : 'more'}`;
    const button = h(
      'button',
      { type: 'button', 'aria-label': name, disabled: isOver },
      by < 0 ? '−' : '+',
    );
    button.addEventListener('click', () => this.count(i, by));
    return button;
  }
}
