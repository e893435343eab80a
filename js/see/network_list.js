/** The list of the networks on offer, by task: each with what sets it apart. */

import { h } from '../dom.js';

/** @typedef {import('./reading.js').NetworkEntry} NetworkEntry */
/** @typedef {import('./reading.js').Task} Task */

export class NetworkList {
  element = h('select', { 'aria-label': 'network' });
  /** @type {Task[]} */
  #tasks = [];
  #listed = '';

  /** @param {{onChoose: (task: Task, network: NetworkEntry) => void, signal: AbortSignal}} options */
  constructor({ onChoose, signal }) {
    this.element.addEventListener(
      'change',
      () => {
        const [t, n] = this.element.value.split(' ').map(Number);
        onChoose(this.#tasks[t], this.#tasks[t].networks[n]);
      },
      { signal },
    );
  }

  /** @param {Task[]} tasks @param {{task: Task, network: NetworkEntry}} chosen */
  paint(tasks, { task, network }) {
    this.#tasks = tasks;
    const listed = tasks.map((each) => each.networks.map(({ name }) => name).join()).join();
    if (listed !== this.#listed) {
      this.#listed = listed;
      this.element.replaceChildren(
        ...tasks.map((each, t) =>
          h(
            'optgroup',
            { label: each.name },
            ...each.networks.flatMap(({ name, says }, n) => [
              h('option', { value: `${t} ${n}` }, name),
              // The closed list shows a name alone.
              ...(says ? [h('option', { disabled: true }, `\u2003${says}`)] : []),
            ]),
          ),
        ),
      );
    }
    this.element.value = `${tasks.indexOf(task)} ${task.networks.indexOf(network)}`;
    this.element.hidden = tasks.length === 1 && task.networks.length === 1;
    this.element.title = [
      network.name,
      network.says,
      network.score === null ? '' : `IoU ${network.score.toFixed(2)} on test images`,
    ]
      .filter(Boolean)
      .join(', ');
  }
}
