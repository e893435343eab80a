/** What a page of the book does once it is read (page.js): widgets come to life when they are near the screen. */

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
for (const place of document.querySelectorAll('.live')) near.observe(place);

/* "On this page" marks the section that is read: the last one whose heading came into view. */
const links = [...document.querySelectorAll('#pst-page-toc-nav a')];
const linkOf = new Map(
  links.map((link) => {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    return [section.querySelector('h2, h3, h4') ?? section, link];
  }),
);
const reading = new IntersectionObserver(
  (seen) => {
    const current = linkOf.get(seen.findLast(({ isIntersecting }) => isIntersecting)?.target);
    if (!current) return;
    for (const link of links) {
      const entry = link.closest('.toc-entry');
      entry.classList.toggle('active', entry.contains(current)); // its subsections unfold
      link.classList.toggle('active', link === current);
      if (link === current) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  },
  { rootMargin: '-48px 0px -70%' }, // the header, and what is yet to be read
);
for (const heading of linkOf.keys()) reading.observe(heading);

/* What scrolls can be scrolled by keyboard. */
const boxes = new ResizeObserver((resized) => {
  for (const { target } of resized) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute('tabindex');
  }
});
for (const box of document.querySelectorAll('.bd-article :is(pre, table, .formula, .cell_output, .cell_output > .output)')) boxes.observe(box);

/* A page that was opened from the search marks what was searched for. The search page has these scripts itself. */
if (localStorage.getItem('sphinx_highlight_terms') && !document.querySelector('script[src*="doctools.js"]')) {
  for (const name of ['documentation_options', 'doctools', 'sphinx_highlight']) {
    const src = new URL(`${name}.js`, HERE).href;
    document.head.append(Object.assign(document.createElement('script'), { src, async: false }));
  }
}
