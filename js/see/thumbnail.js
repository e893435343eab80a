/** What a level of the U shows: one channel, in one scale with what it showed before, and how much the level changed. Pure: no page. */

import { changed, channelOf, ends } from './results.js';
import { areComparable } from './words.js';

/** @typedef {import('./tour.js').Result} Result */

const SMALLEST_CHANGE = 0.005; // of a level's maps: less is "same" only where it is nothing

/** @param {string} place @param {number} channel   its most active one @param {Result} now @param {Result | null} before */
export function thumbnail(place, channel, now, before) {
  const map = now.maps[place];
  const bounds = ends(channelOf(map, channel));
  const old = before?.maps[place];
  const isComparable = old && before && areComparable(before, now);
  if (isComparable && place.startsWith('decoder')) {
    const [low, high] = ends(channelOf(old, channel));
    bounds[0] = Math.min(bounds[0], low);
    bounds[1] = Math.max(bounds[1], high);
  }
  return {
    channel,
    ends: bounds,
    says:
      isComparable && before.seen !== now.seen ? changeWords(map.changed ?? changed(old, map)) : '',
  };
}

/** @param {number} share */
function changeWords(share) {
  if (share === 0) return 'same';
  return share < SMALLEST_CHANGE
    ? 'changed < 1 %'
    : `changed ${Math.max(1, Math.round(100 * share))} %`;
}
