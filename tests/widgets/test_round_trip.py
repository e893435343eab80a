"""RoundTrip in Python: held against real torch layers over its whole range of sizes."""

import pytest
import torch
from torch import nn
from traitlets import TraitError

from unet_teach.widgets import RoundTrip

SAMPLE = [
    dict(zip(("kernel_size", "stride", "padding", "dilation", "output_padding"), v, strict=True))
    for v in [
        (3, 2, 1, 1, 1),
        (3, 2, 1, 1, 0),
        (2, 2, 0, 1, 0),
        (4, 2, 1, 1, 1),
        (5, 3, 2, 1, 0),
        (5, 3, 2, 1, 3),  # illegal output_padding
        (7, 5, 0, 1, 4),
        (1, 5, 6, 1, 0),  # padding crops small maps away
        (3, 5, 6, 1, 2),
        (7, 1, 0, 4, 0),  # sizes up to 24 are too small for the kernel
        (3, 1, 1, 4, 3),  # legal, below dilation, and mends nothing
        (6, 4, 3, 2, 2),
        (1, 1, 0, 1, 0),
        (1, 2, 3, 1, 1),
    ]
]


def size_after(layer, size):
    """What torch makes of a size; `None` where it refuses, and where nothing is left."""
    try:
        return layer(torch.zeros(1, 1, size, size)).shape[-1] or None
    except RuntimeError:
        return None


def torch_trip(size, output_padding, **window):
    small = size_after(nn.Conv2d(1, 1, **window), size)
    return small and size_after(
        nn.ConvTranspose2d(1, 1, **window, output_padding=output_padding), small
    )


@pytest.mark.parametrize("parameters", SAMPLE, ids=lambda p: "-".join(map(str, p.values())))
def test_the_sizes_that_come_back_are_those_of_torch(parameters):
    came = tuple(size for size in range(1, 65) if torch_trip(size, **parameters) == size)
    assert RoundTrip(**parameters).comes_back == came


@pytest.mark.parametrize("parameters", SAMPLE, ids=lambda p: "-".join(map(str, p.values())))
def test_a_size_is_mended_by_the_output_padding_that_torch_needs(parameters):
    window = {name: value for name, value in parameters.items() if name != "output_padding"}
    mended_by = RoundTrip(**parameters).mended_by
    assert list(mended_by) == list(range(1, 65))
    for size, mend in mended_by.items():
        tries = [n for n in range(5) if torch_trip(size, n, **window) == size]
        assert tries == ([] if mend is None else [mend])


def test_the_documents_pair_brings_back_every_even_size():
    trip = RoundTrip()
    assert trip.comes_back == tuple(range(2, 65, 2))
    assert {trip.mended_by[size] for size in range(1, 65, 2)} == {0}
    trip.output_padding = 0
    assert trip.comes_back == tuple(range(1, 64, 2))


def test_a_kernel_of_5_with_stride_3_loses_two_sizes_in_three():
    trip = RoundTrip(kernel_size=5, stride=3, padding=2, output_padding=0)
    assert set(range(13, 20)) - set(trip.comes_back) == {14, 15, 17, 18}
    assert [trip.mended_by[size] for size in range(13, 19)] == [0, 1, 2, 0, 1, 2]


def test_an_illegal_output_padding_stays_with_its_reason():
    trip = RoundTrip(output_padding=2)
    assert (trip.output_padding, trip.comes_back) == (2, ())
    assert trip.error.startswith("output_padding=2 is too large: it must be smaller than stride=2")
    assert trip.mended_by[31] == 0
    trip.dilation = 3
    assert trip.error == ""


def test_the_code_lines_make_the_layers_it_shows():
    trip = RoundTrip(kernel_size=4, stride=3, padding=2, dilation=2, output_padding=1)
    down, up = (eval(line, {"nn": nn}) for line in trip.code.splitlines())
    small = size_after(down, 20)
    assert size_after(up, small) == torch_trip(20, **trip.parameters)
    assert RoundTrip(kernel_size=2, stride=1, padding=0, output_padding=0).code == (
        "nn.Conv2d(1, 1, kernel_size=2)\nnn.ConvTranspose2d(1, 1, kernel_size=2)"
    )


