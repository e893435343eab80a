/** The headline: what was done last, and what it changed; and what the screen is compared with. Pure: no page. */

import { inWords } from './skip_switch.js';

/** @typedef {import('./session.js').State} State */
/** @typedef {import('./tour.js').Result} Result */

/** @param {Result | null} result */
const iou = (result) => (result?.score ? result.score.iou.toFixed(2) : null);

/** @param {Result} now @param {Result | null} before @returns {{title: string, note: string}} */
export function headline(now, before) {
  const { state } = now;
  const { network, strokes } = state;
  const note = network.note || network.says || state.task.name;
  const [was, is] = [iou(before), iou(now)];
  if (!now.mask) {
    if (network.inKernel && !state.task.samples[0].mask) return unscored(now, before);
    const why = strokes.length
      ? 'Painted: the ground truth is unknown'
      : 'Your image: no ground truth';
    return { title: why, note: 'so there is no score' };
  }
  const isChanged = was !== null && before?.seen !== now.seen;
  const { mask } = now;
  const isSameTruth = before?.mask?.every((each, i) => each === mask[i]) ?? false;
  // Scores against two ground truths are two different questions.
  const moved = isChanged && isSameTruth ? `IoU ${was} → ${is}` : `IoU ${is}`;
  if (before && before.state.network.key !== network.key)
    return {
      title: `${capital(network.name)}: IoU ${is}`,
      note: [network.says, `${before.state.network.name} had ${was ?? 'no score'}`]
        .filter(Boolean)
        .join('; '),
    };
  if (before && before.state.moment.key !== state.moment.key)
    return {
      title: `Step ${state.moment.step}: IoU ${is}`,
      note: `${isBest(state) ? `the best of ${network.steps} on validation images; ` : ''}step ${before.state.moment.step} had ${was ?? 'no score'}`,
    };
  const more = before ? strokes.length - before.state.strokes.length : 0;
  if (more) {
    const kind = capital(String(strokes.at(-1)?.[0]));
    const what = more < 0 ? 'Stroke taken back' : `${kind} painted`;
    if (isSameTruth) return { title: `${what}: ${moved}`, note: 'the ground truth is the same' };
    if (more < 0) return { title: `${what}: ${moved}`, note: 'the ground truth is the older one' };
    const { added, found } = addedPixels(now, before);
    const says = added ? `${found} of ${added} new pixels predicted` : 'no new pixels to predict';
    const old = was === null ? '' : `; it was ${was} on the old one`;
    return { title: `${kind}: ${says}`, note: `IoU ${is} on the new ground truth${old}` };
  }
  return { title: `${changedSkip(now, before) ?? skipWords(state)}: ${moved}`, note };
}

/** What the levels and the prediction are compared with; "" where there is nothing. @param {Result} now @param {Result | null} before */
export function comparedWith(now, before) {
  if (!before || before.seen === now.seen || !areComparable(before, now)) return '';
  const [was, is] = [before.state, now.state];
  if (was.moment.key !== is.moment.key) return `training step ${was.moment.step}`;
  const kind = is.strokes.at(-1)?.[0];
  if (is.strokes.length > was.strokes.length)
    return kind === 'erase' ? 'the image before erasing' : `the image without the ${kind}`;
  if (is.strokes.length < was.strokes.length) return 'the image with the stroke';
  const words = skipWords(was);
  return words[0].toLowerCase() + words.slice(1);
}

/** Whether two results are of one network, perhaps at two steps of its training. @param {Result} before @param {Result} now */
export const areComparable = (before, now) => before.state.network.key === now.state.network.key;

/** Whether a step before the last is shown as the end of the training. @param {State} state */
export const isBest = ({ network: { moments, steps }, moment }) =>
  moment.step !== steps && moment.key === moments.at(-1)?.key;

/** Without a ground truth: how many pixels are predicted. @param {Result} now @param {Result | null} before */
function unscored(now, before) {
  const [is, was] = [now, before].map((result) =>
    result?.prediction.reduce((sum, each) => sum + each, 0),
  );
  const moved = was === undefined || before?.seen === now.seen ? `${is}` : `${was} → ${is}`;
  const what = changedSkip(now, before) ?? skipWords(now.state);
  return { title: `${what}: ${moved} pixels of 0.5 or more`, note: now.state.network.note };
}

/** Which switch was moved last, in words. @param {Result} now @param {Result | null} before */
function changedSkip(now, before) {
  if (!before || before.state.skips.length !== now.state.skips.length) return null;
  const moved = now.state.skips.flatMap((skip, level) =>
    skip === before.state.skips[level] ? [] : [level],
  );
  if (moved.length !== 1) return null;
  const skip = now.state.skips[moved[0]];
  /** @type {Record<string, string>} */
  const words = {
    cut: 'cut',
    on: 'on again',
    blurred: 'blurred',
    'other image': 'of another image',
  };
  const said = inWords(skip);
  return `Skip ${now.state.network.rows[moved[0]].name} ${words[said] ?? `at ${said}`}`;
}

/** How all switches are, in words. @param {State} state */
export function skipWords({ skips, network }) {
  if (!network.hasSkips) return network.inKernel ? 'No skips' : capital(network.name);
  if (skips.every((skip) => skip === 1)) return 'All skips on';
  if (skips.every((skip, level) => skip === 0 || !network.rows[level].skip)) return 'All skips cut';
  const moved = skips.flatMap((skip, level) => (skip === 1 ? [] : [level]));
  const how = new Set(moved.map((level) => inWords(skips[level])));
  if (how.size > 1) return `${moved.length} skips changed`;
  const names = moved.map((level) => network.rows[level].name);
  const all = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0];
  return `Skip${names.length > 1 ? 's' : ''} ${all} ${[...how][0]}`;
}

/** How many pixels the ground truth has gained, and how many of them are predicted. @param {Result} now @param {Result | null} before */
function addedPixels({ mask, prediction }, before) {
  let [added, found] = [0, 0];
  mask?.forEach((each, i) => {
    if (!each || before?.mask?.[i]) return;
    added += 1;
    if (prediction[i]) found += 1;
  });
  return { added, found };
}

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);
