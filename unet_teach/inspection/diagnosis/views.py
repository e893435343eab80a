"""Diagnoses of views: those that torch refuses, and those that mix what they should not."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from itertools import takewhile

from unet_teach.inspection.axes import finest_strides
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.layer_settings import given_to_last
from unet_teach.inspection.diagnosis.source import evaluated, parts_at, text_of
from unet_teach.inspection.recording import Value, way_back
from unet_teach.inspection.wording import shape_text

VIEWS = ("view", "_unsafe_view", "reshape", "flatten", "unsqueeze")


def windows_do_not_fit(attempt: Attempt) -> str:
    """A map is cut into windows or patches of a fixed size that do not divide its sides."""
    op, image = attempt.failed_op, attempt.graph.image
    found = re.search(r"shape '\[([-\d, ]+)\]' is invalid for input of size (\d+)", attempt.message)
    given = given_to_last(attempt)
    if found is None or image is None or given is None:
        return ""
    asked, numbers = [int(n) for n in found[1].split(",")], int(found[2])
    place = attempt.wording.layer(op) if op else attempt.stopped_in
    fixed = f"{'a multiple of ' if -1 in asked else ''}{abs(math.prod(asked))}"
    told = (
        f"In {place}, a view asks for {shape_text(asked)}, but what it is given, "
        f"{shape_text(given.shape)}, has {numbers} numbers and not {fixed}."
    )
    stride = max((round(s) for s in finest_strides(attempt.graph.dims[given]).values()), default=1)
    for window in sorted({n for n in asked if 1 < n < 65} if len(asked) > 4 else ()):
        sides = dict(enumerate(image.shape[2:], start=2))
        for step in (window * stride * more for more in (1, 2, 4)):  # deeper levels need more
            _, working = attempt.working_sides(sides, dict.fromkeys(sides, step))
            works = [shape_text((sides | near).values()) for near in working]
            if works and attempt.runs_with_sides(dict.fromkeys(sides, 3 * step)):
                return (
                    f"{told} It cuts the map into pieces of {window}, and the network runs where "
                    f"the image's sides are multiples of {step}: {' or '.join(works)} works. Pad "
                    "the input."
                )
    remedy = _not_divided(attempt, given.shape, asked, numbers) or _rest_lost(attempt, asked)
    return f"{told} {remedy or _view_that_fits(attempt, given.shape, asked, numbers)}"


def _rest_lost(attempt: Attempt, asked: list[int]) -> str:
    """Say which // of the line leaves a rest."""
    code = attempt.code
    for node in parts_at(code.place, ast.BinOp):
        whole, parts = (evaluated(side, code.frame) for side in (node.left, node.right))
        is_whole = isinstance(whole, int) and isinstance(parts, int) and 1 < parts < whole
        if not is_whole or not isinstance(node.op, ast.FloorDiv) or not (rest := whole % parts):
            continue
        if whole // parts in asked:
            left, right = (text_of(side) for side in (node.left, node.right))
            return (
                f"`{text_of(node)}`, {whole} // {parts}, is {whole // parts} and "
                f"leaves a rest: {parts} does not divide {whole}. Make `{left}` {whole - rest} or "
                f"{whole - rest + parts}, or choose a number that divides it for `{right}`."
            )
    return ""


def _not_divided(attempt: Attempt, given: tuple[int, ...], asked: list[int], numbers: int) -> str:
    """Say that a // in the view loses a remainder, or which factor is missing."""
    same = _equal_at_the_beginning(given, asked)
    maps = {v.shape[-2:] for v in attempt.graph.values if len(v.shape) > 3}
    if same != len(given) - 1 or min(asked) < 1 or tuple(asked[-2:]) in maps:
        return ""
    for place in reversed(range(same, len(asked) - 1)):
        parts, part = asked[place : place + 2]
        whole, rest = divmod(numbers * parts * part, math.prod(asked))
        if rest == 0 < whole % parts and whole // parts == part > 1:
            fitting = [n for n in range(2, whole) if whole % n == 0]
            near = [*[n for n in fitting if n < parts][-1:], *[n for n in fitting if n > parts][:1]]
            such = f", such as {' or '.join(map(str, near))}" if near else ""
            return (
                f"{whole} is not divisible by {parts}: {whole} // {parts} is {part}, and "
                f"{whole % parts} are left over. Take a number that divides {whole}{such}."
            )
    factor, rest = divmod(numbers, math.prod(asked))
    names = attempt.code.values.items()
    missing = [n for n, value in names if isinstance(value, int) and value == factor > 1]
    if missing and not rest:
        return f"The factor {factor} is missing, and {missing[0]} is {factor}: is it left out?"
    return ""


