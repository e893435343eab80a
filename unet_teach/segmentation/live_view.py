"""Shows a running training: its progress, both losses, the validation IoU, and a prediction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from unet_teach.segmentation.plots import paint_labels
from unet_teach.segmentation.training_result import StepMetrics, diagnose
from unet_teach.shared.interrupts import notebook_shell
from unet_teach.shared.palette import GREY, INK, INPUT, OUTPUT, WINDOW_LINE, WRONG
from unet_teach.shared.png import encode_png
from unet_teach.shared.show import img_of_svg

if TYPE_CHECKING:
    from unet_teach.segmentation.data.dataset import Pair
    from unet_teach.segmentation.training_result import Training

DRAWING_SHARE = 0.03  # largest fraction of the time that may be spent on drawing
# Pixels. Curves and images fit side by side into a notebook beside JupyterLab's file browser on a
# screen of 1280.
WIDTH, HEIGHT = 376, 176  # of the curves
LEFT, TOP, RIGHT, BELOW = 34, 48, 10, 24  # around them, for scales and names
SIZE = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BELOW
PREDICTION_SIDE, SMALL_SIDE, CAPTION = 224, 101, 22
CURVES = (  # attribute of StepMetrics, label, colour, dashes
    ("train_loss", "train loss", WINDOW_LINE, "6 4"),
    ("validation_loss", "validation loss", INPUT, ""),
    ("validation_iou", "validation IoU", OUTPUT, "2 3"),
)


class LiveView:
    """One notebook output that is redrawn while a training runs; elsewhere, printed lines."""

    def __init__(self, pair: Pair, shown: bool, colours: Sequence[str] = ()) -> None:
        self.shown, self.pair, self.colours = shown, pair, colours
        self.drawing_seconds = 0.0  # seconds spent on drawing
        self.handle: Any = None
        self.cell: int | None = None  # number of the notebook's cell
        self.window = most_detailed_window(pair.mask[0])
        if shown and (shell := notebook_shell()):
            from IPython.display import DisplayHandle  # there is no IPython outside of a notebook

            self.handle = DisplayHandle()  # type: ignore[no-untyped-call, unused-ignore]
            self.cell = shell.execution_count

    def show(self, history: Sequence[StepMetrics], progress: float, elapsed: float) -> None:
        """Draw the latest metrics, unless drawing has used up its share of the elapsed seconds."""
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
            summary, _, trouble = repr(training).partition("\n")
            ended, _, kept = summary.partition(" Kept: ")
            place = "one thread" if training.threads == 1 else f"{training.threads} threads"
            place = place if training.device == "cpu" else training.device
            head = f"{ended} {training.seconds:.0f} s on {place}."
            self._draw(training.history, training.best, 1.0, head, trouble, f"Kept: {kept}")

    def _draw(
        self,
        history: Sequence[StepMetrics],
        predicted_at: StepMetrics,
        progress: float,
        head: str,
        warning: str,
        kept: str = "",
    ) -> None:
        if self.handle is None:
            at = predicted_at  # the last metrics, and at the end those of the weights that are kept
            print(
                f"{head}{' ' * bool(kept)}{kept.rstrip('.')}: loss {at.train_loss:.3f} (train) "
                f"{at.validation_loss:.3f} (validation), validation IoU {at.validation_iou:.2f}",
                *([warning] if warning else []),
                sep="\n",
            )
            return
        # The text form is kept in a stored notebook. It holds no times, so that it never changes.
        bundle = {
            "text/html": self._html(history, predicted_at, progress, head, warning, kept),
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
        kept: str = "",
    ) -> str:
        """Return the page. Its styles are inline: JupyterLab keeps them in untrusted notebooks."""
        svg = _curves_svg(history, progress, predicted_at if kept else None)
        last_values = (f"{label} {getattr(history[-1], name):.2f}" for name, label, *_ in CURVES)
        curves = img_of_svg(svg, ", ".join(last_values), *SIZE)
        best = max(history, key=lambda metrics: metrics.validation_iou)
        best_so_far = f"Best so far: step {best.step}, IoU {best.validation_iou:.2f} on validation."
        alert = (
            f'<p role="alert" style="border-left:4px solid {WRONG};padding:4px 12px">'
            f"✕ {escape(warning)}</p>"
        )
        return (
            '<div style="display:flex;flex-wrap:wrap;align-items:flex-start;gap:0 24px">'
            f'<p role="status" style="width:100%;margin:4px 0 8px"><b>{escape(head)}</b></p>'
            f"{curves}{self._images_html(predicted_at)}"
            f'<p style="width:100%;margin:8px 0 4px">{escape(kept or best_so_far)}</p>'
            f"{alert if warning else ''}</div>"
        )

    def _images_html(self, predicted_at: StepMetrics) -> str:
        """Return the prediction for the first validation image, with image and target beside it."""
        height, width = self.pair.mask[0][self.window].shape
        factor = min(PREDICTION_SIDE / height, PREDICTION_SIDE / width)
        small = min(SMALL_SIDE / height, SMALL_SIDE / width)
        prediction = ""
        if predicted_at.probabilities is not None:
            mask = predicted_at.probabilities
            mask = mask if mask.dtype == torch.uint8 else (mask > 0.5).float()
            prediction = self._image_html(
                f"prediction, step {predicted_at.step}", mask, factor, 150
            )
        return (
            f'<div style="display:flex;flex-wrap:wrap;gap:12px">{prediction}<div>'
            f"{self._image_html('image', self.pair.image.mean(dim=0), small)}"
            f"{self._image_html('target', self.pair.mask[0], small)}</div></div>"
        )

    def _image_html(self, name: str, values: Tensor, factor: float, least: int = 64) -> str:
        """Return the window of an image (H, W), values from 0 to 1 or labels, with its name above.

        It takes the room of `least` pixels, so that nothing moves when the name gets longer.
        """
        shown = values[self.window]
        if values.dtype == torch.uint8:
            pixels = paint_labels(shown, self.colours)
        else:
            pixels = (shown.clamp(0, 1).numpy() * 255).astype(np.uint8)
        height, width = (round(side * factor) for side in pixels.shape[:2])
        image = Image.fromarray(pixels)
        if factor < 1:
            image = image.resize((width, height))
        return (
            f'<figure style="margin:0;min-width:{max(least, width)}px"><figcaption '
            f'style="height:{CAPTION}px;line-height:{CAPTION - 2}px;font-size:14px;'
            f'white-space:nowrap">{name}</figcaption><img alt="{name}" '
            f'width="{width}" height="{height}" style="display:block;image-rendering:pixelated;'
            f'outline:1px solid {GREY}" '
            f'src="data:image/png;base64,{encode_png(image)}"></figure>'
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


def _curves_svg(
    history: Sequence[StepMetrics], progress: float, marked: StepMetrics | None = None
) -> str:
    """Return the curves, with names and last values above; the full width is the whole training."""
    last_step = max(1, history[-1].step)
    end = WIDTH * min(1.0, progress or 1.0)
    highest = max(1.0, *(max(m.train_loss, m.validation_loss) for m in history))
    highest = highest if isfinite(highest) else 1.0

    def height_of(value: float) -> float:
        return HEIGHT - HEIGHT * min(value / highest, 1)

    def x_of(metrics: StepMetrics) -> float:
        return end * metrics.step / last_step

    parts = [f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="{GREY}"/>']
    for number, (name, label, colour, dashes) in enumerate(CURVES):
        points = " ".join(
            f"{x_of(metrics):.1f},{height_of(value):.1f}"
            for metrics in history
            if isfinite(value := getattr(metrics, name))
        )
        left, value = 132 * number - 10, getattr(history[-1], name)
        line = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(
            f'<polyline points="{points}" {line}/><path d="M{left} -35h22" {line}/>'
            f'<text x="{left + 28}" y="-31">{label}</text><text x="{left + 28}" y="-13" '
            f'font-weight="bold">{f"{value:.2f}" if isfinite(value) else "–"}</text>'
        )
    if marked is not None:
        where = f'cx="{x_of(marked):.1f}" cy="{height_of(marked.validation_iou):.1f}"'
        parts.append(f'<circle {where} r="5" fill="{OUTPUT}"/>')
        x, y = min(max(x_of(marked), 16.0), WIDTH - 16.0), height_of(marked.validation_iou)
        y += 20 if marked.validation_iou < marked.validation_loss and y < HEIGHT - 24 else -10
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">kept</text>')
    for value in (0, 0.5, 1, *range(2, int(highest) + 1, max(1, int(highest) // 4))):
        y = height_of(value) + 4
        parts.append(f'<text x="-6" y="{y:.1f}" text-anchor="end">{value:g}</text>')
    anchor = "start" if progress < 0.3 else "end"
    parts.append(
        f'<text x="{end:.1f}" y="{HEIGHT + 18}" text-anchor="{anchor}">'
        f"step {history[-1].step}</text>"
    )
    box = f"{-LEFT} {-TOP} {SIZE[0]} {SIZE[1]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="{INK}" '
        f'font-family="system-ui, sans-serif" font-size="13">{"".join(parts)}</svg>'
    )
