/** The view of FeatureMaps: the feature maps of one image side by side, with one cursor for all. */

import { choice, slider } from '../controls.js';
import { h, set } from '../dom.js';
import {
  boundsOf,
  channelOf,
  endsOf,
  gradient,
  readMaps,
  sentence,
  shown,
} from '../feature_values.js';
import { range } from '../geometry.js';
import { mount, presentButton } from '../shell.js';
import { ValueMap } from '../value_map.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../feature_values.js').Bounds} Bounds */
/** @typedef {import('../feature_values.js').Cell} Cell */
/** @typedef {import('../feature_values.js').Ramp} Ramp */
/** @typedef {import('../feature_values.js').Shown} Shown */

/** Pixels, by layout: the gap between maps, a map's smallest width where a row holds several, its largest height (0: the screen's), and the largest cell of the input image. */
const LAYOUTS = {
  narrow: { gap: 12, smallest: 120, tallest: 334, largestCell: 36 },
  wide: { gap: 20, smallest: 190, tallest: 334, largestCell: 36 },
  presented: { gap: 32, smallest: 260, tallest: 0, largestCell: 120 },
};
const NARROW = 520;
const LARGEST_INPUT = 4096; // pixels a side, as in Python
const STEPS = /** @type {Record<string, Cell>} */ ({
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
});
const SCALES = { shared: 'one scale', own: 'each its own' };
const RAMPS = { grey: 'grey', diverging: 'diverging' };

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const save = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    model.set(name, value);
    model.save_changes();
  };

  /** @type {unknown} what `maps` were read from */
  let sent;
  let maps = readMaps(null);
  /** @type {ValueMap[]} */
  let views = [];
  /** @type {{source: number, cell: Cell} | null} the cell under the pointer, for as long as it is there */
  let hovered = null;
  /** @type {{source: number, cell: Cell} | null} the cell that was clicked or reached by keys */
  let pinned = null;

  const channel = slider({
    name: 'channel',
    min: 0,
    max: 0,
    onInput: (value) => save('channel', value),
    signal,
  });
  const scale = choiceOf('scale', SCALES);
  const ramp = choiceOf('ramp', RAMPS);
  const legend = h('span', { class: 'ut-legend-ramp', role: 'img' });
  const odd = h(
    'span',
    { class: 'ut-legend-odd' },
    h('span', { class: 'ut-hatched', 'aria-hidden': 'true' }),
    'NaN or ±∞',
  );
  const row = h('div', { class: 'ut-values' });
  const status = h('p', { role: 'status' });
  const longest = h('p', { class: 'ut-longest' }); // invisible: it reserves the height of the longest sentence, so that nothing jumps
  const root = h('div', { class: 'ut ut-features', role: 'group', 'aria-label': 'Feature maps' });
  const head = h(
    'div',
    { class: 'ut-head' },
    channel.row,
    h('div', { class: 'ut-tools' }, scale.group, ramp.group),
    h('span', { class: 'ut-legends' }, legend, odd),
    presentButton(root, () => paint(), signal),
  );
  root.append(head, row, h('div', { class: 'ut-said' }, status, longest));

  /** @param {string} name @param {Record<string, string>} options the values of a trait, and what they are called */
  function choiceOf(name, options) {
    const values = Object.keys(options);
    const buttons = choice(
      name,
      Object.values(options),
      (chosen) =>
        save(
          name,
          values.find((value) => options[value] === chosen),
        ),
      signal,
    );
    return {
      group: buttons.group,
      show: (/** @type {string} */ value) => buttons.show(options[value]),
    };
  }

  // -------------------------------------------------------------------------------- what is shown
  function paint() {
    readAgain();
    const most = Math.max(1, ...maps.map(({ channels }) => channels));
    const index = clampWhole(model.get('channel'), 0, most - 1);
    const chosen = maps.map((map) => channelOf(map, index));
    const isOwn = model.get('scale') === 'own';
    const kind = /** @type {Ramp} */ (model.get('ramp') === 'diverging' ? 'diverging' : 'grey');
    const sharedBounds =
      readRange() ?? boundsOf(chosen.flatMap(({ values }) => boundsOf(values) ?? []));

    channel.row.hidden = most === 1;
    set(/** @type {Element} */ (channel.row.querySelector('input')), { max: most - 1 });
    channel.show(index);
    scale.group.hidden = maps.length < 2;
    scale.show(isOwn ? 'own' : 'shared');
    ramp.show(kind);
    odd.hidden = chosen.every(({ values }) => values.every(Number.isFinite));
    paintLegend(isOwn ? null : endsOf(sharedBounds, kind), kind, chosen);

    const { columns, cell, gap, height, width } = layout();
    set(row, { style: `grid-template-columns:repeat(${columns}, ${cell}px);column-gap:${gap}px` });
    views.forEach((view, i) => {
      view.draw(chosen[i], {
        height,
        width,
        ends: endsOf(isOwn ? boundsOf(chosen[i].values) : sharedBounds, kind),
        ramp: kind,
      });
    });
    const sizes = chosen.map((map) => map.height * map.width);
    longest.textContent = chosen.length
      ? sentence(chosen, sizes.indexOf(Math.min(...sizes)), [0, 0], readInput())
      : '';
    paintCursor();
  }

  /** Read the maps if they are new. A chosen cell that they do not have is forgotten. */
  function readAgain() {
    if (model.get('_maps') === sent) return;
    sent = model.get('_maps');
    maps = readMaps(sent);
    if (maps.length !== views.length) {
      views = maps.map((map, i) => listen(new ValueMap(channelOf(map, 0)), i));
      row.replaceChildren(...views.map(({ figure }) => figure));
    }
    const isThere = (/** @type {{source: number, cell: Cell} | null} */ at) =>
      at &&
      maps[at.source] &&
      at.cell[0] < maps[at.source].height &&
      at.cell[1] < maps[at.source].width;
    if (!isThere(hovered)) hovered = null;
    if (!isThere(pinned)) pinned = null;
  }

  /** @returns {Bounds | null} */
  function readRange() {
    const given = model.get('value_range');
    return Array.isArray(given) &&
      given.length === 2 &&
      given.every(Number.isFinite) &&
      given[0] < given[1]
      ? [given[0], given[1]]
      : null;
  }

  /** The input image's size, where it was given. */
  function readInput() {
    const [height, width] = [model.get('input_size')].flat();
    const isSize = (/** @type {unknown} */ size) =>
      Number.isInteger(size) && Number(size) >= 1 && Number(size) <= LARGEST_INPUT;
    return isSize(height) && isSize(width ?? height) ? { height, width: width ?? height } : null;
  }

  /** How many maps stand in a row, and how large each is: a cell of the input image is a whole number of pixels where possible. */
  function layout() {
    const isPresented = root.classList.contains('ut-present');
    const available = Math.max(200, row.clientWidth || 700);
    const { gap, smallest, tallest, largestCell } =
      LAYOUTS[isPresented ? 'presented' : available < NARROW ? 'narrow' : 'wide'];
    const count = Math.max(1, maps.length);
    const picture = readInput() ?? maps[0] ?? { height: 1, width: 1 };
    const most = Math.max(largestCell, smallest / Math.max(picture.height, picture.width));
    const captionHeight = views[0] ? views[0].figure.offsetHeight - views[0].frame.offsetHeight : 0;
    const fit = (/** @type {number} */ columns) => {
      const panel = Math.floor((available - gap * (columns - 1)) / columns);
      // In present mode the maps fill what the head and their captions leave of the screen.
      const room =
        tallest ||
        (root.clientHeight - head.offsetHeight - 60) / Math.ceil(count / columns) - captionHeight;
      const side = Math.max(
        0.1,
        Math.min((panel - 4) / picture.width, (room - 4) / picture.height, most),
      );
      return { columns, gap, panel, side: side >= 1 ? Math.floor(side) : side };
    };
    const inRows = (/** @type {number} */ rows) => fit(Math.ceil(count / rows));
    const fitting = Math.max(1, Math.min(count, Math.floor((available + gap) / (smallest + gap))));
    const best = isPresented
      ? range(1, count + 1)
          .map(inRows)
          .sort((a, b) => b.side - a.side)[0]
      : inRows(Math.ceil(count / fitting));
    const pixels = (/** @type {number} */ cells) => Math.max(1, Math.round(cells * best.side));
    return {
      ...best,
      cell: Math.min(best.panel, Math.max(pixels(picture.width) + 4, smallest)),
      height: pixels(picture.height),
      width: pixels(picture.width),
    };
  }

  /** @param {Bounds | null} ends `null`: each map has its own @param {Ramp} kind @param {Shown[]} chosen */
  function paintLegend(ends, kind, chosen) {
    const isBeyond = (/** @type {(value: number) => boolean} */ test) =>
      chosen.some(({ values }) => values.some((value) => Number.isFinite(value) && test(value)));
    const labels = ends
      ? [
          `${isBeyond((value) => value < Math.fround(ends[0])) ? '≤ ' : ''}${shown(ends[0])}`,
          `${isBeyond((value) => value > Math.fround(ends[1])) ? '≥ ' : ''}${shown(ends[1])}`,
        ]
      : kind === 'grey'
        ? ['its lowest', 'its highest']
        : ['−', '+'];
    const colours = kind === 'grey' ? ['black', 'white'] : ['purple', 'orange'];
    set(legend, {
      'aria-label': `${labels[0]} is ${colours[0]}, ${labels[1]} is ${colours[1]}${kind === 'diverging' ? ', 0 is white' : ''}`,
    });
    legend.replaceChildren(
      labels[0],
      h('span', { class: 'ut-ramp', style: `background:${gradient(kind)}` }),
      labels[1],
    );
  }

  function paintCursor() {
    const at = hovered ?? pinned;
    const from = at && views[at.source].cells;
    views.forEach((view) => {
      view.point(at?.cell ?? null, from ?? view.cells);
    });
    const readout = at
      ? sentence(
          views.map(({ cells }) => cells),
          at.source,
          at.cell,
          readInput(),
        )
      : 'Point at a cell, or use the arrow keys on a map: the same place (row, column) is outlined in all of them.';
    status.textContent = maps.length ? readout : 'There are no maps to show.';
  }

  // ------------------------------------------------------------------------------- what one can do
  /** @param {ValueMap} view @param {number} source */
  function listen(view, source) {
    const { frame } = view;
    frame.addEventListener(
      'pointermove',
      (event) => {
        const cell = view.cellAt(event);
        if (String(cell) === String(hovered?.cell ?? null) && (!cell || hovered?.source === source))
          return;
        hovered = cell && { source, cell };
        paintCursor();
      },
      { signal },
    );
    frame.addEventListener(
      'pointerleave',
      () => {
        hovered = null;
        paintCursor();
      },
      { signal },
    );
    frame.addEventListener(
      'pointerdown',
      (event) => {
        const cell = view.cellAt(event);
        if (cell) pin(source, cell);
      },
      { signal },
    );
    frame.addEventListener(
      'keydown',
      (event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        pin(
          source,
          pinned?.source === source ? view.next(pinned.cell, step) : view.next([0, 0], [0, 0]),
        );
      },
      { signal },
    );
    return view;
  }

  /** @param {number} source @param {Cell} cell */
  function pin(source, cell) {
    pinned = { source, cell };
    hovered = null;
    paintCursor();
  }

  return mount({
    model,
    el,
    root,
    traits: ['_maps', 'channel', 'value_range', 'input_size', 'scale', 'ramp'],
    paint,
    ended,
  });
}

/** A whole number inside its limits, whatever came. @param {unknown} value @param {number} low @param {number} high */
const clampWhole = (value, low, high) =>
  Math.max(low, Math.min(high, Math.round(Number(value)) || 0));

export default { render };
