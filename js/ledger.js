/**
 * A U-Net's sizes, level by level: where they do not match, what each repair costs, how many parameters.
 *
 * Height and width do not influence each other in a U-Net, so each is followed alone and the two
 * results are combined. Pure; the twin of `unet_teach/widgets/unet_sizes.py`, which says what the names
 * mean. A test holds the two against each other.
 */

import layers from '../unet_teach/widgets/layers.json' with { type: 'json' };
import { convOutputSize, convTransposeOutputSize, outputPaddingFor, range } from './geometry.js';

const { bounds, choices, defaults } = layers.SizeLedger;
/** What each menu offers, the default first. */
export const CHOICES = choices;
/** The bounds of sliders and typed numbers, lowest and highest. */
export const LIMITS =
  /** @type {Record<keyof typeof bounds, [lowest: number, highest: number]>} */ (bounds);
/** The options of a ledger where nobody chose any; those of the network are `UNet`'s defaults. */
export const DEFAULTS = /** @type {Options} */ ({
  ...defaults,
  ...Object.fromEntries(Object.entries(choices).map(([name, [first]]) => [name, first])),
});

/**
 * @typedef {object} Options
 * @property {number} height
 * @property {number} width
 * @property {number} depth
 * @property {number} base_channels
 * @property {number} in_channels
 * @property {number} out_channels
 * @property {string} padding
 * @property {string} down
 * @property {string} up
 * @property {boolean} norm
 * @property {string} repair
 */
/** @typedef {[height: number, width: number]} Pair */
/** @typedef {number | null} Reached  null where nothing arrives */
/**
 * @typedef {object} Level
 * @property {number} level
 * @property {number} channels
 * @property {number} parameters
 * @property {Pair | null} enters
 * @property {Pair | null} encoder
 * @property {Pair | null} arrives
 * @property {Pair | null} joined
 * @property {Pair | null} decoder
 * @property {Pair | null} output_padding
 */
/** @typedef {ReturnType<typeof sizesOf>} Sizes */
/** @typedef {ReturnType<typeof ledger>} Ledger */
/** @typedef {ReturnType<typeof costs>[number]} Cost */

/** The transposed convolutions; their output_padding is what they use unless a repair chooses. @type {Record<string, {kernel_size: number, padding: number, output_padding: number}>} */
export const TRANSPOSED = {
  conv_transpose_2: { kernel_size: 2, padding: 0, output_padding: 0 },
  conv_transpose_3: { kernel_size: 3, padding: 1, output_padding: 1 },
  conv_transpose_4: { kernel_size: 4, padding: 1, output_padding: 0 },
};
/** @type {Record<string, number>} */
const TAPS = {
  conv_transpose_2: 4,
  conv_transpose_3: 9,
  conv_transpose_4: 16,
  bilinear: 1,
  nearest: 1,
};
const SIDES = /** @type {const} */ (['height', 'width']);
const TAKEN = 4; // pixels that two 3×3 convolutions without padding take off a side

/** A halving as a convolution of `geometry.js`. @param {number} input_size @param {Options} o */
export const halving = (input_size, { padding, down }) => ({
  input_size,
  kernel_size: down === 'max_pool' ? 2 : 3,
  stride: 2,
  padding: down === 'max_pool' || padding === 'valid' ? 0 : 1,
  dilation: 1,
  output_padding: 0,
});

/** @param {number} size @param {Options} o @param {number | null} target @returns {[size: number, output_padding: Reached]} */
function doubled(size, { up }, target) {
  const layer = TRANSPOSED[up];
  if (!layer) return [2 * size, null];
  const axis = { input_size: size, stride: 2, dilation: 1, ...layer };
  const output_padding =
    (target === null ? null : outputPaddingFor(target, axis)) ?? layer.output_padding;
  return [convTransposeOutputSize({ ...axis, output_padding }), output_padding];
}

