/** The drawing of an explorer: its maps and the band that connects them, in one SVG; the kernel's editor lies over it. */

import { h, s, set, update } from '../dom.js';
import { convOutputSize, paddedSize } from '../geometry.js';
import { axesOf } from '../layers.js';
import { clamp } from '../shell.js';
import { bandShapes } from './band.js';
import { CellMap } from './cell_map.js';
import { cellText } from './cell_texts.js';
import { KernelEditor } from './kernel_editor.js';
import { layoutOf, ROOMS } from './layout.js';
import { legends, unreachedNote } from './stage_legends.js';
import { wordsOf } from './stage_words.js';
import { quoted } from './torch_echo.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('./layout.js').Mode} Mode */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./pictures.js').PanelName} PanelName */
/** @typedef {import('./pictures.js').Picture} Picture */
/** @typedef {PanelName | 'products'} MapName */

const PRESENT_WIDTH = 1048; // of the 1280 pixels of the design
/** Pixels: below the first, maps stand under each other; below the second, they move closer together. */
const [PHONE, NARROW] = [520, 700];
/** Smallest and largest type in a cell. @type {Record<Mode, Pair>} */
const TYPE = { notebook: [11, 26], narrow: [11, 20], present: [24, 56], phone: [11, 22] };
/** The maps in which a cell can be chosen, in the order of the flow. @type {PanelName[]} */
const NAMES = ['input', 'middle', 'kernel', 'output'];
const PRODUCT = /** @type {const} */ (['products', 'kernel']);

export class Stage {
  /** @param {ExplorerState} state @param {(changes: Record<string, unknown>) => void} save @param {HTMLElement} quote what torch says of illegal sizes @param {AbortSignal} signal */
  constructor(state, save, quote, signal) {
    this.state = state;
    this.quote = quote;
    this.maps = {
      input: new CellMap(),
      middle: new CellMap(),
      products: new CellMap(),
      kernel: new CellMap(),
      output: new CellMap(),
    };
    this.editor = new KernelEditor(save, () => this.maps.kernel.frame.focus(), signal);
    this.words = s('g', { class: 'ut-words' });
    this.band = s('g', { class: 'ut-band' });
    this.svg = s('svg', { class: 'ut-drawing', role: 'group', 'aria-label': 'Drawing' });
    const frames = Object.values(this.maps).map((map) => map.frame);
    this.svg.append(...frames, this.band, this.words);
    this.element = h(
      'div',
      { class: 'ut-stage' },
      this.svg,
      this.editor.bar,
      this.editor.number,
      quote,
    );
    /** Pixels that the drawing may fill. Kept, since asking makes the page lay itself out. */
    this.width = 0;
  }

  /** The maps in which a cell can be chosen. */
  get entries() {
    return NAMES.map((name) => /** @type {[PanelName, CellMap]} */ ([name, this.maps[name]]));
  }

  /** Whether the width changed since it was last measured. */
  measure() {
    const before = this.width;
    this.width = Math.floor(this.element.clientWidth);
    return this.width !== before;
  }

  /** The cell of a map under a pointer. @param {CellMap} map @param {PointerEvent} event */
  cellAt(map, { clientX, clientY }) {
    const page = this.svg.getBoundingClientRect();
    const { width, y } = this.svg.viewBox.baseVal;
    const scale = page.width / width || 1;
    return map.cellAt({ x: (clientX - page.left) / scale, y: (clientY - page.top) / scale + y });
  }

