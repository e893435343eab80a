/** The view of SizeLedger: a U-Net's sizes as a picture, the sentence about them, repairs to choose. */

import { freshId, h, s } from '../dom.js';
import { CHOICES, costs, LIMITS, ledger, nearest } from '../ledger.js';
import { drawLedger } from '../ledger_picture.js';
import {
  codeLine,
  costSentence,
  explanation,
  grouped,
  headline,
  TITLES,
  times,
} from '../ledger_words.js';
import { clamp, copyButton, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../ledger.js').Options} Options */
/** @typedef {import('../ledger.js').Ledger} Ledger */
/** @typedef {keyof typeof LIMITS} SizeName */

const SIZES = /** @type {SizeName[]} */ (Object.keys(LIMITS));
const MENUS = /** @type {const} */ (['padding', 'down', 'up']);
/** Sizes of type, and what there is room for. */
const LOOKS = {
  presented: { large: 28, small: 28, isWide: true, isNamed: false, isOneLine: true },
  wide: { large: 16, small: 13, isWide: true, isNamed: true, isOneLine: false },
  medium: { large: 16, small: 13, isWide: true, isNamed: false, isOneLine: false },
  narrow: { large: 13, small: 13, isWide: false, isNamed: false, isOneLine: false },
};

/** The model's options; nonsense from elsewhere becomes what is nearest, or the default. @param {Model} model @returns {Options} */
function readOptions(model) {
  const sizes = SIZES.map((name) => {
    const [low, high] = LIMITS[name];
    return [name, clamp(Math.round(Number(model.get(name))) || low, low, high)];
  });
  const choices = Object.entries(CHOICES).map(([name, allowed]) => [
    name,
    allowed.find((option) => option === model.get(name)) ?? allowed[0],
  ]);
  return /** @type {Options} */ (Object.fromEntries([...sizes, ...choices]));
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const save = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    model.set(name, value);
    model.save_changes();
  };

  const fields = SIZES.map((name) => sizeField(name, (value) => save(name, value), signal));
  const menus = MENUS.map((name) =>
    menu(name, CHOICES[name], (value) => save(name, value), signal),
  );
  const norm = checkbox('norm', (isOn) => save('norm', isOn), signal);
  const repairs = repairCards((repair) => save('repair', repair), signal);
  const asked = h('span');
  const verdict = h('span');
  const words = h('p', { class: 'ut-ledger-why' });
  const picture = s('svg', { role: 'img' });
  const facts = h('p', { class: 'ut-ledger-facts' });
  const table = h('tbody');
  const code = h('code');
  const root = h('div', {
    class: 'ut ut-ledger',
    role: 'group',
    'aria-label': 'Size ledger of a U-Net',
  });
  const head = h(
    'div',
    { class: 'ut-head' },
    h('span', { class: 'ut-result' }, asked, verdict),
    h(
      'div',
      { class: 'ut-tools' },
      presentButton(root, () => paint(), signal),
    ),
  );
  root.append(
    head,
    h(
      'div',
      { class: 'ut-ledger-body' },
      h('div', { class: 'ut-ledger-picture' }, picture),
      h('div', { class: 'ut-ledger-status', role: 'status' }, words),
      repairs.group,
      h(
        'div',
        { class: 'ut-ledger-controls' },
        ...fields.slice(0, 4).map(({ row }) => row),
        ...menus.map(({ row }) => row),
        h('div', { class: 'ut-fields' }, ...fields.slice(4).map(({ row }) => row), norm.row),
      ),
      h(
        'div',
        { class: 'ut-ledger-end' },
        facts,
        h(
          'div',
          { class: 'ut-code' },
          code,
          copyButton(() => code.textContent ?? '', signal),
        ),
        ledgerTable(table),
      ),
    ),
  );

  function paint() {
    const o = readOptions(model);
    const result = ledger(o);
    const prices = costs(o);
    const cost = prices[CHOICES.repair.indexOf(o.repair)];
    const [before, after] = headline(o, result);
    asked.textContent = before;
    verdict.textContent = `${after} ${result.fits ? '✓' : '✕'}`;
    verdict.className = result.fits ? 'ut-fits' : 'ut-wrong';
    words.textContent = explanation(o, result, cost);
    fields.forEach((field, i) => {
      field.show(o[SIZES[i]], o);
    });
    menus.forEach((menu) => {
      menu.show(o);
    });
    norm.show(o.norm);
    repairs.show(o, prices);
    facts.textContent = `${grouped(result.parameters)} parameters. One cell at the bottom sees ${result.receptive_field}×${result.receptive_field} pixels of the input.`;
    code.textContent = codeLine(o);
    table.replaceChildren(...tableRows(result));
    paintPicture(o, result);
  }

  /** @param {Options} o @param {Ledger} result */
  function paintPicture(o, result) {
    const isPresented = root.classList.contains('ut-present');
    const width = picture.parentElement?.clientWidth || 640;
    // In present mode the picture takes what the headline and the repairs leave of the screen.
    const rest = isPresented
      ? root.clientHeight - head.offsetHeight - repairs.group.offsetHeight - 78
      : 0;
    const look =
      LOOKS[isPresented ? 'presented' : width >= 640 ? 'wide' : width >= 480 ? 'medium' : 'narrow'];
    drawLedger(picture, o, result, {
      ...look,
      width,
      height: isPresented ? Math.max(340, rest) : look.isWide ? 400 : 360,
    });
  }

  return mount({
    model,
    el,
    root,
    traits: [...SIZES, ...Object.keys(CHOICES)],
    paint,
    ended,
  });
}

