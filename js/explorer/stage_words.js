/** The words in an explorer's drawing: sizes over the maps, the arrow with the layer's name, labels, legends. */

import { s } from '../dom.js';
import { paddedSize } from '../geometry.js';
import { times } from '../layers.js';
import { outline, shadeOf } from './cell_shapes.js';
import { ROOMS } from './layout.js';
import { pair } from './pictures.js';
import { unreachedWords } from './sentences.js';

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
const TYPE = { notebook: [26, 13], present: [48, 24], phone: [20, 13] };
const DIGIT = 0.7; // of the type's size: the width of a bold digit
const LETTER = 0.58; // the width of a letter, on average

/** @param {ExplorerState} state @param {Picture} picture @param {Drawing['maps']} maps @param {Layout} layout @param {Mode} mode @param {[PanelName, PanelName]} ends */
export function wordsOf(state, picture, maps, layout, mode, ends) {
  const drawing = { state, picture, maps, layout, mode, ends };
  const legend = state.problem ? [] : legends(drawing);
  if (mode === 'phone') return [...phoneLabels(drawing), ...legend];
  return [...headings(drawing), ...middleLabels(drawing), ...legend];
}

/** @param {number} x @param {number} y @param {string} kind @param {(string | Node)[]} parts */
const text = (x, y, kind, ...parts) => s('text', { x, y, class: kind }, ...parts);

/** The sentence that the drawing says: this size becomes that one by this layer. @param {Drawing} drawing */
function headings({ state, maps, mode, ends }) {
  const [big, small] = TYPE[mode];
  const { head, left } = ROOMS[mode];
  const y = head - Math.round(0.45 * big);
  const last = maps[ends[1]];
  const frame = ends[1] === 'middle' && !state.problem ? last.rect([0, 0], [1, 1]) : last.edges;
  const x = Math.round(frame.left);
  const size = times(state.sizes.input_size);
  const note = inputNote(state, mode);
  const room = Math.round(0.35 * small);
  const end = left + size.length * big * DIGIT + room + note.length * small * LETTER;
  const result = state.problem ? '✕' : times(state.outputSize);
  const start = Math.round(Math.max(end, maps[ends[0]].edges.right) + small);
  const tip = x - small;
  const middle = head - Math.round(0.75 * big);
  const barb = Math.round(0.4 * small);
  const arrow =
    tip - start < 2 * small
      ? []
      : [
          s('path', { class: 'ut-arrow', d: `M${start} ${middle}H${tip - 2 * barb}` }),
          s('path', {
            class: 'ut-arrow-tip',
            d: `M${tip} ${middle}l${-2 * barb} ${-barb}v${2 * barb}z`,
          }),
          text((start + tip) / 2, middle - Math.round(0.5 * small), 'ut-label', state.layer.name),
        ];
  return [
    text(left, y, 'ut-heading', part('ut-size ut-of-input', size), gap(note, room)),
    ...arrow,
    text(
      x,
      y,
      'ut-heading',
      part(`ut-size ${state.problem ? 'ut-of-problem' : 'ut-of-output'}`, result),
      gap(outputNote(state, mode), room),
    ),
  ];
}

/** @param {string} kind @param {string} content */
const part = (kind, content) => s('tspan', { class: kind }, content);
/** @param {string} content @param {number} dx */
const gap = (content, dx) => s('tspan', { class: 'ut-note', dx }, content);

