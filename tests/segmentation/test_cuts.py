"""Where masks between two levels are cut, and what counts as noise: small masks by hand."""

import numpy as np
import pytest

from unet_teach.segmentation.data.mask_levels import (
    are_labels,
    cut_at_half,
    cut_blends,
    damaged_labels,
    has_grain,
    looks_like_mask,
    looks_like_photo,
)


def block(value, background=0, dtype=np.uint8):
    """A mask with a block of 3×4 pixels."""
    levels = np.full((6, 9), background, dtype)
    levels[1:4, 2:6] = value
    return levels


BLOCK = block(1).astype(bool)


@pytest.mark.parametrize(
    ("values", "dtype", "edge", "is_foreground"),
    [
        ((0, 100), np.uint8, 50, True),  # half belongs to the foreground
        ((0, 100), np.uint8, 49, False),
        ((20, 60), np.uint16, 40, True),
        ((20, 60), np.uint16, 39, False),
        ((-1, 1), np.float32, 0, True),
        ((-1, 1), np.float32, -0.1, False),
    ],
)
def test_the_cut_is_in_the_middle_of_the_range(values, dtype, edge, is_foreground):
    levels, expected = block(values[1], values[0], dtype), BLOCK.copy()
    levels[1, 6], expected[1, 6] = edge, is_foreground
    assert np.array_equal(cut_at_half(levels), expected)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ((0, 8), np.uint8, "empty"),
        ((0, 9), np.uint8, "block"),
        ((4, 8), np.uint8, "empty"),
        ((5, 8), np.uint8, "full"),  # noise on top of foreground
        ((250, 255), np.uint8, "full"),
        ((0, 0.05), np.float64, "empty"),
        ((0, 0.051), np.float64, "block"),
        ((-0.01, 0.02), np.float64, "block"),
        ((0, 8), np.float64, "block"),
    ],
)
def test_a_small_range_is_noise(values, dtype, expected):
    found = cut_at_half(block(values[1], values[0], dtype))
    wanted = {"empty": BLOCK & False, "full": BLOCK | True, "block": BLOCK}[expected]
    assert np.array_equal(found, wanted)


ROWS, COLUMNS = np.mgrid[:6, :8]


@pytest.mark.parametrize(
    ("foreground", "is_noise"),
    [
        # the fraction of neighbours of foreground that are foreground, and the least one needed
        (ROWS % 4 < 2, False),  # 44/52 = 0.85, 0.78
        (COLUMNS % 4 < 2, False),  # 38/44 = 0.86, 0.67
        (COLUMNS % 2 == 0, True),  # 20/44 = 0.45, 0.67
        ((ROWS + COLUMNS) % 2 == 0, True),  # 0, 0.67
        (ROWS < 3, False),  # 37/45 = 0.82, 0.67
        ((ROWS == 2) & (COLUMNS == 3), True),  # 0, 0.35
        ((ROWS == 2) & (COLUMNS < 4), True),  # 3/8 = 0.38, 0.39
        (ROWS == 2, False),  # 7/15 = 0.47, 0.44
    ],
)
def test_scattered_pixels_are_noise(foreground, is_noise):
    found = cut_at_half(np.where(foreground, 200, 0).astype(np.uint8))
    assert np.array_equal(found, foreground & ~np.array(is_noise))


def ramp(*columns):
    """Rows that all hold these values."""
    return np.tile(np.array(columns, np.uint8), (6, 1))


@pytest.mark.parametrize(
    ("levels", "labels"),
    [
        (ramp(0, 0, 0, 7, 7, 7), True),  # two values
        (ramp(0, 0, 0, 90, 90, 90, 200, 200), True),  # patches
        (ramp(0, 0, 0, 90, 200, 200, 200), False),  # an edge that rises
        (ramp(*[0] * 8, 40, 70, *[100] * 8, 140, 200), False),  # to half of the range, and beyond
        (ramp(0, 0, 60, 120, 180, 200, 200), False),
        (ramp(0, 0, 90, 0, 0, 200, 200), True),  # a line of one pixel on the background
        (ramp(0, 0, 15, 0, 0, 200, 200), False),  # a faint one
        (ramp(0, 0, 20, 0, 0, 200, 200), False),  # a tenth of the range
        (ramp(0, 0, 21, 0, 0, 200, 200), True),
        (ramp(0, 0, 0, 90, 90, 120, 150, 200, 200), False),  # half of the rest is patches
        (ramp(0, 0, 0, 0, 90, 90, 90, 120, 150, 200, 200), True),
    ],
)
def test_labels_are_patches_or_border_sharply_on_the_background(levels, labels):
    assert are_labels(levels, levels) == labels


