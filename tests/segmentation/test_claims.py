"""What lessons 5, 6, 8 and 9 say in words, held against committed runs and the solved notebooks."""

import json
import re
import statistics
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from unet_teach.segmentation import ablation, earth, predict, touching_nuclei
from unet_teach.segmentation.baselines import pixel_features, random_forest
from unet_teach.segmentation.instances import connected_components
from unet_teach.segmentation.metrics import boundary
from unet_teach.segmentation.object_matching import overlap_table

SOLVED = Path(__file__).parents[2] / "notebooks" / "solved"
MEASURED = Path(__file__).parents[2] / "benchmarks" / "results"
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
    assert "18 of 20 U-Nets have a higher IoU" in printed("05_train_it")


def test_lesson_5_prints_what_its_text_is_about():
    text = printed("05_train_it")
    lines = re.findall(r"^(\S.*\S) +IoU (0\.\d\d), .*F1 (0\.\d\d)", text, re.M)
    assert len(lines) == 3 + 2 + 4  # baselines, network and forest on validation; all on the test
    assert lines[4] == lines[2]
    validation = {name: (float(iou), float(f1)) for name, iou, f1 in lines[:4]}
    test = {name: (float(iou), float(f1)) for name, iou, f1 in lines[5:]}
    assert validation["U-Net"][0] > validation["random forest"][0]
    assert abs(validation["U-Net"][1] - validation["random forest"][1]) < 0.1
    assert min(validation, key=lambda name: validation[name][1]) == "Otsu"
    assert max(test, key=lambda name: test[name][1]) == "Otsu"
    assert min(test, key=lambda name: test[name][0]) == "Otsu"
    assert max(test, key=lambda name: test[name][0]) == "U-Net"
    assert 0.85 <= validation["U-Net"][0] <= 0.93
    wins = [int(count) for count in re.findall(r"in (\d+) of 20", text)]
    assert wins[0] > 15 > 5 > wins[1]
    split = re.findall(
        r"^(\S.*\S) +boundary F1 north of 60°: (0\.\d\d), south of it: (0\.\d\d)$", text, re.M
    )
    north, south = ({row[0]: float(row[part]) for row in split} for part in (1, 2))
    assert max(north, key=north.get) == "Otsu"
    assert north["random forest"] > north["U-Net"]
    assert south["Otsu"] < south["random forest"] < south["U-Net"]
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
    assert shares[0] < 0.15
    assert shares[1] == pytest.approx(0.44, abs=0.005)


def coast(method, score, base_channels=None):
    """A score of benchmarks/coast.py, one number a seed."""
    report = json.loads((MEASURED / "coast.json").read_text(encoding="utf-8"))
    return [
        run[score]
        for run in report["runs"]
        if run["method"] == method and run.get("base_channels") == base_channels
    ]


def test_the_forest_earns_its_outlines_north_of_sixty_and_the_u_net_south_of_it():
    (otsu_north,), (otsu_south,) = (coast("Otsu", part) for part in ("north", "south"))
    forest_north, forest_south = (coast("random forest", part) for part in ("north", "south"))
    north, south = (coast("U-Net", part, 8) for part in ("north", "south"))
    assert otsu_north > max(forest_north)
    assert min(forest_north) > max(north)
    assert otsu_south < min(forest_south)
    assert sum(f1 > max(forest_south) for f1 in south) > 0.75 * len(south)


def test_twice_the_channels_beat_the_forest_but_not_in_the_north():
    wide, wide_north = (coast("U-Net", part, 16) for part in ("boundary_f1", "north"))
    assert len(wide) == len(wide_north) == 3
    assert min(wide) > max(coast("random forest", "boundary_f1"))
    assert max(wide_north) < min(coast("random forest", "north"))
    assert statistics.mean(wide) > statistics.mean(coast("U-Net", "boundary_f1", 8))


def test_the_loss_leaps_up_to_step_425_and_not_after():
    for losses in coast("U-Net", "validation_losses", 8):  # every 25 steps
        rises = [after - before for before, after in pairwise(losses)]
        assert max(rises[:17]) > 0.1 > max(rises[17:])


def better_minute():
    return json.loads((MEASURED / "boundary.json").read_text(encoding="utf-8"))


