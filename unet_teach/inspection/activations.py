"""Runs a copy of any network and returns the feature maps of every level, with skips cut or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.inspection.calls import Place, ReplayedCalls
from unet_teach.inspection.cut import Replacement, changed_by, changes_of, chosen_skips
from unet_teach.inspection.followed import Followed, follow, level_name
from unet_teach.inspection.graph import GLOBAL
from unet_teach.inspection.level_maps import Arm, LevelMaps, as_maps, level_maps
from unet_teach.inspection.model_copy import copy_inputs, copy_to_run
from unet_teach.inspection.recording import Value, find_all
from unet_teach.shared.keep_state import keep_state

IMAGE_CHANNELS = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Look:
    """One run of a network.

    Attributes:
        output: (C, H, W), of the first image.
        levels: encoder, bottleneck and decoder, in the order in which they run.
    """

    output: Tensor
    levels: tuple[LevelMaps, ...]


class Activations:
    """The feature maps of a network that works on images, level by level.

    A copy of the network is kept and run in eval mode, so later changes of the network do not show.

    Args:
        model: any network that `inspect_unet` can follow.
        image: (N, C, H, W), 1 to 3 channels, of which the first is shown; of a volume
            (N, C, D, H, W), its middle slice.
        **kwargs: what its forward takes besides, by name.

    Attributes:
        note: what else should be said of what is shown, such as which slice it is; often "".
        ends_in: the operation that makes the output, such as "sigmoid".
        skips: the names of the skips that can be cut, each with its size; finest first.

    Raises:
        TypeError: when `model` is no network.
        ValueError: if the network cannot be followed, or works on something else than images.
    """

    def __init__(self, model: nn.Module, image: Tensor, **kwargs: Any) -> None:
        self._inputs = (image,), kwargs
        self._followed = follow(model, *self._inputs)
        _check_image(self._followed)
        self._model = copy_to_run(model, on_meta=False)
        self._shown = _shown_values(self._followed)
        shape = self._followed.image.shape
        middle = f"Shown is the middle slice, {shape[2] // 2} of 0 to {shape[2] - 1}."
        self.note = "" if len(shape) == 4 else middle
        last = self._followed.output.op
        self.ends_in = "" if last is None else last.name
        self.skips = {name: skip.size for name, skip in self._followed.skips.items()}

    def look(
        self,
        skips: Mapping[str, float | Replacement] = MappingProxyType({}),
        image: Tensor | None = None,
    ) -> Look:
        """Run the network once.

        Args:
            skips: what becomes of some of them, by their names: 0 cuts one, 1 leaves it as it is; a
                tensor or a function of the skip replaces it, as in `cut`.
            image: another image of the same shape as the first.

        Raises:
            TypeError: for what is neither a number nor a replacement.
            ValueError: for a skip that there is not, or a strength that is not finite.
        """
        found: list[LevelMaps | None] = [None] * len(self._shown)

        def keep(index: int, tensor: Tensor) -> None:
            arm, value = self._shown[index]
            found[index] = level_maps(self._followed, arm, value, tensor)

        with torch.no_grad():
            made, _ = self._run(skips, keep, image)
            output = as_maps(self._followed, self._followed.output, made)
        if output is None:
            output = made.reshape(len(made), -1)[0][:, None, None]
        return Look(output, tuple(maps for maps in found if maps is not None))

    def sensitivity(
        self,
        place: str,
        channel: int,
        cell: tuple[int, int],
        skips: Mapping[str, float | Replacement] = MappingProxyType({}),
        image: Tensor | None = None,
    ) -> Tensor:
        """Return how much each pixel moves one value: the size of its gradient, (H, W).

        Its place is such as "encoder level 0", or "output", and its cell a row and a column.
        """
        found: dict[int, Tensor] = {}
        values = {self._name(index): index for index in range(len(self._shown))}
        with torch.enable_grad():
            output, given = self._run(skips, found.__setitem__, image)
            index = values.get(place, -1)
            value = self._followed.output if index < 0 else self._shown[index][1]
            maps = as_maps(self._followed, value, output if index < 0 else found[index])
            if maps is None or not maps.requires_grad:
                return torch.zeros(given.shape[-2:])
            (gradient,) = torch.autograd.grad(maps[channel][cell], given, allow_unused=True)
        pixels = torch.zeros_like(given) if gradient is None else gradient
        pixels = pixels[0].abs().sum(0)
        return pixels[len(pixels) // 2] if pixels.dim() == 3 else pixels

    def gradients(
        self, loss: Callable[[Tensor], Tensor] = torch.mean
    ) -> dict[str, dict[str, float]]:
        """Return how much gradient reaches each level, with all skips and without some.

        Each number is the norm of the loss's gradient with respect to the maps of a level, from a
        backward pass. The gradients of the network's weights are left alone.

        Args:
            loss: of the output (N, C, H, W), such as `lambda logits: criterion(logits, target)`;
                its mean by default.

        Returns:
            For "all skips", "without level 0" and so on, and "without skips": the norm by arm and
            level, such as "encoder level 0", in the order in which the levels run.
        """
        runs: dict[str, tuple[str, ...]] = {"all skips": ()}
        runs |= {f"without {name}": (name,) for name in self.skips}
        runs["without skips"] = tuple(self.skips)
        return {run: self._norms(loss, dict.fromkeys(cut, 0.0)) for run, cut in runs.items()}

    def _norms(
        self, loss: Callable[[Tensor], Tensor], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        found: dict[int, Tensor] = {}
        with torch.enable_grad():
            value = loss(self._run(strengths, found.__setitem__)[0])
            maps = {i: tensor for i, tensor in sorted(found.items()) if tensor.requires_grad}
            made = torch.autograd.grad(value, list(maps.values()), allow_unused=True)
        norms = {}
        for index, gradient in zip(maps, made, strict=True):
            norms[self._name(index)] = 0.0 if gradient is None else gradient.norm().item()
        return norms

    def _run(
        self,
        skips: Mapping[str, float | Replacement],
        keep: Callable[[int, Tensor], None],
        image: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Run the copy, hand each level's tensor to `keep`; return the U's output and its image."""
        changes = {}
        for name, given in dict[str, Any](skips).items():
            skip = chosen_skips(self._followed, (name,))[0]
            replaces = isinstance(given, Tensor) or callable(given)
            strength, replacement = (1.0, given) if replaces else (given, None)
            changes[skip] = changed_by(strength, replacement)(skip)
        kept: dict[Place, list[tuple[int, int]]] = {}
        for index, (_, value) in enumerate(self._shown):
            place, result = self._followed.made_at[value]
            kept.setdefault(place, []).append((index, result))

        def keep_some(wanted: list[tuple[int, int]], made: list[Tensor]) -> None:
            for index, result in wanted:
                keep(index, made[result])

        callbacks = {place: partial(keep_some, wanted) for place, wanted in kept.items()}
        args, kwargs = (copy_inputs(given, on_meta=False) for given in self._inputs)
        recording = self._followed.graph.recording
        tensors = dict(zip(recording.inputs, find_all((args, kwargs), Tensor), strict=True))
        if image is not None:
            tensors[self._followed.image].copy_(image)
        for tensor in tensors.values():  # weights may be frozen
            tensor.requires_grad_(torch.is_grad_enabled() and tensor.is_floating_point())
        with keep_state(), ReplayedCalls(changes_of(changes), callbacks):
            made = self._model(*args, **kwargs)
        values = list(find_all(recording.output, Value))
        output = list(find_all(made, Tensor))[values.index(self._followed.output)]
        return output, tensors[self._followed.image]

    def _name(self, index: int) -> str:
        arm, value = self._shown[index]
        return f"{arm} {level_name(self._followed.graph.levels[value])}"


