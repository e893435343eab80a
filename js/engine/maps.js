/**
 * Maps in the machine's memory, and the operations on them that are not sums.
 *
 * A map of H×W cells lies in rows of W + 1 numbers: the one between two rows is zero, the padding of both. A row of zeros is above and
 * below. So a neighbour is always the same number of places away, and a layer is one pass over the whole map.
 */

/** @typedef {import('./machine.js').Machine} Machine */

/**
 * @typedef {object} Maps
 * @property {number} start      byte where the first map begins
 * @property {number} first      byte of its first cell
 * @property {number} step       bytes from one map to the next
 * @property {number} channels
 * @property {number} height
 * @property {number} width
 * @property {number} pitch      numbers from one row to the next
 */

/** Room for maps, all zero; always a multiple of four, because sums come in fours. @param {Machine} machine @param {number} channels @param {number} height @param {number} width @returns {Maps} */
export function reserveMaps(machine, channels, height, width) {
  const pitch = width + 1;
  const step = 4 * Math.ceil(((height + 2) * pitch + 16) / 4) * 4;
  // The first row of zeros is read one cell early.
  const start = machine.reserve(step * Math.ceil(channels / 4) * 4 + 32) + 16;
  return { start, first: start + 4 * (pitch + 1), step, channels, height, width, pitch };
}

/** Some of the channels, as maps of their own. @param {Maps} maps @param {number} from @param {number} count @returns {Maps} */
export const channelsOf = (maps, from, count) => ({
  ...maps,
  start: maps.start + from * maps.step,
  first: maps.first + from * maps.step,
  channels: count,
});

/** Set what the sums wrote between and below the rows to zero again. @param {Machine} machine @param {Maps} maps @param {number} cells */
export function clean({ floats }, { first, step, channels, height, width, pitch }, cells) {
  const all = Math.ceil(channels / 4) * 4;
  for (let channel = 0; channel < all; channel += 1) {
    const at = (first + channel * step) >> 2;
    for (let row = 0; row < height; row += 1) floats[at + row * pitch + width] = 0;
    floats.fill(0, at + height * pitch, at + cells);
  }
}

/** Write maps (channels, height, width) that lie close together. @param {Machine} machine @param {Maps} maps @param {Float32Array} values */
export function write({ floats }, { first, step, channels, height, width, pitch }, values) {
  for (let channel = 0; channel < channels; channel += 1)
    for (let row = 0; row < height; row += 1) {
      const from = (channel * height + row) * width;
      floats.set(
        values.subarray(from, from + width),
        ((first + channel * step) >> 2) + row * pitch,
      );
    }
}

/** Maps without their padding, (channels, height, width). @param {Machine} machine @param {Maps} maps @param {Float32Array} [values]   where to write them */
export function read(
  { floats },
  { first, step, channels, height, width, pitch },
  values = new Float32Array(channels * height * width),
) {
  for (let channel = 0; channel < channels; channel += 1)
    for (let row = 0; row < height; row += 1) {
      const at = ((first + channel * step) >> 2) + row * pitch;
      values.set(floats.subarray(at, at + width), (channel * height + row) * width);
    }
  return values;
}

/** @param {Machine} machine @param {Maps} from @param {Maps} to */
export function maxPool({ floats }, from, to) {
  for (let channel = 0; channel < to.channels; channel += 1)
    for (let row = 0; row < to.height; row += 1) {
      let a = ((from.first + channel * from.step) >> 2) + 2 * row * from.pitch;
      let at = ((to.first + channel * to.step) >> 2) + row * to.pitch;
      for (const end = at + to.width; at < end; at += 1, a += 2) {
        const b = a + from.pitch;
        const [top, low] = [Math.max(floats[a], floats[a + 1]), Math.max(floats[b], floats[b + 1])];
        floats[at] = Math.max(top, low);
      }
    }
}

/** Every second row and column, as four sets of maps: even and odd rows, of each the even and odd columns. @param {Machine} machine @param {Maps} from @param {Maps[]} phases */
export function split({ floats }, from, phases) {
  for (let channel = 0; channel < from.channels; channel += 1)
    for (let row = 0; row < from.height; row += 1) {
      const a = ((from.first + channel * from.step) >> 2) + row * from.pitch;
      for (let column = 0; column < from.width; column += 1) {
        const to = phases[2 * (row & 1) + (column & 1)];
        floats[((to.first + channel * to.step) >> 2) + (row >> 1) * to.pitch + (column >> 1)] =
          floats[a + column];
      }
    }
}

