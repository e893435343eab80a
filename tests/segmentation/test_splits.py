"""Which parts of which images go to train, validation and test, worked out by hand."""

import numpy as np
import pytest

from unet_teach.segmentation.data import splits
from unet_teach.segmentation.data.splits import Tile, _select_tiles, _tiles, split_images


def image_of(height, width):
    """Pixels that hold their column, and a mask."""
    pixels = np.tile(np.arange(width) / 2000, (height, 1))
    return pixels, np.zeros((height, width), dtype=bool)


@pytest.mark.parametrize(
    ("width", "widths"), [(40, [24, 8, 8]), (7, [4, 1, 2]), (2, [1, 0, 1]), (1, [0, 0, 1])]
)
def test_one_image_is_cut_at_60_and_80_percent(width, widths):
    parts, notes = split_images({"a": image_of(5, width)}, seed=0)
    assert [[pair.mask.shape[2] for pair in part] for part in parts] == [
        [size] if size else [] for size in widths
    ]
    first = [round(float(part[0].image[0, 0, 0]) * 2000) for part in parts if part]
    assert first == [sum(widths[:i]) for i, size in enumerate(widths) if size]
    assert "fewer than 3 images" in notes[0]


@pytest.mark.parametrize(("count", "sizes"), [(2, None), (3, [1, 1, 1]), (11, [7, 2, 2])])
def test_three_images_are_not_cut(count, sizes):
    parts, notes = split_images({f"{n}": image_of(5, 40) for n in range(count)}, seed=0)
    assert bool(notes) == (sizes is None)
    assert [len(part) for part in parts] == (sizes or [2, 2, 2])


@pytest.mark.parametrize(("kind", "value"), [(np.uint8, 3), (bool, 1)])
def test_labels_keep_their_numbers(kind, value):
    pixels, mask = image_of(5, 40)
    parts, _ = split_images({name: (pixels, (mask + 3).astype(kind)) for name in "abc"}, seed=0)
    assert {float(pair.mask.max()) for part in parts for pair in part} == {value}


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [
        ((512, 512), {"x": (512, 512)}),
        ((512, 513), {"x, tile 1.1": (512, 256), "x, tile 1.2": (512, 257)}),
        ((600, 40), {"x, tile 1.1": (300, 40), "x, tile 2.1": (300, 40)}),
        (
            (513, 1030),
            {
                **{"x, tile 1.1": (256, 343), "x, tile 1.2": (256, 343), "x, tile 1.3": (256, 344)},
                **{"x, tile 2.1": (257, 343), "x, tile 2.2": (257, 343), "x, tile 2.3": (257, 344)},
            },
        ),
    ],
)
def test_large_images_are_cut_into_equal_tiles(shape, tiles):
    made = list(_tiles("x", *image_of(*shape)))
    assert {tile.name: tile.mask.shape for tile in made} == tiles
    assert all(tile.image.shape == tile.mask.shape for tile in made)
    firsts = {round(float(tile.image[0, 0]) * 2000) for tile in made}
    assert firsts <= {0, 256, 343, 686}
    assert len(firsts) == len({name[-1] for name in tiles})


def ten_values(count):
    return [Tile("", np.zeros((2, 5)), np.zeros((2, 5), dtype=bool)) for _ in range(count)]


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        # Fractional parts of 0.618 · index: 0, .62, .24, .85, .47, .09, .71, .33
        (39, {0, 5, 2}),
        (40, {0, 5, 2, 7}),
        (50, {0, 5, 2, 7, 4}),
        (80, set(range(8))),
    ],
)
def test_the_tiles_that_are_kept_are_spread_over_the_image(monkeypatch, most, kept):
    monkeypatch.setattr(splits, "MOST_VALUES", most)
    assert _select_tiles([[ten_values(8)]]) == {(0, 0, index) for index in kept}


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (10, {(0, 0, 0)}),
        (30, {(0, 0, 0), (0, 1, 0), (1, 0, 0)}),
        (40, {(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0)}),
        (50, {(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0), (0, 1, 1)}),
    ],
)
def test_each_image_gives_a_tile_before_any_gives_a_second_one(monkeypatch, most, kept):
    monkeypatch.setattr(splits, "MOST_VALUES", most)
    train, validation = [ten_values(1), ten_values(2), ten_values(1)], [ten_values(1)]
    assert _select_tiles([train, validation]) == kept
