"""A network that runs in the kernel while SeeInside shows it: answers the page's questions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.activations import IMAGE_CHANNELS, Activations, Look
from unet_teach.inspection.level_maps import MOST_CHANNELS, LevelMaps
from unet_teach.shared.live_networks import own_samples, target_mask
from unet_teach.shared.not_set_up import not_set_up

MOST_LEVELS = 7  # that the page has room for
LARGEST_IMAGE = 512  # pixels of a side
BLUR = 5  # cells that a blurred skip is averaged over
KEPT = 3  # newest answers, which later ones may be compared with
QUICK = 0.3  # seconds of a run: a switch should take no longer
SKIP_HOW = "blur", "other"
Skips = list[float | str]


class LiveNetwork:
    """A copy of a network, an image, and what the page shows of them.

    Args:
        model: any network that `inspect_unet` can follow.
        image: a tensor, an array or nested lists, (H, W), (C, H, W) or (1, C, H, W) with 1 to 3
            channels, or a volume (1, C, D, H, W), of which the middle slice is shown.
        target: the image's mask, (H, W), where it is known.
        forward_kwargs: what the network's forward takes besides the image, by name.

    Attributes:
        task: the network and its image, as the page reads them.
        seconds: what the quickest of its runs took. Opening takes one run; a switch or a stroke
            another one, and a skip of another image two.

    Raises:
        TypeError, ValueError: with a sentence, for what cannot be shown.
    """

    def __init__(
        self, model: Any, image: Any, target: Any, forward_kwargs: Mapping[str, Any]
    ) -> None:
        _check_model(model)
        self._given = _as_batch(image, model)
        self._seen = Activations(model, self._given, **forward_kwargs)
        self.seconds = math.inf
        self._first = look = self._timed({}, None)
        levels = {maps.level for maps in look.levels} | set(self._seen.skips)
        self._rows = sorted(levels, key=lambda name: float(name.removeprefix("level ")))
        if len(self._rows) > MOST_LEVELS:
            raise ValueError(
                f"{type(model).__name__} has {len(self._rows)} levels, and SeeInside has room for "
                f"{MOST_LEVELS}. inspect_unet(model, …) shows all of them."
            )
        self._orders: dict[str, tuple[int, ...]] = {}
        self._order_of = ""
        self._looks: dict[int, dict[str, LevelMaps]] = {}
        self._low, self._high = _range(self._given)
        self.task = self._as_task(type(model).__name__, look, target)

    def answer(
        self, question: dict[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Answer a question of the page; what goes wrong is an answer with a sentence.

        Args:
            question: `id`, `type` ("run" or "matter"), `skips` from level 0, `sample` (a name for
                the image), `open` (the place whose channels are all shown), `before` (the id of the
                answer that is compared with this one), and for "matter" `place`, `channel`, `row`
                and `column`.
            buffers: the image and the other image as float32 (C, H, W) of 0 to 1; an empty one is
                the given image.
        """
        start = time.perf_counter()
        try:
            image, other = (self._image_in(part) for part in (*buffers, b"", b"")[:2])
            skips = [skip for skip in question["skips"] if skip in SKIP_HOW or 0 <= skip <= 1]
            if question["type"] == "matter":
                made, data = self._matter(question, skips, image, other)
            else:
                made, data = self._maps(question, skips, image, other)
        except (ValueError, TypeError, KeyError, IndexError, RuntimeError, MemoryError) as error:
            said = str(error) if isinstance(error, ValueError) else f"The network stopped: {error}"
            return {"type": "failed", "id": question.get("id"), "sentence": said}, []
        seconds = time.perf_counter() - start
        timed = {"ms": round(1000 * seconds, 1), "seconds": self._long()}
        return {**made, "id": question["id"], **timed}, data

    def maps(self, image: Any, skips: Skips, other: Any) -> dict[str, Any]:
        """Return the maps of every level (C, H, W) and "prediction" (H, W), as arrays."""
        tensors = (self._unscaled(torch.from_numpy(np.array(each))) for each in (image, other))
        look = self._look(skips, *tensors)
        found = {place: maps.every.numpy() for place, maps in self._places(look).items()}
        return {**found, "prediction": _probability(look.output, self._seen.ends_in)[0].numpy()}

    def gradients(self) -> dict[str, Any]:
        """Return how much gradient reaches each level, with all skips and without some.

        Returns:
            `loss` in words, and `runs`: for "all", for the index of each level with a skip and for
            "none", the norm of the gradient by the page's name of the place.
        """
        loss, words = self._loss()
        norms = self._seen.gradients(loss)
        names = {"all skips": "all", "without skips": "none"}
        names |= {f"without {row}": str(index) for index, row in enumerate(self._rows)}
        return {
            "loss": words,
            "runs": {
                names[run]: {self._place(*name.split(" ", 1)): norm for name, norm in found.items()}
                for run, found in norms.items()
            },
        }

    # ------------------------------------------------------------------------------ its parts
    def _place(self, arm: str, level: str) -> str:
        """Return what the page calls a level."""
        return f"{'decoder' if arm == 'decoder' else 'encoder'} {self._rows.index(level)}"

    def _loss(self) -> tuple[Callable[[Tensor], Tensor], str]:
        mask = self._mask
        if mask is None or self._given.dim() == 5:
            return torch.mean, "the output's mean"
        target = torch.from_numpy(mask.copy()).to(self._given.device)

        def loss(output: Tensor) -> Tensor:
            if output.shape[1] > 1:
                return F.cross_entropy(output, target[None].long())
            is_done = "sigmoid" in self._seen.ends_in
            compare = F.binary_cross_entropy if is_done else F.binary_cross_entropy_with_logits
            return compare(output[:, 0], target[None].to(output))

        return loss, "the cross-entropy with the target"

    def _maps(
        self, question: dict[str, Any], skips: Skips, image: Tensor | None, other: Tensor | None
    ) -> tuple[dict[str, Any], list[bytes]]:
        look = self._look(skips, image, other)
        places = self._places(look)
        if question["sample"] != self._order_of:  # the order stays while an image is painted
            self._order_of = question["sample"]
            self._orders = {place: maps.order for place, maps in places.items()}
        before = self._looks.get(question.get("before") or 0, {})
        self._looks[question["id"]] = places
        for old in list(self._looks)[:-KEPT]:  # each holds all maps of all levels
            if old != question.get("before"):
                del self._looks[old]
        described, data = {}, []
        for place, maps in places.items():
            count = MOST_CHANNELS if place == question["open"] else 1
            names = self._orders.get(place, maps.order)[:count]
            chosen = maps.chosen(names)
            described[place] = {
                "channels": len(names),
                "height": chosen.shape[1],
                "width": chosen.shape[2],
                "names": names,
                "size": maps.size,
                "total": maps.channels,
                "changed": _changed(before[place], maps) if place in before else None,
            }
            data.append(chosen.numpy().astype("<f4").tobytes())
        prediction = _probability(look.output, self._seen.ends_in)[0]
        height, width = prediction.shape
        described["logits"] = {"channels": 1, "height": height, "width": width}
        data.append(prediction.numpy().astype("<f4").tobytes())
        missing = int((~look.output.isfinite()).sum())
        note = f"{missing} values of the output are NaN or infinite." if missing else ""
        return {"type": "run", "places": described, "note": note}, data

    def _matter(
        self, question: dict[str, Any], skips: Skips, image: Tensor | None, other: Tensor | None
    ) -> tuple[dict[str, Any], list[bytes]]:
        place, cell = question["place"], (question["row"], question["column"])
        changed = self._changes(skips, other)
        if place == "logits":
            pixels = self._seen.sensitivity("output", question["channel"], cell, changed, image)
        else:
            maps = self._places(self._seen.look(changed, image))[place]
            shown = maps.chosen([0]).shape[1:]
            row, column = (
                min(full - 1, math.floor((at + 0.5) * full / few))
                for at, full, few in zip(cell, maps.every.shape[1:], shown, strict=True)
            )
            channel = self._orders.get(place, maps.order)[question["channel"]]
            name = f"{maps.arm} {maps.level}"
            pixels = self._seen.sensitivity(name, channel, (row, column), changed, image)
        return {"type": "matter", "isDone": True}, [pixels.cpu().numpy().astype("<f4").tobytes()]

    def _look(self, skips: Skips, image: Tensor | None, other: Tensor | None) -> Look:
        changes = self._changes(skips, other)
        # The page's first question, and each one after all switches were put on again.
        return self._timed(changes, image) if changes or image is not None else self._first

    def _timed(self, changes: dict[str, Any], image: Tensor | None) -> Look:
        start = time.perf_counter()
        look = self._seen.look(changes, image)
        self.seconds = min(self.seconds, time.perf_counter() - start)
        return look

    def _long(self) -> float:
        """Return the seconds of a run that is not quick, otherwise 0."""
        return round(self.seconds, 1) if self.seconds > QUICK else 0.0

    def _changes(self, skips: Skips, other: Tensor | None) -> dict[str, Any]:
        """Return what becomes of each skip, for `Activations.look`."""
        changes: dict[str, Any] = {}
        asked = {
            name: skip
            for name, skip in zip(self._rows, skips, strict=False)
            if name in self._seen.skips and skip != 1
        }
        taken: dict[str, list[Tensor]] = {}
        if other is not None and "other" in asked.values():
            keep = {name: _keeper(taken.setdefault(name, [])) for name in asked}
            self._seen.look(keep, other)
        for name, skip in asked.items():
            if skip == "blur":
                changes[name] = _blurrer(self._seen.skips[name])
            elif skip == "other":
                # A level may have several joins; they come in the same order again.
                again = iter(taken.get(name, []))
                changes[name] = lambda tensor, again=again: next(again, tensor)
            else:
                changes[name] = skip
        return changes

    def _places(self, look: Look) -> dict[str, LevelMaps]:
        """Return the levels by the names that the page has for them."""
        return {self._place(maps.arm, maps.level): maps for maps in look.levels}

    def _image_in(self, buffer: Any) -> Tensor | None:
        """Return an image that the page has sent, as the network takes it."""
        values = np.frombuffer(bytes(buffer), "<f4")
        return self._unscaled(torch.from_numpy(values.copy())) if values.size else None

    def _unscaled(self, pixels: Tensor) -> Tensor:
        """Return pixels of 0 to 1 as an input of the network; in a volume, as its middle slice."""
        made = self._given.clone()
        values = self._low + pixels.to(made) * (self._high - self._low)
        if made.dim() == 5:
            middle = made[:, :, made.shape[2] // 2]
            middle.copy_(values.reshape(middle.shape))
            return made
        return values.reshape(made.shape)

    def _as_task(self, name: str, look: Look, target: Any) -> dict[str, Any]:
        """Return the network and its image, and the same image turned round, as the page reads."""
        image = self._given[0]
        image = (image[:, image.shape[1] // 2] if image.dim() == 4 else image).cpu().float()
        pixels = ((image - self._low) / (self._high - self._low)).clamp(0, 1)
        mask = None if target is None else target_mask(target, tuple(pixels.shape[1:]))
        self._mask = mask if tuple(look.output.shape[1:]) == tuple(pixels.shape[1:]) else None
        _, reads = _probability(look.output, self._seen.ends_in)
        places = self._places(look)
        rows = [
            {
                "name": row.removeprefix("level "),
                "encoder": f"encoder {index}" in places,
                "decoder": f"decoder {index}" in places,
                "skip": row in self._seen.skips,
            }
            for index, row in enumerate(self._rows)
        ]
        network = {
            "call": name,
            "runs": "kernel",
            "in_channels": len(pixels),
            "out_channels": len(look.output),
            "depth": len(rows) - 1,
            "skip": "cat" if self._seen.skips else "none",
            "rows": rows,
            "seconds": self._long(),
            "note": " ".join([self._seen.note, reads]).strip(),
        }
        samples = own_samples(pixels.numpy(), mask)
        networks = [{"name": name, "network": network}]
        return {"name": "your image", "source": "yours", "networks": networks, "samples": samples}


def _check_model(model: Any) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"The model is of type {type(model).__name__}. Give a network, a torch.nn.Module."
        )
    if told := not_set_up(model):
        raise TypeError(told)
    devices = {str(tensor.device) for tensor in (*model.parameters(), *model.buffers())}
    if "meta" in devices:
        raise ValueError(
            "The model is on the meta device, so its weights have no values. Build it without it."
        )
    if len(devices) > 1:
        raise ValueError(
            f"The model is spread over {', '.join(sorted(devices))}. Move all of it to one of "
            'them, such as model.to("cpu").'
        )


def _as_batch(image: Any, model: nn.Module) -> Tensor:
    """Return an image as a batch of one, on the model's device.

    Raises:
        TypeError: for what is no numbers.
        ValueError: for another shape or device, or values that are not finite.
    """
    if image is None:
        raise ValueError("SeeInside(model) needs an image. Write SeeInside(model, image).")
    try:
        given = image.detach() if isinstance(image, Tensor) else torch.as_tensor(np.asarray(image))
        given = given if given.is_floating_point() else given.float()
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            "The image cannot be read as numbers. Give a tensor, an array or nested lists whose "
            "rows have the same length."
        ) from None
    shape = tuple(given.shape)
    if given.dim() == 2:
        given = given[None, None]
    elif given.dim() == 3:
        given = given[None]
    if given.dim() not in (4, 5) or given.shape[0] != 1 or given.shape[1] not in IMAGE_CHANNELS:
        raise ValueError(
            f"The image is {shape}. Give one image of 1 to 3 channels, (H, W), (C, H, W) or "
            "(1, C, H, W), or one volume, (1, C, D, H, W)."
        )
    if not given.numel() or max(given.shape[-2:]) > LARGEST_IMAGE:
        raise ValueError(
            f"The image is {shape}. A side has 1 to {LARGEST_IMAGE} pixels: crop it or scale it."
        )
    parameter = next(model.parameters(), None)
    if parameter is not None and parameter.device != given.device:
        raise ValueError(
            f"The model is on {parameter.device}, the image on {given.device}. Move one of them, "
            f'such as image.to("{parameter.device}").'
        )
    if not bool(given.isfinite().all()):
        raise ValueError("The image holds NaN or infinity. Replace them first.")
    return given.to(parameter.dtype if parameter is not None else torch.float32)


def _range(image: Tensor) -> tuple[float, float]:
    """Return the values that are shown black and white: 0 and 1, or the least and the largest."""
    low, high = image.min().item(), image.max().item()
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high if high > low else low + 1)


