"""What a layout is made of: places, texts and lines, and the measures of the drawings.

All coordinates are pixels from the upper left corner; y grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from unet_teach.inspection.diagram.model import Drawing
from unet_teach.inspection.graph import SAME_LEVEL

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]  # which end of a text is at its point, as in SVG
# How wide characters are at most, as parts of their height; in bold, a tenth more.
WIDTHS = {" ": 0.33, ",": 0.33, "×": 0.8, "≠": 0.8, "+": 0.8}
WIDTH, BOLD = 0.64, 1.1  # of any other character
FREE_LINE = 3.2  # of a skip beside its label at least, as a part of the letters' height
STOP_RADIUS = 0.8  # of the ✕ and its ring, as a part of the letters' height


@dataclass(frozen=True)
class Grid:
    """The measures of a drawing.

    Attributes:
        width, height: of the whole, as far as everything fits.
        largest: side of the largest box.
        font_size: of sizes.
        small: of channels and skips.
        gap: from one level to the next, at least.
    """

    width: float
    height: float
    largest: float
    font_size: float
    small: float
    gap: float

    def text_width(self, text: str, size: float = 0.0) -> float:
        """Return how wide a label is at most: a size in bold, or in another size of letters."""
        width = sum(WIDTHS.get(character, WIDTH) for character in text)
        return width * (size or BOLD * self.font_size)


SCREEN = Grid(width=448, height=330, largest=110, font_size=15, small=13, gap=16)
PRESENT = Grid(width=1232, height=540, largest=210, font_size=32, small=28, gap=24)
GALLERY = Grid(width=310, height=200, largest=56, font_size=12.5, small=12, gap=10)


@dataclass(frozen=True)
class Place:
    """Where a box is: its centre, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side; `right`, `top` and `bottom` are the others."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:  # noqa: D102
        return self.x + self.width / 2

    @property
    def top(self) -> float:  # noqa: D102
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:  # noqa: D102
        return self.y + self.height / 2


@dataclass(frozen=True)
class Text:
    """A label: where its anchor and the middle of its height are."""

    x: float
    y: float
    text: str
    anchor: Anchor
    size: float
    strong: bool = False

    def place(self, grid: Grid) -> Place:
        """Return the room it takes at most."""
        width = grid.text_width(self.text, BOLD * self.size if self.strong else self.size)
        x = self.x + width * {"start": 0.5, "middle": 0.0, "end": -0.5}[self.anchor]
        return Place(x, self.y, width, self.size)


@dataclass(frozen=True)
class Line:
    """An arrow, or the parts of a skip on both sides of its label."""

    parts: tuple[tuple[Point, ...], ...]
    label: Text | None = None


@dataclass
class Layout:
    """A drawing whose parts have places, each in the order of the drawing."""

    width: float
    height: float
    places: list[Place] = field(default_factory=list)
    labels: list[list[Text]] = field(default_factory=list)
    arrows: list[Line] = field(default_factory=list)
    skips: list[Line] = field(default_factory=list)
    stop: tuple[Point, Text | None] | None = None


def is_flat(drawing: Drawing) -> bool:
    """Return whether all boxes are in one row."""
    return len(set(rows_of(drawing))) < 2


def rows_of(drawing: Drawing) -> list[int]:
    """Return the row of each box: levels that count as one are one row, whatever their sizes."""
    starts: list[float] = []
    for level in sorted(box.level for box in drawing.boxes):
        if not starts or level - starts[-1] >= SAME_LEVEL:
            starts.append(level)
    return [sum(start <= box.level for start in starts) - 1 for box in drawing.boxes]
