"""Measure how soon a page of the book is painted and answers a click, on a slow processor.

Build the book first (`python3 course.py book`), then run this from the project's folder, on one
core: `taskset -c 1 python -m benchmarks.book`. README.md explains.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.ablation import describe_machine
from tests.browser.find_browser import find_browser
from tests.browser.lab import CHROMIUM_ARGS

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "book.json"
PAGES = ["index", "00_how_do_you_know", "01_downsampling", "05_train_it"]
GOAL = 1500  # milliseconds until a page answers
# The button's answer is the page's other theme, in a frame that is painted.
WATCH = """
new MutationObserver((_changes, watcher) => {
  if (!window.clicked) return;
  watcher.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.answered = performance.now(); }));
}).observe(document, { subtree: true, attributeFilter: ['data-theme'] });
addEventListener('click', () => { window.clicked = true; }, { capture: true });
"""
TIMES = """() => ({
  painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  answered: window.answered,
})"""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder over http while the block runs; yields its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def visit(browser: Browser, address: str, slowdown: float) -> dict[str, float]:
    """Open a page with an empty cache, click as soon as there is a button; return milliseconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.add_init_script(WATCH)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(address, wait_until="commit")
    while True:  # a click before the page's script is there has no answer: the next one has
        page.locator(".theme-button").first.click(timeout=60_000)
        if page.evaluate("() => new Promise(requestAnimationFrame).then(() => window.answered)"):
            break
    times: dict[str, float] = page.evaluate(TIMES)
    living = page.locator(".live").first
    living.scroll_into_view_if_needed()
    page.locator(".live[data-awake]").first.wait_for(timeout=60_000)
    times["widget"] = page.evaluate("performance.now()")
    context.close()
    return times


def measure(site: Path, visits: int, slowdowns: Sequence[float]) -> list[dict[str, object]]:
    """Return a row for each page and slowdown: medians of milliseconds since the navigation."""
    rows: list[dict[str, object]] = []
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_ARGS)
        visit(browser, f"{address}index.html", 1)  # the browser's own first start
        for slowdown in slowdowns:
            for name in PAGES:
                times = [visit(browser, f"{address}{name}.html", slowdown) for _ in range(visits)]
                row = {key: round(statistics.median(t[key] for t in times)) for key in times[0]}
                rows.append({"page": name, "slowdown": slowdown, **row})
        browser.close()
    return rows


def built_twice() -> list[str]:
    """Build the book in two fresh clones of what is committed; return the files that differ."""
    sites = []
    with tempfile.TemporaryDirectory() as temporary:
        for place in ("first", "in/another/folder"):
            clone = Path(temporary, place)
            subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
            command = [sys.executable, "docs/book/build.py"]
            subprocess.run(command, cwd=clone, check=True, env=os.environ | {"PYTHONPATH": "."})
            site = clone / "build" / "book"
            files = [path for path in site.rglob("*") if path.is_file()]
            sites.append({str(path.relative_to(site)): path.read_bytes() for path in files})
    first, second = sites
    return sorted(name for name in first | second if first.get(name) != second.get(name))


def main() -> None:
    """Print a table, and write it with the machine to results/book.json."""
    parser = argparse.ArgumentParser(description="Measure how soon the book's pages answer.")
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "book", metavar="DIR")
    parser.add_argument("--visits", type=int, default=7)
    parser.add_argument("--slowdowns", type=float, nargs="+", default=[1, 4])
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--twice", action="store_true", help="only build twice, and compare")
    options = parser.parse_args()
    if options.twice:
        different = built_twice()
        print("\n".join(different) or "Two fresh clones give the same site, byte for byte.")
        sys.exit(bool(different))
    if not (options.site / "index.html").is_file():
        parser.error(f"There is no book in {options.site}. Run `python3 course.py book` first.")
    rows = measure(options.site, options.visits, options.slowdowns)
    print("| page | processor | painted | answers | first widget awake |")
    print("|---|---|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['page']} | {row['slowdown']:g}× slower | {row['painted']} ms "
            f"| {row['answered']} ms (goal {GOAL}) | {row['widget']} ms |"
        )
    report = {
        "goal_ms": GOAL,
        "visits": options.visits,
        "rows": rows,
        "machine": describe_machine(),
    }
    options.output.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
