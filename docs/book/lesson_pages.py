"""A solved notebook becomes a page: widgets live, exercises as boxes, solutions behind a click."""

from __future__ import annotations

import copy
import hashlib
import html
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import home
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from unet_teach import exercises
from unet_teach.exercises.exercise import Exercise

sys.path.insert(0, str(Path(__file__).parents[2] / "lessons"))
import widget_states

CHECK = re.compile(r"^exercises\.(\w+)\.check\(", re.M)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|`[^`]*`)*)\]\((?!https?:|#|mailto:)([^)\s]+)\)")
NO_HOSTS = (
    '<p class="small">There are no buttons for Binder, Colab and Kaggle yet, because this course '
    "has no public repository so far.</p>\n"
)
MINUTES = re.compile(r"^\*(\d+) minutes", re.M)
OBJECTIVES = re.compile(r"^- (.+?)[,.]$", re.M)
FOLDED = {"code_prompt_show": "Show the code", "code_prompt_hide": "Hide the code"}
# Cells whose code stays away: it holds an answer, or belongs to a notebook alone.
NEVER_SHOWN = re.compile(r"^(Predict\(|next_lesson\()", re.M)
NO_PROGRESS = "This page keeps no progress. Where you run the notebooks, this map shows yours."
LARGE = 100_000  # characters of JSON from which a value has a file of its own


def page(
    solved: NotebookNode, student: NotebookNode, name: str, where: str, files: dict[str, str]
) -> NotebookNode:
    """Return the notebook from which Sphinx makes a lesson's page.

    Args:
        solved: the solved notebook, with outputs.
        student: the notebook that students open; cells have the same ids.
        name: of its file, without `.ipynb`.
        where: the course's home, or "".
        files: takes what widgets load later, by the name of its file in `_static/widgets`.
    """
    notebook = copy.deepcopy(solved)
    given = {cell.id: cell.source for cell in student.cells}
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_links(cell.source, where)
        else:
            cell.outputs = [output for output in cell.outputs if not is_of_a_kernel(output)]
            for output in cell.outputs:
                make_live(output, files)
            cells += before_code(cell, given.get(cell.id, ""), name, where)
        cells.append(cell)
    title, _, rest = cells[0].source.partition("\n")
    buttons = opened_in(name, where, "Open this lesson")
    cells[0].source = "\n".join([title, "", buttons, *([] if where else [NO_HOSTS]), rest])
    notebook.cells = cells
    return notebook


def with_links(text: str, where: str) -> str:
    """Let links that hold in the repository hold on the site; others lead to the repository."""
    text = text.replace("](../../docs/images/", "](images/")

    def link(found: re.Match[str]) -> str:
        words, target = found[1], re.sub(r"^(\.\./)+(docs/)?", r"\2", found[2])
        target = target.removeprefix("docs/")
        path, _, place = target.partition("#")
        if path.endswith((".ipynb", ".md")) and "/" not in path and not place:
            return f"[{words}]({target})"
        if path.endswith((".html", ".md")) and "/" not in path:  # places that Sphinx can't know
            target = target.replace(".md#", ".html#").replace("demo.html", "live_demo.html")
            label = re.sub(r"`([^`]+)`", r"<code>\1</code>", words)
            return f'<a href="{html.escape(target)}">{label}</a>'
        full = path if path.split("/")[0] in ("deploy", "notebooks", "unet_teach") else ""
        return f"[{words}]({home.GITHUB}{where}/blob/main/{full})" if where and full else words

    return LINK.sub(link, text)


def opened_in(name: str, where: str, label: str) -> str:
    """Return the buttons that open a lesson's notebook elsewhere, as one line of HTML."""
    notebook = f"notebooks/{name}.ipynb"
    hosts = home.hosts(where, notebook) if where else {}
    links = [f'<a href="{html.escape(url)}">{host}</a>' for host, url in hosts.items()]
    links.append(f'<a href="{notebook}" download>Download notebook</a>')
    return f'<div class="hosts"><span>{label}</span> {" ".join(links)}</div>\n'


def is_of_a_kernel(output: NotebookNode) -> bool:
    """Return whether an output is the button that shuts a kernel down: a page has none."""
    kept = output.get("metadata", {}).get(widget_states.KEY)
    return bool(kept) and kept["bundle"] == "next_lesson"


def make_live(output: NotebookNode, files: dict[str, str]) -> None:
    """Let a widget's output hold its state for book.js, around what is seen without JavaScript."""
    kept = output.get("metadata", {}).pop(widget_states.KEY, None)
    if kept is None:
        return
    output.data = NotebookNode({"text/html": mount(kept, still(output.data), files)})


def mount(kept: Mapping[str, Any], inside: str, files: dict[str, str]) -> str:
    """Return the place of a widget on a page.

    Args:
        kept: its bundle, its state and its buffers, as lessons/widget_states.py keeps them.
        inside: the HTML that stands there until the widget is live.
        files: takes its large values.
    """
    state = widget_states.restored(kept["state"])
    if kept["bundle"] == "progress_map":
        state |= {"note": NO_PROGRESS, "_has_files": False}
        for exercise in (each for lesson in state["lessons"] for each in lesson["exercises"]):
            exercise |= {"state": "untouched", "attempts": 0, "hints": 0}
    text = stored(state, kept.get("buffers", []), files).replace("<", "\\u003c")
    script = f'<script type="application/json">{text}</script>'
    return f'<div class="live" data-bundle="{kept["bundle"]}">{inside}{script}</div>'


def stored(state: Mapping[str, Any], buffers: list[Any], files: dict[str, str]) -> str:
    """Return a widget's state as JSON for book.js.

    A large value, such as trained weights, is the same in several lessons. It goes into a file, so
    that the site holds it once and a browser loads it once, when the widget is near.
    """
    small, large = {}, {}
    for name, value in state.items():
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        if len(text) < LARGE:
            small[name] = value
        else:
            large[name] = f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
            files[large[name]] = text
    data = {"state": small, "buffers": buffers, "large": large}
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def still(data: Mapping[str, str]) -> str:
    """Return what an output shows by itself: its picture, or its text form."""
    if "text/html" in data:
        return data["text/html"]
    words = html.escape(data["text/plain"])
    if "image/png" in data:
        return f'<img alt="{words}" src="data:image/png;base64,{data["image/png"]}">'
    return data.get("image/svg+xml") or f'<pre class="text-form">{words}</pre>'


def before_code(cell: NotebookNode, given: str, name: str, where: str) -> list[NotebookNode]:
    """Say how much of a code cell is shown; return the cells that come before it."""
    tags = cell.metadata.setdefault("tags", [])
    asked = CHECK.findall(cell.source)
    if asked:
        tags += ["hide-cell", "solution"]
        prompts = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
        cell.metadata["mystnb"] = prompts
        return [exercise_box(getattr(exercises, each), given, name, where) for each in asked[:1]]
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        if NEVER_SHOWN.search(cell.source):
            tags.append("remove-input")
        else:
            tags.append("hide-input")
            cell.metadata["mystnb"] = FOLDED
    return []


def exercise_box(exercise: Exercise, given: str, name: str, where: str) -> NotebookNode:
    """Return the cell that asks an exercise: prompt, what students find, hints, where to do it."""
    hints = ""
    for number in range(len(exercise.hints), 0, -1):  # each hint holds the next one
        summary = f"<summary>Hint {number} of {len(exercise.hints)}</summary>"
        hint = exercise.hints[number - 1]
        hints = f'<details class="hint">{summary}\n\n{hint}\n\n{hints}\n\n</details>'
    given = re.sub(r"\n{3,}", "\n\n", given.strip())
    code = f"```python\n{given}\n```" if given else ""
    parts = [
        '<div class="exercise">',
        f'<p class="exercise-name">Exercise <code>{exercise.name}</code></p>',
        exercise.prompt,
        code,
        opened_in(name, where, "Do it"),
        hints,
        "</div>",
    ]
    return new_markdown_cell("\n\n".join(parts), id=f"ask-{exercise.name}".replace("_", "-"))


def facts(solved: NotebookNode) -> dict[str, Any]:
    """Return a lesson's title, minutes and objectives, from its first cell."""
    first = solved.cells[0].source
    title = first.partition("\n")[0].lstrip("# ")
    minutes = MINUTES.search(first)
    return {
        "title": re.sub(r"^\d+ · ", "", title),
        "minutes": int(minutes[1]) if minutes else 0,
        "objectives": [re.sub(r"[*`]", "", each) for each in OBJECTIVES.findall(first)],
    }
