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
from unet_teach.inspection.wording import Wording
from unet_teach.shared.sizes_as_text import sizes_as_text

NAMES = ("Down-sampling", "Up-sampling", "Skip connections", "Symmetric architecture")
JOIN_PHRASES = {
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
    levels = wording.graph.levels
    return [
        {
            "from": wording.size(before),
            "to": wording.size(after),
            "by": wording.step(after),
        }
        for before, after in pairwise(path)
        if abs(levels[after] - levels[before]) > SAME_LEVEL and levels[after] < GLOBAL
    ]


def _step_sentences(steps: list[dict[str, str]]) -> list[str]:
    return [f"{step['from']} → {step['to']} by {step['by']}." for step in steps]


def _rounded(levels: Sequence[float]) -> list[float]:
    rounded = (round(level, 2) for level in levels)
    return [int(level) if level.is_integer() else level for level in rounded]


def _downsampling(wording: Wording, shape: UShape) -> Criterion:
    steps = _steps(wording, shape.path.down)
    sentences = _step_sentences(steps) or ["No map on the way is coarser than the input."]
    facts = {"steps": steps, "levels": _rounded(shape.encoder_levels)}
    return Criterion(NAMES[0], shape.goes_down, tuple(sentences), facts)


def _upsampling(wording: Wording, shape: UShape) -> Criterion:
    path = (*shape.path.down[-1:], *shape.path.up)
    steps = _steps(wording, path)
    sentences = _step_sentences(steps)
    if shape.goes_up and not shape.goes_down:
        sentences.append("It has not gone down before.")
    elif not shape.goes_down:
        sentences = ["Nothing becomes larger."]
    elif not sentences:
        is_map = bool(path) and shape.output_level < GLOBAL
        end = (
            f"it ends at {wording.size(path[-1])}"
            if is_map
            else "it ends in numbers without places"
        )
        sentences = [f"Nothing on the way to the output becomes larger again: {end}."]
    facts = {"steps": steps, "levels": _rounded(shape.decoder_levels)}
    return Criterion(NAMES[1], shape.goes_up, tuple(sentences), facts)


def _skip_connections(wording: Wording, shape: UShape) -> Criterion:
    sentences = [_skip_sentence(wording, skip) for skip in shape.skips]
    missing = wording.level_sizes(shape.levels_without_skip, shape.path.down)
    if missing and shape.goes_down:
        sentences.append(f"Nothing crosses at {missing}.")
    if not shape.goes_down:
        sentences.append("Without a way down there is nothing to skip.")
    elif shape.is_side_branch and shape.goes_up:
        sentences.append(
            "What goes down is a side branch: nearly all layers work beside it at "
            f"{wording.level_sizes([shape.top], shape.path.down)}, so it is no skip."
        )
    elif not sentences:
        sentences.append("Nothing crosses from the way down to the way up.")
    elif not shape.has_skips and shape.skips:
        sentences.append("Skips at half of the levels or more were wanted.")
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
    return (
        f"At {wording.size(skip.op.outputs[0])}, what {wording.maker(skip.skip)} made is "
        f"{JOIN_PHRASES[skip.kind]} what {wording.maker(skip.from_below)} brings up."
    )


def _other_size(wording: Wording, output: Value) -> Iterator[str]:
    """Say that the output has another size than the input, which a loss against a mask notices."""
    sides, given = wording.size(output), sizes_as_text(wording.graph.axes.values())
    made, axes = wording.sizes(output), wording.graph.axes
    pixels = math.prod(made.get(axis, 1) for axis in axes) - math.prod(axes.values())
    if pixels and given:
        word, what = ("smaller", "mask") if pixels < 0 else ("larger", "output")
        yield (
            f"It is {word}: {sides} for an input of {given}. Crop the {what} to match before "
            "you compare the two, or pad so that the sizes stay equal."
        )


def _symmetry(wording: Wording, shape: UShape) -> Criterion:
    image, path = wording.graph.image, (*shape.path.down, *shape.path.up)
    facts: dict[str, Any] = {"unvisited": _rounded(shape.unvisited_levels)}
    sentences: list[str] = []
    if image is not None and path:
        facts |= {"input": list(image.shape), "output": list(path[-1].shape)}
    if shape.output_level == math.inf:
        sentences.append("What comes out is no map: it has no places in the picture.")
    elif path and abs(shape.output_level) >= SAME_LEVEL:
        times = 2 ** abs(shape.output_level)
        word = "coarser" if shape.output_level > 0 else "finer"
        sentences.append(f"The answer is {times:.3g} times {word} than the picture.")
    elif path:
        sentences.append("The answer is as fine as the picture.")
        sentences += _other_size(wording, path[-1])
    if not (shape.goes_down and shape.goes_up):
        sentences.append("Without a way down and up again there is nothing to mirror.")
    elif shape.bare_rise:
        sentences.append(
            f"The last enlargement is bare: ×{shape.bare_rise} at once, without layers after it, "
            "which mirrors nothing of the way down."
        )
    elif shape.unvisited_levels:
        skipped = wording.level_sizes(shape.unvisited_levels, shape.path.down)
        sentences.append(f"The way up leaps over {skipped}.")
    else:
        # The last sentence of a criterion that is not met says what is missing. Here that is the
        # size of the output, so what the decoder passes goes first.
        passed = wording.level_sizes(shape.decoder_levels, shape.path.up)
        place = len(sentences) if shape.is_symmetric else 0
        sentences.insert(place, f"The way up passes {passed}.")
    return Criterion(NAMES[3], shape.is_symmetric, tuple(sentences), facts)
