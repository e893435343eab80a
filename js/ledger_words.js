/** What a ledger says: the result, why it is so, and what each repair does. `size_ledger_words.py` has the parts that Python says, too. */

import { convOutputSize } from './geometry.js';
import { DEFAULTS, halving, sizesOf, TRANSPOSED } from './ledger.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Cost} Cost */

/** @type {Record<string, string>} */
export const TITLES = {
  none: 'none',
  pad_input: 'Pad the input',
  crop: 'Crop the larger',
  pad: 'Pad the smaller',
  output_padding: 'Set output_padding',
  resize: 'Resize to the skip',
};
const ROOM = 34; // characters of what a repair does
const SIDES = /** @type {const} */ (['height', 'width']);

/** @param {number[] | null | undefined} size */
export const times = (size) => (size ? size.join('×') : '–');

const GROUPED = new Intl.NumberFormat('en-US'); // `toLocaleString` would make one at each call

/** @param {number} n */
export const grouped = (n) => GROUPED.format(n);

/** Round half up, as Python's twin does. @param {number} n */
const percent = (n) =>
  `${n < 10 ? (Math.floor(n * 10 + 0.5) / 10).toFixed(1) : grouped(Math.round(n))}\u00a0%`;

/** @param {number} n @param {string} word */
const count = (n, word) => `${grouped(n)} ${word}${n === 1 ? '' : 's'}`;

/** @param {string[]} words */
const both = (words) => words.join(' and ');

/** The first that there is room for, or the last. @param {string[]} words */
const shortened = (...words) => words.find(({ length }) => length <= ROOM) ?? words.at(-1) ?? '';

/** What was asked, and what came of it. @param {Options} o @param {Ledger} result @returns {[asked: string, verdict: string]} */
export function headline(o, { mismatch_at, vanishes_at, output_size }) {
  const asked = `${o.height}×${o.width}, depth ${o.depth}`;
  if (mismatch_at !== null) return [asked, `✕ sizes don't match at level ${mismatch_at}`];
  if (vanishes_at !== null) return [asked, `✕ nothing is left at level ${vanishes_at}`];
  return [asked, `✓ ${times(output_size)} comes out`];
}

/** Why it is so, in one or two sentences. @param {Options} o @param {Ledger} result @param {Cost} cost of the chosen repair */
export function why(o, result, cost) {
  if (result.mismatch_at !== null) return mismatch(o, result);
  if (result.vanishes_at !== null) return vanishing(o, result);
  if (cost.changed.length || (o.repair === 'pad_input' && cost.more)) return repaired(o, cost);
  if (o.padding === 'valid') return cropping(o, result);
  return `Height and width are divisible by ${2 ** o.depth} (2 to the power of depth), so every doubling brings back the size that was halved.`;
}

/** @param {Options} o @param {Ledger} result */
function mismatch(o, { levels, mismatch_at, wrong }) {
  const level = levels[mismatch_at ?? 0];
  const below = levels[level.level + 1];
  const pairs = [0, 1].map((side) => [level, below].map((at) => at.encoder?.[side] ?? 0));
  const sides = [0, 1].filter((side) => level.encoder?.[side] !== level.arrives?.[side]);
  const names = sides.length === 2 ? "Height and width don't" : `The ${SIDES[sides[0]]} doesn't`;
  const what = `${names} match: the skip is ${times(level.encoder)}, but the decoder brings ${times(level.arrives)}.`;
  const lines = both(sides.map((side) => ['row', 'column'][side]));
  if (o.repair === 'output_padding')
    return TRANSPOSED[o.up]
      ? `${what} With any output_padding, ${outOfReach(o)}.`
      : `${what} ${o.up} has no output_padding to choose.`;
  const later = SIDES.filter((name, side) => wrong.includes(name) && !sides.includes(side));
  const also = later.map((name) => ` The ${name} fails further up.`).join('');
  if (o.down === 'max_pool')
    return `${what} Max-pooling dropped the odd ${lines}, and doubling can't restore ${sides.length === 2 ? 'them' : 'it'}.${also}`;
  const halved = sides.map((side) => pairs[side].join(' → ')).join(', ');
  return `${what} A stride of 2 rounds odd sizes up (${halved}), so doubling brings one ${lines} too many.${also}`;
}

