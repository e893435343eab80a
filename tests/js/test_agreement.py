"""The browser's geometry, arithmetic.py and real torch layers agree: no exception is tolerated.

Square layers: every combination of the sliders. Rectangular ones, since axes are independent: 3,000
random layers. What is compared: whether the layer is legal, torch's own error text, the output's
size, which cells touch which, the line of code, and the numbers in the picture.
"""

import json
import random
from functools import cache, lru_cache

import pytest
import torch
from torch import nn
from torch.nn import functional

from unet_teach import arithmetic
from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer
from unet_teach.widgets.numbers import KERNELS

from .conftest import ROOT

LAYERS = {"Conv2d": ConvExplorer, "ConvTranspose2d": ConvTransposeExplorer}
SIZES_OF = {
    "Conv2d": arithmetic.conv_output_size,
    "ConvTranspose2d": arithmetic.conv_transpose_output_size,
}
SEES = {"Conv2d": arithmetic.conv_sees, "ConvTranspose2d": arithmetic.conv_transpose_sees}
FEEDS = {"Conv2d": arithmetic.conv_feeds, "ConvTranspose2d": arithmetic.conv_transpose_feeds}
FUNCTIONAL = {"Conv2d": functional.conv1d, "ConvTranspose2d": functional.conv_transpose1d}
DOMAIN = {"Conv2d": 16 * 7 * 5 * 7 * 4, "ConvTranspose2d": 16 * 7 * 5 * 7 * 5 * 4}
RECTANGULAR = 1_500
ONEDNN = "could not construct a memory descriptor using a format tag"


@pytest.fixture(scope="module")
def facts(node):
    def ask(mode, layer, questions=()):
        text = "\n".join(json.dumps(question) for question in questions)
        run = node(str(ROOT / "tests" / "js" / "facts.mjs"), mode, layer, input=text)
        assert run.returncode == 0, run.stderr
        return [json.loads(line) for line in run.stdout.splitlines()]

    return ask


@pytest.fixture(scope="module", params=LAYERS)
def layer(request):
    return request.param


@pytest.fixture(scope="module")
def domain(layer, facts):
    table = facts("domain", layer)
    assert len(table) == DOMAIN[layer]
    return table


@lru_cache(maxsize=1)
def module_of(layer, **parameters):
    """Torch's layer; making it costs more than asking it."""
    return getattr(nn, layer)(1, 1, bias=False, **parameters)


def torch_says(layer, input_size, **parameters):
    """The size torch returns, or its error as text."""
    try:
        module = module_of(layer, **parameters)
        return tuple(module(torch.zeros(1, 1, *input_size)).shape[2:])
    except RuntimeError as error:
        return str(error)


def assert_refused(answer, expected, sizes):
    """Torch refuses in the words the browser quotes, with two exceptions.

    An output of exactly 0 cells it may return without a word. And where oneDNN gets hold of a
    negative size first, which depends on kernel and machine, the words are oneDNN's.
    """
    if not expected:
        assert min(sizes) == 0
    elif not (min(sizes) < 0 and answer == ONEDNN):
        assert answer == expected


@torch.no_grad()
def test_every_square_layer_agrees_with_torch(layer, domain):
    # In double precision torch takes its plain algorithm: exact, and not prepared for each shape.
    kernels = {size: torch.ones(1, 1, size, dtype=torch.double) for size in range(1, 8)}
    eyes = {size: torch.eye(size, dtype=torch.double)[:, None] for size in range(1, 17)}
    ones_at = cache(lambda n, *cells: [float(cell in cells) for cell in range(n)])
    # Torch's layer serves all its input sizes, one after the other.
    others = [name for name in domain[0][0] if name != "input_size"]
    for parameters, size, is_refused, error, sees, _ in sorted(
        domain, key=lambda fact: [fact[0][name] for name in others]
    ):
        options = {name: parameters[name] for name in others}
        n, k = parameters["input_size"], options.pop("kernel_size")
        if is_refused:
            assert_refused(torch_says(layer, (n, n), kernel_size=k, **options), error, [size])
            continue
        # One map for each input cell, that cell alone set: what comes out is what it feeds.
        fed = FUNCTIONAL[layer](eyes[n], kernels[k], **options)[:, 0]
        assert fed.T.tolist() == [ones_at(n, *cells) for cells in sees], parameters


def some_cells(count, number):
    """The first and the last of `count` cells, and one between that moves on with the number."""
    return {0, number % count, count - 1} if count else set()


def test_every_square_layer_agrees_with_arithmetic(layer, domain):
    """All cells of the browser are held against torch above; here three of each map are enough."""
    for number, (parameters, size, is_refused, _, sees, feeds) in enumerate(domain):
        if is_refused:
            with pytest.raises(ValueError):  # noqa: PT011
                SIZES_OF[layer](**parameters)
            continue
        assert SIZES_OF[layer](**parameters) == size
        assert len(sees) == size
        for i in some_cells(size, number):
            assert SEES[layer](i, **parameters) == sees[i], (parameters, i)
        for i in some_cells(len(feeds), number):
            assert FEEDS[layer](i, **parameters) == feeds[i], (parameters, i)


def random_layers(layer, count, seed):
    chance = random.Random(seed)
    bounds = {name: LAYERS[layer].class_traits()[name] for name in LAYERS[layer].PARAMETERS}
    return [
        {name: [chance.randint(t.minimum, t.maximum) for _ in "hw"] for name, t in bounds.items()}
        for _ in range(count)
    ]


@torch.no_grad()
def test_random_rectangular_layers_agree_with_torch_and_arithmetic(layer, facts):
    questions = random_layers(layer, RECTANGULAR, seed=7)
    legal = 0
    for question, fact in zip(questions, facts("given", layer, questions), strict=True):
        parameters = {name: tuple(pair) for name, pair in question.items()}
        answer = torch_says(layer, **parameters)
        if fact["problem"]:
            with pytest.raises(ValueError):  # noqa: PT011
                SIZES_OF[layer](**parameters)
            assert_refused(answer, fact["torchError"], fact["output"])
            continue
        legal += 1
        assert answer == tuple(fact["output"]) == SIZES_OF[layer](**parameters), parameters
        assert fact["code"] == LAYERS[layer](**parameters).code
    assert legal > RECTANGULAR / 4


@torch.no_grad()
def test_the_numbers_in_the_picture_are_torch_s_to_the_digit(layer, facts):
    chance = random.Random(3)
    own = [[1, -2.5], [0, 4]]
    questions = [
        {**sizes, "numbers": True, "seed": chance.randint(0, 999), "weights": weights}
        for sizes in random_layers(layer, 400, seed=11)
        for weights in [chance.choice([*KERNELS, own])]
    ]
    compared = 0
    for question, fact in zip(questions, facts("given", layer, questions), strict=True):
        traits = {name: v for name, v in question.items() if name != "numbers"}
        explorer = LAYERS[layer](**traits)
        if explorer.output_size is None:
            continue
        assert explorer.input[0, 0].tolist() == fact["input"]
        assert explorer.layer.weight[0, 0].tolist() == fact["kernel"]
        assert explorer.layer(explorer.input)[0, 0].tolist() == fact["values"], question
        compared += 1
    assert compared > 100
