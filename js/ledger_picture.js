/**
 * The U of a ledger as SVG: encoder on the left, decoder on the right, skips as dashed lines.
 *
 * A box's width stands for the level's channels (cube root), its height for the map's size (square
 * root of a side). Places depend on the frame and on the depth alone, so that nothing jumps while
 * sizes change.
 */

import { s, set } from './dom.js';
import { range } from './geometry.js';
import { headline, times } from './ledger_words.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Pair} Pair */
/**
 * @typedef {object} Frame
 * @property {number} width     pixels
 * @property {number} height
 * @property {number} large     type of sizes
 * @property {number} small     type of everything else
 * @property {boolean} isWide   room for words on the bridges
 * @property {boolean} isNamed  room for words at the margins and on the arrows
 * @property {boolean} isOneLine  size and channels beside each other
 */
/** @typedef {{left: number, right: number, y: number, height: number}} Box */

const LETTER = 0.64; // a character's width, as part of the type's size
const ROOM_FOR_ARROW = 18;

/** @param {string} text @param {number} size */
const lengthOf = (text, size) => text.length * LETTER * size;

/** @param {Pair | null} size */
const area = (size) => (size ? size[0] * size[1] : 0);

/**
 * Where the boxes stand.
 * @param {Ledger} result
 * @param {Frame} frame
 */
function layout(
  { levels, input_size },
  { width, height, large, small, isWide, isNamed, isOneLine },
) {
  const depth = levels.length - 1;
  const longest = Math.max(...input_size) > 999 ? '1024×1024' : '999×999'; // two lengths, so that the U stays while sizes move
  const label = lengthOf(longest, large) + (isOneLine ? lengthOf(' · 1024 C', small) : 0) + 8;
  const before = label + lengthOf(isNamed ? 'level 0' : '0', small) + 6;
  const after = label + lengthOf(' ✕', large);
  const top = small * 1.7;
  const row = (height - top - large * 1.7) / (depth + 1);
  const centre = (before + width - after) / 2;
  const halfGap = width * (isOneLine ? 0.11 : isNamed ? 0.18 : isWide ? 0.16 : 0.06); // for the words on a bridge
  const widest = Math.max(24, Math.min(130, width * 0.13));
  const highest = Math.min(row - ROOM_FOR_ARROW, 76);
  const most = Math.max(
    ...levels.flatMap(({ encoder, decoder }) => [area(encoder), area(decoder)]),
    1,
  );
  const widthOf = (/** @type {Level} */ { channels }) =>
    Math.max(5, widest * Math.cbrt(channels / Math.max(levels[depth].channels, 1024)));
  const slant =
    Math.max(0, centre - halfGap - widthOf(levels[depth - 1]) - before) / Math.max(1, depth - 1);
  /** @param {Level} level @param {Pair | null} map @param {boolean} isUp @returns {Box} */
  const box = (level, map, isUp) => {
    const i = level.level;
    const w = widthOf(level);
    const left = i === depth ? centre - w / 2 : before + i * slant;
    const y = top + row * (i + 0.5);
    const tall = map ? Math.max(5, highest * (area(map) / most) ** 0.25) : highest * 0.5;
    return {
      left: isUp ? 2 * centre - left - w : left,
      right: isUp ? 2 * centre - left : left + w,
      y,
      height: tall,
    };
  };
  return {
    depth,
    row,
    centre,
    down: levels.map((level) => box(level, level.encoder, false)),
    up: levels.slice(0, -1).map((level) => box(level, level.decoder ?? level.arrives, true)),
  };
}

/**
 * @param {SVGSVGElement} svg
 * @param {Options} o
 * @param {Ledger} result
 * @param {Frame} frame
 */
