/** What is computed from the engine's maps: predictions, scores, changes, activity. Pure: no page. */

/** @typedef {import('../engine/server.js').Shown} Shown */

/** The probability of the foreground, (height, width). @param {Shown} logits */
export function probability({ channels, height, width, values }) {
  const pixels = height * width;
  const made = new Float32Array(pixels);
  for (let i = 0; i < pixels; i += 1) {
    let sum = 0; // of all classes but the first
    if (channels === 1) sum = Math.exp(values[i]);
    for (let c = 1; c < channels; c += 1) sum += Math.exp(values[c * pixels + i] - values[i]);
    made[i] = sum === Infinity ? 1 : sum / (1 + sum);
  }
  return made;
}

/** @param {Float32Array} probabilities */
export function predicted(probabilities) {
  // Uint8Array.from with a function takes a millisecond more.
  const made = new Uint8Array(probabilities.length);
  for (let i = 0; i < made.length; i += 1) made[i] = Number(probabilities[i] >= 0.5);
  return made;
}

/** How a prediction compares with the truth. @param {Uint8Array} prediction @param {Uint8Array} mask */
export function score(prediction, mask) {
  let [hit, missed, wrong] = [0, 0, 0];
  prediction.forEach((each, i) => {
    if (each && mask[i]) hit += 1;
    else if (mask[i]) missed += 1;
    else if (each) wrong += 1;
  });
  const union = hit + missed + wrong;
  return { hit, missed, wrong, total: hit + missed, iou: union ? hit / union : 1 };
}

/** Pixels that a prediction lost and gained. @param {Uint8Array} before @param {Uint8Array} after */
export function difference(before, after) {
  let [lost, gained] = [0, 0];
  after.forEach((each, i) => {
    if (each && !before[i]) gained += 1;
    if (!each && before[i]) lost += 1;
  });
  return { lost, gained };
}

/** Which share of the maps' values changed, 0 to 1: the sum of differences by the sum of the larger values. @param {Shown} before @param {Shown} after */
export function changed(before, after) {
  let [differs, all] = [0, 0];
  const [was, is] = [before.values, after.values];
  for (let i = 0; i < is.length; i += 1) {
    const [a, b] = [Math.abs(was[i]), Math.abs(is[i])];
    differs += Math.abs(was[i] - is[i]);
    all += a + b + Math.abs(a - b); // twice the larger one; Math.max takes four times as long
  }
  return all ? (2 * differs) / all : 0;
}

/** How much each channel varies over the image, in blocks of 2×2 cells: a checkerboard alone is no activity. @param {Shown} maps */
export function activities({ channels, height, width, values }) {
  const [rows, columns] = [Math.max(1, height >> 1), Math.max(1, width >> 1)];
  const reach = height > 1 && width > 1 ? 2 : 1;
  return Array.from({ length: channels }, (_, c) => {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; column += 1) {
        let block = 0;
        for (let y = 0; y < reach; y += 1)
          for (let x = 0; x < reach; x += 1)
            block += values[(c * height + reach * row + y) * width + reach * column + x];
        block /= reach * reach;
        sum += block;
        squares += block * block;
      }
    const mean = sum / (rows * columns);
    return Math.sqrt(Math.max(0, squares / (rows * columns) - mean * mean));
  });
}

/** Channels, most active first. @param {Shown} maps */
export function mostActive(maps) {
  const active = activities(maps);
  return active.map((_, c) => c).sort((a, b) => active[b] - active[a] || a - b);
}

/** @param {Shown} maps @param {number} channel */
export const channelOf = ({ height, width, values }, channel) =>
  values.subarray(channel * height * width, (channel + 1) * height * width);

/** Pixels in some of which 90 % of all changes are, and how many those are. @param {Float32Array} changes */
export function mostOf(changes) {
  const sorted = Array.from(changes)
    .filter((each) => each > 0)
    .sort((a, b) => b - a);
  const all = sorted.reduce((sum, each) => sum + each, 0);
  let [count, sum] = [0, 0];
  while (count < sorted.length && sum < 0.9 * all) {
    sum += sorted[count];
    count += 1;
  }
  return count;
}

/** The lowest and highest value; 0 at least. @param {Float32Array} values @returns {[number, number]} */
export function ends(values) {
  let [low, high] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return [low, high];
}
