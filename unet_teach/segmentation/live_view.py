"""Shows a training while it runs: how far it is, both losses, the IoU, and a prediction."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from torch import Tensor

from unet_teach.segmentation.training_result import Look, trouble_of

if TYPE_CHECKING:
    from unet_teach.segmentation.data.dataset import Pair
    from unet_teach.segmentation.training_result import Training

SHARE = 0.03  # of the time may go into drawing; a look that would cost more is not drawn
WIDTH, HEIGHT, LEFT = 340, 190, 34  # of the curves and of the space for their scale, in pixels
LARGEST = 256  # height or width of a shown picture, in pixels
MEASURES = (  # name, what it is called, dashes
    ("train_loss", "train loss", "6 4"),
    ("validation_loss", "validation loss", ""),
    ("validation_iou", "validation IoU", "2 3"),
)
STYLE = (  # the hues of js/theme.css
    ".ulive{color-scheme:light dark;--train_loss:light-dark(#bd7e00,#e69f00);"
    "--validation_loss:light-dark(#0072b2,#56b4e9);--validation_iou:light-dark(#00805c,#2fc79a);"
    "--line:light-dark(#7b8794,#87939f);--wrong:light-dark(#b84700,#ff8a3d);"
    "font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:var(--jp-ui-font-color1,light-dark(#1b1b1b,#eceff1));font-variant-numeric:tabular-nums}"
    'body[data-jp-theme-light="true"] .ulive{color-scheme:light}'
    'body[data-jp-theme-light="false"] .ulive{color-scheme:dark}'
    ".ulive p{margin:4px 0}.ulive .ulive-head{font-size:16px;font-weight:600}"
    ".ulive-wrong{border-left:4px solid var(--wrong);padding:4px 12px}"
    ".ulive-wrong b{color:var(--wrong)}"
    # An output that is not trusted yet loses this style and the tags of SVG, and keeps their words.
    ".ulive-curves{display:block!important}.ulive-off{display:none}"
    ".ulive-body{display:flex;flex-wrap:wrap;gap:12px 24px;align-items:flex-start}"
    ".ulive-names{display:flex;flex-wrap:wrap;gap:2px 16px;margin:4px 0;max-width:390px}"
    ".ulive-names svg{vertical-align:-1px;margin-right:6px}"
    ".ulive polyline,.ulive line{fill:none;stroke-width:2}"
    ".ulive text{font-size:13px;fill:currentColor}"
    ".ulive-axis{fill:none;stroke:var(--line)}.ulive-pictures{display:flex;gap:8px}"
    ".ulive figure{margin:0}.ulive img{display:block;image-rendering:pixelated;"
    "max-width:none;outline:1px solid var(--line)}"
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
            self.window = window_of(pair.mask[0])
            self.still = self._picture("picture", pair.image.mean(dim=0)) + self._picture(
                "wanted", pair.mask[0]
            )

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
        self._draw(history, history[-1], done, head, note)
        self.spent += time.perf_counter() - start

    def close(self, training: Training) -> None:
        """Draw a last time, with how it ended."""
        if self.shown:
            said, _, trouble = repr(training).partition("\n")
            said += f" {training.seconds:.0f} s on {_threads(training.threads)}."
            self._draw(training.history, training.best, 1.0, said, trouble)

    def _draw(
        self, history: Sequence[Look], shown: Look, done: float, head: str, note: str
    ) -> None:
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
        bundle = {
            "text/html": self._html(history, shown, done, head, note),
            "text/plain": "[training]",
        }
        show = self.handle.update if self.spent else self.handle.display
        show(bundle, raw=True)

    def _html(self, history: Sequence[Look], shown: Look, done: float, head: str, note: str) -> str:
        warning = f'<p class="ulive-wrong" role="alert"><b>✕</b> {escape(note)}</p>'
        found = (
            ""
            if shown.shown is None
            else self._picture(f"found at step {shown.step}", (shown.shown > 0.5).float())
        )
        return (
            f'<div class="ulive"><style>{STYLE}</style>'
            f'<p class="ulive-head" role="status">{escape(head)}</p>{warning if note else ""}'
            f'<div class="ulive-body"><div>{_names(history[-1])}'
            f'<div class="ulive-curves" style="display:none">{_curves(history, done)}</div>'
            '<p class="ulive-off">The curves appear when the cell is run.</p></div>'
            f'<div><p>The first validation picture</p><div class="ulive-pictures">'
            f"{self.still}{found}</div></div></div></div>"
        )

    def _picture(self, name: str, values: Tensor) -> str:
        """Return the window of a map (H, W) of 0 to 1 as an image with its name."""
        rows, columns = self.window
        pixels = (values[rows, columns].clamp(0, 1) * 255).numpy().astype(np.uint8)
        step = -(-max(pixels.shape) // LARGEST)
        scale = max(1, LARGEST // max(pixels.shape))
        image = Image.fromarray(pixels[::step, ::step])
        png = io.BytesIO()
        image.save(png, format="png")
        data = base64.b64encode(png.getvalue()).decode()
        width, height = (scale * side for side in image.size)
        return (
            f'<figure><img alt="{name}" width="{width}" height="{height}" '
            f'src="data:image/png;base64,{data}"><figcaption>{name}</figcaption></figure>'
        )


def window_of(mask: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of a mask (H, W) to be looked at.

    Of a long picture, the part twice as long as it is wide where the most outlines are.
    """
    if mask.shape[1] > mask.shape[0]:
        rows, columns = window_of(mask.T)
        return columns, rows
    height, width = mask.shape
    length = min(height, 2 * width)
    outlines = (mask[:, 1:] != mask[:, :-1]).sum(1).float()
    outlines[1:] += (mask[1:] != mask[:-1]).sum(1)
    top = int(outlines.unfold(0, length, 1).sum(1).argmax())
    return slice(top, top + length), slice(0, width)


