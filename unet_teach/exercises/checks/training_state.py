"""Runs a validation function on a small network and records what it did to the network."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Validation = Callable[[nn.Module, Tensor, Tensor], Any]  # of a network, images and masks


@dataclass(frozen=True)
class ValidationTask:
    """A small network with a BatchNorm, images (N, 1, H, W) and boolean masks of the same shape."""

    network: nn.Module
    images: Tensor
    masks: Tensor

    def logits(self, *, training: bool) -> Tensor:
        """Return the network's logits (N, 1, H, W) in training or in eval mode."""
        network = copy.deepcopy(self.network).train(training)
        with torch.no_grad():
            logits: Tensor = network(self.images)
        return logits


def random_task(generator: torch.Generator | None = None) -> ValidationTask:
    """Make a task whose BatchNorm's running statistics differ from those of its images."""
    conv, norm, head = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1)
    network = nn.Sequential(conv, norm, nn.ReLU(), head)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert head.bias is not None
    with torch.no_grad():
        for weight in (*conv.parameters(), *head.parameters(), norm.running_mean):
            weight.copy_(torch.randn(weight.shape, generator=generator))
        norm.running_var.copy_(0.5 + torch.rand(4, generator=generator))
        images = torch.randn(3, 1, 8, 10, generator=generator)
        # Half of the logits are above 0, and none is so close to 0 that rounding changes its sign.
        logits = network.eval()(images).flatten().sort().values[80:160]
        gap = logits.diff().argmax()
        head.bias -= logits[gap : gap + 2].mean()
    # The shares of foreground differ, so that the mean of the images' IoUs is not the IoU of all.
    share = torch.tensor([0.1, 0.5, 0.8]).reshape(3, 1, 1, 1)
    return ValidationTask(network, images, torch.rand(3, 1, 8, 10, generator=generator) < share)


def known_task() -> ValidationTask:
    """Make the task that is the same each time, on which known mistakes are recognised."""
    return random_task(torch.Generator().manual_seed(7))


@dataclass(frozen=True)
class ValidationRun:
    """What one call of a validation function returned and did to the network.

    Attributes:
        value: what it returned.
        modes: the values of `training` among all parts of the network afterwards.
        changed: names of the weights and statistics that changed.
        frozen: whether a weight no longer requires a gradient.
        recorded: whether autograd recorded a forward pass of the network or the returned value.
    """

    value: Any
    modes: set[bool]
    changed: list[str]
    frozen: bool
    recorded: bool


def run_validation(
    validation: Validation, task: ValidationTask, *, training: bool
) -> ValidationRun:
    """Call a validation function with a copy of the network in training or in eval mode."""
    network = copy.deepcopy(task.network).train(training)
    recorded: list[bool] = []
    network.register_forward_hook(
        lambda module, inputs, output: recorded.append(_requires_grad(output))
    )
    with torch.enable_grad():
        value = validation(network, task.images.clone(), task.masks.clone())
    before, after = task.network.state_dict(), network.state_dict()
    return ValidationRun(
        value,
        {part.training for part in network.modules()},
        [name for name in before if not torch.equal(before[name], after[name])],
        not all(weight.requires_grad for weight in network.parameters()),
        any(recorded) or _requires_grad(value),
    )


def _requires_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad
