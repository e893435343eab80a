"""What the inspector answers: four verdicts with their evidence, as a letter and as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from unet_teach.inspection.criteria import Found
from unet_teach.inspection.graph import GLOBAL, SAME, Graph, Join
from unet_teach.inspection.recorder import Op, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unet_teach.inspection.diagram.svg import Drawing

NAMES = ("Down-sampling", "Up-sampling", "Skip connections", "Symmetric architecture")
JOINED = {
    "cat": "concatenated with",
    "add": "added to",
    "gate": "multiplied with",
    "attention": "attended to by",
}


@dataclass(frozen=True)
class Criterion:
    """One of the four marks.

    Attributes:
        name: as the course calls it.
        met: whether the network has it.
        evidence: sentences that name layers, operations and sizes.
        facts: the same as data: levels, joins and what is missing.
    """

    name: str
    met: bool
    evidence: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Criteria:
    """The four marks, in the order of the course."""

    downsampling: Criterion
    upsampling: Criterion
    skip_connections: Criterion
    symmetry: Criterion

    def __iter__(self) -> Iterator[Criterion]:
        return iter((self.downsampling, self.upsampling, self.skip_connections, self.symmetry))


@dataclass(frozen=True)
class UNetReport:
    """The answer to "Is it a U-Net?", for one network.

    Attributes:
        name: of the network's class.
        criteria: the four marks.
        problem: why the network could not be judged, `None` when it ran.
    """

    name: str
    criteria: Criteria
    problem: str | None = None
    _graph: Graph | None = field(default=None, repr=False)
    _found: Found | None = field(default=None, repr=False)

    @property
    def is_unet(self) -> bool:
        """Whether all four marks are there."""
        return all(criterion.met for criterion in self.criteria)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if self.problem:
            return "It could not be judged: it does not run."
        if self.is_unet:
            return "It is a U-Net: all four marks are there."
        missing = [criterion.name.lower() for criterion in self.criteria if not criterion.met]
        return f"It is not a U-Net. Missing: {', '.join(missing)}."

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict}"]
        if self.problem:
            lines += ["", self.problem]
        for criterion in self.criteria:
            if criterion.evidence:
                lines.append(f"{'✓' if criterion.met else '✕'} {criterion.name}")
                lines += [f"   {sentence}" for sentence in criterion.evidence]
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as data that `json` can write."""
        return {
            "name": self.name,
            "is_unet": self.is_unet,
            "verdict": self.verdict,
            "problem": self.problem,
            "criteria": {
                key: {"met": c.met, "evidence": list(c.evidence), **c.facts}
                for key, c in vars(self.criteria).items()
            },
        }

    @cached_property
    def drawing(self) -> Drawing:
        """What the U diagram shows."""
        from unet_teach.inspection.diagram.from_graph import drawing_of

        return drawing_of(self, self._graph, self._found)

    def figure(self) -> Figure:
        """Draw the U diagram with matplotlib, for print."""
        from unet_teach.inspection.diagram.figure import figure

        return figure(self.drawing)

    def _repr_html_(self) -> str:
        from unet_teach.inspection.diagram.svg import svg

        return svg(self.drawing)


def report_of(name: str, graph: Graph, found: Found) -> UNetReport:
    """Say in sentences what was found."""
    words = Words(graph)
    criteria = Criteria(
        _down(words, found), _up(words, found), _skips(words, found), _symmetry(words, found)
    )
    return UNetReport(name, criteria, None, graph, found)


def unjudged(name: str, problem: str) -> UNetReport:
    """A report on a network that could not be run."""
    return UNetReport(name, Criteria(*(Criterion(mark, False, ()) for mark in NAMES)), problem)


