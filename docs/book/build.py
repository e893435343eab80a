"""Build the book, a static site: `python3 course.py book`, or with its packages: this file.

    python docs/book/build.py [--output DIR]        writes build/book

Pages are made from the solved notebooks and from docs/. Sphinx runs on copies of them, so that
nothing in the repository changes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import home
import lesson_pages
import nbformat
from front_page import front_page
from slim import slim
from sphinx.cmd.build import build_main

from unet_teach.widgets import SeeInside
from unet_teach.widgets.base import STATIC, WIDGETS_OWN

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent
ROOT = DOCS.parent
PAGES = ["the_document", "glossary", "objectives", "gallery", "use_elsewhere", "hosts"]
PAGES += ["instructor", "grading", "hub", "demo"]
# Pages that are one file each, and their names on the site.
READY = {"playground.html": "playground.html", "why_it_fails.html": "why_it_fails.html"}
READY["demo.html"] = "live_demo.html"  # demo.html explains it
# What the theme brings and no page of ours asks for.
LEFT_OUT = ["**/*.map", "_static/vendor", "_static/scripts", "_static/styles", "_static/*.png"]
LEFT_OUT += ["_static/basic.css", "_static/pygments.css", "_static/mystnb.*.css", "_static/locales"]
LEFT_OUT += ["_static/images", "_static/webpack-macros.html", "_static/sbt-webpack-macros.html"]
LEFT_OUT += ["_static/*-stemmer.js", "_sources", ".buildinfo", ".doctrees", "objects.inv"]


def write_sources(folder: Path, files: dict[str, str]) -> list[dict[str, object]]:
    """Write the pages for Sphinx into a folder; return the facts about each lesson.

    Args:
        folder: where the pages are written.
        files: takes what widgets load later, by name.
    """
    where, lessons = home.read(ROOT), []
    for path in sorted((ROOT / "notebooks" / "solved").glob("[0-9][0-9]_*.ipynb")):
        solved = nbformat.read(path, as_version=4)
        student = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
        number, name = int(path.stem[:2]), path.stem
        lessons.append({"number": number, "name": name, **lesson_pages.facts(solved)})
        nbformat.write(lesson_pages.page(solved, student, name, where, files), folder / path.name)
    for name in PAGES:
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        (folder / f"{name}.md").write_text(lesson_pages.with_links(text, where), encoding="utf-8")
    for images in ("images", "gallery"):
        shutil.copytree(DOCS / images, folder / images)
    (folder / "index.md").write_text(front_page(lessons, PAGES, where), encoding="utf-8")
    return lessons


def living_unet(files: dict[str, str]) -> str:
    """Return the state of the front page's living U-Net, which book.js asks for after painting."""
    own = {*WIDGETS_OWN, "_esm", "_css", "_anywidget_id"}
    state = {name: v for name, v in SeeInside(autoplay=True).get_state().items() if name not in own}
    return lesson_pages.stored(state, [], files)


def finish(site: Path, files: dict[str, str]) -> None:
    """Add what Sphinx does not know of, and drop what no page asks for.

    Args:
        site: the folder that Sphinx wrote.
        files: what the lessons' widgets load later, by name.
    """
    widgets = site / "_static" / "widgets"
    shutil.copytree(STATIC, widgets)
    files["living_unet.json"] = living_unet(files)
    SeeInside().figure().savefig(site / "_images" / "living_unet.png")
    for name, text in files.items():
        (widgets / name).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "js" / "demo" / "model.js", site / "_static" / "model.js")
    for name, on_site in READY.items():
        shutil.copy(DOCS / name, site / on_site)
    (site / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        shutil.copy(path, site / "notebooks" / path.name)
    slim(site, [path for path in site.glob("*.html") if path.name not in READY.values()])
    for path in [path for pattern in LEFT_OUT for path in site.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def build(site: Path) -> int:
    """Build the site into an empty folder; return Sphinx's exit code, not 0 for a warning too."""
    site.mkdir(parents=True, exist_ok=True)
    (site / ".nojekyll").touch()  # otherwise GitHub Pages leaves out folders that begin with _
    files: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(temporary, "pages")
        sources.mkdir()
        os.environ["UNET_TEACH_BOOK"] = json.dumps(write_sources(sources, files), sort_keys=True)
        os.environ["SOURCE_DATE_EPOCH"] = "0"  # two builds of the same pages are the same
        places = [str(sources), str(site), "-d", str(Path(temporary, "doctrees"))]
        code = build_main(["-b", "html", "-c", str(HERE), "-q", "-W", "--keep-going", *places])
    if code == 0:
        finish(site, files)
    return code


def main() -> int:
    """Build the book as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the book, a static site.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "book", metavar="DIR")
    site = parser.parse_args().output.resolve()
    if site.exists() and not (site / ".nojekyll").is_file() and any(site.iterdir()):
        print(f"{site} holds something else than a book. Name an empty folder.", file=sys.stderr)
        return 2
    shutil.rmtree(site, ignore_errors=True)
    code = build(site)
    if code == 0:
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        print(f"The book: {site / 'index.html'} ({size / 1e6:.1f} MB)")
        print(f"To read it here: {Path(sys.executable).name} -m http.server -d {site}")
    return code


if __name__ == "__main__":
    sys.exit(main())
