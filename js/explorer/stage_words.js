/** The words in an explorer's drawing: sizes over the maps, the arrow with the layer's name, labels, legends. */

import { s } from '../dom.js';
import { paddedSize } from '../geometry.js';
import { times } from '../layers.js';
import { HEADING, ROOMS } from './layout.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */
/** @typedef {import('./cell_map.js').CellMap} CellMap */
/** @typedef {import('./cell_map.js').Rect} Rect */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./layout.js').Mode} Mode */
/** @typedef {import('./pictures.js').Picture} Picture */
/** @typedef {import('./pictures.js').PanelName} PanelName */
/**
 * @typedef {object} Drawing
 * @property {ExplorerState} state
 * @property {Picture} picture
 * @property {Record<PanelName | 'products', CellMap>} maps
 * @property {Layout} layout
 * @property {Mode} mode
 * @property {[PanelName, PanelName]} ends   the maps in which the flow begins and ends
 */

/** Type of sizes and of notes. */
const TYPE = { notebook: [26, 13], narrow: [22, 13], present: [48, 24], phone: [20, 13] };
const DIGIT = 0.7; // of the type's size: the width of a bold digit
export const LETTER = 0.58; // the width of a letter, on average

/** @param {Drawing} drawing */
export const wordsOf = (drawing) =>
  drawing.mode === 'phone'
    ? phoneLabels(drawing)
    : [...headings(drawing), ...middleLabels(drawing)];

/** @param {number} x @param {number} y @param {string} kind @param {(string | Node)[]} parts */
export const text = (x, y, kind, ...parts) => s('text', { x, y, class: kind }, ...parts);

/** The sentence that the drawing says: this size becomes that one by this layer. @param {Drawing} drawing */
function headings({ state, maps, mode, ends, layout }) {
  const [big, small] = TYPE[mode];
  const { head, left } = ROOMS[mode];
  const y = head - Math.round(0.45 * big);
  const last = maps[ends[1]];
  const room = Math.round(0.35 * small);
  const wide = (/** @type {string} */ size, /** @type {string} */ note) =>
    size.length * big * DIGIT + room + note.length * small * LETTER;
  const result = state.problem ? '✕' : times(state.outputSize);
  const frame = ends[1] === 'middle' && !state.problem ? last.rect([0, 0], [1, 1]) : last.edges;
  const isUnder = mode === 'present' && layout.isUpright;
  const isBelow = isUnder && !state.problem;
  const made = outputNote(state, mode);
  // On a whole screen the drawing ends with the last map: its size may be wider than it.
  const most = layout.width - (isUnder ? HEADING : mode === 'present' ? wide(result, made) : 0);
  const x = isUnder && state.problem ? most : Math.round(Math.min(frame.left, most));
  const size = times(state.sizes.input_size);
  const isClose = left + wide(size, inputNote(state)) > x - small / 2;
  const note = isClose && !isBelow ? 'input' : inputNote(state);
  const end = left + wide(size, note);
  const start = Math.round(Math.max(end, maps[ends[0]].edges.right) + small);
  const tip = x - small;
  const middle = head - Math.round(0.75 * big);
  const barb = Math.round(0.4 * small);
  const isNamed = tip - start > state.layer.name.length * small * LETTER;
  const above = middle - Math.round(0.5 * small);
  const name = text((start + tip) / 2, above, 'ut-label', state.layer.name);
  const arrow =
    tip - start < 2 * small
      ? []
      : [
          s('path', { class: 'ut-arrow', d: `M${start} ${middle}H${tip - 2 * barb}` }),
          s('path', {
            class: 'ut-arrow-tip',
            d: `M${tip} ${middle}l${-2 * barb} ${-barb}v${2 * barb}z`,
          }),
          ...(isNamed ? [name] : []),
        ];
  return [
    text(left, y, 'ut-heading', part('ut-size ut-of-input', size), gap(note, room)),
    ...(isBelow ? [] : arrow),
    text(
      x,
      isBelow ? Math.round(frame.top) - (head - y) : y,
      'ut-heading',
      part(`ut-size ${state.problem ? 'ut-of-problem' : 'ut-of-output'}`, result),
      gap(made, room),
    ),
  ];
}

/** @param {string} kind @param {string} content */
const part = (kind, content) => s('tspan', { class: kind }, content);
/** @param {string} content @param {number} dx */
const gap = (content, dx) => s('tspan', { class: 'ut-note', dx }, content);

/** @param {ExplorerState} state */
function inputNote({ isTransposed, view, axes, plain }) {
  const { middle } = plain.panels;
  if (isTransposed && !middle) return 'input';
  const size = times(middle?.count ?? [0, 0]);
  if (isTransposed && view === 'zero insertion') return `input · spread to ${size}`;
  if (isTransposed && view === 'crop window') return `input · scattered over ${size}`;
  const isPadded = !isTransposed && axes.some(({ padding }) => padding);
  return isPadded ? `input · ${times(axes.map(paddedSize))} with padding` : 'input';
}

