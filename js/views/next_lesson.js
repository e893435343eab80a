/** The view of NextLesson: saves the notebook, shuts its kernel down and opens the next one. */

import { h } from '../dom.js';

/** @typedef {import('../shell.js').Model} Model */

/** How long the notebook may take to be saved, in milliseconds. */
const PATIENCE = 15_000;
const MENU = 'Choose Kernel → Shut Down Kernel in the menu, then open';

/** Jupyter's own settings for this page; null on a page that is not Jupyter's. @returns {Record<string, any> | null} */
function jupyter() {
  try {
    return JSON.parse(document.getElementById('jupyter-config-data')?.textContent ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Ask the Jupyter server of this page, as JupyterLab does.
 * @param {string} path  below `api/`
 * @param {string} [method]
 */
function ask(path, method = 'GET') {
  const { baseUrl = '/', token = '' } = jupyter() ?? {};
  const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1];
  return fetch(new URL(`${baseUrl}api/${path}`, location.origin), {
    method,
    cache: 'no-store',
    headers: {
      ...(token ? { Authorization: `token ${token}` } : {}),
      ...(xsrf ? { 'X-XSRFToken': xsrf } : {}),
    },
  });
}

/** A path whose parts may hold any letter. @param {string} path */
const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');

/** What the server knows of a notebook; null if it is not there. @param {string} path */
async function file(path) {
  const answer = await ask(`contents/${encoded(path)}?content=0`);
  return answer.ok ? answer.json() : null;
}

/** Save the notebook with Jupyter's own button; tell whether nothing is left to save. @param {string} path @param {Element} view */
async function save(path, view) {
  const before = await file(path);
  const panel = view.closest('.jp-NotebookPanel') ?? document;
  const button = panel.querySelector('[data-command="docmanager:save"]');
  if (!before?.writable || !(button instanceof HTMLElement)) return true;
  button.click();
  for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
    if ((await file(path))?.last_modified !== before.last_modified) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

/** Show another notebook: in JupyterLab in a tab beside this one, in Notebook 7 in place of this page. @param {string} path @param {Element} view */
function open(path, view) {
  const { baseUrl = '/', notebookPage } = jupyter() ?? {};
  // Only JupyterLab itself opens tabs: by the link that the same cell displays.
  const link = view.closest('.jp-Cell')?.querySelector('.jp-RenderedMarkdown a');
  if (link instanceof HTMLElement && !notebookPage) link.click();
  else location.assign(`${baseUrl}${notebookPage ? 'notebooks' : 'lab/tree'}/${encoded(path)}`);
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const [name, title, kernel] = ['file', 'title', '_kernel'].map((key) => String(model.get(key)));
  const told = h('p', { role: 'status' });
  const note = h('p', { class: 'ut-wrong' }, String(model.get('note') ?? ''));
  const button = h('button', { type: 'button' }, `Shut down this kernel and open ${title}`);
  const root = h('section', { class: 'ut ut-next', 'aria-label': 'Next lesson' });
  if (!jupyter() || !kernel) return;
  root.append(
    note,
    button,
    h(
      'p',
      {},
      'This saves the notebook and frees the memory of its kernel. What you solved is kept; variables are not, so run the cells again if you come back.',
    ),
    told,
  );
  el.append(root);

  let busy = false;
  let unsaved = false;
  /** What keeps the next lesson from opening, as a sentence; empty once it is open. */
  async function goOn() {
    told.textContent = 'Saving …';
    const sessions = await (await ask('sessions')).json();
    const mine = sessions.find((/** @type {any} */ session) => session.kernel?.id === kernel);
    if (!mine) return `This kernel isn't in the server's list. ${MENU} ${name}.`;
    const path = mine.path.replace(/[^/]*$/, '') + name;
    if (!(await file(path)))
      return `There is no ${name} beside this notebook. Nothing was changed.`;
    if (!unsaved && !(await save(mine.path, root))) {
      unsaved = true;
      return 'The notebook could not be saved, and its kernel still runs. Save it under another name, or press again to go on without saving.';
    }
    told.textContent = 'Shutting the kernel down …';
    const { ok, status } = await ask(`sessions/${mine.id}`, 'DELETE');
    if (!ok && status !== 404)
      return `The kernel still runs: the server said ${status}. ${MENU} ${name}.`;
    told.textContent = `The kernel is shut down. Opening ${title} …`;
    open(path, root);
    return '';
  }
  button.addEventListener('click', async () => {
    if (busy) return;
    busy = true;
    const refusal = await goOn().catch(() => `The server gives no answer. ${MENU} ${name}.`);
    if (refusal) told.textContent = refusal;
    busy = false;
  });
  // In command mode, JupyterLab takes Enter and letters for its own.
  root.addEventListener('keydown', (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== 'Escape')
      event.stopPropagation();
  });
  return () => root.remove();
}

export default { render };
