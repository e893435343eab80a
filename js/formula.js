/** A formula as DOM nodes: text, and numbers that light up with their slider. */

import { h } from './dom.js';

/** @typedef {import('./layers.js').Part} Part */

/**
 * @param {Part[]} parts
 * @param {string} [verdict]  CSS class of the answer: `ut-answer`, `ut-plain` or `ut-wrong`
 * @param {string} [sign]     follows the answer, so that colour alone does not carry the verdict
 */
export const formulaNodes = (parts, verdict = 'ut-answer', sign = '') =>
  parts.map((part) => {
    if (typeof part === 'string') return part;
    const [name, value] = part;
    if (name === 'answer') return h('span', { class: verdict }, `${value}${sign}`);
    return h('span', { 'data-param': name, title: name }, String(value));
  });
