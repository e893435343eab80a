"""Every widget in every window and state: `python -m tests.browser.grid` prints the worst.

Windows are a notebook's output at 1280×720, narrower pages, and whole screens in present mode.
Names after the command choose widgets: `python -m tests.browser.grid explorer size_ledger`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests.inspection.stopped_networks import STOPPED
from unet_teach import inspect_unet
from unet_teach.exercises.progress import TITLES
from unet_teach.networks import UNet
from unet_teach.networks.six_networks import six_networks
from unet_teach.widgets import (
    CellCounter,
    ConvExplorer,
    ConvTransposeExplorer,
    FeatureMaps,
    Predict,
    RoundTrip,
    SeeInside,
    SizeLedger,
    Step,
)
from unet_teach.widgets.base import CourseWidget
from unet_teach.widgets.progress_map import ProgressMap

from .boxes import blank_share, share_of_screen, state_of
from .find_browser import find_browser
from .lab import CHROMIUM_ARGS, new_page
from .stub import show

WINDOWS = {  # width and height, and whether in present mode
    "notebook": (1080, 599, False),
    "824": (824, 599, False),  # the same beside an open sidebar
    "present 720": (1280, 720, True),
    "present 1080": (1920, 1080, True),
    "700": (700, 844, False),
    "390": (390, 844, False),
    "270": (270, 844, False),  # JupyterLab on a phone, beside its bars
}
STEPS: list[str | Step] = [
    Step("Set `stride` back to 1. How many positions does the kernel visit now?", answer=36),
    "Watch one sum.",
]
DRAWINGS = {  # what counts as the drawing in present mode
    "explorer": ".ut-stage",
    "size_ledger": "svg[role=img]",
    "round_trip": ".ut-board, .ut-round-way, .ut-round-stage, .ut-round-layer",
    "cell_counter": ".ut-cells-map, .ut-counts",
    "feature_maps": ".ut-map, .ut-row-label, .ut-said",
    "predict": ".ut-question, .ut-room li, .ut-outcome",
    "see_inside": ".ut-see-input, .ut-see-u, .ut-see-output",
    "progress_map": ".ut-lesson",
    "report": ".udia-present :is(svg, p:not(.udia-line, .udia-title))",
}
BESIDE_A_SIDEBAR = {"explorer", "size_ledger", "round_trip", "cell_counter", "feature_maps"}
BESIDE_A_SIDEBAR |= {"predict"}  # no higher there than in a whole notebook
LIMITS = {  # of what is measured: the highest, or the lowest where it is a floor
    "height": 580,
    "drawing": 0.7,
    "blank": 0.2,
    "type": 1.0,  # of the smallest that the window allows
}

GRID = np.arange(64 * 64).reshape(64, 64)


def _progress(titles: list[str], counts: list[int]) -> ProgressMap:
    """A course of which each lesson's first exercise is solved."""
    return ProgressMap(
        [
            {
                "number": number,
                "title": title,
                "exercises": [
                    {"name": f"exercise_{number}_{i}", "state": "tried" if i else "solved"}
                    for i in range(count)
                ],
            }
            for number, (title, count) in enumerate(zip(titles, counts, strict=True))
        ],
        note="Nothing was saved, because the folder cannot be written.",
        steps=STEPS,
    )