  /** @param {boolean} isPresenting @param {boolean} isPlaying */
  paint(isPresenting, isPlaying) {
    const { state, maps } = this;
    if (!this.width) this.measure();
    const width = this.width || 768;
    /** @type {Mode} */
    const mode = isPresenting
      ? 'present'
      : width < PHONE
        ? 'phone'
        : width < NARROW
          ? 'narrow'
          : 'notebook';
    const picture = state.problem ? state.plain : state.picture(state.axes, state.selected);
    // Torch's words stand where products and kernel would.
    if (state.problem) for (const name of PRODUCT) delete picture.panels[name];
    const layout = this.#layout(picture, mode, isPresenting ? PRESENT_WIDTH : width);
    set(this.svg, {
      viewBox: `0 ${-layout.drop} ${layout.width} ${layout.height}`,
      style: `width:calc(${layout.width} * var(--ut-px));height:calc(${layout.height} * var(--ut-px))`,
    });
    // While one cell is pointed at, the walk through the others goes on faintly.
    const isWalkFaint = isPlaying && state.hovered && !state.problem;
    const ghost = isWalkFaint ? state.picture(state.axes, state.pinned).panels : null;
    const before = state.problem ? state.picture(axesOf(state.lastLegal), null).panels : null;
    const names = this.#ends(picture);
    const sentence = state.problem || state.sentence.join('');
    for (const [name, map] of this.entries) map.name(this.#label(name));
    for (const name of /** @type {MapName[]} */ (Object.keys(maps))) {
      const isFaint = Boolean(before) && name === 'output';
      const panel = (isFaint ? before : picture.panels)?.[name];
      const role = name === names[0] ? 'first' : name === names[1] ? 'last' : name;
      const place = layout.places[role];
      // On a whole screen torch's words stand where the output would.
      const isLeftOut = isFaint && place && mode === 'present';
      maps[name].frame.toggleAttribute('hidden', !panel || isLeftOut);
      if (isLeftOut) maps[name].place = place;
      if (!panel || isLeftOut) continue;
      const look = { sentence, isFaint, place };
      this.#draw(name, panel, layout, mode, look);
      const other = ghost?.[name];
      if (other && name !== 'products') maps[name].drawGhost(other);
    }
    update(this.band, bandShapes(picture, maps, layout.isUpright));
    const drawing = { state, picture, maps, layout, mode, ends: names };
    update(this.words, [...wordsOf(drawing), ...legends(drawing)]);
    this.#overlay(picture, layout, mode);
  }

  /** @param {MapName} name @param {import('./pictures.js').Panel} panel @param {Layout} layout @param {Mode} mode @param {{sentence: string, isFaint: boolean, place: import('./layout.js').Place}} look */
  #draw(name, panel, layout, mode, { sentence, isFaint, place }) {
    const { state, maps } = this;
    const isTap = name === 'kernel' || name === 'products';
    const smallest = isTap ? ROOMS[mode].tapped : ROOMS[mode].numbered;
    const isNumbered = place.side >= smallest && !isFaint && !(state.problem && name !== 'input');
    const mid = layout.places.products ?? layout.places.last;
    maps[name].draw(panel, {
      place,
      sentence: name === 'input' ? sentence + unreachedNote(state) : sentence,
      text: isNumbered ? cellText(state, name) : undefined,
      type: TYPE[mode],
      limits: {
        left: 0,
        top: 0,
        right: mode === 'present' ? 0 : mid.x - 8,
        bottom: mode === 'phone' ? mid.y - 24 : layout.height - 2,
      },
      isFaint,
    });
  }

