/** Shows a widget on the whole screen, for as long as its beat lasts. */

import { PageModel } from './model.js';

/** @typedef {{initialize?: (context: {model: PageModel}) => void, render: (context: {model: PageModel, el: HTMLElement}) => () => void}} View */

/** The questions of the page listen for this; see js/views/predict.js. */
export const SHOW_ANSWERS = 'ut-predict-show';

/**
 * @param {View} view
 * @param {Record<string, unknown>} state
 * @param {HTMLElement} el
 * @returns {{model: PageModel, leave: () => void}}
 */
export function present(view, state, el) {
  const model = new PageModel(state);
  view.initialize?.({ model });
  const leave = view.render({ model, el });
  const root = /** @type {HTMLElement} */ (el.querySelector('.ut'));
  // The page as a whole may use the whole screen, so the widget only has to fill the window.
  Object.defineProperty(root, 'requestFullscreen', { value: undefined });
  const presenter = /** @type {HTMLElement} */ (root.querySelector('.ut-presenter'));
  presenter.click();
  return { model, leave };
}
