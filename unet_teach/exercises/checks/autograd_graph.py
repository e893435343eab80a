"""Follows the data through a network: which operations made the output, and which skips are alive.

It walks the graph that torch keeps for the gradients. So it sees what a map went through, not what
a layer is called, and a skip that is detached or multiplied by zero carries nothing here either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, nn

Size = tuple[int, int]  # height and width, in cells

NO_MAP = 10**9  # the height of what is no map: it narrows no way
NO_WAY = 0  # from the picture: what comes from there has no effect

AFFINE = ("BatchNorm", "LayerNorm", "GroupNorm", "Add", "Cat", "ConstantPad", "View", "Slice")
ACTIVATIONS = (
    *("Relu", "LeakyRelu", "Rrelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "Mish", "Softplus"),
    *("Sigmoid", "LogSigmoid", "Tanh", "Softmax", "LogSoftmax", "Hardtanh", "Hardsigmoid"),
    *("PreluKernel", "Hardswish", "Threshold"),
)


@dataclass(frozen=True, eq=False)
class Step:
    """One operation.

    Attributes:
        name: torch's name for it, such as "Convolution" or "Cat".
        shape: of what it made.
        inputs: the operations whose results it took, the picture's own step among them.
        cut: whether one of its inputs has no gradient: it was detached, or is a constant.
        dead: the inputs whose gradient is zero everywhere: what came from there has no effect.
        kernel: height and width of a convolution's window, `None` for what is no convolution.
        stride: of a convolution.
        transposed: whether a convolution is a transposed one.
    """

    name: str
    shape: tuple[int, ...]
    inputs: tuple[Step, ...]
    cut: bool
    dead: frozenset[int] = field(default=frozenset())
    kernel: Size | None = None
    stride: Size | None = None
    transposed: bool = False

    @property
    def mixes_places(self) -> bool:
        """Whether it is a convolution that is neither 1×1 nor transposed."""
        return self.kernel is not None and self.kernel != (1, 1) and not self.transposed

    @property
    def size(self) -> Size | None:
        """Height and width of what it made, `None` when that was no map."""
        return (self.shape[2], self.shape[3]) if len(self.shape) == 4 else None


class Flow:
    """What happened to one picture (1, C, H, W) in a network.

    Args:
        module: the network, run once in evaluation mode, forwards and backwards.
        picture: what it is given.

    Attributes:
        output: what came out.
        strangers: weights that took part and are none of the module's parameters: no training
            would change them.
    """

    def __init__(self, module: nn.Module, picture: Tensor) -> None:
        seen = picture.clone().requires_grad_()
        training = module.training
        with torch.enable_grad():
            self.output: Any = module.eval()(seen)
        module.train(training)
        self.strangers = 0
        self._own = {id(weight) for weight in module.parameters()}
        self.last = self._read(self.output, seen)

    def _read(self, output: Any, picture: Tensor) -> Step | None:
        if not isinstance(output, Tensor) or output.grad_fn is None:
            return None
        zero: dict[Any, set[int]] = {}
        order = list(_from_input_to_output(output.grad_fn))
        windows = {node: _window(node) for node in order}  # before the graph is used up
        for node in order:
            node.register_hook(_note_zeros(zero.setdefault(node, set())))
        wanted = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
        torch.autograd.backward(output, wanted)
        steps: dict[Any, Step] = {}
        for node in order:
            variable = getattr(node, "variable", None)
            if variable is not None and variable is not picture:
                self.strangers += id(variable) not in self._own
                continue  # a weight
            taken = [node for node, _ in node.next_functions]
            inputs = tuple(steps[n] for n in taken if n in steps)
            if not inputs and variable is not picture:
                continue
            dead = {
                place
                for place, source in enumerate([n for n in taken if n in steps])
                if taken.index(source) in zero[node]
            }
            steps[node] = Step(
                node.name().removesuffix("0").removesuffix("Backward"),
                tuple(node._input_metadata[0].shape),  # of the output; torch counts backwards
                inputs,
                cut=_joins(node) and None in taken,
                dead=frozenset(dead),
                **windows[node],
            )
        return steps.get(output.grad_fn)

    @cached_property
    def steps(self) -> list[Step]:
        """All operations that lie between picture and output."""
        found: dict[Step, None] = {}
        stack = [self.last] if self.last else []
        while stack:
            step = stack.pop()
            if step not in found:
                found[step] = None
                stack.extend(step.inputs)
        return list(found)

    @cached_property
    def finest(self) -> dict[Step, int]:
        """For each operation: the lowest height on the best of the living ways from the picture."""
        known: dict[Step, int] = {}
        for step in self.steps:
            _lowest(step, known)
        return known

    @cached_property
    def sizes(self) -> list[Size]:
        """The sizes of all maps that a convolution made, largest first."""
        return sorted({step.size for step in self._convolutions if step.size}, reverse=True)

    def channels(self, size: Size) -> set[int]:
        """The channels of the maps of this size that convolutions made."""
        return {step.shape[1] for step in self._convolutions if step.size == size}

    @cached_property
    def skips(self) -> dict[Size, Literal["cat", "add", "other"]]:
        """The sizes at which a map that was never smaller meets one that was, and how they meet."""
        found: dict[Size, Literal["cat", "add", "other"]] = {}
        for step in self.steps:
            if step.size and self._is_skip(step):
                kind = step.name.lower()
                found[step.size] = "cat" if kind == "cat" else "add" if kind == "add" else "other"
        return found

    def _is_skip(self, step: Step) -> bool:
        living = [source for i, source in enumerate(step.inputs) if i not in step.dead]
        if len(living) < 2 or step.size is None:
            return False
        height = step.size[0]
        fine = [s for s in living if self.finest[s] >= height and _convolved(s)]
        return bool(fine) and any(NO_WAY < self.finest[s] < height for s in living)

    @property
    def cut_joins(self) -> list[Size]:
        """Where maps meet and one of them has no gradient."""
        return [step.size for step in self.steps if step.cut and step.size]

    @property
    def dead_joins(self) -> list[Size]:
        """Where maps meet, or a map is scaled, and one of them has no effect."""
        return [step.size for step in self.steps if step.dead and step.size]

    @property
    def late_joins(self) -> list[Size]:
        """Where two different maps meet that both were smaller before: no skip reaches there."""
        return [
            step.size
            for step in self.steps
            if step.size
            and len({s for s in step.inputs if _convolved(s)}) > 1
            and all(NO_WAY < self.finest[source] < step.size[0] for source in step.inputs)
        ]

    @property
    def bare(self) -> list[tuple[Step, Step]]:
        """Convolutions without an activation between: what each takes, and it."""
        return [
            (above, below)
            for below in self._convolutions
            for source in below.inputs
            for above in _through_affine(source)
            if above.name == "Convolution" and above.size and below.size
        ]

    @property
    def bare_sizes(self) -> list[tuple[Size, Size]]:
        """The sizes of the maps that those make."""
        return [(a.size, b.size) for a, b in self.bare if a.size and b.size]

    @property
    def convolutions(self) -> int:
        """How many convolutions there are."""
        return len(self._convolutions)

    @property
    def ends_in_activation(self) -> bool:
        """Whether after the last activation there is nothing but a normalisation."""
        return self.last is not None and any(
            step.name.startswith(ACTIVATIONS) for step in _through_affine(self.last)
        )

    @property
    def _convolutions(self) -> list[Step]:
        return [step for step in self.steps if step.name == "Convolution"]


def _window(node: Any) -> dict[str, Any]:
    """Kernel, stride and kind of a convolution, from what torch keeps for the gradient."""
    if not node.name().startswith("Convolution"):
        return {}
    return {
        "kernel": tuple(node._saved_weight.shape[2:]),
        "stride": tuple(node._saved_stride),
        "transposed": bool(node._saved_transposed),
    }


def _from_input_to_output(output: Any) -> Iterator[Any]:
    """The nodes of torch's graph, every one after those it took its inputs from."""
    done: set[Any] = set()
    stack = [(output, False)]
    while stack:
        node, expanded = stack.pop()
        if node in done:
            continue
        if expanded:
            done.add(node)
            yield node
            continue
        stack.append((node, True))
        stack.extend((n, False) for n, _ in node.next_functions if n and n not in done)


def _note_zeros(places: set[int]) -> Any:
    def hook(gradients_in: Any, _: Any) -> None:
        for place, gradient in enumerate(gradients_in):
            if gradient is not None and not gradient.any():
                places.add(place)

    return hook


def _joins(node: Any) -> bool:
    name: str = node.name()
    return name.startswith(("Cat", "Add", "Sub", "Stack"))


def _lowest(step: Step, known: dict[Step, int]) -> int:
    if step not in known:
        own = step.size[0] if step.size else NO_MAP
        living = [source for i, source in enumerate(step.inputs) if i not in step.dead]
        start = own if not step.inputs else NO_WAY
        known[step] = min(own, max((_lowest(s, known) for s in living), default=start))
    return known[step]


def _convolved(step: Step) -> bool:
    """Whether it went through a layer with weights: the raw picture is no skip."""
    if step.name == "Convolution":
        return True
    return any(_convolved(source) for source in step.inputs)


def _through_affine(step: Step) -> Iterator[Step]:
    """The step itself or, where it only scales, shifts or joins, those it took its maps from."""
    if step.name.startswith(AFFINE) or "BatchNorm" in step.name:
        for source in step.inputs:
            yield from _through_affine(source)
    else:
        yield step
