"""Checks of functions of tensors: shape, values, gradients, inputs changed in place."""

import pytest
import torch
from torch import nn

from unet_teach.exercises.checks.functions import Case
from unet_teach.exercises.checks.tensors import TensorProbes, tensor_function


def scale(x, layer):
    return 2 * layer(x)


def scale_and_negate(x, layer):
    return -2 * layer(x)


def blank(x, layer):
    nn.init.zeros_(layer.weight)
    return scale(x, layer)


def noisy(x, layer):
    return scale(x, layer) + torch.rand(())


def doubled(x, layer):
    return scale(x, layer).double()


def cases():
    yield Case("On 7×11", (torch.randn(1, 3, 7, 11), nn.Conv2d(3, 2, 1)))


CHECKS = tensor_function("scale(x, layer)", cases, scale, scale_and_negate)


def problem(answer):
    """The first check that fails, and its sentence."""
    found = ((check.holds, check.problem(answer)) for check in CHECKS)
    return next(((holds, sentence) for holds, sentence in found if sentence), None)


@pytest.mark.parametrize("answer", [scale, scale_and_negate, lambda x, layer: layer(x) * 2])
def test_each_right_output_passes(answer):
    assert problem(answer) is None


@pytest.mark.parametrize(
    ("answer", "holds", "sentence"),
    [
        (lambda x: x, "a function `scale`", "should take 2 arguments"),
        (lambda x, layer: None, "its size", "Did you forget `return`?"),
        (
            lambda x, layer: layer(x.zero_()),
            "its size",
            "On 7×11: your function changes its input `x`.",
        ),
        (blank, "its size", "On 7×11: your function changes its input `layer`."),
        (lambda x, layer: layer(x) @ x, "its size", "On 7×11: your code stopped, in line"),
        (
            lambda x, layer: scale(x, layer.eval()),
            "its size",
            "On 7×11: your function changes its input `layer`.",
        ),
        (
            lambda x, layer: (setattr(layer, "stride", (1, 2)), layer(x))[1],
            "its size",
            "On 7×11: your function changes its input `layer`.",
        ),
        (lambda x, layer: ..., "its size", "returns `...`, so part of it is not written yet."),
        (lambda x, layer: [layer(x)], "its size", "returns a list with one tensor in it. Return"),
        (lambda x, layer: (layer(x), x), "its size", "returns 2 tensors in a tuple, but it should"),
        (lambda x, layer: (layer(x), 2), "its size", "returns something of type tuple, but it"),
        (lambda x, layer: 2, "its size", "returns something of type int, but it should return one"),
        (
            lambda x, layer: scale(2 * x - x.detach(), layer),
            "its gradient",
            "The gradient that flows back to x: every value is wrong. All are 2 times the right",
        ),
        (noisy, "its values", "called twice with the same inputs, your function returns different"),
        (
            lambda x, layer: scale(x, layer).double(),
            "its values",
            "output is float64, but it should be float32",
        ),
        (
            lambda x, layer: layer(x)[..., 1:],
            "its size",
            "the output is 7×10, but it should be 7×11",
        ),
        (
            lambda x, layer: layer(x),
            "its values",
            "every value is wrong. All are 0.5 times the right ones.",
        ),
        (lambda x, layer: scale(x.detach(), layer), "its gradient", "no gradient flows back to x."),
        (lambda x, layer: scale(x, layer).detach(), "its gradient", "no gradient flows back to x."),
    ],
)
def test_a_wrong_function_is_told_so_by_the_first_check_that_fails(answer, holds, sentence):
    name, text = problem(answer)
    assert name == holds
    assert sentence in text


def test_a_gradient_that_a_layer_does_not_get_is_told_by_its_name():
    def frozen(x, layer):
        weights = {name: value.detach() for name, value in layer.named_parameters()}
        return 2 * torch.func.functional_call(layer, weights, (x,))

    assert "no gradient flows back to layer." in problem(frozen)[1]


def test_a_known_mistake_is_recognised_by_its_gradients_too():
    known = TensorProbes(cases)
    detached = known.mistake("detached", "Cut off.", lambda x, layer: scale(x, layer).detach())
    assert detached.is_made_by(lambda x, layer: scale(x, layer).detach())
    assert not detached.is_made_by(scale)
    fails = known.mistake("fails", "It fails.", lambda x, layer: x @ layer)
    assert fails.is_made_by(lambda x, layer: layer(x, x))
    assert not fails.is_made_by(scale)


def test_facts_are_measured_on_other_inputs():
    def sizes():
        for batch in (1, 2, 3):
            yield Case(f"On {batch} maps", (torch.randn(batch, 3, 7, 11), nn.Conv2d(3, 2, 1)))

    def first(x, layer):
        return scale(x[:1], layer)

    conditions = {"the batch holds one item": lambda x, layer: len(x) == 1}
    checks = tensor_function("scale(x, layer)", sizes, scale, conditions=conditions)
    assert (
        checks[1].problem(first)
        == "On 2 maps: the output is a batch of 1, but it should be one of 2."
    )
    assert checks[1].facts(first) == (
        "In all 3 cases tried, the output's batch size is 1. "
        "Of the 3 cases tried, it is right in 1 (on 1 maps)."
    )

    def cut_if_three(x, layer):
        return scale(x, layer) if len(x) < 3 else scale(x[:1], layer)

    assert "Of the 3 cases tried, it is wrong in 1 (on 3 maps)." in checks[1].facts(cut_if_three)
