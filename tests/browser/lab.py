"""A real JupyterLab with a private configuration, and a notebook of it in a real browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests import npm_packages

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}
}
AXE = npm_packages.JS / "node_modules" / "axe-core" / "axe.min.js"
AXE_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that look at colours
THEMES = ("JupyterLab Light", "JupyterLab Dark")
# How long, in seconds, a busy machine may take for a thing before a test counts it as failed. Every
# wait ends as soon as what it waits for is there.
PATIENCE = 90

OPENED = """async (another) => {
  const { commands, restored, shell } = window.jupyterapp;
  await restored;
  if (another) {
    shell.expandLeft();
    await commands.execute('docmanager:open', { path: another, factory: 'Notebook' });
  }
  const panel = shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
}"""
# All notebooks are closed without a word, so that the next one finds an empty JupyterLab.
CLOSE = """async () => {
  for (const panel of [...window.jupyterapp.shell.widgets('main')]) {
    if (!panel.sessionContext) continue;
    await panel.sessionContext.shutdown();
    panel.context.model.dirty = false;
    panel.dispose();
  }
  return document.querySelector('.jp-Dialog') === null;
}"""
# What JupyterLab itself writes when a kernel goes or cells are run again quickly: not ours to mend.
NOT_OURS = ("anceled future", "'removeChild' on 'Node'")

RUN_ALL = """async () => {
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
  const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
  while (session.kernel.status !== 'idle') await new Promise((done) => setTimeout(done, 50));
}"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter((output) => output.output_type === 'error')
  .map((output) => `${output.ename}: ${output.evalue}`)"""
EXECUTE = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let text = '';
  future.onIOPub = ({ content }) => { text += content.text ?? content.evalue ?? '' };
  await future.done;
  return text.trim();
}"""

# Pages of a JupyterLab without a notebook, by the browser, the address, the place and the options.
FREE_PAGES: defaultdict[tuple[Browser, str, str, str], list[Page]] = defaultdict(list)


def new_page(browser: Browser, **options: Any) -> Page:
    """Open a page of the browser that waits patiently; `options` are Playwright's."""
    page = browser.new_page(**options)
    page.set_default_timeout(1000 * PATIENCE)
    return page


def axe_violations(page: Page, selector: str = ".ut", *, colours: bool = False) -> list[str]:
    """Return what axe-core finds wrong under the selector: the rule, and the first place.

    Args:
        page: what it shows is judged.
        selector: of the part that is judged.
        colours: only ask what a theme can change, where another theme was asked everything.
    """
    if not page.evaluate("Boolean(window.axe)"):
        npm_packages.install()
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # A drawing gets its words with the first answer of a network.
    expect(page.locator("canvas[role=img]:not([aria-label]):visible")).to_have_count(0)
    return page.evaluate(
        """async ([selector, rules]) =>
          (await axe.run(selector, { resultTypes: ['violations'], ...rules })).violations
          .map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`)""",
        [selector, {"runOnly": AXE_COLOURS} if colours else {}],
    )


