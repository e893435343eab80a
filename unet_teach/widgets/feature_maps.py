"""FeatureMaps: an image and feature maps side by side, with one cursor for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import traitlets

from unet_teach.widgets.base import STATIC, Choice, CourseWidget, PairSize, Size, is_finite
from unet_teach.widgets.feature_maps_words import range_text
from unet_teach.widgets.map_values import MOST_CHANNELS, Values, read_maps

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Maps(traitlets.TraitType[Any, Any]):
    """Maps of numbers by name, kept as read-only float32 arrays of shape (C, H, W)."""

    def validate(self, obj: Any, value: Any) -> dict[str, Values]:
        """Return copies, or raise `TraitError` with a sentence."""
        try:
            return read_maps(value)
        except (TypeError, ValueError) as refusal:
            raise traitlets.TraitError(str(refusal)) from None


class ValueRange(traitlets.TraitType[Any, Any]):
    """The values drawn darkest and lightest, or `None` for the range of the values."""

    def validate(self, obj: Any, value: Any) -> tuple[float, float]:
        """Return a pair of floats, or raise `TraitError` with a sentence."""
        if isinstance(value, tuple | list) and len(value) == 2 and all(map(is_finite, value)):
            low, high = map(float, value)
            if low < high:
                return low, high
        raise traitlets.TraitError(
            f"{self.name}={value!r} is no range. Use a pair (low, high) of finite numbers, the "
            "lower first, or None for the range of the values."
        )


class OptionalPairSize(PairSize):
    """A whole number, a pair of them, or `None`, which is the default."""

    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(minimum, minimum, maximum)
        self.default_value: Any = None

    def validate(self, obj: Any, value: Any) -> Any:
        """Return what `PairSize` returns, or `None`."""
        return None if value is None else super().validate(obj, value)


class FeatureMaps(CourseWidget):
    """Compare maps cell by cell: a cursor in one map outlines the same place in all others.

    All maps are assumed to cover the same image and are drawn at the same size: a cell of a map
    with half as many rows is twice as high. Two cells are at the same place if the centre of the
    smaller one lies in the larger one.

    Args:
        maps: A dict of 1 to 8 names and maps. A map is a tensor, an array or nested lists, of shape
            (H, W), (C, H, W) or (1, C, H, W), with sides of 1 to 128 cells and up to 512 channels;
            all together hold at most 262,144 numbers. Values are copied, as float32.
        channel: Which channel is shown, from 0. A map that has fewer shows its last.
        value_range: The values (low, high) that are drawn darkest and lightest. When not given, the
            lowest and highest value on view.
        input_size: Pixels of the image that all maps cover, an int or a pair (height, width), 1 to
            4096. It sets the aspect ratio, and positions are given in it. When not given, the
            first map is this image.
        scale: "shared" draws all maps in one scale, "own" each in the range of its own values.
        ramp: "grey" from black to white, or "diverging" from purple over white at 0 to orange.

    Attributes:
        maps, channel, value_range, input_size, scale, ramp: as above. Each may be assigned, and
            the widget follows. `maps` are then read-only arrays of shape (C, H, W).

    Raises:
        traitlets.TraitError: For what cannot be shown; nothing changes then.
    """

    _esm = STATIC / "feature_maps.js"

    maps = Maps()
    channel = Size(0, minimum=0, maximum=MOST_CHANNELS - 1).tag(sync=True)
    value_range = ValueRange(None, allow_none=True).tag(sync=True)
    input_size = OptionalPairSize(minimum=1, maximum=4096).tag(sync=True)
    scale = Choice("shared", "own").tag(sync=True)
    ramp = Choice("grey", "diverging").tag(sync=True)
    _maps: traitlets.List[dict[str, Any]] = traitlets.List().tag(
        sync=True
    )  # as sent to the browser

    def __init__(
        self,
        maps: Mapping[str, Any],
        *,
        channel: int = 0,
        value_range: tuple[float, float] | None = None,
        input_size: int | tuple[int, int] | None = None,
        scale: Literal["shared", "own"] = "shared",
        ramp: Literal["grey", "diverging"] = "grey",
    ) -> None:
        super().__init__(
            maps=maps,
            channel=channel,
            value_range=value_range,
            input_size=input_size,
            scale=scale,
            ramp=ramp,
        )

    @property
    def channels(self) -> int:
        """The largest number of channels of any map."""
        return max(len(values) for values in self.maps.values())

    @traitlets.validate("channel")
    def _has_channel(self, proposal: Any) -> int:
        channel: int = proposal["value"]
        if channel >= self.channels:
            allowed = f"0 to {self.channels - 1}" if self.channels > 1 else "0 only"
            raise traitlets.TraitError(
                f"channel={channel} is in none of the maps: they have {allowed}."
            )
        return channel

    @traitlets.observe("maps")
    def _send_maps(self, _change: Any = None) -> None:
        with self.hold_sync():
            self.channel = min(self.channel, self.channels - 1)
            self._maps = [
                {"name": name, "shape": list(values.shape), "values": values.tobytes()}
                for name, values in self.maps.items()
            ]

    def describe(self) -> str:
        """Return one line: each map's name, shape and range of values."""
        return " · ".join(["FeatureMaps", *map(_summary, self.maps, self.maps.values())])

    def figure(self) -> Figure:
        """Return the maps in the same layout and scale, drawn with matplotlib."""
        from unet_teach.widgets.feature_maps_figure import feature_maps_figure

        return feature_maps_figure(
            {
                name: values[min(self.channel, len(values) - 1)]
                for name, values in self.maps.items()
            },
            value_range=None if self.scale == "own" else self.value_range,
            input_size=self.input_size,
            scale=self.scale,
            ramp=self.ramp,
        )


def _summary(name: str, values: Values) -> str:
    channels, height, width = values.shape
    several = f", {channels} channels" if channels > 1 else ""
    return f"{name} {height}×{width}{several}: {range_text(values)}"
