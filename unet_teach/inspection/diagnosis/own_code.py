"""The line of the network's own code that failed, and what its names stood for."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.inspection.wording import listed, shape_text

if TYPE_CHECKING:
    from unet_teach.inspection.diagnosis.attempt import Attempt

HERE = Path(__file__).parents[1]
# torch, the inspector, and what stands in for a part of torch (shared/no_compiler.py).
NOT_THE_USERS = (Path(torch.__file__).parent, HERE, HERE.parent / "shared")
NAMES_WITH_DOTS = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
PLAIN_TEXTS = re.compile(r"(?<![fF\w])(\"[^\"]*\"|'[^']*')")  # they hold no names
PACKAGES = {"site-packages", "dist-packages"}
MAX_LINE, MAX_NAMES = 100, 5


class OwnCode(NamedTuple):
    """Where in the user's code a run failed.

    Attributes:
        line: of the source, without its indentation.
        where: its file, number and function; of a cell, without the file.
        values: what the names in the part of the line that failed stood for.
        names: every local name of the function, and what it stood for.
        parameters: those of the names that the function was given.
        place: its file, and the number of the line.
        frame: of the function.
    """

    line: str = ""
    where: str = ""
    values: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it
    names: dict[str, Any] = {}  # noqa: RUF012
    parameters: tuple[str, ...] = ()
    place: tuple[str, int] = ("", 0)
    frame: FrameType | None = None


def own_code(error: BaseException | None) -> OwnCode:
    """Return the innermost place of a traceback that is neither torch's nor the inspector's."""
    for frame, summary in reversed(_own_places(error)):
        file, first = summary.filename, summary.lineno or 0
        last = getattr(summary, "end_lineno", None) or first  # Python 3.10 does not know it
        lines = [linecache.getline(file, n) for n in range(first, last + 1)]
        whole = " ".join(line.strip() for line in lines)
        start, end = (getattr(summary, name, None) for name in ("colno", "end_colno"))
        part = lines[0][start:end] if len(lines) == 1 and end else whole
        # Only the names on the left, as when a tuple is unpacked: the other side matters.
        part = whole if re.fullmatch(r"[\w\s,()*]+", part) else part
        if lines[0].strip():
            parameters = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            values = _values_in(part, frame.f_locals)
            name = Path(file).name
            is_cell = name.startswith("<") or "ipykernel" in file
            where = f"{'' if is_cell else f'{name}, '}line {first}, in {summary.name}"
            place = (file, first)
            return OwnCode(whole, where, values, frame.f_locals, parameters, place, frame)
    return OwnCode()


def own_frames(error: BaseException | None) -> list[tuple[FrameType, tuple[str, int]]]:
    """Return the functions that ran, with the file and line of each, the innermost first."""
    return [(frame, (s.filename, s.lineno or 0)) for frame, s in reversed(_own_places(error))]


def _own_places(
    error: BaseException | None,
) -> list[tuple[FrameType, traceback.FrameSummary]]:
    """Return the places of a traceback that are neither torch's nor the inspector's."""
    if error is None:
        return []
    walked = list(traceback.walk_tb(error.__traceback__))
    summaries = traceback.extract_tb(error.__traceback__)
    places = [
        (frame, summary)
        for (frame, _), summary in zip(walked, summaries, strict=True)
        if not summary.filename.startswith("<frozen")
        and not set(NOT_THE_USERS) & set(Path(summary.filename).parents)
    ]
    # Where a function calls itself on the same object, the line that does so matters.
    seen = [(f.f_code, id(next(iter(f.f_locals.values()), None))) for f, _ in places]
    first = next((i for i, each in enumerate(seen) if each in seen[i + 1 :]), None)
    places = places if first is None else places[: first + 1]
    # A network from a package is quoted too, but einops or NumPy are only called by it.
    places.sort(key=lambda place: not PACKAGES & set(Path(place[1].filename).parts))
    return places


def _values_in(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Return what the names in a piece of code stand for, as far as attributes lead."""
    found: dict[str, Any] = {}
    for dotted in dict.fromkeys(NAMES_WITH_DOTS.findall(PLAIN_TEXTS.sub("''", code))):
        first, *attributes = dotted.split(".")
        if first not in names:
            continue
        path, thing = first, names[first]
        for attribute in attributes:
            try:
                following = getattr(thing, attribute)
            except Exception:  # a property of the user's may raise anything
                break
            if callable(following) and not isinstance(following, nn.Module):
                break  # a method: what it belongs to is of interest
            path, thing = f"{path}.{attribute}", following
        found[path] = thing
    return found


def described(thing: Any) -> str:
    """Say what a value is, where that is of interest: a shape, a number, how long a list is."""
    if is_lazy(thing):  # it has no shape yet
        return ""
    if isinstance(thing, Tensor | np.ndarray):
        kind = str(thing.dtype).removeprefix("torch.")
        told = shape_text(thing.shape)
        return told if kind == "float32" else f"{told} of {kind}"
    if isinstance(thing, torch.Size):
        return str(tuple(thing))
    if thing is None or isinstance(thing, bool | int | float | str):
        return repr(thing)[:40]
    if isinstance(thing, dict | nn.ModuleDict):
        keys = ", ".join(repr(key) for key in list(thing)[:6])
        kind = article(type(thing).__name__)
        return f"{kind} with the keys {keys}" if keys else "an empty dict"
    if type(thing) in (list, tuple):
        kind = type(thing).__name__
        if not thing:
            return f"an empty {kind}"
        if all(isinstance(part, int) for part in thing) and len(thing) < 8:
            return repr(thing)
        inside = f", the first {shape_text(thing[0].shape)}" if isinstance(thing[0], Tensor) else ""
        return f"a {kind} of {len(thing)}{inside}"
    return f"a ModuleList of {len(thing)}" if isinstance(thing, nn.ModuleList) else ""


def own_line(attempt: Attempt, said: str) -> str:
    """Quote the line of the network's own code that failed, and what its names stood for."""
    code = attempt.code
    if not code.line:
        return ""
    told = [(name, described(thing)) for name, thing in code.values.items()]
    known = [f"{name} is {what}" for name, what in told if what and f"`{name}`" not in said]
    there = f" There, {listed(known[:MAX_NAMES])}." if known else ""
    dots = "…" if len(code.line) > MAX_LINE else ""
    return f" Its line: `{code.line[:MAX_LINE]}{dots}`.{there}"


def sizes_text(shape: tuple[int, ...]) -> str:
    """Return sizes as a×b; a single one in brackets."""
    return shape_text(shape) if len(shape) != 1 else f"{shape}"


def is_given(attempt: Attempt, shape: tuple[int, ...]) -> str:
    """Say what a layer is given; in the network's own code, what the variable of this shape is."""
    if not attempt.is_own_code:
        return f"{attempt.stopped_in} is given {sizes_text(shape)}"
    values = attempt.code.values.items()
    names = [n for n, x in values if isinstance(x, Tensor) and x.shape == torch.Size(shape)]
    who = f"`{names[0]}`" if names else "a tensor"
    return f"In {attempt.stopped_in}, {who} is {sizes_text(shape)}"


def article(name: str) -> str:
    """Return the name of a class after "a" or "an"."""
    is_spelt_out = name.startswith(("LSTM", "RNN", "MLP", "nd"))
    return f"{'an' if name[:1] in 'AEIOUaeiou' or is_spelt_out else 'a'} {name}"
