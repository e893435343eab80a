"""One axis of a layer, and the checks of sizes that all of `arithmetic` uses."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, SupportsIndex, TypeAlias

Size: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
Padding: TypeAlias = Size | str
IntOrTuple: TypeAlias = Any
"""An int when every size given was an int, else a tuple. `Any` spares callers a cast."""

CONV = ("input_size", "kernel_size", "stride", "padding", "dilation")
TRANSPOSE = ("input_size", "kernel_size", "stride", "padding", "output_padding", "dilation")
WINDOW = ("kernel_size", "stride", "padding", "dilation")
_LOWEST = {"padding": 0, "output_padding": 0, "input_index": 0, "output_index": 0}  # the others: 1
_AXES = {2: ("height", "width"), 3: ("depth", "height", "width")}
_EXTENT = {"depth": " deep", "height": " high", "width": " wide"}


# ---------------------------------------------------------------------------------------- one axis
class Axis(NamedTuple):
    """One axis of a legal layer, and which input and output cells are connected."""

    input_size: int
    output_size: int
    kernel_size: int
    stride: int
    before: int
    dilation: int
    transposed: bool = False

    def partners(self, side: str, index: int) -> list[int]:
        """Return the cells on the other side that cell `index` of `side` is connected with."""
        size = self.input_size if side == "input" else self.output_size
        if index >= size:
            raise ValueError(
                f"{side}_index={index} is outside the {side}, which is {size} wide. "
                f"Use 0 to {size - 1}."
            )
        is_window = (side == "input") == self.transposed
        return self._cells_under(index) if is_window else self._windows_on(index)

    def counts(self) -> list[int]:
        """Return how many windows lie on each cell under them."""
        cells = self.output_size if self.transposed else self.input_size
        return [len(self._windows_on(cell)) for cell in range(cells)]

    def _cells_under(self, window: int) -> list[int]:
        """Return the cells at window · stride − padding + tap · dilation."""
        cells = self.output_size if self.transposed else self.input_size
        first = window * self.stride - self.before
        taps = range(first, first + span(self.kernel_size, self.dilation), self.dilation)
        return [cell for cell in taps if 0 <= cell < cells]

    def _windows_on(self, cell: int) -> list[int]:
        """Return the windows at (cell + padding − tap · dilation) / stride, where that is whole."""
        windows = self.input_size if self.transposed else self.output_size
        last = cell + self.before
        steps = range(last - span(self.kernel_size, self.dilation) + 1, last + 1, self.dilation)
        places = (divmod(step, self.stride) for step in steps)
        return [window for window, rest in places if rest == 0 and 0 <= window < windows]


def conv_axis(size: int, kernel: int, stride: int, padding: int | str, dilation: int) -> Axis:
    """Return one axis of a convolution, or refuse it with a sentence."""
    before, after = sides(kernel, stride, padding, dilation)
    room = size + before + after - span(kernel, dilation)
    if room < 0:
        raise _does_not_fit(size, kernel, before, dilation)
    return Axis(size, room // stride + 1, kernel, stride, before, dilation)


def transpose_axis(
    size: int, kernel: int, stride: int, padding: int | str, output_padding: int, dilation: int
) -> Axis:
    """Return one axis of a transposed convolution, or refuse it with a sentence."""
    padding = only_number(padding)
    check_output_padding(output_padding, stride, dilation)
    full = (size - 1) * stride + span(kernel, dilation) + output_padding
    output = full - 2 * padding
    if output < 1:
        raise ValueError(
            f"padding={padding} leaves no output: it would be {output} wide ({full} − 2·{padding})."
            f" Use padding ≤ {(full - 1) // 2}."
        )
    return Axis(size, output, kernel, stride, padding, dilation, transposed=True)


def pool_size(
    ceil_mode: bool, size: int, kernel: int, stride: int, padding: int | str, dilation: int
) -> int:
    """Return the output size of a pool along one axis, or refuse it with a sentence."""
    padding = pool_padding(kernel, padding)
    output = pool_windows(ceil_mode, size, kernel, stride, padding, dilation)
    if output < 1:
        raise _does_not_fit(size, kernel, padding, dilation, is_pool=True)
    return output


def pool_windows(
    ceil_mode: bool, size: int, kernel: int, stride: int, padding: int, dilation: int
) -> int:
    """Return how many windows a pool has; below 1 when the kernel does not fit."""
    room = size + 2 * padding - span(kernel, dilation)
    if not ceil_mode:
        return room // stride + 1
    # The last window must start on a cell or in the near padding: (windows − 1)·stride < size + p.
    return min(-(-room // stride) + 1, -(-(size + padding) // stride))


def span(kernel: int, dilation: int) -> int:
    """Return the number of cells from the first tap of a kernel to its last, inclusive."""
    return dilation * (kernel - 1) + 1


def sides(kernel: int, stride: int, padding: int | str, dilation: int) -> tuple[int, int]:
    """Return the zeros before and after; "same" puts an odd one after the input, as torch does."""
    if padding == "same":
        total = span(kernel, dilation) - 1
        if stride != 1:
            raise ValueError(
                f"padding='same' needs stride=1, not stride={stride}. "
                f"Use a number, such as padding={total // 2}."
            )
        return total // 2, total - total // 2
    number = 0 if padding == "valid" else only_number(padding)
    return number, number


# ------------------------------------------------------------------------------- checks, sentences
def each_axis(names: Sequence[str], solve: Callable[..., Any], sizes: Sequence[object]) -> Any:
    """Check `sizes`, call `solve` with the ints of each axis, and name the axis in its errors."""
    given = {n: _whole_numbers(n, size) for n, size in zip(names, sizes, strict=True)}
    lengths: dict[int, str] = {}
    for name, size in given.items():
        if isinstance(size, tuple):
            lengths.setdefault(len(size), name)
    if len(lengths) > 1:
        listed = ", ".join(f"{name} has {length}" for length, name in lengths.items())
        raise ValueError(f"The numbers of values differ: {listed}. Use one value for each axis.")
    rank = max(lengths, default=0)
    answers = []
    for axis in range(max(rank, 1)):
        values = {n: size[axis] if isinstance(size, tuple) else size for n, size in given.items()}
        try:
            for name, value in values.items():
                _check_lowest(name, value)
            answers.append(solve(*values.values()))
        except ValueError as error:
            if rank < 2:
                raise
            where = _AXES[rank][axis]
            sentence = str(error).replace(" wide", _EXTENT[where])
            raise ValueError(f"Along the {where}, {sentence}") from None
    return tuple(answers) if rank else answers[0]


def cells(
    side: str, names: Sequence[str], axis_of: Callable[..., Axis], sizes: Sequence[object]
) -> list[Any]:
    """Return the cells connected with one cell: along one axis, or combined over all axes."""

    def solve(index: int, *layer: Any) -> list[int]:
        return axis_of(*layer).partners(side, index)

    partners = each_axis((f"{side}_index", *names), solve, sizes)
    return list(itertools.product(*partners)) if isinstance(partners, tuple) else partners


def _whole_numbers(name: str, size: object) -> int | str | tuple[int, ...]:
    if isinstance(size, str) and name.rpartition(".")[2] == "padding":
        if size in ("same", "valid"):
            return size
        raise ValueError(f"{name}={size!r} is unknown. Use 'same', 'valid' or ints.")
    if isinstance(size, tuple | list):
        if not 1 <= len(size) <= 3:
            raise ValueError(
                f"{name}={tuple(size)!r} has {len(size)} values. Use 1 to 3, one for each axis, "
                "without batch and channels."
            )
        return tuple(_whole_number(name, number, size) for number in size)
    return _whole_number(name, size, size)


def _whole_number(name: str, number: Any, size: object) -> int:
    try:
        if isinstance(number, bool):
            raise TypeError
        return operator.index(number)
    except TypeError:
        problem = f"is a {type(number).__name__}"
        if number is not size:
            problem = f"has a {type(number).__name__} in it"
        raise TypeError(f"{name}={size!r} {problem}. Use an int, or a tuple of ints.") from None


def only_number(padding: int | str) -> int:
    """Refuse "same" and "valid", which only a convolution's padding may be."""
    if isinstance(padding, str):
        raise TypeError(f"padding={padding!r} is for convolutions only. Use an int or a tuple.")
    return padding


