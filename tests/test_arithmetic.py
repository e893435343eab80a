"""The arithmetic against real torch layers: sizes, refusals, inverse questions, cells, fields."""

from __future__ import annotations

import doctest
import inspect
import itertools
import math
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from unet_teach import arithmetic
from unet_teach.arithmetic import (
    ReceptiveField,
    cells,
    conv_coverage,
    conv_feeds,
    conv_input_sizes,
    conv_output_size,
    conv_sees,
    conv_transpose_feeds,
    conv_transpose_input_sizes,
    conv_transpose_output_size,
    conv_transpose_overlap,
    conv_transpose_sees,
    inverse,
    output_padding_for,
    pool_input_sizes,
    pool_output_size,
    receptive_field,
    sizes,
)

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSE = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX_POOL = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
AVG_POOL = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
pytestmark = [
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel"),
]
KINDS = {"conv": CONV, "transpose": TRANSPOSE, "max_pool": MAX_POOL, "avg_pool": AVG_POOL}


# ---------------------------------------------------------------------------------------- examples
def test_stride_2_halves_even_sizes_and_rounds_odd_ones_up():
    halved = [conv_output_size(n, 3, stride=2, padding=1) for n in (31, 32, 33)]
    assert halved == [16, 16, 17]


def test_output_padding_chooses_between_the_sizes_that_stride_2_merged():
    assert conv_input_sizes(16, 3, stride=2, padding=1) == (31, 32)
    assert conv_transpose_output_size(16, 3, stride=2, padding=1) == 31
    assert conv_transpose_output_size(16, 3, stride=2, padding=1, output_padding=1) == 32


def test_kernel_5_stride_3_loses_two_sizes_out_of_three_without_output_padding():
    window = {"kernel_size": 5, "stride": 3, "padding": 2}
    lost = []
    for size in range(13, 20):
        down = conv_output_size(size, **window)
        if conv_transpose_output_size(down, **window) != size:
            lost.append(size)
        extra = output_padding_for(down, size, **window)
        assert conv_transpose_output_size(down, output_padding=extra, **window) == size
    assert lost == [14, 15, 17, 18]


def test_the_u_net_of_2015_turns_572_into_388():
    size, skips = 572, []
    for _ in range(4):
        size = conv_output_size(conv_output_size(size, 3), 3)
        skips.append(size)
        size = pool_output_size(size, 2)
    assert skips == [568, 280, 136, 64]
    assert size == 32
    size = conv_output_size(conv_output_size(size, 3), 3)
    for skip in reversed(skips):
        size = conv_transpose_output_size(size, 2, stride=2)
        assert size <= skip  # the skip is cropped to it
        size = conv_output_size(conv_output_size(size, 3), 3)
    assert size == 388


def test_axes_keep_their_order():
    assert conv_output_size((7, 11), (3, 5), stride=(1, 2), padding=(0, 1)) == (5, 5)
    assert conv_transpose_output_size((7, 11), (2, 3), stride=(3, 2)) == (20, 23)
    assert pool_output_size((7, 11), (2, 3)) == (3, 3)
    assert output_padding_for((3, 5), (6, 9), 3, stride=2, padding=1) == (1, 0)
    assert conv_output_size((4, 7, 11), (1, 3, 5)) == (4, 5, 7)


def test_a_tuple_anywhere_makes_a_tuple_and_ints_make_an_int():
    assert conv_output_size(11, 3, stride=2) == 5
    assert conv_output_size(11, 3, stride=(2, 1)) == (5, 9)
    assert conv_output_size([7, 11], 3) == (5, 9)
    assert conv_output_size((11,), 3) == (9,)
    assert conv_output_size(torch.zeros(1, 1, 7, 11).shape[2:], 3) == (5, 9)
    answer = conv_output_size(np.int64(11), np.int32(3))
    assert answer == 9
    assert type(answer) is int


def test_padding_by_name():
    assert conv_output_size((7, 11), (3, 4), padding="same") == (7, 11)
    assert conv_output_size((7, 11), 3, padding="valid") == (5, 9)
    assert conv_input_sizes(7, 4, padding="same") == (7,)
    # An even kernel has one zero more after than before.
    assert conv_sees(0, 7, 4, padding="same") == [0, 1, 2]


