/** What torch itself answers for the sizes on screen: the output size, or its refusal. */

import { h } from '../dom.js';
import { pairOf } from './state.js';

/** @typedef {import('./state.js').ExplorerState} ExplorerState */

const PATIENCE = 4000; // milliseconds until a kernel that does not answer is said to be gone

/** Torch's words; the values that it adds are those of the sliders. @param {string} refusal */
export const quoted = (refusal) => `PyTorch: “${refusal.replace(/, but got .*/, ', but got …')}”`;

export class TorchEcho {
  /** @param {ExplorerState} state */
  constructor(state) {
    this.state = state;
    this.answer = h('span', { class: 'ut-torch' });
    this.refusal = h('p', { class: 'ut-quote' });
    /** @type {number | undefined} */
    this.waiting = undefined;
  }

  /** The kernel's answer may be about earlier sizes: then it is waited for. */
  paint() {
    this.stop();
    const { layer, axes, sizes, model, problem } = this.state;
    const echo = model.get('_echo');
    const isCurrent =
      Boolean(echo?.parameters) &&
      layer.parameters.every(
        (name) => String(pairOf(echo.parameters[name])) === String(sizes[name]),
      );
    const refusal = isCurrent && !echo.accepts ? echo.text : layer.torchError(axes);
    this.refusal.textContent = refusal
      ? quoted(refusal)
      : problem && 'PyTorch returns an empty map here, without an error.';
    this.answer.classList.remove('ut-wrong');
    if (!echo?.parameters) return; // a page without a kernel
    if (isCurrent) {
      const text = echo.accepts ? `${echo.text} ✓` : 'refuses ✕';
      this.answer.textContent = `torch: ${text}`;
      return;
    }
    this.answer.textContent = 'torch: …';
    this.waiting = window.setTimeout(() => {
      this.answer.textContent = 'torch: no answer. Is the kernel gone?';
      this.answer.classList.add('ut-wrong');
    }, PATIENCE);
  }

  stop() {
    clearTimeout(this.waiting);
  }
}
