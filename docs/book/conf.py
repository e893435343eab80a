"""Sphinx's settings for the book; `build.py` prepares the pages and runs Sphinx."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "How do you know if it's a U-Net?"
author = ""
html_title = project
language = "en"
extensions = ["myst_nb", "site_pages"]
exclude_patterns = ["README.md"]
templates_path = [str(HERE / "templates")]
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "toc.not_included"]

nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables too
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 3
math_numfig = False
numfig = False

html_theme = "sphinx_book_theme"
html_favicon = str(HERE / "static" / "u.svg")
html_static_path = [str(HERE / "static")]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_permalinks = False
html_show_sphinx = False
html_context = {"default_mode": "light"}  # without JavaScript
html_sidebars = {"index": [], "**": ["lessons-nav.html"]}
html_theme_options = {
    "navbar_start": ["site-title.html"],
    "navbar_center": ["site-links.html"],
    "navbar_end": [],
    "navbar_persistent": ["search-button-field.html", "theme-button.html"],
    "article_header_start": ["top-steps.html"],
    "article_header_end": [],
    "footer_content_items": [],
    "primary_sidebar_end": [],
    "show_navbar_depth": 1,
    "toc_title": "On this page",
    "search_bar_text": "Search the book",
    "use_download_button": False,
    "use_fullscreen_button": False,
}
