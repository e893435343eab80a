/** What runs in the worker: networks, and the answers to two questions: the maps of an image, and which pixels matter. Pure: no page. */

import { makeMachine } from './machine.js';
import { readNetwork } from './network.js';
import { UNetRunner } from './unet.js';

/** @typedef {import('./network.js').Network} Network */
/** @typedef {import('./unet.js').Place} Place */
/** @typedef {import('./unet.js').Skip} Skip */
/**
 * @typedef {object} Shown   maps of one place; from the kernel, only some of them, perhaps reduced
 * @property {number} channels
 * @property {number} height
 * @property {number} width
 * @property {Float32Array} values
 * @property {number[]} [names]     which channels of the network these are
 * @property {string} [size]        of its maps there, such as "48×48"
 * @property {number} [total]       how many channels it has there
 * @property {number | null} [changed]   which share changed since the answer that it was compared with
 */
/** @typedef {{row: number, column: number, height: number, width: number}} Area */

/**
 * @typedef {object} Picture   what a network is run on
 * @property {string} key      of the network
 * @property {number} height
 * @property {number} width
 * @property {Float32Array} image
 * @property {Float32Array | null} other   the image whose skips 'other' takes
 * @property {Skip[]} skips
 * @property {string} sample   name of the image
 * @property {boolean} isOwn   whether it is the image that the kernel was given, with nothing painted on it
 * @property {string} open     the place of which all channels are shown
 * @property {number} before   the answer that it is compared with, 0 for none
 */

/** @typedef {Picture & {type: 'run', id: number}} RunQuestion */
/** @typedef {Picture & {type: 'matter', id: number, place: Place, channel: number, row: number, column: number, area: Area}} MatterQuestion */
/** @typedef {{type: 'network', key: string, network: unknown} | RunQuestion | MatterQuestion} Question */
/** @typedef {{type: 'run', id: number, maps: Record<string, Shown>, ms: number, seconds?: number, note?: string} | {type: 'silent', id: number, sentence: string} | {type: 'matter', id: number, changes: Float32Array, side: number, isDone: boolean} | {type: 'failed', id: number, sentence: string}} Answer */

const MOST_RUNNERS = 4; // their maps are kept in memory
const SLICE = 12; // ms of covering pixels between two looks at what else is asked
const SIDES = [8, 4, 2, 1]; // of the covered squares, coarse to fine
const SMALL = 0.04; // of the largest change: squares that change less are not looked at more closely

/** @param {(answer: Answer, transfer: Transferable[]) => void} post @returns {(question: Question & {spare?: ArrayBuffer}) => void} what is asked, with the memory of an answer that is no longer needed */
export function serve(post) {
  /** @type {Map<string, Network>} */
  const networks = new Map();
  /** @type {Map<string, UNetRunner>} */
  const runners = new Map();
  let covering = 0; // the newest question about pixels: older ones stop

  /** @param {Picture} picture */
  function runnerFor({ key, height, width }) {
    const name = `${key} ${height} ${width}`;
    const known = runners.get(name);
    if (known) return known;
    const network = networks.get(key);
    if (!network) throw new Error(`There is no network ${key}.`);
    if (runners.size >= MOST_RUNNERS) runners.delete([...runners.keys()][0]);
    const made = new UNetRunner(network, height, width, makeMachine());
    runners.set(name, made);
    return made;
  }

  /** @param {RunQuestion & {spare?: ArrayBuffer}} question */
  function run(question) {
    const start = performance.now();
    const runner = runnerFor(question);
    runner.run(question.image, question.skips, question.other);
    const maps = runner.readAll(question.spare);
    const ms = performance.now() - start;
    post({ type: 'run', id: question.id, maps, ms }, [maps.logits.values.buffer]);
  }

  /** Cover square after square, and see how much the value changes. @param {MatterQuestion} question */
  async function matter(question) {
    covering = question.id;
    const { height, width, image, place, channel, row, column, area } = question;
    const runner = runnerFor(question);
    const isEncoder = place.startsWith('encoder');
    const channels = image.length / (height * width);
    /** @param {Float32Array} shown @param {Float32Array | null} other */
    const value = (shown, other = null) => {
      if (isEncoder) runner.encode(shown);
      else runner.run(shown, question.skips, other);
      return runner.value(place, channel, row, column);
    };
    const means = Array.from({ length: channels }, (_, c) => {
      const part = image.subarray(c * height * width, (c + 1) * height * width);
      return part.reduce((sum, each) => sum + each, 0) / part.length;
    });
    const usual = value(image, question.other);
    const changes = new Float32Array(height * width);
    const covered = image.slice();
    let started = performance.now();
    let squares = startingSquares(area);
    for (const side of SIDES) {
      let most = 0;
      const next = [];
      for (const [top, left] of squares) {
        if (performance.now() - started > SLICE) {
          await new Promise((resolve) => setTimeout(resolve));
          if (covering !== question.id) return;
          started = performance.now();
        }
        const [bottom, right] = [
          Math.min(top + side, area.row + area.height),
          Math.min(left + side, area.column + area.width),
        ];
        for (let c = 0; c < channels; c += 1)
          for (let y = top; y < bottom; y += 1)
            covered.fill(
              means[c],
              (c * height + y) * width + left,
              (c * height + y) * width + right,
            );
        const change = Math.abs(value(covered) - usual);
        for (let c = 0; c < channels; c += 1)
          for (let y = top; y < bottom; y += 1) {
            const from = (c * height + y) * width;
            covered.set(image.subarray(from + left, from + right), from + left);
          }
        for (let y = top; y < bottom; y += 1)
          changes.fill(change, y * width + left, y * width + right);
        most = Math.max(most, change);
        next.push({ top, left, bottom, right, change });
      }
      const isDone = side === 1;
      post({ type: 'matter', id: question.id, changes: changes.slice(), side, isDone }, []);
      const half = side / 2;
      squares = next
        .filter(({ change }) => change > SMALL * most)
        .flatMap(({ top, left, bottom, right }) =>
          [
            [top, left],
            [top, left + half],
            [top + half, left],
            [top + half, left + half],
          ].filter(([y, x]) => y < bottom && x < right),
        );
    }
  }

  return (question) => {
    const failed = (/** @type {unknown} */ reason) => {
      const sentence = reason instanceof Error ? reason.message : String(reason);
      post({ type: 'failed', id: 'id' in question ? question.id : 0, sentence }, []);
    };
    try {
      if (question.type === 'network') networks.set(question.key, readNetwork(question.network));
      else if (question.type === 'run') run(question);
      else matter(question).catch(failed);
    } catch (reason) {
      failed(reason);
    }
  };
}

/** @param {Area} area */
function startingSquares({ row, column, height, width }) {
  const squares = [];
  for (let top = row; top < row + height; top += SIDES[0])
    for (let left = column; left < column + width; left += SIDES[0]) squares.push([top, left]);
  return squares;
}
