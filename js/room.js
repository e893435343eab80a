/** The guesses of a room, on the whole screen: how many said what, and what each has to hear when the answer shows. */

import { h, set, withCode } from './dom.js';

/** @typedef {import('./shell.js').Model} Model */
/** @typedef {import('./answers.js').Guess} Guess */
/** @typedef {[guess: Guess, count: number]} Said */

export const MOST_GUESSES = 6; // different ones: so many rows fit a screen
const MOST_HANDS = 999;

/** What a room said; anything else in the model is left out. @param {unknown} sent @param {(guess: unknown) => Guess | undefined} read @returns {Said[]} */
export function readTally(sent, read) {
  if (!Array.isArray(sent)) return [];
  return sent.flatMap((pair) => {
    const [guess, count] = Array.isArray(pair) ? [read(pair[0]), pair[1]] : [];
    return guess !== undefined && Number.isInteger(count) && count > 0
      ? [/** @type {Said} */ ([guess, Math.min(count, MOST_HANDS)])]
      : [];
  });
}

/** The tally after one hand more or less for a guess; a guess that nobody holds is taken off. @param {Said[]} tally @param {Guess} guess @param {number} by @returns {Said[]} */
export function counted(tally, guess, by) {
  const isSame = (/** @type {Said} */ [said]) => String(said) === String(guess);
  const known = tally.some(isSame);
  /** @type {Said[]} */
  const next = known ? tally.map((said) => (isSame(said) ? [said[0], said[1] + by] : said)) : tally;
  const all = known ? next : [...tally, /** @type {Said} */ ([guess, by])];
  return all.flatMap(([said, count]) =>
    count > 0 ? [/** @type {Said} */ ([said, Math.min(count, MOST_HANDS)])] : [],
  );
}

export class Room {
  /**
   * @param {object} options
   * @param {Guess[]} options.choices   what can be picked; empty where guesses are typed
   * @param {(guess: Guess) => string} options.name
   * @param {(guess: Guess) => {isRight: boolean, sentence: string}} options.judge
   * @param {() => Said[]} options.tally
   * @param {(guess: Guess, by: number) => void} options.count
   * @param {AbortSignal} options.signal
   */
  constructor({ choices, name, judge, tally, count, signal }) {
    this.choices = choices;
    this.name = name;
    this.judge = judge;
    this.tally = tally;
    this.element = h('ul', { class: 'ut-room', 'aria-label': 'Guesses of the room' });
    this.element.addEventListener(
      'click',
      ({ target }) => {
        const button = /** @type {Element} */ (target).closest('button');
        if (!button) return;
        const row = Number(button.dataset.row);
        count(this.#rows()[row][0], Number(button.dataset.by));
        const again = `[data-row="${row}"][data-by="${button.dataset.by}"]`;
        /** @type {HTMLElement | null} */ (this.element.querySelector(again))?.focus();
      },
      { signal },
    );
  }

  /** A row for each guess: all choices, or what was typed. @returns {Said[]} */
  #rows() {
    const tally = this.tally();
    if (!this.choices.length) return tally;
    return this.choices.map((choice) => tally.find(([said]) => said === choice) ?? [choice, 0]);
  }

  /** @param {boolean} isShown   whether the answer shows */
  paint(isShown) {
    const rows = this.#rows();
    const most = Math.max(1, ...rows.map(([, count]) => count));
    const spare = this.choices.length ? 0 : Math.max(0, MOST_GUESSES - rows.length);
    this.element.replaceChildren(
      ...rows.map((row, i) => this.#row(row, i, most, isShown)),
      ...Array.from({ length: spare }, () =>
        h('li', { class: 'ut-room-spare', 'aria-hidden': 'true' }),
      ),
    );
  }

  /** @param {Said} said @param {number} i @param {number} most @param {boolean} isShown */
  #row([guess, count], i, most, isShown) {
    const named = this.name(guess);
    const { isRight, sentence } = this.judge(guess);
    const button = (/** @type {number} */ by) =>
      h(
        'button',
        {
          type: 'button',
          'data-row': i,
          'data-by': by,
          'aria-label': `${named}: one ${by < 0 ? 'less' : 'more'}`,
          disabled: by < 0 && !count,
        },
        by < 0 ? '−' : '+',
      );
    const bar = h('span', { class: 'ut-room-bar', 'aria-hidden': 'true' });
    set(bar, { style: `width:${(100 * count) / most}%` });
    return h(
      'li',
      { 'data-fate': !isShown ? 'open' : isRight ? 'right' : 'wrong' },
      h('b', { class: 'ut-room-guess' }, ...withCode(named)),
      h('span', { class: 'ut-room-count' }, button(-1), h('b', {}, String(count)), button(1)),
      h(
        'span',
        { class: 'ut-room-says' },
        ...(isShown
          ? [isRight ? '✓ ' : '✕ ', ...withCode(sentence || 'Right. The reason stands below.')]
          : [bar]),
      ),
    );
  }
}
