/** An image file as the network takes it. It never leaves the page. */

import { h } from '../dom.js';
import { GROUND } from './scene.js';

/** A file's picture as numbers of 0 to 1, scaled into a square on the data's ground; `null` where it is no picture. @param {File} file @param {{height: number, width: number, channels: number}} size */
export async function readFile(file, { height, width, channels }) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  const canvas = h('canvas', { height, width });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  const grey = Math.round(255 * GROUND);
  context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / bitmap.width, height / bitmap.height);
  const [wide, high] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (width - wide) / 2, (height - high) / 2, wide, high);
  const { data } = context.getImageData(0, 0, width, height);
  const bytes = new Uint8Array(channels * height * width);
  for (let i = 0; i < height * width; i += 1) {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 1) bytes[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else
      for (let c = 0; c < channels; c += 1)
        bytes[c * height * width + i] = [red, green, blue][c % 3];
  }
  return bytes;
}