export function drawLedger(svg, o, result, frame) {
  const { width, height, large, small, isWide, isNamed, isOneLine } = frame;
  const { levels, mismatch_at, vanishes_at, vanishes_on } = result;
  const { depth, centre, down, up } = layout(result, frame);
  const style = (/** @type {number} */ size) => `font-size:${size}px`;
  const text = (
    /** @type {string} */ look,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {number} */ size,
    /** @type {string} */ words,
    anchor = 'start',
  ) => s('text', { class: look, x, y, style: style(size), 'text-anchor': anchor }, words);
  /** Size and channels beside a box, as two lines. @param {Level} level @param {Pair | null} size @param {number} x @param {number} y @param {string} anchor @param {boolean} isWrong */
  const label = (level, size, x, y, anchor, isWrong) => {
    const look = isWrong ? 'ut-u-size ut-u-bad' : 'ut-u-size';
    const words = size
      ? [`${times(size)}${isWrong ? ' ✕' : ''}`, `${level.channels} C`]
      : ['not', 'reached'];
    if (isOneLine)
      return [
        text(
          size ? look : 'ut-u-note',
          x,
          y + large * 0.35,
          large,
          words.join(size ? ' · ' : ' '),
          anchor,
        ),
      ];
    const first = size
      ? text(look, x, y - 1, large, words[0], anchor)
      : text('ut-u-note', x, y - 2, small, words[0], anchor);
    return [first, text('ut-u-note', x, y + small + 1, small, words[1], anchor)];
  };

  /** @type {SVGElement[]} */
  const shapes = [...edges(o, result, frame)];
  for (const level of levels) {
    const i = level.level;
    const vanishes = (/** @type {string} */ way) => i === vanishes_at && vanishes_on === way;
    const left = down[i];
    if (isWide || i < depth)
      shapes.push(
        text('ut-u-note', 0, left.y + small * 0.35, small, isNamed ? `level ${i}` : String(i)),
      );
    shapes.push(...boxOf(left, level.encoder, vanishes('down') ? 'ut-u-wrong' : 'ut-u-encoder'));
    if (i === depth) {
      const words = level.encoder
        ? `${times(level.encoder)}${vanishes('down') ? ' ✕' : ''} · ${level.channels} C`
        : 'not reached';
      shapes.push(
        text(
          vanishes('down') ? 'ut-u-size ut-u-bad' : 'ut-u-size',
          centre,
          left.y + left.height / 2 + large * 1.1,
          large,
          words,
          'middle',
        ),
      );
    } else {
      shapes.push(...label(level, level.encoder, left.left - 8, left.y, 'end', vanishes('down')));
      const right = up[i];
      const isWrong = i === mismatch_at || vanishes('up');
      const decoded = level.decoder ?? level.arrives;
      shapes.push(...boxOf(right, decoded, isWrong ? 'ut-u-wrong' : 'ut-u-decoder'));
      shapes.push(
        ...label(
          level,
          i === mismatch_at ? level.arrives : decoded,
          right.right + 8,
          right.y,
          'start',
          isWrong,
        ),
      );
      if (level.joined || i === mismatch_at)
        shapes.push(...bridge(o, level, left, right, i === mismatch_at, frame));
    }
    if (i) shapes.push(...arrow(down[i - 1], left, level.encoder !== null, 'down'));
    if (i < depth)
      shapes.push(
        ...arrow(i + 1 === depth ? down[depth] : up[i + 1], up[i], level.arrives !== null, 'up'),
      );
  }
  if (isNamed) {
    const y = (down[depth - 1].y + down[depth].y) / 2 + small * 0.35;
    shapes.push(
      text('ut-u-note', down[depth - 1].left + 2, y, small, o.down, 'end'),
      text('ut-u-note', up[depth - 1].right - 2, y, small, o.up),
    );
  }
  const sees = `sees ${result.receptive_field}×${result.receptive_field} of the input's pixels`;
  const besideBottom = down[depth].right + 14;
  if (isWide && besideBottom + lengthOf(sees, small) < width)
    shapes.push(text('ut-u-note', besideBottom, down[depth].y + small * 0.35, small, sees));
  set(svg, {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'aria-label': inWords(o, result),
  }).replaceChildren(...shapes);
}

/** What goes in and what comes out, above the U. @param {Options} o @param {Ledger} result @param {Frame} frame */
function edges(o, { input_size, output_size, levels }, { width, small }) {
  const asked = `${o.height}×${o.width}`;
  const out = times(levels[0].decoder);
  const padded = times(input_size) === asked ? '' : ` → ${times(input_size)}`;
  const cropped = !output_size || out === times(output_size) ? '' : `${out} → `;
  const ends = [
    [
      `input ${asked} · ${o.in_channels} C${padded}`,
      output_size ? `${cropped}answer ${times(output_size)} · ${o.out_channels} C` : 'no answer',
    ],
    [`${asked}${padded}`, output_size ? `${cropped}${times(output_size)}` : 'no answer'],
  ];
  const fitting = ends.find((words) => lengthOf(words.join('  '), small) < width) ?? ends[1];
  return fitting.map((words, i) =>
    s(
      'text',
      {
        class: 'ut-u-end',
        x: i ? width : 0,
        y: small,
        style: `font-size:${small}px`,
        'text-anchor': i ? 'end' : 'start',
      },
      words,
    ),
  );
}

/** @param {Box} box @param {Pair | null} size @param {string} look */
function boxOf({ left, right, y, height }, size, look) {
  const place = { x: left, y: y - height / 2, width: right - left, height };
  return [
    s('rect', {
      class: size ? look : 'ut-u-unreached',
      rx: size && look === 'ut-u-encoder' ? 1 : 5,
      ...place,
    }),
  ];
}

