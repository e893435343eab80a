"""Reads a network's autograd graph: which operations made its output, and which skips are alive.

The graph records what happened to the data, whatever the layers are called. A detached skip is not
part of it, and through a skip that is multiplied by zero flows a gradient of zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

Size = tuple[int, int]  # height and width, in cells
SkipKind = Literal["cat", "add", "other"]

JOINS = ("Cat", "Add", "Sub", "Stack")
AFFINE = ("Add", "Cat", "ConstantPad", "View", "Slice")  # and batch normalisation
AFFINE_OF_ONE_INPUT = (
    "Mul",
    "Div",
    "Sub",
    "Rsub",
    "Neg",
    "Clone",
    "ToCopy",
    "Squeeze",
    "Unsqueeze",
)
ACTIVATIONS = (
    *("Relu", "LeakyRelu", "Rrelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "Mish", "Softplus"),
    *("Sigmoid", "LogSigmoid", "Tanh", "Softmax", "LogSoftmax", "Hardtanh", "Hardsigmoid"),
    *("PreluKernel", "Hardswish", "Threshold", "Clamp", "Maximum", "Minimum", "Reciprocal", "Exp"),
    *("Pow", "Abs", "Sqrt", "Log", "Sin", "Cos", "Atan", "Erf", "Sgn", "Where", "MaskedFill"),
)


@dataclass(eq=False)
class Operation:
    """One operation on data that depends on the image; the image itself is one without inputs.

    Attributes:
        node: torch's node for it, as in `tensor.grad_fn`.
        inputs: the operations that made its inputs; weights and constants are not among them.
        live_inputs: those of the inputs whose gradient is not zero everywhere. The network's output
            does not depend on the others, as with `0 * skip`.
        follows_convolution: whether its output went through a convolution.
        min_height: the height of the smallest feature map that live data from the image passes on
            its way here, along the path on which this is largest; 0 when there is no such path.
    """

    node: Any
    inputs: tuple[Operation, ...]
    live_inputs: tuple[Operation, ...]

    def __post_init__(self) -> None:
        # From the inputs on: a recursion from the output would be too deep for a deep network.
        self.follows_convolution: bool = self.name == "Convolution" or any(
            source.follows_convolution for source in self.inputs
        )
        self.min_height: float = self.size[0] if self.size else math.inf  # a vector has none
        is_padded_image = "Pad" in self.name and not self.follows_convolution
        if self.inputs and not is_padded_image:
            best = max((source.min_height for source in self.live_inputs), default=0)
            self.min_height = min(self.min_height, best)

    @property
    def name(self) -> str:
        """Torch's name for it, such as "Convolution" or "Cat"."""
        name: str = self.node.name()
        return re.sub(r"Backward\d*$", "", name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its output, which is the shape of its *input* on the backward pass."""
        return tuple(self.node._input_metadata[0].shape)

    @property
    def size(self) -> Size | None:
        """Height and width of its output, `None` unless that has the shape (N, C, H, W)."""
        return (self.shape[2], self.shape[3]) if len(self.shape) == 4 else None

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Height and width of a convolution's kernel."""
        return tuple(self.node._saved_weight.shape[2:])

    @property
    def stride(self) -> tuple[int, ...]:
        """The stride of a convolution."""
        return tuple(self.node._saved_stride)

    @property
    def transposed(self) -> bool:
        """Whether a convolution is a transposed one."""
        return bool(self.node._saved_transposed)

    @property
    def has_detached_input(self) -> bool:
        """Whether it joins its input with a detached tensor or a constant."""
        return self.name.startswith(JOINS) and any(n is None for n, _ in self.node.next_functions)

    @property
    def is_skip(self) -> bool:
        """Whether a skip arrives here: data that was never smaller meets data that was.

        A path preserves no finer detail than its smallest feature map can hold, so `min_height`
        tells the two apart. In the decoder, data from the level below has passed a smaller feature
        map on every path; across a skip, one path has kept the height. The image alone is no skip.
        """
        if self.size is None:
            return False
        height = self.size[0]
        return any(
            source.min_height >= height and source.follows_convolution
            for source in self.live_inputs
        ) and any(0 < source.min_height < height for source in self.live_inputs)


class AutogradGraph:
    """The operations between one image and a network's output.

    The network runs once, forwards and backwards.

    Args:
        network: returns a tensor; for anything else the graph is empty.
        image: of shape (1, C, H, W).
        training: whether it runs in training mode.

    Attributes:
        operations: from the output back to the image.
        unregistered: the weights that were used and are not among `network.parameters()`, so that
            no training would change them.
        unused: the names of trainable parameters that have no part in the output.
    """

    def __init__(self, network: nn.Module, image: Tensor, *, training: bool = False) -> None:
        self.operations: list[Operation] = []
        self.unregistered: list[Tensor] = []
        self.unused: list[str] = []
        image = image.clone().requires_grad_()
        was_training = network.training
        with torch.enable_grad():
            output = network.train(training)(image)
            if isinstance(output, Tensor) and output.grad_fn is not None:
                self._read(output, image, dict(network.named_parameters(remove_duplicate=False)))
        network.train(was_training)

    def _read(self, output: Tensor, image: Tensor, registered: dict[str, Tensor]) -> None:
        visited: dict[Any, None] = {}
        nodes = list(_inputs_first(output.grad_fn, visited))
        weights = {id(node.variable): node.variable for node in nodes if hasattr(node, "variable")}
        known = {id(weight) for weight in registered.values()} | {id(image)}
        self.unregistered = [weight for key, weight in weights.items() if key not in known]
        self.unused = [
            name for name, w in registered.items() if w.requires_grad and id(w) not in weights
        ]
        zeros: dict[Any, set[int]] = {node: set() for node in nodes}
        for node in nodes:
            node.register_hook(_note_zero_gradients(zeros[node]))
        # Random scales: with equal ones, a gradient could be zero because its parts cancel out.
        scales = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
        torch.autograd.backward(output, scales, retain_graph=True)  # `kernel_size` needs the graph
        operations: dict[Any, Operation] = {}
        for node in nodes:
            leaf = getattr(node, "variable", None)
            if leaf is not None and leaf is not image:
                continue
            inputs = {
                place: operations[source]
                for place, (source, _) in enumerate(node.next_functions)
                if source in operations
            }
            if inputs or leaf is image:
                live = tuple(inputs[place] for place in inputs if place not in zeros[node])
                operations[node] = Operation(node, tuple(inputs.values()), live)
        self.operations = [operations[node] for node in visited if node in operations]

    @property
    def convolutions(self) -> list[Operation]:
        """All convolutions, transposed ones among them."""
        return [operation for operation in self.operations if operation.name == "Convolution"]

    @property
    def sizes(self) -> list[Size]:
        """The sizes of all outputs of convolutions, largest first."""
        return sorted({conv.size for conv in self.convolutions if conv.size}, reverse=True)

    def channels(self, size: Size) -> set[int]:
        """Return the numbers of channels in outputs of convolutions that have this size."""
        return {conv.shape[1] for conv in self.convolutions if conv.size == size}

    @property
    def skips(self) -> dict[Size, SkipKind]:
        """The sizes at which a live skip joins the decoder, and how."""
        kinds: dict[str, SkipKind] = {"Cat": "cat", "Add": "add"}
        return {
            operation.size: kinds.get(operation.name, "other")
            for operation in self.operations
            if operation.size and operation.is_skip
        }

    @property
    def detached_joins(self) -> list[Size]:
        """Sizes at which a join has an input without a gradient."""
        return [op.size for op in self.operations if op.size and op.has_detached_input]

    @property
    def zero_gradient_sizes(self) -> list[Size]:
        """Sizes at which an operation, such as `0 * skip`, has an input that has no effect."""
        return [op.size for op in self.operations if op.size and op.live_inputs != op.inputs]

    @property
    def downsampled_joins(self) -> list[Size]:
        """Sizes at which two feature maps are joined that both were smaller before."""
        return [
            operation.size
            for operation in self.operations
            if operation.size
            and len({source for source in operation.inputs if source.follows_convolution}) > 1
            and all(0 < source.min_height < operation.size[0] for source in operation.inputs)
        ]

    @property
    def consecutive_convolutions(self) -> list[tuple[Operation, Operation]]:
        """Pairs of convolutions, in the order of the data, without an activation between them."""
        return [
            (first, second)
            for second in self.convolutions
            for source in second.inputs
            for first in _before_affine(source)
            if first.name == "Convolution" and first.size and second.size
        ]

    @property
    def flat_step(self) -> str:
        """The name of the last step if its gradient is zero everywhere, as of rounding; else ""."""
        last = self.operations[0] if self.operations else None
        return last.name.lower() if last and last.inputs and not last.live_inputs else ""

    @property
    def last_activation(self) -> str:
        """The name of an activation that nothing but affine operations follows; "" for none."""
        last = [step for last in self.operations[:1] for step in _before_affine(last)]
        is_bent = (s.name.startswith(ACTIVATIONS) or _divides_by_data(s) for s in last)
        return next((s.name.lower() for s, bent in zip(last, is_bent, strict=True) if bent), "")

    @property
    def ends_in_activation(self) -> bool:
        """Whether nothing but affine operations follows the last activation."""
        return bool(self.last_activation)


def _inputs_first(node: Any, visited: dict[Any, None]) -> Iterator[Any]:
    """Yield torch's nodes, each after its inputs; `visited` keeps the order of the search."""
    visited[node] = None
    for source, _ in reversed(node.next_functions):
        if source is not None and source not in visited:
            yield from _inputs_first(source, visited)
    yield node


def _note_zero_gradients(places: set[int]) -> Callable[[Any, Any], None]:
    """Make a hook that adds the positions of a node's inputs with a gradient of zero."""

    def hook(input_gradients: Any, _: Any) -> None:
        for place, gradient in enumerate(input_gradients):
            if gradient is not None and not gradient.any():
                places.add(place)

    return hook


def _divides_by_data(operation: Operation) -> bool:
    """Whether a map is divided by what depends on the image, such as its own maximum."""
    return operation.name == "Div" and len(operation.inputs) > 1


def _before_affine(operation: Operation) -> Iterator[Operation]:
    """Yield the operation or, when it only scales, shifts, crops or joins, what came before it."""
    scales = operation.name.startswith(AFFINE_OF_ONE_INPUT) and len(operation.inputs) == 1
    if scales or operation.name.startswith(AFFINE) or "BatchNorm" in operation.name:
        for source in operation.inputs:
            yield from _before_affine(source)
    else:
        yield operation
