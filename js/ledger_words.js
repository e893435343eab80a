/** What a ledger says in sentences: the result, how it came about, and what each repair costs. */

import { convOutputSize } from './geometry.js';
import { DEFAULTS, halving, LIMITS, ledger, TRANSPOSED } from './ledger.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Cost} Cost */

/** @type {Record<string, string>} */
export const TITLES = {
  none: 'no repair',
  pad_input: 'pad the input',
  crop: 'crop the larger map',
  pad: 'pad the smaller map',
  output_padding: 'set output_padding',
  resize: 'resize to the skip',
};

/** @param {number[] | null | undefined} size */
export const times = (size) => (size ? size.join('×') : '–');

/** @param {number} n */
export const grouped = (n) => n.toLocaleString('en-US');

/** @param {number} n */
const percent = (n) => `${n < 10 ? n.toFixed(1) : grouped(Math.round(n))}\u00a0%`;

/** @param {number} n @param {string} word */
const count = (n, word) => `${grouped(n)} ${word}${n === 1 ? '' : 's'}`;

/** "1 row and 2 columns", without what is 0. @param {number[]} pair */
const rowsAndColumns = ([rows, columns]) =>
  [rows && count(rows, 'row'), columns && count(columns, 'column')].filter(Boolean).join(' and ');

/** The result in one line: what was asked, and what came of it. @param {Options} o @param {Ledger} result @returns {[asked: string, verdict: string]} */
export function headline(o, { mismatch_at, vanishes_at, output_size }) {
  const asked = `${o.height}×${o.width}, depth ${o.depth}: `;
  if (mismatch_at !== null) return [asked, `the sizes part at level ${mismatch_at}`];
  if (vanishes_at !== null) return [asked, `nothing is left at level ${vanishes_at}`];
  return [asked, `the answer is ${times(output_size)}`];
}

/** How the result came about. @param {Options} o @param {Ledger} result @param {Cost} cost of the chosen repair */
export function explanation(o, result, cost) {
  const plain = o.repair === 'none' ? result : ledger({ ...o, repair: 'none' });
  if (result.mismatch_at !== null)
    return o.repair === 'none'
      ? mismatch(o, result)
      : `${TITLES[o.repair]}: ${costSentence(o, cost)} ${mismatch(o, result)}`;
  if (result.vanishes_at !== null) return vanishing(o, result);
  if (!plain.fits) {
    const before =
      plain.mismatch_at === null
        ? headline(o, plain)[1]
        : `the sizes part at level ${plain.mismatch_at}, ${times(plain.levels[plain.mismatch_at].encoder)} against ${times(plain.levels[plain.mismatch_at].arrives)}`;
    return `Without a repair ${before}. Now, ${TITLES[o.repair]}: ${costSentence(o, cost)}`;
  }
  return o.padding === 'valid'
    ? cropping(o, result, cost)
    : `Both sides are divisible by ${2 ** o.depth} (2 to the power of depth), so every doubling undoes a halving exactly.`;
}

/** @param {Options} o @param {Ledger} result */
function mismatch(o, { levels, mismatch_at }) {
  const level = levels[mismatch_at ?? 0];
  const below = levels[level.level + 1];
  const lower = below.decoder ?? below.encoder;
  const [first, ...rest] = [0, 1].flatMap((side) => {
    const [skip, small, back] = [
      level.encoder?.[side] ?? 0,
      lower?.[side] ?? 0,
      level.arrives?.[side] ?? 0,
    ];
    return skip === back ? [] : [{ side, skip, small, back }];
  });
  const up = upFormula(first.small, level.output_padding?.[first.side] ?? 0, o);
  return [
    `${first.side ? 'Width' : 'Height'}: on the way down ${first.skip} became ${downFormula(first.skip, o)} = ${first.small}; on the way up ${first.small} becomes ${up} = ${first.back}. The skip still has ${first.skip}.`,
    ...rest.map(({ skip, small, back }) => `Width: ${skip} → ${small} → ${back}.`),
    sizesThatWork(o),
  ].join(' ');
}

