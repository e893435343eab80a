"""FeatureMaps in Python: what it reads and refuses, what the browser gets, text form and figure."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from traitlets import TraitError

from unet_teach.widgets import FeatureMaps, Step
from unet_teach.widgets.feature_maps_words import range_text, shown

PICTURE = torch.arange(77.0).reshape(7, 11)
TWO = {"picture": PICTURE, "halves": torch.stack([PICTURE[::2, ::2], -PICTURE[::2, ::2]])}
NAN, INF = float("nan"), float("inf")


def sent(widget):
    """The maps as a browser reads them from the bytes it is sent."""
    return {
        each["name"]: np.frombuffer(each["values"], "<f4").reshape(each["shape"])
        for each in widget._maps
    }


@pytest.mark.parametrize(
    "given",
    [
        PICTURE,
        PICTURE[None],
        PICTURE[None, None],
        PICTURE.clone().requires_grad_(),
        PICTURE.to(torch.bfloat16),
        PICTURE.to(torch.uint8),
        PICTURE.T.contiguous().T,
        PICTURE.numpy(),
        PICTURE.numpy().astype(">f8"),
        PICTURE.int().tolist(),
    ],
)
def test_a_map_of_any_kind_is_read_and_sent_as_32_bit_floats(given):
    widget = FeatureMaps({"a map": given})
    assert widget.maps["a map"].dtype == np.float32
    np.testing.assert_array_equal(widget.maps["a map"], PICTURE[None].numpy())
    np.testing.assert_array_equal(sent(widget)["a map"], PICTURE[None].numpy())


def test_truth_values_and_what_is_not_finite_are_numbers_as_well():
    widget = FeatureMaps({"mask": PICTURE > 3, "odd": [[NAN, INF, -INF]]})
    np.testing.assert_array_equal(sent(widget)["mask"], (PICTURE > 3)[None].float().numpy())
    np.testing.assert_array_equal(sent(widget)["odd"], [[[NAN, INF, -INF]]])


def test_maps_are_copies_that_stay_as_they_are():
    given = PICTURE.numpy().copy()
    widget = FeatureMaps({"a map": given})
    given[:] = 0
    assert widget.maps["a map"].max() == 76
    with pytest.raises(ValueError, match="read-only"):
        widget.maps["a map"][:] = 0


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        (None, "maps is a NoneType. Use a dict"),
        (PICTURE, "maps is a Tensor. Use a dict"),
        ([PICTURE], "maps is a list. Use a dict"),
        ({}, "maps has 0 maps. Give 1 to 8"),
        ({str(i): [[1]] for i in range(9)}, "maps has 9 maps. Give 1 to 8"),
        ({3: [[1]]}, "maps has the name 3. A name is a text"),
        ({" ": [[1]]}, "maps has the name ' '. Use 1 to 40 letters"),
        ({"x" * 41: [[1]]}, "Use 1 to 40 letters"),
        ({"a": [[1]], " a ": [[2]]}, "the same name twice"),
        ({"a": None}, r"maps\['a'\] cannot be read as real numbers"),
        ({"a": "picture"}, r"maps\['a'\] cannot be read as real numbers"),
        ({"a": [["1"]]}, r"maps\['a'\] cannot be read as real numbers"),
        ({"a": [[1, 2], [3]]}, r"maps\['a'\] cannot be read as .*rows have the same length"),
        ({"a": PICTURE * 1j}, r"maps\['a'\] cannot be read as real numbers"),
        ({"a": torch.nn.ReLU()}, r"maps\['a'\] cannot be read as real numbers"),
        ({"a": 3}, r"maps\['a'\] has shape \(\). Use \(H, W\)"),
        ({"a": [1, 2]}, r"maps\['a'\] has shape \(2,\). Use \(H, W\)"),
        ({"a": torch.zeros(2, 1, 4, 4)}, r"has shape \(2, 1, 4, 4\).*one image at a time"),
        ({"a": torch.zeros(0, 4)}, r"maps\['a'\] is 0×4. A side has 1 to 128 cells"),
        ({"a": torch.zeros(4, 129)}, r"maps\['a'\] is 4×129.*crop it or pool it first"),
        ({"a": torch.zeros(0, 4, 4)}, r"maps\['a'\] has 0 channels. Give 1 to 512"),
        ({"a": torch.zeros(513, 4, 4)}, r"maps\['a'\] has 513 channels"),
        ({"a": torch.zeros(17, 128, 128)}, "hold 278,528 numbers together, the most is 262,144"),
        ({"a": [[1e300]]}, r"maps\['a'\] holds numbers beyond 3.4e38"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence_and_changes_nothing(maps, sentence):
    with pytest.raises(TraitError, match=sentence) as refusal:
        FeatureMaps(maps)
    assert str(refusal.value).endswith(".")
    widget = FeatureMaps(TWO)
    with pytest.raises(TraitError, match=sentence):
        widget.maps = maps
    assert list(widget.maps) == list(sent(widget)) == ["picture", "halves"]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("channel", 2, "channel=2 is in none of the maps: they have 0 to 1."),
        ("channel", -1, "channel=-1 is out of range"),
        ("channel", 0.5, "channel=0.5 is not a whole number"),
        ("value_range", 1, "value_range=1 is no range"),
        ("value_range", (1, 1), r"value_range=\(1, 1\) is no range"),
        ("value_range", (0, INF), "is no range"),
        ("value_range", (False, True), "is no range"),
        ("value_range", ("0", "1"), "is no range"),
        ("input_size", 0, "input_size=0 is out of range"),
        ("input_size", (8, 8, 8), "has 3 values"),
        ("input_size", "8", "is not a whole number"),
        ("rows", 0, "rows=0 is out of range"),
        ("rows", 9, "rows=9 is out of range"),
        ("title", 3, "title=3 is no text of at most 120 letters."),
        ("title", "x" * 121, "is no text of at most 120 letters"),
        ("notes", "each", "notes='each' is no dict of texts."),
        ("notes", {"stride 1": 2}, "is no dict of texts"),
        ("nested", 1, "nested=1 is not known: nested is False or True."),
        ("scale", "each", "scale='each' is not known: scale is 'shared' or 'own'."),
        ("ramp", None, "ramp=None is not known: ramp is 'grey' or 'diverging'."),
    ],
)
def test_a_bad_option_is_refused_when_made_and_when_assigned(name, value, sentence):
    with pytest.raises(TraitError, match=sentence):
        FeatureMaps(TWO, **{name: value})
    widget = FeatureMaps(TWO)
    before = getattr(widget, name)
    with pytest.raises(TraitError, match=sentence):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_options_are_taken_as_they_are_given():
    options = {"channel": 1, "value_range": (-1, 2.5), "input_size": (14, 22)}
    widget = FeatureMaps(TWO, **options, scale="own", ramp="diverging")
    assert (widget.channel, widget.channels) == (1, 2)
    assert (widget.value_range, widget.input_size) == ((-1.0, 2.5), (14, 22))
    assert (widget.scale, widget.ramp) == ("own", "diverging")
    widget.value_range = widget.input_size = None
    assert (widget.value_range, widget.input_size) == (None, None)


def test_new_maps_replace_the_old_ones_and_the_channel_stays_inside():
    widget = FeatureMaps(TWO, channel=1)
    heard = []
    widget.observe(lambda change: heard.append(list(change.new)), "maps")
    widget.maps = {"only": PICTURE}
    assert heard == [["only"]]
    assert list(sent(widget)) == ["only"]
    assert widget.channel == 0
    with pytest.raises(TraitError, match="they have 0 only"):
        widget.channel = 1


def test_a_browser_that_sends_nonsense_is_put_right():
    widget = FeatureMaps(TWO)
    widget.set_state({"channel": 7})
    widget.set_state({"scale": 3})
    assert (widget.channel, widget.scale) == (0, "shared")
    widget.set_state({"channel": 1, "scale": "own"})
    assert (widget.channel, widget.scale) == (1, "own")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (np.float32(0.1), "0.1"),
        (-0.12345, "−0.123"),
        (12.345, "12.3"),
        (-1234.5678, "−1235"),
        (999999, "999999"),
        (2.5e6, "2.5e+06"),
        (NAN, "NaN"),
        (INF, "∞"),
        (-INF, "−∞"),
    ],
)
def test_a_value_is_written_with_three_digits(value, text):
    assert shown(value) == text


def test_a_range_says_what_is_not_finite():
    assert range_text(np.array([1.5, -2])) == "−2 to 1.5"
    assert range_text(np.array([3.0, 3])) == "3"
    assert range_text(np.array([NAN, 1, INF, 2, NAN, -INF])) == "1 to 2, 2 NaN, 1 ∞, 1 −∞"
    assert range_text(np.array([NAN])) == "no finite value, 1 NaN"


def test_the_text_form_names_shapes_and_ranges():
    widget = FeatureMaps({**TWO, "odd": [[NAN, 0.25]]})
    line = (
        "FeatureMaps · picture 7×11: 0 to 76 · halves 4×6, 2 channels: −76 to 76 "
        "· odd 1×2: 0.25, 1 NaN"
    )
    assert repr(widget) == line
    assert widget._repr_mimebundle_()[0]["text/plain"] == line


def drawn(widget):
    """The axes of a figure that hold a map."""
    return [axes for axes in widget.figure().axes if axes.images]


def test_the_figure_draws_all_maps_equally_large_in_one_scale():
    widget = FeatureMaps(TWO, channel=1)
    first, second = drawn(widget)
    assert [first.get_title("left"), second.get_title("left")] == ["picture", "halves"]
    assert first.texts[0].get_text() == "7×11, 0 to 76"
    assert first.images[0].get_extent() == second.images[0].get_extent() == [0, 11, 7, 0]
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-76, 76)
    np.testing.assert_array_equal(second.images[0].get_array(), -PICTURE[::2, ::2].numpy())


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({"value_range": (0, 9)}, [(0, 9), (0, 9)]),
        ({"scale": "own"}, [(0, 76), (-76, 0)]),
        ({"scale": "own", "ramp": "diverging"}, [(-76, 76), (-76, 76)]),
        ({"value_range": (-1, 9), "ramp": "diverging"}, [(-9, 9), (-9, 9)]),
    ],
)
def test_the_figure_follows_scale_and_ramp(options, limits):
    axes = drawn(FeatureMaps(TWO, channel=1, **options))
    assert [each.images[0].get_clim() for each in axes] == limits


def test_the_figure_writes_few_values_out_and_hatches_what_is_not_finite():
    (axes,) = drawn(FeatureMaps({"$a$": [[NAN, -0.5, 100], [1, INF, 2]]}))
    assert [text.get_text() for text in axes.texts[:-1]] == ["NaN", "−0.5", "100", "1", "∞", "2"]
    hatched = [
        patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_hatch()
    ]
    assert sorted(patch.get_xy() for patch in hatched) == [(0, 0), (1, 1)]
    (title,) = axes.findobj(lambda artist: isinstance(artist, Text) and artist.get_text() == "$a$")
    assert not title.get_parse_math()  # a dollar sign is text here


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (4, (1, 4)), (5, (2, 3)), (8, (2, 4))])
def test_the_figure_puts_up_to_four_maps_in_a_row(count, grid):
    axes = drawn(FeatureMaps({str(i): PICTURE for i in range(count)}))
    assert len(axes) == count
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == grid


def test_torch_is_not_imported():
    program = (
        "import sys\n"
        "from unet_teach.widgets import FeatureMaps\n"
        "FeatureMaps({'a': [[1, 2]]}).figure()\n"
        "print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


# ------------------------------------------------------------------- rows and receptive fields

ROWS = {
    "stride 1": {"layer 1": np.pad(np.ones((1, 3)), ((2, 4), (3, 5))), "layer 2": np.eye(7, 11)},
    "stride 2": {"layer 1": np.zeros((7, 11))},
}


def test_rows_of_maps_are_read_and_sent_in_order():
    widget = FeatureMaps(ROWS, title=" What one  cell sees ", notes={"stride 1": "slow"})
    assert {row: list(maps) for row, maps in widget.maps.items()} == {
        "stride 1": ["layer 1", "layer 2"],
        "stride 2": ["layer 1"],
    }
    assert [(each["row"], each["name"]) for each in widget._maps] == [
        ("stride 1", "layer 1"),
        ("stride 1", "layer 2"),
        ("stride 2", "layer 1"),
    ]
    assert (widget.title, widget.notes) == ("What one cell sees", {"stride 1": "slow"})
    assert widget.channels == 1
    assert repr(widget) == (
        "FeatureMaps · What one cell sees · stride 1, layer 1 7×11: 0 to 1 "
        "· stride 1, layer 2 7×11: 0 to 1 · stride 2, layer 1 7×11: 0"
    )


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        ({"a": [[1]], "b": {"c": [[1]]}}, "maps mixes rows and maps. Give a dict of maps, or put"),
        ({"a": {}}, "maps has 0 maps. Give 1 to 8"),
        ({"a": {"b": [[1]]}, "c": {}}, "maps has a row without maps"),
        ({"a": {str(i): [[1]] for i in range(9)}}, "maps has 9 maps"),
        ({"a": {"b": [[1]], " b": [[2]]}}, "the same name twice"),
        ({"a": {"b": [[1]]}, " a": {"b": [[2]]}}, "the same name twice"),
        ({3: {"b": [[1]]}}, "maps has the name 3"),
        ({"a": {"b": "c"}}, r"maps\['b'\] cannot be read as real numbers"),
    ],
)
def test_rows_that_cannot_be_shown_are_refused(maps, sentence):
    with pytest.raises(TraitError, match=sentence):
        FeatureMaps(maps)


def test_receptive_fields_are_told_by_their_extent():
    assert repr(FeatureMaps(ROWS, nested=True)) == (
        "FeatureMaps · stride 1, layer 1 7×11: sees 1×3, 3 pixels "
        "· stride 1, layer 2 7×11: sees 7×7, 7 pixels · stride 2, layer 1 7×11: sees nothing"
    )


def test_the_figure_has_a_line_for_each_row_and_frames_for_nested_fields():
    figure = FeatureMaps(ROWS, nested=True, title="$t$", notes={"stride 1": "slow"}).figure()
    first, second, third, empty = figure.axes
    assert [axes.get_title("left") for axes in figure.axes] == ["layer 1", "layer 2", "layer 1", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["stride 1\nslow", "", "stride 2", ""]
    assert not empty.axison
    assert figure.get_suptitle() == "$t$"

    def frames(axes):
        patches = [patch for patch in axes.patches if not patch.get_fill()]
        return [(p.get_linestyle(), p.get_xy(), p.get_width(), p.get_height()) for p in patches]

    assert frames(first) == [("-", (3, 2), 3, 1)]
    assert frames(second) == [("--", (3, 2), 3, 1), ("-", (0, 0), 7, 7)]
    assert frames(third) == []
    assert [sum(patch.get_fill() for patch in axes.patches) for axes in (first, second)] == [3, 7]


@pytest.mark.parametrize(("rows", "grid"), [(1, (1, 5)), (2, (2, 3)), (5, (5, 1))])
def test_the_figure_has_as_many_rows_as_were_asked_for(rows, grid):
    axes = drawn(FeatureMaps({str(i): PICTURE for i in range(5)}, rows=rows))
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == grid


def test_steps_may_ask_for_the_map_and_the_cell_pointed_at():
    widget = FeatureMaps(TWO, steps=[Step("Point.", when={"map": "halves", "cell": (1, 2)})])
    assert widget.steps[0]["when"] == [{"map": "halves", "cell": (1, 2)}]
    with pytest.raises(TraitError, match=r"This widget has .*nested.*, map, cell"):
        FeatureMaps(TWO, steps=[Step("Point.", when={"pointer": 1})])


def test_a_long_note_of_a_row_stays_beside_its_row():
    note = "every layer adds twice as many as the one before"
    figure = FeatureMaps(ROWS, notes={"stride 1": note}).figure()
    figure.draw_without_rendering()
    panel = figure.axes[0]
    label = panel.yaxis.label
    assert " ".join(label.get_text().split()) == f"stride 1 {note}"
    assert label.get_window_extent().height <= panel.get_window_extent().height + 20
