"""Measure how long after a stroke SeeInside's new prediction is painted, and with plain loops.

Run it from the project's folder on a quiet machine: `python -m benchmarks.see_inside_latency`. A
real browser gets moves of a mouse over the image of 96×96 (depth 3), at times that have nothing to
do with its frames; the network runs as WebAssembly, and as loops of JavaScript. `--static FOLDER`
takes other bundles than the tree's, and takes turns with them.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import stub
from tests.browser.boxes import state_of
from tests.browser.find_browser import find_browser
from tests.browser.lab import CHROMIUM_ARGS
from unet_teach.widgets import SeeInside

GOAL = 16  # milliseconds: one frame
STROKES, WARM_UP = 40, 10
PAUSES = 50, 300  # milliseconds between two moves, and up to a frame more; longer for plain loops
# A page and its worker have a WebAssembly each; both are made from blobs.
WITHOUT_WEBASSEMBLY = """window.Blob = class extends Blob {
  constructor(parts, options) { super(['delete self.WebAssembly;', ...parts], options); }
}"""
# From the time stamp of the move to the end of the first frame after the prediction's canvas has
# been drawn anew: a message is handled after layout and paint of that frame. In the widget, only
# the engine asks for the time, before and after a run; a worker says how long its run took.
PROBE = """
const now = performance.now.bind(performance);
let [clock, ms, stamp, begun] = [[], 0, 0, 0];
performance.now = () => { clock.push(now()); return clock.at(-1); };
const add = Worker.prototype.addEventListener;
Worker.prototype.addEventListener = function (type, listener, ...rest) {
  const heard = (event) => { ms = event.data.ms; listener(event); };
  return add.call(this, type, heard, ...rest);
};
window.begin = (event) => { [stamp, begun, clock, ms] = [event.timeStamp, now(), [], 0]; };
window.rows = [];
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...given) {
  put.apply(this, given);
  if (!stamp || !this.canvas.matches('.ut-see-output .ut-see-frame canvas')) return;
  const row = { waited: begun - stamp, drawn: now(), stamp };
  row.engine = ms || clock[1] - clock[0];
  row.page = row.drawn - begun - row.engine;
  stamp = 0;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      rows.push({ ...row, frame: now() - row.drawn, total: now() - row.stamp });
    };
    port2.postMessage(0);
  });
};"""


def strokes(browser: Browser, folder: Path, before: str = "") -> list[dict[str, float]]:
    """Return how many milliseconds each of some moves took until it was painted, by parts."""
    page = browser.new_page(viewport={"width": 1080, "height": 620})
    page.add_init_script(before + PROBE)
    page.goto("about:blank")
    stub.STATIC = folder
    stub.show(page, "see_inside", state_of(SeeInside()))
    page.wait_for_function(r"/0\.\d\d/.test(document.querySelector('.ut-see-iou')?.innerText)")
    page.evaluate("addEventListener('pointermove', begin, true)")
    box = page.locator(".ut-see-paper").bounding_box() or {}
    x, y, side = box["x"], box["y"] + box["width"] / 2, box["width"]
    page.mouse.move(x + side / 2, y)
    page.mouse.down()
    for i in range(STROKES + WARM_UP):
        page.mouse.move(x + side * (0.6 + 0.007 * (i % 40)), y)
        page.wait_for_timeout(PAUSES[bool(before)] + random.uniform(0, 17))
    page.mouse.up()
    rows: list[dict[str, float]] = page.evaluate("rows")
    page.close()
    return rows[WARM_UP:]


def main() -> None:
    """Print the times, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--static", type=Path, help="a folder with other bundles")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = {"WebAssembly": (stub.STATIC, ""), "plain loops": (stub.STATIC, WITHOUT_WEBASSEMBLY)}
    if options.static:
        ways |= {
            f"{name}, {options.static}": (options.static, way[1]) for name, way in ways.items()
        }
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_ARGS)
        for _ in range(options.rounds):
            for name, way in ways.items():
                rows[name] += strokes(browser, *way)
        browser.close()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; goal: {GOAL} ms")
    print("| | median | 95 % within | waited | engine | rest of the page | frame | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    first = statistics.median(row["total"] for row in rows["WebAssembly"])
    for name, all_rows in rows.items():
        total = [row["total"] for row in all_rows]
        late = statistics.quantiles(total, n=20)[-1]
        parts = [
            statistics.median(row[part] for row in all_rows)
            for part in ("waited", "engine", "page", "frame")
        ]
        median = statistics.median(total)
        numbers = " | ".join(f"{each:.1f}" for each in [median, late, *parts, median / first])
        print(f"| {name} | {numbers} |")


if __name__ == "__main__":
    main()
