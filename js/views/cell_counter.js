/** The view of CellCounter: cells in an image and the border score, under one cursor, and a threshold that recolours them. */

import { agreement, findCells, middles, outlines } from '../cells.js';
import { choiceOf, slider } from '../controls.js';
import { freshId, h, s, set } from '../dom.js';
import { followPointer } from '../pointing.js';
import { clamp, mount, presentButton, saver } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../pointing.js').Cell} Cell */
/** @typedef {{has: (label: number) => boolean}} Asked   which cells */

const OVERLAYS = { found: 'found', target: 'target', none: 'image' };
const TITLES = { found: 'Cells found', target: 'Target', none: 'Image' };
const TRAITS = [
  ...['threshold', 'overlay', 'smallest'],
  ...['_shape', '_image', '_background', '_border', '_target'],
];
const LONG = 2; // times as wide as high: the images stand one above the other; as high: counts between
/** Of neighbours: they only have to differ, and outlines say the same a second time. */
const HUES = [
  [86, 180, 233],
  [230, 159, 0],
  [47, 199, 154],
  [227, 163, 198],
  [255, 138, 61],
  [240, 228, 66],
];
const CUT = packed([255, 138, 61]); // pixels above the threshold
const GREYS = Array.from({ length: 256 }, (_, grey) => packed([grey, grey, grey]));
const TINTS = HUES.map((hue) =>
  GREYS.map((_, grey) => packed(hue.map((value) => 0.45 * grey + 0.55 * value))),
);
const ALL = { has: () => true };
const NONE = { has: () => false };
const LEAP = 8; // pixels that Shift and an arrow key move
const GRID = Array.from({ length: 19 }, (_, i) => 5 * (i + 1)); // percent: where steps look for the best threshold

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const save = saver(model);
  /** @type {Cell | null} */
  let hovered = null;
  /** @type {Cell | null} */
  let pinned = null;
  let found = findCells(new Uint8Array(), new Uint8Array(), 1, 50, 1);
  let scores = agreement([], []);
  /** The highest object F1 on the grid of thresholds, where a step has asked for it. @type {number | null} */
  let best = null;
  let decoded = {
    sent: /** @type {string[]} */ ([]),
    image: new Uint8Array(),
    background: new Uint8Array(),
    border: new Uint8Array(),
    target: new Int32Array(),
  };

  const threshold = slider({
    name: 'threshold',
    min: 0,
    max: 100,
    onInput: (value) => save('threshold', value / 100),
    text: (value) => (value / 100).toFixed(2),
    signal,
  });
  const overlay = choiceOf(
    'painted over the image',
    OVERLAYS,
    (chosen) => save('overlay', chosen),
    signal,
  );
  const result = h('span', { class: 'ut-result' });
  const hatch = freshId();
  const painting = panel('ut-cells-image', overlay.group);
  const border = panel('ut-cells-border', h('b', {}, 'Border score'));
  const panels = [painting, border];
  const badges = h('div', { class: 'ut-badges' });
  painting.frame.append(badges);
  const counts = Object.fromEntries(
    ['matched', 'spurious', 'missed', 'merged', 'split'].map((name) => [name, h('dd')]),
  );
  const f1 = h('dd');
  const table = h(
    'dl',
    { class: 'ut-counts' },
    h('div', {}, h('dt', {}, 'object F1'), f1),
    ...Object.entries(counts).map(([name, count]) =>
      h(
        'div',
        {},
        h(
          'dt',
          {},
          h('i', { class: 'ut-count-sign', 'data-sign': name, 'aria-hidden': 'true' }),
          name,
        ),
        count,
      ),
    ),
  );
  const note = h('p', { class: 'ut-cells-note' }, 'matched: IoU above 0.5');
  const side = h('div', { class: 'ut-side' }, table, note);
  const status = h('p', { role: 'status', class: 'ut-read' });
  const root = h('div', { class: 'ut ut-cells', role: 'group', 'aria-label': 'Cell counter' });
  root.append(
    h(
      'div',
      { class: 'ut-head' },
      result,
      threshold.row,
      presentButton(root, () => paint(), signal),
    ),
    h('div', { class: 'ut-panels' }, ...panels.map(({ figure }) => figure), side),
    status,
  );

  /** @param {string} name @param {HTMLElement} title */
  function panel(name, title) {
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    const lines = s('g');
    const cursor = s('g');
    const svg = s('svg', { role: 'img' }, lines, cursor);
    const reading = h('span', { 'aria-hidden': 'true' }); // `status` says it to a screen reader
    const frame = h('div', { class: 'ut-cells-frame', tabindex: 0, role: 'group' }, canvas, svg);
    const caption = h('figcaption', {}, title, reading);
    const figure = h('figure', { class: `ut-cells-map ${name}` }, caption, frame);
    return { canvas, svg, lines, cursor, reading, frame, figure };
  }

  // -------------------------------------------------------------------------------- what is shown
  /** What the model holds, decoded when it is new. */
  function data() {
    const sent = ['_image', '_background', '_border', '_target'].map((name) =>
      String(model.get(name) ?? ''),
    );
    if (sent.some((text, i) => text !== decoded.sent[i])) {
      const [image, background, border, numbers] = sent.map((text) =>
        Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
      );
      const target = Int32Array.from(
        { length: numbers.length / 2 },
        (_, i) => numbers[2 * i] + 256 * numbers[2 * i + 1],
      );
      decoded = { sent, image, background, border, target };
      best = null;
    }
    const [height, width] = model.get('_shape') ?? [1, 1];
    return { height, width, ...decoded };
  }

  const percent = () => clamp(Math.round(100 * Number(model.get('threshold'))) || 0, 0, 100);
  const smallest = () => Math.max(1, Number(model.get('smallest')) || 1);
  /** @returns {keyof typeof OVERLAYS} */
  function painted() {
    const chosen = String(model.get('overlay'));
    if (chosen === 'none') return 'none';
    return chosen === 'target' && decoded.target.length ? 'target' : 'found';
  }

  function paint() {
    const { height, width, image, background, border: share, target } = data();
    const hasTarget = target.length > 0;
    const chosen = painted();
    const most = percent() * 255;
    found = findCells(background, share, width, percent(), smallest());
    scores = agreement(found.labels, target);
    threshold.show(percent());
    overlay.show(chosen);
    const there = scores.matched + scores.missed;
    const cells = `${found.count} ${found.count === 1 ? 'cell' : 'cells'} found`;
    result.textContent = `${cells}${hasTarget ? `, ${there} in the target` : ''}`;
    set(root, { style: `--ratio:${width / height}` });
    root.classList.toggle('ut-wide', width > LONG * height);
    root.classList.toggle('ut-tall', height > LONG * width);
    root.classList.toggle('ut-no-target', !hasTarget);

    const labels = { found: found.labels, target, none: new Int32Array(image.length) }[chosen];
    drawPixels(painting.canvas, height, width, (pixel) => {
      const greys = labels[pixel] ? TINTS[(labels[pixel] - 1) % TINTS.length] : GREYS;
      return greys[image[pixel]];
    });
    const isCut = new Uint8Array(share.length);
    drawPixels(border.canvas, height, width, (pixel) => {
      isCut[pixel] = Number(background[pixel] < 127.5 && share[pixel] * 100 > most);
      return isCut[pixel] ? CUT : GREYS[share[pixel]];
    });
    const says = { found: cells, target: 'the target', none: 'the image' }[chosen];
    const isPaired = hasTarget && chosen !== 'none';
    const alone = isPaired ? scores.alone[chosen === 'target' ? 'target' : 'found'] : NONE;
    const missed = isPaired && chosen === 'found' ? scores.alone.target : NONE;
    painting.lines.replaceChildren(
      hatching(hatch, Math.min(width, 2 * height) / 64),
      s('path', {
        class: 'ut-cells-alone',
        d: outlines(labels, width, alone),
        fill: `url(#${hatch})`,
      }),
      s('path', { class: 'ut-cells-outline', d: outlines(labels, width, ALL) }),
      ...['ut-cells-halo', 'ut-cells-missed'].map((name) =>
        s('path', { class: name, d: outlines(target, width, missed) }),
      ),
    );
    border.lines.replaceChildren(
      s('path', { class: 'ut-cells-outline', d: outlines(isCut, width, ALL) }),
    );
    label(painting, TITLES[chosen], says);
    const above = `what is above ${(percent() / 100).toFixed(2)} is cut out`;
    label(border, 'Border score', `the border score; ${above}`);
    for (const { svg } of panels) set(svg, { viewBox: `0 0 ${width} ${height}` });
    if (hasTarget) {
      f1.textContent = scores.f1.toFixed(2);
      for (const [name, count] of Object.entries(counts)) {
        const value = scores[/** @type {'matched' | 'merged'} */ (name)];
        count.textContent = String(typeof value === 'number' ? value : value.size);
      }
    }
    /** @param {Int32Array} numbers @param {Map<number, number>} marked @param {string} kind */
    const marks = (numbers, marked, kind) =>
      [...middles(numbers, width, marked.keys())].map(([number, [y, x]]) => {
        const style = `top:${(100 * y) / height}%;left:${(100 * x) / width}%`;
        return h('b', { class: `ut-count-${kind}`, style }, String(marked.get(number)));
      });
    badges.replaceChildren(
      ...(chosen === 'found' ? marks(found.labels, scores.merged, 'merged') : []),
      ...(chosen === 'none' ? [] : marks(target, scores.split, 'split')),
    );
    paintCursor();
  }

  /** @param {ReturnType<typeof panel>} panel @param {string} title @param {string} says */
  function label({ svg, frame }, title, says) {
    set(svg, { 'aria-label': says });
    set(frame, { 'aria-label': `${title}. Arrow keys choose a pixel.` });
  }

  function paintCursor() {
    const at = hovered ?? pinned;
    for (const { cursor } of panels)
      cursor.replaceChildren(
        ...(at
          ? ['ut-cells-halo', 'ut-cells-window'].map((name) =>
              s('rect', { class: name, x: at[1] - 1, y: at[0] - 1, width: 3, height: 3 }),
            )
          : []),
      );
    status.textContent = at ? sentence(at) : 'Point at a pixel, or use the arrow keys on an image.';
    const { width, border: share, target } = data();
    const pixel = at ? at[0] * width + at[1] : -1;
    const number = (/** @type {number} */ label) => label || '–';
    painting.reading.textContent = at
      ? `found ${number(found.labels[pixel])}${target.length ? `, target ${number(target[pixel])}` : ''}`
      : '';
    border.reading.textContent = at
      ? `${(share[pixel] / 255).toFixed(2)} at row ${at[0]}, column ${at[1]}`
      : 'orange is cut out';
  }

  /** @param {Cell} at */
  function sentence([row, column]) {
    const { width, background, border, target } = data();
    const pixel = row * width + column;
    const share = (/** @type {number} */ value) => (value / 255).toFixed(2);
    const inside = 255 - background[pixel] - border[pixel];
    const of = (/** @type {number} */ number, /** @type {string} */ what) =>
      number ? `${what} ${number}` : `no ${what}`;
    return `Row ${row}, column ${column}: background ${share(background[pixel])}, inside ${share(Math.max(0, inside))}, border ${share(border[pixel])}. ${of(found.labels[pixel], 'found cell')}${target.length ? `, ${of(target[pixel], 'target cell')}` : ''}.`;
  }

  /** What steps may ask for besides traits. @param {string} name */
  function fact(name) {
    if (name === 'best') return decoded.target.length > 0 && scores.f1 >= bestF1();
    return { found: found.count, merged: scores.merged.size, split: scores.split.size }[name];
  }

  /** The highest object F1 that a threshold in steps of 0.05 reaches. */
  function bestF1() {
    const { width, background, border, target } = data();
    best ??= Math.max(
      ...GRID.map((each) => {
        const { labels } = findCells(background, border, width, each, smallest());
        return agreement(labels, target).f1;
      }),
    );
    return best;
  }

  // ------------------------------------------------------------------------------ what one can do
  for (const { frame } of panels)
    followPointer(
      frame,
      {
        cellAt(event) {
          const { height, width } = data();
          const page = frame.getBoundingClientRect();
          return inside([
            Math.floor(((event.clientY - page.top) / page.height) * height),
            Math.floor(((event.clientX - page.left) / page.width) * width),
          ]);
        },
        hover(cell) {
          hovered = cell;
          paintCursor();
        },
        pin(cell) {
          pinned = cell;
          paintCursor();
        },
        move(by, { shiftKey }) {
          const { height, width } = data();
          const from = pinned ?? [Math.floor(height / 2), Math.floor(width / 2)];
          const far = shiftKey ? LEAP : 1;
          pinned = inside([from[0] + far * by[0], from[1] + far * by[1]]) ?? pinned;
          hovered = null;
          paintCursor();
        },
      },
      signal,
    );

  /** @param {Cell} at @returns {Cell | null} */
  function inside([row, column]) {
    const { height, width } = data();
    return row >= 0 && column >= 0 && row < height && column < width ? [row, column] : null;
  }

  return mount({ model, el, root, traits: TRAITS, paint, ended, fact });
}

/** The lines over a cell that has no partner. @param {string} id @param {number} unit   pixels of the image */
function hatching(id, unit) {
  const side = { width: unit * 2, height: unit * 2, patternUnits: 'userSpaceOnUse' };
  const line = s('rect', { width: unit * 0.8, height: unit * 2 });
  return s('pattern', { id, ...side, patternTransform: 'rotate(45)' }, line);
}

/** A colour as a canvas stores it. @param {number[]} colour   red, green and blue */
function packed([red, green, blue]) {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

/** @param {HTMLCanvasElement} canvas @param {number} height @param {number} width @param {(pixel: number) => number} colour   packed */
function drawPixels(canvas, height, width, colour) {
  set(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) return;
  const picture = context.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let pixel = 0; pixel < pixels.length; pixel += 1) pixels[pixel] = colour(pixel);
  context.putImageData(picture, 0, 0);
}

export default { render };
