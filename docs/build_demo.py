"""Build docs/demo.html, the live demo in one file without a kernel, and its table in docs/demo.md.

    python docs/build_demo.py            write it
    python docs/build_demo.py --check    write nothing; fail when it is stale

What it says is in `demo_scenes.py`, how it behaves in `js/demo/`. Widgets are the notebooks' own
bundles, and networks are drawn by the inspector.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from build_playground import styles_of
from demo_scenes import IMAGE, Scene, scenes
from torch import nn

from unet_teach import inspect_unet
from unet_teach.inspection.diagram.geometry import Grid
from unet_teach.inspection.diagram.style import STYLE
from unet_teach.inspection.diagram.svg import picture
from unet_teach.widgets.base import CourseWidget

DOCS = Path(__file__).parent
PAGE, GUIDE = DOCS / "demo.html", DOCS / "demo.md"
TABLE = re.compile(r"(?<=<!-- run of show -->\n).*(?=<!-- end -->)", re.DOTALL)
CRITERIA = ("Down-sampling", "Up-sampling", "Skip connections", "Symmetric")
GRID = Grid(width=1248, height=524, largest=206, font_size=32, small=28, gap=20)


class Page:
    """Collects what several scenes share: bundles and drawings."""

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}
        self.drawings: dict[str, str] = {}
        self.styles: set[str] = set()

    def beat(self, widget: CourseWidget) -> dict[str, Any]:
        """Return a beat that shows a widget as it is now."""
        machinery = {*CourseWidget.class_traits(), "_esm", "_css", "_anywidget_id"}
        state = {name: v for name, v in widget.get_state().items() if name not in machinery}
        for sent in state.get("_maps", []):
            values = np.frombuffer(sent["values"], "<f4").tolist()
            sent["values"] = [round(value, 3) for value in values]
        name = type(widget).__name__
        known = [key for key, source in self.modules.items() if source == widget._esm]
        module = known[0] if known else name
        self.modules[module] = str(widget._esm)
        self.styles.add(str(widget._css))
        return {"kind": "widget", "module": module, "state": state}

    def drawing(self, network: nn.Module, *, with_missing: bool) -> str:
        """Return the id of a drawing, with or without the skips that the network lacks."""
        drawn = inspect_unet(network, IMAGE).drawing
        # What it is called, and the verdict, would give the answer away.
        drawn = replace(drawn, title="A network", verdict="", criteria=())
        if not with_missing:
            drawn = replace(drawn, skips=tuple(skip for skip in drawn.skips if skip.present))
        svg = picture(drawn, GRID)
        known = [name for name, other in self.drawings.items() if other == svg]
        name = known[0] if known else f"drawing-{len(self.drawings)}"
        self.drawings[name] = svg
        return name

    def beats(self, scene: Scene) -> Iterator[dict[str, Any]]:
        """Yield what a scene shows, one step after the other."""
        yield from map(self.beat, scene.look)
        if scene.room is not None:
            yield self.beat(scene.room)
            yield {"kind": "told"}
        elif scene.network is None:
            yield from ({"kind": "ask"}, {"kind": "answer"})
        else:
            asked = self.drawing(scene.network, with_missing=False)
            told = self.drawing(scene.answer or scene.network, with_missing=True)
            is_open = "udia-skip" not in self.drawings[asked]
            for kind in ("ask", "answer"):
                yield {"kind": kind, "drawing": asked, "isOpen": is_open}
            yield {"kind": "criteria", "drawing": told}
        yield from map(self.beat, scene.shows)

    def entry(self, scene: Scene) -> dict[str, Any]:
        """Return a scene as the page's script reads it."""
        network = scene.answer or scene.network
        judged = inspect_unet(network, IMAGE).drawing.criteria if network is not None else ()
        return {
            "title": scene.title,
            "group": scene.group,
            "minutes": scene.minutes,
            "seconds": scene.seconds,
            "notes": scene.notes,
            "question": scene.question or (scene.room.question if scene.room else ""),
            "code": scene.code,
            "options": [{"text": text, "says": says} for text, says in scene.options],
            "right": scene.right,
            "verdict": scene.verdict,
            "criteria": [
                {"name": name, "met": each.met, "says": says}
                for name, each, says in zip(CRITERIA, judged, scene.criteria, strict=False)
            ],
            "beats": list(self.beats(scene)),
        }


def build() -> str:
    """Return the page."""
    page = Page()
    data = {"scenes": [page.entry(scene) for scene in scenes()], "modules": page.modules}
    parts = {
        "/*CSS*/": "\n".join(
            [
                styles_of(page.styles),
                STYLE.strip(),
                (DOCS / "demo.bundle.css").read_text(encoding="utf-8").strip(),
            ]
        ),
        "<!--DRAWINGS-->": "\n".join(
            f'<template id="{name}">{svg}</template>' for name, svg in page.drawings.items()
        ),
        "/*DATA*/": json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"),
        "/*SCRIPT*/": (DOCS / "demo.bundle.js").read_text(encoding="utf-8").strip(),
    }
    text = (DOCS / "demo.template.html").read_text(encoding="utf-8")
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def _answer(scene: Scene) -> str:
    """Return the answer of a question that takes what the room calls out."""
    assert scene.room is not None
    return f"`{scene.room.get_state()['_task']['answer']['shown']}`"


def guide() -> str:
    """Return the guide with the table of all scenes brought up to date."""
    rows, start = ["| | minute | | scene | the right answer |", "|---|---|---|---|---|"], 0
    for number, scene in enumerate(scenes(), 1):
        right = scene.options[scene.right][0] if scene.options else _answer(scene)
        end = start + scene.minutes
        rows.append(f"| {number} | {start}–{end} | {scene.group} | {scene.title} | {right} |")
        start = end
    return TABLE.sub("\n".join([*rows, ""]), GUIDE.read_text(encoding="utf-8"))


def main() -> int:
    """Write both, or check them."""
    made = {PAGE: build(), GUIDE: guide()}
    stale = [
        file
        for file, text in made.items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for file in stale:
            message = f"docs/{file.name} is stale. Run: python docs/build_demo.py"
            print(message, file=sys.stderr)
        return 1 if stale else 0
    for file in stale:
        file.write_text(made[file], encoding="utf-8")
    print(f"{PAGE.name}: {len(made[PAGE].encode()) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
