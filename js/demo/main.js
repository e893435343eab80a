/** The live demo: scenes that an instructor steps through, without a kernel and without a network. */

import { h } from '../dom.js';
import { isTyping } from '../shell.js';
import { Clock, inMinutes } from './clock.js';
import { Deck } from './deck.js';
import { Notes } from './notes.js';
import { overview } from './overview.js';
import { Poll } from './poll.js';
import { criteriaSlide, questionSlide } from './slide.js';
import { present, SHOW_ANSWERS } from './widget.js';

/** @typedef {import('./deck.js').Scene} Scene */
/** @typedef {import('./widget.js').View} View */

const { scenes, modules } = /** @type {{scenes: Scene[], modules: Record<string, string>}} */ (
  JSON.parse(document.getElementById('data')?.textContent ?? '')
);
/** @type {Record<string, View>} */
const views = {};
for (const [name, source] of Object.entries(modules)) {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  views[name] = (await import(url)).default;
}

const main = /** @type {HTMLElement} */ (document.querySelector('main'));
const deck = new Deck(scenes);
// What a reload keeps: the counts of each scene, and the session's clock.
const kept = history.state ?? {};
/** @type {number[][]} */
const hands = kept.hands ?? scenes.map(({ options }) => options.map(() => 0));
/** @type {Record<number, unknown>} guesses that the Predict widget of a scene counted */
const tallies = kept.tallies ?? {};
const session = new Clock(kept.session);
const vote = new Clock();

/** @type {Poll | null} */
let poll = null;
/** @type {(() => void) | null} */
let leave = null;
/** @type {HTMLElement | null} */
let grid = null;

// ------------------------------------------------------------------------------------ what is seen

const place = h('span', { class: 'd-place' });
const count = h('span', { class: 'd-total' });
const timer = h('button', { type: 'button', class: 'd-timer', title: 'Start, stop (T)' });
const restart = barButton('↺', 'set the timer back', () => {
  vote.reset();
  tick();
});
const bar = h(
  'nav',
  { class: 'd-foot', 'aria-label': 'Presentation' },
  place,
  count,
  timer,
  restart,
  barButton('‹', 'back (PageUp)', () => step(-1)),
  barButton('›', 'next (PageDown)', () => step(1)),
  barButton('?', 'all scenes and keys (O)', toggleOverview),
);
const black = h('div', { class: 'd-black' });
const progress = h('div', { class: 'd-progress', 'aria-hidden': 'true' });
const said = h('p', { class: 'd-hidden', role: 'status' });
black.hidden = true;
document.body.append(progress, said, black);
timer.addEventListener('click', toggleTimer);

const notes = new Notes({
  deck,
  session,
  timer: () => timer.textContent ?? '',
  onStep: step,
  onKey,
  onClock: keep,
});

/** @param {string} text @param {string} name @param {() => void} act */
function barButton(text, name, act) {
  const button = h('button', { type: 'button', 'aria-label': name, title: name }, text);
  button.addEventListener('click', act);
  return button;
}

function show() {
  leave?.();
  leave = poll = null;
  closeOverview();
  const { scene, now } = deck;
  const beat = now.beats[deck.beat];
  const isWidget = beat.kind === 'widget' || beat.kind === 'told';
  main.className = isWidget ? 'd-widget' : '';
  if (isWidget) showWidget();
  else if (beat.kind === 'criteria') main.replaceChildren(criteriaSlide(now, beat), bar);
  else {
    poll = new Poll(now, hands[scene], beat.kind === 'answer', counted);
    main.replaceChildren(questionSlide(now, beat, poll), bar);
  }
  if (beat.kind !== 'ask') vote.stop();
  counted();
  place.textContent = `${scene + 1} of ${scenes.length} · ${now.group}`;
  document.title = `${scene + 1} · ${now.title}`;
  said.textContent = `Scene ${scene + 1}, ${now.title}`;
  const steps = scenes.flatMap(({ beats }) => beats);
  progress.style.width = `${(100 * (steps.indexOf(beat) + 1)) / steps.length}%`;
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  main.dataset.shown = deck.address;
  notes.paint();
}

function showWidget() {
  const { scene, beat, now } = deck;
  // `told` shows the answers of the widget of the beat before it.
  const shownBeats = now.beats.slice(0, beat + 1).filter((each) => each.module);
  const { module = '', state = {} } = shownBeats.at(-1) ?? {};
  main.replaceChildren(h('h1', { class: 'd-hidden' }, now.title));
  const given = tallies[scene] ? { ...state, _tally: tallies[scene] } : state;
  const shown = present(views[module], given, main);
  leave = shown.leave;
  shown.model.on('change:_tally', () => {
    tallies[scene] = shown.model.get('_tally');
    keep();
  });
  if (now.beats[beat].kind === 'told')
    document.dispatchEvent(new CustomEvent(SHOW_ANSWERS, { detail: true }));
}

