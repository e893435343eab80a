/** The view of RoundTrip: which of 64 sizes come back after a convolution and the transposed convolution with the same parameters. */

import { linkParameters, slider } from '../controls.js';
import { freshId, h, s, set } from '../dom.js';
import { formulaNodes } from '../formula.js';
import { convOutputSize, range } from '../geometry.js';
import { conv, convTranspose, LIMITS, ROUND_TRIP_SIZES } from '../layers.js';
import {
  codeLines,
  company,
  meaning,
  mends,
  PARAMETERS,
  sign,
  trip,
  way,
} from '../round_trip_words.js';
import { clamp, copyButton, initialize, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../round_trip_words.js').Layers} Layers */
/** @typedef {import('../round_trip_words.js').Trip} Trip */

const LARGEST = ROUND_TRIP_SIZES[1];
/** The most cells that any bar has: 64, with 6 cells of padding on both sides and a kernel of 1. */
const MOST_CELLS = LARGEST + 2 * LIMITS.padding[1];
const BAR = { cell: 5, height: 18 }; // in units of its drawing
const SIDE = 8;
const SIZES = range(1, LARGEST + 1);
const KEYS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -SIDE,
  ArrowDown: SIDE,
  Home: -LARGEST,
  End: LARGEST,
});

/** Cells of a bar, from one to another. @param {string} look @param {number} from @param {number} to */
const cells = (look, from, to) =>
  s('path', {
    class: look,
    d: range(from, to)
      .map((i) => `M${i * BAR.cell + 0.5} 0.5h${BAR.cell - 1}v${BAR.height - 1}h${1 - BAR.cell}z`)
      .join(''),
  });

