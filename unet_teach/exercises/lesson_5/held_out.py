"""Exercise `held_out` of lesson 5: no training crop touches the strip held out for validation."""

import ast
import random
from collections.abc import Callable
from typing import Any

from unet_teach.exercises.checks.conditions import by_sign
from unet_teach.exercises.checks.facts import Grid
from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    is_function,
    matches,
    returns,
    some_numbers,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.parentheses import source_of
from unet_teach.exercises.plain_values import as_list

ARGUMENTS = ("width", "crop", "start", "stop")
STRIPS = [(20, 4, 8, 12), (30, 5, 11, 14)]
STRIPS_AT_A_BORDER = [(20, 4, 0, 6), (20, 4, 15, 20), (20, 6, 3, 9)]  # no crop fits on one side
Lists = dict[
    tuple[int, int, int, int], list[Any]
]  # an answer's left columns in order, for each strip


def _lefts(width: int, crop: int, start: int, stop: int) -> list[int]:
    return [*range(start - crop + 1), *range(stop, width - crop + 1)]


def _case(width: int, crop: int, start: int, stop: int) -> Case:
    call = f"`training_lefts(width={width}, crop={crop}, start={start}, stop={stop})`"
    return Case(call, (width, crop, start, stop))


def _known_cases() -> list[Case]:
    return [_case(*strip) for strip in (*STRIPS, *STRIPS_AT_A_BORDER)]


