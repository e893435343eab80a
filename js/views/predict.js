/** A question with a guess that is locked before its answer shows. */

import { example, LONGEST, matches, readGuess, shownSize } from '../answers.js';
import { freshId, h, set, withCode } from '../dom.js';
import { counted, MOST_GUESSES, Room, readTally } from '../room.js';
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
 * @property {string} why
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

  const hint = h('span', { class: 'ut-guess-hint', id: freshId() }, hintFor(task));
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
    style: `--more:${task.kind === 'size' ? 5 * (Math.max(...task.lengths) - 2) : 0}`,
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
  const isPresented = () => root.classList.contains('ut-present');
  const room = new Room({
    choices: task.choices.map((_, i) => i),
    name: shownGuess,
    judge,
    tally: readRoom,
    count: countHand,
    signal,
  });
  const root = h(
    'div',
    {
      class: 'ut ut-predict',
      role: 'group',
      tabindex: -1,
      'aria-label': `Predict: ${question.replaceAll('`', '')}`,
    },
    h('div', { class: 'ut-head' }, h('p', { class: 'ut-question' }, ...withCode(question)), tools),
    form,
    room.element,
    panel,
  );

  function paint() {
    const before = locked;
    locked = lockedGuess();
    if (locked !== undefined && before === undefined) shown = true;
    if (locked === undefined && before !== undefined) shown = false;

    const open = !shown && (locked === undefined || isPresented());
    // A disabled field loses the focus to the page, and the next key would be JupyterLab's.
    if (!open && guessing.contains(document.activeElement)) root.focus({ preventScroll: true });
    guessing.disabled = !open;
    if (locked !== undefined && !isPresented()) {
      if (typeof locked === 'number' && radios.length) radios[locked].checked = true;
      else field.value = shownGuess(locked);
    }
    lock.textContent = isPresented() ? 'add' : locked === undefined ? 'lock' : 'locked';
    if (isPresented()) room.paint(shown);
    else room.element.replaceChildren();
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
    const heights = [waiting(), ...guesses.map(answerTo)].map((lines) => {
      ghost.replaceChildren(...lines);
      return ghost.offsetHeight;
    });
    ghost.remove();
    panel.style.minHeight = `${Math.max(...heights)}px`;
  }

  /** What the panel says. @param {Guess | undefined} guess */
  function outcome(guess) {
    if (refusal) return [h('p', { class: 'ut-refusal' }, refusal)];
    if (shown) return answerTo(isPresented() ? undefined : guess);
    if (isPresented()) return [h('p', {}, roomHint())];
    if (guess === undefined) return waiting();
    return [h('p', {}, ...guessInWords(guess), 'It is locked; the answer is hidden (r shows it).')];
  }

  /** What stands there before a guess. */
  const waiting = () => [
    h(
      'p',
      {},
      'Lock a guess with Enter, and the answer shows here. A wrong guess teaches as much as a right one.',
    ),
  ];

  /** How guesses are collected. */
  function roomHint() {
    const add = task.choices.length
      ? 'Count hands with + or the keys 1 to 9.'
      : 'Type a guess and press Enter; + counts another hand.';
    return `${add} r shows the answer.`;
  }

  /** What was guessed. @param {Guess | undefined} guess */
  const guessInWords = (guess) =>
    guess === undefined ? [] : ['You said ', h('b', {}, ...withCode(shownGuess(guess))), '. '];

  /** Whether a guess is right, and the sentence that it gets. @param {Guess} guess */
  function judge(guess) {
    const isRight = matches(guess, task.answer);
    const mistake = isRight ? undefined : task.mistakes.find((one) => matches(guess, one));
    const usual = !isRight
      ? 'Now there is something to find out: where does the difference come from?'
      : task.explain
        ? ''
        : 'Say in one sentence why, to be sure that it was more than luck.';
    const reason = isRight ? task.why : mistake?.sentence;
    return { isRight, sentence: reason || usual };
  }

  /** @param {Guess | undefined} guess */
  function answerTo(guess) {
    const judged = guess === undefined ? { isRight: false, sentence: '' } : judge(guess);
    const answer = h(
      'b',
      { class: 'ut-answer' },
      ...withCode(task.answer.shown),
      judged.isRight ? ' ✓' : '',
    );
    const texts = new Set([judged.sentence, task.why, task.explain]);
    return [
      h(
        'p',
        { class: 'ut-verdict' },
        h('span', {}, ...guessInWords(guess)),
        h('span', {}, judged.isRight ? 'And it is ' : 'It is ', answer),
      ),
      ...[...texts].filter(Boolean).map((text) => h('p', {}, ...withCode(text))),
    ];
  }

  /** What was locked. */
  function lockedGuess() {
    return readBack(model.get('_locked'));
  }

  /** What the room said so far. */
  function readRoom() {
    return readTally(model.get('_tally'), readBack);
  }

  /** @param {Guess} guess @param {number} by */
  function countHand(guess, by) {
    model.set('_tally', counted(readRoom(), guess, by));
    model.save_changes();
    paint();
  }

  /** A guess from the model; nonsense from elsewhere counts as nothing. @param {any} value @returns {Guess | undefined} */
  function readBack(value) {
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
      if (shown || (locked !== undefined && !isPresented())) return;
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
      if (isPresented()) {
        takeGuess(read.guess);
        return;
      }
      shown = true;
      model.set('_locked', read.guess);
      model.save_changes();
      paint();
    },
    { signal },
  );

  /** Put a guess of the room on the board. @param {Guess} guess */
  function takeGuess(guess) {
    const tally = readRoom();
    const isNew = !tally.some(([said]) => String(said) === String(guess));
    if (isNew && tally.length >= MOST_GUESSES) {
      refusal = `There is room for ${MOST_GUESSES} different guesses. Add a hand to one of them, or take one off.`;
      paint();
      return;
    }
    field.value = '';
    countHand(guess, 1);
    field.focus();
  }

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
      const pick = Number(event.key) - 1;
      if (isPresented() && !shown && !isTyping(event) && task.choices[pick] !== undefined)
        countHand(pick, 1);
      if (event.key !== 'r' || event.ctrlKey || event.metaKey || event.altKey || event.repeat)
        return;
      // No number begins with r, so in an empty field for numbers it is the key.
      const isWord = event.target !== field || task.kind === 'text' || field.value;
      if (isTyping(event) && isWord) return;
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

  /** What steps may ask for. @param {string} name */
  function fact(name) {
    const guess = lockedGuess();
    if (name === 'correct') return guess === undefined ? null : matches(guess, task.answer);
    if (name !== 'guess') return undefined;
    if (guess === undefined) return null;
    return task.kind === 'choice' ? task.choices[Number(guess)] : guess;
  }

  tools.append(presentButton(root, paint, signal));
  return mount({
    model,
    el,
    root,
    traits: ['question', '_task', '_locked', '_tally'],
    paint,
    ended,
    fact,
  });
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
    why: String(task.why ?? ''),
    explain: String(task.explain ?? ''),
    choices: list(task.choices).map(String),
    lengths: list(task.lengths).length ? task.lengths : [2],
  };
}

export default { render };
