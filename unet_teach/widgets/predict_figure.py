"""A question with its choices and the guess as a card, drawn with matplotlib."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from unet_teach.widgets.answers import shown_answer
from unet_teach.widgets.predict import Predict


def draw(widget: Predict) -> Figure:
    """Draw the question, the choices, and the guess or what the room said. Never the answer."""
    guess = "________" if widget.guess is None else shown_answer(widget.guess)
    said = "  ".join(f"{shown_answer(each)} ×{count}" for each, count in widget.tally.items())
    lines = textwrap.wrap(widget.question.replace("`", ""), 64)
    for pick in widget.choices:
        choice = f"○  {shown_answer(pick)}".replace("`", "")
        lines += textwrap.wrap(choice, 60, subsequent_indent="     ")
    figure = Figure(figsize=(7, 0.7 + 0.26 * len(lines)))
    axes = figure.add_subplot()
    axes.axis("off")
    # Dollar signs are text here, not mathematics.
    axes.text(0, 1, "\n".join(lines), va="top", size=13, linespacing=1.4, parse_math=False)
    line = f"The room: {said}" if said else f"Your guess: {guess}"
    axes.text(0, 0, line, va="bottom", size=13, weight="bold", parse_math=False)
    return figure