def test_large_sizes_are_no_trouble():
    huge = 10**9
    assert conv_output_size(huge, 3, stride=2, padding=1) == huge // 2
    assert conv_transpose_output_size(huge, 2, stride=2) == 2 * huge
    assert conv_input_sizes(huge, 2, stride=2) == (2 * huge, 2 * huge + 1)
    assert conv_sees(huge - 1, huge, 3, padding=1) == [huge - 2, huge - 1]


def test_no_input_size_leads_to_some_outputs():
    assert conv_input_sizes(2, 1, padding=3) == ()
    assert conv_transpose_input_sizes(32, 3, stride=2, padding=1) == ()
    assert conv_input_sizes((2, 7), 1, padding=3) == ((), (1,))


def test_checkerboard_and_its_cure():
    assert conv_transpose_overlap(4, 3, stride=2) == [1, 1, 2, 1, 2, 1, 2, 1, 1]
    assert conv_transpose_overlap(4, 4, stride=2, padding=1) == [1, 2, 2, 2, 2, 2, 2, 1]
    assert conv_transpose_overlap((2, 3), 2, stride=2) == ([1] * 4, [1] * 6)


def test_cells_in_two_dimensions_are_all_combinations():
    assert conv_sees((0, 2), (5, 7), 3, stride=2, padding=1) == [
        *[(0, 3), (0, 4), (0, 5)],
        *[(1, 3), (1, 4), (1, 5)],
    ]
    assert conv_feeds((1, 0), (5, 7), 3, stride=2, padding=1) == [(0, 0), (1, 0)]


def test_the_examples_in_the_docstrings():
    modules = (sizes, inverse, cells, sys.modules["unet_teach.arithmetic.receptive_field"])
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 15


def test_importing_it_brings_in_neither_torch_nor_numpy():
    code = "import sys, unet_teach.arithmetic; print({'torch', 'numpy'} & set(sys.modules))"
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------------------------ the refusals
LEGAL: dict[Any, dict[str, Any]] = {
    conv_output_size: {"input_size": 7},
    conv_input_sizes: {"output_size": 7},
    conv_transpose_output_size: {"input_size": 7, "output_padding": 0},
    conv_transpose_input_sizes: {"output_size": 7, "output_padding": 0},
    pool_output_size: {"input_size": 7, "ceil_mode": False},
    pool_input_sizes: {"output_size": 7, "ceil_mode": False},
    output_padding_for: {"input_size": 7, "output_size": 13},
    conv_sees: {"output_index": 2, "input_size": 7},
    conv_feeds: {"input_index": 2, "input_size": 7},
    conv_transpose_sees: {"output_index": 2, "input_size": 7, "output_padding": 0},
    conv_transpose_feeds: {"input_index": 2, "input_size": 7, "output_padding": 0},
    conv_coverage: {"input_size": 7},
    conv_transpose_overlap: {"input_size": 7, "output_padding": 0},
}
for _call in LEGAL.values():
    _call.update(kernel_size=3, stride=2, padding=1, dilation=1)
EVERY_PARAMETER = [(f, name) for f, call in LEGAL.items() for name in call]
MAY_BE_ZERO = ("padding", "output_padding", "input_index", "output_index")


def _id(value: Any) -> str:
    return getattr(value, "__name__", str(value))


def test_the_table_of_parameters_is_complete():
    public = {getattr(arithmetic, name) for name in arithmetic.__all__}
    assert public == {*LEGAL, receptive_field, ReceptiveField}
    for function, call in LEGAL.items():
        assert list(inspect.signature(function).parameters) == sorted(
            call, key=list(inspect.signature(function).parameters).index
        )
        function(**call)


@pytest.mark.parametrize(("function", "name"), EVERY_PARAMETER, ids=_id)
def test_a_wrong_type_is_named(function: Any, name: str):
    for wrong in (2.0, True, "three", (3, 2.5), (3, False), {3}, object()):
        given = 1 if name == "ceil_mode" and wrong is True else wrong  # True is what it takes
        kind = ValueError if name == "padding" and isinstance(given, str) else TypeError
        with pytest.raises(kind) as error:
            function(**{**LEGAL[function], name: given})
        assert_sentence(error.value, name)


