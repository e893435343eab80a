"""Records every operation of one forward pass: its inputs, its outputs, and the running module.

On meta tensors nothing is computed and only shapes flow. Where a forward needs values, the same
recorder follows a real run.

Why not `torch.export`, which returns a graph as well? It took 830–880 ms for each network where
this recorder takes 33–55 ms, and when a forward fails it returns no partial graph. A failing
network is where a student needs the operations up to the error most.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map
from torch.utils.weak import WeakIdKeyDictionary

from unet_teach.inspection.meta_cache import meta_like, run_on_meta
from unet_teach.inspection.plain_lists import all_modules, named_weights
from unet_teach.inspection.recording import (
    SIMPLE_TYPES,
    Op,
    Recording,
    Value,
    find_all,
    is_plain_object,
)
from unet_teach.inspection.recurrent import RecurrentInOneStep, has_recurrent_layers

OVERWRITING_OPS = {"copy_", "fill_", "zero_"}  # they leave nothing of what was there before
COPIES = {"_to_copy", "clone"}  # they keep the numbers of a row of positions
HERE = Path(__file__).parent
FOLDERS = (Path(torch.__file__).parent, HERE, HERE.parent / "shared")
NOT_THE_NETWORKS = tuple(os.path.join(folder, "") for folder in FOLDERS)  # torchvision isn't torch
COMPOSITE_KEY = "CompositeImplicitAutograd"
# A tensor that the forward makes itself keeps its values up to this many elements, because it may
# be a number that the forward looks at. Larger ones move to meta.
MAX_ELEMENTS_WITH_VALUES = 1


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the operations of a copy of the user's network, which is run and may change."""

    def __init__(self, model: nn.Module, *, on_meta: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recording = Recording(on_meta=on_meta)
        self._on_meta = on_meta
        self._values = WeakIdKeyDictionary()
        self._meta_twins = WeakIdKeyDictionary()  # for each tensor with values, the one on meta
        self._tensors_on: dict[int, list[Any]] = {}  # by storage: weak references to its tensors
        self._module_path: list[str] = [""]
        self.called = ""  # the function of torch that the network called last
        self._model = model
        for name, tensor in named_weights(model):
            if is_lazy(tensor):  # has no shape before its first run
                continue
            value = Value(
                tuple(tensor.shape), _is_floating(tensor), dtype=_dtype_name(tensor), name=name
            )
            self.recording.weights.append(value)
            self._remember(tensor, value)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Recording:
        """Run the network once and return what was recorded; an error is part of the recording."""
        for tensor in find_all((args, kwargs), Tensor):
            value = Value(tuple(tensor.shape), _is_floating(tensor), is_input=True)
            value.depends_on_input, value.dtype = True, _dtype_name(tensor)
            self.recording.inputs.append(value)
            self._remember(tensor, value)
        handles = [
            handle
            for name, module in all_modules(self._model)
            for handle in self._watch_module(name, module)
        ]
        in_one_step = has_recurrent_layers(self._model)
        try:
            undivided = RecurrentInOneStep(self.record) if in_one_step else nullcontext()
            with self, undivided, WatchedCalls(self, lists_as_positions=self._on_meta):
                made = self._model(*args, **kwargs)
            self.recording.output = self._with_values(made)
        except Exception as error:
            self.recording.error, self.recording.last_module = error, self._module_path[-1]
        except SystemExit:
            self.recording.error = RuntimeError("it calls exit()")
        finally:
            for handle in handles:
                handle.remove()
        return self.recording

    def _watch_module(self, name: str, module: nn.Module) -> Iterator[Any]:
        """Keep track of the path of the running module, with hooks before and after it."""

        def enter(*_: Any) -> None:
            self._module_path.append(name)
            self.recording.last_module = name
            self.recording.calls[name] += 1

        def leave(_: nn.Module, __: Any, made: Any) -> None:
            count = len(made) if isinstance(made, tuple | list) else 0
            self.recording.returned.pop(name, None)
            self.recording.returned[name] = type(made).__name__, count
            # Modules inside this one whose error the forward caught never left: drop them as well.
            if name in self._module_path:
                while self._module_path.pop() != name:
                    pass

        if isinstance(module, torch.jit.ScriptModule):
            return
        yield module.register_forward_pre_hook(enter)
        yield module.register_forward_hook(leave)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run one operation, on meta where that is wanted, and record it."""
        # Decompose: in inference mode, layers arrive undivided. Their parts are recorded instead.
        if signature_of(func).is_composite:
            with self:
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        kwargs = kwargs or {}
        flat = _flat_arguments(args, kwargs)
        # Move: most operations refuse tensors on meta beside tensors with values.
        if self._on_meta and any(isinstance(x, Tensor) and x.is_meta for x in flat):
            on_meta = [self._moved_to_meta(x) for x in flat]
            if any(moved is not x for moved, x in zip(on_meta, flat, strict=True)):
                flat = on_meta
                args, kwargs = tree_map(self._moved_to_meta, (args, kwargs))
        # Run. A forward may catch an error and go on: then the operation that failed is forgotten.
        self.recording.failed_op = None
        try:
            made = run_on_meta(func, args, kwargs) if self._on_meta else func(*args, **kwargs)
        except Exception:
            self.recording.failed_op = self._op(func, args, kwargs, flat)
            raise
        # Record. A large tensor made from nothing, such as zeros to be filled, goes to meta first.
        if self._on_meta and not any(isinstance(x, Tensor) for x in flat):
            made = _without_values_if_large(made)
        self.record(func, args, kwargs, flat, made)
        return made

    def _moved_to_meta(self, thing: Any) -> Any:
        """Return the twin on meta of a tensor with values, the same one each time."""
        if isinstance(thing, torch.device):
            return torch.device("meta")
        if not isinstance(thing, Tensor) or thing.is_meta:
            return thing
        if thing not in self._meta_twins:
            twin = meta_like(thing)
            self._meta_twins[thing] = twin
            self._remember(twin, self._value(thing))
        return self._meta_twins[thing]

    def record(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], flat: list[Any], made: Any
    ) -> None:
        """Record an operation that has run."""
        op = self._op(func, args, kwargs, flat)
        named = dict(zip(signature_of(func).arguments, args, strict=False)) | kwargs
        written = [named[name] for name in signature_of(func).written if name in named]
        tensors = [made] if isinstance(made, Tensor) else list(find_all(made, Tensor))
        depends = any(value.depends_on_input for value in op.inputs)
        factor = op.arguments.get("other") if op.name.rstrip("_") == "mul" else None
        if isinstance(factor, int | float) and factor == 0:
            depends = False  # whatever it is multiplied with, nothing is left of it
        op.outputs = tuple(
            Value(tuple(t.shape), _is_floating(t), op, False, depends, _dtype_name(t))
            for t in tensors
        )
        if op.outputs:
            self.recording.ops.append(op)
        for target in find_all(written, Tensor):
            self._record_write(target, op)
        for tensor, value in zip(tensors, op.outputs, strict=True):
            value.step = op.inputs[0].step if op.name in COPIES else _step_of_positions(tensor)
            self._remember(tensor, value)

    def _op(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], flat: list[Any]) -> Op:
        signature = signature_of(func)
        read = flat[1:] if signature.name in OVERWRITING_OPS else flat
        if signature.name.endswith("_like") or signature.name.startswith("new_"):
            read = []  # of the tensor it is given, only the shape matters
        inputs = tuple(self._value(x) for x in read if isinstance(x, Tensor))
        named = dict(zip(signature.arguments, args, strict=False)) | kwargs
        arguments = {key: self._with_values(thing) for key, thing in named.items()}
        module = self._module_path[-1]
        pointwise = signature.is_pointwise
        made_by = (module, pointwise, self.called, line_outside_torch())
        return Op(signature.name, arguments, inputs, (), *made_by)

    def _record_write(self, target: Tensor, op: Op) -> None:
        """Give every other tensor on the same memory a new value, made of the old and the written.

        torch has no operation for this: after `y[:, :4] = x`, y itself was never an output. The
        recorder adds an operation of its own, called "write".
        """
        if not op.outputs:
            return
        living = [reference() for reference in self._tensors_on.get(_storage(target), ())]
        for view in {id(v): v for v in living if v is not None and v is not target}.values():
            old = self._value(view)
            inputs = (old, op.outputs[0])
            arguments = {"self": old, "other": inputs[1], "steps": _steps(view, target)}
            write = Op("write", arguments, inputs, (), op.module)
            depends = any(value.depends_on_input for value in inputs)
            value = Value(old.shape, old.is_floating, write, False, depends, old.dtype)
            write.outputs = (value,)
            self.recording.ops.append(write)
            self._values[view] = value

    def _remember(self, tensor: Tensor, value: Value) -> None:
        self._values[tensor] = value
        on_same = self._tensors_on.setdefault(_storage(tensor), [])
        on_same[:] = [reference for reference in on_same if reference() is not None]
        on_same.append(weakref.ref(tensor))

    def known_value(self, tensor: Tensor) -> Value | None:
        """Return what a tensor is in this recording, or another one on the same cells, if known."""
        value: Value | None = self._values.get(tensor)  # type: ignore[no-untyped-call]
        return value or (None if is_lazy(tensor) else self._value_of_same_cells(tensor))

    def _value(self, tensor: Tensor) -> Value:
        if type(tensor) is not Tensor and is_lazy(tensor):
            return Value((), True)  # it gets its shape in this run, and is looked up again then
        value = self.known_value(tensor)
        if value is None:  # a constant
            shape, step = tuple(tensor.shape), _step_of_positions(tensor)
            value = Value(shape, _is_floating(tensor), dtype=_dtype_name(tensor), step=step)
        if tensor not in self._values:
            self._remember(tensor, value)
        return value

    def _value_of_same_cells(self, tensor: Tensor) -> Value | None:
        """Find what is known of exactly these cells, as of a tensor made into a subclass."""
        others = (reference() for reference in self._tensors_on.get(_storage(tensor), ()))
        same = (o for o in others if o is not None and _cells(o) == _cells(tensor))
        return next((self._values[other] for other in same), None)

    def _with_values(self, thing: Any) -> Any:
        """Return the same structure, with a value in place of each tensor."""
        if type(thing) in SIMPLE_TYPES:
            return thing
        if isinstance(thing, Tensor):
            return self._value(thing)
        if isinstance(thing, dict):
            return {key: self._with_values(part) for key, part in thing.items()}
        if isinstance(thing, list | tuple):
            return [self._with_values(part) for part in thing]
        if is_plain_object(thing):
            return {key: self._with_values(part) for key, part in vars(thing).items()}
        return thing


class WatchedCalls(TorchFunctionMode):
    """Tells a recorder which function the network calls: operations may have another name.

    It may take a list of numbers as index for a tensor of them, which keeps its values beside meta.
    """

    def __init__(self, recorder: Recorder, *, lists_as_positions: bool) -> None:
        super().__init__()
        self._recorder, self._lists_as_positions = recorder, lists_as_positions

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Note the name and perhaps change the index of `x[…]`; run everything as it is."""
        self._recorder.called = getattr(func, "__name__", "")
        if self._lists_as_positions and func is Tensor.__getitem__:
            args = (args[0], _with_positions(args[1]))
        return func(*args, **(kwargs or {}))


def line_outside_torch() -> tuple[str, int]:
    """Return the file and the number of the line from which torch was called."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_code.co_filename.startswith(NOT_THE_NETWORKS):
        is_begin = frame.f_code is Recorder.run.__code__  # no code of the network is around it
        frame = None if is_begin else frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)


def _with_positions(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_with_positions, index))
    is_list = isinstance(index, list) and all(type(place) is int for place in index)
    return torch.tensor(index) if is_list and index else index


class Signature(NamedTuple):
    """What torch says of an operation.

    Attributes:
        name: without its overload.
        arguments: their names.
        written: the names of those that it writes into.
        is_pointwise: whether it works element by element.
        is_composite: whether it is defined by other operations.
    """

    name: str
    arguments: tuple[str, ...]
    written: tuple[str, ...]
    is_pointwise: bool
    is_composite: bool


@cache  # torch builds a schema anew each time it is asked for one
def signature_of(func: Any) -> Signature:
    """Return the signature of one of torch's operations."""
    arguments = func._schema.arguments
    written = (a for a in arguments if a.alias_info is not None and a.alias_info.is_write)
    return Signature(
        func.overloadpacket.__name__,
        tuple(a.name for a in arguments),
        tuple(a.name for a in written),
        torch.Tag.pointwise in func.tags,
        torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), COMPOSITE_KEY),
    )


