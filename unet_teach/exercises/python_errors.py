"""Says why Python stopped a function of numbers and lists, and what to write instead.

`shared/torch_messages.py` explains what torch says about networks. Here are the errors of plain
functions, which take values apart: each sentence names the values that were there.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sized
from types import CodeType, FrameType
from typing import Any, NamedTuple

from torch import Tensor

from unet_teach.exercises.plain_values import is_number, plain

NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
TEXT = re.compile(r"""f?("[^"]*"|'[^']*')""")
MOST_SHOWN = 8  # keys of a dict
CHANGES_IN_PLACE = "append|extend|insert|remove|reverse|sort|shuffle"
OPERATORS = r"unsupported operand type\(s\) for (?P<sign>\S+?):? "
SEQUENCES = ("list", "tuple", "range", "generator", "dict", "map", "zip", "filter")
PLAIN = "list|tuple|range|int|float|bool|generator|dict|set"
COMPUTING = ("mean", "sum", "std", "var", "max", "min", "abs", "sqrt", "shape", "float", "dim")
BESIDE_A_STAR = re.compile(r"(\w*)\s*\*\s*(\w*)")
TEXT_WITH_A_NUMBER = "One of the two is text. `float(text)` makes a number of it, and a number needs no quotation marks."


class Stopped(NamedTuple):
    """What is known about an error.

    Attributes:
        found: the parts of its message.
        line: the user's own line that stopped, as code.
        values: of the names in this line, in their order.
        code: of the function around it.
    """

    found: re.Match[str]
    line: str
    values: dict[str, Any]
    code: CodeType

    @property
    def source(self) -> str:
        """The text of the function; empty if it can't be read."""
        try:
            return inspect.getsource(self.code)
        except (OSError, TypeError):
            return ""

    def of(self, *kinds: type) -> dict[str, Any]:
        """Return the names in the line whose values are of one of these kinds."""
        return {name: x for name, x in self.values.items() if isinstance(x, kinds)}


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
    known = {**frame.f_globals, **frame.f_locals}
    values = {name: known[name] for name in NAME.findall(TEXT.sub("", line)) if name in known}
    for pattern, explain in ERRORS:
        if found := re.search(pattern, message, re.DOTALL):
            if isinstance(explain, str):
                return explain.format(**found.groupdict())
            if said := explain(Stopped(found, line, values, frame.f_code)):
                return said
    return ""


def no_entry(line: str, values: Mapping[str, Any]) -> str:
    """Say how many entries the list has from which one is taken in a line of code."""
    for name in re.findall(r"\b(\w+)\[", line):
        if isinstance(entries := values.get(name), list | tuple):
            last = f", and the last is number {len(entries) - 1}" if entries else ""
            return f"`{name}` has {_entries(entries)}{last}, but another one is asked for."
    return ""


def _entries(entries: Sized) -> str:
    return f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"


def _unknown_name(at: Stopped) -> str:
    name, names = at.found[1], at.code.co_varnames
    if near := difflib.get_close_matches(name, names, 1):
        return f"Nothing is called `{name}` here. Is `{near[0]}` meant?"
    given = ", ".join(f"`{each}`" for each in names[: at.code.co_argcount])
    return f"Nothing is called `{name}` here. Your function is given {given}: use these."


def _none(at: Stopped) -> str:
    """Say that a method that changes a list has taken the list's place, where one is."""
    here = re.search(rf"([\w.]+)\.({CHANGES_IN_PLACE})\(.*\)\s*[\[.]", at.line)
    here = here or re.search(rf"=\s*([\w.]+)\.({CHANGES_IN_PLACE})\(", at.source)
    if not here:
        return ""
    name, method = here.groups()
    new = {
        "sort": f" `sorted({name})` makes a new one.",
        "append": f" `[*{name}, x]` makes a new one.",
    }
    return f"`{name}.{method}(…)` changes `{name}` itself and returns None, so write it on a line of its own, without `=`.{new.get(method, '')}"


def _operands(at: Stopped) -> str:
    sign, kinds = at.found["sign"].rstrip(":"), {at.found["one"], at.found["other"]}
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
        return TEXT_WITH_A_NUMBER
    return _as_a_whole(kinds)


