/** The view of both explorers: it lays out their parts and connects them with the model. */

import { checkbox, choice, cycle, linkParameters, pairSlider } from '../controls.js';
import { h, update } from '../dom.js';
import { Player } from '../explorer/player.js';
import { Stage } from '../explorer/stage.js';
import { ExplorerState } from '../explorer/state.js';
import { CellExplanation, formulaLines, InverseQuestion } from '../explorer/sums.js';
import { TorchEcho } from '../explorer/torch_echo.js';
import { codeLine, LIMITS, times, VIEWS } from '../layers.js';
import { followPointer } from '../pointing.js';
import { copyButton, initialize, isTyping, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../layers.js').Pair} Pair */
/** @typedef {import('../explorer/cell_map.js').CellMap} CellMap */
/** @typedef {import('../explorer/pictures.js').PanelName} PanelName */
/** @typedef {import('../explorer/pictures.js').Selection} Selection */

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const state = new ExplorerState(model);
  const { layer, isTransposed } = state;
  const echo = new TorchEcho(state);
  const inverse = new InverseQuestion(state);
  const stage = new Stage(state, save, echo.refusal, signal);
  const explanation = new CellExplanation(state);
  const player = new Player({ step, isPlaying: () => model.get('playing'), save, signal });
  const controls = makeControls();
  const given = h('span', { class: 'ut-given' });
  const made = h('span');
  const result = h('p', { class: 'ut-result' }, given, ' → ', made);
  const formula = h('div', { class: 'ut-sums' });
  const code = h('code');
  const root = makeRoot();

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
    const presetNames = Object.keys(layer.presets);
    const showView = (/** @type {string} */ view) => save({ view });
    return {
      sliders,
      split: checkbox('height ≠ width', 'Set height and width apart', setSplit, signal),
      numbers: checkbox('numbers', 'Values, products and sums (n)', setNumbers, signal),
      presets: choice('presets', presetNames, choosePreset, signal),
      nextPreset: cycle('preset', presetNames, choosePreset, signal),
      views: choice('view', VIEWS, showView, signal),
      nextView: cycle('view', VIEWS, showView, signal),
    };
  }

  function makeRoot() {
    const { sliders, split, numbers, presets, nextPreset, views, nextView } = controls;
    const root = h('div', {
      class: `ut ut-explorer${isTransposed ? ' ut-transposed' : ''}`,
      role: 'group',
      'aria-label': isTransposed ? 'Transposed convolution explorer' : 'Convolution explorer',
    });
    const tools = h(
      'div',
      { class: 'ut-tools' },
      player.play,
      player.speed,
      presentButton(root, () => paint(), signal),
    );
    const axes = h(
      'div',
      { class: 'ut-axes', 'aria-hidden': 'true' },
      h('span', {}, 'height'),
      h('span', {}, 'width'),
    );
    const controlPanel = h(
      'div',
      { class: 'ut-controls' },
      ...(isTransposed ? [views.group, nextView.element] : []),
      h('div', { class: 'ut-sliders' }, axes, ...sliders.map((slider) => slider.row)),
      h('div', { class: 'ut-checks' }, numbers.label, split.label),
      nextPreset.element,
    );
    const presetPanel = h('div', { class: 'ut-presets' }, h('span', {}, 'presets'), presets.group);
    const copy = copyButton(() => code.textContent ?? '', signal);
    const foot = h(
      'div',
      { class: 'ut-foot' },
      h(
        'div',
        { class: 'ut-foot-row' },
        h('div', { class: 'ut-formula' }, formula),
        inverse.element,
      ),
      h('div', { class: 'ut-foot-row' }, h('div', { class: 'ut-code' }, code, copy), echo.answer),
    );
    root.append(
      h(
        'div',
        { class: 'ut-body' },
        result,
        tools,
        stage.element,
        explanation.element,
        controlPanel,
        foot,
        presetPanel,
      ),
    );
    return root;
  }

  // ------------------------------------------------------------------------------------- painting
  function paint() {
    state.update();
    player.follow();
    const { problem, sizes } = state;
    paintControls();
    given.textContent = times(sizes.input_size);
    made.textContent = problem ? '✕' : times(state.outputSize);
    made.className = problem ? 'ut-wrong' : 'ut-made';
    root.classList.toggle('ut-illegal', Boolean(problem));
    root.classList.toggle('ut-apart', state.isSplit);
    update(formula, formulaLines(state));
    code.textContent = code.title = codeLine(layer, sizes);
    stage.paint(root.classList.contains('ut-present') && innerWidth > 820, player.isOn);
    explanation.paint();
    // A screen reader would have to read every step.
    explanation.status.setAttribute('aria-live', player.isOn ? 'off' : 'polite');
    inverse.paint();
    echo.paint();
  }

  function paintControls() {
    const { sliders, split, numbers, presets, nextPreset, views, nextView } = controls;
    layer.parameters.forEach((name, i) => {
      sliders[i].show(state.sizes[name], state.isSplit);
    });
    split.box.checked = state.isSplit;
    numbers.box.checked = state.isNumbered;
    for (const part of [presets, nextPreset]) part.show(state.preset);
    for (const part of [views, nextView]) part.show(state.view);
  }

  // -------------------------------------------------------------------------------------- actions
  /** @param {boolean} on */
  function setSplit(on) {
    state.isSplit = on;
    if (!on) save(Object.fromEntries(layer.parameters.map((name) => [name, state.sizes[name][0]])));
    paint();
  }

  /** @param {boolean} on */
  function setNumbers(on) {
    save({ numbers: on });
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
    const pinned = [selection.panel, ...selection.cell];
    const isNew = String(pinned) !== String(model.get('_pinned'));
    state.lastSeenPin = pinned;
    save({ _pinned: pinned });
    if (!isNew) paint();
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

  // --------------------------------------------------------------------------------------- events
  /** @param {PanelName} panel @param {CellMap} map */
  function listenToMap(panel, map) {
    followPointer(
      map.frame,
      {
        cellAt: (event) => stage.cellAt(map, event),
        hover: (cell) => hover(cell && { panel, cell }),
        pin: (cell) => {
          pin({ panel, cell });
          if (panel === 'kernel') stage.editor.take();
        },
        move: (by) => {
          const { pinned } = state;
          const isHere = pinned.panel === panel;
          pin({ panel, cell: isHere ? map.next(pinned.cell, by) : map.next([0, 0], [0, 0]) });
        },
      },
      signal,
    );
  }

  /** A digit typed on the kernel goes to the chosen cell's number. @param {KeyboardEvent} event */
  function typeOnKernel({ key }) {
    if (!/^[-0-9]$/.test(key) || !state.isNumbered) return;
    if (state.pinned.panel !== 'kernel') pin({ panel: 'kernel', cell: [0, 0] });
    stage.editor.take();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const isPressed =
      event.target instanceof HTMLButtonElement ||
      (event.target instanceof HTMLInputElement && event.target.type === 'checkbox');
    const slider = layer.parameters.findIndex((name) => name[0] === event.key);
    if (event.key === ' ' && !isPressed) player.toggle();
    else if (event.key === '.') step(1);
    else if (event.key === ',') step(-1);
    else if (event.key === 'n') setNumbers(!state.isNumbered);
    else if (event.key === 'v' && isTransposed) save({ view: state.nextView });
    else if (slider >= 0) controls.sliders[slider].focus();
    else return;
    event.preventDefault();
  }

  for (const [name, map] of stage.entries) listenToMap(name, map);
  stage.maps.kernel.frame.addEventListener('keydown', typeOnKernel, { signal });
  inverse.size.addEventListener('input', () => paint(), { signal });
  root.addEventListener('keydown', onKey, { signal });
  linkParameters(root, signal);

  const onEcho = () => echo.paint();
  const widths = new ResizeObserver(() => {
    if (stage.measure()) paint();
  });
  widths.observe(stage.element);
  signal.addEventListener('abort', () => {
    widths.disconnect();
    echo.stop();
    model.off('change:_echo', onEcho);
  });
  model.on('change:_echo', onEcho);
  // What `paint` reads of the model, here or in the parts it calls: a new trait belongs in this
  // list too, or its changes are not shown. `_echo` has a listener of its own, above.
  const traits = [
    ...layer.parameters,
    ...['view', 'numbers', 'weights', 'seed', 'playing', '_pinned'],
  ];
  return mount({ model, el, root, traits, paint, ended, fact: (name) => state.fact(name) });
}

export default { initialize, render };
