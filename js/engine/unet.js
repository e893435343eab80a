/** Run a U-Net on images of one size, and keep the maps of every level. Pure: no page. */

import {
  blur,
  channelsOf,
  clean,
  enlarge,
  maxPool,
  read,
  reserveMaps,
  scale,
  split,
  weave,
  write,
} from './maps.js';

/** @typedef {import('./machine.js').Machine} Machine */
/** @typedef {import('./maps.js').Maps} Maps */
/** @typedef {import('./network.js').Layer} Layer */
/** @typedef {import('./network.js').Network} Network */

/** What a skip carries: its maps times 0 to 1, a blurred copy, or what it carries for another image. @typedef {number | 'blur' | 'other'} Skip */
/** A place with maps. @typedef {'image' | `encoder ${number}` | `decoder ${number}` | 'logits'} Place */

export const BLUR_REACH = 2; // cells
const NO_LIMIT = -Infinity;

/** Sums that are ready to run: where everything lies in the memory. @typedef {{out: Maps, groups: number, cells: number, terms: number, starts: number, weights: number, biases: number, least: number}} Pass */

export class UNetRunner {
  #machine;
  #network;
  /** @type {Map<string, Maps>} */
  #places = new Map();
  /** @type {(() => void)[]} */
  #encoder = [];
  /** @type {((skips: Skip[]) => void)[]} in the order in which they run; the last is the head */
  #decoder = [];
  /** @type {Map<number, Float32Array>} the skips of the other image, by level */
  #others = new Map();

