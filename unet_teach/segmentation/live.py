"""Shows a training while it runs: how far it is, both losses, the IoU, and a prediction."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from torch import Tensor

from unet_teach.segmentation.history import Look, trouble_of

if TYPE_CHECKING:
    from unet_teach.segmentation.data import Pair
    from unet_teach.segmentation.history import Training

SHARE = 0.03  # of the time may go into drawing; a look that would cost more is not drawn
WIDTH, HEIGHT = 300, 120  # of the curves, in pixels
LARGEST = 220  # side of a shown picture, in pixels
MEASURES = (  # name, colour, dashes: those of the course's figures
    ("train_loss", "train loss", "#E69F00", "5 3"),
    ("validation_loss", "validation loss", "#0072B2", ""),
    ("validation_iou", "validation IoU", "#009E73", "1 3"),
)


class LiveView:
    """One output cell that is drawn again and again; outside of a notebook, a line a look."""

    def __init__(self, pair: Pair, shown: bool) -> None:
        self.shown, self.pair = shown, pair
        self.spent = 0.0  # seconds that went into drawing
        self.handle: Any = None
        if shown and _in_a_notebook():
            from IPython.display import DisplayHandle

            self.handle = DisplayHandle()  # type: ignore[no-untyped-call, unused-ignore]
            self.still = _picture(pair.image.mean(dim=0)) + _picture(pair.mask[0])

    def show(self, history: Sequence[Look], done: float, elapsed: float) -> None:
        """Draw, unless drawing has had its share of the time."""
        if not self.shown or self.spent > SHARE * elapsed:
            return
        start = time.perf_counter()
        left = elapsed * (1 / done - 1) if 0.02 < done < 1 else None
        head = f"step {history[-1].step}, {min(done, 1):.0%} done"
        if left is not None:
            head += f", about {left:.0f} s left"
        note = trouble_of(history, "") if done > 0.5 else ""
        self._draw(history, done, head, note)
        self.spent += time.perf_counter() - start

    def close(self, training: Training) -> None:
        """Draw a last time, with how it ended."""
        if self.shown:
            said, _, trouble = repr(training).partition("\n")
            said += f" {training.seconds:.0f} s on {_threads(training.threads)}."
            self._draw(training.history, 1.0, said, trouble)

    def _draw(self, history: Sequence[Look], done: float, head: str, note: str) -> None:
        if self.handle is None:
            last = history[-1]
            print(
                f"{head}: loss {last.train_loss:.3f} (train) {last.validation_loss:.3f} "
                f"(validation), validation IoU {last.validation_iou:.2f}",
                *([note] if note else []),
                sep="\n",
            )
            return
        # The text form stands in a stored notebook: no times, so that it is the same each run.
        bundle = {"text/html": self._html(history, done, head, note), "text/plain": "[training]"}
        show = self.handle.update if self.spent else self.handle.display
        show(bundle, raw=True)

    def _html(self, history: Sequence[Look], done: float, head: str, note: str) -> str:
        warning = f'<p role="alert"><b style="color:#D55E00">✕</b> {escape(note)}</p>'
        shown = history[-1].shown
        found = "" if shown is None else _picture((shown > 0.5).float())
        return (
            '<div style="font-size:13px;font-variant-numeric:tabular-nums">'
            f'<p role="status">{escape(head)}</p>'
            f'<progress value="{done:.3f}" style="width:100%;max-width:{2 * WIDTH}px" '
            'aria-label="done"></progress>'
            f"{warning if note else ''}"
            f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">'
            f"{_curves(history)}<div>validation picture, wanted, found now<br>{self.still}{found}"
            "</div></div></div>"
        )


def _threads(count: int) -> str:
    return "one thread" if count == 1 else f"{count} threads"


def _in_a_notebook() -> bool:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()  # type: ignore[no-untyped-call, unused-ignore]
    return shell is not None and hasattr(shell, "kernel")


def _curves(history: Sequence[Look]) -> str:
    """Return the curves as an SVG with their names and last values beside them."""
    last_step = max(1, history[-1].step)
    top = max(1.0, *(max(look.train_loss, look.validation_loss) for look in history))
    lines = []
    for row, (name, said, colour, dashes) in enumerate(MEASURES):
        scale = 1.0 if name == "validation_iou" else top
        values = [getattr(look, name) for look in history]
        points = " ".join(
            f"{WIDTH * look.step / last_step:.1f},{HEIGHT - HEIGHT * min(value / scale, 1):.1f}"
            for look, value in zip(history, values, strict=True)
            if value == value  # not a number has no place
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/><text x="{WIDTH + 8}" y="{20 + 18 * row}" '
            f'fill="currentColor" font-size="13">{said} {values[-1]:.2f}</text>'
            f'<rect x="{WIDTH + 2}" y="{10 + 18 * row}" width="4" height="10" fill="{colour}"/>'
        )
    label = ", ".join(f"{said} {getattr(history[-1], name):.2f}" for name, said, *_ in MEASURES)
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH + 170}" height="{HEIGHT + 4}" '
        f'viewBox="0 -2 {WIDTH + 170} {HEIGHT + 4}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#7B8794"/>'
        f"{''.join(lines)}</svg>"
    )


def _picture(values: Tensor) -> str:
    """Return a map (H, W) of 0 to 1 as an image in the page."""
    step = -(-max(values.shape) // LARGEST)
    pixels = (values[::step, ::step].clamp(0, 1) * 255).numpy().astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, format="png")
    data = base64.b64encode(png.getvalue()).decode()
    return (
        f'<img alt="" src="data:image/png;base64,{data}" '
        f'style="height:{LARGEST}px;image-rendering:pixelated;margin-right:4px">'
    )
