"""Lets a page load one style sheet, with what the pages use of the theme's, and no theme's script.

The front page is what most see first, often with an empty cache and a slow computer: it holds its
styles itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2

PAGE_JS = Path(__file__).with_name("page.js")
SHEET = re.compile(r'<link [^>]*href="_static/([^"?]+\.css)[^>]*>')
THEME_CSS = "styles/theme.css"  # imports this one:
BASIC_CSS = "basic.css"
# page.js and book.js do what the theme's scripts do. The search page keeps those of the search.
SCRIPT = (
    r'<script [^>]*src="_static/{}[^>]*></script>|<link rel="preload" as="script"[^>]*>'
    r"|<(?:script|link)\b[^>]*fontawesome[^>]*>(?:</script>)?"
)
ON_SEARCH = re.compile(SCRIPT.format("(?=scripts/)"))
ELSEWHERE = re.compile(SCRIPT.format("") + r"|<script>DOCUMENTATION_OPTIONS.*?</script>")
NAMES = re.compile(r'\b(?:class|id)="([^"]*)"')
USED_PROPERTY = re.compile(r"var\(\s*(--[\w-]+)")
ANIMATIONS = re.compile(r"\banimation(?:-name)?:([^;}]*)")
WORD = re.compile(r"[\w-]+")
GROUPS = ("media", "supports", "layer")
DROPPED = ("charset", "font-face")  # the fonts are those of icons, which book.css writes as signs


def slim(site: Path, paths: Iterable[Path]) -> None:
    """Write one style sheet, `_static/book.css`; pages load it and no script of the theme.

    Args:
        site: the folder that Sphinx wrote, with the widgets.
        paths: its pages that have the theme.
    """
    static, pages = site / "_static", {}
    for path in paths:
        unused = ON_SEARCH if path.name == "search.html" else ELSEWHERE
        pages[path] = unused.sub("", path.read_text(encoding="utf-8"))
    index = pages[site / "index.html"]
    sheets = [BASIC_CSS if name == THEME_CSS else name for name in SHEET.findall(index)]
    css = "\n".join((static / name).read_text("utf-8") for name in dict.fromkeys(sheets))
    scripts = {path.name: path.read_text("utf-8") for path in [PAGE_JS, *static.glob("*.js")]}
    widgets = [path.read_text("utf-8") for path in (static / "widgets").glob("*.css")]
    others = "".join([*pages.values(), *widgets])
    css = pruned(css, names_in(pages.values(), scripts.values()), others)
    (static / "book.css").write_text(css, encoding="utf-8")
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    link = f'<link rel="stylesheet" href="_static/book.css?v={version}">'
    own = pruned(css, names_in([index], [scripts["page.js"], scripts["book.js"]]), others)
    for path, text in pages.items():
        sheet = f"<style>\n{own}\n</style>" if text is index else link
        text = SHEET.sub("", text).replace("</head>", f"{sheet}\n</head>", 1)
        path.write_text(text, encoding="utf-8")


def names_in(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Return the classes and ids of pages, and every word of scripts, which may be one."""
    names = {name for page in pages for each in NAMES.findall(page) for name in each.split()}
    return names.union(*map(WORD.findall, scripts))


def pruned(css: str, names: set[str], others: str = "") -> str:
    """Return a style sheet without what has no effect.

    A selector stays if all classes and ids that it asks for are in `names`; those inside of
    `:not()`, `:is()` and the like count as there. Custom properties and keyframes stay if they are
    used.

    Args:
        css: the style sheet.
        names: the classes and ids that there are.
        others: style sheets, scripts and pages that use custom properties of this one.

    Raises:
        ValueError: if the style sheet cannot be read.
    """
    while True:  # a custom property that goes may have used another one
        used = set(USED_PROPERTY.findall(css + others))
        used.update(*map(WORD.findall, ANIMATIONS.findall(css)))
        smaller = _rules(_parsed(tinycss2.parse_stylesheet, css), names, used)
        if smaller == css:
            return css
        css = smaller


def _parsed(parse: Callable[..., list[Any]], css: str | list[Any]) -> list[Any]:
    return parse(css, skip_comments=True, skip_whitespace=True)


def _rules(rules: list[Any], names: set[str], used: set[str]) -> str:
    kept = []
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"The theme's style sheet cannot be read: {rule.message}.")
        if rule.type == "qualified-rule":
            selectors = [each for each in _split(rule.prelude) if _asked(each) <= names]
            content = _declarations(rule.content, used)
            if selectors and content:
                kept.append(f"{','.join(map(_text, selectors))}{{{content}}}")
        elif rule.lower_at_keyword in GROUPS and rule.content:
            inner = _rules(_parsed(tinycss2.parse_rule_list, rule.content), names, used)
            if inner:
                kept.append(f"@{rule.at_keyword} {_text(rule.prelude)}{{{inner}}}")
        elif rule.lower_at_keyword == "keyframes":
            if _text(rule.prelude) in used:
                kept.append(rule.serialize())
        elif rule.lower_at_keyword not in DROPPED:
            kept.append(rule.serialize())
    return "\n".join(kept)


def _split(prelude: list[Any]) -> list[list[Any]]:
    """Return the selectors of a rule, which commas separate."""
    selectors: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def _asked(selector: list[Any]) -> set[str]:
    """Return the classes and ids that an element, or one around it, has to have."""
    classes = {b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"}
    return classes | {token.value for token in selector if token.type == "hash"}


def _declarations(content: list[Any], used: set[str]) -> str:
    """Return a rule's declarations without custom properties that nothing uses."""
    return ";".join(
        each.serialize().strip()
        for each in _parsed(tinycss2.parse_blocks_contents, content)
        if each.type != "declaration" or not each.name.startswith("--") or each.name in used
    )


def _text(tokens: list[Any]) -> str:
    """Return tokens as text, with the least white space."""
    parts = (" " if each.type == "whitespace" else each.serialize() for each in tokens)
    return "".join(parts).strip()
