"""Records an LSTM, GRU or RNN as one operation.

On meta, torch divides such a layer into a dozen operations for each step of the sequence, which
would take fifty times as long and say nothing more about the shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unet_teach.inspection.meta_cache import check_dtypes

RECURRENT = {  # for sequences of one length; packed ones are recorded step by step
    name: getattr(torch.ops.aten, name).input for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")
}


def has_recurrent_layers(model: nn.Module) -> bool:
    """Return whether a network has an LSTM, GRU or RNN."""
    return any(isinstance(module, nn.RNNBase) for module in model.modules())


class RecurrentInOneStep(TorchFunctionMode):
    """Makes the outputs of recurrent layers from their shapes, and has them recorded.

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
        """Replace a recurrent layer on meta; run everything else as it is."""
        op = RECURRENT.get(getattr(func, "__name__", ""))
        if op is None or kwargs or len(args) != 9 or not isinstance(args[2], list | tuple):
            return func(*args, **(kwargs or {}))
        given, state, weights, *_, both_ways, _ = args
        states = [state] if isinstance(state, Tensor) else list(state)
        if not given.is_meta:
            return func(*args)
        check_dtypes([given, *weights], allows_half=False)
        features = states[0].shape[-1] * (2 if both_ways else 1)
        made = [given.new_empty((*given.shape[:-1], features)), *map(torch.empty_like, states)]
        self._record(op, args, {}, [given, *states, *weights], made)
        return tuple(made)
