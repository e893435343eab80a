/** What the pure parts of SeeInside say: node see_inside.mjs WHAT < questions, a line each; answers as JSON. */
import { readFileSync } from 'node:fs';
import { makeMachine } from '../../js/engine/machine.js';
import { readNetwork } from '../../js/engine/network.js';
import { serve } from '../../js/engine/server.js';
import { UNetRunner } from '../../js/engine/unet.js';
import { fieldOf } from '../../js/see/field.js';
import { painted } from '../../js/see/painting.js';
import { readTasks } from '../../js/see/reading.js';
import { changed, predicted, probability, score } from '../../js/see/results.js';
import { drawScene, randomScene } from '../../js/see/scene.js';
import { fieldSize, isShown, pausedCaption, TOUR, whereMarked } from '../../js/see/tour.js';
import { comparedWith, headline } from '../../js/see/words.js';

const questions = readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

const machine = makeMachine();
/** How a session shows a network of a task. */
function shower(task, network, sample) {
  const { height, width } = sample;
  const runner = new UNetRunner(readNetwork(network.network), height, width, machine);
  const known = new Map();
  return (skips, strokes = []) => {
    const seen = JSON.stringify([network.key, sample.name, skips, strokes]);
    if (known.has(seen)) return known.get(seen);
    const { image, mask } = painted(sample, strokes);
    runner.run(image, skips);
    const maps = Object.fromEntries(runner.places.map((place) => [place, runner.read(place)]));
    const probabilities = probability(maps.logits);
    const prediction = predicted(probabilities);
    const moment = { key: network.key, network: network.network, step: network.moments.at(-1)?.step ?? null };
    const state = { task, network, moment, sample, strokes, image, mask, skips };
    const made = { height, width, maps, probabilities, prediction, mask, score: mask && score(prediction, mask), seen, state };
    known.set(seen, made);
    return made;
  };
}
/** Whether both have one ground truth, and how many of the pixels that it has gained are predicted. */
function truths(now, before) {
  if (!now.mask || !before?.mask) return { isSameTruth: false, added: '' };
  const added = [...now.mask.keys()].filter((i) => now.mask[i] && !before.mask[i]);
  const found = added.filter((i) => now.prediction[i]).length;
  return { isSameTruth: String(now.mask) === String(before.mask), added: added.length ? `${found} of ${added.length} ` : '' };
}
const allSwitches = (depth) =>
  Array.from({ length: 2 ** depth }, (_, i) => Array.from({ length: depth }, (_, level) => (i >> level) & 1));

