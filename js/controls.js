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
 * @param {AbortSignal} options.signal
 * @returns {Slider}
 */
export function slider({ name, min, max, onInput, signal }) {
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
      input.value = value.textContent = String(current);
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
    return { slider, typed, less, more };
  });
  const names = h('span', { class: 'ut-name' }, name);
  const row = h(
    'div',
    { class: 'ut-pair', 'data-param': name },
    names,
    ...fields.flatMap(({ less, typed, more }) => [less, typed, more]),
    ...fields.map(({ slider }) => slider),
  );
  return {
    row,
    show(pair, isSplit) {
      row.classList.toggle('ut-split', isSplit);
      fields.forEach(({ slider, typed, less, more }, axis) => {
        const label = isSplit ? `${name} ${axis ? 'width' : 'height'}` : name;
        slider.setAttribute('aria-label', label);
        typed.setAttribute('aria-label', `${label}, typed`);
        for (const node of [slider, typed, less, more]) node.hidden = axis === 1 && !isSplit;
        less.disabled = pair[axis] <= min;
        more.disabled = pair[axis] >= max;
        slider.value = typed.value = String(pair[axis]);
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

/** A button that is on or off. @param {string} text @param {string} title @param {() => void} onPress @param {AbortSignal} signal */
export function toggle(text, title, onPress, signal) {
  const button = h('button', { type: 'button', title, 'aria-pressed': 'false' }, text);
  button.addEventListener('click', onPress, { signal });
  return button;
}
