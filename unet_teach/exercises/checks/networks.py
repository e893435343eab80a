"""Checks and known mistakes for answers that are classes of networks."""

import inspect
import random
import threading
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.forward_problems import (
    batch_problem,
    gradient_problem,
    repeat_problem,
    skips_problem,
)
from unet_teach.exercises.checks.forward_trace import Trace
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.shared.plain_lists import untrained_parts
from unet_teach.shared.sizes_as_text import sizes_as_text

IN_CHANNELS, OUT_CHANNELS, DEPTH = 3, 5, 3  # of the networks that a check makes
SIZES = [(32 >> level, 48 >> level) for level in range(DEPTH + 1)]  # of the image and each level
INIT_MISSPELT = ("init", "int", "inti", "intit", "initialize", "initialise", "constructor")
COUNTS = ("no", "one", "two", "three", "four")
REGISTERED, ACTIVATIONS = "all its weights registered", "its activations"  # what checks hold


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


def random_image(size: tuple[int, int] = SIZES[0], channels: int = IN_CHANNELS) -> Tensor:
    """Return noise of shape (1, channels, H, W)."""
    return torch.randn(1, channels, *size)


def random_sizes(multiple: int, count: int = 3) -> list[tuple[int, int]]:
    """Return sizes with height and width divisible by `multiple`, the smallest first."""
    numbers = random.Random(multiple)  # the same each time, or the reply would depend on chance
    sizes = [(numbers.randint(2, 6), numbers.randint(2, 6)) for _ in range(count)]
    return sorted((height * multiple, width * multiple) for height, width in sizes)


def images_as_text(count: int, size: Sequence[int]) -> str:
    """Return as in "on one image of 32×48"."""
    return f"on {'one image' if count == 1 else f'{count} images'} of {sizes_as_text(size)}"


def class_problem(answer: Any, statement: str, *arguments: str) -> str | None:
    """Say why the answer is no class of networks, nor one of its networks.

    Args:
        answer: the student's.
        statement: the first line of a right class.
        *arguments: the names of what its `__init__` has to take.
    """
    kind = type(answer) if isinstance(answer, nn.Module) else answer
    if isinstance(kind, type) and issubclass(kind, nn.Module):
        return _init_problem(kind, statement, arguments)
    if isinstance(answer, type):
        return (
            "Your class isn't a network yet, because it doesn't inherit from one. Begin with "
            f"`{statement}`"
        )
    return (
        f"The answer should be a class, `{statement}`, but this is of type {type(answer).__name__}."
    )


def _init_problem(kind: type[nn.Module], statement: str, arguments: Sequence[str]) -> str | None:
    """Say that a class cannot be made with as many values as its `__init__` has to take."""
    right = f"`def __init__({', '.join(('self', *arguments))}):`"
    taken = [name for name in inspect.signature(kind.__init__).parameters if name in arguments]
    if taken != list(arguments) and sorted(taken) == sorted(arguments):
        return (
            f"Your `__init__` takes its arguments in the order {', '.join(taken)}. It should be "
            f"{', '.join(arguments)}."
        )
    base, no_base = statement.partition("(")[2].partition(")")[0], ""
    if base != "nn.Module" and base not in [each.__name__ for each in kind.__mro__]:
        no_base = (
            f"Your class doesn't inherit from `{base}`, so it has none of its layers. Begin with "
            f"`{statement}`"
        )
    if kind.__init__ is nn.Module.__init__:
        if name := next((n for n in vars(kind) if n.strip("_").lower() in INIT_MISSPELT), ""):
            return (
                f"Python doesn't call `{name}` when a network is made. Rename it to `__init__`, "
                "with two underscores before and after."
            )
        return (
            no_base
            or f"Your class has no `__init__`, so it can't take any values. Begin it with {right}"
        )
    signature = inspect.signature(kind.__init__)
    try:
        signature.bind("self", *arguments)
    except TypeError as error:
        shown = signature.replace(
            parameters=list(signature.parameters.values())[1:],
            return_annotation=inspect.Signature.empty,
        )
        name = statement.removeprefix("class ").partition("(")[0]
        count = f"{COUNTS[len(arguments)]} argument{'s' * (len(arguments) > 1)}"
        return (
            f"Your class takes `{name}{shown}`, but it should take {count}, "
            f"`{name}({', '.join(arguments)})`: {error}. Begin its `__init__` with {right}"
        )
    if no_base:
        try:
            new_network(kind, *range(1, len(arguments) + 1))
        except TypeError:  # `nn.Module.__init__` takes no arguments
            return no_base
    return None