/** The opposite of `split`: rows and columns beyond `to` are cut off, missing ones stay zero. @param {Machine} machine @param {Maps[]} phases @param {Maps} to */
export function weave({ floats }, phases, to) {
  const [height, width] = [
    Math.min(to.height, 2 * phases[0].height),
    Math.min(to.width, 2 * phases[0].width),
  ];
  for (let channel = 0; channel < to.channels; channel += 1)
    for (let row = 0; row < height; row += 1) {
      const at = ((to.first + channel * to.step) >> 2) + row * to.pitch;
      for (let odd = 0; odd < 2; odd += 1) {
        const from = phases[2 * (row & 1) + odd];
        let a = ((from.first + channel * from.step) >> 2) + (row >> 1) * from.pitch;
        for (let column = odd; column < width; column += 2, a += 1) floats[at + column] = floats[a];
      }
    }
}

/** Twice as high and wide, cut to the size of `to`. @param {Machine} machine @param {Maps} from @param {Maps} to @param {boolean} isSmooth   bilinear; otherwise nearest */
export function enlarge({ floats }, from, to, isSmooth) {
  const [height, width] = [
    Math.min(to.height, 2 * from.height),
    Math.min(to.width, 2 * from.width),
  ];
  const places = (/** @type {number} */ count, /** @type {number} */ most) =>
    Array.from({ length: count }, (_, i) => {
      if (!isSmooth) return [i >> 1, i >> 1, 0];
      const at = Math.max(0, (i + 0.5) / 2 - 0.5);
      const low = Math.floor(at);
      return [low, Math.min(low + 1, most - 1), at - low];
    });
  const [rows, columns] = [places(height, from.height), places(width, from.width)];
  for (let channel = 0; channel < to.channels; channel += 1) {
    const base = (from.first + channel * from.step) >> 2;
    for (let row = 0; row < height; row += 1) {
      const at = ((to.first + channel * to.step) >> 2) + row * to.pitch;
      const [top, low, part] = rows[row];
      const [a, b] = [base + top * from.pitch, base + low * from.pitch];
      for (let column = 0; column < width; column += 1) {
        const [left, right, share] = columns[column];
        const above = floats[a + left] * (1 - share) + floats[a + right] * share;
        const below = floats[b + left] * (1 - share) + floats[b + right] * share;
        floats[at + column] = above * (1 - part) + below * part;
      }
    }
  }
}

/** `to` is `from` times a factor; or is added to, where `isAdded`. @param {Machine} machine @param {Maps} from @param {Maps} to @param {number} factor @param {boolean} isAdded */
export function scale({ floats }, from, to, factor, isAdded) {
  const count = to.height * to.pitch;
  for (let channel = 0; channel < from.channels; channel += 1) {
    const a = (from.first + channel * from.step) >> 2;
    const at = (to.first + channel * to.step) >> 2;
    if (isAdded) for (let i = 0; i < count; i += 1) floats[at + i] += factor * floats[a + i];
    else if (factor === 0) floats.fill(0, at, at + count);
    else if (factor === 1) floats.copyWithin(at, a, a + count);
    else for (let i = 0; i < count; i += 1) floats[at + i] = factor * floats[a + i];
  }
}

/** The mean of the cells at most `reach` away that lie in the map, in place. @param {Float32Array} values (channels, height, width) @param {number} height @param {number} width @param {number} reach */
export function blur(values, height, width, reach) {
  const line = new Float32Array(Math.max(height, width));
  /** @param {number} at @param {number} count @param {number} step */
  const along = (at, count, step) => {
    for (let i = 0; i < count; i += 1) {
      const [from, to] = [Math.max(0, i - reach), Math.min(count - 1, i + reach)];
      let sum = 0;
      for (let j = from; j <= to; j += 1) sum += values[at + j * step];
      line[i] = sum / (to - from + 1);
    }
    for (let i = 0; i < count; i += 1) values[at + i * step] = line[i];
  };
  for (let start = 0; start < values.length; start += height * width) {
    for (let row = 0; row < height; row += 1) along(start + row * width, width, 1);
    for (let column = 0; column < width; column += 1) along(start + column, height, width);
  }
}
