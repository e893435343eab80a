"""Says in plain words which two sizes PyTorch could not match, and what was given to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import FrameType
from typing import Any

from torch import Tensor, nn

from unet_teach.shared.sizes_as_text import sizes_as_text

MOST_NAMES = 6  # shown of one line
AXES = ("batch", "channels", "height", "width")
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
TEXT = re.compile(r"""f?("[^"]*"|'[^']*')""")
SHAPE = r"\[([\d, ]+)\]"
TAKES = "for {2} input channels was given {3}: its weight is {0}, its input {1}"
PLAIN = (  # what PyTorch says: what it means
    (
        rf"groups=1, weight of size {SHAPE}, .* input{SHAPE} to have (\d+) .* got (\d+)",
        f"A convolution {TAKES}",
    ),
    (
        rf"transposed=1, weight of size {SHAPE}, .* input{SHAPE} to have (\d+) .* got (\d+)",
        f"A transposed convolution {TAKES}",
    ),
    (
        r"The expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\) "
        rf"at non-singleton dimension (\d+)\.\s+Target sizes: {SHAPE}\.\s+Tensor sizes: {SHAPE}",
        "A tensor of {4} does not fit where one of {3} goes: {axis2} is {1} in place of {0}",
    ),
    (
        r"size of tensor a \((\d+)\) must match .* b \((\d+)\) at non-singleton dimension (\d+)",
        "The two tensors do not match: {axis2} is {0} in one and {1} in the other",
    ),
    (
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        "A linear layer or matrix for {2} features was given {1}",
    ),
    (
        r"running_mean should contain (\d+) elements not (\d+)",
        "A batch norm for {1} channels was given {0}",
    ),
    (
        r"length must be non-negative|negative dimension|negative output size",
        "A size or a length came out negative",
    ),
    (
        r"padded input size per channel: \(([\d x]+)\)\. Kernel size: \(([\d x]+)\)",
        "A kernel of {1} does not fit into {0}, the input with its padding",
    ),
    (
        r"start \((\d+)\) \+ length \((\d+)\) exceeds dimension size \((\d+)\)",
        "A window that starts at {0} and is {1} long does not fit into {2}",
    ),
    (
        r"shape '\[([\d, -]+)\]' is invalid for input of size (\d+)",
        "{1} values cannot take the shape {0}",
    ),
    (
        r"cat\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not (\w+)",
        "`torch.cat` takes a list of tensors, and this is a {0}: `torch.cat([a, b], dim=1)`",
    ),
    (
        r"expected Tensor as element (\d+) in argument 0, but got (\w+)",
        "Number {0} of your list, counted from 0, is a {1}, not a tensor. A layer has to be called",
    ),
    ("slice indices must be integers", "A slice needs whole numbers: `//` divides without a rest"),
    (
        rf"stack expects each tensor to be equal size, but got {SHAPE} at entry 0 and {SHAPE}",
        "`stack` needs tensors of one shape: the first is {0}, another one {1}",
    ),
)
CAT = re.compile(
    r"must match except in dimension (\d+)\. "
    r"Expected size (\d+) but got size (\d+) for tensor number (\d+)"
)


def explained(message: str, frame: FrameType | None, line: str) -> str:
    """Return a sentence about an error message of PyTorch; empty if none is known.

    Args:
        message: what PyTorch says.
        frame: where the user's own line ran.
        line: this line, as code.
    """
    tensors = [value for value in _values(frame, line).values() if isinstance(value, Tensor)]
    sentence = _joined(message, tensors)
    for pattern, plain in PLAIN:
        if not sentence and (found := re.search(pattern, message)):
            groups = [_sizes(group) for group in found.groups()]
            axes = {f"axis{i}": _axis(group, tensors) for i, group in enumerate(groups)}
            sentence = plain.format(*groups, **axes) + "."
    return sentence


def what_was_there(frame: FrameType | None, line: str) -> str:
    """Return a sentence about the tensors, layers and numbers in a line; empty without tensors."""
    values = _values(frame, line)
    if not any(isinstance(value, Tensor) for value in values.values()):
        return ""
    return f"There, {', '.join(_shown(name, value) for name, value in values.items())}."


def _joined(message: str, tensors: Sequence[Tensor]) -> str:
    """Explain a `cat` of tensors that do not match."""
    found = CAT.search(message)
    if not found:
        return ""
    dim, first, other, number = map(int, found.groups())
    pairs = ((x, y) for x in tensors for y in tensors if x.dim() == y.dim())
    axes = {
        axis
        for x, y in pairs
        for axis in range(x.dim())
        if axis != dim and (x.shape[axis], y.shape[axis]) == (first, other)
    }
    what = _axis(str(min(axes)), tensors) if axes else "one of them"
    return (
        f"Tensors that are joined along {_axis(str(dim), tensors)} have to agree in every other "
        f"axis: {what} is {first} in the first and {other} in number {number + 1}."
    )


def _sizes(text: str) -> str:
    return text.replace(" x ", "×").replace(", ", "×")


def _axis(number: str, tensors: Sequence[Tensor]) -> str:
    known = tensors and all(x.dim() == 4 for x in tensors) and number in tuple("0123")
    return f"axis {number} ({AXES[int(number)]})" if known else f"axis {number}"


def _values(frame: FrameType | None, line: str) -> dict[str, Any]:
    """Return the values of the names in a line of code, in their order: `x`, `self.up`."""
    known = {**frame.f_globals, **frame.f_locals} if frame else {}
    values = {}
    for name in CODE.findall(TEXT.sub("", line)):
        path, *parts = name.split(".")
        value = known.get(path)
        while True:
            if _shown(path, value):
                values[path] = value
            if not parts or not isinstance(value, nn.Module):
                break
            layers = vars(value).get("_modules", {})  # none before `super().__init__()`
            path, value = f"{path}.{parts[0]}", layers.get(parts.pop(0))
    return dict(list(values.items())[:MOST_NAMES])


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Tensor):
        return f"`{name}` is {sizes_as_text(value.shape)}" if value.dim() else ""
    if isinstance(value, nn.Module) and hasattr(value, "in_channels"):
        return f"`{name}` takes {value.in_channels} channels and makes {value.out_channels}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"`{name}` is {value if isinstance(value, int) else round(value, 4)}"
    return ""