/** @param {Options} o @param {Ledger} result */
function vanishing(o, { levels, vanishes_at, vanishes_on }) {
  const level = levels[vanishes_at ?? 0];
  const map = vanishes_on === 'up' ? level.decoder : level.encoder;
  const side = map?.[0] ? 1 : 0;
  const before = (vanishes_on === 'up' ? level.arrives : level.enters)?.[side] ?? 0;
  const advice = 'Use a larger image or a smaller depth.';
  if (before > 0)
    return `At level ${level.level} the ${SIDES[side]} is ${before}, and two 3×3 convolutions without padding take 4. ${advice}`;
  const above = levels[level.level - 1].encoder?.[side] ?? 0;
  return `At level ${level.level} less than one ${['row', 'column'][side]} is left: ${halvingFormula(above, o)} = ${convOutputSize(halving(above, o))}. ${advice}`;
}

/** @param {Options} o @param {Ledger} result */
function cropping(o, { levels, nearest }) {
  const odd = SIDES.filter((name) => nearest[name][0] !== o[name]);
  const plan = `Convolutions without padding take 4 off height and width at every level, so each skip is cropped: at level 0 from ${times(levels[0].encoder)} to ${times(levels[0].joined)}.`;
  return odd.length
    ? `${plan} A halving also drops an odd ${both(odd.map((name) => (name === 'width' ? 'column' : 'row')))}.`
    : plan;
}

/** @param {Options} o @param {Cost} cost */
function repaired(o, { changed, zeros, input_size, output_size, more }) {
  const image = `${o.height}×${o.width}`;
  if (o.repair === 'pad_input')
    return o.padding === 'valid'
      ? `The border is mirrored so that ${times(input_size)} goes in, and every pixel of ${image} gets an output: ${percent(more)} more pixels to compute.`
      : `Zeros around the image make it ${times(input_size)}, which fits. The output is cropped back to ${image}: ${percent(more)} more pixels to compute.`;
  const [first, ...rest] = changed;
  const further =
    rest.length === 1
      ? `, and again at level ${rest[0].level}`
      : rest.length
        ? `, and again at ${rest.length} more levels`
        : '';
  const isSkip = times(first.encoder) !== times(first.joined);
  const what = isSkip ? 'skip' : "decoder's map";
  const change = `from ${times(isSkip ? first.encoder : first.arrives)} to ${times(first.joined)} at level ${first.level}${further}`;
  if (o.repair === 'crop') {
    const lost = [o.height, o.width].map((size, side) => size - (output_size?.[side] ?? 0));
    const missing = both(lost.flatMap((n, side) => (n ? [count(n, ['row', 'column'][side])] : [])));
    return `The ${what} is cropped ${change}. ${missing ? `${missing} of the image get no output.` : 'Every pixel still gets an output.'}`;
  }
  if (o.repair === 'pad')
    return `The ${what} is padded ${change}: ${zeros.map((n) => grouped(n)).join(' + ')} zeros in each channel, which nothing computed.`;
  if (o.repair === 'resize')
    return `Interpolation ${isSkip ? 'changes' : 'takes'} the ${what} ${change}, so every value there is a blend of its neighbours.`;
  const chosen = changed.map(
    ({ level, output_padding }) => `(${output_padding?.join(', ')}) at level ${level}`,
  );
  return `output_padding is ${both(chosen.slice(0, 2))}${chosen.length > 2 ? `, and set at ${chosen.length - 2} more` : ''}. ${
    o.up === 'conv_transpose_2'
      ? 'The sizes match, but the added cells hold the bias alone.'
      : 'The sizes match, and the layer computes every cell of them.'
  }`;
}

