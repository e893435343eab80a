"""Whether each level of a student's decoder gets the map below it, made twice as large."""

import torch

from unet_teach.exercises.checks.forward_trace import Step, Trace
from unet_teach.shared.sizes_as_text import sizes_as_text

# Cells that are followed back, as shares of height and width. None is in the middle, which stays
# where it is when a map is padded on all sides, or flipped.
PROBES = [(1 / 4, 1 / 8), (1 / 8, 3 / 4), (3 / 4, 1 / 4), (3 / 4, 3 / 4), (7 / 8, 1 / 8)]
NEAR = 2  # cells of the smaller map between a cell's place and the one it depends on most

Size = tuple[int, int]


def doubling_problem(trace: Trace, depth: int) -> str | None:
    """Say at which level the map that is joined is not the one below it, made twice as large.

    Sizes alone do not show that: padding or cropping to the skip's size makes any map fit.

    Args:
        trace: of a network that joins a skip at each level, with an image that can be halved.
        depth: how many halvings it has.
    """
    height, width = trace.steps[0].size or (0, 0)
    for level in reversed(range(depth)):
        size, below = (height >> level, width >> level), (height >> level + 1, width >> level + 1)
        maps = [
            source
            for join in trace.used
            if join.across and join.size == size
            for source in join.inputs
            if source.size == size and source.follows_layer and source.min_height < size[0]
        ]
        problems = [_problem(trace, step, size, below) for step in maps]
        if problems and all(problems):  # gates may join other maps as well
            return problems[0]
    return None


def _problem(trace: Trace, up: Step, size: Size, below: Size) -> str | None:
    path = _path(up, below)
    sizes = [below, *(step.size for step in path if step.size)]
    moved = _moved(trace, up, size, below)
    if _doubles(sizes, size, below) and not moved:
        return None
    should = f"On a {sizes_as_text(trace.steps[0].size or ())} image, the map that is joined at {sizes_as_text(size)} should be the {sizes_as_text(below)} map below it, made twice as large."
    changes = [s for s in path if s.inputs and s.inputs[0].size not in (None, s.size)]
    made = " → ".join(
        [sizes_as_text(below), *(f"{sizes_as_text(s.size or ())} ({s.call})" for s in changes)]
    )
    if [s.size for s in changes] != [size]:
        return f"{should} Its sizes are {made}. Padding and cropping may only correct a row or a column: which layer doubles height and width, and with which stride?"
    if changes[0].name == "pad":
        return f"{should} But its sizes are {made}: `pad` adds cells around it, and no layer doubles it."
    return f"{should} {moved} Is it flipped, turned or moved?"


def _path(up: Step, below: Size) -> list[Step]:
    """Return the steps of the decoder from the join below up to this map, in their order."""
    path, step = [], up
    while step.kind != "join" and step.inputs and step.inputs[0].min_height <= below[0]:
        path.append(step)
        step = step.inputs[0]
    return path[::-1]


def _doubles(sizes: list[Size], size: Size, below: Size) -> bool:
    """Whether height and width go from one size to the other once, and stay near either."""
    for low, high, axis in zip(below, size, zip(*sizes, strict=True), strict=True):
        near = [abs(n - high) <= high // 4 and n > (low + high) // 2 for n in axis]
        small = [abs(n - low) <= high // 4 for n in axis]
        if near != sorted(near) or not all(a or b for a, b in zip(near, small, strict=True)):
            return False
    return True


def _moved(trace: Trace, up: Step, size: Size, below: Size) -> str:
    """Say where a cell of a map comes from, if most cells come from the wrong place below."""
    tensor, sources = trace.tensor(up), []
    for step in up.before(lambda step: step.size == below and step is not up):
        if step.size == below and (source := trace.tensor(step)) is not None:
            sources.append((trace.steps.index(step), source))
    if tensor is None or not tensor.requires_grad or not sources:
        return ""
    source, found = max(sources, key=lambda pair: pair[0])[1], []
    for row, column in ((int(size[0] * y), int(size[1] * x)) for y, x in PROBES):
        (slope,) = torch.autograd.grad(
            tensor[0, :, row, column].sum(), source, retain_graph=True, allow_unused=True
        )
        strength = slope[0].abs().sum(dim=0) if slope is not None else torch.zeros(below)
        y, x = divmod(int(strength.argmax()), below[1])
        far = max(abs(y - row / 2), abs(x - column / 2)) > NEAR
        if not strength.any():
            found.append(f"Its cell ({row}, {column}) shows nothing of that map.")
        elif far:
            found.append(
                f"Its cell ({row}, {column}) depends most on cell ({y}, {x}) of that map, which is not near ({row // 2}, {column // 2})."
            )
    return found[0] if len(found) > len(PROBES) / 2 else ""
