"""Lesson 3: concatenate a skip and the up-sampled feature map."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.differences import moved
from unet_teach.exercises.checks.functions import Case, Function, lower_first
from unet_teach.exercises.checks.tensors import (
    TensorProbes,
    seeded,
    tensor_function,
    values_problem,
)
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

Parts = tuple[Tensor, Tensor]


def _case(
    shape: tuple[int, int, int, int], up_channels: int, dtype: torch.dtype = torch.float32
) -> Case:
    """Make an input tensor and the document's two layers for it, with `up_channels` at the end."""
    inputs, channels = torch.randn(shape, dtype=dtype), shape[1]
    inside = 2 * channels + (channels < 64)  # no sum of the parts' channels
    down = nn.Conv2d(channels, inside, 3, 2, padding=1, dtype=dtype)
    up = nn.ConvTranspose2d(inside, up_channels, 3, 2, 1, output_padding=1, dtype=dtype)
    call = f"On {channels} channels of {sizes_as_text(shape[2:])}"
    return Case(call + (", float64" if dtype == torch.float64 else ""), (inputs, down, up))


@seeded
def _known_cases() -> list[Case]:
    """The document's own shape, then small ones whose two parts differ in channels."""
    return [
        _case((1, 64, 32, 32), 64),
        _case((2, 3, 4, 6), 5),
        _case((3, 5, 8, 8), 2),
        _case((2, 4, 6, 6), 4),
        _case((1, 2, 10, 4), 3),
        _case((2, 3, 4, 6), 5, torch.float64),
    ]


def _cases() -> Iterator[Case]:
    yield from _known_cases()
    chance = random.Random()
    for _ in range(4):
        size = 2 * chance.randint(2, 9), 2 * chance.randint(2, 9)
        channels, up_channels = chance.sample(range(2, 7), 2)
        yield _case((2, channels, *size), up_channels)


def _maps(input_tensor: Tensor, downsample: nn.Module, upsample: nn.Module) -> dict[str, Tensor]:
    x = downsample(input_tensor)
    return {"input_tensor": input_tensor, "downsample(input_tensor)": x, "upsample(x)": upsample(x)}


CONDITIONS: dict[str, Callable[..., bool]] = {
    "the batch has one item": lambda i, down, up: len(i) == 1,
    "input_tensor has 64 channels": lambda i, down, up: i.shape[1] == 64,
    "both parts have the same number of channels": lambda i, down, up: (
        i.shape[1] == up.out_channels
    ),
    "input_tensor is square": lambda i, down, up: i.shape[2] == i.shape[3],
    "input_tensor is 32×32": lambda i, down, up: i.shape[2:] == (32, 32),
    "input_tensor is float32": lambda i, down, up: i.dtype == torch.float32,
}