def _flat_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Return all arguments of an operation in a row; torch nests them in one list at most."""
    found: list[Any] = []
    for thing in (*args, *kwargs.values()):
        found.extend(thing) if isinstance(thing, list | tuple) else found.append(thing)
    return found


def _is_floating(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _dtype_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _without_values_if_large(made: Any) -> Any:
    """Move a large tensor made from nothing, such as zeros to be filled, to meta."""
    is_float = isinstance(made, Tensor) and made.is_floating_point()
    return made.to("meta") if is_float and made.numel() > MAX_ELEMENTS_WITH_VALUES else made


def _step_of_positions(tensor: Tensor) -> int | None:
    """Return how far the numbers of a row of positions lie apart, `None` if that varies."""
    if tensor.dim() != 1 or tensor.is_floating_point() or tensor.numel() < 2 or tensor.is_meta:
        return None
    steps = set(tensor.diff().tolist()) if tensor.dtype != torch.bool else set()
    return int(steps.pop()) if len(steps) == 1 else None


def _storage(tensor: Tensor) -> int:
    """Identify the memory of a tensor, which its views share."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse tensors have no such memory
        return id(tensor)


def _cells(tensor: Tensor) -> tuple[Any, ...]:
    """Identify which cells of its memory a tensor covers."""
    return tuple(tensor.shape), tensor.stride(), tensor.storage_offset()


def _steps(base: Tensor, part: Tensor) -> list[int]:
    """Return how many cells of the base one step of a part is, along each dimension."""
    if base.dim() != part.dim():
        return [1] * base.dim()
    strides = zip(base.stride(), part.stride(), part.shape, strict=True)
    return [fine // b if b and fine % b == 0 and n > 1 else 1 for b, fine, n in strides]