@pytest.mark.parametrize(
    ("value", "labels"), [(20, False), (21, True), (100, True), (179, True), (181, False)]
)
def test_a_patch_is_a_label_if_it_is_far_from_both_levels(value, labels):
    levels = ramp(*[0] * 20, *range(40, 161, 20), *[200] * 20)  # a soft edge: no labels
    levels[1:5, 4:8] = value
    assert are_labels(levels, levels) == labels


def outlines(*values, length=5):
    """A line of a pixel between 0 and 200: some rows of each value."""
    levels = np.tile(np.array([0] * 8 + [0] + [200] * 8, np.uint8), (length * len(values), 1))
    levels[:, 8] = np.repeat(values, length)
    return levels


@pytest.mark.parametrize(
    ("levels", "labels"),
    [
        (outlines(*range(210, 240, 5)), True),  # eight values
        (outlines(*range(210, 245, 5)), False),
        (outlines(210, 220, length=4), False),  # half of each has two neighbours of its value
        (outlines(210, 100), False),  # half lies between the two levels
        (outlines(210, 220, 100), True),
        (ramp(0, 0, 250, 240, 230, 220, 200, 200), False),  # half of the pixels are in patches
        (ramp(0, 0, 0, 250, 240, 230, 220, 200, 200), True),
        (ramp(0, 0, 0, 4, 8, 8, 8), True),  # in so small a range, there are no edges
        (ramp(10, 10, 10, 14, 18, 18, 18), True),
        (ramp(0, 0, 0, 4, 9, 9, 9), False),
        (ramp(0, 0, 0, 4, 8, 8, 8).astype(np.float32), False),
    ],
)
def test_a_thin_line_is_a_label_among_few_values(levels, labels):
    assert are_labels(levels, levels) == labels


@pytest.mark.parametrize(("columns", "labels"), [(4, False), (5, True)])
def test_a_twentieth_of_the_rest_inside_a_patch_is_not_enough_for_labels(columns, labels):
    levels = np.tile(np.array([0] * 20 + [40, 80, 120, 160] + [200] * 20, np.uint8), (7, 1))
    levels[2:5, 6 : 6 + columns] = 100  # 2 or 3 pixels of it have its value all around
    assert are_labels(levels, levels) == labels


def three_levels():
    levels = np.zeros((40, 50), np.uint8)
    levels[:, 20:30], levels[:, 30:] = 120, 240
    return levels


@pytest.mark.parametrize(
    ("edge", "grains", "is_damaged"),
    [
        (0, 10, False),  # a two-hundredth of all pixels
        (0, 11, True),
        (36, 4, False),  # a tenth of the pixels of no level
        (36, 5, True),
    ],
)
def test_grain_around_three_levels_was_a_jpeg(edge, grains, is_damaged):
    levels = three_levels()
    levels[:edge, 30] = 180
    levels[2 : 2 + 3 * grains : 3, 8] = 60
    assert damaged_labels(levels, lossy=False) == ([0, 120, 240] if is_damaged else [])
    assert damaged_labels(levels, lossy=True) == [0, 120, 240]


@pytest.mark.parametrize(
    ("third", "levels"), [(122, []), (123, [0, 120, 123]), (240, [0, 120, 240])]
)
def test_near_values_are_one_level_of_a_jpeg(third, levels):
    found = np.where(three_levels() == 240, np.uint8(third), three_levels())
    assert damaged_labels(found, lossy=True) == levels


@pytest.mark.parametrize(("columns", "levels"), [(8, []), (9, [0, 120, 240])])
def test_a_level_has_more_than_three_thousandths_of_the_even_pixels(columns, levels):
    found = np.zeros((36, 59), np.uint8)
    found[20:28, 5:19], found[3:6, 6 : 6 + columns] = 240, 120  # 6 or 7 even ones, of 2000
    assert damaged_labels(found, lossy=True) == levels