@pytest.mark.parametrize(
    ("function", "name"), [p for p in EVERY_PARAMETER if p[1] != "ceil_mode"], ids=_id
)
def test_a_value_too_small_is_named_with_its_axis(function: Any, name: str):
    lowest = 0 if name in MAY_BE_ZERO else 1
    for wrong in (lowest - 1, lowest - 7):
        with pytest.raises(ValueError, match=f"{name}={wrong} is too small") as error:
            function(**{**LEGAL[function], name: wrong})
        assert_sentence(error.value, name)
    fine = LEGAL[function][name]
    for axis, wrong in (("depth", (-9, fine, fine)), ("width", (fine, -9)), ("height", (-9, fine))):
        with pytest.raises(ValueError, match=f"^Along the {axis}, {name}=-9 ") as error:
            function(**{**LEGAL[function], name: wrong})
        assert_sentence(error.value, name)


@pytest.mark.parametrize(
    ("function", "name"), [p for p in EVERY_PARAMETER if p[1] != "ceil_mode"], ids=_id
)
def test_tuples_of_other_lengths_are_named(function: Any, name: str):
    call = LEGAL[function]
    for wrong in ((), (1, 1, 7, 11)):
        with pytest.raises(ValueError, match=f"{len(wrong)} values") as error:
            function(**{**call, name: wrong})
        assert_sentence(error.value, name)
    other = "stride" if name != "stride" else "kernel_size"
    both = {name: (call[name],) * 2, other: (call[other],) * 3}
    with pytest.raises(ValueError, match="differ") as error:
        function(**{**call, **both})
    assert_sentence(error.value, name)
    assert_sentence(error.value, other)


def assert_sentence(error: BaseException, *names: str) -> None:
    text = str(error)
    assert all(name in text for name in names), text
    assert text.endswith((".", "[layer]).")), text
    assert ". " in text, f"says what is wrong but not what to do: {text}"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: conv_output_size(5, 9),
            "kernel_size=9 does not fit: the padded input is 5 wide (5 + 2·0). "
            "Use padding ≥ 2 or a smaller kernel.",
        ),
        (
            lambda: conv_output_size((5, 11), 9, padding=1),
            "Along the height, kernel_size=9 does not fit: the padded input is 7 high (5 + 2·1). "
            "Use padding ≥ 2 or a smaller kernel.",
        ),
        (
            lambda: conv_output_size((2, 7, 11), 3, dilation=4, padding=(3, 1, 0)),
            "Along the depth, kernel_size=3 with dilation=4 spans 9 and does not fit: the padded "
            "input is 8 deep (2 + 2·3). Use padding ≥ 4 or a smaller kernel or dilation.",
        ),
        (
            lambda: conv_output_size(7, 3, stride=2, padding="same"),
            "padding='same' needs stride=1, not stride=2. Use a number, such as padding=1.",
        ),
        (
            lambda: conv_output_size(7, 3, padding="full"),
            "padding='full' is unknown. Use 'same', 'valid' or ints.",
        ),
        (
            lambda: pool_output_size(7, 3, padding=2),
            "padding=2 is more than half of kernel_size=3. Use padding ≤ 1 or a larger kernel.",
        ),
        (
            lambda: pool_output_size(3, 9),
            "kernel_size=9 does not fit: the padded input is 3 wide (3 + 2·0). "
            "Use padding ≥ 3 or a smaller kernel.",
        ),
        (
            lambda: pool_output_size(1, 9),  # the largest padding of a pool helps just so
            "kernel_size=9 does not fit: the padded input is 1 wide (1 + 2·0). "
            "Use padding ≥ 4 or a smaller kernel.",
        ),
        (
            lambda: pool_output_size(1, 3, dilation=3),
            "kernel_size=3 with dilation=3 spans 7 and does not fit: the padded input is 1 wide "
            "(1 + 2·0). Use a smaller kernel or dilation.",
        ),
        (
            lambda: conv_transpose_output_size(16, 3, stride=2, output_padding=2),
            "output_padding=2 is too large: it must be smaller than stride=2 or dilation=1. "
            "Use output_padding ≤ 1.",
        ),
        (
            lambda: conv_transpose_output_size(1, 3, padding=2),
            "padding=2 leaves no output: it would be -1 wide (3 − 2·2). Use padding ≤ 1.",
        ),
        (
            lambda: output_padding_for(16, 40, 3, stride=2, padding=1),
            "output_size=40 cannot be reached from input_size=16: kernel_size=3, stride=2, "
            "padding=1 and dilation=1 reach 31 to 32. Change output_size or input_size.",
        ),
        (
            lambda: conv_sees(9, 7, 3),
            "output_index=9 is outside the output, which is 5 wide. Use 0 to 4.",
        ),
        (
            lambda: conv_feeds((7, 2), (7, 11), 3),
            "Along the height, input_index=7 is outside the input, which is 7 high. Use 0 to 6.",
        ),
    ],
)
def test_a_refusal_says_what_was_given_and_what_to_do(call: Any, sentence: str):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        call()


