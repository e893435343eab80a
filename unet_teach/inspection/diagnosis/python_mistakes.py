"""Diagnoses of mistakes of Python: names, calls, lists, and what is no tensor."""

from __future__ import annotations

import ast
import builtins
import difflib
import inspect
import re
import traceback
import types
from collections.abc import Collection
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.init_code import class_kept
from unet_teach.inspection.diagnosis.late_names import bound_late_by_name
from unet_teach.inspection.diagnosis.own_code import article
from unet_teach.inspection.diagnosis.returned import NO_TENSOR, kind_said
from unet_teach.inspection.diagnosis.source import code_that_runs, parts_at, text_of
from unet_teach.inspection.wording import listed
from unet_teach.shared.not_set_up import not_set_up

HINTS = {  # what to do where no tensor stands
    "tuple": "Give each part a name, as in x, skip = self.block(x), or take one, such as [0]. (A "
    "comma at a line's end makes a tuple, too.)",
    "list": "Take one of its parts, or join them: torch.cat(…, dim=1).",
    "ndarray": "Stay in torch: torch.from_numpy(x).",
    "int": "Give it a tensor.",
    "dict": "Take a tensor out of it by its key, such as ['image'].",
    "builtin_function_or_method": "That is a method without its brackets: x.size(2) or "
    "x.shape[2], skips.pop().",
    "method": "That is a method without its brackets: call it.",
    "return_types": "max, min and median along a dimension return values and positions: take the "
    "values, x.max(1, keepdim=True)[0] or x.amax(1, keepdim=True).",
    "NoneType": "Is a `return` missing where it was made?",
    "type": "Was a layer made where it should be called? A call is nn.ReLU()(x).",
}
NOT_CALLABLE = {
    "list": "a plain list. Call its layers one by one, for layer in …: x = layer(x), and keep "
    "them in an nn.ModuleList.",
    "tuple": "a tuple. Is there a comma too many where it was made?",
    "Size": "no method: write x.shape[2], or x.size(2).",
    "str": "a text. A loop over a dict or ModuleDict gives its keys: use .values().",
    **dict.fromkeys(
        ("Tensor", "Parameter"),
        "a tensor. Is an operator such as * missing before the bracket, or does the tensor have "
        "the name of a layer?",
    ),
}
CALLS_ITSELF = (
    "forward calls itself: self(…) inside forward runs the same forward again, and so on without "
    "an end. Call the layers, self.layer(x), and return what the last one makes."
)


def similar(name: str, known: Collection[str]) -> str:
    """Ask whether another name was meant, one that is spelt much like it; "" if none is."""
    same, stem = [n for n in known if n.lower() == name.lower()], name.rstrip("0123456789")
    numbered = [n for n in sorted(known) if n.rstrip("0123456789") == stem not in (n, name)]
    close = difflib.get_close_matches(name, known, n=4)
    ratios = {n: difflib.SequenceMatcher(None, name, n).ratio() for n in close}
    alike = sorted(n for n in close if ratios[n] == max(ratios.values()))
    likeliest = same[:1] or numbered[:4] or alike  # for x4, rather x3 than x
    meant = " or ".join(f"`{n}`" for n in likeliest)
    return f" Is {meant} meant?" if meant else ""


def forward_calls_itself(attempt: Attempt) -> str:
    """A forward calls its own module, which runs the same forward again."""
    run = attempt.recording
    return CALLS_ITSELF * (run.calls[""] > 1 and "" not in run.returned)


def _given_itself(attempt: Attempt) -> str:
    """Say that a layer is given `self` before its feature map."""
    found = re.search(r"\bself\.(\w+)\(\s*self\s*,", attempt.code.line)
    if found is None:
        return ""
    return (
        f"`self.{found[1]}` is given `self` as well, but it already knows its network. Write "
        f"`self.{found[1]}(x)`, with the feature map alone."
    )


