/** What an explorer shows: the layer's sizes, the chosen cell, and what follows from both. */

import {
  axesOf,
  conv,
  convTranspose,
  LIMITS,
  presetSizes,
  problemSentence,
  short,
} from '../layers.js';
import { inputValues, kernelValues } from '../numbers.js';
import {
  convPicture,
  convSentence,
  transposePicture,
  transposeSentence,
  VIEWS,
} from '../pictures.js';
import { clamp } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../layers.js').Parameter} Parameter */
/** @typedef {import('../layers.js').Sizes} Sizes */
/** @typedef {import('../pictures.js').Selection} Selection */
/** @typedef {import('../pictures.js').View} View */

/** One number stands for both axes. @param {unknown} value @returns {unknown[]} */
export const pairOf = (value) =>
  Array.isArray(value) && value.length === 2 ? value : [value, value];

export class ExplorerState {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.isTransposed = model.get('_layer') === convTranspose.name;
    this.layer = this.isTransposed ? convTranspose : conv;
    this.sizes = this.#readSizes();
    this.axes = axesOf(this.sizes);
    /** The picture of these sizes with nothing chosen. */
    this.plain = this.picture(this.axes, null);
    /** The last sizes that gave an output: drawn faintly while the present sizes are illegal. */
    this.lastLegal = this.sizes;
    /** Why these sizes are illegal; empty when they are legal. */
    this.problem = '';
    this.isSplit = this.#differ();
    /** @type {Selection | null} */
    this.hovered = null;
    /** @type {Selection} */
    this.pinned = this.#readPinned();
  }

  /** Read the model anew, and move selected cells that no longer exist to the nearest that do. */
  update() {
    this.sizes = this.#readSizes();
    this.axes = axesOf(this.sizes);
    this.plain = this.picture(this.axes, null);
    this.isSplit ||= this.#differ();
    this.problem = problemSentence(this.layer, this.axes);
    if (!this.problem) this.lastLegal = this.sizes;
    this.pinned = this.#inside(this.pinned);
    if (this.hovered) this.hovered = this.#inside(this.hovered);
  }

  /** The cell that is explained now. */
  get selected() {
    return this.hovered ?? this.pinned;
  }

  get outputSize() {
    return /** @type {Pair} */ (this.axes.map((axis) => this.layer.outputSize(axis)));
  }

  get view() {
    const view = this.model.get('view');
    return /** @type {View} */ (VIEWS.includes(view) ? view : VIEWS[0]);
  }

  get nextView() {
    return VIEWS[(VIEWS.indexOf(this.view) + 1) % VIEWS.length];
  }

  get isNumbered() {
    return Boolean(this.model.get('numbers'));
  }

  get seed() {
    return Number(this.model.get('seed')) || 0;
  }

  get inputValues() {
    return inputValues(this.seed, this.axes[0].input_size, this.axes[1].input_size);
  }

  get kernelValues() {
    return kernelValues(
      this.model.get('weights') ?? 'random',
      this.seed,
      this.axes[0].kernel_size,
      this.axes[1].kernel_size,
    );
  }

  /** The sentence about the selected cell, or why there is none. */
  get sentence() {
    if (this.problem) return this.problem;
    return this.isTransposed
      ? transposeSentence(this.axes, this.selected, this.view)
      : convSentence(this.axes, this.selected);
  }

  /** The name of the preset that these sizes are, if any. */
  get preset() {
    const isShown = (/** @type {string} */ name) =>
      Object.entries(this.presetSizes(name)).every(([parameter, value]) =>
        this.sizes[/** @type {Parameter} */ (parameter)].every((size) => size === value),
      );
    return Object.keys(this.layer.presets).find(isShown) ?? null;
  }

  /** @param {ReturnType<typeof axesOf>} axes @param {Selection | null} selection */
  picture(axes, selection) {
    return this.isTransposed
      ? transposePicture(axes, selection, this.view)
      : convPicture(axes, selection);
  }

  /** @param {string} name */
  presetSizes(name) {
    const isOwn = (/** @type {[string, unknown]} */ [parameter]) =>
      this.layer.parameters.includes(/** @type {Parameter} */ (parameter));
    return Object.fromEntries(Object.entries(presetSizes(this.layer, name)).filter(isOwn));
  }

  /** The value of a parameter after one axis was set; while both are one, both are set.
   * @param {Parameter} name @param {number} axis @param {number} value */
  changed(name, axis, value) {
    const pair = /** @type {Pair} */ (this.isSplit ? [...this.sizes[name]] : [value, value]);
    pair[axis] = value;
    return short(pair);
  }

  /** Pin the next cell, row by row. @param {1 | -1} direction */
  step(direction) {
    /** @type {import('../pictures.js').PanelName} */
    const panel = this.isTransposed && this.view === 'scatter' ? 'input' : 'output';
    const [rows, columns] = this.plain[panel]?.count ?? [1, 1];
    const [row, column] = this.pinned.cell;
    const next = this.pinned.panel === panel ? row * columns + column + direction : 0;
    const index = (next + rows * columns) % (rows * columns);
    const cell = /** @type {Pair} */ ([Math.floor(index / columns), index % columns]);
    this.pinned = { panel, cell };
  }

  #differ() {
    return this.layer.parameters.some((name) => this.sizes[name][0] !== this.sizes[name][1]);
  }

  /** The model's parameters, brought inside their limits: a link may hold any number.
   * @returns {Sizes} */
  #readSizes() {
    const read = (/** @type {Parameter} */ name) => {
      const [low, high] = LIMITS[name];
      const value = this.layer.parameters.includes(name) ? this.model.get(name) : low;
      return pairOf(value).map((size) => clamp(Math.round(Number(size)) || low, low, high));
    };
    const names = /** @type {Parameter[]} */ (Object.keys(LIMITS));
    return /** @type {Sizes} */ (Object.fromEntries(names.map((name) => [name, read(name)])));
  }

  /** @returns {Selection} */
  #readPinned() {
    const [panel, row, column] = [this.model.get('_pinned')].flat();
    const isPanel = ['input', 'kernel', 'middle', 'output'].includes(panel);
    if (isPanel && [row, column].every(Number.isInteger)) return { panel, cell: [row, column] };
    return { panel: this.isTransposed ? 'input' : 'output', cell: [0, 0] };
  }

  /** @param {Selection} selection @returns {Selection} */
  #inside({ panel, cell }) {
    const shown = this.plain[panel];
    if (!shown) return { panel: 'output', cell: [0, 0] };
    const near = (/** @type {number} */ i) =>
      clamp(cell[i], shown.first[i], shown.first[i] + shown.count[i] - 1);
    return { panel, cell: [near(0), near(1)] };
  }
}
