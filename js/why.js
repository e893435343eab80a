/**
 * What an error message of torch means, from its text alone: unet_teach/error_help.py in the page.
 *
 * The tables (messages, causes, bounds) are Python's; docs/build_why_it_fails.py puts them into the
 * page. A test holds the answers of both against each other.
 */

/**
 * @typedef {{ first: string | number, relation: string, second: string | number, cause: string, check: string }} Cause
 * @typedef {{ pattern: string, sentence: string, remedy: string }} Message
 * @typedef {{ messages: Message[], causes: { needed: string[], rows: Cause[] }[], unknown: string,
 *   arguments: Record<string, string[]>, explorers: Record<string, string>,
 *   withoutPadding: Record<string, number>, bounds: Record<string, [number, number]> }} Tables
 * @typedef {[string, Record<string, string | number>]} Opens
 * @typedef {{ message: string, known: boolean, sentence: string, cause: string, check: string,
 *   opens: Opens | null, spans: [number, number][] }} Help
 */

/** @type {Record<string, (a: number, b: number) => boolean>} */
const RELATIONS = {
  always: () => true,
  equal: (a, b) => a === b,
  'one apart': (a, b) => Math.abs(a - b) === 1,
  twice: (a, b) => a === 2 * b,
  half: (a, b) => 2 * a === b,
  'a level apart': (a, b) => Math.max(a, b) === 2 * Math.min(a, b),
  'levels apart': (a, b) =>
    Math.min(a, b) > 0 && [4, 8, 16, 32].some((n) => Math.max(a, b) === n * Math.min(a, b)),
  'even apart': (a, b) => a !== b && (a - b) % 2 === 0,
};
const RAISED = /^[\w.]*(?:Error|Exception|Interrupt)\b(?::|$).*/gm;
const LAYER = /\b(Conv|ConvTranspose)[123]d\((.*)\)/s;

/**
 * @param {string} text
 * @param {Record<string, string>} words
 */
const filled = (text, words) => text.replace(/\{(\w+)\}/g, (_, name) => words[name]);

/**
 * The message at the end of a traceback, or the text itself if it isn't one.
 * @param {string} text
 */
export function whatWasRaised(text) {
  const last = [...text.matchAll(RAISED)].at(-1);
  return (last ? text.slice(last.index) : text).trim();
}

/**
 * A line that makes a convolution: its kind and its whole-number arguments.
 * @param {string} layer
 * @param {Record<string, string[]>} names
 * @returns {[string, Record<string, number>]}
 */
export function argumentsOf(layer, names) {
  const found = LAYER.exec(layer);
  if (!found) return ['', {}];
  const [, kind, all] = found;
  /** @type {Record<string, number>} */
  const given = {};
  const inside = all.replace(/\((\d+)(?:,\s*\1)*,?\)/g, '$1');
  inside.split(/,\s*/).forEach((part, position) => {
    const at = part.lastIndexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim() || (names[kind][position] ?? '');
    const value = part.slice(at + 1).trim();
    if (/^\d+$/.test(value)) given[name] = Number(value);
  });
  return [kind, given];
}

/**
 * @param {string} text  an error message, or a whole traceback
 * @param {string} layer  the line that makes the layer, or ""
 * @param {Tables} tables
 * @returns {Help}
 */
export function explain(text, layer, tables) {
  const message = whatWasRaised(text);
  for (const { pattern, sentence, remedy } of tables.messages) {
    const found = new RegExp(pattern, 'ds').exec(message);
    if (!found) continue;
    /** @type {Record<string, string>} */
    const groups = {};
    for (const [name, value] of Object.entries(found.groups ?? {}))
      if (value) groups[name.replace(/2$/, '')] = value;
    const words = Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [name, shown(name, value)]),
    );
    const spans = Object.entries(found.indices?.groups ?? {})
      .filter(([name, span]) => span && !name.startsWith('axis') && name !== 'number')
      .map(([, span]) => span);
    spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const cause = likelyCause(groups, tables);
    const remedied = filled(remedy, words);
    return {
      message,
      known: true,
      sentence: filled(sentence, words),
      cause: cause?.cause ?? '',
      check: cause ? `${remedied} ${cause.check}`.trim() : remedied,
      opens: opensAt(groups, layer, tables),
      spans: /** @type {[number, number][]} */ (spans),
    };
  }
  const nothing = { cause: '', check: '', opens: null, spans: [] };
  return { message, known: false, sentence: tables.unknown, ...nothing };
}

