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
  const row = h(
    'div',
    { class: 'ut-slider', 'data-param': name },
    h('label', { for: id }, name),
    value,
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
