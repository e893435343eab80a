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
    const text = value === true ? '' : String(value);
    if (value === false) node.removeAttribute(name);
    // An attribute of SVG that is set anew lays its element out again, even with the same value.
    else if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  return node;
}

/**
 * Make an element's children equal to others, and change only what differs: in a drawing, text that
 * stays need not be laid out again. For children without listeners.
 * @param {Element} parent
 * @param {(Node | string)[]} children
 */
export function update(parent, children) {
  const before = [...parent.childNodes];
  children.forEach((child, i) => {
    const node = typeof child === 'string' ? new Text(child) : child;
    if (!before[i]) parent.append(node);
    else if (before[i] !== node && !before[i].isEqualNode(node)) before[i].replaceWith(node);
  });
  for (const old of before.slice(children.length)) old.remove();
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
