/** A question with a guess that is locked before its answer shows. */

import { example, LONGEST, matches, readGuess, shownSize } from '../answers.js';
import { freshId, h, set, withCode } from '../dom.js';
import { isTyping, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../answers.js').Kind} Kind */
/** @typedef {import('../answers.js').Guess} Guess */
/** @typedef {import('../answers.js').Target} Target */

/**
 * What Python says once, when the widget is made.
 * @typedef {object} Task
 * @property {Kind} kind
 * @property {Target & {shown: string}} answer
 * @property {(Target & {sentence: string})[]} mistakes
 * @property {string} explain
 * @property {string[]} choices
 * @property {number[]} lengths   how many numbers a size may have
 */

/** Tells all questions of the page to show (`detail` true) or hide their answers. */
const SHOW_ALL = 'ut-predict-show';

// ----------------------------------------------------------------------------------------- drawing

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const task = readTask(model);
  const question = String(model.get('question') ?? '');

  let locked = lockedGuess();
  let shown = locked !== undefined;
  let refusal = '';

  const hint = h('span', { class: 'ut-hint', id: freshId() }, hintFor(task));
  const name = freshId();
  const radios = task.choices.map((_, i) => h('input', { type: 'radio', name, value: i }));
  const field = h('input', {
    type: 'text',
    id: freshId(),
    maxlength: LONGEST,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    enterkeyhint: 'done',
    inputmode: task.kind === 'int' ? 'numeric' : task.kind === 'float' ? 'decimal' : 'text',
    'aria-describedby': hint.id,
  });
  const lock = h('button', { type: 'submit', class: 'ut-lock' }, 'lock');
  const guessing = h(
    'fieldset',
    { class: 'ut-guess' },
    ...(radios.length
      ? [
          h('legend', {}, 'Your guess'),
          ...radios.map((radio, i) =>
            h('label', { class: 'ut-pick' }, radio, h('span', {}, ...withCode(task.choices[i]))),
          ),
          lock,
        ]
      : [h('label', { for: field.id }, 'Your guess'), field, lock, hint]),
  );
  const form = h('form', { novalidate: true }, guessing);
  const panel = h('div', { class: 'ut-outcome', role: 'status' });
  const reveal = h('button', {
    type: 'button',
    class: 'ut-reveal',
    title: 'In class: show or hide the answers of all questions on this page (r)',
  });
  const tools = h('span', { class: 'ut-tools' }, reveal);
  const root = h(
    'div',
    {
      class: 'ut ut-predict',
      role: 'group',
      tabindex: -1,
      'aria-label': `Predict: ${question.replaceAll('`', '')}`,
    },
    h('div', { class: 'ut-head' }, h('span', { class: 'ut-kind' }, 'Predict'), tools),
    h('p', { class: 'ut-question' }, ...withCode(question)),
    form,
    panel,
  );

  function paint() {
    const before = locked;
    locked = lockedGuess();
    if (locked !== undefined && before === undefined) shown = true;
    if (locked === undefined && before !== undefined) shown = false;

    const open = locked === undefined && !shown;
    // A disabled field loses the focus to the page, and the next key would be JupyterLab's.
    if (!open && guessing.contains(document.activeElement)) root.focus({ preventScroll: true });
    guessing.disabled = !open;
    if (locked !== undefined) {
      if (typeof locked === 'number' && radios.length) radios[locked].checked = true;
      else field.value = shownGuess(locked);
    }
    lock.textContent = locked === undefined ? 'lock' : 'locked';
    set(field, { 'aria-invalid': refusal ? 'true' : false });
    reveal.textContent = shown ? 'hide answers' : 'show answers';
    const lines = outcome(locked);
    panel.classList.toggle('ut-waits', !shown);
    if (panel.textContent !== lines.map(({ textContent }) => textContent).join(''))
      panel.replaceChildren(...lines);
    keepHeight();
  }

  /** The panel is as high as its longest outcome from the start: nothing below it ever jumps. */
  function keepHeight() {
    const ghost = /** @type {HTMLElement} */ (panel.cloneNode(false));
    ghost.removeAttribute('role');
    ghost.style.cssText = `position:absolute;visibility:hidden;min-height:0;width:${panel.offsetWidth}px`;
    root.append(ghost);
    const guesses = radios.length
      ? radios.map((_, i) => i)
      : [...task.mistakes.map(({ value }) => value), task.answer.value, 'another guess'];
    const heights = guesses.map((guess) => {
      ghost.replaceChildren(...answerTo(guess));
      return ghost.offsetHeight;
    });
    ghost.remove();
    panel.style.minHeight = `${Math.max(...heights)}px`;
  }

  /** What the panel says. @param {Guess | undefined} guess */
  function outcome(guess) {
    if (refusal) return [h('p', { class: 'ut-refusal' }, refusal)];
    if (shown) return answerTo(guess);
    if (guess === undefined)
      return [
        h(
          'p',
          {},
          'Lock a guess, and the answer shows here. A wrong one teaches as much as a right one.',
        ),
      ];
    return [h('p', {}, ...guessInWords(guess), 'It is locked; the answer is hidden (r shows it).')];
  }

  /** What was guessed. @param {Guess | undefined} guess */
  const guessInWords = (guess) =>
    guess === undefined ? [] : ['You said ', h('b', {}, ...withCode(shownGuess(guess))), '. '];

  /** @param {Guess | undefined} guess */
  function answerTo(guess) {
    const right = guess !== undefined && matches(guess, task.answer);
    const answer = h(
      'b',
      { class: 'ut-answer' },
      ...withCode(task.answer.shown),
      right ? ' ✓' : '',
    );
    const mistake =
      guess === undefined || right ? undefined : task.mistakes.find((one) => matches(guess, one));
    const comment =
      mistake?.sentence ??
      (guess === undefined || right
        ? ''
        : 'Now there is something to find out: where does the difference come from?');
    return [
      h(
        'p',
        { class: 'ut-verdict' },
        h('span', {}, ...guessInWords(guess)),
        h('span', {}, right ? 'And it is ' : 'It is ', answer),
      ),
      ...[comment, task.explain].filter(Boolean).map((text) => h('p', {}, ...withCode(text))),
    ];
  }

  /** What was locked; nonsense from elsewhere counts as nothing. @returns {Guess | undefined} */
  function lockedGuess() {
    const value = model.get('_locked');
    const { kind } = task;
    if (kind === 'choice')
      return Number.isInteger(value) && task.choices[value] !== undefined ? value : undefined;
    if (kind === 'text') return typeof value === 'string' && value.trim() ? value : undefined;
    if (kind === 'size')
      return Array.isArray(value) && value.length && value.every(Number.isInteger)
        ? value
        : undefined;
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  /** @param {Guess} guess */
  function shownGuess(guess) {
    if (task.kind === 'choice') return task.choices[Number(guess)] ?? '';
    return Array.isArray(guess) ? shownSize(guess) : String(guess);
  }

  form.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      if (locked !== undefined || shown) return;
      const picked = radios.findIndex((radio) => radio.checked);
      const pick =
        picked < 0
          ? { refusal: 'Choose one first. Any guess is worth more than none.' }
          : { guess: picked };
      const read = radios.length ? pick : readGuess(field.value, task);
      if ('refusal' in read) {
        refusal = read.refusal;
        paint();
        (radios[0] ?? field).focus();
        return;
      }
      refusal = '';
      shown = true;
      model.set('_locked', read.guess);
      model.save_changes();
      paint();
    },
    { signal },
  );

  form.addEventListener(
    'input',
    () => {
      if (!refusal) return;
      refusal = '';
      paint();
    },
    { signal },
  );

  const toggleAll = () => document.dispatchEvent(new CustomEvent(SHOW_ALL, { detail: !shown }));
  reveal.addEventListener('click', toggleAll, { signal });
  root.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'r' || event.ctrlKey || event.metaKey || event.altKey || event.repeat)
        return;
      // No number begins with r, so in an empty field for numbers it is the key.
      if (isTyping(event) && (task.kind === 'text' || field.value)) return;
      event.preventDefault();
      toggleAll();
    },
    { signal },
  );
  document.addEventListener(
    SHOW_ALL,
    (event) => {
      shown = /** @type {CustomEvent} */ (event).detail === true;
      refusal = '';
      paint();
    },
    { signal },
  );

  tools.append(presentButton(root, paint, signal));
  return mount({ model, el, root, traits: ['question', '_task', '_locked'], paint, ended });
}

/** @param {Task} task */
function hintFor(task) {
  const { kind } = task;
  if (kind === 'int') return 'a whole number';
  if (kind === 'float') return 'a number';
  if (kind === 'size') return `a size, such as ${example(task)}`;
  return 'a word or two';
}

/** The task; a page without a kernel may lack parts of it. @param {Model} model @returns {Task} */
function readTask(model) {
  const task = model.get('_task') ?? {};
  const list = (/** @type {unknown} */ value) => (Array.isArray(value) ? value : []);
  return {
    kind: ['int', 'float', 'size', 'choice'].includes(task.kind) ? task.kind : 'text',
    answer: { value: '', within: 0, shown: '', ...task.answer },
    mistakes: list(task.mistakes),
    explain: String(task.explain ?? ''),
    choices: list(task.choices).map(String),
    lengths: list(task.lengths).length ? task.lengths : [2],
  };
}

export default { render };
