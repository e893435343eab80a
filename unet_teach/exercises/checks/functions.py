"""The rungs that many exercises share: a number, a function, a layer, a tensor of some shape."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.exercise import Rung, Slip

MAX_CELLS = 2**24  # of one float32 result, 64 MB: above it the kernel of a Binder tab is in danger
LARGE = 16  # a setting above it can make a small map huge


# ------------------------------------------------------------------------------------------ numbers
def whole_numbers(count: int = 1) -> Rung:
    """The answer is one whole number, or a tuple of `count` of them."""
    wanted = "one whole number" if count == 1 else f"{count} whole numbers, as in (1, 2)"

    def fault(answer: Any) -> str | None:
        parts = _listed(answer) if count > 1 else [answer]
        if parts is None:
            return f"Wanted: {wanted}. This is of type {type(answer).__name__}."
        if len(parts) != count:
            return f"Wanted: {wanted}. These are {len(parts)}."
        for part in parts:
            if part is ...:
                return f"Wanted: {wanted}. One of them still is dots."
            if isinstance(part, bool) or not isinstance(part, int | float):
                return f"Wanted: {wanted}. {part!r} is of type {type(part).__name__}."
            if isinstance(part, float) and not part.is_integer():
                return f"Wanted: {wanted}. {part!r} is not whole."
        return None

    return Rung("a whole number" if count == 1 else f"{count} whole numbers", fault)


def exactly(
    value: Any, what: str, why: Callable[[Any], str] | None = None, *, any_order: bool = False
) -> Rung:
    """The answer is `value`.

    Args:
        value: a number, or a tuple of them.
        what: begins the sentence that refuses another, as in "The size".
        why: makes a sentence for an unknown wrong answer: what would follow from it.
        any_order: whether the order of a tuple is free.
    """

    def ordered(answer: Any) -> tuple[Any, ...]:
        parts = _as_tuple(answer)
        return tuple(sorted(parts)) if any_order else parts

    def fault(answer: Any) -> str | None:
        if ordered(answer) == ordered(value):
            return None
        return f"{what} is not {answer!r}." + (f" {why(answer)}" if why else "")

    return Rung(what, fault)


def said(name: str, value: Any, says: str) -> Slip:
    """A slip that is one wrong number or tuple."""
    return Slip(name, lambda: value, lambda answer: _as_tuple(answer) == _as_tuple(value), says)


def _listed(answer: Any) -> list[Any] | None:
    if isinstance(answer, tuple | list | set | range | torch.Size):
        return list(answer)
    return None


def _as_tuple(answer: Any) -> tuple[Any, ...]:
    listed = _listed(answer)
    return (answer,) if listed is None else tuple(listed)


# ---------------------------------------------------------------------------------------- functions
def a_function(signature: str) -> Rung:
    """The answer can be called like `signature`, as in "output_size(size, kernel_size)"."""
    name, _, rest = signature.partition("(")
    names = [part.strip() for part in rest.rstrip(")").split(",")]

    def fault(answer: Any) -> str | None:
        if not callable(answer) or isinstance(answer, type):
            kind = "the class " + answer.__name__ if isinstance(answer, type) else _kind(answer)
            return f"A function was expected, `def {signature}`; this is {kind}."
        try:
            inspect.signature(answer).bind(*names)
        except TypeError:
            values = "1 value" if len(names) == 1 else f"{len(names)} values"
            return f"It must take {values}: `def {signature}`."
        except ValueError:  # some built-in functions have no signature
            return None
        own = list(inspect.signature(answer).parameters)
        if own != names and sorted(own) == sorted(names):
            return f"Your values come in another order, ({', '.join(own)}): `def {signature}`."
        return None

    return Rung(f"a function `{name}`", fault)


def agrees(
    reference: Callable[..., int], name: str, samples: Callable[[], Iterable[Sequence[int]]]
) -> Rung:
    """The answer returns what `reference` returns, on every sample, the smallest first."""
    parameters = list(inspect.signature(reference).parameters)

    def fault(answer: Any) -> str | None:
        for sample in samples():
            got, wanted = answer(*sample), reference(*sample)
            values = [f"{key}={value}" for key, value in zip(parameters, sample, strict=True)]
            call = f"`{name}({', '.join([str(sample[0]), *values[1:]])})`"
            if got is None:
                return f"{call} returns nothing. Did you forget the word `return`?"
            if got is ...:
                return f"{call} returns dots: a part of your function is not written yet."
            got = got.item() if _is_one_number(got) else got
            if not isinstance(got, int | float):
                return f"{call} returns something {_kind(got)}, wanted the number {wanted}."
            if got != wanted:
                said = got if isinstance(got, bool) else f"{got:g}"
                return f"{call} returns {said}, wanted {wanted}."
        return None

    return Rung("its values", fault)


def _is_one_number(thing: Any) -> bool:
    """Whether it is a number in numpy's or torch's clothes."""
    return isinstance(thing, np.generic | np.ndarray | Tensor) and math.prod(thing.shape) == 1


def computes(
    name: str, wrong: Callable[..., Any], samples: Iterable[Sequence[int]], says: str
) -> Slip:
    """A slip that is a wrong formula: the answer returns what it returns, on every sample."""
    known = list(samples)
    return Slip(
        name,
        lambda: wrong,
        lambda answer: all(answer(*sample) == wrong(*sample) for sample in known),
        says,
    )


# ------------------------------------------------------------------------------------------- layers
def a_layer(example: str, rank: int = 2) -> Rung:
    """The answer is a layer, or several in one, for maps with height and width."""
    others = tuple(
        getattr(nn, f"{kind}{other}d")
        for kind in ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "BatchNorm")
        for other in {1, 2, 3} - {rank}
    )

    def fault(answer: Any) -> str | None:
        if isinstance(answer, type):
            name = answer.__name__
            return f"This is the class {name} itself. Make a layer of it: `{name}(…)`."
        if not isinstance(answer, nn.Module):
            return f"A layer was expected, such as `{example}`; this is {_kind(answer)}."
        if isinstance(answer, (*others, nn.Linear)):
            kind = type(answer).__name__
            return f"`nn.{kind}` is for data of another shape. For height and width: `{example}`."
        return None

    return Rung("a layer", fault)


def run(module: Any, *inputs: Tensor) -> Tensor | str:
    """The module's result on these inputs, or the sentence that says why there is none.

    The size of the result is found without computing it first, where the module allows: an answer
    with a slip of a zero must not fill the memory.
    """
    if (cells := _cells(module, inputs)) and cells > MAX_CELLS:
        gigabytes = cells * 4 / 1e9
        return f"The result would have {cells:,} cells, {gigabytes:.1f} GB: far more than wanted."
    with torch.no_grad():
        made = module(*inputs)
    return made if isinstance(made, Tensor) else no_map(made)


def no_map(made: Any) -> str:
    """The sentence for a result that is no tensor."""
    if made is None:
        return "Nothing comes out. Did you forget the word `return`?"
    if made is ...:
        return "Dots come out: a part of your code is not written yet."
    return f"What comes out is {_kind(made)}. Return the map alone, a tensor."


def _cells(module: Any, inputs: Sequence[Tensor]) -> int | None:
    """The number of cells in the result, or `None` when it is not known without running.

    It is asked only where a number is large: asking loads 75 MB of torch.
    """
    if not isinstance(module, nn.Module) or not any(number > LARGE for number in _settings(module)):
        return None
    state = [*module.named_parameters(), *module.named_buffers()]
    if any(is_lazy(part) for _, part in state):
        return None
    try:
        made = torch.func.functional_call(
            module,
            {name: part.to("meta") for name, part in state},
            tuple(x.to("meta") for x in inputs),
        )
    except Exception:  # the real run says what is wrong, in the words a student will meet
        return None
    return made.numel() if isinstance(made, Tensor) else None


def _settings(module: nn.Module) -> Iterator[float]:
    """The numbers a module was made with, and those in its code; channels show in its weights."""
    for part in module.modules():
        values = [v for k, v in vars(part).items() if not k.endswith(("channels", "features"))]
        code = getattr(type(part).forward, "__code__", None)
        stack = [*values, *getattr(code, "co_consts", ())]
        while stack:
            value = stack.pop()
            if isinstance(value, int | float):
                yield value
            elif isinstance(value, tuple | list):
                stack.extend(value)


# ------------------------------------------------------------------------------------------ tensors
def shape_fault(found: Tensor, wanted: Sequence[int], where: str) -> str | None:
    """Rank, then channels, then height and width; `where` names the input, as in "On 8×9"."""
    if found.dim() != len(wanted):
        return f"{where}: the result's shape is {tuple(found.shape)}, wanted {tuple(wanted)}."
    if found.shape[0] != wanted[0]:
        noun = "map" if found.shape[0] == 1 else "maps"
        return f"{where}: the batch has {found.shape[0]} {noun}, wanted {wanted[0]}."
    if found.shape[1] != wanted[1]:
        return f"{where}: {found.shape[1]} channels come out, wanted {wanted[1]}."
    if tuple(found.shape[2:]) != tuple(wanted[2:]):
        return f"{where}: {by(found.shape[2:])} comes out, wanted {by(wanted[2:])}."
    return None


def values_fault(found: Tensor, wanted: Tensor, where: str) -> str | None:
    """Compare the values of two tensors of one shape; name the first cell that differs."""
    if not torch.isfinite(found).all() and torch.isfinite(wanted).all():
        kind = "NaN" if found.isnan().any() else "infinite"
        return f"{where}: some values are {kind}. Is something divided by zero, or left empty?"
    differs = ~torch.isclose(found.to(wanted.dtype), wanted, rtol=1e-4, atol=1e-5)
    if not differs.any():
        return None
    place = tuple(int(i) for i in differs.nonzero()[0])
    return (
        f"{where}: {int(differs.sum())} of {differs.numel()} values differ. The first, at "
        f"{list(place)}, is {found[place].item():.4g}, wanted {wanted[place].item():.4g}."
    )


def by(sizes: Iterable[int]) -> str:
    """Sizes as they are written: 8×9."""
    return "×".join(map(str, sizes))


def _kind(thing: Any) -> str:
    name = type(thing).__name__
    return f"of type {name}"
