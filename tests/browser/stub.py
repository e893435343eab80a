"""A page without Jupyter: one widget, and a model of a dozen lines in place of a kernel's.

In the page, `state` holds the model's values, `leave()` takes the widget away, and `listeners()`
counts the listeners that the model still has. A view that sends messages to a kernel is answered by
`kernel`, where one is given. What is presented fills the window, not the screen: a browser changes
that some time later, and test_present.py shows that the two look the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "unet_teach" / "widgets" / "static"
# What JupyterLab says of elements in an output, where widgets have them too.
LAB = """.jp-OutputArea-output :is(dl, dt, dd) { display: block; padding: 0; margin: 0; }
.jp-OutputArea-output dl { width: 100%; overflow: hidden; }
.jp-OutputArea-output dt { font-weight: bold; float: left; width: 20%; }
.jp-OutputArea-output dd { float: left; width: 80%; }"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>no kernel</title>
<style>%s</style><body data-jp-theme-light="true"><main class="jp-OutputArea-output"></main></body>
</html>"""
# State and buffers are handed over as text: Playwright looks at each number of a list.
SHOW = """async ({ view, esm, values }) => {
  const state = JSON.parse(values), heard = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; heard[`change:${name}`]?.forEach((f) => f()); },
    save_changes: () => {},
    send: async (content, callbacks, buffers = []) => {
      const text = ({ buffer, byteOffset, byteLength }) =>
        btoa(Array.from(new Uint8Array(buffer, byteOffset, byteLength),
          (byte) => String.fromCharCode(byte)).join(''));
      const answer = await window.askKernel?.(content, buffers.map(text));
      if (!answer) return;
      const views = answer[1].map((text) =>
        new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer));
      heard['msg:custom']?.forEach((f) => f(answer[0], views));
    },
    on: (event, listener) => (heard[event] ??= new Set()).add(listener),
    off: (event, listener) => heard[event]?.delete(listener),
  };
  const modules = (window.modules ??= {}); // each is read once, as in a notebook
  const source = () => URL.createObjectURL(new Blob([esm], { type: 'text/javascript' }));
  const { default: widget } = await (modules[view] ??= import(source()));
  widget.initialize?.({ model });
  window.leave = widget.render({ model, el: document.querySelector('main') });
  for (const root of document.querySelector('main').children)
    Object.defineProperty(root, 'requestFullscreen', { value: undefined, configurable: true });
  window.state = state;
  window.listeners = () => Object.values(heard).reduce((sum, set) => sum + set.size, 0);
}"""


Kernel = Callable[[dict[str, Any], list[bytes]], tuple[dict[str, Any], list[bytes]]]


def show(page: Page, view: str, state: dict[str, Any], kernel: Kernel | None = None) -> None:
    """Show a widget alone on a page.

    Args:
        page: its content is replaced.
        view: the name of the widget's bundle, without `.js`.
        state: the model's values by their names.
        kernel: what answers a message and its buffers.
    """
    if kernel is not None:

        def answer(content: dict[str, Any], buffers: list[str]) -> list[Any]:
            said, data = kernel(content, [base64.b64decode(each) for each in buffers])
            return [said, [base64.b64encode(each).decode() for each in data]]

        page.expose_function("askKernel", answer)
    page.set_content(PAGE % _styles(view))
    bundle = (STATIC / f"{view}.js").read_text(encoding="utf-8")
    values = json.dumps(state, default=str)
    page.evaluate(SHOW, {"view": view, "esm": bundle, "values": values})


@cache
def _styles(view: str) -> str:
    """Return a widget's style and, after it, another's: both begin with the rules of all."""
    other = "predict" if view != "predict" else "round_trip"
    sheets = [STATIC / f"{name}.css" for name in (view, other)]
    return LAB + "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def what_is_left(page: Page) -> list[int]:
    """Take the widget away; return how many listeners and elements it leaves behind."""
    page.evaluate("leave()")
    return page.evaluate("[listeners(), document.querySelector('main').childNodes.length]")
