"""A page without Jupyter: one widget's bundle, and a model of a dozen lines in place of a kernel's.

In the page, `state` holds the model's values, `leave()` takes the widget away, and `listeners()`
counts the listeners that the model still has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "unet_teach" / "widgets" / "static"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>no kernel</title>
<style>%s</style><body data-jp-theme-light="true"><main></main></body></html>"""
SHOW = """async ({ esm, state }) => {
  const heard = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; heard[`change:${name}`]?.forEach((f) => f()); },
    save_changes: () => {},
    on: (event, listener) => (heard[event] ??= new Set()).add(listener),
    off: (event, listener) => heard[event]?.delete(listener),
  };
  const source = URL.createObjectURL(new Blob([esm], { type: 'text/javascript' }));
  const widget = (await import(source)).default;
  widget.initialize?.({ model });
  window.leave = widget.render({ model, el: document.querySelector('main') });
  window.state = state;
  window.listeners = () => Object.values(heard).reduce((sum, set) => sum + set.size, 0);
}"""


def show(page: Page, view: str, state: dict[str, Any]) -> None:
    """Show a widget alone on a page.

    Args:
        page: its content is replaced.
        view: the name of the widget's bundle, without `.js`.
        state: the model's values by their names.
    """
    page.set_content(PAGE % (STATIC / f"{view}.css").read_text(encoding="utf-8"))
    bundle = (STATIC / f"{view}.js").read_text(encoding="utf-8")
    values = json.loads(json.dumps(state, default=str))
    page.evaluate(SHOW, {"esm": bundle, "state": values})


def what_is_left(page: Page) -> list[int]:
    """Take the widget away; return how many listeners and elements it leaves behind."""
    page.evaluate("leave()")
    return page.evaluate("[listeners(), document.querySelector('main').childNodes.length]")
