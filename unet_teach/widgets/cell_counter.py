"""CellCounter: cells in a network's probabilities, cut apart by a threshold on the border."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import traitlets
from numpy.typing import NDArray

from unet_teach.widgets.base import BoundedInt, Checked, Choice, CourseWidget, is_finite
from unet_teach.widgets.steps import Step

MOST_PIXELS = 2**16


def _read_share(name: str, value: Any) -> float:
    """Return a number from 0 to 1 to two decimals, as its slider has them."""
    if not is_finite(value) or not 0 <= value <= 1:
        raise ValueError(f"{name}={value!r} does not work: give a number from 0 to 1, such as 0.5.")
    return round(float(value), 2)


class CellCounter(CourseWidget, view="cell_counter"):
    """Count the cells that are left where likely borders are cut out.

    A pixel belongs to a cell if background is less probable than one half and *border* at most as
    probable as the threshold. Connected pixels are one cell.

    Args:
        image: Numbers from 0 to 1, of shape (H, W) or (1, H, W): a tensor or an array of at most
            65,536 pixels.
        probabilities: Of background, inside and border, (3, H, W) or (1, 3, H, W).
        target: The number of each pixel's true cell, 0 for background, (H, W) or (1, H, W). With
            it, the cells that were found are compared with it.
        threshold: Of the border, from 0 to 1, in hundredths. At 1 nothing is cut.
        overlay: What is painted over the image: the cells "found", those of the "target", or
            "none".
        smallest: Cells with fewer pixels are left out.
        steps: Instructions above the images. Their states may ask for `found`, the number of cells
            found; `merged`, of those that hold several cells of the target; `split`, of target
            cells in several pieces; and `best`, whether object F1 is as high as at the best of
            the thresholds 0.05, 0.10, … 0.95.

    Attributes:
        threshold, overlay, smallest: as above. Each may be assigned, and the widget follows.
        labels: the cells found, (H, W), int32, computed as the page does.

    Raises:
        traitlets.TraitError: For a threshold or an overlay that does not exist.
        ValueError: For images that cannot be shown.
    """

    STEP_FACTS = ("found", "merged", "split", "best")

    threshold = Checked(_read_share, 0.5).tag(sync=True)
    overlay = Choice("found", "target", "none").tag(sync=True)
    smallest = BoundedInt(12, minimum=1, maximum=10_000).tag(sync=True)
    _shape: traitlets.List[int] = traitlets.List().tag(sync=True)  # height and width
    # Base64 of bytes, row by row: 255 stands for 1, and a number of the target takes two bytes.
    _image = traitlets.Unicode("").tag(sync=True)
    _background = traitlets.Unicode("").tag(sync=True)
    _border = traitlets.Unicode("").tag(sync=True)
    _target = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        image: Any,
        probabilities: Any,
        target: Any = None,
        *,
        threshold: float = 0.5,
        overlay: Literal["found", "target", "none"] = "found",
        smallest: int = 12,
        steps: Sequence[str | Step] = (),
    ) -> None:
        super().__init__(threshold=threshold, overlay=overlay, smallest=smallest, steps=steps)
        plane = _plane("image", image)
        classes = _array("probabilities", probabilities)
        classes = classes[0] if classes.ndim == 4 and len(classes) == 1 else classes
        if classes.shape != (3, *plane.shape):
            raise ValueError(
                f"The probabilities are {classes.shape} and the image is {plane.shape}. Give "
                "(3, H, W), those of background, inside and border."
            )
        _check_shares(
            "probabilities", classes, "Turn logits into probabilities first: logits.softmax(0)"
        )
        _check_shares("image", plane, "Divide 8-bit values by 255")
        self._shape = list(plane.shape)
        self._image, self._background, self._border = map(_as_text, (plane, classes[0], classes[2]))
        if target is not None:
            numbers = _plane("target", target)
            is_number = (numbers >= 0) & (numbers < 2**16) & (numbers == np.rint(numbers))
            if numbers.shape != plane.shape or not is_number.all():
                raise ValueError(
                    f"The target is {numbers.shape}, with numbers from {numbers.min():g} to "
                    f"{numbers.max():g}. Give a whole number from 0 to 65,535 for each pixel of "
                    f"the image, {plane.shape}."
                )
            self._target = _base64(numbers.astype("<u2"))

    @property
    def labels(self) -> NDArray[np.int32]:
        """The cells found, (H, W): 0 for background, 1, 2, 3, … for the cells."""
        from scipy import ndimage  # slow to import

        is_cell, is_cut = self.cell_pixels()
        numbers, _ = ndimage.label(is_cell & ~is_cut)
        is_kept = np.bincount(numbers.ravel()) >= self.smallest
        is_kept[0] = False
        labels: NDArray[np.int32] = np.where(is_kept, is_kept.cumsum(), 0)[numbers].astype(np.int32)
        return labels

    def cell_pixels(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where background is less likely than one half, and where the border is cut out."""
        is_cell = self.plane("background") < 127.5
        border = self.plane("border")
        return is_cell, is_cell & (border * 100 > round(100 * self.threshold) * 255)

    def plane(self, name: str) -> NDArray[np.int32]:
        """Return the "image", or the probability of "background" or "border": (H, W), 0 to 255."""
        pixels = np.frombuffer(b64decode(getattr(self, f"_{name}")), np.uint8)
        return pixels.reshape(self._shape).astype(np.int32)

    def describe(self) -> str:
        """Return one line: how many cells are found at this threshold, and how many are there."""
        found, (height, width) = int(self.labels.max()), self._shape
        numbers = set(np.frombuffer(b64decode(self._target), "<u2").tolist()) - {0}
        there = f" The target has {len(numbers)}." if self._target else ""
        return (
            f"CellCounter: in an image of {height}×{width}, {found} "
            f"{'cell is' if found == 1 else 'cells are'} found where the border is at most "
            f"{self.threshold:.2f}.{there}"
        )


def _array(name: str, values: Any) -> NDArray[np.float64]:
    detached = values.detach().cpu() if hasattr(values, "detach") else values
    try:
        return np.asarray(detached, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"The {name} holds no numbers. Give a tensor or an array.") from None


def _plane(name: str, values: Any) -> NDArray[np.float64]:
    array = _array(name, values)
    plane: NDArray[np.float64] = array[0] if array.ndim == 3 and len(array) == 1 else array
    if plane.ndim != 2 or not 1 <= plane.size <= MOST_PIXELS:
        raise ValueError(
            f"The {name} is {array.shape}; give (H, W), at most {MOST_PIXELS:,} pixels. Cut a "
            "piece out of a larger one."
        )
    return plane


def _check_shares(name: str, values: NDArray[np.float64], remedy: str) -> None:
    if not ((values >= 0) & (values <= 1)).all():
        range_ = f"from {values.min():.3g} to {values.max():.3g}"
        wrong = "have NaN in them" if np.isnan(values).any() else f"run {range_}"
        raise ValueError(
            f"The values of the {name} {wrong}, but they should lie between 0 and 1. {remedy}."
        )


def _as_text(values: NDArray[np.float64]) -> str:
    return _base64(np.rint(255 * values).astype(np.uint8))


def _base64(values: NDArray[Any]) -> str:
    return b64encode(values.tobytes()).decode()
