"""Runs a validation on a small network and watches what it does to that network."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Validate = Callable[[nn.Module, Tensor, Tensor], Any]


@dataclass(frozen=True)
class Task:
    """A small network with a BatchNorm, pictures and masks (N, 1, H, W)."""

    network: nn.Module
    pictures: Tensor
    masks: Tensor

    def logits(self, *, training: bool) -> Tensor:
        """The logits in one of the two modes; the network stays as it is."""
        network = copy.deepcopy(self.network).train(training)
        with torch.no_grad():
            made: Tensor = network(self.pictures)
        return made


def new_task(chance: torch.Generator | None = None) -> Task:
    """A task whose running statistics are not those of its pictures, as early in training."""
    conv, norm, head = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1)
    network = nn.Sequential(conv, norm, nn.ReLU(), head)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert head.bias is not None
    with torch.no_grad():
        for weight in (*conv.parameters(), *head.parameters(), norm.running_mean):
            weight.copy_(torch.randn(weight.shape, generator=chance))
        norm.running_var.copy_(0.5 + torch.rand(4, generator=chance))
        pictures = torch.randn(3, 1, 8, 10, generator=chance)
        # Half of the pixels on either side, none so near to 0 that rounding could move it.
        logits = network.eval()(pictures).flatten().sort().values[80:160]
        gap = logits.diff().argmax()
        head.bias -= logits[gap : gap + 2].mean()
    # Unlike shares of foreground, so that a mean of pictures is not the score of all pixels.
    share = torch.tensor([0.1, 0.5, 0.8]).reshape(3, 1, 1, 1)
    return Task(network, pictures, torch.rand(3, 1, 8, 10, generator=chance) < share)


def known_task() -> Task:
    """The same task each time, by which slips are known."""
    return new_task(torch.Generator().manual_seed(7))


@dataclass(frozen=True)
class Seen:
    """What one call did.

    Attributes:
        value: what came out.
        modes: whether any part trained afterwards, and whether all did.
        changed: names of weights and statistics that are not what they were.
        frozen: whether a weight can no longer learn.
        recorded: whether a run of the network was recorded for a backward pass.
    """

    value: Any
    modes: set[bool]
    changed: list[str]
    frozen: bool
    recorded: bool


def watch(answer: Validate, task: Task, *, training: bool) -> Seen:
    """Let an answer validate a copy of the task's network, given in training or in eval mode."""
    network = copy.deepcopy(task.network).train(training)
    recorded: list[bool] = []
    network.register_forward_hook(
        lambda _, __, made: recorded.append(isinstance(made, Tensor) and made.requires_grad)
    )
    with torch.enable_grad():
        value = answer(network, task.pictures.clone(), task.masks.clone())
    before, after = task.network.state_dict(), network.state_dict()
    return Seen(
        value,
        {part.training for part in network.modules()},
        [name for name in before if not torch.equal(before[name], after[name])],
        not all(weight.requires_grad for weight in network.parameters()),
        any(recorded),
    )