/**
 * An arrow from one box to the next, straight where the two overlap.
 * @param {Box} from
 * @param {Box} to
 * @param {boolean} isReached
 * @param {'down' | 'up'} way
 */
function arrow(from, to, isReached, way) {
  if (!isReached) return [];
  const sign = way === 'down' ? 1 : -1;
  const start = from.y + (sign * from.height) / 2 + sign * 2;
  const end = to.y - (sign * to.height) / 2 - sign * 2;
  const low = Math.max(from.left, to.left) + 3;
  const high = Math.min(from.right, to.right) - 3;
  const tip = `l-4 ${-7 * sign}h8z`;
  if (low <= high) {
    const x = (low + high) / 2;
    return [
      s('path', { class: 'ut-u-arrow', d: `M${x} ${start}V${end - sign * 6}` }),
      s('path', { class: 'ut-u-tip', d: `M${x} ${end}${tip}` }),
    ];
  }
  const isRight = to.left + to.right > from.left + from.right;
  const [x, toX] = isRight ? [from.right - 7, to.left + 7] : [from.left + 7, to.right - 7];
  const middle = (start + end) / 2;
  return [
    s('path', {
      class: 'ut-u-arrow',
      d: `M${x} ${start}C${x} ${middle} ${toX} ${middle} ${toX} ${end - sign * 6}`,
    }),
    s('path', { class: 'ut-u-tip', d: `M${toX} ${end}${tip}` }),
  ];
}

/**
 * The skip of a level, with what is done to bring the two maps together.
 * @param {Options} o
 * @param {Level} level
 * @param {Box} left
 * @param {Box} right
 * @param {boolean} isWrong
 * @param {Frame} frame
 */
function bridge(o, level, left, right, isWrong, { large, small }) {
  const [from, to] = [left.right + 5, right.left - 5];
  const look = isWrong ? 'ut-u-clash' : 'ut-u-skip';
  /** @type {SVGElement[]} */
  const shapes = [s('path', { class: look, d: `M${from} ${left.y}H${to}` })];
  const size = isWrong ? large : small;
  const words = bridgeWords(o, level, isWrong).find(
    (tried) => lengthOf(tried, size) + 20 < to - from,
  );
  if (!words) return shapes;
  const [width, height, x] = [lengthOf(words, size) + 14, size + 10, (from + to) / 2];
  shapes.push(
    s('rect', {
      class: isWrong ? 'ut-u-pill ut-u-clash' : 'ut-u-pill',
      x: x - width / 2,
      y: left.y - height / 2,
      width,
      height,
      rx: 6,
    }),
    s(
      'text',
      {
        class: isWrong ? 'ut-u-clash-words' : 'ut-u-end',
        x,
        y: left.y + size * 0.35,
        style: `font-size:${size}px`,
        'text-anchor': 'middle',
      },
      words,
    ),
  );
  return shapes;
}

/** What stands on a bridge, the longest wording first. @param {Options} o @param {Level} level @param {boolean} isWrong */
function bridgeWords(o, { level, encoder, arrives, joined, output_padding }, isWrong) {
  const [skip, upsampled, both] = [encoder, arrives, joined].map(times);
  if (isWrong) return [`${skip} cannot meet ${upsampled}`, `${skip} ≠ ${upsampled}`, '✕'];
  if (skip !== both)
    return [
      `skip ${o.repair === 'pad' && o.padding === 'same' ? 'padded' : 'cropped'} to ${both}`,
      `→ ${both}`,
    ];
  if (upsampled !== both) {
    const done = /** @type {Record<string, string>} */ ({
      crop: 'cropped',
      pad: 'padded',
      resize: 'resized',
    })[o.repair];
    return [`${upsampled} ${done} to ${both}`, `${done} ${upsampled}`, done];
  }
  if (o.repair === 'output_padding' && o.padding === 'same' && output_padding)
    return [`output_padding (${output_padding.join(', ')})`, `(${output_padding.join(', ')})`];
  return level ? [] : ['skip connection', 'skip'];
}

/** The picture in words. @param {Options} o @param {Ledger} result */
function inWords(o, result) {
  const levels = range(0, o.depth + 1).map((i) => {
    const { encoder, decoder, arrives, channels } = result.levels[i];
    const up = i === o.depth ? '' : `, up ${times(decoder ?? arrives)}`;
    return `level ${i}: down ${times(encoder)}${up}, ${channels} channels`;
  });
  return `${headline(o, result).join('')}. ${levels.join('; ')}.`.replaceAll('–', 'not reached');
}