/** After a vote was counted. */
function counted() {
  count.textContent = poll?.total ? `${poll.total} hands` : '';
  bar.classList.toggle('d-voting', deck.now.beats[deck.beat].kind === 'ask');
  tick();
  keep();
}

function keep() {
  const state = { hands, tallies, session: session.kept };
  history.replaceState(state, '', deck.address);
}

function tick() {
  const left = deck.now.seconds - vote.seconds;
  const hasStarted = vote.seconds > 0;
  timer.textContent = `${inMinutes(left)} ${vote.runs && left > 0 ? '❚❚' : '▶'}`;
  const word = vote.runs ? 'stop' : hasStarted ? 'go on' : 'start';
  timer.setAttribute('aria-label', `timer ${inMinutes(left)}: ${word}`);
  timer.classList.toggle('d-over', hasStarted && left <= 0);
  notes.tick();
}

// --------------------------------------------------------------------------------- what can be done

/** @param {1 | -1} by */
function step(by) {
  if (by > 0) session.start();
  vote.reset();
  deck.step(by);
  show();
}

/** @param {number} scene */
function go(scene) {
  vote.reset();
  deck.go(scene);
  show();
}

function toggleTimer() {
  if (vote.seconds >= deck.now.seconds) vote.reset();
  else vote.toggle();
  tick();
}

function toggleOverview() {
  if (grid) {
    closeOverview();
    return;
  }
  grid = overview(deck, go);
  document.body.append(grid);
  main.inert = true;
  /** @type {HTMLElement | null} */ (grid.querySelector('[aria-current]'))?.focus();
}

function closeOverview() {
  grid?.remove();
  grid = null;
  main.inert = false;
}

/** @param {boolean} isOn */
function showBlack(isOn) {
  black.hidden = !isOn;
}

function toggleTheme() {
  const { body } = document;
  const isLight = body.dataset.jpThemeLight
    ? body.dataset.jpThemeLight === 'true'
    : !matchMedia('(prefers-color-scheme: dark)').matches;
  body.dataset.jpThemeLight = String(!isLight);
}

async function toggleFullscreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen?.().catch(() => {});
}

// --------------------------------------------------------------------------------------------- keys

/** Keys outside widgets and fields. @type {Record<string, () => void>} */
const COMMANDS = {
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  ' ': () => step(1),
  Enter: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  Backspace: () => step(-1),
  Home: () => go(0),
  End: () => go(scenes.length - 1),
  o: toggleOverview,
  '?': toggleOverview,
  n: () => {
    if (!notes.open()) said.textContent = 'The browser refused the window with the notes.';
  },
  t: toggleTimer,
  c: () => poll?.rows[0].field.focus(),
  f: toggleFullscreen,
  d: toggleTheme,
  '.': () => showBlack(true),
};

/** What a key is for in this place, if it is ours. @param {KeyboardEvent} event @returns {(() => void) | undefined} */
function commandFor(event) {
  const { key, code, shiftKey } = event;
  const target = /** @type {Element} */ (event.target);
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (!black.hidden) return () => showBlack(false);
  if (key === 'PageDown') return () => step(1);
  if (key === 'PageUp') return () => step(-1);
  if (key === 'Escape') {
    if (grid) return closeOverview;
    return () => /** @type {HTMLElement} */ (document.activeElement)?.blur();
  }
  const isField = isTyping(event);
  if (isField && key === 'Enter' && poll) return () => poll?.focusNext(target);
  if (isField) return undefined;
  if (name === 'b') return () => showBlack(true);
  if (target.closest?.('.ut')) return undefined;
  if (grid) return name === 'o' || key === '?' ? closeOverview : arrowsIn(grid, key);
  const [, digit] = /^(?:Digit|Numpad)([1-9])$/.exec(code) ?? [];
  if (digit && bar.classList.contains('d-voting'))
    return () => poll?.count(Number(digit) - 1, shiftKey ? -1 : 1);
  // A focused button is pressed with these.
  if ((key === ' ' || key === 'Enter') && target.closest?.('button')) return undefined;
  return COMMANDS[name];
}

/** Arrow keys move through the overview. @param {HTMLElement} all @param {string} key */
function arrowsIn(all, key) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (!by) return undefined;
  return () => {
    /** @type {HTMLElement[]} */
    const cells = [...all.querySelectorAll('button')];
    const at = cells.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    cells[Math.max(0, Math.min(cells.length - 1, at + by))].focus();
  };
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const command = commandFor(event);
  if (!command) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  command();
}

// Before the widgets: they would take the keys of a clicker, and leave present mode with Escape.
addEventListener('keydown', onKey, true);
addEventListener('fullscreenchange', (event) => event.stopPropagation(), true);
black.addEventListener('click', () => showBlack(false));
addEventListener('hashchange', () => {
  if (location.hash === deck.address) return;
  deck.read(location.hash);
  show();
});
setInterval(tick, 1000);

deck.read(location.hash);
show();
