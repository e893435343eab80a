/** The view of ProgressMap: lessons go down one arm of a U and up the other, a mark an exercise. */

import { h, s, set } from '../dom.js';
import { mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {'solved' | 'tried' | 'untouched'} State */
/** @typedef {{name: string, state: State, attempts: number, hints: number}} Exercise */
/** @typedef {{number: number, title: string, exercises: Exercise[]}} Lesson */

const STATES = /** @type {State[]} */ (['solved', 'tried', 'untouched']);
/** With fewer lessons there is no room between the arms. */
const FEWEST_HOLLOW = 7;
const SHORTEST = 8; // letters of a title, its number included
const UNBROKEN = 'U\u2011Net'; // a hyphen at which no line ends
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  Home: -Infinity,
  End: Infinity,
});

// ------------------------------------------------------------------------------------------ words

/** @param {number} count @param {string} thing */
const several = (count, thing) => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** @param {Lesson} lesson */
const solved = ({ exercises }) => exercises.filter(({ state }) => state === 'solved').length;

/** "halve: solved after 3 attempts, 1 hint". @param {Exercise} exercise */
export function sentence({ name, state, attempts, hints }) {
  const after = {
    solved: attempts ? ` after ${several(attempts, 'attempt')}` : '',
    tried: attempts ? `, ${several(attempts, 'attempt')}` : '',
    untouched: '',
  }[state];
  return `${name}: ${state}${after}${hints ? `, ${several(hints, 'hint')}` : ''}.`;
}

/** What to do next: the first exercise that is not solved. @param {Lesson[]} lessons */
export function next(lessons) {
  for (const { number, exercises } of lessons) {
    const open = exercises.find(({ state }) => state !== 'solved');
    if (open) return { number, sentence: `Next: ${open.name}, in lesson ${number}.` };
  }
  const some = lessons.some(({ exercises }) => exercises.length);
  return {
    number: null,
    sentence: some ? 'Every exercise is solved.' : 'There are no exercises yet.',
  };
}

// ----------------------------------------------------------------------------------------- drawing

/** Where the i-th of `count` lessons stands: the level it is on, and the arm. @param {number} i @param {number} count */
export function place(i, count) {
  const bottom = Math.floor(count / 2);
  return {
    level: Math.min(i, 2 * bottom - i),
    arm: i < bottom ? 'down' : i > bottom ? 'up' : 'bottom',
  };
}

/** A full disc with a tick, a half one, or a ring. @param {State} state */
function sign(state) {
  const inside = {
    solved: [s('path', { class: 'ut-tick', d: 'M6 12.5l4 4 8-8.5' })],
    tried: [s('path', { class: 'ut-half', d: 'M12 3a9 9 0 0 0 0 18z' })],
    untouched: [],
  };
  return s(
    'svg',
    { viewBox: '0 0 24 24', class: `ut-sign-${state}`, 'aria-hidden': 'true' },
    s('circle', { cx: 12, cy: 12, r: 9 }),
    ...inside[state],
  );
}