def test_padding_by_name_is_for_convolutions_only():
    for function in (pool_output_size, conv_transpose_output_size, conv_transpose_input_sizes):
        with pytest.raises(TypeError, match="padding='same' is for convolutions only"):
            function(7, 3, padding="same")


# ------------------------------------------------------------------- sizes and legality, with torch
USUAL = {
    "kernel_size": (1, 2, 2, 3, 3, 4, 5),
    "stride": (1, 2, 3, 4),
    "padding": (0, 0, 1, 2),
    "output_padding": (0, 0, 0, 1),
    "dilation": (1, 1, 1, 1, 2, 3),
}


def configurations(kind: str, rank: int) -> st.SearchStrategy[tuple[dict[str, Any], Any]]:
    """Draw a layer and six input sizes: most of them possible, one in a few zero or negative."""
    names = ["kernel_size", "stride", "padding"]
    names += ["output_padding"] if kind == "transpose" else []
    names += [] if kind == "avg_pool" else ["dilation"]

    def size(values: Sequence[int]) -> st.SearchStrategy[Any]:
        one = st.sampled_from(values)
        return st.one_of(one, st.tuples(*[one] * rank))

    layer = {name: size(USUAL[name]) for name in names}
    if "pool" in kind:
        layer["padding"] = size((0, 0, 0, 0, 1))
        layer["stride"] |= st.none()
        layer["ceil_mode"] = st.booleans()
    odd = [st.tuples(st.just(name), size((-1, 0, 1, 2))) for name in names]
    if kind == "conv":
        layer["padding"] |= st.sampled_from(["same", "valid"])
        odd.append(st.tuples(st.just("stride"), st.just(1)))
    change = st.one_of(*[st.none()] * 4 * len(odd), *odd)
    call = st.builds(
        lambda layer, change: layer if change is None else {**layer, change[0]: change[1]},
        st.fixed_dictionaries(layer),
        change,
    )
    cells = [*range(10 if kind == "transpose" else 24), *range(6, 24)]

    def sizes(seed: int) -> list[tuple[int, ...]]:  # drawn one by one, they would take most time
        chance, drawn = random.Random(seed), set()
        while len(drawn) < 6:
            drawn.add(tuple(chance.choice(cells) for _ in range(rank)))
        return sorted(drawn)

    return st.tuples(call, st.integers(0, 2**32).map(sizes))


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


def ours(kind: str, call: dict[str, Any]) -> tuple[int, ...] | None:
    names = {"conv": conv_output_size, "transpose": conv_transpose_output_size}
    try:
        return names.get(kind, pool_output_size)(**call)
    except ValueError:
        return None


def torchs(kind: str, rank: int, call: dict[str, Any]) -> tuple[int, ...] | None:
    window = {name: value for name, value in call.items() if name != "input_size"}
    channels = (1, 1) if kind in ("conv", "transpose") else ()
    try:
        layer = KINDS[kind][rank](*channels, **window)
        return tuple(layer(torch.zeros(1, 1, *call["input_size"])).shape[2:])
    except (RuntimeError, ValueError):
        return None