def _cells(height: int, width: int, **options: Any) -> CellCounter:
    """Two cells that touch, and one that is in the target alone."""
    target = np.zeros((height, width), int)
    thirds = [width * part // 4 for part in range(5)]
    for number, (left, right) in enumerate(pairwise(thirds), 1):
        target[height // 5 : height - height // 5, left:right] = number
    inside = (target > 0) & (target < 4)
    border = np.where(inside & (np.diff(target, axis=1, prepend=0) != 0), 0.6, 0.1)
    shares = np.stack([~inside * 0.9, inside * (1 - border), inside * border + ~inside * 0.1])
    return CellCounter(target / 4, shares, target, steps=STEPS, **options)


LONG_QUESTION = Predict(
    "A 31×31 map goes down (`kernel_size=3, stride=2, padding=1`) and up again (the same, and "
    "`output_padding=1`). How large does it come back?",
    (32, 32),
    {(31, 31): "The convolution made 16 of 31, and 16 is doubled. Nothing in 16 says it was 31."},
    "31 and 32 both become 16 in the convolution, and 16 becomes 32 afterwards.",
    steps=STEPS,
)
PICK = Predict(
    "With `output_padding=1`, what stands in the extra row?",
    "sums of products, as in every row",
    {"zeros": "In a convolution, padding is zeros. Here the word means something else."},
    "The kernels reach this row as well. Without `output_padding` it is cropped.",
    choices=["zeros", "a copy of the row before", "sums of products, as in every row"],
    why="Every row of the output is scattered by kernels.",
    steps=STEPS,
)
TENSOR = Predict(
    "Which size has the output?", (1, 128, 32, 32), {(1, 64, 32, 32): "Twice as many."}, steps=STEPS
)
GUESSES = [[[31, 31], 7], [[30, 30], 3], [[32, 32], 2], [[1, 1], 1], [[2, 2], 1], [[3, 3], 1]]
TENSORS = [[[1, 64, 32, 32], 7], [[1, 1024, 128, 128], 3], [[1, 128, 32, 32], 2]]


@dataclass(frozen=True)
class State:
    """One widget in one state."""

    view: str  # its bundle
    name: str
    make: Callable[[], CourseWidget]
    changes: dict[str, Any] = field(default_factory=dict)  # traits that no constructor takes
    is_presented: bool = False  # only of interest on a whole screen


# Settings of the transposed convolution that are tried in one of its views.
IN_ONE_VIEW = {"smallest", "illegal output_padding", "illegal sizes", "8×1"}


def _explorers() -> Iterator[State]:
    conv: dict[str, dict[str, Any]] = {
        "default": {},
        "3×3": {"input_size": 3},
        "smallest": {"input_size": 1, "kernel_size": 1},
        "illegal": {"kernel_size": 7, "dilation": 2},
        "illegal 3×9, kernel 5×3": {"input_size": (3, 9), "kernel_size": (5, 3)},
        "illegal 1×1": {"input_size": 1, "kernel_size": (2, 3)},
        "largest": {"input_size": 16, "kernel_size": 7, "padding": 6},
        "stride 5": {"input_size": 16, "stride": 5},
        "16×1": {"input_size": (16, 1), "kernel_size": 1},
        "1×16": {"input_size": (1, 16), "kernel_size": (7, 1), "padding": 3},
        "6×12": {"input_size": (6, 12), "kernel_size": (3, 5), "stride": (2, 1)},
        "without numbers": {"numbers": False},
    }
    up: dict[str, dict[str, Any]] = {
        "default": {},
        "double": {"stride": 2, "padding": 1, "output_padding": 1},
        "smallest": {"input_size": 1},
        "illegal output_padding": {"output_padding": 3},
        "illegal sizes": {"input_size": 2, "padding": 4},
        "largest": {"input_size": 16, "kernel_size": 7, "stride": 5, "dilation": 4},
        "2×16": {"input_size": (2, 16), "stride": 2, "padding": 1, "output_padding": 1},
        "8×1": {"input_size": (8, 1)},
    }
    for name, options in conv.items():
        yield State("explorer", f"conv, {name}", partial(ConvExplorer, **options, steps=STEPS))
    for view in ("scatter", "zero insertion", "crop window"):
        for name, options in up.items():
            if view != "scatter" and name in IN_ONE_VIEW:
                continue
            make = partial(ConvTransposeExplorer, **options, view=view, steps=STEPS)
            yield State("explorer", f"{view}, {name}", make)
    # Of 1,400 settings, among them all extremes, those that leave most of the screen blank.
    for size, kernel, padding in [
        ((16, 3), 3, 0),
        ((15, 2), 1, (6, 0)),
        ((2, 1), (7, 1), 3),
        ((15, 2), (1, 5), (6, 0)),
    ]:
        make = partial(ConvExplorer, input_size=size, kernel_size=kernel, padding=padding)
        yield State("explorer", f"conv, {size}, {kernel}", make, is_presented=True)
    for wide in (
        {"input_size": (1, 4)},
        {"input_size": (4, 1), "kernel_size": 2, "padding": 1},  # empty, without an error
        {"input_size": (4, 5), "stride": (1, 5), "padding": (0, 2), "output_padding": 1},
        {"input_size": 11, "kernel_size": (7, 2), "stride": (1, 5)},
        {"input_size": (7, 11), "kernel_size": 1, "view": "crop window"},
    ):
        make = partial(ConvTransposeExplorer, **wide)
        yield State("explorer", f"up, {wide}", make, is_presented=True)


def _maps() -> dict[str, dict[str, Any]]:
    fields = {
        f"stride {stride}": {
            f"layer {n}": np.pad(np.ones((side, side)), 8 - side // 2)
            for n, side in enumerate(sides, 1)
        }
        for stride, sides in ((1, (3, 5, 7)), (2, (3, 7, 15)))
    }
    title = "After three layers, one cell sees 7×7 pixels with stride 1, 15×15 with stride 2"
    notes = {"stride 1": "each layer adds two", "stride 2": "each layer adds twice as much"}
    many = {f"kernel {n}, then a convolution, 40 letter": GRID for n in range(6)}
    return {
        "one": {"maps": {"alone": GRID[:7, :11]}},
        "one number": {"maps": {"x": [[3.0]]}},
        "three": {"maps": {"image": GRID, "x": GRID[::2, ::2], "y": -GRID}, "title": "A title"},
        "eight": {"maps": {"as taken": GRID, "in": GRID[::2, ::2], **many}, "title": title},
        "wide": {"maps": {str(i): GRID[:20] for i in range(5)}},
        "tall": {"maps": {str(i): GRID[:, :20] for i in range(3)}},
        "1×64": {"maps": {"a row": GRID[:1], "and its halves": GRID[:1, ::2]}},
        "64×1": {"maps": {"a column": GRID[:, :1], "its halves": GRID[::2, :1]}},
        "fields": {"maps": fields, "title": title, "notes": notes, "nested": True},
        "largest": {"maps": {"128 × 128": np.arange(2**14).reshape(128, 128) / 7}},
    }


def _others() -> Iterator[State]:
    ledgers: dict[str, dict[str, Any]] = {
        "default": {},
        "fits": {"depth": 2},
        "depth 1": {"depth": 1},
        "repaired": {"repair": "output_padding"},
        "largest": {"height": 1024, "width": 1024, "depth": 6, "base_channels": 128},
        "smallest": {"height": 1, "width": 1, "depth": 1},
        "1024×1, depth 1": {"height": 1024, "width": 1, "depth": 1},
        "1×1024, depth 1": {"height": 1, "width": 1024, "depth": 1},
        "16×1024": {"height": 16, "width": 1024},
        "vanishes": {"height": 5},
        "valid": {"height": 572, "width": 572, "padding": "valid"},
        "valid vanishes": {"height": 100, "width": 572, "padding": "valid"},
        "portrait": {"height": 1023, "width": 100, "depth": 3, "down": "strided_conv"},
    }
    trips: dict[str, dict[str, Any]] = {
        "default": {},
        "largest": {"stride": 5, "output_padding": 4, "kernel_size": 7, "dilation": 4}
        | {"padding": 6, "chosen": 64},
        "smallest": {"stride": 1, "kernel_size": 1, "padding": 6, "chosen": 1},
        "illegal": {"output_padding": 4},
        "too small": {"kernel_size": 7, "padding": 0, "chosen": 1, "output_padding": 0},
    }
    for name, options in ledgers.items():
        yield State("size_ledger", name, partial(SizeLedger, **options, steps=STEPS))
    for name, options in trips.items():
        yield State("round_trip", name, partial(RoundTrip, **options, steps=STEPS))
    for name, options in _maps().items():
        yield State("feature_maps", name, partial(FeatureMaps, **options, steps=STEPS))
    for name, (height, width) in {
        "default": (128, 128),
        "landscape": (120, 144),
        "largest": (96, 512),
        "smallest": (16, 1),
    }.items():
        yield State("cell_counter", name, partial(_cells, height, width, threshold=0.7))
    yield State("predict", "size", lambda: LONG_QUESTION)
    yield State("predict", "size, guessed", lambda: LONG_QUESTION, {"_locked": [31, 31]})
    yield State("predict", "size, a full room", lambda: LONG_QUESTION, {"_tally": GUESSES})
    yield State("predict", "tensor", lambda: TENSOR, {"_locked": [1, 64, 32, 32]})
    yield State("predict", "tensor, a room", lambda: TENSOR, {"_tally": TENSORS})
    yield State("predict", "choice", lambda: PICK, {"_tally": [[0, 7], [2, 3]]})
    yield State("predict", "choice, guessed", lambda: PICK, {"_locked": 0})
    yield State("predict", "short", lambda: Predict("How?", 3, steps=STEPS))
    yield State("see_inside", "default", SeeInside)
    yield State("see_inside", "skips cut", lambda: SeeInside(skips=[0.0]))
    courses = {
        "the course": (list(TITLES), [1, 3, 5, 9, 4, 6, 4, 5, 4, 5]),
        "largest": (
            [f"{title} and what comes of it"[:60] for title in [*TITLES, *TITLES[:2]]],
            [12] * 12,
        ),
        "few": (list(TITLES)[:3], [1, 1, 12]),
    }
    for name, course in courses.items():
        yield State("progress_map", name, partial(_progress, *course))


@cache
def _reports() -> dict[str, tuple[Any, tuple[int, ...]]]:
    image = (1, 1, 64, 64)
    return {
        **{f"depth {n}": (UNet(depth=n, base_channels=16), (1, 1, 512, 512)) for n in (1, 4, 6)},
        "no skips": (six_networks()["B"], image),
        "one level": (six_networks()["C"], image),
        "classifier": (six_networks()["F"], image),
        **{f"stops at {name}": network for name, network in STOPPED.items()},
    }


STATES = [*_explorers(), *_others()]
REPORT_STATES = ["depth 1", "depth 4", "depth 6", "no skips", "one level", "classifier"]
REPORT_STATES += [f"stops at {name}" for name in STOPPED]

# Heights, type as it is shown, texts that lie on others, and what is cut off or sticks out.
_MEASURE = """async (root) => {
  await document.fonts.ready;
  const box = (node) => node.getBoundingClientRect();
  const clipped = [root, ...root.querySelectorAll('*')].filter( // for screen readers alone
    (node) => getComputedStyle(node).clipPath === 'inset(50%)');
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !clipped.some((each) => each.contains(node));
  const zoom = (node) => node.ownerSVGElement ? Math.hypot(node.getScreenCTM().a,
    node.getScreenCTM().b) : 1;
  const words = (node) => node.textContent.trim().slice(0, 60);
  const texts = [...root.querySelectorAll('*')].filter((node) => seen(node) &&
    !node.matches('style, option, title, desc') &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) &&
    box(node).width > 1 && box(node).height > 1);
  const type = texts.map((node) =>
    [parseFloat(getComputedStyle(node).fontSize) * zoom(node), words(node)]);
  const fields = [...root.querySelectorAll('[type=number], [type=text], select')].filter(seen);
  for (const node of fields) type.push([parseFloat(getComputedStyle(node).fontSize), node.value]);
  const view = box(root), found = [];
  // A line of text without the room above and below its letters.
  const isFitted = (node) => node.hasAttribute('textLength'); // into its cell
  const isText = (node) => node.nodeType === 3 && node.data.trim();
  const inLines = texts.filter((node) => !isFitted(node));
  const lines = inLines.flatMap((node) =>
    [...node.childNodes].filter(isText).flatMap((child) => {
      const range = document.createRange();
      range.selectNodeContents(child);
      return [...range.getClientRects()].filter(({ width }) => width > 1).map((rect) => {
        const air = 0.25 * rect.height;
        return { node, left: rect.left + 1, right: rect.right - 1, top: rect.top + air,
          bottom: rect.bottom - air };
      });
    }));
  lines.sort((a, b) => a.left - b.left);
  for (let i = 0; i < lines.length; i++)
    for (let j = i + 1; j < lines.length && lines[j].left < lines[i].right; j++) {
      const [a, b] = [lines[i], lines[j]];
      if (a.node === b.node || a.top >= b.bottom || b.top >= a.bottom) continue;
      found.push(`${words(a.node)} | ${words(b.node)}`);
    }
  const isHidden = (side) => (node) => ['hidden', 'clip'].includes(getComputedStyle(node)[side]);
  const cut = [...root.querySelectorAll('*')].filter((node) => seen(node) && node.clientWidth > 1 &&
    node.clientHeight > 1 && !node.ownerSVGElement && !node.matches('svg, select') &&
    (isHidden('overflowX')(node) && node.scrollWidth > node.clientWidth + 1 ||
     isHidden('overflowY')(node) && node.scrollHeight > node.clientHeight + 1 ||
     node.matches('[type=text]') && node.scrollWidth > node.clientWidth + 1 ||
     parseFloat(getComputedStyle(node).borderTopWidth) && !node.matches('button, .ut-tile') &&
       node.scrollHeight > node.clientHeight + 2));
  const shown = root.matches('.ut-present, .udia-present');
  const isScrolled = (node) => node !== root &&
    (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX === 'auto' ||
      isScrolled(node.parentElement));
  const beyond = texts.filter((node) => !isScrolled(node) && (
    box(node).right > innerWidth + 1 || box(node).left < -1 ||
    box(node).bottom > view.bottom + 1 || shown && box(node).top < -1));
  return {
    height: view.height,
    type: Math.min(...type.map(([size]) => size)),
    small: type.toSorted((a, b) => a[0] - b[0])[0]?.[1],
    overlaps: [...new Set(found)],
    cut: [...new Set([...cut, ...beyond].map((node) => node.value || words(node)))],
    wide: document.documentElement.scrollWidth - innerWidth,
    overflow: [root.scrollWidth - root.clientWidth, root.scrollHeight - root.clientHeight],
  };
}"""


class Found(NamedTuple):
    """What was measured of one state in one window; shares are parts of the screen."""

    height: float  # pixels
    drawing: float | None  # None outside present mode
    blank: float | None
    type: float  # pixels
    small: str  # what is written in it
    overlaps: list[str]
    cut: list[str]
    overflow: tuple[float, float]  # pixels beyond the window: sideways, and down in present mode


def smallest_type(view: str, window: str) -> float:
    """Return the smallest type that a window allows, in pixels."""
    _, height, is_presented = WINDOWS[window]
    if (view, window) == ("see_inside", "270"):
        return 7.5  # its drawing shrinks to a phone's column, and its words with it
    return 24 * height / 720 if is_presented else 11


def measure(page: Page, view: str, window: str) -> Found:
    """Measure the widget or report that a page shows; `window` names one of `WINDOWS`."""
    _, _, is_presented = WINDOWS[window]
    if is_presented:
        page.get_by_role("button", name="present").click()
    name = ".udia-present" if is_presented else ".udia-page"
    root = page.locator(name if view == "report" else ".ut").first
    found = root.evaluate(_MEASURE)
    return Found(
        found["height"],
        share_of_screen(page, page.locator(DRAWINGS[view])) if is_presented else None,
        blank_share(page, WINDOWS[window][1] // 90) if is_presented else None,
        found["type"],
        found["small"],
        found["overlaps"],
        found["cut"],
        (max(found["wide"], found["overflow"][0]), found["overflow"][1] if is_presented else 0),
    )


def violations(found: Found, view: str, window: str) -> list[str]:
    """Return what breaks a limit of this window, as words."""
    _, _, is_presented = WINDOWS[window]
    wrong = []
    keeps_height = window == "notebook" or (window == "824" and view in BESIDE_A_SIDEBAR)
    if keeps_height and found.height > LIMITS["height"]:
        wrong.append(f"{found.height:.0f} px high")
    if is_presented and (found.drawing or 0) < LIMITS["drawing"]:
        wrong.append(f"drawing {found.drawing:.3f}")
    if is_presented and (found.blank or 0) > LIMITS["blank"]:
        wrong.append(f"blank {found.blank:.3f}")
    if found.type < smallest_type(view, window) - 0.1:
        wrong.append(f"type {found.type:.1f} px: {found.small}")
    wrong += [f"overlap: {each}" for each in found.overlaps]
    wrong += [f"cut: {each}" for each in found.cut]
    if max(found.overflow) > 1:
        wrong.append(f"overflow {found.overflow}")
    return wrong


@cache
def report(name: str) -> str:
    """Return a report's page."""
    return inspect_unet(*_reports()[name])._repr_html_()


def put(page: Page, state: State | str) -> None:
    """Show a state, or a report by its name."""
    if isinstance(state, str):
        page.set_content(
            '<!doctype html><html lang="en"><body data-jp-theme-light="true" '
            f'style="margin:0"><main>{report(state)}</main></body></html>'
        )
        return
    show(page, state.view, state_of(state.make()) | state.changes)
    page.evaluate("document.body.style.margin = 0")


def resize(page: Page, window: str) -> None:
    """Give a page the size of a window, and what it shows the time to hear of it."""
    width, height, _ = WINDOWS[window]
    if page.viewport_size == (size := {"width": width, "height": height}):
        return
    page.set_viewport_size(size)
    # Two frames: views hear of their width in the first and paint in the second.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def walk(page: Page, view: str, windows: Iterable[str]) -> Iterator[tuple[str, str, Found]]:
    """Measure all states of a view on one page, each in the windows one after the other.

    Yields:
        A state's name, a window's and what was measured. Of windows in present mode, at most one
        can be asked for, as the last.
    """
    states = REPORT_STATES if view == "report" else [s for s in STATES if s.view == view]
    for state in states:
        name, only_presented = state, False
        if not isinstance(state, str):
            name, only_presented = state.name, state.is_presented
        shown_in = [each for each in windows if WINDOWS[each][2] or not only_presented]
        for number, window in enumerate(shown_in):
            resize(page, window)
            if not number:
                put(page, state)
            yield name, window, measure(page, view, window)


def main(chosen: list[str]) -> None:
    """Print the worst of each widget in each window, and every violation."""
    columns = ["widget", "window", "height", "drawing", "blank", "type", "overlaps", "cut"]
    rows, wrong = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM_ARGS)
        page = new_page(browser)
        for view in chosen or DRAWINGS:
            for window in WINDOWS:
                page.goto("about:blank")
                all_found = {name: found for name, _, found in walk(page, view, [window])}
                for name, found in all_found.items():
                    wrong += [
                        f"{view}, {name}, {window}: {v}" for v in violations(found, view, window)
                    ]
                every = list(all_found.values())
                is_presented = WINDOWS[window][2]
                shares = ["", ""]
                if is_presented:
                    shares[0] = f"{min(f.drawing or 0 for f in every):.2f}"
                    shares[1] = f"{max(f.blank or 0 for f in every):.3f}"
                rows.append(
                    [view, window, f"{max(f.height for f in every):.0f}", *shares]
                    + [f"{min(f.type for f in every):.1f}"]
                    + [str(sum(len(getattr(f, part)) for f in every)) for part in columns[6:]]
                )
                print("| " + " | ".join(rows[-1]) + " |", file=sys.stderr, flush=True)
        browser.close()
    print("\n".join("| " + " | ".join(row) + " |" for row in [columns, ["---"] * 8, *rows]))
    print("\n".join(["", "Beyond a limit:", *wrong]) if wrong else "\nNothing is beyond a limit.")


if __name__ == "__main__":
    main(sys.argv[1:])
