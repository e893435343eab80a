"""What is recorded of one forward pass: its operations and the tensors between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

SIMPLE_TYPES = (int, float, bool, str, type(None))


@dataclass(eq=False)
class Value:
    """A tensor at one moment: writing into a tensor makes a new value.

    Attributes:
        shape: its sizes.
        is_floating: whether it holds floating-point or complex numbers; positions and masks do not.
        op: the operation that made it; `None` for what existed before the run.
        is_input: whether the user gave it to the network.
        depends_on_input: whether it was computed from what the user gave.
        dtype: such as "float32".
        name: of a weight, such as "head.weight".
        step: how far the numbers of a row of positions lie apart, if that is one number.
    """

    shape: tuple[int, ...]
    is_floating: bool
    op: Op | None = field(default=None, repr=False)  # and all that went before it
    is_input: bool = False
    depends_on_input: bool = False
    dtype: str = ""
    name: str = ""
    step: int | None = None


@dataclass(eq=False)
class Op:
    """One operation.

    Attributes:
        name: torch's own, such as "convolution" or "cat".
        arguments: as given, by the names in the operation's schema, with values for tensors.
        inputs: the values among the arguments, in their order.
        outputs: the values that it made.
        module: path of the module that was running, "" for the network itself.
        is_pointwise: whether it works element by element.
        called: the function of torch that the network called, such as "max_pool1d", which torch
            runs by the operation "max_pool2d_with_indices".
        line: the file, and the number of the line, of the network's code that called it.
    """

    name: str
    arguments: dict[str, Any]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    module: str
    is_pointwise: bool = False
    called: str = ""
    line: tuple[str, int] = ("", 0)

    @property
    def from_input(self) -> list[Value]:
        """The inputs that were computed from what the user gave."""
        return [value for value in self.inputs if value.depends_on_input]


@dataclass
class Recording:
    """One run.

    Attributes:
        ops: the operations in the order in which they ran.
        inputs: the tensors that the user gave.
        output: what the network returned, with values for tensors; `None` when it did not return.
        error: what stopped the run.
        failed_op: the operation that raised the error, without outputs, if an operation did.
        weights: the network's parameters and buffers.
        last_module: path of the module that ran last; in a failed run, of the innermost one.
        calls: how often each module was called, by its path.
        on_meta: whether its tensors had only shapes.
        returned: what each module last returned, by its path, the last to return at the end: the
            name of its type, and how many parts a tuple or list has.
    """

    ops: list[Op] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    output: Any = None
    error: Exception | None = None
    failed_op: Op | None = None
    weights: list[Value] = field(default_factory=list)
    last_module: str = ""
    on_meta: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    returned: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def outputs(self) -> list[Value]:
        """The values in what the network returned, each once."""
        return list(dict.fromkeys(find_all(self.output, Value)))


def find_all(thing: Any, kind: type[Any]) -> Iterator[Any]:
    """Yield every object of a type in nested containers and attributes of plain objects."""
    if isinstance(thing, kind):
        yield thing
    elif isinstance(thing, dict | list | tuple | set):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from find_all(part, kind)
    elif is_plain_object(thing):
        yield from find_all(vars(thing), kind)


def way_back(value: Value, is_source: Callable[[Value], bool]) -> Iterator[Value]:
    """Yield a value and what it was made from, as long as there is one source at each step."""
    while True:
        yield value
        sources = [v for v in value.op.inputs if is_source(v)] if value.op else []
        if len(sources) != 1:
            return
        value = sources[0]


def ops_back(value: Value) -> Iterator[Op]:
    """Yield the operations that made a value of one value each, the last one first."""
    return (v.op for v in way_back(value, lambda v: v.depends_on_input) if v.op)


def without_added_batch(given: Value) -> Value:
    """Return what a convolution was given, to which it may have added a batch by itself."""
    made = given.op
    return made.inputs[0] if made and made.name == "unsqueeze" and "conv" in made.called else given


def is_plain_object(thing: Any) -> bool:
    """Return whether an object only holds other objects, such as a dataclass or a model output."""
    if type(thing) in SIMPLE_TYPES:
        return False
    others = (type, nn.Module, Value, Tensor, torch.device, torch.dtype)
    return hasattr(thing, "__dict__") and not isinstance(thing, others) and not callable(thing)
