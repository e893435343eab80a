"""What every widget owes a reader: words for what it shows, and a figure for print."""

import re

import pytest
from matplotlib.figure import Figure

from unet_teach import widgets

GIVEN = {"FeatureMaps": ({"a picture": [[0, 1]]},), "Predict": ("How high?", 16)}
NAMES = [name for name in widgets.__all__ if name != "Step"]
MADE = [getattr(widgets, name)(*GIVEN.get(name, ())) for name in NAMES]


@pytest.mark.parametrize("widget", MADE, ids=lambda widget: type(widget).__name__)
def test_every_widget_says_what_it_shows_and_draws_itself(widget):
    line = widget.describe()
    assert line.startswith(type(widget).__name__)
    assert "\n" not in line
    assert not re.search(r"0x[0-9a-f]{6}", line)
    assert isinstance(widget.figure(), Figure)


def test_a_misspelled_name_is_refused_and_told_which_there_are():
    with pytest.raises(TypeError, match=r"SizeLedger has no 'input_size'\. It has base_channels"):
        widgets.SizeLedger(input_size=96)
    with pytest.raises(TypeError, match=r"RoundTrip has no 'size'\. It has .*kernel_size"):
        widgets.RoundTrip(size=3)
