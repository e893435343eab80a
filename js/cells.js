/** Cells in a network's probabilities, and how they agree with a target. Pure: no page, no model. */

const MOST_CELLS = 2 ** 16; // a target's numbers take two bytes

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
  // -1: part of a cell, not seen yet; 0: background, or seen and left out
  const labels = new Int32Array(border.length);
  for (let pixel = 0; pixel < labels.length; pixel += 1)
    if (background[pixel] < 127.5 && border[pixel] * 100 <= percent * 255) labels[pixel] = -1;
  const queue = new Int32Array(border.length);
  let [count, first, last] = [0, 0, 0];
  const visit = (/** @type {number} */ pixel) => {
    if (labels[pixel] !== -1) return;
    labels[pixel] = count + 1;
    queue[last++] = pixel;
  };
  for (let start = 0; start < labels.length; start += 1) {
    if (labels[start] !== -1) continue;
    [first, last] = [0, 0];
    visit(start);
    while (first < last) {
      const pixel = queue[first++];
      const column = pixel % width;
      if (column > 0) visit(pixel - 1);
      if (column < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel + width < labels.length) visit(pixel + width);
    }
    if (last >= smallest) count += 1;
    else for (let i = 0; i < last; i += 1) labels[queue[i]] = 0;
  }
  return { labels, count };
}

/**
 * @typedef {object} Agreement
 * @property {number} matched    pairs with an IoU above one half
 * @property {number} spurious   found cells without a partner
 * @property {number} missed     target cells without a partner
 * @property {Map<number, number>} merged   found cells that hold most of several target cells: of how many
 * @property {Map<number, number>} split    target cells that hold most of several found cells: of how many
 * @property {{found: Set<number>, target: Set<number>}} alone   cells of either side without a partner
 * @property {number} f1
 */

/** How found cells agree with a target. @param {ArrayLike<number>} found @param {ArrayLike<number>} target @returns {Agreement} */
export function agreement(found, target) {
  const inFound = tally(found.length, (pixel) => found[pixel]);
  const inTarget = tally(target.length, (pixel) => target[pixel]);
  const common = tally(Math.min(found.length, target.length), (pixel) =>
    found[pixel] && target[pixel] ? found[pixel] * MOST_CELLS + target[pixel] : 0,
  );
  const alone = { found: new Set(inFound.keys()), target: new Set(inTarget.keys()) };
  let matched = 0;
  /** @type {Map<number, number>} */
  const held = new Map();
  /** @type {Map<number, number>} */
  const parts = new Map();
  for (const [pair, both] of common) {
    const [a, b] = [Math.floor(pair / MOST_CELLS), pair % MOST_CELLS];
    const [ofA, ofB] = [inFound.get(a) ?? 0, inTarget.get(b) ?? 0];
    if (2 * both > ofA + ofB - both) {
      matched += 1;
      alone.found.delete(a);
      alone.target.delete(b);
    }
    if (2 * both > ofB) held.set(a, (held.get(a) ?? 0) + 1);
    if (2 * both > ofA) parts.set(b, (parts.get(b) ?? 0) + 1);
  }
  const [spurious, missed] = [alone.found.size, alone.target.size];
  const several = (/** @type {Map<number, number>} */ cells) =>
    new Map([...cells].filter(([, count]) => count > 1));
  const total = 2 * matched + spurious + missed;
  return {
    matched,
    spurious,
    missed,
    merged: several(held),
    split: several(parts),
    alone,
    f1: total ? (2 * matched) / total : 1,
  };
}

/** How often each number but 0 occurs. Neighbours are mostly equal, so they are counted together.
 * @param {number} length @param {(pixel: number) => number} at */
function tally(length, at) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  let [current, run] = [0, 0];
  for (let pixel = 0; pixel <= length; pixel += 1) {
    const value = pixel < length ? at(pixel) : 0;
    if (value !== current) {
      if (current) counts.set(current, (counts.get(current) ?? 0) + run);
      [current, run] = [value, 0];
    }
    run += 1;
  }
  return counts;
}

/**
 * The outlines of cells along the sides of pixels, as the path of an SVG whose units are pixels.
 * @param {ArrayLike<number>} labels @param {number} width @param {{has: (label: number) => boolean}} asked
 */
export function outlines(labels, width, asked) {
  const height = labels.length / width;
  // Clockwise around a pixel: its upper, right, lower and left side, and which way each leads.
  const [across, down] = [
    [1, 0, -1, 0],
    [0, 1, 0, -1],
  ];
  const walked = new Uint8Array(labels.length); // a bit for each side
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height ? labels[y * width + x] : 0;
  let path = '';
  for (let start = 0; start < labels.length; start += 1) {
    const label = labels[start];
    if (!label || walked[start] & 1 || labels[start - width] === label || !asked.has(label))
      continue;
    let [x, y, side] = [start % width, Math.floor(start / width), 0];
    path += `M${x} ${y}`;
    while (!(walked[y * width + x] & (1 << side))) {
      walked[y * width + x] |= 1 << side;
      const left = (side + 3) % 4;
      const [nextX, nextY] = [x + across[side], y + down[side]];
      if (at(nextX + across[left], nextY + down[left]) === label) {
        [x, y, side] = [nextX + across[left], nextY + down[left], left];
      } else if (at(nextX, nextY) === label) {
        [x, y] = [nextX, nextY];
        continue;
      } else side = (side + 1) % 4;
      // Where the line turns: the first corner of the side that follows.
      path +=
        left % 2 ? `H${x + (side === 1 || side === 2 ? 1 : 0)}` : `V${y + (side > 1 ? 1 : 0)}`;
    }
    path += 'Z';
  }
  return path;
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
