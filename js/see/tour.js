/** The tour: eight captions, each with a state of the network, and claims that are computed from what it shows. Pure: no page. */

import { fieldOf } from './field.js';
import { changed, difference } from './results.js';

/** @typedef {import('../engine/server.js').Shown} Shown */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./output_panel.js').Outcome} Outcome */
/** @typedef {import('./painting.js').Sample} Sample */
/** @typedef {Outcome & {maps: Record<string, Shown>, id: number, seen: string, state: import('./session.js').State, ms: number}} Result */
/** @typedef {import('./session.js').State} State */
/** @typedef {{now: Result, before: Result | null, sample: Sample, layers: any[], depth: number}} Seen */
/** @typedef {{lead: string, text: string, evidence: string}} Caption */

const SECONDS = 90; // until the last caption, which stays
export const STANDS = SECONDS / 7; // each of the others; the strip's style has it as well
const ROUGHLY = 0.6; // of the predicted pixels: at least so many in rings, fewer right

/** The captions of the tour: the switches that each sets, and its text, which depends on what is then on screen. @type {{skips: (depth: number) => Skip[], say: (seen: Seen) => Caption}[]} */
export const TOUR = [
  {
    skips: allOn,
    say: ({ now, sample }) => {
      const share = now.score ? (100 * now.score.total) / (now.height * now.width) : 0;
      return {
        lead: 'The task.',
        text: 'Find the pixels of lines, but only inside a ring.',
        evidence: `${sample.lines?.length ?? 0} lines, ${sample.rings.length} rings, equally bright. ${now.score?.total ?? 0} of ${now.height * now.width} pixels are in the ground truth: ${share.toFixed(1)} %.`,
      };
    },
  },
  {
    skips: allOn,
    say: ({ now, depth, layers }) => {
      const [first, last] = [now.maps['encoder 0'], now.maps[`encoder ${depth}`]];
      const [top, size] = [0, depth].map((level) => fieldSize(layers, `encoder ${level}`));
      return {
        lead: 'The encoder',
        text: `shrinks the image: from ${first.height}×${first.width} to ${last.height}×${last.width} cells.`,
        evidence: `A cell is one place in a feature map. It sees ${top}×${top} pixels at level 0, ${size}×${size} in the bottleneck: its receptive field.`,
      };
    },
  },
  {
    skips: allOn,
    say: ({ now, depth, layers, sample }) => {
      const bottom = now.maps[`encoder ${depth}`];
      const size = fieldSize(layers, `encoder ${depth}`);
      const step = now.height / bottom.height;
      const widest = Math.max(...sample.rings.map(([, , radius]) => 2 * radius));
      return {
        lead: 'The bottleneck',
        text: `sees ${size >= widest ? 'far enough for' : 'less than'} a whole ring, in ${bottom.channels} channels.`,
        evidence: `The widest ring is ${Math.round(widest)} pixels across, the receptive field ${size}. A cell keeps ${bottom.channels} numbers for ${step}×${step} pixels.`,
      };
    },
  },
  {
    skips: allCut,
    say: ({ now, sample }) => {
      const { marked, near, exact } = whereMarked(now, sample);
      const isRough = near >= ROUGHLY * marked && exact < ROUGHLY * marked;
      return {
        lead: 'All skips cut:',
        text: !marked
          ? 'the decoder finds nothing.'
          : isRough
            ? 'the decoder knows roughly where, but not which pixels.'
            : `${exact} of the ${marked} pixels that it predicts are right.`,
        evidence: marked
          ? `It predicts ${marked} pixels, ${percent(near / marked)} of them in a ring, but only ${percent(exact / marked)} are right: IoU ${iou(now)}.`
          : `It predicts no pixel at all: IoU ${iou(now)}. The largest value is ${most(now).toFixed(2)}.`,
      };
    },
  },
  {
    skips: (depth) => [1, ...allCut(depth - 1)],
    say: ({ now, before }) => {
      const { lost, gained } = moved(now, before);
      return {
        lead: 'Skip 0 alone',
        text:
          rise(now, before) > 0
            ? 'brings the edges back, at full resolution.'
            : 'does not help: the score is no better than with none.',
        evidence: `IoU ${iou(before ?? now)} → ${iou(now)}: ${gained} pixels gained, ${lost} lost. ${now.score?.missed ?? 0} of ${now.score?.total ?? 0} are still missed.`,
      };
    },
  },
  {
    skips: allOn,
    say: ({ now, before }) => ({
      lead: 'All skips on:',
      text: `${now.score?.hit ?? 0} of the ${now.score?.total ?? 0} pixels of the mask are found.`,
      evidence: `IoU ${iou(before ?? now)} → ${iou(now)}. ${now.score?.wrong ?? 0} predicted pixels are false.`,
    }),
  },
  {
    skips: (depth) => [0, ...allOn(depth - 1)],
    say: ({ now, before, depth }) => {
      const { lost, gained } = moved(now, before);
      const below = Array.from({ length: depth - 1 }, (_, i) => `decoder ${i + 1}`);
      const isSame =
        before && below.every((place) => changed(before.maps[place], now.maps[place]) === 0);
      const same = isSame && below.length ? ' Below the cut, the decoder stays the same.' : '';
      return {
        lead: 'Cut skip 0:',
        text: `${lost} predicted pixels are lost, ${gained} appear.`,
        evidence: `IoU ${iou(before ?? now)} → ${iou(now)}.${same} In training, skips were cut at random.`,
      };
    },
  },
  {
    skips: allOn,
    say: ({ now, sample }) => ({
      lead: 'Your turn.',
      text: sample.lines
        ? 'Paint a ring around a line outside: what should appear?'
        : 'Cut a skip, or paint: what changes, and what stays?',
      evidence:
        hintOfAnother(now.state) ??
        'Drag from the centre, or use the arrow keys and Space. 0 1 2 switch the skips.',
    }),
  },
];

