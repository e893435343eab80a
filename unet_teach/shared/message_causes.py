"""What the numbers in a message of torch say about its cause: one row for each relation.

`torch_messages.py` says what a message means. Where it names two sizes, how they are related says
more: sizes that differ by one have another cause than sizes of which one is twice the other. A
page reads the same rows, and `js/why/causes.js` has the same relations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "always": lambda a, b: True,
    "equal": lambda a, b: a == b,
    "one apart": lambda a, b: abs(a - b) == 1,
    "twice": lambda a, b: a == 2 * b,
    "half": lambda a, b: 2 * a == b,
    "a level apart": lambda a, b: max(a, b) == 2 * min(a, b),
    "levels apart": lambda a, b: min(a, b) > 0 and max(a, b) in {n * min(a, b) for n in (4, 8, 16, 32)},
    "even apart": lambda a, b: a != b and (a - b) % 2 == 0,
}  # fmt: skip


class Cause(NamedTuple):
    """What probably went wrong if two numbers of a message are related like this.

    Attributes:
        first: the group of a message that holds the first number, or a whole number.
        relation: how the first is related to the second, a key of `RELATIONS`.
        second: the group that holds the second number, or a whole number.
        cause: a sentence, with groups in braces.
        check: what to look at first, with groups in braces.
    """

    first: str | int
    relation: str
    second: str | int
    cause: str
    check: str


SHAPES = "Print both shapes right before this line, and compare height first, then width."
CHANNEL_AXIS = "Feature maps are (N, channels, height, width): stack with `dim=1`, and resize with `size=skip.shape[2:]`."
# By the groups that a message has.
CAUSES: dict[frozenset[str], tuple[Cause, ...]] = {
    frozenset({"first", "other", "axis", "number"}): (
        Cause("axis", "equal", 0, "`dim=0` stacks along the batch, so the channels have to match. A skip is stacked along the channels.", CHANNEL_AXIS),
        Cause("axis", "equal", 2, "`dim=2` puts one feature map below the other, so everything else has to match. A skip is stacked along the channels.", CHANNEL_AXIS),
        Cause("axis", "equal", 3, "`dim=3` puts one feature map beside the other, so everything else has to match. A skip is stacked along the channels.", CHANNEL_AXIS),
    ),
    frozenset({"first", "other"}): (
        Cause("first", "one apart", "other", "{first} and {other} differ by one. Either an odd size was halved in the encoder, or an up-sampling layer lacks its `output_padding`.", f"{SHAPES} Then give the up-sampling layer the size of its skip, `upsample(x, output_size=skip.shape[2:])`, or pad the image to a multiple of 2 to the power of the number of halvings."),
        Cause("first", "a level apart", "other", "One is twice the other, and a factor of two is one level: the skip comes from another level than the feature map that it should meet.", f"{SHAPES} Does every halving have its skip, and are the skips used in reverse order, `skips.pop()` or `reversed(skips)`? Was one saved after the pooling instead of before it?"),
        Cause("first", "levels apart", "other", "They differ by a factor of 4 or more, which is two levels or more: the skips are used in the wrong order, or an up-sampling layer is missing.", f"{SHAPES} The deepest skip is needed first: `reversed(skips)`."),
        Cause("first", "even apart", "other", "They differ by an even number that is not a whole level. Convolutions without padding do that, because each 3×3 takes 2 off. So does an odd size further down, when the levels in between have no skip.", f"{SHAPES} Use `padding=1` with kernel 3, or crop the skip to the size of what comes up."),
        Cause("first", "always", "other", "The two feature maps don't have the same size there.", SHAPES),
    ),
    frozenset({"expected", "given", "weight", "shape"}): (
        Cause("given", "twice", "expected", "It is given exactly twice as many channels as it expects: two feature maps were concatenated, and this layer still expects one.", "Set its `in_channels` to {given}. After a `cat`, the next layer has to expect the channels of both."),
        Cause("given", "half", "expected", "It is given half of the channels that it expects, as if a concatenation had been forgotten.", "Is `x = torch.cat([skip, x], dim=1)` in `forward`, right before this layer? If nothing should be joined here, set `in_channels` to {given}."),
        Cause("last", "equal", "expected", "The last dimension of the input is {expected}, so the channels seem to come last. PyTorch wants them second: (N, channels, height, width).", "`x.permute(0, 3, 1, 2)` moves them, for images that were read with PIL, NumPy or OpenCV."),
        Cause("given", "equal", "out", "It is given {given} channels, as many as it returns: its two channel numbers may have been swapped.", "The first argument is what goes in, the second what comes out."),
        Cause("given", "equal", 1, "The input has a single channel, a grey image for example.", "Make the layer with `in_channels=1`, or repeat the channel: `x.expand(-1, {expected}, -1, -1)`."),
        Cause("given", "equal", 4, "An image with four channels usually has transparency as its fourth.", "Drop it, `x[:, :3]`, or read the image with `.convert('RGB')`."),
        Cause("given", "always", "expected", "The layer before this one returns {given} channels, and this one was made for {expected}.", "Set `in_channels` to {given}, or make the layer before return {expected}."),
    ),
}  # fmt: skip


def likely_cause(groups: Mapping[str, str]) -> Cause | None:
    """Return the first row that fits the groups of a message; `None` if no row does."""
    known = with_parts(groups)
    for needed, rows in CAUSES.items():
        if needed <= set(known):
            for row in rows:
                a, b = (_number(side, known) for side in (row.first, row.second))
                if a is not None and b is not None and RELATIONS[row.relation](a, b):
                    return row._replace(
                        **{n: getattr(row, n).format(**known) for n in ("cause", "check")}
                    )
    return None  # fmt: skip


def with_parts(groups: Mapping[str, str]) -> dict[str, str]:
    """Add to a message's groups what its shapes contain: `last` of `shape`, `out` of `weight`."""
    known = dict(groups)
    if "second" in known:
        known["other"] = known["second"]
    if "shape" in known:
        known["last"] = known["shape"].split(", ")[-1]
    if "weight" in known and "expected" in known:
        first, second = known["weight"].split(", ")[:2]
        known["out"] = first if second == known["expected"] else second
    return known


def _number(side: str | int, known: Mapping[str, Any]) -> int | None:
    if isinstance(side, int):
        return side
    text = str(known.get(side, ""))
    return int(text) if text.isdigit() else None