/**
 * A size under its name: typed or slid, within the same limits. Sides of the picture also get two
 * buttons that step to the next sizes that need no repair.
 * @param {SizeName} name
 * @param {(value: number) => void} onInput
 * @param {AbortSignal} signal
 */
function sizeField(name, onInput, signal) {
  const [min, max] = LIMITS[name];
  const id = freshId();
  const typed = h('input', { type: 'number', id, min, max, step: 1 });
  const slid = h('input', { type: 'range', min, max, step: 1, 'aria-label': name });
  const isSide = name === 'height' || name === 'width';
  const steps = [-1, 1].map((way) => h('button', { type: 'button', 'data-way': way }));
  const row = h(
    'div',
    { class: 'ut-field', 'data-param': name },
    h('label', { for: id }, name),
    typed,
    ...(name.startsWith('in') || name.startsWith('out') ? [] : [slid]),
  );
  if (isSide) row.append(h('div', { class: 'ut-fitting' }, h('span', {}, 'works:'), ...steps));
  slid.addEventListener('input', () => onInput(slid.valueAsNumber), { signal });
  // While a number is being typed it may be too small for a moment; what is left at the end counts.
  typed.addEventListener(
    'input',
    () => {
      if (Number.isInteger(typed.valueAsNumber) && typed.validity.valid)
        onInput(typed.valueAsNumber);
    },
    { signal },
  );
  let shown = /** @type {number} */ (min);
  typed.addEventListener(
    'change',
    () => {
      if (Number.isFinite(typed.valueAsNumber))
        onInput(clamp(Math.round(typed.valueAsNumber), min, max));
      typed.value = String(shown);
    },
    { signal },
  );
  /** @type {(number | null)[]} */
  let targets = [];
  steps.forEach((button, i) => {
    button.addEventListener(
      'click',
      () => targets[i] !== null && onInput(/** @type {number} */ (targets[i])),
      { signal },
    );
  });
  return {
    row,
    /** @param {number} value @param {Options} o */
    show(value, o) {
      shown = value;
      slid.value = String(value);
      if (typed.valueAsNumber !== value) typed.value = String(value);
      if (!isSide) return;
      targets = [
        value > min ? nearest(value - 1, o)[0] : null,
        value < max ? nearest(value + 1, o)[1] : null,
      ];
      row.classList.toggle('ut-works', nearest(value, o)[0] === value);
      steps.forEach((button, i) => {
        const target = targets[i];
        button.textContent = i ? `${target ?? ''} ›` : `‹ ${target ?? ''}`;
        button.setAttribute(
          'aria-label',
          target === null
            ? `no ${i ? 'larger' : 'smaller'} ${name} works`
            : `${name} ${target} works`,
        );
        button.setAttribute('aria-disabled', String(target === null));
      });
    },
  };
}

