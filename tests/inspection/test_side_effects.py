"""An inspection changes nothing that the user can see, whether the network runs or fails."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hard_to_trace import CASES
from odd_networks import Small
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach import inspect_unet
from unet_teach.networks import UNet
from unet_teach.networks.six_networks import six_networks

Subject = Callable[[], tuple[nn.Module, tuple[Any, ...]]]


class ChangesState(Small):
    """Uses random numbers, counts its runs, and changes settings of the process."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.register_buffer("runs", torch.zeros(3))
        self.seen: list[Tensor] = []
        self.count, self.fails = 0, fails

    def forward(self, x: Tensor) -> Any:
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        self.runs += 1
        self.count += 1
        self.seen.append(x)
        with torch.no_grad():
            self.head.weight.mul_(2)
        x.mul_(2)
        if self.fails:
            raise RuntimeError("as planned")
        return super().forward(x + torch.randn(x.shape, dtype=x.dtype))


def hooked() -> tuple[nn.Module, tuple[Any, ...]]:
    model = Small()
    model.kept = kept = []  # type: ignore[assignment]
    model.one.register_forward_hook(lambda m, given, made: kept.append(made))
    model.two.register_forward_pre_hook(lambda m, given: kept.append(given))
    return model, ((1, 3, 32, 32),)


def partly_frozen() -> tuple[nn.Module, tuple[Any, ...]]:
    model = Small()
    model.one.requires_grad_(False).eval()
    model.two[1].eval()
    return model, ((1, 3, 32, 32),)


def odd(name: str) -> Subject:
    def make() -> tuple[nn.Module, tuple[Any, ...]]:
        model, args, _ = CASES[name]()
        return model, args

    return make


SUBJECTS: dict[str, Subject] = {
    **{name: odd(name) for name in CASES},
    **{f"six {x}": lambda x=x: (six_networks()[x], ((1, 1, 64, 64),)) for x in "ABCDEF"},  # type: ignore[misc]
    "changes all": lambda: (ChangesState(), (torch.rand(1, 3, 32, 32),)),
    "changes all and fails": lambda: (ChangesState(fails=True), (torch.rand(1, 3, 32, 32),)),
    "mismatch": lambda: (Small(), (torch.rand(1, 3, 30, 30),)),
    "too few channels": lambda: (Small(), (torch.rand(1, 1, 32, 32),)),
    "double": lambda: (Small(), (torch.rand(1, 3, 32, 32).double(),)),
    "nothing given": lambda: (Small(), ()),
    "hooks": hooked,
    "hooks and fails": lambda: (hooked()[0], ((1, 1, 32, 32),)),
    "partly frozen": partly_frozen,
    "one pixel": lambda: (UNet(depth=1, base_channels=4), ((1, 1, 1, 1),)),
}

FAILING = {
    *("changes all and fails", "mismatch", "too few channels", "double", "nothing given"),
    *("hooks and fails", "one pixel"),
}


def state(model: nn.Module, args: Any) -> dict[str, Any]:
    """Everything that could have changed, as plain data."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return {
        "tensors": {name: None if is_lazy(t) else t.detach().clone() for name, t in tensors},
        "identities": {name: (id(t), t.requires_grad, t.device) for name, t in tensors},
        "versions": {name: t._version for name, t in tensors if not is_lazy(t)},
        "gradients": {name: t.grad for name, t in tensors if not is_lazy(t)},
        "modules": {name: (id(m), type(m), m.training) for name, m in model.named_modules()},
        "attributes": {
            (name, key): len(thing)
            for name, m in model.named_modules()
            for key, thing in vars(m).items()
            if isinstance(thing, list | dict)
        },
        "counts": getattr(model, "count", None),
        "arguments": [a.clone() if isinstance(a, Tensor) else repr(a) for a in args],
        "torch": torch.get_rng_state(),
        "numpy": repr(np.random.get_state()),
        "python": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def same(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor):
        return isinstance(two, Tensor) and torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_changes(name: str, gradients: bool) -> None:
    model, args = SUBJECTS[name]()
    with torch.set_grad_enabled(gradients):
        before = state(model, args)
        report = inspect_unet(model, *args)
        after = state(model, args)
    assert [key for key in before if not same(before[key], after[key])] == []
    assert bool(report.problem) == (name in FAILING)


def test_a_change_would_be_seen() -> None:
    model, args = SUBJECTS["changes all"]()
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    before = state(model, args)
    try:
        model(*args)
        after = state(model, args)
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
    changed = {key for key in before if not same(before[key], after[key])}
    assert changed >= {"tensors", "attributes", "counts", "arguments", "torch", "numpy", "python"}
    assert changed >= {"grad mode", "default dtype", "versions"}
