/**
 * The U of a ledger as SVG: encoder on the left, decoder on the right, skips as dashed lines.
 *
 * The boxes of a picture are to scale, down to a side that can still be seen. Level 0 and the
 * bottleneck keep their places; the levels between share the height.
 */

import { s, set } from './dom.js';
import { hatch, lens, ROWS } from './ledger_corner.js';
import { heights, LEAST, scaleOf } from './ledger_frames.js';
import { formulas, grouped, headline, times } from './ledger_words.js';

/** @typedef {import('./ledger.js').Options} Options */
/** @typedef {import('./ledger.js').Ledger} Ledger */
/** @typedef {import('./ledger.js').Level} Level */
/** @typedef {import('./ledger.js').Pair} Pair */
/** @typedef {ReturnType<typeof import('./ledger_corner.js').enlarged>} Enlarged */
/** @typedef {import('./ledger_frames.js').Frame} Frame */
/** @typedef {{x: number, y: number, width: number, height: number}} Box  its middle and its sides */

/** From more levels on, a lens needs the room of the words above it. */
const CLOSE = 4;

/**
 * @param {SVGSVGElement} svg
 * @param {Options} o
 * @param {Ledger} result
 * @param {Enlarged} shown   the corner in the lens
 * @param {Frame} frame
 */
export function drawLedger(svg, o, result, shown, frame) {
  const { width, height, left, right } = frame;
  const { levels, mismatch_at, vanishes_at, vanishes_on } = result;
  const { depth } = o;
  const scale = scaleOf(result, frame);
  const middles = heights(depth, frame);
  const centre = (left + right) / 2;
  /** Where nothing arrives, the place of what would. @param {number} level @param {Pair | null} size @param {number} x @returns {Box} */
  const box = (level, size, x) => {
    const [tall, wide] = (size ?? result.input_size.map((side) => side / 2 ** level)).map((side) =>
      Math.max(LEAST, side * scale),
    );
    return {
      x,
      y: middles[level],
      width: Math.min(wide, frame.box[0]),
      height: Math.min(tall, frame.box[1]),
    };
  };
  const down = levels.map(({ level, encoder }) =>
    box(level, encoder, level === depth ? centre : left),
  );
  const up = levels
    .slice(0, -1)
    .map(({ level, encoder, decoder, arrives }) =>
      box(level, decoder ?? arrives ?? encoder, right),
    );

  /** @type {SVGElement[]} */
  const shapes = [];
  const fails = (/** @type {number} */ level, /** @type {string} */ way) =>
    level === vanishes_at && vanishes_on === way;
  for (const level of levels) {
    const i = level.level;
    const isWrong = i === mismatch_at;
    if (i < depth)
      shapes.push(...skipLine(o, level, down[i], up[i], isWrong, shown && shown.level - i, frame));
    const encoderLook = fails(i, 'down') ? 'ut-u-wrong' : 'ut-u-encoder';
    shapes.push(...boxOf(down[i], level.encoder && encoderLook));
    if (i < depth) {
      shapes.push(
        ...label(
          level,
          level.encoder,
          down[i],
          encoderNotes(o, level),
          fails(i, 'down'),
          -1,
          frame,
        ),
      );
      const came = level.decoder ?? level.arrives;
      const isBad = isWrong || fails(i, 'up');
      shapes.push(...boxOf(up[i], came && (isBad ? 'ut-u-wrong' : 'ut-u-decoder')));
      shapes.push(...label(level, came, up[i], decoderNotes(level, result), isBad, 1, frame));
    } else shapes.push(...bottleneckLabel(level, down[i], fails(i, 'down'), frame));
    if (i < depth - 1) {
      shapes.push(...arrow(down[i], down[i + 1], Boolean(levels[i + 1].encoder), 1));
      shapes.push(...arrow(up[i + 1], up[i], Boolean(level.arrives), -1));
    }
  }
  const [last, bottom] = [depth - 1, down[depth]];
  shapes.push(...corner(down[last], bottom, Boolean(levels[depth].encoder), 1));
  shapes.push(...corner(up[last], bottom, Boolean(levels[last].arrives), -1));
  shapes.push(...halvings(o, result, frame));
  if (shown)
    shapes.push(
      ...lensOf(
        shown,
        down[shown.level],
        o.depth > CLOSE ? undefined : levels[shown.level - 1],
        middles,
        frame,
      ),
    );

  set(svg, {
    viewBox: `0 0 ${width} ${height}`,
    style: `--ut-u-width: ${width}`,
    'aria-label': inWords(o, result),
  });
  svg.replaceChildren(...shapes);
}

