"""Records what a student's `forward` does with an image: every call of torch, and in which layer.

It records what happened to the data, whatever the layers are called: which feature maps a skip
joins, what cuts a gradient, what affects the output, and at which call an error occurred.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from unet_teach.inspection.recording import find_all
from unet_teach.shared.sizes_as_text import sizes_as_text

Kind = Literal["image", "layer", "pointwise", "join", "resize", "other"]

LAYERS = ("conv2d", "conv_transpose2d", "linear")  # torch's functions with a layer's weights
ARGUMENTS = {  # the names of the arguments of torch's functions
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "conv_transpose2d": (
        *("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
    ),
    "linear": ("input", "weight", "bias"),
    "pad": ("input", "pad"),
    "cat": ("tensors", "dim"),
}
AFFINE_JOINS = ("add", "__iadd__", "sub", "cat", "concat", "concatenate", "stack")
RANDOM = ("rand", "normal", "bernoulli", "dropout", "feature_dropout", "alpha_dropout", "uniform")
LARGE = 1000.0  # times the usual values: shows that a clamp changes something


@dataclass(eq=False)
class Step:
    """One call of torch on data that depends on the image; the image itself is the first step.

    Attributes:
        name: of torch's function, such as "relu".
        kind: a "pointwise" call treats all cells of a feature map alike, each by itself; a "join"
            brings together what different layers made; a "resize" changes height or width.
        inputs: the steps that made its inputs.
        output: a copy of what it returned.
        layer: where in the network it was called, such as "`upconv2`"; empty in `forward` itself.
        settings: the arguments of a layer's function, by name.
        identical: whether it returned its input.
        affine: whether it is linear plus a constant, so that it is no activation.
        scales: whether it is affine by a constant of the code: no weight, no normalisation.
        cuts_gradient: whether a gradient goes back to its inputs, but not through it.
    """

    name: str
    kind: Kind
    inputs: tuple[Step, ...]
    output: Tensor
    layer: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    identical: bool = False
    affine: bool = False
    scales: bool = False
    cuts_gradient: bool = False

    def __post_init__(self) -> None:
        below = [source.min_height for source in self.inputs]
        height = self.size[0] if self.size else math.inf
        # Of the smallest feature map on the way here, along the path on which this is largest.
        self.min_height: float = min(height, max(below, default=math.inf))
        self.follows_layer: bool = self.kind == "layer" or any(s.follows_layer for s in self.inputs)
        if self.name == "pad" and not self.follows_layer:  # an image that is padded first
            self.min_height = height

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of its output, `None` unless that has the shape (N, C, H, W)."""
        return (self.output.shape[2], self.output.shape[3]) if self.output.dim() == 4 else None

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Height and width of a convolution's kernel."""
        return tuple(self.settings["weight"].shape[2:])

    @property
    def window(self) -> str:
        """The settings that decide the size of a convolution's output, in a sentence."""
        if self.name not in LAYERS[:2]:
            return ""
        names = ("stride", "padding", "output_padding", "dilation")
        given = {name: self.settings[name] for name in names if name in self.settings}
        if given.get("dilation") in (1, (1, 1)):  # the usual case says nothing
            del given["dilation"]
        settings = "".join(f", {name} {value}" for name, value in given.items())
        return f" kernel {sizes_as_text(self.kernel_size)}{settings}."

    @property
    def far_padding(self) -> str:
        """A sentence about a repair of the size that changes it by too much; or ""."""
        doubled = self.inputs and self.inputs[0].origin.name == "conv_transpose2d"
        repairs = self.name == "pad" or (self.name == "interpolate" and doubled)
        if not (repairs and self.size and self.inputs[0].size):
            return ""
        before, after = self.inputs[0].size, self.size
        if all(max(pair) < 2 * min(pair) for pair in zip(before, after, strict=True)):
            return ""
        return (
            f"`{self.name}` turns {sizes_as_text(before)} into {sizes_as_text(after)}, but a "
            "repair only adds or crops a row or a column. Does the skip come from another level?"
        )

    @property
    def origin(self) -> Step:
        """The last step before it that is not pointwise, or itself."""
        step = self
        while step.kind == "pointwise":
            step = step.inputs[0]
        return step

    @property
    def call(self) -> str:
        """The layer or function called, as a part of a sentence."""
        in_sequence = self.layer.startswith("layer ")  # as in "layer 1 (`Upsample`)"
        if not (self.kind == "layer" and self.layer) and not in_sequence:
            return {"__getitem__": "the index `[…]`"}.get(self.name, f"`{self.name}`")
        return self.layer

    @property
    def changes_nothing(self) -> bool:
        """Whether it is no activation, so that the layers around it are one linear map."""
        return self.affine or "norm" in self.name or "dropout" in self.name

    @property
    def text(self) -> str:
        """Where its output comes from, as a part of a sentence."""
        step = self.origin
        if step.kind == "image":
            return "the input"
        if step.kind == "layer":
            return f"{step.call}'s output"
        if step.kind == "join":
            given = step.settings.get("tensors", ()) if step.name == "cat" else ()
            twice = ", some of it more than once" if len(given) > len(step.inputs) else ""
            return f"the {step.call} of {' and '.join(map(with_shape, step.inputs))}{twice}"
        numbers = ""
        if step.name == "pad":
            numbers = f" by (left, right, top, bottom) = {tuple(step.settings['pad'])}"
        return f"the result of {step.call}{numbers}"

    @property
    def across(self) -> Step | None:
        """The input of a join that comes across a skip: it was never smaller, another one was."""
        height = self.size[0] if self.size else 0
        inputs = [source for source in self.inputs if source.follows_layer]
        across = [source for source in inputs if source.min_height >= height]
        return across[0] if across and len(across) < len(inputs) and self.kind == "join" else None

    @property
    def is_constant(self) -> bool:
        """Whether each channel has the same value in all cells: it shows nothing of an image."""
        return self.size is not None and torch.allclose(
            self.output, self.output[:, :, :1, :1], rtol=1e-5, atol=1e-7
        )

    @property
    def joins_by(self) -> Literal["add", "cat", "other"]:
        """How a join brings its inputs together, told by the values."""
        one, two, *more = [source.output for source in self.inputs]
        if more:
            return "other"
        if one.shape == two.shape and _same(one + two, self.output):
            return "add"
        if one.shape[2:] == two.shape[2:] and len(one) == len(two):
            pairs = ([one, two], [two, one])
            if any(_same(torch.cat(pair, dim=1), self.output) for pair in pairs):
                return "cat"
        return "other"

    def before(self, ends: Callable[[Step], bool] = lambda step: False) -> list[Step]:
        """Return itself and the steps that it depends on; the search does not pass `ends`."""
        found: dict[Step, None] = {}
        stack = [self]
        while stack:
            if (step := stack.pop()) not in found:
                found[step] = None
                stack.extend(() if ends(step) else step.inputs)
        return list(found)


