/** The lines below an explorer's drawing: what the chosen cell sees, its sum, the formula, the inverse question. */

import { h, update, withCode } from '../dom.js';
import { formulaNodes } from '../formula.js';
import { productsOf, sumOf } from '../numbers.js';
import { cellText } from './sentences.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('../numbers.js').Product} Product */

/** With more products than this, the sums of their rows are written in their place: alone, and after words. */
const MOST_PRODUCTS = { alone: 9, afterWords: 4 };
const LONGEST_SENTENCE = 84; // the same, of the sentence
const LONGEST = 76; // characters that fit on the line in its usual size
const COUNTS = ['No patch reaches', 'One patch reaches', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine']; // biome-ignore format: a list of words

/** The formula of the output size, one line for each axis where they differ.
 * @param {ExplorerState} state */
export function formulaLines({ axes, layer, problem }) {
  const differ = JSON.stringify(axes[0]) !== JSON.stringify(axes[1]);
  return (differ ? axes : [axes[0]]).map((axis, i) =>
    h(
      'div',
      {},
      ...(differ ? [h('span', { class: 'ut-axis' }, i ? 'width ' : 'height ')] : []),
      ...formulaNodes(
        layer.formula(axis),
        ...(problem ? ['ut-wrong', layer.name === 'Conv2d' ? '' : ' ✕'] : []),
      ),
    ),
  );
}

/** @param {number} value */
const signed = (value) => (value < 0 ? `(${written(value)})` : written(value));
/** @param {number} value */
const written = (value) => String(Number(value.toFixed(3))).replace('-', '−');

/** A sum as it is written out, in the colours of its parts. @param {Product[]} terms @param {number} most @returns {(Node | string)[]} */
function sumNodes(terms, most) {
  const answer = h('b', { class: 'ut-answer' }, written(sumOf(terms)));
  if (!terms.length) return ['only zeros = ', answer];
  const plus = (/** @type {number} */ i) => (i ? ' + ' : '');
  if (terms.length > most) {
    const rows = [...new Set(terms.map(({ row }) => row))].map((row) =>
      sumOf(terms.filter((term) => term.row === row)),
    );
    const parts = rows.flatMap((sum, i) => [
      plus(i),
      h('span', { class: 'ut-weight' }, i ? signed(sum) : written(sum)),
    ]);
    return [
      `${most < MOST_PRODUCTS.alone ? '' : `${terms.length} products, `}row by row: `,
      ...parts,
      ' = ',
      answer,
    ];
  }
  const parts = terms.flatMap(({ value, weight }, i) => [
    plus(i),
    h('span', { class: 'ut-value-of-input' }, written(value)),
    '·',
    h('span', { class: 'ut-weight' }, signed(weight)),
  ]);
  return [...parts, ' = ', answer];
}

/** The sentence about the chosen cell, and below it that cell's sum. */
export class CellExplanation {
  /** @param {ExplorerState} state */
  constructor(state) {
    this.state = state;
    this.status = h('p', { class: 'ut-status', role: 'status' });
    this.products = h('p', { class: 'ut-products' });
    this.element = h('div', { class: 'ut-says' }, this.status, this.products);
  }

  paint() {
    const { problem, sentence, isNumbered } = this.state;
    this.status.classList.toggle('ut-wrong', Boolean(problem));
    if (problem) update(this.status, [h('b', {}, '✕ '), problem]);
    else update(this.status, [h('b', { class: 'ut-name' }, sentence[0]), sentence[1]]);
    const said = this.status.textContent ?? '';
    this.status.classList.toggle('ut-long', !problem && said.length > LONGEST_SENTENCE);
    const line = problem || !isNumbered ? [] : this.#line();
    this.element.classList.toggle('ut-summed', line.length > 0 && Boolean(this.state.sum));
    update(this.products, line);
    const { length } = this.products.textContent ?? '';
    this.products.classList.toggle('ut-long', length > LONGEST);
  }

  /** @returns {(Node | string)[]} */
  #line() {
    const { state } = this;
    const { sum } = state;
    if (!sum) return [h('span', { class: 'ut-hint' }, 'Choose an output cell to see its sum.')];
    const { axes, inputValues, kernelValues, isTransposed } = state;
    const terms = productsOf(sum, axes, inputValues, kernelValues, isTransposed);
    const isOther = isTransposed && state.selected.panel === 'input';
    if (!isOther) return sumNodes(terms, MOST_PRODUCTS.alone);
    const count = terms.length;
    const patches = count < 2 ? COUNTS[count] : `${COUNTS[count] ?? count} patches add up at`;
    return [
      h(
        'span',
        { class: 'ut-adds' },
        `${patches} `,
        h('b', { class: 'ut-name ut-sum' }, `output cell ${cellText(sum)}`),
        ' ',
      ),
      ...sumNodes(terms, MOST_PRODUCTS.afterWords),
    ];
  }
}

/** Which input sizes give an output size; until somebody types one, it is the present one. */
export class InverseQuestion {
  /** @param {ExplorerState} state */
  constructor(state) {
    this.state = state;
    const { inverseLabel } = state.layer;
    const label = inverseLabel.replaceAll('`', '');
    this.size = h('input', { type: 'number', min: 1, max: 128, 'aria-label': label });
    this.answer = h('span', { class: 'ut-found' });
    const asked = withCode(`${inverseLabel} `);
    this.element = h('label', { class: 'ut-inverse' }, ...asked, this.size, ' ? ', this.answer);
  }

  paint() {
    const { layer, axes, outputSize } = this.state;
    const isTyped = document.activeElement === this.size;
    const output = outputSize.map((size) => Math.max(1, size));
    if (!isTyped) this.size.value = String(output[0]);
    const size = this.size.valueAsNumber;
    const isSize = Number.isInteger(size) && size >= 1;
    const target = /** @type {import('../layers.js').Pair} */ (isTyped ? [size, size] : output);
    this.answer.textContent = isSize ? layer.inverse(axes, target) : 'a whole number from 1';
  }
}
