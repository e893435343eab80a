"""Shows a running training: its progress, both losses, the validation IoU, and a prediction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from torch import Tensor

from unet_teach.segmentation.training_result import StepMetrics, diagnose
from unet_teach.shared.palette import CSS_INPUT, CSS_LINE, CSS_OUTPUT, CSS_WINDOW, CSS_WRONG
from unet_teach.shared.png import encode_png

if TYPE_CHECKING:
    from unet_teach.segmentation.data.dataset import Pair
    from unet_teach.segmentation.training_result import Training

DRAWING_SHARE = 0.03  # largest fraction of the time that may be spent on drawing
WIDTH, HEIGHT, LEFT = 340, 190, 34  # of the curves, and of the space for their scale, in pixels
LARGEST_SIDE = 256  # largest height or width of an image on the page, in pixels
CURVES = (  # attribute of StepMetrics, label, dashes
    ("train_loss", "train loss", "6 4"),
    ("validation_loss", "validation loss", ""),
    ("validation_iou", "validation IoU", "2 3"),
)
STYLE = (
    f".ulive{{color-scheme:light dark;--train_loss:{CSS_WINDOW};--validation_loss:{CSS_INPUT};"
    f"--validation_iou:{CSS_OUTPUT};--line:{CSS_LINE};--wrong:{CSS_WRONG};"
    "font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:var(--jp-ui-font-color1,light-dark(#1b1b1b,#eceff1));font-variant-numeric:tabular-nums}"
    'body[data-jp-theme-light="true"] .ulive{color-scheme:light}'
    'body[data-jp-theme-light="false"] .ulive{color-scheme:dark}'
    ".ulive p{margin:4px 0}.ulive .ulive-head{font-size:16px;font-weight:600}"
    ".ulive-wrong{border-left:4px solid var(--wrong);padding:4px 12px}"
    ".ulive-wrong b{color:var(--wrong)}"
    # JupyterLab strips this style and the SVG tags from an output that is not trusted yet, and
    # keeps their text. So the curves are hidden by an inline style, which this rule overrides.
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
    """One notebook output that is redrawn while a training runs; elsewhere, printed lines.

    Args:
        pair: the image whose prediction is shown, with its mask.
        shown: whether to show anything.
    """

    def __init__(self, pair: Pair, shown: bool) -> None:
        self.shown, self.pair = shown, pair
        self.drawing_seconds = 0.0  # seconds spent on drawing
        self.handle: Any = None
        if shown and _in_a_notebook():
            from IPython.display import DisplayHandle  # there is no IPython outside of a notebook

            self.handle = DisplayHandle()  # type: ignore[no-untyped-call, unused-ignore]
            self.window = most_detailed_window(pair.mask[0])
            self.inputs = self._image_html("picture", pair.image.mean(dim=0))
            self.inputs += self._image_html("wanted", pair.mask[0])

    def show(self, history: Sequence[StepMetrics], progress: float, elapsed: float) -> None:
        """Draw the latest metrics, unless drawing has used up its share of the time.

        Args:
            history: metrics in the order of the steps.
            progress: fraction of the training that is done, 0 to 1.
            elapsed: seconds since the training began.
        """
        if not self.shown or self.drawing_seconds > DRAWING_SHARE * elapsed:
            return
        start = time.perf_counter()
        head = f"step {history[-1].step}, {min(progress, 1):.0%} done"
        if 0.02 < progress < 1:
            head += f", about {elapsed * (1 / progress - 1):.0f} s left"
        warning = diagnose(history, "") if progress > 0.5 else ""
        self._draw(history, history[-1], progress, head, warning)
        self.drawing_seconds += time.perf_counter() - start

    def close(self, training: Training) -> None:
        """Draw a last time: how the training ended, and the prediction of the best weights."""
        if self.shown:
            head, _, trouble = repr(training).partition("\n")
            threads = "one thread" if training.threads == 1 else f"{training.threads} threads"
            head += f" {training.seconds:.0f} s on {threads}."
            self._draw(training.history, training.best, 1.0, head, trouble)

    def _draw(
        self,
        history: Sequence[StepMetrics],
        predicted_at: StepMetrics,
        progress: float,
        head: str,
        warning: str,
    ) -> None:
        if self.handle is None:
            last = history[-1]
            print(
                f"{head}: loss {last.train_loss:.3f} (train) {last.validation_loss:.3f} "
                f"(validation), validation IoU {last.validation_iou:.2f}",
                *([warning] if warning else []),
                sep="\n",
            )
            return
        # The text form is kept in a stored notebook. It holds no times, so that it never changes.
        bundle = {
            "text/html": self._html(history, predicted_at, progress, head, warning),
            "text/plain": "[training]",
        }
        show = self.handle.update if self.drawing_seconds else self.handle.display
        show(bundle, raw=True)

    def _html(
        self,
        history: Sequence[StepMetrics],
        predicted_at: StepMetrics,
        progress: float,
        head: str,
        warning: str,
    ) -> str:
        alert = f'<p class="ulive-wrong" role="alert"><b>✕</b> {escape(warning)}</p>'
        prediction = ""
        if predicted_at.probabilities is not None:
            mask = (predicted_at.probabilities > 0.5).float()
            prediction = self._image_html(f"found at step {predicted_at.step}", mask)
        return (
            f'<div class="ulive"><style>{STYLE}</style>'
            f'<p class="ulive-head" role="status">{escape(head)}</p>{alert if warning else ""}'
            f'<div class="ulive-body"><div>{_legend_html(history[-1])}'
            f'<div class="ulive-curves" style="display:none">{_curves_svg(history, progress)}</div>'
            '<p class="ulive-off">The curves appear when the cell is run.</p></div>'
            f'<div><p>The first validation picture</p><div class="ulive-pictures">'
            f"{self.inputs}{prediction}</div></div></div></div>"
        )

    def _image_html(self, name: str, values: Tensor) -> str:
        """Return the window of an image (H, W) with values from 0 to 1, with its name below."""
        rows, columns = self.window
        pixels = (values[rows, columns].clamp(0, 1) * 255).numpy().astype(np.uint8)
        step = -(-max(pixels.shape) // LARGEST_SIDE)
        scale = max(1, LARGEST_SIDE // max(pixels.shape))
        image = Image.fromarray(pixels[::step, ::step])
        width, height = (scale * side for side in image.size)
        return (
            f'<figure><img alt="{name}" width="{width}" height="{height}" '
            f'src="data:image/png;base64,{encode_png(image)}"><figcaption>{name}</figcaption>'
            "</figure>"
        )


def most_detailed_window(mask: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of a mask (H, W) that are shown.

    Of a long mask it is the part, twice as long as it is wide, with the longest boundaries.
    """
    if mask.shape[1] > mask.shape[0]:
        rows, columns = most_detailed_window(mask.T)
        return columns, rows
    height, width = mask.shape
    length = min(height, 2 * width)
    changes = (mask[:, 1:] != mask[:, :-1]).sum(1).float()
    changes[1:] += (mask[1:] != mask[:-1]).sum(1)
    top = int(changes.unfold(0, length, 1).sum(1).argmax())
    return slice(top, top + length), slice(0, width)