def missing_attribute(attempt: Attempt) -> str:
    """A forward asks its module for a layer or parameter that it does not have."""
    if not isinstance(attempt.error, AttributeError):
        return ""
    owner, name = getattr(attempt.error, "obj", None), getattr(attempt.error, "name", None)
    if isinstance(owner, type(attempt.model)) and (itself := _given_itself(attempt)):
        return itself
    if isinstance(owner, type) and isinstance(attempt.model, owner) and name in dir(attempt.model):
        return (
            f"`{owner.__name__}.{name}` asks the class, but each network has layers of its own: "
            f"write `self.{name}`."
        )
    if isinstance(owner, types.ModuleType) and name:
        return f"{owner.__name__} has no `{name}`.{similar(name, dir(owner))} Correct the name."
    if not isinstance(owner, nn.Module) or not name:
        return ""
    if told := not_set_up(owner):
        return told
    paths = [path for path, m in attempt.model.named_modules() if type(m) is type(owner)]
    path = paths[0] if len(paths) == 1 else ""
    has = [*owner._modules, *owner._parameters]
    owns = f"has {', '.join(has[:8])}{', …' if has[8:] else ''}" if has else "has no layers"
    who = f"{path}, a {type(owner).__name__}," if path else f"{type(owner).__name__}"
    for parent in type(owner).__mro__[1:]:
        if parent is not nn.Module and name in _init_code(parent).co_names:
            return (
                f"{who} has no `{name}`, because the __init__ of {parent.__name__}, which makes "
                "it, was not called. Write super().__init__(…) as the first line of yours, with "
                f"the arguments that {parent.__name__} takes."
            )
    if _is_local_of_init(type(owner), name):
        return (
            f"{who} has no `{name}`: its __init__ makes a variable of this name, which is gone "
            f"when it ends. Write `self.{name} = …` there."
        )
    if hasattr(attempt.model, name) and owner is not attempt.model:
        return f"{who} has no `{name}`, but the network itself has: write `self.{name}`."
    if late := bound_late_by_name(attempt):
        return f"{who} has no `{name}`: its forward asks for `self.{name}`. {late}"
    return (
        f"{who} has no `{name}`: its forward asks for `self.{name}`, and it {owns}."
        f"{similar(name, has)} Make it in __init__, or correct the name."
    )


def _init_code(kind: type) -> Any:
    """Return the code of the `__init__` that a class has of its own; an empty one if none."""
    return getattr(vars(kind).get("__init__"), "__code__", (lambda: None).__code__)


def _is_local_of_init(kind: type, name: str) -> bool:
    """Whether `__init__` of a class makes a variable of this name, and asks for nothing else."""
    made = _init_code(kind)
    return name in made.co_varnames[made.co_argcount :] and name not in made.co_names


def unknown_name(attempt: Attempt) -> str:
    """A name is used that nothing was given to, such as a layer without `self.`."""
    if not isinstance(attempt.error, NameError):
        return ""
    name = "".join(re.findall(r"'(\w+)'", attempt.message)[:1])
    if isinstance(attempt.error, UnboundLocalError):
        return (
            f"`{name}` is used before it has a value: what gives it one was not run, such as a "
            "line further down, or in an `if` or a loop that was passed over."
        )
    code = attempt.code
    names = code.names
    own_name = next((n for n in code.parameters[:1] if isinstance(names[n], nn.Module)), "self")
    owner = names.get(own_name)
    if name != own_name and hasattr(owner, name):
        full = f"`{own_name}.{name}`"
        return f"`{name}` is no name here; the network has {full}: write {full}."
    if _is_local_of_init(type(owner), name):
        return (
            f"`{name}` is only a variable of __init__, which is gone when that ends. Write "
            f"`{own_name}.{name} = …` there, and `{own_name}.{name}` here."
        )
    made = _init_code(type(owner))
    if name in made.co_varnames[1 : made.co_argcount]:
        return (
            f"`{name}` is an argument of __init__, and known only there. Keep it with "
            f"`{own_name}.{name} = {name}` in __init__, and write `{own_name}.{name}` here."
        )
    functions = {n for space in (torch, nn.functional, nn) for n in dir(space)}
    if name in {"torch", "nn", "F", "math", "einops", "rearrange", "np"} | functions:
        where = {"nn": "from torch import nn", "F": "import torch.nn.functional as F"}.get(name, "")
        return f"`{name}` was not imported{f': {where}' if where else '. Import it'}."
    own = [n for n in (*names, *vars(builtins)) if not n.startswith("_")]
    layers = [f"{own_name}.{n}" for n in getattr(owner, "_modules", ())]
    meant = similar(name, own) or similar(f"{own_name}.{name}", layers)
    return (
        f"`{name}` is used, and nothing of this name was made before.{meant} Give it a value "
        "first, or correct the name."
    )