/**
 * The lens on a skip. Where levels are close, its words stand beside it instead of above.
 * @param {NonNullable<Enlarged>} shown @param {Box} box of the encoder @param {Level | undefined} next the level above @param {number[]} middles @param {Frame} frame
 */
function lensOf({ level, corner, isWrong }, box, next, middles, frame) {
  const { small, cell, columns } = frame;
  const centre = (frame.left + frame.right) / 2;
  const y = middles[level];
  const note = next?.joined && times(next.encoder) !== times(next.joined) ? small * 1.2 : 0;
  const above = level ? y - middles[level - 1] - note : y + small;
  const space = Math.min(above, middles[level + 1] - y);
  const size = Math.min(cell, (2 * (space - small)) / (ROWS + 0.8));
  const half = ((ROWS + 0.8) / 2) * size;
  const shapes = lens(corner, centre, y, columns, size, isWrong);
  const words = `level ${level}`;
  const say = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words) =>
    text('ut-u-note', x, y, small, words, 'middle');
  if (columns * cell < small * 5) return shapes; // no room for words
  if (level && above < half + small * 1.9) {
    const x = (box.x + centre - half * (columns / ROWS)) / 2;
    const gap = { x: x - small * 2.2, y: y - small, width: small * 4.4, height: small * 2 };
    return [...shapes, s('rect', { class: 'ut-u-gap', ...gap }), say(x, y + small * 0.35, words)];
  }
  const beside = level ? y - half - small * 0.45 : y + half + small * 1.1;
  return [...shapes, say(centre, beside, `${words}: bottom-right corners`)];
}

/** @param {string} look @param {number} x @param {number} y @param {number} size @param {string} words @param {string} [anchor] */
const text = (look, x, y, size, words, anchor = 'start') =>
  s('text', { class: look, x, y, 'font-size': size, 'text-anchor': anchor }, words);

/** @param {Box} box @param {string | null} look null where nothing arrives */
function boxOf({ x, y, width, height }, look) {
  const place = { x: x - width / 2, y: y - height / 2, width, height };
  const rx = look === 'ut-u-encoder' ? 0 : Math.min(5, width / 4, height / 4);
  const rect = s('rect', { class: look ?? 'ut-u-unreached', rx, ...place });
  return look ? [rect] : [hatch(place.x, place.y, width, height, 8), rect];
}

/** What was done to the map before it enters level 0. @param {Options} o @param {Level} level */
function encoderNotes(o, { level, encoder }) {
  const image = `${o.height}×${o.width}`;
  return level === 0 && encoder && times(encoder) !== image ? [`from ${image}`] : [];
}

/** What was done to the map that arrives, and to the output. @param {Level} level @param {Ledger} result */
function decoderNotes({ level, arrives, joined, decoder }, { output_size }) {
  const notes = [];
  if (joined && times(arrives) !== times(joined)) notes.push(`from ${times(arrives)}`);
  else if (joined && times(joined) !== times(decoder)) notes.push(`from ${times(joined)}`);
  if (level === 0 && output_size && times(output_size) !== times(decoder))
    notes.push(`cut to ${times(output_size)}`);
  return notes;
}

/**
 * Size and channels beside a box.
 * @param {Level} level @param {Pair | null} size @param {Box} box @param {string[]} notes @param {boolean} isWrong @param {-1 | 1} way left or right of the box @param {Frame} frame
 */
