"""The benchmarks still run; what they measure is not judged here.

The one that needs a browser is tested in tests/browser/test_widget_latency.py.
"""

import importlib
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import torch

from benchmarks.lesson_cost import ANNOUNCED, first_line, too_slow
from unet_teach.networks.packed import unpack
from unet_teach.segmentation import Pair, baselines, lines_in_rings, nuclei
from unet_teach.segmentation.baselines import otsu

ROOT = Path(__file__).parents[1]
STARTED = []  # the programs that `one_process` was asked for


@pytest.fixture
def smoke(monkeypatch, capsys):
    """Run a benchmark with `--smoke` in this process, where torch is loaded; return its output."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(baselines, "SAMPLES", 500)  # random forests of shallow trees
    threads = torch.get_num_threads()

    def run(name):
        monkeypatch.setattr(sys, "argv", [name, "--smoke"])
        importlib.import_module(f"benchmarks.{name}").main()
        return capsys.readouterr().out

    yield run
    torch.set_num_threads(threads)


@pytest.fixture
def one_process(monkeypatch):
    """Let only the first program that the benchmarks start have a process of its own.

    The next ones run in this process, where torch is loaded.
    """
    really_run = subprocess.run

    def run(command, *, cwd=ROOT, **more):
        STARTED.append(command)
        if len(STARTED) == 1:
            return really_run(command, cwd=cwd, **more)
        printed = io.StringIO()
        with monkeypatch.context() as here, redirect_stdout(printed):
            here.chdir(cwd)
            here.setattr(sys, "argv", command[2:])
            if command[1] == "-m":
                importlib.import_module(command[2]).main()
            else:
                exec(command[2], {"__name__": "__main__"})
        return subprocess.CompletedProcess(command, 0, printed.getvalue())

    monkeypatch.setattr(subprocess, "run", run)


def test_training_prints_its_tables(smoke, monkeypatch):
    monkeypatch.setattr("benchmarks.training.WARM_UP", 0)
    printed = smoke("training")
    networks, ways, baselines, rest = printed.split("\n\n")
    assert "| UNet of the course | 121,033 |" in networks
    assert "| channels_last (used) |" in ways
    assert baselines.count("\n") == 1 + 3
    assert "peak_mb" in rest


def test_tiling_measures_seams_shifts_and_memory(smoke, one_process):
    printed = smoke("tiling")
    report = json.loads(printed[: printed.rindex("}") + 1])
    assert report["seams"][-1]["equal_to_the_last_bit"]
    assert [row["largest"] for row in report["shifts"][-2:]] == [0, 0]
    assert {row["way"] for row in report["memory"]} == {"tiles", "whole"}


def test_coast_splits_the_outlines_of_every_method(smoke):
    printed = smoke("coast")
    report = json.loads(printed[printed.index("{\n") :])
    assert [row["method"] for row in report["runs"]] == ["Otsu", "random forest", "U-Net"]
    assert all({"iou", "boundary_f1", "north", "south"} <= set(row) for row in report["runs"])


def test_boundary_screens_trains_and_reports(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import boundary

    row = boundary.screen("all crops at the coast", 0, seconds=0.2)
    assert row["steps"] >= 1
    assert set(row["validation"]) >= {"plain", "averaged weights", "mean of 4 flips"}
    monkeypatch.setattr(boundary, "TRAINED", tmp_path)
    monkeypatch.setattr(boundary, "random_forest", lambda pairs, seed: otsu())  # no trees to grow
    assert boundary.train_chosen(3, steps=2)["steps"] == 2
    report = boundary.report([3])
    assert report["threshold"] in boundary.THRESHOLDS
    assert report["runs"][0]["test"]["forest"]["iou"] == 0.225  # Otsu's, in its place
    forest = {"iou": 0.6, "boundary_f1": 0.4}
    rows = [
        {"test": {"U-Net": {"iou": iou, "boundary_f1": f1}, "forest": forest}}
        for iou, f1 in [(0.7, 0.5), (0.7, 0.4), (0.5, 0.5)]
    ]
    assert boundary.wins(rows, "U-Net") == {"iou": 2, "boundary_f1": 2, "both": 1}


def test_boundary_finds_a_shift_between_image_and_mask(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import boundary

    image, mask, name = nuclei().train[0]
    moved = Pair(image.roll((2, -1), (1, 2))[:, 4:-4, 4:-4], mask[:, 4:-4, 4:-4], name)
    assert boundary.shift(moved, slice(0, 120)) == pytest.approx([2, -1], abs=0.5)


def test_cells_trains_chooses_and_scores_every_method(smoke):
    printed = smoke("cells")
    report = json.loads(printed[printed.index("{\n") :])
    (row,) = report["runs"]
    assert set(row["objects"]) > {"distance watershed", "border watershed"}
    assert row["objects"]["components, border threshold"]["chosen"] is not None
    assert 0 <= row["pixels"]["pixel_accuracy_without_border"] <= 1


def test_living_unet_trains_scores_and_ships(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import living_unet

    for name in ("TRAINED", "RESULTS", "SHIPPED"):
        monkeypatch.setattr(living_unet, name, tmp_path / name.lower())
    monkeypatch.setattr(living_unet, "SHIPPED_WIDTH", 2)
    monkeypatch.setattr(living_unet, "MOMENTS", (0, 1))
    data = {"lines in rings": lines_in_rings(96, seed=1), "nuclei": nuclei()}
    monkeypatch.setattr(living_unet, "dataset", data.__getitem__)
    for name in ("trained with skips", "nuclei"):
        living_unet.train_one(name, 2, 0, steps=2)
    living_unet.report([("trained with skips", 2, 0), ("nuclei", 2, 0)])
    rows = json.loads((tmp_path / "results").read_text())
    assert {"cut_0", "cut_all", "iou_8_bits"} < set(rows[0])
    living_unet.ship(rows)
    rings, cells = json.loads((tmp_path / "shipped").read_text())["tasks"]
    assert (rings["name"], cells["name"]) == ("lines in rings", "nuclei")
    moments = rings["networks"][0]["moments"]
    assert [moment["step"] for moment in moments[:2]] == [0, 1]
    assert unpack(moments[0]["network"]).head.in_channels == 2
    assert len(rings["samples"][0]["rings"]) >= 2


def test_living_unet_misses_skips_in_training_only(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.living_unet import PLANS, SkipDropoutUNet

    model = SkipDropoutUNet(PLANS["trained with skips"], depth=1, base_channels=2, norm=False)
    image = torch.rand(1, 1, 8, 8).repeat(400, 1, 1, 1)
    made = model(image).flatten(1)
    whole, cut = made.unique(dim=0, return_counts=True)[1].sort().values.tolist()
    assert whole + cut == 400  # each image has its skip, or has not
    assert whole == pytest.approx(200, abs=60)
    assert len(model.eval()(image).flatten(1).unique(dim=0)) == 1


def test_public_networks_are_cut_and_shown(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import public_networks

    row = public_networks.measure("UNet of the course, 128×128")
    assert row["cut"] is True
    assert row["as before"]
    assert row["levels"] == 9


def test_no_cell_of_a_lesson_takes_too_long_but_the_one_that_is_announced():
    measured = json.loads((ROOT / "benchmarks/results/lesson_cost.json").read_text("utf-8"))
    assert len(measured["lessons"]) == 10
    assert too_slow(measured["lessons"]) == []
    (announced,) = ANNOUNCED
    long, longer = ({"begins": "train", "seconds": seconds} for seconds in (30, 50))
    assert too_slow({announced: {"cells": [long]}}) == []
    for cells in ([longer], [long, long]):
        assert len(too_slow({announced: {"cells": cells}})) == len(cells)
    assert too_slow({"06": {"cells": [long]}}) == ["06: train"]


def test_a_cell_is_named_by_its_first_line_that_does_something():
    assert first_line("import torch\n# now\ntorch.manual_seed(0)\nrun()\n") == "run()"


def test_classes_are_trained_and_their_cost_is_compared(smoke, one_process):
    printed = smoke("classes")
    report = json.loads(printed[printed.index("{\n") :])
    names = [list(row["iou"]) for row in report["rows"]]
    assert names[0] == ["ground", "square", "disc", "line"]
    assert names[-1] == ["background", "inside", "border"]
    assert report["ratios"].keys() == {"ms_a_step", "peak_mb"}
