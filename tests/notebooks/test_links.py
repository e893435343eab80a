"""Every link and picture in a notebook leads somewhere, from where the notebook lies."""

import re
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
