/** What somebody typed as an answer, read as a number, a size or a text, and held against the right one. */

import layers from '../unet_teach/widgets/layers.json' with { type: 'json' };

/** @typedef {'int' | 'float' | 'size' | 'text' | 'choice'} Kind */
/** @typedef {number | string | number[]} Guess  a choice is its place among the choices */
/** @typedef {{value: Guess, within: number}} Target  what a guess is held against */

/**
 * What is known of an answer before it is given.
 * @typedef {object} Asked
 * @property {Kind} kind
 * @property {{value: Guess}} answer
 * @property {number[]} lengths   how many numbers a size may have
 */

const { most_letters, most_digits } = layers.Predict;
export const LONGEST = most_letters;
const WHOLE = new RegExp(`^[+-]?\\d{1,${most_digits}}$`);

/**
 * Reads a typed guess, or says in a sentence why it cannot be one.
 * @param {string} typed
 * @param {Asked} task
 * @returns {{guess: Guess} | {refusal: string}}
 */
export function readGuess(typed, task) {
  const { kind, lengths } = task;
  const text = typed.trim().slice(0, LONGEST).replaceAll('−', '-');
  if (!text) return { refusal: 'Type a guess first. Any guess is worth more than none.' };
  if (kind === 'text') return { guess: typed.trim().slice(0, LONGEST) };
  const quoted = `“${text.length > 24 ? `${text.slice(0, 23)}…` : text}”`;
  const numbers = readSize(text);
  if (kind === 'size') {
    const expected = `${lengths.join(' or ')} numbers, such as ${example(task)}`;
    if (!numbers) return { refusal: `${quoted} cannot be read as a size. It takes ${expected}.` };
    if (lengths.includes(numbers.length)) return { guess: numbers };
    // "16" is how people say the size of a square map.
    if (numbers.length === 1 && isSquare(task.answer.value))
      return { guess: Array(task.answer.value.length).fill(numbers[0]) };
    return {
      refusal: `${quoted} has ${numbers.length} ${numbers.length === 1 ? 'number' : 'numbers'}. It takes ${expected}.`,
    };
  }
  const number = readNumber(text, kind === 'int');
  const expected = kind === 'int' ? 'one whole number, in digits' : 'one number, such as 2.5';
  if (number === null) {
    if (numbers && numbers.length > 1)
      return { refusal: `${quoted} has ${numbers.length} numbers. It takes ${expected}.` };
    return { refusal: `${quoted} cannot be read as a number. It takes ${expected}.` };
  }
  if (kind === 'int' && !Number.isSafeInteger(number))
    return {
      refusal: `${quoted} is not a whole number of at most ${most_digits} digits. It takes ${expected}.`,
    };
  return { guess: number };
}

/** "16×16", "16x16", "16 16", "(16, 16)" as numbers; null where it is no size. @param {string} text */
function readSize(text) {
  const bare = text.replace(/^torch\.Size/, '').replace(/^[([\s]+|[)\]\s]+$/g, '');
  const parts = bare
    .split(/\s*[×x*,;]\s*|\s+/i)
    .filter((part, i, all) => part || i < all.length - 1);
  return parts.every((part) => WHOLE.test(part)) ? parts.map(Number) : null;
}

/** @param {string} text @param {boolean} whole 73,728 is a whole number; 0,5 is a half */
function readNumber(text, whole) {
  if (whole && /^[+-]?\d{1,3}([,_]\d{3})+$/.test(text)) return Number(text.replace(/[,_]/g, ''));
  const pointed = text.replace(/^([+-]?\d*),(\d+)$/, '$1.$2');
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(pointed) ? Number(pointed) : NaN;
  return Number.isFinite(number) ? number : null;
}

/** Whether all numbers of a size are equal. @param {Guess} value @returns {value is number[]} */
const isSquare = (value) => Array.isArray(value) && new Set(value).size === 1;

/** A size as it may be typed, other than the answer. @param {Pick<Asked, 'lengths' | 'answer'>} task */
export function example({ lengths, answer }) {
  const numbers = [3, 5, 7, 9, 11, 13].slice(0, lengths[0]);
  return shownSize(String(numbers) === String(answer.value) ? numbers.reverse() : numbers);
}

/** @param {number[]} size */
export const shownSize = (size) => (size.length <= 3 ? size.join('×') : `(${size.join(', ')})`);

/** Case and spaces do not count. @param {unknown} text */
const fold = (text) => String(text).toLowerCase().split(/\s+/).filter(Boolean).join(' ');

/** Whether a guess counts as a target. @param {Guess} guess @param {Target} target */
export function matches(guess, { value, within }) {
  if (typeof value === 'number') return Math.abs(Number(guess) - value) <= within;
  return Array.isArray(value) ? String(guess) === String(value) : fold(guess) === fold(value);
}
