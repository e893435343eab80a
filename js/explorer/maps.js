/** The maps of an explorer side by side: how large their cells are, and what is drawn in them. */

import { h } from '../dom.js';
import { axesOf } from '../layers.js';
import { CellMap } from '../map.js';
import { clamp } from '../shell.js';
import { cellText } from './cell_texts.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../pictures.js').PanelName} PanelName */
/** @typedef {ReturnType<ExplorerState['picture']>} Picture */

/** The part of the width that each map may fill. @type {Record<string, Partial<Record<PanelName, number>>>} */
const SHARES = {
  Conv2d: { input: 0.5, output: 0.5 },
  ConvTranspose2d: { input: 0.22, middle: 0.41, output: 0.37 },
};
/** Cells that share the width of all maps: few steps, so that most slider moves keep the scale. */
const CAPACITIES = [10, 14, 18, 21, 28, 40, 56, 80, 112, 160, 300];
const TALLEST = 334; // pixels of a map
const LARGEST_CELL = { notebook: 36, present: 60 }; // pixels
const KERNEL_CELL = { notebook: 26, present: 40 };
const GAP = 20; // pixels between two maps
const NARROW = 520; // pixels: below, maps stand under each other

/** @param {number} cells */
const capacityFor = (cells) => CAPACITIES.find((capacity) => capacity >= cells) ?? cells;

export class ExplorerMaps {
  /** @param {ExplorerState} state */
  constructor(state) {
    this.state = state;
    this.shares = SHARES[state.layer.name];
    this.names = /** @type {PanelName[]} */ (Object.keys(this.shares));
    this.maps = /** @type {Record<PanelName, CellMap>} */ (
      Object.fromEntries(
        [...this.names, 'kernel'].map((name) => [
          name,
          new CellMap(`${name[0].toUpperCase()}${name.slice(1)} map`),
        ]),
      )
    );
    const columns = Object.values(this.shares).map((share) => `${share}fr`);
    this.row = h('div', {
      class: 'ut-maps',
      style: `grid-template-columns:${columns.join(' ')}`,
    });
    this.row.append(...this.names.map((name) => this.maps[name].figure));
    /** Pixels that the maps may fill. Kept, since asking makes the page lay itself out. */
    this.width = 0;
  }

  get entries() {
    return /** @type {[PanelName, CellMap][]} */ (Object.entries(this.maps));
  }

  /** Whether the width changed since it was last measured. */
  measure() {
    const before = this.width;
    this.width = this.row.clientWidth;
    return this.width !== before;
  }

  /** @param {boolean} isPresenting @param {boolean} isPlaying */
  paint(isPresenting, isPlaying) {
    const { state } = this;
    const { problem, sentence } = state;
    const shown = problem ? state.plain : state.picture(state.axes, state.selected);
    const before = problem ? state.picture(axesOf(state.lastLegal), null) : shown;
    // While the walk goes on, the pinned cell stays visible faintly beside the hovered one.
    const ghost =
      !problem && state.hovered && isPlaying ? state.picture(state.axes, state.pinned) : null;
    const { side, roomOf } = this.#scale(shown, isPresenting);
    for (const name of this.names) {
      const isFaint = Boolean(problem) && name === 'output';
      const panel = (isFaint ? before : shown)[name];
      if (!panel) continue;
      const room = roomOf(name);
      const fitting = Math.floor(room[1] / Math.max(...panel.count));
      this.maps[name].draw(
        isFaint ? { ...panel, note: `none; ${panel.note} was the last` } : panel,
        {
          side: isFaint ? Math.min(side, fitting) : side,
          room,
          sentence,
          text: problem ? undefined : cellText(state, name),
          isFaint,
        },
      );
      const ghostly = ghost?.[name];
      if (ghostly) this.maps[name].drawGhost(ghostly);
    }
    if (shown.kernel)
      this.maps.kernel.draw(shown.kernel, {
        side: isPresenting ? KERNEL_CELL.present : KERNEL_CELL.notebook,
        room: [0, 0],
        sentence,
        text: cellText(state, 'kernel'),
      });
  }

  /** The side of a cell, and the height and width each map may fill, in pixels.
   * @param {Picture} shown @param {boolean} isPresenting */
  #scale(shown, isPresenting) {
    const available = this.width || this.row.clientWidth || 700;
    const isNarrow = available < NARROW;
    const width = Math.max(200, available) - (isNarrow ? 6 : GAP * (this.names.length - 1));
    const share = (/** @type {PanelName} */ name) => (isNarrow ? 1 : (this.shares[name] ?? 1));
    const countOf = (/** @type {PanelName} */ name) => (shown[name] ?? { count: [1] }).count;
    const columns = Math.max(...this.names.map((name) => Math.max(...countOf(name)) / share(name)));
    const rows = Math.max(...this.names.map((name) => countOf(name)[0]));
    const fitting = Math.floor(
      Math.min(width / capacityFor(columns), (TALLEST - 4) / capacityFor(rows)),
    );
    const widest = Math.max(...Object.values(this.shares));
    const tallest = isNarrow ? 0 : Math.floor(Math.min(TALLEST, width * widest));
    const roomOf = (/** @type {PanelName} */ name) =>
      /** @type {Pair} */ ([tallest, isNarrow ? width : Math.floor(width * share(name))]);
    const largest = isPresenting ? LARGEST_CELL.present : LARGEST_CELL.notebook;
    return { side: clamp(fitting, 2, largest), roomOf };
  }
}
