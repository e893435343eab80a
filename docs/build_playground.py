"""Build docs/playground.html: every widget in one file, without a kernel and without a network.

    python docs/build_playground.py            write it
    python docs/build_playground.py --check    write nothing; fail when it is stale

The page holds the same bundles as the notebooks, the traits' defaults as Python has them, and a
model of a dozen lines in place of the kernel's. What is on the screen stands in the address, so
that a link shows an exact picture.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from unet_teach.segmentation import touching_nuclei
from unet_teach.widgets import (
    CellCounter,
    ConvExplorer,
    ConvTransposeExplorer,
    Predict,
    RoundTrip,
    SeeInside,
    SizeLedger,
)
from unet_teach.widgets.base import CourseWidget

DOCS = Path(__file__).parent
PAGE = DOCS / "playground.html"
# What a link does not carry: what Python said once, what a kernel answers, and a guess.
OWN = {"_echo", "_layer", "_task", "_locked", "_tally", "_shown", "question", "steps"} | {
    "_tasks",
    "autoplay",
    *("_shape", "_image", "_background", "_border", "_target"),
}


def touching_cells() -> CellCounter:
    """Return a piece of lesson 9's test image with what its network says of it."""
    data, numbers = touching_nuclei()
    stored = np.asarray(Image.open(DOCS / "cell_probabilities.png"))  # by build_images.py
    piece = (..., slice(0, 128), slice(0, 160))
    probabilities = np.moveaxis(stored, 2, 0)[piece] / 255
    return CellCounter(data.test[0].image[piece], probabilities, numbers["test"][piece])


WIDGETS: list[tuple[str, CourseWidget]] = [
    ("See inside", SeeInside(autoplay=True)),
    ("Convolution", ConvExplorer("halve")),
    ("Transposed convolution", ConvTransposeExplorer("double")),
    ("Round trip", RoundTrip()),
    ("Size ledger", SizeLedger()),
    ("Cell counter", touching_cells()),
    (
        "Predict",
        Predict(
            "nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1) is given a map of 31×31 cells. "
            "How high and wide is what comes out?",
            answer=(16, 16),
            mistakes={
                (15, 15): "That is the size without padding: ⌊(31 + 0 − 3) / 2⌋ + 1 = 15.",
                (17, 17): "You rounded up. PyTorch rounds down: ⌊30 / 2⌋ + 1.",
                (31, 31): "Stride 1 would do that.",
            },
            explain="⌊(31 + 2·1 − 3) / 2⌋ + 1 = 16. A map of 32×32 gives 16×16 as well.",
        ),
    ),
]


def entry(title: str, widget: CourseWidget) -> dict[str, Any]:
    """One widget of the page: its title, its module, and its traits as a browser is sent them."""
    machinery = {*CourseWidget.class_traits(), "_esm", "_css", "_anywidget_id"}
    state = {name: v for name, v in widget.get_state().items() if name not in machinery}
    return {"name": type(widget).__name__, "title": title, "module": widget._esm, "state": state}


def build() -> str:
    """Return the page."""
    entries = [entry(title, widget) for title, widget in WIDGETS]
    modules = {each["module"] for each in entries}
    names = {source: f"m{i}" for i, source in enumerate(sorted(modules))}
    for each in entries:
        each["module"] = names[each["module"]]
        each["linked"] = sorted(each["state"].keys() - OWN)
    data = {"widgets": entries, "modules": {name: source for source, name in names.items()}}
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    page = (DOCS / "playground.template.html").read_text(encoding="utf-8")
    css = styles_of({str(widget._css) for _, widget in WIDGETS})
    return page.replace("/*CSS*/", css).replace("/*DATA*/", text)


def styles_of(widgets: Collection[str]) -> str:
    """Join the styles of several widgets: each begins with the shared ones, needed once."""
    styles = sorted(widgets)
    length = next(i for i, signs in enumerate(zip(*styles, strict=False)) if len({*signs}) > 1)
    shared = styles[0][: styles[0].rindex("}", 0, length) + 1]
    return shared + "".join(style.removeprefix(shared).strip() for style in styles)


def main() -> int:
    """Write the page, or check it."""
    page = build()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        print(f"{PAGE.name}: {len(page.encode()) / 1000:.0f} kB")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    print("docs/playground.html is stale. Run: python docs/build_playground.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
