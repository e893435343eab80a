"""What is known of an attempt to inspect a network that could not be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from unet_teach.inspection.diagnosis.own_code import OwnCode, own_code
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.plain_lists import all_modules
from unet_teach.inspection.recording import Op, Recording, Value
from unet_teach.inspection.wording import Wording, module_name


@dataclass(frozen=True)
class Attempt:
    """Everything that a diagnosis may look at.

    Attributes:
        model: the user's network.
        args: what it was given, with tensors in place of shapes.
        kwargs: the same by name.
        graph: the data flow up to the error, or of the whole run.
    """

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    graph: Graph

    def runs_with_sides(self, sides: dict[int, int]) -> bool:
        """Return whether the network runs when the image has other sizes along these axes."""
        return runs_when(self, sides=sides)

    def working_sides(
        self, sides: Mapping[int, int], multiples: Mapping[int, int]
    ) -> tuple[set[int], list[dict[int, int]]]:
        """Return which sides, by their axes, are no multiples, and the next ones that run."""
        odd = {axis: step for axis, step in multiples.items() if sides[axis] % step}
        below = {axis: sides[axis] // step * step for axis, step in odd.items()}
        above = {axis: below[axis] + step for axis, step in odd.items()}
        tried = [near for near in (below, above) if odd and all(near.values())]
        return set(odd), list(filter(self.runs_with_sides, tried))

    @property
    def recording(self) -> Recording:
        """What was recorded of the run."""
        return self.graph.recording

    @property
    def error(self) -> Exception | None:
        """What stopped the run; `None` if it came to its end."""
        return self.recording.error

    @property
    def message(self) -> str:
        """The text of the error."""
        return str(self.error)

    @cached_property
    def code(self) -> OwnCode:
        """The line of the network's own code that failed."""
        return own_code(self.error)

    @property
    def failed_op(self) -> Op | None:
        """The operation that raised the error, if an operation did."""
        return self.recording.failed_op

    @property
    def stopped_in(self) -> str:
        """The innermost module that was running, as its user knows it."""
        return module_name(self.recording.last_module)

    @cached_property
    def layers(self) -> dict[str, nn.Module]:
        """The modules of the network by their paths, each once."""
        return dict(self.model.named_modules())

    @property
    def module(self) -> nn.Module | None:
        """The innermost module that was running, if the network still has it."""
        return dict(all_modules(self.model)).get(self.recording.last_module)

    @property
    def is_own_code(self) -> bool:
        """Whether the code of the user's that ran last is no layer of torch."""
        return not type(self.module).__module__.startswith("torch.nn")

    @cached_property
    def wording(self) -> Wording:
        """Puts layers and sizes of this run into words."""
        return Wording(self.graph)

    @cached_property
    def unused_maps(self) -> list[Value]:
        """The maps that operations have made and nothing has used so far, in their order."""
        run = self.recording
        last = (run.failed_op,) if run.failed_op else ()
        used = {value for op in (*run.ops, *last) for value in op.inputs}
        made = (op.outputs[0] for op in run.ops if op.outputs and op.name != "write")
        is_map = (v for v in made if len(v.shape) > 2 and v.depends_on_input and v.is_floating)
        return [value for value in is_map if value not in used]
