"""Records an LSTM, GRU or RNN as one operation.

Torch divides such a layer into a dozen operations for each step of the sequence, which would take
fifty times as long and say nothing more about the shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from unet_teach.inspection.meta_cache import check_dtypes

RECURRENT = {
    f"{kind}{cell}": getattr(torch.ops.aten, f"{kind}{cell}")
    for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")
    for cell in ("", "_cell")
}


def has_recurrent_layers(model: nn.Module) -> bool:
    """Return whether a network has an LSTM, GRU or RNN, or a cell of one."""
    return any(isinstance(module, nn.RNNBase | nn.RNNCellBase) for module in model.modules())


class RecurrentInOneStep(TorchFunctionMode):
    """Runs recurrent layers undivided, on meta by their shapes only, and has them recorded.

    Args:
        record: takes an operation, its arguments by position and by name, all of them in a row,
            and what it made.
    """

    def __init__(self, record: Callable[..., None]) -> None:
        super().__init__()
        self._record = record

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Replace a recurrent layer or cell; run everything else as it is."""
        name = getattr(func, "__name__", "")
        if name not in RECURRENT or kwargs or len(args) < 6:
            return func(*args, **(kwargs or {}))
        is_cell, is_packed = name.endswith("_cell"), isinstance(args[3], list | tuple)
        # A packed sequence has the sizes of its steps as second argument.
        given, state, weights = args[0], *(args[2:4] if is_packed else args[1:3])
        weights = args[2:] if is_cell else weights
        states = [state] if isinstance(state, Tensor) else list(state)
        flat = [given, *states, *weights]
        overloads = RECURRENT[name]
        op = overloads.default if is_cell else overloads.data if is_packed else overloads.input
        if not given.is_meta or (is_cell and given.shape[-1] != weights[0].shape[-1]):
            with _disable_current_modes():
                made = func(*args)
        else:
            check_dtypes([given, *weights], allows_half=False)
            made = [torch.empty_like(each) for each in states]
            if not is_cell:
                features = states[0].shape[-1] * (2 if args[8 if is_packed else 7] else 1)
                made.insert(0, given.new_empty((*given.shape[:-1], features)))
            made = tuple(made) if len(made) > 1 else made[0]
        self._record(op, args, {}, flat, made)
        return made