def _as_a_whole(kinds: set[str]) -> str:
    """Say that a list of some kind, if one is there, can't be calculated with."""
    kind = next((kind for kind in SEQUENCES if kind in kinds), "")
    what = "tensor" if "Tensor" in kinds else "list" if kinds == {"list"} else "number"
    make = "`torch.stack(x)` makes a tensor of a list of tensors" if what == "tensor" else "`np.array(x)` makes an array of it, which can"  # fmt: skip
    return (
        kind
        and f"A {kind} can't be calculated or compared with a {what} as a whole. Go through its entries, as in `[entry - 1 for entry in x]`; {make}."
    )


def _repeated(at: Stopped) -> str:
    """Say what can't be multiplied by this: a tuple or text beside the sign, mostly a list."""
    beside = {name for pair in BESIDE_A_STAR.findall(at.line) for name in pair}
    kinds = {type(x).__name__ for name, x in at.of(tuple, str).items() if name in beside}
    if "str" in kinds:
        return TEXT_WITH_A_NUMBER
    return _as_a_whole((kinds or {"list"}) | {at.found["other"]})


def _empty(at: Stopped) -> str:
    sizes = [f"`{name}` has {_entries(x)}" for name, x in at.of(list, tuple, dict).items()]
    here = f" Here, {', '.join(sizes)}." if sizes else ""
    return f"It is asked of nothing: no entry is there.{here}"


def _numbers(at: Stopped) -> str:
    """Say what the numbers in the line were."""
    numbers = ((name, plain(value)) for name, value in at.values.items())
    shown = [f"`{name}` is {x:.4g}" for name, x in numbers if is_number(x)]
    return f" There, {', '.join(shown)}." if shown else ""


def _by_zero(at: Stopped) -> str:
    return f"Something is divided by 0 here.{_numbers(at)} Is what you divide by the right number? If so, this case needs a `return` of its own before."


def _no_key(at: Stopped) -> str:
    for name, value in at.of(dict).items():
        more = ", …" if len(value) > MOST_SHOWN else ""
        keys = ", ".join([repr(key) for key in value][:MOST_SHOWN])
        return f"`{name}` has no entry {at.found[1]}. Its keys are {keys}{more}."
    return ""


def _of_a_list(at: Stopped) -> str:
    kind, name = at.found["kind"], at.found["name"]
    if name in COMPUTING:
        return f"A {kind} has no `.{name}`. `np.array(x)` makes an array of numbers, and `torch.stack(x)` a tensor of tensors; both have one."
    return f"A {kind} has no `.{name}`."


def _no_axis(at: Stopped) -> str:
    number, axes = int(at.found["axis"]), int(at.found["axes"])
    only = "only axis 0" if axes == 1 else f"axes 0 to {axes - 1}"
    other = " If the number stands for something else, name it: `ddof=1`." if re.search(r"std|var", at.line) else ""  # fmt: skip
    return f"There is no axis {number}: this array has {only}.{other}"


def _no_maximum(at: Stopped) -> str:
    empty = [name for name, x in at.of(Tensor).items() if not x.numel()]
    which = f"`{empty[0]}` has no values" if empty else "there are no values"
    return f"A maximum or minimum needs at least one value, and here {which}. A comparison and its sum, such as `(x > 0).sum()`, need none."


def _one_value(at: Stopped) -> str:
    """Say that a tensor without axes is indexed."""
    for name, value in at.of(Tensor).items():
        if not value.dim() and re.search(rf"\b{name}\s*\[", at.line):
            return f"`{name}` is a single number there, so it has no entries. Without `dim`, `mean()` and `sum()` take all axes together; `mean(0)` takes only the first and keeps the others."
    return ""


def _mask(at: Stopped) -> str:
    mask, shape = (at.found[name].replace(", ", "×") for name in ("mask", "shape"))
    return f"In `x[mask]`, each value of the mask says whether one value of x is picked, so both need one shape. The mask is {mask} and x is {shape}."


def _picked(at: Stopped) -> str:
    """Say that values picked by a mask meet the whole of another tensor."""
    masks = [name for name, x in at.of(Tensor).items() if str(x.dtype) == "torch.bool"]
    picked = re.search(rf"(\w+)\[({'|'.join(masks)})\]", at.line) if masks else None
    if not picked or at.line.count(f"[{picked[2]}]") > 1:
        return ""
    return f"`{picked[0]}` holds only the values at which `{picked[2]}` is True, in one row, so it doesn't match a whole tensor. Pick the same places of both."


def _unpacked(at: Stopped) -> str:
    right = f"{at.found['got']} values stand" if at.found["got"] else "more values stand"
    shape = " The shape of a batch of images has four: N, C, H and W." if ".shape" in at.line else ""  # fmt: skip
    return f"Left of `=` are {at.found['expected']} names, but right of it {right}.{shape}"