def _probes() -> list[tuple[Tensor, nn.Module, nn.Module]]:
    """As in the document; and layers that keep the size, so that wrong maps can be joined too."""
    keeping = (torch.randn(2, 3, 4, 6), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    return [_case((2, 3, 4, 6), 3).inputs, keeping]


def _parts(input_tensor: Tensor, downsample: nn.Module, upsample: nn.Module) -> Parts:
    return input_tensor, upsample(downsample(input_tensor))


def _both_orders(
    parts: Callable[[Tensor, nn.Module, nn.Module], Parts],
    join: Callable[..., Tensor] = torch.cat,
    dim: int = 1,
) -> list[Function]:
    return [
        lambda i, down, up: join(parts(i, down, up), dim=dim),
        lambda i, down, up: join(parts(i, down, up)[::-1], dim=dim),
    ]


_RIGHT = _both_orders(_parts)


def _part_problem(case: Case, z: Tensor) -> str | None:
    """Say which part is wrong, in the order of parts in which fewer are."""
    with torch.no_grad():
        skip, up = _parts(*case.inputs)
    if z.shape != (skip.shape[0], skip.shape[1] + up.shape[1], *skip.shape[2:]):
        return None
    parts, orders, texts = [("input_tensor", skip), ("upsample(x)", up)], [], []
    for order in (parts, parts[::-1]):
        outputs = torch.split(z, [part.shape[1] for _, part in order], dim=1)
        problems = (
            values_problem(output, part, f"{case.call}, where z should hold {name}")
            for output, (name, part) in zip(outputs, order, strict=True)
        )
        orders.append([problem for problem in problems if problem])
        texts.append(moved(z, torch.cat([part for _, part in order], dim=1)))
    fewest, text = min(orders, key=len), next(filter(None, texts), "")
    return f"{case.call}: {lower_first(text)}" if text and len(fewest) > 1 else fewest[0]


def _resized(**how: Any) -> list[Function]:
    """Make functions that join x, resized to the input's height and width, in place of the skip."""

    def parts(i: Tensor, down: nn.Module, up: nn.Module) -> Parts:
        x = down(i)
        return F.interpolate(x, size=i.shape[2:], **how), up(x)

    return _both_orders(parts)


def _ignores_layers(answer: Function) -> bool:
    """Whether other weights in the layers make no difference."""
    outputs = []
    for seed in (1, 2):
        torch.manual_seed(0)
        i, down, up = _known_cases()[0].inputs
        torch.manual_seed(seed)
        down.reset_parameters()
        up.reset_parameters()
        torch.manual_seed(0)
        outputs.append(answer(i, down, up))
    return torch.equal(*outputs)


known = TensorProbes(_probes)

join = Exercise(
    name="join",
    lesson=3,
    prompt="Repair the document's snippet: return `z`, in which the skip and the up-sampled feature map are concatenated.",
    checks=tensor_function("join(input_tensor, downsample, upsample)", _cases, *_RIGHT, holds=("its shape", "its values"),
        explain=_part_problem, fixed=_known_cases, maps=_maps, conditions=CONDITIONS),
    mistakes=(
        known.mistake("x made large again", "You enlarged x, but that doesn't bring back the detail that halving removed. Which feature map has never been smaller?",
            *_resized(mode="nearest"), *_resized(mode="bilinear"),
            *_resized(mode="bilinear", align_corners=True), cases=lambda: _probes()[:1]),
        known.mistake("the small map joined, as in the document", "You joined the halved map and y, as the document does with x and y, but it is only half as high and wide. Which feature map has the size of y?",
            *_both_orders(lambda i, down, up: (down(i), up(down(i))))),
        known.mistake("the input twice", "You joined input_tensor with itself. One of the two has to be what came back up through both layers.",
            lambda i, down, up: torch.cat([i, i], dim=1)),
        known.mistake("no skip", "You return y alone, without a skip. Which feature map can be concatenated with it?",
            lambda i, down, up: up(down(i))),
        known.mistake("joined along the batch", "You joined along dim=0, the batch, which gives you more images instead of more channels. Which axis counts the channels?",
            *_both_orders(_parts, dim=0)),
        known.mistake("joined along height or width", "You joined along the height (dim=2) or the width (dim=3), which makes one larger feature map. Which axis counts the channels?",
            *_both_orders(_parts, dim=2), *_both_orders(_parts, dim=3)),
        known.mistake("stacked along a new axis", "`torch.stack` makes a new axis, so that there are five. `torch.cat` joins along an axis that both have already: the channels.",
            *(function for dim in range(5) for function in _both_orders(_parts, torch.stack, dim))),
        known.mistake("added", "You added the two, which mixes them and needs equal numbers of channels. The exercise asks you to concatenate: use `torch.cat`.",
            lambda i, down, up: i + up(down(i))),
        known.mistake("an activation", "There is a ReLU in your function, which the snippet doesn't have. Concatenate input_tensor and upsample(x) as they are.",
            *_both_orders(lambda i, down, up: (i, up(F.relu(down(i))))), *_both_orders(lambda i, down, up: (i, F.relu(up(down(i))))), *_both_orders(lambda i, down, up: (i, F.relu(up(F.relu(down(i))))))),
        known.mistake("the skip detached", "No gradient flows back through the skip, so the layers before it would not learn from it. `detach()`, `.data` and `torch.no_grad()` cut it: leave them out.",
            *_both_orders(lambda i, down, up: (i.detach(), up(down(i)))),
            *_both_orders(lambda i, down, up: (i.detach(), up(down(i)).detach()))),
        known.mistake("the up-sampled map detached", "No gradient flows back through the up-sampled map all the way, so what lies before the cut never learns. `detach()`, `.data` and `torch.no_grad()` cut it: leave them out.",
            *_both_orders(lambda i, down, up: (i, up(down(i)).detach())),
            *_both_orders(lambda i, down, up: (i, up(down(i).detach()))),
            *_both_orders(lambda i, down, up: (i, up(down(i.detach()))))),
        KnownMistake("layers of its own", "Your z doesn't depend on the weights of `downsample` and `upsample`. Use the layers that your function is given, not new ones.",
            lambda: lambda i, down, up: torch.cat([i, nn.ConvTranspose2d(128, 64, 3, 2, 1, output_padding=1)(nn.Conv2d(64, 128, 3, 2, 1)(i))], dim=1), _ignores_layers),
    ),
    hints=(
        "Print the shapes of input_tensor, x and y. Which two have the same height and width?",
        "z consists of a feature map that was never halved and one that has come back up. Which of the three is neither?",
        "`x = downsample(___)`, `y = upsample(___)`, `return torch.cat([___, ___], dim=___)`",
    ),
    solution_text=(
        "`x = downsample(input_tensor)\n"
        "y = upsample(x)\n"
        "return torch.cat([input_tensor, y], dim=1)`\n"
        "`[y, input_tensor]` is just as right, because the next layer learns which channels are which."
    ),
    praise="z holds the feature map that was never halved and the one that came back up, and gradients flow back to both.",
)  # fmt: skip
