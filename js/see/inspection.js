/** What is looked at more closely: an opened level with its cell, or a picked pixel of the prediction; and which input pixels matter for it. */

import { h, s, set } from '../dom.js';
import { drawChanges } from './drawing.js';
import { fieldOf, fieldSteps } from './field.js';
import { LevelPanel } from './level_panel.js';
import { channelOf, mostOf } from './results.js';

/** @typedef {import('../engine/server.js').Area} Area */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').State} State */
/** @typedef {import('./tour.js').Result} Result */
/** @typedef {[row: number, column: number]} Point */

const PATIENCE = 150; // ms that the cell stands still before its pixels are covered
const LONG = 1; // seconds of a run: a gradient takes several, and is left out

export class Inspection {
  hint = '';
  /** @type {Point | null} the cell under the pointer */
  #hovered = null;
  #asked = '';
  #timer = 0;
  /** @type {{changes: Float32Array, area: Area, isDone: boolean} | null} */
  #uses = null;
  /** @type {{changes: Float32Array, name: string, count: number}[] | null} */
  #matters = null;
  #usesText = h('p');
  #usesCanvas = h('canvas', { role: 'img' });

  /**
   * @param {object} options
   * @param {(name: string) => any} options.get
   * @param {(values: Record<string, unknown>) => void} options.save
   * @param {Session} options.session
   * @param {() => void} options.onChange
   * @param {AbortSignal} options.signal
   */
  constructor({ get, save, session, onChange, signal }) {
    this.get = get;
    this.session = session;
    this.onChange = onChange;
    this.level = new LevelPanel({
      onChannel: (channel) => save({ channel }),
      onCell: (cell, isChosen) => {
        this.#hovered = isChosen ? null : cell;
        if (isChosen) save({ cell });
        else onChange();
      },
      onWalk: (by) => {
        const place = String(get('place'));
        const order = session.order(place);
        const at = order.indexOf(this.#channel(place));
        save({ channel: order[(at + by + order.length) % order.length] });
      },
      signal,
    });
    this.level.frame.addEventListener(
      'pointerleave',
      () => {
        if (!this.#hovered) return;
        this.#hovered = null;
        onChange();
      },
      { signal },
    );
    this.uses = h(
      'div',
      { class: 'ut-see-uses' },
      h('div', {}, h('b', {}, 'What it really uses'), this.#usesText),
      this.#usesCanvas,
    );
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** @param {string} place */
  #channel(place) {
    const order = this.session.order(place);
    const chosen = this.get('channel');
    return order.includes(chosen) ? chosen : order[0];
  }

  /** The cell that is looked at; until one is chosen, that of the largest value. @param {import('../engine/server.js').Shown} map @param {number} channel @returns {Point} */
  #cell(map, channel) {
    const { height, width } = map;
    const chosen = this.#hovered ?? this.get('cell');
    if (!Array.isArray(chosen)) {
      const values = channelOf(map, channel);
      const largest = values.reduce((best, each, i) => (each > values[best] ? i : best), 0);
      return [Math.floor(largest / width), largest % width];
    }
    const [row, column] = chosen;
    const inside = (/** @type {unknown} */ i, /** @type {number} */ count) =>
      Math.max(0, Math.min(count - 1, Math.round(Number(i)) || 0));
    return [inside(row, height), inside(column, width)];
  }

  /** The input pixels that a cell can see, inside the image. @param {State} state @param {string} place @param {Point} cell */
  #area({ moment, network, sample }, place, cell) {
    const { layers } = /** @type {any} */ (moment.network);
    if (network.inKernel) {
      const { height, width } = sample;
      return { area: { row: 0, column: 0, height, width }, size: [height, width] };
    }
    const [rows, columns] = cell.map((i) => fieldOf(layers, place, i));
    const size = [rows[1] - rows[0] + 1, columns[1] - columns[0] + 1];
    const [top, left] = [Math.max(0, rows[0]), Math.max(0, columns[0])];
    const [bottom, right] = [
      Math.min(sample.height - 1, rows[1]),
      Math.min(sample.width - 1, columns[1]),
    ];
    const area = { row: top, column: left, height: bottom - top + 1, width: right - left + 1 };
    return { area, size };
  }

  /** @param {string} place @param {Result} now */
  headline(place, now) {
    const { channels, height, width, size, total, names } = now.maps[place];
    const [part, level] = place.split(' ');
    const { depth, rows } = now.state.network;
    const named =
      Number(level) === depth
        ? 'Bottleneck'
        : `${part[0].toUpperCase()}${part.slice(1)} level ${rows[Number(level)].name}`;
    const isPart = total !== undefined && names && names.length < total;
    return {
      title: `${named}: ${total ?? channels} channels of ${size ?? `${height}×${width}`}`,
      note: isPart ? `the ${names.length} most active` : '',
    };
  }

  /** What is laid over the input while a level is open. @param {State} state @param {string} place */
  marks(state, place) {
    const map = this.session.now?.maps[place];
    if (!map) return [];
    if (state.network.inKernel) {
      this.hint = this.#uses ? 'dark: pixels that move this value' : '';
      return [];
    }
    const { area } = this.#area(state, place, this.#cell(map, this.#channel(place)));
    this.hint = `the ${area.height}×${area.width} pixels this cell can see`;
    const { row, column, height, width } = area;
    return [
      s('path', {
        class: 'ut-see-shade',
        d: `M0 0H${state.sample.width}V${state.sample.height}H0zM${column} ${row}v${height}h${width}v${-height}z`,
      }),
      s('rect', { class: 'ut-see-window', x: column, y: row, width, height }),
    ];
  }

  /** @param {State} state @param {string} place @param {Result} now @param {'light' | 'dark'} theme */
  paint(state, place, now, theme) {
    const map = now.maps[place];
    const [part, level] = place.split(' ');
    const channel = this.#channel(place);
    const cell = this.#cell(map, channel);
    const { area, size } = this.#area(state, place, cell);
    const { layers } = /** @type {any} */ (state.moment.network);
    const steps = state.network.inKernel
      ? []
      : part === 'encoder'
        ? fieldSteps(layers, Number(level))
        : [
            { says: 'a cell of the bottleneck', sum: fieldSizes(layers, state.network.depth) },
            { says: 'the convolutions above it add', sum: `${size[0]}×${size[1]}` },
          ];
    const isWhole = area.height === state.sample.height && area.width === state.sample.width;
    const isPart = area.height < size[0] || area.width < size[1];
    const inImage = isPart ? `, in the image ${area.height}×${area.width}` : ', by arithmetic';
    this.level.paint({
      place,
      map,
      order: this.session.order(place),
      channel,
      cell,
      carries: part === 'encoder' && state.network.rows[Number(level)].skip,
      field: {
        title: state.network.inKernel ? '' : `${size[0]}×${size[1]}`,
        more: state.network.inKernel ? '' : isWhole ? ', the whole image' : inImage,
        steps: steps.slice(-4),
      },
      theme,
    });
    if (leavesOut(state)) {
      drawChanges(this.#usesCanvas, new Float32Array(1), 1, 1, theme);
      this.#usesText.textContent = `Left out: it takes several runs, and one took ${state.network.seconds} s.`;
      return;
    }
    this.#ask(`${state.seen} ${place} ${channel} ${cell}`, () => {
      const question = {
        place: /** @type {any} */ (place),
        channel,
        row: cell[0],
        column: cell[1],
        area,
      };
      this.session.matter(state, question, (changes, isDone) => {
        this.#uses = { changes, area, isDone };
        this.onChange();
      });
    });
    this.#paintUses(state, theme);
  }

