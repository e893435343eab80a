/** What is on the screen, derived from the model: image, network and switches; and what the engine says of it, now and before the last action. */

import { Engine } from '../engine/client.js';
import { inKernel } from '../engine/kernel.js';
import { painted, readStrokes } from './painting.js';
import { readSkips, readTasks, unsqueeze } from './reading.js';
import { mostActive, predicted, probability, score } from './results.js';
import { drawScene, randomScene, SIDE } from './scene.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../engine/server.js').Shown} Shown */
/** @typedef {import('../engine/unet.js').Skip} Skip */
/** @typedef {import('./painting.js').Sample} Sample */
/** @typedef {import('./painting.js').Stroke} Stroke */
/** @typedef {import('./reading.js').Task} Task */
/** @typedef {import('./reading.js').NetworkEntry} NetworkEntry */
/** @typedef {import('./tour.js').Result} Result */

/**
 * @typedef {object} State
 * @property {Task} task
 * @property {NetworkEntry} network
 * @property {{key: string, network: any, step: number | null}} moment   of its training
 * @property {Sample} sample
 * @property {Stroke[]} strokes
 * @property {Float32Array} image
 * @property {Uint8Array | null} mask
 * @property {Skip[]} skips
 * @property {string} shown  all but the switches that the maps depend on, as a text
 * @property {string} seen   all that the maps depend on, as a text
 */

export class Session {
  #model;
  /** @type {{page?: Engine, kernel?: Engine}} */
  #engines = {};
  /** @type {unknown} what `tasks` were read from */
  #sent;
  /** @type {Task[]} */
  tasks = [];
  /** @type {Map<string, Sample>} drawn or dropped ones */
  #made = new Map();
  #drawn = { of: '', image: new Float32Array(), mask: /** @type {Uint8Array | null} */ (null) };
  #asked = '';
  /** @type {{skips: Skip[], asked: string} | null} what is asked before the screen's own state */
  #compared = null;
  /** @type {Result | null} what the engine answered last */
  now = null;
  /** @type {Result | null} what it had answered before the last action */
  before = null;
  /** @type {string} the last sentence of the engine that is no answer */
  problem = '';
  /** @type {Map<string, number[]>} channels by place, most active first, as they were when the image was chosen */
  #orders = new Map();
  #ordersOf = '';

  /** @param {Model} model @param {() => void} onAnswer */
  constructor(model, onAnswer) {
    this.#model = model;
    this.onAnswer = onAnswer;
  }

  end() {
    this.#engines.page?.end();
    this.#engines.kernel?.end();
  }

