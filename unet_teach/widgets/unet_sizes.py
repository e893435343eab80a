"""The sizes of a U-Net's feature maps, where they do not match, and what repairs do. No torch.

Height and width do not influence each other in a U-Net, so each is followed alone and the two
results are combined. The network is `unet_teach.networks.UNet` with skip="cat" and without its
repair. `js/ledger.js` computes the same in the browser; tests compare the two with torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from unet_teach.arithmetic import (
    conv_output_size,
    conv_transpose_output_size,
    output_padding_for,
    pool_output_size,
    receptive_field,
)
from unet_teach.arithmetic.sizes import size_or_refusal
from unet_teach.widgets.layers import LAYERS

BOUNDS: dict[str, tuple[int, int]] = LAYERS["SizeLedger"]["bounds"]
CHOICES: dict[str, list[Any]] = LAYERS["SizeLedger"]["choices"]  # the first of each is the default
DEFAULTS: dict[str, int] = LAYERS["SizeLedger"]["defaults"]
LARGEST_SIDE = BOUNDS["height"][1]
TRANSPOSED: dict[str, tuple[dict[str, int], int]] = {  # the layer, and its output_padding
    "conv_transpose_2": ({"kernel_size": 2, "stride": 2, "padding": 0}, 0),
    "conv_transpose_3": ({"kernel_size": 3, "stride": 2, "padding": 1}, 1),
    "conv_transpose_4": ({"kernel_size": 4, "stride": 2, "padding": 1}, 0),
}
_TAPS = {f"conv_transpose_{k}": k * k for k in (2, 3, 4)} | {"bilinear": 1, "nearest": 1}
_SIDES = ("height", "width")
_TAKEN = 4  # pixels that two 3×3 convolutions without padding take off a side


@dataclass(frozen=True)
class Options:
    """What a ledger is asked about: an image's size in pixels, and `UNet`'s options."""

    height: int = DEFAULTS["height"]
    width: int = DEFAULTS["width"]
    depth: int = DEFAULTS["depth"]
    base_channels: int = DEFAULTS["base_channels"]
    in_channels: int = DEFAULTS["in_channels"]
    out_channels: int = DEFAULTS["out_channels"]
    padding: str = CHOICES["padding"][0]
    down: str = CHOICES["down"][0]
    up: str = CHOICES["up"][0]
    norm: bool = CHOICES["norm"][0]
    repair: str = CHOICES["repair"][0]

    @property
    def channels(self) -> list[int]:
        """Channels of each level, level 0 first."""
        return [self.base_channels * 2**level for level in range(self.depth + 1)]


class _Walk:
    """The sizes along one side, by level; `None` where nothing arrives."""

    def __init__(self, depth: int) -> None:
        self.enters: list[int | None] = [None] * (depth + 1)
        self.encoder, self.arrives = self.enters.copy(), self.enters.copy()
        self.joined, self.decoder = self.enters.copy(), self.enters.copy()
        self.output_padding = self.enters.copy()
        self.left_out = False  # whether a halving without padding dropped a row
        self.vanishes_down: int | None = None
        self.mismatch_at: int | None = None
        self.vanishes_up: int | None = None

    @property
    def output_size(self) -> int:
        """The output's size, 0 if there is none."""
        return self.decoder[0] or 0


def _walk(size: int, o: Options, repair: str | None = None) -> _Walk:
    """Follow one side. Results are cached, so that a moved slider recomputes few of them."""
    return _walked(size, o.depth, o.padding, o.down, o.up, o.repair if repair is None else repair)


@lru_cache(maxsize=8192)
def _walked(size: int, depth: int, padding: str, down: str, up: str, repair: str) -> _Walk:
    walk, taken = _Walk(depth), 0 if padding == "same" else _TAKEN
    for level in range(depth + 1):
        if level:
            walk.left_out |= (size if down == "max_pool" else size - 3) % 2 == 1
            size = _halved(size, padding, down)
        walk.enters[level] = size
        walk.encoder[level] = size = max(0, size - taken)
        if size < 1:
            walk.vanishes_down = level
            return walk
    for level in reversed(range(depth)):
        skip = walk.encoder[level] or 0
        target = skip if padding == "same" and repair == "output_padding" else None
        size, walk.output_padding[level] = _doubled(size, up, target)
        walk.arrives[level] = size
        if padding == "same" and size != skip:
            repaired = {"crop": min(size, skip), "pad": max(size, skip), "resize": skip}
            if repair not in repaired:
                walk.mismatch_at = level
                return walk
            size = repaired[repair]
        walk.joined[level] = size
        walk.decoder[level] = size = max(0, size - taken)
        if size < 1:
            walk.vanishes_up = level
            return walk
    return walk


