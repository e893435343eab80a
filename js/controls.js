/** Labelled sliders under PyTorch's own parameter names, one row a parameter. */

import { freshId, h } from './dom.js';

/**
 * @typedef {object} Slider
 * @property {HTMLElement} row
 * @property {(value: number) => void} show   paint a value that came from elsewhere
 */

/**
 * @param {object} options
 * @param {string} options.name      PyTorch's parameter name, also the label
 * @param {number} options.min
 * @param {number} options.max
 * @param {(value: number) => void} options.onInput
 * @param {(value: number) => string} [options.text]   how a value is written
 * @param {AbortSignal} options.signal
 * @returns {Slider}
 */
export function slider({ name, min, max, onInput, text = String, signal }) {
  const id = freshId();
  const input = h('input', { type: 'range', id, min, max, step: 1 });
  const value = h('span', { class: 'ut-value', 'aria-hidden': 'true' });
  const [less, more] = steppers(input, () => name, signal);
  const row = h(
    'div',
    { class: 'ut-slider', 'data-param': name },
    h('label', { for: id }, name),
    less,
    value,
    more,
    input,
  );
  input.addEventListener('input', () => onInput(input.valueAsNumber), { signal });
  return {
    row,
    show(current) {
      input.value = String(current);
      value.textContent = text(current);
      if (text !== String) input.setAttribute('aria-valuetext', text(current));
    },
  };
}

/**
 * Lights everything under `root` that belongs to the parameter under the pointer or the focus:
 * its slider and its symbols in the formula carry the same `data-param`.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
export function linkParameters(root, signal) {
  /** @param {Event} event */
  const light = (event) => {
    const over = event.type === 'pointerover' || event.type === 'focusin';
    const target = /** @type {Element} */ (event.target);
    const name = over ? target.closest('[data-param]')?.getAttribute('data-param') : undefined;
    for (const node of root.querySelectorAll('[data-param]'))
      node.classList.toggle('ut-lit', node.getAttribute('data-param') === name);
  };
  for (const type of ['pointerover', 'pointerleave', 'focusin', 'focusout'])
    root.addEventListener(type, light, { signal });
}

/** Two buttons that move a range by one step: shown instead of it where the style says so (present mode, phones).
 * @param {HTMLInputElement} range @param {() => string} label @param {AbortSignal} signal */
function steppers(range, label, signal) {
  return /** @type {const} */ ([-1, 1]).map((by) => {
    const button = h('button', { type: 'button', class: 'ut-stepper' }, by < 0 ? '−' : '+');
    const name = () => button.setAttribute('aria-label', `${label()} ${by < 0 ? 'less' : 'more'}`);
    name();
    button.addEventListener('focus', name, { signal });
    button.addEventListener(
      'click',
      () => {
        range.value = String(range.valueAsNumber + by);
        range.dispatchEvent(new Event('input'));
      },
      { signal },
    );
    return button;
  });
}

/**
 * @typedef {object} PairSlider
 * @property {HTMLElement} row
 * @property {(pair: [number, number], isSplit: boolean) => void} show   paint values that came from elsewhere
 * @property {() => void} focus
 */

/**
 * A parameter that has a height and a width: one slider and one typed value for both, or two of each.
 * @param {object} options
 * @param {string} options.name      PyTorch's parameter name, also the label
 * @param {readonly [number, number]} options.limits   for sliders and typed values alike
 * @param {(axis: 0 | 1, value: number) => void} options.onInput
 * @param {AbortSignal} options.signal
 * @returns {PairSlider}
 */
