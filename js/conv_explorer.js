/** The view of ConvExplorer: padded input, sliding window and output of one convolution. */

import { cellsPath, cross, hatchPath, range } from './cells.js';
import { linkParameters, slider } from './controls.js';
import { h, s, set } from './dom.js';
import { convCoverage, convFeeds, convOutputSize, convSees, paddedSize, tapPlaces, windowExtent } from './geometry.js';

/** @typedef {import('./geometry.js').Axis} Axis */
/** @typedef {import('./cells.js').Grid} Grid */
/** @typedef {[row: number, column: number]} Cell */
/**
 * The part of anywidget's model that views use; a page without a kernel supplies its own.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: () => void) => void} on
 * @property {(event: string, listener: () => void) => void} off
 */

/** Sliders, and what a trait may hold. `unet_teach/widgets/conv_explorer.py` keeps the same bounds. */
export const LIMITS = /** @type {const} */ ({
  input_size: [1, 16],
  kernel_size: [1, 7],
  stride: [1, 5],
  padding: [0, 6],
  dilation: [1, 4],
});
/** @typedef {keyof typeof LIMITS} Parameter */
const PARAMETERS = /** @type {Parameter[]} */ (Object.keys(LIMITS));

/** A map is drawn for one of these many cells a side, so that most steps of a slider keep the scale. */
const CAPACITIES = [10, 14, 20, 28];
const LARGEST_FRAME = 392;
const LARGEST_CELL = 36;

/** @param {number} n */
const square = (n) => `${n}×${n}`;

/** @param {Axis} axis */
function codeLine({ kernel_size, stride, padding, dilation }) {
  const options = [
    ['stride', stride, 1],
    ['padding', padding, 0],
    ['dilation', dilation, 1],
  ]
    .filter(([, value, otherwise]) => value !== otherwise)
    .map(([name, value]) => `, ${name}=${value}`);
  return `nn.Conv2d(1, 1, kernel_size=${kernel_size}${options.join('')})`;
}

/**
 * The output size's formula with its numbers filled in; each number belongs to a slider.
 * @param {Axis} axis
 * @param {number} size
 */
function formula({ input_size, kernel_size, stride, padding, dilation }, size) {
  /** @param {Parameter} name @param {number} value */
  const number = (name, value) => h('span', { 'data-param': name, title: name }, String(value));
  return [
    '⌊(',
    number('input_size', input_size),
    ' + 2·',
    number('padding', padding),
    ' − ',
    number('dilation', dilation),
    '·(',
    number('kernel_size', kernel_size),
    ' − 1) − 1) / ',
    number('stride', stride),
    '⌋ + 1 = ',
    size > 0 ? h('span', { class: 'ut-answer' }, String(size)) : h('span', { class: 'ut-wrong' }, 'no output ✕'),
  ];
}