const answers = {
  /** What the headline says after each switch, each choice of a network and each stroke, for each network and image; and what the tour would say. */
  headlines: () => {
    const tasks = readTasks(questions[0]);
    const said = [];
    for (const task of tasks)
      for (const sample of task.samples) {
        const on = (depth) => Array.from({ length: depth }, () => 1);
        const first = shower(task, task.networks[0], sample)(on(task.networks[0].depth));
        for (const network of task.networks) {
          const shown = shower(task, network, sample);
          const { depth } = network;
          const whole = shown(on(depth));
          const about = (kind, now, before) => ({
            kind, network: network.name, sample: sample.name, skips: now.state.skips,
            ...headline(now, before), against: comparedWith(now, before),
            hint: TOUR.at(-1).say({ now, sample }).evidence,
            was: before?.score?.iou ?? null, is: now.score?.iou ?? null, ...truths(now, before),
            shows: TOUR.map((_, i) => isShown(i, now.state, tasks)), // of each caption that a link may ask for
          });
          const steps = [about('opened', whole, null)];
          if (network !== task.networks[0]) steps.push(about('network', whole, first));
          if (network.hasSkips)
            for (const skips of allSwitches(depth)) {
              const after = shown(skips);
              steps.push(about('switch', after, whole), about('switch', whole, after), about('switch', after, shown(skips.map(() => 0))));
            }
          for (const stroke of [['ring', 62, 62, 16], ['line', 10, 80, 70, 20], ['erase', 48, 48]]) {
            const after = shown(on(depth), [stroke]);
            steps.push(about(stroke[0], after, whole), about('undo', whole, after));
          }
          if (network.moments.length > 1) {
            const [early, late] = [0, network.moments.length - 1].map((m) => {
              const { key, network: kept, step } = network.moments[m];
              const made = shower(task, { ...network, network: kept }, sample)(on(depth));
              return { ...made, seen: `${made.seen} ${m}`, state: { ...made.state, network, moment: { key, network: kept, step } } };
            });
            steps.push(about('moment', late, early));
          }
          const tour = !network.hasSkips ? [] : TOUR.map(({ skips, say }, i) => {
            const [now, before] = [shown(skips(depth)), shown(TOUR[Math.max(0, i - 1)].skips(depth))];
            const { layers } = network.network;
            return {
              ...say({ now, before, sample, layers, depth }), score: now.score, was: before.score.iou, marked: whereMarked(now, sample),
              field: fieldSize(layers, `encoder ${depth}`), widest: Math.max(0, ...sample.rings.map(([, , radius]) => 2 * radius)),
            };
          });
          said.push({ task: task.name, network: network.name, sample: sample.name, says: network.says, sees: fieldSize(network.network.layers, 'logits'), isTour: network === tasks[0].networks[0] && sample === tasks[0].samples[0], steps, tour });
        }
      }
    return said;
  },
  paused: () => questions.map(pausedCaption),
  scenes: () =>
    questions.map((scene) => {
      const { strokes, mask } = drawScene(scene, 96, 96);
      return { strokes: [...strokes], mask: [...mask] };
    }),
  fields: () => questions.map(({ layers, place, cell }) => fieldOf(layers, place, cell)),
  /** Painting what a scene has already, or something far outside, changes nothing. */
  paintings: () =>
    readTasks(questions[0]).flatMap(({ samples }) =>
      samples
        .filter(({ lines }) => lines)
        .map((sample) => {
          const outside = painted(sample, [['line', -99, -99, -99, -90]]);
          const erased = painted(sample, [['erase', 48, 48]]);
          const ring = painted(sample, [['ring', 48, 48, 16]]);
          return {
            isSame: outside.mask.every((each, i) => each === sample.mask[i]) && outside.image.every((each, i) => each === sample.image[i]),
            erased: erased.mask,
            differs: [...ring.image].filter((each, i) => each !== sample.image[i]).length,
            // What is painted counts as what was there from the start.
            isByRule: ['ring', 'line'].every((kind) => {
              const numbers = kind === 'ring' ? [60, 40, 15] : [20.5, 10, 80, 70.5];
              const scene = { lines: sample.lines, rings: [...sample.rings], segments: [] };
              scene[kind === 'ring' ? 'rings' : 'segments'].push(numbers);
              const [bare, drawn] = [{ ...sample, mask: null }, drawScene(scene, 96, 96)];
              const { mask } = painted(bare, [[kind, ...numbers]]);
              return mask.every((each, i) => each === drawn.mask[i]);
            }),
            isBright: ring.image.every((each, i) => each >= sample.image[i]),
          };
        }),
    ),
  painted: () => {
    const [tasks, ...strokes] = questions;
    const [sample] = readTasks(tasks)[0].samples;
    return strokes.map((some) => [...painted(sample, some).image]);
  },
  drawn: () =>
    questions.map((seed) => {
      const { image, rings } = randomScene(seed);
      return { mean: image.reduce((sum, each) => sum + each, 0) / image.length, rings: rings.length };
    }),
  scenesOf: () =>
    questions.map((seed) => {
      const { image, lines, rings } = randomScene(seed);
      return { image: [...image], mask: [...drawScene({ lines, rings, segments: [] }, 96, 96).mask] };
    }),
  /** Which pixels matter for the largest value of a level: what the worker says, and what covering one pixel really does. */
  matter: async () => {
    const [task] = readTasks(questions[0]);
    const [{ network }] = task.networks;
    const [sample] = task.samples;
    const { height, width, image } = sample;
    const picture = { key: 'one', height, width, image, other: null, skips: [1, 1, 1] };
    const area = { row: 30, column: 30, height: 14, width: 14 };
    const cell = { place: 'encoder 1', channel: 2, row: 18, column: 18 };
    const answers = [];
    await new Promise((resolve) => {
      const ask = serve((answer) => {
        if (answer.type === 'failed') throw new Error(answer.sentence);
        answers.push(answer);
        if (answer.isDone) resolve();
      });
      ask({ type: 'network', key: 'one', network });
      ask({ ...picture, ...cell, type: 'matter', id: 1, area });
    });
    const runner = new UNetRunner(readNetwork(network), height, width, makeMachine());
    const value = (shown) => {
      runner.encode(shown);
      return runner.value(cell.place, cell.channel, cell.row, cell.column);
    };
    const mean = image.reduce((sum, each) => sum + each, 0) / image.length;
    const last = answers.at(-1).changes;
    const most = Math.max(...last);
    const at = last.indexOf(most);
    const covered = image.slice();
    covered[at] = mean;
    const outside = [...last].filter((_, i) => {
      const [row, column] = [Math.floor(i / width) - area.row, (i % width) - area.column];
      return row < 0 || column < 0 || row >= area.height || column >= area.width;
    });
    return { sides: answers.map(({ side }) => side), most, really: Math.abs(value(covered) - value(image)), outside: Math.max(...outside) };
  },
  tour: () => {
    const [task] = readTasks(questions[0]);
    const [{ depth, network }] = task.networks;
    const [sample] = task.samples;
    const result = shower(task, task.networks[0], sample);
    return TOUR.map(({ skips, say }, i) => {
      const now = result(skips(depth));
      const before = result(TOUR[Math.max(0, i - 1)].skips(depth));
      const caption = say({ now, before, sample, layers: network.layers, depth });
      const same = Array.from({ length: depth }, (_, level) =>
        changed(before.maps[`decoder ${level}`], now.maps[`decoder ${level}`]),
      );
      return { ...caption, skips: skips(depth), iou: now.score.iou, score: now.score, marked: whereMarked(now, sample), same };
    });
  },
};
console.log(JSON.stringify(await answers[process.argv[2]]()));