/**
 * @param {string} name
 * @param {string} value
 */
function shown(name, value) {
  if (name.startsWith('axis')) return `dimension ${value}`;
  if (name === 'parts' || name === 'sizes') return value;
  return value.replace(/(?<=\d)(, | x )(?=-?\d)/g, '×');
}

/**
 * @param {Record<string, string>} groups
 * @param {Tables} tables
 */
function likelyCause(groups, tables) {
  const known = { ...groups };
  if (known.second) known.other = known.second;
  if (known.shape) known.last = /** @type {string} */ (known.shape.split(', ').at(-1));
  if (known.weight && known.expected) {
    const [first, second] = known.weight.split(', ');
    known.out = second === known.expected ? first : second;
  }
  /** @param {string | number} side */
  const number = (side) =>
    typeof side === 'number' ? side : /^\d+$/.test(known[side] ?? '') ? Number(known[side]) : null;
  for (const { needed, rows } of tables.causes) {
    if (!needed.every((name) => known[name])) continue;
    for (const row of rows) {
      const a = number(row.first);
      const b = number(row.second);
      if (a !== null && b !== null && RELATIONS[row.relation](a, b))
        return { cause: filled(row.cause, known), check: filled(row.check, known) };
    }
  }
  return null;
}

/**
 * @param {Record<string, string>} groups
 * @param {string} layer
 * @param {Tables} tables
 * @returns {Opens | null}
 */
function opensAt(groups, layer, tables) {
  const [first, other] = [groups.first ?? '', groups.other ?? groups.second ?? ''];
  const across = groups.number ? ['1'] : ['2', '3']; // of a `cat`, or of an addition
  if (/^\d+$/.test(first) && /^\d+$/.test(other) && across.includes(groups.axis))
    return ledger(Number(first), Number(other), tables);
  if (!groups.kernel || !groups.shape) return null;
  const [kernel, shape] = [groups.kernel, groups.shape].map((size) => Number(size.split(' x ')[0]));
  const [kind, given] = argumentsOf(layer, tables.arguments);
  /** @type {Record<string, number>} */
  const options = { kernel_size: kernel, input_size: shape - 2 * (given.padding ?? 0) };
  for (const name of ['stride', 'padding']) if (name in given) options[name] = given[name];
  const fits = Object.entries(options).every(
    ([name, value]) => tables.bounds[name][0] <= value && value <= tables.bounds[name][1],
  );
  return fits ? [tables.explorers[kind || 'Conv'], options] : null;
}

/**
 * A ledger in which these two sizes meet.
 * @param {number} first
 * @param {number} other
 * @param {Tables} tables
 * @returns {Opens | null}
 */
function ledger(first, other, tables) {
  const [small, large] = [Math.min(first, other), Math.max(first, other)];
  const levels = Math.log2(large / Math.max(small, 1)); // whole, if halvings lead from one to the other
  /** @type {Record<string, string | number>} */
  let options = {};
  if (large - small === 1) {
    const odd = small % 2 ? small : large; // the odd one was halved
    const grows = odd === small;
    options = { height: odd, width: odd, depth: 1 };
    options.down = grows ? 'strided_conv' : 'max_pool';
    options.up = grows ? 'conv_transpose_3' : 'conv_transpose_2';
  } else if (small && Number.isInteger(levels) && levels >= 1 && levels <= 6)
    options = { height: large, width: large, depth: levels };
  else if (tables.withoutPadding[large - small]) {
    const depth = tables.withoutPadding[large - small];
    options = { height: large + 4, width: large + 4, depth, padding: 'valid' };
  } else return null;
  return Number(options.height) <= 1024 ? ['SizeLedger', options] : null;
}
