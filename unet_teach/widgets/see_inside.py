"""SeeInside: paint an image, watch every feature map of a U-Net, cut a skip."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import traitlets

from unet_teach.shared.live_networks import LiveNetwork, open_network
from unet_teach.widgets.base import STATIC, BoundedInt, Checked, Choice, CourseWidget, is_finite
from unet_teach.widgets.layers import LAYERS
from unet_teach.widgets.steps import Step

NETWORKS = STATIC.parent / "see_inside.json"
MOST_STROKES: int = LAYERS["SeeInside"]["most_strokes"]
CAPTIONS = 8  # as many as js/see/tour.js has; a test compares
NUMBERS_OF = {"ring": (3,), "line": (4,), "erase": tuple(range(2, 4096, 2))}


@cache
def shipped() -> list[dict[str, Any]]:
    """Return the tasks that come with the course: networks, and images for them."""
    tasks: list[dict[str, Any]] = json.loads(NETWORKS.read_text(encoding="utf-8"))["tasks"]
    return tasks


def _read_strokes(name: str, value: Any) -> list[list[Any]]:
    """Return what has been painted, in order."""
    if isinstance(value, list | tuple) and len(value) <= MOST_STROKES:
        strokes = [list(stroke) for stroke in value if isinstance(stroke, list | tuple)]
        if len(strokes) == len(value) and all(map(_is_stroke, strokes)):
            return strokes
    raise ValueError(
        f"{name}={value!r} cannot be painted. Use at most {MOST_STROKES} of ('ring', row, column, "
        "radius), ('line', row, column, row, column) and ('erase', row, column, …), in pixels."
    )


def _is_stroke(stroke: list[Any]) -> bool:
    kind, *numbers = stroke or [None]
    is_known = isinstance(kind, str) and len(numbers) in NUMBERS_OF.get(kind, ())
    return is_known and all(map(is_finite, numbers))


def _read_skips(name: str, value: Any) -> list[Any]:
    """Return what each skip carries, from level 0: a strength of 0 to 1, "blur" or "other"."""
    if isinstance(value, list | tuple) and all(map(_is_skip, value)):
        return list(value)
    raise ValueError(
        f"{name}={value!r} is no list of switches. Give each skip, from level 0, a number of 0 "
        '(cut) to 1 (on), "blur" for a blurred copy, or "other" for that of another image.'
    )


def _is_skip(skip: Any) -> bool:
    return (
        skip in ("blur", "other") if isinstance(skip, str) else is_finite(skip) and 0 <= skip <= 1
    )


def _read_cell(name: str, value: Any) -> list[int]:
    """Return a row and a column."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if is_pair and all(isinstance(each, int) and each >= 0 for each in value):
        return list(value)
    raise ValueError(f"{name}={value!r} is no cell. Use a pair (row, column).")


