/** The view of CellCounter: cells in an image and the border score, under one cursor, and a threshold that recolours them. */

import { agreement, findCells, middles } from '../cells.js';
import { choice, slider } from '../controls.js';
import { h, s, set } from '../dom.js';
import { mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {[number, number]} Place   row and column */

const FINE = 3; // pixels of the drawing a pixel of the image, so that outlines are thin
const OVERLAYS = { found: 'cells found', target: 'target', none: 'image' };
const WIDE = 2; // times as wide as high: the images stand one above the other
/** Of neighbours: they only have to differ, and outlines say the same a second time. */
const HUES = [
  [86, 180, 233],
  [230, 159, 0],
  [47, 199, 154],
  [227, 163, 198],
  [255, 138, 61],
  [240, 228, 66],
];
const CUT = [255, 138, 61]; // pixels above the threshold
const STEPS = /** @type {Record<string, Place>} */ ({
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
});

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const save = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    model.set(name, value);
    model.save_changes();
  };
  /** @type {Place | null} */
  let hovered = null;
  /** @type {Place | null} */
  let pinned = null;
  let found = findCells(new Uint8Array(), new Uint8Array(), 1, 50, 1);
  let scores = agreement([], []);
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
  const overlay = choice(
    'painted over the image',
    Object.values(OVERLAYS),
    (chosen) =>
      save('overlay', Object.entries(OVERLAYS).find(([, words]) => words === chosen)?.[0]),
    signal,
  );
  const result = h('span', { class: 'ut-result' });
  const panels = [panel('ut-cells-image'), panel('ut-cells-border')];
  const numbers = h('div', { class: 'ut-merged' });
  panels[0].frame.append(numbers);
  const table = h('dl', { class: 'ut-counts' });
  const note = h('p', { class: 'ut-cells-note' });
  const side = h('div', { class: 'ut-side' }, table, overlay.group, note);
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

  /** @param {string} name */
  function panel(name) {
    const canvas = h('canvas', { 'aria-hidden': 'true' });
    const svg = s('svg', { role: 'img' });
    const title = h('b');
    const words = h('span');
    const frame = h('div', { class: 'ut-cells-frame', tabindex: 0, role: 'group' }, canvas, svg);
    const figure = h(
      'figure',
      { class: `ut-cells-map ${name}` },
      h('figcaption', {}, title, words),
      frame,
    );
    return { canvas, svg, title, words, frame, figure };
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
    }
    const [height, width] = model.get('_shape') ?? [1, 1];
    return { height, width, ...decoded };
  }

  const percent = () =>
    Math.max(0, Math.min(100, Math.round(100 * Number(model.get('threshold'))) || 0));

  function paint() {
    const { height, width, image, background, border, target } = data();
    const hasTarget = target.length > 0;
    const chosen = hasTarget || model.get('overlay') !== 'target' ? model.get('overlay') : 'found';
    found = findCells(background, border, width, percent(), model.get('smallest'));
    scores = agreement(found.labels, target);
    threshold.show(percent());
    overlay.show(OVERLAYS[/** @type {keyof typeof OVERLAYS} */ (chosen)] ?? null);
    const there = hasTarget ? new Set(target.filter(Boolean)).size : 0;
    result.textContent = `${found.count} ${found.count === 1 ? 'cell' : 'cells'} found${hasTarget ? `, ${there} in the target` : ''}`;
    set(root, { style: `--ratio:${width / height}` });
    root.classList.toggle('ut-wide', width > WIDE * height);

    const painted = { found: found.labels, target, none: new Int32Array(image.length) }[
      /** @type {'found'} */ (chosen)
    ];
    draw(panels[0].canvas, height, width, painted, (pixel) => {
      const grey = image[pixel];
      const hue = painted[pixel] ? HUES[(painted[pixel] - 1) % HUES.length] : null;
      return hue ? hue.map((value) => 0.45 * grey + 0.55 * value) : [grey, grey, grey];
    });
    draw(panels[1].canvas, height, width, null, (pixel) => {
      const isCut = background[pixel] < 127.5 && border[pixel] * 100 > percent() * 255;
      return isCut ? CUT : [border[pixel], border[pixel], border[pixel]];
    });
    const says = { found: `${found.count} cells found`, target: 'the target', none: 'the image' }[
      /** @type {'found'} */ (chosen)
    ];
    label(
      panels[0],
      { found: 'Cells found', target: 'Target', none: 'Image' }[/** @type {'found'} */ (chosen)],
      chosen === 'found' && scores.merged.size ? 'a number: so many cells merged' : '',
      says,
    );
    label(
      panels[1],
      'Border score',
      'orange: above the threshold',
      `the border score; what is above ${(percent() / 100).toFixed(2)} is cut out`,
    );
    const rows = hasTarget
      ? [
          ['object F1', scores.f1.toFixed(2)],
          ['matched', scores.matched],
          ['spurious', scores.spurious],
          ['missed', scores.missed],
          ['merged', scores.merged.size],
          ['split', scores.split],
        ]
      : [];
    table.replaceChildren(
      ...rows.flatMap(([name, value]) => [h('dt', {}, String(name)), h('dd', {}, String(value))]),
    );
    note.textContent = hasTarget ? 'matched: IoU above 0.5' : '';
    const at = chosen === 'found' ? middles(found.labels, width, scores.merged.keys()) : new Map();
    for (const { svg } of panels) {
      set(svg, { viewBox: `0 0 ${width} ${height}` });
      svg.replaceChildren(s('g', { class: 'ut-cursor' }));
    }
    numbers.replaceChildren(
      ...[...at].map(([number, [y, x]]) =>
        h(
          'b',
          { style: `top:${(100 * y) / height}%;left:${(100 * x) / width}%` },
          String(scores.merged.get(number)),
        ),
      ),
    );
    paintCursor();
  }

  /** @param {ReturnType<typeof panel>} panel @param {string} title @param {string} words @param {string} says */
  function label({ svg, title: heading, words: line, frame }, title, words, says) {
    heading.textContent = title;
    line.textContent = words;
    set(svg, { 'aria-label': says });
    set(frame, { 'aria-label': `${title}. Arrow keys choose a pixel.` });
  }

  function paintCursor() {
    const at = hovered ?? pinned;
    for (const { svg } of panels)
      svg
        .querySelector('.ut-cursor')
        ?.replaceChildren(
          ...(at
            ? ['ut-cells-halo', 'ut-cells-window'].map((name) =>
                s('rect', { class: name, x: at[1] - 1, y: at[0] - 1, width: 3, height: 3 }),
              )
            : []),
        );
    status.textContent = at ? sentence(at) : 'Point at a pixel, or use the arrow keys on an image.';
  }

  /** @param {Place} at */
  function sentence([row, column]) {
    const { width, background, border, target } = data();
    const pixel = row * width + column;
    const share = (/** @type {number} */ value) => (value / 255).toFixed(2);
    const inside = 255 - background[pixel] - border[pixel];
    const of = (/** @type {number} */ number, /** @type {string} */ what) =>
      number ? `${what} ${number}` : `no ${what}`;
    return `Row ${row}, column ${column}: background ${share(background[pixel])}, inside ${share(Math.max(0, inside))}, border ${share(border[pixel])}. ${of(found.labels[pixel], 'found cell')}${target.length ? `, ${of(target[pixel], 'target cell')}` : ''}.`;
  }

  // ------------------------------------------------------------------------------ what one can do
  for (const { frame } of panels) {
    frame.addEventListener(
      'pointermove',
      (event) => {
        const { height, width } = data();
        const page = frame.getBoundingClientRect();
        const at = /** @type {Place} */ ([
          Math.floor(((event.clientY - page.top) / page.height) * height),
          Math.floor(((event.clientX - page.left) / page.width) * width),
        ]);
        hovered = inside(at);
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
      () => {
        pinned = hovered;
        paintCursor();
      },
      { signal },
    );
    frame.addEventListener(
      'keydown',
      (event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        const { height, width } = data();
        const from = pinned ?? [Math.floor(height / 2), Math.floor(width / 2)];
        const by = event.shiftKey ? 8 : 1;
        pinned = inside([from[0] + by * step[0], from[1] + by * step[1]]) ?? pinned;
        hovered = null;
        paintCursor();
      },
      { signal },
    );
  }

  /** @param {Place} at @returns {Place | null} */
  function inside([row, column]) {
    const { height, width } = data();
    return row >= 0 && column >= 0 && row < height && column < width ? [row, column] : null;
  }

  return mount({
    model,
    el,
    root,
    traits: [
      'threshold',
      'overlay',
      'smallest',
      '_shape',
      '_image',
      '_background',
      '_border',
      '_target',
    ],
    paint,
    ended,
    fact: (name) => ({ found: found.count, merged: scores.merged.size })[name],
  });
}

