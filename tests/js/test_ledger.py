"""ledger.js and its twin in Python say the same, over every option and many sizes."""

import itertools
import json
import random
from dataclasses import asdict

import pytest

from unet_teach.widgets.size_ledger_words import effect, headline
from unet_teach.widgets.unet_sizes import CHOICES, Options, costs, ledger

from .conftest import ROOT

KINDS = list(itertools.product(range(1, 7), *(CHOICES[n] for n in ("padding", "down", "up"))))


def _asked():
    """All kinds of networks, with small, large, odd and even sides; the repairs take turns."""
    draw = random.Random(572)
    repairs = itertools.cycle(CHOICES["repair"])
    for depth, padding, down, up in KINDS:
        sides = [draw.randint(1, limit) for limit in (40, 300, 1024)]
        sides += [572, 573, 1024, 2**depth, 2**depth - 1]
        for height in sides:
            yield Options(
                height=height,
                width=draw.choice(sides),
                depth=depth,
                base_channels=draw.randint(1, 128),
                in_channels=draw.randint(1, 64),
                out_channels=draw.randint(1, 128),
                padding=padding,
                down=down,
                up=up,
                norm=draw.random() < 0.5,
                repair=next(repairs),
            )


@pytest.fixture(scope="module")
def asked():
    return list(_asked())


@pytest.fixture(scope="module")
def table(node, asked):
    lines = "\n".join(json.dumps(asdict(options)) for options in asked)
    run = node(str(ROOT / "tests" / "js" / "ledger_table.mjs"), input=lines)
    assert run.returncode == 0, run.stderr
    return list(map(json.loads, run.stdout.splitlines()))


def test_browser_and_python_work_out_the_same(asked, table):
    assert len(table) == len(asked) > 900
    for options, answer in zip(asked, table, strict=True):
        result = ledger(options)
        assert answer["ledger"] == json.loads(json.dumps(result)), options
        repairs = list(costs(options))
        assert answer["costs"] == json.loads(json.dumps(repairs)), options
        assert answer["headline"] == headline(options, result), options
        assert answer["effects"] == [effect(options, cost) for cost in repairs], options


def test_every_outcome_is_among_what_was_compared(table):
    results = [answer["ledger"] for answer in table]
    for name in ("fits", "mismatch_at", "vanishes_on"):
        assert len({str(result[name]) for result in results}) >= 2, name
    assert {result["vanishes_on"] for result in results} == {None, "down", "up"}


def test_no_sentence_holds_a_gap(table):
    for answer in table:
        for sentence in [*answer["sentences"], *answer["effects"]]:
            assert "undefined" not in sentence, sentence
            assert "null" not in sentence, sentence
            assert "NaN" not in sentence, sentence
            assert "–" not in sentence, sentence
