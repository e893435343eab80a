"""A student's progress over all lessons, drawn with matplotlib for slides and print."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Wedge

from unet_teach.shared.palette import GREY, INK, INPUT, OUTPUT
from unet_teach.widgets.progress_map import ProgressMap, count, headline, solved

WIDE, HIGH = 2.95, 0.9  # inches of a box
STEP = 0.32  # inches that each level is indented
HOLLOW = 1.6  # inches between the arms at the lowest pair
RADIUS = 0.09


def draw(widget: ProgressMap) -> Figure:
    """Draw the U: a box for each lesson and a mark for each exercise."""
    lessons = widget.lessons
    bottom = len(lessons) // 2  # with an even number, one more lesson goes down than up
    arms = WIDE + STEP * max(0, bottom - 1)
    width = 2 * arms + HOLLOW if bottom else WIDE
    figure = Figure(figsize=(width + 0.2, (bottom + 1) * (HIGH + 0.3) + 0.7))
    axes = figure.subplots()
    axes.set_title(headline(lessons))
    middles = [_middle(i, bottom, width) for i in range(len(lessons))]
    for i, (lesson, middle) in enumerate(zip(lessons, middles, strict=True)):
        _box(axes, lesson, *middle, is_up=i > bottom)
    for i in range(1, len(lessons)):
        turn = {bottom: "in", bottom + 1: "out"}.get(i, "")
        _arrow(axes, middles[i - 1], middles[i], turn)
    axes.set(xlim=(-0.1, width + 0.1), aspect="equal")
    axes.set_ylim((bottom + 1) * (HIGH + 0.3) - 0.2, -0.1)
    axes.axis("off")
    return figure


def _middle(i: int, bottom: int, width: float) -> tuple[float, float]:
    """Return the centre of the i-th lesson's box: down on the left, up on the right."""
    level = min(i, 2 * bottom - i)
    y = level * (HIGH + 0.3) + HIGH / 2
    inwards = WIDE / 2 + STEP * level
    return (width / 2 if i == bottom else inwards if i < bottom else width - inwards), y


def _box(axes: Axes, lesson: Mapping[str, Any], x: float, y: float, *, is_up: bool) -> None:
    exercises = lesson["exercises"]
    colour = OUTPUT if is_up else INPUT
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": colour, "linewidth": 1.5}
    if not exercises:
        look |= {"linestyle": "--", "edgecolor": GREY}
    elif solved(lesson) == len(exercises):
        look["facecolor"] = colour + "22"
    corner = (x - WIDE / 2, y - HIGH / 2)
    shape = "round,pad=0,rounding_size=0.12" if is_up else "square,pad=0"
    axes.add_patch(FancyBboxPatch(corner, WIDE, HIGH, boxstyle=shape, **look))
    left = x - WIDE / 2 + 0.1
    title = textwrap.shorten(f"{lesson['number']} · {lesson['title']}", 38, placeholder=" …")
    axes.text(left, y - 0.2, title, va="center", fontsize=9.5, weight="bold", parse_math=False)
    axes.text(left, y + 0.05, count(lesson), va="center", fontsize=8, color=INK)
    for i, exercise in enumerate(exercises):
        _mark(axes, exercise["state"], left + RADIUS + i * 2.6 * RADIUS, y + 0.28)


def _mark(axes: Axes, state: str, x: float, y: float) -> None:
    """Draw a full disc with a tick, a half-filled one, or a ring."""
    is_solved = state == "solved"
    look = {"facecolor": INK if is_solved else "none", "edgecolor": INK}
    axes.add_patch(Circle((x, y), RADIUS, linewidth=1.2, **look))
    if is_solved:
        ticks = [(-0.45, 0.05), (-0.1, 0.4), (0.5, -0.35)]
        axes.plot(
            *zip(*[(x + RADIUS * u, y + RADIUS * v) for u, v in ticks], strict=True),
            color="white",
            linewidth=1.2,
        )
    elif state == "tried":
        axes.add_patch(Wedge((x, y), RADIUS, 90, 270, facecolor=INK, edgecolor="none"))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], turn: str) -> None:
    """Draw an arrow from box to box, with a corner into and out of the bottom box."""
    (x, y), (to_x, to_y) = start, end
    half = HIGH / 2 if to_y > y else -HIGH / 2
    if turn == "in":
        ends, corner = ((x, y + half), (to_x - WIDE / 2, to_y)), "angle,angleA=-90,angleB=0,rad=8"
    elif turn == "out":
        ends, corner = ((x + WIDE / 2, y), (to_x, to_y - half)), "angle,angleA=0,angleB=-90,rad=8"
    else:
        middle = (x + to_x) / 2
        ends, corner = ((middle, y + half), (middle, to_y - half)), "arc3"
    look = {"arrowstyle": "-|>", "color": INK, "linewidth": 1, "connectionstyle": corner}
    axes.annotate("", ends[1], ends[0], arrowprops={**look, "shrinkA": 0, "shrinkB": 0})
