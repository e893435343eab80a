"""Says in sentences how a network meets the four criteria, or why it does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from unet_teach.inspection.criteria import UShape
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, Graph, SkipConnection
from unet_teach.inspection.recording import Value
from unet_teach.inspection.wording import Wording, op_name
from unet_teach.shared.sizes_as_text import sizes_as_text

NAMES = ("Down-sampling", "Up-sampling", "Skip connections", "Symmetric architecture")
ABOUT = 0.5  # of a level: how far unpadded borders may move a ratio of sizes from its resolution
JOIN_PHRASES = {  # by the operation, or else by its kind
    "mean": "averaged with",
    "sub": "subtracted from",
    "cat": "concatenated with",
    "add": "added to",
    "gate": "multiplied with",
    "attention": "attended to by",
}


@dataclass(frozen=True)
class Criterion:
    """One of the four criteria.

    Attributes:
        name: as the course calls it.
        met: whether the network meets it.
        evidence: sentences that name layers, operations and sizes.
        facts: the same as data: steps, levels, joins and what is missing.
    """

    name: str
    met: bool
    evidence: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Criteria:
    """The four criteria, in the order of the course."""

    downsampling: Criterion
    upsampling: Criterion
    skip_connections: Criterion
    symmetry: Criterion

    def __iter__(self) -> Iterator[Criterion]:
        return iter((self.downsampling, self.upsampling, self.skip_connections, self.symmetry))


def criteria_without_evidence() -> Criteria:
    """Return the criteria of a network that could not be judged."""
    return Criteria(*(Criterion(name, False, ()) for name in NAMES))


def criteria_with_evidence(graph: Graph, shape: UShape) -> Criteria:
    """Return the criteria of a network, with sentences on what was found."""
    wording = Wording(graph)
    return Criteria(
        _downsampling(wording, shape),
        _upsampling(wording, shape),
        _skip_connections(wording, shape),
        _symmetry(wording, shape),
    )


def _steps(wording: Wording, path: Sequence[Value]) -> list[dict[str, str]]:
    """Return the places of a path where the level changes: from which size to which, by what."""
    levels, steps = wording.graph.levels, list[dict[str, str]]()
    last = None
    for before, after in pairwise(path):
        if abs(levels[after] - levels[before]) <= SAME_LEVEL or levels[after] >= GLOBAL:
            continue
        is_one_index = last is before and _is_slice(before) and _is_slice(after)
        if is_one_index:  # x[:, ::2, ::2] is a slice for each axis
            steps[-1]["to"] = wording.size(after)
        else:
            made = wording.step(after)
            steps.append({"from": wording.size(before), "to": wording.size(after), "by": made})
        last = after
    return steps


def _is_slice(value: Value) -> bool:
    return value.op is not None and value.op.name == "slice"


def _step_sentences(steps: list[dict[str, str]]) -> list[str]:
    return [f"{step['from']} → {step['to']} by {step['by']}." for step in steps]


def _has_maps(wording: Wording) -> bool:
    return any(len(value.shape) > 2 for value in wording.graph.values)


def _rounded(levels: Sequence[float]) -> list[float]:
    rounded = (round(level, 2) for level in levels)
    return [int(level) if level.is_integer() else level for level in rounded]


def _downsampling(wording: Wording, shape: UShape) -> Criterion:
    steps = _steps(wording, shape.path.down)
    sentences = _step_sentences(steps) or [
        "No feature map is smaller than the input."
        if _has_maps(wording)
        else "Nothing here has a height and a width: every tensor has at most two dimensions."
    ]
    number, count = shape.part
    if count > 1:
        sentences.append(
            f"{count} parts in a row go down and up; what is said here is about number {number}."
        )
    facts = {"steps": steps, "levels": _rounded(shape.encoder_levels)}
    return Criterion(NAMES[0], shape.goes_down, tuple(sentences), facts)


def _upsampling(wording: Wording, shape: UShape) -> Criterion:
    path = (*shape.path.down[-1:], *shape.path.up)
    steps = _steps(wording, path)
    sentences = _step_sentences(steps)
    if shape.goes_up and not shape.goes_down:
        sentences.append("There is no down-sampling before it.")
    elif not shape.goes_down:
        sentences = ["No feature map becomes larger."]
    elif not sentences:
        is_map = bool(path) and shape.output_level < GLOBAL
        end = (
            f"it ends at {wording.size(path[-1])}"
            if is_map
            else "it ends in numbers without height and width"
        )
        sentences = [f"No feature map becomes larger again before the output: {end}."]
    facts = {"steps": steps, "levels": _rounded(shape.decoder_levels)}
    return Criterion(NAMES[1], shape.goes_up, tuple(sentences), facts)


def _skip_connections(wording: Wording, shape: UShape) -> Criterion:
    sentences = [_skip_sentence(wording, skip) for skip in shape.skips]
    missing = wording.level_sizes(shape.levels_without_skip, shape.path.down)
    if missing and shape.goes_down:
        sentences.append(f"There is no skip connection at {missing}.")
    if not shape.goes_down:
        sentences.append("Without down-sampling, there is nothing to skip.")
    elif shape.is_side_branch and shape.goes_up:
        bottom = wording.level_sizes([shape.bottom], shape.path.down)
        sentences.append(
            "The part that down-samples is a side branch: pooling or resizing alone takes it down "
            f"to {bottom}, so what goes beside it is no skip connection."
        )
    elif not sentences:
        sentences.append("No skip connection leads from the encoder to the decoder.")
    elif not shape.has_skips and shape.skips:
        sentences.append("At least half of the levels need a skip connection.")
    facts = {
        "joins": [
            {
                "at": wording.size(skip.skip),
                "level": round(skip.level, 2),
                "kind": skip.kind,
                "from": wording.maker(skip.skip),
                "meets": wording.maker(skip.from_below),
            }
            for skip in shape.skips
        ],
        "missing": _rounded(shape.levels_without_skip),
    }
    return Criterion(NAMES[2], shape.has_skips, tuple(sentences), facts)


def _skip_sentence(wording: Wording, skip: SkipConnection) -> str:
    name = op_name(skip.by)
    phrase = JOIN_PHRASES.get(name) or JOIN_PHRASES.get(skip.kind, f"combined by {name} with")
    maps = [_output_of(wording, value) for value in (skip.skip, skip.from_below)]
    if name == "sub" and skip.op.inputs[0] is skip.skip:
        maps.reverse()
    return f"At {wording.size(skip.op.outputs[0])}, {maps[0]} is {phrase} {maps[1]}."


def _output_of(wording: Wording, value: Value) -> str:
    maker = wording.maker(value)
    return maker if maker.startswith("the ") else f"the output of {maker}"


def _other_size(wording: Wording, output: Value) -> Iterator[str]:
    """Say that the output has another size than the input, which a loss against a mask notices."""
    sides, given = wording.size(output), sizes_as_text(wording.graph.axes.values())
    made, axes = wording.sizes(output), wording.graph.axes
    pixels = math.prod(made.get(axis, 1) for axis in axes) - math.prod(axes.values())
    if pixels and given and output in wording.graph.recording.outputs:
        word, what = ("smaller", "mask") if pixels < 0 else ("larger", "output")
        yield (
            f"The output is as fine as the input, but it is {word}: {sides} for an input of "
            f"{given}. Crop the {what} to match before you compare the two, or pad so that the "
            "sizes stay equal."
        )


def _symmetry(wording: Wording, shape: UShape) -> Criterion:
    image, path = wording.graph.image, (*shape.path.down, *shape.path.up)
    facts: dict[str, Any] = {"unvisited": _rounded(shape.unvisited_levels)}
    sentences: list[str] = []
    if image is not None and path:
        facts |= {"input": list(image.shape), "output": list(path[-1].shape)}
    if shape.output_level == math.inf:
        sentences.append("The output is not a feature map: it has no height and width.")
    elif path and abs(shape.output_level) >= SAME_LEVEL:
        times = 2 ** abs(shape.output_level)
        word = "lower" if shape.output_level > 0 else "higher"
        sizes, axes = wording.sizes(path[-1]), wording.graph.axes
        counted = [axes[axis] / (sizes.get(axis, 1) or 1) for axis in axes]  # a crop may leave 0
        is_output = path[-1] in wording.graph.recording.outputs
        if is_output and any(abs(math.log2(n) - shape.output_level) > ABOUT for n in counted):
            given = f"an input of {sizes_as_text(axes.values())}"
            sentences.append(f"The output is {wording.size(path[-1])} for {given}.")
        else:
            sentences.append(
                f"The output's resolution is {times:.3g} times {word} than the input's."
            )
    elif path and _has_maps(wording):
        same = ["The output has the same resolution as the input."]
        sentences += list(_other_size(wording, path[-1])) or same
    if not (shape.goes_down and shape.goes_up):
        sentences.append("Without an encoder and a decoder, there is nothing to compare.")
    elif shape.bare_upsampling_factor:
        sentences.append(
            f"The last up-sampling is bare: ×{shape.bare_upsampling_factor} at once, with no "
            "kernel larger than 1×1 after it, so nothing there mirrors the encoder."
        )
    elif shape.unvisited_levels:
        end = min(shape.decoder_levels) - SAME_LEVEL
        beyond = [level for level in shape.unvisited_levels if level < end]
        between = [level for level in shape.unvisited_levels if level >= end]
        for verb, levels in (("jumps over", between), ("does not reach", beyond)):
            if levels:
                named = wording.level_sizes(levels, shape.path.down)
                sentences.append(f"The decoder {verb} {named}.")
    else:
        # The last sentence of a criterion that is not met says what is missing. Here that is the
        # size of the output, so what the decoder passes goes first.
        passed = wording.level_sizes(shape.decoder_levels, shape.path.up)
        place = len(sentences) if shape.is_symmetric else 0
        sentences.insert(place, f"The decoder passes through {passed}.")
    return Criterion(NAMES[3], shape.is_symmetric, tuple(sentences), facts)