def call_does_not_fit(attempt: Attempt) -> str:
    """A layer of the network is called with too many or too few values."""
    if hidden := _hidden_by_a_method(attempt):
        return hidden
    found = re.search(r"(\w+)\.forward\(\) (missing|takes|got)(.*)", attempt.message)
    module = attempt.module
    if found is None or module is None or not isinstance(attempt.error, TypeError):
        return ""
    if type(module).__name__ != found[1]:
        return ""
    given = re.search(r"but (\d+) (?:was|were) given", found[3])
    count = f"{int(given[1]) - 1} values" if given else ""
    who = f"{attempt.stopped_in}, {article(found[1])},"
    if count and (joined := _joined_call(attempt)):
        return f"{who} takes one map, and is given {count}. {joined}"
    if isinstance(module, nn.Sequential):
        return (
            f"{who} hands a single value from layer to layer, and is given {count}. Call its "
            "layers yourself, or write a module whose forward takes them: "
            "def forward(self, x, skip)."
        )
    names = list(inspect.signature(module.forward).parameters)
    if not names:
        return f"{who} has a forward without `self`: write def forward(self, x)."
    missing = re.findall(r"'(\w+)'", found[3])
    if "indices" in missing and found[1].startswith("MaxUnpool"):
        return (
            f"{who} needs to know where each maximum was: x, indices = self.pool(x), with a "
            "pooling made with return_indices=True, and here self.unpool(x, indices). Keep the "
            "indices of each level."
        )
    if itself := _given_itself(attempt):
        return itself
    if named := re.search(r"(unexpected keyword|multiple values for) argument '(\w+)'", found[3]):
        return f"{who} takes ({', '.join(names)}){_named(attempt, module, names, *named.groups())}"
    wrong = f"it is given {count}" if count else f"here {' and '.join(missing)} is missing"
    return f"{who} takes ({', '.join(names)}), and {wrong}. Give it one value for each."


def _joined_call(attempt: Attempt) -> str:
    """Say with which call of a layer, its maps joined to one, the network runs."""
    place = attempt.code.place
    for call in parts_at(place, ast.Call):
        given, layer = [text_of(each) for each in call.args], text_of(call.func)
        joined = (f"torch.cat([{', '.join(given)}], dim=1)", " + ".join(given))
        ways = [(f"{layer}({each})", [call]) for each in joined if len(given) > 1]
        if works := code_that_runs(attempt, ways):
            return works
    return ""


def _hidden_by_a_method(attempt: Attempt) -> str:
    """Say that a layer has the name of a method of nn.Module, which is called in its place."""
    for name in re.findall(r"self\.(\w+)\(", attempt.code.line):
        is_layer = any(name in module._modules for module in attempt.model.modules())
        if is_layer and hasattr(nn.Module, name):
            return (
                f"`self.{name}` is a method that each nn.Module has, and it hides the layer of "
                f"this name. Give the layer another name, in __init__ and in forward."
            )
    return ""


def _named(attempt: Attempt, module: nn.Module, names: list[str], wrong: str, name: str) -> str:
    """Say of a value that is given by name which name it should have, or that it is too many."""
    if wrong == "multiple values for":
        return f", and `{name}` is given twice, by its place and by its name. Give it once."
    told = f", and not `{name}`. "
    calls = parts_at(attempt.code.place, ast.Call)
    call = next((c for c in calls if name in [keyword.arg for keyword in c.keywords]), None)
    if call is None:
        return f"{told}Leave it out, or correct the name."
    given = [keyword.arg for keyword in call.keywords]
    left = [each for each in names[len(call.args) :] if each not in given]
    options = inspect.signature(type(module).__init__).parameters
    if not left and name in options:
        kind = type(module).__name__
        own = f"nn.{kind}" if hasattr(nn, kind) else kind
        here = f" Here, F.interpolate(x, {name}=…) takes it." * (kind == "Upsample")
        made = f"given where that is made: {own}(…, {name}=…).{here}"
        return f"{told}It is an option of the layer, {made}"
    close = difflib.get_close_matches(name, left, n=1, cutoff=0.4)
    meant = left[0] if len(left) == 1 else close[0] if close else ""
    if not meant:
        return f"{told}Leave it out, or let its forward take it."
    return f"{told}Is `{meant}` meant? Write {meant}=…, or let its forward take `{name}`."


def class_is_called(attempt: Attempt) -> str:
    """A layer's class is given the tensor that a layer of this class should be applied to."""
    made = re.search(r"(\w+)\.__init__\(\) (?:takes|missing)", attempt.message)
    code = attempt.code
    on_line = re.search(r"\bnn\.([A-Z]\w*)\(\s*[a-z_]", code.line)
    wants_option = re.search(r"must be \w+, not Tensor|Boolean value of Tensor", attempt.message)
    name = made[1] if made else on_line[1] if on_line and wants_option else ""
    owner = next(iter(code.names.values()), None)
    frames = [f for f, _ in traceback.walk_tb(getattr(attempt.error, "__traceback__", None))]
    makers = [type(f.f_locals.get("self")) for f in frames if f.f_code.co_name == "__init__"]
    for called in re.findall(r"\.(\w+)\(", code.line) if isinstance(owner, nn.Module) else ():
        kept = vars(owner).get(called)
        if not name and isinstance(kept, type) and kept in makers:
            name = kept.__name__
    if not name:
        return ""
    own = f"nn.{name}" if hasattr(nn, name) else name
    options = "" if hasattr(nn, name) and not _required(getattr(nn, name)) else "…"
    told = f"{own}(x) makes a layer with x as its option; it does not apply it to x."
    make = (
        f"Make the layer in __init__, self.layer = {own}({options}), and call self.layer(x) here."
    )
    return f"{told} {class_kept(attempt, name) or make}".strip()


