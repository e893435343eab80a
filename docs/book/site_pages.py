"""What every page of the book has: its lessons for the navigation, metadata, formulas as MathML."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import home
import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx

PAGE_JS = Path(__file__).with_name("page.js")
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def mathml(latex: str, display: str) -> str:
    r"""Return a formula as MathML, which browsers draw themselves.

    latex2mathml aligns rows in `split`, not in `aligned`, takes no extra space after `\\`, and
    keeps the backslash of `\_`.
    """
    latex = latex.replace("{aligned}", "{split}").replace(r"\_", "_")
    return latex2mathml.converter.convert(
        re.sub(r"\\\\\[[\w.]+\]", r"\\\\", latex), display=display
    )


def inline_math(translator: Any, node: nodes.Element) -> None:
    """Write a formula that stands in a line."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block_math(translator: Any, node: nodes.Element) -> None:
    """Write a formula that stands alone."""
    translator.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def structured_data(name: str, lessons: list[dict[str, Any]], where: str) -> dict[str, Any]:
    """Return what search engines read: the front page is a Course, a lesson a LearningResource."""
    site = home.book(where) if where else ""

    def lesson(each: dict[str, Any]) -> dict[str, Any]:
        return {
            "@type": "LearningResource",
            "name": each["title"],
            "learningResourceType": "lesson",
            "timeRequired": f"PT{each['minutes']}M",
            "teaches": each["objectives"],
            "position": each["number"],
            **({"url": f"{site}{each['name']}.html"} if site else {}),
        }

    common = {
        "@context": "https://schema.org",
        "inLanguage": "en",
        "license": CC_BY,
        "isAccessibleForFree": True,
        "educationalLevel": "intermediate",
    }
    for each in lessons:
        if each["name"] == name:
            bioschemas = "https://bioschemas.org/profiles/TrainingMaterial/1.0-RELEASE"
            return {**lesson(each), **common, "dct:conformsTo": {"@id": bioschemas}}
    course = {
        "@type": ["Course", "LearningResource"],
        "name": "How do you know if it's a U-Net?",
        "description": "A notebook course on the four criteria of a U-Net, in PyTorch, with "
        "widgets, exercises and an inspector for any network.",
        "keywords": "U-Net, PyTorch, convolution, segmentation, deep learning",
        "timeRequired": f"PT{sum(each['minutes'] for each in lessons)}M",
        "hasPart": [lesson(each) for each in lessons],
    }
    return {**course, **common}


def add_to_page(
    app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Give the templates the lessons and the page's script, and the page its structured data."""
    lessons = json.loads(os.environ["UNET_TEACH_BOOK"])
    context["lessons"] = lessons
    context["page_script"] = PAGE_JS.read_text(encoding="utf-8")
    # myst-nb names what folds a cell otherwise than it is written there, and a table's corner is no
    # heading.
    body = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")
    context["body"] = re.sub(r"<th[^>]*><p></p></th>", "<td></td>", body)
    if name == "index" or name in {each["name"] for each in lessons}:
        data = structured_data(name, lessons, home.read())
        text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
        context["metatags"] += f'\n<script type="application/ld+json">{text}</script>'


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it with Sphinx."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline_math, None), block_renderers=(block_math, None)
    )
    app.connect("html-page-context", add_to_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
