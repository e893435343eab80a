/** The view of FeatureMaps: the feature maps of one image side by side, with one cursor for all. */

import layers from '../../unet_teach/widgets/layers.json' with { type: 'json' };
import { choiceOf, slider } from '../controls.js';
import { h, set } from '../dom.js';
import { layOut } from '../feature_layout.js';
import {
  boundsOf,
  channelOf,
  endsOf,
  fieldSentence,
  gradient,
  rangeText,
  readMaps,
  sentence,
  shown,
} from '../feature_values.js';
import { followPointer } from '../pointing.js';
import { designPixel, mount, presentButton, saver } from '../shell.js';
import { ValueMap } from '../value_map.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../feature_values.js').Bounds} Bounds */
/** @typedef {import('../feature_values.js').Cell} Cell */
/** @typedef {import('../feature_values.js').Ramp} Ramp */
/** @typedef {import('../feature_values.js').Shown} Shown */

const NOTEBOOK_HEIGHT = 580; // pixels that the widget has in a notebook
/** Pixels above, below and between its parts. */
const SPACE = { notebook: 32, steps: 8, presented: 20 };
const MOST_ROWS = layers.FeatureMaps.rows[1];
const NESTED_NOTE = { notebook: 15, presented: 11 }; // letters of a receptive field's size and pixels
const LARGEST_INPUT = layers.FeatureMaps.input_size[1]; // pixels a side
const SCALES = { shared: 'one scale', own: 'each its own' };
const RAMPS = { grey: 'grey', diverging: 'diverging' };

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const save = saver(model);

  /** @type {unknown} what `maps` were read from */
  let sent;
  let maps = readMaps(null);
  /** @type {ValueMap[]} */
  let views = [];
  let arrangement = '';
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
  const scale = choiceOf('scale', SCALES, (chosen) => save('scale', chosen), signal);
  const ramp = choiceOf('ramp', RAMPS, (chosen) => save('ramp', chosen), signal);
  const legend = h('span', { class: 'ut-legend-ramp', role: 'img' });
  const odd = h(
    'span',
    { class: 'ut-legend-odd' },
    h('span', { class: 'ut-hatched', 'aria-hidden': 'true' }),
    'NaN or ±∞',
  );
  const size = h('span', { class: 'ut-map-size' });
  const title = h('b', { class: 'ut-title' });
  const area = h('div', { class: 'ut-values' });
  const status = h('p', { role: 'status' });
  const longest = h('p', { class: 'ut-longest' }); // invisible: it reserves the height of the longest sentence, so that nothing jumps
  const facts = h('p', { class: 'ut-facts' }); // in large type, where a whole screen has room for it
  const root = h('div', { class: 'ut ut-features', role: 'group', 'aria-label': 'Feature maps' });
  const head = h(
    'div',
    { class: 'ut-head' },
    title,
    h('span', { class: 'ut-legends' }, size, legend, odd),
    channel.row,
    h('div', { class: 'ut-tools' }, scale.group, ramp.group),
    presentButton(root, () => paint(), signal),
  );
  const said = h('div', { class: 'ut-said' }, facts, status, longest);
  root.append(head, area, said);

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

    const isNested = model.get('nested') === true;
    title.textContent = text(model.get('title'));
    root.classList.toggle('ut-nested', isNested);
    channel.row.hidden = most === 1;
    set(/** @type {Element} */ (channel.row.querySelector('input')), { max: most - 1 });
    channel.show(index);
    scale.group.hidden = maps.length < 2 || isNested;
    scale.show(isOwn ? 'own' : 'shared');
    const isSigned = maps.some(({ values }) => values.some((value) => value < 0));
    ramp.group.hidden = isNested || !(isSigned || kind === 'diverging');
    ramp.show(kind);
    odd.hidden = isNested || chosen.every(({ values }) => values.every(Number.isFinite));
    legend.hidden = isNested;
    paintLegend(isOwn ? null : endsOf(sharedBounds, kind), kind, chosen);
    const usual = usualSize();
    size.textContent = isNested ? '' : usual;
    const candidates = chosen.flatMap(({ height, width }, source) =>
      [0, height - 1].flatMap((row) =>
        [0, width - 1].map((column) => says(chosen, { source, cell: [row, column] })),
      ),
    );
    longest.textContent = candidates.reduce((a, b) => (b.length > a.length ? b : a), '');

    const notes = model.get('notes') ?? {};
    const noteOf = (/** @type {Shown} */ map) =>
      [
        `${map.height}×${map.width}` === usual ? '' : `${map.height}×${map.width}`,
        isOwn ? rangeText(map.values) : '',
        text(notes[map.name]),
      ]
        .filter(Boolean)
        .join(', ');
    const isPresented = root.classList.contains('ut-present');
    const captions = chosen.map((map) => map.name.length + 1 + noteOf(map).length);
    const letters =
      Math.max(0, ...captions) +
      (isNested ? NESTED_NOTE[isPresented ? 'presented' : 'notebook'] : 0);

    const { isBeside, ...placed } = place(isNested, letters);
    const { height, width } = placed;
    root.classList.toggle('ut-beside', isBeside);
    paintFacts(placed, chosen);
    views.forEach((view, i) => {
      const map = chosen[i];
      const own = isOwn ? boundsOf(map.values) : sharedBounds;
      view.draw(map, {
        height,
        width,
        ends: endsOf(own, kind),
        ramp: kind,
        note: noteOf(map),
        before: isNested ? chosen.slice(0, i).filter(({ row }) => row === map.row) : null,
        presentedPixel: isPresented ? designPixel(root) : 0,
      });
    });
    paintCursor();
  }

  /** What is known of each map, in words beside them or under them. @param {Pick<import('../feature_layout.js').Layout, 'aside' | 'used' | 'facts' | 'isListed' | 'type'>} placed @param {Shown[]} chosen */
  function paintFacts({ aside, used, facts: most, isListed, type }, chosen) {
    for (const side of ['right', 'below'])
      root.classList.toggle(`ut-aside-${side}`, side === aside);
    if (!aside) return facts.replaceChildren();
    set(said, { style: `--used:${used}px;--type:${type}px` });
    facts.replaceChildren(
      ...chosen.slice(0, most).map(({ name, height, width, values }) => {
        const parts = [`${height}×${width}`, rangeText(values)];
        const words = isListed ? parts : [parts.join(' · ')];
        return h('span', {}, h('b', {}, name), ...words.map((word) => h('span', {}, word)));
      }),
    );
  }

  /** The size of most maps, of the first of them where several are equally frequent: only the others show theirs. */
  function usualSize() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { height, width } of maps)
      counts.set(`${height}×${width}`, (counts.get(`${height}×${width}`) ?? 0) + 1);
    return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), ['', 0])[0];
  }

  /** Read the maps if they are new. A chosen cell that they do not have is forgotten. */
  function readAgain() {
    if (model.get('_maps') === sent) return;
    sent = model.get('_maps');
    maps = readMaps(sent);
    if (maps.length !== views.length) {
      views = maps.map((map, i) => listen(new ValueMap(channelOf(map, 0)), i));
      arrangement = '';
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

  /** Put the maps, and the labels of their rows, where there is room for them. @param {boolean} isNested @param {number} letters   of the longest caption */
  function place(isNested, letters) {
    const isPresented = root.classList.contains('ut-present');
    const px = designPixel(root);
    const labels = [...new Set(maps.map(({ row }) => row))].filter(Boolean);
    root.classList.remove('ut-aside-right', 'ut-aside-below'); // or its height could not be measured
    const others = [...root.children].filter((child) => child !== area);
    const taken = others.reduce(
      (sum, child) => sum + /** @type {HTMLElement} */ (child).offsetHeight,
      0,
    );
    const hasSteps = Boolean(model.get('steps')?.length);
    const rows = clampWhole(model.get('rows'), 0, MOST_ROWS);
    const layout = layOut({
      groups: labels.map((label) => maps.filter(({ row }) => row === label).length),
      count: Math.max(1, maps.length),
      rows: rows || null,
      image: readInput() ?? maps[0] ?? { height: 1, width: 1 },
      isNested,
      letters,
      room: {
        height: isPresented
          ? innerHeight - taken - SPACE.presented * px
          : NOTEBOOK_HEIGHT - taken - SPACE.notebook - (hasSteps ? SPACE.steps : 0),
        width: Math.max(200, area.clientWidth || 700),
      },
      px,
      isPresented,
    });
    const { columns, lines, cell, gap, label, inset } = layout;
    root.classList.toggle('ut-lines', lines > 1);
    set(area, {
      style: `grid-template-columns:${label ? `${label}px ` : ''}repeat(${columns}, ${cell}px);column-gap:${gap}px;padding-left:${inset}px;--lines:${lines}`,
    });
    const notes = model.get('notes') ?? {};
    const ofRows = labels.map((name) => {
      const note = text(notes[name]);
      return h(
        'p',
        { class: 'ut-row-label', style: label ? '' : 'grid-column:1/-1' },
        h('b', {}, name),
        h('span', {}, note),
      );
    });
    let [row, column] = [-1, 0];
    views.forEach(({ figure }, i) => {
      const isFirst = labels.length ? maps[i].row !== maps[i - 1]?.row : false;
      if (isFirst) {
        row += row < 0 || column ? 1 : 0;
        ofRows[labels.indexOf(maps[i].row)].style.gridRow = String(row + 1);
        row += label ? 0 : 1;
        column = 0;
      } else if (row < 0) row = 0;
      else if (column === columns) [row, column] = [row + 1, 0];
      figure.style.gridArea = `${row + 1} / ${column + 1 + (label ? 1 : 0)}`;
      column += 1;
    });
    // Putting a focused map back would take its focus: only what changed is put.
    const arranged = JSON.stringify([labels, labels.map((name) => text(notes[name])), layout]);
    if (arranged !== arrangement || area.childElementCount !== ofRows.length + views.length)
      area.replaceChildren(...ofRows, ...views.map(({ figure }) => figure));
    arrangement = arranged;
    return layout;
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
    const hint = 'Point at a cell, or use the arrow keys on a map.';
    const readout = at
      ? says(
          views.map(({ cells }) => cells),
          at,
        )
      : hint;
    status.textContent = maps.length ? readout : 'There are no maps to show.';
  }

  /** @param {Shown[]} shown @param {{source: number, cell: Cell}} at */
  const says = (shown, { source, cell }) =>
    model.get('nested') === true
      ? fieldSentence(shown, source, cell)
      : sentence(shown, source, cell, readInput());

  /** Show where the pointer is, and let the steps see it. */
  function move() {
    paintCursor();
    root.dispatchEvent(new Event('ut-fact'));
  }

  /** What steps may ask for. @param {string} name */
  function fact(name) {
    const at = hovered ?? pinned;
    if (name === 'map') return at ? maps[at.source].name : '';
    return name === 'cell' ? (at?.cell ?? '') : undefined;
  }

  // ------------------------------------------------------------------------------- what one can do
  /** @param {ValueMap} view @param {number} source */
  function listen(view, source) {
    followPointer(
      view.frame,
      {
        cellAt: (event) => view.cellAt(event),
        hover(cell) {
          const isSame = String(cell) === String(hovered?.cell ?? null);
          if (isSame && (!cell || hovered?.source === source)) return;
          hovered = cell && { source, cell };
          move();
        },
        pin: (cell) => pin(source, cell),
        move(by) {
          const from = pinned?.source === source ? pinned.cell : null;
          pin(source, from ? view.next(from, by) : view.next([0, 0], [0, 0]));
        },
      },
      signal,
    );
    return view;
  }

  /** @param {number} source @param {Cell} cell */
  function pin(source, cell) {
    pinned = { source, cell };
    hovered = null;
    move();
  }

  return mount({
    model,
    el,
    root,
    traits: [
      '_maps',
      'rows',
      'title',
      'notes',
      'nested',
      'channel',
      'value_range',
      'input_size',
      'scale',
      'ramp',
    ],
    paint,
    ended,
    fact,
  });
}

/** The text that was given, or an empty one if it is something else. @param {unknown} given */
const text = (given) => (typeof given === 'string' ? given : '');

/** A whole number inside its limits, whatever came. @param {unknown} value @param {number} low @param {number} high */
const clampWhole = (value, low, high) =>
  Math.max(low, Math.min(high, Math.round(Number(value)) || 0));

export default { render };