  /** @param {Network} network @param {number} height @param {number} width @param {Machine} machine */
  constructor(network, height, width, machine) {
    if (Math.min(height, width) < network.smallestSide)
      throw new Error(
        `The image is ${height}×${width}, and with depth ${network.depth} each side needs ${network.smallestSide} pixels.`,
      );
    this.#network = network;
    this.#machine = machine;
    let maps = this.#keep('image', reserveMaps(machine, network.inChannels, height, width));
    const skips = [];
    for (let level = 0; level <= network.depth; level += 1) {
      if (level) {
        skips.push(maps);
        maps = this.#planDown(maps, level);
      }
      maps = this.#keep(
        `encoder ${level}`,
        this.#planConvs(this.#encoder, maps, network.at('encoder', level)),
      );
    }
    for (let level = network.depth - 1; level >= 0; level -= 1) {
      maps = this.#planUp(maps, skips[level], level);
      maps = this.#keep(
        `decoder ${level}`,
        this.#planConvs(this.#decoder, maps, network.at('decoder', level)),
      );
    }
    this.#keep('logits', this.#planConvs(this.#decoder, maps, network.at('head', 0)));
  }

  /** The places with maps, in the order in which they are computed. */
  get places() {
    return /** @type {Place[]} */ ([...this.#places.keys()]);
  }

  /**
   * @param {Float32Array} image   (channels, height, width)
   * @param {Skip[]} skips         by level, from 0
   * @param {Float32Array | null} [other]   the image whose skips 'other' takes; `null`: as before
   */
  run(image, skips, other = null) {
    if (other) this.#remember(other);
    write(this.#machine, this.#at('image'), image);
    for (const step of this.#encoder) step();
    for (const step of this.#decoder) step(skips);
  }

  /** Run the encoder alone: enough for a map of it. @param {Float32Array} image */
  encode(image) {
    write(this.#machine, this.#at('image'), image);
    for (const step of this.#encoder) step();
  }

  /** A copy of the maps at a place, (channels, height, width). @param {Place} place */
  read(place) {
    const { channels, height, width } = this.#at(place);
    return { channels, height, width, values: read(this.#machine, this.#at(place)) };
  }

  /** Copies of all maps, in one buffer. @param {ArrayBuffer} [spare]   is written to, if it is as large @returns {Record<string, import('./server.js').Shown>} */
  readAll(spare) {
    const sizes = [...this.#places].map(([, each]) => each.channels * each.height * each.width);
    const bytes = 4 * sizes.reduce((sum, each) => sum + each, 0);
    // Fresh memory costs more than the copy: the system has to find and clear it.
    const buffer = spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes);
    let at = 0;
    return Object.fromEntries(
      [...this.#places].map(([place, maps], i) => {
        const values = read(this.#machine, maps, new Float32Array(buffer, at, sizes[i]));
        at += 4 * sizes[i];
        const { channels, height, width } = maps;
        return [place, { channels, height, width, values }];
      }),
    );
  }

  /** One value. @param {Place} place @param {number} channel @param {number} row @param {number} column */
  value(place, channel, row, column) {
    const { first, step, pitch } = this.#at(place);
    return this.#machine.floats[((first + channel * step) >> 2) + row * pitch + column];
  }

  /** @param {string} place */
  #at(place) {
    const maps = this.#places.get(place);
    if (!maps) throw new Error(`The network has no ${place}.`);
    return maps;
  }

  /** @param {string} place @param {Maps} maps */
  #keep(place, maps) {
    this.#places.set(place, maps);
    return maps;
  }

  /** @param {Float32Array} other */
  #remember(other) {
    this.encode(other);
    for (let level = 0; level < this.#network.depth; level += 1)
      this.#others.set(level, read(this.#machine, this.#at(`encoder ${level}`)));
  }

  // ------------------------------------------------------------------------------------- planning
  /** @param {(() => void)[] | ((skips: Skip[]) => void)[]} steps @param {Maps} maps @param {Layer[]} layers */
  #planConvs(steps, maps, layers) {
    for (const layer of layers) {
      const out = reserveMaps(this.#machine, layer.out, maps.height, maps.width);
      const reach = (layer.kernel - 1) / 2;
      const terms = [];
      for (let from = 0; from < layer.in; from += 1)
        for (let tap = 0; tap < layer.kernel ** 2; tap += 1)
          terms.push({
            start: shifted(
              maps,
              from,
              Math.floor(tap / layer.kernel) - reach,
              (tap % layer.kernel) - reach,
            ),
            weight: (/** @type {number} */ to) =>
              layer.weights[(to * layer.in + from) * layer.kernel ** 2 + tap],
          });
      const pass = this.#pass(out, terms, layer);
      steps.push(() => this.#sum(pass));
      maps = out;
    }
    return maps;
  }

  /** @param {Maps} maps @param {number} level */
  #planDown(maps, level) {
    const [layer] = this.#network.at('down', level);
    const machine = this.#machine;
    if (layer.kind === 'max_pool') {
      const [height, width] = [maps.height >> 1, maps.width >> 1];
      const out = reserveMaps(machine, maps.channels, height, width);
      this.#encoder.push(() => maxPool(machine, maps, out));
      return out;
    }
    // Row 2r − 1 + k of the map, for k = 0, 1, 2, is row r − 1 of the odd rows, r of the even ones, r of the odd ones.
    const [height, width] = [(maps.height + 1) >> 1, (maps.width + 1) >> 1];
    const phases = [0, 1, 2, 3].map(() => reserveMaps(machine, maps.channels, height, width));
    const out = reserveMaps(machine, layer.out, height, width);
    const terms = [];
    for (let from = 0; from < layer.in; from += 1)
      for (let tap = 0; tap < 9; tap += 1) {
        const [row, column] = [Math.floor(tap / 3), tap % 3];
        const phase = phases[2 * Number(row !== 1) + Number(column !== 1)];
        terms.push({
          start: shifted(phase, from, row === 0 ? -1 : 0, column === 0 ? -1 : 0),
          weight: (/** @type {number} */ to) => layer.weights[(to * layer.in + from) * 9 + tap],
        });
      }
    const pass = this.#pass(out, terms, layer);
    this.#encoder.push(() => {
      split(machine, maps, phases);
      this.#sum(pass);
    });
    return out;
  }

  /** Bring the map from below up and join it with the skip. @param {Maps} below @param {Maps} skip @param {number} level */
  #planUp(below, skip, level) {
    const machine = this.#machine;
    const layers = this.#network.at('up', level);
    const [layer] = layers;
    const { skip: kind } = this.#network;
    const channels = layer.out + (kind === 'cat' ? skip.channels : 0);
    const joined = reserveMaps(machine, channels, skip.height, skip.width);
    const up = kind === 'cat' ? channelsOf(joined, skip.channels, layer.out) : joined;
    if (kind === 'add')
      // Rows that the map from below lacks would keep the last image's skip.
      this.#decoder.push(() => scale(machine, joined, joined, 0, false));
    if (layer.kind === 'conv') {
      const small = this.#planConvs(this.#decoder, below, [layer]);
      const isSmooth = layers[1].kind === 'bilinear';
      this.#decoder.push(() => enlarge(machine, small, up, isSmooth));
    } else this.#planTransposed(below, up, layer);
    if (kind !== 'none')
      this.#decoder.push((skips) => this.#carry(skip, joined, skips[level] ?? 1, level, kind));
    return joined;
  }

  /** A transposed convolution of stride 2 is four ordinary ones, for even and odd rows and columns. @param {Maps} below @param {Maps} up @param {Layer} layer */
  #planTransposed(below, up, layer) {
    const { kernel, padding } = layer;
    const phases = [0, 1, 2, 3].map(() =>
      reserveMaps(this.#machine, layer.out, below.height, below.width),
    );
    const passes = phases.map((out, phase) => {
      const terms = [];
      for (let from = 0; from < layer.in; from += 1)
        for (let tap = 0; tap < kernel ** 2; tap += 1) {
          const down = (phase >> 1) + padding - Math.floor(tap / kernel);
          const right = (phase & 1) + padding - (tap % kernel);
          if (down % 2 || right % 2) continue;
          terms.push({
            start: shifted(below, from, down / 2, right / 2),
            weight: (/** @type {number} */ to) =>
              layer.weights[(from * layer.out + to) * kernel ** 2 + tap],
          });
        }
      return this.#pass(out, terms, layer);
    });
    this.#decoder.push(() => {
      for (const pass of passes) this.#sum(pass);
      weave(this.#machine, phases, up);
    });
  }

  /**
   * @param {Maps} out
   * @param {{start: number, weight: (to: number) => number}[]} terms
   * @param {Layer} layer
   * @returns {Pass}
   */
  #pass(out, terms, layer) {
    const machine = this.#machine;
    const groups = Math.ceil(layer.out / 4);
    const starts = machine.reserve(4 * terms.length);
    const weights = machine.reserve(16 * groups * terms.length);
    const biases = machine.reserve(16 * groups);
    const { floats, ints } = machine;
    terms.forEach(({ start, weight }, j) => {
      ints[(starts >> 2) + j] = start;
      for (let to = 0; to < layer.out; to += 1)
        floats[(weights >> 2) + ((to >> 2) * terms.length + j) * 4 + (to & 3)] = weight(to);
    });
    floats.set(layer.biases, biases >> 2);
    const cells = Math.ceil((out.height * out.pitch) / 8) * 8;
    const least = layer.relu ? 0 : NO_LIMIT;
    return { out, groups, cells, terms: terms.length, starts, weights, biases, least };
  }

  // -------------------------------------------------------------------------------------- running
  /** @param {Pass} pass */
  #sum({ out, groups, cells, terms, starts, weights, biases, least }) {
    this.#machine.sums(out.first, out.step, groups, cells, terms, starts, weights, biases, least);
    clean(this.#machine, out, cells);
  }

  /** @param {Maps} skip @param {Maps} joined @param {Skip} how @param {number} level @param {'cat' | 'add'} kind */
  #carry(skip, joined, how, level, kind) {
    const isAdded = kind === 'add';
    if (typeof how === 'number') {
      if (!(isAdded && how === 0)) scale(this.#machine, skip, joined, how, isAdded);
      return;
    }
    const { height, width } = skip;
    const other = this.#others.get(level);
    const values = how === 'other' && other ? other.slice() : read(this.#machine, skip);
    if (how === 'blur') blur(values, height, width, BLUR_REACH);
    const carried = channelsOf(joined, 0, skip.channels);
    if (isAdded) {
      const below = read(this.#machine, carried);
      for (let i = 0; i < values.length; i += 1) values[i] += below[i];
    }
    write(this.#machine, carried, values);
  }
}

/** Byte of the cell that is so many rows and columns away from a map's first. @param {Maps} maps @param {number} channel @param {number} down @param {number} right */
const shifted = ({ first, step, pitch }, channel, down, right) =>
  first + channel * step + 4 * (down * pitch + right);
