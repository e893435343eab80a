"""Lesson 3: pad or crop the up-sampled feature map to the size of its skip."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Function
from unet_teach.exercises.checks.tensors import TensorProbes, tensor_function
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_3.size_pairs import RESIZED, Pairs, Size

SIZES: list[tuple[Size, Size]] = [  # of up and skip
    ((4, 6), (5, 6)),  # a row short
    ((4, 6), (6, 9)),  # several short
    ((6, 8), (5, 7)),  # too large
    ((5, 8), (7, 7)),  # short and too wide
    ((3, 5), (3, 5)),  # equal
    ((6, 7), (6, 9)),
    ((7, 5), (4, 5)),
    ((4, 4), (7, 7)),
    ((5, 5), (3, 3)),
    ((8, 3), (6, 6)),
    ((6, 4), (8, 8)),
    ((4, 7), (6, 6)),
]

pairs = Pairs(("up", "skip"), SIZES, larger=range(-3, 4))


def _rows(up: Tensor, skip: Tensor) -> int:
    return skip.shape[2] - up.shape[2]


def _columns(up: Tensor, skip: Tensor) -> int:
    return skip.shape[3] - up.shape[3]


CONDITIONS: dict[str, Callable[[Tensor, Tensor], bool]] = {
    "nothing has to be cropped": lambda *maps: min(_rows(*maps), _columns(*maps)) >= 0,
    "nothing has to be added": lambda *maps: max(_rows(*maps), _columns(*maps)) <= 0,
    "as many rows as columns are missing": lambda *maps: _rows(*maps) == _columns(*maps),
    "the heights are equal": lambda *maps: _rows(*maps) == 0,
    "the widths are equal": lambda *maps: _columns(*maps) == 0,
    "only one of height and width has to grow": lambda *maps: (
        (_rows(*maps) > 0) != (_columns(*maps) > 0)
    ),
    "no row is missing": lambda *maps: _rows(*maps) <= 0,
    "no column is missing": lambda *maps: _columns(*maps) <= 0,
    "no row is too many": lambda *maps: _rows(*maps) >= 0,
    "no column is too many": lambda *maps: _columns(*maps) >= 0,
}


def _pad(numbers: Callable[[int, int], tuple[int, ...]], mode: str = "constant") -> Function:
    """Make a function that pads up.

    Args:
        numbers: turns the missing rows and columns into the numbers for `F.pad`, where a negative
            one crops.
        mode: as in `F.pad`.
    """

    def pad(up: Tensor, skip: Tensor) -> Tensor:
        return F.pad(up, numbers(_rows(up, skip), _columns(up, skip)), mode=mode)

    return pad


_padded = _pad(lambda rows, columns: (0, columns, 0, rows))


def _cuts_channels(answer: Function) -> bool:
    """Whether channels are lost wherever skip's width is smaller than their number, and only there."""
    found = [(answer(*case.inputs).shape[1], *case.inputs) for case in pairs.known()]
    cut = [count == min(up.shape[1], skip.shape[3]) for count, up, skip in found]
    return all(cut) and any(count < up.shape[1] for count, up, _ in found)


known = TensorProbes(lambda: pairs.known()[:6])

