"""What each repair of a U-Net's sizes costs, in numbers. `js/ledger.js` computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from unet_teach.widgets.unet_sizes import CHOICES, TRANSPOSED, Options, ledger


def costs(o: Options) -> Iterator[dict[str, Any]]:
    """Yield what each repair would cost these sizes, in the order of the option `repair`.

    Yields:
        repair: its name.
        fits, input_size, output_size: as `ledger` gives them with this repair.
        changed: the levels at which it does something, the lowest first.
        missing: rows and columns of the image that have no output.
        cut: computed cells of feature maps that are cropped away.
        zeros: cells that padding adds.
        resized: cells that are interpolated from their neighbours.
        stretch: by how much at most a side is stretched or shrunk, in percent.
        more: pixels computed beyond those of the image, in input or output, in percent.
    """
    for repair in CHOICES["repair"]:
        tried = replace(o, repair=repair)
        result = ledger(tried)
        changed: list[int] = []
        cut = zeros = resized = 0
        stretch = 0.0
        for level in reversed(result["levels"][:-1]):
            skip, arrives, joined = level["encoder"], level["arrives"], level["joined"]
            if joined is None or o.padding == "valid":
                continue
            default = TRANSPOSED[o.up][1] if o.up in TRANSPOSED else None
            if not skip == arrives == joined or level["output_padding"] not in (
                None,
                [default] * 2,
            ):
                changed.append(level["level"])
            for cells in (_area(skip), _area(arrives)):
                if repair == "crop":
                    cut += cells - _area(joined)
                if repair == "pad":
                    zeros += _area(joined) - cells
            if repair == "resize" and arrives != joined:
                resized += _area(joined)
                ratios = [after / before for after, before in zip(joined, arrives, strict=True)]
                stretch = max(stretch, *(abs(ratio - 1) * 100 for ratio in ratios))
        pixels = o.height * o.width
        if repair == "pad_input":
            zeros = _area(result["input_size"]) - pixels
        out = result["levels"][0]["decoder"] or [0, 0]
        computed = max(_area(result["input_size"]), _area(out) if o.padding == "same" else 0)
        output = result["output_size"] or [0, 0]
        yield {
            "repair": repair,
            "fits": result["fits"],
            "input_size": result["input_size"],
            "output_size": result["output_size"],
            "changed": changed,
            "missing": [o.height - output[0], o.width - output[1]],
            "cut": cut,
            "zeros": zeros,
            "resized": resized,
            "stretch": stretch,
            "more": (computed / pixels - 1) * 100,
        }


def _area(size: list[int]) -> int:
    return size[0] * size[1]
