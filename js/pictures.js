/**
 * What the explorers show, before anything is drawn: panels of cells, what is lit in each, and the
 * sentence that says the same. Pure: every picture can be made and checked without a page.
 */

import {
  convCoverage,
  convFeeds,
  convOutputSize,
  convSees,
  convTransposeOutputSize,
  convTransposeOverlap,
  convTransposeSees,
  fullSize,
  paddedSize,
  range,
  tapPlaces,
  windowExtent,
  zeroInsertion,
} from './geometry.js';
import { times } from './layers.js';

/** @typedef {import('./geometry.js').Axis} Axis */
/** @typedef {import('./layers.js').Pair} Pair */
/** @typedef {'input' | 'kernel' | 'middle' | 'output'} PanelName */
/** @typedef {{panel: PanelName, cell: Pair}} Selection  a cell that somebody asks about */
/** @typedef {'scatter' | 'zero insertion' | 'crop window'} View  of the transposed convolution's middle */
/** Rows × columns of cells of one kind, which is also their CSS class. @typedef {{kind: string, rows: number[], columns: number[]}} Layer */
/** An outline around cells; its kind is its CSS class. @typedef {{kind: string, from: Pair, size: Pair}} Frame */
/**
 * A map of cells. Cells are counted as the layer counts them: the input's first cell is (0, 0), and
 * its padding lies at negative numbers.
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} note     its size
 * @property {string} [more]   how it came about
 * @property {Pair} first      row and column of its first cell
 * @property {Pair} count      rows and columns of cells
 * @property {Layer[]} layers  painted in this order
 * @property {Frame[]} frames
 * @property {number[][]} [counts]   how many input cells paint a cell: of each row and of each column
 */
/** @typedef {Partial<Record<PanelName, Panel>>} Picture */
/** Along one axis: the cells of each panel that belong to a selected one. @typedef {Record<PanelName, number[]>} Related */

/** The views of the transposed convolution's middle panel. */
export { VIEWS } from './layers.js';

// ------------------------------------------------------------------ which cells belong to a cell

/**
 * The cells of each panel that belong to cell `i` of `panel`, along one axis of a convolution.
 * @param {PanelName} panel
 * @param {number} i
 * @param {Axis} axis
 * @returns {Related}
 */
function relateConv(panel, i, axis) {
  const { kernel_size, stride, padding, dilation, input_size } = axis;
  const taps = range(0, kernel_size);
  if (panel === 'output')
    return { output: [i], input: tapPlaces(i, axis), kernel: taps, middle: [] };
  if (panel === 'kernel') {
    const outputs = range(0, convOutputSize(axis));
    const place = (/** @type {number} */ o) => o * stride - padding + i * dilation;
    return {
      kernel: [i],
      input: outputs.map(place),
      output: outputs.filter((o) => place(o) >= 0 && place(o) < input_size),
      middle: [],
    };
  }
  const outputs = convFeeds(i, axis);
  return {
    input: [i],
    output: outputs,
    kernel: outputs.map((o) => (i + padding - o * stride) / dilation),
    middle: [],
  };
}

/**
 * The same along one axis of a transposed convolution.
 * @param {PanelName} panel
 * @param {number} i
 * @param {Axis} axis
 * @param {View} view
 * @returns {Related}
 */
