"""SeeInside in the browser: its rule is the data's, its fields are torch's, its tour is true."""

import json
import re

import numpy as np
import pytest
import torch

from benchmarks.living_unet import PLANS
from unet_teach.networks.packed import pack
from unet_teach.networks.unet import UNet
from unet_teach.segmentation.data.synthetic import Scene, draw_scene, scene, stroke
from unet_teach.widgets.see_inside import CAPTIONS, shipped
from unet_teach.widgets.see_inside_figure import painted, read_image, read_mask
from unet_teach.widgets.see_inside_scene import random_sample

from .conftest import ROOT

SCENES = 60
FIELDS = 120


@pytest.fixture(scope="module")
def ask(node):
    def answers(what, questions):
        text = "\n".join(json.dumps(question) for question in questions)
        run = node(str(ROOT / "tests" / "js" / "see_inside.mjs"), what, input=text)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return answers


def segment_coverage(row, column, to_row, to_column):
    """How much a painted line of 1.5 pixels covers, from the distance to a segment."""
    y, x = np.mgrid[:96, :96]
    down, right = to_row - row, to_column - column
    along = ((y - row) * down + (x - column) * right) / (down**2 + right**2)
    along = np.clip(along, 0, 1)
    return stroke(np.hypot(y - row - along * down, x - column - along * right), 0.75)


def test_the_rule_in_the_browser_is_the_rule_of_the_data(ask):
    scenes = [scene(np.random.default_rng([5, number])) for number in range(SCENES)]
    asked = [{"lines": each.lines, "rings": each.rings, "segments": []} for each in scenes]
    for drawn, found in zip(map(draw_scene, scenes), ask("scenes", asked), strict=True):
        assert np.abs(drawn.strokes.ravel() - found["strokes"]).max() < 1e-6
        assert drawn.mask.ravel().tolist() == [bool(each) for each in found["mask"]]


def test_python_draws_the_page_s_new_image(ask):
    seeds = [1, 4242, 99999]
    for seed, found in zip(seeds, ask("scenesOf", seeds), strict=True):
        sample = random_sample(seed)
        image, mask = read_image(sample, ""), read_mask(sample)
        assert np.abs(image.ravel() - found["image"]).max() <= 0.5 / 255 + 1e-6
        assert mask.ravel().tolist() == found["mask"]


def test_painted_lines_follow_the_rule_as_well(ask):
    chance = np.random.default_rng(3)
    asked = [
        {
            "lines": [],
            "rings": [[48, 48, chance.uniform(13, 22)]],
            "segments": [chance.uniform(10, 86, 4).tolist()],
        }
        for _ in range(SCENES)
    ]
    for question, found in zip(asked, ask("scenes", asked), strict=True):
        line = segment_coverage(*question["segments"][0])
        # As numpy draws them: with Python's numbers, numpy would compute in single precision.
        row, column, radius = np.array(question["rings"][0])
        ring = draw_scene(Scene([], [(row, column, radius)])).strokes
        y, x = np.mgrid[:96, :96]
        inside = np.hypot(y - row, x - column) < radius
        assert np.abs(np.maximum(line, ring).ravel() - found["strokes"]).max() < 1e-6
        expected = (line >= 0.5) & inside & (ring < 0.5)
        assert expected.ravel().astype(int).tolist() == found["mask"]


def test_painting_changes_what_is_painted_and_nothing_else(ask):
    for found in ask("paintings", [shipped()]):
        assert found["isSame"]
        assert found["isByRule"]
        assert found["erased"] is None
        assert found["isBright"]
        assert 50 < found["differs"] < 400


def test_print_shows_what_was_painted(ask):
    strokes = [["ring", 60, 60, 15], ["line", 10, 80.5, 70, 20]]
    sample = shipped()[0]["samples"][0]
    [found] = ask("painted", [shipped(), strokes])
    image = read_image(sample, "")
    expected = painted(image, strokes)
    # The browser knows where the sample's own strokes are, and brightens them no further.
    assert np.mean(np.abs(expected.ravel() - found) > 1e-4) < 0.02
    assert np.count_nonzero(expected != image) > 200


def test_drawn_images_look_like_the_data(ask):
    for drawn in ask("drawn", list(range(1, 30))):
        assert 0.35 < drawn["mean"] < 0.6
        assert 1 <= drawn["rings"] <= 3


