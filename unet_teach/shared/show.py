"""Shows a lesson's figure together with words for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show(figure: Figure, alt: str) -> None:
    """Show a matplotlib figure in the notebook with its alternative text, and close it.

    JupyterLab knows no alternative text for an image/png, so it gets an `<img>`; pages that show
    a stored notebook get the picture, and where there are no pictures the text stands alone.

    Args:
        figure: drawn at its own dpi.
        alt: what the picture shows, in a sentence or two.

    Raises:
        ValueError: if `alt` says nothing.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty. Say in a sentence what the picture shows.")
    png = base64.b64encode(_png(figure)).decode()
    plt.close(figure)
    tag = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">'
    bundle = {"text/html": tag, "image/png": png, "text/plain": alt}
    display(bundle, raw=True)  # type: ignore[no-untyped-call, unused-ignore]


def _png(figure: Figure) -> bytes:
    """Return a figure as a PNG of 256 colours: half as large, and nobody sees the difference."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=figure.dpi)
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "png")
    return small.getvalue()