/** @param {ExplorerState} state @param {Mode} mode */
function outputNote({ problem, isTransposed, view }, mode) {
  if (problem) return 'no output';
  return isTransposed && view === 'scatter' && mode === 'notebook'
    ? 'output: what the frame keeps'
    : 'output';
}

/** Over and between the products and the last map. @param {Drawing} drawing */
function middleLabels({ state, picture, maps, mode, layout }) {
  const { products } = picture.panels;
  if (!products) {
    const [a, b] = [maps.middle.rect([0, 0], state.outputSize), maps.output.edges];
    if (state.problem) return [];
    const [x, y] = layout.isUpright
      ? [b.left + 0.72 * (b.right - b.left), b.top - 24]
      : [(maps.middle.edges.right + b.left) / 2, (a.top + b.bottom) / 2];
    return [text(x, y, 'ut-step-word ut-of-output', 'crop')];
  }
  if (state.problem) return [];
  const box = maps.products.edges;
  const centre = (box.left + box.right) / 2;
  const label = Math.round(box.top) - (mode === 'present' ? 12 : 7);
  const isPatch = state.isTransposed && state.view === 'scatter';
  const { source } = state;
  const value = source ? String(state.inputValues[source[0]][source[1]]) : 'value';
  const heading = isPatch
    ? text(
        centre,
        label,
        'ut-label',
        'patch = ',
        part('ut-of-input', state.isNumbered ? value : 'value'),
        ' × kernel',
      )
    : text(centre, label, 'ut-label', 'products');
  const words = [heading, ...kernelName(state, maps, mode)];
  const end = picture.band?.[1];
  if (!end) return words;
  const to = maps[end.panel].rect(end.from, end.size);
  const map = maps[end.panel].edges;
  const [x, y] = layout.isUpright
    ? [(box.left + box.right + to.left + to.right) / 4, (box.bottom + map.top) / 2]
    : [(box.right + map.left) / 2, (box.top + box.bottom + to.top + to.bottom) / 4];
  const isWord = mode === 'notebook'; // elsewhere the gap is as wide as a sign
  const word = isPatch ? (isWord ? 'add' : '+') : isWord ? 'sum' : 'Σ';
  return [...words, text(x, y, 'ut-step-word', word)];
}

/** The kernel's size, where no editor stands in its place. @param {ExplorerState} state @param {Drawing['maps']} maps @param {Mode} mode */
function kernelName({ axes, isNumbered, isTransposed, view }, maps, mode) {
  if (mode !== 'present' && isNumbered) return [];
  const { left, right, top } = maps.kernel.edges;
  const size = times(axes.map((axis) => axis.kernel_size));
  const turned = isTransposed && view === 'zero insertion' ? ', turned' : '';
  const name = `kernel${turned || ` ${size}`}`;
  return [text((left + right) / 2, Math.round(top) - 12, 'ut-label', part('ut-times', '× '), name)];
}

/** @param {Drawing} drawing */
function phoneLabels({ state, picture, maps, ends, layout }) {
  const over = (/** @type {PanelName | 'products'} */ name, /** @type {string} */ words) => {
    const { left, top } = maps[name].edges;
    const most = layout.width - words.length * TYPE.phone[1] * LETTER;
    return text(
      Math.round(Math.min(left, most)),
      Math.round(top) - 6,
      'ut-label ut-from-left',
      words,
    );
  };
  const { kernel, products, output } = picture.panels;
  const labels = [];
  if (kernel) labels.push(over('kernel', `kernel ${times(kernel.count)}`));
  const isPatch = ends[0] === 'input' && !output;
  if (isPatch && products && !state.problem) labels.push(over('products', 'patch'));
  else if (products && !state.problem) {
    const { left, right, bottom } = maps.products.edges;
    labels.push(text((left + right) / 2, Math.round(bottom) + 16, 'ut-label', 'products'));
  }
  if (output)
    labels.push(over('output', state.problem ? 'no output' : `output ${times(output.count)}`));
  else if (ends[0] === 'input') labels.push(over('input', 'input'));
  if (!kernel || !products || state.problem) return labels;
  const y = (maps.products.edges.top + maps.products.edges.bottom) / 2;
  const [a, b] = isPatch ? [maps.products, maps.kernel] : [maps.kernel, maps.products];
  labels.push(text((a.edges.right + b.edges.left) / 2, y, 'ut-step-word', '×'));
  if (output && picture.band)
    labels.push(
      text((maps.products.edges.right + maps.output.edges.left) / 2, y, 'ut-step-word', 'Σ'),
    );
  return labels;
}
