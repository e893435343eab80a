"""The first exercise of lesson 3, Skip connections: join a skip with the map it meets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.checks.tensors import (
    Trace,
    close,
    gradient_problem,
    shape_problem,
    trace,
    values_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

Join = Callable[[Tensor, nn.Module, nn.Module], Any]


# -------------------------------------------------------------------------------------------- join
def _pair(channels: int, up_channels: int) -> tuple[nn.Module, nn.Module]:
    """The document's two layers, with other channels."""
    return (
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.ConvTranspose2d(2 * channels, up_channels, 3, stride=2, padding=1, output_padding=1),
    )


def _join_samples() -> Iterator[tuple[Tensor, nn.Module, nn.Module]]:
    """The document's own maps, then small fresh ones whose two halves differ in channels."""
    yield torch.randn(1, 64, 32, 32), *_pair(64, 64)
    chance = random.Random()
    fresh = [(2 * chance.randint(2, 9), 2 * chance.randint(2, 9)) for _ in range(4)]
    for height, width in sorted(fresh):
        channels, up_channels = chance.sample(range(2, 7), 2)
        yield torch.randn(2, channels, height, width), *_pair(channels, up_channels)


def _about(input_tensor: Tensor) -> str:
    return f"On {input_tensor.shape[1]} channels of {sizes_as_text(input_tensor.shape[2:])}"


