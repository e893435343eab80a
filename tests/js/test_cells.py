"""CellCounter: the page, its Python side and `segmentation` find and count the same cells."""

import itertools
import json
import re

import numpy as np
import pytest
import torch

from unet_teach.segmentation.instances import cells_below
from unet_teach.segmentation.object_matching import object_scores
from unet_teach.widgets import CellCounter

SCRIPT = """
import { readFileSync } from 'node:fs';
import { agreement, findCells, middles, outlines } from './cells.js';
const asked = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ background, border, width, percent, smallest, target }) => {
  const bytes = (values) => Uint8Array.from(values);
  const { labels, count } = findCells(bytes(background), bytes(border), width, percent, smallest);
  const { merged, split, alone, ...scores } = agreement(labels, target);
  const at = [...middles(labels, width, merged.keys())];
  const path = outlines(labels, width, { has: (label) => label % 2 });
  const sizes = { merged: merged.size, split: split.size };
  return { labels: [...labels], count, ...scores, ...sizes, alone: [...alone.found], at, path };
})));
"""


def smooth(height, width, random):
    """Probabilities (3, H, W) in whole 255ths, in blobs a few pixels wide."""
    logits = torch.from_numpy(random.normal(size=(1, 3, height, width))).float()
    blobs = torch.nn.functional.avg_pool2d(logits, 3, stride=1, padding=1)[0]
    shares = (5 * blobs).softmax(0)
    return (255 * shares).round() / 255


@pytest.fixture(scope="module")
def asked():
    random = np.random.default_rng(0)
    settings = []
    for percent in (0, 5, 20, 33, 50, 80, 100):
        for height, width in ((17, 23), (30, 11)):
            shares = smooth(height, width, random)
            target = cells_below(smooth(height, width, random), 0.4, smallest=2)
            settings.append((shares, target, percent / 100, int(random.integers(1, 9))))
    return settings


@pytest.fixture(scope="module")
def answers(asked, node):
    questions = [
        {
            "background": (255 * shares[0]).round().int().flatten().tolist(),
            "border": (255 * shares[2]).round().int().flatten().tolist(),
            "width": shares.shape[2],
            "percent": round(100 * threshold),
            "smallest": smallest,
            "target": target.flatten().tolist(),
        }
        for shares, target, threshold, smallest in asked
    ]
    run = node("--input-type=module", "--eval", SCRIPT, input=json.dumps(questions))
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_page_python_and_segmentation_find_the_same_cells(asked, answers):
    counts = []
    for (shares, target, threshold, smallest), said in zip(asked, answers, strict=True):
        found = cells_below(shares, threshold, smallest)
        assert said["labels"] == found.flatten().tolist()
        assert said["count"] == int(found.max())
        widget = CellCounter(shares[1], shares, target, threshold=threshold, smallest=smallest)
        assert np.array_equal(widget.labels, found.numpy())
        assert f"{said['count']} cell" in widget.describe()
        counts.append(said["count"])
    assert len(set(counts)) > 4


def test_the_page_scores_them_as_segmentation_does(asked, answers):
    merged = 0
    for (shares, target, threshold, smallest), said in zip(asked, answers, strict=True):
        scores = object_scores(cells_below(shares, threshold, smallest), target)
        for name in ("matched", "spurious", "missed", "merged", "split"):
            assert said[name] == getattr(scores, name), name
        assert said["f1"] == pytest.approx(scores.f1)
        merged += scores.merged
    assert merged


def test_cells_without_a_partner_are_known_by_number(asked, answers):
    for (_, target, _, _), said in zip(asked, answers, strict=True):
        found = np.array(said["labels"])
        ious = {}
        for cell in range(1, said["count"] + 1):
            mask = found == cell
            truth = target.flatten().numpy()
            ious[cell] = max(
                (mask & (truth == other)).sum() / (mask | (truth == other)).sum()
                for other in {*truth.tolist()} - {0}
            )
        assert said["alone"] == [cell for cell, iou in ious.items() if iou <= 0.5]


def test_outlines_go_around_every_asked_cell_and_no_other(asked, answers):
    for (shares, *_), said in zip(asked, answers, strict=True):
        height, width = shares.shape[1:]
        loops = []
        for loop in said["path"].split("Z")[:-1]:
            start, *turns = re.findall(r"[MHV][\d ]+", loop)
            points = [[int(side) for side in start[1:].split()]]
            for turn in turns:
                x, y = points[-1]
                points.append([int(turn[1:]), y] if turn[0] == "H" else [x, int(turn[1:])])
            loops.append(points)
        # A pixel is inside where a ray to the left crosses an odd number of upright sides.
        crossings = np.zeros((height, width), int)
        for points in loops:
            for (x, y), (to_x, to_y) in itertools.pairwise([*points, points[0]]):
                assert x == to_x or y == to_y
                crossings[min(y, to_y) : max(y, to_y), x:] += 1
        asked_for = np.reshape(said["labels"], (height, width)) % 2 == 1
        assert np.array_equal(crossings % 2 == 1, asked_for)


def test_a_merged_cell_is_marked_in_its_middle(asked, answers):
    (shares, _, _, _), said = next(
        (setting, said) for setting, said in zip(asked, answers, strict=True) if said["at"]
    )
    number, (row, column) = said["at"][0]
    places = np.argwhere(np.reshape(said["labels"], shares.shape[1:]) == number)
    assert [row, column] == pytest.approx((places.mean(0) + 0.5).tolist())
