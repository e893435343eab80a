"""A figure shown in a lesson carries words, in every form it can be met in."""

import matplotlib.pyplot as plt
import pytest

from unet_teach.figures import show


def test_a_figure_is_shown_with_its_text_and_closed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    figure, _ = plt.subplots()
    show(figure, 'A "line" <rising>')
    assert shown[0]["text/plain"] == 'A "line" <rising>'
    assert 'alt="A &quot;line&quot; &lt;rising&gt;"' in shown[0]["text/html"]
    assert shown[0]["image/png"] in shown[0]["text/html"]
    assert not plt.fignum_exists(figure.number)


def test_a_figure_without_words_is_refused():
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, " ")
    plt.close(figure)
