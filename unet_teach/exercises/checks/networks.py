"""The rungs and recognitions that exercises about whole networks share."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.autograd_graph import Flow
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

IN_CHANNELS, OUT_CHANNELS = 3, 5  # of the networks that a check makes
FOUND = "all its layers are found"  # what holds when no layer is hidden from PyTorch


def a_class(shown: str) -> Check:
    """The answer is a class of networks; one of its instances is as good."""

    def fault(answer: Any) -> str | None:
        if isinstance(answer, nn.Module) or (
            isinstance(answer, type) and issubclass(answer, nn.Module)
        ):
            return None
        if isinstance(answer, type):
            return f"Your class is no network yet: its first line says nn.Module, as `{shown}`."
        return f"A class was expected, `{shown}`; this is of type {type(answer).__name__}."

    return Check("a class of networks", fault)


def fresh(answer: Any, *arguments: Any, **options: Any) -> nn.Module:
    """A new network of the student's class: fresh weights, nobody else's.

    Every other bias is 1. In a narrow network, a ReLU whose inputs are all negative is no rarity,
    and a skip behind it would look dead by bad luck.
    """
    kind = type(answer) if isinstance(answer, nn.Module) else answer
    network: nn.Module = kind(*arguments, **options)
    with torch.no_grad():
        for name, bias in network.named_parameters():
            if name.endswith("bias") and bias.dim() == 1:
                bias[::2] = 1
    return network


def affine(network: nn.Module, picture: Tensor) -> bool:
    """Whether the network, as it is, is one linear map and a constant."""
    network.eval()
    other = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        apart = network(picture) + network(other)
        together = network(picture + other) + network(torch.zeros_like(picture))
    return bool((apart - together).abs().max() <= 1e-3 * apart.abs().max())


def skip_fault(network: Callable[[], nn.Module], picture: Tensor, sizes: list[Any]) -> str | None:
    """Which skips carry nothing; a skip counts when it is alive in one of two fresh networks."""
    flows = [Flow(network(), picture) for _ in range(2)]
    missing = [size for size in sizes if not any(size in flow.skips for flow in flows)]
    if not missing:
        return None
    where = ", ".join(sizes_as_text(size) for size in missing)
    return (
        f"On a {sizes_as_text(picture.shape[2:])} picture, no skip arrives at {where}: "
        "what the decoder gets there has all been through smaller maps."
    )


def registered(network: Callable[[Any], nn.Module]) -> Check:
    """Every weight that takes part is a parameter of the network."""

    def fault(answer: Any) -> str | None:
        strangers = Flow(network(answer), torch.randn(1, IN_CHANNELS, 32, 48)).strangers
        if not strangers:
            return None
        return (
            f"{strangers} of the weights that take part are no parameters of your network: no "
            "training would ever change them."
        )

    return Check(FOUND, fault)


def unregistered(
    network: Callable[[Any], nn.Module], listed: Any, remade: Any
) -> tuple[KnownMistake, ...]:
    """The two ways to hide layers from PyTorch; an example of each."""

    def in_a_list(answer: Any) -> bool:
        held = [thing for module in network(answer).modules() for thing in vars(module).values()]
        lists = [thing for thing in held if isinstance(thing, list | tuple)]
        return any(isinstance(part, nn.Module) for thing in lists for part in thing)

    return (
        KnownMistake(
            "layers in a plain list",
            "PyTorch does not look into a Python list. Put the layers into an `nn.ModuleList`.",
            listed,
            in_a_list,
            at=FOUND,
        ),
        KnownMistake(
            "layers made in forward",
            "A layer that `forward` makes is a new one each time, with new random weights. Make it "
            "in `__init__`.",
            remade,
            lambda answer: not in_a_list(answer),
            at=FOUND,
        ),
    )


def raises(network: Callable[[Any], nn.Module], *words: str) -> Callable[[Any], bool]:
    """Whether a network stops with an error that says all these words."""

    def recognises(answer: Any) -> bool:
        made = network(answer)
        try:
            made(torch.randn(1, IN_CHANNELS, 32, 48))
        except Exception as error:
            return all(word in str(error) for word in words)
        return False

    return recognises


def flows(
    network: Callable[[Any], nn.Module], holds: Callable[[Flow], Any]
) -> Callable[[Any], bool]:
    """Whether something holds for the flow of a picture through the network."""
    return lambda answer: bool(holds(Flow(network(answer), torch.randn(1, IN_CHANNELS, 32, 48))))


def fresh_sizes(multiple: int, count: int = 3) -> list[tuple[int, int]]:
    """Rectangles with sides divisible by `multiple`, the smallest first."""
    chance = random.Random()
    sides = [(chance.randint(2, 6), chance.randint(2, 6)) for _ in range(count)]
    return sorted((height * multiple, width * multiple) for height, width in sides)


def output_fault(network: nn.Module, sizes: list[tuple[int, int]]) -> str | None:
    """As many classes as asked for, as large as the picture."""
    for size in sizes:
        made = run(network, torch.randn(2, IN_CHANNELS, *size))
        if isinstance(made, str):
            return made
        if fault := shape_problem(
            made, (2, OUT_CHANNELS, *size), f"On two {sizes_as_text(size)} pictures"
        ):
            return fault
    return None
