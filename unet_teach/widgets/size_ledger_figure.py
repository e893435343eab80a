"""A U-Net's sizes drawn with matplotlib, for slides, print and pages without a browser."""

from __future__ import annotations

from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from unet_teach.shared.palette import DECODER, ENCODER, GREY, INK, SKIP, WRONG
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.size_ledger import SizeLedger
from unet_teach.widgets.size_ledger_words import effect, headline, mismatch
from unet_teach.widgets.unet_sizes import CHOICES, TRANSPOSED, Options, costs, ledger

# The picture is that of js/ledger_picture.js, in the same units.
WIDTH, HEIGHT, BOX = 676.0, 370.0, (112.0, 76.0)  # of the picture, and of the largest box
LEFT, MIDDLE, RIGHT = 167.0, 327.5, 488.0  # of encoder, bottleneck and decoder
SLOT, LEAST, CELL = 34.0, 4.0, 14.0  # a level's words, the shortest side, a cell of the lens
LENS = (3, 8)  # rows and columns
GAP = 34.0  # half of the words "level 0" on a skip
HATCH = "/////"
Place = tuple[float, float]


def draw(widget: SizeLedger) -> Figure:
    """Draw the U as the widget does: boxes to scale, skips as dashed lines, the corner enlarged.

    A level with a size mismatch is marked with ✕; levels that are not reached are hatched.
    """
    options = widget.options
    result = ledger(options)
    cost = list(costs(options))[CHOICES["repair"].index(options.repair)]
    levels, depth, ys = result["levels"], options.depth, _middles(options.depth)
    lens = _lens_level(result, cost)
    top = [levels[0][part] or [0, 0] for part in ("encoder", "decoder")]
    tall, wide = (max(top[0][i], top[1][i]) or result["input_size"][i] for i in (0, 1))
    scale = min(BOX[0] / wide, BOX[1] / tall)
    figure = Figure(figsize=(7.6, 4.7))
    axes = figure.subplots()
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT + 8, -22), aspect="equal")
    axes.axis("off")
    axes.set_title(headline(options, result))
    axes.text(0, -10, _sentence(options, result, cost), va="center", fontsize=10)
    down, up = [], []
    for level in levels:
        i, skip = level["level"], level["encoder"]
        ghost = [side / 2**i for side in result["input_size"]]
        x = LEFT if i < depth else MIDDLE
        down.append(_box(axes, (x, ys[i]), skip, ghost, scale, ENCODER))
        image = "" if i else _changed([options.height, options.width], skip)
        if i == depth:
            _label(axes, (x, ys[i] + down[i][1] / 2 + 18), level, skip, "", "center")
            continue
        wrong, came = i == result["mismatch_at"], level["decoder"] or level["arrives"]
        colour = WRONG if wrong else DECODER
        up.append(_box(axes, (RIGHT, ys[i]), came, skip or ghost, scale, colour))
        _label(axes, (LEFT - down[i][0] / 2 - 8, ys[i]), level, skip, image, "right")
        note = _changed(level["arrives"], level["joined"])
        place = (RIGHT + up[i][0] / 2 + 8, ys[i])
        _label(axes, place, level, came, note, "left", WRONG if wrong else None)
        colour = WRONG if wrong else SKIP if level["joined"] else GREY
        ends = (LEFT + down[i][0] / 2 + 5, RIGHT - up[i][0] / 2 - 5)
        _skip(axes, ys[i], ends, colour, f"level {i}", level is lens)
    for i in range(depth):
        half = [size[1] / 2 + 3 for size in (down[i], down[i + 1], up[i])]
        start, came = (LEFT, ys[i] + half[0]), levels[i]["arrives"]
        end = (RIGHT, ys[i] + half[2])
        if i < depth - 1:
            _arrow(axes, start, (LEFT, ys[i + 1] - half[1]), levels[i + 1]["encoder"])
            _arrow(axes, (RIGHT, ys[i + 1] - up[i + 1][1] / 2 - 3), end, came)
        else:
            side = down[depth][0] / 2 + 3
            _arrow(axes, start, (MIDDLE - side, ys[depth]), levels[depth]["encoder"])
            _arrow(axes, (MIDDLE + side, ys[depth]), end, came)
    if lens:
        _lens(axes, options, lens, result["mismatch_at"] is not None, ys[lens["level"]])
    return figure


def _middles(depth: int) -> list[float]:
    slots = [max(SLOT, BOX[1] / 2**level) for level in range(depth)]
    bottom = HEIGHT - 23 - BOX[1] / 2 ** (depth + 1)
    gap = (bottom - 7 - sum(slots)) / depth
    tops = [sum(slots[:level]) + level * gap for level in range(depth)]
    return [*(top + slot / 2 for top, slot in zip(tops, slots, strict=True)), bottom]


def _sentence(options: Options, result: dict[str, Any], cost: dict[str, Any]) -> str:
    if result["mismatch_at"] is not None:
        return mismatch(result["levels"][result["mismatch_at"]])
    return effect(options, cost) if options.repair != "none" else ""


def _lens_level(result: dict[str, Any], cost: dict[str, Any]) -> Any:
    """Return the level of the mismatch, or the first that a repair changes, or `None`."""
    if result["mismatch_at"] is not None:
        return result["levels"][result["mismatch_at"]]
    changed = [level["level"] for level in cost["changed"]] if cost["fits"] else []
    return result["levels"][changed[0]] if changed else None


