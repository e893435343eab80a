/** The controls for the kernel's values: a named kernel, the value of one cell, or new random numbers. */

import { h } from './dom.js';
import { KERNELS } from './layers.js';

/** @typedef {import('./numbers.js').Values} Values */
/** @typedef {import('./layers.js').Pair} Pair */
/** What the editor shows. @typedef {{weights: string | Values, kernel: Values, chosen: Pair, seed: number}} Shown */

const OWN = 'own';
const SEEDS = 1000;

/**
 * @param {(changes: {weights?: string | Values, seed?: number}) => void} save
 * @param {AbortSignal} signal
 */
export function kernelEditor(save, signal) {
  const kind = h(
    'select',
    { 'aria-label': 'kernel' },
    ...[...KERNELS, OWN].map((name) => h('option', { value: name }, name)),
  );
  const place = h('span');
  const number = h('input', {
    type: 'number',
    step: 'any',
    'aria-label': 'value of the chosen kernel cell',
  });
  const reseed = h('button', { type: 'button', title: 'Other random numbers' }, 'new numbers');
  const element = h('div', { class: 'ut-editor' }, kind, h('label', {}, place, number), reseed);
  /** @type {Shown} */
  let shown = { weights: KERNELS[0], kernel: [], chosen: [0, 0], seed: 0 };

  kind.addEventListener(
    'change',
    () => save({ weights: kind.value === OWN ? shown.kernel : kind.value }),
    { signal },
  );
  reseed.addEventListener('click', () => save({ seed: (shown.seed + 1) % SEEDS }), { signal });
  number.addEventListener(
    'input',
    () => {
      if (!Number.isFinite(number.valueAsNumber)) return;
      const rows = shown.kernel.map((row) => [...row]);
      rows[shown.chosen[0]][shown.chosen[1]] = number.valueAsNumber;
      save({ weights: rows });
    },
    { signal },
  );

  return {
    element,
    /** @param {Shown} now */
    paint(now) {
      shown = now;
      kind.value = typeof now.weights === 'string' ? now.weights : OWN;
      place.textContent = `cell (${now.chosen.join(', ')}) = `;
      if (document.activeElement !== number)
        number.value = String(now.kernel[now.chosen[0]]?.[now.chosen[1]] ?? 0);
    },
    /** Focus the field of the chosen cell, so that the keys typed next go there. */
    take() {
      number.focus();
      number.select();
    },
  };
}
