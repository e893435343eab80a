"""Keep what an executed notebook's widgets show: the book shows it again without a kernel.

The state of each widget goes into the metadata of the output that shows it: Jupyter and nbval
ignore unknown metadata, and the text form stays what is seen where nothing can draw the widget.
Weights and images of the package are named there instead of repeated: a trained network has 1 MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from nbformat import NotebookNode

from unet_teach.networks.packed import pack, unpack
from unet_teach.widgets.base import STATIC, WIDGETS_OWN

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATES = "application/vnd.jupyter.widget-state+json"
KEY = "unet_teach_widget"  # in an output's metadata
PACKAGED = STATIC.parent / "see_inside.json"
LONG = 1000  # letters: shorter texts of the package are repeated
MACHINERY = {*WIDGETS_OWN, "_anywidget_id", "_esm", "_css", "_shown"}


def move_to_outputs(notebook: NotebookNode) -> None:
    """Move the widgets' states from the notebook's metadata to the outputs that show them.

    Each becomes {"bundle": name of its module in widgets/static, "state": its traits, "buffers":
    bytes in base64, each with the path of its place in the state}.
    """
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATES, {}).get("state", {})
    bundles = {path.read_text(encoding="utf-8"): path.stem for path in STATIC.glob("*.js")}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(WIDGET_VIEW, None)
            if view and (bundle := bundles.get(models[view["model_id"]]["state"].get("_esm", ""))):
                output.metadata[KEY] = {"bundle": bundle, **_shown(models[view["model_id"]])}


def _shown(model: dict[str, Any]) -> dict[str, Any]:
    """Return a widget's own traits and their bytes."""
    own = {name: value for name, value in model["state"].items() if name not in MACHINERY}
    state = _made_small(own)
    buffers = [{"path": each["path"], "data": each["data"]} for each in model.get("buffers", [])]
    return {"state": state, **({"buffers": buffers} if buffers else {})}


def _made_small(value: Any) -> Any:
    """Return a state with places of the package instead of its long texts, and 8-bit weights."""
    if isinstance(value, str):
        place = packaged_texts().get(value) if len(value) >= LONG else None
        return {"packaged": place} if place else value
    if isinstance(value, list):
        return [_made_small(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("bits") == 32 and "layers" in value:
        value = {**value, **pack(unpack(value), 8)}
    return {name: _made_small(each) for name, each in value.items()}


def restored(value: Any) -> Any:
    """Return a state that `move_to_outputs` has kept, with the texts of the package in it again."""
    if isinstance(value, list):
        return [restored(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"packaged"}:
        found = json.loads(PACKAGED.read_text(encoding="utf-8"))
        for step in value["packaged"]:
            found = found[step]
        return found
    return {name: restored(each) for name, each in value.items()}


@cache
def packaged_texts() -> dict[str, list[Any]]:
    """Return the long texts of the package, each with the keys that lead to it."""
    return {text: place for place, text in _texts(json.loads(PACKAGED.read_text(encoding="utf-8")))}


def _texts(value: Any, *place: Any) -> Iterator[tuple[list[Any], str]]:
    if isinstance(value, str) and len(value) >= LONG:
        yield list(place), value
    elif isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(each, *place, key)