def _changed(before: list[int] | None, after: list[int] | None) -> str:
    return f"from {sizes_as_text(before)}" if before and after and before != after else ""


def _box(
    axes: Axes, middle: Place, size: list[int] | None, ghost: list[float], scale: float, colour: str
) -> Place:
    """Draw a map to scale; return its width and height."""
    height, width = (max(LEAST, side * scale) for side in size or ghost)
    look: dict[str, Any] = {"edgecolor": colour, "facecolor": colour + "33"}
    if not size:
        look = {"edgecolor": GREY, "facecolor": "none", "linestyle": "--", "hatch": HATCH}
    is_round = colour != ENCODER and min(height, width) > 10
    style = "round,pad=0,rounding_size=4" if is_round else "square,pad=0"
    place = (middle[0] - width / 2, middle[1] - height / 2)
    axes.add_patch(FancyBboxPatch(place, width, height, boxstyle=style, **look))
    return width, height


def _label(
    axes: Axes,
    place: Place,
    level: dict[str, Any],
    size: list[int] | None,
    note: str,
    align: Any,
    wrong: str | None = None,
) -> None:
    x, y = place
    if not size:
        axes.text(x, y, "not reached", ha=align, va="center", fontsize=10, color=INK)
        return
    words = sizes_as_text(size) + (" ✕" if wrong or 0 in size else "")
    axes.text(x, y, words, ha=align, va="bottom", fontsize=11, weight="bold", color=wrong)
    lines = ["{:,} ch".format(level["channels"]), *([note] if note else [])]
    text = ("\n" if level["level"] == 0 else ", ").join(lines)
    axes.text(x, y + 2, text, ha=align, va="top", fontsize=10, color=INK)


def _skip(axes: Axes, y: float, ends: Place, colour: str, words: str, has_lens: bool) -> None:
    gap = LENS[1] * CELL / 2 + 5 if has_lens else GAP
    for near, far in ((ends[0], MIDDLE - gap), (MIDDLE + gap, ends[1])):
        axes.plot([near, far], [y, y], color=colour, linestyle="--", linewidth=1.5)
    above = LENS[0] * CELL / 2 + 12
    y = y - above if has_lens and words != "level 0" else y + above if has_lens else y
    axes.text(MIDDLE, y, words, ha="center", va="center", fontsize=10, color=INK)


def _arrow(axes: Axes, start: Place, end: Place, reached: list[int] | None) -> None:
    if not reached:
        return
    turns = {LEFT: "angle,angleA=90,angleB=0,rad=30", RIGHT: "angle,angleA=0,angleB=90,rad=30"}
    style = "arc3" if start[0] == end[0] else turns[LEFT if start[0] == LEFT else RIGHT]
    look = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look | {"connectionstyle": style})


def _lens(axes: Axes, o: Options, level: dict[str, Any], wrong: bool, y: float) -> None:
    """Enlarge the bottom-right corners of a level's skip and decoder."""
    skip, decoder = level["encoder"], level["arrives"]
    repair = "none" if wrong else o.repair
    if repair == "resize":  # interpolation leaves no cell of the decoder's as it was
        decoder = skip
    if repair == "output_padding":  # what it added is not there without it
        usual = TRANSPOSED[o.up][1]
        pairs = zip(decoder, level["output_padding"], strict=True)
        decoder = [size - max(0, added - usual) for size, added in pairs]
    size = [max(pair) for pair in zip(skip, decoder, strict=True)]
    rows, columns = (min(most, side) for most, side in zip(LENS, size, strict=True))
    corner = (MIDDLE - columns * CELL / 2, y - rows * CELL / 2)
    frame: dict[str, Any] = {"boxstyle": "round,pad=5", "facecolor": "none", "linewidth": 1.5}
    frame["edgecolor"] = WRONG if wrong else SKIP
    axes.add_patch(FancyBboxPatch(corner, columns * CELL, rows * CELL, **frame))
    plain = {"edgecolor": ENCODER, "facecolor": ENCODER + "33"}
    looks: dict[str, dict[str, Any]] = {
        "none": {"edgecolor": WRONG, "facecolor": WRONG + "22"},
        "crop": {"edgecolor": GREY, "facecolor": "none", "hatch": HATCH},
        "pad": {"edgecolor": GREY, "facecolor": "none", "linestyle": ":"},
    }
    for row, column in product(range(rows), range(columns)):
        at = (row + size[0] - rows, column + size[1] - columns)
        in_skip, in_decoder = (at[0] < map_[0] and at[1] < map_[1] for map_ in (skip, decoder))
        both, x, top = in_skip and in_decoder, corner[0] + column * CELL, corner[1] + row * CELL
        look = plain if both else looks.get(repair, plain)
        axes.add_patch(Rectangle((x + 0.5, top + 0.5), CELL - 1, CELL - 1, **look))
        if repair == "pad" and not both:
            axes.text(x + CELL / 2, top + CELL / 2, "0", ha="center", va="center", fontsize=8)
        elif both or (in_decoder and repair == "none") or repair == "output_padding":
            hollow = repair == "resize" or not in_decoder  # blended, or bias alone
            face = "none" if hollow else DECODER
            dot = (x + CELL / 4, top + CELL / 4)
            axes.add_patch(Rectangle(dot, CELL / 2, CELL / 2, edgecolor=DECODER, facecolor=face))
