"""What a lesson links to, for a notebook that lies alone: its images, the document, the glossary.

In the course's folder they are beside the notebook. On Colab or Kaggle, or where only the package
is installed, they come from the package.
"""

from __future__ import annotations

import base64
from pathlib import Path

PACKAGED = Path(__file__).parent / "docs"  # in a wheel
IN_REPOSITORY = Path(__file__).parents[1] / "docs"
KINDS = {".svg": "svg+xml", ".png": "png"}
ALONE = (
    "This notebook lies alone, so its links to other pages lead nowhere. What it shows and refers "
    "to is here:"
)
MISSING = (
    "This notebook lies alone, and this copy of the course has no documents. Open it in the "
    "course's folder, or install the course from its wheel."
)
PAGES = {"the_document.md": "The document", "glossary.md": "Glossary"}


def show_lesson_docs(lesson: int) -> None:
    """Show a lesson's images, the document and the glossary, unless they lie beside the notebook.

    Args:
        lesson: its number, from 0.
    """
    if any((Path(up) / "docs" / "the_document.md").exists() for up in ("..", "../..")):
        return
    from IPython.display import Markdown, display  # slow to import outside of a notebook

    display(Markdown(lesson_docs(lesson)))  # type: ignore[no-untyped-call, unused-ignore]


def lesson_docs(lesson: int) -> str:
    """Return a lesson's images, the document and the glossary as Markdown without links to files.

    Args:
        lesson: its number, from 0.
    """
    folder = PACKAGED if PACKAGED.exists() else IN_REPOSITORY
    if not (folder / "the_document.md").exists():
        return MISSING
    parts = [ALONE]
    for path in sorted((folder / "images").glob(f"lesson_{lesson}[._]*")):
        data = base64.b64encode(path.read_bytes()).decode()
        alt = "An image of this lesson. The text that it stands in describes it."
        parts.append(f"![{alt}](data:image/{KINDS[path.suffix]};base64,{data})")
    for name, title in PAGES.items():
        text = (folder / name).read_text(encoding="utf-8")
        parts.append(f"<details><summary>{title}</summary>\n\n{text}\n\n</details>")
    return "\n\n".join(parts)