def tap(target: Locator, x: float = 0.5, y: float = 0.5) -> None:
    """Touch an element at a part of its width and height, on a page that has a mouse otherwise."""
    target.click(trial=True)  # only scrolls to it, and waits until it stands still
    box = target.bounding_box()
    assert box is not None, "nothing to touch"
    place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
    touch = target.page.context.new_cdp_session(target.page)
    for kind, points in (("touchStart", [place]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.detach()


def small_type(widget: Locator) -> list[str]:
    """Return the elements of a presented view whose text is smaller than 24 pixels at 720p."""
    return widget.evaluate(
        """(root) => [...root.querySelectorAll('*')].filter((node) =>
          [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) &&
          node.checkVisibility() && !node.closest('svg') && parseFloat(getComputedStyle(node)
            .fontSize) < 24 * Math.min(innerWidth / 1280, innerHeight / 720) - 0.1)
          .map((node) => node.outerHTML)"""
    )


class LabServer:
    """JupyterLab over a folder, apart from whatever configuration this machine has."""

    def __init__(self, root: Path, private: Path, settings: dict[str, object] | None = None):
        """Start it and wait until it answers.

        Args:
            root: the folder of its notebooks; it serves the folder above, as `course.py lab` does.
            private: an empty folder for its configuration, log and run-time files.
            settings: JupyterLab's user settings by plugin, beside those that keep it quiet.
        """
        for plugin, values in (SETTINGS | (settings or {})).items():
            file = private / "settings" / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        environment = dict(
            os.environ,
            JUPYTER_CONFIG_DIR=str(private / "config"),
            JUPYTER_DATA_DIR=str(private / "data"),
            JUPYTER_RUNTIME_DIR=str(private / "runtime"),
            IPYTHONDIR=str(private / "ipython"),
            JUPYTERLAB_SETTINGS_DIR=str(private / "settings"),
            JUPYTERLAB_WORKSPACES_DIR=str(private / "workspaces"),
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.root = root
        self.url = f"http://127.0.0.1:{port}"
        self._log = private / "server.log"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *(f"--port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"),
                *(f"--ServerApp.root_dir={root.parent}", "--IdentityProvider.token="),
                "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=True",  # at /notebooks/…
            ],
            env=environment,
            stdout=self._log.open("w"),
            stderr=subprocess.STDOUT,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/api/status", timeout=PATIENCE).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-3000:]}")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Notebook:
    """One notebook open in the browser, with its kernel.

    A JupyterLab that an earlier notebook has left serves the next one: starting it in a new page
    costs seconds.
    """

    def __init__(
        self,
        browser: Browser,
        server: LabServer,
        path: str,
        width: int = 1280,
        height: int = 900,
        place: str = "lab/tree",
        **options: Any,
    ):
        """Open a notebook of the server.

        Args:
            browser: a running Chromium.
            server: what serves the notebook.
            path: of the notebook, in the server's folder.
            width: of the page, in pixels.
            height: of the page, in pixels.
            place: "lab/tree" for JupyterLab, "notebooks" for Notebook 7.
            options: Playwright's for a new page.
        """
        self._place = place
        self._free = FREE_PAGES[browser, server.url, place, str(options)]
        self.console_errors: list[str] = []
        size = ViewportSize(width=width, height=height)
        again = bool(self._free)
        self.page = self._free.pop() if again else new_page(browser, viewport=size, **options)
        self._listeners = {
            "pageerror": lambda error: self._note(str(error)),
            "console": lambda said: said.type == "error" and self._note(said.text),
        }
        for event, listener in self._listeners.items():
            self.page.on(event, listener)  # type: ignore[call-overload]
        if again:
            self.page.bring_to_front()
            self.page.set_viewport_size(size)
            self.page.mouse.move(0, 0)
            self.set_theme(THEMES[0])
            self.page.evaluate(OPENED, f"{server.root.name}/{path}")
            return
        self.page.goto(
            f"{server.url}/{place}/{server.root.name}/{path}?reset", wait_until="domcontentloaded"
        )
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
        self.page.evaluate(OPENED)

    def _note(self, error: str) -> None:
        if not any(words in error for words in NOT_OURS):
            self.console_errors.append(error)

    def run_all(self) -> None:
        self.page.evaluate(RUN_ALL)

    def errors(self) -> list[str]:
        """Return the error outputs of all cells."""
        return self.page.evaluate(ERRORS)

    def execute(self, code: str) -> str:
        """Run code in the notebook's kernel, outside any cell; return what it printed."""
        return self.page.evaluate(EXECUTE, code)

    def says(self, code: str, expected: str) -> None:
        """Assert that `code` prints `expected` in the kernel, now or soon.

        A widget sends its next value when the kernel has taken the last one, so it may be behind.
        """
        deadline = time.monotonic() + PATIENCE
        while (said := self.execute(code)) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        assert said == expected

    def run_cell(self, marked: str, source: str) -> Locator:
        """Give the first cell that holds `marked` another source and run it; return its output."""
        self.page.evaluate(
            """async ([marked, source]) => {
              const { content } = jupyterapp.shell.currentWidget;
              content.activeCellIndex = content.widgets.findIndex(
                (cell) => cell.model.sharedModel.source.includes(marked));
              content.activeCell.model.sharedModel.setSource(source);
              await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            [marked, source],
        )
        return self.page.locator(".jp-mod-active .jp-OutputArea-output").last

    @contextmanager
    def on_a_phone(self) -> Iterator[None]:
        """Make the page as large as a phone's for a while, with one notebook and no sidebar."""
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size({"width": 390, "height": 844})
        shell = "const { shell } = jupyterapp; shell.mode = "
        self.page.evaluate(f"{{ {shell}'single-document'; shell.collapseLeft(); }}")
        try:
            yield
        finally:
            self.page.set_viewport_size(before)
            self.page.evaluate(f"{{ {shell}'multiple-document'; shell.expandLeft(); }}")

    def set_theme(self, theme: str) -> None:
        """Change JupyterLab's theme, one of `THEMES`, and wait until it is on the page."""
        change = "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })"
        self.page.evaluate(change, theme)
        light = str(theme == THEMES[0]).lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def close(self, *, for_good: bool = False) -> None:
        """Shut the kernels down and close the notebooks; the page stays for the next one.

        Args:
            for_good: close the page as well, such as one whose processor is slowed down.
        """
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)
        if self.page.evaluate(CLOSE) and self._place == "lab/tree" and not for_good:
            self._free.append(self.page)
        else:
            self.page.close()