@pytest.mark.parametrize(
    ("values", "levels"), [((0, 8), [0, 8]), ((1, 8), [1, 8]), ((0, 9), []), ((8, 8), [])]
)
def test_a_small_range_in_a_jpeg_is_labels(values, levels):
    found = np.repeat(np.array(values, np.uint8), 15)[None].repeat(20, axis=0)
    assert damaged_labels(found, lossy=True) == levels
    assert damaged_labels(found, lossy=False) == []


@pytest.mark.parametrize(
    ("levels", "grain"),
    [
        (ramp(0, 50, 60, 70, 80, 90, 100, 110, 200), True),
        (ramp(0, 50, 60, 70, 80, 90, 100, 200), False),  # eight values
        (ramp(*[0] * 5, *range(40, 211, 20), *[255] * 4), False),  # half is at the two ends
        (ramp(*[0] * 4, *range(40, 211, 20), *[255] * 4), True),
        (ramp(*[0] * 9, *np.repeat(range(20, 181, 20), 2), 255), False),  # labels
    ],
)
def test_grain_is_at_neither_end_of_the_range(levels, grain):
    assert has_grain(levels) == grain


@pytest.mark.parametrize(
    ("levels", "is_mask", "is_photo"),
    [
        (ramp(0, 0, 0, 255, 255, 255), True, False),
        (ramp(*[0] * 20, *[255] * 19, 127), True, False),  # more than 95 % at the ends
        (ramp(*[100] * 20, *[200] * 19, 127), True, False),
        (ramp(0, 20, 60, 100, 140, 180, 200, 220, 255), False, True),
        (ramp(0, 1, 199, 200, 180, 60, 61, 100, 101, 140), False, True),  # 180 is no end
        (ramp(0, 1, 199, 200, 181, 60, 61, 100, 101, 140), False, False),
        (ramp(0, 1, 199, 200, 20, 60, 61, 100, 101, 140), False, True),
        (ramp(0, 1, 199, 200, 19, 60, 61, 100, 101, 140), False, False),
        (ramp(0, 180, 60, 200, 100, 140, 40, 160), False, False),  # eight values are no photo
        (ramp(0, 20, 60, 100, 240, 250, 255, 235), False, False),  # 6 of 8 at the ends
        (ramp(0, 20, 60, 100, 140, 255), False, False),  # half
        (ramp(0, 0, 90, 90, 180, 180, 255, 255), True, False),  # labels
    ],
)
def test_masks_and_photos_are_told_apart_by_their_values(levels, is_mask, is_photo):
    assert looks_like_mask(levels) == is_mask
    assert looks_like_photo(levels) == is_photo


def test_a_blend_is_foreground_from_half_of_its_surroundings_on():
    levels = np.zeros((12, 30), np.uint8)
    levels[3:9, 3:12], levels[3:9, 18:27] = 200, 100
    blends = np.arange(60, 140, 10)[:6], np.arange(31, 70, 6)[:6]
    levels[3:9, 12], levels[3:9, 27] = blends
    foreground, is_soft = cut_blends(levels, levels)
    assert is_soft
    assert foreground[3:9, 12].tolist() == [value >= 100 for value in blends[0]]
    assert foreground[3:9, 27].tolist() == [value >= 50 for value in blends[1]]
    assert foreground[3:9, 3:12].all()
    assert foreground[3:9, 18:27].all()
    levels[6, 14], levels[6, 22] = 33, 30  # beside a label a dot, and in another one a hole
    foreground, _ = cut_blends(levels, levels)
    assert foreground[6, 14]
    assert foreground[6, 22]
    levels[6, 14], levels[6, 22] = 0, 100
    for more, is_soft in (((35, 45, 55), True), ((35, 45, 45), False)):  # 8 blends in all, and 7
        levels[3:9, 27] = (*more, 0, 0, 0)
        assert cut_blends(levels, levels)[1] == is_soft
    few, is_soft = cut_blends(levels // 100, levels // 100)
    assert not is_soft
    assert np.array_equal(few, levels >= 100)