class StudentNetworks:
    """New networks of a student's class, with the checks and known mistakes of several exercises.

    Random numbers begin anew with each network, so that an answer gets the same reply each time.

    Args:
        make: makes a new network of the student's answer; may take more arguments.
        size: height and width of the images that the networks are given.
        channels: of these images.
    """

    def __init__(
        self,
        make: Callable[..., nn.Module],
        size: tuple[int, int] = SIZES[0],
        channels: int = IN_CHANNELS,
    ) -> None:
        self._make, self._size, self._channels = make, size, channels
        self._kept = threading.local()  # an answer's thread ends with its check, and frees 100 MB

    @property
    def _traces(self) -> dict[Any, Trace]:
        return self._kept.__dict__.setdefault("traces", {})  # type: ignore[no-any-return]

    def make(self, answer: Any, *arguments: Any) -> nn.Module:
        """Return a new network, with the same weights each time."""
        torch.manual_seed(0)
        return self._make(answer, *arguments)

    def first_check(self, holds: str, problem: Callable[[Any], str | None]) -> Check:
        """Make the exercise's first check; it forgets earlier traces: a class may have changed."""

        def begin(answer: Any) -> str | None:
            self._traces.clear()
            return problem(answer)

        return Check(holds, begin)

    def trace(
        self, answer: Any, *arguments: Any, size: Any = None, training: bool = False
    ) -> Trace:
        """Return what a new network, made with these arguments, does with a random image.

        Traces are kept: a large network takes seconds, and each known mistake asks for its trace.
        """
        key = (answer, arguments, size, training)
        if key not in self._traces:
            network = self.make(answer, *arguments)
            self._traces[key] = Trace(network, self._image(size), training=training)
        return self._traces[key]

    def _image(self, size: tuple[int, int] | None = None) -> Tensor:
        return random_image(size or self._size, self._channels)

    def trace_shows(self, holds: Callable[[Trace], Any]) -> Callable[[Any], bool]:
        """Recognise answers by what one of their networks does with an image."""
        return lambda answer: bool(holds(self.trace(answer)))

    # --------------------------------------------------------------------------------------- checks
    def has_gradients(self) -> Check:
        """Check that a gradient goes back on every path on which values go on."""
        return Check(
            "gradients on every path",
            lambda a: gradient_problem(self.make(a), self._image(), self.trace(a)),
        )

    def repeats(self, *arguments: Any) -> Check:
        """Check that the same image gives the same output each time."""
        return Check(
            "the same output each time",
            lambda answer: repeat_problem(self.make(answer, *arguments), self._image()),
        )

    def batch_problem(self, answer: Any, *arguments: Any) -> str | None:
        """Say what makes the output for an image depend on the other images of its batch."""
        network = self.make(answer, *arguments)
        images = torch.cat([9 * self._image(), self._image()])
        return batch_problem(network, images)

    def has_skips(self, holds: str) -> Check:
        """Check that a live skip arrives at each size but the smallest, in training mode, too."""

        def problem(answer: Any) -> str | None:
            traces = (self.trace(answer, training=training) for training in (False, True))
            ran = (trace for trace in traces if trace.used)
            return next(filter(None, (skips_problem(trace, SIZES[:-1]) for trace in ran)), None)

        return Check(holds, problem)

    def registers_its_weights(self, *arguments: Any) -> Check:
        """Check that every weight that is used is a parameter of the network.

        Args:
            *arguments: of the network to look at.
        """

        def problem(answer: Any) -> str | None:
            if not (count := len(self.trace(answer, *arguments).unregistered)):
                return self._shared_weights(answer, *arguments)
            places = _hiding_places(self.make(answer, *arguments))
            named = ", ".join(f"`self.{place}` (of type {kind})" for place, kind in places.items())
            where = f" They are in {named}." if named else ""
            if "Tensor" in places.values():
                where += " Wrap a tensor in `nn.Parameter(…)` to make it a parameter."
            elif not (places or self._makes_weights(answer, *arguments)):
                where = (
                    " They are the same in each run, but belong to a function, a variable or "
                    "another object. Assign the layers to `self` in `__init__`."
                )
            return (
                f"PyTorch doesn't find {count} of the weights and biases that your network uses, "
                f"so training won't change them.{where}"
            )

        return Check(REGISTERED, problem)

    def _shared_weights(self, answer: Any, *arguments: Any) -> str | None:
        """Say that two networks made one after the other have weights in common."""
        if isinstance(answer, nn.Module):  # one network, not what makes them
            return None
        first, second = (self.make(answer, *arguments) for _ in range(2))
        both = {id(weight) for weight in first.parameters()}
        if not (count := sum(id(weight) in both for weight in second.parameters())):
            return None
        return (
            f"Two of them, made one after the other, share {count} of their weights and biases, so "
            "training one changes the other. Make new layers each time."
        )

    # ------------------------------------------------------------------------------- known mistakes
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
                "PyTorch doesn't look for layers inside a Python list, tuple or dictionary. Put "
                "them into an `nn.ModuleList` or an `nn.ModuleDict`.",
                in_list,
                hides_layers,
                at=REGISTERED,
            ),
            KnownMistake(
                "layers made in forward",
                "A layer that is created in `forward` is a new one in each call, with new random "
                "weights. Create it in `__init__`.",
                in_forward,
                lambda answer: self._makes_weights(answer, *arguments),
                at=REGISTERED,
            ),
        )

    def _makes_weights(self, answer: Any, *arguments: Any) -> bool:
        """Whether a second run of a network has other unregistered weights than the first."""
        network = self.make(answer, *arguments)
        weights = [Trace(network, self._image()).unregistered for _ in range(2)]
        one, other = ({id(weight) for weight in run} for run in weights)
        return bool(one) and not one & other

    def fixed_size(self, example: Any) -> KnownMistake:
        """Make the mistake of an output that has one size, whatever the size of the image."""

        def recognises(answer: Any) -> bool:
            images = [torch.zeros(1, IN_CHANNELS, *size) for size in ((16, 24), (24, 16), (32, 48))]
            with torch.no_grad():  # a new network for each image: it may keep something of the last
                outputs = [self.make(answer).eval()(image).shape[2:] for image in images]
            return len(set(outputs)) == 1 and len(outputs[0]) == 2

        return KnownMistake(
            "hard-coded size",
            "The output has the same size for images of three different sizes. Don't write the "
            "size as a number: take it from a feature map's shape.",
            example,
            recognises,
        )


class Hidden(nn.Module):
    """A network whose layer PyTorch does not find: it is in a list, or made anew in each call."""

    def __init__(self, make: Callable[[], nn.Module], *, in_forward: bool = False) -> None:
        super().__init__()
        self.make, self.layers = make, [] if in_forward else [make()]

    def forward(self, x: Tensor) -> Any:
        """Return what the layer makes of a feature map."""
        return (self.layers or [self.make()])[0](x)


def _hiding_places(network: nn.Module) -> dict[str, str]:
    """Return which attributes hold weights that PyTorch does not find, with their types' names."""
    lists = dict.fromkeys(path.partition("[")[0] for path in untrained_parts(network))
    places = {place: type(attrgetter(place)(network)).__name__ for place in lists}
    for path, module in network.named_modules():
        for name, thing in vars(module).items():
            if isinstance(thing, Tensor) and thing.requires_grad and thing.is_leaf:
                places[f"{path}.{name}".removeprefix(".")] = "Tensor"
    return places