def _threads(count: int) -> str:
    return "one thread" if count == 1 else f"{count} threads"


def _in_a_notebook() -> bool:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()  # type: ignore[no-untyped-call, unused-ignore]
    return shell is not None and hasattr(shell, "kernel")


def _names(look: Look) -> str:
    """Return what each line is, and its last value."""
    return (
        '<div class="ulive-names">'
        + " ".join(
            f'<span><svg width="26" height="4" aria-hidden="true"><line x2="26" y1="2" y2="2" '
            f'stroke="var(--{name})" stroke-dasharray="{dashes}"/></svg>'
            f"{said} <b>{getattr(look, name):.2f}</b></span>"
            for name, said, dashes in MEASURES
        )
        + "</div>"
    )


def _curves(history: Sequence[Look], done: float) -> str:
    """Return the curves as an SVG that is as wide as the whole training will be."""
    last_step = max(1, history[-1].step)
    far = WIDTH * min(1.0, done or 1.0)
    top = max(1.0, *(max(look.train_loss, look.validation_loss) for look in history))
    top = top if isfinite(top) else 1.0
    lines = []
    for name, _, dashes in MEASURES:
        points = " ".join(
            f"{far * look.step / last_step:.1f},{HEIGHT - HEIGHT * min(value / top, 1):.1f}"
            for look in history
            if isfinite(value := getattr(look, name))
        )
        lines.append(
            f'<polyline points="{points}" stroke="var(--{name})" stroke-dasharray="{dashes}"/>'
        )
    label = ", ".join(f"{said} {getattr(history[-1], name):.2f}" for name, said, _ in MEASURES)
    ticks = "".join(
        f'<text x="-6" y="{HEIGHT - HEIGHT * value / top + 4:.1f}" text-anchor="end">'
        f"{value:g}</text>"
        for value in (0, 0.5, 1, *range(2, int(top) + 1, max(1, int(top) // 4)))
    )
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH + LEFT + 8}" height="{HEIGHT + 30}" '
        f'viewBox="{-LEFT} -6 {WIDTH + LEFT + 8} {HEIGHT + 30}">'
        f'<path class="ulive-axis" d="M0 0V{HEIGHT}H{WIDTH}"/>{ticks}'
        f'<text x="{far:.1f}" y="{HEIGHT + 18}" text-anchor="{"start" if done < 0.3 else "end"}">'
        f"step {history[-1].step}</text>{''.join(lines)}</svg>"
    )