/** @param {string} name @param {string[]} allowed @param {(value: string) => void} onInput @param {AbortSignal} signal */
function menu(name, allowed, onInput, signal) {
  const id = freshId();
  const select = h('select', { id }, ...allowed.map((value) => h('option', { value }, value)));
  select.addEventListener('change', () => onInput(select.value), { signal });
  // A letter chooses an option here; it is no shortcut.
  select.addEventListener(
    'keydown',
    (event) => {
      if (event.key.length === 1) event.stopPropagation();
    },
    { signal },
  );
  return {
    row: h('div', { class: 'ut-field', 'data-param': name }, h('label', { for: id }, name), select),
    /** @param {Options} o */
    show: (o) => (select.value = String(o[/** @type {keyof Options} */ (name)])),
  };
}

/** @param {string} name @param {(isOn: boolean) => void} onInput @param {AbortSignal} signal */
function checkbox(name, onInput, signal) {
  const input = h('input', { type: 'checkbox' });
  input.addEventListener('change', () => onInput(input.checked), { signal });
  return {
    row: h('label', { class: 'ut-field ut-check', 'data-param': name }, input, name),
    show: (/** @type {boolean} */ isOn) => (input.checked = isOn),
  };
}

/** The repairs side by side, each with what it costs; choosing one draws it. @param {(repair: string) => void} onChoose @param {AbortSignal} signal */
function repairCards(onChoose, signal) {
  const name = freshId();
  const cards = CHOICES.repair.map((repair) => {
    const id = freshId();
    const radio = h('input', { type: 'radio', name, value: repair, 'aria-describedby': id });
    const price = h('span', { class: 'ut-price', id });
    const mark = h('span', { class: 'ut-mark', 'aria-hidden': 'true' });
    radio.addEventListener('change', () => onChoose(repair), { signal });
    return {
      radio,
      price,
      mark,
      card: h(
        'div',
        { class: 'ut-card', 'data-repair': repair },
        h('label', {}, radio, h('b', {}, TITLES[repair]), mark),
        price,
      ),
    };
  });
  return {
    group: h(
      'fieldset',
      { class: 'ut-ledger-repairs' },
      h('legend', {}, 'repairs'),
      ...cards.map(({ card }) => card),
    ),
    /** @param {Options} o @param {import('../ledger.js').Cost[]} prices */
    show(o, prices) {
      cards.forEach(({ radio, price, mark, card }, i) => {
        const { repair, fits } = prices[i];
        radio.checked = repair === o.repair;
        card.classList.toggle('ut-chosen', radio.checked);
        card.classList.toggle('ut-helps', fits);
        mark.textContent = fits ? '✓' : '✕';
        price.textContent = costSentence(o, prices[i]);
      });
    },
  };
}

/** @param {HTMLElement} body */
function ledgerTable(body) {
  const heads = ['level', 'down', 'up', 'channels', 'parameters'].map((name) =>
    h('th', { scope: 'col' }, name),
  );
  return h(
    'details',
    {},
    h('summary', {}, 'level by level'),
    h('table', {}, h('thead', {}, h('tr', {}, ...heads)), body),
  );
}

/** @param {Ledger} result */
function tableRows({ levels, parameters }) {
  const rows = levels.map(({ level, encoder, decoder, arrives, channels, parameters: count }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, String(level)),
      ...[times(encoder), times(decoder ?? arrives), String(channels), grouped(count)].map((cell) =>
        h('td', {}, cell),
      ),
    ),
  );
  return [
    ...rows,
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, 'all'),
      h('td'),
      h('td'),
      h('td'),
      h('td', {}, grouped(parameters)),
    ),
  ];
}

export default { render };