def _check_lowest(name: str, value: int | str) -> None:
    lowest = _LOWEST.get(name.rpartition(".")[2], 1)
    if isinstance(value, int) and value < lowest:
        raise ValueError(f"{name}={value} is too small. Use {lowest} or more.")


def check_bool(name: str, value: object) -> None:
    """Refuse anything but True and False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is no bool. Use True or False.")


def check_output_padding(output_padding: int, stride: int, dilation: int) -> None:
    """Refuse an output_padding that is not smaller than stride or dilation."""
    most = max(stride, dilation) - 1
    if output_padding > most:
        raise ValueError(
            f"output_padding={output_padding} is too large: it must be smaller than stride={stride}"
            f" or dilation={dilation}. Use output_padding ≤ {most}."
        )


def pool_padding(kernel: int, padding: int | str) -> int:
    """Return a pool's padding, or refuse it: at most half of the kernel."""
    padding = only_number(padding)
    if 2 * padding > kernel:
        raise ValueError(
            f"padding={padding} is more than half of kernel_size={kernel}. "
            f"Use padding ≤ {kernel // 2} or a larger kernel."
        )
    return padding


def _does_not_fit(
    size: int, kernel: int, padding: int, dilation: int, *, is_pool: bool = False
) -> ValueError:
    extent = span(kernel, dilation)
    needed = -(-(extent - size) // 2)
    repairs = [f"padding ≥ {needed}"] if not is_pool or 2 * needed <= kernel else []
    repairs += ["a smaller kernel"] if dilation == 1 else ["a smaller kernel or dilation"]
    spread = "" if dilation == 1 else f" with dilation={dilation} spans {extent} and"
    return ValueError(
        f"kernel_size={kernel}{spread} does not fit: the padded input is {size + 2 * padding} wide "
        f"({size} + 2·{padding}). Use {' or '.join(repairs)}."
    )