  /** What runs a network. @param {State} state */
  #engine({ network }) {
    const where = network.inKernel ? 'kernel' : 'page';
    this.#engines[where] ??= new Engine(
      network.inKernel ? inKernel(this.#model, network.seconds) : undefined,
    );
    return this.#engines[where];
  }

  /** @returns {State | null} */
  state() {
    const model = this.#model;
    if (model.get('_tasks') !== this.#sent) {
      this.#sent = model.get('_tasks');
      this.tasks = readTasks(this.#sent);
    }
    const task = this.tasks.find(({ name }) => name === model.get('task')) ?? this.tasks[0];
    if (!task) return null;
    const network =
      task.networks.find(({ name }) => name === model.get('network')) ?? task.networks[0];
    const { moments } = network;
    const at = Number.isInteger(model.get('moment')) ? model.get('moment') : -1;
    const moment = moments[at < 0 || at >= moments.length ? moments.length - 1 : at];
    const sample = this.#sampleOf(task);
    const strokes = readStrokes(model.get('strokes'));
    const of = `${task.name} ${sample.name} ${JSON.stringify(strokes)}`;
    if (of !== this.#drawn.of) this.#drawn = { of, ...painted(sample, strokes) };
    const key = moment?.key ?? network.key;
    const state = {
      task,
      network,
      moment: { key, network: moment?.network ?? network.network, step: moment?.step ?? null },
      sample,
      strokes,
      image: this.#drawn.image,
      mask: this.#drawn.mask,
      skips: /** @type {Skip[]} */ ([]),
      // Of a network in the kernel, only an opened level's maps are all sent.
      shown: `${of} ${key}${network.inKernel ? ` ${model.get('place')}` : ''}`,
      seen: '',
    };
    return withSkips(state, readSkips(model.get('skips'), network.rows));
  }

  /** @param {Task} task @returns {Sample} */
  #sampleOf(task) {
    const [image, seed, index] = ['image', 'seed', 'sample'].map((name) => this.#model.get(name));
    const first = task.samples[0];
    if (typeof image === 'string' && image) {
      const name = `your image ${image}`;
      const known = this.#made.get(name);
      if (known) return known;
      const { height, width, channels } = first;
      const blank = new Float32Array(channels * height * width);
      const made = { ...first, name, image: blank, mask: null, lines: null, rings: [] };
      this.#made.set(name, made);
      unsqueeze(image).then(
        (bytes) => {
          if (bytes.length !== blank.length) return;
          this.#made.set(name, { ...made, image: Float32Array.from(bytes, (byte) => byte / 255) });
          this.#drawn.of = this.#asked = '';
          this.onAnswer();
        },
        () => {}, // a link that is no image shows a blank one
      );
      return made;
    }
    if (Number.isInteger(seed) && seed > 0 && first.lines) {
      const name = `image ${seed}`;
      const known = this.#made.get(name);
      if (known) return known;
      const { image: drawn, lines, rings } = randomScene(seed);
      /** @type {Sample} */
      const made = {
        name,
        height: SIDE,
        width: SIDE,
        channels: 1,
        image: drawn,
        mask: null,
        lines,
        rings,
      };
      made.mask = drawScene({ lines, rings, segments: [] }, SIDE, SIDE).mask;
      this.#made.set(name, made);
      return made;
    }
    return task.samples[
      Number.isInteger(index) && index >= 0 ? Math.min(index, task.samples.length - 1) : 0
    ];
  }

  /** What the screen is compared with: the same image before. @returns {Result | null} */
  get earlier() {
    const [was, is] = [this.before?.state, this.now?.state];
    const isSame = was?.sample.name === is?.sample.name && was?.task.name === is?.task.name;
    return isSame ? this.before : null;
  }

  /** Remember what is on the screen: the next answer is compared with it. */
  remember() {
    if (this.now) this.before = this.now;
  }

  /** Compare what is shown next with these switches. @param {Skip[]} skips */
  compareWith(skips) {
    this.#compared = { skips, asked: '' };
  }

  /** Whether the screen shows what the engine answered last. @param {State} state */
  isUpToDate(state) {
    return !this.#compared && this.now?.seen === state.seen;
  }

  /** Ask the engine, if the screen shows something else than its last answer. @param {State} state @returns {void} */
  ask(state) {
    // A link with a cut skip: what is it without the cut?
    if (!this.now && !this.before && state.skips.some((skip) => skip !== 1))
      this.#compared ??= { skips: state.skips.map(() => 1), asked: '' };
    const compared = this.#compared;
    if (compared) {
      const other = withSkips(state, compared.skips);
      if (other.seen === this.now?.seen) {
        this.before = this.now;
        this.#compared = null;
        return this.ask(state);
      }
      if (other.seen === compared.asked) return;
      compared.asked = other.seen;
      this.#run(other, (result) => {
        this.before = result;
        if (this.#compared === compared) this.#compared = null;
        this.#asked = '';
      });
      if (!this.#compared) this.ask(state);
    } else if (state.seen !== this.#asked) {
      this.#asked = state.seen;
      this.#run(state, (result) => {
        this.now = result;
      });
    }
  }

  /** @param {State} state */
  picture(state) {
    const { moment, sample, strokes, image, skips, task } = state;
    this.#engine(state).load(moment.key, moment.network);
    const others = task.samples.filter(
      (each) =>
        each.name !== sample.name && each.height === sample.height && each.width === sample.width,
    );
    const taken = (/** @type {Float32Array} */ given) =>
      task.mean || task.scale !== 1
        ? given.map((value) => (value - task.mean) / task.scale)
        : given;
    return {
      key: moment.key,
      height: sample.height,
      width: sample.width,
      image: taken(image),
      other: skips.includes('other') ? taken((others[0] ?? sample).image) : null,
      skips,
      sample: sample.name,
      isOwn: sample === task.samples[0] && !strokes.length,
      open: String(this.#model.get('place') ?? ''),
      before: this.before?.id ?? 0,
    };
  }

  /** @param {State} state @param {(result: Result) => void} keep */
  #run(state, keep) {
    const { sample } = state;
    const engine = this.#engine(state);
    engine.run(this.picture(state), (answer) => {
      if (answer.type === 'failed' || answer.type === 'silent') this.problem = answer.sentence;
      if (answer.type !== 'run') return this.onAnswer();
      this.problem = answer.note ?? '';
      if (answer.seconds !== undefined) state.network.seconds = answer.seconds; // the first may have been slow alone
      const { maps } = answer;
      const { height, width } = maps.logits;
      const probabilities = state.network.inKernel ? maps.logits.values : probability(maps.logits);
      const prediction = predicted(probabilities);
      const isComparable = height === sample.height && width === sample.width;
      const mask = isComparable ? state.mask : null;
      const { now } = this;
      keep({
        id: answer.id,
        height,
        width,
        maps,
        probabilities,
        prediction,
        mask,
        score: mask && score(prediction, mask),
        seen: state.seen,
        state,
        ms: answer.ms,
      });
      if (now && now !== this.now && now !== this.before && !now.state.network.inKernel)
        engine.reuse(now.maps);
      const ordersOf = `${state.moment.key} ${state.sample.name}`;
      if (ordersOf !== this.#ordersOf) {
        this.#ordersOf = ordersOf;
        this.#orders = new Map(
          Object.entries(maps).map(([place, map]) => [place, mostActive(map)]),
        );
      }
      this.onAnswer();
    });
  }

  /** Channels of a place, most active first; the order stays while an image is painted. @param {string} place */
  order(place) {
    const names = this.now?.maps[place]?.names;
    return names ? [...names.keys()] : (this.#orders.get(place) ?? [0]);
  }

  /** @param {State} state @param {Omit<import('../engine/server.js').MatterQuestion, 'type' | 'id' | keyof import('../engine/server.js').Picture>} question @param {(changes: Float32Array, isDone: boolean) => void} heard */
  matter(state, question, heard) {
    this.#engine(state).matter({ ...this.picture(state), ...question }, (answer) => {
      if (answer.type === 'matter') heard(answer.changes, answer.isDone);
    });
  }
}

/** @param {State} state @param {Skip[]} skips @returns {State} */
const withSkips = (state, skips) => ({
  ...state,
  skips,
  seen: `${state.shown} ${JSON.stringify(skips)}`,
});