class SeeInside(CourseWidget, view="see_inside"):
    """Paint an image, watch every feature map of a U-Net, and cut a skip.

    Networks of the course run in the page, all others in the kernel.

    Args:
        model: Any network that `inspect_unet` can follow. When not given, trained ones that come
            with the course. It is copied, as it is now, and runs in eval mode. A `UNet` of the
            course runs in the page if it has `padding="same"` and at most 2 MB of weights, and the
            image sides of at most 128 pixels and values of 0 to 1.
        image: What the model is given: a tensor, an array or nested lists of numbers, of shape
            (H, W), (C, H, W) or (1, C, H, W) with 1 to 3 channels and sides of at most 512 pixels;
            or a volume (1, C, D, H, W), of which the middle slice is shown.
        target: The image's mask, (H, W), where it is known.
        forward_kwargs: What the model's forward takes besides the image, by name, such as
            `{"timestep": 10}`.
        gradients: Whether bars show how much gradient reaches each level, with and without skips:
            of the binary cross-entropy with `target` or, without one, of the output's mean. This
            takes a forward and a backward pass for each skip and two more.
        steps: Instructions above the picture. Their states may ask for `iou`, the score of the
            prediction, with two decimals.

    Attributes:
        task, network: names of what is shown, where several are on offer.
        moment: which step of the training is shown, from 0; -1 is the last.
        sample: index of the image.
        seed: of an image that the page draws by the rule of the data; 0 is none.
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
        TypeError, ValueError: For a model or an image that cannot be shown.
    """

    STEP_FACTS = ("iou",)

    task = traitlets.Unicode("").tag(sync=True)
    network = traitlets.Unicode("").tag(sync=True)
    moment = BoundedInt(-1, minimum=-1, maximum=20).tag(sync=True)
    sample = BoundedInt(0, minimum=0, maximum=99).tag(sync=True)
    seed = BoundedInt(0, *LAYERS["SeeInside"]["seed"]).tag(sync=True)
    image = traitlets.Unicode("").tag(sync=True)  # one that was dropped on, compressed
    strokes = Checked(_read_strokes, []).tag(sync=True)
    skips = Checked(_read_skips, []).tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)
    channel = BoundedInt(-1, minimum=-1, maximum=4096).tag(sync=True)
    cell = Checked(_read_cell, None, allow_none=True).tag(sync=True)
    pixel = Checked(_read_cell, None, allow_none=True).tag(sync=True)
    caption = BoundedInt(CAPTIONS - 1, minimum=0, maximum=CAPTIONS - 1).tag(sync=True)
    autoplay = Choice(False, True).tag(sync=True)
    _tasks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    # How much gradient reaches each level, with all skips and without some.
    _gradients: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        model: Any = None,
        image: Any = None,
        *,
        target: Any = None,
        forward_kwargs: Mapping[str, Any] | None = None,
        gradients: bool = False,
        steps: Sequence[str | Step] = (),
        **options: Any,
    ) -> None:
        super().__init__(steps=steps, **options)
        self._live: LiveNetwork | None = None
        if model is None:
            if gradients:
                raise ValueError("gradients=True needs a model. Write SeeInside(model, image, …).")
            self._tasks = shipped()
            return
        from unet_teach.widgets.own_network import own_task

        given = dict(forward_kwargs or {})
        task = None if given else own_task(model, image, target)
        if task is None:
            self._live = open_network(model, image, target, given)
            task = self._live.task
            self.on_msg(self._answer)
        self._tasks = [task]
        if gradients:
            live = self._live or open_network(model, image, target, given)
            self._gradients = live.gradients()

    def _answer(self, _: Any, question: Any, buffers: list[Any]) -> None:
        """Answer a question of the page."""
        if self._live is not None and isinstance(question, dict):
            self.send(*self._live.answer(question, buffers))

    @property
    def shown_task(self) -> dict[str, Any]:
        """The task on view: its networks and images, as they are sent to the page."""
        named = [task for task in self._tasks if task["name"] == self.task]
        return (named or self._tasks)[0]

    @property
    def shown_network(self) -> dict[str, Any]:
        """The network on view, as it is sent to the page."""
        networks: list[dict[str, Any]] = self.shown_task["networks"]
        return next((each for each in networks if each["name"] == self.network), networks[0])

    @property
    def switches(self) -> list[float | str]:
        """What each skip of the network carries, from level 0."""
        depth = self.shown_network["network"]["depth"]
        return [*self.skips, *[1] * depth][:depth]

    @property
    def skip_names(self) -> list[str]:
        """The level of each skip; "" where a level has none."""
        network = self.shown_network["network"]
        if "rows" not in network:
            return [str(level) for level in range(network["depth"])]
        return [row["name"] if row["skip"] else "" for row in network["rows"][:-1]]

    def describe(self) -> str:
        """Return one line: the network, its score, what is painted, and the switches."""
        network = self.shown_network
        call = network["network"]["call"]
        parts = [f"SeeInside {call}", f"{self.shown_task['name']}, {network['name']}"]
        if network.get("score") is not None:
            parts.append(f"IoU {network['score']:.2f} on test images")
        if self.strokes:
            parts.append(f"painted: {', '.join(stroke[0] for stroke in self.strokes)}")
        if network["network"].get("seconds"):  # of a network in the kernel that is not quick
            parts.append(f"one run took {network['network']['seconds']} s")
        words = {0: "cut", 1: "on", "blur": "blurred", "other": "of another image"}
        if network["network"]["skip"] != "none":
            pairs = zip(self.skip_names, self.switches, strict=True)
            parts.append(", ".join(f"skip {n} {words.get(s, s)}" for n, s in pairs if n))
        return " · ".join(parts)