def _equal_at_the_beginning(given: Sequence[int], asked: Sequence[int]) -> int:
    pairs = zip(given, asked, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _view_that_fits(
    attempt: Attempt, given: tuple[int, ...], asked: list[int], numbers: int
) -> str:
    """Say which sizes near those that a view asks for have as many numbers as there are."""
    wanted, others = f"sizes whose product is {numbers}", math.prod(asked[:-2])
    for value in reversed(attempt.graph.values if len(asked) > 3 else []):
        if len(value.shape) > 3 and abs(math.prod(value.shape[-2:]) * others) == numbers:
            return (
                f"Let it ask for {wanted}, such as {shape_text([*asked[:-2], *value.shape[-2:]])}, "
                f"with the height and width of {attempt.wording.maker(value)}: keep them before "
                "they are flattened."
            )
    if given[0] != asked[0] and given[0] * math.prod(asked[1:]) == numbers:
        shape = ", ".join(map(str, ("x.shape[0]", *asked[1:])))
        return f"The batch is {given[0]}, and the view fixes {asked[0]}: write ({shape})."
    positions = abs(math.prod(asked[-2:]))
    if more := next((s - positions for s in given[1:] if 0 < s - positions <= 5), 0):
        return (
            f"{positions + more} positions are {more} more than {shape_text(asked[-2:])}, such as "
            f"a class token: leave it out before, x[:, {more}:] where the tokens are dimension 1."
        )
    same = _equal_at_the_beginning(given, asked)
    if same == len(given) - 1 < len(asked) - 1:
        wanted = f"sizes of which the last {len(asked) - same} multiply to {given[-1]}"
    for place in (*([1] if same < 2 else []), *range(len(asked) - 1, 1, -1)):
        others = math.prod(asked[:place] + asked[place + 1 :]) if place < len(asked) else 0
        if others > 0 and numbers % others == 0:
            fitting = [*asked[:place], numbers // others, *asked[place + 1 :]]
            return f"Let it ask for {wanted}, such as {shape_text(fitting)}."
    return f"Let it ask for {wanted}."


def wrong_view(attempt: Attempt, given: Value, expected: int) -> str:
    """Say that a view has mixed the batch or the positions into the channels."""
    image = attempt.graph.image
    way = way_back(given, lambda v: v.depends_on_input)
    views = (v for v in way if len(v.shape) > 3 and v.op and v.op.name in VIEWS)
    view = next(views, None)
    if view is None or view.op is None or image is None or view.shape[1] != given.shape[1]:
        return ""
    before, batch = view.op.inputs[0].shape, image.shape[0]
    place = attempt.wording.place(view.op) or "the forward"
    numbers, sides = math.prod(before) // batch, view.shape[2:]
    told = f"In {place}, a view makes {shape_text(view.shape)} of {shape_text(before)}"
    if math.prod((batch, expected, *sides)) == math.prod(before):
        how = (
            f" and the batch of {batch} becomes {view.shape[0]}: its channels are wrong, and the "
            "batch makes up for them"
        ) * (view.shape[0] != batch)
        shape = ", ".join(map(str, (expected, *sides)))
        return (
            f"{told}{how}. Each image has {numbers} numbers, {shape_text((expected, *sides))}: "
            f"x.view(x.shape[0], {shape}), where a wrong number is an error."
        )
    if numbers % expected == 0 and view.shape[0] == batch:
        positions = numbers // expected
        maps = (v for v in attempt.graph.values if len(v.shape) == len(view.shape))
        for fitting in [v for v in maps if math.prod(v.shape[2:]) == positions][-1:]:
            return (
                f"{told}. With {expected} channels there are {positions} positions, "
                f"{shape_text(fitting.shape[2:])}: take the height and width of the map that was "
                f"flattened (made by {attempt.wording.maker(fitting)})."
            )
    return ""
