"""What a view looks like on a page without Jupyter, in numbers: boxes, type, what is cut off."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image, ImageChops
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


# All boxes at once: to ask the browser for each of them costs 10 ms of processor time.
_BOXES = """(all) => all.filter((node) => node.getClientRects().length)
  .map((node) => node.getBoundingClientRect().toJSON())"""


def share_of_screen(page: Page, *parts: Locator) -> float:
    """Return which part of the window the box around some elements takes."""
    boxes = [box for part in parts for box in part.evaluate_all(_BOXES)]
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
    ground = Image.new("RGB", shot.size, shot.getpixel((0, 0)))
    drawn = (np.asarray(ImageChops.difference(shot, ground)) > 8).any(axis=2)
    rows, columns = (side // cell for side in drawn.shape)
    cells = drawn[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    blank = ~cells.any(axis=(1, 3))
    return _largest_rectangle(blank) / blank.size


def _largest_rectangle(blank: np.ndarray) -> int:
    """Return the area of the largest rectangle in which every cell is blank, in cells."""
    heights, largest = np.zeros(blank.shape[1] + 1, int), 0  # the last stays 0 and ends all runs
    for row in blank:
        heights[:-1] = np.where(row, heights[:-1] + 1, 0)
        open_runs: list[tuple[int, int]] = []  # where each began, and how high it is
        for column, height in enumerate(heights.tolist()):
            start = column
            while open_runs and open_runs[-1][1] >= height:
                start, high = open_runs.pop()
                largest = max(largest, high * (column - start))
            open_runs.append((start, height))
    return largest


def places(view: Locator, selector: str) -> list[tuple[int, ...]]:
    """Return where each element of a view is and how large, in whole pixels."""
    boxes = view.locator(selector).evaluate_all(_BOXES)
    sides = ("x", "y", "width", "height")
    return [tuple(round(box[side]) for side in sides) for box in boxes]


# Places with something on them, as [left, top, right, bottom]: texts, buttons, fields, images,
# filled shapes and grounds, and the course of lines and borders. They are sent as one text, because
# Playwright looks at each number that it hands over.
_INK = """() => {
  const found = [];
  const put = ({ left, top, right, bottom }) => {
    if (right > left && bottom > top) found.push([left, top, right, bottom]);
  };
  const isClear = (colour) =>
    colour === 'none' || /rgba\\(.*, 0\\)|\\/ 0\\)|transparent/.test(colour);
  const screen = innerWidth * innerHeight;
  for (const node of document.body.querySelectorAll('*')) {
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    for (const child of node.childNodes)
      if (child.nodeType === 3 && child.data.trim()) {
        const range = document.createRange();
        range.selectNodeContents(child);
        for (const rect of range.getClientRects()) put(rect);
      }
    if (node.matches('canvas, img, input, button')) put(box);
    if (node instanceof SVGGeometryElement) {
      if (!isClear(style.fill)) put(box);
      else if (!isClear(style.stroke)) {
        const matrix = node.getScreenCTM(), length = node.getTotalLength();
        const step = Math.max(8 / matrix.a, length / 500);
        for (let at = 0; length && at <= length; at += step) {
          const { x, y } = node.getPointAtLength(at).matrixTransform(matrix);
          put({ left: x - 1, top: y - 1, right: x + 1, bottom: y + 1 });
        }
      }
    } else if (!node.ownerSVGElement) {
      const { left, top, right, bottom } = box;
      if (!isClear(style.backgroundColor) && box.width * box.height < screen / 2 &&
        !node.matches('main')) put(box);
      if (parseFloat(style.borderLeftWidth) && !isClear(style.borderLeftColor)) {
        put({ left, top, right: left + 2, bottom });
        put({ left: right - 2, top, right, bottom });
      }
      if (parseFloat(style.borderTopWidth) && !isClear(style.borderTopColor)) {
        put({ left, top, right, bottom: top + 2 });
        put({ left, top: bottom - 2, right, bottom });
      }
    }
  }
  return JSON.stringify(found);
}"""
_FINENESS = 72  # cells of the grid on which blank areas are found, down the screen


def largest_blank(page: Page) -> float:
    """Return which part of the window the largest rectangle with nothing on it takes."""
    window = page.viewport_size
    side = window["height"] / _FINENESS
    columns = round(window["width"] / side)
    blank = np.ones((_FINENESS, columns), bool)
    boxes = np.clip(np.array(json.loads(page.evaluate(_INK))) / side, 0, columns).astype(int)
    for left, top, right, bottom in np.unique(boxes, axis=0):
        blank[top : bottom + 1, left : right + 1] = False
    return _largest_rectangle(blank) / blank.size
