"""What lessons 5 and 6 say in words, held against the committed runs and the solved notebooks."""

import re
from pathlib import Path

import nbformat
import pytest

from unet_teach.segmentation import ablation, earth
from unet_teach.segmentation.metrics import boundary

SOLVED = Path(__file__).parents[2] / "notebooks" / "solved"
RUNS = ablation.results()
LINES = "lines in rings"


def scores(data, variant, measure="score", seeds=20):
    return [
        getattr(run, measure)
        for run in RUNS
        if (run.data, run.variant) == (data, variant) and run.seed < seeds
    ]


def told_apart(measure="score", seeds=20, limit=0.05):
    """The pairs of data and variant that the permutation test tells from the whole network."""
    found = set()
    for data in ablation.DATA:
        whole = scores(data, "the U-Net", measure, seeds)
        for variant in ablation.VARIANTS:
            theirs = scores(data, variant, measure, seeds)
            if variant == "the U-Net" or not theirs:
                continue
            if ablation.p_value(whole, theirs) <= limit:
                found.add((data, variant))
    return found


def printed(name):
    """All that a solved notebook prints."""
    notebook = nbformat.read(SOLVED / f"{name}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_eighteen_of_twenty_seeds_end_where_lesson_5_says_and_two_below():
    ends = scores("earth", "the U-Net", "validation_iou")
    assert len(ends) == 20
    assert sum(0.85 <= iou <= 0.93 for iou in ends) == 18
    assert sum(0.73 <= iou < 0.85 for iou in ends) == 2


def test_lesson_5_prints_what_its_text_is_about():
    text = printed("05_train_it")
    lines = re.findall(r"^(\S.*\S) +IoU (0\.\d\d), .*F1 (0\.\d\d)", text, re.M)
    assert len(lines) == 3 + 1 + 4  # baselines and network on validation, then all on the test
    validation = {name: (float(iou), float(f1)) for name, iou, f1 in lines[:4]}
    test = {name: (float(iou), float(f1)) for name, iou, f1 in lines[4:]}
    assert min(validation, key=lambda name: validation[name][1]) == "Otsu"
    assert max(test, key=lambda name: test[name][1]) == "Otsu"
    assert min(test, key=lambda name: test[name][0]) == "Otsu"
    assert max(test, key=lambda name: test[name][0]) == "U-Net"
    assert 0.85 <= validation["U-Net"][0] <= 0.93
    wins = [int(count) for count in re.findall(r"in (\d+) of 20", text)]
    assert wins[0] > 15 > 5 > wins[1]
    nuclei = dict(re.findall(r"^(\S.*\S) +IoU (0\.\d\d)$", text, re.M))
    assert float(nuclei["random forest"]) == pytest.approx(float(nuclei["U-Net"]), abs=0.03)


def test_the_amazon_is_nearly_as_dark_as_the_sea_and_shallow_sea_brighter():
    image, mask, _ = earth().test[0]
    forest = image[0, 216:239, 290:324]
    assert mask[0, 216:239, 290:324].all()
    sea = image[mask == 0]
    assert sea.median() < forest.median() < sea.median() + 0.05
    assert sea.quantile(0.9) > forest.median()


def test_the_test_has_far_more_coast_north_of_sixty_than_the_validation_strip():
    data, row_of_60_north = earth(), 45  # the picture begins at 75.9° N, 0.35° a row
    shares = []
    for part in (data.validation, data.test):
        coast = boundary(part[0].mask)[0]
        shares.append(float(coast[:row_of_60_north].sum() / coast.sum()))
    assert shares[0] < 0.15 < 0.4 < shares[1]


def test_three_seeds_against_three_tell_nothing_apart():
    assert told_apart(seeds=3) == set()


def test_which_variants_are_told_apart_from_twenty_seeds_of_the_whole_network():
    strict = {(data, "no skips") for data in ablation.DATA}
    strict |= {(LINES, "depth 1"), (LINES, "depth 1, wide")}
    assert told_apart(limit=0.05 / 37) == strict
    assert len(told_apart()) == 12
    for data, variant in strict:
        assert max(scores(data, variant)) < min(scores(data, "the U-Net"))


def test_size_alone_does_not_replace_depth():
    narrow, wide, whole = (scores(LINES, v) for v in ("depth 1", "depth 1, wide", "the U-Net"))
    assert len(narrow) == len(wide) == 5
    assert ablation.p_value(narrow, wide) == 2 / 252
    assert max(wide) < 0.4 < 0.6 < min(whole)


def test_none_of_the_whole_network_s_runs_failed():
    for data in ablation.DATA:
        assert scores(data, "the U-Net", "trouble") == [""] * 20
    assert min(scores(LINES, "depth 4")) == pytest.approx(0.33, abs=0.005)


def test_nuclei_do_not_care_for_depth():
    for variant in ("the U-Net", "depth 1"):
        mean = sum(scores("nuclei", variant, seeds=3)) / 3
        assert mean == pytest.approx(0.89, abs=0.01)


def test_lesson_6_prints_the_run_of_the_table():
    text = printed("06_take_it_apart")
    (mine,) = re.findall(r"^IoU (0\.\d\d) with", text, re.M)
    assert float(mine) == pytest.approx(scores(LINES, "no skips")[0], abs=0.1)
    assert "37 comparisons; the smallest p is 0.10" in text


def test_lesson_6_predicts_what_its_cells_print():
    notebook = nbformat.read(SOLVED / "06_take_it_apart.ipynb", as_version=4)
    asked = [cell.source for cell in notebook.cells if cell.source.startswith("Predict(")]
    assert len(asked) == 2
    for source, variant in zip(asked, ("no skips", "depth 1"), strict=True):
        low, high = map(float, re.search(r'answer="(\S+) to (\S+)"', source).groups())
        assert all(low < score < high for score in scores(LINES, variant))