/** One side's way through the U. @param {number} size @param {Options} o @param {string} repair */
function walkSide(size, o, repair) {
  const places = () => /** @type {Reached[]} */ (Array(o.depth + 1).fill(null));
  const walk = {
    enters: places(),
    encoder: places(),
    arrives: places(),
    joined: places(),
    decoder: places(),
    output_padding: places(),
    leftOut: false,
    vanishesDown: /** @type {Reached} */ (null),
    mismatchAt: /** @type {Reached} */ (null),
    vanishesUp: /** @type {Reached} */ (null),
  };
  const taken = o.padding === 'same' ? 0 : TAKEN;
  for (let level = 0; level <= o.depth; level++) {
    if (level) {
      if ((o.down === 'max_pool' ? size : size - 3) % 2) walk.leftOut = true;
      size = convOutputSize(halving(size, o));
    }
    walk.enters[level] = size;
    walk.encoder[level] = size = Math.max(0, size - taken);
    if (size < 1) {
      walk.vanishesDown = level;
      return walk;
    }
  }
  for (let level = o.depth - 1; level >= 0; level--) {
    const skip = walk.encoder[level] ?? 0;
    [size, walk.output_padding[level]] = doubled(
      size,
      o,
      o.padding === 'same' && repair === 'output_padding' ? skip : null,
    );
    walk.arrives[level] = size;
    if (o.padding === 'same' && size !== skip) {
      const repaired = /** @type {Record<string, number>} */ ({
        crop: Math.min(size, skip),
        pad: Math.max(size, skip),
        resize: skip,
      })[repair];
      if (repaired === undefined) {
        walk.mismatchAt = level;
        return walk;
      }
      size = repaired;
    }
    walk.joined[level] = size;
    walk.decoder[level] = size = Math.max(0, size - taken);
    if (size < 1) {
      walk.vanishesUp = level;
      return walk;
    }
  }
  return walk;
}

/** The output's size along a side that needs no repair, 0 if it needs one. @param {number} size @param {Options} o */
function outputWithoutRepair(size, o) {
  const walk = walkSide(size, o, 'none');
  return o.padding === 'valid' && walk.leftOut ? 0 : (walk.decoder[0] ?? 0);
}

/** The smallest size, from `size` on, that needs no repair and gives an output of at least so many pixels. @param {number} size @param {Options} o @param {number} [leastOutput] */
function larger(size, o, leastOutput = 1) {
  while (outputWithoutRepair(size, o) < leastOutput) size++;
  return size;
}

/**
 * The nearest sizes of a side that need no repair: at most, and at least, `size`.
 * @param {number} size
 * @param {Options} o
 * @returns {[smaller: Reached, larger: Reached]}
 */
export function nearest(size, o) {
  let smaller = size;
  while (smaller > 0 && !outputWithoutRepair(smaller, o)) smaller--;
  const next = larger(size, o);
  return [smaller || null, next <= LIMITS.height[1] ? next : null];
}

/** @param {Options} o */
const channelsOf = (o) => range(0, o.depth + 1).map((level) => o.base_channels * 2 ** level);

/** @param {Options} o */
function parametersOf(o) {
  const beside = o.norm ? 2 : 1; // scale and shift of a normalisation, or a bias
  const convs = (/** @type {number} */ before, /** @type {number} */ after) =>
    (9 * before + 9 * after + 2 * beside) * after;
  const channels = channelsOf(o);
  return channels.map((c, level) => {
    const above = channels[level - 1];
    const below = channels[level + 1];
    let count = level ? 0 : convs(o.in_channels, c) + (c + 1) * o.out_channels;
    if (above && o.down === 'max_pool') count += convs(above, c);
    if (above && o.down !== 'max_pool') count += (9 * above + 1) * c + convs(c, c);
    if (below) count += (TAPS[o.up] * below + 1) * c + convs(2 * c, c);
    return count;
  });
}

/** Input pixels a side that one cell of the lowest level sees. @param {Options} o */
function receptiveField(o) {
  let [size, jump] = [1, 1];
  for (let level = 0; level <= o.depth; level++) {
    if (level) {
      size += (halving(1, o).kernel_size - 1) * jump;
      jump *= 2;
    }
    size += 4 * jump;
  }
  return size;
}

