"""The table of diagnoses: each reason why a network cannot be judged, in the order they are tried.

To add one, write a function that takes an `Attempt` and returns its sentences, or "" where it does
not apply, and one row here. Put the row before more general ones: the first that applies is shown.
The tests run the example of every row and, where there is one, its repaired version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from unet_teach.inspection.diagnosis import (
    channel_mismatch,
    failures,
    layer_settings,
    lost_output,
    own_code,
    rules_of_operations,
    shape_mismatch,
)
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.networks.broken_networks import (
    Between,
    Misnamed,
    OneLevel,
    Positions,
    popped_twice,
    unpacked_shape,
)
from unet_teach.networks.document import AdditiveUNet, DocumentUNet
from unet_teach.networks.unet import UNet

Remedy = Literal["call", "input", "layer", "forward"]
IMAGE = (1, 3, 32, 32)
VOLUME = (1, 1, 8, 8, 8)


class Example(NamedTuple):
    """A network and what it is given: `inspect_unet(model, *args, **kwargs)`."""

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def example(model: nn.Module, *args: Any, **kwargs: Any) -> Example:
    """Write an example like the call of `inspect_unet` that it stands for."""
    return Example(model, args, kwargs)


@dataclass(frozen=True)
class Diagnosis:
    """One reason why a network cannot be judged.

    Attributes:
        name: what is wrong, in a few words; each row has its own.
        explain: returns the sentences with the remedy, or "" where this is not the reason.
        remedy_kind: what is to be changed: the call of `inspect_unet`, the input itself, a layer,
            or the code of `forward`.
        remedy: what to do, in words.
        example: makes a small network and its input that have this problem and no earlier one.
        repaired: makes the same with the remedy applied, which runs; `None` where no code can.
    """

    name: str
    explain: Callable[[Attempt], str]
    remedy_kind: Remedy
    remedy: str
    example: Callable[[], Example]
    repaired: Callable[[], Example] | None = None


class Problem(NamedTuple):
    """The name of the row that applies, if one does, and what the report says."""

    diagnosis: str | None
    text: str


def explain_failed_run(attempt: Attempt) -> Problem:
    """Say why a run failed; torch's own message comes last, so that none is lost."""
    row, text = first_that_applies(FAILED_RUN, attempt)
    message = attempt.message.strip()
    if row is None:
        text = failures.last_operation(attempt)
    else:  # the reason is given; of torch's own message, the first line is enough
        message = message.partition("\n")[0]
    kind = row.remedy_kind if row else "forward"
    if kind == "forward" or (kind != "call" and attempt.is_own_code):
        text += own_code.own_line(attempt, text)
    error = type(attempt.error).__name__
    said = f"{error}: {message}" if message else error
    return Problem(row.name if row else None, f"{text} ({said})")


def explain_lost_output(attempt: Attempt) -> Problem:
    """Say why the output of a run that came to its end does not lead back to an input."""
    row, text = first_that_applies(LOST_OUTPUT, attempt)
    return Problem(row.name if row else None, text)


def first_that_applies(rows: Sequence[Diagnosis], attempt: Attempt) -> tuple[Diagnosis | None, str]:
    """Return the first row that explains the problem, with its sentences."""
    for row in rows:
        if text := row.explain(attempt):
            return row, text
    return None, ""