/** "rows 1 to 3" or "rows 1, 3, 5". @param {string} word @param {number[]} cells */
function listed(word, cells) {
  if (!cells.length) return `no ${word}s`;
  const [first, last] = [cells[0], cells[cells.length - 1]];
  if (cells.length === 1) return `${word} ${first}`;
  return `${word}s ${last - first + 1 === cells.length ? `${first} to ${last}` : cells.join(', ')}`;
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;

  /** @type {Cell} the output cell under the window */
  let cursor = [0, 0];
  /** @type {Cell | null} an input cell under the pointer: its outputs are lit instead */
  let asked = null;
  /** @type {Axis} */
  let axis = readAxis(model);

  const sliders = PARAMETERS.map((name) =>
    slider({
      name,
      min: LIMITS[name][0],
      max: LIMITS[name][1],
      signal,
      onInput(value) {
        model.set(name, value);
        model.save_changes();
      },
    }),
  );

  const result = h('span', { class: 'ut-result' });
  const input = mapFigure('Input', 'Input map. Arrow keys move the window.');
  const output = mapFigure('Output', 'Output map. Arrow keys move the window.');
  const numbers = h('span');
  const torch = h('span', { class: 'ut-torch' });
  const status = h('p', { class: 'ut-status', role: 'status' });
  const code = h('code');
  const copy = h('button', { type: 'button' }, 'copy');
  const root = h(
    'div',
    { class: 'ut ut-conv', role: 'group', 'aria-label': 'Convolution explorer' },
    h('div', { class: 'ut-head' }, result, h('span', { class: 'ut-kind' }, 'Conv2d')),
    h(
      'div',
      { class: 'ut-body' },
      h('div', { class: 'ut-sliders' }, ...sliders.map(({ row }) => row)),
      h('div', {},
        h('div', { class: 'ut-maps' }, input.figure, output.figure),
        h('div', { class: 'ut-formula' }, numbers, torch),
        status,
        h('div', { class: 'ut-code' }, code, copy),
      ),
    ),
  );

  /** @type {{input: Grid, output: Grid}} */
  let grids = { input: { x: 0, y: 0, side: 1 }, output: { x: 0, y: 0, side: 1 } };

  function paint() {
    axis = readAxis(model);
    const size = convOutputSize(axis);
    cursor = [clamp(cursor[0], 0, size - 1), clamp(cursor[1], 0, size - 1)];
    if (asked && Math.max(...asked) >= axis.input_size) asked = null;

    PARAMETERS.forEach((name, i) => sliders[i].show(axis[name]));
    result.textContent = size > 0 ? `${square(axis.input_size)} → ${square(size)}` : `${square(axis.input_size)} → ✕`;
    result.classList.toggle('ut-wrong', size === 0);
    numbers.replaceChildren(...formula(axis, size));
    code.textContent = codeLine(axis);
    paintMaps(size);
    status.textContent = sentence(size);
    status.classList.toggle('ut-wrong', size === 0);
    paintEcho();
  }

  /** @param {number} size output cells a side */
  function paintMaps(size) {
    const frame = Math.floor(Math.min(LARGEST_FRAME, input.frame.clientWidth || LARGEST_FRAME));
    const padded = paddedSize(axis);
    const most = Math.max(padded, size);
    const capacity = CAPACITIES.find((n) => n >= most) ?? most;
    const side = Math.min(LARGEST_CELL, Math.floor(frame / capacity));
    const inset = (/** @type {number} */ n) => Math.floor((frame - n * side) / 2) + 0.5;
    const own = inset(padded) + axis.padding * side;
    grids = { input: { x: own, y: own, side }, output: { x: inset(size), y: inset(size), side } };

    const everywhere = range(-axis.padding, axis.input_size + axis.padding);
    const isInside = (/** @type {number} */ i) => i >= 0 && i < axis.input_size;
    const coverage = convCoverage(axis);
    const isReached = ([r, c] = /** @type {Cell} */ ([0, 0])) => coverage[r + axis.padding] > 0 && coverage[c + axis.padding] > 0;
    const padding = cross(everywhere, everywhere).filter(([r, c]) => !isInside(r) || !isInside(c));
    const inside = range(0, axis.input_size);
    const unreached = size > 0 ? cross(everywhere, everywhere).filter((cell) => !isReached(cell)) : [];
    const window = asked === null && size > 0 ? cursor : null;
    const lit = asked ? cross(convFeeds(asked[0], axis), convFeeds(asked[1], axis)) : window ? [window] : [];

    const inputGrid = grids.input;
    input.draw(frame, describeInput(size), [
      s('path', { class: 'ut-cell-zero', d: cellsPath(padding, inputGrid) }),
      s('path', { class: 'ut-cell-input', d: cellsPath(cross(inside, inside), inputGrid) }),
      s('path', { class: 'ut-cell-unreached', d: cellsPath(unreached, inputGrid, { inset: 1.5 }) }),
      s('path', { class: 'ut-hatch', d: hatchPath(unreached, inputGrid) }),
      ...(window ? windowShapes(window, inputGrid) : []),
      ...(side >= 14 ? zeroSigns(padding.filter(isReached), inputGrid) : []),
      ...(asked ? [s('path', { class: 'ut-window', d: cellsPath([asked], inputGrid) })] : []),
    ]);
    input.caption(square(axis.input_size), axis.padding ? `+ padding ${axis.padding}: ${square(padded)}` : '');

    const outputs = cross(range(0, size), range(0, size));
    output.draw(frame, `Output ${square(size)}`, [
      s('path', { class: 'ut-cell-output', d: cellsPath(outputs, grids.output, { round: true }) }),
      s('path', { class: 'ut-window', d: cellsPath(lit, grids.output, { round: true }) }),
    ]);
    output.caption(square(size), '');
  }

  /** The kernel's taps, filled, and the frame around them. @param {Cell} cell @param {Grid} grid */
  function windowShapes([row, column], grid) {
    const extent = windowExtent(axis);
    const rows = tapPlaces(row, axis);
    const columns = tapPlaces(column, axis);
    const side = extent * grid.side - 1;
    return [
      s('path', { class: 'ut-cell-seen', d: cellsPath(cross(rows, columns), grid, { inset: 1.5 }) }),
      s('rect', { class: 'ut-window', x: grid.x + columns[0] * grid.side, y: grid.y + rows[0] * grid.side, width: side, height: side, rx: 2 }),
    ];
  }

  /** @param {Cell[]} cells @param {Grid} grid */
  function zeroSigns(cells, { x, y, side }) {
    const style = `font-size:${Math.min(13, Math.round(side * 0.5))}px`;
    return cells.map(([r, c]) =>
      s('text', { class: 'ut-zero-sign', x: x + (c + 0.5) * side, y: y + (r + 0.5) * side, style }, '0'),
    );
  }

  /** @param {number} size */
  function describeInput(size) {
    const wide = `Input ${square(axis.input_size)} with padding ${axis.padding}`;
    return size > 0 ? `${wide}. ${sentence(size)}` : wide;
  }

  /** What the picture says, in words. @param {number} size */
  function sentence(size) {
    const extent = windowExtent(axis);
    if (size === 0) {
      const padded = paddedSize(axis);
      const why = axis.dilation > 1 ? `${extent} cells (${axis.dilation}·(${axis.kernel_size} − 1) + 1)` : `${extent} cells`;
      return `The window spans ${why}, the padded input only ${padded}: it fits nowhere. Use a smaller kernel or dilation, or padding ≥ ${Math.ceil((extent - axis.input_size) / 2)}.`;
    }
    if (asked) {
      const [rows, columns] = asked.map((i) => convFeeds(i, axis));
      const count = rows.length * columns.length;
      if (!count) return `Input cell (${asked.join(', ')}) feeds no output: no window ever covers it.`;
      return `Input cell (${asked.join(', ')}) feeds ${count} output ${count === 1 ? 'cell' : 'cells'}: ${listed('row', rows)}, ${listed('column', columns)}.`;
    }
    const [rows, columns] = cursor.map((i) => convSees(i, axis));
    const seen = rows.length * columns.length;
    const zeros = axis.kernel_size ** 2 - seen;
    const border = zeros ? ` and ${zeros} padding ${zeros === 1 ? 'zero' : 'zeros'}` : '';
    const cells = seen ? `${listed('row', rows)}, ${listed('column', columns)} of the input` : 'no input cell';
    return `Output cell (${cursor.join(', ')}) sees ${cells}${border}.${skipped()}`;
  }

  /** Which input rows and columns no window covers, if any. */
  function skipped() {
    const coverage = convCoverage(axis);
    const missed = range(0, axis.input_size).filter((i) => coverage[i + axis.padding] === 0);
    return missed.length ? ` No window covers ${listed('row', missed)} and ${listed('column', missed)} (hatched).` : '';
  }

  /** What torch itself says, as soon as the kernel has said it for what is on the screen. */
  function paintEcho() {
    const echo = model.get('_echo');
    const current = echo && PARAMETERS.every((name) => echo.parameters?.[name] === axis[name]);
    torch.textContent = current ? `torch: ${echo.says} ${echo.accepts ? '✓' : '✕'}` : '';
  }

  /** @param {Cell} cell */
  function moveTo(cell) {
    const size = convOutputSize(axis);
    asked = null;
    cursor = [clamp(cell[0], 0, size - 1), clamp(cell[1], 0, size - 1)];
    paint();
  }

  for (const [map, name] of /** @type {const} */ ([[input, 'input'], [output, 'output']])) {
    /** @param {PointerEvent} event @param {number} size @returns {Cell | null} */
    const cellUnder = ({ clientX, clientY }, size) => {
      const { x, y, side } = grids[name];
      const box = map.svg.getBoundingClientRect();
      const cell = /** @type {Cell} */ ([clientY - box.top - y, clientX - box.left - x].map((v) => Math.floor(v / side)));
      return cell.every((i) => i >= 0 && i < size) ? cell : null;
    };
    const point = (/** @type {PointerEvent} */ event) => {
      if (name === 'input') {
        const cell = cellUnder(event, axis.input_size);
        if (String(cell) === String(asked)) return;
        asked = cell;
        paint();
      } else {
        const cell = cellUnder(event, convOutputSize(axis));
        if (cell && (asked || String(cell) !== String(cursor))) moveTo(cell);
      }
    };
    map.frame.addEventListener('pointermove', point, { signal });
    map.frame.addEventListener('pointerdown', point, { signal });
    map.frame.addEventListener('pointerleave', () => {
      if (asked) moveTo(cursor);
    }, { signal });
    map.frame.addEventListener('keydown', (event) => {
      const step = /** @type {Record<string, Cell>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
      if (!step) return;
      event.preventDefault();
      moveTo([cursor[0] + step[0], cursor[1] + step[1]]);
    }, { signal });
  }

  copy.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(code.textContent ?? '').then(() => (copy.textContent = 'copied'), () => (copy.textContent = 'select and copy'));
    setTimeout(() => (copy.textContent = 'copy'), 1500);
  }, { signal });

  // JupyterLab would take arrow keys and letters for commands of its own.
  root.addEventListener('keydown', (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Escape') event.stopPropagation();
  }, { signal });
  linkParameters(root, signal);

  const events = [...PARAMETERS.map((name) => `change:${name}`)];
  events.forEach((event) => model.on(event, paint));
  model.on('change:_echo', paintEcho);
  el.append(root);
  const resized = new ResizeObserver(() => paint());
  resized.observe(input.frame);
  paint();

  return () => {
    ended.abort();
    resized.disconnect();
    events.forEach((event) => model.off(event, paint));
    model.off('change:_echo', paintEcho);
    root.remove();
  };
}

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** The model's parameters; nonsense from elsewhere is brought back inside the limits. @param {Model} model @returns {Axis} */
function readAxis(model) {
  const read = (/** @type {Parameter} */ name) => {
    const [low, high] = LIMITS[name];
    return clamp(Math.round(Number(model.get(name))) || low, low, high);
  };
  return /** @type {Axis} */ (Object.fromEntries(PARAMETERS.map((name) => [name, read(name)])));
}

/** A titled map that can hold the focus. @param {string} title @param {string} label */
function mapFigure(title, label) {
  const size = h('span');
  const more = h('span');
  const svg = s('svg', { role: 'img' });
  const frame = h('div', { class: 'ut-frame', tabindex: 0, role: 'group', 'aria-label': label }, svg);
  const figure = h('figure', { class: 'ut-map' }, h('figcaption', {}, h('b', {}, title), size, more), frame);
  return {
    figure,
    frame,
    svg,
    /** @param {string} cells @param {string} note */
    caption(cells, note) {
      size.textContent = cells;
      more.textContent = note;
    },
    /** @param {number} side @param {string} description @param {Node[]} shapes */
    draw(side, description, shapes) {
      set(svg, { width: side, height: side, 'aria-label': description }).replaceChildren(...shapes);
    },
  };
}

/** Tells the kernel that somebody is looking, so that it asks torch. @param {{model: Model}} context */
function initialize({ model }) {
  model.set('_shown', true);
  model.save_changes();
}

export default { initialize, render };
