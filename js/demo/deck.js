/** Where the presentation is. The address says it (#scene-5, or #scene-5.2 for its second beat), so that a reload returns there. */

/**
 * What `docs/build_demo.py` writes.
 * @typedef {object} Scene
 * @property {string} title
 * @property {string} group      the criterion it belongs to
 * @property {number} minutes
 * @property {number} seconds    that a vote takes
 * @property {string[]} notes    for the speaker
 * @property {string} question
 * @property {string} code
 * @property {{text: string, says: string}[]} options
 * @property {number} right      index of the right option
 * @property {string} verdict
 * @property {{name: string, met: boolean, says: string}[]} criteria
 * @property {Beat[]} beats
 */
/**
 * One picture of a scene. `told` shows the answers of the widget that is already there.
 * @typedef {object} Beat
 * @property {'widget' | 'told' | 'ask' | 'answer' | 'criteria'} kind
 * @property {string} [module]
 * @property {Record<string, unknown>} [state]
 * @property {string} [drawing]  id of the template that holds it
 * @property {boolean} [isOpen]  whether its middle is empty, so that the question fits there
 */

export class Deck {
  scene = 0;
  beat = 0;

  /** @param {Scene[]} scenes */
  constructor(scenes) {
    this.scenes = scenes;
  }

  get now() {
    return this.scenes[this.scene];
  }

  get address() {
    return `#scene-${this.scene + 1}${this.beat ? `.${this.beat + 1}` : ''}`;
  }

  /** Go where an address says; anything else is the first scene. @param {string} address */
  read(address) {
    const [, scene, beat] = /^#scene-(\d{1,3})(?:\.(\d))?$/.exec(address) ?? [];
    this.go(scene ? Number(scene) - 1 : 0, beat ? Number(beat) - 1 : 0);
  }

  /** @param {number} scene @param {number} [beat] */
  go(scene, beat = 0) {
    this.scene = Math.max(0, Math.min(this.scenes.length - 1, scene));
    this.beat = Math.max(0, Math.min(this.now.beats.length - 1, beat));
  }

  /** One beat forward or back; the ends stay. @param {1 | -1} by */
  step(by) {
    const beat = this.beat + by;
    if (beat >= 0 && beat < this.now.beats.length) this.beat = beat;
    else if (this.scenes[this.scene + by])
      this.go(this.scene + by, by < 0 ? this.scenes[this.scene - 1].beats.length - 1 : 0);
  }

  /** The minute at which the present scene begins by plan. */
  get planned() {
    return this.scenes.slice(0, this.scene).reduce((sum, { minutes }) => sum + minutes, 0);
  }
}
