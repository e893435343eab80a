"""Measure how long after a stroke SeeInside's new prediction is painted, and with plain loops.

Run it from the project's folder on a quiet machine: `python -m benchmarks.see_inside_latency`. A
real browser moves a pointer over the image of 96×96 (depth 3); the network runs in the page's
worker, once as WebAssembly and once as loops of JavaScript.
"""

from __future__ import annotations

import os
import platform
import statistics

from playwright.sync_api import Browser, sync_playwright

from tests.browser import stub
from tests.browser.boxes import state_of
from tests.browser.find_browser import find_browser
from tests.browser.lab import CHROMIUM_ARGS
from unet_teach.widgets import SeeInside

GOAL = 16  # milliseconds: one frame
STROKES, WARM_UP = 60, 10
# A worker has a WebAssembly of its own.
WITHOUT_WEBASSEMBLY = """window.Blob = class extends Blob {
  constructor(parts, options) { super(['delete self.WebAssembly;', ...parts], options); }
}"""
# From the pointer's event to the first frame after the prediction's canvas has been drawn anew. The
# message is handled after layout and paint of that frame.
PROBE = """async ({ strokes }) => {
  const paper = document.querySelector('.ut-see-paper');
  const output = document.querySelector('.ut-see-output .ut-see-frame canvas');
  const { left, top, width } = paper.getBoundingClientRect();
  const send = (type, reach) => paper.dispatchEvent(new PointerEvent(type, { bubbles: true,
    pointerId: 1, clientX: left + width * (0.5 + reach), clientY: top + width / 2 }));
  paper.setPointerCapture = () => {};
  let drawn = () => {};
  const prototype = CanvasRenderingContext2D.prototype;
  const put = prototype.putImageData;
  prototype.putImageData = function (...given) {
    put.apply(this, given);
    if (this.canvas === output) drawn();
  };
  const painted = () => new Promise((done) => { drawn = () => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  }); });
  send('pointerdown', 0);
  const times = [];
  for (let i = 0; i < strokes; i += 1) {
    const [start, end] = [performance.now(), painted()];
    send('pointermove', 0.1 + 0.003 * i);
    times.push(await end - start);
  }
  send('pointerup', 0.3);
  return times;
}"""


def strokes(browser: Browser, before: str = "") -> list[float]:
    """Return how many milliseconds each of some strokes took until it was painted."""
    page = browser.new_page(viewport={"width": 1080, "height": 620})
    page.add_init_script(before)
    page.goto("about:blank")
    stub.show(page, "see_inside", state_of(SeeInside()))
    page.wait_for_function(r"/0\.\d\d/.test(document.querySelector('.ut-see-iou')?.innerText)")
    times: list[float] = page.evaluate(PROBE, {"strokes": STROKES + WARM_UP})
    page.close()
    return times[WARM_UP:]


def main() -> None:
    """Print the times, and their ratio."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_ARGS)
        fast, plain = strokes(browser), strokes(browser, WITHOUT_WEBASSEMBLY)
        browser.close()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    for name, times in [("WebAssembly", fast), ("plain loops", plain)]:
        late = statistics.quantiles(times, n=20)[-1]
        print(f"{name}: median {statistics.median(times):.1f} ms, 95 % within {late:.1f} ms")
    ratio = statistics.median(plain) / statistics.median(fast)
    print(f"plain loops take {ratio:.1f} times as long; goal: a median of {GOAL} ms")


if __name__ == "__main__":
    main()
