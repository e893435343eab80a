"""The data of the course: what is in it, that it is split cleanly, and that it is what it says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unet_teach.segmentation import earth, lines_in_rings, nuclei
from unet_teach.segmentation.data.dataset import FILES, make_pair

SETS = {"earth": earth, "nuclei": nuclei, "lines": lambda: lines_in_rings(4)}


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
def test_pictures_are_0_to_1_and_masks_0_or_1(data):
    data = data()
    for image, mask, name in (*data.train, *data.validation, *data.test):
        assert image.dtype == mask.dtype == torch.float32
        assert image.shape == mask.shape == (data.channels, *image.shape[1:])
        assert image.min() >= 0
        assert image.max() <= 1
        assert set(mask.unique().tolist()) == {0, 1}
        assert name


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
def test_it_says_what_is_in_it(data):
    said = repr(data())
    assert "train: " in said
    assert "% of the pixels are foreground" in said
    assert data().figure(most=1).axes


def columns(pairs):
    return {tuple(c.tolist()) for p in pairs for c in p.image[0].T}


@pytest.mark.parametrize("data", SETS.values(), ids=SETS)
def test_no_column_of_pixels_is_in_two_parts(data):
    data = data()
    parts = [columns(p) for p in (data.train, data.validation, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts))


def earth_at(latitude, longitude):
    """Grey value and land of the whole picture at a place, in degrees north and east."""
    row, column = int((90 - latitude) / 180 * 512) - 40, int((180 + longitude) / 360 * 1024)
    return tuple(
        int(np.asarray(Image.open(FILES / name))[row, column])
        for name in ("earth.png", "earth_land.png")
    )


@pytest.mark.parametrize(
    ("place", "at", "land"),
    [
        ("Sahara", (25, 10), 1),
        ("Amazonia", (-5, -63), 1),
        ("Australia", (-25, 134), 1),
        ("Chukotka, beyond the antimeridian", (67, -175), 1),
        ("Chukotka, before it", (67, 178), 1),
        ("Greenland's ice", (72, -40), 1),
        ("Lake Superior, which the map calls land", (47.7, -87.5), 1),
        ("Caspian Sea, which it does not", (41.5, 50.8), 0),
        ("Pacific", (0, -140), 0),
        ("Bering Sea, on the antimeridian", (58, 179.9), 0),
        ("Mediterranean", (35, 18), 0),
    ],
)
def test_land_is_where_it_is(place, at, land):
    assert earth_at(*at)[1] == land, place


def test_picture_and_map_lie_on_each_other():
    """Moved by three pixels any way, the map fits the picture less well."""
    grey = np.asarray(Image.open(FILES / "earth.png")).astype(float)
    land = np.asarray(Image.open(FILES / "earth_land.png"))

    def contrast(rows, columns):
        moved = np.roll(land, (rows, columns), axis=(0, 1))[8:-8, 8:-8]
        inner = grey[8:-8, 8:-8]
        return inner[moved].mean() - inner[~moved].mean()

    here = contrast(0, 0)
    assert all(contrast(r, c) < here for r, c in ((3, 0), (-3, 0), (0, 3), (0, -3)))


def test_there_are_125_nuclei_of_a_nucleus_size():
    labels = np.asarray(Image.open(FILES / "nuclei_labels.png"))
    numbers, sizes = np.unique(labels[labels > 0], return_counts=True)
    assert len(numbers) == 125
    assert 100 < np.median(sizes) < 1000


def test_data_are_small_and_their_owners_are_named():
    assert sum(file.stat().st_size for file in FILES.iterdir()) < 2**20
    said = (FILES / "README.md").read_text(encoding="utf-8")
    for file in FILES.glob("*.png"):
        assert file.name in said
    assert all(owner in said for owner in ("NASA", "Natural Earth", "BBBC038", "CC0"))


def test_lines_in_rings_are_the_same_each_time_and_others_with_another_seed():
    first, again, other = lines_in_rings(3, 5), lines_in_rings(3, 5), lines_in_rings(3, 6)
    assert torch.equal(first.test[0].image, again.test[0].image)
    assert torch.equal(first.train[2].mask, again.train[2].mask)
    assert not torch.equal(first.train[0].image, other.train[0].image)
    assert not torch.equal(first.train[0].image, first.test[0].image)


def test_more_pictures_begin_with_the_same_ones():
    assert torch.equal(lines_in_rings(9).train[1].image, lines_in_rings(2).train[1].image)


def test_pictures_of_lines_are_made_without_a_loop_over_pixels():
    """Counted, not timed: a picture has 9,216 pixels."""
    data, lines = lines_in_rings(1), 0

    def count(frame, event, _):
        nonlocal lines
        lines += event == "line"
        return count

    traced = sys.gettrace()
    sys.settrace(count)
    try:
        lines_in_rings(1)
    finally:
        sys.settrace(traced)
    assert 0 < lines / (len(data.train) + len(data.validation) + len(data.test)) < 2000


def test_lines_count_only_inside_rings():
    """The brightest of all pixels, cut at any one threshold, are mostly wrong: place decides."""
    data = lines_in_rings(8)
    image = torch.stack([p.image for p in data.train])
    wanted = torch.stack([p.mask for p in data.train]) > 0
    bright = image > 0.6
    assert (bright & wanted).sum() / wanted.sum() > 0.5  # foreground is bright
    assert (bright & wanted).sum() / bright.sum() < 0.4  # and most of what is bright is not


@pytest.mark.parametrize(("n", "seed"), [(0, 0), (3, -1)])
def test_an_impossible_order_is_refused(n, seed):
    with pytest.raises(
        ValueError, match=r"(n=0|seed=-1) does not work; give a whole number, [01] or more"
    ):
        lines_in_rings(n, seed)
    with pytest.raises(TypeError, match=r"n=2\.5 is of type float; give a whole number"):
        lines_in_rings(2.5)


def test_a_pair_takes_grey_and_colour():
    grey, mask = np.full((5, 7), 51, dtype=np.uint8), np.full((5, 7), 3)
    made = make_pair(grey, mask, "x")
    assert made.image.shape == (1, 5, 7)
    assert made.image.max() == pytest.approx(0.2)
    assert made.mask.min() == 1
    assert make_pair(np.stack([grey] * 3, axis=2), mask, "x").image.shape == (3, 5, 7)


def test_make_says_how_it_is_used():
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.packaged_data"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "pip download" in run.stderr
