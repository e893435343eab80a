"""Checks for answers that are layers: what they are, and what they make of a tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.tensors import no_tensor
from unet_teach.exercises.exercise import Check

MAX_CELLS = 2**24  # of one float32 result, 64 MB: above it the kernel of a Binder tab is in danger
LARGE = 16  # a setting above it can make a small map huge


def is_layer(example: str, rank: int = 2) -> Check:
    """Check that the answer is a layer, or several in one, for maps with height and width.

    Args:
        example: code of such a layer, for the sentence about another answer.
        rank: how many spatial dimensions the maps have.
    """
    others = tuple(
        getattr(nn, f"{kind}{other}d")
        for kind in ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "BatchNorm")
        for other in {1, 2, 3} - {rank}
    )

    def problem(answer: Any) -> str | None:
        if isinstance(answer, type):
            name = answer.__name__
            return f"This is the class {name} itself. Make a layer of it: `{name}(…)`."
        if not isinstance(answer, nn.Module):
            kind = type(answer).__name__
            return f"A layer was expected, such as `{example}`; this is of type {kind}."
        if isinstance(answer, (*others, nn.Linear)):
            kind = type(answer).__name__
            return f"`nn.{kind}` is for data of another shape. For height and width: `{example}`."
        return None

    return Check("a layer", problem)


def run(module: Any, *inputs: Tensor) -> Tensor | str:
    """Return the module's output on these inputs, or the sentence that says why there is none.

    Where the module allows it, the size of the output is found first without computing it: an
    answer with a zero too many must not fill the memory.
    """
    if (cells := _cells(module, inputs)) and cells > MAX_CELLS:
        gigabytes = cells * 4 / 1e9
        return f"The result would have {cells:,} cells, {gigabytes:.1f} GB: far more than wanted."
    with torch.no_grad():
        output = module(*inputs)
    return output if isinstance(output, Tensor) else no_tensor(output)


def _cells(module: Any, inputs: Sequence[Tensor]) -> int | None:
    """The number of cells in the output, or `None` when it is not known without running.

    Only a module with a large setting is asked: asking imports 75 MB of torch.
    """
    if not isinstance(module, nn.Module) or not any(number > LARGE for number in _settings(module)):
        return None
    state = [*module.named_parameters(), *module.named_buffers()]
    if any(is_lazy(part) for _, part in state):
        return None
    try:
        output = torch.func.functional_call(
            module,
            {name: part.to("meta") for name, part in state},
            tuple(x.to("meta") for x in inputs),
        )
    except Exception:  # the real run says what is wrong, in the words a student will meet
        return None
    return output.numel() if isinstance(output, Tensor) else None


def _settings(module: nn.Module) -> Iterator[float]:
    """The numbers a module was made with, and those in its code, without its channels."""
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
