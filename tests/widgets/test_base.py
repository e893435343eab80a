"""What every widget owes a reader: words for what it shows, and a figure for print."""

import re

import pytest
from matplotlib.figure import Figure

from unet_teach import widgets

MADE = [
    widgets.Predict("How high?", 16) if name == "Predict" else getattr(widgets, name)()
    for name in widgets.__all__
]


@pytest.mark.parametrize("widget", MADE, ids=lambda widget: type(widget).__name__)
def test_every_widget_says_what_it_shows_and_draws_itself(widget):
    line = widget.describe()
    assert line.startswith(type(widget).__name__)
    assert "\n" not in line
    assert not re.search(r"0x[0-9a-f]{6}", line)
    assert isinstance(widget.figure(), Figure)
