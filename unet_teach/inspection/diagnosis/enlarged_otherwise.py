"""A map is not enlarged as it was reduced before, along one axis or along all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.size_steps import Settings, Sizes, Step, setting_text, steps_to
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.recording import Value
from unet_teach.inspection.wording import listed, op_name, shape_text

SETTINGS = ("kernel_size", "stride", "padding", "output_padding")


def some_sides_differ(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that an up-sampling and the step down to it do not change all axes alike."""
    return _enlarged_otherwise(attempt, first, second, some=True)


def all_sides_differ(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that an up-sampling and the step down to it have different factors."""
    return _enlarged_otherwise(attempt, first, second, some=False)


def _enlarged_otherwise(attempt: Attempt, first: Value, second: Value, *, some: bool) -> str:
    word = attempt.wording.step
    for value, other in ((first, second), (second, first)):
        steps, sides = steps_to(attempt.graph, value, other), other.shape[2:]
        changing = [s for s in steps if s.before != s.after]
        if not changing or changing[-1].after != value.shape[2:]:
            continue
        up = changing[-1]
        right = [a == b for a, b in zip(up.after, sides, strict=True)]
        down = next((s for s in changing if (s.before, s.after) == (sides, up.before)), None)
        if down is None or up.kind not in ("resize", "transposed"):
            continue
        if any(right) is not some:
            continue
        remedies = []
        for step, changed in _changes(up, down, sides, both=down.is_uneven or not any(right)):
            if layers := _layers_to_change(attempt, step, changed):
                each = listed(f"{n}={setting_text(values)}" for n, values in changed.items())
                remedies.append(f"{each} in {listed(layers)}")
        if remedies:
            return (
                f"{word(down.op.outputs[0])} makes {_change(down)}, and {word(up.op.outputs[0])} "
                f"makes {_change(up)}. Each side must be enlarged as it was reduced: "
                f"{', or '.join(remedies)} makes them match."
            )
    return ""


def _change(step: Step) -> str:
    return f"{shape_text(step.after)} of {shape_text(step.before)}"


def _changes(
    up: Step, down: Step, sides: Sizes, *, both: bool
) -> Iterator[tuple[Step, dict[str, Sizes]]]:
    """Yield other settings of the step up, or of the one down as well, with which both fit."""
    factors = [side / given for side, given in zip(sides, up.before, strict=True)]
    if all(factor % 1 == 0 for factor in factors):
        whole = tuple(map(int, factors))
        if "upsample" in up.op.name:
            yield up, {"scale_factor": whole}
        elif up.settings and (change := _with_stride(up, whole, sides)):
            yield up, change
    factors = [after / given for after, given in zip(up.after, up.before, strict=True)]
    if both and all(factor % 1 == 0 for factor in factors):
        whole = tuple(map(int, factors))
        wanted = tuple(side // n for side, n in zip(sides, whole, strict=True))
        if down.settings and (change := _with_stride(down, whole, wanted)):
            yield down, change


def _with_stride(step: Step, strides: Sizes, wanted: Sizes) -> dict[str, Sizes]:
    """Return what is to be changed for a step to have these strides and make this size."""
    each = list[Settings]()
    for axis, (now, stride) in enumerate(zip(step.settings, strides, strict=True)):
        tiles = step.kind == "pooling" and now["kernel_size"] == now["stride"]
        others = (
            now,
            *([now | {"kernel_size": stride, "stride": stride}] if tiles else []),
            now | {"stride": stride},
            now | {"stride": stride, "output_padding": 0},
            now
            | {"stride": stride, "output_padding": 0, "kernel_size": stride + 2 * now["padding"]},
        )
        fitting = [s for s in others if step.size(axis, step.before[axis], s) == wanted[axis]]
        if not fitting:
            return {}
        each.append(fitting[0])
    settings = {name: tuple(s[name] for s in each) for name in SETTINGS}
    changed = {n: value for n, value in settings.items() if value != step.setting(n)}
    if step.kind == "pooling" and changed.get("kernel_size") == changed.get("stride"):
        changed.pop("stride", None)
    return changed


def _layers_to_change(attempt: Attempt, step: Step, changed: dict[str, Sizes]) -> list[str]:
    """Return the layers with which a network runs when they are so changed.

    That is the one of this step, or with another one, or all that are like it. A function is named
    and not tried.
    """
    layers, name = dict(attempt.model.named_modules()), next(iter(changed), "")
    path = step.op.module
    if not changed or not hasattr(layers.get(path), name):
        return [f"the {op_name(step.op)}"] if changed else []
    alike = [p for p, layer in layers.items() if _is_alike(layers[path], layer, tuple(changed))]

    def runs(paths: list[str]) -> bool:
        def mend(copied: nn.Module) -> None:
            for each in paths:
                _set(copied.get_submodule(each), changed)

        return runs_when(attempt, mend)

    pairs = ([p for p in alike if p in (path, other)] for other in alike if other != path)
    return next(filter(runs, ([path], *pairs, alike)), [])


def _is_alike(layer: nn.Module, other: nn.Module, names: tuple[str, ...]) -> bool:
    return type(layer) is type(other) and all(getattr(layer, n) == getattr(other, n) for n in names)


def _set(layer: Any, changed: dict[str, Sizes]) -> None:
    for name, sides in changed.items():
        setattr(layer, name, sides)
        if name == "kernel_size" and hasattr(layer, "weight"):
            layer.weight = nn.Parameter(torch.empty(*layer.weight.shape[:2], *sides))
        if name == "kernel_size" and hasattr(layer, "stride") and not hasattr(layer, "weight"):
            layer.stride = changed.get("stride", sides)
