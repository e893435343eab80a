"""Shows a lesson's figure together with a text alternative for readers who cannot see it."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

from PIL import Image

from unet_teach.shared.png import encode_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show(figure: Figure, alt: str) -> None:
    """Show a matplotlib figure in the notebook with its alternative text, and close it.

    JupyterLab has no alternative text for an `image/png` output, so it gets an `<img>` element.
    Pages that render a stored notebook use the PNG, and where no image can be shown the text
    stands alone.

    Args:
        figure: a figure, rendered at its own dpi.
        alt: what the figure shows, in a sentence or two.

    Raises:
        ValueError: if `alt` is empty.
    """
    import matplotlib.pyplot as plt  # slow to import, as is IPython outside of a notebook
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty. Say in a sentence what the picture shows.")
    png = encode_png(_render_256_colours(figure))
    plt.close(figure)
    tag = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">'
    bundle = {"text/html": tag, "image/png": png, "text/plain": alt}
    display(bundle, raw=True)  # type: ignore[no-untyped-call, unused-ignore]


def _render_256_colours(figure: Figure) -> Image.Image:
    """Render a figure with a palette of 256 colours: half the file size, no visible difference."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=figure.dpi)
    return Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE)
