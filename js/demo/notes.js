/**
 * The speaker's second window. It is an empty page that this page writes into: unlike a channel
 * between two pages, that also works where the demo was opened as a file.
 */

import { h } from '../dom.js';
import { inMinutes } from './clock.js';

/** @typedef {import('./deck.js').Deck} Deck */
/** @typedef {import('./clock.js').Clock} Clock */

const NAME = 'unet-demo-notes';
const LOST = 'The presentation was closed or loaded again. Press N there to connect this window.';
const BEATS = {
  widget: 'the widget',
  told: 'the answers',
  ask: 'the question',
  answer: 'the votes and the answer',
  criteria: 'the criteria',
};

export class Notes {
  /** @type {Window | null} */
  #window = null;

  /**
   * @param {object} options
   * @param {Deck} options.deck
   * @param {Clock} options.session
   * @param {() => string} options.timer     what the timer of the vote shows
   * @param {(by: 1 | -1) => void} options.onStep
   * @param {(event: KeyboardEvent) => void} options.onKey
   * @param {() => void} options.onClock     after the session's clock was stopped, started or reset
   */
  constructor(options) {
    this.options = options;
    addEventListener('pagehide', () => {
      if (this.isOpen) this.#body.replaceChildren(h('p', {}, LOST));
    });
  }

  get isOpen() {
    return Boolean(this.#window && !this.#window.closed);
  }

  get #body() {
    return /** @type {Window} */ (this.#window).document.body;
  }

  /** Open the window, or come back to it; false where the browser refuses. */
  open() {
    this.#window = open('', NAME, 'popup,width=960,height=680');
    // After a reload this page may not write into the window that it opened before.
    if (this.#window && !isOurs(this.#window)) {
      this.#window.close();
      this.#window = open('', `${NAME}-${Date.now()}`, 'popup,width=960,height=680');
    }
    if (!this.#window) return false;
    const { document: page } = this.#window;
    page.title = 'Speaker notes';
    page.documentElement.lang = 'en';
    const style = h('style', {}, document.querySelector('style')?.textContent ?? '');
    page.head.replaceChildren(h('title', {}, 'Speaker notes'), style);
    this.#body.className = 'd-notes';
    page.addEventListener('keydown', this.options.onKey);
    this.#build();
    this.paint();
    return true;
  }

  #build() {
    const { onStep, onClock, session } = this.options;
    /** @param {string} text @param {() => void} act */
    const button = (text, act) => {
      const node = h('button', { type: 'button' }, text);
      node.addEventListener('click', () => {
        act();
        node.blur();
        this.paint();
      });
      return node;
    };
    this.where = h('p', { class: 'd-where' });
    this.title = h('h1');
    this.list = h('ul');
    this.answer = h('p');
    this.next = h('p', { class: 'd-next' });
    this.elapsed = h('b', { class: 'd-elapsed' });
    this.plan = h('span');
    this.vote = h('span');
    this.clockButton = button('stop', () => {
      session.toggle();
      onClock();
    });
    const reset = button('set to 0', () => {
      session.reset();
      onClock();
    });
    const times = h('p', { class: 'd-times' }, this.elapsed, this.plan, this.vote);
    this.#body.replaceChildren(
      h(
        'main',
        {},
        times,
        this.where,
        this.title,
        this.list,
        this.answer,
        this.next,
        h(
          'p',
          {},
          button('‹ back', () => onStep(-1)),
          button('next ›', () => onStep(1)),
          this.clockButton,
          reset,
        ),
      ),
    );
  }

  /** Bring everything up to date; called at each beat. */
  paint() {
    if (!this.isOpen || !this.title) return;
    const { deck } = this.options;
    const { now, scenes, scene, beat } = deck;
    const { kind } = now.beats[beat];
    if (this.where)
      this.where.textContent = `Scene ${scene + 1} of ${scenes.length} · ${now.group} · ${now.minutes} min · shows ${BEATS[kind]} (${beat + 1} of ${now.beats.length})`;
    this.title.textContent = now.title;
    this.list?.replaceChildren(...now.notes.map((note) => h('li', {}, note)));
    const right = now.options[now.right]?.text;
    if (this.answer) this.answer.textContent = right ? `Right answer: ${right}` : '';
    const after = scenes[scene + 1]?.title ?? 'the end';
    const coming = now.beats[beat + 1];
    if (this.next)
      this.next.textContent = coming
        ? `Next: ${BEATS[coming.kind]}. Next scene: ${after}`
        : `Next: ${after}`;
    this.tick();
  }

  /** Bring the times up to date; called each second. */
  tick() {
    if (!this.isOpen || !this.elapsed) return;
    const { deck, session, timer } = this.options;
    this.elapsed.textContent = inMinutes(session.seconds);
    const { planned } = deck;
    const end = planned + deck.now.minutes;
    const late = Math.round(session.seconds / 60 - end);
    const word = late > 0 ? `${late} min late` : 'in time';
    if (this.plan) this.plan.textContent = `plan: minute ${planned} to ${end}, ${word}`;
    if (this.vote) this.vote.textContent = `vote: ${timer()}`;
    if (this.clockButton) this.clockButton.textContent = session.runs ? 'stop' : 'start';
  }
}

/** Whether this page may write into a window. @param {Window} window */
function isOurs(window) {
  try {
    return Boolean(window.document.body);
  } catch {
    return false;
  }
}
