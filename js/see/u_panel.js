/** The middle: the U with a live map for each level, and a switch in each skip. */

import { h, s, set } from '../dom.js';
import { drawMap } from './drawing.js';
import { channelOf } from './results.js';
import { layOut, SLIDER_ROOM } from './u_layout.js';

/** @typedef {import('../engine/server.js').Shown} Shown */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./u_layout.js').Box} Box */

const HOW = { on: 'on', cut: 'cut', blur: 'blurred', other: 'other image' };

/** A skip in a word: "on", "cut", "0.5", "blurred". @param {Skip} skip */
export const inWords = (skip) =>
  typeof skip === 'number' ? (skip === 1 ? 'on' : skip ? String(skip) : 'cut') : HOW[skip];

/** @typedef {{box: HTMLButtonElement, canvas: HTMLCanvasElement, size: HTMLElement, says: HTMLElement}} Level */
/** @typedef {{element: HTMLElement, arm: SVGElement, wire: SVGElement, zero: SVGElement, button: HTMLButtonElement, how: HTMLSelectElement, strength: HTMLInputElement, svg: SVGElement}} Wire */

export class UPanel {
  #box = h('div', { class: 'ut-see-u-box' });
  /** @type {Map<string, Level>} */
  #levels = new Map();
  /** @type {Wire[]} */
  #wires = [];
  #arrows = s('svg', { class: 'ut-see-arrows', 'aria-hidden': 'true' });
  #built = '';

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
    this.momentSays = h('span', {});
    this.moments = h('label', { class: 'ut-see-moments' }, this.momentSays, this.moment);
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
        h('span', { class: 'ut-quiet' }, 'one channel a level, Enter opens all'),
      ),
      this.#box,
    );
  }

  /** Build the levels anew where the network has others. @param {number} depth @param {boolean} hasSkips @param {'wide' | 'narrow'} shape */
  build(depth, hasSkips, shape) {
    const built = `${depth} ${hasSkips} ${shape}`;
    if (built === this.#built) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.place;
    this.#built = built;
    this.#levels.clear();
    const layout = layOut(depth, shape);
    set(this.#box, { style: `--w:${layout.width};--h:${layout.height}` });
    const levels = [
      ...layout.encoder.map((box, level) => this.#level(`encoder ${level}`, box, level === depth)),
      ...layout.decoder.map((box, level) => this.#level(`decoder ${level}`, box, false)),
    ];
    this.#wires = hasSkips
      ? layout.decoder.map((box, level) => this.#wire(level, layout.encoder[level], box))
      : [];
    const none = h('p', { class: 'ut-see-none' }, 'no skips: ', h('b', {}, 'trained without'));
    this.#drawArrows(layout, depth);
    this.all.hidden = !hasSkips;
    this.#box.replaceChildren(
      ...levels,
      this.#arrows,
      ...this.#wires.map(({ element }) => element),
      ...(hasSkips ? [] : [none]),
      this.moments,
      this.all,
    );
    if (focused)
      /** @type {HTMLElement | null} */ (
        this.#box.querySelector(`[data-place="${focused}"]`)
      )?.focus();
  }

  /** @param {string} place @param {Box} at @param {boolean} isBottom */
  #level(place, { left, top, side }, isBottom) {
    const [part] = place.split(' ');
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    const box = h(
      'button',
      {
        type: 'button',
        class: `ut-see-level ut-see-${part}`,
        'data-place': place,
        style: `--x:${left};--y:${top};--s:${side}`,
      },
      canvas,
    );
    box.addEventListener('click', () => this.onOpen(place), { signal: this.signal });
    const size = h('span', { class: 'ut-see-size' });
    const says = h('span', { class: 'ut-see-changed' });
    this.#levels.set(place, { box, canvas, size, says });
    return h(
      'div',
      {
        class: `ut-see-place${isBottom ? ' ut-see-bottom' : ''}`,
        style: `--x:${left};--y:${top};--s:${side}`,
      },
      box,
      part === 'encoder' ? size : says,
    );
  }

  /** @param {number} level @param {Box} from @param {Box} to @returns {Wire} */
  #wire(level, from, to) {
    const [left, width] = [from.left + from.side, to.left - from.left - from.side];
    const middle = width / 2;
    const wire = s('path', { class: 'ut-see-wire' });
    const arm = s('path', { class: 'ut-see-arm' });
    const zero = s(
      'g',
      { class: 'ut-see-zero' },
      s('path', { d: `M${middle + 20} 16H${width - 30}` }),
      s('rect', { x: width - 26, y: 7, width: 18, height: 18 }),
      s('text', { x: width - 17, y: 21 }, '0'),
    );
    const svg = s(
      'svg',
      { viewBox: `0 0 ${width} 32`, 'aria-hidden': 'true' },
      wire,
      zero,
      arm,
      s('circle', { class: 'ut-see-pole', cx: middle - 15, cy: 16, r: 4.5 }),
      s('circle', { class: 'ut-see-pole ut-see-far', cx: middle + 15, cy: 16, r: 4.5 }),
    );
    const button = h(
      'button',
      { type: 'button', role: 'switch', class: 'ut-see-switch' },
      h('b', {}, `skip ${level}`),
      svg,
    );
    const how = h('select', { 'aria-label': `skip ${level} carries`, class: 'ut-see-how' });
    for (const [value, text] of Object.entries(HOW)) how.append(h('option', { value }, text));
    const strength = h('input', {
      type: 'range',
      min: 0,
      max: 1,
      step: 0.05,
      'aria-label': `strength of skip ${level}`,
    });
    const { signal } = this;
    button.addEventListener(
      'click',
      () => {
        this.onSkip(level, button.getAttribute('aria-checked') === 'true' ? 0 : 1, false);
      },
      { signal },
    );
    how.addEventListener(
      'change',
      () => {
        const skip = /** @type {Record<string, Skip>} */ ({
          on: 1,
          cut: 0,
          blur: 'blur',
          other: 'other',
        })[how.value];
        this.onSkip(level, skip ?? 1, false);
      },
      { signal },
    );
    strength.addEventListener('input', () => this.onSkip(level, strength.valueAsNumber, true), {
      signal,
    });
    const element = h(
      'div',
      {
        class: `ut-see-skip${to.side < SLIDER_ROOM ? ' ut-see-low' : ''}`,
        style: `--x:${left};--y:${to.top};--s:${to.side};--w:${width}`,
      },
      button,
      how,
      strength,
    );
    return { element, arm, wire, zero, button, how, strength, svg };
  }

  /** @param {ReturnType<typeof layOut>} layout @param {number} depth */
  #drawArrows({ encoder, decoder, height, width }, depth) {
    const bottom = encoder[depth];
    const paths = [];
    for (let level = 0; level < depth - 1; level += 1) {
      const [from, to] = [encoder[level], encoder[level + 1]];
      const x = from.left + from.side / 2;
      paths.push(arrow(`M${x} ${from.top + from.side + 1}V${to.top - 2}`, x, to.top - 2, 'down'));
      const up = decoder[level].left + decoder[level].side / 2;
      paths.push(
        arrow(
          `M${up} ${decoder[level + 1].top - 2}V${from.top + from.side + 3}`,
          up,
          from.top + from.side + 3,
          'up',
        ),
      );
    }
    const [last, end] = [encoder[depth - 1], decoder[depth - 1]];
    const middle = bottom.top + bottom.side / 2;
    const [x, up] = [last.left + last.side / 2, end.left + end.side / 2];
    paths.push(
      arrow(
        `M${x} ${last.top + last.side + 1}V${middle}H${bottom.left - 3}`,
        bottom.left - 3,
        middle,
        'right',
      ),
    );
    paths.push(
      arrow(
        `M${bottom.left + bottom.side + 6} ${middle}H${up}V${end.top + end.side + 3}`,
        up,
        end.top + end.side + 3,
        'up',
      ),
    );
    if (width > 400) {
      const y = encoder[0].top + encoder[0].side / 2;
      paths.push(arrow(`M8 ${y}H${encoder[0].left - 3}`, encoder[0].left - 3, y, 'right'));
      const out = decoder[0].left + decoder[0].side;
      paths.push(arrow(`M${out + 7} ${y}H${width - 8}`, width - 8, y, 'right'));
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
    for (const [place, { box, canvas, size, says }] of this.#levels) {
      const map = maps[place];
      if (!map) continue;
      const { channel, ends, says: words } = of(place);
      const ramp = place.startsWith('encoder') ? 'input' : 'output';
      drawMap(canvas, channelOf(map, channel), map.height, map.width, ends, ramp, theme);
      size.replaceChildren(
        h('b', {}, `${map.height}×${map.width}`),
        h('span', {}, `${map.channels} ch`),
      );
      if (says.dataset.says !== words) {
        says.dataset.says = words;
        const [first, ...rest] = words.split(' ');
        says.replaceChildren(
          h('span', {}, first),
          ...(rest.length ? [h('b', {}, rest.join(' '))] : []),
        );
      }
      set(box, {
        'aria-label': `${place}, ${map.height}×${map.width}, ${map.channels} channels, channel ${channel} shown${words ? `, ${words}` : ''}. Opens all channels.`,
      });
    }
  }

  /** @param {Skip[]} skips */
  paintSkips(skips) {
    this.#wires.forEach(({ element, arm, wire, zero, button, how, strength, svg }, level) => {
      const skip = skips[level];
      const isCut = skip === 0;
      const words = inWords(skip);
      const width = Number(svg.getAttribute('viewBox')?.split(' ')[2]);
      const middle = width / 2;
      element.classList.toggle('ut-see-cut', isCut);
      element.dataset.how = words;
      set(arm, {
        d: isCut ? `M${middle - 15} 16L${middle + 10} -2` : `M${middle - 15} 16H${middle + 15}`,
      });
      set(wire, {
        d: isCut
          ? `M4 16H${middle - 15}`
          : `M4 16H${width - 6}M${width - 12} 9L${width - 4} 16L${width - 12} 23`,
      });
      set(/** @type {Element} */ (zero), { visibility: isCut ? 'visible' : 'hidden' });
      set(button, {
        'data-how': words,
        'aria-checked': String(!isCut),
        'aria-label': `skip ${level}, ${words}`,
      });
      how.options[0].textContent =
        typeof skip === 'number' && skip > 0 && skip < 1 ? `on, ×${skip}` : 'on';
      how.value = typeof skip === 'number' ? (isCut ? 'cut' : 'on') : skip;
      strength.disabled = typeof skip !== 'number';
      strength.value = String(typeof skip === 'number' ? skip : 1);
      strength.style.setProperty('--share', strength.value);
    });
  }
}

/** A line that ends in an arrow's head. @param {string} d @param {number} x @param {number} y @param {'up' | 'down' | 'right'} to */
function arrow(d, x, y, to) {
  const heads = { up: 'm-6 6l6 -6l6 6', down: 'm-6 -6l6 6l6 -6', right: 'm-7 -6l7 6l-7 6' };
  return s('path', { d: `${d}M${x} ${y}${heads[to]}` });
}