function relateTranspose(panel, i, axis, view) {
  const { kernel_size, stride, padding, dilation, input_size } = axis;
  const size = convTransposeOutputSize(axis);
  const isSpread = view === 'zero insertion';
  const isKept = (/** @type {number} */ cell) => cell >= 0 && cell < size;
  if (panel === 'input') {
    const places = tapPlaces(i, axis);
    return {
      input: [i],
      kernel: range(0, kernel_size),
      middle: isSpread ? [i * stride] : places,
      output: places.filter(isKept),
    };
  }
  if (panel === 'kernel') {
    const place = (/** @type {number} */ cell) => cell * stride - padding + i * dilation;
    const inputs = range(0, input_size);
    return {
      kernel: [i],
      input: inputs.filter((cell) => isKept(place(cell))),
      middle: inputs.map((cell) => (isSpread ? cell * stride : place(cell))),
      output: inputs.map(place).filter(isKept),
    };
  }
  if (panel === 'middle' && isSpread) {
    const source = i / stride;
    const isInput = Number.isInteger(source) && source >= 0 && source < input_size;
    return isInput
      ? { ...relateTranspose('input', source, axis, view), middle: [i] }
      : { input: [], kernel: [], middle: [i], output: [] };
  }
  const sources = convTransposeSees(i, axis);
  const taps = sources.map((cell) => (i + padding - cell * stride) / dilation);
  const window = range(0, kernel_size)
    .map((t) => i + padding - t * dilation)
    .reverse();
  return {
    input: sources,
    kernel: taps,
    middle: isSpread ? window : [i],
    output: isKept(i) ? [i] : [],
  };
}

// ---------------------------------------------------------------------------------------- pictures

/**
 * @param {[Axis, Axis]} axes
 * @param {Selection | null} selection
 * @returns {Picture}
 */
export function convPicture(axes, selection) {
  const padding = /** @type {Pair} */ (axes.map((axis) => axis.padding));
  const input = /** @type {Pair} */ (axes.map((axis) => axis.input_size));
  const extent = /** @type {Pair} */ (axes.map(windowExtent));
  const output = /** @type {Pair} */ (axes.map(convOutputSize));
  const padded = /** @type {Pair} */ (axes.map(paddedSize));
  const isLegal = Math.min(...output) > 0;
  const shown = isLegal
    ? padded
    : /** @type {Pair} */ (padded.map((size, i) => Math.max(size, extent[i])));
  const corner = /** @type {Pair} */ (padding.map((size) => -size));
  const everywhere = padded.map((size, i) => range(-padding[i], size - padding[i]));

  /** @type {Picture} */
  const picture = {
    input: {
      title: 'Input',
      note: times(input),
      more: Math.max(...padding) ? ` + padding: ${times(padded)}` : '',
      first: corner,
      count: shown,
      layers: [
        layer('zero', everywhere),
        layer(
          'input',
          input.map((size) => range(0, size)),
        ),
      ],
      frames: [],
    },
    kernel: kernelPanel(axes),
    output: outputPanel(output, isLegal),
  };
  const panel = /** @type {Panel} */ (picture.input);
  if (!isLegal) {
    panel.frames.push({ kind: 'wrong', from: corner, size: extent });
    return picture;
  }
  const covered = axes.map(convCoverage);
  const never = everywhere.map((cells, i) => cells.filter((_, n) => covered[i][n] === 0));
  panel.layers.push(...unreached('hatch', never, everywhere));
  if (selection) {
    light(
      picture,
      selection,
      axes.map((axis, i) => relateConv(selection.panel, selection.cell[i], axis)),
    );
    if (selection.panel === 'output')
      panel.frames.push({
        kind: 'window',
        from: /** @type {Pair} */ (axes.map((axis, i) => tapPlaces(selection.cell[i], axis)[0])),
        size: extent,
      });
  }
  return picture;
}

/**
 * @param {[Axis, Axis]} axes
 * @param {Selection | null} selection
 * @param {View} view
 * @returns {Picture}
 */
