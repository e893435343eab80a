"""Lets notebooks show a figure that was drawn without pyplot, as all of the course are."""

from __future__ import annotations

import sys
from typing import Any


def show_figures() -> None:
    """Tell a notebook how to show a figure that is the last line of a cell.

    matplotlib does that too, but only when the first pyplot figure is drawn; its way then replaces
    this one. What the reader has chosen stays.
    """
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if not shell:
        return
    formatters = shell.display_formatter.formatters
    figures: Any = sys.modules.get("matplotlib.figure")
    if not (figures and any(figures.Figure in each for each in formatters.values())):
        formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _png)


def _png(figure: Any) -> Any:
    from IPython.core.pylabtools import print_figure

    return print_figure(figure, "png")  # type: ignore[no-untyped-call, unused-ignore]