def _cases() -> list[Case]:
    chance = random.Random()
    fresh = []
    for _ in range(20):
        width = chance.randint(20, 90)
        start = chance.randint(0, width - 2)
        stop = chance.randint(start + 1, width)
        fresh.append((width, chance.randint(1, width // 3), start, stop))
    return [*_known_cases(), *(_case(*strip) for strip in sorted(fresh))]


def _wrong_left_column(case: Case, value: object) -> str:
    """Name the first left column that is wrong, the columns of its crop, and all left columns."""
    width, crop, start, stop = case.inputs
    output, target = as_list(value) or [], _lefts(*case.inputs)
    lists = f"Your left columns are {_ranges(output)}; they should be {_ranges(target)}"
    for left in sorted(output):
        covers = f"columns {left} to {left + crop - 1}"
        if left in target:
            continue
        if left != int(left):
            return f"{left:g} is between two columns. {lists}"
        if left < 0 or left + crop > width:
            return f"the crop at {left} would cover {covers}, but the image only has columns 0 to {width - 1}. {lists}"
        return f"the crop at {left} covers {covers}, but columns {start} to {stop - 1} are held out for validation. {lists}"
    for left in target:
        if left not in output:
            covers = f"columns {left} to {left + crop - 1}"
            return (
                f"{left} is missing, although its crop covers {covers}, outside the strip. {lists}"
            )
    twice = sorted({left for left in output if output.count(left) > 1})
    return f"you return {len(output)} left columns instead of {len(target)}, because {_ranges(twice)} {'appears' if len(twice) == 1 else 'appear'} more than once"


def _ranges(lefts: list[Any]) -> str:
    """Return numbers as a text of ranges, as in "0 to 4, 12"; numbers that rise by 1 are one."""
    spans: list[list[Any]] = []
    for left in sorted(set(lefts)):
        if spans and left == spans[-1][-1] + 1:
            spans[-1].append(left)
        else:
            spans.append([left])
    texts = [f"{s[0]:g} to {s[-1]:g}" if len(s) > 1 else f"{s[0]:g}" for s in spans]
    return ", ".join(texts[:6]) + (", …" if len(texts) > 6 else "") or "none"


EDGES: dict[str, tuple[str, Callable[[int, int, int, int], int]]] = {
    "start - crop": ("whose crop ends right before the strip", lambda w, c, a, b: a - c),
    "stop": ("whose crop begins right after the strip", lambda w, c, a, b: b),
    "width - crop": ("whose crop ends with the image", lambda w, c, a, b: w - c),
    "0": ("whose crop begins with the image", lambda w, c, a, b: 0),
    "start - crop + 1": ("whose crop has its last column in the strip", lambda w, c, a, b: a - c + 1),
    "stop - 1": ("whose crop begins in the last column of the strip", lambda w, c, a, b: b - 1),
    "width - crop + 1": ("whose crop ends outside the image", lambda w, c, a, b: w - c + 1),
}  # fmt: skip


def _edges(lists: Lists) -> str:
    """Say which single left columns are wrong, if on every image they are the same edges."""
    wrong = []
    for strip in STRIPS:
        lefts, target = {*lists[strip]}, {*_lefts(*strip)}
        named = {place(*strip): edge for edge, (_, place) in EDGES.items()}
        wrong.append({(left in target, named.get(left, "")) for left in lefts ^ target})
    if wrong[0] != wrong[1] or "" in (edges := [edge for _, edge in sorted(wrong[0])]) or not edges:
        return ""
    parts = []
    for verb, missing in (("leave out", True), ("add", False)):
        such = [f"`{edge}`, {EDGES[edge][0]}" for is_missing, edge in sorted(wrong[0]) if is_missing is missing]  # fmt: skip
        parts += [f"you {verb} {', and '.join(such)}"] if such else []
    return f"Apart from that your lists are right: {', and '.join(parts)}. Look at `<` and `<=`, and at where each `range` ends."


def _unused(answer: Callable[..., Any]) -> str:
    """Name the arguments that never change the list."""
    such = []
    for place, (name, by) in enumerate(zip(ARGUMENTS, (7, 1, -1, 1), strict=True)):
        others = [(s, (*s[:place], s[place] + times * by, *s[place + 1 :])) for s in STRIPS for times in (1, 2, 3)]  # fmt: skip
        if all(as_list(answer(*strip)) == as_list(answer(*other)) for strip, other in others):
            such.append(f"`{name}`")
    if not such:
        return ""
    return f"Your list stays the same if another {' or '.join(such)} is given, so it doesn't use {'it' if len(such) == 1 else 'them'}."


def _facts(answer: Callable[..., Any]) -> str:
    lists, again = (
        {strip: as_list(_sorted(answer)(*strip)) or [] for strip in (*STRIPS, *STRIPS_AT_A_BORDER)}
        for _ in range(2)
    )
    if lists != again:
        return "Called again with the same numbers, your function returns another list. Return every left column, not some of them drawn at random."
    if _removes_while_looping(answer):
        return "You remove entries from a list while you loop over it, so the entry after each one that you remove is skipped. Loop over a copy, `list(…)`, or build a new list of those to keep."
    if by := Grid(ARGUMENTS, [*lists]).offset([*lists.values()], [_lefts]):
        return f"All your left columns are {abs(by):g} too {by_sign(by, 'large', 'small')}. Columns are counted from 0."
    return _edges(lists) or _unused(answer) or _where_wrong(lists)


def _removes_while_looping(answer: Callable[..., Any]) -> bool:
    tree = source_of(answer)
    for loop in ast.walk(tree) if tree else ():
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name):
            for node in ast.walk(loop):
                match node:
                    case ast.Call(ast.Attribute(ast.Name(name), "remove" | "pop")) if (
                        name == loop.iter.id
                    ):
                        return True
    return False


def _where_wrong(lists: Lists) -> str:
    """Say of which known images the list is right, or on which side of the strip."""
    wrong = [strip for strip, lefts in lists.items() if lefts != _lefts(*strip)]
    if wrong and set(wrong) <= set(STRIPS_AT_A_BORDER):
        return f"Of the {len(lists)} images tried, it is wrong only where no crop fits on one side of the strip: {', '.join(_case(*strip).call for strip in wrong)}. `range(n)` is empty where n is 0 or below, but `abs`, `max` and indices from the end are not."
    sides = ("up to the strip", "behind the strip")
    for is_before, (here, other) in ((True, sides), (False, sides[::-1])):
        pairs = ([[x for x in lefts if (x < strip[3]) is is_before] for lefts in (lists[strip], _lefts(*strip))] for strip in STRIPS)  # fmt: skip
        if all(mine == right for mine, right in pairs):
            return f"Your left columns {here} are right, so look only at those {other}."
    return ""


def _sorted(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that returns the same left columns from left to right."""

    def sorted_lefts(*strip: int) -> Any:
        value = answer(*strip)
        lefts = as_list(value)
        return value if lefts is None else sorted(lefts)

    return sorted_lefts


def _is_constant(answer: Callable[..., Any]) -> bool:
    lists = [as_list(case.run(_sorted(answer))) for case in _known_cases()]
    return bool(lists[0]) and all(lefts == lists[0] for lefts in lists)


_values = matches(_lefts, _cases, _wrong_left_column)
known = Probes(_known_cases, adapt=_sorted)
inside = Probes(lambda: STRIPS, adapt=_sorted)

held_out = Exercise(
    name="held_out",
    lesson=5,
    prompt="Columns `start` to `stop − 1` of an image are held out for validation. List, in any order, the left column of every crop that fits into the image and touches none of them. The image is `width` pixels wide and a crop is `crop` pixels wide.",
    checks=(
        is_function("training_lefts(width, crop, start, stop)"),
        returns("a list of numbers", some_numbers(), _known_cases),
        Check(_values.holds, lambda answer: _values.problem(_sorted(answer)), _facts),
    ),
    mistakes=(
        known.mistake("only the left edge looked at", "You only test where a crop starts. A crop that starts before the strip can still end inside it, so you'd train on pixels that you validate on, and the score would be too good. Where does the crop end?",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x < a or x >= b],
            lambda w, c, a, b: [x for x in range(w) if x < a or x >= b]),
        known.mistake("only the middle looked at", "You only test the middle column of a crop. A crop whose middle is outside the strip can still reach into it. Test where it starts and where it ends.",
            *(lambda w, c, a, b, m=m: [x for x in range(w - c + 1) if m(x, c) < a or m(x, c) >= b] for m in (lambda x, c: x + c // 2, lambda x, c: x + (c - 1) / 2))),
        known.mistake("every crop", "You return every crop, including those that overlap the strip. A network that was trained on the strip may have memorised it, so its validation score no longer says anything about new images. Keep only the crops outside the strip.",
            lambda w, c, a, b: list(range(w - c + 1)), lambda w, c, a, b: list(range(w))),
        inside.mistake("right edges", "These are the columns where the crops end, or the ones just after. The question is where they start, so return `left` itself, without `+ crop`.",
            lambda w, c, a, b: [x + c for x in _lefts(w, c, a, b)],
            lambda w, c, a, b: [x + c - 1 for x in _lefts(w, c, a, b)]),
        inside.mistake("middles", "These are the columns in the middle of the crops. The question is where they start, so return `left` itself.",
            lambda w, c, a, b: [x + c // 2 for x in _lefts(w, c, a, b)], lambda w, c, a, b: [x + (c - 1) // 2 for x in _lefts(w, c, a, b)]),
        known.mistake("start and stop swapped", "You compare the end of a crop with `stop` and its start with `start`, so crops inside the strip pass as well. A crop before the strip ends at `start` or earlier, and one after it starts at `stop` or later.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= b or x >= a]),
        inside.mistake("a gap behind the strip", "You leave a gap of one crop behind the strip. A crop that starts at `stop` doesn't touch it any more, because the strip ends at `stop − 1`.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x >= b + c], lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x > b + c]),
        inside.mistake("the strip's length", "You take `stop` for the strip's length, and let it end at `start + stop`. It ends right before column `stop`.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x >= a + b]),
        KnownMistake("one list", "You return the same list for every image, crop and strip. Compute it from `width`, `crop`, `start` and `stop`.",
            lambda: lambda w, c, a, b: [0, 1, 2, 3], _is_constant),
        known.mistake("no column", "Your list is always empty. If it asks for crops that end before the strip *and* start after it, no crop does both. One of the two is enough, so join them with `or`, arrays and tensors with `|`.",
            lambda w, c, a, b: []),
        known.mistake("those that touch", "These are the crops that touch the strip. Return the others.",
            lambda w, c, a, b: sorted({*range(w - c + 1)} - {*_lefts(w, c, a, b)}), lambda w, c, a, b: sorted({*range(w)} - {*_lefts(w, c, a, b)})),
        known.mistake("one side only", "All your crops lie on one side of the strip. A crop may lie on the other side as well, wherever it fits.",
            lambda w, c, a, b: list(range(a - c + 1)), lambda w, c, a, b: list(range(b, w - c + 1)), lambda w, c, a, b: list(range(b, w)), lambda w, c, a, b: list(range(a))),
        inside.mistake("the first column alone", "Your list holds only the first right column. If your `return` is inside the loop, the function ends there: put it after the loop, as far to the left as `for`.",
            lambda w, c, a, b: _lefts(w, c, a, b)[:1]),
        known.mistake("only both ends looked at", "You test only the first and the last column of a crop. A crop that is wider than the strip can have both outside and cover the strip in between.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if not (a <= x < b or a <= x + c - 1 < b)]),
        inside.mistake("side by side", "Your crops lie next to each other, one crop width apart. Training crops may overlap, so check every column as a possible start, not only every `crop`-th.",
            lambda w, c, a, b: [*range(0, a - c + 1, c), *range(b, w - c + 1, c)],
            lambda w, c, a, b: [x for x in range(0, w - c + 1, c) if x + c <= a or x >= b]),
    ),
    hints=(
        "A crop at `left` covers columns `left` to `left + crop − 1`. On which two sides of the strip can it lie without touching it?",
        "It can end before the strip, `left + crop <= start`, or start after it, `left >= stop`. What is the largest `left` at which the crop still fits into the image?",
        "`return [left for left in range(___) if left + crop <= ___ or left >= ___]`",
    ),
    solution_text="`return [left for left in range(width - crop + 1) if left + crop <= start or left >= stop]`",
    praise="No training crop touches the strip, so the validation score is about pixels that the network has never seen.",
)  # fmt: skip