export function transposePicture(axes, selection, view) {
  const input = /** @type {Pair} */ (axes.map((axis) => axis.input_size));
  const output = /** @type {Pair} */ (
    axes.map((axis) => Math.max(0, convTransposeOutputSize(axis)))
  );
  const isLegal =
    Math.min(...output) > 0 &&
    axes.every((axis) => axis.output_padding < Math.max(axis.stride, axis.dilation));
  /** @type {Picture} */
  const picture = {
    input: {
      title: 'Input',
      note: times(input),
      first: [0, 0],
      count: input,
      layers: [
        layer(
          'input',
          input.map((size) => range(0, size)),
        ),
      ],
      frames: [],
    },
    kernel: kernelPanel(axes),
    middle: view === 'zero insertion' ? spreadPanel(axes) : fullPanel(axes, view, isLegal),
    output: outputPanel(output, isLegal),
  };
  if (!isLegal) return picture;
  const silent = axes.map((axis) =>
    range(0, convTransposeOutputSize(axis)).filter((cell) => !convTransposeSees(cell, axis).length),
  );
  picture.output?.layers.push(
    ...unreached(
      'bias',
      silent,
      output.map((size) => range(0, size)),
    ),
  );
  if (selection) {
    light(
      picture,
      selection,
      axes.map((axis, i) => relateTranspose(selection.panel, selection.cell[i], axis, view)),
    );
    const size = /** @type {Pair} */ (axes.map(windowExtent));
    const isSpread = view === 'zero insertion';
    if (selection.panel === 'input' && !isSpread)
      picture.middle?.frames.push({
        kind: 'window',
        size,
        from: /** @type {Pair} */ (axes.map((axis, i) => tapPlaces(selection.cell[i], axis)[0])),
      });
    if (selection.panel === 'output' && isSpread)
      picture.middle?.frames.push({
        kind: 'window',
        size,
        from: /** @type {Pair} */ (
          axes.map((axis, i) => selection.cell[i] - zeroInsertion(axis).before)
        ),
      });
  }
  return picture;
}

/** Everything the kernels paint, and the window that padding and output_padding cut out of it. @param {[Axis, Axis]} axes @param {View} view @param {boolean} isLegal @returns {Panel} */
function fullPanel(axes, view, isLegal) {
  const overlap = axes.map(convTransposeOverlap);
  const first = /** @type {Pair} */ (axes.map((axis) => -axis.padding));
  const count = /** @type {Pair} */ (overlap.map((counts) => counts.length));
  const cells = count.map((size, i) => range(first[i], first[i] + size));
  const sizes = axes.map(convTransposeOutputSize);
  const isKept = (/** @type {number} */ axis) => (/** @type {number} */ cell) =>
    cell >= 0 && cell < sizes[axis];
  const cropped = cells.map((list, axis) => list.filter((cell) => !isKept(axis)(cell)));
  const silent = cells.map((list, axis) => list.filter((_, i) => overlap[axis][i] === 0));
  const added = axes.map((axis, i) =>
    cells[i].filter((cell) => isAdded(cell, axis) && isKept(i)(cell)),
  );
  const full = times(/** @type {Pair} */ (axes.map(fullSize)));
  const crop = axes.some((axis) => axis.padding)
    ? ` · padding crops ${pairText(axes.map((a) => a.padding))} from each edge`
    : '';
  const kept = axes.some((axis) => axis.output_padding)
    ? `${crop ? ',' : ' ·'} output_padding: ${pairText(axes.map((a) => a.output_padding))} more at the end`
    : '';
  return {
    title: view === 'scatter' ? 'Painted' : 'Crop window',
    note: view === 'scatter' ? `${full}, painted how often` : full,
    more: `${crop}${kept}`,
    first,
    count,
    layers: [
      layer('painted', cells),
      ...(view === 'scatter'
        ? []
        : [
            layer(
              'output',
              cells.map((list, axis) => list.filter(isKept(axis))),
            ),
          ]),
      ...unreached('bias', silent, cells),
      ...unreached('hatch', cropped, cells),
      ...(isLegal ? [] : unreached('wrong', Math.min(...sizes) < 1 ? cells : added, cells)),
    ],
    frames:
      Math.min(...sizes) > 0
        ? [{ kind: isLegal ? 'crop' : 'wrong', from: [0, 0], size: /** @type {Pair} */ (sizes) }]
        : [],
    counts: view === 'scatter' ? overlap : undefined,
  };
}

