"""What SizeLedger and its figure say; `js/ledger_words.js` says the same on the page."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.unet_sizes import LARGEST_SIDE, TRANSPOSED, Options, ledger


def headline(options: Options, result: dict[str, Any]) -> str:
    """Return the result in one line."""
    asked = f"{options.height}×{options.width}, depth {options.depth}"
    if result["mismatch_at"] is not None:
        return f"{asked} ✕ sizes don't match at level {result['mismatch_at']}"
    if result["vanishes_at"] is not None:
        return f"{asked} ✕ nothing is left at level {result['vanishes_at']}"
    return f"{asked} ✓ {sizes_as_text(result['output_size'])} comes out"


def mismatch(level: dict[str, Any]) -> str:
    """Return which of height and width differ at a level, as a sentence."""
    skip, brought = level["encoder"], level["arrives"]
    sides = [side for side in (0, 1) if skip[side] != brought[side]]
    names = "Height and width don't" if len(sides) == 2 else _SIDES[sides[0]] + " doesn't"
    sizes = f"the skip is {sizes_as_text(skip)}, but the decoder brings {sizes_as_text(brought)}"
    return f"{names} match: {sizes}."


def error(result: dict[str, Any]) -> str:
    """Return why there is no output and which sizes have one, as sentences; empty if there is."""
    if result["fits"]:
        return ""
    nearest = {
        side: " or ".join(str(size) for size in dict.fromkeys(sizes) if size)
        for side, sizes in result["nearest"].items()
    }
    fitting = ", ".join(f"{side} {n or f'above {LARGEST_SIDE}'}" for side, n in nearest.items())
    if result["mismatch_at"] is None:
        why = f"Less than one row or column is left at level {result['vanishes_at']}."
    else:
        why = mismatch(result["levels"][result["mismatch_at"]])
    return f"{why} Sizes that fit: {fitting}."


def effect(o: Options, cost: dict[str, Any]) -> str:
    """Return what the repair of a cost does to these sizes, in few words."""
    repair, changed = cost["repair"], cost["changed"]
    if repair == "none":
        return ""
    plain = ledger(replace(o, repair="none"))
    if repair == "pad_input" and cost["more"]:
        return f"{sizes_as_text(cost['input_size'])} goes in, {_percent(cost['more'])} more pixels"
    if plain["fits"]:
        return "skips are cropped anyway" if o.padding == "valid" else "nothing to repair"
    if plain["mismatch_at"] is None:
        return f"no help: nothing is left at level {plain['vanishes_at']}"
    if not cost["fits"]:
        return out_of_reach(o) if o.up in TRANSPOSED else f"{o.up} has no output_padding"
    first, more = changed[0], len(changed) - 1
    further = f" and {more} more level{'s' * (more > 1)}" if more else ""
    before, after = sizes_as_text(first["arrives"]), sizes_as_text(first["joined"])
    if repair == "crop":
        skip = sizes_as_text(first["encoder"])
        name, cropped = ("decoder", before) if skip == after else ("skip", skip)
        outcome = f"→ {after}; output {sizes_as_text(cost['output_size'])}"
        return _shortened(f"{name} {cropped} {outcome}", f"{name} {outcome}", outcome)
    if repair == "pad":
        zeros = cost["zeros"]
        then = f", then {zeros[1]:,} at level {changed[1]['level']}" if more == 1 else further
        return f"{zeros[0]:,} zero{'s' * (zeros[0] > 1)} a channel{then}"
    if repair == "resize":
        way = "stretched" if sum(first["joined"]) > sum(first["arrives"]) else "shrunk"
        outcome = f"→ {after}; {way} by {_percent(cost['stretch'])}"
        return _shortened(f"{before} {outcome}", outcome)
    pairs = [f"({', '.join(map(str, level['output_padding']))})" for level in changed]
    chosen = ", then ".join(pairs) if more < 2 else pairs[0] + further
    # A kernel of 2 reaches no cell beyond the doubled map: what output_padding adds is bias.
    there = "bias only there" if more < 2 else "bias only"
    return f"{chosen}: {there if o.up == 'conv_transpose_2' else 'all computed'}"


def out_of_reach(o: Options) -> str:
    """Return which sizes the transposed convolution can make where none is the skip's."""
    result = ledger(replace(o, repair="output_padding"))
    levels = result["levels"]
    level, below = levels[result["mismatch_at"]], levels[result["mismatch_at"] + 1]
    side = 1 if level["encoder"][0] == level["arrives"][0] else 0
    size = (below["decoder"] or below["encoder"])[side]
    layer = TRANSPOSED[o.up][0]
    least = (size - 1) * 2 - 2 * layer["padding"] + layer["kernel_size"]
    return f"{size} → {least} or {least + 1}, never {level['encoder'][side]}"


_ROOM = 34  # characters
_SIDES = ("The height", "The width")


def _shortened(*words: str) -> str:
    """Return the first that the widget has room for, or the last."""
    return next((each for each in words if len(each) <= _ROOM), words[-1])


def _percent(n: float) -> str:
    """Round half up, as the browser does."""
    rounded = f"{math.floor(n * 10 + 0.5) / 10:.1f}" if n < 10 else f"{math.floor(n + 0.5):,}"
    return f"{rounded}\u00a0%"