/** @param {ExplorerState} state @param {Mode} mode */
function inputNote({ isTransposed, view, axes, plain }, mode) {
  const size = times(plain.panels.middle?.count ?? [0, 0]);
  if (isTransposed && view === 'zero insertion')
    return mode === 'present' ? `input, spread to ${size}` : `input · spread to ${size} with zeros`;
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
function middleLabels({ state, picture, maps, mode }) {
  const { products } = picture.panels;
  if (!products) {
    const [a, b] = [maps.middle.rect([0, 0], state.outputSize), maps.output.edges];
    if (state.problem) return [];
    return [
      text(
        (maps.middle.edges.right + b.left) / 2,
        (a.top + b.bottom) / 2,
        'ut-step-word ut-of-output',
        'crop',
      ),
    ];
  }
  if (state.problem) return kernelName(state, maps, mode);
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
  const x = (box.right + map.left) / 2;
  const y = (box.top + box.bottom + to.top + to.bottom) / 4;
  const word = isPatch ? (mode === 'present' ? '+' : 'add') : mode === 'present' ? 'Σ' : 'sum';
  return [...words, text(x, y, 'ut-step-word', word)];
}

/** The kernel's size, where no editor stands in its place. @param {ExplorerState} state @param {Drawing['maps']} maps @param {Mode} mode */
function kernelName({ axes, isNumbered, isTransposed, view }, maps, mode) {
  if (mode === 'notebook' && isNumbered) return [];
  const { left, right, top } = maps.kernel.edges;
  const size = times(axes.map((axis) => axis.kernel_size));
  const turned = isTransposed && view === 'zero insertion' ? ', turned' : '';
  const name = `kernel${turned || ` ${size}`}`;
  return [text((left + right) / 2, Math.round(top) - 12, 'ut-label', part('ut-times', '× '), name)];
}

/** @param {Drawing} drawing */
function phoneLabels({ state, picture, maps, ends }) {
  const over = (/** @type {PanelName | 'products'} */ name, /** @type {string} */ words) => {
    const { left, top } = maps[name].edges;
    return text(Math.round(left), Math.round(top) - 6, 'ut-label ut-from-left', words);
  };
  const { kernel, products, output } = picture.panels;
  const labels = [];
  if (kernel) labels.push(over('kernel', `kernel ${times(kernel.count)}`));
  if (products && !state.problem)
    labels.push(
      over('products', state.isTransposed && state.view === 'scatter' ? 'patch' : 'products'),
    );
  if (output)
    labels.push(over('output', state.problem ? 'no output' : `output ${times(output.count)}`));
  else if (ends[0] === 'input') labels.push(over('input', 'input'));
  if (!kernel || !products || state.problem) return labels;
  const y = (maps.products.edges.top + maps.products.edges.bottom) / 2;
  const isPatch = ends[0] === 'input' && !output;
  const [a, b] = isPatch ? [maps.products, maps.kernel] : [maps.kernel, maps.products];
  labels.push(text((a.edges.right + b.edges.left) / 2, y, 'ut-step-word', '×'));
  if (output && picture.band)
    labels.push(
      text((maps.products.edges.right + maps.output.edges.left) / 2, y, 'ut-step-word', 'Σ'),
    );
  return labels;
}

/** What the signs in the cells mean. @param {Drawing} drawing */
function legends({ state, maps, layout, mode, ends }) {
  const unit = mode === 'present' ? 1.8 : 1;
  if (!state.isTransposed) {
    if (mode !== 'present' || !hasUnreached(state)) return [];
    const { left } = maps[ends[1]].edges;
    return row(left, layout.legend.y - 20, 30, [{ sign: 'hatch', words: 'not reached' }]);
  }
  if (state.view === 'zero insertion') return [];
  const { axes, plain } = state;
  const map = maps.middle;
  const { overlap } = plain.panels.middle ?? {};
  const isSeen = mode !== 'present' && layout.isRoomRight;
  const pads = pair(axes, (axis) => axis.padding);
  const more = pair(axes, (axis) => axis.output_padding);
  const levels = chosenLevels(overlap?.levels ?? []);
  const isBare = overlap?.counts.some((counts) => counts.includes(0));
  const shades = [
    ...levels.map((level) => ({ level, words: String(level) })),
    ...(isBare ? [{ sign: 'bias', words: 'only bias' }] : []),
  ];
  const crops = Math.max(...pads)
    ? { sign: 'hatch', words: `padding ${both(pads)} crops these` }
    : null;
  const keeps = Math.max(...more)
    ? { sign: 'keep', words: `output_padding ${both(more)} keeps these` }
    : null;
  const notes = [crops, keeps].filter((note) => note !== null);
  const { x, y } = layout.legend;
  if (mode === 'present') return presentLegend(map, layout, shades, pads, more, state);
  const top = state.view === 'crop window' ? Math.round(map.edges.bottom) + 20 : y;
  const beside = isSeen ? asides(map, state, pads, more) : [];
  const under = isSeen || !notes.length ? [] : row(x, top + 22, 16, notes);
  return [
    text(x, top, 'ut-label ut-from-left ut-middle', 'patches added here'),
    ...row(x + 140 * unit, top, 16, shades, state),
    ...beside,
    ...under,
  ];
}

/** Present mode: which rows are cropped and kept stands under the map, what shades mean under the input. @param {CellMap} map @param {Layout} layout @param {Item[]} shades @param {number[]} pads @param {number[]} more @param {ExplorerState} state */
function presentLegend(map, layout, shades, pads, more, state) {
  const { left, right, bottom } = map.edges;
  const { side } = map.place;
  const y = Math.round(bottom) + 8;
  const words = [];
  if (pads[1])
    words.push(
      s('path', { class: 'ut-aside-crop', d: `M${left} ${y}H${left + pads[1] * side}` }),
      text(left, y + 28, 'ut-label ut-from-left', 'padding crops'),
    );
  if (more[1]) {
    const frame = map.rect([0, 0], state.outputSize);
    words.push(
      s('path', {
        class: 'ut-aside-keep',
        d: `M${frame.right - more[1] * side} ${y}H${frame.right}`,
      }),
      text(right, y + 28, 'ut-label ut-from-right ut-of-output', 'output_padding keeps'),
    );
  }
  if (state.view !== 'scatter') return words;
  const { x } = layout.places.first;
  const under = layout.places.first.y + state.axes[0].input_size * layout.places.first.side + 44;
  const patches = shades.map((item) => ({
    ...item,
    words: item.level ? `${item.words} patch${item.level > 1 ? 'es' : ''}` : item.words,
  }));
  return [...words, ...patches.flatMap((item, i) => row(x, under + 46 * i, 32, [item], state))];
}

/** Beside the map: which rows padding crops and output_padding keeps. @param {CellMap} map @param {ExplorerState} state @param {number[]} pads @param {number[]} more */
function asides(map, state, pads, more) {
  const { right, top } = map.edges;
  const { side } = map.place;
  const frame = map.rect([0, 0], state.outputSize);
  const [x, words] = [right + 6, right + 14];
  const aside = (
    /** @type {string} */ kind,
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {string[]} */ lines,
  ) => [
    s('path', { class: `ut-aside-${kind}`, d: `M${x} ${from + 3}V${to - 3}` }),
    ...lines.map((line, i) =>
      text(
        words,
        (from + to) / 2 + 4 + 17 * (i - (lines.length - 1) / 2),
        `ut-label ut-from-left ${kind === 'keep' ? 'ut-of-output' : ''}`,
        line,
      ),
    ),
  ];
  return [
    ...(Math.max(...pads)
      ? aside('crop', top, top + Math.max(1, pads[0]) * side, [
          `padding ${both(pads)}`,
          'crops these',
        ])
      : []),
    ...(Math.max(...more)
      ? aside('keep', frame.bottom - Math.max(1, more[0]) * side, frame.bottom, [
          `output_padding ${both(more)}`,
          'keeps these',
        ])
      : []),
  ];
}

/** @typedef {{words: string, level?: number, sign?: string}} Item */

/** A row of swatches with words. @param {number} x @param {number} y @param {number} side @param {Item[]} items @param {ExplorerState} [state] */
function row(x, y, side, items, state) {
  const type = side > 20 ? 24 : 13;
  let left = Math.round(x);
  const top = Math.round(y - side / 2);
  return items.flatMap(({ words, level, sign }) => {
    const at = left;
    left += side + 6 + Math.ceil(words.length * type * LETTER) + 12;
    const levels = state?.plain.panels.middle?.overlap?.levels ?? [];
    const shape = outline(
      at + 0.5,
      top + 0.5,
      side - 1,
      side - 1,
      level || sign === 'bias' ? 4 : 0,
    );
    const look = level
      ? { class: 'ut-cell-patch', ...shadeOf(levels, level) }
      : { class: `ut-swatch-${sign}` };
    return [
      s('path', { d: shape, ...look }),
      ...(sign === 'hatch'
        ? [s('path', { class: 'ut-sign-hatch', d: strokes(at, top, side) })]
        : []),
      text(at + side + 6, y, 'ut-label ut-from-left ut-middle', words),
    ];
  });
}

/** @param {number} x @param {number} y @param {number} side */
const strokes = (x, y, side) =>
  `M${x + 2} ${y + side / 2}L${x + side / 2} ${y + 2}M${x + 2} ${y + side - 2}L${x + side - 2} ${y + 2}M${x + side / 2} ${y + side - 2}L${x + side - 2} ${y + side / 2}`;

/** At most four of the numbers of patches that occur. @param {number[]} levels */
const chosenLevels = (levels) =>
  levels.length <= 4
    ? levels
    : [0, 1, 2, 3].map((i) => levels[Math.round((i * (levels.length - 1)) / 3)]);

/** @param {number[]} sizes */
const both = ([h, w]) => (h === w ? String(h) : `${h}×${w}`);

/** Whether some cell of the padded input is in no window. @param {ExplorerState} state */
export const hasUnreached = (state) =>
  !state.isTransposed &&
  !state.problem &&
  Boolean(
    state.plain.panels.input?.layers.some(
      ({ kind, rows, columns }) => kind === 'hatch' && rows.length && columns.length,
    ),
  );

/** What the hatched cells of a convolution's input are. @param {ExplorerState} state */
export function unreachedNote(state) {
  if (!hasUnreached(state)) return '';
  const cells = unreachedWords(state.axes);
  return cells ? `no window reaches ${cells}` : 'no window reaches these';
}
