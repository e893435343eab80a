"""The book's style sheet: rules that can match stay, all others go."""

import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs" / "book"


@pytest.fixture
def slim(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("slim")


def test_a_rule_stays_if_the_page_has_all_its_classes_and_ids(slim):
    css = """@charset "utf-8"; @font-face { font-family: Icons; src: url(icons.woff) }
    .menu a:hover, .gone a, nav > #top { color: red }
    .menu:not(.gone) { color: blue }
    .menu .gone { color: green }
    [data-x=".gone"] { color: pink }"""
    names = slim.names_in(['<nav class="menu large" id="top">'], [])
    assert slim.pruned(css, names).splitlines() == [
        ".menu a:hover,nav > #top{color: red}",
        ".menu:not(.gone){color: blue}",
        '[data-x=".gone"]{color: pink}',
    ]


def test_a_word_of_a_script_counts_as_a_class(slim):
    names = slim.names_in(['<p class="a">'], ["node.classList.add('late-comer')"])
    assert slim.pruned(".late-comer{color:red}", names) == ".late-comer{color:red}"


def test_what_nothing_uses_goes_also_when_its_user_goes(slim):
    css = """:root { --a: var(--b); --b: 1px; --c: 2px; --d: 3px; }
    @keyframes turn { to { rotate: 1turn } } @keyframes blink { to { opacity: 0 } }
    @media print { .gone { width: var(--a) } }
    @media screen { p { width: var(--c); animation: 1s turn } }"""
    assert slim.pruned(css, set(), others="<p style='width:var(--d)'>").splitlines() == [
        ":root{--c: 2px;--d: 3px}",
        "@keyframes turn { to { rotate: 1turn } }",
        "@media screen{p{width: var(--c);animation: 1s turn}}",
    ]


def test_a_style_sheet_that_cannot_be_read_is_refused(slim):
    with pytest.raises(ValueError, match="cannot be read"):
        slim.pruned("p { color: red } }", set())
