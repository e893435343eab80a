/** The view of SeeInside: paint an image, watch every feature map of a U-Net, cut a skip. */

import layers from '../../unet_teach/widgets/layers.json' with { type: 'json' };
import { h, set } from '../dom.js';
import { themeOf } from '../see/drawing.js';
import { GradientBars } from '../see/gradient_bars.js';
import { Head } from '../see/head.js';
import { readFile } from '../see/image_file.js';
import { InputPanel } from '../see/input_panel.js';
import { Inspection, leavesOut } from '../see/inspection.js';
import { NetworkList } from '../see/network_list.js';
import { OutputPanel } from '../see/output_panel.js';
import { MOST_STROKES } from '../see/painting.js';
import { squeeze } from '../see/reading.js';
import { Session } from '../see/session.js';
import { thumbnail } from '../see/thumbnail.js';
import {
  isShown,
  levelCaption,
  pausedCaption,
  readCaption,
  slowCaption,
  TOUR,
} from '../see/tour.js';
import { TourStrip } from '../see/tour_strip.js';
import { UPanel } from '../see/u_panel.js';
import { comparedWith, headline } from '../see/words.js';
import { initialize, isTyping, mount, presentButton } from '../shell.js';

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('../see/session.js').State} State */
/** @typedef {import('../see/painting.js').Stroke} Stroke */
/** @typedef {import('../see/tour.js').Result} Result */

