/** The lines under the maps: the size formula, the products of a cell, the inverse question. */

import { h } from '../dom.js';
import { formulaNodes } from '../formula.js';
import { kernelEditor } from '../kernel_editor.js';
import { productsOf, sumOf } from '../numbers.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */

/** The formula of the output size, one line for each axis where they differ.
 * @param {ExplorerState} state */
export function formulaLines({ axes, layer, problem }) {
  const differ = JSON.stringify(axes[0]) !== JSON.stringify(axes[1]);
  return (differ ? axes : [axes[0]]).map((axis, i) =>
    h(
      'div',
      {},
      ...(differ ? [h('span', { class: 'ut-axis' }, i ? 'width ' : 'height ')] : []),
      ...formulaNodes(layer.formula(axis), problem ? 'ut-wrong' : 'ut-answer'),
    ),
  );
}

/** The kernel's editor and the products of the selected cell; both only with numbers. */
export class Products {
  /** @param {ExplorerState} state @param {(changes: Record<string, unknown>) => void} save @param {AbortSignal} signal */
  constructor(state, save, signal) {
    this.state = state;
    this.editor = kernelEditor(save, signal);
    this.element = h('p', {
      class: 'ut-products',
      tabindex: 0,
      'aria-label': 'products of this cell',
    });
  }

  paint() {
    const { isNumbered, problem, model, kernelValues, pinned, seed } = this.state;
    this.editor.element.hidden = !isNumbered;
    this.element.hidden = !isNumbered || Boolean(problem);
    if (!isNumbered) return;
    this.editor.paint({
      weights: model.get('weights'),
      kernel: kernelValues,
      chosen: pinned.panel === 'kernel' ? pinned.cell : [0, 0],
      seed,
    });
    this.element.textContent = this.#text();
  }

  #text() {
    const { axes, inputValues, kernelValues, isTransposed, selected, view } = this.state;
    const { panel, cell } = selected;
    const isSum = panel === 'output' || (panel === 'middle' && view !== 'zero insertion');
    if (!isSum) return 'Choose an output cell: its products are written out here.';
    const terms = productsOf(cell, axes, inputValues, kernelValues, isTransposed);
    const written = terms.map(
      ({ value, weight }) => `${value}·${weight < 0 ? `(${weight})` : weight}`,
    );
    return terms.length ? `${written.join(' + ')} = ${sumOf(terms)}` : 'no products = 0';
  }
}

/** Which input sizes give an output size; until somebody types one, it is the present one. */
export class InverseQuestion {
  /** @param {ExplorerState} state */
  constructor(state) {
    this.state = state;
    const label = state.layer.inverseLabel;
    this.size = h('input', { type: 'number', min: 1, max: 128, 'aria-label': label });
    this.answer = h('span', { class: 'ut-found' });
    this.element = h('label', { class: 'ut-inverse' }, `${label} `, this.size, '? ', this.answer);
  }

  paint() {
    const { layer, axes, outputSize } = this.state;
    const isTyped = document.activeElement === this.size;
    const output = outputSize.map((size) => Math.max(1, size));
    if (!isTyped) this.size.value = String(output[0]);
    const size = this.size.valueAsNumber;
    const isSize = Number.isInteger(size) && size >= 1;
    const target = /** @type {import('../layers.js').Pair} */ (isTyped ? [size, size] : output);
    this.answer.textContent = isSize ? layer.inverse(axes, target) : 'type a whole number from 1';
  }
}
