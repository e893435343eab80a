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
import { TOUR, whereMarked } from '../../js/see/tour.js';

const questions = readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

const answers = {
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
    const runner = new UNetRunner(readNetwork(network), sample.height, sample.width, makeMachine());
    const result = (skips) => {
      runner.run(sample.image, skips);
      const maps = Object.fromEntries(runner.places.map((place) => [place, runner.read(place)]));
      const probabilities = probability(maps.logits);
      const prediction = predicted(probabilities);
      const { height, width, mask } = sample;
      return { height, width, maps, probabilities, prediction, mask, score: score(prediction, mask) };
    };
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
