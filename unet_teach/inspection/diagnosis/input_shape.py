"""Diagnoses of the input: its size, its order of dimensions, a missing batch."""

from __future__ import annotations

import math
import re
from functools import partial

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import taken_channels
from unet_teach.inspection.diagnosis.size_steps import CONVOLUTIONS
from unet_teach.inspection.diagnosis.trials import put, runs_when
from unet_teach.inspection.wording import module_name, shape_text, weight_name


def positions_are_fixed(attempt: Attempt) -> str:
    """A parameter with one entry for each position meets an image with another number of them."""
    op, image = attempt.failed_op, attempt.graph.image
    if op is None or not op.is_pointwise or image is None:
        return ""
    fixed = next((v for v in op.inputs if weight_name(v)), None)
    given = next(iter(op.from_input), None)
    if fixed is None or given is None:
        return ""
    pairs = list(zip(reversed(fixed.shape), reversed(given.shape), strict=False))
    differ = [(f, g) for f, g in pairs if f != g and 1 not in (f, g)]
    if len(fixed.shape) < 4:  # a table of positions by positions counts them once
        differ = list(dict.fromkeys(differ))
    if not differ:
        return ""
    if fixed.shape != given.shape and sorted(fixed.shape[1:]) == sorted(
        given.shape[:1] + given.shape[2:]
    ):
        return (
            f"In {module_name(op.module)}, the parameter `{weight_name(fixed)}` is "
            f"{shape_text(fixed.shape)}, and what it meets is {shape_text(given.shape)}: the "
            f"positions of one are dim 1, of the other dim 0. With batch_first=True tokens are "
            "(N, L, C); otherwise bring the parameter to (L, 1, C): p.transpose(0, 1)."
        )
    expected, got = (math.prod(sizes) for sizes in zip(*differ, strict=True))
    told = (
        f"In {module_name(op.module)}, the parameter `{weight_name(fixed)}`, "
        f"{shape_text(fixed.shape)}, is made for {expected} positions, and this input makes {got} "
        f"({shape_text(given.shape)})."
    )
    axes = range(2, len(image.shape))
    scale = (expected / got) ** (1 / max(len(axes), 1))
    sides = {axis: round(image.shape[axis] * scale) for axis in axes}
    fits = attempt.runs_with_sides(sides)
    works = f" {shape_text(sides.values())} works." if fits else ""
    return f"{told} Give images of the size it was made for.{works} Or make it for {got}."


def channels_come_last(attempt: Attempt) -> str:
    """An image is given as (N, H, W, C), and the network runs when its channels stand second."""
    op, image = attempt.failed_op, attempt.graph.image
    if image is None or len(image.shape) < 4 or (op is not None and op.name in CONVOLUTIONS):
        return ""
    batch, *sides, channels = image.shape
    moved = dict(enumerate((channels, *sides), start=1))
    if channels >= min(sides) or not attempt.runs_with_sides(moved):
        return ""
    return (
        f"The input is {shape_text(image.shape)}: its channels, {channels}, stand last. PyTorch "
        f"has them second: x.movedim(-1, 1) makes {shape_text((batch, channels, *sides))}."
    )


def image_too_small(attempt: Attempt) -> str:
    """The down-sampling leaves nothing of the image; the smallest square that runs is named."""
    message, image = attempt.message, attempt.graph.image
    if "too small" not in message and "than actual input size" not in message:
        return ""
    if image is None or len(image.shape) < 3:
        return ""
    sides = dict(enumerate(image.shape[2:], start=2))
    squares = [dict.fromkeys(sides, 2**k) for k in range(1, 10)]
    enlarged = [{a: n for a, n in square.items() if sides[a] < n} for square in squares]
    for larger in (*(some for some in enlarged if 0 < len(some) < len(sides)), *squares):
        if attempt.runs_with_sides(larger):
            which = shape_text(sides[axis] for axis in larger)
            only = f"Only the side of {which} is too small: " if len(larger) < len(sides) else ""
            return (
                f"An image of {shape_text(sides.values())} is too small for "
                f"{attempt.stopped_in}: nothing is left of it. "
                f"{only}{shape_text((sides | larger).values())} works."
            )
    return ""


def single_position(attempt: Attempt) -> str:
    """A normalisation over positions is given maps of 1×1."""
    image = attempt.graph.image
    found = re.search(r"more than 1 spatial element.*Size\(\[\d+, (\d+)", attempt.message)
    if image is None or found is None:
        return ""
    larger = [{a: n * 2**k for a, n in enumerate(image.shape[2:], start=2)} for k in range(1, 6)]
    works = next((sides for sides in larger if attempt.runs_with_sides(sides)), None)
    told = f"{attempt.stopped_in} computes mean and spread over the positions of each map, and "
    out = f"it out here, or use nn.GroupNorm(1, {found[1]})."
    if works is None:
        return (
            f"{told}is given maps of a single position (1×1), whatever the size of the image. "
            f"Leave {out}"
        )
    leave_out = partial(put, path=attempt.recording.last_module, layer=nn.Identity())
    return (
        f"{told}with an image of {shape_text(image.shape[2:])} its maps have a single one. "
        f"{shape_text(works.values())} works. Or "
        f"{f'leave {out}' if runs_when(attempt, leave_out) else 'go down fewer times.'}"
    )


def no_batch_dimension(attempt: Attempt) -> str:
    """An image was given without the dimension that counts images."""
    ops = (*attempt.recording.ops, attempt.failed_op)
    convolutions = [op for op in ops if op and op.name in CONVOLUTIONS]
    rank = len(convolutions[0].arguments["weight"].shape) if convolutions else 0
    inputs = attempt.recording.inputs
    images = [v for v in inputs if v.is_floating and len(v.shape) == rank - 1]
    if rank < 3 or len(images) != len(inputs) or not images:
        return ""
    shape, channels = images[0].shape, taken_channels(convolutions[0])
    if channels == 1 != shape[0]:
        batched, how = (shape[0], 1, *shape[1:]), "x.unsqueeze(1): each with its one channel"
    elif channels == shape[-1] != shape[0]:
        batched, how = (1, channels, *shape[:-1]), "x.movedim(-1, 0)[None]: channels first"
    else:
        batched, how = (1, *shape), "x[None]: one, or as many as you like"
    if batched[1] != channels:
        right = (1, channels, *shape[-1:] * (rank - 2))
        return (
            f"The input is {shape_text(shape)}, {rank - 1} dimensions; the network takes {rank}, "
            f"with {channels} channels second. Give it such an input: {right}."
        )
    return f"The input is {shape_text(shape)}, with no number for the batch. Give {batched}, {how}."
