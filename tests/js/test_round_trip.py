"""What RoundTrip says in the browser is what it says in Python, for every size."""

import json

import pytest

from unet_teach.widgets import RoundTrip

PARAMETERS = ("kernel_size", "stride", "padding", "dilation", "output_padding")
SAMPLE = [
    (3, 2, 1, 1, 1),
    (3, 2, 1, 1, 0),
    (5, 3, 2, 1, 0),
    (5, 3, 2, 1, 3),
    (7, 5, 0, 1, 4),
    (1, 5, 6, 1, 0),
    (7, 1, 0, 4, 0),
    (3, 1, 1, 4, 3),
    (6, 4, 3, 2, 2),
]
SCRIPT = """
import { codeLines, company, meaning, mends, trip } from './round_trip_words.js';
const asked = JSON.parse(process.argv[1]);
const answers = asked.map((layers) => {
  const trips = Array.from({ length: 64 }, (_, i) => trip(i + 1, layers));
  return {
    trips,
    code: codeLines(layers),
    mends: mends(trips, layers),
    meanings: trips.map((one) => meaning(one, layers)),
    companies: trips.map((one) => company(one, layers)),
  };
});
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def browser_says(node):
    asked = [dict(zip(PARAMETERS, values, strict=True)) for values in SAMPLE]
    run = node("--input-type=module", "-e", SCRIPT, json.dumps(asked))
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def answer_for(browser_says, *values):
    return browser_says[SAMPLE.index(values)]


@pytest.mark.parametrize("values", SAMPLE)
def test_browser_and_python_agree_on_every_size(browser_says, values):
    widget = RoundTrip(**dict(zip(PARAMETERS, values, strict=True)))
    says = answer_for(browser_says, *values)
    came = [one["size"] for one in says["trips"] if one["fate"] == "back"]
    assert tuple(came) == widget.comes_back
    assert {one["size"]: one["mend"] for one in says["trips"]} == widget.mended_by
    assert [widget.small(one["size"]) is None for one in says["trips"]] == [
        one["fate"] == "small" for one in says["trips"]
    ]
    assert says["code"] == widget.code


@pytest.mark.parametrize(
    ("values", "size", "meaning", "company"),
    [
        (
            (3, 2, 1, 1, 1),
            31,
            "One too many. output_padding=0 gives 31.",
            "31 and 32 both become 16, and 16 alone doesn’t say which one it was.",
        ),
        ((3, 2, 1, 1, 1), 32, "It comes back.", "31 and 32 both become 16"),
        (
            (5, 3, 2, 1, 0),
            15,
            "Two too few. output_padding=2 gives 15.",
            "13, 14 and 15 all become 5",
        ),
        ((5, 3, 2, 1, 3), 14, "output_padding=3 is illegal", "13, 14 and 15 all become 5"),
        (
            (1, 5, 6, 1, 0),
            1,
            "padding=6 crops everything away. output_padding=2 gives 1.",
            "1, 2 and",
        ),
        (
            (7, 1, 0, 4, 0),
            24,
            "The kernel spans 25 cells, but the padded input has only 24, so there is no output. "
            "Use padding ≥ 1 or a smaller kernel.",
            "",
        ),
        ((7, 1, 0, 4, 0), 25, "It comes back.", "Only 25 becomes 1."),
    ],
)
def test_the_sentence_of_a_size(browser_says, values, size, meaning, company):
    says = answer_for(browser_says, *values)
    assert says["meanings"][size - 1].startswith(meaning)
    assert says["companies"][size - 1].startswith(company)
    assert bool(says["companies"][size - 1]) == bool(company)


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ((3, 2, 1, 1, 1), [("0", "1, 3, 5, …, 63", False), ("1", "2, 4, 6, …, 64", True)]),
        (
            (3, 1, 1, 4, 3),
            [
                ("0", "7, 8, 9, …, 64", False),
                ("1 to 3", "legal, but brings none back", True),
                ("none", "1 to 6: too small", False),
            ],
        ),
        (
            (5, 3, 2, 1, 3),
            [
                ("0", "1, 4, 7, …, 64", False),
                ("1", "2, 5, 8, …, 62", False),
                ("2", "3, 6, 9, …, 63", False),
                ("3", "✕ illegal: below 3 only", True),
            ],
        ),
    ],
)
def test_which_output_padding_mends_which_sizes(browser_says, values, lines):
    says = answer_for(browser_says, *values)["mends"]
    assert [(line["paddings"], line["sizes"], line["isNow"]) for line in says] == lines
