"""What the U diagram shows of a network, before any of it has a place or a colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Arm = Literal["encoder", "bottleneck", "decoder"]


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
    """

    arm: Arm
    level: float
    module: str
    operation: str
    size: str
    channels: int
    shape: tuple[int, ...]


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
    """One of the four criteria with its reasons, the most telling one first."""

    name: str
    met: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """Everything that is drawn; its texts come from users and may hold any characters."""

    title: str
    verdict: str
    problem: str
    boxes: tuple[Box, ...]
    skips: tuple[SkipLine, ...]
    criteria: tuple[CriterionVerdict, ...]


def alt_text(drawing: Drawing, *, with_verdict: bool = True) -> str:
    """Say in words what the diagram shows."""
    if not drawing.boxes:
        return drawing.problem or drawing.verdict
    sizes = " → ".join(box.size for box in drawing.boxes)
    parts = [f"boxes {sizes}"]
    present = [skip for skip in drawing.skips if skip.present]
    parts += [f"a bridge ({skip.kind}) at {drawing.boxes[skip.source].size}" for skip in present]
    if not present:
        parts.append("no bridge")
    whole = "; ".join(parts) + "."
    return f"{drawing.title}: {whole} {drawing.verdict}" if with_verdict else whole