def _skip_first(i: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return torch.cat([i, up(down(i))], dim=1)


def _skip_last(i: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return torch.cat([up(down(i)), i], dim=1)


def _join_shape_fault(answer: Join) -> str | None:
    for inputs in _join_samples():
        found, wanted = trace(answer, inputs), trace(_skip_first, inputs)
        if isinstance(found, str):
            return found
        if found.changed:
            return f"{_about(inputs[0])}: your function changes input_tensor itself."
        assert isinstance(wanted, Trace)
        if fault := shape_problem(found.output, wanted.output.shape, _about(inputs[0])):
            return fault
    return None


def _join_values_fault(answer: Join) -> str | None:
    """Both parts, in either order; the order with fewer faults decides what is said."""
    for inputs in _join_samples():
        input_tensor, down, up = inputs
        with torch.no_grad():
            parts = [("input_tensor", input_tensor), ("upsample(x)", up(down(input_tensor)))]
        found, where = trace(answer, inputs), _about(input_tensor)
        assert isinstance(found, Trace)
        orders = [_part_faults(found.output, order, where) for order in (parts, parts[::-1])]
        if faults := min(orders, key=len):
            return faults[0]
    return None


def _part_faults(z: Tensor, parts: list[tuple[str, Tensor]], where: str) -> list[str]:
    found = torch.split(z, [wanted.shape[1] for _, wanted in parts], dim=1)
    faults = [
        values_problem(part, wanted, f"{where}, where z should hold {name}")
        for part, (name, wanted) in zip(found, parts, strict=True)
    ]
    return [fault for fault in faults if fault]


def _join_gradient_fault(answer: Join) -> str | None:
    names = ("input_tensor", *["downsample"] * 2, *["upsample"] * 2)
    for inputs in _join_samples():
        found = trace(answer, inputs)
        runs = [trace(right, inputs) for right in (_skip_first, _skip_last)]
        assert isinstance(found, Trace)
        wanted = next(r for r in runs if isinstance(r, Trace) and close(found.output, r.output))
        if fault := gradient_problem(found, wanted, names, _about(inputs[0])):
            return fault
    return None


def _join_probes() -> list[tuple[Tensor, nn.Module, nn.Module]]:
    """As in the document; and maps of one size, on which no join fails and each shows itself."""
    shrinking = (torch.randn(2, 3, 4, 6), *_pair(3, 3))
    keeping = (torch.randn(2, 3, 4, 6), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    return [shrinking, keeping]


def _both_orders(
    halves: Callable[[Tensor, nn.Module, nn.Module], tuple[Tensor, Tensor]], dim: int = 1
) -> list[Join]:
    return [
        lambda i, down, up: torch.cat(halves(i, down, up), dim=dim),
        lambda i, down, up: torch.cat(halves(i, down, up)[::-1], dim=dim),
    ]


def _right(i: Tensor, down: nn.Module, up: nn.Module) -> tuple[Tensor, Tensor]:
    return i, up(down(i))


def _resized(i: Tensor, down: nn.Module, up: nn.Module, **how: Any) -> tuple[Tensor, Tensor]:
    x = down(i)
    return F.interpolate(x, size=i.shape[2:], **how), up(x)


def _is_small(answer: Join) -> bool:
    i, down, up = _join_probes()[0]
    found = trace(answer, (i, down, up))
    return isinstance(found, Trace) and found.output.shape[2:] == down(i).shape[2:]


known = Probes(_join_probes, gradients=True)

join = Exercise(
    name="join",
    lesson=3,
    prompt="Mend the document's snippet: return z, the skip and the up-sampled map as one.",
    checks=(
        is_function("join(input_tensor, downsample, upsample)"),
        Check("its shape", _join_shape_fault),
        Check("its values", _join_values_fault),
        Check("its gradient", _join_gradient_fault),
    ),
    answers=(
        lambda: _skip_first,
        lambda: _skip_last,
        lambda: (
            lambda input_tensor, downsample, upsample: torch.hstack(
                (input_tensor, nn.Sequential(downsample, upsample)(input_tensor))
            )
        ),
    ),
    mistakes=(
        known.mistake("x made large again", "x made larger again holds no more than x did: what the halving lost stays lost. Which map has never been smaller?",
            *_both_orders(lambda *a: _resized(*a, mode="nearest")),
            *_both_orders(lambda *a: _resized(*a, mode="bilinear")),
            *_both_orders(lambda *a: _resized(*a, mode="bilinear", align_corners=True)),
            cases=lambda: _join_probes()[:1]),
        known.mistake("the small map joined, as in the document", "x is the small map. Which other map is as high and wide as y?",
            *_both_orders(lambda i, down, up: (down(i), up(down(i))))),
        known.mistake("the small map beside the input", "x, the small map, is in your list: nothing of input_tensor's size fits beside it.",
            *_both_orders(lambda i, down, up: (i, down(i))),
            lambda i, down, up: torch.cat([i, down(i), up(down(i))], dim=1)),
        KnownMistake("y made small", "Your z has the size of x, the small map. A skip is there to join what is large.",
            lambda: lambda i, down, up: torch.cat([down(i), F.max_pool2d(up(down(i)), 2)], dim=1),
            _is_small),
        known.mistake("y twice", "That is y twice: z knows nothing that y did not know. One part has to come from before the halving.",
            *_both_orders(lambda i, down, up: (up(down(i)), up(down(i))))),
        known.mistake("the input twice", "That is input_tensor twice: what the layers made of it is not in z.",
            *_both_orders(lambda i, down, up: (i, i))),
        known.mistake("no skip", "That is y alone, with no skip beside it.",
            lambda i, down, up: up(down(i))),
        known.mistake("joined along the batch", "dim=0 is the batch: that makes more pictures, not more channels.",
            *_both_orders(_right, dim=0)),
        known.mistake("joined along height or width", "dim=2 is the height and dim=3 the width: that lays the maps side by side as one larger picture. Which axis counts the channels?",
            *_both_orders(_right, dim=2), *_both_orders(_right, dim=3)),
        known.mistake("stacked", "stack makes a new axis. To lengthen one that is there is cat's work.",
            lambda i, down, up: torch.stack([i, up(down(i))], dim=1),
            lambda i, down, up: torch.stack([up(down(i)), i], dim=1),
            lambda i, down, up: torch.stack([i, up(down(i))]),
            lambda i, down, up: torch.stack([up(down(i)), i])),
        known.mistake("added", "You added the two: that mixes them, channel by channel, and works only for equal channels. Here they are to lie beside each other.",
            lambda i, down, up: i + up(down(i))),
        known.mistake("the skip multiplied by zero", "The skip is there, but all zeros: a connection that carries nothing.",
            *_both_orders(lambda i, down, up: (0 * i, up(down(i))))),
        known.mistake("the skip detached", "Your skip is cut from the gradient: the layers before it would not learn through it.",
            *_both_orders(lambda i, down, up: (i.detach(), up(down(i)))),
            *_both_orders(lambda i, down, up: (i.detach(), up(down(i)).detach()))),
        known.mistake("the up-sampled map detached", "The way down and up is cut from the gradient: something on it would never learn.",
            *_both_orders(lambda i, down, up: (i, up(down(i)).detach())),
            *_both_orders(lambda i, down, up: (i, up(down(i).detach()))),
            *_both_orders(lambda i, down, up: (i, up(down(i.detach()))))),
        known.mistake("the halving left out", "upsample was given input_tensor. It takes the small map.",
            *_both_orders(lambda i, down, up: (i, up(i)))),
    ),
    hints=(
        "Print the three shapes: input_tensor, x, y. Which two agree in height and width?",
        "z holds one map that was never halved and one that has come back up. Which of the three is neither?",
        "`x = downsample(___)`, `y = upsample(___)`, `return torch.cat([___, ___], dim=___)`",
    ),
    solution_text=(
        "`x = downsample(input_tensor)\n"
        "y = upsample(x)\n"
        "return torch.cat([input_tensor, y], dim=1)`\n"
        "`[y, input_tensor]` is as right: the next layer learns which channels are which."
    ),
    praise="z holds what was never halved beside what came back up, and both can learn.",
)  # fmt: skip
