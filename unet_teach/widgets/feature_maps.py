"""FeatureMaps: an image and feature maps side by side, with one cursor for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import traitlets

from unet_teach.widgets.base import BoundedInt, Checked, Choice, CourseWidget, PairSize, is_finite
from unet_teach.widgets.feature_maps_words import field_text, range_text
from unet_teach.widgets.layers import LAYERS
from unet_teach.widgets.map_values import (
    MOST_CHANNELS,
    Values,
    each_map,
    read_maps,
)
from unet_teach.widgets.steps import Step

BOUNDS: dict[str, tuple[int, int]] = LAYERS["FeatureMaps"]
LONGEST_TITLE = 120


def _read_notes(name: str, value: Any) -> dict[str, str]:
    """Return a few words for a row of maps, or for a map, by its name."""
    is_dict = isinstance(value, Mapping)
    if not is_dict or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise ValueError(
            f"{name}={value!r} is no dict of texts. Write "
            "notes={'stride 1': 'each layer adds two pixels'}."
        )
    return dict(value)


def _read_title(name: str, value: Any) -> str:
    """Return a line of text, which may be empty, with single spaces."""
    if not isinstance(value, str) or len(value) > LONGEST_TITLE:
        raise ValueError(
            f"{name}={value!r} is no text of at most {LONGEST_TITLE} letters. "
            "Write a sentence that says what the maps show."
        )
    return " ".join(value.split())


def _read_range(name: str, value: Any) -> tuple[float, float]:
    """Return the values drawn darkest and lightest."""
    if isinstance(value, tuple | list) and len(value) == 2 and all(map(is_finite, value)):
        low, high = map(float, value)
        if low < high:
            return low, high
    raise ValueError(
        f"{name}={value!r} is no range. Use a pair (low, high) of finite numbers, the lower first, "
        "or None for the range of the values."
    )


class FeatureMaps(CourseWidget, view="feature_maps"):
    """Compare maps cell by cell: a cursor in one map outlines the same place in all others.

    All maps are assumed to cover the same image and are drawn at the same size: a cell of a map
    with half as many rows is twice as high. Two cells are at the same place if the centre of the
    smaller one lies in the larger one.

    Args:
        maps: A dict of 1 to 8 names and maps, or a dict of rows of them: {"stride 1": {"layer 1":
            first, …}, "stride 2": {…}}. A map is a tensor, an array or nested lists, of shape
            (H, W), (C, H, W) or (1, C, H, W), with sides of 1 to 128 cells and up to 512 channels;
            all together hold at most 262,144 numbers. Values are copied, as float32.
        rows: In how many rows the maps stand, where `maps` does not say it. When not given, as
            many as let them be largest.
        title: A sentence above the maps: what they show.
        notes: A few words for a row or a map, by its name.
        nested: Whether the maps are receptive fields: cells other than 0 are seen. Each is drawn
            with its extent, and with the fields of the maps before it in its row as dashed frames.
        channel: Which channel is shown, from 0. A map that has fewer shows its last.
        value_range: The values (low, high) that are drawn darkest and lightest. When not given, the
            lowest and highest value on view.
        input_size: Pixels of the image that all maps cover, an int or a pair (height, width), 1 to
            4096. It sets the aspect ratio, and positions are given in it. When not given, the
            first map is this image.
        scale: "shared" draws all maps in one scale, "own" each in the range of its own values.
        ramp: "grey" from black to white, or "diverging" from purple over white at 0 to orange.
        steps: Instructions above the maps. Their states may ask for `map`, the name of the map
            that is pointed at, and `cell`, the row and column of its cell.

    Attributes:
        maps, rows, title, notes, nested, channel, value_range, input_size, scale, ramp: as above.
            Each may be assigned, and the widget follows. `maps` are then read-only arrays of shape
            (C, H, W).

    Raises:
        traitlets.TraitError: For what cannot be shown; nothing changes then.
    """

    STEP_FACTS = ("map", "cell")

    maps = Checked(lambda _, maps: read_maps(maps))  # read-only, each (C, H, W)
    rows = BoundedInt(None, *BOUNDS["rows"]).tag(sync=True)
    title = Checked(_read_title, "").tag(sync=True)
    notes = Checked(_read_notes, {}).tag(sync=True)
    nested = Choice(False, True).tag(sync=True)
    channel = BoundedInt(0, minimum=0, maximum=MOST_CHANNELS - 1).tag(sync=True)
    value_range = Checked(_read_range, None, allow_none=True).tag(sync=True)
    input_size = PairSize(None, *BOUNDS["input_size"]).tag(sync=True)
    scale = Choice("shared", "own").tag(sync=True)
    ramp = Choice("grey", "diverging").tag(sync=True)
    _maps: traitlets.List[dict[str, Any]] = traitlets.List().tag(
        sync=True
    )  # as sent to the browser

    def __init__(
        self,
        maps: Mapping[str, Any],
        *,
        rows: int | None = None,
        title: str = "",
        notes: Mapping[str, str] | None = None,
        nested: bool = False,
        channel: int = 0,
        value_range: tuple[float, float] | None = None,
        input_size: int | tuple[int, int] | None = None,
        scale: Literal["shared", "own"] = "shared",
        ramp: Literal["grey", "diverging"] = "grey",
        steps: Sequence[str | Step] = (),
    ) -> None:
        super().__init__(
            maps=maps,
            rows=rows,
            title=title,
            notes={} if notes is None else notes,
            nested=nested,
            channel=channel,
            value_range=value_range,
            input_size=input_size,
            scale=scale,
            ramp=ramp,
            steps=steps,
        )

    @property
    def channels(self) -> int:
        """The largest number of channels of any map."""
        return max(len(values) for _, _, values in each_map(self.maps))

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
                {
                    "name": name,
                    "row": label,
                    "shape": list(values.shape),
                    "values": values.tobytes(),
                }
                for label, name, values in each_map(self.maps)
            ]

    def describe(self) -> str:
        """Return one line: the title, and each map's name, shape and range of values."""
        parts = [self._summary(*each) for each in each_map(self.maps)]
        return " · ".join(["FeatureMaps", *([self.title] if self.title else []), *parts])

    def _summary(self, label: str, name: str, values: Values) -> str:
        channels, height, width = values.shape
        several = f", {channels} channels" if channels > 1 else ""
        named = f"{label}, {name}" if label else name
        says = field_text(self.on_view(values)) if self.nested else range_text(values)
        return f"{named} {height}×{width}{several}: {says}"

    def on_view(self, values: Values) -> Values:
        """Return the channel on view, of shape (H, W)."""
        plane: Values = values[min(self.channel, len(values) - 1)]
        return plane
