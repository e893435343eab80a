"""Keep what an executed notebook's widgets show: the book shows it again without a kernel.

The state of each widget goes into the metadata of the output that shows it: Jupyter and nbval
ignore unknown metadata, and the text form stays what is seen where nothing can draw the widget.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from unet_teach.widgets.base import STATIC, WIDGETS_OWN

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATES = "application/vnd.jupyter.widget-state+json"
KEY = "unet_teach_widget"  # in an output's metadata
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
    state = {name: value for name, value in model["state"].items() if name not in MACHINERY}
    buffers = [{"path": each["path"], "data": each["data"]} for each in model.get("buffers", [])]
    return {"state": state, **({"buffers": buffers} if buffers else {})}
