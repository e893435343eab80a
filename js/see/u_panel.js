/** The middle: the U with a live map for each level, and a switch in each skip. */

import { h, s, set, update } from '../dom.js';
import { drawMap, gradient } from './drawing.js';
import { channelOf } from './results.js';
import { SkipSwitch } from './skip_switch.js';
import { layOut, NAME_ROOM } from './u_layout.js';
import { isBest } from './words.js';

/** @typedef {import('../engine/server.js').Shown} Shown */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./reading.js').Row} Row */
/** @typedef {import('./u_layout.js').Box} Box */

/** @typedef {{name: string, box: HTMLButtonElement, canvas: HTMLCanvasElement, size: HTMLElement, says: HTMLElement}} Level */

export class UPanel {
  #box = h('div', { class: 'ut-see-u-box' });
  /** @type {Map<string, Level>} */
  #levels = new Map();
  /** @type {SkipSwitch[]} */
  #wires = [];
  #arrows = s('svg', { class: 'ut-see-arrows', 'aria-hidden': 'true' });
  #built = '';
  #momentSays = h('span', {});
  #ramps = ['input', 'output'].map(() => h('i'));
  #since = h('p', { class: 'ut-see-since ut-quiet' });

  /**
   * @param {object} options
   * @param {(place: string) => void} options.onOpen
   * @param {(level: number, skip: Skip, isSlid: boolean) => void} options.onSkip
   * @param {(skip: Skip) => void} options.onAll
   * @param {(index: number) => void} options.onMoment
   * @param {AbortSignal} options.signal
   */
  constructor({ onOpen, onSkip, onAll, onMoment, signal }) {
    this.onOpen = onOpen;
    this.onSkip = onSkip;
    this.signal = signal;
    this.moment = h('input', { type: 'range', min: 0, max: 0, step: 1 });
    this.moment.addEventListener('input', () => onMoment(this.moment.valueAsNumber), { signal });
    this.moments = h('label', { class: 'ut-see-moments' }, this.#momentSays, this.moment);
    const all = (/** @type {Skip} */ skip, /** @type {string} */ text) => {
      const button = h('button', { type: 'button' }, text);
      button.addEventListener('click', () => onAll(skip), { signal });
      return button;
    };
    this.all = h('div', { class: 'ut-see-all' }, all(1, 'all on'), all(0, 'cut all'));
    this.element = h(
      'section',
      { class: 'ut-see-u', 'aria-label': 'Inside the network' },
      h(
        'p',
        { class: 'ut-see-name' },
        h('b', {}, 'Inside'),
        ' ',
        h('span', { class: 'ut-quiet' }, 'one channel (ch) a level; press it for all'),
      ),
      this.#box,
    );
  }

  /** Build the levels anew where the network has others. @param {Row[]} rows   finest first @param {'wide' | 'narrow'} shape @param {string} why   there are no skips */
  build(rows, shape, why) {
    const built = JSON.stringify([rows, shape, why]);
    if (built === this.#built) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.place;
    this.#built = built;
    this.#levels.clear();
    const depth = rows.length - 1;
    const hasSkips = rows.some(({ skip }) => skip);
    const layout = layOut(depth, shape);
    set(this.#box, { style: `--w:${layout.width};--h:${layout.height}` });
    const levels = [
      ...layout.encoder.map(
        (box, level) => rows[level].encoder && this.#level(`encoder ${level}`, box, rows),
      ),
      ...layout.decoder.map(
        (box, level) => rows[level].decoder && this.#level(`decoder ${level}`, box, rows),
      ),
    ].filter((each) => each !== false);
    const { onSkip, signal } = this;
    this.#wires = layout.decoder.flatMap((box, level) =>
      rows[level].skip
        ? [
            new SkipSwitch({
              level,
              name: rows[level].name,
              from: layout.encoder[level],
              to: box,
              onSkip,
              signal,
            }),
          ]
        : [],
    );
    const none = h('p', { class: 'ut-see-none' }, 'no skips: ', h('b', {}, why));
    this.#drawArrows(layout, rows);
    this.all.hidden = !hasSkips;
    this.#box.replaceChildren(
      ...levels,
      this.#arrows,
      ...this.#wires.map(({ element }) => element),
      ...(hasSkips ? [] : [none]),
      h(
        'div',
        { class: 'ut-see-corner' },
        h(
          'p',
          { class: 'ut-see-scale', title: 'From the lowest to the highest value of the channel' },
          'low',
          h('span', { 'aria-hidden': 'true' }, ...this.#ramps),
          'high',
        ),
        this.moments,
      ),
      this.#since,
      this.all,
    );
    if (focused)
      /** @type {HTMLElement | null} */ (
        this.#box.querySelector(`[data-place="${focused}"]`)
      )?.focus();
  }

  /** @param {string} place @param {Box} at @param {Row[]} rows */
  #level(place, { left, top, side }, rows) {
    const [part, level] = place.split(' ');
    const isBottom = part === 'encoder' && Number(level) === rows.length - 1;
    const name = isBottom ? 'bottleneck' : `${part} ${rows[Number(level)].name}`;
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    const box = h(
      'button',
      {
        type: 'button',
        class: `ut-see-level ut-see-${part}`,
        'aria-label': name, // until its first map is there
        'data-place': place,
        style: `--x:${left};--y:${top};--s:${side}`,
      },
      canvas,
    );
    box.addEventListener('click', () => this.onOpen(place), { signal: this.signal });
    const size = h('span', { class: 'ut-see-size' });
    const says = h('span', { class: 'ut-see-changed' });
    this.#levels.set(place, { name, box, canvas, size, says });
    return h(
      'div',
      {
        class: [
          'ut-see-place',
          isBottom && 'ut-see-bottom',
          !isBottom && side < NAME_ROOM && 'ut-see-unnamed',
        ]
          .filter(Boolean)
          .join(' '),
        style: `--x:${left};--y:${top};--s:${side}`,
      },
      box,
      part === 'encoder' ? size : says,
    );
  }

  /** @param {ReturnType<typeof layOut>} layout @param {Row[]} rows */
  #drawArrows({ encoder, decoder, height, width }, rows) {
    const depth = rows.length - 1;
    const bottom = encoder[depth];
    const paths = [];
    for (let level = 0; level < depth - 1; level += 1) {
      const [from, to] = [encoder[level], encoder[level + 1]];
      const [x, end] = [from.left + from.side / 2, from.top + from.side];
      if (rows[level].encoder && rows[level + 1].encoder)
        paths.push(arrow(`M${x} ${end + 1}V${to.top - 2}`, x, to.top - 2, 'down'));
      const up = decoder[level].left + decoder[level].side / 2;
      if (rows[level].decoder && rows[level + 1].decoder)
        paths.push(arrow(`M${up} ${decoder[level + 1].top - 2}V${end + 3}`, up, end + 3, 'up'));
    }
    const [last, end] = [encoder[depth - 1], decoder[depth - 1]];
    const middle = bottom.top + bottom.side / 2;
    const [x, up] = [last.left + last.side / 2, end.left + end.side / 2];
    if (rows[depth - 1].encoder)
      paths.push(
        arrow(
          `M${x} ${last.top + last.side + 1}V${middle}H${bottom.left - 3}`,
          bottom.left - 3,
          middle,
          'right',
        ),
      );
    if (rows[depth - 1].decoder)
      paths.push(
        arrow(
          `M${bottom.left + bottom.side + 6} ${middle}H${up}V${end.top + end.side + 3}`,
          up,
          end.top + end.side + 3,
          'up',
        ),
      );
    if (width > 400) {
      const [first, final] = ['encoder', 'decoder'].map((part) =>
        rows.findIndex((row) => row[/** @type {'encoder' | 'decoder'} */ (part)]),
      );
      // Below the label of the level's size.
      const y = (/** @type {Box} */ box) => box.top + Math.max(box.side / 2, 52);
      const into = encoder[first];
      if (into)
        paths.push(arrow(`M8 ${y(into)}H${into.left - 3}`, into.left - 3, y(into), 'right'));
      const out = decoder[final];
      if (out)
        paths.push(
          arrow(`M${out.left + out.side + 7} ${y(out)}H${width - 8}`, width - 8, y(out), 'right'),
        );
    }
    set(this.#arrows, { viewBox: `0 0 ${width} ${height}` });
    this.#arrows.replaceChildren(...paths);
  }

  /**
   * @param {Record<string, Shown>} maps
   * @param {(place: string) => {channel: number, ends: [number, number], says: string}} of
   * @param {'light' | 'dark'} theme
   */
  paintMaps(maps, of, theme) {
    this.#ramps.forEach((ramp, i) => {
      set(ramp, { style: `background:${gradient(i ? 'output' : 'input', theme)}` });
    });
    for (const [place, { name, box, canvas, size, says }] of this.#levels) {
      const map = maps[place];
      if (!map) continue;
      const { channel, ends, says: words } = of(place);
      const ramp = place.startsWith('encoder') ? 'input' : 'output';
      drawMap(canvas, channelOf(map, channel), map.height, map.width, ends, ramp, theme);
      const [cells, total] = [map.size ?? `${map.height}×${map.width}`, map.total ?? map.channels];
      const sized = `${cells} ${total}`;
      if (size.dataset.says !== sized) {
        size.dataset.says = sized;
        size.replaceChildren(
          h('i', {}, name.replace('encoder', 'level')),
          h('b', {}, cells),
          h('span', {}, `${total} ch`),
        );
      }
      if (says.dataset.says !== words) {
        says.dataset.says = words;
        const [first, ...rest] = words.split(' ');
        says.replaceChildren(
          h('span', {}, first),
          ...(rest.length ? [h('b', {}, rest.join(' '))] : []),
        );
      }
      set(box, {
        'aria-label': `${name}, ${cells}, ${total} channels, channel ${map.names?.[channel] ?? channel} shown${words ? `, ${words}` : ''}. Opens all channels.`,
      });
    }
  }

  /** What the levels say that they are compared with. @param {string} words   "" for nothing */
  paintSince(words) {
    update(
      this.#since,
      words ? ['changed', h('span', {}, ': % of its values, against ', h('b', {}, words))] : [],
    );
  }

  /** The steps of the training that were kept; those of a network of one's own are unknown. @param {import('./session.js').State} state */
  paintMoments(state) {
    const { network, moment } = state;
    const { moments, steps } = network;
    const isOne = moments.length < 2;
    this.moments.hidden = !steps;
    this.moment.hidden = isOne;
    if (isOne) {
      update(this.#momentSays, [
        'trained for ',
        h('b', {}, `${steps} steps`),
        ', earlier ones not kept',
      ]);
      return;
    }
    const at = moments.findIndex(({ key }) => key === moment.key);
    set(this.moment, { max: moments.length - 1, 'aria-valuetext': `step ${moment.step}` });
    this.moment.value = String(at);
    update(this.#momentSays, [
      h('span', {}, 'training '),
      h('b', {}, `step ${moment.step}`),
      h('span', {}, ` of ${steps}${isBest(state) ? ', the best' : ''}`),
    ]);
  }

  /** @param {Skip[]} skips */
  paintSkips(skips) {
    for (const wire of this.#wires) wire.paint(skips[wire.level]);
  }
}

/** A line that ends in an arrow's head. @param {string} d @param {number} x @param {number} y @param {'up' | 'down' | 'right'} to */
function arrow(d, x, y, to) {
  const heads = { up: 'm-6 6l6 -6l6 6', down: 'm-6 -6l6 6l6 -6', right: 'm-7 -6l7 6l-7 6' };
  return s('path', { d: `${d}M${x} ${y}${heads[to]}` });
}
