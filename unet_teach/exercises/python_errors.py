"""Says why Python stopped a function of numbers and lists, and what to write instead.

`shared/torch_messages.py` explains what torch says about networks. Here are the errors of plain
functions, which take values apart: each sentence names the values that were there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from torch import Tensor

from unet_teach.exercises.plain_values import plain

NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
TEXT = re.compile(r"""f?("[^"]*"|'[^']*')""")
MOST_SHOWN = 8  # keys of a dict
CHANGES_IN_PLACE = "append|extend|insert|remove|reverse|sort|shuffle"
OPERATORS = r"unsupported operand type\(s\) for (?P<sign>\S+?):? "
PLAIN = "list|tuple|range|int|float|bool|generator|dict|set"

Names = Mapping[str, Any]  # the values of the names in a line


def explained_plainly(message: str, frame: FrameType | None, line: str) -> str:
    """Return sentences about an error of a function that is no layer; empty if none is known.

    Args:
        message: what Python or torch says; for a missing key, "KeyError: " and the key.
        frame: where the user's own line ran.
        line: this line, as code.
    """
    given = frame.f_code.co_varnames[: frame.f_code.co_argcount] if frame else ()
    if frame is None or not given or "self" in given:
        return ""
    values, source = _names_in(frame, line), _source_of(frame)
    for pattern, explain in ERRORS:
        if found := re.search(pattern, message, re.DOTALL):
            said = explain(found, line, values, source)
            if said:
                return said
    return ""


# ------------------------------------------------------------------------------ what has no value
def _none(found: re.Match[str], line: str, values: Names, source: str) -> str:
    """Say that a method that changes a list has taken the list's place, where one is."""
    here = re.search(rf"([\w.]+)\.({CHANGES_IN_PLACE})\(.*\)\s*[\[.]", line)
    kept = re.search(rf"=\s*([\w.]+)\.({CHANGES_IN_PLACE})\(", source)
    if not (here or kept):
        return ""
    name, method = (here or kept).groups()  # type: ignore[union-attr]
    new = {
        "sort": f" `sorted({name})` makes a new one.",
        "append": f" `[*{name}, x]` makes a new one.",
    }
    return f"`{name}.{method}(…)` changes `{name}` itself and returns None, so write it on a line of its own, without `=`.{new.get(method, '')}"


# ---------------------------------------------------------------------------------- wrong operands
def _operands(found: re.Match[str], line: str, values: Names, source: str) -> str:
    return _of_kinds(found["sign"].rstrip(":"), {found["one"], found["other"]}, line)


def _of_kinds(sign: str, kinds: set[str], line: str) -> str:
    if kinds & {"function", "method", "builtin_function_or_method"}:
        return "One of the two is a function that isn't called: parentheses are missing behind its name, as in `x.sum()`."
    if sign == "^":
        return (
            "In Python, `^` isn't a power: it flips the bits of whole numbers. A power is `x ** 2`."
        )
    if "NoneType" in kinds:
        return "One of the two is None. A function without `return` gives None, and so does a method that changes a list itself, such as `sort` or `append`."
    if "range" in kinds and sign == "+":
        return "Ranges can't be added. Make lists of them: `[*range(a), *range(b, c)]`."
    if "str" in kinds:
        return "One of the two is text. `float(text)` makes a number of it, and a number needs no quotation marks."
    if kinds & {"list", "tuple", "range", "generator", "dict", "map", "zip", "filter"}:
        what = "tensor" if "Tensor" in kinds else "list" if kinds == {"list"} else "number"
        kind = next(k for k in ("list", "tuple", "range", "generator", "dict", "map", "zip", "filter") if k in kinds)  # fmt: skip
        make = "`torch.stack(x)` makes a tensor of a list of tensors" if what == "tensor" else "`np.array(x)` makes an array of it, which can"  # fmt: skip
        return f"A {kind} can't be calculated or compared with a {what} as a whole. Go through its entries, as in `[entry - 1 for entry in x]`; {make}."
    return ""


def _joined(found: re.Match[str], line: str, values: Names, source: str) -> str:
    kind, other = found["kind"], found["other"]
    if other == "range":
        return "A list and a range can't be added. Write `[*x, *range(…)]`."
    return f"`+` joins a {kind} only to another {kind}, and this is of type {other}. `[*x, y]` is a list with one more entry; to add up numbers, use `sum(x)`."


# ------------------------------------------------------------------------------------ lists, dicts
def _generator(found: re.Match[str], line: str, values: Names, source: str) -> str:
    return "A generator makes its values one by one, so it has no length, and it can be gone through only once. Make a list of it first: `list(…)`."