export function pairSlider({ name, limits: [min, max], onInput, signal }) {
  const fields = /** @type {const} */ ([0, 1]).map((axis) => {
    const slider = h('input', { type: 'range', min, max, step: 1 });
    const typed = h('input', { type: 'number', min, max, step: 1 });
    const take = (/** @type {number} */ value) => {
      if (Number.isFinite(value)) onInput(axis, Math.max(min, Math.min(max, Math.round(value))));
    };
    slider.addEventListener('input', () => take(slider.valueAsNumber), { signal });
    typed.addEventListener(
      'change',
      () => {
        take(typed.valueAsNumber);
        typed.value = slider.value; // what was taken, or what was there before nonsense
      },
      { signal },
    );
    const label = () => slider.getAttribute('aria-label') ?? name;
    const [less, more] = steppers(slider, label, signal);
    const field = h('span', { class: 'ut-pair-field' }, less, slider, typed, more);
    return { field, slider, typed, less, more };
  });
  const row = h(
    'div',
    { class: 'ut-pair', 'data-param': name },
    h('span', { class: 'ut-name' }, name),
    ...fields.map(({ field }) => field),
  );
  let shown = '';
  return {
    row,
    show(pair, isSplit) {
      const now = `${pair} ${isSplit}`;
      const isSame = fields.every(({ slider }, axis) => slider.valueAsNumber === pair[axis]);
      if (now === shown && isSame) return;
      shown = now;
      row.classList.toggle('ut-split', isSplit);
      fields.forEach(({ field, slider, typed, less, more }, axis) => {
        const label = isSplit ? `${name} ${axis ? 'width' : 'height'}` : name;
        slider.setAttribute('aria-label', label);
        typed.setAttribute('aria-label', `${label}, typed`);
        field.hidden = axis === 1 && !isSplit;
        less.disabled = pair[axis] <= min;
        more.disabled = pair[axis] >= max;
        slider.value = typed.value = String(pair[axis]);
        slider.style.setProperty('--share', String((pair[axis] - min) / (max - min)));
      });
    },
    focus: () => fields[0].slider.focus(),
  };
}

/**
 * Buttons of which one is on.
 * @param {string} label
 * @param {string[]} options
 * @param {(option: string) => void} onChoose
 * @param {AbortSignal} signal
 */
export function choice(label, options, onChoose, signal) {
  const buttons = options.map((option) => h('button', { type: 'button' }, option));
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => onChoose(options[i]), { signal });
  });
  const group = h('div', { class: 'ut-choice', role: 'group', 'aria-label': label }, ...buttons);
  return {
    group,
    /** @param {string | null} chosen */
    show: (chosen) =>
      buttons.forEach((button, i) => {
        button.setAttribute('aria-pressed', String(options[i] === chosen));
      }),
  };
}

/**
 * The same for values that have other names on the page.
 * @param {string} label
 * @param {Record<string, string>} options   the name of each value
 * @param {(value: string) => void} onChoose
 * @param {AbortSignal} signal
 */
export function choiceOf(label, options, onChoose, signal) {
  const values = Object.keys(options);
  const buttons = choice(
    label,
    Object.values(options),
    (chosen) => onChoose(values.find((value) => options[value] === chosen) ?? values[0]),
    signal,
  );
  return {
    group: buttons.group,
    show: (/** @type {string} */ value) => buttons.show(options[value] ?? null),
  };
}

/** A button that is on or off. @param {string} text @param {string} title @param {() => void} onPress @param {AbortSignal} signal */
export function toggle(text, title, onPress, signal) {
  const button = h('button', { type: 'button', title, 'aria-pressed': 'false' }, text);
  button.addEventListener('click', onPress, { signal });
  return button;
}

/** A box that is ticked or not. @param {string} text @param {string} title @param {(on: boolean) => void} onChange @param {AbortSignal} signal */
export function checkbox(text, title, onChange, signal) {
  const box = h('input', { type: 'checkbox' });
  box.addEventListener('change', () => onChange(box.checked), { signal });
  return { label: h('label', { class: 'ut-check', title }, box, ` ${text}`), box };
}

/** Two buttons that walk through options, and the name of the present one: where there is no room for all.
 * @param {string} label @param {string[]} options @param {(option: string) => void} onChoose @param {AbortSignal} signal */
export function cycle(label, options, onChoose, signal) {
  const name = h('span', { class: 'ut-cycle-name' });
  let chosen = -1;
  const [before, after] = [-1, 1].map((by) => {
    const words = `${by < 0 ? 'previous' : 'next'} ${label}`;
    const button = h('button', { type: 'button', 'aria-label': words }, by < 0 ? '‹' : '›');
    button.addEventListener(
      'click',
      () => {
        const from = chosen < 0 && by < 0 ? 0 : chosen;
        onChoose(options[(from + by + options.length) % options.length]);
      },
      { signal },
    );
    return button;
  });
  return {
    element: h('div', { class: 'ut-cycle' }, h('span', {}, label), before, after, name),
    /** @param {string | null} option */
    show(option) {
      chosen = options.indexOf(option ?? '');
      name.textContent = option ?? '–';
    },
  };
}
