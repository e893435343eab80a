"""Why a student's network stops: the inspector's diagnosis, and what its joins were given."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from unet_teach.exercises.sandbox import NOT_STUDENT_CODE, describe
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import CONVOLUTIONS, cat_dim, taken_channels
from unet_teach.inspection.diagnosis.table import FAILED_RUN, first_that_applies
from unet_teach.inspection.graph import Graph, join_kind
from unet_teach.inspection.model_copy import copy_to_run
from unet_teach.inspection.recorder import Recorder
from unet_teach.inspection.recording import Op, Recording, Value
from unet_teach.inspection.wording import Wording, op_name
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.shared.traceback_line import last_line_outside

REPAIRS = ("constant_pad_nd", "slice", "index", "narrow", "reflection_pad2d", "replication_pad2d")


class FailedRun:
    """A run that stopped with an error.

    Args:
        network: the student's network; a copy of it is run again and recorded.
        image: what it was given, (N, C, H, W).
        error: what stopped it.
    """

    def __init__(self, network: nn.Module, image: Tensor, error: Exception) -> None:
        self.network, self.image, self.error = network, image, error

    @cached_property
    def attempt(self) -> Attempt | None:
        """The same run once more, recorded; `None` where the copy does not stop."""
        run = self._record(self.image)
        if run is None or run.error is None:
            return None
        return Attempt(self.network, (self.image,), {}, Graph(run), self._runs_with)

    def _record(self, image: Tensor) -> Recording | None:
        try:
            with torch.no_grad():
                network = copy_to_run(self.network, on_meta=False)
                return Recorder(network, on_meta=False).run((image.clone(),), {})
        except Exception:  # it cannot be copied, or what it does cannot be followed
            return None

    def _runs_with(self, sizes: dict[int, int]) -> bool:
        shape = [sizes.get(axis, size) for axis, size in enumerate(self.image.shape)]
        run = self._record(torch.zeros(shape))
        return run is not None and run.error is None

    def __str__(self) -> str:
        told = self._made_for_other_channels
        if self.attempt is not None and not told:
            told = first_that_applies(FAILED_RUN, self.attempt)[1]
        if not told:
            return f"{describe(self.error)}{self._given_to_operation}"
        line = last_line_outside(self.error, NOT_STUDENT_CODE)
        where = f" in line {line[0]}, `{line[1]}`" if line else ""
        said = str(self.error).strip().partition("\n")[0].rstrip(".")
        return f"{told}{self._given_to_pad} PyTorch stopped{where}: {said}."

    @property
    def _made_for_other_channels(self) -> str:
        """Say that the first layer takes other channels than the image has, if it does."""
        op = self.attempt.failed_op if self.attempt else None
        if (
            self.attempt is None
            or op is None
            or op.name not in CONVOLUTIONS
            or not op.inputs[0].is_input
        ):
            return ""
        channels, weight = op.inputs[0].shape[1], op.arguments["weight"]
        if (taken := taken_channels(op)) == channels or weight.shape[0] == channels:
            return ""
        return (
            f"`{self.attempt.wording.layer(op)}` takes {taken} channels, and the image has "
            f"{channels}. A layer that meets the image takes `in_channels`."
        )

    @property
    def _given_to_operation(self) -> str:
        """List what the operation that failed was given, if it was given several tensors."""
        if self.attempt is None or (op := self.attempt.failed_op) is None or len(op.inputs) < 2:
            return ""
        maker = self.attempt.wording.maker
        given = ", ".join(f"{sizes_as_text(v.shape)} (made by {maker(v)})" for v in op.inputs)
        return f" `{op_name(op)}` was given {given}."

    @property
    def _given_to_pad(self) -> str:
        """Quote what `F.pad` was given for a map that still has the wrong size."""
        op = self.attempt.failed_op if self.attempt else None
        if op is None or join_kind(op) is None:
            return ""
        pads = [v.op for v in op.inputs if v.op is not None and v.op.name == "constant_pad_nd"]
        if not pads:
            return ""
        before, given = pads[0].inputs[0].shape[2:], tuple(pads[0].arguments["pad"])
        return (
            f" `F.pad` had been given {given}, counted (left, right, top, bottom), for a map of "
            f"{sizes_as_text(before)}."
        )

    # ------------------------------------------------------------------------------------ joins
    @cached_property
    def _join(self) -> tuple[Op, Value, Value, Value] | None:
        """The join at which it stopped: operation, what came up, from which map, and the skip."""
        op = self.attempt.failed_op if self.attempt else None
        if op is not None and op.name in CONVOLUTIONS:
            op = op.inputs[0].op
        if op is None or join_kind(op) not in ("cat", "add"):
            return None
        maps = [v for v in dict.fromkeys(op.inputs) if len(v.shape) == 4 and v.depends_on_input]
        for up in maps if len(maps) == 2 else ():
            if enlarged := _enlarged(up):
                skip = next(v for v in maps if v is not up)
                return op, *enlarged, skip
        return None

    @property
    def joins_the_bottleneck(self) -> bool:
        """Whether a map is joined with the smaller one from which it was just up-sampled."""
        return self._join is not None and self._join[2] is self._join[3]

    @property
    def joins_the_finest_first(self) -> bool:
        """Whether the first join, far below the image's size, is given a map of that size."""
        if self._join is None or self.attempt is None:
            return False
        op, up, _, skip = self._join
        earlier = [o for o in self.attempt.recording.ops if _joins_maps(o) and o is not op]
        size = tuple(self.image.shape[2:])
        return not earlier and skip.shape[2:] == size and 2 * up.shape[2] <= size[0]

    @property
    def joins_along_the_batch(self) -> bool:
        """Whether maps were concatenated along dim 0."""
        op = self._join[0] if self._join else None
        return op is not None and op.name == "cat" and cat_dim(op, op.inputs[0]) == 0

    @property
    def joins_without_repair(self) -> bool:
        """Whether two sizes meet, and nothing was padded, cropped or resized to another's size."""
        run = self.attempt.recording if self.attempt else None
        if run is None or self._join is None or self._join[0] is not run.failed_op:
            return False
        _, up, _, skip = self._join
        smaller = all(0 <= s - u <= 1 for s, u in zip(skip.shape[2:], up.shape[2:], strict=True))
        return smaller and not any(op.name in REPAIRS for op in run.ops)


