"""What the U diagram shows of a network, before any of it has a place or a colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

INPUT = "the input"  # the operation of what no operation made
Arm = Literal["encoder", "bottleneck", "decoder"]
MISMATCH, NOT_REACHED = "mismatch", "not reached"  # what a skip is where a run stopped


@dataclass(frozen=True)
class Box:
    """One feature map of the network.

    Attributes:
        arm: the side of the U it belongs to.
        level: 0 is the input's resolution, each halving leads one down.
        module: path of the layer that made it; may be any text.
        operation: what the layer did.
        size: height × width, or "vector".
        channels: their number at each position.
        shape: of the tensor.
        reached: whether the run came so far; otherwise the size is that of the encoder's level.
    """

    arm: Arm
    level: float
    module: str
    operation: str
    size: str
    channels: int
    shape: tuple[int, ...]
    reached: bool = True

    @property
    def detail(self) -> str:
        """Which layer made the map, and what shape the tensor has."""
        if not self.reached:
            return "not reached: the network stops before it"
        shape = " × ".join(map(str, self.shape))
        if self.operation == INPUT:
            return f"the input, {shape}"
        where = f"{self.module}: " if self.module else ""
        return f"{where}{self.operation}, makes {shape}"


@dataclass(frozen=True)
class SkipLine:
    """A skip connection, or the place of one that is missing.

    Attributes:
        source: index of the box on the left.
        target: index of the box on the right; `None` where the decoder has none at this level.
        kind: how the two maps are joined.
        present: whether the network has this skip.
    """

    source: int
    target: int | None
    kind: str
    present: bool


@dataclass(frozen=True)
class CriterionVerdict:
    """One of the four criteria with its reasons, the most telling one first.

    Attributes:
        name: as the course calls it.
        met: whether it is met; `None` where the run stopped before that can be told.
        sentences: the evidence.
        summary: the evidence in one sentence.
        count: such as "4 levels"; often "".
    """

    name: str
    met: bool | None
    sentences: tuple[str, ...]
    summary: str = ""
    count: str = ""

    @property
    def sign(self) -> str:
        """The mark before the name, which says the same as its colour."""
        return {True: "✓", False: "✕", None: "?"}[self.met]


@dataclass(frozen=True)
class CodeLine:
    """The line of the user's code that failed.

    Attributes:
        where: file, line number and function, as far as they say something.
        source: the line, without its indentation.
        shapes: for names in the line: where they start and end, and the shape they stood for.
        others: what other names stood for, as a sentence; often "".
    """

    where: str
    source: str
    shapes: tuple[tuple[int, int, str], ...]
    others: str = ""

    def marks(self) -> list[str]:
        """Return the lines under the source that write each shape under its name."""
        lines: list[str] = []
        for start, _, shape in self.shapes:
            fits = next((i for i, line in enumerate(lines) if len(line) < max(start, 1)), None)
            if fits is None:
                lines.append("")
                fits = len(lines) - 1
            lines[fits] = lines[fits].ljust(start) + shape
        return lines


@dataclass(frozen=True)
class Stop:
    """Why a network could not be judged.

    Attributes:
        why: what happened.
        next_step: what to do about it; may be "".
        error: torch's or Python's own words; may be "".
        code: the line that failed, where there is one.
        ledger: the call that shows the same sizes in the size ledger; may be "".
        after: index of the last box that was reached, where it stops between two boxes.
        label: what does not fit, such as "25×37 ≠ 24×36"; may be "".
    """

    why: str
    next_step: str = ""
    error: str = ""
    code: CodeLine | None = None
    ledger: str = ""
    after: int | None = None
    label: str = ""


@dataclass(frozen=True)
class Drawing:
    """Everything that is drawn; its texts come from users and may hold any characters."""

    title: str
    verdict: str
    problem: str
    boxes: tuple[Box, ...]
    skips: tuple[SkipLine, ...]
    criteria: tuple[CriterionVerdict, ...]
    facts: str = ""
    stop: Stop | None = None

    @property
    def met(self) -> bool:
        """Whether it is a U-Net."""
        return not self.problem and all(criterion.met for criterion in self.criteria)


def alt_text(drawing: Drawing, *, with_verdict: bool = True) -> str:
    """Say in words what the diagram shows."""
    if not drawing.boxes:
        return drawing.problem or drawing.verdict
    sizes = " → ".join(box.size for box in drawing.boxes if box.reached)
    parts = [f"feature maps {sizes}"]
    present = [skip for skip in drawing.skips if skip.present]
    at = [f"{drawing.boxes[skip.source].size} ({skip.kind})" for skip in present]
    parts.append(f"skip connections at {', '.join(at)}" if at else "no skip connection")
    if drawing.stop:
        parts.append(f"stops at {drawing.stop.label or 'the last of them'}")
    whole = "; ".join(parts) + "."
    return f"{drawing.title}: {whole} {drawing.verdict}" if with_verdict else whole
