"""Checks and known mistakes for answers that are classes of networks."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.autograd_graph import AutogradGraph, Operation
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

IN_CHANNELS, OUT_CHANNELS, DEPTH = 3, 5, 3  # of the networks that a check makes
SIZES = [(32 >> level, 48 >> level) for level in range(DEPTH + 1)]  # of the image and each level
REGISTERED, ACTIVATIONS = "all its layers are found", "its activations"  # what checks hold


def new_network(answer: Any, *arguments: Any) -> nn.Module:
    """Make a network of the student's class, or of the class of the student's network.

    Every other bias is set to 1. In a narrow network with random weights, it is not rare that all
    inputs of a ReLU are negative. Its gradient is then zero, so a right skip would look dead.
    """
    kind = type(answer) if isinstance(answer, nn.Module) else answer
    network: nn.Module = kind(*arguments)
    with torch.no_grad():
        for name, bias in network.named_parameters():
            if name.endswith("bias") and bias.dim() == 1:
                bias[::2] = 1
    return network


def random_image() -> Tensor:
    """Return noise of shape (1, 3, 32, 48)."""
    return torch.randn(1, IN_CHANNELS, *SIZES[0])


def random_sizes(multiple: int, count: int = 3) -> list[tuple[int, int]]:
    """Return sizes with height and width divisible by `multiple`, the smallest first."""
    numbers = random.Random()
    sizes = [(numbers.randint(2, 6), numbers.randint(2, 6)) for _ in range(count)]
    return sorted((height * multiple, width * multiple) for height, width in sizes)


def is_network_class(statement: str) -> Check:
    """Check that the answer is a class of networks, or one of its networks.

    Args:
        statement: the first line of such a class.
    """

    def problem(answer: Any) -> str | None:
        if isinstance(answer, nn.Module) or (
            isinstance(answer, type) and issubclass(answer, nn.Module)
        ):
            return None
        if isinstance(answer, type):
            return f"Your class is no network yet: its first line says nn.Module, as `{statement}`."
        return f"A class was expected, `{statement}`; this is of type {type(answer).__name__}."

    return Check("a class of networks", problem)


def output_problem(network: nn.Module, sizes: list[tuple[int, int]]) -> str | None:
    """Say for which size of image the output is not (N, 5, H, W)."""
    for size in sizes:
        output = run(network, torch.randn(2, IN_CHANNELS, *size))
        if isinstance(output, str):
            return output
        where = f"On two {sizes_as_text(size)} pictures"
        if problem := shape_problem(output, (2, OUT_CHANNELS, *size), where):
            return problem
    return None


class StudentNetworks:
    """New networks of a student's class, with the checks and known mistakes of several exercises.

    Args:
        make: makes a new network of the student's answer; may take more arguments.
    """

    def __init__(self, make: Callable[..., nn.Module]) -> None:
        self.make = make

    def graph(self, answer: Any, *arguments: Any) -> AutogradGraph:
        """Return what a new network, made with these arguments, does with a random image."""
        return AutogradGraph(self.make(answer, *arguments), random_image())

    def is_affine(self, answer: Any) -> bool:
        """Whether a new network is a linear map plus a constant: f(a) + f(b) = f(a + b) + f(0)."""
        network = self.make(answer).eval()
        one, other = random_image(), random_image()
        with torch.no_grad():
            separate = network(one) + network(other)
            together = network(one + other) + network(torch.zeros_like(one))
        return bool((separate - together).abs().max() <= 1e-3 * separate.abs().max())

    def registers_its_weights(self) -> Check:
        """Check that every weight that is used is a parameter of the network."""

        def problem(answer: Any) -> str | None:
            if not (count := self.graph(answer).unregistered_weights):
                return None
            return (
                f"{count} of the weights that take part are no parameters of your network: no "
                "training would ever change them."
            )

        return Check(REGISTERED, problem)

    def has_skips(self, holds: str) -> Check:
        """Check that a live skip arrives at each size but the smallest.

        A skip counts when it is alive in one of two new networks: in the other, chance may have
        given it a dead ReLU.
        """

        def problem(answer: Any) -> str | None:
            skips = [self.graph(answer).skips for _ in range(2)]
            missing = [size for size in SIZES[:-1] if not any(size in found for found in skips)]
            if not missing:
                return None
            return (
                f"On a {sizes_as_text(SIZES[0])} picture, no skip arrives at "
                f"{', '.join(map(sizes_as_text, missing))}: "
                "what the decoder gets there has all been through smaller maps."
            )

        return Check(holds, problem)

    def has_activations(
        self,
        needed: Callable[[Operation, Operation], bool],
        where: Callable[[Operation, Operation], str],
    ) -> Check:
        """Check that activations stand between convolutions, and that none comes last.

        Args:
            needed: whether an activation belongs between these two consecutive convolutions.
            where: makes the sentence about two that lack it.
        """

        def problem(answer: Any) -> str | None:
            if self.is_affine(answer):
                return (
                    "Your network answers the sum of two pictures with the sum of its answers: "
                    "all its layers together are one linear map."
                )
            graph = self.graph(answer)
            for first, second in graph.consecutive_convolutions:
                if needed(first, second):
                    return where(first, second)
            if graph.ends_in_activation:
                return "An activation comes last. What leaves the network are logits: any numbers."
            return None

        return Check(ACTIVATIONS, problem)

    def raises(self, *words: str, size: tuple[int, int] = SIZES[0]) -> Callable[[Any], bool]:
        """Recognise networks that stop with an error that contains all these words."""

        def recognises(answer: Any) -> bool:
            network = self.make(answer)
            try:
                network(torch.randn(1, IN_CHANNELS, *size))
            except Exception as error:
                return all(word in str(error) for word in words)
            return False

        return recognises

    def graph_shows(self, holds: Callable[[AutogradGraph], Any]) -> Callable[[Any], bool]:
        """Recognise networks by their autograd graph."""
        return lambda answer: bool(holds(self.graph(answer)))

    def unregistered_layers(self, in_list: Any, in_forward: Any) -> tuple[KnownMistake, ...]:
        """Make the mistakes of layers that PyTorch does not find, given an example of each."""

        def has_list_of_layers(answer: Any) -> bool:
            return any(
                isinstance(part, nn.Module)
                for module in self.make(answer).modules()
                for attribute in vars(module).values()
                if isinstance(attribute, list | tuple)
                for part in attribute
            )

        return (
            KnownMistake(
                "layers in a plain list",
                "PyTorch does not look into a Python list. Put the layers into an `nn.ModuleList`.",
                in_list,
                has_list_of_layers,
                at=REGISTERED,
            ),
            KnownMistake(
                "layers made in forward",
                "A layer that `forward` makes is a new one each time, with new random weights. "
                "Make it in `__init__`.",
                in_forward,
                lambda answer: not has_list_of_layers(answer),
                at=REGISTERED,
            ),
        )

    def dead_skips(self, at: str, zeroed: Any, detached: Any) -> tuple[KnownMistake, ...]:
        """Make the mistakes of skips without a gradient, given an example of each."""
        return (
            KnownMistake(
                "a skip multiplied by zero",
                "The join is there, but what comes across is worth nothing: its gradient is zero.",
                zeroed,
                self.graph_shows(lambda graph: not graph.skips and graph.zero_gradient_sizes),
                at=at,
            ),
            KnownMistake(
                "a detached skip",
                "The join is there, but no gradient goes back across it. Is something detached?",
                detached,
                self.graph_shows(lambda graph: not graph.skips and graph.detached_joins),
                at=at,
            ),
        )

    def fixed_size(self, example: Any) -> KnownMistake:
        """Make the mistake of an output that has one size, whatever the size of the image."""
        return KnownMistake(
            "hard-coded size",
            "That is the size of the first picture tried. Take sizes from the maps, not a number.",
            example,
            lambda answer: self.make(answer)(torch.zeros(1, 3, 40, 32)).shape[2:] == SIZES[0],
        )