def _joins_maps(op: Op) -> bool:
    maps = {v for v in op.inputs if len(v.shape) == 4 and v.depends_on_input}
    return len(maps) == 2 and join_kind(op) in ("cat", "add")


def _enlarged(value: Value) -> tuple[Value, Value] | None:
    """Follow single sources back to the map that an up-sampling made, and the one it was given."""
    found = None
    while value.op is not None:
        maps = [v for v in value.op.inputs if len(v.shape) == 4 and v.depends_on_input]
        if len(maps) != 1:
            break
        if value.shape[2] > maps[0].shape[2] and value.op.name != "constant_pad_nd":
            found = value, maps[0]  # of several in a row, such as a repair of the size, the first
        elif found:
            break
        value = maps[0]
    return found


def last_join(network: nn.Module, image: Tensor) -> str:
    """Say which two maps a network that runs joins last, "" if it joins none."""
    with torch.no_grad():
        run = Recorder(copy_to_run(network, on_meta=False), on_meta=False).run((image,), {})
    joins = [op for op in run.ops if _joins_maps(op)]
    if run.error or not joins:
        return ""
    wording, maps = Wording(Graph(run)), list(dict.fromkeys(joins[-1].inputs))
    told = (f"{sizes_as_text(v.shape[2:])} (made by {wording.maker(v)})" for v in maps)
    return f" The last two maps that are joined: {' and '.join(told)}."
