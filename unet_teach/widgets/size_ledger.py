"""SizeLedger: sizes and channels of a whole U-Net, where sizes do not match, and repairs."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets

from unet_teach.widgets import unet_sizes as model
from unet_teach.widgets.base import BoundedInt, Choice, CourseWidget
from unet_teach.widgets.size_ledger_words import effect, error, headline

SIZES = tuple(model.BOUNDS)
CHOICES = tuple(model.CHOICES)
RESULTS = ("fits", "mismatch_at", "levels", "parameters", "receptive_field", "nearest")


def _size(name: str) -> BoundedInt:
    return BoundedInt(model.DEFAULTS[name], *model.BOUNDS[name]).tag(sync=True)


def _choice(name: str) -> Choice:
    return Choice(*model.CHOICES[name]).tag(sync=True)


class SizeLedger(CourseWidget, view="size_ledger"):
    """Follow an image's size through encoder and decoder to the level with a size mismatch.

    It shows `unet_teach.UNet` with these options and skip="cat", before `UNet` repairs anything.

    Attributes:
        height: pixels of the image, 1 to 1024.
        width: pixels of the image, 1 to 1024.
        depth: number of halvings, 1 to 6.
        base_channels: channels of level 0, 1 to 128, doubled at each level below.
        in_channels: channels of the image, 1 to 64.
        out_channels: channels of the output, one for each class, 1 to 128.
        padding: of the 3×3 convolutions: "same" keeps the size; "valid", as in the paper of 2015,
            takes 2 pixels off height and width. The older spelling conv="padded" or "valid" still
            works.
        down: the layer that halves the size, "max_pool" or "strided_conv".
        up: the layer that doubles the size, "conv_transpose_2", "conv_transpose_3",
            "conv_transpose_4", "bilinear" or "nearest".
        norm: whether batch normalisation follows each 3×3 convolution.
        repair: what is done about a mismatch: "none", "pad_input", "crop", "pad",
            "output_padding" or "resize".
        fits: whether there is an output, with the repair (read only).
        mismatch_at: the level where the sizes of skip and up-sampled map differ, else `None` (read
            only).
        levels: a dict for each level: its `channels`, `parameters` and sizes [H, W] as `enters`,
            `encoder`, `arrives`, `joined` and `decoder`; `None` where not reached (read only).
        parameters: the number of the network's parameters (read only).
        receptive_field: input pixels along each side that affect one cell of the bottleneck
            (read only).
        nearest: for "height" and "width" the nearest (smaller, larger) sizes that need no repair,
            `None` where there is none (read only).
        error: why there is no output, and which sizes have one; empty if there is one (read only).

    The states of steps may also ask for "fits", "mismatch_level" (`mismatch_at`) and "output_size",
    the output's (H, W) after the repair.

    Raises:
        traitlets.TraitError: for a value out of range or unknown, with a sentence; nothing changes.
    """

    STEP_FACTS: ClassVar[tuple[str, ...]] = ("fits", "mismatch_level", "output_size")

    height = _size("height")
    width = _size("width")
    depth = _size("depth")
    base_channels = _size("base_channels")
    in_channels = _size("in_channels")
    out_channels = _size("out_channels")
    padding = _choice("padding")
    down = _choice("down")
    up = _choice("up")
    norm = _choice("norm")
    repair = _choice("repair")

    fits = traitlets.Bool(read_only=True)
    mismatch_at = traitlets.Int(None, allow_none=True, read_only=True)
    levels: traitlets.List[dict[str, Any]] = traitlets.List(read_only=True)
    parameters = traitlets.Int(read_only=True)
    receptive_field = traitlets.Int(read_only=True)
    nearest = traitlets.Dict(read_only=True)
    error = traitlets.Unicode(read_only=True)

    def __init__(self, **options: Any) -> None:
        if "conv" in options:  # the older spelling
            if "padding" in options:
                raise TypeError("padding and conv are the same option. Use padding alone.")
            conv = options.pop("conv")
            options["padding"] = "same" if conv == "padded" else conv
        super().__init__(**options)
        self._update()

    @property
    def options(self) -> model.Options:
        """The image's size and the network's options."""
        return model.Options(**{name: getattr(self, name) for name in (*SIZES, *CHOICES)})

    @traitlets.observe(*SIZES, *CHOICES)
    def _update(self, _change: Any = None) -> None:
        result = model.ledger(self.options)
        with self.hold_trait_notifications():  # an observer of one result finds all of them updated
            for name in RESULTS:
                self.set_trait(name, result[name])
            self.set_trait("error", error(result))

    def describe(self) -> str:
        """Return one line: the input size, the result, the repair, the number of parameters."""
        options = self.options
        parts = ["SizeLedger", headline(options, model.ledger(options))]
        if self.repair != "none":
            cost = list(model.costs(options))[model.CHOICES["repair"].index(self.repair)]
            parts.append(f"{self.repair}: {effect(options, cost)}")
        return " · ".join([*parts, self.error or f"{self.parameters:,} parameters"])