def test_crops_at_the_coast_beat_the_forest_within_forty_seconds_as_lesson_5_says():
    runs = better_minute()["runs"]
    assert [run["seed"] for run in runs] == list(range(20))
    assert {run["steps"] for run in runs} == {700}
    assert max(run["core_seconds"] for run in runs) <= 40
    ours, forests = ([run["test"][name] for run in runs] for name in ("U-Net", "forest"))
    both = sum(
        our["iou"] > forest["iou"] and our["boundary_f1"] > forest["boundary_f1"]
        for our, forest in zip(ours, forests, strict=True)
    )
    f1, forest_f1 = ([f"{each['boundary_f1']:.2f}" for each in rows] for rows in (ours, forests))
    assert both >= 18
    told = f"{both} of {len(runs)} seeds beat the forest by IoU *and* by boundary F1"
    told += f": theirs is {min(f1)} to {max(f1)}, the forest's {min(forest_f1)} to {max(forest_f1)}"
    lesson = SOLVED.parents[1] / "lessons" / "05_train_it.py"
    chosen = [f"{run['test']['U-Net, threshold']['boundary_f1']:.2f}" for run in runs]
    text = lesson.read_text(encoding="utf-8")
    assert told in text
    assert f"which validation prefers, it is {min(chosen)} to {max(chosen)}" in text
    assert all(ours[seed]["north"] > forests[seed]["north"] for seed in range(len(runs)))


def test_what_helped_and_what_did_not_is_what_was_measured_on_validation():
    report, f1 = better_minute(), {}
    for row in report["candidates"]:
        f1.setdefault(row["name"], []).append(row["validation"]["plain"][1])
        assert row["core_seconds"] == pytest.approx(40, abs=0.5)
    lesson = (SOLVED.parents[1] / "lessons" / "05_train_it.py").read_text(encoding="utf-8")
    number = r"(0\.\d\d)"
    table = re.findall(rf"\| (\d+) \| {number} \({number} to {number}\) \|$", lesson, re.M)
    (screened,) = re.findall(r"two seeds of \*all\* had (0\.\d\d) on average", lesson)
    assert float(screened) == pytest.approx(
        statistics.mean(f1.pop("all crops at the coast")), abs=0.006
    )
    f1["all, twenty seeds"] = [run["validation"]["0.0"][1] for run in report["runs"]]
    told = ["lesson 5", "half of the crops at the coast", "all, twenty seeds"]
    told += ["all at the coast, batch 4", "12 channels", "16 channels, narrow decoder"]
    for (seeds, *row), scores_of in zip(table, (f1[name] for name in told), strict=True):
        assert int(seeds) == len(scores_of)
        measured = statistics.mean(scores_of), min(scores_of), max(scores_of)
        assert [float(each) for each in row] == pytest.approx(measured, abs=0.006)
    for name, told_of in {
        "anywhere": "from 0.38 (three seeds, 0.37 to 0.39)",
        "at the coast": "to 0.33 (0.28 to 0.38)",
    }.items():
        assert told_of in lesson
        forest = [row[name][1] for row in report["forests"]]
        mean, lowest, highest = map(float, re.findall(r"0\.\d\d", told_of))
        measured = statistics.mean(forest), min(forest), max(forest)
        assert (mean, lowest, highest) == pytest.approx(measured, abs=0.006)
    assert max(abs(pixels) for row in report["shifts"] for pixels in row["pixels"]) <= 0.25


def test_the_forest_takes_the_dark_woods_of_the_amazon_for_sea():
    data = earth()
    mask = predict(random_forest(data.train), data.test[0].image)
    assert mask[0, 216:239, 290:324].float().mean() < 0.05


def test_the_forest_sees_nine_pixels_far():
    image = torch.rand(1, 41, 41, generator=torch.Generator().manual_seed(0))
    before = pixel_features(image).reshape(41, 41, -1)[20, 20]
    for distance, seen in ((9, True), (10, False)):
        other = image.clone()
        other[0, 20, 20 + distance] += 1
        moved = abs(pixel_features(other).reshape(41, 41, -1)[20, 20] - before).max()
        assert (moved > 1e-4) is np.bool_(seen)


def test_the_mask_calls_the_great_lakes_land_where_the_image_is_dark():
    image, mask, _ = earth().test[0]
    lakes = slice(84, 91), slice(229, 250)
    assert mask[0][lakes].all()
    assert image[0][lakes].min() < 0.03


def test_how_much_overlap_is_enough_differs_from_training_to_training():
    seams = json.loads((MEASURED / "tiling.json").read_text(encoding="utf-8"))["seams"]
    changed = {row["overlap"]: row["pixels_decided_otherwise"] for row in seams}
    assert changed[24] > 0 == changed[32] == changed[40]
    assert all(row["largest"] > 1e-3 for row in seams if row["overlap"] < 48)
    printed_changes = dict(
        re.findall(r"overlap (\d+): .* (\d+) pixels", printed("08_larger_than_memory"))
    )
    assert int(printed_changes["40"]) > 0 == int(printed_changes["48"])


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


