/** The view of both explorers: it lays out their parts and connects them with the model. */

import { choice, linkParameters, pairSlider, toggle } from '../controls.js';
import { h } from '../dom.js';
import { ExplorerMaps } from '../explorer/maps.js';
import { ExplorerState } from '../explorer/state.js';
import { formulaLines, InverseQuestion, Products } from '../explorer/sums.js';
import { TorchEcho } from '../explorer/torch_echo.js';
import { codeLine, LIMITS, times } from '../layers.js';
import { VIEWS } from '../pictures.js';
import { copyButton, initialize, isTyping, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../map.js').CellMap} CellMap */
/** @typedef {import('../pictures.js').PanelName} PanelName */
/** @typedef {import('../pictures.js').Selection} Selection */

const STEP = 600; // milliseconds from cell to cell while it plays
/** @type {Record<string, Pair>} */
const ARROWS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const state = new ExplorerState(model);
  const { layer, isTransposed } = state;
  const maps = new ExplorerMaps(state);
  const echo = new TorchEcho(state);
  const inverse = new InverseQuestion(state);
  const products = new Products(state, save, signal);
  const controls = makeControls();
  const result = h('span', { class: 'ut-result' });
  const formula = h('div', { class: 'ut-sums' });
  const status = h('p', { class: 'ut-status', role: 'status' });
  const code = h('code');
  const root = makeRoot();
  /** @type {number | undefined} */
  let timer;

  /** @param {Record<string, unknown>} changes */
  function save(changes) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  }

  // ------------------------------------------------------------------------------------- elements
  function makeControls() {
    const sliders = layer.parameters.map((name) =>
      pairSlider({
        name,
        limits: LIMITS[name],
        signal,
        onInput: (axis, value) => save({ [name]: state.changed(name, axis, value) }),
      }),
    );
    const split = toggle('height ≠ width', 'Set height and width apart', toggleSplit, signal);
    const presets = choice('presets', Object.keys(layer.presets), choosePreset, signal);
    const views = choice('middle picture', VIEWS, (view) => save({ view }), signal);
    const numbers = toggle(
      'numbers',
      'Show values and sums (n)',
      () => save({ numbers: !state.isNumbered }),
      signal,
    );
    const play = toggle(
      '▶ play',
      'Walk over all cells (space); one step: . and ,',
      () => setPlaying(!timer),
      signal,
    );
    const speed = h('input', { type: 'range', min: 0.5, max: 4, step: 0.5, value: 1 });
    return { sliders, split, presets, views, numbers, play, speed };
  }

  function makeRoot() {
    const { sliders, split, presets, views, numbers, play, speed } = controls;
    const root = h('div', {
      class: `ut ut-explorer${isTransposed ? ' ut-transposed' : ''}`,
      role: 'group',
      'aria-label': isTransposed ? 'Transposed convolution explorer' : 'Convolution explorer',
    });
    const head = h(
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
    );
    const side = h(
      'div',
      { class: 'ut-side' },
      h('div', { class: 'ut-sliders' }, ...sliders.map((slider) => slider.row)),
      h('div', { class: 'ut-choice' }, split),
      maps.maps.kernel.figure,
      products.editor.element,
    );
    const main = h(
      'div',
      {},
      maps.row,
      h('div', { class: 'ut-formula' }, formula, echo.answer),
      status,
      echo.refusal,
      products.element,
      h(
        'div',
        { class: 'ut-code' },
        code,
        copyButton(() => code.textContent ?? '', signal),
        inverse.element,
      ),
      h('div', { class: 'ut-presets' }, h('span', {}, 'presets'), presets.group),
    );
    root.append(head, h('div', { class: 'ut-body' }, side, main));
    return root;
  }

  // ------------------------------------------------------------------------------------- painting
  function paint() {
    state.update();
    const { problem, sizes } = state;
    paintControls();
    result.textContent = `${times(sizes.input_size)} → ${problem ? '✕' : times(state.outputSize)}`;
    result.classList.toggle('ut-wrong', Boolean(problem));
    formula.replaceChildren(...formulaLines(state));
    code.textContent = codeLine(layer, sizes);
    maps.paint(root.classList.contains('ut-present'), Boolean(timer));
    status.textContent = state.sentence;
    status.classList.toggle('ut-wrong', Boolean(problem));
    products.paint();
    inverse.paint();
    echo.paint();
  }

  function paintControls() {
    const { sliders, split, presets, views, numbers } = controls;
    layer.parameters.forEach((name, i) => {
      sliders[i].show(state.sizes[name], state.isSplit);
    });
    split.setAttribute('aria-pressed', String(state.isSplit));
    presets.show(state.preset);
    views.show(state.view);
    numbers.setAttribute('aria-pressed', String(state.isNumbered));
  }

  // -------------------------------------------------------------------------------------- actions
  function toggleSplit() {
    state.isSplit = !state.isSplit;
    if (!state.isSplit)
      save(Object.fromEntries(layer.parameters.map((name) => [name, state.sizes[name][0]])));
    paint();
  }

  /** @param {string} name */
  function choosePreset(name) {
    state.isSplit = false;
    const look = name === 'checkerboard' ? { view: 'scatter', numbers: false } : {};
    save({ ...state.presetSizes(name), ...look });
  }

  /** @param {Selection} selection */
  function pin(selection) {
    state.pinned = selection;
    state.hovered = null;
    save({ _pinned: [selection.panel, ...selection.cell] });
    paint();
  }

  /** @param {Selection | null} selection */
  function hover(selection) {
    const { hovered } = state;
    if (String(selection?.cell) === String(hovered?.cell) && selection?.panel === hovered?.panel)
      return;
    state.hovered = selection;
    paint();
  }

  /** @param {1 | -1} direction */
  function step(direction) {
    state.step(direction);
    paint();
  }

  /** @param {boolean} on */
  function setPlaying(on) {
    const { play, speed } = controls;
    clearInterval(timer);
    timer = on ? window.setInterval(() => step(1), STEP / speed.valueAsNumber) : undefined;
    play.textContent = on ? '❚❚ pause' : '▶ play';
    play.setAttribute('aria-pressed', String(on));
    // A screen reader would have to read every step.
    status.setAttribute('aria-live', on ? 'off' : 'polite');
    paint();
  }

  // --------------------------------------------------------------------------------------- events
  /** @param {PanelName} panel @param {CellMap} map */
  function listenToMap(panel, map) {
    const selectionAt = (/** @type {PointerEvent} */ event) => {
      const cell = map.cellAt(event);
      return cell && { panel, cell };
    };
    const { frame } = map;
    frame.addEventListener('pointermove', (event) => hover(selectionAt(event)), { signal });
    frame.addEventListener('pointerleave', () => hover(null), { signal });
    frame.addEventListener(
      'pointerdown',
      (event) => {
        const selection = selectionAt(event);
        if (selection) pin(selection);
      },
      { signal },
    );
    frame.addEventListener(
      'keydown',
      (event) => {
        const by = ARROWS[event.key];
        if (!by) return;
        event.preventDefault();
        const { pinned } = state;
        const isHere = pinned.panel === panel;
        pin({ panel, cell: isHere ? map.next(pinned.cell, by) : map.next([0, 0], [0, 0]) });
      },
      { signal },
    );
  }

  /** A digit typed on the kernel goes to the chosen cell's number. @param {KeyboardEvent} event */
  function typeOnKernel({ key }) {
    if (!/^[-0-9]$/.test(key) || products.editor.element.hidden) return;
    if (state.pinned.panel !== 'kernel') pin({ panel: 'kernel', cell: [0, 0] });
    products.editor.take();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.target instanceof HTMLSelectElement) return;
    const isButton = event.target instanceof HTMLButtonElement;
    const slider = layer.parameters.findIndex((name) => name[0] === event.key);
    if (event.key === ' ' && !isButton) setPlaying(!timer);
    else if (event.key === '.') step(1);
    else if (event.key === ',') step(-1);
    else if (event.key === 'n') controls.numbers.click();
    else if (event.key === 'v' && isTransposed) save({ view: state.nextView });
    else if (slider >= 0) controls.sliders[slider].focus();
    else return;
    event.preventDefault();
  }

  for (const [name, map] of maps.entries) listenToMap(name, map);
  maps.maps.kernel.frame.addEventListener('keydown', typeOnKernel, { signal });
  controls.speed.addEventListener('input', () => timer && setPlaying(true), { signal });
  inverse.size.addEventListener('input', () => paint(), { signal });
  root.addEventListener('keydown', onKey, { signal });
  linkParameters(root, signal);

  const onEcho = () => echo.paint();
  const widths = new ResizeObserver(() => {
    if (maps.measure()) paint();
  });
  widths.observe(maps.row);
  signal.addEventListener('abort', () => {
    widths.disconnect();
    clearInterval(timer);
    echo.stop();
    model.off('change:_echo', onEcho);
  });
  model.on('change:_echo', onEcho);
  const traits = [...layer.parameters, 'view', 'numbers', 'weights', 'seed'];
  const end = mount({ model, el, root, traits, paint, ended });
  if (model.get('playing') && !matchMedia('(prefers-reduced-motion: reduce)').matches)
    setPlaying(true);
  return end;
}

export default { initialize, render };