def _several(at: Stopped) -> str:
    if own := re.search(r"\bmath\.(sqrt|exp|log|floor|ceil|pow)\b", at.line):
        return f"`math.{own[1]}` takes a single number, and this tensor has several. `torch.{own[1]}(x)` takes a whole tensor."
    if re.search(r"\btensor\(|\barray\(", at.line):
        return ""
    return "This tensor has several values, so it can't become one number. A sum or a mean over some axes leaves the others: `x.sum()` and `x.mean()` take all."


def _not_callable(at: Stopped) -> str:
    if "key=" not in at.line.replace(" ", ""):
        return ""
    return f"`key` takes a function of one entry, such as `key=lambda entry: entry[1]`, and this is of type {at.found['kind']}."


# Each message, and what it means: a text with the message's parts in it, or a function.
ERRORS: tuple[tuple[str, str | Callable[[Stopped], str]], ...] = (
    (r"^name '(\w+)' is not defined$", _unknown_name),
    (r"maximum recursion depth",
        "It called itself without an end. A function needs a case in which it returns without calling itself."),
    (r"'NoneType' object", _none),
    (rf"{OPERATORS}'(?P<one>[\w.]+)' and '(?P<other>[\w.]+)'", _operands),
    (r"'(?P<sign><|>|<=|>=)' not supported between instances of '(?P<one>[\w.]+)' and '(?P<other>[\w.]+)'", _operands),
    (r"can't multiply sequence by non-int of type '(?P<other>\w+)'", _repeated),
    (r"can only concatenate (list|tuple) \(not \"range\"",
        "A list and a range can't be added. Write `[*x, *range(…)]`."),
    (r"can only concatenate (?P<kind>list|tuple) \(not \"(?P<other>(?!Tensor)\w+)\"",
        "`+` joins a {kind} only to another {kind}, and this is of type {other}. `[*x, y]` is a list with one more entry; to add up numbers, use `sum(x)`."),
    (r"'?generator'? (object )?(of type )?.*has no len|object of type 'generator'|'generator' object is not subscr",
        "A generator makes its values one by one, so it has no length, and it can be gone through only once. Make a list of it first: `list(…)`."),
    (r"'(int|float|bool)' object is not subscriptable",
        "Square brackets ask for one of several entries, and this is a single number."),
    (r"object of type '(int|float|bool)' has no len|'(int|float|bool)' object is not iterable",
        "This is a single number, but a list or a range is needed here. To count up to a number n, write `range(n)`."),
    (r"values to unpack \(expected (?:at least )?(?P<expected>\d+)(?:, got (?P<got>\d+))?\)", _unpacked),
    (r"(list|tuple|string) index out of range|pop from empty list", lambda at: no_entry(at.line, at.values)),
    (r"(arg|argument) is (an )?empty", _empty),
    (r"division by zero|modulo by zero|division or modulo", _by_zero),
    (r"range\(\) arg 3 must not be zero",
        lambda at: f"A `range` with a step of 0 would never end.{_numbers(at)} Is this the right step?"),
    (r"^KeyError: (.*)$", _no_key),
    (r"'(?P<kind>int|float|str|tuple|list)' object is not callable", _not_callable),
    (rf"'(?P<kind>{PLAIN})' object has no attribute '(?P<name>\w+)'", _of_a_list),
    (r"Expected reduction dim|zero-size array to reduction", _no_maximum),
    (r"axis (?P<axis>\d+) is out of bounds for array of dimension (?P<axes>\d+)", _no_axis),
    (r"is out of bounds for dimension 0 with size 0|to a 0-dim tensor|of a 0-dim tensor", _one_value),
    (r"shape of the mask \[(?P<mask>[\d, ]+)\] at index \d does not match .*? \[(?P<shape>[\d, ]+)\]", _mask),
    (r"size of tensor a", _picked),
    (r"only one element tensors can be converted|elements cannot be converted to Scalar", _several),
    (r"must be Tensor, not (?P<kind>list|tuple|float|int)\b",
        "This function of torch takes a tensor, and was given a {kind}. `torch.tensor(x)` makes a tensor of it."),
    (r"training mode is expected to be boolean",
        "`network.train(…)` takes True or False, and was given something else. `network.eval()` and `network.train()` return the network, not its mode, which is `network.training`."),
)  # fmt: skip