def test_lesson_6_says_what_was_measured_of_single_variants():
    lesson = (SOLVED.parents[1] / "lessons" / "06_take_it_apart.py").read_text(encoding="utf-8")
    wide, narrow, whole = (
        f"{statistics.mean(scores(LINES, variant)):.2f}"
        for variant in ("depth 1, wide", "depth 1", "the U-Net")
    )
    assert f"its mean is {wide} instead of {narrow}, still far from {whole}" in lesson
    low, lower, high = sorted(scores("earth", "transposed, kernel 4"))
    assert f"({lower:.2f} and {low:.2f}), but the third ({high:.2f})" in lesson
    earth_scores = scores("earth", "the U-Net")
    assert lower < min(earth_scores)
    assert statistics.mean(earth_scores) < high


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
    assert len(asked) == 3
    for source, variant in zip(asked[:2], ("no skips", "depth 1"), strict=True):
        low, high = map(float, re.search(r'answer="(\S+) to (\S+)"', source).groups())
        assert all(low < score < high for score in scores(LINES, variant))


def test_lesson_6_prints_what_was_measured_of_cutting():
    runs = json.loads((MEASURED / "living_unet.json").read_text(encoding="utf-8"))
    whole, without, ordinary = (
        max((r for r in runs if (r["name"], r["width"]) == (n, 6)), key=lambda r: r["validation"])
        for n in ("trained with skips", "trained without skips", "ordinary training")
    )
    measured = [
        whole["iou"],
        whole["cut_all"],
        without["iou"],
        ordinary["iou"],
        ordinary["cut_all"],
    ]
    names = (
        "with all skips|all of them cut|trained without them|ordinary training|the same, all cut"
    )
    lines = rf"^(?:{names}): +IoU (0\.\d\d)$"
    assert re.findall(lines, printed("06_take_it_apart"), re.M) == [
        f"{iou:.2f}" for iou in measured
    ]


# ---------------------------------------------------------------------------------------- lesson 9
LESSON_9 = (Path(__file__).parents[2] / "lessons" / "09_from_mask_to_cells.py").read_text("utf-8")
CELLS = json.loads((MEASURED / "cells.json").read_text("utf-8"))
ROWS_9 = {
    "not cut": "components of the foreground",
    "argmax": "components of inside, by argmax",
    "border ≤ threshold": "components, border threshold",
    "distance watershed": "distance watershed",
    "border watershed": "border watershed",
}


def of_lesson_9(weights, seeds=10):
    """The benchmark's runs on the cut of lesson 9, seed by seed."""
    runs = [r for r in CELLS["runs"] if (r["test_row"], r["weights"]) == (384, weights)]
    runs.sort(key=lambda r: r["seed"])
    assert [r["seed"] for r in runs] == list(range(seeds))
    return runs


def f1_of_lesson_9(method, weights):
    return [r["objects"][ROWS_9[method]]["f1"] for r in of_lesson_9(weights)]


def f1_of_all(counts):
    """Object F1 of several images counted as one."""
    matched, wrong = (
        sum(each[name] for each in counts for name in names)
        for names in (["matched"], ["spurious", "missed"])
    )
    return 2 * matched / (2 * matched + wrong)


def on_four_cuts(method):
    """Mean over three seeds of object F1, with the cells of all four tests counted as one."""
    runs = [r for r in CELLS["runs"] if r["weights"] == "inverse_sqrt"]
    by_seed = ([r["objects"][ROWS_9[method]] for r in runs if r["seed"] == s] for s in range(3))
    return statistics.mean(f1_of_all(counts) for counts in by_seed)


def test_lesson_9_has_the_table_of_its_benchmark():
    for row in ROWS_9:
        found = [f1_of_lesson_9(row, weights) for weights in ("none", "inverse_sqrt")]
        told = [f"{statistics.mean(f1):.2f} ({min(f1):.2f} to {max(f1):.2f})" for f1 in found]
        assert f"# | {row} | {' | '.join(told)} |" in LESSON_9
    (otsu,) = (b["objects"] for b in CELLS["baseline"] if b["test_row"] == 384)
    f1 = otsu["Otsu, distance watershed"]["f1"]
    assert f"Otsu with a distance watershed reaches {f1:.2f}, without a network" in LESSON_9
    own = statistics.mean(f1_of_lesson_9("border ≤ threshold", "inverse_sqrt"))
    assert own == pytest.approx(f1, abs=0.01)
    assert f"has {own:.2f} on average" in LESSON_9
    threshold, distance, border = map(on_four_cuts, [*ROWS_9][2:])
    assert f"cutting at a threshold {threshold:.2f}, and both watersheds" in LESSON_9
    assert f"{distance:.2f}" == f"{border:.2f}"
    assert f"of the network have {border:.2f} (" in LESSON_9
    otsu = f1_of_all([b["objects"]["Otsu, distance watershed"] for b in CELLS["baseline"]])
    assert f"Otsu with a distance watershed only has {otsu:.2f}" in LESSON_9
    runs = [r["objects"] for w in ("none", "inverse_sqrt") for r in of_lesson_9(w)]
    wins = sum(r["border watershed"]["f1"] > r["distance watershed"]["f1"] for r in runs)
    assert f"in {wins} of {len(runs)} runs" in LESSON_9
    for method, words in (
        ("border watershed", "the border watershed has {:.2f} to {:.2f}"),
        ("components, border threshold", "cutting at a threshold {:.2f} to {:.2f}"),
    ):
        found = [r[method]["ap"] for r in runs]
        assert words.format(min(found), max(found)) in LESSON_9