def _one_number(found: re.Match[str], line: str, values: Names, source: str) -> str:
    if "subscript" in found[0]:
        return "Square brackets ask for one of several entries, and this is a single number."
    return "This is a single number, but a list or a range is needed here. To count up to a number n, write `range(n)`."


def _unpacked(found: re.Match[str], line: str, values: Names, source: str) -> str:
    right = f"{found['got']} values stand" if found["got"] else "more values stand"
    shape = " The shape of a batch of images has four: N, C, H and W." if ".shape" in line else ""
    return f"Left of `=` are {found['expected']} names, but right of it {right}.{shape}"


def _no_entry(found: re.Match[str], line: str, values: Names, source: str) -> str:
    """Say how many entries the list has from which one is taken."""
    for name in re.findall(r"\b(\w+)\[", line):
        if isinstance(value := values.get(name), list | tuple):
            last = f", and the last is number {len(value) - 1}" if value else ""
            return f"`{name}` has {_count(value)}{last}, but another one is asked for."
    return ""


def _empty(found: re.Match[str], line: str, values: Names, source: str) -> str:
    lists = _sizes(values, line)
    return f"It is asked of nothing: no entry is there.{f' Here, {lists}.' if lists else ''}"


def _sizes(values: Names, line: str) -> str:
    such = [(name, x) for name, x in values.items() if isinstance(x, list | tuple | dict)]
    return ", ".join(f"`{name}` has {_count(x)}" for name, x in such)


def _count(entries: Any) -> str:
    return f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"


def _by_zero(found: re.Match[str], line: str, values: Names, source: str) -> str:
    return f"Something is divided by 0 here.{_numbers(values)} Is what you divide by the right number? If so, this case needs a `return` of its own before."


def _step(found: re.Match[str], line: str, values: Names, source: str) -> str:
    return f"A `range` with a step of 0 would never end.{_numbers(values)} Is this the right step?"


def _numbers(values: Names) -> str:
    """Say what the numbers in the line were."""
    numbers = {name: plain(value) for name, value in values.items()}
    shown = [
        f"`{n}` is {x:.4g}"
        for n, x in numbers.items()
        if isinstance(x, int | float) and not isinstance(x, bool)
    ]
    return f" There, {', '.join(shown)}." if shown else ""


def _no_key(found: re.Match[str], line: str, values: Names, source: str) -> str:
    for name, value in values.items():
        if isinstance(value, dict):
            keys = [repr(key) for key in value]
            more = ", …" if len(keys) > MOST_SHOWN else ""
            return f"`{name}` has no entry {found[1]}. Its keys are {', '.join(keys[:MOST_SHOWN])}{more}."
    return ""


def _not_callable(found: re.Match[str], line: str, values: Names, source: str) -> str:
    if "key=" in line.replace(" ", ""):
        return f"`key` takes a function of one entry, such as `key=lambda entry: entry[1]`, and this is of type {found['kind']}."
    return ""


def _of_a_list(found: re.Match[str], line: str, values: Names, source: str) -> str:
    kind, name = found["kind"], found["name"]
    if name in ("mean", "sum", "std", "var", "max", "min", "abs", "sqrt", "shape", "float", "dim"):
        return f"A {kind} has no `.{name}`. `np.array(x)` makes an array of numbers, and `torch.stack(x)` a tensor of tensors; both have one."
    return f"A {kind} has no `.{name}`."


# --------------------------------------------------------------------------------- tensors, arrays
def _no_axis(found: re.Match[str], line: str, values: Names, source: str) -> str:
    number, axes = int(found["axis"]), int(found["axes"])
    only = "only axis 0" if axes == 1 else f"axes 0 to {axes - 1}"
    other = " If the number stands for something else, name it: `ddof=1`." if re.search(r"std|var", line) else ""  # fmt: skip
    return f"There is no axis {number}: this array has {only}.{other}"


def _no_maximum(found: re.Match[str], line: str, values: Names, source: str) -> str:
    empty = [name for name, x in values.items() if isinstance(x, Tensor) and not x.numel()]
    which = f"`{empty[0]}` has no values" if empty else "there are no values"
    return f"A maximum or minimum needs at least one value, and here {which}. A comparison and its sum, such as `(x > 0).sum()`, need none."


def _one_value(found: re.Match[str], line: str, values: Names, source: str) -> str:
    """Say that a tensor without axes is indexed."""
    for name, value in values.items():
        if isinstance(value, Tensor) and not value.dim() and re.search(rf"\b{name}\s*\[", line):
            return f"`{name}` is a single number there, so it has no entries. Without `dim`, `mean()` and `sum()` take all axes together; `mean(0)` takes only the first and keeps the others."
    return ""


