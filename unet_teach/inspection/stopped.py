"""What the report says of a network that could not be judged: why, what to do, how far it came."""

from __future__ import annotations

import re

from torch import Tensor
from torch.nn.parameter import is_lazy

from unet_teach.inspection.diagnosis.own_code import (
    NAMES_WITH_DOTS,
    described,
    own_code,
)
from unet_teach.inspection.diagnosis.table import Problem
from unet_teach.inspection.diagram.from_graph import Reached, reached_before_stop
from unet_teach.inspection.diagram.model import MISMATCH, CodeLine, CriterionVerdict, Stop
from unet_teach.inspection.evidence import NAMES, criteria_with_evidence
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.wording import module_name, shape_text

MAX_LINE = 100  # characters of the line of code
MOST_SIDE, MOST_DEPTH, MOST_CHANNELS = 1024, 6, 128  # of the size ledger
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def why_and_next(text: str) -> tuple[str, str]:
    """Part the sentences on a problem into what happened, and what to do."""
    sentences = _sentences(text)
    first = 2 if sentences[0].startswith("In evaluation mode") else 1
    return " ".join(sentences[:first]), " ".join(sentences[first:])


def _sentences(text: str) -> list[str]:
    """Part a text after full stops and question marks outside of brackets and code."""
    ends, depth, in_code = [0], 0, False
    for place, sign in enumerate(text):
        in_code ^= sign == "`"
        depth += (sign in "([{") - (sign in ")]}")
        if sign in ".?!" and depth < 1 and not in_code and text[place + 1 : place + 2] == " ":
            ends.append(place + 2)
    return [text[a:b].strip() for a, b in zip(ends, [*ends[1:], len(text)], strict=True)]


def code_line(error: Exception | None) -> CodeLine | None:
    """Return the line of the user's code that failed, with shapes for its names."""
    code = own_code(error)
    if not code.line:
        return None
    shapes = {
        name: thing.shape
        for name, thing in code.values.items()
        if isinstance(thing, Tensor) and not is_lazy(thing)
    }
    # Height and width are enough where they are what differs.
    maps = [shape for shape in shapes.values() if len(shape) > 2]
    sizes_only = len({shape[2:] for shape in maps}) > 1 and len(set(map(len, maps))) == 1
    marks, marked = [], set()
    for found in NAMES_WITH_DOTS.finditer(code.line[:MAX_LINE]):
        parts = found[0].split(".")
        names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        name = next((name for name in names if name in shapes), "")
        is_assigned = re.match(r"\s*(:[^=]+)?=(?!=)", code.line[found.end() :])
        if name and not is_assigned:
            shape = shapes[name]
            cut = 2 if sizes_only and len(shape) > 2 else 0
            marks.append((found.start(), found.start() + len(name), shape_text(shape[cut:])))
            marked.add(name)
    told = [(name, described(thing)) for name, thing in code.values.items() if name not in marked]
    others = ", ".join(f"{name} is {what}" for name, what in told[:4] if what)
    dots = "…" if len(code.line) > MAX_LINE else ""
    return CodeLine(code.where, code.line[:MAX_LINE] + dots, tuple(marks), others)


def stop_of(graph: Graph, problem: Problem) -> tuple[Stop, Reached | None]:
    """Return why a network could not be judged, and what was reached of it."""
    why, step = why_and_next(problem.sentences)
    reached = reached_before_stop(graph)
    return Stop(
        why=why,
        next_step=step,
        error=problem.said,
        code=code_line(graph.recording.error),
        ledger=_ledger_call(graph, reached) if reached else "",
        after=reached.after if reached else None,
        label=reached.label if reached else "",
    ), reached


def where_it_stops(graph: Graph, reached: Reached | None) -> str:
    """Say in a few words where a run stopped; "" where it did not even begin."""
    if reached and reached.after is None:
        count = sum(skip.present for skip in reached.skips)
        return f"stops at its {ORDINALS[min(count, len(ORDINALS) - 1)]} skip connection"
    recording = graph.recording
    began = recording.ops or recording.failed_op
    return f"stops in {module_name(recording.last_module)}" if began else ""


def _ledger_call(graph: Graph, reached: Reached) -> str:
    """Return the call of the size ledger that shows these sizes; "" where it cannot.

    It shows a U-Net that halves with a remainder and doubles: a mismatch has to be of that kind.
    """
    at_skip = next((skip for skip in reached.skips if skip.kind == MISMATCH), None)
    image, boxes = graph.image, [box for box in reached.boxes if box.reached]
    if at_skip is None or image is None or len(image.shape) != 4:
        return ""
    down = [box for box in boxes if box.arm != "decoder"]
    sides, depth = image.shape[2:], len(down) - 1
    halved = {  # max-pooling drops an odd row, a strided convolution keeps it
        "max_pool": [tuple(side >> level for side in sides) for level in range(depth + 1)],
        "strided_conv": [tuple(-(-side >> level) for side in sides) for level in range(depth + 1)],
    }
    layers = [layer for layer, sizes in halved.items() if sizes == [b.shape[2:] for b in down]]
    doubled = tuple(2 * side for side in boxes[-2].shape[2:])
    is_small = depth <= MOST_DEPTH and max(sides) <= MOST_SIDE
    is_doubled = boxes[-1].shape[2:] == doubled != boxes[at_skip.source].shape[2:]
    if not (layers and is_small and is_doubled):
        return ""
    options = f"height={sides[0]}, width={sides[1]}, depth={depth}"
    if down[0].channels <= MOST_CHANNELS:
        options += f", base_channels={down[0].channels}"
    if layers[0] != "max_pool":
        options += f', down="{layers[0]}"'
    return f"SizeLedger({options})"


def verdicts_so_far(graph: Graph, reached: Reached | None) -> tuple[CriterionVerdict, ...]:
    """Return what can be said of the four criteria when a run has stopped."""
    can_not = "can’t tell: "
    lines: list[tuple[bool | None, str]] = [(None, f"{can_not}it stops before that")] * 4
    if reached is not None:
        found = criteria_with_evidence(graph, reached.shape)
        for index, criterion in enumerate((found.downsampling, found.upsampling)):
            if steps := criterion.facts["steps"]:
                times = {1: "", 2: ", twice"}.get(len(steps), f", {len(steps)} times")
                then = ", then it stopped" if index else ""
                lines[index] = (True, f"{steps[0]['from']} → {steps[-1]['to']}{times}{then}")
        joins = len(found.skip_connections.facts["joins"])
        if joins:
            lines[2] = (None, f"{can_not}{joins} found, then it stopped")
        elif reached.after is None:
            lines[2] = (None, f"{can_not}the first one failed")
    lines[3] = (None, f"{can_not}there is no output")
    return tuple(
        CriterionVerdict(name, met, (), summary)
        for name, (met, summary) in zip(NAMES, lines, strict=True)
    )
