"""The table of diagnoses: each row explains its own example, and its remedy works."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from unet_teach import inspect_unet
from unet_teach.inspection.diagnosis.table import DIAGNOSES, Diagnosis
from unet_teach.inspection.graph import Graph

REPAIRED = [row for row in DIAGNOSES if row.repaired]


@pytest.mark.parametrize("row", DIAGNOSES, ids=lambda row: row.name)
def test_an_example_is_explained_by_its_own_row_and_no_earlier_one(row: Diagnosis) -> None:
    model, args, kwargs = row.example()
    report = inspect_unet(model, *args, **kwargs)
    assert report.problem
    assert report.diagnosis == row.name, report.problem


@pytest.mark.parametrize("row", REPAIRED, ids=lambda row: row.name)
def test_an_example_runs_when_its_remedy_is_applied(row: Diagnosis) -> None:
    assert row.repaired
    model, args, kwargs = row.repaired()
    report = inspect_unet(model, *args, **kwargs)
    assert report.problem is None, report.problem
    assert report.diagnosis is None


def test_rows_have_names_of_their_own_and_say_what_to_do() -> None:
    assert len({row.name for row in DIAGNOSES}) == len(DIAGNOSES)
    assert all(row.remedy.endswith((".", ")")) for row in DIAGNOSES)


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
    row = next(row for row in DIAGNOSES if row.name == "sizes do not match")
    model, args, kwargs = row.example()
    assert inspect_unet(model, *args, **kwargs).problem
    assert len(built) == 1