def _halved(size: int, padding: str, down: str) -> int:
    """Return the size after a halving; 0 if the window does not fit once."""
    if down == "max_pool":
        return size_or_refusal(pool_output_size, size, 2)[0] or 0
    around = 1 if padding == "same" else 0
    return size_or_refusal(conv_output_size, size, 3, stride=2, padding=around)[0] or 0


def _doubled(size: int, up: str, target: int | None) -> tuple[int, int | None]:
    """Return the size after up-sampling and the output padding, chosen for `target` if possible."""
    if up not in TRANSPOSED:
        return 2 * size, None
    layer, output_padding = TRANSPOSED[up]
    if target is not None:
        with suppress(ValueError):  # out of reach: the layer stays as it is
            output_padding = output_padding_for(size, target, **layer)
    return conv_transpose_output_size(size, output_padding=output_padding, **layer), output_padding


def _works(size: int, o: Options) -> bool:
    """Return whether a side needs no repair and, without padding, no halving drops a row."""
    walk = _walk(size, o, repair="none")
    return walk.output_size > 0 and not (o.padding == "valid" and walk.left_out)


def _larger(size: int, o: Options, least_output: int = 0) -> int:
    """Return the smallest size, from `size` on, that works and gives at least that output."""
    while not _works(size, o) or _walk(size, o, repair="none").output_size < least_output:
        size += 1
    return size


def nearest(size: int, o: Options) -> tuple[int | None, int | None]:
    """Return the nearest sizes of a side that need no repair: at most, and at least, `size`.

    Without padding every skip is cropped; then they are the sizes at which no halving drops a row,
    as the paper of 2015 advises. `None` where there is none from 1 to 1024.
    """
    smaller = next((s for s in range(size, 0, -1) if _works(s, o)), None)
    larger = _larger(size, o)
    return smaller, larger if larger <= LARGEST_SIDE else None


def _padded_size(size: int, o: Options) -> int:
    """Return the size of a side that goes into the network, with the padding of the input."""
    if o.repair != "pad_input":
        return size
    return _larger(size, o, least_output=size if o.padding == "valid" else 0)


def _parameters(o: Options) -> list[int]:
    """Return the number of parameters of each level, with the layer that leads to it."""
    channels, beside = o.channels, 2 if o.norm else 1

    def convs(before: int, after: int) -> int:
        return 9 * before * after + beside * after + 9 * after * after + beside * after

    counts = [convs(o.in_channels, channels[0])]
    for above, below in pairwise(channels):
        pool = o.down == "max_pool"
        counts.append(convs(above if pool else below, below))
        counts[-1] += 0 if pool else 9 * above * below + below
        counts[-2] += _TAPS[o.up] * below * above + above + convs(2 * above, above)
    counts[0] += channels[0] * o.out_channels + o.out_channels
    return counts


def _receptive_field(o: Options) -> int:
    level = [(3,), (3,)]
    halving = [(2, 2)] if o.down == "max_pool" else [(3, 2)]
    return int(receptive_field((level + halving) * o.depth + level).size)