/** @param {Options} o */
function sizesThatWork(o) {
  const { height, width } = ledger({ ...o, repair: 'none' }).nearest;
  const pairs = [0, 1]
    .filter((i) => height[i] !== null && width[i] !== null)
    .map((i) => `${height[i]}×${width[i]}`);
  const either = (/** @type {(number | null)[]} */ sizes) =>
    [...new Set(sizes.filter((size) => size !== null))].join(' or ') || `above ${LIMITS.height[1]}`;
  const near =
    [...new Set(pairs)].join(' or ') || `height ${either(height)}, width ${either(width)}`;
  return o.padding === 'valid'
    ? `What works: ${near}.`
    : `Sides divisible by ${2 ** o.depth} never part: ${near}.`;
}

/** @param {number} size @param {Options} o */
function downFormula(size, o) {
  const { kernel_size, padding } = halving(size, o);
  return `⌊(${size}${padding ? ` + 2·${padding}` : ''} − ${kernel_size}) / 2⌋ + 1`;
}

/** @param {number} size @param {number} output_padding @param {Options} o */
function upFormula(size, output_padding, { up }) {
  const layer = TRANSPOSED[up];
  if (!layer) return `2·${size}`;
  const { kernel_size, padding } = layer;
  return `(${size} − 1)·2${padding ? ` − 2·${padding}` : ''} + ${kernel_size}${output_padding ? ` + ${output_padding}` : ''}`;
}

/** @param {Options} o @param {Ledger} result */
function vanishing(o, { levels, vanishes_at, vanishes_on }) {
  const level = levels[vanishes_at ?? 0];
  const map = vanishes_on === 'up' ? level.decoder : level.encoder;
  const side = map?.[0] ? 1 : 0;
  const name = side ? 'width' : 'height';
  const before = (vanishes_on === 'up' ? level.arrives : level.enters)?.[side] ?? 0;
  if (before > 0)
    return `The ${name} there is ${before}, and two 3×3 convolutions without padding take 4. ${sizesThatWork(o)}`;
  const above = levels[level.level - 1].encoder?.[side] ?? 0;
  return `The ${name} ${above} of level ${level.level - 1} cannot be halved: ${downFormula(above, o)} = ${convOutputSize(halving(above, o))}. ${sizesThatWork(o)}`;
}

/** @param {Options} o @param {Ledger} result @param {Cost} cost */
function cropping(o, { levels, nearest }, cost) {
  const plan = `Convolutions without padding take 4 off the height and the width at every level, so a skip is larger than what comes up: at level 0 it is cropped from ${times(levels[0].encoder)} to ${times(levels[0].joined)}.`;
  if (o.repair === 'pad_input') return `${plan} Now, ${TITLES.pad_input}: ${costSentence(o, cost)}`;
  const uneven = /** @type {const} */ (['height', 'width']).filter(
    (name) => nearest[name][0] !== o[name],
  );
  if (!uneven.length) return `${plan} Every halving comes out even, as the paper of 2015 advises.`;
  const sides = uneven.map(
    (name) => `${name} ${nearest[name].filter((size) => size !== null).join(' or ')}`,
  );
  return `${plan} Here a halving leaves a row or column out; none does with ${sides.join(', ')}.`;
}

/**
 * What a repair does to these sizes and what it costs, with the numbers.
 * @param {Options} asked
 * @param {Cost} cost
 */
