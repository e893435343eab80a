"""Says in plain words which two sizes PyTorch could not match, and what was given to it."""

import ast
import difflib
import operator
import re
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from torch import Tensor, nn

from unet_teach.exercises.plain_values import is_number
from unet_teach.exercises.python_errors import no_entry
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.shared.torch_messages import explain_message

MOST_NAMES = 6  # shown of one line
ONCE = ("zip", "map", "filter", "enumerate", "reversed")  # what they return is no list
AXES = ("batch", "channels", "height", "width")
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


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
    if own := _name_problem(message, frame, line):
        return own
    if known is None:
        return ""
    return _joined(known.groups, tensors) or f"{known.sentence} {known.remedy}".strip()


def _name_problem(message: str, frame: FrameType | None, line: str) -> str:
    """Explain a wrong name, or a wrong place in a list, by what is there; empty for others."""
    if found := re.fullmatch(r"module '([\w.]+)' has no attribute '(\w+)'", message):
        module, name = found[1], found[2]
        names = [each for each in dir(sys.modules.get(module)) if not each.startswith("_")]
        same = [each for each in names if each.lower() == name.lower()]
        near = same or difflib.get_close_matches(name, names, 1)
        short = {"torch.nn": "nn", "torch.nn.functional": "F"}.get(module, module)
        meant = f" Is `{short}.{near[0]}` meant?" if near else ""
        return f"`{short}` has no `{name}`.{meant}"
    if found := re.match(r"(\w+)\(\) missing 1 required positional argument: 'input'", message):
        layers = {each.lower(): each for each in dir(nn) if each[0].isupper()}
        if layer := layers.get(found[1].replace("_", "")):
            return (
                f"`{found[1]}` is a function of a feature map, and here it is called without one. "
                f"The layer is `nn.{layer}(…)`."
            )
    here = frame.f_locals if frame else {}
    lost = re.fullmatch(r"'\w+' object has no attribute '(\w+)'", message)
    if lost and frame and frame.f_code.co_name == "__init__" and f"self.{lost[1]}" in line:
        name = lost[1]
        if name in here and name in frame.f_code.co_varnames:
            return (
                f"`{name}` is a name of its own here: write `{name}` without `self.`, or put "
                f"`self.{name} = {name}` before this line."
            )
    early = "before Module.__init__() call" in message
    if early and frame and "__init__" in frame.f_code.co_names:
        return (
            "Layers can only be assigned after the network itself has been set up. Your "
            "`super().__init__(…)` comes only after this line, or has no brackets: write it as the "
            "first line of `__init__`, with brackets."
        )
    if "list index out of range" in message:
        return no_entry(line, here)
    return ""


def what_was_there(frame: FrameType | None, line: str) -> str:
    """Return a sentence about the tensors, layers and numbers in a line; empty without tensors."""
    values = _values(frame, line)
    if not any(isinstance(value, Tensor) or "." in name for name, value in values.items()):
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
    maps = [x for x in tensors if x.dim() == 4 and not isinstance(x, nn.Parameter)]
    known = tensors and len(maps) == len(tensors) and number < len(AXES)
    return f"axis {number} ({AXES[number]})" if known else f"axis {number}"


def _values(frame: FrameType | None, line: str) -> dict[str, Any]:
    """Return the values of what stands in a line of code, in its order: `x`, `self.up`, `x[1:]`."""
    known = {**frame.f_globals, **frame.f_locals} if frame else {}
    values: dict[str, Any] = {}
    stack: list[ast.AST] = [_tree(line)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp):
            name = ast.unparse(node)
            try:
                value = _evaluated(node, known)
            except Exception:  # what only the code itself may compute
                value = ...
            if _shown(name, value):
                values[name] = value
                continue
        stack += reversed(list(ast.iter_child_nodes(node)))
    return dict(list(values.items())[:MOST_NAMES])


def _tree(line: str) -> ast.AST:
    """Parse a line of code, of which the rest may stand in other lines."""
    for begun in (line, f"{line} pass", f"{line})", f"{line}])", line.partition("=")[2]):
        try:
            return ast.parse(begun.strip())
        except SyntaxError:
            continue
    return ast.Module([], [])


def _evaluated(node: ast.AST | None, known: Mapping[str, Any]) -> Any:
    """Compute names, layers, sizes and slices, and nothing that could have an effect."""
    match node:
        case ast.Name(name):
            return known[name]
        case ast.Attribute(value, name):
            owner = _evaluated(value, known)
            if not isinstance(owner, nn.Module):
                raise TypeError(name)
            held = vars(owner)
            return {**held.get("_parameters", {}), **held.get("_modules", {}), **held}[name]
        case ast.Subscript(value, place):
            owner = _evaluated(value, known)
            if type(owner) not in (Tensor, nn.Parameter, nn.ModuleList):
                raise TypeError
            return owner[_evaluated(place, known)]
        case ast.Slice(start, stop, step):
            return slice(*(_evaluated(part, known) for part in (start, stop, step)))
        case ast.Tuple(parts):
            return tuple(_evaluated(part, known) for part in parts)
        case ast.UnaryOp(ast.USub(), part):
            return -_evaluated(part, known)
        case ast.BinOp(left, sign, right):
            sides = [_evaluated(side, known) for side in (left, right)]
            if not all(type(side) is int for side in sides):
                raise TypeError
            return SIGNS[type(sign)](*sides)
        case ast.Constant(value):
            return value
        case None:
            return None
    raise TypeError


def _shown(name: str, value: Any) -> str:
    if value is None and "." in name:
        return f"`{name}` is None"
    if isinstance(value, Tensor) and value.dim() == 1:
        return f"`{name}` has {len(value)} value{'s' * (len(value) != 1)}"
    if isinstance(value, Tensor):
        return f"`{name}` is {sizes_as_text(value.shape)}" if value.dim() else ""
    if isinstance(value, nn.Module) and hasattr(value, "in_channels"):
        return f"`{name}` takes {value.in_channels} channels and returns {value.out_channels}"
    if is_number(value):
        return f"`{name}` is {value if isinstance(value, int) else round(value, 4)}"
    return ""
