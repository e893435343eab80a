"""Finds the calls of torch's functions in a forward pass again when the network runs once more.

A recording tells which *operation* joins a skip. To change what it is given, also for the gradient,
one has to act before autograd does, at the *call* in the network's Python code that leads to the
operation, such as `torch.cat([skip, x], dim=1)`. A place is such a call: the function, the shapes
of its tensors, and how often this has happened before. It is the same whether the network runs on
shapes or values, with gradients or without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_unflatten

from unet_teach.inspection.inspector import record
from unet_teach.inspection.recorder import Recorder
from unet_teach.inspection.recording import Recording, Value, find_all

Place = tuple[str, tuple[tuple[int, ...], ...], int]
_recording: list[RecordedCalls] = []  # while there is one, all others let calls pass


class FollowedCalls(TorchFunctionMode):
    """Gives each call of a function on tensors its place, while the network runs."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, tuple[tuple[int, ...], ...]]] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Find the place of a call and hand it on."""
        if _recording and self is not _recording[-1]:
            return func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", str(func))
        leaves, structure = tree_flatten((args, kwargs or {}))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor) and not is_lazy(leaf)]
        if not tensors or name == "__get__":  # an attribute such as x.shape
            return func(*args, **(kwargs or {}))
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        self._counts[name, shapes] += 1

        def run(leaves: list[Any]) -> Any:
            own_args, own_kwargs = tree_unflatten(leaves, structure)
            return func(*own_args, **own_kwargs)

        return self.call((name, shapes, self._counts[name, shapes]), leaves, run)

    def call(self, place: Place, leaves: list[Any], run: Callable[[list[Any]], Any]) -> Any:
        """Run one call, whose arguments are the leaves."""
        raise NotImplementedError


@dataclass(frozen=True)
class RecordedCall:
    """One call, and what was recorded of it.

    Attributes:
        place: where it is found again.
        given: for each of its arguments that is a known tensor, its index and value.
        made: the values that it returned; `None` for tensors of which nothing is known.
        first, end: which operations of the recording it led to.
    """

    place: Place
    given: tuple[tuple[int, Value], ...]
    made: tuple[Value | None, ...]
    first: int
    end: int


class RecordedCalls(FollowedCalls):
    """Writes down which operations each call leads to."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.calls: list[RecordedCall] = []
        self.recorder = recorder

    def call(self, place: Place, leaves: list[Any], run: Callable[[list[Any]], Any]) -> Any:
        """Run one call and keep it, if the network's data is in it."""
        ops, value_of = self.recorder.recording.ops, self.recorder.known_value
        known = [(i, value_of(x)) for i, x in enumerate(leaves) if isinstance(x, Tensor)]
        first = len(ops)
        made = run(leaves)
        given = tuple((i, value) for i, value in known if value is not None)
        values = tuple(value_of(tensor) for tensor in find_all(made, Tensor))
        self.calls.append(RecordedCall(place, given, values, first, len(ops)))
        return made


class ReplayedCalls(FollowedCalls):
    """Changes arguments of the calls at some places, by their indices, and keeps some results."""

    def __init__(
        self,
        changes: Mapping[Place, Mapping[int, Callable[[Tensor], Tensor]]],
        kept: Mapping[Place, Callable[[list[Tensor]], None]] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._changes, self._kept = changes, kept

    def call(self, place: Place, leaves: list[Any], run: Callable[[list[Any]], Any]) -> Any:
        """Run one call with changed arguments."""
        for index, change in self._changes.get(place, {}).items():
            leaves[index] = change(leaves[index])
        made = run(leaves)
        if place in self._kept:
            self._kept[place](list(find_all(made, Tensor)))
        return made


def record_calls(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Recording, list[RecordedCall]]:
    """Record a copy of a network with the calls that it makes; the network itself is not run."""
    tried: list[RecordedCalls] = []

    def watch(recorder: Recorder) -> RecordedCalls:
        tried.append(RecordedCalls(recorder))
        _recording.append(tried[-1])
        return tried[-1]

    before = _recording.copy()
    try:
        recording = record(model, args, kwargs, watch=watch)
    finally:
        _recording[:] = before
    calls = [t.calls for t in tried if t.recorder.recording is recording]
    return recording, calls[0] if calls else []


def call_of(calls: list[RecordedCall], recording: Recording, value: Value) -> RecordedCall | None:
    """Return the call that made a value, which may be inside it."""
    index = recording.ops.index(value.op) if value.op in recording.ops else -1
    return next((call for call in calls if call.first <= index < call.end), None)


def arguments_of(call: RecordedCall, recording: Recording, value: Value) -> list[int]:
    """Return which arguments of a call a value inside it is, or was made from."""
    inside = set(recording.ops[call.first : call.end])
    given = {value for _, value in call.given}
    reached, stack = set[Value](), [value]
    while stack:
        current = stack.pop()
        if current in given:
            reached.add(current)
        elif current.op in inside:
            stack.extend(current.op.inputs)
    return [index for index, value in call.given if value in reached]
