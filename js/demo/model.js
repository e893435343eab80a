/** In place of the kernel's model: values, and who wants to hear of them. */

/** @typedef {import('../shell.js').Model} Model */

/** @implements {Model} */
export class PageModel {
  /** @type {Record<string, any>} */
  #values;
  /** @type {Map<string, Set<() => void>>} */
  #heard = new Map();

  /** @param {Record<string, unknown>} values */
  constructor(values) {
    this.#values = structuredClone(values);
  }

  /** @param {string} name */
  get(name) {
    return this.#values[name];
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    if (Object.is(this.#values[name], value)) return;
    this.#values[name] = value;
    for (const listener of [...(this.#heard.get(`change:${name}`) ?? [])]) listener();
  }

  save_changes() {}

  /** @param {string} event @param {() => void} listener */
  on(event, listener) {
    this.#heard.set(event, (this.#heard.get(event) ?? new Set()).add(listener));
  }

  /** @param {string} event @param {() => void} listener */
  off(event, listener) {
    this.#heard.get(event)?.delete(listener);
  }
}
