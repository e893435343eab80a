"""■ early and late in each long cell of lessons 5, 6 and 8, then all cells below.

No cell may show a traceback, and each stop is followed by a sentence that says what is left.
"""

import base64
import re
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from tests.notebooks.lesson_text import LESSONS

sys.path.insert(0, str(Path(__file__).parents[2] / "lessons"))
import build

PATIENCE = 600  # seconds that a cell may take on a busy machine
# `stop_at(target, n)`: the n-th call of a function is stopped as ■ does it. A real ■ is pressed in
# tests/segmentation/test_live_view.py and tests/test_interrupts.py; here each stop has its place.
PRELUDE = """
import importlib, signal
from unet_teach.segmentation import ablation
ablation.RECIPES["lines in rings"]["steps"] = 12
def stop_at(module, name, n):
    owner = importlib.import_module(module)
    for part in name.split(".")[:-1]:
        owner = getattr(owner, part)
    name = name.rpartition(".")[2]
    real, calls = getattr(owner, name), [0]
    def stopped(*args, **kwargs):
        calls[0] += 1
        if calls[0] == n:
            setattr(owner, name, real)
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)
    setattr(owner, name, stopped)
"""
CROPS = ("unet_teach.segmentation.training", "random_crops")
TREES = ("sklearn.ensemble", "RandomForestClassifier.fit")
LOSS = ("torch.nn.functional", "mse_loss")
TILES = ("unet_teach.segmentation.tiling", "_logits")
OWN_LOSS = ("torch.nn.functional", "binary_cross_entropy_with_logits")

# Lesson: what is made shorter, its long cells, and in which cells to look for which words. `{n}` is
# the number of finished calls at the stop; a cell is named by words of its source.
LESSON = {
    5: (
        {
            "range(60)": "range(12)",
            "steps=600": "steps=12",
            "forest(data.train)": "forest(data.train, trees=3)",
            "forest(cells.train)": "forest(cells.train, trees=3)",
        },
        {
            "forest = baselines": (TREES, (2, 3), {"forest = ": "this forest has {n} of its 3"}),
            "range(12)": (OWN_LOSS, (1, 12), {"range(12)": "You stopped this cell ("}),
            "\ntraining = train(": (
                CROPS,
                (1, 12),
                {
                    "training = train(": "Stopped by you after {n} steps?[.]",
                    "scores = {": "U-Net, stopped after {n} steps? +IoU",
                    "row = data.test": "U-Net, stopped after {n} steps? boundary F1 north",
                    "places = ": "<b>U-Net, stopped after {n} steps?",
                },
            ),
            "cells_training = ": (
                CROPS,
                (1, 12),
                {"cells_training": "U-Net, stopped after {n}"},
            ),
        },
    ),
    6: (
        {"range(200)": "range(12)", "lines_in_rings(256,": "lines_in_rings(16,"},
        {
            "mine += ": (
                CROPS,
                (1, 12),
                {
                    "mine += ": "Stopped by you after {n} of 12 steps, so not comparable",
                    "ablation.figure(": "hollow: stopped after {n} steps",
                },
            ),
            "own = exercises": (LOSS, (1, 12), {"with cut(own": "whole, {n} steps"}),
        },
    ),
    8: (
        {"steps=200": "steps=12"},
        {
            "\ntraining = train(": (
                CROPS,
                (1, 12),
                {
                    "training = train(": "Stopped by you after {n} steps?[.]",
                    "naive = predict": "above 0.3[?] (True|False), stopped after {n} steps?",
                    '"difference": off': "at once, stopped after {n} steps?",
                },
            ),
            "for less in": (TILES, (1, 80), {"for less in": "You stopped this cell ("}),
            "out=file": (
                TILES,
                (1, 8),
                {"out=file": "You stopped this cell (", "there = net": "needs `prediction`"},
            ),
        },
    ),
}


class Kernel:
    """A kernel that runs cells one by one and returns what they show."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code):
        shown, errors = [], []

        def listen(message):
            content = message["content"]
            data = content.get("data", {})
            shown.append(
                content.get("text", "") + data.get("text/html", data.get("text/plain", ""))
            )
            if message["msg_type"] == "error":
                errors.append("\n".join(content["traceback"]))

        self.client.execute_interactive(code, timeout=PATIENCE, output_hook=listen)
        assert not errors, f"{code}\n{errors[0]}"
        text = "".join(shown)
        for svg in re.findall(r"data:image/svg\+xml;base64,([^\"]*)", text):
            text += base64.b64decode(svg).decode()
        return text


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("UNET_TEACH_SECONDS", "inf")
    kernel = Kernel()
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("number", LESSON)
def test_a_lesson_goes_on_after_each_stop(kernel, number):
    shorter, stops = LESSON[number]
    (lesson,) = (path for path in LESSONS if int(path.stem[:2]) == number)
    cells = [cell.source for cell in build.student(lesson).cells if cell.cell_type == "code"]
    for words, fewer in shorter.items():
        assert any(words in cell for cell in cells)
        cells = [cell.replace(words, fewer) for cell in cells]
    kernel.run(PRELUDE)
    for stage in range(2):
        wanted = {}
        for cell in cells:
            for words, (target, calls, says) in stops.items():
                if words in cell:
                    kernel.run(f"stop_at(*{target}, {calls[stage]})")
                    wanted |= {where: (what, calls[stage] - 1) for where, what in says.items()}
            text = kernel.run(cell)
            for where in [where for where in wanted if where in cell]:
                what, done = wanted.pop(where)
                pattern = what.replace("{n}", str(done)).replace("cell (", r"cell \(")
                assert re.search(pattern, text), (stage, pattern, text[-2000:])
        assert not wanted
        # All cells ran with the earliest stops, which leave the least; now those that tell of them.
        told = [*stops, *(where for *_, says in stops.values() for where in says)]
        cells = [cell for cell in cells if any(words in cell for words in told)]
