"""Your own pictures: every kind of file that is usual, and every kind of trouble, in a sentence."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from unet_teach.segmentation import folder, from_folder

SHAPE = 24, 40
WANTED = np.zeros(SHAPE, dtype=bool)
WANTED[4:12, 6:30] = True
GREY = np.where(WANTED, 200, 40).astype(np.uint8)


@pytest.fixture
def put(tmp_path):
    """A function that saves an array or an image as images/NAME or masks/NAME."""

    def save(where, content, **options):
        path = tmp_path / where
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            image = content if isinstance(content, Image.Image) else Image.fromarray(content)
            image.save(path, **options)
        return path

    for number in range(3):
        save(f"images/good {number}.png", GREY)
        save(f"masks/good {number}.png", WANTED)
    save.images, save.masks = tmp_path / "images", tmp_path / "masks"
    return save


def load(put, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return from_folder(put.images, put.masks, **options)


def by_name(data, name):
    (found,) = [p for p in (*data.train, *data.validation, *data.test) if p.name == name]
    return found


def test_good_pairs_are_taken_without_a_word(put):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = from_folder(put.images, put.masks)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1, 1, 1]
    assert not data.notes
    assert torch.equal(by_name(data, "good 1").mask[0] > 0, torch.from_numpy(WANTED))
    assert by_name(data, "good 1").image.max() == pytest.approx(200 / 255)


COLOUR = np.stack([GREY, GREY // 2, GREY // 3], axis=2)
RGBA = np.dstack([COLOUR, np.full(SHAPE, 255, np.uint8)])
KINDS = {
    "grey 8 bit.png": (GREY, 1),
    "grey 16 bit.png": (GREY.astype(np.uint16) * 16, 1),
    "grey 16 bit.tif": (GREY.astype(np.uint16) * 16, 1),
    "float.tif": (GREY.astype(np.float32) / 7, 1),
    "32 bit.tif": (GREY.astype(np.int32) * 1000, 1),
    "one bit.png": (WANTED, 1),
    "grey alpha.png": (np.dstack([GREY, np.full(SHAPE, 255, np.uint8)]), 1),
    "jpeg.jpg": (GREY, 1),
    "colour.jpeg": (COLOUR, 3),
    "colour.png": (COLOUR, 3),
    "colour alpha.png": (RGBA, 3),
    "palette.png": (Image.fromarray(COLOUR).quantize(8), 3),
    "cmyk.jpg": (Image.fromarray(COLOUR).convert("CMYK"), 3),
}


@pytest.mark.parametrize("name", KINDS)
def test_any_kind_of_picture_is_read(put, name):
    content, channels = KINDS[name]
    put(f"images/{name}", content)
    put(f"masks/{name.rsplit('.', 1)[0]}.png", WANTED)
    data = load(put)
    image = by_name(data, name.rsplit(".", 1)[0]).image
    assert image.shape == (channels, *SHAPE)
    assert 0 <= image.min() < image.max() <= 1
    inside = image[:, WANTED].mean(), image[:, ~WANTED].mean()
    assert inside[0] > inside[1] + 0.15


LABELS = np.where(WANTED, np.arange(SHAPE[1]) // 10 + 1, 0)
SOFT = np.where(WANTED, 255, 0).astype(np.uint8)
SOFT[4, 6:9], SOFT[12, 6:9] = 140, 90
CLASSES = Image.fromarray(np.where(WANTED, 7, 0).astype(np.uint8)).convert("P")
CLASSES.putpalette([0, 0, 0] + [number % 256 for number in range(3, 768)])
MASKS = {
    "0 and 1.png": WANTED.astype(np.uint8),
    "0 and 255.png": WANTED.astype(np.uint8) * 255,
    "one bit.png": WANTED,
    "labels 8 bit.png": LABELS.astype(np.uint8),
    "labels 16 bit.tif": (LABELS * 300).astype(np.uint16),
    "labels 32 bit.tif": (LABELS * 70000).astype(np.int32),
    "float.tif": WANTED.astype(np.float32),
    "colours.png": np.where(WANTED[..., None], [200, 30, 30], [0, 0, 0]).astype(np.uint8),
    "colours on white.png": np.where(WANTED[..., None], [9, 30, 30], [255, 250, 255]).astype("u1"),
    "grey as colour.png": np.stack([WANTED.astype(np.uint8) * 255] * 3, axis=2),
    "palette.png": CLASSES,
    "in its alpha.png": np.dstack([np.full((*SHAPE, 3), 9, np.uint8), WANTED.astype("u1") * 255]),
    "soft edges.png": SOFT,
    "jpeg.jpg": WANTED.astype(np.uint8) * 255,
}


@pytest.mark.parametrize("name", MASKS)
def test_any_kind_of_mask_is_read(put, name):
    stem = name.rsplit(".", 1)[0]
    put(f"images/{stem}.png", GREY)
    put(f"masks/{name}", MASKS[name], **({"quality": 95} if name.endswith("jpg") else {}))
    mask = by_name(load(put), stem).mask[0].numpy() > 0
    assert (mask == WANTED).mean() > (0.98 if name.endswith("jpg") else 0.9999)


def test_what_was_decided_for_you_is_said(put):
    for name in ("labels 8 bit.png", "colours on white.png", "soft edges.png", "in its alpha.png"):
        put(f"images/{name}", GREY)
        put(f"masks/{name}", MASKS[name])
    notes = "\n".join(load(put).notes)
    assert "labels 8 bit.png: its 3 labels or colours became one foreground" in notes
    assert "colours on white.png: nothing in it is 0 or black" in notes
    assert "soft edges.png: its in-between values are cut at 128" in notes
    assert "in its alpha.png: the mask is in its transparency" in notes


def test_trouble_is_named_file_by_file_and_the_rest_is_used(put):
    put("images/lonely.png", GREY)
    put("masks/orphan.png", WANTED)
    put("images/smaller.png", GREY[:20])
    put("masks/smaller.png", WANTED)
    whole = put("images/cut.png", COLOUR).read_bytes()
    put("images/cut.png", whole[: len(whole) // 2])
    put("masks/cut.png", WANTED)
    put("images/nothing.png", b"")
    put("masks/nothing.png", WANTED)
    put("images/text.png", b"this is no picture")
    put("masks/text.png", WANTED)
    put("images/notes.txt", b"hello")
    put("images/.DS_Store", b"")
    (put.images / "more").mkdir()
    put("images/blank.png", GREY)
    put("masks/blank.png", np.zeros(SHAPE, np.uint8))
    put("images/good 0.jpg", GREY)
    with pytest.warns(UserWarning, match="About your pictures:\n- "):
        data = from_folder(put.images, put.masks)
    notes = "\n".join(data.notes)
    for said in (
        "lonely.png has no mask: not used",
        "orphan.png is a mask without a picture: not used",
        "smaller.png is 20×40 (H×W) and its mask smaller.png 24×40: not used",
        "cut.png is damaged, or of a kind that Pillow cannot read",
        "nothing.png is an empty file: not used",
        "text.png is damaged",
        "notes.txt is no PNG, JPEG or TIFF file: not used",
        "more is a folder: not used",
        "blank.png is all background",
        "good 0.png has the name of good 0.jpg: not used",
    ):
        assert said in notes, said
    assert ".DS_Store" not in notes
    used = {p.name for p in (*data.train, *data.validation, *data.test)}
    assert used == {"good 0", "good 1", "good 2", "blank"}
    assert "note: lonely.png has no mask" in repr(data)


def test_masks_may_have_a_suffix_and_lie_in_the_same_folder(tmp_path):
    for number in range(4):
        Image.fromarray(GREY).save(tmp_path / f"cell{number}.png")
        Image.fromarray(WANTED).save(tmp_path / f"Cell{number}_mask.png")
    data = from_folder(tmp_path, tmp_path)
    assert {p.name for p in data.train} < {"cell0", "cell1", "cell2", "cell3"}
    assert sum(map(len, (data.train, data.validation, data.test))) == 4
    assert not data.notes


def test_a_turned_camera_is_turned_back(put):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera stood on its side
    put("images/turned.jpg", Image.fromarray(np.rot90(GREY)), exif=exif, quality=95)
    put("masks/turned.png", WANTED)
    image = by_name(load(put), "turned").image[0].numpy()
    assert np.abs(image - GREY / 255).mean() < 0.02


def test_grey_among_colours_becomes_colour(put):
    put("images/c.png", COLOUR)
    put("masks/c.png", WANTED)
    data = load(put)
    assert data.channels == 3
    assert {p.image.shape[0] for p in (*data.train, *data.validation, *data.test)} == {3}


def test_black_may_be_what_is_looked_for(put):
    mask = by_name(load(put, invert=True), "good 0").mask[0] > 0
    assert torch.equal(mask, torch.from_numpy(~WANTED))


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_pictures_are_cut_in_three(put, count):
    for number in range(count, 3):
        (put.images / f"good {number}.png").unlink()
        (put.masks / f"good {number}.png").unlink()
    data = load(put)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [count] * 3
    assert [part[0].mask.shape[2] for part in (data.train, data.validation, data.test)] == [
        24,
        8,
        8,
    ]
    assert "fewer than 3 pictures" in data.notes[0]


def test_a_picture_of_two_pixels_is_too_small_to_be_cut(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        Image.fromarray(GREY[:2, :2]).save(tmp_path / name / "a.png")
    with pytest.raises(ValueError, match="too small to be cut in three"):
        from_folder(tmp_path / "images", tmp_path / "masks")


def test_a_large_picture_comes_in_tiles_that_cover_it(put):
    large = np.tile(GREY, (30, 30))
    put("images/large.png", large)
    put("masks/large.png", np.tile(WANTED, (30, 30)))
    data = load(put)
    tiles = [p for p in (*data.train, *data.validation, *data.test) if p.name.startswith("large")]
    assert len(tiles) == 2 * 3
    assert sum(p.mask.numel() for p in tiles) == large.size
    assert max(max(p.mask.shape) for p in tiles) <= 512
    # All tiles of one picture are in one part: a neighbour would give the answer away.
    parts = (data.train, data.validation, data.test)
    assert sum(any(p.name.startswith("large") for p in part) for part in parts) == 1


def test_the_same_remark_on_many_files_is_one_note(put):
    for number in range(5):
        put(f"images/deep {number}.png", GREY.astype(np.uint16) * 16)
        put(f"masks/deep {number}.png", WANTED)
    (note,) = load(put).notes
    assert note.startswith("deep 0.png, deep 1.png, deep 2.png and 2 more: its values are scaled")


def test_more_than_fits_is_thinned_out_and_said(put, monkeypatch):
    monkeypatch.setattr(folder, "MOST_PIXELS", 4 * GREY.size)
    for number in range(3, 10):
        put(f"images/good {number}.png", GREY)
        put(f"masks/good {number}.png", WANTED)
    data = load(put)
    assert sum(map(len, (data.train, data.validation, data.test))) == 4
    assert "of 10 tiles 4 are kept" in data.notes[0]


def test_no_pair_at_all_is_a_sentence_with_the_reasons(put):
    for path in put.masks.iterdir():
        path.unlink()
    with pytest.raises(
        ValueError, match=r"(?s)No picture could be paired.*good 0\.png has no mask"
    ):
        load(put)
    with pytest.raises(ValueError, match=r"There is no folder .*nowhere"):
        from_folder(put.images / "nowhere", put.masks)


def test_two_empty_folders_are_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="both folders are empty"):
        from_folder(tmp_path, tmp_path)


def test_the_split_follows_the_seed(put):
    for number in range(3, 20):
        put(f"images/good {number}.png", GREY)
        put(f"masks/good {number}.png", WANTED)
    names = [[p.name for p in load(put, seed=seed).test] for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert len(names[0]) == 4


def test_pages_after_the_first_are_said(put):
    pages = [Image.fromarray(GREY)] * 3
    put("images/stack.tif", pages[0], save_all=True, append_images=pages[1:])
    put("masks/stack.png", WANTED)
    assert "stack.tif: only the first of its 3 pages is used" in load(put).notes