/** The index of a caption that exists, whatever number a link has. @param {unknown} index */
export const readCaption = (index) =>
  Math.max(0, Math.min(TOUR.length - 1, Math.round(Number(index)) || 0));

/** Whether what is on screen is what a caption describes; the last caption fits everything. @param {number} index @param {State} state @param {import('./reading.js').Task[]} tasks */
export function isShown(index, { task, network, moment, sample, strokes, skips }, tasks) {
  if (index === TOUR.length - 1) return true;
  const [first] = tasks;
  const isItsImage = task === first && sample === first.samples[0] && !strokes.length;
  const isItsNetwork =
    network === first.networks[0] && moment.step === (network.moments.at(-1)?.step ?? null);
  const isCutSo = String(skips) === String(TOUR[index].skips(network.depth));
  return isItsImage && isItsNetwork && isCutSo;
}

/** What to do with an opened level. @param {boolean} inKernel   where a gradient takes the place of the square @returns {Caption} */
export const levelCaption = (inKernel) => ({
  lead: 'Your turn.',
  text: inKernel
    ? 'Move over the channel: which pixels of the input move its value?'
    : 'Move over the channel: the square on the input follows.',
  evidence: 'Arrow keys move the cell, comma and full stop change the channel, Escape goes back.',
});

/** What the strip says while the viewer tries something and the tour waits. @param {number} index   the caption it waits at @returns {Caption} */
export const pausedCaption = (index) => ({
  lead: 'Paused.',
  text: 'Try what you like: what changes, and what stays?',
  evidence: `Play goes on with caption ${index + 1}, its image and its switches.`,
});

/** What a network that is not quick takes, and how it would take less. @param {number} seconds   of its first run @param {boolean} leavesOut   which pixels matter @returns {Caption} */
export const slowCaption = (seconds, leavesOut) => ({
  lead: `One run took ${seconds} s.`,
  text: 'Each switch and each stroke takes as long.',
  evidence: `${leavesOut ? 'Which pixels move a value is left out. ' : ''}A smaller image takes less: SeeInside(model, image[..., ::2, ::2]).`,
});

/** Where all skips are cut: a network that never had any is something else. @param {State} state */
function hintOfAnother({ task, network, skips }) {
  const never = task.networks.find(({ hasSkips }) => !hasSkips);
  if (!never || !network.hasSkips || skips.some((skip) => skip !== 0)) return null;
  return `Cutting is not “${never.name}”: that network, in the list above, learned to do without. Compare.`;
}

/** @param {number} depth @returns {Skip[]} */
function allOn(depth) {
  return Array.from({ length: depth }, () => 1);
}

/** @param {number} depth @returns {Skip[]} */
function allCut(depth) {
  return Array.from({ length: depth }, () => 0);
}

/** @param {Result} now @param {Result | null} before */
const moved = (now, before) => difference((before ?? now).prediction, now.prediction);

/** How many pixels a cell in the middle sees along one axis. @param {any[]} layers @param {string} place */
export function fieldSize(layers, place) {
  const [from, to] = fieldOf(layers, place, 64);
  return to - from + 1;
}

/** How many pixels are marked, how many of them lie in a ring, and how many are right. @param {Outcome} now @param {Sample} sample */
export function whereMarked({ prediction, mask, width }, { rings }) {
  let [marked, near, exact] = [0, 0, 0];
  prediction.forEach((each, i) => {
    if (!each) return;
    marked += 1;
    const [row, column] = [Math.floor(i / width), i % width];
    if (rings.some(([y, x, radius]) => Math.hypot(row - y, column - x) < radius)) near += 1;
    if (mask?.[i]) exact += 1;
  });
  return { marked, near, exact };
}

/** By how much the score rose. @param {Result} now @param {Result | null} before */
const rise = (now, before) => (now.score?.iou ?? 0) - (before?.score?.iou ?? 0);
/** @param {Outcome} now */
const iou = ({ score }) => (score ? score.iou.toFixed(2) : '–');
/** @param {Outcome} now */
const most = ({ probabilities }) => probabilities.reduce((top, each) => Math.max(top, each), 0);
/** @param {number} share */
const percent = (share) => `${Math.round(100 * share)} %`;