/**
 * Paint pixels, with thin white lines between cells.
 * @param {HTMLCanvasElement} canvas @param {number} height @param {number} width
 * @param {Int32Array | null} labels   outlined @param {(pixel: number) => number[]} colour
 */
function draw(canvas, height, width, labels, colour) {
  set(canvas, { width: width * FINE, height: height * FINE });
  const context = canvas.getContext('2d');
  if (!context || !height) return;
  const picture = context.createImageData(width * FINE, height * FINE);
  const pixels = new Uint32Array(picture.data.buffer);
  const packed = (/** @type {number[]} */ [red, green, blue]) =>
    (255 << 24) | (blue << 16) | (green << 8) | red;
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const pixel = row * width + column;
      const own = labels ? labels[pixel] : 0;
      const fill = packed(colour(pixel));
      const first = row * FINE * width * FINE + column * FINE;
      for (let y = 0; y < FINE; y += 1)
        pixels.fill(fill, first + y * width * FINE, first + y * width * FINE + FINE);
      if (!labels || !own) continue;
      const white = -1;
      if (row && labels[pixel - width] !== own) pixels.fill(white, first, first + FINE);
      if (row < height - 1 && labels[pixel + width] !== own)
        pixels.fill(
          white,
          first + (FINE - 1) * width * FINE,
          first + (FINE - 1) * width * FINE + FINE,
        );
      for (let y = 0; y < FINE; y += 1) {
        if (column && labels[pixel - 1] !== own) pixels[first + y * width * FINE] = white;
        if (column < width - 1 && labels[pixel + 1] !== own)
          pixels[first + y * width * FINE + FINE - 1] = white;
      }
    }
  context.putImageData(picture, 0, 0);
}

export default { render };
