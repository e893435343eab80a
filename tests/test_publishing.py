"""What publishing needs: a citation, a paper in JOSE's form, a release that builds the wheel."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
VERSION = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)[1]


def test_the_citation_has_what_its_schema_requires():
    """Held against schema 1.2.0 once, by cffconvert."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert all(author.get("name") or author.get("family-names") for author in cited["authors"])
    assert cited["version"] == VERSION


def test_every_reference_of_the_paper_is_listed_and_cited():
    paper = (ROOT / "paper.md").read_text(encoding="utf-8")
    listed = re.findall(r"^@\w+\{(\w+),", (ROOT / "paper.bib").read_text(encoding="utf-8"), re.M)
    assert set(re.findall(r"\[@(\w+)\]", paper)) == set(listed)
    head = yaml.safe_load(paper.split("---")[1])
    assert {"title", "tags", "authors", "affiliations", "date", "bibliography"} <= head.keys()


def test_the_papers_numbers_are_those_of_the_gallery():
    paper = (ROOT / "paper.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = json.loads((ROOT / "benchmarks" / "results" / "gallery.json").read_text("utf-8"))
    asked = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8").count("\n[Asked in ")
    words = {8: "eight", 9: "nine", 10: "ten"}
    assert f"answers {words[asked]} such questions" in paper
    for text in (paper, readme):
        assert f"{len(found)} public architectures" in text


@pytest.mark.parametrize("part", ["js/package.json", "js/package-lock.json", "pyproject.toml"])
def test_the_release_builds_from_what_is_there(part):
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert (ROOT / part).exists()
    steps = yaml.safe_load(release)["jobs"]["wheel"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert "npm --prefix js run build" in commands
    assert "hatchling build -t wheel" in commands
    assert "has never run" in release
    pinned = re.search(r"hatchling==[\d.]+", commands)[0]
    assert pinned in (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
