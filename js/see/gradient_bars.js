/** The strip below a network of one's own: how much gradient reaches each level, with all skips and without some. */

import { h, set } from '../dom.js';

/** @typedef {import('./session.js').State} State */
/** @typedef {Record<string, number>} Norms   by place */
/** @typedef {{loss: string, runs: Record<string, Norms>}} Gradients */

const [ALL, NONE] = ['all', 'none'];

export class GradientBars {
  #lead = h('p', { class: 'ut-see-lead' });
  #evidence = h('p', { class: 'ut-see-evidence' });
  #bars = h('ul', { class: 'ut-see-gradients' });
  #painted = '';
  element = h(
    'section',
    { class: 'ut-see-tour ut-see-backward', 'aria-label': 'Gradients' },
    h('div', { class: 'ut-see-caption' }, this.#lead, this.#evidence),
    this.#bars,
  );

  /** @param {any} given @param {State} state */
  paint(given, { network, skips }) {
    const runs = /** @type {Record<string, Norms> | undefined} */ (given?.runs);
    this.element.hidden = !runs?.[ALL];
    if (!runs?.[ALL]) return;
    const without = otherRun(runs, skips);
    const painted = `${network.key} ${without}`;
    if (painted === this.#painted) return;
    this.#painted = painted;
    const words =
      without === NONE ? 'without skips' : `without skip ${network.rows[Number(without)].name}`;
    this.#lead.replaceChildren(h('b', {}, 'Gradient'), h('i'), 'all skips', h('i'), words);
    this.#evidence.textContent = `Its norm at each level: a backward pass of ${given.loss}. Cut one skip to compare it.`;
    const most = Math.max(...Object.values(runs[ALL]), ...Object.values(runs[without])) || 1;
    this.#bars.replaceChildren(
      ...Object.keys(runs[ALL]).map((place) => {
        const [part, level] = place.split(' ');
        const isBottom = Number(level) === network.depth;
        const name = isBottom
          ? 'bottleneck'
          : `${part.slice(0, 3)} ${network.rows[Number(level)].name}`;
        const [now, then] = [runs[ALL][place], runs[without][place] ?? 0];
        const bar = (/** @type {number} */ value) =>
          h('i', { style: `--share:${value / most}`, 'aria-hidden': 'true' });
        const item = h(
          'li',
          { 'data-part': part },
          h('span', { class: 'ut-see-pair', 'aria-hidden': 'true' }, bar(now), bar(then)),
          h('b', { 'aria-hidden': 'true' }, name),
          h('small', { 'aria-hidden': 'true' }, now ? `×${short(then / now)}` : '–'),
        );
        set(item, {
          'aria-label': `${isBottom ? 'bottleneck' : `${part} ${network.rows[Number(level)].name}`}: ${short(now)} with all skips, ${short(then)} ${words}`,
        });
        return item;
      }),
    );
  }
}

/** The run that is compared with all skips: that without the one that is cut, otherwise that without any. @param {Record<string, Norms>} runs @param {unknown[]} skips */
function otherRun(runs, skips) {
  const cut = skips.flatMap((skip, level) => (skip === 0 ? [String(level)] : []));
  return cut.length === 1 && runs[cut[0]] ? cut[0] : NONE;
}

/** Two digits that count. @param {number} value */
const short = (value) =>
  value && value < 0.001
    ? '<0.001'
    : value >= 10
      ? String(Math.round(value))
      : String(Number(value.toPrecision(2)));
