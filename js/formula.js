/** A formula on the page: text, and numbers that belong to sliders. */

import { h } from './dom.js';

/** @typedef {import('./layers.js').Part} Part */

/**
 * @param {Part[]} parts
 * @param {string} [verdict]  how the answer looks: `ut-answer` or `ut-wrong`
 * @param {string} [sign]     said behind it, so that it is not said by colour alone
 */
export const formulaNodes = (parts, verdict = 'ut-answer', sign = '') =>
  parts.map((part) => {
    if (typeof part === 'string') return part;
    const [name, value] = part;
    if (name === 'answer') return h('span', { class: verdict }, `${value}${sign}`);
    return h('span', { 'data-param': name, title: name }, String(value));
  });
