/** Read a network as FORMAT.md describes it. What cannot be read is refused with a sentence. */

/**
 * @typedef {object} Layer
 * @property {'encoder' | 'down' | 'up' | 'join' | 'decoder' | 'head'} part
 * @property {number} level
 * @property {string} kind
 * @property {number} in
 * @property {number} out
 * @property {number} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {boolean} relu
 * @property {Float32Array} biases
 * @property {Float32Array} weights   in PyTorch's order
 */

/**
 * @typedef {object} Network
 * @property {string} call
 * @property {number} inChannels
 * @property {number} outChannels
 * @property {number} depth
 * @property {'cat' | 'add' | 'none'} skip
 * @property {number} smallestSide   pixels that a side of the image needs
 * @property {(part: Layer['part'], level: number) => Layer[]} at   its layers at one place, in order
 */

/** @param {any} sent @returns {Network} */
export function readNetwork(sent) {
  if (sent?.format !== 1 || !Array.isArray(sent.layers) || typeof sent.data !== 'string')
    throw new Error('This is no network of format 1. Write it anew with pack(model).');
  const bytes = Uint8Array.from(atob(sent.data), (letter) => letter.charCodeAt(0));
  /** @type {Layer[]} */
  const layers = sent.layers.map((/** @type {any} */ layer) => ({ ...layer }));
  const weighted = layers.filter(({ kind }) => kind === 'conv' || kind === 'conv_transpose');
  const count = (/** @type {Layer} */ layer) => layer.in * layer.out * layer.kernel ** 2;
  const hasScales = sent.bits === 8;
  const channels = weighted.reduce((sum, { out }) => sum + out, 0);
  const floats = channels * (hasScales ? 2 : 1);
  const weights = weighted.reduce((sum, layer) => sum + count(layer), 0);
  const expected = 4 * floats + (hasScales ? 1 : 4) * weights;
  if (bytes.length !== expected)
    throw new Error(
      `The network has ${bytes.length} bytes of weights, its layers need ${expected}.`,
    );

  const allScales = hasScales ? new Float32Array(bytes.buffer, 0, channels) : null;
  const allBiases = new Float32Array(bytes.buffer, hasScales ? 4 * channels : 0, channels);
  let [at, from] = [0, 0];
  const packed = hasScales
    ? new Int8Array(bytes.buffer, 4 * floats)
    : new Float32Array(bytes.buffer, 4 * floats);
  for (const layer of weighted) {
    const scales = allScales?.subarray(at, at + layer.out);
    layer.biases = allBiases.subarray(at, at + layer.out);
    at += layer.out;
    const taps = layer.kernel ** 2;
    const values = packed.subarray(from, from + count(layer));
    from += count(layer);
    layer.weights = Float32Array.from(values, (value, i) => {
      const unit = Math.floor(i / taps);
      const channel = layer.kind === 'conv' ? Math.floor(unit / layer.in) : unit % layer.out;
      return scales ? value * scales[channel] : value;
    });
  }
  const isPooled = layers.some(({ kind }) => kind === 'max_pool');
  return {
    call: String(sent.call),
    inChannels: sent.in_channels,
    outChannels: sent.out_channels,
    depth: sent.depth,
    skip: sent.skip,
    smallestSide: isPooled ? 2 ** sent.depth : 1,
    at: (part, level) => layers.filter((layer) => layer.part === part && layer.level === level),
  };
}
