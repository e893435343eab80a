/** What a ledger is set with: height, width and depth, menus, the repairs. */

import { freshId, h, s } from './dom.js';
import { CHOICES, LIMITS, nearest, nearestDepths } from './ledger.js';
import { drawIcon } from './ledger_corner.js';
import { effect, TITLES } from './ledger_words.js';
import { clamp } from './shell.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Cost} Cost */
/** @typedef {keyof typeof LIMITS} SizeName */
/** @typedef {(name: string, value: unknown) => void} Save */

/** Where there is little room. @type {Record<string, string>} */
const SHORT = { pad_input: 'pad input', crop: 'crop', pad: 'pad', resize: 'resize' };

/**
 * A whole number that is typed, or moved by arrow keys. While it is being typed it may be too small
 * for a moment; what is left at the end counts.
 * @param {SizeName} name @param {(value: number) => void} onInput @param {AbortSignal} signal
 */
function typedNumber(name, onInput, signal) {
  const [min, max] = LIMITS[name];
  const input = h('input', { type: 'number', min, max, step: 1, 'aria-label': name });
  let shown = /** @type {number} */ (min);
  input.addEventListener(
    'input',
    () => {
      if (Number.isInteger(input.valueAsNumber) && input.validity.valid)
        onInput(input.valueAsNumber);
    },
    { signal },
  );
  input.addEventListener(
    'change',
    () => {
      if (Number.isFinite(input.valueAsNumber))
        onInput(clamp(Math.round(input.valueAsNumber), min, max));
      input.value = String(shown);
    },
    { signal },
  );
  return {
    input,
    /** @param {number} value */
    show(value) {
      shown = value;
      if (input.valueAsNumber !== value) input.value = String(value);
    },
  };
}

/**
 * Height, width or depth: typed, slid, or set to the nearest value that fits.
 * @param {'height' | 'width' | 'depth'} name @param {Save} save @param {AbortSignal} signal
 */
export function sizeRow(name, save, signal) {
  const [min, max] = LIMITS[name];
  const take = (/** @type {number} */ value) => save(name, value);
  const typed = typedNumber(name, take, signal);
  const slid = h('input', { type: 'range', min, max, step: 1, 'aria-label': name });
  slid.addEventListener('input', () => take(slid.valueAsNumber), { signal });
  const sign = h('span', { class: 'ut-sign' });
  /** @type {(number | null)[]} */
  let targets = [];
  const [less, more] = [0, 1].map((i) => {
    const button = h('button', { type: 'button' });
    button.addEventListener('click', () => targets[i] !== null && take(Number(targets[i])), {
      signal,
    });
    return button;
  });
  return {
    row: h(
      'div',
      { class: 'ut-ledger-row', 'data-param': name },
      h('span', { class: 'ut-ledger-name' }, `${name} `, sign),
      typed.input,
      less,
      slid,
      more,
    ),
    /** @param {Options} o @param {Ledger} result */
    show(o, result) {
      const value = o[name];
      typed.show(value);
      if (slid.valueAsNumber !== value) slid.value = String(value);
      if (name === 'depth') targets = nearestDepths(o);
      else {
        targets = [
          value > min ? nearest(value - 1, o)[0] : null,
          value < max ? nearest(value + 1, o)[1] : null,
        ];
        const isWrong = result.wrong.includes(name);
        const fits = result.nearest[name][0] === value;
        sign.textContent = isWrong ? '✕' : fits ? '✓' : '';
        sign.className = `ut-sign ${isWrong ? 'ut-wrong' : 'ut-fits'}`;
        slid.setAttribute('aria-invalid', String(isWrong));
        typed.input.setAttribute('aria-invalid', String(isWrong));
      }
      [less, more].forEach((button, i) => {
        const target = targets[i];
        button.textContent = target === null ? '–' : String(target);
        button.setAttribute(
          'aria-label',
          target === null
            ? `no ${i ? 'larger' : 'smaller'} ${name} fits`
            : `${name} ${target} fits`,
        );
        button.setAttribute('aria-disabled', String(target === null));
      });
    },
  };
}

/**
 * Height, width or depth in the headline: the number itself, with two buttons.
 * @param {'height' | 'width' | 'depth'} name @param {Save} save @param {AbortSignal} signal
 */
export function dial(name, save, signal) {
  const [min, max] = LIMITS[name];
  const typed = typedNumber(name, (value) => save(name, value), signal);
  let shown = /** @type {number} */ (min);
  const steps = [1, -1].map((by) => {
    const button = h(
      'button',
      { type: 'button', 'aria-label': `${name} ${by < 0 ? 'less' : 'more'}` },
      by < 0 ? '▾' : '▴',
    );
    button.addEventListener('click', () => save(name, clamp(shown + by, min, max)), { signal });
    return button;
  });
  return {
    node: h(
      'span',
      { class: `ut-dial ut-dial-${name}` },
      typed.input,
      h('span', { class: 'ut-dial-steps' }, ...steps),
    ),
    /** @param {Options} o */
    show(o) {
      shown = o[name];
      typed.show(shown);
      steps[0].disabled = shown >= max;
      steps[1].disabled = shown <= min;
    },
  };
}