def expected(kind: str, rank: int, call: dict[str, Any]) -> tuple[int, ...] | None:
    """What torch says, but for the differences that the module docstring states."""
    size = torchs(kind, rank, call)
    if kind == "transpose" and size is not None:
        return None if 0 in size or 0 in per_axis(call["dilation"], rank) else size
    if kind == "avg_pool" and rank == 3 and size is None:
        kernel = per_axis(call["kernel_size"], rank)
        if any(k > n for k, n in zip(kernel, call["input_size"], strict=True)):
            return torchs("max_pool", rank, call)
    return size


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_legal_means_torch_accepts_it_and_sizes_are_equal(
    kind: str, rank: int, compared: Counter[str]
):
    seen = set()

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(configurations(kind, rank))
    def check(drawn: tuple[dict[str, Any], list[tuple[int, ...]]]) -> None:
        layer, sizes = drawn
        for input_size in sizes:
            call = {"input_size": input_size, **layer}
            key = tuple(call.items())
            right, found = expected(kind, rank, call), ours(kind, call)
            if key not in seen:  # what was drawn twice counts once
                seen.add(key)
                compared["all"] += 1
                compared["legal"] += right is not None
                compared["mismatches"] += found != right
            assert found == right

    check()


def test_a_transposed_output_of_zero_is_refused_whatever_torch_says():
    small = torch.zeros(1, 1, 1, 7)
    assert nn.ConvTranspose2d(1, 1, 4, padding=(2, 0))(small).shape[2:] == (0, 10)
    with pytest.raises(RuntimeError, match="too small"):
        nn.ConvTranspose2d(1, 1, (4, 3), padding=(2, 0))(small)
    for kernel in (4, (4, 3)):
        with pytest.raises(ValueError, match="padding=2 leaves no output"):
            conv_transpose_output_size((1, 7), kernel, padding=(2, 0))


def test_dilation_0_is_refused_whatever_torch_says():
    single = torch.zeros(1, 1, 1, 1)
    assert nn.ConvTranspose2d(1, 1, 4, 4, dilation=0)(single).shape[2:] == (1, 1)
    with pytest.raises(RuntimeError, match="dilation should be greater than zero"):
        nn.ConvTranspose2d(1, 1, 3, 4, dilation=0)(single)
    for kernel in (4, 3):
        with pytest.raises(ValueError, match="dilation=0 is too small"):
            conv_transpose_output_size((1, 1), kernel, 4, dilation=0)


def test_avg_pool_3d_alone_refuses_a_kernel_longer_than_the_bare_input():
    small = torch.zeros(1, 1, 2, 7, 11)
    with pytest.raises(RuntimeError, match="smaller than kernel"):
        nn.AvgPool3d(3, 1, 1)(small)
    assert nn.MaxPool3d(3, 1, 1)(small).shape[2:] == small.shape[2:]
    assert pool_output_size(small.shape[2:], 3, 1, 1) == small.shape[2:]


# --------------------------------------------------------------------------- the inverse questions
WINDOWS = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 6),
        "stride": st.integers(1, 5),
        "padding": st.integers(0, 5),
        "dilation": st.integers(1, 3),
    }
)


def sizes_by_trying(function: Any, output: int, **window: Any) -> tuple[int, ...]:
    def gives(size: int) -> bool:
        try:
            return function(size, **window) == output
        except ValueError:
            return False

    return tuple(size for size in range(1, 80) if gives(size))


@settings(max_examples=500)
@given(st.integers(1, 8), WINDOWS)
def test_conv_input_sizes_are_all_there_are(output: int, window: dict[str, int]):
    assert conv_input_sizes(output, **window) == sizes_by_trying(conv_output_size, output, **window)


