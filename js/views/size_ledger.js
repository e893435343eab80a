/** The view of SizeLedger: a U-Net's sizes as a picture, the sentence about them, repairs to choose. */

import { h, s } from '../dom.js';
import { CHOICES, costs, LIMITS, ledger, sizesOf } from '../ledger.js';
import { dial, menus, repairs, sizeRow } from '../ledger_controls.js';
import { enlarged, kindsIn, swatch, wordOf } from '../ledger_corner.js';
import { FRAMES, isToScale } from '../ledger_frames.js';
import { drawLedger } from '../ledger_picture.js';
import { codeLine, grouped, headline, why } from '../ledger_words.js';
import { clamp, copyButton, mount, presentButton, saver } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../ledger.js').Options} Options */
/** @typedef {import('../ledger.js').Ledger} Ledger */
/** @typedef {keyof typeof LIMITS} SizeName */

const SIZES = /** @type {SizeName[]} */ (Object.keys(LIMITS));
const MAIN = /** @type {const} */ (['height', 'width', 'depth']);
/** Pixels of the view from which a picture fits, the widest first; the style has the same numbers less its padding of 8. @type {[from: number, frame: keyof typeof FRAMES][]} */
const WIDTHS = [
  [1049, 'wide'],
  [799, 'medium'],
  [669, 'wide'],
  [311, 'phone'],
  [1, 'slim'],
  [0, 'wide'], // not on the page yet
];

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
  const save = saver(model);

  const rows = MAIN.map((name) => sizeRow(name, save, signal));
  const dials = MAIN.map((name) => dial(name, save, signal));
  const menuRow = menus(save, signal);
  const cards = repairs(save, signal);
  const asked = h('span', { class: 'ut-asked-for' });
  const verdict = h('span');
  const words = h('p');
  const picture = s('svg', { role: 'img' });
  const legend = h('p', { class: 'ut-ledger-legend' });
  const facts = h('span', { class: 'ut-ledger-facts' });
  const code = h('code');
  const root = h('div', {
    class: 'ut ut-ledger',
    role: 'group',
    'aria-label': 'Size ledger of a U-Net',
  });
  const [height, width, depth] = dials.map(({ node }) => node);
  root.append(
    h(
      'div',
      { class: 'ut-head' },
      h(
        'span',
        { class: 'ut-result' },
        asked,
        h(
          'span',
          { class: 'ut-dials' },
          height,
          h('span', {}, '×'),
          width,
          h('span', {}, 'depth'),
          depth,
        ),
        verdict,
      ),
      h(
        'div',
        { class: 'ut-tools' },
        presentButton(root, () => paint(), signal),
      ),
    ),
    h('div', { class: 'ut-ledger-why', role: 'status' }, words),
    h(
      'div',
      { class: 'ut-ledger-body' },
      h('div', { class: 'ut-ledger-picture' }, picture, legend),
      h(
        'div',
        { class: 'ut-ledger-controls' },
        h(
          'div',
          { class: 'ut-ledger-heads', 'aria-hidden': 'true' },
          h('span', {}, 'fits'),
          h('span', {}, 'fits'),
        ),
        ...rows.map(({ row }) => row),
        menuRow.row,
      ),
      cards.group,
    ),
    h(
      'div',
      { class: 'ut-ledger-end ut-code' },
      code,
      copyButton(() => code.textContent ?? '', signal),
      facts,
    ),
  );

  /** Pixels that the view has. Kept, since asking makes the page lay itself out. */
  let room = 0;
  const widths = new ResizeObserver(() => {
    room = root.clientWidth;
  });
  widths.observe(root);
  signal.addEventListener('abort', () => widths.disconnect());

  /** @type {Ledger} */
  let result;
  function paint() {
    const isPresented = root.classList.contains('ut-present');
    room ||= root.clientWidth;
    const fitting = WIDTHS.find(([from]) => room >= from)?.[1] ?? 'wide';
    const frame = FRAMES[isPresented ? 'present' : fitting];
    const o = readOptions(model);
    result = ledger(o);
    const plain = sizesOf({ ...o, repair: 'none' });
    const prices = costs(o);
    const cost = prices[CHOICES.repair.indexOf(o.repair)];
    const shown = enlarged(o, result, cost);
    const [before, after] = headline(o, result);
    asked.textContent = before;
    verdict.textContent =
      isPresented || frame === FRAMES.slim
        ? after.replace("sizes don't match", 'mismatch').replace('is left', 'left')
        : after;
    verdict.className = result.fits ? 'ut-fits' : 'ut-wrong';
    words.textContent = why(o, result, cost);
    rows.forEach((row) => {
      row.show(o, result);
    });
    dials.forEach((each) => {
      each.show(o);
    });
    menuRow.show(o);
    cards.show(
      o,
      prices,
      plain.mismatch_at === null ? null : plain.levels[plain.mismatch_at],
      isPresented,
    );
    const field = result.receptive_field;
    facts.textContent = `${grouped(result.parameters)} parameters · one bottleneck cell sees ${field}×${field} pixels`;
    code.textContent = codeLine(o);
    legend.replaceChildren(
      h('span', {}, isToScale(result, frame) ? 'boxes to scale' : 'boxes to scale, at least 4 px'),
      ...(shown ? [h('span', {}, 'corners:')] : []),
      ...(shown ? kindsIn(shown.corner) : []).map((kind) =>
        h('span', {}, swatch(kind), wordOf(kind)),
      ),
    );
    drawLedger(picture, o, result, shown, frame);
  }

  return mount({
    model,
    el,
    root,
    traits: [...SIZES, ...Object.keys(CHOICES)],
    paint,
    ended,
    // What a step may ask for besides traits; the Python class lists the names.
    fact: (name) =>
      ({
        fits: result.fits,
        mismatch_level: result.mismatch_at,
        output_size: result.output_size,
      })[name],
  });
}

export default { render };
