/** Read what Python, a link or the page sent: tasks, samples, switches. What is wrong is left out. Pure: no page. */

/** @typedef {import('./painting.js').Sample} Sample */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {{name: string, encoder: boolean, decoder: boolean, skip: boolean}} Row   a level: its name, and what there is at it */
/** @typedef {{key: string, name: string, says: string, score: number | null, depth: number, hasSkips: boolean, rows: Row[], inKernel: boolean, seconds: number, note: string, steps: number, channels: number, outputs: number, network: unknown, moments: {step: number, score: number | null, key: string, network: unknown}[]}} NetworkEntry */
/** @typedef {{name: string, source: string, mean: number, scale: number, networks: NetworkEntry[], samples: Sample[]}} Task */

/** @param {unknown} sent @returns {Task[]} */
export function readTasks(sent) {
  if (!Array.isArray(sent)) return [];
  return sent.flatMap((task, t) => {
    if (!Array.isArray(task?.networks) || !Array.isArray(task.samples)) return [];
    const networks = task.networks.flatMap((/** @type {any} */ each, /** @type {number} */ n) =>
      readNetworkEntry(each, `${t} ${n}`),
    );
    const samples = task.samples.flatMap(readSample);
    if (!networks.length || !samples.length) return [];
    const [mean, scale] = [Number(task.mean ?? 0), Number(task.scale ?? 1)];
    return [
      {
        name: String(task.name),
        source: String(task.source ?? ''),
        mean,
        scale,
        networks,
        samples,
      },
    ];
  });
}

/** @param {any} sent @param {string} key @returns {NetworkEntry[]} */
function readNetworkEntry(sent, key) {
  const network = sent?.network;
  if (!Number.isInteger(network?.depth)) return [];
  const score = (/** @type {unknown} */ given) => (Number.isFinite(given) ? Number(given) : null);
  const moments = Array.isArray(sent.moments) ? sent.moments : [];
  return [
    {
      key,
      name: String(sent.name),
      says: String(sent.says ?? ''),
      score: score(sent.score),
      depth: network.depth,
      hasSkips: network.skip !== 'none',
      rows: Array.isArray(network.rows) ? network.rows : rowsOf(network),
      inKernel: network.runs === 'kernel',
      seconds: Number(network.seconds ?? 0), // of a run that is not quick
      note: String(network.note ?? ''),
      steps: Number(sent.steps ?? moments.at(-1)?.step ?? 0),
      channels: network.in_channels,
      outputs: network.out_channels,
      network,
      moments: moments.map((/** @type {any} */ each, /** @type {number} */ m) => ({
        step: Number(each.step),
        score: score(each.score ?? sent.score),
        key: each.network ? `${key} ${m}` : key,
        network: each.network ?? network,
      })),
    },
  ];
}

/** The levels of the course's U-Net. @param {{depth: number, skip: string}} network @returns {Row[]} */
const rowsOf = ({ depth, skip }) =>
  Array.from({ length: depth + 1 }, (_, level) => ({
    name: String(level),
    encoder: true,
    decoder: level < depth,
    skip: level < depth && skip !== 'none',
  }));

/** @param {any} sent @returns {Sample[]} */
export function readSample(sent) {
  const { height, width, channels } = sent ?? {};
  if (![height, width, channels].every(Number.isInteger)) return [];
  const bytes = fromBase64(sent.image);
  if (bytes.length !== height * width * channels) return [];
  const pixels = height * width;
  const image = new Float32Array(bytes.length);
  for (let i = 0; i < pixels; i += 1)
    for (let c = 0; c < channels; c += 1) image[c * pixels + i] = bytes[i * channels + c] / 255;
  const bits = typeof sent.mask === 'string' ? fromBase64(sent.mask) : null;
  const mask =
    bits && Uint8Array.from({ length: pixels }, (_, i) => (bits[i >> 3] >> (7 - (i & 7))) & 1);
  const lines = Array.isArray(sent.lines) ? sent.lines : null;
  return [
    {
      name: String(sent.name),
      height,
      width,
      channels,
      image,
      mask,
      lines,
      rings: sent.rings ?? [],
    },
  ];
}

/** @param {unknown} text */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(String(text)), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** @param {Uint8Array} bytes */
export const toBase64 = (bytes) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** What each level's skip carries; 1 where there is none. @param {unknown} sent @param {Row[]} rows @returns {Skip[]} */
export function readSkips(sent, rows) {
  const given = Array.isArray(sent) ? sent : [];
  return rows.slice(0, -1).map((row, level) => {
    const skip = row.skip ? given[level] : 1;
    if (skip === 'blur' || skip === 'other') return skip;
    return Number.isFinite(skip) ? Math.max(0, Math.min(1, skip)) : 1;
  });
}

/** @param {Uint8Array} bytes @returns {Promise<string>} */
export async function squeeze(bytes) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream();
  const small = stream.pipeThrough(new CompressionStream('deflate-raw'));
  return toBase64(new Uint8Array(await new Response(small).arrayBuffer()));
}

/** @param {string} text @returns {Promise<Uint8Array>} */
export async function unsqueeze(text) {
  const stream = new Blob([/** @type {BlobPart} */ (fromBase64(text))]).stream();
  const large = stream.pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(large).arrayBuffer());
}
