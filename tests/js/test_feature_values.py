"""FeatureMaps' front end: reading maps, the same place in two of them, colours and words."""

import base64
import json
from fractions import Fraction

import matplotlib
import numpy as np
import pytest

from unet_teach.widgets.feature_maps_words import range_text
from unet_teach.widgets.feature_maps_words import shown as shown_in_python

SCRIPT = """
import * as values from './feature_values.js';
const odd = { NaN, Infinity, '-Infinity': -Infinity };
const revive = (key, value) => (typeof value === 'string' && value in odd ? odd[value] : value);
const calls = JSON.parse(process.argv[1], revive);
console.log(JSON.stringify(calls.map(([name, ...given]) => values[name](...given))));
"""
READ = """
import { readMaps } from './feature_values.js';
const bytes = Buffer.from(process.argv[1], 'base64');
const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1);
const [map] = readMaps([{ name: 'a', shape: [2, 3, 4], values: view }]);
console.log(JSON.stringify({ ...map, values: [...map.values] }));
"""
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def run(node):
    def run(script, *arguments):
        done = node("--input-type=module", "-e", script, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def ask(run):
    """Call functions of feature_values.js, each given as its name and arguments."""

    def ask(*calls):
        text = json.dumps(calls)
        for name in ("-Infinity", "NaN", "Infinity"):
            text = text.replace(f" {name}", f' "{name}"').replace(f"[{name}", f'["{name}"')
        return run(SCRIPT, text)

    return ask


def same_place(index, start, end):
    """The cells of `end` at the place of one of `start`, by exact fractions of the whole."""
    (few, many), turned = sorted([start, end]), end < start
    holder = {
        i: next(
            j
            for j in range(few)
            if Fraction(j, few) <= Fraction(2 * i + 1, 2 * many) < Fraction(j + 1, few)
        )
        for i in range(many)
    }
    return [holder[index]] if turned else [i for i in range(many) if holder[i] == index]


def test_the_same_place_is_where_the_smaller_cells_centre_lies(ask):
    sizes = [1, 2, 3, 4, 7, 8, 15, 16, 31]
    asked = [(i, a, b) for a in sizes for b in sizes for i in range(a)]
    found = ask(*(["samePlace", *each] for each in asked))
    expected = [same_place(*each) for each in asked]
    assert [list(range(first, first + count)) for first, count in found] == expected


def test_pooled_cells_and_their_pixels_find_each_other(ask):
    areas = [["placeIn", [2, 3], {"height": 4, "width": 6}, {"height": 8, "width": 18}]]
    back = [["placeIn", [5, 10], {"height": 8, "width": 18}, {"height": 4, "width": 6}]]
    assert ask(*areas, *back) == [
        {"top": 4, "left": 9, "height": 2, "width": 3},
        {"top": 2, "left": 3, "height": 1, "width": 1},
    ]


def test_bytes_are_read_wherever_they_start_in_a_message(run):
    numbers = np.arange(24, dtype="<f4") / 8
    read = run(READ, base64.b64encode(b"?" + numbers.tobytes()).decode())
    assert (read["channels"], read["height"], read["width"]) == (2, 3, 4)
    assert read["values"] == numbers.tolist()


@pytest.mark.parametrize(
    "nonsense",
    [None, 3, "maps", {}, [None], [{"shape": [1, 2, 2]}], [{"shape": [1, 1, 2], "values": [1]}]],
)
def test_what_is_no_map_is_left_out(ask, nonsense):
    assert ask(["readMaps", nonsense]) == [[]]


@pytest.mark.parametrize(("ramp", "name"), [("grey", "gray"), ("diverging", "PuOr_r")])
def test_colours_are_those_of_the_figure(ask, ramp, name):
    parts = np.linspace(0, 1, 41)
    found = ask(*(["colourOf", part, [0, 1], ramp] for part in parts))
    expected = matplotlib.colormaps[name](parts)[:, :3] * 255
    np.testing.assert_allclose(found, expected, atol=3)  # theirs has 256 steps


def test_values_beyond_the_ends_look_like_the_ends_and_one_value_is_in_the_middle(ask):
    found = ask(*(["colourOf", value, [0, 1], "grey"] for value in (-5, 7)))
    assert found == [[0, 0, 0], [255, 255, 255]]
    assert ask(["colourOf", 3, [3, 3], "grey"]) == [[128, 128, 128]]


def test_ends_hold_what_is_finite_and_zero_is_in_the_middle_of_the_diverging_ramp(ask):
    assert ask(["boundsOf", [NAN, 2, -INF, -1, INF]], ["boundsOf", [NAN]]) == [[-1, 2], None]
    assert ask(["endsOf", [-1, 2], "grey"], ["endsOf", [-1, 2], "diverging"]) == [[-1, 2], [-2, 2]]
    assert ask(["endsOf", None, "grey"], ["endsOf", [0, 0], "diverging"]) == [[0, 1], [-1, 1]]


def test_text_is_readable_on_every_colour(ask):
    def luminance(colour):
        sharp = np.array(colour) / 255
        linear = np.where(sharp <= 0.04045, sharp / 12.92, ((sharp + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    parts = [
        ["colourOf", i / 100, [0, 1], ramp] for ramp in ("grey", "diverging") for i in range(101)
    ]
    colours = ask(*parts)
    for colour, dark in zip(colours, ask(*(["isDark", colour] for colour in colours)), strict=True):
        low, high = sorted([luminance(colour), 1.0 if dark else 0.0])
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_values_and_ranges_are_worded_as_in_python(ask):
    values = [0, -0.0, 0.5, -0.12345, 12.345, -1234.5678, 999999, 0.1, NAN, INF, -INF, 1 / 3]
    assert ask(*(["shown", value] for value in values)) == [shown_in_python(v) for v in values]
    lists = [[1.5, -2], [3, 3], [NAN, 1, INF, 2, NAN, -INF], [NAN]]
    expected = [range_text(np.array(each, dtype=float)) for each in lists]
    assert ask(*(["rangeText", each] for each in lists)) == expected


@pytest.mark.parametrize(
    ("values", "digits", "texts"),
    [
        ([0, 1, -1], 3, ["0", "1", "−1"]),
        ([-0.3164, 0.04512, 1.1672], 3, ["−0.32", "0.05", "1.17"]),
        ([-0.3164, 0.04512, 1.1672], 2, ["−0.3", "0", "1.2"]),
        ([1234.5, 0.25], 3, ["1235", "0"]),
        ([NAN, INF, 0.5], 3, ["NaN", "∞", "0.5"]),
        ([0, 0], 3, ["0", "0"]),
        ([2.5e6, 1], 2, ["2500000", "1"]),
        ([1.234e-9], 2, ["1.2e−9"]),
    ],
)
def test_values_in_cells_are_rounded_alike(ask, values, digits, texts):
    assert ask(["roundedTogether", values, digits]) == [texts]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.5], "0.5"),
        ([0.5, 0.5], "0.5"),
        ([0, 1, 1, 0], "0 to 1, mean 0.5"),
        ([NAN, NAN], "NaN"),
        ([NAN, 1], "1, 1 NaN"),
    ],
)
def test_an_area_is_told_by_range_and_mean(ask, values, text):
    assert ask(["areaText", values]) == [text]