  /** Ask when the cell has stood still for a moment. @param {string} asked @param {() => void} ask */
  #ask(asked, ask) {
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#uses = null;
    this.#matters = null;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(ask, PATIENCE);
  }

  /** @param {State} state @param {'light' | 'dark'} theme */
  #paintUses(state, theme) {
    const uses = this.#uses;
    set(this.#usesCanvas, { 'aria-label': 'which pixels change the value' });
    const { inKernel } = state.network;
    if (!uses) {
      drawChanges(this.#usesCanvas, new Float32Array(1), 1, 1, theme);
      this.#usesText.textContent = inKernel
        ? 'Asking the kernel …'
        : 'Covering pixel after pixel …';
      return;
    }
    const { area, changes, isDone } = uses;
    const shown = new Float32Array(area.height * area.width);
    for (let row = 0; row < area.height; row += 1) {
      const from = (area.row + row) * state.sample.width + area.column;
      shown.set(changes.subarray(from, from + area.width), row * area.width);
    }
    drawChanges(this.#usesCanvas, shown, area.height, area.width, theme);
    const count = mostOf(shown);
    const words = `${count} of these ${area.height}×${area.width} pixels`;
    if (!count && isDone) {
      this.#usesText.textContent = inKernel
        ? 'The gradient of this value is zero at every pixel.'
        : 'No pixel, covered alone, changes this value.';
      return;
    }
    const [how, of] = inKernel
      ? ['The gradient of this value: dark pixels move it most. ', 'the gradient']
      : ['Cover each pixel in turn: dark ones matter most. ', 'all changes'];
    this.#usesText.replaceChildren(
      how,
      h('b', {}, words),
      ` make 90 % of ${of}${isDone ? '' : ', so far'}.`,
    );
    set(this.#usesCanvas, { 'aria-label': `${words} make 90 % of ${of}` });
  }

  // ------------------------------------------------------------------- a pixel of the prediction
  /** @param {State} state @returns {Point | null} */
  pixel(state) {
    const { sample } = state;
    const given = leavesOut(state) ? null : this.get('pixel');
    if (!Array.isArray(given) || given.length !== 2 || !given.every(Number.isInteger)) return null;
    const [row, column] = given;
    return row >= 0 && column >= 0 && row < sample.height && column < sample.width
      ? [row, column]
      : null;
  }

  /** Which input pixels matter for the picked one, as the switches are and with all skips cut (or on). @param {State} state */
  matters(state) {
    const pixel = this.pixel(state);
    if (!pixel) {
      if (!this.get('place')) this.#asked = '';
      return null;
    }
    if (this.get('place')) return null;
    const { network } = state;
    const isCut = state.skips.every((skip, level) => skip === 0 || !network.rows[level].skip);
    const pairs = /** @type {[string, Skip[]][]} */ ([
      ['matters now', state.skips],
      ...(network.hasSkips
        ? [[isCut ? 'all on' : 'all skips cut', state.skips.map(() => (isCut ? 1 : 0))]]
        : []),
    ]);
    this.#ask(`${state.seen} pixel ${pixel}`, () => this.#cover(state, pixel, pairs, 0));
    return (
      this.#matters ??
      pairs.map(([name]) => ({
        name,
        count: 0,
        changes: new Float32Array(state.sample.height * state.sample.width),
      }))
    );
  }

  /** @param {State} state @param {Point} pixel @param {[string, Skip[]][]} pairs @param {number} i */
  #cover(state, pixel, pairs, i) {
    const asked = this.#asked;
    const { area } = this.#area(state, 'logits', pixel);
    const question = {
      place: /** @type {const} */ ('logits'),
      channel: 0,
      row: pixel[0],
      column: pixel[1],
      area,
    };
    this.session.matter({ ...state, skips: pairs[i][1] }, question, (changes, isDone) => {
      if (asked !== this.#asked) return;
      const known =
        this.#matters ??
        pairs.map(([name]) => ({ name, count: 0, changes: new Float32Array(changes.length) }));
      this.#matters = known.map((each, k) =>
        k === i ? { ...each, changes, count: mostOf(changes) } : each,
      );
      this.onChange();
      if (isDone && i + 1 < pairs.length) this.#cover(state, pixel, pairs, i + 1);
    });
  }
}

/** Whether the kernel is not asked which pixels matter, since it would take too long. @param {State} state */
export const leavesOut = ({ network }) => network.seconds > LONG;

/** How many pixels a cell of the bottleneck sees: "68×68". @param {import('./field.js').Layer[]} layers @param {number} depth */
function fieldSizes(layers, depth) {
  const [from, to] = fieldOf(layers, `encoder ${depth}`, 64);
  return `${to - from + 1}×${to - from + 1}`;
}
