/** The band that connects cells of one map with those that they lead to: filled between the maps, and a line along the gaps inside them. */

import { s } from '../dom.js';

/** @typedef {import('./cell_map.js').CellMap} CellMap */
/** @typedef {import('./cell_map.js').Rect} Rect */
/** @typedef {import('./pictures.js').Picture} Picture */
/** @typedef {import('./pictures.js').PanelName} PanelName */
/** Cells of a map, and the whole map. @typedef {{cells: Rect, map: Rect}} Side */

const AIR = 2; // between a map and the band

/** @param {Picture} picture @param {Record<PanelName | 'products', CellMap>} maps @param {boolean} isUpright */
export function bandShapes({ band, panels }, maps, isUpright) {
  if (!band) return [];
  const [from, to] = band.map(({ panel, from, size }) => ({
    cells: maps[panel].rect(from, size),
    map: maps[panel].edges,
  }));
  const kind = panels.products ? 'window' : 'crop';
  if (!panels.products) return strip(from, to, isUpright, kind);
  const products = { cells: maps.products.edges, map: maps.products.edges };
  // A phone shows the larger map apart: only the step to it or from it goes down.
  const isLastBelow = to.map.top > products.map.bottom;
  return [
    ...strip(from, products, isUpright && !isLastBelow, kind),
    ...strip(products, to, isUpright && isLastBelow, kind),
  ];
}

/** @param {Side} from @param {Side} to @param {boolean} isDown @param {string} kind */
function strip(from, to, isDown, kind) {
  const [a, b] = [from, to].map((side) => (isDown ? flipped(side) : side));
  const [start, end] = [a.map.right + AIR, b.map.left - AIR];
  const point = (/** @type {number} */ x, /** @type {number} */ y) =>
    isDown ? `${y} ${x}` : `${x} ${y}`;
  const near = [point(start, a.cells.top), point(start, a.cells.bottom)];
  const far = [point(end, b.cells.top), point(end, b.cells.bottom)];
  const edge = (/** @type {0 | 1} */ i) => {
    const [ya, yb] = i ? [a.cells.bottom, b.cells.bottom] : [a.cells.top, b.cells.top];
    return `M${point(a.cells.right, ya)}L${near[i]}L${far[i]}L${point(b.cells.left, yb)}`;
  };
  return [
    s('path', { class: `ut-band-${kind}`, d: `M${near[0]}L${far[0]}L${far[1]}L${near[1]}z` }),
    s('path', { class: `ut-band-${kind}-edge`, d: edge(0) + edge(1) }),
  ];
}

/** The same with rows and columns exchanged. @param {Side} side @returns {Side} */
function flipped({ cells, map }) {
  const flip = (/** @type {Rect} */ { left, top, right, bottom }) => ({
    left: top,
    top: left,
    right: bottom,
    bottom: right,
  });
  return { cells: flip(cells), map: flip(map) };
}
