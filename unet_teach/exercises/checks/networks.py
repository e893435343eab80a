"""Checks and known mistakes for answers that are classes of networks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.autograd_graph import AutogradGraph, Operation
from unet_teach.exercises.checks.failed_runs import FailedRun, last_join
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.sandbox import describe
from unet_teach.shared.sizes_as_text import sizes_as_text

IN_CHANNELS, OUT_CHANNELS, DEPTH = 3, 5, 3  # of the networks that a check makes
SIZES = [(32 >> level, 48 >> level) for level in range(DEPTH + 1)]  # of the image and each level
COUNTS = {1: "one", 2: "two", 3: "three"}
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
            if name.endswith("bias") and not is_lazy(bias) and bias.dim() == 1:
                bias[::2] = 1
    return network


def random_image(size: tuple[int, int] = SIZES[0]) -> Tensor:
    """Return noise of shape (1, 3, H, W)."""
    return torch.randn(1, IN_CHANNELS, *size)


def random_sizes(multiple: int, count: int = 3) -> list[tuple[int, int]]:
    """Return sizes with height and width divisible by `multiple`, the smallest first."""
    numbers = random.Random(multiple)  # the same each time, or the reply would depend on chance
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


def output_problem(
    network: nn.Module,
    sizes: list[tuple[int, int]],
    channels: tuple[int, int] = (IN_CHANNELS, OUT_CHANNELS),
    batch: int = 2,
    made: str = "",
) -> str | None:
    """Say for which size of image the output is not (N, out_channels, H, W).

    Args:
        network: the student's.
        sizes: height and width of the images to try.
        channels: of the images, and of the right output.
        batch: the number of images.
        made: begins the sentence and says how the network was made.
    """
    for size in sizes:
        images = f"{COUNTS[batch]} {sizes_as_text(size)} image{'s'[: batch - 1]}"
        where = f"{made} on {images}" if made else f"On {images}"
        given = torch.randn(batch, channels[0], *size)
        image = given.clone()
        try:
            output = run(network, given)
        except Exception as error:
            return f"{where}: {FailedRun(network, image, error)}"
        if isinstance(output, str):
            return f"{where}: {output}"
        if given.shape != image.shape or not torch.equal(given, image):
            return (
                f"{where}: your network changes the image it is given. An operation in place, such "
                "as `x -= …`, `x[…] = …` or `x.sub_(…)`, also changes the caller's data. Write "
                "`x = x - …`."
            )
        target = (batch, channels[1], *size)
        if problem := shape_problem(output, target, where):
            if output.dim() == 4 and sorted(output.shape) == sorted(target):
                return (
                    f"{where}: the result's shape is {tuple(output.shape)}, wanted {target}: the "
                    "same axes in another order."
                )
            is_smaller = output.dim() == 4 and output[0, 0].numel() < image[0, 0].numel()
            if not is_smaller or output.shape[:2] != target[:2]:
                return problem
            return problem + (_shrinking_layer(network, image) or last_join(network, image))
    return None


def _shrinking_layer(network: nn.Module, image: Tensor) -> str:
    """Name the first convolution of stride 1 that makes a map smaller, "" if there is none."""
    found: list[str] = []

    def note(name: str, layer: nn.Conv2d) -> Callable[..., None]:
        def hook(_: Any, given: Any, made: Tensor) -> None:
            if layer.stride == (1, 1) and made[0, 0].numel() < given[0][0, 0].numel():
                found.append(
                    f" `{name}`, with kernel_size={layer.kernel_size[0]} and padding="
                    f"{layer.padding if isinstance(layer.padding, str) else layer.padding[0]}, "
                    f"makes {sizes_as_text(made.shape[2:])} of {sizes_as_text(given[0].shape[2:])}."
                )

        return hook

    named = [(n, layer) for n, layer in network.named_modules() if isinstance(layer, nn.Conv2d)]
    handles = [layer.register_forward_hook(note(name, layer)) for name, layer in named]
    try:
        run(network, image)
    finally:
        for handle in handles:
            handle.remove()
    return next(iter(found), "")


class StudentNetworks:
    """New networks of a student's class, with the checks and known mistakes of several exercises.

    Random numbers begin anew with each network, so that an answer gets the same reply each time.

    Args:
        make: makes a new network of the student's answer; may take more arguments.
    """

    def __init__(self, make: Callable[..., nn.Module]) -> None:
        self._make = make
        self._graphs: dict[Any, AutogradGraph] | None = None
        self._failed: dict[Any, FailedRun | None] = {}

    def make(self, answer: Any, *arguments: Any, seed: int = 0) -> nn.Module:
        """Return a new network, with the weights that belong to this seed."""
        torch.manual_seed(seed)
        return self._make(answer, *arguments)

    def remember_graphs(self) -> None:
        """Begin to remember graphs, and forget earlier ones: a class may have changed since.

        A large network takes seconds to make and run, and each known mistake asks for its graph.
        """
        self._graphs, self._failed = {}, {}

    def graph(
        self, answer: Any, *arguments: Any, seed: int = 0, size: tuple[int, int] = SIZES[0]
    ) -> AutogradGraph:
        """Return what a new network, made with these arguments, does with a random image."""
        key = (answer, arguments, seed, size)
        if self._graphs is not None and key in self._graphs:
            return self._graphs[key]
        graph = AutogradGraph(self.make(answer, *arguments, seed=seed), random_image(size))
        if self._graphs is not None:
            self._graphs[key] = graph
        return graph

    def is_affine(self, answer: Any) -> bool:
        """Whether a new network is a linear map plus a constant: f(a) + f(b) = f(a + b) + f(0)."""
        network = self.make(answer).eval()
        one, other = random_image(), random_image()
        with torch.no_grad():
            separate = network(one) + network(other)
            together = network(one + other) + network(torch.zeros_like(one))
        return bool((separate - together).abs().max() <= 1e-3 * separate.abs().max())

    def registers_its_weights(self, *arguments: Any) -> Check:
        """Check that every weight that is used is a parameter of the network.

        Args:
            *arguments: of the network to look at.
        """

        def problem(answer: Any) -> str | None:
            try:
                graph = self.graph(answer, *arguments)
            except Exception as error:
                return _failed_with_gradients(error)
            if graph.flat_step:
                return (
                    f"The gradient of the last step, `{graph.flat_step}`, is zero everywhere: no "
                    "training could change a weight."
                )
            if not graph.operations:
                return (
                    "No gradient flows back from the output: no training could change a weight. Is "
                    "there a `torch.no_grad()` around the forward, or a `.detach()`, `.data` or "
                    "`.numpy()` in it?"
                )
            if not (count := len(graph.unregistered)):
                return None
            places = _hiding_places(self.make(answer, *arguments))
            named = ", ".join(f"`self.{place}` (of type {kind})" for place, kind in places.items())
            where = f" They are in {named}." if named else ""
            if "Tensor" in places.values():
                where += " A tensor becomes a parameter by `nn.Parameter(…)`."
            elif not (places or self._makes_weights(answer, *arguments)):
                where = (
                    " They are the same in each run, but a function, a variable or another object "
                    "holds them. Assign the layers to `self`."
                )
            return (
                "Weights in use that are not among your network's parameters, so that no training "
                f"would change them: {count}.{where}"
            )

        return Check(REGISTERED, problem)

    def has_skips(self, holds: str) -> Check:
        """Check that a live skip arrives at each size but the smallest.

        A skip counts when it is alive in one of two new networks: in the other, chance may have
        given it a dead ReLU.
        """

        def problem(answer: Any) -> str | None:
            graph = self.graph(answer)
            missing = [size for size in SIZES[:-1] if size not in graph.skips]
            if missing:
                found = self.graph(answer, seed=1).skips
                missing = [size for size in missing if size not in found]
            if not missing:
                return None
            if any(size in graph.zero_gradient_sizes for size in missing):
                why = "something is joined there that has no effect on the output."
            elif any(size in graph.detached_joins for size in missing):
                why = "something is joined there through which no gradient flows."
            else:
                why = (
                    "what the decoder gets there, apart from the image itself, has all been "
                    "through smaller maps."
                )
            return (
                f"On a {sizes_as_text(SIZES[0])} image, no skip arrives at "
                f"{', '.join(map(sizes_as_text, missing))}: {why}"
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
                    "For the sum of two images, your network's output is the sum of its outputs: "
                    "all its layers together are one linear map."
                )
            graph = self.graph(answer)
            for first, second in graph.consecutive_convolutions:
                if needed(first, second):
                    return where(first, second)
            if last := graph.last_activation:
                return (
                    f"The last step is a nonlinearity, `{last}`. What leaves the network should be "
                    "logits: any numbers."
                )
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

    def unregistered_layers(
        self, in_list: Any, in_forward: Any, *arguments: Any
    ) -> tuple[KnownMistake, ...]:
        """Make the mistakes of layers that PyTorch does not find, given an example of each."""

        def hides_layers(answer: Any) -> bool:
            places = _hiding_places(self.make(answer, *arguments))
            return any(kind != "Tensor" for kind in places.values())

        return (
            KnownMistake(
                "layers in a plain list",
                "PyTorch does not look into a Python list, tuple or dictionary. Put the layers "
                "into an `nn.ModuleList` or an `nn.ModuleDict`.",
                in_list,
                hides_layers,
                at=REGISTERED,
            ),
            KnownMistake(
                "layers made in forward",
                "A layer that `forward` makes is a new one each time, with new random weights. "
                "Make it in `__init__`.",
                in_forward,
                lambda answer: self._makes_weights(answer, *arguments),
                at=REGISTERED,
            ),
        )

    def _makes_weights(self, answer: Any, *arguments: Any) -> bool:
        """Whether a second run of a network has other unregistered weights than the first."""
        network = self.make(answer, *arguments)
        weights = [AutogradGraph(network, random_image()).unregistered for _ in range(2)]
        one, other = ({id(weight) for weight in run} for run in weights)
        return bool(one) and not one & other

    def unreached(self, answer: Any, *arguments: Any) -> list[str]:
        """Return the layers that are called and have no part in the output."""
        network = self.make(answer, *arguments)
        called: set[str] = set()
        for name, module in network.named_modules():
            module.register_forward_hook(lambda *_, name=name: called.add(name))
        with torch.no_grad():
            network.eval()(random_image())
        unused = {name.rpartition(".")[0]: 0 for name in self.graph(answer, *arguments).unused}
        return [layer for layer in unused if layer in called]

    def hides_data(self, answer: Any) -> bool:
        """Whether the output depends on the image in a way that its gradient does not know.

        That is so behind a detached map, and not behind a constant such as zeros: the slope that
        two runs show is then another than the gradient's.
        """
        network = self.make(answer).double().eval()
        for weight in network.parameters():
            if weight.dim() > 1:  # PyTorch's first weights let little through a deep network
                weight.data *= 6**0.5
        image, step = random_image().double(), random_image().double()
        with torch.enable_grad():
            output = network(image.requires_grad_())
            scales = torch.randn_like(output)
            (gradient,) = torch.autograd.grad((output * scales).sum(), image)
        with torch.no_grad():
            one, other = (((network(image + e * step)) * scales).sum() for e in (1e-7, -1e-7))
        slope, expected = (one - other) / 2e-7, (gradient * step).sum()
        return bool((slope - expected).abs() > 0.01 * expected.abs())

    def dead_skips(
        self, at: str, zeroed: Any, detached: Any, constant: Any = None
    ) -> tuple[KnownMistake, ...]:
        """Make the mistakes of skips without a gradient, given an example of each."""
        has_dead_join = self.graph_shows(
            lambda graph: any(size not in graph.skips for size in graph.detached_joins)
        )
        mistakes = (
            KnownMistake(
                "a skip multiplied by zero",
                "The join is there, but what comes across is worth nothing: its gradient is zero.",
                zeroed,
                self.graph_shows(
                    lambda graph: any(s not in graph.skips for s in graph.zero_gradient_sizes)
                ),
                at=at,
            ),
            KnownMistake(
                "a detached skip",
                "The join is there, but no gradient goes back across it. Is something detached?",
                detached,
                lambda answer: has_dead_join(answer) and self.hides_data(answer),
                at=at,
            ),
            KnownMistake(
                "a constant in place of a skip",
                "What is joined there does not depend on the image: a constant, such as zeros.",
                constant,
                lambda answer: has_dead_join(answer) and not self.hides_data(answer),
                at=at,
            ),
        )
        return mistakes if constant else mistakes[:2]

    def fixed_size(self, example: Any) -> KnownMistake:
        """Make the mistake of an output that has one size, whatever the size of the image."""

        def recognises(answer: Any) -> bool:
            network, sizes = self.make(answer).eval(), ((16, 24), (24, 16), (32, 48))
            with torch.no_grad():
                outputs = [network(torch.zeros(1, IN_CHANNELS, *size)).shape[2:] for size in sizes]
            return len(set(outputs)) == 1 and len(outputs[0]) == 2

        return KnownMistake(
            "hard-coded size",
            "The output has this size for an image of any size. Take sizes from the maps, not a "
            "number.",
            example,
            recognises,
        )

    def fails(self, holds: Callable[[FailedRun], bool], size: tuple[int, int] = SIZES[0]) -> Any:
        """Recognise networks by how they stop, given an image of this size."""

        def recognises(answer: Any) -> bool:
            if self._graphs is None or (answer, size) not in self._failed:
                self._failed[answer, size] = self._failed_run(answer, size)
            run = self._failed[answer, size]
            return run is not None and holds(run)

        return recognises

    def _failed_run(self, answer: Any, size: tuple[int, int]) -> FailedRun | None:
        network, image = self.make(answer), random_image(size)
        try:
            with torch.no_grad():
                network(image.clone())
        except Exception as error:
            return FailedRun(network, image, error)
        return None


def _failed_with_gradients(error: Exception) -> str:
    """Say why a network that runs without gradients stops with them."""
    if changed := re.search(r"inplace operation.*output \d+ of (\w+?)(Backward|,)", str(error)):
        return (
            f"The output of a step, `{changed[1].lower()}`, is changed in place afterwards, but "
            "its gradient still needs the values. Operations in place are `x += …`, `x[…] = …`, "
            "`x.mul_(…)` or `inplace=True`: make a new map, as `x = x + …` does."
        )
    told = "It runs inside `torch.no_grad()`, but not with gradients, as in training."
    return f"{told} {describe(error)}"


INTERNAL = set(vars(nn.Module()))  # the attributes in which PyTorch itself keeps things


def _hiding_places(network: nn.Module) -> dict[str, str]:
    """Return which attributes hold layers that PyTorch does not find, with their types' names."""
    known = {id(part) for part in (*network.modules(), *network.parameters())}
    return {
        f"{path}.{name}".removeprefix("."): type(thing).__name__
        for path, module in network.named_modules()
        for name, thing in vars(module).items()
        if name not in INTERNAL and any(id(layer) not in known for layer in _layers_in(thing))
    }


def _layers_in(thing: Any) -> Iterator[nn.Module | Tensor]:
    """Yield the weights and the layers with weights in nested collections."""
    if isinstance(thing, nn.Module):
        if any(True for _ in thing.parameters()):
            yield thing
    elif isinstance(thing, Tensor):
        if thing.requires_grad and thing.is_leaf:
            yield thing
    elif isinstance(thing, Collection) and not isinstance(thing, str | bytes):
        for part in thing.values() if isinstance(thing, Mapping) else thing:
            yield from _layers_in(part)
