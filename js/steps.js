/** The steps of a widget: one instruction at a time, ticked off as it is done. */

import { example, matches, readGuess } from './answers.js';
import { h, withCode } from './dom.js';

/** @typedef {import('./shell.js').Model} Model */
/** @typedef {import('./answers.js').Asked} Asked */
/** @typedef {import('./answers.js').Target} Target */
/** A state that is asked for: each value has to be set at the same time. @typedef {Record<string, unknown>} State */
/**
 * As `unet_teach/widgets/steps.py` sends it.
 * @typedef {object} Step
 * @property {string} text
 * @property {(Asked & {answer: Target}) | null} asked
 * @property {State[]} when   done when each was seen once
 * @property {string} explain
 */

const TRIES = 2; // after so many wrong answers the right one can be shown

/** Numbers, texts and pairs; 2 is equal to [2, 2]. @param {unknown} a @param {unknown} b */
function isSame(a, b) {
  const [one, two] = [a, b].map((value) =>
    Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value,
  );
  return JSON.stringify(one) === JSON.stringify(two);
}

/** The names in a step: those in backticks, and those in the state that it waits for. @param {Step} step */
function namesIn({ text, when }) {
  const quoted = [...text.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  return new Set([...quoted, ...when.flatMap(Object.keys)]);
}

export class StepStrip {
  /** The conditions of the present step that were met since it is shown. @type {Set<State>} */
  #seen = new Set();
  /** Steps whose explanation was asked for: reaching a state must not give the answer away. @type {Set<number>} */
  #told = new Set();
  /** Wrong answers to the present step. */
  #wrong = 0;
  /** The step that is on the page now. */
  #painted = -1;

  /**
   * @param {object} options
   * @param {Model} options.model
   * @param {HTMLElement} options.root    of the view: parameters that the step names are marked in it
   * @param {(name: string) => unknown} [options.fact]   what a state may ask for besides traits; undefined where it is none
   * @param {AbortSignal} options.signal
   */
  constructor({ model, root, fact = () => undefined, signal }) {
    this.model = model;
    this.root = root;
    this.fact = fact;
    this.signal = signal;
    const steps = model.get('steps');
    this.steps = /** @type {Step[]} */ (Array.isArray(steps) ? steps : []);
    this.dots = this.steps.map((_, i) =>
      this.#button('ut-dot', '', () => this.go(i), `step ${i + 1}`),
    );
    this.texts = this.steps.map((step, i) => {
      const number = h('b', {}, `Step ${i + 1} of ${this.steps.length}: `);
      const asks = h('span', { class: 'ut-step-asks' }, number, ...withCode(step.text));
      const explains = step.explain
        ? [h('span', { class: 'ut-step-explains' }, h('b', {}, '✓ '), ...withCode(step.explain))]
        : [];
      return h('p', { class: 'ut-step-text' }, asks, ...explains);
    });
    this.field = h('input', {
      type: 'text',
      class: 'ut-step-answer',
      placeholder: '? ↵',
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-label': 'your answer to this step',
    });
    this.sign = h('span', { class: 'ut-step-sign', role: 'status' });
    this.reveal = this.#button('ut-step-reveal', 'show', () => this.#show());
    this.form = h('form', { novalidate: true }, this.field, this.sign, this.reveal);
    this.back = this.#button('', '‹ prev', () => this.go(this.step - 1));
    this.next = this.#button('ut-step-next', 'next ›', () => this.#goOn());
    this.element = h(
      'div',
      { class: 'ut-steps', role: 'group', 'aria-label': 'Steps' },
      h('div', { class: 'ut-dots' }, ...this.dots),
      h('div', { class: 'ut-step-texts', 'aria-live': 'polite' }, ...this.texts),
      this.form,
      h('div', { class: 'ut-step-moves' }, this.back, this.next),
    );
    this.element.hidden = !this.steps.length;
    this.form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        this.#take();
      },
      { signal },
    );
    this.field.addEventListener('input', () => (this.sign.textContent = ''), { signal });
  }

  /** The step that is shown. */
  get step() {
    const step = Number(this.model.get('_step')) || 0;
    return Math.max(0, Math.min(this.steps.length - 1, Math.round(step)));
  }

  /** The steps that are done. @returns {number[]} */
  get ticked() {
    const ticked = this.model.get('_ticked');
    return Array.isArray(ticked) ? ticked : [];
  }

  /** Show another step; those that do not exist are ignored. @param {number} step */
  go(step) {
    if (step < 0 || step >= this.steps.length || step === this.step) return;
    this.#save({ _step: step });
  }

  /** Paint the step, after ticking it off if the widget is now in the state it asks for. */
  paint() {
    if (!this.steps.length) return;
    const { step } = this;
    const shown = this.steps[step];
    if (step !== this.#painted) {
      this.#painted = step;
      this.#seen.clear();
      this.#wrong = 0;
      this.field.value = this.sign.textContent = '';
    }
    for (const state of shown.when) if (this.#holds(state)) this.#seen.add(state);
    const isDone = this.ticked.includes(step);
    if (!isDone && !shown.asked && shown.when.length && this.#seen.size === shown.when.length) {
      this.#tick();
      return;
    }
    this.dots.forEach((dot, i) => {
      const done = this.ticked.includes(i);
      dot.textContent = done ? '✓' : String(i + 1);
      dot.classList.toggle('ut-done', done);
      dot.setAttribute(
        'aria-label',
        `step ${i + 1} of ${this.steps.length}${done ? ', done' : ''}`,
      );
      if (i === step) dot.setAttribute('aria-current', 'step');
      else dot.removeAttribute('aria-current');
    });
    this.texts.forEach((text, i) => {
      text.classList.toggle('ut-step-shown', i === step);
      text.classList.toggle('ut-step-told', this.#isTold(i));
    });
    this.#paintAnswer(shown, isDone);
    this.back.disabled = step === 0;
    const isLast = step === this.steps.length - 1;
    this.next.disabled = isLast && isDone && this.#isTold(step);
    this.next.textContent = isDone && !this.#isTold(step) ? 'answer ›' : isLast ? 'done' : 'next ›';
    this.next.classList.toggle('ut-ready', isDone && !this.next.disabled);
    const names = namesIn(shown);
    for (const node of this.root.querySelectorAll('[data-param]'))
      node.classList.toggle('ut-asked', names.has(node.getAttribute('data-param') ?? ''));
  }

  /** @param {Step} shown @param {boolean} isDone */
  #paintAnswer({ asked }, isDone) {
    this.form.classList.toggle('ut-unasked', !asked);
    if (!asked) return;
    if (isDone) {
      const { value } = asked.answer;
      if (!this.field.value)
        this.field.value = Array.isArray(value) ? value.join('×') : String(value);
      this.sign.textContent = '✓';
    }
    this.field.readOnly = isDone;
    this.field.inputMode = asked.kind === 'int' ? 'numeric' : 'text';
    const kind = asked.kind === 'size' ? `A size, such as ${example(asked)}. ` : '';
    this.field.title = `${kind}Enter checks it.`;
    this.reveal.classList.toggle('ut-offered', !isDone && this.#wrong >= TRIES);
    this.sign.classList.toggle('ut-wrong', !isDone);
  }

  /** Whether a step shows its explanation, if it has one. @param {number} i */
  #isTold(i) {
    const { asked, explain } = this.steps[i];
    return this.ticked.includes(i) && (!explain || Boolean(asked) || this.#told.has(i));
  }

  /** Whether the widget is in a state now. @param {State} state */
  #holds(state) {
    return Object.entries(state).every(([name, value]) => {
      const fact = this.fact(name); // null is a fact, too
      return isSame(fact === undefined ? this.model.get(name) : fact, value);
    });
  }

  #take() {
    const { asked } = this.steps[this.step];
    if (!asked || this.ticked.includes(this.step)) return;
    const read = readGuess(this.field.value, asked);
    if ('guess' in read && matches(read.guess, asked.answer)) {
      this.#tick();
      return;
    }
    if ('guess' in read) this.#wrong += 1;
    this.sign.textContent = 'guess' in read ? '✕ not yet' : read.refusal;
    this.#paintAnswer(this.steps[this.step], false);
  }

  #show() {
    this.field.value = '';
    this.#tick();
    this.field.focus();
  }

  #goOn() {
    const { step } = this;
    const { asked, when, explain } = this.steps[step];
    const isRead = !asked && !when.length && !this.ticked.includes(step);
    const ticked = isRead ? [...this.ticked, step] : this.ticked;
    const tells = ticked.includes(step) && explain && !asked && !this.#told.has(step);
    if (tells) this.#told.add(step);
    this.#save({
      _ticked: ticked,
      ...(!tells && step < this.steps.length - 1 ? { _step: step + 1 } : {}),
    });
    if (this.next.disabled) this.back.focus();
  }

  #tick() {
    this.#save({ _ticked: [...this.ticked, this.step] });
  }

  /** @param {Record<string, unknown>} changes */
  #save(changes) {
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.model.save_changes();
    this.paint();
  }

  /** @param {string} kind @param {string} text @param {() => void} onPress @param {string} [label] */
  #button(kind, text, onPress, label = '') {
    const button = h('button', { type: 'button', class: kind, 'aria-label': label || false }, text);
    button.addEventListener('click', onPress, { signal: this.signal });
    return button;
  }
}