/** @param {'down' | 'up' | 'padding'} name @param {Save} save @param {AbortSignal} signal */
function menu(name, save, signal) {
  const options = CHOICES[name].map((value) => h('option', { value }, value));
  const select = h('select', { 'data-param': name, 'aria-label': name, title: name }, ...options);
  select.addEventListener('change', () => save(name, select.value), { signal });
  // A letter chooses an option here; it is no shortcut.
  select.addEventListener(
    'keydown',
    (event) => {
      if (event.key.length === 1) event.stopPropagation();
    },
    { signal },
  );
  return { select, show: (/** @type {Options} */ o) => (select.value = o[name]) };
}

/** The layers, and behind "···" the rest. @param {Save} save @param {AbortSignal} signal */
export function menus(save, signal) {
  const names = /** @type {const} */ (['base_channels', 'in_channels', 'out_channels']);
  const numbers = names.map((name) => typedNumber(name, (value) => save(name, value), signal));
  const [down, up, padding] = /** @type {const} */ (['down', 'up', 'padding']).map((name) =>
    menu(name, save, signal),
  );
  const norm = h('input', { type: 'checkbox', 'aria-label': 'norm' });
  norm.addEventListener('change', () => save('norm', norm.checked), { signal });
  const field = (/** @type {string} */ name, /** @type {Node} */ node) =>
    h('label', { 'data-param': name }, name, node);
  const rest = h(
    'details',
    { class: 'ut-ledger-rest' },
    h('summary', { 'aria-label': 'more options', title: 'more options' }, '···'),
    h(
      'div',
      {},
      h('label', {}, 'padding', padding.select),
      ...names.map((name, i) => field(name, numbers[i].input)),
      field('norm', norm),
    ),
  );
  const close = (/** @type {Event} */ event) => {
    if (!rest.contains(/** @type {Node} */ (event.target))) rest.open = false;
  };
  document.addEventListener('pointerdown', close, { signal });
  rest.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !rest.open) return;
      event.stopPropagation();
      rest.open = false;
      rest.querySelector('summary')?.focus();
    },
    { signal },
  );
  return {
    row: h('div', { class: 'ut-ledger-menus' }, down.select, up.select, rest),
    /** @param {Options} o */
    show(o) {
      for (const each of [down, up, padding]) each.show(o);
      names.forEach((name, i) => {
        numbers[i].show(o[name]);
      });
      norm.checked = o.norm;
    },
  };
}

/** The repairs, each as a corner and with what it does to these sizes. @param {Save} save @param {AbortSignal} signal */
export function repairs(save, signal) {
  const group = freshId();
  const cards = CHOICES.repair.map((repair) => {
    const id = freshId();
    const does = h('span', { class: 'ut-effect', id });
    const title = h('b', {}, TITLES[repair]);
    const icon = s('svg', { viewBox: '0 0 36 36', 'aria-hidden': 'true' });
    const radio = h('input', { type: 'radio', name: group, value: repair });
    if (repair !== 'none') radio.setAttribute('aria-describedby', id);
    radio.addEventListener('change', () => save('repair', repair), { signal });
    const parts = repair === 'none' ? [title] : [icon, title, does];
    const card = h('label', { class: 'ut-card', 'data-repair': repair }, radio, ...parts);
    return { repair, radio, title, does, icon, card };
  });
  let drawn = '';
  return {
    group: h(
      'fieldset',
      { class: 'ut-ledger-repairs', 'data-param': 'repair' },
      h('legend', {}, 'Repair'),
      ...cards.map(({ card }) => card),
    ),
    /** @param {Options} o @param {Cost[]} prices @param {Level | null} wrong the level of the mismatch without a repair @param {boolean} isShort */
    show(o, prices, wrong, isShort) {
      const corner = `${o.down} ${o.up} ${wrong ? [wrong.encoder, wrong.arrives].join() : ''}`;
      cards.forEach(({ repair, radio, title, does, icon, card }, i) => {
        radio.checked = repair === o.repair;
        card.classList.toggle('ut-chosen', radio.checked);
        title.textContent = isShort ? (SHORT[repair] ?? repair) : TITLES[repair];
        title.dataset.words = title.textContent; // the style keeps room for it in bold
        if (repair === 'none') return;
        const words = effect(o, prices[i]);
        does.textContent = prices[i].fits ? words : `✕ ${words}`;
        does.classList.toggle('ut-wrong', !prices[i].fits);
        if (corner !== drawn) drawIcon(icon, repair, o, wrong);
      });
      drawn = corner;
    },
  };
}
