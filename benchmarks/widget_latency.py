"""Measure how long after a key press the picture is painted: ConvExplorer and the usual way.

Two notebooks in a real JupyterLab and a real browser, with an added delay between page and kernel.
Run it from the project's folder: `python -m benchmarks.widget_latency`. README.md explains.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import itertools
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import nbformat
from playwright.sync_api import Browser, sync_playwright

from benchmarks.delay_proxy import DelayProxy
from tests.browser.find_browser import find_browser
from tests.browser.lab import CHROMIUM_ARGS, LabServer, Notebook

RESULTS = Path(__file__).parent / "results"
MEDIAN_GOAL = 16  # milliseconds, at every delay
RATIO_GOALS = {0: 12, 100: 18, 200: 30}  # by added round trip, in milliseconds
SMALLEST, STEPS = 4, 8  # input_size walks from 4 to 12 and back
PRESSES_A_SECOND = 25  # of a held key
WARM_UP = 2  # changes that are not counted

# A frame counts when the picture on the page has become another one: the maps' SVG, or a decoded
# image. The message is handled after layout and paint of the frame that shows the picture.
PROBE = """() => {
  const panel = document.querySelector('.jp-NotebookPanel');
  let [pressed, decoded, shown] = [0, '', ''];
  const frames = (window.changedFrames = []);
  const image = () => panel.querySelector('img');
  const picture = () => {
    if (image()) return image().src === decoded ? decoded : shown;
    return panel.querySelector('.ut-drawing')?.innerHTML ?? shown;
  };
  const look = () => {
    const latency = performance.now() - pressed;
    if (picture() !== shown) frames.push(latency);
    shown = picture();
  };
  const watch = async () => {
    const src = image()?.src ?? '';
    if (src !== decoded) await image().decode().then(() => { decoded = src; }, () => {});
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = look;
      port2.postMessage(null);
    });
  };
  addEventListener('keydown', (event) => { pressed = event.timeStamp; }, true);
  new MutationObserver(watch).observe(panel, { subtree: true, childList: true, attributes: true });
}"""
ROUND_TRIP = """async () => {
  const start = performance.now();
  await jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo();
  return performance.now() - start;
}"""


def usual_way(draw):
    """Show a convolution as notebooks usually do: ipywidgets, and matplotlib in the kernel.

    The measured notebook runs this source, and that of `draw`.
    """
    import ipywidgets
    import matplotlib.pyplot as plt
    from IPython.display import display

    ranges = {"input_size": (8, 1, 16), "kernel_size": (3, 1, 7), "stride": (2, 1, 5)}
    ranges |= {"padding": (1, 0, 6), "dilation": (1, 1, 4)}
    sliders = {
        name: ipywidgets.IntSlider(value, low, high, description=name)
        for name, (value, low, high) in ranges.items()
    }

    def show(input_size, kernel_size, stride, padding, dilation):
        figure = draw(input_size, kernel_size, stride, padding, dilation)
        extent = dilation * (kernel_size - 1) + 1
        size = max(0, (input_size + 2 * padding - extent) // stride + 1)
        figure.suptitle(f"⌊({input_size} + 2·{padding} − {extent}) / {stride}⌋ + 1 = {size}")
        display(figure)
        plt.close(figure)

    picture = ipywidgets.interactive_output(show, sliders)
    display(ipywidgets.HBox([ipywidgets.VBox(list(sliders.values())), picture]))
    return sliders["input_size"]


def figure(*sizes):
    """Draw what the explorer shows, cell by cell: its figure for print, at the same size."""
    from unet_teach.widgets import ConvExplorer

    names = ("input_size", "kernel_size", "stride", "padding", "dilation")
    drawn = ConvExplorer(**dict(zip(names, sizes, strict=True))).figure()
    drawn.set_size_inches(7, 3.9)
    return drawn


def mesh(input_size, kernel_size, stride, padding, dilation):
    """Draw the least that shows the layer: one mesh a map, no zeros, no hatches, no kernel."""
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Rectangle

    # Padding, input, tap, output.
    colors = ListedColormap(["#EEF0F2", "#CCE3F0", "#F8DFB3", "#CCECE3"])
    look = {"cmap": colors, "vmin": 0, "vmax": 3, "edgecolors": "#7B8794"}
    frame = {"fill": False, "edgecolor": "#E69F00", "linewidth": 2.5}
    padded, extent = input_size + 2 * padding, dilation * (kernel_size - 1) + 1
    size = max(0, (padded - extent) // stride + 1)
    cells = np.zeros((padded, padded))
    cells[padding : padding + input_size, padding : padding + input_size] = 1
    cells[:extent:dilation, :extent:dilation] = 2
    drawn, (before, after) = plt.subplots(1, 2, figsize=(7, 3.9))
    before.pcolormesh(cells, **look)
    before.add_patch(Rectangle((0, 0), extent, extent, **frame))
    before.set_title(f"Input {input_size}×{input_size}, padding {padding}")
    if size:
        after.pcolormesh(np.full((size, size), 3), **look)
        after.add_patch(Rectangle((0, 0), 1, 1, **frame))
    after.set_title(f"Output {size}×{size}" if size else "No output: the window fits nowhere")
    for axes in (before, after):
        axes.set(xlim=(0, padded), ylim=(padded, 0), aspect="equal")
        axes.axis("off")
    return drawn


BASELINES = {"figure": figure, "mesh": mesh}
# Of each side: the one cell, the slider on the page, its value in Python.
CELL = {"explorer": "shown = ConvExplorer('halve'); shown", "baseline": "shown = usual_way(draw)"}
SLIDER = {"explorer": ".ut-pair input[type=range]", "baseline": ".noUi-handle"}
VALUE = {"explorer": "shown.input_size", "baseline": "shown.value"}


def first_cell(kind: str, baseline: str) -> str:
    """Return the code that a notebook runs before its one cell."""
    if kind == "explorer":
        return "from unet_teach.widgets import ConvExplorer"
    sources = [inspect.getsource(usual_way), inspect.getsource(BASELINES[baseline])]
    return "\n".join(["%matplotlib inline", *sources, f"draw = {baseline}"])


class Side:
    """One of the two notebooks, and the key presses on its slider."""

    def __init__(self, kind: str, baseline: str, browser: Browser, root: Path, url: str):
        """Open the notebook, run it and watch its picture."""
        self.kind, self.value = kind, VALUE[kind]
        document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL[kind])])
        document.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(document, root / f"{kind}.ipynb")
        self.notebook = Notebook(browser, SimpleNamespace(url=url, root=root), f"{kind}.ipynb")
        self.page = self.notebook.page
        self.notebook.execute(first_cell(kind, baseline))
        self.notebook.run_all()
        self.slider = self.page.locator(SLIDER[kind]).first
        self.slider.wait_for()
        self.page.evaluate(PROBE)

    def slow_down(self, times: int) -> None:
        """Let the page's processor work so many times slower; the kernel keeps its speed."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": times})

    def rest(self) -> None:
        """Wait until the kernel has answered everything and the page has painted the answers."""
        self.notebook.execute("pass")
        self.page.wait_for_timeout(200)

    def ready(self) -> None:
        """Bring this notebook to the front, focus its slider, and forget its frames."""
        self.page.bring_to_front()
        self.slider.focus()
        self.rest()
        self.page.evaluate("changedFrames.length = 0")

    def reset(self) -> None:
        """Go back to the smallest size."""
        self.notebook.execute(f"{self.value} = {SMALLEST}")
        self.ready()

    def change(self, number: int) -> float:
        """Press an arrow key once; return after how many milliseconds its picture was painted."""
        self.ready()
        self.page.keyboard.press("ArrowLeft" if number // STEPS % 2 else "ArrowRight")
        self.page.wait_for_function("changedFrames.length > 0", polling=50)
        return self.page.evaluate("changedFrames[0]")

    def hold(self) -> int:
        """Hold an arrow key for eight steps; return how many of them were shown."""
        self.reset()
        for _ in range(STEPS):
            next_press = time.perf_counter() + 1 / PRESSES_A_SECOND
            self.page.keyboard.down("ArrowRight")  # all but the first are repeats
            time.sleep(max(0, next_press - time.perf_counter()))
        self.page.keyboard.up("ArrowRight")
        self.notebook.says(f"print({self.value})", str(SMALLEST + STEPS))
        self.rest()
        return self.page.evaluate("changedFrames.length")


def measure(
    sides: list[Side], delay: int, slowdown: int, changes: int, sweeps: int
) -> dict[str, Any]:
    """Measure both sides at one added round trip (milliseconds), press by press in turn."""
    for side in sides:
        side.slow_down(slowdown)
        side.reset()
    pairs = [[side.change(n) for side in sides] for n in range(WARM_UP + changes)]
    trips = [sides[0].page.evaluate(ROUND_TRIP) for _ in range(5)]
    result = {
        "added_round_trip": delay,
        "slowdown": slowdown,
        "shortest_round_trip": round(min(trips), 1),
    }
    for i, side in enumerate(sides):
        latencies = [pair[i] for pair in pairs[WARM_UP:]]
        result[side.kind] = {
            "median": round(statistics.median(latencies), 1),
            "p90": round(statistics.quantiles(latencies, n=10, method="inclusive")[-1], 1),
            "steps_shown": sum(side.hold() for _ in range(sweeps)),
            "steps_held": sweeps * STEPS,
            "latencies": [round(latency, 1) for latency in latencies],
        }
    result["ratio"] = round(result["baseline"]["median"] / result["explorer"]["median"], 1)
    return result


def table(results: list[dict[str, Any]]) -> str:
    """Return a Markdown table: latencies in milliseconds, as median (90th percentile)."""
    goal = f"explorer (goal ≤ {MEDIAN_GOAL})"
    held = "held key, explorer (goal: all) | baseline"
    lines = [f"| added round trip | {goal} | baseline | times faster (goal) | {held} |"]
    lines.append("|---:" * 6 + "|")
    for result in results:
        delay, sides = result["added_round_trip"], [result[kind] for kind in CELL]
        is_slow = result["slowdown"] > 1
        place = f"{delay}, processor {result['slowdown']}× slower" if is_slow else str(delay)
        times = [f"{side['median']:.1f} ({side['p90']:.0f})" for side in sides]
        shown = [f"{side['steps_shown']} of {side['steps_held']}" for side in sides]
        goal = "–" if is_slow else RATIO_GOALS.get(delay, "–")
        ratio = f"{result['ratio']:.1f} ({goal})"
        lines.append(f"| {' | '.join([place, *times, ratio, *shown])} |")
    return "\n".join(lines)


def compare(
    browser: Browser,
    lab: LabServer,
    baseline: str,
    delays: list[int],
    changes: int = 30,
    sweeps: int = 3,
    slowdowns: Sequence[int] = (1,),
) -> list[dict[str, Any]]:
    """Measure the explorer beside a baseline in two notebooks of a running JupyterLab.

    Args:
        browser: a running Chromium.
        lab: the notebooks are written into the folder that it serves.
        baseline: what the usual way draws, a name in `BASELINES`.
        delays: added round trips, in milliseconds.
        changes: key presses a side and delay.
        sweeps: how often a key is held for eight steps.
        slowdowns: how many times slower the page's processor works.
    """
    proxy = DelayProxy(lab.url)
    sides = [Side(kind, baseline, browser, lab.root, proxy.url) for kind in CELL]
    results = []
    for slowdown, delay in itertools.product(slowdowns, delays):
        proxy.round_trip = delay / 1000
        results.append(measure(sides, delay, slowdown, changes, sweeps))
    for side in sides:
        side.notebook.close(for_good=True)
    return results


def _notebooks(course: str) -> Path:
    folder = Path(course) / "notebooks"
    folder.mkdir()
    return folder


def main() -> None:
    """Measure, print the table, and write everything to the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=30, help="key presses a side and delay")
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 100, 200], help="milliseconds")
    parser.add_argument("--slowdowns", type=int, nargs="+", default=[1, 4], help="of the page")
    parser.add_argument("--baseline", choices=BASELINES, default="figure", help="what it draws")
    options = parser.parse_args()
    executable, load = find_browser(), [os.getloadavg()]
    with (
        TemporaryDirectory() as course,
        TemporaryDirectory() as private,
        contextlib.closing(LabServer(_notebooks(course), Path(private))) as lab,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS) as chromium,
    ):
        results = compare(
            chromium,
            lab,
            options.baseline,
            options.delays,
            options.changes,
            slowdowns=options.slowdowns,
        )
        browser = chromium.version
    load.append(os.getloadavg())
    packages = ("jupyterlab", "ipywidgets", "matplotlib", "anywidget")
    versions = {name: version(name) for name in packages}
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load_before_and_after": [[round(average, 2) for average in one] for one in load],
        "versions": {"python": platform.python_version(), "chromium": browser, **versions},
    }
    print(f"{table(results)}\n\n" + "; ".join(f"{name}: {v}" for name, v in machine.items()))
    command = " ".join(["python -m benchmarks.widget_latency", *sys.argv[1:]])
    report = {"command": command, "machine": machine, "results": results}
    file = RESULTS / f"widget_latency_{options.baseline}.json"
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