def with_shape(step: Step) -> str:
    """Return where a step's output comes from, with its shape."""
    if step.size is None:
        return f"{step.text} (shape {tuple(step.output.shape)})"
    shape = f"{step.output.shape[1]} channels, {sizes_as_text(step.size)}"
    if step.origin.kind == "join":
        return f"{step.text}, together {shape}"
    source = f", computed from {with_shape(step.origin.inputs[0])}" if step.origin.inputs else ""
    return f"{step.text} ({shape}){'' if step.origin.kind == 'layer' else source}"


class Trace(TorchFunctionMode):
    """What a network does with images; an error ends it and is kept.

    Args:
        network: the student's.
        images: of shape (N, C, H, W).
        training: whether the network is in training mode, not in evaluation mode.
        altered: the places of joins, and of the step whose output each is given changed.

    Attributes:
        steps: in the order of the calls.
        random: the names of the functions called that draw random numbers.
        result: what the network returned.
        unregistered: the weights in use that are not among `network.parameters()`, so that no
            training would change them.
        stopped: the call that an error stopped, and `stopped_in` the name of its layer.
        given: the steps that made the inputs of that call.
        network: the student's.
        shared: layers with two names: the one that is shown, and the other.
    """

    def __init__(
        self,
        network: nn.Module,
        images: Tensor,
        *,
        training: bool = False,
        altered: dict[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.random: list[str] = []
        self.result: Any = None
        self.stopped: Call | None = None
        self.stopped_in = ""
        self.given: tuple[Step, ...] = ()
        self.training, self.network, self._altered = training, network, dict(altered or {})
        self._is_altered = bool(altered)
        self.calls = 0  # of the network itself
        self._weights: dict[int, Tensor] = {}
        self._batch = len(images)
        self._latest: dict[int, tuple[Tensor, Step]] = {}  # holds the tensors: no id is used twice
        self._layers: list[str] = []
        self.shared: dict[str, str] = {}
        self._keep(images, Step("image", "image", (), images.clone()))
        before = network.training
        network.train(training)
        with (
            contextlib.suppress(Exception),
            self._noting_layers(network),
            torch.enable_grad(),
            self,
        ):
            self.result = network(images)
        network.train(before)
        registered = {id(weight) for weight in network.parameters()}
        self.unregistered = [w for key, w in self._weights.items() if key not in registered]

    @functools.cached_property
    def used(self) -> list[Step]:
        """The steps that the result depends on, in the order of the calls, the result's last."""
        last = self._step(self.result)
        used = set(last.before()) if last else set()
        return [step for step in self.steps if step in used]

    @property
    def unused(self) -> list[str]:
        """The names of trainable parameters that have no part in the result."""
        self.network.train(self.training)  # a checkpoint runs its layers once more
        named = [(n, w) for n, w in self.network.named_parameters() if w.requires_grad]
        gradients = torch.autograd.grad(
            self.result.sum(), [w for _, w in named], retain_graph=True, allow_unused=True
        )
        return [name for (name, _), g in zip(named, gradients, strict=True) if g is None]

    @property
    def never_called(self) -> list[str]:
        """The names of layers that change channels or size, and that the network never called."""
        return [
            name
            for name, module in self.network.named_modules()
            if (own := list(module.parameters(recurse=False)))
            and not any(id(weight) in self._weights for weight in own)
            and not (own[0].shape[2:].numel() == 1 and own[0].shape[:1] == own[0].shape[1:2])
        ]

    @property
    def convolutions(self) -> list[Step]:
        """All convolutions used, transposed ones among them."""
        return [step for step in self.used if step.name in ("conv2d", "conv_transpose2d")]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """The sizes of all outputs of convolutions, largest first."""
        return sorted({step.size for step in self.convolutions if step.size}, reverse=True)

    @functools.cached_property
    def skips(self) -> list[tuple[int, int]]:
        """The sizes at which a live skip arrives."""
        live = (s for s in self.used if s.across and not s.across.is_constant and self._matters(s))
        return list(dict.fromkeys(step.size for step in live if step.size))

    def _matters(self, join: Step) -> bool:
        """Whether the result changes when the join is given something else across.

        Once it alone, then every join that the same values reach, as `x + skip - skip`.
        """
        assert join.across
        first, across = self.steps.index(join), join.across
        everywhere = {
            place: self.steps.index(source)
            for place, step in enumerate(self.steps[first:], first)
            if step.kind == "join"
            for source in step.inputs
            if torch.equal(source.output, across.output)
        }
        alone = {first: self.steps.index(across)}
        return self._differs(alone, torch.equal) and (
            len(everywhere) == 1 or self._differs(everywhere, _same)  # cancelling leaves rounding
        )

    def _differs(self, places: dict[int, int], same: Callable[[Tensor, Tensor], bool]) -> bool:
        other = Trace(self.network, self.steps[0].output, training=self.training, altered=places)
        unchanged = other.result is not None and same(self.result, other.result)
        return not unchanged or bool(other._altered)

    def tensor(self, step: Step) -> Tensor | None:
        """Return a step's output as it was made, with its gradient; `None` if it was changed."""
        return next((tensor for tensor, last in self._latest.values() if last is step), None)

    @property
    def not_activated(self) -> list[tuple[Step, Step]]:
        """Pairs of layers, in the order of the data, without an activation between them."""
        return [
            (first, second)
            for second in self.used
            if second.kind == "layer"
            for first in second.inputs[0].before(
                lambda s: s.kind == "layer" or not s.changes_nothing
            )
            if first.kind == "layer"
        ]

    @property
    def has_activation(self) -> bool:
        """Whether any step is an activation; without one, all layers are one linear map."""
        return any(s.inputs and s.kind != "layer" and not s.changes_nothing for s in self.used)

    @property
    def until_last_layer(self) -> list[Step]:
        """The steps used, up to the last layer."""
        return self.used[: len(self.used) - len(self.tail)]

    @property
    def tail(self) -> list[Step]:
        """The steps used after the last layer."""
        after = itertools.takewhile(lambda step: step.kind != "layer", reversed(self.used))
        return list(after)[::-1]

    def first_difference(self, other: Trace) -> Step | None:
        """Return the first step with another output in another run, if the results differ.

        Args:
            other: a run of the same network with the same images, or only with the last of them.
        """
        count = len(other.steps[0].output)
        # In another batch torch adds in another order, and a function may enlarge the difference.
        share = 0.0 if count == self._batch else 0.01

        def differ(one: Tensor, two: Tensor) -> bool:
            one = one[-count:] if one.dim() else one
            return one.shape != two.shape or float((~_close(one, two)).double().mean()) > share

        if not differ(self.used[-1].output, other.used[-1].output):
            return None
        pairs = zip(self.steps, other.steps, strict=False)
        return next((one for one, two in pairs if differ(one.output, two.output)), None)

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call one of torch's functions, and note it when it is given data that is known."""
        call = Call(function, args, kwargs or {})
        given = [tensor for tensor in call.tensors if self._step(tensor)]
        self._weights.update((id(w), w) for w in call.tensors if w.requires_grad and w.is_leaf)
        if len(self.steps) in self._altered:
            across = self.steps[self._altered[len(self.steps)]]
            for tensor in given:
                if self._step(tensor) is across:
                    other = tensor.flatten().flip(0).reshape(tensor.shape) + 1
                    args = _replaced(args, {id(tensor): other})
                    self._altered.pop(len(self.steps), None)
        call.values = {id(tensor): tensor.detach().clone() for tensor in given}  # may be in place
        if call.name.startswith(RANDOM):
            self.random.append(call.name)
        try:
            result = function(*args, **call.kwargs)
        except Exception:
            if not self.stopped:
                self.given = tuple(dict.fromkeys(self._latest[id(t)][1] for t in given))
                self.stopped, self.stopped_in = call, self._layers[-1] if self._layers else ""
            raise
        if given and not call.name.startswith("new_") and not call.name.endswith("_like"):
            if call.name == "to" or call.name.endswith("_as"):  # the other only shows what to make
                call.values = dict([*call.values.items()][:1])
            steps = tuple(dict.fromkeys(self._latest[place][1] for place in call.values))
            for output in find_all(args[0] if call.name == "__setitem__" else result, Tensor):
                if self._is_altered:  # only its result is asked for
                    step = Step(call.name, "other", steps, output.detach())
                else:
                    step = call.step(steps, output)
                step.layer = self._layers[-1] if self._layers else ""
                self._keep(output, step)
        return result

    def knows(self, tensor: Tensor) -> bool:
        """Whether a tensor is computed from the images."""
        return self._step(tensor) is not None

    def _step(self, value: Any) -> Step | None:
        return self._latest[id(value)][1] if id(value) in self._latest else None

    def _keep(self, tensor: Tensor, step: Step) -> None:
        self._latest[id(tensor)] = tensor, step
        self.steps.append(step)

    @contextlib.contextmanager
    def _noting_layers(self, network: nn.Module) -> Iterator[None]:
        """Keep the names of the layers that are running in `_layers`, the innermost last."""
        names: dict[int, str] = {}
        for name, module in network.named_modules(remove_duplicate=False):
            if id(module) in names:
                self.shared[names[id(module)]] = name
                continue
            # A layer of an `nn.Sequential` has a number for a name, which says little alone.
            number = name.replace(".", "").isdigit()
            kind = type(module).__name__
            names[id(module)] = (
                f"layer {name} (`{kind}`)" if number else f"`{name}`" if name else ""
            )

        def enter(module: nn.Module, _: Any) -> None:
            unknown = f"an `nn.{type(module).__name__}` that isn't in your network"
            self._layers.append(names.get(id(module), unknown))
            self.calls += module is network

        def leave(*_: Any) -> None:
            self._layers.pop()

        hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave)
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


class Call:
    """One call of a function of torch."""

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        name: str = getattr(function, "__name__", "")
        if name == "__get__":  # of an attribute, such as `x.data`
            name = str(getattr(function.__self__, "__name__", name))
        self.name = name if name.startswith("__") else name.rstrip("_")  # `relu_` is in place
        self.tensors: list[Tensor] = list(find_all((args, kwargs), Tensor))
        self.had_gradient = any(tensor.requires_grad for tensor in self.tensors)
        self.values: dict[int, Tensor] = {}  # of the tensors that depend on the image
        self.settings = {**dict(zip(ARGUMENTS.get(name, ()), args, strict=False)), **kwargs}

    def step(self, inputs: tuple[Step, ...], output: Tensor) -> Step:
        """Say what kind of step it was."""
        value = output.detach().clone()
        if self.name in LAYERS:
            step = Step(self.name, "layer", inputs, value)
        elif inputs[0].name == "stack" and self.name in ("sum", "mean"):
            step = Step(self.name, "join", inputs[0].inputs, value, affine=True)
        elif len(inputs) > 1:
            alike = (
                len({step.origin for step in inputs}) == 1 and value.shape == inputs[0].output.shape
            )
            affine = self.name in AFFINE_JOINS
            step = Step(self.name, "pointwise" if alike else "join", inputs, value, affine=affine)
        else:
            step = self._step_of_one(inputs[0], value)
        step.settings = self.settings
        step.cuts_gradient = self.had_gradient and not output.requires_grad
        return step

    def _step_of_one(self, source: Step, value: Tensor) -> Step:
        """Say what a function of one tensor does, by calling it with other values."""
        step = Step(self.name, "other", (source,), value)
        before = next(iter(self.values.values()))
        if before.shape != value.shape:
            if _same(before.flatten(), value.flatten()):
                step.kind, step.identical = "pointwise", True
            elif before.dim() == value.dim() == 4 and before.shape[:2] == value.shape[:2]:
                step.kind = "resize"
        if before.is_floating_point():
            with contextlib.suppress(Exception):
                self._try_values(step, before.shape)
        return step

    def _try_values(self, step: Step, shape: torch.Size) -> None:
        """Find out whether it is linear, treats all cells alike, and so on."""
        generator = torch.Generator().manual_seed(0)
        usual, other = torch.randn((2, *shape), generator=generator)
        large = LARGE * other  # a clamp changes it
        result, of_large = self._again(usual.clone()), self._again(large.clone())
        if result.is_floating_point():
            step.affine = _same(self._again((usual + large) / 2), (result + of_large) / 2)
        if len(shape) != 4 or result.shape != shape or "softmax" in self.name:
            return
        order = torch.randperm(shape[2] * shape[3], generator=generator)

        def moved(x: Tensor) -> Tensor:
            return x.flatten(2)[:, :, order].reshape(shape)

        if _same(self._again(moved(usual)), moved(result)):
            step.kind = "pointwise"
            step.identical = _same(result, usual) and _same(of_large, large)
            weights = any(isinstance(tensor, nn.Parameter) for tensor in self.tensors)
            step.scales = step.affine and not (step.identical or weights or "norm" in self.name)

    def _again(self, x: Tensor) -> Tensor:
        """Call the function with `x` in place of the tensors that depend on the image."""
        values = {id(tensor): tensor.detach().clone() for tensor in self.tensors}  # may be in place
        values.update(dict.fromkeys(self.values, x))
        args = _replaced(self.args, values)
        with torch.no_grad():
            result: Tensor = self.function(*args, **_replaced(self.kwargs, values))
        return args[0] if self.name == "__setitem__" else result


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return torch.equal(one, other) or bool(_close(one, other).all())


def _close(one: Tensor, other: Tensor) -> Tensor:
    """Compare two tensors of one shape cell by cell."""
    if not one.is_floating_point() or one.dtype != other.dtype:
        one, other = one.double(), other.double()
    scale = float(other.detach().abs().nan_to_num(0.0, 0.0).max()) if other.numel() else 0.0
    return torch.isclose(one, other, rtol=1e-4, atol=1e-6 * (1 + scale), equal_nan=True)


def _replaced(value: Any, new: dict[int, Tensor]) -> Any:
    """Return nested arguments with other tensors in place of those of these ids."""
    return tree_map(lambda part: new.get(id(part), part), value)