def _check_image(followed: Followed) -> None:
    shape, axes = followed.image.shape, followed.graph.axes
    if not axes:
        raise ValueError(
            f"{followed.name} never changes the resolution of its input {shape}, so there are no "
            "levels to show. inspect_unet(model, …) shows its layers."
        )
    if len(axes) not in (2, 3) or len(shape) not in (4, 5) or shape[1] not in IMAGE_CHANNELS:
        raise ValueError(
            f"{followed.name} works on {tuple(shape)}. What can be shown are images of 1 to 3 "
            "channels, (N, C, H, W), and volumes, (N, C, D, H, W)."
        )


def _shown_values(followed: Followed) -> list[tuple[Arm, Value]]:
    """Return for each level on both sides the last map that a call has made there.

    At the end of the decoder, the layer that makes the output is left out.
    """
    path, graph = followed.shape.path, followed.graph
    down, up = (  # what has no positions is left out
        graph.runs_at_one_level(v for v in side if graph.levels[v] < GLOBAL)
        for side in (path.down, path.up)
    )
    if up:
        layers = [i for i, value in enumerate(up[-1]) if value.op in graph.ops_with_weights]
        if layers and layers[-1]:
            up[-1] = up[-1][: layers[-1]]
    found: list[tuple[Arm, Value]] = []
    for place, run in enumerate([*down, *up], start=1 - len(down)):
        arm: Arm = "encoder" if place < 0 else "decoder" if place else "bottleneck"
        kept = [value for value in run if value in followed.made_at]
        found += [(arm, value) for value in kept[-1:]]
    return found
