/** Time that runs, stands still and goes on: for votes (counted down) and for the whole session. */

/** @typedef {{before: number, since: number | null}} Kept   milliseconds until the last stop; when it was started */

export class Clock {
  /** @param {Kept} [kept] as `kept` returned it before a reload */
  constructor(kept = { before: 0, since: null }) {
    this.kept = kept;
  }

  get runs() {
    return this.kept.since !== null;
  }

  /** Seconds that it ran. */
  get seconds() {
    const { before, since } = this.kept;
    return (before + (since === null ? 0 : Date.now() - since)) / 1000;
  }

  start() {
    if (!this.runs) this.kept = { ...this.kept, since: Date.now() };
  }

  stop() {
    this.kept = { before: this.seconds * 1000, since: null };
  }

  toggle() {
    if (this.runs) this.stop();
    else this.start();
  }

  reset() {
    this.kept = { before: 0, since: null };
  }
}

/** Seconds as m:ss. @param {number} seconds */
export const inMinutes = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};