@settings(max_examples=500)
@given(st.integers(1, 8), WINDOWS, st.booleans())
def test_pool_input_sizes_are_all_there_are(output: int, window: dict[str, int], ceil_mode: bool):
    window = {**window, "padding": min(window["padding"], window["kernel_size"] // 2)}
    expected = sizes_by_trying(pool_output_size, output, ceil_mode=ceil_mode, **window)
    assert pool_input_sizes(output, ceil_mode=ceil_mode, **window) == expected


@settings(max_examples=500)
@given(st.integers(1, 30), WINDOWS, st.integers(0, 4))
def test_conv_transpose_input_sizes_are_all_there_are(
    output: int, window: dict[str, int], output_padding: int
):
    assume(output_padding < max(window["stride"], window["dilation"]))
    window = {**window, "output_padding": output_padding}
    expected = sizes_by_trying(conv_transpose_output_size, output, **window)
    assert conv_transpose_input_sizes(output, **window) == expected


@settings(max_examples=500)
@given(st.integers(1, 8), st.integers(1, 40), WINDOWS)
def test_output_padding_for_finds_what_there_is(size: int, wanted: int, window: dict[str, int]):
    reached = {}
    for extra in range(max(window["stride"], window["dilation"])):
        try:
            reached[conv_transpose_output_size(size, output_padding=extra, **window)] = extra
        except ValueError:
            continue
    if wanted in reached:
        assert output_padding_for(size, wanted, **window) == reached[wanted]
        return
    with pytest.raises(ValueError, match=f"output_size={wanted} cannot be reached") as error:
        output_padding_for(size, wanted, **window)
    ends = {min(reached), max(reached)} if reached else {"no size"}
    assert " to ".join(map(str, sorted(ends))) in str(error.value)


@settings(max_examples=300)
@given(st.integers(1, 40), WINDOWS)
def test_output_padding_undoes_every_convolution(size: int, window: dict[str, int]):
    span = window["dilation"] * (window["kernel_size"] - 1) + 1
    assume(size + 2 * window["padding"] >= span)
    down = conv_output_size(size, **window)
    extra = output_padding_for(down, size, **window)
    assert conv_transpose_output_size(down, output_padding=extra, **window) == size
    assert size in conv_input_sizes(down, **window)


# -------------------------------------------------------------------- cells, proved with gradients
def small_layer(chance: random.Random, transposed: bool, rank: int) -> dict[str, Any]:
    """Draw a legal layer and its input size; hypothesis would need more time for it than torch."""

    def tuples(low: int, high: int) -> tuple[int, ...]:
        return tuple(chance.randint(low, high) for _ in range(rank))

    top = 7 if rank < 3 else 4
    while True:
        call: dict[str, Any] = {
            "input_size": tuples(1, top),
            "kernel_size": tuples(1, 4 if rank < 3 else 3),
            "stride": tuples(1, 3),
            "padding": tuples(0, 2),
            "dilation": tuples(1, 3 if rank < 3 else 2),
        }
        if transposed:
            call["output_padding"] = tuple(
                chance.randrange(max(s, d))
                for s, d in zip(call["stride"], call["dilation"], strict=True)
            )
        elif chance.randrange(6) == 0:
            call |= {"padding": "same", "stride": 1}
        if ours("transpose" if transposed else "conv", call) is not None:
            return call


def non_zero(map_: torch.Tensor) -> list[tuple[int, ...]]:
    return [tuple(cell) for cell in map_[0, 0].nonzero().tolist()]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("transposed", [False, True])
def test_cells_are_those_that_gradients_touch(transposed: bool, rank: int, compared: Counter[str]):
    layers, sees, feeds, counts = (
        (TRANSPOSE, conv_transpose_sees, conv_transpose_feeds, conv_transpose_overlap)
        if transposed
        else (CONV, conv_sees, conv_feeds, conv_coverage)
    )

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=True))
    def check(chance: random.Random) -> None:
        call = small_layer(chance, transposed, rank)
        window = {name: value for name, value in call.items() if name != "input_size"}
        layer = layers[rank](1, 1, bias=False, **window)
        nn.init.ones_(layer.weight)
        image = torch.ones(1, 1, *call["input_size"], requires_grad=True)
        output = layer(image)

        def draw_cell(map_: torch.Tensor) -> tuple[int, ...]:
            return tuple(chance.randrange(size) for size in map_.shape[2:])

        cell, pixel = draw_cell(output), draw_cell(image)
        (seen,) = torch.autograd.grad(output[(0, 0, *cell)], image, retain_graph=True)
        spark = torch.zeros_like(image)
        spark[(0, 0, *pixel)] = 1
        (covered,) = torch.autograd.grad(output.sum(), image)
        count_map = output.detach() if transposed else covered
        per_axis_counts = [torch.tensor(axis) for axis in counts(**call)]
        product = math.prod(torch.meshgrid(*per_axis_counts, indexing="ij"))

        claimed = sees(cell, **call), feeds(pixel, **call), product.float().tolist()
        found = non_zero(seen), non_zero(layer(spark)), count_map[0, 0].tolist()
        compared["all"] += 1
        compared["legal"] += 1
        compared["mismatches"] += claimed != found
        assert claimed == found, call

    check()