/** The input with zeros between and around its cells, for the ordinary convolution that gives the same output. @param {[Axis, Axis]} axes @returns {Panel} */
function spreadPanel(axes) {
  const spread = axes.map(zeroInsertion);
  const first = /** @type {Pair} */ (spread.map(({ before }) => -before));
  const count = /** @type {Pair} */ (spread.map(({ size }) => Math.max(0, size)));
  const cells = count.map((size, i) => range(first[i], first[i] + size));
  const inputs = axes.map(({ input_size, stride }, i) =>
    range(0, input_size)
      .map((cell) => cell * stride)
      .filter((cell) => cells[i].includes(cell)),
  );
  const between = axes.some(({ stride }) => stride > 1)
    ? `${pairText(axes.map(({ stride }) => stride - 1))} between, `
    : '';
  const before = spread.map((axis) => axis.before);
  const after = spread.map(
    (axis, i) => axis.size - axis.before - (axes[i].input_size - 1) * axes[i].stride - 1,
  );
  const isCut = Math.min(...before, ...after) < 0;
  return {
    title: 'Zero insertion',
    note: times(count),
    more: isCut
      ? ` · padding cuts input cells off`
      : ` · zeros: ${between}${pairText(before)} before, ${pairText(after)} after`,
    first,
    count,
    layers: [layer('zero', cells), layer('input', inputs)],
    frames: [],
  };
}

/** @param {Pair} count @param {boolean} isLegal @returns {Panel} */
const outputPanel = (count, isLegal) => ({
  title: 'Output',
  note: isLegal ? times(count) : 'none',
  first: [0, 0],
  count,
  layers: [
    layer(
      'output',
      count.map((size) => range(0, size)),
    ),
  ],
  frames: [],
});

/** @param {[Axis, Axis]} axes @returns {Panel} */
function kernelPanel(axes) {
  const count = /** @type {Pair} */ (axes.map((axis) => axis.kernel_size));
  return {
    title: 'Kernel',
    note: times(count),
    first: [0, 0],
    count,
    layers: [
      layer(
        'kernel',
        count.map((size) => range(0, size)),
      ),
    ],
    frames: [],
  };
}

/** Whether only output_padding keeps this output cell. @param {number} cell @param {Axis} axis */
const isAdded = (cell, axis) => cell >= fullSize(axis) - 2 * axis.padding;

/** @param {string} kind @param {number[][]} cells @returns {Layer} */
const layer = (kind, [rows, columns]) => ({ kind, rows, columns });

/** The cells of which the row or the column is one of `lost`: two layers. @param {string} kind @param {number[][]} lost @param {number[][]} cells */
const unreached = (kind, lost, cells) => [
  layer(kind, [lost[0], cells[1]]),
  layer(kind, [cells[0].filter((row) => !lost[0].includes(row)), lost[1]]),
];

/** Light what belongs to the selected cell, and frame the cell itself. @param {Picture} picture @param {Selection} selection @param {Related[]} related */
function light(picture, selection, related) {
  for (const [name, panel] of /** @type {[PanelName, Panel][]} */ (Object.entries(picture))) {
    if (name === selection.panel)
      panel.frames.push({ kind: 'window', from: selection.cell, size: [1, 1] });
    else
      panel.layers.push(
        layer(
          'lit',
          related.map((axis) => axis[name]),
        ),
      );
  }
}

// --------------------------------------------------------------------------------------- sentences

/** "rows 1 to 3" or "row 2" or "rows 0, 2, 4". @param {string} word @param {number[]} cells */
function listed(word, cells) {
  if (cells.length === 1) return `${word} ${cells[0]}`;
  const [first, last] = [cells[0], cells[cells.length - 1]];
  return `${word}s ${last - first + 1 === cells.length ? `${first} to ${last}` : cells.join(', ')}`;
}

/** @param {number[]} rows @param {number[]} columns */
const where = (rows, columns) => `${listed('row', rows)}, ${listed('column', columns)}`;

/** @param {number} count @param {string} word */
const some = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** @param {number[]} pair */
const pairText = ([a, b]) => (a === b ? String(a) : `${a}×${b}`);

/** @param {number[][]} lists */
const product = (lists) => lists.reduce((count, list) => count * list.length, 1);

/**
 * What a convolution's picture says of the selected cell.
 * @param {[Axis, Axis]} axes
 * @param {Selection} selection
 */
