/** Which input pixels a cell can see, by arithmetic on the network's layers. Pure: no page. */

/** @typedef {{part: string, level: number, kind: string, kernel?: number, stride?: number}} Layer */
/** First and last cell. @typedef {[number, number]} Run */

/** What one axis of a run of cells reads in the layer before. @param {Layer} layer @param {Run} run @returns {Run} */
function reads({ kind, kernel = 1, stride = 1 }, [from, to]) {
  if (kind === 'max_pool') return [2 * from, 2 * to + 1];
  if (kind === 'nearest') return [from >> 1, to >> 1];
  if (kind === 'bilinear') return [(from - 1) >> 1, (to + 1) >> 1];
  if (kind === 'conv_transpose') {
    const padding = kernel === 2 ? 0 : 1; // cell i feeds 2i − padding to 2i − padding + kernel − 1
    return [Math.ceil((from + padding - kernel + 1) / 2), (to + padding) >> 1];
  }
  const reach = (kernel - 1) / 2;
  return [stride * from - reach, stride * to + reach];
}

/**
 * The pixels of the image, along one axis, that a cell can see; some may lie outside the image.
 * @param {Layer[]} layers @param {string} place "encoder 1", "decoder 0", "logits" @param {number} cell @returns {Run}
 */
export function fieldOf(layers, place, cell) {
  const at = (/** @type {string} */ part, /** @type {number} */ level) =>
    layers.filter((layer) => layer.part === part && layer.level === level).reverse();
  const through = (/** @type {Layer[]} */ some, /** @type {Run} */ run) =>
    some.reduce((reached, layer) => reads(layer, reached), run);
  const join = layers.find(({ part }) => part === 'join');
  const depth = Math.max(...layers.filter(({ part }) => part === 'down').map(({ level }) => level));
  /** @param {number} level @param {Run} run @returns {Run} */
  const encoder = (level, run) => {
    const read = through(at('encoder', level), run);
    return level ? encoder(level - 1, through(at('down', level), read)) : read;
  };
  /** @param {number} level @param {Run} run @returns {Run} */
  const decoder = (level, run) => {
    if (level === depth) return encoder(level, run);
    const read = through(at('decoder', level), run);
    const below = decoder(level + 1, through(at('up', level), read));
    if (join?.kind === 'none') return below;
    const beside = encoder(level, read);
    return [Math.min(below[0], beside[0]), Math.max(below[1], beside[1])];
  };
  const [part, level] = place.split(' ');
  if (part === 'encoder') return encoder(Number(level), [cell, cell]);
  return decoder(part === 'logits' ? 0 : Number(level), [cell, cell]);
}

/** How the field of an encoder's cell grows, as sums. @param {Layer[]} layers @param {number} level @returns {{says: string, sum: string}[]} */
export function fieldSteps(layers, level) {
  const steps = [];
  let [size, pixel] = [1, 1];
  for (let l = 0; l <= level; l += 1) {
    const down = layers.find((layer) => layer.part === 'down' && layer.level === l);
    if (down) {
      const more = pixel * (down.kind === 'max_pool' ? 1 : 2);
      const says = down.kind === 'max_pool' ? '2×2 pool' : '3×3, stride 2';
      steps.push({ says, sum: `${size} + ${more} = ${size + more}` });
      size += more;
      pixel *= 2;
    }
    const convs = layers.filter((layer) => layer.part === 'encoder' && layer.level === l).length;
    const sums = Array.from({ length: convs }, () => 2 * pixel);
    const grown = size + sums.reduce((sum, each) => sum + each, 0);
    const many = convs === 2 ? 'two 3×3' : '3×3';
    const says = l ? `${many} on cells of ${pixel} px` : `${many} convolutions`;
    steps.push({ says, sum: `${[size, ...sums].join(' + ')} = ${grown}` });
    size = grown;
  }
  return steps;
}
