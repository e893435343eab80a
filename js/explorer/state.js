/** What an explorer shows: the layer's sizes, the chosen cell, and what follows from both. */

import { convTransposeFeeds, convTransposeSees } from '../geometry.js';
import {
  axesOf,
  conv,
  convTranspose,
  LIMITS,
  presetSizes,
  problemSentence,
  short,
  VIEWS,
} from '../layers.js';
import { inputValues, kernelValues } from '../numbers.js';
import { clamp } from '../shell.js';
import { convPicture, transposePicture } from './pictures.js';
import { convSentence, transposeSentence } from './sentences.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../layers.js').Parameter} Parameter */
/** @typedef {import('../layers.js').Sizes} Sizes */
/** @typedef {import('./pictures.js').Selection} Selection */
/** @typedef {import('./pictures.js').View} View */

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
    /** The last sizes that gave an output: drawn faintly while the present sizes are illegal. */
    this.lastLegal = this.sizes;
    /** Why these sizes are illegal; empty when they are legal. */
    this.problem = '';
    this.isSplit = this.#differ();
    /** @type {Selection | null} */
    this.hovered = null;
    this.view = this.#readView();
    /** The input cell whose patch was looked at last. @type {Pair} */
    this.lastInput = [0, 0];
    /** The chosen cell. It is the model's `_pinned` until playing or stepping moves it, or a smaller
     * map makes it move to a cell that still exists: neither is written to the model. @type {Selection} */
    this.pinned = this.#readPinned();
    /** The model's `_pinned` when it was last read or written: only another one moves `pinned`. @type {unknown} */
    this.lastSeenPin = model.get('_pinned');
    /** The picture of these sizes with nothing chosen. */
    this.plain = this.picture(this.axes, null);
    /** @type {import('../numbers.js').Values} */
    this.inputValues = [];
    /** @type {import('../numbers.js').Values} */
    this.kernelValues = [];
  }

  /** Read the model anew, and move selected cells that no longer exist to the nearest that do. */
  update() {
    this.sizes = this.#readSizes();
    this.axes = axesOf(this.sizes);
    this.#readViewAndCell();
    const [h, w] = this.axes;
    this.inputValues = inputValues(this.seed, h.input_size, w.input_size);
    const weights = this.model.get('weights') ?? 'random';
    this.kernelValues = kernelValues(weights, this.seed, h.kernel_size, w.kernel_size);
    this.plain = this.picture(this.axes, null);
    this.isSplit ||= this.#differ();
    this.problem = problemSentence(this.layer, this.axes);
    if (!this.problem) this.lastLegal = this.sizes;
    this.pinned = this.#inside(this.pinned);
    if (this.hovered) this.hovered = this.#inside(this.hovered);
    if (this.pinned.panel === 'input') this.lastInput = this.pinned.cell;
  }

  /** The cell that is explained now. */
  get selected() {
    return this.hovered ?? this.pinned;
  }

  get outputSize() {
    return /** @type {Pair} */ (this.axes.map((axis) => this.layer.outputSize(axis)));
  }

  /** The cell whose sum is written out, if any. @returns {Pair | null} */
  get sum() {
    const { panel, cell } = this.selected;
    if (panel === 'output') return cell;
    if (!this.isTransposed || this.view === 'zero insertion') return null;
    if (panel === 'middle') return cell;
    if (panel !== 'input') return null;
    // Of the cells that this patch is added to, the first in which most patches meet.
    const [row, column] = this.axes.map((axis, i) => {
      const cells = convTransposeFeeds(cell[i], axis);
      const counts = cells.map((place) => convTransposeSees(place, axis).length);
      return cells[counts.indexOf(Math.max(...counts))];
    });
    return row === undefined || column === undefined ? null : [row, column];
  }

  /** The input cell whose patch is drawn, in the view "scatter". @returns {Pair | null} */
  get source() {
    const { panel, cell } = this.selected;
    if (panel === 'input') return cell;
    if (panel !== 'middle') return null;
    const sees = this.axes.map((axis, i) => convTransposeSees(cell[i], axis));
    if (sees.some((cells) => !cells.length)) return null;
    const isSeen = sees.every((cells, i) => cells.includes(this.lastInput[i]));
    return isSeen ? this.lastInput : [sees[0][0], sees[1][0]];
  }

  /** The kernel's cell that is drawn at a place: in the view "zero insertion" it is turned by 180°. @param {Pair} place @returns {Pair} */
  kernelCell([row, column]) {
    if (!this.isTransposed || this.view !== 'zero insertion') return [row, column];
    const [h, w] = this.axes.map((axis) => axis.kernel_size);
    return [h - 1 - row, w - 1 - column];
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

  /** The sentence about the selected cell: its name, and the rest. */
  get sentence() {
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

  /** @param {ReturnType<typeof axesOf>} axes @param {Selection | null} selection @returns {import('./pictures.js').Picture} */
  picture(axes, selection) {
    if (!this.isTransposed) return convPicture(axes, selection);
    const focus = selection ? this : { source: null, sum: null };
    return transposePicture(axes, selection, this.view, focus);
  }

  /** What steps may ask for besides traits. @param {string} name @returns {unknown} */
  fact(name) {
    const { panel, cell } = this.pinned;
    /** @type {Record<string, unknown>} */
    const facts = {
      output_size: this.problem ? undefined : short(this.outputSize),
      legal: !this.problem,
      preset: this.preset,
      map: panel === 'middle' && this.view !== 'zero insertion' ? 'output' : panel,
      cell,
    };
    return facts[name];
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
    /** @type {import('./pictures.js').PanelName} */
    const panel = this.isTransposed && this.view === 'scatter' ? 'input' : 'output';
    const [rows, columns] = this.plain.panels[panel]?.count ?? [1, 1];
    if (!rows || !columns) return; // no output: the layer is illegal
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

  #readView() {
    const view = this.model.get('view');
    return /** @type {View} */ (VIEWS.includes(view) ? view : VIEWS[0]);
  }

  /** In another view the chosen output cell stays chosen, though its map has another name there. */
  #readViewAndCell() {
    const pinned = this.model.get('_pinned');
    if (String(pinned) !== String(this.lastSeenPin)) this.pinned = this.#readPinned();
    this.lastSeenPin = pinned;
    const view = this.#readView();
    if (view === this.view) return;
    this.view = view;
    const { panel, cell } = this.pinned;
    if (panel === 'middle') this.pinned = { panel: 'output', cell };
  }

  /** @returns {Selection} */
  #readPinned() {
    const [panel, row, column] = [this.model.get('_pinned')].flat();
    const isPanel = ['input', 'kernel', 'middle', 'output'].includes(panel);
    if (isPanel && [row, column].every(Number.isInteger)) return { panel, cell: [row, column] };
    if (!this.isTransposed) return { panel: 'output', cell: [0, 0] };
    const [h, w] = this.axes.map((axis) => (axis.input_size - 1) >> 1);
    return { panel: 'input', cell: [h, w] };
  }

  /** @param {Selection} selection @returns {Selection} */
  #inside({ panel, cell }) {
    const { panels } = this.plain;
    // The view "scatter" has the output inside its full map; the others have no map of the input.
    const name = panel === 'output' && !panels.output ? 'middle' : panel;
    const shown = panels[name];
    if (!shown) return { panel: 'output', cell: [0, 0] };
    const near = (/** @type {number} */ i) =>
      clamp(cell[i], shown.first[i], shown.first[i] + Math.max(0, shown.count[i] - 1));
    return { panel: name, cell: [near(0), near(1)] };
  }
}
