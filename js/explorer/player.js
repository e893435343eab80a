/** The walk over all cells: its two buttons, and the clock behind them. */

import { h } from '../dom.js';

const STEP = 600; // milliseconds from cell to cell
const SPEEDS = [0.5, 1, 2, 4];

export class Player {
  /** @type {number | undefined} */
  #timer;
  #speed = 1;
  /** Where motion is unwanted, nothing moves before somebody presses play. */
  #isAllowed = !matchMedia('(prefers-reduced-motion: reduce)').matches;

  /**
   * @param {object} options
   * @param {(direction: 1 | -1) => void} options.step
   * @param {() => unknown} options.isPlaying   what the model says
   * @param {(changes: {playing: boolean}) => void} options.save
   * @param {AbortSignal} options.signal
   */
  constructor({ step, isPlaying, save, signal }) {
    this.step = step;
    this.isPlaying = isPlaying;
    this.save = save;
    this.icon = h('span', { 'aria-hidden': 'true' });
    this.word = h('span', { class: 'ut-play-word' });
    this.play = h(
      'button',
      { type: 'button', class: 'ut-play', title: 'Walk over all cells (space); one step: . and ,' },
      this.icon,
      ' ',
      this.word,
    );
    this.speed = h('button', {
      type: 'button',
      class: 'ut-speed',
      title: 'Faster, then slow again',
    });
    this.play.addEventListener('click', () => this.toggle(), { signal });
    this.speed.addEventListener('click', () => this.#faster(), { signal });
    signal.addEventListener('abort', () => clearInterval(this.#timer));
    this.#show();
  }

  /** Whether it moves now. */
  get isOn() {
    return this.#timer !== undefined;
  }

  toggle() {
    this.#isAllowed = true;
    const on = !this.isOn;
    if (Boolean(this.isPlaying()) === on) this.#set(on);
    this.save({ playing: on });
  }

  /** Do what the model says. */
  follow() {
    const on = Boolean(this.isPlaying()) && this.#isAllowed;
    if (on !== this.isOn) this.#set(on);
  }

  #faster() {
    this.#speed = SPEEDS[(SPEEDS.indexOf(this.#speed) + 1) % SPEEDS.length];
    this.#set(this.isOn);
  }

  /** @param {boolean} on */
  #set(on) {
    clearInterval(this.#timer);
    this.#timer = on ? window.setInterval(() => this.step(1), STEP / this.#speed) : undefined;
    this.#show();
  }

  #show() {
    this.icon.textContent = this.isOn ? '❚❚' : '▶';
    this.word.textContent = this.isOn ? 'pause' : 'play';
    this.speed.textContent = `speed ${this.#speed}×`;
  }
}
