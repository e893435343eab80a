/** One level opened: all its channels, most active first, and one of them large, with its values and what its cells see. */

import { h, s, set } from '../dom.js';
import { ARROWS } from '../pointing.js';
import { drawMap } from './drawing.js';
import { activities, channelOf, ends } from './results.js';

/** @typedef {import('../engine/server.js').Shown} Shown */
/** @typedef {[row: number, column: number]} Point */

export class LevelPanel {
  #grid = h('div', { class: 'ut-see-grid', role: 'group', 'aria-label': 'Channels' });
  #gridHint = h('span', { class: 'ut-quiet' });
  #canvas = h('canvas', { 'aria-hidden': 'true' });
  #svg = s('svg', { 'aria-hidden': 'true' });
  #value = h('span', { class: 'ut-see-value' });
  #name = h('b');
  #where = h('span', { class: 'ut-quiet' });
  #steps = h('div', { class: 'ut-see-steps' });
  #listed = '';
  #size = { height: 1, width: 1 };
  /** @type {Point} */
  #cell = [0, 0];

  /**
   * @param {object} options
   * @param {(channel: number) => void} options.onChannel
   * @param {(cell: Point, isChosen: boolean) => void} options.onCell
   * @param {(by: number) => void} options.onWalk   to the next channel
   * @param {AbortSignal} options.signal
   */
  constructor({ onChannel, onCell, onWalk, signal }) {
    this.frame = h(
      'div',
      {
        class: 'ut-see-frame',
        tabindex: 0,
        role: 'application',
        'aria-roledescription': 'feature map',
      },
      this.#canvas,
      this.#svg,
      this.#value,
    );
    this.channels = h(
      'section',
      { class: 'ut-see-channels', 'aria-label': 'Channels of the level' },
      h('p', { class: 'ut-see-name' }, h('b', {}, 'Channels'), ' ', this.#gridHint),
      this.#grid,
    );
    this.large = h(
      'section',
      { class: 'ut-see-large', 'aria-label': 'The chosen channel' },
      h('p', { class: 'ut-see-name' }, this.#name, ' ', this.#where),
      this.frame,
      this.#steps,
    );
    this.#grid.addEventListener(
      'click',
      ({ target }) => {
        const button = /** @type {Element} */ (target).closest('button');
        if (button) onChannel(Number(button.dataset.channel));
      },
      { signal },
    );
    const cellAt = (/** @type {PointerEvent | MouseEvent} */ { clientX, clientY }) => {
      const box = this.#canvas.getBoundingClientRect();
      const { height, width } = this.#size;
      const at = [
        ((clientY - box.top) / box.height) * height,
        ((clientX - box.left) / box.width) * width,
      ].map(Math.floor);
      return at[0] >= 0 && at[1] >= 0 && at[0] < height && at[1] < width
        ? /** @type {Point} */ (at)
        : null;
    };
    for (const type of /** @type {const} */ (['pointermove', 'click']))
      this.frame.addEventListener(
        type,
        (event) => {
          const cell = cellAt(event);
          if (cell && (type === 'click' || String(cell) !== String(this.#cell)))
            onCell(cell, type === 'click');
        },
        { signal },
      );
    const walk = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== ',' && event.key !== '.') return;
      event.preventDefault();
      onWalk(event.key === '.' ? 1 : -1);
    };
    this.channels.addEventListener('keydown', walk, { signal });
    this.large.addEventListener('keydown', walk, { signal });
    this.frame.addEventListener(
      'keydown',
      (event) => {
        const step = ARROWS[event.key];
        if (!step) return;
        event.preventDefault();
        const inside = (/** @type {number} */ i, /** @type {number} */ count) =>
          Math.max(0, Math.min(count - 1, i));
        const { height, width } = this.#size;
        onCell(
          [inside(this.#cell[0] + step[0], height), inside(this.#cell[1] + step[1], width)],
          true,
        );
      },
      { signal },
    );
  }

  /**
   * @param {object} options
   * @param {string} options.place
   * @param {Shown} options.map
   * @param {number[]} options.order   channels, most active first
   * @param {number} options.channel
   * @param {Point} options.cell
   * @param {boolean} options.carries   whether a skip carries these maps
   * @param {{title: string, more: string, steps: {says: string, sum: string}[]}} options.field
   * @param {'light' | 'dark'} options.theme
   */
  paint({ place, map, order, channel, cell, carries, field, theme }) {
    const { height, width, channels, names } = map;
    const number = (/** @type {number} */ c) => names?.[c] ?? c;
    this.#size = { height, width };
    this.#cell = cell;
    const [part, level] = place.split(' ');
    const ramp = part === 'encoder' ? 'input' : 'output';
    const columns =
      channels <= 16 ? 4 : channels <= 36 ? 6 : channels <= 64 ? 8 : Math.ceil(Math.sqrt(channels));
    const listed = `${place} ${order} ${names ?? ''}`;
    if (listed !== this.#listed) {
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.channel;
      this.#listed = listed;
      const showsNumbers = columns <= 8;
      this.#grid.replaceChildren(
        ...order.map((c) =>
          h(
            'button',
            { type: 'button', 'data-channel': c, 'aria-label': `channel ${number(c)}` },
            h('canvas', { 'aria-hidden': 'true' }),
            ...(showsNumbers ? [h('span', { 'aria-hidden': 'true' }, String(number(c)))] : []),
            h('i', { 'aria-hidden': 'true' }),
          ),
        ),
      );
      set(this.#grid, {
        style: `--columns:${columns};--rows:${Math.max(columns, Math.ceil(channels / columns))}`,
        'data-part': part,
      });
      if (focused)
        /** @type {HTMLElement | null} */ (
          this.#grid.querySelector(`[data-channel="${focused}"]`)
        )?.focus();
    }
    const active = activities(map);
    const most = Math.max(...active) || 1;
    [...this.#grid.children].forEach((button, i) => {
      const c = order[i];
      const values = channelOf(map, c);
      const canvas = /** @type {HTMLCanvasElement} */ (button.firstChild);
      drawMap(canvas, values, height, width, ends(values), ramp, theme);
      set(button, { 'aria-pressed': String(c === channel) });
      /** @type {HTMLElement} */ (button.lastChild).style.setProperty(
        '--share',
        String(active[c] / most),
      );
    });
    this.#gridHint.textContent = carries
      ? `what skip ${level} carries, most active first`
      : 'most active first';

    const values = channelOf(map, channel);
    const value = values[cell[0] * width + cell[1]];
    drawMap(this.#canvas, values, height, width, ends(values), ramp, theme);
    set(this.#svg, { viewBox: `0 0 ${width} ${height}` });
    const [row, column] = cell;
    this.#svg.replaceChildren(
      s('rect', { class: 'ut-see-cell', x: column, y: row, width: 1, height: 1 }),
    );
    this.#name.textContent = `Channel ${number(channel)}`;
    this.#where.textContent = `row ${row}, column ${column}`;
    this.#value.textContent = value.toFixed(2);
    const isRight = column > width * 0.7;
    set(this.#value, {
      style: `top:${(100 * (row + 0.5)) / height}%;${isRight ? `right:${100 - (100 * column) / width}%` : `left:${(100 * (column + 1)) / width}%`}`,
    });
    this.frame.classList.toggle('ut-see-decoder', part === 'decoder');
    set(this.frame, {
      style: `--ratio:${width / height}`,
      'aria-label': `${place}, channel ${number(channel)}, row ${row}, column ${column}: ${value.toFixed(2)}. Arrow keys move, comma and full stop change the channel, Escape goes back.`,
    });
    this.#steps.replaceChildren(
      h('p', { class: 'ut-see-field' }, h('b', {}, field.title, h('span', {}, field.more))),
      ...field.steps.map(({ says, sum }) => h('p', {}, h('span', {}, says), h('b', {}, sum))),
    );
  }
}