def ledger(o: Options) -> dict[str, Any]:
    """Work out every size, the first place where it fails, the parameters and the nearest sizes.

    Returns:
        fits: whether there is an output, with the chosen repair.
        mismatch_at: the level where the sizes of skip and up-sampled map differ, else `None`.
        vanishes_at: the level where less than one row or column is left, else `None`.
        vanishes_on: "down" in the encoder or "up" in the decoder, else `None`.
        wrong: which of "height" and "width" has no output, with the chosen repair.
        input_size: [H, W] that goes into the network.
        output_size: [H, W] of the output, cropped to the image; `None` if there is none.
        levels: for each level its `channels`, `parameters` and sizes [H, W], `None` where not
            reached: `enters` and leaves the `encoder`, `arrives` from below, `joined` with the
            skip, leaves the `decoder`; and the `output_padding` used.
        parameters: their total.
        receptive_field: input pixels along each side that affect one cell of the bottleneck.
        nearest: for "height" and "width" the sizes that `nearest` finds.
    """
    input_size = [_padded_size(o.height, o), _padded_size(o.width, o)]
    walks = [_walk(size, o) for size in input_size]
    down = _first([walk.vanishes_down for walk in walks], min)
    mismatch_at = None if down is not None else _first([walk.mismatch_at for walk in walks], max)
    up = None if down is not None else _first([walk.vanishes_up for walk in walks], max)
    stop = mismatch_at if mismatch_at is not None else up

    def sizes(name: str, level: int) -> list[int] | None:
        both = [getattr(walk, name)[level] for walk in walks]
        return None if None in both else both

    names = ("enters", "encoder", "arrives", "joined", "decoder", "output_padding")
    counts = _parameters(o)
    levels: list[dict[str, Any]] = [
        {"level": level, "channels": channels, "parameters": counts[level]}
        | {name: sizes(name, level) for name in names}
        for level, channels in enumerate(o.channels)
    ]
    fits = down is None and stop is None
    out = levels[0]["decoder"] if fits else None
    return {
        "fits": fits,
        "mismatch_at": mismatch_at,
        "vanishes_at": down if down is not None else up,
        "vanishes_on": "down" if down is not None else "up" if up is not None else None,
        "wrong": [side for side, walk in zip(_SIDES, walks, strict=True) if not walk.output_size],
        "input_size": input_size,
        "output_size": [min(out[0], o.height), min(out[1], o.width)] if out else None,
        "levels": levels,
        "parameters": sum(counts),
        "receptive_field": _receptive_field(o),
        "nearest": {"height": nearest(o.height, o), "width": nearest(o.width, o)},
    }


def _first(levels: list[int | None], choose: Any) -> int | None:
    reached = [level for level in levels if level is not None]
    return choose(reached) if reached else None


def costs(o: Options) -> Iterator[dict[str, Any]]:
    """Yield what each repair does to these sizes, in the order of the option `repair`.

    Yields:
        repair: its name.
        fits, input_size, output_size: as `ledger` gives them with this repair.
        changed: the levels at which it does something, as `ledger` gives them, the lowest first.
        zeros: cells of a channel that are padded with 0 at each of them.
        stretch: by how much at most height or width is stretched or shrunk, in percent.
        more: pixels that go in beyond those of the image, in percent.
    """
    for repair in CHOICES["repair"]:
        result = ledger(replace(o, repair=repair))
        changed = [level for level in reversed(result["levels"]) if _is_changed(level, o)]
        yield {
            "repair": repair,
            "fits": result["fits"],
            "input_size": result["input_size"],
            "output_size": result["output_size"],
            "changed": changed,
            "zeros": [_zeros(level) if repair == "pad" else 0 for level in changed],
            "stretch": 100 * max([0.0, *map(_stretch, changed)]),
            "more": (_area(result["input_size"]) / (o.height * o.width) - 1) * 100,
        }


def _is_changed(level: dict[str, Any], o: Options) -> bool:
    if o.padding == "valid" or level["joined"] is None:
        return False
    usual = [TRANSPOSED[o.up][1]] * 2 if o.up in TRANSPOSED else None
    same_sizes = level["encoder"] == level["arrives"] == level["joined"]
    return not same_sizes or level["output_padding"] != usual


def _zeros(level: dict[str, Any]) -> int:
    return 2 * _area(level["joined"]) - _area(level["encoder"]) - _area(level["arrives"])


def _stretch(level: dict[str, Any]) -> float:
    pairs = zip(level["joined"], level["arrives"], strict=True)
    return float(max(abs(after / before - 1) for after, before in pairs))


def _area(size: list[int]) -> int:
    return size[0] * size[1]