function label({ level, channels }, size, box, notes, isWrong, way, frame) {
  const { width, large, small, isNarrow } = frame;
  const x = box.x + way * (box.width / 2 + small * 0.6);
  const anchor = way < 0 ? 'end' : 'start';
  if (!size) {
    const words = isNarrow ? ['not', 'reached'] : ['not reached'];
    return words.map((word, i) =>
      text(
        'ut-u-note',
        x,
        box.y + small * (0.35 + 1.2 * (i - (words.length - 1) / 2)),
        small,
        word,
        anchor,
      ),
    );
  }
  const ch = `${grouped(channels)} ch`;
  const room = way < 0 ? x : width - x;
  const short = (/** @type {string} */ note) => note.replace('from', '←').replace('cut to', '→');
  notes = notes.map((note) => (note.length * small * 0.6 > room ? short(note) : note));
  const lines = isNarrow || level === 0 || way < 0 ? [ch, ...notes] : [[ch, ...notes].join(', ')];
  const look = isWrong ? 'ut-u-size ut-u-bad' : 'ut-u-size';
  const total = large + lines.length * small * 1.25;
  const first = box.y - total / 2 + large * 0.85;
  return [
    text(look, x, first, large, isWrong ? `${times(size)} ✕` : times(size), anchor),
    ...lines.map((line, i) =>
      text('ut-u-note', x, first + small * 1.25 * (i + 1), small, line, anchor),
    ),
  ];
}

/** @param {Level} level @param {Box} box @param {boolean} isWrong @param {Frame} frame */
function bottleneckLabel({ encoder, channels }, { x, y, height }, isWrong, { large, small }) {
  const below = y + height / 2 + large * 1.05;
  if (!encoder) return [text('ut-u-note', x, below, small, 'not reached', 'middle')];
  const words = text('ut-u-note', x, below, small, '', 'middle');
  const look = isWrong ? 'ut-u-size ut-u-bad' : 'ut-u-size';
  words.append(
    s('tspan', { class: look, 'font-size': large }, `${times(encoder)}${isWrong ? ' ✕' : ''}`),
    s('tspan', { dx: small * 0.6 }, `${grouped(channels)} ch`),
  );
  return [words];
}

/**
 * @param {Options} o @param {Level} level @param {Box} from @param {Box} to @param {boolean} isWrong @param {number | null} lensBelow   so many levels below, if any @param {Frame} frame
 */
function skipLine(o, { level, encoder, joined }, from, to, isWrong, lensBelow, frame) {
  const { left, right, small, isNarrow } = frame;
  const centre = (left + right) / 2;
  const isReached = Boolean(joined);
  const look = isWrong ? 'ut-u-clash' : isReached ? 'ut-u-skip' : 'ut-u-missed';
  const [start, end] = [from.x + from.width / 2 + 5, to.x - to.width / 2 - 5];
  if (lensBelow === 0 || frame.foot)
    return [s('path', { class: look, d: `M${start} ${from.y}H${end}` })];
  const half = small * 2.3; // of the words
  const shapes = [
    s('path', {
      class: look,
      d: `M${start} ${from.y}H${centre - half}M${centre + half} ${from.y}H${end}`,
    }),
    text('ut-u-note', centre, from.y + small * 0.35, small, `level ${level}`, 'middle'),
  ];
  const isCovered = o.depth > CLOSE && lensBelow === 1;
  if (joined && times(encoder) !== times(joined) && !isCovered) {
    const done = o.repair === 'pad' && o.padding === 'same' ? 'padded' : 'cropped';
    const words = isNarrow ? `→ ${times(joined)}` : `${done} to ${times(joined)}`;
    if (words.length * small * 0.6 < end - start)
      shapes.push(text('ut-u-note', centre, from.y + small * 1.55, small, words, 'middle'));
  }
  return shapes;
}

/** A tip at the end of an arrow. @param {number} x @param {number} y @param {'down' | 'up' | 'right'} way @param {number} size */
function tip(x, y, way, size) {
  const [half, long] = [size * 0.45, size * 0.8];
  const lines = {
    down: `l${-half} ${-long}h${2 * half}z`,
    up: `l${-half} ${long}h${2 * half}z`,
    right: `l${-long} ${-half}v${2 * half}z`,
  };
  return s('path', { class: 'ut-u-tip', d: `M${x} ${y}${lines[way]}` });
}