/** A line that ends at a point, with a tip there. @param {string} d @param {number} x @param {number} y @param {'down' | 'up' | 'right'} way */
function arrow(d, x, y, way) {
  const tip = { down: 'l-5 -8h10z', up: 'l-5 8h10z', right: 'l-8 -5v10z' }[way];
  return s(
    'g',
    {},
    s('path', { class: 'ut-u-arrow', d: `${d}L${x} ${y}` }),
    s('path', { class: 'ut-u-tip', d: `M${x} ${y}${tip}` }),
  );
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  /** @type {HTMLButtonElement[]} in the order of the lessons */
  let marks = [];
  /** The key of the mark that is described, and that Tab reaches. */
  let described = '';
  let usual = '';
  /** The name of the exercise that is described. @type {string | null} */
  let pointed = null;

  const score = h('b', { class: 'ut-score' });
  const rest = h('span');
  const status = h('p', { role: 'status' });
  const note = h('p', { class: 'ut-progress-note' });
  const list = h('ol', { class: 'ut-lessons' });
  const ways = s('svg', { class: 'ut-ways', 'aria-hidden': 'true' });
  const root = h('div', { class: 'ut ut-progress', role: 'group', 'aria-label': 'Progress' });
  const legend = h(
    'p',
    { class: 'ut-legend' },
    ...STATES.map((state) => h('span', {}, sign(state), state)),
  );
  const middle = h(
    'div',
    { class: 'ut-progress-middle' },
    h('p', { class: 'ut-result' }, score, ' ', rest),
    status,
    legend,
    presentButton(root, () => paint(), signal),
  );
  root.append(note, h('div', { class: 'ut-u' }, middle, ways, list));
  if (model.get('_has_files')) root.append(files(model, signal));

  function paint() {
    const lessons = readLessons(model);
    const all = lessons.flatMap(({ exercises }) => exercises).length;
    const coming = next(lessons);
    score.textContent = `${lessons.reduce((sum, lesson) => sum + solved(lesson), 0)} of ${all}`;
    rest.textContent = `exercise${all === 1 ? '' : 's'} solved`;
    note.textContent = String(model.get('note') ?? '');
    usual = coming.sentence;
    const isFocused = list.contains(document.activeElement);
    marks = [];
    list.replaceChildren(
      ...lessons.map((lesson, i) =>
        box(lesson, place(i, lessons.length), lesson.number === coming.number),
      ),
    );
    root.classList.toggle('ut-few', lessons.length < FEWEST_HOLLOW);
    const boxes = /** @type {HTMLElement[]} */ ([...list.children]);
    if (root.classList.contains('ut-present')) boxes.forEach(shorten);
    paintWays(boxes);
    const before = marks.find(({ dataset }) => dataset.key === described);
    (before ?? marks[0])?.setAttribute('tabindex', '0');
    if (isFocused) before?.focus({ preventScroll: true });
    tell(focused());
  }

  /** Leave out the end of a title of three lines or more on a whole screen. @param {HTMLElement} box */
  function shorten(box) {
    const title = box.querySelector('b');
    let rest = title?.textContent ?? '';
    while (title && rest.length > SHORTEST && box.scrollHeight > box.clientHeight + 1) {
      box.title ||= rest;
      rest = rest.slice(0, -1).trimEnd();
      title.textContent = `${rest}…`;
    }
  }

  /** Arrows from box to box, around a corner into the bottom one and out of it. @param {HTMLElement[]} boxes */
  function paintWays(boxes) {
    const paths = boxes.slice(1).map((box, i) => {
      const last = boxes[i];
      const [x, toX] = [last, box].map((each) => each.offsetLeft + each.offsetWidth / 2);
      const middle = box.offsetTop + box.offsetHeight / 2;
      const [end, lastEnd] = [box, last].map((each) => each.offsetTop + each.offsetHeight);
      if (box.dataset.arm === 'bottom')
        return arrow(`M${x} ${lastEnd}V${middle}`, box.offsetLeft, middle, 'right');
      if (last.dataset.arm === 'bottom')
        return arrow(
          `M${last.offsetLeft + last.offsetWidth} ${last.offsetTop + last.offsetHeight / 2}H${toX}`,
          toX,
          end,
          'up',
        );
      return box.dataset.arm === 'down'
        ? arrow(`M${(x + toX) / 2} ${lastEnd}`, (x + toX) / 2, box.offsetTop, 'down')
        : arrow(`M${(x + toX) / 2} ${last.offsetTop}`, (x + toX) / 2, end, 'up');
    });
    ways.replaceChildren(...paths);
  }

  /** @param {Lesson} lesson @param {ReturnType<typeof place>} where @param {boolean} isNext */
  function box(lesson, { level, arm }, isNext) {
    const { number, title, exercises } = lesson;
    const done = solved(lesson);
    const fate = !exercises.length ? 'empty' : done === exercises.length ? 'done' : 'open';
    const own = exercises.map((exercise) => {
      const label = sentence(exercise);
      const names = {
        'aria-label': label,
        'data-sentence': label,
        'data-key': `${number} ${exercise.name}`,
        'data-name': exercise.name,
      };
      return h(
        'button',
        { type: 'button', class: 'ut-exercise', tabindex: -1, ...names },
        sign(exercise.state),
      );
    });
    marks.push(...own);
    return h(
      'li',
      { class: 'ut-lesson', 'data-fate': fate, 'data-arm': arm, style: `--ut-level:${level}` },
      h(
        'div',
        { class: 'ut-standing' },
        h('b', {}, `${number} · ${title.replaceAll('U-Net', UNBROKEN)}`),
        ...(isNext ? [h('span', { class: 'ut-here' }, 'next')] : []),
      ),
      h(
        'div',
        { class: 'ut-marks' },
        ...own,
        h(
          'span',
          { class: 'ut-count' },
          exercises.length ? `${done} of ${exercises.length}` : 'no exercises yet',
        ),
      ),
    );
  }

  /** Say what a mark means; without one, what comes next. @param {HTMLButtonElement | null} mark */
  function tell(mark) {
    status.textContent = mark?.dataset.sentence ?? usual;
    const name = mark?.dataset.name ?? null;
    if (name !== pointed) {
      pointed = name;
      root.dispatchEvent(new CustomEvent('ut-fact'));
    }
    // Where the sentence may be far up the page, the box shows it as well.
    for (const box of list.children)
      set(box, { 'data-text': box.contains(mark) ? status.textContent : false });
  }

  const markOf = (/** @type {Event} */ { target }) =>
    /** @type {HTMLButtonElement | null} */ (
      /** @type {Element} */ (target).closest('.ut-exercise')
    );
  const focused = () => marks.find((mark) => mark === document.activeElement) ?? null;
  list.addEventListener(
    'focusin',
    (event) => {
      const mark = markOf(event);
      if (!mark) return;
      described = mark.dataset.key ?? '';
      marks.forEach((each) => {
        set(each, { tabindex: each === mark ? 0 : -1 });
      });
      tell(mark);
    },
    { signal },
  );
  list.addEventListener('focusout', () => tell(null), { signal });
  list.addEventListener('pointerover', (event) => tell(markOf(event) ?? focused()), { signal });
  list.addEventListener('pointerleave', () => tell(focused()), { signal });
  list.addEventListener('click', (event) => markOf(event)?.focus(), { signal }); // Safari gives buttons no focus
  list.addEventListener(
    'keydown',
    (event) => {
      const mark = markOf(event);
      const step = STEPS[event.key];
      if (!mark || !step) return;
      event.preventDefault();
      marks[Math.max(0, Math.min(marks.length - 1, marks.indexOf(mark) + step))].focus();
    },
    { signal },
  );

  /** What steps may ask for. @param {string} name */
  function fact(name) {
    if (name === 'exercise') return pointed;
    if (name !== 'solved') return undefined;
    return readLessons(model).reduce((sum, lesson) => sum + solved(lesson), 0);
  }

  return mount({ model, el, root, traits: ['lessons', 'note'], paint, ended, fact });
}