BOUNDS = {
    "kernel_size": (1, 7),
    "stride": (1, 5),
    "padding": (0, 6),
    "dilation": (1, 4),
    "output_padding": (0, 4),
    "chosen": (1, 64),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_trait_takes_its_whole_range_and_nothing_else(name):
    trip, (low, high) = RoundTrip(), BOUNDS[name]
    for value in (low, high):
        setattr(trip, name, value)
        assert getattr(trip, name) == value
    for value in (low - 1, high + 1, 2.5, "3", None, True, (1, 2)):
        with pytest.raises(
            TraitError, match=rf"^{name}=.* takes a whole number from \d+ to \d+\.$"
        ):
            setattr(trip, name, value)
        assert getattr(trip, name) == high


@pytest.mark.parametrize("name", ["comes_back", "mended_by", "code", "error"])
def test_what_is_worked_out_cannot_be_set(name):
    with pytest.raises(TraitError, match="read-only"):
        setattr(RoundTrip(), name, None)


def test_observers_hear_which_sizes_come_back():
    trip, heard = RoundTrip(), []
    trip.observe(lambda change: heard.append(change.new[:3]), "comes_back")
    trip.output_padding = 0
    assert heard == [(1, 3, 5)]


def test_its_text_form_says_what_it_shows_and_holds_no_address():
    trip = RoundTrip(kernel_size=2, stride=2, padding=0, output_padding=0)
    line = (
        "RoundTrip · nn.Conv2d(1, 1, kernel_size=2, stride=2) → "
        "nn.ConvTranspose2d(1, 1, kernel_size=2, stride=2) · 32 of 64 sizes come back"
    )
    assert repr(trip) == line
    assert trip._repr_mimebundle_()[0]["text/plain"] == line
    trip.output_padding = 2
    assert repr(trip).endswith("0 of 64 sizes come back. " + trip.error)


def test_torch_is_asked_about_the_chosen_size_once_somebody_looks():
    trip = RoundTrip()
    assert trip._echo == {}
    trip._shown = True
    assert trip._echo == {
        "parameters": trip.parameters | {"chosen": 31},
        "accepts": True,
        "text": "(1, 1, 16, 16) → (1, 1, 32, 32)",
    }
    trip.chosen = 5
    assert trip._echo["text"] == "(1, 1, 3, 3) → (1, 1, 6, 6)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"output_padding": 2}, "output padding must be smaller"),
        ({"kernel_size": 7, "chosen": 2}, "Kernel size can't be greater"),
    ],
)
def test_torch_is_quoted_when_it_refuses(changes, words):
    trip = RoundTrip(**changes)
    trip._shown = True
    assert not trip._echo["accepts"]
    assert words in trip._echo["text"]


def test_its_figure_draws_every_size_with_its_sign():
    texts = RoundTrip(kernel_size=5, stride=3, padding=0, output_padding=0).figure().axes[0].texts
    words = [text.get_text() for text in texts]
    signs = dict(zip(words[::2], words[1::2], strict=True))
    assert len(signs) == 64
    assert [signs[n] for n in ("4", "5", "6", "7", "8")] == ["", "", "−1", "−2", ""]
    cropped = RoundTrip(kernel_size=1, stride=5, padding=6, output_padding=0)
    assert cropped.figure().axes[0].texts[1].get_text() == "✕"
    assert RoundTrip().figure().axes[0].get_title("left") == "32 of 64 sizes come back"


@pytest.mark.parametrize(
    ("traits", "cells", "words"),
    [
        ({}, 31 + 16 + 32, ["31 goes in", "16 after the convolution", "32 comes back"]),
        ({"output_padding": 0}, 31 + 16 + 31, ["✓ It comes back."]),
        ({"output_padding": 2}, 31 + 16 + 31, ["✕ comes back", "✕ It does not come back."]),
        ({"chosen": 1, "kernel_size": 7}, 1 + 1, ["1 goes in", "✕ after the convolution"]),
    ],
)
def test_its_figure_has_a_bar_for_each_size_of_the_way(traits, cells, words):
    bars = RoundTrip(**traits).figure().axes[1]
    assert len(bars.patches) == cells
    assert set(words) <= {text.get_text() for text in bars.texts}
