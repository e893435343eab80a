"""What each repair does to a U-Net's sizes, in numbers. `js/ledger.js` computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from unet_teach.widgets.unet_sizes import CHOICES, TRANSPOSED, Options, ledger


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
            "stretch": 100 * max([0, *(ratio for level in changed for ratio in _stretches(level))]),
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


def _stretches(level: dict[str, Any]) -> list[float]:
    pairs = zip(level["joined"], level["arrives"], strict=True)
    return [abs(after / before - 1) for after, before in pairs]


def _area(size: list[int]) -> int:
    return size[0] * size[1]
