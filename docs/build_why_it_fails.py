"""Build docs/why_it_fails.html: paste an error of torch, read its cause. No kernel, no network.

    python docs/build_why_it_fails.py            write it
    python docs/build_why_it_fails.py --check    write nothing; fail when it is stale

The page holds the tables of `unet_teach.explain` and js/why.js, which reads them. The widgets it
opens are those of docs/playground.html.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from unet_teach.error_help import ARGUMENTS, EXPLORERS, UNKNOWN, WITHOUT_PADDING
from unet_teach.shared.message_causes import CAUSES
from unet_teach.shared.torch_messages import MESSAGES
from unet_teach.widgets.layers import LAYERS

DOCS = Path(__file__).parent
PAGE = DOCS / "why_it_fails.html"
CAT = "RuntimeError: Sizes of tensors must match except in dimension 1. Expected size {} but got size {} for tensor number 1 in the list."
EXAMPLES = [
    ("25 against 26", CAT.format(25, 26), ""),
    ("64 against 32", CAT.format(64, 32), ""),
    ("64 against 56", CAT.format(64, 56), ""),
    (
        "channels",
        "RuntimeError: Given groups=1, weight of size [64, 64, 3, 3], expected input[1, 128, 32, 32] to have 64 channels, but got 128 channels instead",
        "nn.Conv2d(64, 64, kernel_size=3, padding=1)",
    ),
    (
        "kernel too large",
        "RuntimeError: Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size can't be greater than actual input size",
        "nn.Conv2d(128, 256, kernel_size=3, stride=2)",
    ),
]


def tables() -> dict[str, Any]:
    """Return what js/why.js reads: Python's tables, with patterns in JavaScript's spelling."""
    return {
        "messages": [
            {**row._asdict(), "pattern": row.pattern.replace("(?P<", "(?<").replace("(?s)", "")}
            for row in MESSAGES
        ],
        "causes": [
            {"needed": sorted(needed), "rows": [row._asdict() for row in rows]}
            for needed, rows in CAUSES.items()
        ],
        "unknown": UNKNOWN,
        "arguments": ARGUMENTS,
        "explorers": EXPLORERS,
        "withoutPadding": WITHOUT_PADDING,
        "bounds": LAYERS["layer"]["bounds"],
    }


def build() -> str:
    """Return the page."""
    module = (DOCS.parent / "js" / "why.js").read_text(encoding="utf-8")
    examples = [{"title": title, "text": text, "line": line} for title, text, line in EXAMPLES]
    data = {"tables": tables(), "module": module, "examples": examples}
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    page = (DOCS / "why_it_fails.template.html").read_text(encoding="utf-8")
    return page.replace("/*DATA*/", text)


def main() -> int:
    """Write the page, or check it."""
    page = build()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        print(f"{PAGE.name}: {len(page.encode()) / 1000:.0f} kB")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    print(
        "docs/why_it_fails.html is stale. Run: python docs/build_why_it_fails.py", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
