/** What a beat shows where no widget fills the screen: the question, the votes, the criteria. */

import { h, withCode } from '../dom.js';

/** @typedef {import('./deck.js').Scene} Scene */
/** @typedef {import('./deck.js').Beat} Beat */
/** @typedef {import('./poll.js').Poll} Poll */

/** The drawing of a network; its markup is in the page, so that no script has to write any. @param {string} id */
function drawing(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return h('div', { class: 'd-drawing udia' }, template.content.cloneNode(true));
}

/**
 * A question with its options.
 * @param {Scene} scene
 * @param {Beat} beat
 * @param {Poll} poll
 */
export function questionSlide({ question, code }, beat, poll) {
  const inside = beat.isOpen ? ' d-open' : '';
  return h(
    'section',
    { class: `d-slide${beat.drawing ? ` d-with-drawing${inside}` : ''}` },
    h('h1', {}, ...withCode(question)),
    ...(code ? [h('pre', { tabindex: 0 }, code)] : []),
    ...(beat.drawing ? [drawing(beat.drawing)] : []),
    poll.element,
  );
}

/** A network and which criteria it meets. @param {Scene} scene @param {Beat} beat */
export function criteriaSlide({ verdict, criteria }, beat) {
  return h(
    'section',
    { class: 'd-slide d-with-drawing' },
    h('h1', {}, ...withCode(verdict)),
    ...(beat.drawing ? [drawing(beat.drawing)] : []),
    h(
      'ul',
      { class: 'd-criteria' },
      ...criteria.map(({ name, met, says }) =>
        h(
          'li',
          { 'data-fate': met ? 'right' : 'wrong' },
          h('b', {}, `${met ? '✓' : '✕'} ${name}`),
          h('span', {}, ...withCode(says)),
        ),
      ),
    ),
  );
}
