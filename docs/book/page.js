/* What a page answers from its first paint on: theme, search, navigation on a phone. It stands in
   the page itself, so that it waits for nothing, and its dialogs are made when they are asked for. */
{
  const page = document.documentElement;
  const dialogs = {};

  /** Return the dialog of a name, which `fill` has filled when it was first asked for. */
  function dialog(name, fill) {
    if (!dialogs[name]) {
      const made = { className: 'page-dialog', id: name };
      dialogs[name] = Object.assign(document.createElement('dialog'), made);
      document.body.append(dialogs[name]);
      fill(dialogs[name]);
    }
    return dialogs[name];
  }

  const search = () =>
    dialog('search-dialog', (box) => {
      const form = document.createElement('form');
      const field = document.createElement('input');
      form.action = document.querySelector('link[rel="search"]').href;
      Object.assign(field, { type: 'search', name: 'q', placeholder: 'Search the book' });
      field.setAttribute('aria-label', field.placeholder);
      box.append(form);
      form.append(field);
    });

  function navigation() {
    const sidebar = document.querySelector('.bd-sidebar-primary');
    const box = dialog('navigation-dialog', (made) =>
      made.addEventListener('close', () => sidebar.append(...made.childNodes)),
    );
    box.append(...sidebar.childNodes);
    return box;
  }

  /** Widgets and reports ask the body for the theme, as in JupyterLab. */
  function tell() {
    const isDark = page.dataset.theme === 'dark';
    document.body.dataset.jpThemeLight = String(!isDark);
    for (const button of document.querySelectorAll('.theme-button')) {
      button.setAttribute('aria-pressed', String(isDark));
    }
  }

  function switchTheme() {
    page.dataset.theme = page.dataset.theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem('theme', page.dataset.theme);
    tell();
  }

  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  page.dataset.theme = localStorage.getItem('theme') ?? (dark ? 'dark' : 'light');
  addEventListener('DOMContentLoaded', tell);
  addEventListener('click', ({ target }) => {
    if (target.closest('.theme-button')) switchTheme();
    else if (target.closest('.search-button-field')) search().showModal();
    else if (target.closest('.primary-toggle')) navigation().showModal();
    else if (target.matches('.page-dialog')) target.close(); // a click beside what it holds
    else target.closest('.page-dialog a')?.closest('dialog').close();
  });
  addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
    event.preventDefault();
    if (search().open) search().close();
    else search().showModal();
  });

  /* What moves comes after what is read: widgets wait for the first paint, and then as long again as
     the paint took, so that a slow computer can answer a click in between. */
  const begin = () => import('./_static/book.js');
  addEventListener('load', () => {
    if (!PerformanceObserver.supportedEntryTypes?.includes('paint')) return begin();
    new PerformanceObserver((paints, observer) => {
      const [paint] = paints.getEntriesByName('first-contentful-paint');
      if (!paint) return;
      observer.disconnect();
      const [{ responseEnd }] = performance.getEntriesByType('navigation');
      setTimeout(begin, paint.startTime - responseEnd);
    }).observe({ type: 'paint', buffered: true });
  });
}
