/** Pixels on canvases: one ramp for the input, one for each half of the U, and the outlines of masks. */

/** @typedef {'grey' | 'input' | 'output'} Ramp */

/** From nothing to the most, in the light and in the dark theme. */
const STOPS = {
  grey: { light: ['#000000', '#ffffff'], dark: ['#000000', '#ffffff'] },
  input: {
    light: ['#ffffff', '#cfe4f3', '#0072b2', '#04304d'],
    dark: ['#14191e', '#0f4266', '#56b4e9', '#f2faff'],
  },
  output: {
    light: ['#ffffff', '#cdeae0', '#009e73', '#00402e'],
    dark: ['#14191e', '#0c4d3a', '#2fc79a', '#effff9'],
  },
};
const STEPS = 256;
/** @type {Map<string, Uint32Array>} colours as a canvas keeps them, one number each */
const tables = new Map();

/** @param {Ramp} ramp @param {'light' | 'dark'} theme */
function table(ramp, theme) {
  const name = `${ramp} ${theme}`;
  const known = tables.get(name);
  if (known) return known;
  const stops = STOPS[ramp][theme].map((hex) =>
    [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)),
  );
  const bytes = new Uint8ClampedArray(4 * STEPS).fill(255);
  for (let i = 0; i < STEPS; i += 1) {
    const place = (i / (STEPS - 1)) * (stops.length - 1);
    const before = Math.min(Math.floor(place), stops.length - 2);
    for (let c = 0; c < 3; c += 1)
      bytes[4 * i + c] =
        stops[before][c] + (stops[before + 1][c] - stops[before][c]) * (place - before);
  }
  const made = new Uint32Array(bytes.buffer);
  tables.set(name, made);
  return made;
}

/** A ramp as a background in CSS. @param {Exclude<Ramp, 'grey'>} ramp @param {'light' | 'dark'} theme */
export const gradient = (ramp, theme) => `linear-gradient(to right, ${STOPS[ramp][theme]})`;

/** The theme of the widget: light text stands on a dark ground. @param {Element} root @returns {'light' | 'dark'} */
export function themeOf(root) {
  const [red, green, blue] = getComputedStyle(root)
    .color.match(/[\d.]+/g)
    ?.map(Number) ?? [0, 0, 0];
  const scale = Math.max(red, green, blue) <= 1 ? 255 : 1; // color(srgb …) counts to 1
  return scale * (red + green + blue) > 382 ? 'dark' : 'light';
}

/** What a canvas is drawn from, kept from one drawing to the next. @typedef {{context: CanvasRenderingContext2D, pixels: ImageData, cells: Uint32Array}} Paper */
/** @type {WeakMap<HTMLCanvasElement, Paper>} */
const papers = new WeakMap();

/** Let a function set a canvas's cells. The canvas has the size of the map: the style scales it. @param {HTMLCanvasElement} canvas @param {number} height @param {number} width @param {(cells: Uint32Array) => void} fill */
function draw(canvas, height, width, fill) {
  let paper = papers.get(canvas);
  if (paper?.pixels.height !== height || paper.pixels.width !== width) {
    canvas.height = height;
    canvas.width = width;
    const context = canvas.getContext('2d');
    if (!context) return;
    const pixels = context.createImageData(width, height);
    paper = { context, pixels, cells: new Uint32Array(pixels.data.buffer) };
    papers.set(canvas, paper);
  }
  fill(paper.cells);
  paper.context.putImageData(paper.pixels, 0, 0);
}

/** A colour as a canvas keeps it. @param {number[]} parts   red, green, blue, 0 to 255 */
const packed = (parts) => new Uint32Array(Uint8ClampedArray.of(...parts, 255).buffer)[0];

/** One map, from its lowest to its highest shown value. @param {HTMLCanvasElement} canvas @param {Float32Array | Uint8Array} values @param {number} height @param {number} width @param {[number, number]} ends @param {Ramp} ramp @param {'light' | 'dark'} theme */
export function drawMap(canvas, values, height, width, [low, high], ramp, theme) {
  const colours = table(ramp, theme);
  const scale = high > low ? (STEPS - 1) / (high - low) : 0;
  draw(canvas, height, width, (cells) => {
    for (let i = 0; i < cells.length; i += 1)
      cells[i] =
        colours[Math.max(0, Math.min(STEPS - 1, Math.round((values[i] - low) * scale) || 0))];
  });
}

/** An image of one or three channels, 0 to 1. @param {HTMLCanvasElement} canvas @param {Float32Array} image @param {number} height @param {number} width @param {number} [shade]   0 leaves all black */
export function drawImage(canvas, image, height, width, shade = 1) {
  const count = height * width;
  const step = image.length >= 3 * count ? count : 0;
  draw(canvas, height, width, ({ buffer }) => {
    const bytes = new Uint8ClampedArray(buffer);
    for (let i = 0; i < count; i += 1) {
      for (let c = 0; c < 3; c += 1) bytes[4 * i + c] = 255 * shade * image[c * step + i];
      bytes[4 * i + 3] = 255;
    }
  });
}

/** What a prediction kept, lost and gained. @param {HTMLCanvasElement} canvas @param {Uint8Array} before @param {Uint8Array} after @param {number} height @param {number} width @param {'light' | 'dark'} theme */
export function drawChange(canvas, before, after, height, width, theme) {
  const isLight = theme === 'light';
  const [none, kept, lost, gained] = [
    isLight ? [255, 255, 255] : [20, 25, 30],
    isLight ? [200, 206, 212] : [88, 98, 108],
    isLight ? [0, 0, 0] : [255, 255, 255],
    isLight ? [0, 128, 92] : [47, 199, 154],
  ].map(packed);
  draw(canvas, height, width, (cells) => {
    for (let i = 0; i < cells.length; i += 1)
      cells[i] = after[i] ? (before[i] ? kept : gained) : before[i] ? lost : none;
  });
}

/** How much pixels matter, in amber. @param {HTMLCanvasElement} canvas @param {Float32Array} changes @param {number} height @param {number} width @param {'light' | 'dark'} theme */
export function drawChanges(canvas, changes, height, width, theme) {
  const most = changes.reduce((top, each) => Math.max(top, each), 0) || 1;
  const full = theme === 'light' ? [122, 72, 0] : [255, 176, 0];
  draw(canvas, height, width, (cells) => {
    cells.fill(packed(full));
    const bytes = new Uint8ClampedArray(cells.buffer);
    for (let i = 0; i < cells.length; i += 1) bytes[4 * i + 3] = 255 * Math.sqrt(changes[i] / most);
  });
}

/** The outline of a mask, between its pixels and the others. @param {Uint8Array} mask @param {number} height @param {number} width */
export function outline(mask, height, width) {
  const at = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 && column >= 0 && row < height && column < width ? mask[row * width + column] : 0;
  let path = '';
  for (let row = 0; row <= height; row += 1)
    for (let column = 0; column <= width; column += 1) {
      if (at(row, column) !== at(row - 1, column)) path += `M${column} ${row}h1`;
      if (at(row, column) !== at(row, column - 1)) path += `M${column} ${row}v1`;
    }
  return path;
}
