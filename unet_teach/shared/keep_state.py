"""Runs somebody else's code without letting it change the process for everybody."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

# How each setting is read and set. One is set only if it changed: setting deterministic algorithms
# alone imports 50 MB of torch.
SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.get_default_device, torch.set_default_device),
    (
        lambda: torch.backends.cudnn.benchmark,
        lambda on: setattr(torch.backends.cudnn, "benchmark", on),
    ),
    (np.geterr, lambda how: np.seterr(**how)),
    (os.getcwd, os.chdir),
    (sys.getrecursionlimit, sys.setrecursionlimit),
)


@contextlib.contextmanager
def keep_state() -> Iterator[None]:
    """Restore what code can change for the whole process.

    These are the states of the random generators of Python, NumPy and torch, torch's settings, the
    environment variables, the working folder, the recursion limit, and the warning filters.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    torch_state, environment = torch.get_rng_state(), dict(os.environ)
    before = [read() for read, _ in SETTINGS]
    try:
        with warnings.catch_warnings():
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        torch.set_rng_state(torch_state)
        for (read, write), setting in zip(SETTINGS, before, strict=True):
            if read() != setting:
                write(setting)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