/** Every size, and the first place where it fails. @param {Options} o */
export function sizesOf(o) {
  const asked = /** @type {Pair} */ ([o.height, o.width]);
  const input_size = /** @type {Pair} */ (
    asked.map((size) =>
      o.repair === 'pad_input' ? larger(size, o, o.padding === 'valid' ? size : 1) : size,
    )
  );
  const walks = input_size.map((size) => walkSide(size, o, o.repair));
  const stops = (/** @type {'vanishesDown' | 'mismatchAt' | 'vanishesUp'} */ name) =>
    walks.map((walk) => walk[name]).filter((level) => level !== null);
  const onTheWay = (
    /** @type {number[]} */ levels,
    /** @type {(...levels: number[]) => number} */ choose,
  ) => (levels.length ? choose(...levels) : null);
  const down = onTheWay(stops('vanishesDown'), Math.min);
  const mismatchAt = down === null ? onTheWay(stops('mismatchAt'), Math.max) : null;
  const up = down === null ? onTheWay(stops('vanishesUp'), Math.max) : null;
  const highest = down === null ? (mismatchAt ?? up ?? 0) : o.depth + 1; // the last level that the decoder reaches

  /** @param {'enters' | 'encoder' | 'arrives' | 'joined' | 'decoder' | 'output_padding'} name @param {number} level @returns {Pair | null} */
  const sizes = (name, level) => {
    const isDown = name === 'enters' || name === 'encoder';
    if (isDown ? level > (down ?? o.depth) : level < highest) return null;
    if (level === mismatchAt && (name === 'joined' || name === 'decoder')) return null;
    const [height, width] = walks.map((walk) => walk[name][level]);
    return height === null || width === null ? null : [height, width];
  };
  const counts = parametersOf(o);
  const levels = channelsOf(o).map(
    (channels, level) =>
      /** @type {Level} */ ({
        level,
        channels,
        parameters: counts[level],
        enters: sizes('enters', level),
        encoder: sizes('encoder', level),
        arrives: sizes('arrives', level),
        joined: sizes('joined', level),
        decoder: sizes('decoder', level),
        output_padding: sizes('output_padding', level),
      }),
  );
  const fits = down === null && mismatchAt === null && up === null;
  const out = fits ? levels[0].decoder : null;
  return {
    fits,
    mismatch_at: mismatchAt,
    vanishes_at: down ?? up,
    vanishes_on: down !== null ? 'down' : up !== null ? 'up' : null,
    wrong: SIDES.filter((_, side) => {
      const { vanishesDown, mismatchAt, vanishesUp } = walks[side];
      return (vanishesDown ?? mismatchAt ?? vanishesUp) !== null;
    }),
    input_size,
    output_size:
      out && /** @type {Pair} */ ([Math.min(out[0], o.height), Math.min(out[1], o.width)]),
    levels,
  };
}

/** The sizes, the parameters and the nearest sizes that need no repair. @param {Options} o */
export function ledger(o) {
  const sizes = sizesOf(o);
  return {
    ...sizes,
    parameters: sizes.levels.reduce((sum, { parameters }) => sum + parameters, 0),
    receptive_field: receptiveField(o),
    nearest: { height: nearest(o.height, o), width: nearest(o.width, o) },
  };
}

/** The nearest depths, below and above, at which these sizes need no repair. @param {Options} o @returns {[smaller: Reached, larger: Reached]} */
export function nearestDepths(o) {
  const fitting = range(1, LIMITS.depth[1] + 1).filter((depth) =>
    SIDES.every((side) => outputWithoutRepair(o[side], { ...o, depth })),
  );
  return [
    fitting.filter((depth) => depth < o.depth).at(-1) ?? null,
    fitting.find((depth) => depth > o.depth) ?? null,
  ];
}

/** @param {number[]} size */
const area = ([height, width]) => height * width;

/** What each repair does to these sizes, in the order of `CHOICES.repair`. @param {Options} o */
export function costs(o) {
  const usual = TRANSPOSED[o.up]?.output_padding;
  return CHOICES.repair.map((repair) => {
    const { fits, input_size, output_size, levels } = sizesOf({ ...o, repair });
    const changed = levels.filter(({ encoder, arrives, joined, output_padding }) => {
      if (o.padding === 'valid' || !arrives || !joined) return false;
      const isChosen = output_padding?.some((chosen) => chosen !== usual);
      return isChosen || `${encoder}` !== `${joined}` || `${arrives}` !== `${joined}`;
    });
    changed.reverse();
    const zeros = changed.map(({ encoder, arrives, joined }) =>
      encoder && arrives && joined && repair === 'pad'
        ? 2 * area(joined) - area(encoder) - area(arrives)
        : 0,
    );
    const stretches = changed.flatMap(({ arrives, joined }) =>
      arrives && joined ? [0, 1].map((side) => Math.abs(joined[side] / arrives[side] - 1)) : [],
    );
    return {
      repair,
      fits,
      input_size,
      output_size,
      changed,
      zeros,
      stretch: 100 * Math.max(0, ...stretches),
      more: (area(input_size) / (o.height * o.width) - 1) * 100,
    };
  });
}