/** One size of the way: its number, what it is, and as many cells. @param {string} kind @param {string} name */
function stage(kind, name) {
  const number = h('b');
  const bar = s('svg', {
    viewBox: `0 0 ${MOST_CELLS * BAR.cell} ${BAR.height}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  const element = h('div', { class: `ut-round-stage ut-${kind}` }, number, ` ${name}`, bar);
  return {
    element,
    /** @param {number | string} size @param {SVGElement[]} drawn */
    show(size, ...drawn) {
      number.textContent = String(size);
      bar.replaceChildren(...drawn);
    },
  };
}

/** A layer of the way: its name and formula on a band from one bar to the next. @param {string} name */
function layer(name) {
  const band = s('path', { class: 'ut-round-band' });
  const formula = h('span', { class: 'ut-formula' });
  const element = h(
    'div',
    { class: 'ut-round-layer' },
    s(
      'svg',
      { viewBox: `0 0 ${MOST_CELLS} 1`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      band,
    ),
    h('span', { class: 'ut-kind' }, `↓ ${name} `),
    formula,
  );
  return {
    element,
    /** @param {number} from @param {number} to cells of the bars @param {(Node | string)[]} words */
    show(from, to, words) {
      set(band, { d: from && to ? `M0 0H${from}L${to} 1H0z` : '' });
      formula.replaceChildren(...words);
      const { length } = formula.textContent ?? '';
      formula.classList.toggle('ut-tight', length > 46);
      formula.classList.toggle('ut-short', length <= 40);
    },
  };
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  /** @type {number | null} the size under the pointer, for as long as it is there */
  let pointed = null;

  /** @param {string} name @param {number} value */
  const write = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const sliders = PARAMETERS.map((name) =>
    slider({
      name,
      min: LIMITS[name][0],
      max: LIMITS[name][1],
      signal,
      onInput: (value) => write(name, clamp(value, LIMITS[name][0], LIMITS[name][1])),
    }),
  );
  const group = freshId();
  const tiles = SIZES.map((size) => {
    const radio = h('input', { type: 'radio', name: group, value: size });
    const mark = h('span', { class: 'ut-round-sign' });
    return {
      size,
      radio,
      mark,
      tile: h('label', { class: 'ut-tile' }, radio, h('b', {}, String(size)), mark),
    };
  });
  const board = h(
    'div',
    {
      class: 'ut-board',
      role: 'radiogroup',
      'aria-label': `Input sizes 1 to ${LARGEST}. Arrow keys choose one.`,
    },
    ...tiles.map(({ tile }) => tile),
  );
  const result = h('p', { class: 'ut-round-result' });
  const tripped = h('b', { class: 'ut-trip' });
  const meaningText = h('span');
  const others = h('span');
  const input = stage('stage-input', 'goes in');
  const down = layer('Conv2d');
  const small = stage('stage-small', 'after the convolution');
  const up = layer('ConvTranspose2d');
  const output = stage('stage-output', 'comes back');
  const list = h('ul');
  const torch = h('span', { class: 'ut-torch' });
  const code = h('code');
  const root = h('div', { class: 'ut ut-round', role: 'group', 'aria-label': 'Round trip' });
  root.append(
    h(
      'div',
      { class: 'ut-round-body' },
      h('div', { class: 'ut-round-board' }, result, board, legend()),
      h(
        'div',
        { class: 'ut-round-trip' },
        h('p', { class: 'ut-round-way' }, tripped),
        ...[input, down, small, up, output].map(({ element }) => element),
        h('p', { class: 'ut-round-says', role: 'status' }, meaningText, others),
        h(
          'div',
          { class: 'ut-code' },
          code,
          copyButton(() => code.textContent ?? '', signal),
          torch,
        ),
      ),
      h(
        'div',
        { class: 'ut-round-side' },
        presentButton(root, () => paint(), signal),
        ...sliders.map(({ row }) => row),
        h(
          'div',
          { class: 'ut-mends' },
          h('p', {}, h('b', {}, 'output_padding'), ' brings back'),
          list,
        ),
      ),
    ),
  );

  function paint() {
    const layers = readLayers(model);
    const chosen = read(model, 'chosen', 1, LARGEST);
    const trips = SIZES.map((size) => trip(size, layers));
    const shown = trips[(pointed ?? chosen) - 1];
    const back = trips.filter(({ fate }) => fate === 'back').length;

    PARAMETERS.forEach((name, i) => {
      sliders[i].show(layers[name]);
    });
    result.textContent = `${back} of ${LARGEST} sizes ${back === 1 ? 'comes' : 'come'} back`;
    tiles.forEach((tile, i) => {
      paintTile(tile, trips[i], { layers, shown, chosen });
    });
    paintTrip(shown, layers);
    list.replaceChildren(
      ...mends(trips, layers).map(({ paddings, sizes, isNow }) =>
        h(
          'li',
          isNow ? { class: 'ut-now' } : {},
          h('b', {}, paddings),
          h('span', {}, sizes, isNow ? ' ◂ now' : ''),
        ),
      ),
    );
    code.textContent = codeLines(layers);
    const echo = model.get('_echo');
    const isCurrent =
      echo?.parameters?.chosen === shown.size &&
      PARAMETERS.every((name) => echo.parameters[name] === layers[name]);
    torch.textContent = torch.title = isCurrent ? `torch: ${echo.text}` : '';
  }

  /**
   * @param {(typeof tiles)[number]} tile
   * @param {Trip} own
   * @param {{layers: Layers, shown: Trip, chosen: number}} now
   */
  function paintTile({ radio, mark, tile, size }, own, { layers, shown, chosen }) {
    tile.dataset.fate = own.fate;
    mark.textContent = sign(own);
    radio.checked = size === chosen;
    set(radio, {
      'aria-label': `${size}: ${own.fate === 'back' ? 'comes back' : own.fate === 'off' ? `comes back as ${own.back}` : 'does not come back'}`,
    });
    tile.classList.toggle('ut-round-chosen', own === shown);
    const isWith = (/** @type {number} */ other) =>
      other >= 1 &&
      other <= LARGEST &&
      convOutputSize({ ...layers, input_size: other }) === shown.small;
    const isIn = shown.small > 0 && isWith(size);
    tile.classList.toggle('ut-together', isIn);
    tile.classList.toggle('ut-first', isIn && !isWith(size - 1));
    tile.classList.toggle('ut-last', isIn && !isWith(size + 1));
  }

  /** The way of one size: its bars, formulas and sentences. @param {Trip} shown @param {Layers} layers */
  function paintTrip(shown, layers) {
    const { size, fate } = shown;
    const isBack = fate === 'back';
    const back = isBack || fate === 'off' ? shown.back : 0;
    const wayText = way(shown);
    tripped.textContent = `${wayText}${isBack ? ' ✓' : wayText.endsWith('✕') ? '' : ' ✕'}`;
    tripped.classList.toggle('ut-wrong', !isBack);
    meaningText.textContent = `${meaning(shown, layers)} `;
    others.textContent = company(shown, layers);
    input.show(size, cells('ut-cell-input', 0, size));
    down.show(
      size,
      shown.small,
      formulaNodes(
        conv.formula({ ...layers, input_size: size }),
        shown.small ? 'ut-plain' : 'ut-wrong',
      ),
    );
    small.show(shown.small || '✕', cells('ut-cell-input', 0, shown.small));
    const [verdict, mark] = isBack ? ['ut-answer', ' ✓'] : ['ut-wrong', ' ✕'];
    up.show(
      shown.small,
      back,
      shown.small
        ? formulaNodes(convTranspose.formula({ ...layers, input_size: shown.small }), verdict, mark)
        : ['–'],
    );
    output.element.classList.toggle('ut-wrong', !isBack);
    output.show(
      back || '✕',
      cells('ut-cell-output', 0, Math.min(size, back)),
      cells('ut-cell-wrong', size, back),
      cells('ut-cell-missing', back, size),
    );
  }

  for (const { tile, radio, size } of tiles) {
    radio.addEventListener('change', () => choose(size), { signal });
    tile.addEventListener(
      'pointerenter',
      ({ pointerType }) => pointerType !== 'touch' && point(size),
      { signal },
    );
  }
  board.addEventListener('pointerleave', () => point(null), { signal });
  board.addEventListener(
    'keydown',
    (event) => {
      const step = KEYS[event.key];
      if (!step) return;
      event.preventDefault();
      choose(clamp(read(model, 'chosen', 1, LARGEST) + step, 1, LARGEST));
      tiles[read(model, 'chosen', 1, LARGEST) - 1].radio.focus({ preventScroll: true });
    },
    { signal },
  );

  /** @param {number} size */
  function choose(size) {
    pointed = null;
    write('chosen', size);
    paint();
  }

  /** @param {number | null} size */
  function point(size) {
    if (size === pointed) return;
    pointed = size;
    paint();
  }

  /** What steps may ask for. @param {string} name */
  function fact(name) {
    if (name !== 'output_size') return undefined;
    const { back, fate } = trip(read(model, 'chosen', 1, LARGEST), readLayers(model));
    return fate === 'back' || fate === 'off' ? back : 0;
  }

  linkParameters(root, signal);
  return mount({ model, el, root, traits: [...PARAMETERS, 'chosen', '_echo'], paint, ended, fact });
}

/** What the colours and signs of the tiles mean. */
function legend() {
  /** @param {string} fate @param {string} mark @param {string} label */
  const entry = (fate, mark, label) =>
    h(
      'span',
      {},
      h('span', { class: 'ut-tile', 'data-fate': fate, 'aria-hidden': 'true' }, mark),
      label,
    );
  return h(
    'p',
    { class: 'ut-round-legend' },
    entry('back', '', 'comes back'),
    entry('off', '±', 'off by so many'),
    entry('small', '–', 'too small'),
  );
}

/** A trait as a whole number, brought inside its limits. @param {Model} model @param {string} name @param {number} low @param {number} high */
const read = (model, name, low, high) =>
  clamp(Math.round(Number(model.get(name))) || low, low, high);

/** @param {Model} model @returns {Layers} */
const readLayers = (model) =>
  /** @type {Layers} */ (
    Object.fromEntries(
      PARAMETERS.map((name) => [name, read(model, name, LIMITS[name][0], LIMITS[name][1])]),
    )
  );

export default { initialize, render };
