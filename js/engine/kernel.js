/** The engine for networks that the page cannot run: questions go to the kernel, which runs a copy of the network. */

/** @typedef {import('../shell.js').Model} Model */
/** @typedef {import('./client.js').Connect} Connect */
/** @typedef {import('./server.js').Question} Question */
/** @typedef {import('./server.js').Shown} Shown */

const PATIENCE = 8000; // ms without an answer, beside the network's own, until the page says so
const BACKWARD = 4; // runs that a gradient takes at most
export const SILENT =
  'The kernel has not answered: it is busy or has ended. Wait, or run the cell again.';

/** Ask the kernel through the widget's messages. @param {Model} model @param {number} seconds   that a run takes @returns {Connect} */
export const inKernel = (model, seconds) => (receive) => {
  let timer = 0;
  let matters = 0; // the question about pixels that is on its way
  /** @type {import('./server.js').MatterQuestion | null} the newest of those that came meanwhile */
  let waiting = null;
  /** @param {any} answer @param {DataView[]} [buffers] */
  const hear = (answer, buffers = []) => {
    if (!['run', 'matter', 'failed'].includes(answer?.type)) return;
    clearTimeout(timer);
    if (answer.id === matters) matters = 0;
    receive(read(answer, buffers));
    const next = waiting;
    if (!next || matters) return;
    waiting = null;
    send(next);
  };
  model.on('msg:custom', hear);
  /** @param {import('./server.js').Question} question */
  function send(question) {
    if (question.type === 'network') return;
    if (question.type === 'matter') {
      // A pointer moves on before the kernel answers; it would work through all of them.
      if (matters) {
        waiting = question;
        return;
      }
      matters = question.id;
    }
    const { image, other, isOwn, ...rest } = question;
    const blank = new Float32Array(0);
    const silent = () => {
      matters = 0;
      receive({ type: 'silent', id: question.id, sentence: SILENT });
    };
    clearTimeout(timer);
    timer = window.setTimeout(silent, PATIENCE + 1000 * BACKWARD * seconds);
    try {
      model.send?.(rest, undefined, [isOwn ? blank : image, other ?? blank]);
    } catch {
      silent(); // the kernel has gone, and its channel with it
    }
  }
  return {
    send,
    end() {
      clearTimeout(timer);
      model.off('msg:custom', hear);
    },
  };
};

/** An answer with its maps. @param {any} answer @param {DataView[]} buffers @returns {import('./server.js').Answer} */
function read(answer, buffers) {
  const values = buffers.map(
    ({ buffer, byteOffset, byteLength }) =>
      new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)),
  );
  if (answer.type === 'matter') return { ...answer, changes: values[0], side: 1 };
  if (answer.type === 'failed') return answer;
  const places = Object.entries(answer.places);
  const maps = places.map(([place, shown], i) => [place, { ...shown, values: values[i] }]);
  return { ...answer, maps: Object.fromEntries(maps) };
}