class Words:
    """Names levels by the sizes that maps have there, and values by where they were made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def size(self, value: Value) -> str:
        """Height × width of a map, as far as its axes are known."""
        steps: dict[int, int] = {}
        for factor in (f for dim in self.graph.spread(value) for f in dim if f.axis >= 0):
            steps[factor.axis] = steps.get(factor.axis, 1) * factor.size
        listed = [steps.get(axis, 1) for axis in self.graph.axes]
        return "×".join(map(str, listed)) or "one resolution"

    def level(self, level: float, values: Sequence[Value]) -> str:
        """The size that the last of these values has at a level."""
        at = [v for v in values if abs(self.graph.levels[v] - level) < SAME]
        whole = self.graph.axes.values()
        return self.size(at[-1]) if at else "×".join(str(round(n / 2**level)) for n in whole)

    def sizes(self, levels: Sequence[float], values: Sequence[Value]) -> str:
        """Several levels, in a row."""
        return ", ".join(self.level(level, values) for level in levels)

    def maker(self, value: Value) -> str:
        """Which layer made a value: what the forward itself does to it afterwards is passed by."""
        made = value
        while made.op is not None and not made.op.module:
            sources = [v for v in made.op.inputs if v in self.graph.levels]
            if len(sources) != 1 or self.graph.levels[sources[0]] != self.graph.levels[value]:
                break
            made = sources[0]
        if made.op is None:
            return "the input"
        word = operation(made.op)
        return f"{made.op.module} ({word})" if made.op.module else f"{word} in forward"


def operation(op: Op) -> str:
    """An operation as its user knows it."""
    if op.name == "convolution" and op.arguments.get("transposed"):
        return "transposed convolution"
    return op.name.strip("_").removesuffix("_with_indices")


def _steps(words: Words, path: Sequence[Value]) -> Iterator[tuple[Value, Value]]:
    """The places of a path where the level changes."""
    levels = words.graph.levels
    for before, after in pairwise(path):
        if abs(levels[after] - levels[before]) > SAME and levels[after] < GLOBAL:
            yield before, after


def _walk(words: Words, path: Sequence[Value]) -> list[dict[str, str]]:
    return [
        {"from": words.size(a), "to": words.size(b), "by": words.maker(b)}
        for a, b in _steps(words, path)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _down(words: Words, found: Found) -> Criterion:
    steps = _walk(words, found.path.down)
    said = [f"{s['from']} → {s['to']} by {s['by']}." for s in steps]
    if not said:
        said = ["No map on the way is coarser than the input."]
    facts = {"steps": steps, "levels": [round(level, 2) for level in found.encoder]}
    return Criterion(NAMES[0], found.goes_down, tuple(said), facts)


def _up(words: Words, found: Found) -> Criterion:
    whole = (*found.path.down[-1:], *found.path.up)
    steps = _walk(words, whole)
    said = [f"{s['from']} → {s['to']} by {s['by']}." for s in steps]
    if found.comes_up and not found.goes_down:
        said.append("It has not gone down before.")
    elif not found.goes_down:
        said = ["Nothing becomes larger."]
    elif not said:
        is_map = bool(whole) and found.output_level < GLOBAL
        end = (
            f"it ends at {words.size(whole[-1])}" if is_map else "it ends in numbers without places"
        )
        said = [f"Nothing on the way to the output becomes larger again: {end}."]
    facts = {"steps": steps, "levels": [round(level, 2) for level in found.decoder]}
    return Criterion(NAMES[1], found.comes_up, tuple(said), facts)


def _skips(words: Words, found: Found) -> Criterion:
    said = [_joined(words, join) for join in found.joins]
    missing = words.sizes(found.missing, found.path.down)
    if missing and found.goes_down:
        said.append(f"Nothing crosses at {missing}.")
    if not found.goes_down:
        said.append("Without a way down there is nothing to skip.")
    elif not said:
        said.append("Nothing crosses from the way down to the way up.")
    elif not found.is_skipped and found.joins:
        said.append("Skips at half of the levels or more were wanted.")
    facts = {
        "joins": [
            {
                "at": words.size(join.fine),
                "level": round(join.level, 2),
                "kind": join.kind,
                "from": words.maker(join.fine),
                "meets": words.maker(join.coarse),
            }
            for join in found.joins
        ],
        "missing": [round(level, 2) for level in found.missing],
    }
    return Criterion(NAMES[2], found.is_skipped, tuple(said), facts)


def _joined(words: Words, join: Join) -> str:
    return (
        f"At {words.size(join.op.outputs[0])}, what {words.maker(join.fine)} made is "
        f"{JOINED[join.kind]} what {words.maker(join.coarse)} brings up."
    )


def _symmetry(words: Words, found: Found) -> Criterion:
    image, whole = words.graph.image, (*found.path.down, *found.path.up)
    facts: dict[str, Any] = {"unvisited": [round(level, 2) for level in found.unvisited]}
    said: list[str] = []
    if image is not None and whole:
        facts |= {"input": list(image.shape), "output": list(whole[-1].shape)}
    if found.output_level == math.inf:
        said.append("What comes out is no map: it has no places in the picture.")
    elif whole and abs(found.output_level) >= SAME:
        times = 2 ** abs(found.output_level)
        word = "coarser" if found.output_level > 0 else "finer"
        said.append(f"The answer is {times:.3g} times {word} than the picture.")
    elif whole:
        said.append("The answer is as fine as the picture.")
    if not (found.goes_down and found.comes_up):
        said.append("Without a way down and up again there is nothing to mirror.")
    elif found.unvisited:
        said.append(f"The way up leaps over {words.sizes(found.unvisited, found.path.down)}.")
    else:  # the fault, if there is one, is the answer's: of a missing mark, it is said last
        way = f"The way up passes {words.sizes(found.decoder, found.path.up)}."
        said.insert(len(said) if found.is_symmetric else 0, way)
    return Criterion(NAMES[3], found.is_symmetric, tuple(said), facts)
