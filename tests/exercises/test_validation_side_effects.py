"""A validation is refused when it changes anything, and is told what."""

import copy

import pytest
import torch
from torch import nn

from unet_teach import exercises
from unet_teach.exercises.checks.training_state import odd_task, run_validation
from unet_teach.exercises.reply import Outcome


def score(network, images, masks):
    """A right validation."""
    was = network.training
    network.eval()
    with torch.no_grad():
        prediction = network(images) > 0
    network.train(was)
    return float((prediction & masks).sum() / (prediction | masks).sum())


def then(effect):
    """A right score, after which something is done."""

    def validate(network, images, masks):
        value = score(network, images, masks)
        effect(network, images, masks)
        return value

    return validate


def only_the_flag(network, images, masks):
    was = network.training
    network.eval()
    with torch.no_grad():
        prediction = network(images) > 0
    network.training = was
    return float((prediction & masks).sum() / (prediction | masks).sum())


def only_the_norms(network, images, masks):
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    was = network.training
    for norm in norms:
        norm.eval()
    with torch.no_grad():
        prediction = network(images) > 0
    for norm in norms:
        norm.train(was)
    return float((prediction & masks).sum() / (prediction | masks).sum())


def without_channel_axis(network, images, masks):
    twin = copy.deepcopy(network).eval()
    with torch.no_grad():
        prediction = twin(images).squeeze(1) > 0
    return float((prediction & masks).sum() / (prediction | masks).sum())


@pytest.mark.parametrize(
    ("validate", "says"),
    [
        (then(lambda n, *_: torch.set_grad_enabled(False)), "no longer records gradients"),
        (
            then(lambda *_: torch.set_default_dtype(torch.float64)),
            "shares is torch.float64",
        ),
        (then(lambda *_: torch.use_deterministic_algorithms(True)), "all code shares is True"),
        (then(lambda n, *_: torch.set_grad_enabled(True)), "records gradients again"),
        (then(lambda n, *_: n.double()), "weights are float64 instead of float32"),
        (then(lambda n, *_: n.half()), "weights are float16"),
        (
            then(lambda n, *_: n.zero_grad()),
            "stored for `weight` of its Conv2d is gone",
        ),
        (then(lambda n, *_: n.requires_grad_(False)), "`requires_grad` is False for"),
        (then(lambda n, *_: n.requires_grad_(True)), "`requires_grad` is True for"),
        (then(lambda n, *_: n[1].reset_running_stats()), "`running_mean` of its BatchNorm2d"),
        (then(lambda n, *_: n[4].weight.data.mul_(2)), "`weight` of its Conv2d is different"),
        (then(lambda n, p, m: m.logical_not_()), "changes the masks"),
        (then(lambda n, p, m: p.sub_(p.mean())), "changes the images"),
        (then(lambda *_: torch.manual_seed(0)), "sets torch's"),
        (
            then(lambda n, *_: n.train(not n.training)),
            "is in eval mode afterwards. A network that comes in eval mode is in training",
        ),
        (only_the_flag, "its layers stay in eval mode. `network.train(mode)` sets them too."),
        (only_the_norms, "The Dropout ran in training mode."),
        (without_channel_axis, "the masks have lost the channel axis"),
    ],
)
def test_what_a_validation_leaves_behind_is_named(validate, says):
    reply = exercises.validation_iou.check(validate)
    assert reply.outcome is Outcome.NOT_YET
    assert says in reply.text


def test_a_right_validation_leaves_nothing_behind():
    for training, records in ((True, True), (False, True), (True, False)):
        run = run_validation(score, odd_task(), training=training, records=records)
        assert run.side_effects == {}
        assert set(run.modes.values()) == {training}
        assert not run.ran_in_training


def test_one_sentence_for_a_mode_turned_round():
    reply = exercises.validation_iou.check(then(lambda n, *_: n.train(not n.training)))
    assert "you end in training mode" not in reply.text


@pytest.mark.parametrize(
    ("cut", "mean", "says"),
    [
        (
            lambda x: x > 0.5,
            False,
            "where the prediction is `logits > 0.5`, of the network in eval",
        ),
        (lambda x: x < 0, False, "where the prediction is `logits < 0`"),
        (lambda x: x > 0, True, "the mean over the images of the pixels in both"),
    ],
)
def test_a_wrong_score_is_told_its_formula(cut, mean, says):
    def validate(network, images, masks):
        with torch.no_grad():
            prediction = cut(copy.deepcopy(network).eval()(images))
        axes = (1, 2, 3) if mean else (0, 1, 2, 3)
        return float(((prediction & masks).sum(axes) / (prediction | masks).sum(axes)).mean())

    assert says in exercises.validation_iou.check(validate).text


def test_an_error_is_told_with_what_the_function_was_given():
    reply = exercises.validation_iou.check(lambda network, images, masks: network(images[0]))
    assert "images (3, 1, 8, 10) and boolean masks (3, 1, 8, 10)" in reply.text
    assert "image[None] makes a batch of one" in reply.text