export function costSentence(asked, cost) {
  const o = { ...asked, repair: cost.repair };
  const plain = ledger({ ...o, repair: 'none' });
  if (o.repair === 'none')
    return plain.fits
      ? 'needs none.'
      : `${headline(o, plain)[1].replace('the sizes part', 'stops')}.`;
  if (o.repair === 'pad_input' && o.padding === 'valid')
    return `mirror the border so that ${times(cost.input_size)} goes in, and all of ${o.height}×${o.width} gets an answer: ${percent(cost.more)} more pixels.`;
  if (plain.fits)
    return o.padding === 'valid' ? 'nothing to do: skips are cropped by plan.' : 'nothing to do.';
  if (o.repair === 'pad_input')
    return `to ${times(cost.input_size)}, and crop the answer back: ${percent(cost.more)} more pixels, ${grouped(cost.zeros)} made up; nothing is lost.`;
  if (plain.mismatch_at === null) return 'does not help: a map is missing, not a row.';
  return changes(o, cost, plain.levels[plain.mismatch_at]);
}

/** @param {Options} o @param {Cost} cost @param {Level} unrepaired the level of the mismatch without a repair */
function changes(o, cost, unrepaired) {
  const { levels } = ledger(o);
  const first = levels[cost.changed[0]];
  const more = cost.changed.length - 1;
  const at = first
    ? ` → ${times(first.joined)} at level ${first.level}${more ? ` and ${more} more` : ''}`
    : '';
  const skip = `the skip ${times(first?.encoder)}${at}`;
  const map = `the map ${times(first?.arrives)}${at}`;
  const skipIsLarger = [0, 1].some(
    (side) => (unrepaired.encoder?.[side] ?? 0) > (unrepaired.arrives?.[side] ?? 0),
  );
  const lost = rowsAndColumns(cost.missing);
  switch (o.repair) {
    case 'crop':
      return `${skipIsLarger ? skip : map}: ${count(cost.cut, 'cell')} thrown away${lost ? `, and ${lost} of the picture get no answer` : ''}.`;
    case 'pad':
      return `${skipIsLarger ? map : skip}: ${count(cost.zeros, 'zero')} made up${cost.more > 0 ? `, ${percent(cost.more)} more pixels, cropped back` : ''}.`;
    case 'resize':
      return `${map}: ${grouped(cost.resized)} cells blur, stretched or shrunk by up to ${percent(cost.stretch)}.`;
    default: {
      if (!TRANSPOSED[o.up]) return `${o.up} has none to choose.`;
      if (!cost.fits) return outOfReach(o, levels);
      const chosen = cost.changed.map(
        (level) => `(${levels[level].output_padding?.join(', ')}) at level ${level}`,
      );
      // A kernel of 2 paints no cell beyond the doubled map: what output_padding adds there is empty.
      const added =
        o.up === 'conv_transpose_2'
          ? 'the sizes meet, but no product reaches the added cells: bias alone'
          : 'exact, nothing made up';
      return `${chosen.join(', ')}${cost.changed.length < o.depth ? `, else ${TRANSPOSED[o.up].output_padding}` : ''}: ${added}.`;
    }
  }
}

/** Why no output_padding leads to the skip's size. @param {Options} o @param {Level[]} levels */
function outOfReach(o, levels) {
  const level = levels.find(({ arrives, joined }) => arrives && !joined);
  const below = levels[(level?.level ?? 0) + 1];
  const lower = below.decoder ?? below.encoder;
  const side = level?.encoder?.[0] === level?.arrives?.[0] ? 1 : 0;
  const size = lower?.[side] ?? 0;
  const { kernel_size, padding } = TRANSPOSED[o.up];
  const least = (size - 1) * 2 - 2 * padding + kernel_size;
  return `out of reach: from ${size} ${o.up} makes ${least} or ${least + 1}, never ${level?.encoder?.[side]}.`;
}

/** @param {number | string | boolean} value */
function inPython(value) {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

/** The line that builds this network. @param {Options} o */
export function codeLine(o) {
  const changed = /** @type {const} */ (['depth', 'base_channels', 'down', 'up', 'padding', 'norm'])
    .filter((name) => o[name] !== DEFAULTS[name])
    .map((name) => `, ${name}=${inPython(o[name])}`);
  return `UNet(${o.in_channels}, ${o.out_channels}${changed.join('')})`;
}