def _mask(found: re.Match[str], line: str, values: Names, source: str) -> str:
    mask, shape = (found[name].replace(", ", "×") for name in ("mask", "shape"))
    return f"In `x[mask]`, each value of the mask says whether one value of x is picked, so both need one shape. The mask is {mask} and x is {shape}."


def _picked(found: re.Match[str], line: str, values: Names, source: str) -> str:
    """Say that values picked by a mask meet the whole of another tensor."""
    masks = [n for n, x in values.items() if isinstance(x, Tensor) and str(x.dtype) == "torch.bool"]
    picked = re.search(rf"(\w+)\[({'|'.join(masks)})\]", line) if masks else None
    if not picked or line.count(f"[{picked[2]}]") > 1:
        return ""
    return f"`{picked[0]}` holds only the values at which `{picked[2]}` is True, in one row, so it doesn't match a whole tensor. Pick the same places of both."


def _several(found: re.Match[str], line: str, values: Names, source: str) -> str:
    if own := re.search(r"\bmath\.(sqrt|exp|log|floor|ceil|pow)\b", line):
        return f"`math.{own[1]}` takes a single number, and this tensor has several. `torch.{own[1]}(x)` takes a whole tensor."
    if re.search(r"\btensor\(|\barray\(", line):
        return ""
    return "This tensor has several values, so it can't become one number. A sum or a mean over some axes leaves the others: `x.sum()` and `x.mean()` take all."


def _mode(found: re.Match[str], line: str, values: Names, source: str) -> str:
    return "`network.train(…)` takes True or False, and was given something else. `network.eval()` and `network.train()` return the network, not its mode, which is `network.training`."


Explain = Callable[[re.Match[str], str, Names, str], str]
ERRORS: tuple[tuple[str, Explain], ...] = (
    (r"'NoneType' object", _none),
    (rf"{OPERATORS}'(?P<one>[\w.]+)' and '(?P<other>[\w.]+)'", _operands),
    (r"'(?P<sign><|>|<=|>=)' not supported between instances of '(?P<one>[\w.]+)' and '(?P<other>[\w.]+)'", _operands),
    (r"can't multiply sequence by non-int of type '(?P<one>\w+)'", lambda f, line, v, s: _of_kinds("*", {"list"}, line)),
    (r"can only concatenate (?P<kind>list|tuple) \(not \"(?P<other>(?!Tensor)\w+)\"", _joined),
    (r"'?generator'? (object )?(of type )?.*has no len|object of type 'generator'|'generator' object is not subscr", _generator),
    (r"object of type '(int|float|bool)' has no len|'(int|float|bool)' object is not (iterable|subscriptable)", _one_number),
    (r"values to unpack \(expected (?:at least )?(?P<expected>\d+)(?:, got (?P<got>\d+))?\)", _unpacked),
    (r"(list|tuple|string) index out of range|pop from empty list", _no_entry),
    (r"(arg|argument) is (an )?empty", _empty),
    (r"division by zero|modulo by zero|division or modulo", _by_zero),
    (r"range\(\) arg 3 must not be zero", _step),
    (r"^KeyError: (.*)$", _no_key),
    (r"'(?P<kind>int|float|str|tuple|list)' object is not callable", _not_callable),
    (rf"'(?P<kind>{PLAIN})' object has no attribute '(?P<name>\w+)'", _of_a_list),
    (r"Expected reduction dim|zero-size array to reduction", _no_maximum),
    (r"axis (?P<axis>\d+) is out of bounds for array of dimension (?P<axes>\d+)", _no_axis),
    (r"is out of bounds for dimension 0 with size 0|to a 0-dim tensor|of a 0-dim tensor", _one_value),
    (r"shape of the mask \[(?P<mask>[\d, ]+)\] at index \d does not match .*? \[(?P<shape>[\d, ]+)\]", _mask),
    (r"size of tensor a", _picked),
    (r"only one element tensors can be converted|elements cannot be converted to Scalar", _several),
    (r"must be Tensor, not (?P<kind>list|tuple|float|int)\b", lambda f, line, v, s: f"This function of torch takes a tensor, and was given a {f['kind']}. `torch.tensor(x)` makes a tensor of it."),
    (r"training mode is expected to be boolean", _mode),
)  # fmt: skip


def _names_in(frame: FrameType, line: str) -> dict[str, Any]:
    """Return the values of all plain names in a line of code, in their order."""
    known = {**frame.f_globals, **frame.f_locals}
    names = NAME.findall(TEXT.sub("", line))
    return {name: known[name] for name in names if name in known}


def _source_of(frame: FrameType) -> str:
    """Return the code of the function that a frame runs; empty if it can't be read."""
    try:
        return inspect.getsource(frame.f_code)
    except (OSError, TypeError):
        return ""
