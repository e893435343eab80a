/** What all views share: putting the view on the page, keys, present mode, the copy button, and cleaning up. */

import { h } from './dom.js';
import { StepStrip } from './steps.js';

/**
 * The part of anywidget's model that views use; a page without a kernel supplies its own.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: (...given: any[]) => void) => void} on
 * @property {(event: string, listener: (...given: any[]) => void) => void} off
 * @property {(content: unknown, callbacks?: unknown, buffers?: ArrayBufferView[]) => void} [send]   to the kernel
 */

/**
 * Put a finished view on the page and keep it painted.
 *
 * @param {object} options
 * @param {Model} options.model
 * @param {HTMLElement} options.el      anywidget's element
 * @param {HTMLElement} options.root    the view, with class `ut`
 * @param {string[]} options.traits     those that `paint` reads: it is called when one of them changes
 * @param {() => void} options.paint    derives every pixel from the model; also called on a resize
 * @param {AbortController} options.ended  aborted when the view goes: give its signal to listeners
 * @param {(name: string) => unknown} [options.fact]  what steps may ask for besides traits; dispatch
 *   `ut-fact` on the root where it changes without a trait
 * @returns {() => void} what anywidget calls when the view goes
 */
export function mount({ model, el, root, traits, paint, ended, fact }) {
  const strip = new StepStrip({ model, root, fact, signal: ended.signal });
  root.prepend(strip.element);
  let frame = 0;
  let isHeld = false;
  const paintAll = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    paint();
    strip.paint();
  };
  // A held key comes again before a slow page has shown what it did last: one painting a frame, or
  // the page would do nothing else and show none.
  const changed = () => {
    if (isHeld) frame ||= requestAnimationFrame(paintAll);
    else paintAll();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    isHeld = event.type === 'keydown' && event.repeat;
    if (!isHeld && frame) paintAll();
  };
  for (const type of /** @type {const} */ (['keydown', 'keyup']))
    root.addEventListener(type, onKey, { signal: ended.signal, capture: true });
  // What `fact` tells may change without a trait: the view says so with this event.
  root.addEventListener('ut-fact', () => strip.paint(), { signal: ended.signal });
  keepKeys(root, ended.signal);
  // A clicker sends Page Down and Page Up: they must never move a slider that has the focus.
  root.addEventListener(
    'keydown',
    (event) => {
      const isSlider = event.target instanceof HTMLInputElement && event.target.type === 'range';
      if (isSlider && (event.key === 'PageDown' || event.key === 'PageUp')) event.preventDefault();
    },
    { signal: ended.signal },
  );
  const events = [...traits, '_step', '_ticked'].map((name) => `change:${name}`);
  events.forEach((event) => {
    model.on(event, changed);
  });
  el.append(root);
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    paintAll();
  });
  resized.observe(root);
  paintAll();
  return () => {
    ended.abort();
    cancelAnimationFrame(frame);
    resized.disconnect();
    events.forEach((event) => {
      model.off(event, changed);
    });
    root.remove();
  };
}

/**
 * Keep keys that are pressed in a view from the notebook around it: in command mode, letters and arrow
 * keys are its shortcuts ("d d" deletes the cell). Keys with a modifier still reach it, and so does Escape.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function keepKeys(root, signal) {
  const isOurs = (/** @type {KeyboardEvent} */ event) =>
    !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Escape';
  // Notebook 7 takes keys at the document, before any element hears of them, so only the window comes
  // earlier. Its shortcuts match the focused element itself (`.jp-Notebook… :focus`), and it looks for
  // this attribute from there upwards: on the root it would be found too late.
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.target instanceof Element && root.contains(event.target))
        event.target.toggleAttribute('data-lm-suppress-shortcuts', isOurs(event));
    },
    { signal, capture: true },
  );
  // JupyterLab and others listen further up the page.
  root.addEventListener('keydown', (event) => isOurs(event) && event.stopPropagation(), { signal });
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
    // The focused element may be hidden now, and then no key would reach the view.
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

/** Pixels that one pixel of the design has now: 1 in a notebook, more on a whole large screen. The style `--ut-px` is the same. @param {HTMLElement} root */
export const designPixel = (root) =>
  root.classList.contains('ut-present') ? Math.min(innerWidth / 1280, innerHeight / 720) : 1;

/** Whether the key goes into a field or a list, so that it is not a shortcut. @param {KeyboardEvent} event */
export function isTyping({ target }) {
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement
    ? target.type !== 'range' && target.type !== 'radio' && target.type !== 'checkbox'
    : target instanceof HTMLTextAreaElement;
}

/** A button that copies what `text` returns, and shows whether that worked. @param {() => string} text @param {AbortSignal} signal */
export function copyButton(text, signal) {
  const button = h('button', { type: 'button' }, 'copy');
  button.addEventListener(
    'click',
    async () => {
      // Browsers refuse the clipboard on pages without https; the code beside the button can be selected.
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

/** Tell Python that the widget is on a page: from then on it computes the layer with torch, too. @param {{model: Model}} context */
export function initialize({ model }) {
  model.set('_shown', true);
  model.save_changes();
}

/** What sets one value in the model and tells Python. @param {Model} model */
export const saver = (model) => (/** @type {string} */ name, /** @type {unknown} */ value) => {
  model.set(name, value);
  model.save_changes();
};

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