/** From one box to the next. @param {Box} from @param {Box} to @param {boolean} isReached @param {-1 | 1} way 1 is down */
function arrow(from, to, isReached, way) {
  const start = from.y + way * (from.height / 2 + 3);
  const end = to.y - way * (to.height / 2 + 3);
  if (!isReached) return [s('path', { class: 'ut-u-missed', d: `M${from.x} ${start}V${end}` })];
  return [
    s('path', { class: 'ut-u-arrow', d: `M${from.x} ${start}V${end - way * 5}` }),
    tip(to.x, end, way > 0 ? 'down' : 'up', 12),
  ];
}

/** Between the lowest level and the bottleneck. @param {Box} box @param {Box} bottom @param {boolean} isReached @param {-1 | 1} way 1 leads down, to the bottleneck */
function corner(box, bottom, isReached, way) {
  const reach = Math.min(80, Math.abs(bottom.x - box.x) * 0.6);
  const start = box.y + box.height / 2 + (way > 0 ? 3 : 10);
  const end = bottom.x - way * (bottom.width / 2 + (way > 0 ? 10 : 3));
  const d = `M${box.x} ${start}C${box.x} ${bottom.y} ${box.x} ${bottom.y} ${box.x + way * reach} ${bottom.y}H${end}`;
  if (!isReached) return [s('path', { class: 'ut-u-missed', d })];
  const line = s('path', { class: 'ut-u-arrow', d });
  return way > 0
    ? [line, tip(bottom.x - bottom.width / 2 - 3, bottom.y, 'right', 12)]
    : [line, tip(box.x, box.y + box.height / 2 + 3, 'up', 12)];
}

/** The floors that were taken where it matters: at the mismatch, or at the bottleneck. @param {Options} o @param {Ledger} result @param {Frame} frame */
function halvings(o, { levels, mismatch_at, vanishes_at, vanishes_on }, frame) {
  const { left, right, small, isNarrow, foot = 0 } = frame;
  const at = vanishes_on === 'down' ? (vanishes_at ?? 0) - 1 : (mismatch_at ?? o.depth - 1);
  if (at < 0) return [];
  const sides = formulas(o, levels[at], levels[at + 1]);
  if (foot)
    return sides
      .flat()
      .map((line, n) =>
        text('ut-u-formula', 0, frame.height - foot + small * 1.3 * (n + 0.8), small, line),
      );
  // Long ones stand at the margin, and so do three lines, which reach the words of the level above.
  const isFar = isNarrow || at < o.depth - 1 || sides[0].some(({ length }) => length > 20);
  const isTight = sides[0].some(({ length }) => length * small * 0.6 > left - small);
  const caption = at < o.depth - 1 ? [`level ${at} to ${at + 1}`, `level ${at + 1} to ${at}`] : [];
  return sides.flatMap((lines, i) => {
    if (!lines.length) return [];
    const all = [...caption.slice(i, i + 1), ...lines];
    const top = frame.height - small * (0.3 + 1.3 * (Math.max(2, all.length) - 1));
    return all.map((line, n) =>
      text(
        caption.length && !n ? 'ut-u-note' : 'ut-u-formula',
        i ? (isFar ? frame.width : right + small) : isFar ? 0 : left - small,
        top + n * small * 1.3,
        small,
        isTight && (n || !caption.length) ? line.replaceAll(' ', '') : line,
        isFar === i > 0 ? 'end' : 'start',
      ),
    );
  });
}

/** The picture in words. @param {Options} o @param {Ledger} result */
function inWords(o, result) {
  const levels = result.levels.map(({ level, encoder, decoder, arrives, channels }) => {
    const up = level === o.depth ? '' : `, decoder ${times(decoder ?? arrives)}`;
    return `level ${level}: encoder ${times(encoder)}${up}, ${grouped(channels)} channels`;
  });
  return `${headline(o, result).join(' ')}. ${levels.join('; ')}.`.replaceAll('–', 'not reached');
}
