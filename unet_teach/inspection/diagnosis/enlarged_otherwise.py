"""A map is not enlarged as it was reduced before, along one axis or along all of them."""

from __future__ import annotations

from collections.abc import Iterator

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.size_steps import Settings, Sizes, Step, setting_text, steps_to
from unet_teach.inspection.diagnosis.trials import runs_with_settings
from unet_teach.inspection.recording import Value
from unet_teach.inspection.wording import listed, op_name


def enlarged_otherwise(attempt: Attempt, first: Value, second: Value, *, some: bool) -> str:
    """Say that an up-sampling and the step down to it differ, along some axes or along all."""
    word = attempt.wording.step
    for value, other in ((first, second), (second, first)):
        steps, sides = steps_to(attempt.graph, value, other), other.shape[2:]
        changing = [s for s in steps if s.before != s.after]
        if not changing or changing[-1].after != value.shape[2:]:
            continue
        up = changing[-1]
        right = [a == b for a, b in zip(up.after, sides, strict=True)]
        down = next((s for s in changing if (s.before, s.after) == (sides, up.before)), None)
        if down is None or up.kind not in ("resize", "transposed") or any(right) is not some:
            continue
        remedies = []
        for step, changed in _changes(up, down, sides, both=down.is_uneven or not any(right)):
            if layers := _layers_to_change(attempt, step, changed):
                each = listed(f"{n}={setting_text(values)}" for n, values in changed.items())
                remedies.append(f"{each} in {listed(layers)}")
        if remedies:
            return (
                f"{word(down.op.outputs[0])} makes {down.text}, and {word(up.op.outputs[0])} "
                f"makes {up.text}. Each side must be enlarged as it was reduced: "
                f"{', or '.join(remedies)} makes them match."
            )
    return ""


def _changes(
    up: Step, down: Step, sides: Sizes, *, both: bool
) -> Iterator[tuple[Step, dict[str, Sizes]]]:
    """Yield other settings of the step up, or of the one down as well, with which both fit."""
    for step, made in ((up, sides), (down, up.after))[: 1 + both]:
        pairs = list(zip(made, up.before, strict=True))
        if any(side % given for side, given in pairs):
            continue
        whole = tuple(side // given for side, given in pairs)
        wanted = tuple(side // n for side, n in zip(sides, whole, strict=True))
        if step is up and "upsample" in up.op.name:
            yield up, {"scale_factor": whole}
        elif step.settings and (
            change := _with_stride(step, whole, sides if step is up else wanted)
        ):
            yield step, change


def _with_stride(step: Step, strides: Sizes, wanted: Sizes) -> dict[str, Sizes]:
    """Return what is to be changed for a step to have these strides and make this size."""
    each = list[Settings]()
    for axis, (now, stride) in enumerate(zip(step.settings, strides, strict=True)):
        tiles = step.kind == "pooling" and now["kernel_size"] == now["stride"]
        turned = now | {"stride": stride}
        bare = turned | {"output_padding": 0}
        whole = [turned | {"kernel_size": stride}] if tiles else []
        others = (now, *whole, turned, bare, bare | {"kernel_size": stride + 2 * now["padding"]})
        fitting = [s for s in others if step.size(axis, step.before[axis], s) == wanted[axis]]
        if not fitting:
            return {}
        each.append(fitting[0])
    return step.changed(each)


def _layers_to_change(attempt: Attempt, step: Step, changed: dict[str, Sizes]) -> list[str]:
    """Return the layers with which a network runs when they are so changed.

    That is the one of this step, or with another one, or all that are like it. A function is named
    and not tried.
    """
    layers, name = attempt.layers, next(iter(changed), "")
    path = step.op.module
    if not changed or not hasattr(layers.get(path), name):
        return [f"the {op_name(step.op)}"] if changed else []
    own = layers[path]
    same = [p for p, layer in layers.items() if type(layer) is type(own)]
    alike = [p for p in same if all(getattr(layers[p], n) == getattr(own, n) for n in changed)]

    pairs = ([p for p in alike if p in (path, other)] for other in alike if other != path)
    tried = ([path], *pairs, alike)
    return next((p for p in tried if runs_with_settings(attempt, dict.fromkeys(p, changed))), [])
