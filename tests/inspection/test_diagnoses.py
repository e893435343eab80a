"""The table of diagnoses: each row explains its own example, and its remedy works."""

from __future__ import annotations

import sys

import pytest
from diagnosis_examples import EXAMPLES
from torch import Tensor, nn

from unet_teach import inspect_unet
from unet_teach.inspection.diagnosis.own_code import own_code
from unet_teach.inspection.diagnosis.table import DIAGNOSES
from unet_teach.inspection.graph import Graph
from unet_teach.shared.no_compiler import CompilerToCome


def test_each_row_has_a_name_of_its_own_and_an_example() -> None:
    assert [row.name for row in DIAGNOSES] == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_explained_by_its_own_row_and_no_earlier_one(name: str) -> None:
    model, args, kwargs = EXAMPLES[name][0]()
    report = inspect_unet(model, *args, **kwargs)
    assert report.problem
    assert report.diagnosis == name, report.problem


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_when_its_remedy_is_applied(name: str) -> None:
    model, args, kwargs = EXAMPLES[name][1]()
    report = inspect_unet(model, *args, **kwargs)
    assert report.problem is None, report.problem
    assert report.diagnosis is None


def test_a_problem_of_another_kind_has_no_diagnosis() -> None:
    class Fails(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise KeyError("anything")

    report = inspect_unet(Fails(), (1, 3, 8, 8))
    assert report.problem
    assert report.diagnosis is None


def test_the_graph_of_a_failed_run_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build = Graph.__init__
    monkeypatch.setattr(
        Graph, "__init__", lambda graph, run: (built.append(run), build(graph, run))[1]
    )
    model, args, kwargs = EXAMPLES["sizes do not match"][0]()
    assert inspect_unet(model, *args, **kwargs).problem
    assert len(built) == 1


def test_a_line_of_what_stands_in_for_the_compiler_is_nobody_s_own(monkeypatch) -> None:
    """Lessons import the exercises, which keep torch's compiler out until it is needed."""
    stand_in = CompilerToCome("torch._dynamo")
    monkeypatch.setitem(sys.modules, "torch._dynamo", stand_in)
    inside = stand_in.disable(lambda: 1 / 0, wrapping=False)
    with pytest.raises(ZeroDivisionError) as caught:
        inside()
    assert "1 / 0" in own_code(caught.value).line
    with pytest.raises(TypeError) as caught:
        inside(1)  # fails in the line that calls it
    assert own_code(caught.value).line == "inside(1)  # fails in the line that calls it"