def _required(kind: type) -> bool:
    parameters = list(inspect.signature(kind).parameters.values())
    return any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def not_callable(attempt: Attempt) -> str:
    """Something is called that cannot be called: None, a list of layers, a tensor."""
    found = re.search(r"'(?:torch\.)?(\w+)' object is not callable", attempt.message)
    if found is None:
        return ""
    code = attempt.code
    called = [
        name
        for name, thing in code.values.items()
        if type(thing).__name__ == found[1] and re.search(rf"{re.escape(name)}\s*[(\[]", code.line)
    ]
    who = f"`{called[0]}` is called, and it is" if called else "What is called here is"
    told = NOT_CALLABLE.get(found[1], f"{article(found[1])}. Call a layer or a function.")
    if found[1] == "NoneType":
        it = called[0] if called else "it"
        told = (
            f"None: the layer was not made. Make it in __init__, or ask first: if {it} is not None."
        )
    return f"{who} {told}"


def no_tensor_is_given(attempt: Attempt) -> str:
    """A layer or operation is given what another part of the network made: no tensor."""
    kind = kind_said(attempt, NO_TENSOR)
    if not kind or kind in ("Tensor", "Parameter", "generator"):
        return ""
    what = "None" if kind == "NoneType" else article(kind)
    used = f"In {attempt.stopped_in}, {what} is used like a tensor"
    given = f"{attempt.stopped_in} needs a tensor and is given {what}"
    given = used if attempt.is_own_code else given
    returned = [(p, n) for p, (k, n) in attempt.recording.returned.items() if k == kind]
    code, kept = attempt.code, class_kept(attempt, kind).strip()
    asked = re.search(r"has no attribute '(\w+)'", attempt.message)
    hint = HINTS.get(kind, HINTS["type"] if hasattr(nn, kind) else "")
    for name, thing in code.values.items():
        if asked and isinstance(thing, dict) and asked[1] in thing:
            return f"The entries of a dict are taken by their key: write {name}[{asked[1]!r}]."
        if kind == "dict" and isinstance(thing, dict) and thing:
            hint = HINTS[kind].replace("'image'", repr(next(iter(thing))))
        if kind == "NoneType" and isinstance(thing, list | tuple) and None in thing:
            numbers = listed(str(i) for i, part in enumerate(thing) if part is None)
            return f"{given}: of `{name}`, number {numbers} is None. Nothing was put there."
        if kind == "NoneType" and thing is None and name in code.parameters and not returned:
            return (
                f"In {attempt.stopped_in}, `{name}` is None: it was called without it, or with "
                "None. Give it a tensor in the call."
            )
        if isinstance(thing, nn.Module) and type(thing).__name__ == kind:
            advice = "Call it where its map is meant, as in self.layer(x)."
            if hasattr(nn, kind) and "." not in name:
                advice = kept or _how_to_call(kind)
            return f"{given}: `{name}` is the layer itself. {advice}"
    call = re.search(r"\.(append|extend|insert|sort|reverse)\(", code.line)
    if kind == "NoneType" and call:
        hint = (
            f".{call[1]}(…) changes its list and returns None: write it without an assignment, "
            f"skips.{call[1]}(x)."
        )
    elif kind == "NoneType" and returned:
        hint = f"{returned[-1][0]} returned None: is a `return` missing at the end of its forward?"
    elif kind == "tuple" and returned:
        hint = "{} returned a tuple of {}. ".format(*returned[-1]) + hint
    elif hint == HINTS["type"]:
        hint = kept or (_how_to_call(kind) if f"{kind}(" in code.line else hint)
    is_used = re.search("^'|and 'Tensor'", attempt.message)
    return f"{used if is_used else given}. {hint}".strip()


def _how_to_call(kind: str) -> str:
    """Say how a layer is called that was made with a feature map between its brackets."""
    short = f", and so does F.{kind.lower()}(x)" if hasattr(F, kind.lower()) else ""
    return f"nn.{kind}(…) only makes a layer; nn.{kind}()(x) calls it{short}."
