/** The kernel's editor, which lies over the drawing: a list of named kernels, and a field over the chosen cell. */

import { h } from '../dom.js';
import { HIGHEST_SEED, KERNELS, LOWEST_SEED } from '../layers.js';

/** @typedef {import('../numbers.js').Values} Values */
/** @typedef {import('../layers.js').Pair} Pair */
/**
 * What the editor shows.
 * @typedef {object} Shown
 * @property {string | Values} weights
 * @property {Values} kernel
 * @property {number} seed
 * @property {Pair | null} cell      the chosen cell of the kernel
 * @property {Pair | null} at        where that cell is drawn
 * @property {number} columns
 * @property {import('./layout.js').Place | null} place   of the kernel in the drawing
 * @property {import('./layout.js').Mode} mode
 * @property {boolean} isShown
 * @property {boolean} isTurned
 */

const OWN = 'own';
const OTHER = 'new random';
const SMALLEST = 20; // pixels of a cell that has room for a field

export class KernelEditor {
  /** @type {Shown | null} */
  #shown = null;

  /**
   * @param {(changes: {weights?: string | Values, seed?: number}) => void} save
   * @param {() => void} leave   give the focus back to the kernel's map
   * @param {AbortSignal} signal
   */
  constructor(save, leave, signal) {
    this.kind = h(
      'select',
      { 'aria-label': 'kernel' },
      ...[KERNELS[0], OTHER, ...KERNELS.slice(1), OWN].map((name) =>
        h('option', { value: name }, name),
      ),
    );
    this.name = h('span', { class: 'ut-kernel-name' }, 'kernel');
    this.bar = h(
      'div',
      { class: 'ut-kernel-bar' },
      h('b', { 'aria-hidden': 'true' }, '×'),
      this.name,
      this.kind,
    );
    this.number = h('input', {
      type: 'number',
      class: 'ut-kernel-number',
      step: 'any',
      'aria-label': 'value of the chosen kernel cell',
    });
    this.kind.addEventListener('change', () => save(this.#chosen(this.kind.value)), { signal });
    this.number.addEventListener(
      'input',
      () => {
        const { kernel, cell } = this.#shown ?? {};
        if (!kernel || !cell || !Number.isFinite(this.number.valueAsNumber)) return;
        const rows = kernel.map((row) => [...row]);
        rows[cell[0]][cell[1]] = this.number.valueAsNumber;
        save({ weights: rows });
      },
      { signal },
    );
    this.number.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        leave();
      },
      { signal },
    );
  }

  /** What a choice of the list changes. @param {string} kind */
  #chosen(kind) {
    const { kernel = [], seed = 0 } = this.#shown ?? {};
    const next = seed < HIGHEST_SEED ? seed + 1 : LOWEST_SEED;
    if (kind === OTHER) return { weights: KERNELS[0], seed: next };
    return { weights: kind === OWN ? kernel : kind };
  }

  /** @param {Shown} shown */
  paint(shown) {
    this.#shown = shown;
    const { weights, kernel, cell, at, place, mode, columns } = shown;
    this.bar.hidden = !place || !shown.isShown || mode === 'present' || mode === 'phone';
    this.number.hidden =
      !place || !cell || !shown.isShown || mode === 'present' || place.side < SMALLEST;
    const kind = typeof weights === 'string' ? weights : OWN;
    // Setting a list's value makes the page lay itself out, even when it stays the same.
    if (this.kind.value !== kind) this.kind.value = kind;
    this.name.textContent = shown.isTurned ? 'turned' : 'kernel';
    if (place) {
      this.bar.style.setProperty('--x', String(place.x + (columns * place.side) / 2));
      this.bar.style.setProperty('--y', String(place.y));
    }
    if (!place || !cell || !at) return;
    const style = {
      '--x': place.x + at[1] * place.side,
      '--y': place.y + at[0] * place.side,
      '--side': place.side,
    };
    for (const [name, value] of Object.entries(style))
      this.number.style.setProperty(name, String(value));
    if (document.activeElement !== this.number)
      this.number.value = String(kernel[cell[0]]?.[cell[1]] ?? 0);
  }

  /** Focus the field of the chosen cell, so that the keys typed next go there. */
  take() {
    if (this.number.hidden) return;
    this.number.focus();
    this.number.select();
  }
}
