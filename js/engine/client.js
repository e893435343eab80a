/**
 * The engine as the page sees it: in a worker of its own, so that the page is never blocked, or in the kernel. Questions coalesce, the newest wins.
 *
 * A network that takes a few milliseconds is run by the page itself: when the worker answers a stroke, the frame that shows the stroke has
 * begun, and the answer would wait for the next one.
 */

import { serve } from './server.js';
import WORKER from './worker.js?text';

/** @typedef {import('./server.js').Answer} Answer */
/** @typedef {import('./server.js').MatterQuestion} MatterQuestion */
/** @typedef {import('./server.js').Question} Question */
/** @typedef {import('./server.js').RunQuestion} RunQuestion */
/** @typedef {(receive: (answer: Answer) => void) => {send: (question: Question, spare?: ArrayBuffer) => void, end: () => void}} Connect */

const QUICK = 8; // ms of a run that leave time to draw its answer in the same frame

/** @type {Connect} */
function inWorker(receive) {
  try {
    const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.addEventListener('message', ({ data }) => receive(data));
    return {
      send: (question, spare) => worker.postMessage({ ...question, spare }, spare ? [spare] : []),
      end() {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  } catch {
    // A page that forbids workers: the same code, in the page.
    return inPage((answer) => setTimeout(() => receive(answer)));
  }
}

/** @type {Connect} */
function inPage(receive) {
  const ask = serve(receive);
  return { send: (question, spare) => ask({ ...question, spare }), end() {} };
}

export class Engine {
  #connection;
  /** @type {ReturnType<Connect> | null} for what is quick; of a network in the kernel, nothing is */
  #page;
  #id = 0;
  /** @type {Map<string, unknown>} networks by key */
  #known = new Map();
  /** @type {Set<string>} networks that the page has run itself */
  #knownHere = new Set();
  /** @type {Map<string, number>} ms that the last run took, by network and size */
  #took = new Map();
  /** @type {{id: number, of: string, heard: (answer: Answer) => void} | null} the run that is on its way */
  #running = null;
  /** @type {{question: Omit<RunQuestion, 'type' | 'id'>, heard: (answer: Answer) => void} | null} */
  #waiting = null;
  /** @type {{id: number, heard: (answer: Answer) => void} | null} */
  #covering = null;
  /** @type {ArrayBuffer | undefined} */
  #spare;

  /** @param {Connect} [connect] */
  constructor(connect = inWorker) {
    const receive = (/** @type {Answer} */ answer) => this.#receive(answer);
    this.#connection = connect(receive);
    this.#page = connect === inWorker ? inPage(receive) : null;
  }

  /** Give it a network, once. @param {string} key @param {unknown} network */
  load(key, network) {
    if (this.#known.has(key)) return;
    this.#known.set(key, network);
    this.#connection.send({ type: 'network', key, network });
  }

  /** The maps of an image. Where questions come faster than answers, only the newest is asked. @param {Omit<RunQuestion, 'type' | 'id'>} question @param {(answer: Answer) => void} heard */
  run(question, heard) {
    const { key, height, width } = question;
    const of = `${key} ${height} ${width}`;
    const page = (this.#took.get(of) ?? Infinity) <= QUICK ? this.#page : null;
    if (this.#running && !page) {
      this.#waiting = { question, heard };
      return;
    }
    if (page && !this.#knownHere.has(key)) {
      this.#knownHere.add(key);
      page.send({ type: 'network', key, network: this.#known.get(key) });
    }
    this.#id += 1;
    this.#running = { id: this.#id, of, heard };
    this.#waiting = null;
    const spare = this.#spare;
    this.#spare = undefined;
    (page ?? this.#connection).send({ ...question, type: 'run', id: this.#id }, spare);
  }

  /** Give back the maps of an answer: the next one is written into their memory. @param {Record<string, import('./server.js').Shown>} maps */
  reuse(maps) {
    this.#spare = /** @type {ArrayBuffer} */ (maps.logits.values.buffer);
  }

  /** Which pixels matter for a value: answers come coarse to fine, until a newer question. @param {Omit<MatterQuestion, 'type' | 'id'>} question @param {(answer: Answer) => void} heard */
  matter(question, heard) {
    this.#id += 1;
    this.#covering = { id: this.#id, heard };
    this.#connection.send({ ...question, type: 'matter', id: this.#id });
  }

  end() {
    this.#running = this.#waiting = this.#covering = null;
    this.#connection.end();
  }

  /** @param {Answer} answer */
  #receive(answer) {
    if (answer.type === 'silent') return this.#running?.heard(answer);
    if (this.#covering?.id === answer.id) this.#covering.heard(answer);
    if (this.#running?.id !== answer.id) return;
    const { of, heard } = this.#running;
    if (answer.type === 'run') this.#took.set(of, answer.ms);
    this.#running = null;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) this.run(next.question, next.heard);
    if (!next || this.#running) heard(answer); // otherwise, a newer one has been heard
  }
}
