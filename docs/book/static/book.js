/** Brings the book's widgets to life when they come near the screen, and switches its theme. */

import { PageModel } from './model.js'; // js/demo/model.js

const HERE = new URL('./', import.meta.url);

const file = (name) => new URL(`widgets/${name}`, HERE).href;
const json = (name) => fetch(file(name)).then((answer) => answer.json());

/** A widget's values; bytes are put where they belong, as a kernel sends them. Large ones have files of their own. */
async function values({ state, buffers, large }) {
  for (const [name, from] of Object.entries(large)) state[name] = await json(from);
  for (const { path, data } of buffers) {
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    const place = path.slice(0, -1).reduce((inside, key) => inside[key], state);
    place[path.at(-1)] = new DataView(bytes.buffer);
  }
  return state;
}

function addStyle(href) {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
  const loaded = new Promise((resolve) => {
    link.onload = link.onerror = resolve;
  });
  document.head.append(link);
  return loaded;
}

/** Put a widget in the place of its text or picture; if that fails, they stay. */
async function wake(place) {
  const { bundle, state } = place.dataset;
  const stored = state ? json(`${state}.json`) : Promise.resolve(JSON.parse(place.querySelector('script').textContent));
  const parts = [import(file(`${bundle}.js`)), stored.then(values), addStyle(file(`${bundle}.css`))];
  const [module, kept] = await Promise.all(parts);
  const model = new PageModel(kept);
  const el = document.createElement('div');
  const still = [...place.childNodes];
  place.append(el);
  try {
    await module.default.initialize?.({ model });
    await module.default.render({ model, el });
    for (const node of still) node.remove();
    place.dataset.awake = '';
  } catch (error) {
    el.remove();
    throw error;
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      wake(target);
    }
  },
  { rootMargin: '600px' },
);
// After the first paint: what there is to read is there before what moves.
const begin = () => document.querySelectorAll('.live').forEach((place) => near.observe(place));
addEventListener('load', () => {
  if (!PerformanceObserver.supportedEntryTypes?.includes('paint')) return begin();
  new PerformanceObserver((paints, observer) => {
    if (!paints.getEntriesByName('first-contentful-paint').length) return;
    observer.disconnect();
    begin();
  }).observe({ type: 'paint', buffered: true });
});

const page = document.documentElement;
const buttons = document.querySelectorAll('.theme-button');
/** Widgets and reports ask the body for the theme, as in JupyterLab. */
function tell() {
  const isDark = page.dataset.theme === 'dark';
  document.body.dataset.jpThemeLight = String(!isDark);
  for (const button of buttons) button.setAttribute('aria-pressed', String(isDark));
}
new MutationObserver(tell).observe(page, { attributeFilter: ['data-theme'] });
tell();
function switchTheme() {
  const theme = page.dataset.theme === 'dark' ? 'light' : 'dark';
  Object.assign(page.dataset, { theme, mode: theme });
  localStorage.setItem('theme', theme);
  localStorage.setItem('mode', theme);
}
for (const button of buttons) button.addEventListener('click', switchTheme);