export function convSentence(axes, { panel, cell }) {
  const related = axes.map((axis, i) => relateConv(panel, cell[i], axis));
  const at = `(${cell.join(', ')})`;
  const outputs = related.map(({ output }) => output);
  if (panel === 'output') {
    const seen = axes.map((axis, i) => convSees(cell[i], axis));
    const zeros = product(related.map(({ kernel }) => kernel)) - product(seen);
    const border = zeros ? ` and ${some(zeros, 'padding zero')}` : '';
    const covered = axes.map(convCoverage);
    const missed = axes.map((axis, n) =>
      range(0, axis.input_size).filter((i) => !covered[n][i + axis.padding]),
    );
    const hatched = ['row', 'column'].flatMap((word, i) =>
      missed[i].length ? [listed(word, missed[i])] : [],
    );
    const never = hatched.length ? ` No window covers ${hatched.join(' and ')} (hatched).` : '';
    return `Output cell ${at} sees ${product(seen) ? `${where(seen[0], seen[1])} of the input` : 'no input cell'}${border}.${never}`;
  }
  if (panel === 'kernel') {
    const inside = product(outputs);
    const zeros = product(related.map(({ input }) => input)) - inside;
    return `Kernel cell ${at} makes ${some(inside, 'product')} with input cells${zeros ? ` and ${zeros} with padding zeros` : ''}: one for each output cell.`;
  }
  const isPadding = cell.some((i, axis) => i < 0 || i >= axes[axis].input_size);
  const what = isPadding ? `Padding cell ${at}, always 0,` : `Input cell ${at}`;
  const count = product(outputs);
  if (!count) return `${what} feeds no output: no window covers it.`;
  return `${what} feeds ${some(count, 'output cell')}: ${where(outputs[0], outputs[1])}.`;
}

/**
 * What a transposed convolution's picture says of the selected cell.
 * @param {[Axis, Axis]} axes
 * @param {Selection} selection
 * @param {View} view
 */
export function transposeSentence(axes, { panel, cell }, view) {
  const related = axes.map((axis, i) => relateTranspose(panel, cell[i], axis, view));
  const at = `(${cell.join(', ')})`;
  const outputs = related.map(({ output }) => output);
  const inputs = related.map(({ input }) => input);
  if (panel === 'input') {
    const painted = product(related.map(({ kernel }) => kernel));
    const kept = product(outputs);
    if (!kept)
      return `Input cell ${at} paints ${some(painted, 'cell')}; the crop takes ${painted === 1 ? 'it' : 'them all'} away.`;
    const crop = kept < painted ? `; ${kept} of them stay after the crop` : '';
    return `Input cell ${at} paints ${some(painted, 'cell')}${crop}: ${where(outputs[0], outputs[1])} of the output.`;
  }
  if (panel === 'kernel') {
    const made = axes[0].input_size * axes[1].input_size;
    const lost = made - product(outputs);
    return `Kernel cell ${at} makes ${some(made, 'product')}, one for each input cell${lost ? `; the crop takes ${lost} away` : ''}.`;
  }
  if (panel === 'middle' && view === 'zero insertion') {
    if (!product(inputs)) return `An inserted zero: it adds nothing to any output.`;
    return `Input cell (${inputs.join(', ')}), spread ${pairText(axes.map(({ stride }) => stride))} apart, is in ${some(product(outputs), 'window')}.`;
  }
  const isCropped =
    panel === 'middle' &&
    axes.some((axis, i) => cell[i] < 0 || cell[i] >= convTransposeOutputSize(axis));
  if (isCropped)
    return `This cell gets ${some(product(inputs), 'product')}, and padding crops it away.`;
  const isExtra = axes.some((axis, i) => isAdded(cell[i], axis));
  const turned = view === 'zero insertion' ? ' In this view the kernel stands turned by 180°.' : '';
  if (!product(inputs))
    return `Output cell ${at}: no input reaches it, it holds the bias alone (dots).${isExtra ? ' output_padding added it.' : ''}`;
  return `Output cell ${at} adds up ${some(product(inputs), 'product')}: ${where(inputs[0], inputs[1])} of the input.${isExtra ? ' Without output_padding the crop would take it: it is real, no padding.' : ''}${turned}`;
}