/** What a file may have at most, in bytes, as in `unet_teach/exercises/export_file.py`; an export has about 5,000. */
const LARGEST_FILE = 1_000_000;

/** Buttons that save progress to a file of this computer and load one. @param {Model} model @param {AbortSignal} signal */
function files(model, signal) {
  let number = 0;
  const says = h('span', { 'aria-live': 'polite' });
  const input = h('input', { type: 'file', accept: '.csv,.json', hidden: true });
  const saver = h('button', { type: 'button' }, 'save to a file');
  const loader = h('button', { type: 'button' }, 'load a file');
  /** @param {Record<string, unknown>} question */
  const ask = (question) => {
    number += 1;
    says.textContent = '…';
    model.set('_asked', { ...question, number });
    model.save_changes();
  };
  const answered = () => {
    const answer = model.get('_answer') ?? {};
    if (!number || answer.number !== number) return;
    says.textContent = String(answer.says ?? '');
    if (typeof answer.file !== 'string') return;
    const href = URL.createObjectURL(new Blob([answer.file], { type: 'text/csv' }));
    h('a', { href, download: 'unet_progress.csv' }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  };
  model.on('change:_answer', answered);
  signal.addEventListener('abort', () => model.off('change:_answer', answered));
  saver.addEventListener('click', () => ask({ do: 'export' }), { signal });
  loader.addEventListener('click', () => input.click(), { signal });
  input.addEventListener(
    'change',
    async () => {
      const file = input.files?.[0];
      input.value = '';
      if (!file) return;
      if (file.size > LARGEST_FILE)
        says.textContent = `${file.name} is too large for an export of this course. Nothing was changed.`;
      else ask({ do: 'load', name: file.name, text: await file.text() });
    },
    { signal },
  );
  return h('div', { class: 'ut-progress-files' }, saver, loader, input, says);
}

/** The lessons in the model; whatever has not their form is left out. @param {Model} model @returns {Lesson[]} */
function readLessons(model) {
  const list = (/** @type {unknown} */ value) =>
    Array.isArray(value) ? value.filter((each) => each && typeof each === 'object') : [];
  return list(model.get('lessons')).map(({ number, title, exercises }) => ({
    number: Number(number) || 0,
    title: String(title ?? ''),
    exercises: list(exercises).map(({ name, state, attempts, hints }) => ({
      name: String(name ?? ''),
      state: STATES.includes(state) ? state : 'untouched',
      attempts: Number(attempts) || 0,
      hints: Number(hints) || 0,
    })),
  }));
}

export default { render };
