"""SizeLedger: the sizes and channels of a whole U-Net, where they part, and what repairs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from unet_teach.widgets import unet_sizes as model
from unet_teach.widgets.base import STATIC, Choice, CourseWidget, Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = ("height", "width", "depth", "base_channels", "in_channels", "out_channels")
CHOICES = ("conv", "down", "up", "norm", "repair")


class SizeLedger(CourseWidget):
    """Follow a picture's size through a U-Net: down, up, and to the level where the sizes part.

    It shows `unet_teach.UNet` with these options and skip="cat", before `UNet` repairs anything.

    Attributes:
        height: pixels of the picture, 1 to 1024.
        width: pixels of the picture, 1 to 1024.
        depth: number of halvings, 1 to 6.
        base_channels: channels of level 0, 1 to 128; each level below has twice as many.
        in_channels: channels of the picture, 1 to 64.
        out_channels: channels of the answer, one a class, 1 to 128.
        conv: "padded" 3×3 convolutions keep the size; "valid" ones take 2 off a side (2015).
        down: what halves, "max_pool" or "strided_conv".
        up: what doubles, "conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear"
            or "nearest".
        norm: whether batch normalisation follows each 3×3 convolution.
        repair: what is done where sizes part: "none", "pad_input", "crop", "pad",
            "output_padding" or "resize".
        fits: whether a picture comes through, the repair included (read only).
        parts_at: the level where skip and up-sampled map differ, else `None` (read only).
        levels: a dict for each level: its `channels`, `parameters` and sizes [H, W] as `enters`,
            `encoder`, `arrives`, `joined` and `decoder`; `None` where not reached (read only).
        parameters: the network's learned numbers (read only).
        receptive_field: pixels a side that one cell of the lowest level sees (read only).
        nearest: for "height" and "width" the nearest (smaller, larger) sizes that need no repair,
            `None` where there is none (read only).
        error: why nothing comes through, and which sizes would; empty if it does (read only).

    Raises:
        traitlets.TraitError: for a value out of range or unknown, with a sentence; nothing changes.
    """

    _esm = STATIC / "size_ledger.js"

    height = Size(200, minimum=1, maximum=model.LARGEST_SIDE).tag(sync=True)
    width = Size(300, minimum=1, maximum=model.LARGEST_SIDE).tag(sync=True)
    depth = Size(4, minimum=1, maximum=6).tag(sync=True)
    base_channels = Size(64, minimum=1, maximum=128).tag(sync=True)
    in_channels = Size(1, minimum=1, maximum=64).tag(sync=True)
    out_channels = Size(1, minimum=1, maximum=128).tag(sync=True)
    conv = Choice(*model.CONV).tag(sync=True)
    down = Choice(*model.DOWN).tag(sync=True)
    up = Choice(*model.UP).tag(sync=True)
    norm = Choice(True, False).tag(sync=True)
    repair = Choice(*model.REPAIR).tag(sync=True)

    fits = traitlets.Bool(read_only=True)
    parts_at = traitlets.Int(None, allow_none=True, read_only=True)
    levels: traitlets.List[dict[str, Any]] = traitlets.List(read_only=True)
    parameters = traitlets.Int(read_only=True)
    receptive_field = traitlets.Int(read_only=True)
    nearest = traitlets.Dict(read_only=True)
    error = traitlets.Unicode(read_only=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._work_out()

    @property
    def options(self) -> model.Options:
        """What is asked: the picture's size and the network's options."""
        return model.Options(**{name: getattr(self, name) for name in (*SIZES, *CHOICES)})

    @traitlets.observe(*SIZES, *CHOICES)
    def _work_out(self, _change: Any = None) -> None:
        result = model.ledger(self.options)
        with self.hold_trait_notifications():  # whoever observes one result finds all of them new
            for name in ("fits", "parts_at", "levels", "parameters", "receptive_field", "nearest"):
                self.set_trait(name, result[name])
            self.set_trait("error", error(result))

    def describe(self) -> str:
        """Return one line: the sizes that go in, what becomes of them, and the parameters."""
        options = self.options
        line = headline(options, model.ledger(options))
        return f"SizeLedger · {line} · {self.error or f'{self.parameters:,} parameters'}"

    def figure(self) -> Figure:
        """Return the U with its sizes and channels, drawn with matplotlib."""
        from unet_teach.widgets.ledger_figure import ledger_figure

        return ledger_figure(self.options)


def headline(options: model.Options, result: dict[str, Any]) -> str:
    """Return the result in one line."""
    asked = f"{options.height}×{options.width}, depth {options.depth}: "
    if result["parts_at"] is not None:
        return f"{asked}the sizes part at level {result['parts_at']}"
    if result["vanishes_at"] is not None:
        return f"{asked}nothing is left at level {result['vanishes_at']}"
    return f"{asked}the answer is {times(result['answer'])}"


def error(result: dict[str, Any]) -> str:
    """Return why nothing comes through and which sizes would, as sentences; empty if it does."""
    if result["fits"]:
        return ""
    works = ", ".join(
        f"{side} {' or '.join(str(size) for size in dict.fromkeys(near) if size) or 'above 1024'}"
        for side, near in result["nearest"].items()
    )
    if result["parts_at"] is None:
        why = f"Less than one row or column is left at level {result['vanishes_at']}."
    else:
        level = result["levels"][result["parts_at"]]
        why = f"The skip is {times(level['encoder'])}, what comes up is {times(level['arrives'])}."
    return f"{why} Sizes that work: {works}."


def times(size: list[int]) -> str:
    """Return a size as H×W."""
    return "×".join(map(str, size))
