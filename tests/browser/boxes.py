"""What a view looks like on a page without Jupyter, in numbers: boxes, type, what is cut off."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from unet_teach.widgets.base import CourseWidget

NOTEBOOK = {"width": 1080, "height": 599}  # the output area of a notebook at 1280×720
SCREENS = [(1280, 720), (1920, 1080)]
SMALLEST_PRESENTED = 24  # pixels of type at 1280×720

_MEASURE = """(root) => {
  const shown = [...root.querySelectorAll('*')].filter((node) => node.checkVisibility(
    { visibilityProperty: true, opacityProperty: true }));
  const texts = shown.filter((node) => [...node.childNodes].some(
    (child) => child.nodeType === 3 && child.data.trim()));
  const view = root.getBoundingClientRect();
  const beyond = texts.filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1 ||
      box.bottom > view.bottom + 1);
  });
  return {
    height: view.height,
    overflows: [root.scrollWidth > root.clientWidth, root.scrollHeight > root.clientHeight + 1],
    type: Math.min(...texts.map((node) => parseFloat(getComputedStyle(node).fontSize))),
    small: texts.toSorted((a, b) => parseFloat(getComputedStyle(a).fontSize)
      - parseFloat(getComputedStyle(b).fontSize))[0]?.outerHTML.slice(0, 200),
    beyond: beyond.map((node) => node.outerHTML.slice(0, 200)),
  };
}"""


def state_of(widget: CourseWidget) -> dict[str, Any]:
    """Return the traits of a widget as a page without a kernel is given them."""
    machinery = {*CourseWidget.class_traits(), "_esm", "_css", "_anywidget_id"}
    own = {*widget.class_traits(sync=True)} - machinery | {"steps", "_step", "_ticked"}
    state = {name: value for name, value in widget.get_state().items() if name in own}
    for sent in state.get("_maps", []):
        sent["values"] = np.frombuffer(sent["values"], "<f4").tolist()
    return state


def measured(view: Locator) -> dict[str, Any]:
    """Return the height, the smallest type and what is cut off, of one view."""
    return view.evaluate(_MEASURE)


def share_of_screen(page: Page, *parts: Locator) -> float:
    """Return which part of the window the box around some elements takes."""
    boxes = [box for part in parts for each in part.all() if (box := each.bounding_box())]
    left, top = (min(box[side] for box in boxes) for side in "xy")
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    window = page.viewport_size
    return (right - left) * (bottom - top) / (window["width"] * window["height"])


def blank_share(page: Page, cell: int = 8) -> float:
    """Return which part of the window its largest rectangle without any drawing takes.

    Args:
        page: what its window shows is measured.
        cell: pixels of the squares that are either blank or not.
    """
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    pixels = np.asarray(shot).astype(int)
    drawn = abs(pixels - pixels[0, 0]).max(axis=2) > 8
    rows, columns = (side // cell for side in drawn.shape)
    cells = drawn[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    blank = ~cells.any(axis=(1, 3))
    heights, largest = np.zeros(columns, int), 0
    for row in blank:
        heights = np.where(row, heights + 1, 0)
        for low in set(heights.tolist()) - {0}:
            runs = "".join("x" if height >= low else " " for height in heights).split()
            largest = max(largest, low * max(map(len, runs)))
    return largest / (rows * columns)


def places(view: Locator, selector: str) -> list[tuple[int, ...]]:
    """Return where each element of a view is and how large, in whole pixels."""
    boxes = [each.bounding_box() for each in view.locator(selector).all()]
    return [
        tuple(round(box[side]) for side in ("x", "y", "width", "height")) for box in boxes if box
    ]
