/** Helpers that create DOM elements. Text enters the page as text nodes, never as markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, string | number | boolean>} Attributes */

/**
 * @template {Element} E
 * @param {E} node
 * @param {Attributes} attributes `true` sets an empty attribute, `false` removes it
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  return node;
}

/**
 * An HTML element with attributes and children; strings become text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 */
export function h(tag, attributes = {}, ...children) {
  const node = set(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

/**
 * The same for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 */
export function s(tag, attributes = {}, ...children) {
  const node = set(document.createElementNS(SVG, tag), attributes);
  node.append(...children);
  return node;
}

/** An id that is unique on the page. A counter would repeat: each widget loads its own copy of this module. */
export const freshId = () => `ut-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;

/** Text whose `backticked` parts become code. @param {string} text @returns {(Node | string)[]} */
export const withCode = (text) =>
  text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? h('code', {}, part) : part));