def test_lesson_9_tells_what_weights_cost_in_pixels_and_gain_in_borders():
    pixels = {w: [r["pixels"] for r in of_lesson_9(w)] for w in ("none", "inverse_sqrt")}
    for weights, words in (("none", "{:.3f} without"), ("inverse_sqrt", "{:.3f} with")):
        mean = statistics.mean(p["pixel_accuracy"] for p in pixels[weights])
        assert words.format(mean) in LESSON_9
    without, weighted = (sorted(p["border_recall"] for p in pixels[w]) for w in pixels)
    assert sum(recall < 0.1 for recall in without) == 4
    assert "four of the ten networks without weights found less than 10 %" in LESSON_9
    found = f"found {100 * weighted[0]:.0f} to {100 * weighted[-1]:.0f} %"
    assert f"the ten with weights {found}" in LESSON_9
    words = "from {:.2f} by `argmax` to {:.2f}", "{:.2f} by `argmax` and {:.2f} with a threshold"
    for weights, told in zip(pixels, words, strict=True):
        means = [
            statistics.mean(f1_of_lesson_9(m, weights)) for m in ("argmax", "border ≤ threshold")
        ]
        assert told.format(*means) in LESSON_9
    p = ablation.p_value(*(f1_of_lesson_9("argmax", w) for w in pixels))
    assert f"(p = {p:.3f}" in LESSON_9


def test_lesson_9_rounding_alone_changes_a_training_at_the_same_seed():
    other = of_lesson_9("inverse_sqrt, pixel by pixel", seeds=3)
    seed_0 = [
        f"{100 * runs[0]['pixels']['border_recall']:.0f} %"
        for runs in (other, of_lesson_9("inverse_sqrt"))
    ]
    assert f"seed 0 found {' of the border pixels instead of '.join(seed_0)}" in LESSON_9
    by_pixel = [100 * run["pixels"]["border_recall"] for run in of_lesson_9("map", seeds=3)]
    assert f"found {min(by_pixel):.0f} to {max(by_pixel):.0f} % of the border" in LESSON_9


def test_lesson_9_says_what_a_merge_costs():
    _, numbers = touching_nuclei()
    matched = {}  # by how many cells make up a component of the experts' own mask
    for labels in numbers.values():
        table, found, cells = overlap_table(connected_components(labels > 0), labels)
        ious = table / (found[:, None] + cells[None] - table)
        for row, iou in zip(table, ious, strict=True):
            matched.setdefault((row > 0).sum(), []).append((iou > 0.5).any())
    pairs = matched.pop(2)
    larger = [each for count, some in matched.items() if count > 2 for each in some]
    assert (len(pairs), all(pairs)) == (13, True)
    assert (len(larger), any(larger)) == (3, False)


def test_lesson_9_only_the_ratios_of_weights_matter():
    logits, weights = torch.randn(2, 3, 8, 8), torch.tensor([0.2, 0.4, 2.4])
    labels = torch.randint(3, (2, 8, 8))
    losses = [torch.nn.functional.cross_entropy(logits, labels, k * weights) for k in (1, 10)]
    torch.testing.assert_close(*losses)


def test_lesson_9_prints_what_its_text_is_about():
    text = printed("09_from_mask_to_cells")
    assert "test       36 cells" in text
    assert "pixel accuracy 98.7%" in text
    missed = int(re.search(r"98.7%\nobject F1 .*, (\d+) missed", text)[1])
    assert missed / 36 == 1 / 4
    f1 = {
        name: float(score)
        for name, score in re.findall(r"^(\w[^\n]*?) +object F1 ([\d.]+)", text, re.M)
    }
    assert f1["network, not cut"] < min(f1["network, argmax"], f1["network, border watershed"])
    assert f1["Otsu"] < f1["Otsu, distance watershed"]