@settings(max_examples=200)
@given(st.randoms(use_true_random=True).map(lambda chance: small_layer(chance, False, 1)))
def test_feeds_is_sees_read_backwards(call: dict[str, Any]):
    sees = {
        (pixel, cell)
        for cell in itertools.product(*map(range, conv_output_size(**call)))
        for pixel in conv_sees(cell, **call)
    }
    feeds = {
        (pixel, cell)
        for pixel in itertools.product(*map(range, call["input_size"]))
        for cell in conv_feeds(pixel, **call)
    }
    assert sees == feeds


# --------------------------------------------------------------------------------- receptive field
def test_receptive_field_of_two_convolutions_and_a_pool():
    assert receptive_field([(3, 1, 1), (3, 1, 1), (2, 2)]) == ReceptiveField(6, 2, -2)
    assert receptive_field([]) == ReceptiveField(1, 1, 0)
    assert receptive_field([((3, 5),), ((2, 1), (2, 1))]) == ReceptiveField((4, 5), (2, 1), (0, 0))


def test_receptive_field_reads_tuples_dicts_objects_and_modules_alike():
    stack = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
        nn.MaxPool2d(2),
        nn.Dropout2d(),
        nn.Conv2d(4, 4, 3, dilation=2, padding="same"),
        nn.GroupNorm(2, 4),
        nn.Identity(),
        nn.AvgPool2d(3, 2, 1),
        nn.LPPool2d(2, 2),
    )
    dicts = [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 2, "stride": None},
        {"kernel_size": 3, "dilation": 2, "padding": "same"},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 2, "stride": 2},
    ]
    flat = receptive_field(dicts)
    assert receptive_field([(3, 1, 1), (2, 2), (3, 1, "same", 2), [3, 2, 1], (2, 2)]) == flat
    assert receptive_field(SimpleNamespace(**d) for d in dicts) == flat
    field = receptive_field(stack)
    assert (field.size, field.jump, field.start) == (
        (flat.size,) * 2,
        (flat.jump,) * 2,
        (flat.start,) * 2,
    )


def test_receptive_field_is_frozen():
    with pytest.raises(FrozenInstanceError):
        receptive_field([(3,)]).size = 4  # type: ignore[misc]


class Block(nn.Module):
    """A module of one's own: what it does is in its `forward`."""


