/** The view of both explorers: sliders, maps of cells, formula, what torch says, and what is said. */

import { choice, linkParameters, pairSlider, toggle } from '../controls.js';
import { h } from '../dom.js';
import { formulaNodes } from '../formula.js';
import { convCoverage } from '../geometry.js';
import { kernelEditor } from '../kernel_editor.js';
import {
  axesOf,
  codeLine,
  conv,
  convTranspose,
  LIMITS,
  presetSizes,
  problemSentence,
  short,
  times,
} from '../layers.js';
import { CellMap } from '../map.js';
import { inputValues, kernelValues, productsOf, sumOf } from '../numbers.js';
import {
  convPicture,
  convSentence,
  transposePicture,
  transposeSentence,
  VIEWS,
} from '../pictures.js';
import { clamp, copyButton, initialize, isTyping, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../layers.js').Parameter} Parameter */
/** @typedef {import('../layers.js').Sizes} Sizes */
/** @typedef {import('../pictures.js').PanelName} PanelName */
/** @typedef {import('../pictures.js').Selection} Selection */
/** @typedef {import('../pictures.js').View} View */

/** The part of the width that each map may fill. @type {Record<string, Partial<Record<PanelName, number>>>} */
const SHARES = {
  Conv2d: { input: 0.5, output: 0.5 },
  ConvTranspose2d: { input: 0.22, middle: 0.41, output: 0.37 },
};
/** Cells that share the width of all maps: few steps, so that most moves of a slider keep the scale. */
const CAPACITIES = [10, 14, 18, 21, 28, 40, 56, 80, 112, 160, 300];
const TALLEST = 334;
const LARGEST_CELL = 36;
const KERNEL_CELL = 26;
const GAP = 20;
const NARROW = 520;
const STEP = 600; // milliseconds
const PATIENCE = 4000; // milliseconds until a kernel that does not answer is said to be gone

/** A parameter as both axes have it: one number stands for two. @param {unknown} value @returns {unknown[]} */
const pairOf = (value) => (Array.isArray(value) && value.length === 2 ? value : [value, value]);

/** @param {number} cells */
const capacityFor = (cells) => CAPACITIES.find((capacity) => capacity >= cells) ?? cells;

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const isTransposed = model.get('_layer') === convTranspose.name;
  const layer = isTransposed ? convTranspose : conv;
  const shares = SHARES[layer.name];

  let sizes = readSizes();
  let axes = axesOf(sizes);
  /** The picture of these sizes with nothing chosen. */
  let plain = picture(axes, null);
  /** The last sizes that made a picture: it stays, faint, while the present ones are illegal. */
  let lastLegal = sizes;
  let isSplit = layer.parameters.some((name) => sizes[name][0] !== sizes[name][1]);
  /** @type {Selection | null} */
  let hovered = null;
  /** @type {Selection} */
  let pinned = readPinned();
  /** Pixels that the maps may fill: asked for when they change, since asking makes the page lay itself out. */
  let measured = 0;
  /** @type {number | undefined} */
  let timer;
  /** @type {number | undefined} */
  let waiting;

  // ------------------------------------------------------------------------------------ elements
  const save = (/** @type {Record<string, unknown>} */ changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const sliders = layer.parameters.map((name) =>
    pairSlider({
      name,
      limits: LIMITS[name],
      signal,
      onInput(axis, value) {
        const pair = /** @type {Pair} */ (isSplit ? [...sizes[name]] : [value, value]);
        pair[axis] = value;
        save({ [name]: short(pair) });
      },
    }),
  );
  const split = toggle(
    'height ≠ width',
    'Set height and width apart',
    () => {
      isSplit = !isSplit;
      if (!isSplit)
        save(Object.fromEntries(layer.parameters.map((name) => [name, sizes[name][0]])));
      paint();
    },
    signal,
  );
  const presets = choice(
    'presets',
    Object.keys(layer.presets),
    (name) => {
      isSplit = false;
      save({
        ...presetSizesOf(name),
        ...(name === 'checkerboard' ? { view: 'scatter', numbers: false } : {}),
      });
    },
    signal,
  );
  const views = choice('middle picture', VIEWS, (view) => save({ view }), signal);
  const numbers = toggle(
    'numbers',
    'Show values and sums (n)',
    () => save({ numbers: !model.get('numbers') }),
    signal,
  );
  const play = toggle(
    '▶ play',
    'Walk over all cells (space); one step: . and ,',
    () => setPlaying(!timer),
    signal,
  );
  const speed = h('input', { type: 'range', min: 0.5, max: 4, step: 0.5, value: 1 });
  const result = h('span', { class: 'ut-result' });
  const maps = /** @type {Record<PanelName, CellMap>} */ (
    Object.fromEntries(
      [...Object.keys(shares), 'kernel'].map((name) => [
        name,
        new CellMap(`${name[0].toUpperCase()}${name.slice(1)} map`),
      ]),
    )
  );
  const row = h('div', {
    class: 'ut-maps',
    style: `grid-template-columns:${Object.values(shares)
      .map((share) => `${share}fr`)
      .join(' ')}`,
  });
  row.append(...Object.keys(shares).map((name) => maps[/** @type {PanelName} */ (name)].figure));
  const editor = kernelEditor(save, signal);
  const formula = h('div', { class: 'ut-sums' });
  const torch = h('span', { class: 'ut-torch' });
  const status = h('p', { class: 'ut-status', role: 'status' });
  const quote = h('p', { class: 'ut-quote' });
  const products = h('p', {
    class: 'ut-products',
    tabindex: 0,
    'aria-label': 'products of this cell',
  });
  const code = h('code');
  const wanted = h('input', { type: 'number', min: 1, max: 128, 'aria-label': layer.inverseLabel });
  const found = h('span', { class: 'ut-found' });
  const root = h('div', {
    class: `ut ut-explorer${isTransposed ? ' ut-transposed' : ''}`,
    role: 'group',
    'aria-label': isTransposed ? 'Transposed convolution explorer' : 'Convolution explorer',
  });
  root.append(
    h(
      'div',
      { class: 'ut-head' },
      h('span', {}, result, ' ', h('span', { class: 'ut-kind' }, layer.name)),
      h(
        'span',
        { class: 'ut-keys', 'aria-hidden': 'true' },
        `${isTransposed ? 'v view · ' : ''}n numbers · ␣ play`,
      ),
      h(
        'div',
        { class: 'ut-tools' },
        ...(isTransposed ? [views.group] : []),
        numbers,
        play,
        h('label', { class: 'ut-speed' }, 'speed', speed),
        presentButton(root, () => paint(), signal),
      ),
    ),
    h(
      'div',
      { class: 'ut-body' },
      h(
        'div',
        { class: 'ut-side' },
        h('div', { class: 'ut-sliders' }, ...sliders.map((slider) => slider.row)),
        h('div', { class: 'ut-choice' }, split),
        maps.kernel.figure,
        editor.element,
      ),
      h(
        'div',
        {},
        row,
        h('div', { class: 'ut-formula' }, formula, torch),
        status,
        quote,
        products,
        h(
          'div',
          { class: 'ut-code' },
          code,
          copyButton(() => code.textContent ?? '', signal),
          h('label', { class: 'ut-inverse' }, `${layer.inverseLabel} `, wanted, '? ', found),
        ),
        h('div', { class: 'ut-presets' }, h('span', {}, 'presets'), presets.group),
      ),
    ),
  );

  // -------------------------------------------------------------------------------- what is shown
  /** The model's parameters; nonsense from elsewhere is brought back inside the limits. @returns {Sizes} */
  function readSizes() {
    const read = (/** @type {Parameter} */ name) => {
      const [low, high] = LIMITS[name];
      const value = layer.parameters.includes(name) ? model.get(name) : low;
      return pairOf(value).map((size) => clamp(Math.round(Number(size)) || low, low, high));
    };
    return /** @type {Sizes} */ (
      Object.fromEntries(
        Object.keys(LIMITS).map((name) => [name, read(/** @type {Parameter} */ (name))]),
      )
    );
  }

  /** @returns {Selection} */
  function readPinned() {
    const [panel, row, column] = [model.get('_pinned')].flat();
    if (
      ['input', 'kernel', 'middle', 'output'].includes(panel) &&
      [row, column].every(Number.isInteger)
    )
      return { panel, cell: [row, column] };
    return { panel: isTransposed ? 'input' : 'output', cell: [0, 0] };
  }

  /** @param {string} name */
  const presetSizesOf = (name) =>
    Object.fromEntries(
      Object.entries(presetSizes(layer, name)).filter(([parameter]) =>
        layer.parameters.includes(/** @type {Parameter} */ (parameter)),
      ),
    );
  function view() {
    return /** @type {View} */ (VIEWS.includes(model.get('view')) ? model.get('view') : VIEWS[0]);
  }
  /** @param {ReturnType<typeof axesOf>} of @param {Selection | null} selection */
  function picture(of, selection) {
    return isTransposed ? transposePicture(of, selection, view()) : convPicture(of, selection);
  }
  const sentence = (/** @type {Selection} */ selection) =>
    isTransposed ? transposeSentence(axes, selection, view()) : convSentence(axes, selection);

  /** A selected cell that the sliders have taken away moves to the nearest one left. @param {Selection} selection @returns {Selection} */
  function inside({ panel, cell }) {
    const shown = plain[panel];
    if (!shown) return { panel: 'output', cell: [0, 0] };
    const near = (/** @type {number} */ i) =>
      clamp(cell[i], shown.first[i], shown.first[i] + shown.count[i] - 1);
    return { panel, cell: [near(0), near(1)] };
  }

  function paint() {
    sizes = readSizes();
    axes = axesOf(sizes);
    plain = picture(axes, null);
    isSplit ||= layer.parameters.some((name) => sizes[name][0] !== sizes[name][1]);
    const problem = problemSentence(layer, axes);
    if (!problem) lastLegal = sizes;
    pinned = inside(pinned);
    if (hovered) hovered = inside(hovered);
    const output = axes.map((axis) => layer.outputSize(axis));

    layer.parameters.forEach((name, i) => {
      sliders[i].show(sizes[name], isSplit);
    });
    split.setAttribute('aria-pressed', String(isSplit));
    presets.show(
      Object.keys(layer.presets).find((name) =>
        Object.entries(presetSizesOf(name)).every(([parameter, value]) =>
          sizes[/** @type {Parameter} */ (parameter)].every((size) => size === value),
        ),
      ) ?? null,
    );
    views.show(view());
    numbers.setAttribute('aria-pressed', String(Boolean(model.get('numbers'))));
    result.textContent = `${times(sizes.input_size)} → ${problem ? '✕' : times(output)}`;
    result.classList.toggle('ut-wrong', Boolean(problem));
    paintFormula(Boolean(problem));
    code.textContent = codeLine(layer, sizes);
    paintMaps(problem);
    status.textContent = problem || sentence(hovered ?? pinned);
    status.classList.toggle('ut-wrong', Boolean(problem));
    paintProducts(problem);
    paintInverse(/** @type {Pair} */ (output.map((size) => Math.max(1, size))));
    paintEcho();
  }

  /** What else the sizes could have been; until somebody types a size, it is asked of the present one. @param {Pair} output */
  function paintInverse(output) {
    const isTyped = document.activeElement === wanted;
    if (!isTyped) wanted.value = String(output[0]);
    const size = wanted.valueAsNumber;
    const isSize = Number.isInteger(size) && size >= 1;
    found.textContent = isSize
      ? layer.inverse(axes, isTyped ? [size, size] : output)
      : 'type a whole number from 1';
  }

  /** @param {boolean} isWrong */
  function paintFormula(isWrong) {
    const differ = JSON.stringify(axes[0]) !== JSON.stringify(axes[1]);
    const lines = (differ ? axes : [axes[0]]).map((axis, i) => {
      const parts = formulaNodes(layer.formula(axis), isWrong ? 'ut-wrong' : 'ut-answer');
      return h(
        'div',
        {},
        ...(differ ? [h('span', { class: 'ut-axis' }, i ? 'width ' : 'height ')] : []),
        ...parts,
      );
    });
    formula.replaceChildren(...lines);
  }

  /** @param {string} problem */
  function paintMaps(problem) {
    const isPresenting = root.classList.contains('ut-present');
    const available = measured || row.clientWidth || 700;
    const isNarrow = available < NARROW;
    const names = /** @type {PanelName[]} */ (Object.keys(shares));
    const width = Math.max(200, available) - (isNarrow ? 6 : GAP * (names.length - 1));
    const selection = problem ? null : (hovered ?? pinned);
    const shown = selection ? picture(axes, selection) : plain;
    const before = problem ? picture(axesOf(lastLegal), null) : shown;
    const ghost = !problem && hovered && timer ? picture(axes, pinned) : null;
    const needs = names.map(
      (name) =>
        Math.max(...(shown[name] ?? { count: [1] }).count) / (isNarrow ? 1 : (shares[name] ?? 1)),
    );
    const tallest = isNarrow
      ? 0
      : Math.floor(Math.min(TALLEST, width * Math.max(...Object.values(shares))));
    const rows = Math.max(...names.map((name) => (shown[name] ?? { count: [1] }).count[0]));
    const fitting = Math.floor(
      Math.min(width / capacityFor(Math.max(...needs)), (TALLEST - 4) / capacityFor(rows)),
    );
    const side = clamp(fitting, 2, isPresenting ? 60 : LARGEST_CELL);
    const says = problem || sentence(hovered ?? pinned);
    for (const name of names) {
      const isFaint = Boolean(problem) && name === 'output';
      const panel = (isFaint ? before : shown)[name];
      if (!panel) continue;
      const room = /** @type {Pair} */ ([
        tallest,
        isNarrow ? width : Math.floor(width * (shares[name] ?? 1)),
      ]);
      const told = isFaint ? { ...panel, note: `none; ${panel.note} was the last` } : panel;
      maps[name].draw(told, {
        side: isFaint ? Math.min(side, Math.floor(room[1] / Math.max(...panel.count))) : side,
        room,
        says,
        text: problem ? undefined : textOf(name),
        isFaint,
      });
      const ghostly = ghost?.[name];
      if (ghostly) maps[name].drawGhost(ghostly);
    }
    const kernelSide = isPresenting ? 40 : KERNEL_CELL;
    if (shown.kernel)
      maps.kernel.draw(shown.kernel, {
        side: kernelSide,
        room: [0, 0],
        says,
        text: textOf('kernel'),
      });
  }

  /** What stands in the cells of a panel. @param {PanelName} name @returns {((row: number, column: number) => string) | undefined} */
  function textOf(name) {
    const isNumbered = Boolean(model.get('numbers'));
    const values = inputValues(seed(), axes[0].input_size, axes[1].input_size);
    const kernel = kernelNow();
    const total = (/** @type {number} */ r, /** @type {number} */ c) =>
      String(sumOf(productsOf([r, c], axes, values, kernel, isTransposed)));
    if (name === 'kernel') return isNumbered ? (r, c) => String(kernel[r][c]) : undefined;
    if (name === 'output') return isNumbered ? total : undefined;
    if (name === 'input' && isTransposed)
      return isNumbered ? (r, c) => String(values[r][c]) : undefined;
    if (name === 'input') {
      const covered = axes.map(convCoverage);
      const isSeen = (/** @type {number[]} */ cell) =>
        cell.every((i, n) => covered[n][i + axes[n].padding] > 0);
      return (r, c) =>
        values[r]?.[c] === undefined
          ? isSeen([r, c])
            ? '0'
            : ''
          : isNumbered
            ? String(values[r][c])
            : '';
    }
    if (view() === 'zero insertion') {
      const [down, across] = axes.map((axis) => axis.stride);
      return (r, c) => {
        const value = r % down || c % across ? undefined : values[r / down]?.[c / across];
        return value === undefined ? '0' : isNumbered ? String(value) : '';
      };
    }
    if (isNumbered) return total;
    const counts = plain.middle?.counts;
    return counts
      ? (r, c) =>
          String(
            (counts[0][r + axes[0].padding] ?? 0) * (counts[1][c + axes[1].padding] ?? 0) || '',
          )
      : undefined;
  }

  const seed = () => Number(model.get('seed')) || 0;
  const kernelNow = () =>
    kernelValues(
      model.get('weights') ?? 'random',
      seed(),
      axes[0].kernel_size,
      axes[1].kernel_size,
    );

  /** @param {string} problem */
  function paintProducts(problem) {
    const isNumbered = Boolean(model.get('numbers'));
    editor.element.hidden = !isNumbered;
    products.hidden = !isNumbered || Boolean(problem);
    if (!isNumbered) return;
    const kernel = kernelNow();
    editor.paint({
      weights: model.get('weights'),
      kernel,
      chosen: pinned.panel === 'kernel' ? pinned.cell : [0, 0],
      seed: seed(),
    });
    const { panel, cell } = hovered ?? pinned;
    const isSum = panel === 'output' || (panel === 'middle' && view() !== 'zero insertion');
    if (!isSum) {
      products.textContent = 'Choose an output cell: its products are written out here.';
      return;
    }
    const terms = productsOf(
      cell,
      axes,
      inputValues(seed(), axes[0].input_size, axes[1].input_size),
      kernel,
      isTransposed,
    );
    const written = terms
      .map(({ value, weight }) => `${value}·${weight < 0 ? `(${weight})` : weight}`)
      .join(' + ');
    products.textContent = terms.length ? `${written} = ${sumOf(terms)}` : 'no products = 0';
  }

  /** What torch itself says, as soon as the kernel has said it for what is on the screen. */
  function paintEcho() {
    clearTimeout(waiting);
    const echo = model.get('_echo');
    const isCurrent =
      Boolean(echo?.parameters) &&
      layer.parameters.every(
        (name) => String(pairOf(echo.parameters[name])) === String(sizes[name]),
      );
    const words = isCurrent && !echo.accepts ? echo.says : layer.torchError(axes);
    quote.textContent = words && `PyTorch: “${words}”`;
    torch.classList.remove('ut-wrong');
    if (!echo?.parameters) return; // nobody has ever answered: a page without a kernel
    if (isCurrent)
      torch.textContent = `torch: ${echo.accepts ? echo.says : 'refuses'} ${echo.accepts ? '✓' : '✕'}`;
    else {
      torch.textContent = 'torch: …';
      waiting = window.setTimeout(() => {
        torch.textContent = 'torch: no answer. Is the kernel gone?';
        torch.classList.add('ut-wrong');
      }, PATIENCE);
    }
  }

  // ------------------------------------------------------------------------------- what one can do
  /** @param {Selection} selection */
  function pin(selection) {
    pinned = selection;
    hovered = null;
    model.set('_pinned', [selection.panel, ...selection.cell]);
    model.save_changes();
    paint();
  }

  /** Walk over the cells, row by row. @param {1 | -1} direction */
  function step(direction) {
    const walked = isTransposed && view() === 'scatter' ? 'input' : 'output';
    const count = plain[walked]?.count ?? [1, 1];
    const at = pinned.panel === walked ? pinned.cell[0] * count[1] + pinned.cell[1] + direction : 0;
    const all = count[0] * count[1];
    const index = (at + all) % all;
    pinned = { panel: walked, cell: [Math.floor(index / count[1]), index % count[1]] };
    paint();
  }

  /** @param {boolean} on */
  function setPlaying(on) {
    clearInterval(timer);
    timer = on ? window.setInterval(() => step(1), STEP / speed.valueAsNumber) : undefined;
    play.textContent = on ? '❚❚ pause' : '▶ play';
    play.setAttribute('aria-pressed', String(on));
    status.setAttribute('aria-live', on ? 'off' : 'polite');
    paint();
  }

  for (const [name, map] of /** @type {[PanelName, CellMap][]} */ (Object.entries(maps))) {
    const point = (/** @type {PointerEvent} */ event) => {
      const cell = map.cellAt(event);
      if (String(cell) === String(hovered?.cell ?? null) && (!cell || hovered?.panel === name))
        return;
      hovered = cell && { panel: name, cell };
      paint();
    };
    map.frame.addEventListener('pointermove', point, { signal });
    map.frame.addEventListener(
      'pointerleave',
      () => {
        if (!hovered) return;
        hovered = null;
        paint();
      },
      { signal },
    );
    map.frame.addEventListener(
      'pointerdown',
      (event) => {
        const cell = map.cellAt(event);
        if (cell) pin({ panel: name, cell });
      },
      { signal },
    );
    map.frame.addEventListener(
      'keydown',
      (event) => {
        const by = /** @type {Record<string, Pair>} */ ({
          ArrowUp: [-1, 0],
          ArrowDown: [1, 0],
          ArrowLeft: [0, -1],
          ArrowRight: [0, 1],
        })[event.key];
        if (!by) return;
        event.preventDefault();
        pin({
          panel: name,
          cell: pinned.panel === name ? map.next(pinned.cell, by) : map.next([0, 0], [0, 0]),
        });
      },
      { signal },
    );
  }

  // A digit typed on the kernel goes to the chosen cell's number.
  maps.kernel.frame.addEventListener(
    'keydown',
    ({ key }) => {
      if (!/^[-0-9]$/.test(key) || editor.element.hidden) return;
      if (pinned.panel !== 'kernel') pin({ panel: 'kernel', cell: [0, 0] });
      editor.take();
    },
    { signal },
  );
  speed.addEventListener('input', () => timer && setPlaying(true), { signal });
  wanted.addEventListener('input', () => paint(), { signal });
  root.addEventListener(
    'keydown',
    (event) => {
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event) ||
        event.target instanceof HTMLSelectElement
      )
        return;
      const isButton = event.target instanceof HTMLButtonElement;
      const focused = layer.parameters.findIndex((name) => name[0] === event.key);
      if (event.key === ' ' && !isButton) setPlaying(!timer);
      else if (event.key === '.') step(1);
      else if (event.key === ',') step(-1);
      else if (event.key === 'n') numbers.click();
      else if (event.key === 'v' && isTransposed)
        save({ view: VIEWS[(VIEWS.indexOf(view()) + 1) % VIEWS.length] });
      else if (focused >= 0) sliders[focused].focus();
      else return;
      event.preventDefault();
    },
    { signal },
  );
  linkParameters(root, signal);

  const widths = new ResizeObserver(() => {
    if (row.clientWidth === measured) return;
    measured = row.clientWidth;
    paint();
  });
  widths.observe(row);
  signal.addEventListener('abort', () => {
    widths.disconnect();
    clearInterval(timer);
    clearTimeout(waiting);
    model.off('change:_echo', paintEcho);
  });
  model.on('change:_echo', paintEcho);
  const end = mount({
    model,
    el,
    root,
    traits: [...layer.parameters, 'view', 'numbers', 'weights', 'seed'],
    paint,
    ended,
  });
  if (model.get('playing') && !matchMedia('(prefers-reduced-motion: reduce)').matches)
    setPlaying(true);
  return end;
}

export default { initialize, render };
