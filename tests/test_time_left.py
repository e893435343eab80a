"""How long a loop still takes is said in a notebook, and only if it is worth a word."""

import sys
from types import SimpleNamespace

import pytest

from unet_teach.shared import time_left as module
from unet_teach.shared.time_left import time_left


@pytest.fixture
def shown(monkeypatch):
    """What a notebook shows, and a clock that `work` moves on."""
    display = pytest.importorskip("IPython.display")
    shell, texts = SimpleNamespace(kernel=1), []

    class Handle:
        def display(self, data, raw):
            texts.append(data["text/plain"])

        update = display

    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    monkeypatch.setattr(display, "DisplayHandle", Handle)
    monkeypatch.setattr(module.time, "perf_counter", lambda: now.seconds)
    return SimpleNamespace(texts=texts, now=now, shell=shell)


def work(shown, seconds, items=range(10)):
    done = []
    for item in time_left(items):
        shown.now.seconds += seconds
        done.append(item)
    assert done == list(items)


def test_a_long_loop_counts_down_and_leaves_nothing(shown):
    work(shown, 1.0)
    assert shown.texts[0] == "1 of 10 done, about 9 s left"
    assert shown.texts[-2:] == ["9 of 10 done, about 1 s left", ""]


def test_a_short_loop_and_one_outside_of_a_notebook_say_nothing(shown):
    work(shown, 0.1)
    del shown.shell.kernel
    work(shown, 1.0)
    assert shown.texts == []
