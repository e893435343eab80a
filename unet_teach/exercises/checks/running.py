"""Runs a student's layer or network, unless its output would fill the memory."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.tensors import no_tensor

MAX_ELEMENTS = 2**24  # of one float32 output, 64 MiB: more could exhaust a Binder tab's memory
LARGE = 16  # a setting above it can make the output of a small input huge


def run(module: Any, *inputs: Tensor) -> Tensor | str:
    """Return the module's output on these inputs, or the sentence that says why there is none.

    Where the module allows it, the size of the output is first determined without computing it: an
    answer with a zero too many must not fill the memory.
    """
    if (elements := _output_elements(module, inputs)) and elements > MAX_ELEMENTS:
        gigabytes = elements * 4 / 1e9
        return (
            f"The output would have {elements:,} values ({gigabytes:.1f} GB), far more than needed."
        )
    with torch.no_grad():
        output = module(*inputs)
    if isinstance(output, Tensor):
        return output
    return no_tensor(output, type(module).forward if isinstance(module, nn.Module) else module)


def _output_elements(module: Any, inputs: Sequence[Tensor]) -> int | None:
    """Return the number of elements of the output, or `None` if only a run can tell.

    Only a module with a large setting is asked, because asking imports 75 MB of torch.
    """
    if not isinstance(module, nn.Module) or not any(number > LARGE for number in _settings(module)):
        return None
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        return None
    try:  # a copy: `functional_call` leaves the weights of a layer with two names on meta
        output = copy.deepcopy(module).to("meta")(*(x.to("meta") for x in inputs))
    except Exception:  # the real run raises it again, in the words that a student will meet
        return None
    return output.numel() if isinstance(output, Tensor) else None


def _settings(module: nn.Module) -> Iterator[float]:
    """Yield the numbers in a module's attributes and in its code, its channels left out."""
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
