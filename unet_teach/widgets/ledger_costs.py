"""What each repair of a U-Net's sizes costs, in numbers. `js/ledger.js` answers the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from unet_teach.widgets.unet_sizes import CHOICES, TRANSPOSED, Options, ledger


def costs(o: Options) -> Iterator[dict[str, Any]]:
    """Yield what each repair would cost these sizes, in the order of the option `repair`.

    Yields:
        repair: its name; `fits`, `fed` and `answer`: as `ledger` says with this repair.
        changed: the levels at which it does something, the lowest first.
        missing: rows and columns of the picture that get no answer.
        cut: cells of maps that were computed and are thrown away.
        zeros: cells that are made up.
        resized: cells that become mixtures of their neighbours.
        stretch: by how much at most a side is stretched or shrunk, in percent.
        more: pixels in the picture or the answer that are computed beyond its own, in percent.
    """
    for repair in CHOICES["repair"]:
        tried = replace(o, repair=repair)
        result = ledger(tried)
        changed: list[int] = []
        cut = zeros = resized = 0
        stretch = 0.0
        for level in reversed(result["levels"][:-1]):
            skip, came, met = level["encoder"], level["arrives"], level["joined"]
            if met is None or o.padding == "valid":
                continue
            default = TRANSPOSED[o.up][1] if o.up in TRANSPOSED else None
            if not skip == came == met or level["output_padding"] not in (None, [default] * 2):
                changed.append(level["level"])
            for cells in (_area(skip), _area(came)):
                if repair == "crop":
                    cut += cells - _area(met)
                if repair == "pad":
                    zeros += _area(met) - cells
            if repair == "resize" and came != met:
                resized += _area(met)
                stretch = max(
                    stretch, *(abs(m / c - 1) * 100 for m, c in zip(met, came, strict=True))
                )
        picture = o.height * o.width
        if repair == "pad_input":
            zeros = _area(result["fed"]) - picture
        out = result["levels"][0]["decoder"] or [0, 0]
        computed = max(_area(result["fed"]), _area(out) if o.padding == "same" else 0)
        answer = result["answer"] or [0, 0]
        yield {
            "repair": repair,
            "fits": result["fits"],
            "fed": result["fed"],
            "answer": result["answer"],
            "changed": changed,
            "missing": [o.height - answer[0], o.width - answer[1]],
            "cut": cut,
            "zeros": zeros,
            "resized": resized,
            "stretch": stretch,
            "more": (computed / picture - 1) * 100,
        }


def _area(size: list[int]) -> int:
    return size[0] * size[1]
