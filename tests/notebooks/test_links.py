"""Every link and picture in a notebook leads somewhere, from where the notebook lies."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/[0-9][0-9]_*.ipynb"))
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#([^)\s]+))?\)")


def links(notebook):
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield from LINK.findall(cell.source)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_place_in_it(notebook):
    for target, place in links(notebook):
        path = (notebook.parent / target).resolve()
        assert path.is_file(), f"{target} is not there"
        assert not place or f'id="{place}"' in path.read_text(encoding="utf-8"), f"#{place}"


def test_the_notebooks_have_links():
    assert sum(len(list(links(notebook))) for notebook in NOTEBOOKS) >= 2 * 4


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/solved"])
def test_each_lesson_links_the_next_one(folder):
    lessons = sorted((ROOT / folder).glob("[0-9][0-9]_*.ipynb"))
    assert len(lessons) > 1
    for lesson, following in pairwise(lessons):
        cells = nbformat.read(lesson, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert re.search(rf"Next: \[[^]]+\]\({following.name}\)", text), lesson
        for output in cells[-1].outputs[:1]:  # of the solved notebook
            assert f"]({following.name})" in output.data["text/markdown"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_picture_has_a_text_in_its_place(notebook):
    """Of several images that are shown together, the first has the text for all."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        assert cell.cell_type == "code" or "![](" not in cell.source
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            images = [kind for kind in data if kind.startswith("image/")]
            assert images == [] or "text/html" in data  # an image alone has no text
            if re.search("<img|<svg", shown := data.get("text/html", "")):
                assert re.search(r'<img[^>]* alt="[^"]|<svg[^>]*aria-label="[^"]|<title', shown)