/** What a repair really does to these sizes, in few words. @param {Options} asked @param {Cost} cost */
export function effect(asked, cost) {
  const o = { ...asked, repair: cost.repair };
  const { changed, zeros } = cost;
  if (o.repair === 'none') return '';
  const plain = sizesOf({ ...o, repair: 'none' });
  if (o.repair === 'pad_input' && cost.more)
    return `${times(cost.input_size)} goes in, ${percent(cost.more)} more pixels`;
  if (plain.fits) return o.padding === 'valid' ? 'skips are cropped anyway' : 'nothing to repair';
  if (plain.mismatch_at === null) return `no help: nothing is left at level ${plain.vanishes_at}`;
  if (!cost.fits) return TRANSPOSED[o.up] ? outOfReach(o) : `${o.up} has no output_padding`;
  const more = changed.length - 1;
  const further = more ? ` and ${count(more, 'more level')}` : '';
  const { encoder, arrives, joined, output_padding } = changed[0];
  switch (o.repair) {
    case 'crop': {
      const [name, before] =
        times(encoder) === times(joined) ? ['decoder', arrives] : ['skip', encoder];
      const after = `→ ${times(joined)}; output ${times(cost.output_size)}`;
      return shortened(`${name} ${times(before)} ${after}`, `${name} ${after}`, after);
    }
    case 'pad':
      return `${count(zeros[0], 'zero')} a channel${more === 1 ? `, then ${grouped(zeros[1])} at level ${changed[1].level}` : further}`;
    case 'resize': {
      const total = (/** @type {number[] | null} */ size) => (size?.[0] ?? 0) + (size?.[1] ?? 0);
      const way = total(joined) > total(arrives) ? 'stretched' : 'shrunk';
      const after = `→ ${times(joined)}; ${way} by ${percent(cost.stretch)}`;
      return shortened(`${times(arrives)} ${after}`, after);
    }
    default: {
      const pairs = changed.map((level) => `(${level.output_padding?.join(', ')})`);
      const chosen = more < 2 ? pairs.join(', then ') : `(${output_padding?.join(', ')})${further}`;
      // A kernel of 2 reaches no cell beyond the doubled map: what output_padding adds is bias.
      return `${chosen}: ${o.up === 'conv_transpose_2' ? `bias only${more < 2 ? ' there' : ''}` : 'all computed'}`;
    }
  }
}

/** Which sizes the transposed convolution can make where none is the skip's. @param {Options} o */
function outOfReach(o) {
  const { levels, mismatch_at } = sizesOf({ ...o, repair: 'output_padding' });
  const level = levels[mismatch_at ?? 0];
  const below = levels[level.level + 1];
  const side = level.encoder?.[0] === level.arrives?.[0] ? 1 : 0;
  const size = (below.decoder ?? below.encoder)?.[side] ?? 0;
  const { kernel_size, padding } = TRANSPOSED[o.up];
  const least = (size - 1) * 2 - 2 * padding + kernel_size;
  return `${size} → ${least} or ${least + 1}, never ${level.encoder?.[side]}`;
}

/** "⌊25 / 2⌋": what a halving makes of a height or width. @param {number} size @param {Options} o */
function halvingFormula(size, { down, padding }) {
  if (down === 'max_pool') return `⌊${size} / 2⌋`;
  return padding === 'same' ? `⌈${size} / 2⌉` : `⌊(${size}−1)/2⌋`;
}

/**
 * The halving below a level and the doubling back, with their numbers: height, then width, once if
 * they are equal.
 * @param {Options} o @param {Level} level @param {Level} below
 * @returns {[down: string[], up: string[]]}
 */
export function formulas(o, level, below) {
  const lower = below.decoder ?? below.encoder;
  const taken = o.padding === 'valid' ? ' − 4' : '';
  const down = [0, 1].map(
    (side) =>
      `${halvingFormula(level.encoder?.[side] ?? 0, o)}${taken} = ${below.encoder?.[side] ?? 0}`,
  );
  const up = [0, 1].flatMap((side) => {
    if (!level.arrives || !lower) return [];
    const added = level.arrives[side] - 2 * lower[side];
    const sign = added > 0 ? ' + ' : ' − ';
    return `2 · ${lower[side]}${added ? sign + Math.abs(added) : ''} = ${level.arrives[side]}`;
  });
  return [[...new Set(down)], [...new Set(up)]];
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
