/** What every view does around its picture: keys kept from JupyterLab, present mode, an end. */

import { h } from './dom.js';

/**
 * The part of anywidget's model that views use; a page without a kernel supplies its own.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: () => void) => void} on
 * @property {(event: string, listener: () => void) => void} off
 */

/**
 * Put a finished view on the page and keep it painted.
 *
 * @param {object} options
 * @param {Model} options.model
 * @param {HTMLElement} options.el      anywidget's element
 * @param {HTMLElement} options.root    the view, with class `ut`
 * @param {string[]} options.traits     their changes repaint
 * @param {() => void} options.paint    derives every pixel from the model; also called on a resize
 * @param {AbortController} options.ended  aborted when the view goes: give its signal to listeners
 * @returns {() => void} what anywidget calls when the view goes
 */
export function mount({ model, el, root, traits, paint, ended }) {
  // JupyterLab would take arrow keys and letters for commands of its own.
  root.addEventListener(
    'keydown',
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Escape')
        event.stopPropagation();
    },
    { signal: ended.signal },
  );
  const events = traits.map((name) => `change:${name}`);
  events.forEach((event) => {
    model.on(event, paint);
  });
  el.append(root);
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    paint();
  });
  resized.observe(root);
  paint();
  return () => {
    ended.abort();
    resized.disconnect();
    events.forEach((event) => {
      model.off(event, paint);
    });
    root.remove();
  };
}

/**
 * The button that shows a view on the whole screen in large type. Escape leaves. Where the page may
 * not use the whole screen, the view fills the window instead.
 *
 * @param {HTMLElement} root
 * @param {() => void} paint
 * @param {AbortSignal} signal
 */
export function presentButton(root, paint, signal) {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'ut-presenter',
      'aria-pressed': 'false',
      title: 'Whole screen, large type (f). Escape leaves.',
    },
    '⤢ present',
  );
  const isOn = () => root.classList.contains('ut-present');
  /** @param {boolean} on */
  const show = (on) => {
    if (on === isOn()) return;
    root.classList.toggle('ut-present', on);
    button.setAttribute('aria-pressed', String(on));
    button.textContent = on ? '⤢ leave' : '⤢ present';
    paint();
    // What had the focus may be hidden now, and keys would go nowhere.
    const focused = document.activeElement;
    if (!root.contains(focused) || !focused?.checkVisibility()) button.focus();
  };
  const toggle = async () => {
    if (isOn()) {
      if (document.fullscreenElement === root) await document.exitFullscreen();
      show(false);
      return;
    }
    await root.requestFullscreen?.().catch(() => {});
    show(true);
  };
  button.addEventListener('click', toggle, { signal });
  document.addEventListener('fullscreenchange', () => show(document.fullscreenElement === root), {
    signal,
  });
  root.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Escape' && isOn()) toggle();
      if (
        event.key === 'f' &&
        !event.ctrlKey &&
        !event.metaKey &&
        !event.altKey &&
        !isTyping(event)
      )
        toggle();
    },
    { signal },
  );
  return button;
}

/** Whether a key belongs to a text being typed. @param {KeyboardEvent} event */
export function isTyping({ target }) {
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement
    ? target.type !== 'range' && target.type !== 'radio' && target.type !== 'checkbox'
    : target instanceof HTMLTextAreaElement;
}

/** Copies what `text` returns, and says so on itself. @param {() => string} text @param {AbortSignal} signal */
export function copyButton(text, signal) {
  const button = h('button', { type: 'button' }, 'copy');
  button.addEventListener(
    'click',
    async () => {
      // Clipboards are refused on pages without https; the code beside the button can be selected.
      const copied = await navigator.clipboard?.writeText(text()).then(
        () => true,
        () => false,
      );
      button.textContent = copied ? 'copied' : 'select it';
      setTimeout(() => (button.textContent = 'copy'), 1500);
    },
    { signal },
  );
  return button;
}

/** Tells the kernel that somebody is looking: from then on it asks torch. @param {{model: Model}} context */
export function initialize({ model }) {
  model.set('_shown', true);
  model.save_changes();
}

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