@pytest.mark.parametrize(
    ("layers", "kind", "named"),
    [
        (nn.Conv2d(1, 1, 3), TypeError, "layers is a single Conv2d"),
        ((3, 2, 1), TypeError, r"layers\[0\] is of type int"),
        ([(3,), nn.ConvTranspose2d(1, 1, 2)], TypeError, r"layers\[1\] is a ConvTranspose2d"),
        ([SimpleNamespace(kernel_size=2, output_padding=1)], TypeError, r"layers\[0\]"),
        ([nn.MaxUnpool2d(2)], TypeError, "MaxUnpool2d"),
        ([nn.FractionalMaxPool2d(2, 3)], TypeError, "FractionalMaxPool2d"),
        ([nn.AdaptiveAvgPool2d(1)], TypeError, "AdaptiveAvgPool2d"),
        ([nn.Sequential(nn.ReLU(), nn.Upsample(2))], TypeError, r"layers\[0\]\[1\] .*Upsample"),
        ([nn.Linear(2, 2)], TypeError, "Linear"),
        ([nn.MultiheadAttention(2, 1)], TypeError, "MultiheadAttention"),
        ([Block()], TypeError, "Block"),
        (["conv"], TypeError, r"layers\[0\] is of type str"),
        ([()], ValueError, r"layers\[0\] has 0 values"),
        ([(3, 1, 1, 1, 1)], ValueError, r"layers\[0\] has 5 values"),
        ([{"kernel": 3}], ValueError, r"layers\[0\] has the names kernel"),
        ([{"stride": 3}], ValueError, r"layers\[0\] has the names stride"),
        ([(3,), (3, 0)], ValueError, r"layers\[1\]\.stride=0 is too small"),
        ([(0,)], ValueError, r"layers\[0\]\.kernel_size=0 is too small"),
        ([(3, 1, -1)], ValueError, r"layers\[0\]\.padding=-1 is too small"),
        ([(3, 1, (1, 1), (1, 0))], ValueError, r"Along the width, layers\[0\]\.dilation=0"),
        ([(3.0,)], TypeError, r"layers\[0\]\.kernel_size=3\.0 is a float"),
        ([nn.Conv1d(1, 1, 3), nn.Conv2d(1, 1, 3)], ValueError, r"layers\[1\]\.kernel_size has 2"),
    ],
)
def test_receptive_field_refuses_what_it_cannot_read(layers: Any, kind: Any, named: str):
    with pytest.raises(kind, match=named) as error:
        receptive_field(layers)
    assert_sentence(error.value)


@st.composite
def stacks(draw: st.DrawFn, rank: int) -> list[nn.Module]:
    def value(low: int, high: int) -> Any:
        if draw(st.booleans()):
            return draw(st.integers(low, high))
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    layers: list[nn.Module] = []
    for _ in range(draw(st.integers(1, 4 if rank == 1 else 3))):
        kernel, stride = value(1, 4), value(1, 3 if rank == 1 else 2)
        if draw(st.booleans()):
            layers.append(CONV[rank](1, 1, kernel, stride, value(0, 3), value(1, 2), bias=False))
            nn.init.ones_(layers[-1].weight)
        else:
            padding = tuple(draw(st.integers(0, k // 2)) for k in per_axis(kernel, rank))
            layers.append(AVG_POOL[rank](kernel, stride, padding))
    return layers


@pytest.mark.parametrize("rank", [1, 2])
def test_receptive_field_is_where_the_gradient_lives(rank: int, compared: Counter[str]):
    @settings(max_examples=250, suppress_health_check=list(HealthCheck))
    @given(stacks(rank))
    def check(layers: list[nn.Module]) -> None:
        field = receptive_field(layers)
        axes = [per_axis(part, rank) for part in (field.size, field.jump, field.start)]
        # The first output cell whose view lies wholly inside, and room for the next one.
        inside = [-(start // jump) for _, jump, start in zip(*axes, strict=True)]
        image_size = [
            start + (cell + 1) * jump + size
            for cell, size, jump, start in zip(inside, *axes, strict=True)
        ]
        image = torch.ones(1, 1, *image_size, dtype=torch.double, requires_grad=True)
        output = nn.Sequential(*layers).double()(image)
        views = []
        for step in (0, 1):
            cell = (0, 0, *(i + step for i in inside))
            (seen,) = torch.autograd.grad(output[cell], image, retain_graph=True)
            pixels = seen[0, 0].nonzero()
            views.append((pixels.amin(0).tolist(), pixels.amax(0).tolist()))
        expected = [
            (
                [
                    start + (i + step) * jump
                    for i, _, jump, start in zip(inside, *axes, strict=True)
                ],
                [
                    start + (i + step) * jump + size - 1
                    for i, size, jump, start in zip(inside, *axes, strict=True)
                ],
            )
            for step in (0, 1)
        ]
        compared["all"] += 1
        compared["legal"] += 1
        compared["mismatches"] += views != expected
        assert views == expected

    check()
