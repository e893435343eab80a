/** The view of RoundTrip: which of 64 sizes come back after a convolution and the transposed convolution with the same parameters. */

import { linkParameters, slider } from '../controls.js';
import { freshId, h, set } from '../dom.js';
import { formulaNodes } from '../formula.js';
import {
  convInputSizes,
  convOutputSize,
  convTransposeOutputSize,
  outputPaddingFor,
  outputPaddingMost,
  paddedSize,
  range,
  windowExtent,
} from '../geometry.js';
import { codeLine, conv, convTranspose, LIMITS, ROUND_TRIP_SIZES } from '../layers.js';
import { clamp, copyButton, initialize, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../geometry.js').Axis} Axis */
/** @typedef {import('../layers.js').Sizes} Sizes */
/** @typedef {Omit<Axis, 'input_size'>} Layers  what both layers share, and output_padding */

const PARAMETERS = /** @type {const} */ ([
  'kernel_size',
  'stride',
  'padding',
  'dilation',
  'output_padding',
]);
const LARGEST = ROUND_TRIP_SIZES[1];
const SIDE = 8;
const SIZES = range(1, LARGEST + 1);
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -SIDE,
  ArrowDown: SIDE,
  Home: -LARGEST,
  End: LARGEST,
});

/**
 * What becomes of one size: it comes back, comes back as another size ("off"), has no way up
 * ("lost"), or is too small for the kernel to go down at all ("small").
 * @typedef {object} Trip
 * @property {number} size
 * @property {number} small        what the convolution makes of it; 0 where the kernel does not fit
 * @property {number} back         what the transposed convolution makes of that, where there is a way up
 * @property {number | null} mend  the output_padding that brings it back
 * @property {'back' | 'off' | 'lost' | 'small'} fate
 */

/** @param {number} size @param {Layers} layers @returns {Trip} */
export function trip(size, layers) {
  const small = convOutputSize({ ...layers, input_size: size });
  if (small === 0) return { size, small, back: 0, mend: null, fate: 'small' };
  const up = { ...layers, input_size: small };
  const back = convTransposeOutputSize(up);
  const fate = !isLegal(layers) || back < 1 ? 'lost' : back === size ? 'back' : 'off';
  return { size, small, back, mend: outputPaddingFor(size, up), fate };
}

/** @param {Layers} layers */
const isLegal = (layers) => layers.output_padding <= outputPaddingMost(layers);

// ------------------------------------------------------------------------------------------- text

const NUMBERS = ['none', 'one', 'two', 'three', 'four'];
const signed = (/** @type {number} */ n) => (n < 0 ? `−${-n}` : `+${n}`);

/** The sign below a tile's size. @param {Trip} trip */
const sign = ({ fate, back, size }) =>
  ({ back: '', off: signed(back - size), lost: '✕', small: '–' })[fate];

/** "31, 32 and 33". @param {number[]} sizes */
const and = (sizes) =>
  sizes.length < 2
    ? sizes.join('')
    : `${sizes.slice(0, -1).join(', ')} and ${sizes[sizes.length - 1]}`;

/** "1, 3, 5, …, 63". @param {number[]} sizes */
const some = (sizes) =>
  sizes.length <= 4
    ? sizes.join(', ')
    : `${sizes.slice(0, 3).join(', ')}, …, ${sizes[sizes.length - 1]}`;

/** @param {number} from @param {number} to */
const span = (from, to) => (from === to ? String(from) : `${from} to ${to}`);

/** The three sizes of a trip: "31 → 16 → 31". @param {Trip} trip */
const way = ({ size, small, back, fate }) =>
  `${size} → ${small || '✕'}${fate === 'small' ? '' : ` → ${fate === 'lost' ? '✕' : back}`}`;

/** What the trip means, and which output_padding brings the size back. @param {Trip} trip @param {Layers} layers */
export function meaning({ size, back, mend, fate }, layers) {
  if (fate === 'small') {
    const extent = windowExtent(layers);
    const padded = paddedSize({ ...layers, input_size: size });
    return `The kernel spans ${extent} cells, the padded input only ${padded}: there is no way down. Use padding ≥ ${Math.ceil((extent - size) / 2)} or a smaller kernel.`;
  }
  const mended = `output_padding=${mend} gives ${size}.`;
  if (fate === 'back') return 'it comes back.';
  if (!isLegal(layers))
    return `output_padding=${layers.output_padding} is illegal, it must be smaller than stride=${layers.stride} or dilation=${layers.dilation}. ${mended}`;
  if (fate === 'lost') return `padding=${layers.padding} crops all of it away. ${mended}`;
  const off = Math.abs(back - size);
  return `${NUMBERS[off] ?? off} too ${back > size ? 'many' : 'few'}. ${mended}`;
}

/** Which sizes give the same small size. @param {Trip} trip @param {Layers} layers */
export function company({ size, small }, layers) {
  if (!small) return '';
  const group = convInputSizes(small, { ...layers, input_size: size });
  if (group.length === 1) return `Only ${size} gives ${small}.`;
  const tail = 'so the way up must be told which one it was.';
  return `${and(group)} ${group.length === 2 ? 'both' : 'all'} give ${small}, ${tail}`;
}

/**
 * Which output_padding brings back which sizes, one line each.
 * @param {Trip[]} trips
 * @param {Layers} layers
 * @returns {{paddings: string, sizes: string, isNow: boolean}[]}
 */
