"""What every widget owes a reader: words for what it shows, and a figure for print."""

import html
import re

import pytest
from matplotlib.figure import Figure

from unet_teach import widgets
from unet_teach.shared.png import decode_png

GIVEN = {
    "CellCounter": ([[0.5, 0.5]], [[[0.1, 0.1]], [[0.8, 0.8]], [[0.1, 0.1]]]),
    "FeatureMaps": ({"a picture": [[0, 1]]},),
    "Predict": ("How high?", 16),
}
NAMES = [name for name in widgets.__all__ if name != "Step"]
VIEW = "application/vnd.jupyter.widget-view+json"
MADE = [getattr(widgets, name)(*GIVEN.get(name, ())) for name in NAMES]


@pytest.mark.parametrize("widget", MADE, ids=lambda widget: type(widget).__name__)
def test_every_widget_says_what_it_shows_and_draws_itself(widget):
    line = widget.describe()
    assert line.startswith(type(widget).__name__)
    assert "\n" not in line
    assert not re.search(r"0x[0-9a-f]{6}", line)
    assert isinstance(widget.figure(), Figure)


@pytest.mark.parametrize("widget", MADE, ids=lambda widget: type(widget).__name__)
def test_a_notebook_gets_a_picture_of_a_widget_only_where_it_asks(widget, monkeypatch):
    monkeypatch.delenv("UNET_TEACH_PICTURES", raising=False)
    without, _ = widget._repr_mimebundle_()
    assert set(without) == {"text/plain", VIEW}
    monkeypatch.setenv("UNET_TEACH_PICTURES", "yes")
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == repr(widget)
    assert data[VIEW] == without[VIEW]  # a front end that can shows the widget itself
    assert f'alt="{html.escape(widget.describe())}"' in data["text/html"]
    assert decode_png(data["image/png"]).getbbox()
    assert len(data["text/html"]) + len(data["image/png"]) < 150_000


def test_a_misspelled_name_is_refused_and_told_which_there_are():
    with pytest.raises(TypeError, match=r"SizeLedger has no 'input_size'\. It has base_channels"):
        widgets.SizeLedger(input_size=96)
    with pytest.raises(TypeError, match=r"RoundTrip has no 'size'\. It has .*kernel_size"):
        widgets.RoundTrip(size=3)
