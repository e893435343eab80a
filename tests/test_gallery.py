"""The gallery's page is what its results say, and its drawings are there and small."""

import json
import re
from pathlib import Path

from benchmarks.gallery import GALLERY, PAGE, RESULTS, judge, page
from unet_teach.inspection.report import UNetReport

ROOT = Path(__file__).parents[1]
FOUND = json.loads(RESULTS.read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_results():
    assert PAGE.read_text(encoding="utf-8") == page(FOUND)
    assert len(FOUND) == len(GALLERY) >= 24
    assert {each["problem"] for each in FOUND.values()} == {None}


def test_every_drawing_is_there_and_no_other():
    drawn = {path.name for path in (ROOT / "docs" / "gallery").iterdir()}
    shown = set(re.findall(r"\]\(gallery/([^)]+)\)", PAGE.read_text(encoding="utf-8")))
    assert drawn == shown == {each.file for each in GALLERY}
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "gallery").iterdir()]
    assert sum(sizes) < 600_000


def test_the_results_are_what_the_inspector_says_today(monkeypatch):
    """Of the network that needs no other package."""
    monkeypatch.setattr(UNetReport, "save", lambda report, path: None)
    monkeypatch.setattr("benchmarks.gallery.metadata.version", lambda name: "0")
    (own,) = (each for each in GALLERY if each.package == "unet-teach")
    today = json.loads(json.dumps(judge(own)))
    kept = ("criteria", "verdict", "parameters", "is_unet")
    assert {key: today[key] for key in kept} == {key: FOUND[own.title][key] for key in kept}
