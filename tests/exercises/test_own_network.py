"""The student's own U-Net from lesson 4 is kept, and trained in later lessons."""

import linecache
import sys
import types

import pytest
import torch

from unet_teach import exercises
from unet_teach.exercises import own_network

CELL = """
import torch
from torch import nn
from torch.nn import functional as F
KERNEL = 3

def block(ins, outs):
    return nn.Sequential(nn.Conv2d(ins, outs, KERNEL, padding=1), nn.ReLU())

class Mine(nn.Module):
    def __init__(self, in_channels, out_channels, depth, base_channels):
        super().__init__()
        self.first = block(in_channels, base_channels)
        self.last = nn.Conv2d(base_channels, out_channels, 1)

    def forward(self, x):
        for _ in range(1):
            x = F.relu(self.first(x))
        return [self.last(x) for x in [x]][0]

print("cells print, too")
"""
# What a lesson leaves behind: other values with the names that the class uses for its own.
LEFT_BEHIND = {"x": torch.zeros(1, 3), "_": "✓ solved", "self": 3, "in_channels": object()}


@pytest.fixture
def mine(monkeypatch, tmp_path):
    """A class as a notebook defines it: in `__main__`, its source known to linecache alone."""
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(tmp_path / "progress.json"))
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    linecache.cache["<a cell>"] = (len(CELL), None, CELL.splitlines(keepends=True), "<a cell>")
    exec(compile(CELL, "<a cell>", "exec"), vars(main))
    vars(main).update(LEFT_BEHIND)
    return main.Mine


def test_what_a_class_uses_is_kept_with_it(mine, tmp_path, capsys):
    own_network.keep(mine)
    capsys.readouterr()
    again = exercises.my_unet()
    said = capsys.readouterr().out
    assert said.startswith("This is the U-Net that you wrote in lesson 4 (kept in ")
    assert str(tmp_path / "my_unet.py") in said
    torch.manual_seed(0)
    one = mine(1, 2, 3, 4)
    torch.manual_seed(0)
    two = again(1, 2, 3, 4)
    image = torch.rand(1, 1, 9, 7)
    assert torch.equal(one(image), two(image))


def test_a_value_is_kept_as_the_cell_wrote_it_and_one_that_cannot_be_is_said(mine, capsys):
    main = sys.modules["__main__"]
    cell = "act, KERNEL = nn.ReLU(), len('abc')\n"
    main.In = ["", "%timeit 3", cell, "KERNEL"]
    exec(cell, vars(main))
    main.F = types.SimpleNamespace(relu=main.act)  # neither a module nor in any cell
    own_network.keep(mine)
    said = capsys.readouterr().out
    assert said.startswith("Lessons 5 and 6 can't train this network, as on its own it ")
    assert said.endswith("into the same cell, and run the cell and its check again.\n")
    cell += "F = type('F', (), {'relu': staticmethod(act)})\n"
    main.In.append(cell)
    exec(cell, vars(main))
    main.F = types.SimpleNamespace(relu=main.act)
    own_network.keep(mine)
    assert capsys.readouterr().out == ""
    assert exercises.my_unet()(1, 1, 1, 2).first[0].kernel_size == (3, 3)
    assert "KERNEL = (nn.ReLU(), len('abc'))" in own_network._path().read_text(encoding="utf-8")


def test_without_one_the_course_s_stands_in(mine, capsys):
    network = exercises.my_unet()(1, 3, depth=2, base_channels=4)
    assert capsys.readouterr().out.startswith(
        "This is the course's U-Net, because you haven't solved"
    )
    assert network(torch.zeros(2, 1, 10, 14)).shape == (2, 3, 10, 14)


@pytest.mark.parametrize("damage", ["MINE = 3", "MINE = nn.Linear(", "import nowhere"])
def test_a_damaged_file_gets_a_sentence(mine, tmp_path, capsys, damage):
    own_network.keep(mine)
    (tmp_path / "my_unet.py").write_text(damage, encoding="utf-8")
    assert exercises.my_unet() is own_network.CourseUNet
    said = capsys.readouterr().out
    assert "doesn't run (" in said
    assert "run your cell of lesson 4 and its check again" in said


def test_a_source_that_is_not_known_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(tmp_path / "progress.json"))
    names = {"__name__": "__main__"}
    exec(compile(CELL, "<no cell>", "exec"), names)
    own_network.keep(names["Mine"])
    assert not (tmp_path / "my_unet.py").exists()


def test_other_names_of_the_arguments_work_in_later_lessons(mine, monkeypatch):
    main = sys.modules["__main__"]
    cell = CELL.replace("depth, base_channels)", "levels, width)").replace("base_channels", "width")
    linecache.cache["<a cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<a cell>")
    exec(compile(cell, "<a cell>", "exec"), vars(main))
    own_network.keep(main.Mine)
    network = exercises.my_unet()(1, 2, depth=3, base_channels=4)
    assert network.first[0].weight.shape == (4, 1, 3, 3)
    assert network(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    assert type(network).__name__ == "Mine"