export function mends(trips, layers) {
  const { stride, dilation, output_padding: now } = layers;
  const most = outputPaddingMost(layers);
  const lines = range(0, stride).map((n) => {
    const sizes = trips.filter(({ mend }) => mend === n).map(({ size }) => size);
    return { paddings: String(n), sizes: some(sizes) || 'none up to 64', isNow: now === n };
  });
  if (most >= stride)
    lines.push({
      paddings: span(stride, most),
      sizes: 'none; legal, as below dilation',
      isNow: now >= stride && now <= most,
    });
  if (now > most)
    lines.push({
      paddings: String(now),
      sizes: `✕ illegal: use less than stride=${stride} or dilation=${dilation}`,
      isNow: true,
    });
  const small = trips.filter(({ fate }) => fate === 'small').length;
  if (small) lines.push({ paddings: 'none', sizes: `${span(1, small)}: too small`, isNow: false });
  return lines;
}

/** Both formulas with their numbers; each number belongs to a slider. @param {Trip} trip @param {Layers} layers */
function formulas({ size, small, fate }, layers) {
  const down = formulaNodes(
    conv.formula({ ...layers, input_size: size }),
    small ? 'ut-plain' : 'ut-wrong',
  );
  const [verdict, sign] = fate === 'back' ? ['ut-answer', ' ✓'] : ['ut-wrong', ' ✕'];
  const up = small
    ? formulaNodes(convTranspose.formula({ ...layers, input_size: small }), verdict, sign)
    : ['–'];
  return [
    h('div', {}, h('span', { class: 'ut-way' }, 'down'), h('span', {}, ...down)),
    h('div', {}, h('span', { class: 'ut-way' }, 'up'), h('span', {}, ...up)),
  ];
}

/** @param {Layers} layers */
export function codeLines(layers) {
  const sizes = /** @type {Sizes} */ (
    Object.fromEntries(PARAMETERS.map((name) => [name, [layers[name], layers[name]]]))
  );
  return `${codeLine(conv, sizes)}\n${codeLine(convTranspose, sizes)}`;
}

// ----------------------------------------------------------------------------------------- drawing

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  /** @type {number | null} the size under the pointer: followed for as long as it is there */
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
      onInput: (value) => write(name, value),
    }),
  );
  const group = freshId();
  const tiles = SIZES.map((size) => {
    const radio = h('input', { type: 'radio', name: group, value: size });
    const mark = h('span', { class: 'ut-sign' });
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
      'aria-label': 'Input sizes 1 to 64. Arrow keys choose one.',
    },
    ...tiles.map(({ tile }) => tile),
  );
  const result = h('span', { class: 'ut-result' });
  const tripped = h('b', { class: 'ut-trip' });
  const meaningText = h('span');
  const others = h('span');
  const status = h('p', { class: 'ut-status', role: 'status' }, tripped, meaningText, others);
  const list = h('ul');
  const numbers = h('div', { class: 'ut-formula' });
  const torch = h('div', { class: 'ut-torch' });
  const code = h('code');
  const tools = h('span', { class: 'ut-tools' });
  const root = h(
    'div',
    { class: 'ut ut-round', role: 'group', 'aria-label': 'Round trip' },
    h(
      'div',
      { class: 'ut-head' },
      result,
      h('span', { class: 'ut-kind' }, 'Conv2d and back'),
      tools,
    ),
    h(
      'div',
      { class: 'ut-round-body' },
      h('div', { class: 'ut-round-board' }, board, legend()),
      status,
      h(
        'div',
        { class: 'ut-mends' },
        h('p', {}, h('b', {}, 'output_padding'), ' brings back'),
        list,
      ),
      h('div', { class: 'ut-sliders' }, ...sliders.map(({ row }) => row)),
      h(
        'div',
        { class: 'ut-round-sums' },
        numbers,
        h(
          'div',
          { class: 'ut-code' },
          code,
          copyButton(() => code.textContent ?? '', signal),
        ),
        torch,
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
    paintWords(shown, layers);
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
    numbers.replaceChildren(...formulas(shown, layers));
    code.textContent = codeLines(layers);
    const echo = model.get('_echo');
    const isCurrent =
      echo?.parameters?.chosen === shown.size &&
      PARAMETERS.every((name) => echo.parameters[name] === layers[name]);
    torch.textContent = isCurrent ? `torch: ${echo.text}` : '';
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
    tile.classList.toggle('ut-chosen', own === shown);
    const isWith = (/** @type {number} */ other) =>
      other >= 1 &&
      other <= LARGEST &&
      convOutputSize({ ...layers, input_size: other }) === shown.small;
    const isIn = shown.small > 0 && isWith(size);
    tile.classList.toggle('ut-together', isIn);
    tile.classList.toggle('ut-first', isIn && !isWith(size - 1));
    tile.classList.toggle('ut-last', isIn && !isWith(size + 1));
  }

  /** @param {Trip} shown @param {Layers} layers */
  function paintWords(shown, layers) {
    tripped.textContent = `${way(shown)}${shown.fate === 'back' ? ' ✓' : ''}`;
    meaningText.textContent = `: ${meaning(shown, layers)} `;
    others.textContent = company(shown, layers);
    tripped.classList.toggle('ut-wrong', shown.fate !== 'back');
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
      const step = STEPS[event.key];
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

  tools.append(presentButton(root, paint, signal));
  linkParameters(root, signal);
  return mount({ model, el, root, traits: [...PARAMETERS, 'chosen', '_echo'], paint, ended });
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
    { class: 'ut-legend' },
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