@torch.no_grad()
def test_a_cell_sees_its_field_and_nothing_outside(ask):
    """NaN just outside the field leaves the cell alone; NaN on the field's rim reaches it."""
    cases, asked = [], []
    for number in range(FIELDS):
        chance = np.random.default_rng(number)
        torch.manual_seed(number)
        depth = int(chance.integers(1, 4))
        ups = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
        model = UNet(
            depth=depth,
            base_channels=2,
            skip=str(chance.choice(["cat", "add", "none"])),
            down=str(chance.choice(["max_pool", "strided_conv"])),
            up=ups[number % 5],
            norm=False,
            decoder=str(chance.choice(["symmetric", "shallow"])),
        )
        level = int(chance.integers(0, depth))
        place = str(chance.choice([f"encoder {level + 1}", f"decoder {level}", "logits"]))
        side = 192 >> (0 if place == "logits" else int(place[-1]))
        cell = int(chance.integers(side * 3 // 8, side * 5 // 8))
        cases.append((model, place, cell))
        asked.append({"layers": pack(model)["layers"], "place": place, "cell": cell})
    for (model, place, cell), (first, last) in zip(cases, ask("fields", asked), strict=True):
        assert 0 < first <= last < 191, "the image of this test is too small"
        seen = [is_reached(model, place, cell, row) for row in (first - 1, first, last, last + 1)]
        assert seen == [False, True, True, False], (model, place, cell, first, last)


def is_reached(model, place, cell, row):
    """Whether a NaN in all of a row of the image arrives in a row of a level's maps."""
    image = torch.zeros(1, 1, 192, 8 << len(model.down))
    image[:, :, row] = float("nan")
    modules = {f"encoder {level}": module for level, module in enumerate(model.encoder)}
    modules |= {f"decoder {level}": m for level, m in enumerate(reversed(model.decoder))}
    kept = []
    handle = modules.get(place, model.head).register_forward_hook(lambda *a: kept.append(a[2]))
    # A ReLU and a max-pool of the course pass NaN on, and so does a zero weight.
    model(image)
    handle.remove()
    return bool(kept[0][0, :, cell].isnan().any())


def test_covering_pixels_tells_what_each_really_changes(ask):
    found = ask("matter", [shipped()])
    assert found["sides"] == [8, 4, 2, 1]
    assert found["most"] > 0.01
    assert found["most"] == pytest.approx(found["really"], rel=1e-4)
    assert found["outside"] == 0


@pytest.fixture(scope="module")
def tour(ask):
    return ask("tour", [shipped()])


def test_the_tour_says_what_is_on_the_screen(tour):
    task, encoder, bottleneck, cut, first, whole, again, turn = tour
    # What goes in, and how far a cell sees.
    assert f"{task['score']['total']} of 9216 pixels" in task["evidence"]
    assert "5×5 pixels at level 0, 68×68 in the bottleneck" in encoder["evidence"]
    assert "from 96×96 to 12×12 cells" in encoder["text"]
    assert "the receptive field 68" in bottleneck["evidence"]
    # Without skips: inside rings, and wrong.
    assert cut["skips"] == [0, 0, 0]
    marked = cut["marked"]
    assert marked["marked"] > 10
    assert marked["near"] / marked["marked"] > 0.8
    assert marked["exact"] / marked["marked"] < 0.6
    assert cut["iou"] < 0.45
    # Skip 0 brings the edges, all skips the mask, and a cut costs something.
    assert first["iou"] > cut["iou"] + 0.3
    assert whole["iou"] > first["iou"]
    assert whole["iou"] > 0.8
    assert again["iou"] < whole["iou"]
    assert f"IoU {whole['iou']:.2f} → {again['iou']:.2f}" in again["evidence"]
    hit, total = (whole["score"][name] for name in ("hit", "total"))
    assert f"{hit} of the {total} pixels of the mask are found" in whole["text"]
    assert turn["skips"] == [1, 1, 1]


@pytest.fixture(scope="module")
def said(ask):
    """What is said of each network on each of its images, after each switch and stroke."""
    found = ask("headlines", [shipped()])
    assert len(found) == sum(len(task["networks"]) * len(task["samples"]) for task in shipped())
    return found


def test_a_headline_has_the_score_that_is_on_the_screen(said):
    kinds = set()
    for step in (step for each in said for step in each["steps"]):
        kinds.add(step["kind"])
        text = f"{step['title']} {step['note']}"
        if step["is"] is None:
            assert "no score" in text
            assert "IoU" not in text
            continue
        was, now = (None if s is None else f"{s:.2f}" for s in (step["was"], step["is"]))
        if step["kind"] in ("network", "moment"):
            assert f"IoU {now}" in step["title"]
            assert step["note"].endswith(f"had {was}")
        elif "new pixels" in step["title"]:  # against another ground truth
            assert step["kind"] in ("ring", "line")
            assert step["note"] == f"IoU {now} on the new ground truth; it was {was} on the old one"
            assert step["title"].split(": ")[1].startswith(step["added"] or "no new pixels"), step
        else:
            changed = was is not None and step["against"] and step["isSameTruth"]
            assert step["title"].endswith(f"IoU {was} → {now}" if changed else f"IoU {now}"), step
    assert kinds == {"opened", "network", "moment", "switch", "ring", "line", "erase", "undo"}


def test_it_says_what_the_levels_are_compared_with(said):
    steps = [step for each in said for step in each["steps"]]
    named = {step["against"] for step in steps}
    assert {"", "all skips on", "all skips cut", "skip 0 cut", "skips 1 and 2 cut"} <= named
    assert {f"the image without the {kind}" for kind in ("ring", "line")} <= named
    assert {"the image before erasing", "the image with the stroke"} <= named
    # Another network's levels are compared with nothing, nor is what was on the screen already.
    assert {step["against"] for step in steps if step["kind"] in ("opened", "network")} == {""}


def test_each_step_of_a_training_is_compared_with_the_one_before(said):
    steps = [step for each in said for step in each["steps"] if step["kind"] == "moment"]
    assert steps
    for step in steps:
        assert step["against"] == "training step 0"
        assert re.search(r"step 0 had (0|no)", step["note"])


def test_a_caption_of_the_tour_stands_only_beside_what_it_speaks_of(said):
    switches = [[1, 1, 1]] * 3 + [[0, 0, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1], [1, 1, 1]]
    for each in said:
        for step in each["steps"]:
            as_painted = step["kind"] in ("opened", "switch", "network", "moment", "undo")
            is_so = [each["isTour"] and as_painted and step["skips"] == each_ for each_ in switches]
            expected = [*is_so[:7], True]
            assert step["shows"] == expected, step


def test_no_caption_contradicts_the_score_whatever_network_and_image_it_is_said_of(said):
    claims = set()
    for task, _, bottleneck, cut, first, whole, again, _ in (
        each["tour"] for each in said if each["tour"]
    ):
        total = task["score"]["total"]
        assert f"{total} of 9216 pixels are in the ground truth" in task["evidence"]
        assert ("far enough" in bottleneck["text"]) == (bottleneck["field"] >= bottleneck["widest"])
        marked, near, exact = (cut["marked"][name] for name in ("marked", "near", "exact"))
        if "roughly where" in cut["text"]:
            assert near / marked >= 0.6 > exact / marked
        elif marked:
            assert f"{exact} of the {marked} pixels" in cut["text"]
        else:
            assert "finds nothing" in cut["text"]
        assert ("brings the edges back" in first["text"]) == (first["score"]["iou"] > first["was"])
        assert f"{whole['score']['hit']} of the {total} pixels" in whole["text"]
        for each in (first, whole, again):
            assert f"IoU {each['was']:.2f} → {each['score']['iou']:.2f}" in each["evidence"]
        claims |= {each["text"].split(" ")[0] for each in (bottleneck, cut, first)}
    assert {"does", "brings"} <= claims  # both fates occurred


def test_where_all_is_cut_it_names_the_network_that_never_had_skips(said):
    named = "Cutting is not “trained without skips”"
    for each in said:
        has_other = each["task"] == "lines in rings" and each["network"] != "trained without skips"
        for step in each["steps"]:
            is_cut = not any(step["skips"])
            assert step["hint"].startswith(named if has_other and is_cut else "Drag from"), step


def test_what_the_list_says_of_each_network_is_so(said):
    for each in said:
        says, name = each["says"], each["network"]
        plan = PLANS[name if each["task"] == "lines in rings" else each["task"]]
        assert 0 < len(says) <= 60
        assert says == plan.says
        if "skips cut at random" in says:
            assert plan.dropout > 0 or plan.varies
        elif "all skips on" in says:
            assert plan.dropout == 0
            assert not plan.varies
            assert f"{plan.steps} steps were enough" in says
            assert each["tour"]
        elif "cannot see a whole ring" in says:
            assert each["sees"] < 2 * 13  # the smallest radius
        else:
            assert says == "never had skips, which is not the same as a cut"
            assert each["tour"] == []


def test_below_a_cut_nothing_changes(tour):
    again = tour[6]
    assert again["skips"] == [0, 1, 1]
    assert again["same"][0] > 0
    assert again["same"][1:] == [0, 0]
    assert "stays the same" in again["evidence"]


def test_python_knows_how_many_captions_there_are(tour):
    assert len(tour) == CAPTIONS


def test_captions_fit_their_line_and_stand_long_enough_to_be_read(tour, ask):
    [paused] = ask("paused", [4])
    assert "Play goes on with caption 5" in paused["evidence"]
    for caption in [*tour, paused]:
        lead = f"{caption['lead']} {caption['text']}"
        assert len(lead) <= 80
        assert len(caption["evidence"]) <= 140
        words = len(f"{lead} {caption['evidence']}".split())
        assert words / (200 / 60) + 2 <= 90 / 7  # two seconds to look