def _in_a_notebook() -> bool:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()  # type: ignore[no-untyped-call, unused-ignore]
    return shell is not None and hasattr(shell, "kernel")


def _legend_html(metrics: StepMetrics) -> str:
    """Return the label and the last value of each curve."""
    entries = " ".join(
        f'<span><svg width="26" height="4" aria-hidden="true"><line x2="26" y1="2" y2="2" '
        f'stroke="var(--{name})" stroke-dasharray="{dashes}"/></svg>'
        f"{label} <b>{getattr(metrics, name):.2f}</b></span>"
        for name, label, dashes in CURVES
    )
    return f'<div class="ulive-names">{entries}</div>'


def _curves_svg(history: Sequence[StepMetrics], progress: float) -> str:
    """Return the curves as an SVG; its full width is the whole training."""
    last_step = max(1, history[-1].step)
    right = WIDTH * min(1.0, progress or 1.0)
    highest = max(1.0, *(max(m.train_loss, m.validation_loss) for m in history))
    highest = highest if isfinite(highest) else 1.0
    lines = []
    for name, _, dashes in CURVES:
        points = " ".join(
            f"{right * metrics.step / last_step:.1f},"
            f"{HEIGHT - HEIGHT * min(value / highest, 1):.1f}"
            for metrics in history
            if isfinite(value := getattr(metrics, name))
        )
        lines.append(
            f'<polyline points="{points}" stroke="var(--{name})" stroke-dasharray="{dashes}"/>'
        )
    alt = ", ".join(f"{label} {getattr(history[-1], name):.2f}" for name, label, _ in CURVES)
    ticks = "".join(
        f'<text x="-6" y="{HEIGHT - HEIGHT * value / highest + 4:.1f}" text-anchor="end">'
        f"{value:g}</text>"
        for value in (0, 0.5, 1, *range(2, int(highest) + 1, max(1, int(highest) // 4)))
    )
    anchor = "start" if progress < 0.3 else "end"
    return (
        f'<svg role="img" aria-label="{alt}" width="{WIDTH + LEFT + 8}" height="{HEIGHT + 30}" '
        f'viewBox="{-LEFT} -6 {WIDTH + LEFT + 8} {HEIGHT + 30}">'
        f'<path class="ulive-axis" d="M0 0V{HEIGHT}H{WIDTH}"/>{ticks}'
        f'<text x="{right:.1f}" y="{HEIGHT + 18}" text-anchor="{anchor}">'
        f"step {history[-1].step}</text>{''.join(lines)}</svg>"
    )
