"""The report of the inspector: the verdict as text, as data and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_teach.inspection.criteria import UShape
from unet_teach.inspection.diagnosis.table import Problem
from unet_teach.inspection.diagram.figure import figure
from unet_teach.inspection.diagram.from_graph import boxes_and_skips
from unet_teach.inspection.diagram.model import CriterionVerdict, Drawing
from unet_teach.inspection.diagram.page import page
from unet_teach.inspection.evidence import (
    Criteria,
    Criterion,
    criteria_with_evidence,
    criteria_without_evidence,
)
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.stopped import stop_of, verdicts_so_far, where_it_stops
from unet_teach.inspection.wording import listed, shape_text
from unet_teach.shared.palette import INK
from unet_teach.shared.show import svg_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".svg", ".pdf", ".png")
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True)
class UNetReport:
    """The answer to "Is it a U-Net?" for one network.

    Attributes:
        name: of the network's class.
        criteria: the four criteria with their evidence.
        problem: why the network could not be judged, `None` when it could.
        diagnosis: the name of the row in `diagnosis.table` that says so, `None` where none does.
        runs: whether the network runs with this input.
        note: what else is wrong with the network, such as layers that never train; often "".
        parameters: how many numbers the network learns; 0 where that is not known.
    """

    name: str
    criteria: Criteria
    problem: str | None = None
    diagnosis: str | None = None
    runs: bool = True
    note: str = ""
    parameters: int = 0
    _graph: Graph | None = field(default=None, repr=False)
    _u_shape: UShape | None = field(default=None, repr=False)
    _so_far: Drawing | None = field(default=None, repr=False)
    _input: str = field(default="", repr=False)
    _stops: str = field(default="", repr=False)

    @property
    def is_unet(self) -> bool:
        """Whether all four criteria are met."""
        return all(criterion.met for criterion in self.criteria)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if self.problem:
            if self.runs:
                return "It can’t be judged: it runs, but its output can’t be followed."
            return f"The network {self._stops or 'does not run'}."
        if self.is_unet:
            return "It is a U-Net: all four criteria are met."
        if not any(criterion.met for criterion in self.criteria):
            return "It is not a U-Net: none of the four criteria is met."
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
        stop = self._so_far.stop if self._so_far else None
        if stop and stop.code:
            marked = [stop.code.where, stop.code.source, *stop.code.marks()]
            lines += ["", *(f"    {line}" for line in marked)]
        return "\n".join([*lines, *filter(None, [self.note])])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as data that `json` can write."""
        return {
            "name": self.name,
            "is_unet": self.is_unet,
            "verdict": self.verdict,
            "problem": self.problem,
            "note": self.note,
            "criteria": {
                key: {"met": c.met, "evidence": list(c.evidence), **c.facts}
                for key, c in vars(self.criteria).items()
            },
        }

    @cached_property
    def drawing(self) -> Drawing:
        """What the U diagram shows: the whole network, or what was reached of it."""
        counted = f"{self.parameters:,} parameters" if self.parameters else ""
        facts = " · ".join(filter(None, [self.name, self._input, counted]))
        if self._so_far is not None:
            return replace(self._so_far, title=self.name, verdict=self.verdict, facts=facts)
        verdicts = tuple(_verdict(key, c) for key, c in vars(self.criteria).items())
        if self._graph is None or self._u_shape is None:
            return Drawing(self.name, self.verdict, self.problem or "", (), (), verdicts, facts)
        boxes, skips = boxes_and_skips(self._graph, self._u_shape)
        return Drawing(self.name, self.verdict, "", boxes, skips, verdicts, facts)

    def figure(self) -> Figure:
        """Draw the U diagram with matplotlib, for print."""
        return figure(self.drawing)

    def save(self, path: str | Path) -> None:
        """Write the U diagram into a file, for print or a page.

        Args:
            path: its suffix says what is written: .svg, .pdf or .png.

        Raises:
            ValueError: for another suffix.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in FORMATS:
            raise ValueError(f"{path} can’t be written: a name ends in .svg, .pdf or .png.")
        from matplotlib.text import Text  # nobody else needs matplotlib

        drawn = self.figure()
        for text in drawn.findobj(Text):
            if isinstance(text, Text) and text.get_color() == INK:  # for screens; pale in print
                text.set_color("black")
        if suffix == ".svg":
            head = '<?xml version="1.0" encoding="utf-8"?>\n'
            Path(path).write_text(head + svg_text(drawn, "white"), encoding="utf-8")
        else:
            drawn.savefig(path, dpi=200, facecolor="white")

    def _repr_html_(self) -> str:
        return page(self.drawing, self.note)


def report_on(
    name: str, graph: Graph, shape: UShape, note: str = "", parameters: int = 0
) -> UNetReport:
    """Return the report on a network that ran."""
    criteria = criteria_with_evidence(graph, shape)
    return UNetReport(
        name,
        criteria,
        note=note,
        parameters=parameters,
        _graph=graph,
        _u_shape=shape,
        _input=_inputs(graph),
    )


def report_on_stopped(
    name: str,
    graph: Graph,
    problem: Problem,
    *,
    runs: bool = True,
    note: str = "",
    parameters: int = 0,
) -> UNetReport:
    """Return the report on a network that could not be judged.

    It keeps what is drawn and not the graph: that holds the error, and with it every tensor of the
    functions that it passed.
    """
    stop, reached = stop_of(graph, problem)
    boxes, skips = (reached.boxes, reached.skips) if reached else ((), ())
    verdicts = verdicts_so_far(graph, reached)
    return UNetReport(
        name,
        criteria_without_evidence(),
        problem.text,
        problem.diagnosis,
        runs,
        note,
        parameters,
        _so_far=Drawing(name, "", problem.text, boxes, skips, verdicts, stop=stop),
        _input=_inputs(graph),
        _stops=where_it_stops(graph, reached),
    )


def _inputs(graph: Graph) -> str:
    shapes = [shape_text(value.shape) for value in graph.recording.inputs]
    return f"input {', '.join(shapes[:3])}{', …' if len(shapes) > 3 else ''}" if shapes else ""


def _verdict(key: str, criterion: Criterion) -> CriterionVerdict:
    """Sum a criterion up; of one that is not met, the last sentence says what is missing."""
    sentences, facts = criterion.evidence, criterion.facts
    summary, count = "", ""
    if not criterion.met:
        sentences = (*sentences[-1:], *sentences[:-1])
    elif key == "skip_connections":
        joins = facts["joins"]
        count = f"{len(joins)} of {len(joins) + len(facts['missing'])}"
        if others := [join["at"] for join in joins[1:]]:
            summary = f"{sentences[0]} The same happens at {listed(others)}."
    elif steps := facts.get("steps"):
        count = f"{len(steps)} step{'s' if len(steps) > 1 else ''}"
        if more := len(steps) - 1:
            first, to = sentences[0].removesuffix("."), steps[-1]["to"]
            way = "down to" if key == "downsampling" else "up to"
            summary = f"{first}, and {NUMBERS.get(more, more)} more, {way} {to}."
    summary = summary or "".join(sentences[:1])
    return CriterionVerdict(criterion.name, criterion.met, sentences, summary, count)
