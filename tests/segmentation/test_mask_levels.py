"""Masks between two levels: soft edges are cut at half, noise is empty, labels stay."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from unet_teach.segmentation.data.image_files import Opened, UnreadableError
from unet_teach.segmentation.data.mask_files import binarize, read_mask, require_background

ROWS, COLUMNS = np.mgrid[:60, :84]
DISC = (ROWS - 26) ** 2 + (COLUMNS - 30) ** 2 < 14**2
OTHER = (ROWS - 40) ** 2 + (COLUMNS - 66) ** 2 < 11**2
NOISE = np.random.default_rng(0).normal(0, 1, DISC.shape)


def read(content, *, lossy=False):
    image = content if isinstance(content, Image.Image) else Image.fromarray(content)
    return read_mask(Opened(image, [], False, False, 1, 1), lossy=lossy)


def foreground(content, **options):
    return binarize({"": read(content, **options).pixels})[0][""]


def soft(mask, radius=1.0):
    """A blurred mask, from 0 to 1."""
    blur = ImageFilter.GaussianBlur(radius)
    return np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).filter(blur)) / 255


def bytes_of(values):
    return np.rint(values).clip(0, 255).astype(np.uint8)


def once_a_jpeg(values, quality=75):
    stored = io.BytesIO()
    Image.fromarray(bytes_of(values)).save(stored, "JPEG", quality=quality)
    return Image.open(stored).copy()


SOFT = {
    "8 bits": bytes_of(soft(DISC) * 255),
    "largest 250": bytes_of(soft(DISC) * 250),
    "largest 100": bytes_of(soft(DISC, 2) * 100),
    "16 bits": (soft(DISC) * 65535).astype(np.uint16),
    "12 of 16 bits": (soft(DISC) * 4095).astype(np.uint16),
    "floats": soft(DISC).astype(np.float32),
    "-1 to 1": (soft(DISC) * 2 - 1).astype(np.float32),
    "noisy": bytes_of(np.where(DISC, 235, 12) + 5 * NOISE),
    "hardly noisy": bytes_of(np.where(DISC, 235, 12) + 0.4 * NOISE),
    "noisy floats": (np.where(DISC, 0.95, 0.04) + 0.01 * NOISE).astype(np.float32),
    "once a JPEG": once_a_jpeg(DISC * 255.0),
    "once a JPEG of 128": once_a_jpeg(DISC * 128.0),
    "once a coloured JPEG": once_a_jpeg(DISC[..., None] * (200.0, 0, 60)),
    "anti-aliased red": bytes_of(soft(DISC)[..., None] * (200.0, 0, 0)),
    "anti-aliased blue": bytes_of(soft(DISC)[..., None] * (0, 0, 255.0)),
    "red on white": bytes_of(255 - soft(DISC)[..., None] * (0, 220.0, 220)),
    "enlarged": Image.fromarray(bytes_of(DISC[::2, ::2] * 250.0)).resize((84, 60), 2),
}


@pytest.mark.parametrize("name", SOFT)
def test_values_between_two_levels_are_cut_at_half(name):
    assert (foreground(SOFT[name]) != DISC).sum() < 0.08 * DISC.sum()
    assert "its soft edges are cut at" in "".join(read(SOFT[name]).notes)


def test_a_jpeg_is_cut_at_half_of_its_own_range():
    assert (foreground(once_a_jpeg(DISC * 100.0), lossy=True) != DISC).sum() < 0.05 * DISC.sum()


NUMBERED = np.where(DISC, COLUMNS // 9 + 1, 0)
THIN = np.where(ROWS == 30 + COLUMNS // 6, COLUMNS // 20 + 1, 0)
DOTS = np.zeros(DISC.shape, int)
DOTS[5::10, 7::12] = np.arange(1, 43).reshape(6, 7)
LABELS = {
    "few": NUMBERED.astype(np.uint8),
    "spread": (NUMBERED * 50).astype(np.uint8),
    "large": (NUMBERED * 9000).astype(np.uint16),
    "floats": NUMBERED.astype(np.float32),
    "one small, one large": np.where(DISC, 1, np.where(OTHER, 200, 0)).astype(np.uint8),
    "lines of a pixel": THIN.astype(np.uint8),
    "dots": DOTS.astype(np.uint8),
    "two values": (DISC * 3).astype(np.uint8),
    "wide border of 128": np.where(DISC, 255, soft(DISC, 4) > 0.2 * 128).astype(np.uint8),
    "colours": np.where(DISC[..., None], (200, 0, 0), OTHER[..., None] * (0, 0, 90)).astype("u1"),
}


@pytest.mark.parametrize("name", LABELS)
def test_few_exact_values_are_labels(name):
    values = LABELS[name]
    wanted = values.any(axis=2) if values.ndim == 3 else values > 0
    assert np.array_equal(foreground(values), wanted)
    assert "cut" not in "".join(read(values).notes)


@pytest.mark.parametrize("dark", [200.0, 90.0])
def test_anti_aliased_colours_are_cut_at_half_of_each(dark):
    red, blue = np.array((220.0, 30, 0)), np.array((0, 40.0, dark))
    colours = bytes_of(soft(DISC)[..., None] * red + soft(OTHER)[..., None] * blue)
    assert (foreground(colours) != (DISC | OTHER)).sum() < 0.08 * (DISC | OTHER).sum()
    assert "its soft edges are cut at half" in "".join(read(colours).notes)


GRAIN = {
    "0 to 6": np.random.default_rng(1).integers(0, 7, DISC.shape).astype(np.uint8),
    "0 to 2": np.random.default_rng(2).integers(0, 3, DISC.shape).astype(np.uint8),
    "16 bits": np.random.default_rng(3).integers(0, 300, DISC.shape).astype(np.uint16),
    "floats": np.random.default_rng(4).random(DISC.shape).astype(np.float32) / 50,
}


@pytest.mark.parametrize("name", GRAIN)
def test_grain_alone_is_empty(name):
    assert not foreground(GRAIN[name]).any()
    assert "only noise, taken as all background" in read(GRAIN[name]).notes


def test_grain_on_top_of_white_is_full():
    assert foreground(255 - GRAIN["0 to 6"]).all()


def test_one_faint_value_is_empty_where_the_others_were_cut():
    """A JPEG makes 1 of 0 in an empty mask."""
    faint = np.ones(DISC.shape, np.uint8)
    edges = read(SOFT["8 bits"])
    masks, _ = binarize({"faint": faint, "edges": edges.pixels}, edges.cut)
    assert not masks["faint"].any()
    assert binarize({"faint": faint, "exact": DISC})[0]["faint"].all()


def with_palette(numbers, colours):
    image = Image.frombytes("P", numbers.shape[::-1], numbers.astype(np.uint8).tobytes())
    image.putpalette(colours)
    return image


VOC = [0] * 45 + [192, 128, 128] + [0] * 717 + [224, 224, 192]
BORDERED = np.where(DISC, 15, np.where(soft(DISC, 3) > 0.1, 255, 0))


def test_the_border_of_pascal_voc_is_background_and_said():
    image = with_palette(BORDERED, VOC)
    for mask in (image, image.convert("RGB")):
        assert np.array_equal(foreground(mask), DISC)
        assert "PASCAL VOC" in "".join(read(mask).notes)


def test_255_is_asked_about_where_it_is_a_number_and_not_where_it_is_blue():
    grey = with_palette(BORDERED, [number for number in range(256) for _ in range(3)])
    assert "if 255 means 'do not count', make it 0" in "".join(read(grey).notes)
    blue = np.where(DISC[..., None], (0, 0, 255), OTHER[..., None] * (255, 0, 0)).astype("u1")
    levels = np.where(DISC, 255, np.where(OTHER, 128, 0)).astype(np.uint8)
    for mask in (blue, levels, SOFT["once a JPEG"]):
        assert "make it 0" not in "".join(read(mask).notes)


@pytest.mark.parametrize(("first", "is_asked"), [(50, True), (51, False)])
def test_255_is_asked_about_beside_the_number_of_a_class(first, is_asked):
    notes = read(np.where(DISC, 255, np.where(OTHER, first, 0)).astype(np.uint8)).notes
    assert ("make it 0" in "".join(notes)) == is_asked


def test_255_is_asked_about_in_a_coloured_table_if_a_gap_precedes_it():
    colours = [0, 0, 0] + [200, 30, 30] * 254 + [255, 255, 255]
    for before, is_asked in ((1, True), (253, True), (254, False)):
        numbers = np.where(DISC, 255, np.where(OTHER, before, 0))
        numbers[0, :9] = 1
        labels = read(with_palette(numbers, colours))
        assert np.array_equal(labels.pixels != 0, numbers != 0)
        assert ("make it 0" in "".join(labels.notes)) == is_asked


def test_one_value_of_a_jpeg_is_cut_at_128():
    for value in (127, 128):
        full = once_a_jpeg(np.full(DISC.shape, float(value)))
        assert foreground(full, lossy=True).all() == (value == 128)


def test_grey_stored_as_colours_is_grey():
    # Of colours without a dark one, the most frequent would be the background.
    grey = bytes_of(60 + 140 * soft(~DISC))
    for mask in (grey, np.dstack([grey] * 3)):
        assert (foreground(mask) == DISC).sum() < 0.08 * DISC.sum()


def test_without_a_palette_the_numbers_count():
    for colours in ([0, 0, 0], [0] * 768):
        mask = read(with_palette(DISC, colours))
        assert np.array_equal(mask.pixels, DISC)
        assert "its palette is missing" in mask.notes[0]


def test_an_inverting_table_is_undone_and_said():
    table = [255 - number for number in range(256) for _ in range(3)]
    mask = read(with_palette(DISC * 255, table))
    assert np.array_equal(mask.pixels, DISC)
    assert "if that is inverted, use invert=True" in mask.notes[0]
    two = read(with_palette(DISC, [255, 255, 255, 0, 0, 0]))
    assert "if that is inverted, use invert=True" in two.notes[0]
    one = read(with_palette(DISC * 0, [255, 255, 255, 0, 0, 0]))  # as Pillow writes a white GIF
    assert one.pixels.all()
    assert not one.notes


def test_what_is_transparent_is_background():
    colours = np.where(DISC[..., None], (200, 30, 30), (255, 255, 255)).astype(np.uint8)
    assert np.array_equal(foreground(np.dstack([colours, bytes_of(DISC * 255)])), DISC)


def test_only_where_it_is_transparent():
    red, blue = (DISC[..., None] * (200, 0, 0) + OTHER[..., None] * (0, 0, 90)).astype("u1"), 90
    assert np.array_equal(foreground(np.dstack([red, bytes_of(~OTHER * 255)])), DISC)
    filled = np.where(~DISC[..., None], (200, 30, 30), (0, 0, blue)).astype(np.uint8)
    assert np.array_equal(foreground(np.dstack([filled, bytes_of(~DISC * 255)])), ~DISC)


def test_a_black_mask_that_is_opaque_is_empty():
    black = np.zeros((*DISC.shape, 3), np.uint8)
    assert not foreground(np.dstack([black, np.full(DISC.shape, 255, np.uint8)])).any()


@pytest.mark.parametrize(
    ("name", "cut"), [("8 bits", 127.5), ("largest 100", 50), ("-1 to 1", 0), ("16 bits", 32767.5)]
)
def test_where_a_mask_was_cut_is_known_to_the_others(name, cut):
    found = read(SOFT[name])
    assert found.cut == pytest.approx(cut, rel=0.05, abs=0.01)
    where = "128" if name == "8 bits" else "half of its own range"
    assert found.notes == [f"its soft edges are cut at {where}"]


@pytest.mark.parametrize(
    ("values", "cut", "is_foreground"),
    [(1, 128, False), (127, 128, False), (128, 128, True), (200, 128, True), (True, 128, True)],
)
def test_a_mask_of_one_value_is_empty_below_the_cut(values, cut, is_foreground):
    masks = {"one": np.full((4, 6), values), "other": np.eye(4, 6) > 0}
    assert binarize(masks, cut)[0]["one"].all() == is_foreground
    assert binarize(masks, cut)[0]["one"].any() == is_foreground


def test_masks_without_0_are_named_if_they_have_several_values():
    masks = {"zero": np.eye(4, 6), "one": np.full((4, 6), 5), "two": 3 - np.eye(4, 6)}
    found, notes = binarize(masks)
    assert [mask.sum() for mask in found.values()] == [4, 24, 24]
    assert list(notes.values()) == [["two"]]
    found, notes = binarize({"two": 3 - np.eye(4, 6), "one": np.full((4, 6), 5)})
    assert [mask.sum() for mask in found.values()] == [24, 0]  # 5 is the most frequent
    ((note, names),) = notes.items()
    assert "the most frequent value of all masks is the background" in note
    assert names == ["two", "one"]


@pytest.mark.parametrize(("alpha", "is_foreground"), [(127, False), (128, True)])
def test_transparency_is_cut_at_half(alpha, is_foreground):
    opacity = np.where(DISC, alpha, 0).astype(np.uint8)
    flat = np.dstack([np.full((*DISC.shape, 3), 9, np.uint8), opacity])
    assert np.array_equal(foreground(flat), DISC & is_foreground)


def test_what_is_transparent_everywhere_has_colours_all_the_same():
    colours = np.where(DISC[..., None], (200, 30, 30), (255, 255, 255)).astype(np.uint8)
    nothing = np.zeros(DISC.shape, np.uint8)
    assert np.array_equal(foreground(np.dstack([colours, nothing])), DISC)


def test_the_colour_of_the_border_of_pascal_voc_alone_is_a_label():
    colours = np.where(DISC[..., None], (224, 224, 192), (0, 0, 0)).astype(np.uint8)
    for mask in (colours, with_palette(DISC * 255, VOC)):
        assert np.array_equal(foreground(mask), DISC)
        assert read(mask).notes == []
    labels = np.where(DISC[..., None], (200, 0, 0), OTHER[..., None] * (0, 0, 90)).astype("u1")
    (note,) = read(labels).notes
    assert note.startswith("its 2 labels or colours became one foreground; if they are classes")


FOUR = np.zeros(DISC.shape, np.uint8)
FOUR[DISC], FOUR[OTHER], FOUR[48:, :34] = 1, 2, 3


@pytest.mark.parametrize("levels", [(0, 60, 120, 180), (0, 85, 170, 255), (20, 90, 30, 250)])
@pytest.mark.parametrize("quality", [50, 75, 90])
@pytest.mark.parametrize("lossy", [True, False])  # False: saved as PNG after it was a JPEG
def test_labels_that_a_jpeg_damaged_are_refused(levels, quality, lossy):
    stored = once_a_jpeg(np.array(levels)[FOUR], quality)
    with pytest.raises(UnreadableError, match=r"holds 4 labels .* which a JPEG has damaged"):
        read(stored, lossy=lossy)


def test_label_numbers_in_a_jpeg_are_refused():
    with pytest.raises(UnreadableError, match="which a JPEG has damaged"):
        read(once_a_jpeg(FOUR), lossy=True)


@pytest.mark.parametrize("radius", [0, 1, 3])
def test_exact_labels_with_soft_edges_are_no_damaged_ones(radius):
    blurred = Image.fromarray(FOUR * 60).filter(ImageFilter.GaussianBlur(radius))
    assert foreground(np.asarray(blurred)).any()


def test_numbered_objects_are_no_damaged_labels():
    cells = np.kron(np.arange(1, 141).reshape(10, 14), np.ones((6, 6), np.uint8))
    large = np.where(DISC, 60, np.where(OTHER, 90, np.where(ROWS > 52, 0, cells)))
    assert foreground(large.astype(np.uint8)).mean() == (large > 0).mean()


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 2, 1), (0, 80, 240), (0, 1, 255)])
def test_a_thin_outline_is_a_label(levels):
    eroded = (ROWS - 26) ** 2 + (COLUMNS - 30) ** 2 < 13**2
    mask = np.where(eroded, levels[1], np.where(DISC, levels[2], levels[0])).astype(np.uint8)
    assert np.array_equal(foreground(mask), DISC)


def test_floats_between_0_and_1_that_are_never_0_are_probabilities():
    for values, is_cut in (((0.2, 1.0), True), ((0.2, 1.1), False)):
        mask = read(np.where(DISC, values[1], values[0]).astype(np.float32))
        assert (mask.pixels.dtype == bool) == is_cut
        assert (
            mask.notes
            == ["its values lie at 0.2 and 1; it is cut at half of its own range"][: int(is_cut)]
        )
    labels = np.where(DISC, 1.0, np.where(OTHER, 0.25, 0)).astype(np.float32)
    assert np.array_equal(foreground(labels), DISC | OTHER)


@pytest.mark.parametrize(("step", "said"), [(1, "its values lie at 0 and 255; it is"), (2, "soft")])
def test_values_next_to_two_levels_are_no_soft_edges(step, said):
    off = step * np.random.default_rng(0).integers(0, 2, DISC.shape)
    (note,) = read(np.where(DISC, 255 - off, off).astype(np.uint8)).notes
    assert said in note
    assert note.endswith("cut at 128")


@pytest.mark.parametrize(("count", "are_classes"), [(30, True), (31, False)])
def test_many_labels_are_numbered_objects(count, are_classes):
    (note,) = read(np.kron(np.arange(count + 1), np.ones((3, 4))).astype(np.uint8)).notes
    assert note.startswith(f"its {count} labels or colours became one foreground")
    assert ("if they are classes" in note) == are_classes


@pytest.mark.parametrize(
    ("code", "shown"),
    [(5, "5"), (255, "255"), (256, "(0, 1, 0)"), (7 * 0x010101, "7"), (0x0A0B0C, "(10, 11, 12)")],
)
def test_the_only_value_of_all_masks_is_shown_as_a_number_or_a_colour(code, shown):
    ((note, names),) = binarize({"one": np.full((4, 6), code)})[1].items()
    assert note.startswith(f"one value only, {shown}, taken as foreground")
    assert names == ["one"]


def refused(*masks):
    """What is said of masks with these values, or ""."""
    values = {f"{number}": np.array([mask]) for number, mask in enumerate(masks)}
    try:
        require_background(values, {name: f"{name}.png" for name in values})
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        ([(1, 2, 3), (0, 1, 2)], ""),  # half of the masks
        ([(1, 2, 3), (0, 1, 2), (1, 2, 3)], "see 0.png. The masks of the Oxford-IIIT Pet dataset"),
        ([(0, 1, 2), (0, 1, 2)], ""),
        ([(5, 5, 5), (7, 7, 7), (9, 9, 9)], ""),  # each has one value
        ([(1, 2, 2)], ""),  # two labels
        ([(True, True, True)], ""),
        ([(1, 2, 255)], "1, 2, 255 and no 0, so it is not known which of them is background"),
        ([(1, 2, 256)], ""),
        ([(0x020202, 0x040404, 0x060606)], 'classes={"a": 2, "b": 4, "c": 6}; pixels'),
        ([(0x020202, 0x040404, 0x060607)], ""),
        ([(2, 3, 4, 5)], 'classes={"a": 2, "b": 3, "c": 4, …}; pixels'),
        ([(1, 2, 3)], 'classes={"pet": 1, "background": 2, "border": 3}; pixels'),
        ([(1, 2, 3, 4, 5, 6)], "hold the labels 1, 2, 3, 4, 5, 6 and no 0"),
        ([(1, 2, 3, 4, 5, 6, 7)], "hold the labels 1, 2, 3, 4, 5, 6, … and no 0"),
    ],
)
def test_labels_without_a_background_are_asked_about(masks, says):
    assert says in refused(*masks)
    assert bool(refused(*masks)) == bool(says)