def _probability(output: Tensor, ends_in: str) -> tuple[Tensor, str]:
    """Return the probability of the foreground (H, W), and how the output was read."""
    values = output.detach().float().cpu()
    if len(values) == 1:
        if "sigmoid" in ends_in:
            return values[0], "Shown is its output."
        return values[0].sigmoid(), "Shown is the sigmoid of its output."
    if "softmax" in ends_in and "log" not in ends_in:
        return 1 - values[0], f"Shown is 1 minus class 0 of {len(values)}."
    return 1 - values.softmax(0)[0], f"Shown is 1 minus the softmax of class 0 of {len(values)}."


def _changed(before: LevelMaps, after: LevelMaps) -> float:
    """Return which share of a level's values changed, as the page computes it."""
    if before.every.shape != after.every.shape:
        return 1.0
    larger = torch.maximum(before.every.abs(), after.every.abs()).sum().item()
    return (before.every - after.every).abs().sum().item() / larger if larger else 0.0


def _keeper(kept: list[Tensor]) -> Callable[[Tensor], Tensor]:
    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.clone())
        return tensor

    return keep


def _blurrer(size: str) -> Callable[[Tensor], Tensor]:
    """Return what blurs a skip of a size such as "48×48", whether it is maps or tokens."""
    sides = [int(side) for side in size.split("×")]

    def smooth(maps: Tensor) -> Tensor:
        pool = F.avg_pool2d if maps.dim() == 4 else F.avg_pool3d
        reach = min(BLUR // 2, (min(sides) - 1) // 2)
        return pool(maps, 2 * reach + 1, 1, reach, count_include_pad=False)

    def blur(skip: Tensor) -> Tensor:
        if list(skip.shape[2:]) == sides:
            return smooth(skip)
        if list(skip.shape[1:-1]) == sides:  # the channels come last
            return smooth(skip.movedim(-1, 1)).movedim(1, -1)
        if skip.dim() == 3 and skip.shape[1] == math.prod(sides):  # tokens
            maps = skip.transpose(1, 2).reshape(len(skip), -1, *sides)
            return smooth(maps).flatten(2).transpose(1, 2)
        raise ValueError(
            f"The skip is {tuple(skip.shape)}, and its cells do not lie in rows and columns, so it "
            "cannot be blurred. Cut it, or give it a strength."
        )

    return blur