def test_the_sentence_names_every_map_with_its_value_and_its_place_where_that_differs(ask):
    fine = {"name": "image", "row": "", "height": 2, "width": 4, "values": list(range(8))}
    coarse = {"name": "pooled", "row": "", "height": 1, "width": 2, "values": [5, 7]}
    other = {**fine, "name": "same", "row": "below"}
    maps = [fine, coarse]
    one, two, three, four, five = ask(
        ["sentence", maps, 1, [0, 1], None],
        ["sentence", maps, 0, [1, 2], {"height": 2, "width": 4}],
        ["sentence", maps, 0, [1, 2], {"height": 4, "width": 8}],
        ["sentence", [fine], 0, [1, 2], None],
        ["sentence", [other, fine], 0, [1, 2], None],
    )
    assert one == (
        "pooled, row 0, column 1, is 7; at the same place image (0–1, 2–3) is 2 to 7, mean 4.5."
    )
    assert two == "image, row 1, column 2, is 6; at the same place pooled (0, 1) is 7."
    assert three == (
        "image, row 1, column 2, is 6; its place in the 4×8 input is (2–3, 4–5); "
        "at the same place pooled (0, 1) is 7."
    )
    assert four == "image, row 1, column 2, is 6."
    assert five == "below, same, row 1, column 2, is 6; at the same place image is 6."


def test_a_receptive_field_is_the_box_around_the_cells_that_are_not_zero(ask):
    def field(values, height=3, width=4, **more):
        return {"name": "f", "row": "", "height": height, "width": width, "values": values} | more

    ring = field([0, 0, 0, 0, 0, 1, 0, -1, 0, NAN, 0, 0])
    one = field([0] * 11 + [1], name="one", row="below")
    none = field([0] * 12)
    assert ask(["fieldOf", ring], ["fieldOf", one], ["fieldOf", none]) == [
        {"area": {"top": 1, "left": 1, "height": 2, "width": 3}, "seen": 3},
        {"area": {"top": 2, "left": 3, "height": 1, "width": 1}, "seen": 1},
        {"area": None, "seen": 0},
    ]
    assert ask(
        ["fieldSentence", [ring, one], 0, [2, 3]],
        ["fieldSentence", [ring, one], 0, [0, 0]],
        ["fieldSentence", [one, one], 0, [2, 3]],
        ["pixels", 1],
    ) == [
        "Row 2, column 3: inside the receptive field of below, one.",
        "Row 0, column 0: outside every receptive field.",
        "Row 2, column 3: inside every receptive field.",
        "1 pixel",
    ]
