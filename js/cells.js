/** Cells in a network's probabilities, and how they agree with a target. Pure: no page, no model. */

/**
 * @typedef {object} Cells
 * @property {Int32Array} labels   the number of each pixel's cell, 0 for background
 * @property {number} count
 */

/**
 * The components of what is left where background is less likely than one half, and border at most
 * as likely as the threshold. The same rule is in unet_teach/segmentation/instances.py.
 *
 * @param {Uint8Array} background   probabilities, 255 for 1
 * @param {Uint8Array} border
 * @param {number} width            pixels of a row
 * @param {number} percent          the threshold, a whole number
 * @param {number} smallest         components with fewer pixels are left out
 * @returns {Cells}
 */
export function findCells(background, border, width, percent, smallest) {
  const labels = new Int32Array(border.length);
  const isLeft = (/** @type {number} */ pixel) =>
    background[pixel] < 127.5 && border[pixel] * 100 <= percent * 255;
  const queue = new Int32Array(border.length);
  let count = 0;
  for (let start = 0; start < labels.length; start += 1) {
    if (labels[start] || !isLeft(start)) continue;
    let [first, last] = [0, 1];
    queue[0] = start;
    labels[start] = count + 1;
    while (first < last) {
      const pixel = queue[first++];
      const column = pixel % width;
      const visit = (/** @type {number} */ near) => {
        if (labels[near] || !isLeft(near)) return;
        labels[near] = count + 1;
        queue[last++] = near;
      };
      if (column > 0) visit(pixel - 1);
      if (column < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel + width < labels.length) visit(pixel + width);
    }
    if (last >= smallest) count += 1;
    else for (let i = 0; i < last; i += 1) labels[queue[i]] = -1; // seen, and left out
  }
  return { labels: labels.map((label) => Math.max(0, label)), count };
}

/**
 * @typedef {object} Agreement
 * @property {number} matched    pairs with an IoU above one half
 * @property {number} spurious   found cells without a partner
 * @property {number} missed     target cells without a partner
 * @property {Map<number, number>} merged   found cells that hold most of several target cells: of how many
 * @property {number} split      target cells that hold most of several found cells
 * @property {number} f1
 */

/** How found cells agree with a target. @param {ArrayLike<number>} found @param {ArrayLike<number>} target @returns {Agreement} */
export function agreement(found, target) {
  const [inFound, inTarget] = [countPixels(found), countPixels(target)];
  /** @type {Map<number, Map<number, number>>} */
  const common = new Map();
  for (let pixel = 0; pixel < found.length; pixel += 1) {
    const [a, b] = [found[pixel], target[pixel]];
    if (!a || !b) continue;
    const row = common.get(a) ?? new Map();
    common.set(a, row.set(b, (row.get(b) ?? 0) + 1));
  }
  let matched = 0;
  /** @type {Map<number, number>} */
  const held = new Map();
  /** @type {Map<number, number>} */
  const parts = new Map();
  for (const [a, row] of common)
    for (const [b, both] of row) {
      const [ofA, ofB] = [inFound.get(a) ?? 0, inTarget.get(b) ?? 0];
      if (2 * both > ofA + ofB - both) matched += 1;
      if (2 * both > ofB) held.set(a, (held.get(a) ?? 0) + 1);
      if (2 * both > ofA) parts.set(b, (parts.get(b) ?? 0) + 1);
    }
  const [spurious, missed] = [inFound.size - matched, inTarget.size - matched];
  const total = 2 * matched + spurious + missed;
  return {
    matched,
    spurious,
    missed,
    merged: new Map([...held].filter(([, cells]) => cells > 1)),
    split: [...parts.values()].filter((cells) => cells > 1).length,
    f1: total ? (2 * matched) / total : 1,
  };
}

/** @param {ArrayLike<number>} labels */
function countPixels(labels) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let pixel = 0; pixel < labels.length; pixel += 1)
    if (labels[pixel]) counts.set(labels[pixel], (counts.get(labels[pixel]) ?? 0) + 1);
  return counts;
}

/** The middle of each cell of some numbers: row and column. @param {Int32Array} labels @param {number} width @param {Iterable<number>} numbers */
export function middles(labels, width, numbers) {
  const sums = new Map([...numbers].map((number) => [number, [0, 0, 0]]));
  labels.forEach((label, pixel) => {
    const sum = sums.get(label);
    if (!sum) return;
    sum[0] += 1;
    sum[1] += Math.floor(pixel / width);
    sum[2] += pixel % width;
  });
  return new Map(
    [...sums].map(([number, [pixels, rows, columns]]) => [
      number,
      [rows / pixels + 0.5, columns / pixels + 0.5],
    ]),
  );
}
