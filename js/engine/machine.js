/** Memory, and the one operation in which a network spends its time: in WebAssembly where the page allows it, otherwise in JavaScript. */

import { FUSED_WASM, SUMS_WASM } from './sums_wasm.js';

const PAGE = 65536; // bytes of a page of WebAssembly's memory

/** The fastest first: WebAssembly with relaxed SIMD, with SIMD, and without either. @typedef {'fused' | 'wasm' | 'plain'} Kind */
/**
 * @typedef {object} Machine
 * @property {Kind} kind
 * @property {Float32Array} floats   all of the memory; anew after `reserve`
 * @property {Int32Array} ints
 * @property {(bytes: number) => number} reserve   more memory, zeroed; where it begins, in bytes
 * @property {Sums} sums
 */

/**
 * Output maps, four at a time: each cell is `bias + Σ weight · cell of the term`, at least `least`. All places are in bytes.
 * @typedef {(out: number, step: number, groups: number, cells: number, terms: number, starts: number, weights: number, biases: number, least: number) => void} Sums
 */

/** @param {Kind} [kind]   what to use; by default the fastest that this page allows @returns {Machine} */
export function makeMachine(kind) {
  if (kind === 'plain') return plainMachine();
  if (kind) return wasmMachine(kind);
  for (const each of /** @type {const} */ (['fused', 'wasm'])) {
    try {
      return wasmMachine(each);
    } catch {
      // No such instructions, or a page whose security policy forbids WebAssembly.
    }
  }
  return plainMachine();
}

/** @param {'fused' | 'wasm'} kind @returns {Machine} */
function wasmMachine(kind) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const text = kind === 'fused' ? FUSED_WASM : SUMS_WASM;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    engine: { memory },
  });
  let used = 0;
  const machine = {
    kind,
    floats: new Float32Array(memory.buffer),
    ints: new Int32Array(memory.buffer),
    sums: /** @type {Sums} */ (/** @type {unknown} */ (exports.sums)),
    /** @param {number} more */
    reserve(more) {
      const start = used;
      used += aligned(more);
      const missing = used - memory.buffer.byteLength;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / PAGE));
        machine.floats = new Float32Array(memory.buffer);
        machine.ints = new Int32Array(memory.buffer);
      }
      return start;
    },
  };
  return machine;
}

/** @returns {Machine} */
function plainMachine() {
  let buffer = new ArrayBuffer(PAGE);
  let used = 0;
  /** @type {Machine} */
  const machine = {
    kind: 'plain',
    floats: new Float32Array(buffer),
    ints: new Int32Array(buffer),
    reserve(more) {
      const start = used;
      used += aligned(more);
      if (used > buffer.byteLength) {
        const grown = new ArrayBuffer(Math.max(used, 2 * buffer.byteLength));
        new Uint8Array(grown).set(new Uint8Array(buffer));
        buffer = grown;
        machine.floats = new Float32Array(buffer);
        machine.ints = new Int32Array(buffer);
      }
      return start;
    },
    sums(out, step, groups, cells, terms, starts, weights, biases, least) {
      const { floats, ints } = machine;
      for (let map = 0; map < 4 * groups; map += 1) {
        const [group, lane] = [map >> 2, map & 3];
        const to = (out + map * step) >> 2;
        const sum = floats.subarray(to, to + cells);
        sum.fill(floats[(biases >> 2) + map]);
        const first = (weights >> 2) + group * terms * 4 + lane;
        // Three terms in one pass: a cell of the sum is then loaded and stored a third as often.
        for (let j = 0; j < terms; j += 3) {
          const [a, b, c] = [0, 1, 2].map((k) => (j + k < terms ? floats[first + 4 * (j + k)] : 0));
          if (a === 0 && b === 0 && c === 0) continue;
          const at = (starts >> 2) + j;
          const p = ints[at] >> 2;
          const q = j + 1 < terms ? ints[at + 1] >> 2 : p;
          const r = j + 2 < terms ? ints[at + 2] >> 2 : p;
          for (let i = 0; i < cells; i += 1)
            sum[i] += a * floats[p + i] + b * floats[q + i] + c * floats[r + i];
        }
        if (least === 0) for (let i = 0; i < cells; i += 1) if (sum[i] < 0) sum[i] = 0;
      }
    },
  };
  return machine;
}

/** @param {number} bytes */
const aligned = (bytes) => Math.ceil(bytes / 16) * 16;
