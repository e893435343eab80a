"""Says in plain words which two sizes PyTorch could not match, and what was given to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from torch import Tensor, nn

from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.shared.torch_messages import explain_message

MOST_NAMES = 6  # shown of one line
ONCE = ("zip", "map", "filter", "enumerate", "reversed")  # what they return is no list
AXES = ("batch", "channels", "height", "width")
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
TEXT = re.compile(r"""f?("[^"]*"|'[^']*')""")


def explained(message: str, frame: FrameType | None, line: str) -> str:
    """Return a sentence about an error message of PyTorch; empty if none is known.

    Args:
        message: what PyTorch says.
        frame: where the user's own line ran.
        line: this line, as code.
    """
    tensors = [value for value in _values(frame, line).values() if isinstance(value, Tensor)]
    known = explain_message(message, lambda number: _axis(number, tensors))
    if found := re.match(rf"'({'|'.join(ONCE)})' object (has no attribute|is not subscr)", message):
        kind = found[1]
        return (
            f"A {kind} is no list: it can only be gone through, and only once. Make a list of it: "
            f"`list({kind}(…))`."
        )
    if own := _of_a_function(message, frame):
        return own
    if known is None:
        return ""
    return _joined(known.groups, tensors) or f"{known.sentence} {known.remedy}".strip()


def _of_a_function(message: str, frame: FrameType | None) -> str:
    """Explain errors to which the advice for a `forward` doesn't apply; empty for others."""
    count = frame.f_code.co_argcount if frame else 0
    given = frame.f_code.co_varnames[:count] if frame else ()
    if not given or "self" in given:
        return ""
    if unknown := re.fullmatch(r"name '(\w+)' is not defined", message):
        names = ", ".join(f"`{name}`" for name in given)
        return f"Nothing is called `{unknown[1]}` here. Your function is given {names}: use these."
    if "maximum recursion depth" in message:
        return (
            "It called itself without an end. A function needs a case in which it returns without "
            "calling itself."
        )
    return ""


def what_was_there(frame: FrameType | None, line: str) -> str:
    """Return a sentence about the tensors, layers and numbers in a line; empty without tensors."""
    values = _values(frame, line)
    if not any(isinstance(value, Tensor) for value in values.values()):
        return ""
    return f"There, {', '.join(_shown(name, value) for name, value in values.items())}."


def _joined(groups: Mapping[str, str], tensors: Sequence[Tensor]) -> str:
    """Explain a `cat` of tensors that do not match; empty for another message."""
    if not {"axis", "first", "other", "number"} <= set(groups):
        return ""
    dim, first, other, number = (int(groups[n]) for n in ("axis", "first", "other", "number"))
    pairs = ((x, y) for x in tensors for y in tensors if x.dim() == y.dim())
    axes = {
        axis
        for x, y in pairs
        for axis in range(x.dim())
        if axis != dim and (x.shape[axis], y.shape[axis]) == (first, other)
    }
    what = _axis(min(axes), tensors) if axes else "one of them"
    return (
        f"Tensors joined along {_axis(dim, tensors)} need the same size in every other axis, but "
        f"{what} is {first} in the first and {other} in number {number + 1}."
    )


def _axis(number: int, tensors: Sequence[Tensor]) -> str:
    known = tensors and all(x.dim() == 4 for x in tensors) and number < len(AXES)
    return f"axis {number} ({AXES[number]})" if known else f"axis {number}"


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
        return f"`{name}` takes {value.in_channels} channels and returns {value.out_channels}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"`{name}` is {value if isinstance(value, int) else round(value, 4)}"
    return ""
