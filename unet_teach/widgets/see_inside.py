"""SeeInside: paint an image, watch every feature map of a U-Net, cut a skip."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from unet_teach.widgets.base import STATIC, Choice, CourseWidget, Size, is_finite
from unet_teach.widgets.map_values import read_maps
from unet_teach.widgets.steps import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETWORKS = STATIC.parent / "see_inside.json"
MOST_STROKES = 60
MOST_BYTES = 2_000_000  # of a network's weights
CAPTIONS = 8
NUMBERS_OF = {"ring": (3,), "line": (4,), "erase": tuple(range(2, 4096, 2))}


@cache
def shipped() -> list[dict[str, Any]]:
    """Return the tasks that come with the course: networks, and images for them."""
    tasks: list[dict[str, Any]] = json.loads(NETWORKS.read_text(encoding="utf-8"))["tasks"]
    return tasks


class Strokes(traitlets.TraitType[Any, Any]):
    """What has been painted, in order."""

    def validate(self, obj: Any, value: Any) -> list[list[Any]]:
        """Return a copy, or raise `TraitError` with a sentence."""
        if isinstance(value, list | tuple) and len(value) <= MOST_STROKES:
            strokes = [list(stroke) for stroke in value if isinstance(stroke, list | tuple)]
            if len(strokes) == len(value) and all(map(_is_stroke, strokes)):
                return strokes
        raise traitlets.TraitError(
            f"strokes={value!r} cannot be painted. Use at most {MOST_STROKES} of ('ring', row, "
            "column, radius), ('line', row, column, row, column) and ('erase', row, column, …), "
            "in pixels."
        )


def _is_stroke(stroke: list[Any]) -> bool:
    kind, *numbers = stroke or [None]
    is_known = isinstance(kind, str) and len(numbers) in NUMBERS_OF.get(kind, ())
    return is_known and all(map(is_finite, numbers))


class Skips(traitlets.TraitType[Any, Any]):
    """What each skip carries, from level 0: a strength of 0 to 1, "blur" or "other"."""

    def validate(self, obj: Any, value: Any) -> list[Any]:
        """Return a copy, or raise `TraitError` with a sentence."""
        if isinstance(value, list | tuple) and all(map(_is_skip, value)):
            return list(value)
        raise traitlets.TraitError(
            f"skips={value!r} is no list of switches. Give each skip, from level 0, a number of 0 "
            '(cut) to 1 (on), "blur" for a blurred copy, or "other" for that of another image.'
        )


def _is_skip(skip: Any) -> bool:
    return (
        skip in ("blur", "other") if isinstance(skip, str) else is_finite(skip) and 0 <= skip <= 1
    )


class Whole(traitlets.TraitType[Any, Any]):
    """Two whole numbers, a row and a column, or `None`."""

    def validate(self, obj: Any, value: Any) -> list[int] | None:
        """Return them as a list, or raise `TraitError` with a sentence."""
        if value is None:
            return None
        is_pair = isinstance(value, list | tuple) and len(value) == 2
        if is_pair and all(isinstance(each, int) and each >= 0 for each in value):
            return list(value)
        raise traitlets.TraitError(f"{self.name}={value!r} is no cell. Use a pair (row, column).")


class SeeInside(CourseWidget):
    """Paint an image, watch every feature map of a U-Net, and cut a skip, all in the page.

    Args:
        model: A `UNet` of the course with `padding="same"` and at most 2 MB of weights. When not
            given, trained ones that come with the course. It is copied, as it is now.
        image: What the model is given: a tensor, an array or nested lists of numbers of 0 to 1,
            of shape (H, W), (C, H, W) or (1, C, H, W), with sides of at most 128 pixels.
        target: The image's mask, (H, W), where it is known.
        steps: Instructions above the picture. Their states may ask for `iou`, the score of the
            prediction, with two decimals.

    Attributes:
        task, network: names of what is shown, where several are on offer.
        moment: which step of the training is shown, from 0; -1 is the last.
        sample: index of the image.
        strokes: what is painted on it: ("ring", row, column, radius), ("line", row, column, row,
            column), ("erase", row, column, …), in pixels.
        skips: what each skip carries, from level 0: a number of 0 (cut) to 1 (on), "blur", or
            "other" for the skip of another image. Missing ones are on.
        place: the level that is open, such as "encoder 1" or "decoder 0", otherwise "".
        channel, cell: the channel and the cell of the open level; -1 is the most active channel.
        pixel: the pixel of the prediction whose reasons are shown.
        caption: the caption of the tour, from 0.
        autoplay: whether the tour begins by itself.

    Raises:
        traitlets.TraitError: For what cannot be shown; nothing changes then.
        TypeError, ValueError: For a model or an image that the page cannot run.
    """

    _esm = STATIC / "see_inside.js"
    _css = STATIC / "see_inside.css"
    STEP_FACTS = ("iou",)

    task = traitlets.Unicode("").tag(sync=True)
    network = traitlets.Unicode("").tag(sync=True)
    moment = Size(-1, minimum=-1, maximum=20).tag(sync=True)
    sample = Size(0, minimum=0, maximum=99).tag(sync=True)
    seed = Size(0, minimum=0, maximum=99999).tag(sync=True)  # of an image drawn in the page
    image = traitlets.Unicode("").tag(sync=True)  # one that was dropped on, compressed
    strokes = Strokes([]).tag(sync=True)
    skips = Skips([]).tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)
    channel = Size(-1, minimum=-1, maximum=4096).tag(sync=True)
    cell = Whole(None).tag(sync=True)
    pixel = Whole(None).tag(sync=True)
    caption = Size(CAPTIONS - 1, minimum=0, maximum=CAPTIONS - 1).tag(sync=True)
    autoplay = Choice(False, True).tag(sync=True)
    _tasks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        model: Any = None,
        image: Any = None,
        *,
        target: Any = None,
        steps: Sequence[str | Step] = (),
        **options: Any,
    ) -> None:
        super().__init__(steps=steps, **options)
        self._tasks = shipped() if model is None else [_own_task(model, image, target)]

    @property
    def _shown_task(self) -> dict[str, Any]:
        named = [task for task in self._tasks if task["name"] == self.task]
        return (named or self._tasks)[0]

    @property
    def _shown_network(self) -> dict[str, Any]:
        networks: list[dict[str, Any]] = self._shown_task["networks"]
        return next((each for each in networks if each["name"] == self.network), networks[0])

    @property
    def switches(self) -> list[float | str]:
        """What each skip of the network carries, from level 0."""
        depth = self._shown_network["network"]["depth"]
        return [*self.skips, *[1] * depth][:depth]

    def describe(self) -> str:
        """Return one line: the network, its score, what is painted, and the switches."""
        network = self._shown_network
        call = network["network"]["call"]
        parts = [f"SeeInside {call}", f"{self._shown_task['name']}, {network['name']}"]
        if network.get("score") is not None:
            parts.append(f"IoU {network['score']:.2f} on test images")
        if self.strokes:
            parts.append(f"painted: {', '.join(stroke[0] for stroke in self.strokes)}")
        words = {0: "cut", 1: "on", "blur": "blurred", "other": "of another image"}
        if network["network"]["skip"] != "none":
            skips = [f"skip {i} {words.get(s, s)}" for i, s in enumerate(self.switches)]
            parts.append(", ".join(skips))
        return " · ".join(parts)

    def figure(self) -> Figure:
        """Return the image, the U with its maps and switches, and the prediction."""
        from unet_teach.widgets.see_inside_figure import see_inside_figure

        samples = self._shown_task["samples"]
        sample = samples[min(self.sample, len(samples) - 1)]
        other = next((each for each in samples if each is not sample), sample)
        network = self._shown_network
        moments = network.get("moments", [])
        moment = moments[min(self.moment, len(moments) - 1)] if moments else {}
        return see_inside_figure(
            moment.get("network", network["network"]),
            sample,
            strokes=self.strokes,
            skips=self.switches,
            dropped=self.image,
            other=other,
            title=f"{self._shown_task['name']}, {network['name']}",
        )


def _bytes(packed: dict[str, Any]) -> int:
    """Return how many bytes of weights a packed network has."""
    return len(packed["data"]) * 3 // 4


def _own_task(model: Any, image: Any, target: Any) -> dict[str, Any]:
    """Return a student's network and image as a task of the widget."""
    from unet_teach.networks.packed import pack

    packed = pack(model, bits=32)
    if _bytes(packed) > MOST_BYTES:
        packed = pack(model)
    if _bytes(packed) > MOST_BYTES:
        raise ValueError(
            f"The model has {_bytes(packed) / 1e6:.1f} MB of weights, with one byte for each; the "
            f"page takes {MOST_BYTES / 1e6:.0f} MB. Use fewer base_channels or a smaller depth."
        )
    if image is None:
        raise ValueError("SeeInside(model) needs an image. Write SeeInside(model, image).")
    name = "your image"
    given = {name: image} if target is None else {name: image, "target": target}
    maps: Any = read_maps(given)
    channels, height, width = maps[name].shape
    if channels != packed["in_channels"]:
        raise ValueError(
            f"The image has {channels} channels, the model takes {packed['in_channels']}."
        )
    if min(height, width) < model.smallest_side:
        raise ValueError(
            f"The image is {height}×{width}, and with depth={packed['depth']} each side needs "
            f"{model.smallest_side} pixels. Use a larger image."
        )
    if not np.isfinite(maps[name]).all():
        raise ValueError("The image holds NaN or infinity. Replace them first.")
    bytes_ = np.round(255 * np.clip(maps[name], 0, 1)).astype("u1").transpose(1, 2, 0)
    sample = {"name": name, "height": height, "width": width, "channels": channels}
    sample["image"] = base64.b64encode(bytes_.tobytes()).decode()
    if target is not None:
        mask = maps["target"][0] > 0
        if mask.shape != (height, width):
            raise ValueError(f"The target is {mask.shape}, the image {(height, width)}.")
        sample["mask"] = base64.b64encode(np.packbits(mask).tobytes()).decode()
    networks = [{"name": "your network", "network": packed}]
    return {"name": name, "source": "yours", "networks": networks, "samples": [sample]}