def _cat(x: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([x, skip], dim=1)


def _in_windows(x: Tensor) -> Tensor:
    rows, columns = x.shape[2] // 7, x.shape[3] // 7
    return x.view(1, 4, rows, 7, columns, 7).mean((3, 5))


FAILED_RUN: tuple[Diagnosis, ...] = (
    Diagnosis(
        name="container is called",
        explain=layer_settings.container_is_called,
        remedy_kind="forward",
        remedy="Loop over the ModuleList, take a layer by its number or key, or use nn.Sequential.",
        example=lambda: example(Between(nn.ModuleList([nn.ReLU()])), IMAGE),
        repaired=lambda: example(Between(nn.Sequential(nn.ReLU())), IMAGE),
    ),
    Diagnosis(
        name="no forward",
        explain=layer_settings.no_forward,
        remedy_kind="forward",
        remedy="Write `def forward(self, x)` that calls the layers.",
        example=lambda: example(DocumentUNet(3, 2), IMAGE),
        repaired=lambda: example(AdditiveUNet(3, 2), IMAGE),
    ),
    Diagnosis(
        name="arguments do not fit forward",
        explain=failures.wrong_arguments,
        remedy_kind="call",
        remedy="Give each argument of forward a tensor or its shape.",
        example=lambda: example(nn.Conv2d(3, 4, 3)),
        repaired=lambda: example(nn.Conv2d(3, 4, 3), IMAGE),
    ),
    Diagnosis(
        name="missing attribute",
        explain=own_code.missing_attribute,
        remedy_kind="layer",
        remedy="Create the layer in __init__, or correct its name in forward.",
        example=lambda: example(Misnamed("conv"), IMAGE),
        repaired=lambda: example(Misnamed("convolution"), IMAGE),
    ),
    Diagnosis(
        name="unknown name",
        explain=own_code.unknown_name,
        remedy_kind="forward",
        remedy="Write self.layer, give the name a value first, or correct it.",
        example=lambda: example(Between(lambda x: skip), IMAGE),  # type: ignore[name-defined]  # noqa: F821
        repaired=lambda: example(Between(lambda x: x), IMAGE),
    ),
    Diagnosis(
        name="no such entry",
        explain=own_code.no_such_entry,
        remedy_kind="forward",
        remedy="Take as many as were put in, or correct the key.",
        example=lambda: example(Between(popped_twice), IMAGE),
        repaired=lambda: example(Between(lambda x: [x].pop()), IMAGE),
    ),
    Diagnosis(
        name="layer is called with other values",
        explain=own_code.call_does_not_fit,
        remedy_kind="forward",
        remedy="Give a layer what its forward takes.",
        example=lambda: example(OneLevel(_cat, up=nn.Bilinear(1, 1, 1)), IMAGE),
        repaired=lambda: example(OneLevel(_cat), IMAGE),
    ),
    Diagnosis(
        name="class is called",
        explain=own_code.class_is_called,
        remedy_kind="forward",
        remedy="Make the layer in __init__, and call it in forward.",
        example=lambda: example(Between(lambda x: nn.Sigmoid(x)), IMAGE),
        repaired=lambda: example(Between(nn.Sigmoid()), IMAGE),
    ),
    Diagnosis(
        name="what is called cannot be called",
        explain=own_code.not_callable,
        remedy_kind="forward",
        remedy="Call a layer or a function.",
        example=lambda: example(Between([nn.ReLU()]), IMAGE),  # type: ignore[arg-type]
        repaired=lambda: example(Between(nn.ReLU()), IMAGE),
    ),
    Diagnosis(
        name="unpacked into another count of names",
        explain=own_code.unpacked_into_other_count,
        remedy_kind="forward",
        remedy="Take as many names as there are parts.",
        example=lambda: example(Between(unpacked_shape(3)), IMAGE),
        repaired=lambda: example(Between(unpacked_shape(4)), IMAGE),
    ),
    Diagnosis(
        name="numbers of dimensions differ",
        explain=failures.ranks_do_not_match,
        remedy_kind="forward",
        remedy="Give the vector height and width: x[:, :, None, None].expand(…).",
        example=lambda: example(OneLevel(lambda x, skip: _cat(x.mean((2, 3)), skip)), IMAGE),
        repaired=lambda: example(
            OneLevel(lambda x, skip: _cat(x.mean((2, 3), keepdim=True).expand_as(x), skip)), IMAGE
        ),
    ),
    Diagnosis(
        name="pixel shuffle does not divide",
        explain=failures.pixel_shuffle_does_not_divide,
        remedy_kind="layer",
        remedy="Let the layer before it make upscale_factor² times the channels that come out.",
        example=lambda: example(Between(nn.PixelShuffle(4), nn.Conv2d(1, 2, 1)), IMAGE),
        repaired=lambda: example(Between(nn.PixelShuffle(2), nn.Conv2d(1, 2, 1)), IMAGE),
    ),
    Diagnosis(
        name="channels come last",
        explain=shape_mismatch.channels_come_last,
        remedy_kind="input",
        remedy="Bring the channels second: x.movedim(-1, 1).",
        example=lambda: example(UNet(3, 1, depth=2, base_channels=4), (1, 32, 32, 3)),
        repaired=lambda: example(UNet(3, 1, depth=2, base_channels=4), IMAGE),
    ),
    Diagnosis(
        name="sizes do not match",
        explain=shape_mismatch.sizes_do_not_match,
        remedy_kind="input",
        remedy=(
            "Pad the input so that each halving leaves no rest, or bring the up-sampled map to the "
            "skip's size by F.pad, a crop or F.interpolate."
        ),
        example=lambda: example(OneLevel(_cat), (1, 3, 31, 31)),
        repaired=lambda: example(OneLevel(_cat), (1, 3, 32, 32)),
    ),
    Diagnosis(
        name="concatenated along the wrong dimension",
        explain=channel_mismatch.concatenated_along_wrong_dim,
        remedy_kind="forward",
        remedy="Concatenate along the channels: torch.cat(…, dim=1).",
        example=lambda: example(OneLevel(lambda x, skip: torch.cat([x, skip], dim=0)), IMAGE),
        repaired=lambda: example(OneLevel(_cat), IMAGE),
    ),
    Diagnosis(
        name="added maps have different channels",
        explain=channel_mismatch.added_channels_differ,
        remedy_kind="layer",
        remedy="Bring one to the other's channels by a 1×1 convolution, or use torch.cat.",
        example=lambda: example(OneLevel(Tensor.add, head_channels=8), IMAGE),
        repaired=lambda: example(
            OneLevel(
                Tensor.add,
                up=nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 4, kernel_size=1)),
                head_channels=4,
            ),
            IMAGE,
        ),
    ),
    Diagnosis(
        name="parts of a concatenation differ",
        explain=failures.parts_do_not_fit,
        remedy_kind="forward",
        remedy="Repeat a parameter for each image of the batch, or bring the parts to one size.",
        example=lambda: example(Between(lambda x: _cat(x, torch.zeros(2, 4, 32, 32))), IMAGE),
        repaired=lambda: example(
            Between(lambda x: _cat(x, torch.zeros(1, 4, 32, 32)), nn.Conv2d(8, 2, 1)), IMAGE
        ),
    ),
    Diagnosis(
        name="number of positions is fixed",
        explain=shape_mismatch.positions_are_fixed,
        remedy_kind="input",
        remedy="Give images of the size that the parameter was made for, or make it for these.",
        example=lambda: example(Positions(16), (1, 3, 64, 64)),
        repaired=lambda: example(Positions(16), IMAGE),
    ),
    Diagnosis(
        name="windows do not divide the sides",
        explain=shape_mismatch.windows_do_not_fit,
        remedy_kind="input",
        remedy="Give or pad to sides that are multiples of the window.",
        example=lambda: example(Between(_in_windows), (1, 3, 32, 32)),
        repaired=lambda: example(Between(_in_windows), (1, 3, 35, 35)),
    ),
    Diagnosis(
        name="output_padding is too large",
        explain=layer_settings.too_much_output_padding,
        remedy_kind="layer",
        remedy="Keep output_padding below the stride.",
        example=lambda: example(nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=2), IMAGE),
        repaired=lambda: example(nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1), IMAGE),
    ),
    Diagnosis(
        name="image too small",
        explain=shape_mismatch.image_too_small,
        remedy_kind="input",
        remedy="Give a larger image, such as the smallest square that the report names.",
        example=lambda: example(nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2)), (1, 3, 2, 2)),
        repaired=lambda: example(nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2)), (1, 3, 4, 4)),
    ),
    Diagnosis(
        name="no batch dimension",
        explain=shape_mismatch.no_batch_dimension,
        remedy_kind="call",
        remedy="Put the number of images first: (N, C, H, W), as x[None] does.",
        example=lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), (3, 32, 32)),
        repaired=lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), IMAGE),
    ),
    Diagnosis(
        name="layer is for another number of axes",
        explain=layer_settings.layer_of_another_rank,
        remedy_kind="layer",
        remedy="Use the layer for as many axes: 1d for series, 2d for images, 3d for volumes.",
        example=lambda: example(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool2d(2)), VOLUME),
        repaired=lambda: example(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool3d(2)), VOLUME),
    ),
    Diagnosis(
        name="convolution is given other channels",
        explain=channel_mismatch.convolution_channels,
        remedy_kind="layer",
        remedy="Let the layer before it make as many channels as this one takes.",
        example=lambda: example(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(16, 2, 3)), IMAGE),
        repaired=lambda: example(nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 2, 3)), IMAGE),
    ),
    Diagnosis(
        name="matrix product does not fit",
        explain=channel_mismatch.matrix_product,
        remedy_kind="forward",
        remedy="Transpose one of the two: x.transpose(-1, -2).",
        example=lambda: example(Between(lambda x: x.flatten(2) @ x.flatten(2), nn.ReLU()), IMAGE),
        repaired=lambda: example(
            Between(lambda x: x.flatten(2) @ x.flatten(2).transpose(-1, -2), nn.ReLU()), IMAGE
        ),
    ),
    Diagnosis(
        name="linear layer is given other features",
        explain=channel_mismatch.linear_features,
        remedy_kind="layer",
        remedy="Flatten before it from dim 1 on, or set in_features to the number it is given.",
        example=lambda: example(nn.Linear(3 * 32 * 32, 10), IMAGE),
        repaired=lambda: example(nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10)), IMAGE),
    ),
    Diagnosis(
        name="normalisation is given other channels",
        explain=layer_settings.normalisation_channels,
        remedy_kind="layer",
        remedy="Make the normalisation for as many channels as the layer before it makes.",
        example=lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(8)), IMAGE),
        repaired=lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), IMAGE),
    ),
    Diagnosis(
        name="LayerNorm is given another shape",
        explain=layer_settings.layer_norm_shape,
        remedy_kind="forward",
        remedy="Bring the channels last for it, or use nn.GroupNorm.",
        example=lambda: example(Between(nn.LayerNorm(4)), IMAGE),
        repaired=lambda: example(Between(nn.GroupNorm(1, 4)), IMAGE),
    ),
    Diagnosis(
        name="embedding is given floats",
        explain=failures.embedding_of_floats,
        remedy_kind="call",
        remedy="Give a tensor of whole numbers, not a shape: torch.zeros(…, dtype=torch.long).",
        example=lambda: example(nn.Embedding(10, 4), (1, 6, 6)),
        repaired=lambda: example(nn.Embedding(10, 4), torch.zeros((1, 6, 6), dtype=torch.long)),
    ),
    Diagnosis(
        name="dtypes do not match",
        explain=failures.dtypes_do_not_match,
        remedy_kind="input",
        remedy="Convert the input, x.float(), or the network, model.to(x.dtype).",
        example=lambda: example(nn.Conv2d(3, 4, 3), torch.zeros(IMAGE).double()),
        repaired=lambda: example(nn.Conv2d(3, 4, 3), torch.zeros(IMAGE)),
    ),
    Diagnosis(
        name="wrong number of dimensions",
        explain=failures.wrong_rank,
        remedy_kind="call",
        remedy="Give images as (N, C, H, W), volumes as (N, C, D, H, W), series as (N, C, L).",
        example=lambda: example(nn.Conv2d(3, 4, 3), (3, 32)),
        repaired=lambda: example(nn.Conv2d(3, 4, 3), IMAGE),
    ),
    Diagnosis(
        name="input is no tensor",
        explain=failures.input_is_no_tensor,
        remedy_kind="call",
        remedy="Give a tensor, or a shape as a plain tuple with the batch first: (1, 3, 64, 64).",
        example=lambda: example(nn.Conv2d(3, 4, 3), [1, 3, 32, 32]),
        repaired=lambda: example(nn.Conv2d(3, 4, 3), (1, 3, 32, 32)),
    ),
    Diagnosis(
        name="operation wants something else",
        explain=rules_of_operations.operation_wants,
        remedy_kind="forward",
        remedy="Give it what the sentence says.",
        example=lambda: example(Between(lambda x: x.transpose(2, 3).view(1, 4, -1)), IMAGE),
        repaired=lambda: example(Between(lambda x: x.transpose(2, 3).reshape(x.shape)), IMAGE),
    ),
    Diagnosis(
        name="layer is given no tensor",
        explain=own_code.no_tensor_is_given,
        remedy_kind="forward",
        remedy="Give the layer a tensor: return one, take a part of a tuple, or call the layer.",
        example=lambda: example(Between(lambda x: (x, x)), IMAGE),
        repaired=lambda: example(Between(lambda x: (x, x)[0]), IMAGE),
    ),
)

LOST_OUTPUT: tuple[Diagnosis, ...] = (
    Diagnosis(
        name="returns None",
        explain=lost_output.returns_none,
        remedy_kind="forward",
        remedy="Return the output at the end of forward.",
        example=lambda: example(Between(lambda x: None, last=nn.Identity()), IMAGE),
        repaired=lambda: example(Between(lambda x: x, last=nn.Identity()), IMAGE),
    ),
    Diagnosis(
        name="returns no tensor",
        explain=lost_output.returns_no_tensor,
        remedy_kind="forward",
        remedy="Return a tensor instead of an array or a number.",
        example=lambda: example(Between(lambda x: x.numpy(), last=nn.Identity()), IMAGE),
        repaired=lambda: example(Between(lambda x: x, last=nn.Identity()), IMAGE),
    ),
    Diagnosis(
        name="output does not depend on the input",
        explain=lost_output.does_not_depend_on_input,
        remedy_kind="forward",
        remedy="Compute the output from the input with torch's operations only.",
        example=lambda: example(Between(lambda x: torch.zeros(x.shape)), IMAGE),
        repaired=lambda: example(Between(lambda x: x), IMAGE),
    ),
)

DIAGNOSES = (*FAILED_RUN, *LOST_OUTPUT)