pad_to = Exercise(
    name="pad_to",
    lesson=3,
    prompt="Write `pad_to`: bring `up` to the height and width of `skip`; it keeps its own channels. The top-left value stays at the top left; what is missing at the bottom and on the right becomes zeros, and what is too much is cropped.",
    checks=tensor_function("pad_to(up, skip)", pairs.cases, _padded, fixed=pairs.known, conditions=CONDITIONS | pairs.conditions),
    mistakes=(
        known.mistake("resized", "You resized up, which changes its values. Pad and crop instead, so that every value stays where it was.",
            *RESIZED),
        known.mistake("height and width swapped", "You use the number of missing rows for the columns, and that of the columns for the rows. `F.pad` starts with the last axis, so its first two numbers are left and right.",
            _pad(lambda rows, columns: (0, rows, 0, columns)), _pad(lambda rows, columns: (0, max(0, rows), 0, max(0, columns)))),
        known.mistake("the rows for both axes", "You use the number of missing rows for both axes. How many columns are missing? That is the difference of the widths.",
            _pad(lambda rows, columns: (0, rows, 0, rows)), _pad(lambda rows, columns: (0, max(0, rows), 0, max(0, rows)))),
        known.mistake("only for what is missing", "You only pad. Where up is too large, it has to be cropped: what does `F.pad` do with a negative number?",
            _pad(lambda rows, columns: (0, max(0, columns), 0, max(0, rows)))),
        known.mistake("the difference the wrong way round", "You subtract the wrong way round: what is missing is skip's size minus up's size, for height and width.",
            _pad(lambda rows, columns: (0, -columns, 0, -rows))),
        known.mistake("the heights the wrong way round", "You subtract the heights the wrong way round: what is missing is skip's height minus up's height.",
            _pad(lambda rows, columns: (0, columns, 0, -rows))),
        known.mistake("the widths the wrong way round", "You subtract the widths the wrong way round: what is missing is skip's width minus up's width.",
            _pad(lambda rows, columns: (0, -columns, 0, rows))),
        known.mistake("skip in place of up", "You return skip itself. Up is the one to bring to its size.",
            lambda up, skip: skip),
        known.mistake("the difference without its sign", "Where up is too large, you make it even larger. Keep the sign of the difference, because a negative number crops.",
            _pad(lambda rows, columns: (0, abs(columns), 0, abs(rows)))),
        KnownMistake("axes 0 and 1", "You cut along axes 0 and 1, images and channels. Height and width are axes 2 and 3, so write `up[:, :, …, …]`.",
            lambda: lambda up, skip: up[: skip.shape[2], : skip.shape[3]], _cuts_channels, at="its size"),
        known.mistake("two sides of one axis", "You pad two sides of one axis. The order in `F.pad` is left, right, top, bottom: how many zeros does each of these four get?",
            *(_pad(order) for order in (lambda r, c: (r, c, 0, 0), lambda r, c: (c, r, 0, 0), lambda r, c: (0, 0, r, c), lambda r, c: (0, 0, c, r))),
            lambda up, skip: _pad(lambda r, c: (r, c, 0, 0))(up, skip) if _rows(up, skip) > 0 else up),
        known.mistake("zeros above and on the left", "You add the zeros at the top and on the left, which moves every value. The order in `F.pad` is left, right, top, bottom.",
            _pad(lambda rows, columns: (columns, 0, rows, 0))),
        known.mistake("zeros on all sides", "You divide the zeros between both sides, which moves the values. The top-left value should stay at the top left.",
            _pad(lambda rows, columns: (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)),
            _pad(lambda rows, columns: (columns - columns // 2, columns // 2, rows - rows // 2, rows // 2)),
            _pad(lambda rows, columns: (columns // 2, columns // 2, rows // 2, rows // 2))),
        known.mistake("the border repeated", "You repeat the border in the new rows and columns. They should be zeros, which `F.pad` adds by default.",
            _pad(lambda rows, columns: (0, columns, 0, rows), mode="replicate")),
    ),
    hints=(
        "How many rows are missing? And what does your number become if up has one row too many?",
        "`F.pad(up, (left, right, top, bottom))` adds zeros, and a negative number crops. Which two of the four are always 0?",
        "`rows, columns = skip.shape[2] - ___, skip.shape[3] - ___`, `return F.pad(up, (___, ___, ___, ___))`",
    ),
    solution_text=(
        "`rows = skip.shape[2] - up.shape[2]\n"
        "columns = skip.shape[3] - up.shape[3]\n"
        "return F.pad(up, (0, columns, 0, rows))`"
    ),
    praise="Too small or too large, up now fits the skip, and every value has stayed where it was.",
)  # fmt: skip
