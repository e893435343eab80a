"""A figure shown in a lesson carries words, in every form it can be met in."""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from unet_teach.shared import palette
from unet_teach.shared.show import show

THEME = Path(__file__).parents[1] / "js" / "theme.css"


def test_a_figure_is_shown_with_its_text_and_closed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    figure, _ = plt.subplots()
    show(figure, 'A "line" <rising>')
    assert shown[0]["text/plain"] == 'A "line" <rising>'
    assert 'alt="A &quot;line&quot; &lt;rising&gt;"' in shown[0]["text/html"]
    assert shown[0]["image/png"] in shown[0]["text/html"]
    assert not plt.fignum_exists(figure.number)


def test_a_stored_figure_has_the_colours_of_the_drawn_one(monkeypatch):
    shown, drawn = [], io.BytesIO()
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    figure, axes = plt.subplots()
    axes.imshow(np.linspace(0, 1, 400).reshape(20, 20), cmap="gray")
    axes.plot([0, 19], [0, 19], color="#D55E00")
    figure.savefig(drawn, format="png", dpi=figure.dpi)
    show(figure, "A ramp of greys and a line")
    png = base64.b64decode(shown[0]["image/png"])
    one, two = (np.array(Image.open(file).convert("RGB"), int) for file in (drawn, io.BytesIO(png)))
    assert np.quantile(abs(one - two), 0.999) <= 24
    assert abs(one - two).mean() < 1
    assert len(png) < len(drawn.getvalue())


def test_a_figure_without_words_is_refused():
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, " ")
    plt.close(figure)


def test_pages_drawn_by_python_have_the_colours_of_the_widgets():
    theme = THEME.read_text(encoding="utf-8").replace(", ", ",")
    for name, colours in vars(palette).items():
        if name.startswith("CSS_"):
            assert f"--ut-{name.removeprefix('CSS_').lower()}: {colours}" in theme, name
