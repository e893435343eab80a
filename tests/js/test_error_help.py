"""`explain` reads an error of torch: its cause, what to check first, and the widget to open."""

from __future__ import annotations

import importlib.util
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from tests.test_message_wordings import COLLECTED
from unet_teach import explain
from unet_teach.error_help import arguments_of, what_was_raised
from unet_teach.shared.message_causes import CAUSES, RELATIONS, likely_cause
from unet_teach.shared.torch_messages import MESSAGES
from unet_teach.widgets import SizeLedger

ROOT = Path(__file__).parents[2]


def maps(*sides: int, channels: int = 8) -> list[torch.Tensor]:
    return [torch.zeros(1, channels, side, side) for side in sides]


def cat(*sides: int) -> Callable[[], Any]:
    return lambda: torch.cat(maps(*sides), 1)


FAILURES: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "one less": (cat(25, 24), "", "differ by one", "height=25, width=25, depth=1, down='max_pool'"),
    "one more": (cat(25, 26), "", "differ by one", "down='strided_conv', up='conv_transpose_3'"),
    "the skip is even": (cat(32, 31), "", "output_padding", "height=31, width=31"),
    "another level": (cat(64, 32), "", "another level", "height=64, width=64, depth=1"),
    "two levels": (cat(16, 64), "", "two levels or more", "height=64, width=64, depth=2"),
    "without padding": (
        cat(64, 56),
        "",
        "without padding",
        "height=68, width=68, depth=1, padding='valid'",
    ),
    "the first U-Net": (cat(568, 392), "", "without padding", "height=572, width=572, depth=4"),
    "any other": (cat(40, 33), "", "don't have the same size", ""),
    "added": (lambda: maps(7)[0] + maps(8)[0], "", "differ by one", "height=7"),
    "added channels": (
        lambda: maps(7)[0] + maps(7, channels=16)[0],
        "",
        "One is twice the other",
        "",
    ),
    "along the batch": (
        lambda: torch.cat([*maps(8), *maps(8, channels=16)], 0),
        "",
        "stacks along the batch",
        "",
    ),
    "side by side": (lambda: torch.cat(maps(8, 9), 3), "", "beside the other", ""),
    "cat, and too narrow": (
        lambda: nn.Conv2d(64, 8, 3)(maps(9, channels=128)[0]),
        "",
        "two feature maps were concatenated",
        "",
    ),
    "cat forgotten": (
        lambda: nn.ConvTranspose2d(128, 64, 2)(maps(9, channels=64)[0]),
        "",
        "a concatenation had been forgotten",
        "",
    ),
    "channels last": (
        lambda: nn.Conv2d(3, 8, 3)(torch.zeros(1, 20, 30, 3)),
        "",
        "channels seem to come last",
        "",
    ),
    "swapped": (
        lambda: nn.Conv2d(64, 24, 3)(maps(9, channels=24)[0]),
        "",
        "may have been swapped",
        "",
    ),
    "grey": (lambda: nn.Conv2d(3, 8, 3)(maps(9, channels=1)[0]), "", "a grey image", ""),
    "transparent": (lambda: nn.Conv2d(3, 8, 3)(maps(9, channels=4)[0]), "", "transparency", ""),
    "kernel": (
        lambda: nn.Conv2d(8, 8, 7, padding=1)(maps(4)[0]),
        "self.c = nn.Conv2d(8, 8, kernel_size=7, padding=1)",
        "",
        "ConvExplorer(kernel_size=7, input_size=4, padding=1)",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_explained(name: str) -> None:
    call, layer, cause, opens = FAILURES[name]
    with pytest.raises(RuntimeError) as caught:
        call()
    said = explain(caught.value, layer)
    assert said.known
    assert cause in said.cause
    assert said.check or not said.cause
    assert opens in str(said)
    assert bool(said.opens) == bool(opens)


@pytest.mark.parametrize("name", [name for name, row in FAILURES.items() if "height" in row[3]])
def test_the_ledger_shows_the_two_sizes(name: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        FAILURES[name][0]()
    said = explain(caught.value)
    ledger = said.widget
    assert isinstance(ledger, SizeLedger)
    shown = {
        side
        for level in ledger.levels
        for key in ("encoder", "arrives")
        for side in level[key] or []
    }
    sizes = {int(said.message[start:stop]) for start, stop in said.spans}
    assert sizes <= shown


def test_a_whole_traceback_is_read_to_its_last_error() -> None:
    try:
        try:
            torch.cat(maps(64, 32), 1)
        except RuntimeError as error:
            raise ValueError("first") from error
    except ValueError:
        text = traceback.format_exc()
    assert what_was_raised(text) == "ValueError: first"
    with pytest.raises(RuntimeError) as caught:
        torch.cat(maps(64, 32), 1)
    text = "".join(traceback.format_exception(caught.value))
    assert explain(text).cause == explain(caught.value).cause != ""


@pytest.mark.parametrize(
    ("line", "kind", "given"),
    [
        ("nn.Conv2d(3, 64, 5, 2, padding=1)", "Conv", [3, 64, 5, 2, 1]),
        (str(nn.Conv2d(3, 64, 5, stride=2, padding=1)), "Conv", [3, 64, 5, 2, 1]),
        ("self.up = torch.nn.ConvTranspose2d(8, 4, (2, 2), 2)", "ConvTranspose", [8, 4, 2, 2]),
        ("nn.Linear(3, 4)", "", []),
        ("", "", []),
    ],
)
def test_a_layers_line_is_read(line: str, kind: str, given: list[int]) -> None:
    found, arguments = arguments_of(line)
    assert (found, list(arguments.values())) == (kind, given)


def test_an_unknown_message_is_not_guessed_at() -> None:
    said = explain("ValueError: the moon is not made of cheese")
    assert not said.known
    assert "isn't in the table" in said.sentence
    assert (said.cause, said.opens, said.widget) == ("", None, None)


def test_anything_else_gets_a_sentence() -> None:
    with pytest.raises(TypeError, match="takes an exception or the text of one, and got int"):
        explain(3)  # type: ignore[arg-type]


def test_a_notebook_marks_the_sizes_and_writes_no_markup_of_the_message() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.cat(maps(25, 26), 1)
    html = explain(f"{caught.value} <b>")._repr_html_()
    assert "<mark>25</mark>" in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_is_used(relation: str) -> None:
    assert relation in {row.relation for rows in CAUSES.values() for row in rows}


def test_causes_need_groups_that_messages_have() -> None:
    import re

    groups = [set(re.compile(row.pattern).groupindex) for row in MESSAGES]
    renamed = [{"other" if name == "second" else name for name in each} for each in groups]
    for needed in CAUSES:
        assert any(needed <= each for each in renamed)
    assert likely_cause({}) is None


OTHERS: list[Callable[[], Any]] = [  # in the table, without a likely cause
    lambda: nn.BatchNorm2d(5)(maps(4)[0]),
    lambda: F.group_norm(maps(4)[0], 3),
    lambda: nn.MultiheadAttention(4, 1)(*[torch.zeros(8, 6, 10)] * 3),
    lambda: F.pad(maps(4)[0], (5, 5, 5, 5), mode="reflect"),
    lambda: maps(4)[0].reshape(3, -1, 7),
    lambda: torch.cat(*maps(4, 4)),
    lambda: maps(4)[0].split([3, 3], 1),
    lambda: F.interpolate(maps(4)[0], size=(8, 8, 8)),
]


def questions() -> list[tuple[str, str]]:
    asked = [("KeyError: 'nothing'", ""), ("", "nn.Conv2d(3, 4)")]
    calls = [(call, layer) for call, layer, *_ in FAILURES.values()]
    for call, layer in [*calls, *((call, "") for call in OTHERS)]:
        with pytest.raises((RuntimeError, AssertionError, TypeError, ValueError)) as caught:
            call()
        said = str(caught.value)
        asked += [(said, layer), (f"Traceback\n  x\nRuntimeError: {said}\n", "")]
    wordings = [table for version in COLLECTED.values() for table in version.values()]
    return asked + [(said, "") for each in wordings for said in each.values()]


def test_the_page_says_what_python_says(node: Callable[..., Any]) -> None:
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build_why_it_fails.py")
    assert spec
    assert spec.loader
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    asked = questions()
    sent = json.dumps({"tables": page.tables(), "questions": asked})
    run = node("../tests/js/why_answers.mjs", input=sent)
    assert run.returncode == 0, run.stderr
    for (text, layer), answer in zip(asked, json.loads(run.stdout), strict=True):
        expected = json.loads(json.dumps(explain(text, layer)._asdict()))
        assert answer == expected, text