const WIDE = 1052; // pixels of width from which the three columns have their full size
const MEDIUM = 740; // and from which they stand side by side
const TWO = 600; // and from which the U stands beside the images
const HIGHEST_SEED = layers.SeeInside.seed[1];
const TRAITS = [
  '_tasks',
  '_gradients',
  'task',
  'network',
  'moment',
  'sample',
  'seed',
  'image',
  'strokes',
  'skips',
  'place',
  'channel',
  'cell',
  'pixel',
  'caption',
];

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const ended = new AbortController();
  const { signal } = ended;
  const get = (/** @type {string} */ name) => model.get(name);
  const last = TOUR.length - 1;
  let width = 0;
  let base = /** @type {Stroke[]} */ ([]); // strokes before the one in the making
  let slid = -1; // the skip whose strength was moved last
  let problem = ''; // of a file, until something else is done
  const drawn = new Map(); // what each part was drawn from
  let painting = false; // what happens now is painted together

  /** @param {Record<string, unknown>} values */
  const save = (values) => {
    painting = true;
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    painting = false;
    paint(); // first: it asks the engine
    model.save_changes();
    root.dispatchEvent(new Event('ut-fact'));
  };
  /** Do something of which the change is shown; the tour waits where it is. @param {Record<string, unknown>} values */
  const act = (values) => {
    problem = '';
    strip.pause();
    session.remember();
    save({ pixel: null, ...values });
  };
  const session = new Session(model, () => {
    paint();
    root.dispatchEvent(new Event('ut-fact'));
  });
  signal.addEventListener('abort', () => session.end());

  // ------------------------------------------------------------------------------------ the parts
  const input = new InputPanel({
    onStroke(stroke, isNew) {
      if (isNew) {
        base = (session.state()?.strokes ?? []).slice(0, MOST_STROKES - 1);
        strip.pause();
        session.remember();
      }
      problem = '';
      save({ pixel: null, strokes: stroke ? [...base, stroke] : base });
    },
    onUndo: () => act({ strokes: (session.state()?.strokes ?? []).slice(0, -1) }),
    onSample: (sample) => act({ sample, seed: 0, image: '', strokes: [] }),
    onNew: () =>
      act({ seed: 1 + Math.floor(HIGHEST_SEED * Math.random()), image: '', strokes: [] }),
    async onFile(file) {
      const state = session.state();
      const bytes = state && (await readFile(file, state.sample));
      if (bytes) act({ image: await squeeze(bytes), strokes: [] });
      else {
        problem = `${file.name} is no image. Choose a PNG or JPEG.`;
        paint();
      }
    },
    onTool: () => paint(),
    signal,
  });
  const u = new UPanel({
    onOpen: (place) => open(place),
    onSkip(level, skip, isSlid) {
      const skips = [...(session.state()?.skips ?? [])];
      skips[level] = skip;
      if (isSlid && slid === level) save({ skips });
      else act({ skips });
      slid = isSlid ? level : -1;
    },
    onAll(skip) {
      slid = -1;
      act({ skips: (session.state()?.skips ?? []).map(() => skip) });
    },
    onMoment: (moment) => act({ moment }),
    signal,
  });
  const inspection = new Inspection({ get, save, session, onChange: () => paint(), signal });
  const output = new OutputPanel({
    onPick(pixel) {
      strip.pause();
      save({ pixel });
    },
    signal,
  });
  const bars = new GradientBars();
  const strip = new TourStrip({
    onCaption: show,
    at: () => readCaption(get('caption')),
    signal,
  });
  const networks = new NetworkList({
    onChoose(task, network) {
      const isSame = task.name === session.state()?.task.name;
      act({
        task: task.name,
        network: network.name,
        moment: -1,
        ...(isSame ? {} : { sample: 0, seed: 0, image: '', strokes: [] }),
      });
    },
    signal,
  });
  const root = h('div', {
    class: 'ut ut-see',
    role: 'group',
    'aria-label': 'See inside a U-Net',
    tabindex: -1,
  });
  root.addEventListener('keydown', key, { signal, capture: true });
  const head = new Head({
    networks: networks.element,
    present: presentButton(root, () => paint(), signal),
    onHalf: (part) => open(`${part} ${placeNow().split(' ')[1]}`),
    onBack: close,
    signal,
  });
  root.append(
    head.element,
    h(
      'div',
      { class: 'ut-see-stage' },
      input.element,
      u.element,
      output.element,
      inspection.level.channels,
      inspection.level.large,
    ),
    strip.element,
    bars.element,
  );
  input.element.append(inspection.uses);

  const resized = new ResizeObserver(([{ contentRect }]) => {
    const isOther = contentRect.width !== width;
    width = contentRect.width;
    if (isOther) paint();
  });
  resized.observe(root);
  signal.addEventListener('abort', () => resized.disconnect());

  // -------------------------------------------------------------------------------- what is shown
  /** The opened level, "" for none. */
  function placeNow() {
    const place = String(get('place') ?? '');
    return session.now?.maps[place] && /coder \d$/.test(place) ? place : '';
  }

  /** Draw a part, unless it shows all of this already. @param {string} part @param {unknown[]} seen @param {() => void} act */
  function draw(part, seen, act) {
    if (
      drawn
        .get(part)
        ?.every((/** @type {unknown} */ each, /** @type {number} */ i) => each === seen[i])
    )
      return;
    drawn.set(part, seen);
    act();
  }

  function paint() {
    if (painting) return;
    const state = session.state();
    if (!state) {
      head.say('There is no network to show.');
      return;
    }
    painting = true; // the answer may be there at once
    session.ask(state);
    painting = false;
    const { now, earlier: before } = session;
    const theme = themeOf(root);
    const place = placeNow();
    const isPage = width > 0 && !root.classList.contains('ut-present');
    const isNarrow = isPage && width < WIDE;
    root.classList.toggle('ut-see-narrow', isPage && width < MEDIUM);
    root.classList.toggle('ut-see-two', isPage && width < MEDIUM && width >= TWO);
    root.classList.toggle('ut-see-medium', isNarrow && width >= MEDIUM);
    root.classList.toggle('ut-see-open', place !== '');
    const { task, network, image, skips } = state;
    draw('networks', [session.tasks, task, network], () => networks.paint(session.tasks, state));
    const chosen = get('image') || get('seed') ? -1 : Number(get('sample')) || 0;
    draw('samples', [task, chosen], () =>
      input.samples.paint(task.samples, chosen, task.samples[0].lines !== null),
    );
    input.undo.disabled = !state.strokes.length;
    draw('input', [image, input.tool, place ? {} : ''], () =>
      input.paint(image, state.sample, place ? inspection.hint : 'paint here', {
        shade: place && !network.inKernel ? 0.45 : 1,
        marks: place ? inspection.marks(state, place) : [],
      }),
    );
    draw('skips', [network, isNarrow, String(skips)], () => {
      const why = network.inKernel ? 'none found' : 'trained without';
      u.build(network.rows, isNarrow ? 'narrow' : 'wide', why);
      u.paintSkips(skips);
    });
    bars.paint(get('_gradients'), state);
    strip.show(state.task.source === 'yours' ? (bars.element.hidden ? 'hint' : 'none') : 'tour');
    draw('moments', [network, state.moment.key], () => u.paintMoments(state));
    if (!now || now.state.network.key !== state.network.key) {
      head.say(problem || session.problem);
      return;
    }
    const pixel = inspection.pixel(state);
    const matters = inspection.matters(state);
    // A stroke paints the input at once, and the maps when their answer is there.
    draw('maps', [now, before, theme, isNarrow, pixel && String(pixel), matters], () => {
      output.paint(now, before, pixel, matters, unknown(now), theme);
      const channel = (/** @type {string} */ each) => session.order(each)[0];
      u.paintMaps(now.maps, (each) => thumbnail(each, channel(each), now, before), theme);
      u.paintSince(comparedWith(now, before));
    });
    const said = place ? inspection.headline(place, now) : headline(now, before);
    const isLate = network.seconds > 0 && !session.isUpToDate(state);
    const running = isLate ? `Running: about ${network.seconds} s …` : '';
    const took = network.seconds && !place ? `One run took ${network.seconds} s.` : '';
    head.say(problem || session.problem || running || said.title, `${said.note} ${took}`.trim());
    if (place) {
      head.paintHalves(place, `decoder ${place.split(' ')[1]}` in now.maps);
      inspection.paint(state, place, now, theme);
    }
    const isTour = !place && strip.at() < last && isShown(strip.at(), state, session.tasks);
    set(root, { 'data-caption': isTour ? String(strip.at()) : '' });
    if (network.seconds) strip.paint(slowCaption(network.seconds, leavesOut(state)));
    else if (place) strip.paint(levelCaption(network.inKernel));
    else if (session.isUpToDate(state)) strip.paint(captionOf(state, now, before));
  }

  /** @param {State} state @param {Result} now @param {Result | null} before */
  function captionOf(state, now, before) {
    const at = strip.at();
    const { layers } = /** @type {any} */ (state.moment.network);
    if (!isShown(at, state, session.tasks)) return pausedCaption(at);
    return TOUR[at].say({ now, before, sample: state.sample, layers, depth: state.network.depth });
  }

  // ------------------------------------------------------------------------------ what one can do
  /** @param {string} place */
  function open(place) {
    if (!session.now?.maps[place]) return;
    strip.pause();
    save({ place, channel: -1, cell: null });
    inspection.level.frame.focus({ preventScroll: true });
  }

  function close() {
    const place = placeNow();
    save({ place: '' });
    /** @type {HTMLElement | null} */ (root.querySelector(`[data-place="${place}"]`))?.focus();
  }

  /** Put the network into the state that a caption describes. @param {number} index */
  function show(index) {
    const state = session.state();
    if (!state) return;
    const [task] = session.tasks;
    const { depth } = task.networks[0];
    session.compareWith(switchesBefore(index, depth));
    save({
      caption: index,
      task: task.name,
      network: task.networks[0].name,
      moment: -1,
      sample: 0,
      seed: 0,
      image: '',
      strokes: [],
      skips: TOUR[index].skips(depth),
      place: '',
      pixel: null,
    });
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.key === 'Escape' && placeNow()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      close();
    } else if (/^\d$/.test(event.key)) {
      const state = session.state();
      const skips = [...(state?.skips ?? [])];
      const level =
        state?.network.rows.findIndex(({ name, skip }) => skip && name === event.key) ?? -1;
      if (level < 0) return;
      skips[level] = skips[level] === 0 ? 1 : 0;
      slid = -1;
      act({ skips });
    } else if (event.key === ' ' && event.target === root) {
      event.preventDefault();
      strip.toggle();
    }
  }

  /** What steps may ask for. @param {string} name */
  function fact(name) {
    if (name === 'iou')
      return session.now?.score ? Math.round(100 * session.now.score.iou) / 100 : '';
    return undefined;
  }

  const opens = strip.at();
  const shown = session.state();
  if (shown && opens < last) session.compareWith(switchesBefore(opens, shown.network.depth));
  const leave = mount({ model, el, root, traits: TRAITS, paint, ended, fact });
  // A link shows what it names: there the tour waits.
  const isUntouched = strip.at() === last && !get('strokes')?.length && !get('skips')?.length;
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (get('autoplay') === true && isUntouched && !isCalm) {
    model.set('caption', 0);
    // Not before it is on screen: on a phone the captions lie below the U.
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (!entry.isIntersecting) return;
        watch.disconnect();
        if (strip.at() === 0 && !strip.isPlaying) strip.toggle();
      },
      { threshold: 0.5 },
    );
    watch.observe(strip.element);
    signal.addEventListener('abort', () => watch.disconnect());
  }
  return leave;
}

/** The switches that a caption compares with: those of the one before it. @param {number} index @param {number} depth */
const switchesBefore = (index, depth) => TOUR[Math.max(0, index - 1)].skips(depth);

/** @param {Result} now */
function unknown({ state }) {
  if (state.strokes.some(([kind]) => kind === 'erase')) return 'erased: no ground truth';
  return state.strokes.length ? 'painted: no rule is known here' : 'no ground truth';
}

export default { initialize, render };
