"""NextLesson: one click that saves the notebook, shuts its kernel down and opens the next one."""

from __future__ import annotations

import re
import sys
from urllib.parse import quote

import anywidget
import traitlets

from unet_teach.widgets.base import STATIC

KERNEL = re.compile(r"kernel-([0-9a-f-]{36})\.json")


class NextLesson(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """Offer to end this lesson and open the next. Elsewhere than in Jupyter it shows nothing.

    JupyterLab has no way in which a widget may open a notebook, so the browser clicks the `link`,
    which has to be displayed by the same cell.

    Args:
        file: the next notebook, in the same folder as this one.
        title: what it is called.
        note: what the student has to know before the kernel goes.
    """

    _esm = STATIC / "next_lesson.js"
    _css = STATIC / "next_lesson.css"

    file = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    _kernel = traitlets.Unicode().tag(sync=True)  # what the server calls it

    def __init__(self, file: str, title: str, *, note: str = "") -> None:
        found = KERNEL.search(" ".join(sys.argv))
        super().__init__(file=file, title=title, note=note, _kernel=found[1] if found else "")

    def __repr__(self) -> str:
        """Return what stands in place of the widget in print, below the link."""
        return f"NextLesson · shuts this kernel down and opens {self.file}"

    @property
    def link(self) -> str:
        """The plain way, as Markdown: Jupyter makes it a link that opens the notebook."""
        return f"Next: [{self.title}]({quote(self.file)})"
