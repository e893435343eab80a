/** All scenes at once, and the keys: to jump, and to find out what there is. */

import { h } from '../dom.js';

/** @typedef {import('./deck.js').Deck} Deck */

const KEYS = [
  ['PageDown PageUp', 'next and back'],
  ['B', 'black'],
  ['1 … 5', 'one hand (Shift: less)'],
  ['C', 'type counts'],
  ['T', 'timer'],
  ['N', 'notes'],
  ['F', 'full screen'],
  ['D', 'dark, light'],
  ['Home End', 'first, last'],
];

/** @param {Deck} deck @param {(scene: number) => void} go */
export function overview(deck, go) {
  let at = 0;
  const cells = deck.scenes.map(({ title, group, minutes }, i) => {
    const isNow = i === deck.scene;
    const cell = h(
      'button',
      { type: 'button', 'aria-current': isNow ? 'true' : false },
      h('b', {}, `${i + 1} · minute ${at}`),
      h('span', {}, title),
      h('span', { class: 'd-group' }, group.split(' ')[0]),
    );
    cell.addEventListener('click', () => go(i));
    at += minutes;
    return h('li', {}, cell);
  });
  return h(
    'div',
    { class: 'd-overview', role: 'dialog', 'aria-label': 'All scenes', 'aria-modal': 'true' },
    h('ol', {}, ...cells),
    h(
      'dl',
      {},
      ...KEYS.map(([key, what]) =>
        h(
          'div',
          {},
          h('dt', {}, ...key.split(' ').map((one) => h('kbd', {}, one))),
          h('dd', {}, what),
        ),
      ),
    ),
  );
}
