"""Writes down every operation of one forward pass: what went in, what came out, in which module.

On meta tensors nothing is computed: only shapes flow. Where a forward needs values, the same
recorder follows a real run.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map
from torch.utils.weak import WeakIdKeyDictionary

from unet_teach.inspection.meta_cache import shapes_of

OVERWRITING = {"copy_", "fill_", "zero_"}  # nothing of what was there before is left
PLAIN = (int, float, bool, str, type(None))
COMPOSED = "CompositeImplicitAutograd"
SMALL = 1  # a made-up tensor of more cells is only a shape, where nothing is computed


@dataclass(eq=False)
class Value:
    """A tensor at one moment: writing into a tensor makes a new value.

    Attributes:
        shape: its sizes.
        is_number: whether it holds floating or complex numbers; positions and masks do not.
        op: the operation that made it; `None` for what was there before.
        is_input: whether the user gave it to the network.
        is_weight: whether it was in the network before the run.
        depends: whether it depends on what the user gave.
        dtype: of its numbers, said of inputs and weights.
    """

    shape: tuple[int, ...]
    is_number: bool
    op: Op | None = None
    is_input: bool = False
    is_weight: bool = False
    depends: bool = False
    dtype: str = ""


@dataclass(eq=False)
class Op:
    """One operation.

    Attributes:
        name: torch's own, such as "convolution" or "cat".
        arguments: as they were given, by the names of the operation's schema; values for tensors.
        inputs: the values among them, in their order.
        outputs: what it made.
        module: the path of the module that was running, "" for the network itself.
        is_pointwise: whether it works cell by cell.
    """

    name: str
    arguments: dict[str, Any]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    module: str
    is_pointwise: bool = False


@dataclass
class Recording:
    """One run.

    Attributes:
        ops: in the order in which they ran.
        inputs: what the user gave.
        output: what the network returned, values for its tensors; `None` when it did not return.
        error: what stopped it.
        failed: the operation that raised the error, without outputs, where it was one.
        weights: what the network owns.
        last_module: the module that was running last; of a run that failed, the innermost.
    """

    ops: list[Op] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    output: Any = None
    error: Exception | None = None
    failed: Op | None = None
    weights: list[Value] = field(default_factory=list)
    last_module: str = ""

    @property
    def outputs(self) -> list[Value]:
        """The values in what was returned."""
        return list(dict.fromkeys(inside(self.output, Value)))


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records while it is active.

    Args:
        model: a network of its own, which is run and may change.
        on_meta: whether tensors are shapes without values.
    """

    def __init__(self, model: nn.Module, *, on_meta: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recording = Recording()
        self._on_meta = on_meta
        self._values = WeakIdKeyDictionary()
        self._twins = WeakIdKeyDictionary()  # what stands on meta for a tensor with values
        self._views: dict[int, list[Any]] = {}  # by storage: weak references to tensors on it
        self._path: list[str] = [""]
        self._model = model
        for tensor in (*model.parameters(), *model.buffers()):
            if is_lazy(tensor):  # has no shape before its first run
                continue
            value = Value(tuple(tensor.shape), _is_number(tensor), is_weight=True)
            value.dtype = str(tensor.dtype).removeprefix("torch.")
            self.recording.weights.append(value)
            self._note(tensor, value)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Recording:
        """Run the network once, without gradients, and return what was recorded."""
        for tensor in inside((args, kwargs), Tensor):
            value = Value(tuple(tensor.shape), _is_number(tensor), is_input=True, depends=True)
            value.dtype = str(tensor.dtype).removeprefix("torch.")
            self.recording.inputs.append(value)
            self._note(tensor, value)
        handles = [
            hook for name, m in self._model.named_modules() for hook in self._follow(name, m)
        ]
        try:
            with self:
                made = self._model(*args, **kwargs)
            self.recording.output = self._as_values(made)
        except Exception as error:
            self.recording.error, self.recording.last_module = error, self._path[-1]
        except SystemExit:
            self.recording.error = RuntimeError("it calls exit()")
        finally:
            for handle in handles:
                handle.remove()
        return self.recording

    def _follow(self, name: str, module: nn.Module) -> Iterator[Any]:
        def enter(*_: Any) -> None:
            self._path.append(name)
            self.recording.last_module = name

        def leave(*_: Any) -> None:
            if name in self._path:  # what stands behind it failed, and was caught
                while self._path.pop() != name:
                    pass

        if isinstance(module, torch.jit.ScriptModule):
            return
        yield module.register_forward_pre_hook(enter)
        yield module.register_forward_hook(leave)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run one operation, on meta where that is wanted, and write it down."""
        if signature_of(func).is_composed:  # in inference mode, layers arrive undivided
            with self:
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        kwargs = kwargs or {}
        flat = _leaves(args, kwargs)
        if self._on_meta and any(_is_meta(x) for x in flat):
            shapes = [self._on_meta_too(x) for x in flat]
            if any(shape is not x for shape, x in zip(shapes, flat, strict=True)):
                flat = shapes
                args, kwargs = tree_map(self._on_meta_too, (args, kwargs))
        self.recording.failed = None
        try:
            made = (shapes_of if self._on_meta else _run)(func, args, kwargs)
        except Exception:
            self.recording.failed = self._op(func, args, kwargs, flat)
            raise
        if self._on_meta and not any(isinstance(x, Tensor) for x in flat):
            made = _only_a_shape(made)
        self._write_down(func, args, kwargs, flat, made)
        return made

    def _on_meta_too(self, thing: Any) -> Any:
        if isinstance(thing, torch.device):
            return torch.device("meta")
        if not isinstance(thing, Tensor) or thing.is_meta:
            return thing
        if thing not in self._twins:
            twin = torch.empty_strided(
                thing.shape, thing.stride(), dtype=thing.dtype, device="meta"
            )
            self._twins[thing] = twin
            self._note(twin, self._value(thing))
        return self._twins[thing]

    def _write_down(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], flat: list[Any], made: Any
    ) -> None:
        op = self._op(func, args, kwargs, flat)
        named = dict(zip(signature_of(func).arguments, args, strict=False)) | kwargs
        written = [named[name] for name in signature_of(func).written if name in named]
        tensors = [made] if isinstance(made, Tensor) else list(inside(made, Tensor))
        depends = any(value.depends for value in op.inputs)
        op.outputs = tuple(
            Value(tuple(t.shape), _is_number(t), op, depends=depends) for t in tensors
        )
        if op.outputs:
            self.recording.ops.append(op)
        for target in inside(written, Tensor):
            self._write_into(target, op)
        for tensor, value in zip(tensors, op.outputs, strict=True):
            self._note(tensor, value)

    def _op(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], flat: list[Any]) -> Op:
        signature = signature_of(func)
        read = flat[1:] if signature.name in OVERWRITING else flat
        if signature.name.endswith("_like") or signature.name.startswith("new_"):
            read = []  # of the tensor it is given, only the shape matters
        inputs = tuple(self._value(x) for x in read if isinstance(x, Tensor))
        named = dict(zip(signature.arguments, args, strict=False)) | kwargs
        arguments = {key: self._as_values(thing) for key, thing in named.items()}
        return Op(signature.name, arguments, inputs, (), self._path[-1], signature.is_pointwise)

    def _write_into(self, target: Tensor, op: Op) -> None:
        """Give every other tensor on the same memory a new value: the old one and what came in."""
        if not op.outputs:
            return
        living = [reference() for reference in self._views.get(_memory(target), ())]
        for view in {id(v): v for v in living if v is not None and v is not target}.values():
            old = self._value(view)
            inputs = (old, op.outputs[0])
            arguments = {"self": old, "other": inputs[1], "steps": _steps(view, target)}
            merge = Op("write", arguments, inputs, (), op.module)
            depends = any(value.depends for value in inputs)
            merge.outputs = (Value(old.shape, old.is_number, merge, depends=depends),)
            self.recording.ops.append(merge)
            self._values[view] = merge.outputs[0]

    def _note(self, tensor: Tensor, value: Value) -> None:
        self._values[tensor] = value
        on_same = self._views.setdefault(_memory(tensor), [])
        on_same[:] = [reference for reference in on_same if reference() is not None]
        on_same.append(weakref.ref(tensor))

    def _value(self, tensor: Tensor) -> Value:
        if type(tensor) is not Tensor and is_lazy(tensor):
            return Value((), True)  # it gets its shape in this run, and is looked up again then
        value: Value | None = self._values.get(tensor)  # type: ignore[no-untyped-call]
        if value is None:  # another name for known cells, or a constant
            value = self._same_cells(tensor) or Value(tuple(tensor.shape), _is_number(tensor))
            self._note(tensor, value)
        return value

    def _same_cells(self, tensor: Tensor) -> Value | None:
        """What is known of the very cells of a tensor, as of one made into a subclass."""
        place = _place(tensor)
        others = (reference() for reference in self._views.get(_memory(tensor), ()))
        same = (o for o in others if o is not None and _place(o) == place)
        return next((self._values[other] for other in same), None)

    def _as_values(self, thing: Any) -> Any:
        """The same structure, with a value in place of each tensor."""
        if type(thing) in PLAIN:
            return thing
        if isinstance(thing, Tensor):
            return self._value(thing)
        if isinstance(thing, dict):
            return {key: self._as_values(part) for key, part in thing.items()}
        if isinstance(thing, list | tuple):
            return [self._as_values(part) for part in thing]
        if holds_parts(thing):
            return {key: self._as_values(part) for key, part in vars(thing).items()}
        return thing


def inside(thing: Any, kind: type[Any]) -> Iterator[Any]:
    """Everything of a kind in nested containers and attributes of plain objects, in order."""
    if isinstance(thing, kind):
        yield thing
    elif isinstance(thing, dict):
        for part in thing.values():
            yield from inside(part, kind)
    elif isinstance(thing, list | tuple | set):
        for part in thing:
            yield from inside(part, kind)
    elif holds_parts(thing):
        yield from inside(vars(thing), kind)


def holds_parts(thing: Any) -> bool:
    """Whether it is an object that only holds other things, such as a dataclass or an answer."""
    if type(thing) in PLAIN:
        return False
    others = (type, nn.Module, Value, Tensor, torch.device, torch.dtype)
    return hasattr(thing, "__dict__") and not isinstance(thing, others) and not callable(thing)


def _leaves(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """What an operation is given; its arguments are lists at most, and no lists of lists."""
    found: list[Any] = []
    for thing in (*args, *kwargs.values()):
        found.extend(thing) if isinstance(thing, list | tuple) else found.append(thing)
    return found


def _run(func: Any, args: Any, kwargs: Any) -> Any:
    return func(*args, **kwargs)


class Signature(NamedTuple):
    """What torch says of an operation.

    Attributes:
        name: without its overload.
        arguments: their names.
        written: the names of those that it writes into.
        is_pointwise: whether it works cell by cell.
        is_composed: whether it is defined by other operations.
    """

    name: str
    arguments: tuple[str, ...]
    written: tuple[str, ...]
    is_pointwise: bool
    is_composed: bool


@cache  # torch makes a schema anew each time it is asked for one
def signature_of(func: Any) -> Signature:
    """The signature of one of torch's operations."""
    arguments = func._schema.arguments
    written = (a for a in arguments if a.alias_info is not None and a.alias_info.is_write)
    return Signature(
        func.overloadpacket.__name__,
        tuple(a.name for a in arguments),
        tuple(a.name for a in written),
        torch.Tag.pointwise in func.tags,
        torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), COMPOSED),
    )


def shape_of(tensor: Tensor) -> Tensor:
    """The tensor without its values."""
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _is_meta(thing: Any) -> bool:
    return isinstance(thing, Tensor) and thing.is_meta


def _is_number(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _only_a_shape(made: Any) -> Any:
    """A large tensor out of nothing, such as zeros to be filled, becomes one on meta."""
    if isinstance(made, Tensor) and made.is_floating_point() and made.numel() > SMALL:
        return made.to("meta")
    return made


def _memory(tensor: Tensor) -> int:
    """What two tensors share when one is a view of the other."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse tensors have no such memory
        return id(tensor)


def _place(tensor: Tensor) -> tuple[Any, ...]:
    """Which cells of its memory a tensor has."""
    return tuple(tensor.shape), tensor.stride(), tensor.storage_offset()


def _steps(base: Tensor, part: Tensor) -> list[int]:
    """How many cells of the base one step of a part is, along each dimension."""
    if base.dim() != part.dim():
        return [1] * base.dim()
    strides = zip(base.stride(), part.stride(), part.shape, strict=True)
    return [fine // b if b and fine % b == 0 and n > 1 else 1 for b, fine, n in strides]