  /** A map's name for screen readers. @param {PanelName} name */
  #label(name) {
    const middle = this.state.view === 'zero insertion' ? 'Spread input' : 'Full';
    return `${name === 'middle' ? middle : name[0].toUpperCase() + name.slice(1)} map`;
  }

  /** The maps in which the flow begins and ends. @param {Picture} picture @returns {[PanelName, PanelName]} */
  #ends({ panels }) {
    return [panels.input ? 'input' : 'middle', panels.output ? 'output' : 'middle'];
  }

  /** @param {Picture} picture @param {Mode} mode @param {number} width @returns {Layout} */
  #layout(picture, mode, width) {
    const { state } = this;
    const [first, last] = this.#ends(picture).map(
      (name) => /** @type {Pair} */ (picture.panels[name]?.count ?? [1, 1]),
    );
    const kernel = /** @type {Pair} */ (state.axes.map((axis) => axis.kernel_size));
    if (!state.isTransposed) {
      // Sizes of the output at stride 1 and dilation 1, and at most kernel 3: others keep the scale.
      const plain = state.axes.map((axis) =>
        convOutputSize({
          ...axis,
          stride: 1,
          dilation: 1,
          kernel_size: Math.min(3, axis.kernel_size),
        }),
      );
      const padded = /** @type {Pair} */ (state.axes.map(paddedSize));
      const shown = mode === 'phone' ? last : plain;
      const counts = {
        first: padded,
        last: /** @type {Pair} */ (shown.map((size) => Math.max(1, size))),
        kernel,
      };
      return layoutOf('flow', mode, width, counts);
    }
    const kinds = /** @type {const} */ ({
      scatter: 'scatter',
      'zero insertion': 'flow',
      'crop window': 'crop',
    });
    const shift = /** @type {Pair} */ (state.axes.map((axis) => axis.padding));
    // The input in place of a spread one that is empty leaves room for the refusal under it.
    const isBare = state.view === 'zero insertion' && Boolean(picture.panels.input);
    return layoutOf(kinds[state.view], mode, width, {
      first: atLeastOne(isBare ? [first[0] + 0.4, first[1]] : first),
      last: atLeastOne(last),
      kernel,
      shift,
    });
  }

  /** @param {Picture} picture @param {Layout} layout @param {Mode} mode */
  #overlay(picture, layout, mode) {
    const { state, editor } = this;
    const { kernel } = layout.places;
    const chosen = state.pinned.panel === 'kernel' ? state.pinned.cell : null;
    editor.paint({
      weights: state.model.get('weights'),
      kernel: state.kernelValues,
      seed: state.seed,
      cell: chosen && state.kernelCell(chosen),
      place: kernel ?? null,
      at: chosen,
      columns: state.axes[1].kernel_size,
      mode,
      isShown: Boolean(picture.panels.kernel) && state.isNumbered,
      isTurned: state.isTransposed && state.view === 'zero insertion',
    });
    this.#placeQuote(picture, layout, mode);
  }

  /** Where torch's words stand: beside the map that the flow begins with. @param {Picture} picture @param {Layout} layout @param {Mode} mode */
  #placeQuote(picture, { places, width, drop, isUpright }, mode) {
    const { state, quote } = this;
    const { products, first, last } = places;
    const room = ROOMS[mode];
    const isScatter = state.isTransposed && state.view === 'scatter';
    const put = (/** @type {Record<string, string | number>} */ values) => {
      for (const [name, value] of Object.entries(values))
        quote.style.setProperty(`--${name}`, String(value));
    };
    if (mode !== 'present') {
      const beside = first.x + (picture.panels.middle?.count[1] ?? 0) * first.side + 14;
      put({
        x: products ? products.x : beside,
        phone: isScatter ? '18px 0 auto 34%' : 'auto 36% 0 0',
        w: (products ? 3 * room.tap + room.gutter : room.cut) - 18,
        y: room.head + 8,
      });
      return;
    }
    // As large as the room beside the map, under it, or between two maps allows.
    const [rows, columns] = picture.panels[this.#ends(picture)[0]]?.count ?? [0, 0];
    const isUnder = isUpright && !isScatter;
    const beside = first.x + columns * first.side + room.gutter + (isScatter ? 0 : first.side);
    const x = isUnder ? first.x : beside;
    const w = (isScatter && !isUpright ? last.x - room.gutter : width) - x;
    const top = isUnder ? first.y + rows * first.side : room.head + drop + 8;
    const end = isScatter && isUpright ? last.y : room.head + room.tall;
    const high = end - room.legend - top;
    const letters = Math.max(60, quoted(state.layer.torchError(state.axes)).length);
    const type = clamp(Math.sqrt((w * high) / letters), 24, 56);
    put({ x, w, y: top + high / 2, type: Math.floor(type) });
  }
}

/** @param {Pair} count @returns {Pair} */
const atLeastOne = (count) => /** @type {Pair} */ (count.map((size) => Math.max(1, size)));
