"""The report of the inspector: the verdict as text, as data and as a picture."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from unet_teach.inspection.criteria import UShape
from unet_teach.inspection.diagram.figure import figure
from unet_teach.inspection.diagram.from_graph import boxes_and_skips
from unet_teach.inspection.diagram.model import CriterionVerdict, Drawing
from unet_teach.inspection.diagram.svg import svg
from unet_teach.inspection.evidence import Criteria, Criterion, criteria_with_evidence
from unet_teach.inspection.graph import Graph

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    """

    name: str
    criteria: Criteria
    problem: str | None = None
    diagnosis: str | None = None
    runs: bool = True
    note: str = ""
    _graph: Graph | None = field(default=None, repr=False)
    _u_shape: UShape | None = field(default=None, repr=False)

    @property
    def is_unet(self) -> bool:
        """Whether all four criteria are met."""
        return all(criterion.met for criterion in self.criteria)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if self.problem:
            if self.runs:
                return "It could not be judged: it runs, but it could not be followed."
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
        """What the U diagram shows; without boxes where the network could not be judged."""
        verdicts = tuple(map(_verdict, self.criteria))
        if self._graph is None or self._u_shape is None:
            return Drawing(self.name, self.verdict, self.problem or "", (), (), verdicts)
        boxes, skips = boxes_and_skips(self._graph, self._u_shape)
        return Drawing(self.name, self.verdict, "", boxes, skips, verdicts)

    def figure(self) -> Figure:
        """Draw the U diagram with matplotlib, for print."""
        return figure(self.drawing)

    def _repr_html_(self) -> str:
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return svg(self.drawing) + note


def report_on(name: str, graph: Graph, shape: UShape, note: str = "") -> UNetReport:
    """Return the report on a network that ran."""
    criteria = criteria_with_evidence(graph, shape)
    return UNetReport(name, criteria, note=note, _graph=graph, _u_shape=shape)


def _verdict(criterion: Criterion) -> CriterionVerdict:
    """Put the sentence that explains the verdict first: of a missing criterion, it is the last."""
    sentences = criterion.evidence
    if not criterion.met:
        sentences = (*sentences[-1:], *sentences[:-1])
    return CriterionVerdict(criterion.name, criterion.met, sentences)
