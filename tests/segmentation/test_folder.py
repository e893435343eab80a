"""Your own pictures: every kind of file that is usual, and every kind of trouble, in a sentence."""

import struct
import warnings
import zlib
from zlib import crc32

import numpy as np
import pytest
import torch
from PIL import Image

from unet_teach.segmentation import from_folder
from unet_teach.segmentation.data import splits

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
        if content is GREY:  # no two images are copies
            content = GREY.copy()
            content[0, :4] = [byte // 4 for byte in crc32(where.encode()).to_bytes(4, "big")]
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
    for name in ("labels 8 bit.png", "soft edges.png", "in its alpha.png"):
        put(f"images/{name}", GREY)
        put(f"masks/{name}", MASKS[name])
    notes = "\n".join(load(put).notes)
    assert "labels 8 bit.png: its 3 labels or colours became one foreground" in notes
    assert "soft edges.png: its soft edges are cut at 128" in notes
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
    (put.images / "gone.png").symlink_to(put.images / "nowhere.png")
    with pytest.warns(UserWarning, match="About your images:\n- "):
        data = from_folder(put.images, put.masks)
    notes = "\n".join(data.notes)
    for said in (
        "lonely.png: no mask, not used; give both the same name, or let the mask's end in _mask",
        "orphan.png: a mask without an image, not used",
        "smaller.png: 20×40 (H×W) and the mask 24×40, not used",
        "cut.png: is damaged, or of a kind that Pillow cannot read",
        "nothing.png: is an empty file: download or export it again, not used",
        "text.png: is damaged",
        "notes.txt: not a PNG, JPEG, TIFF, GIF or BMP file, so not used",
        "more: a folder, not used",
        "gone.png: a link to a missing file, not used",
        "blank.png: all background",
        "good 0.png: a second image of the same name, not used",
    ):
        assert said in notes, said
    assert ".DS_Store" not in notes
    used = {p.name for p in (*data.train, *data.validation, *data.test)}
    assert used == {"good 0", "good 1", "good 2", "blank"}
    assert "note: lonely.png: no mask" in repr(data)


def test_masks_may_have_a_suffix_and_lie_in_the_same_folder(tmp_path):
    for number in range(4):
        Image.fromarray(GREY + np.uint8(number)).save(tmp_path / f"cell{number}.png")
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
    assert "fewer than 3 images" in data.notes[0]


def test_a_picture_of_two_pixels_is_too_small_to_be_cut(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.eye(2) * 255).convert("L").save(tmp_path / name / "a.png")
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
    for number in range(6):
        put(f"images/deep {number}.png", (GREY + np.arange(40, dtype=np.uint16) * number) * 16)
        put(f"masks/deep {number}.png", WANTED)
    (note,) = load(put).notes
    assert note.startswith(
        "deep 0.png, deep 1.png, deep 2.png, deep 3.png, deep 4.png and 1 more: its values are"
    )


def test_more_than_fits_is_thinned_out_and_said(put, monkeypatch):
    monkeypatch.setattr(splits, "MOST_VALUES", 4 * GREY.size)
    for number in range(3, 10):
        put(f"images/good {number}.png", GREY)
        put(f"masks/good {number}.png", WANTED)
    data = load(put)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [2, 1, 1]
    assert "4 of 10 tiles are kept" in data.notes[0]


def test_the_largest_picture_is_thinned_first(put, monkeypatch):
    monkeypatch.setattr(splits, "TILE", 40)
    monkeypatch.setattr(splits, "MOST_VALUES", 12 * GREY.size)
    put("images/large.png", np.tile(GREY, (5, 10)))
    put("masks/large.png", np.tile(WANTED, (5, 10)))
    data = load(put)
    names = [p.name for p in (*data.train, *data.validation, *data.test)]
    assert {"good 0", "good 1", "good 2"} < set(names)
    rows = [int(name.removeprefix("large, tile ")[0]) for name in names if "tile" in name]
    assert len(rows) == 5
    assert set(rows) == {1, 2, 3}  # of all heights


def background(put, **masks):
    """Put pictures with these masks in place of the good ones, and return what is foreground."""
    for path in (*put.images.iterdir(), *put.masks.iterdir()):
        path.unlink()
    for name, mask in masks.items():
        put(f"images/{name}.png", GREY)
        put(f"masks/{name}.png", mask)
    data = load(put)
    return data, [by_name(data, name).mask[0].numpy() > 0 for name in masks]


def test_where_nothing_is_black_the_most_frequent_value_of_all_masks_is_background(put):
    white = np.full((*SHAPE, 3), 255, np.uint8)
    full = np.where(np.ones((*SHAPE, 1), bool), [200, 30, 30], 0).astype(np.uint8)
    mixed = np.where(WANTED[..., None], full, white)
    data, found = background(put, a=mixed, b=white, c=full, d=mixed, e=white)
    assert [mask.sum() for mask in found] == [WANTED.sum(), 0, GREY.size, WANTED.sum(), 0]
    assert "so the most frequent value of all masks is the background" in "".join(data.notes)


def test_0_in_one_mask_is_background_in_all(put):
    full = np.full(SHAPE, 255, np.uint8)
    _, found = background(put, a=SOFT, b=full, c=np.where(WANTED, 7, 3).astype(np.uint8), d=full)
    assert [mask.mean() for mask in found[1:]] == [1, 1, 1]
    with pytest.raises(ValueError, match=r"(?s)No pixel of all 3 masks .* one value only, 255"):
        background(put, a=full, b=full, c=full)


def test_labels_beside_a_255_are_labels_and_blurred_edges_are_edges(put):
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:7, 1:7], labels[10:16, 1:9], labels[20, 20] = 1, 2, 255
    box = np.pad(WANTED * 255.0, 2)
    blurred = sum(box[r : r + SHAPE[0], c : c + SHAPE[1]] for r in range(5) for c in range(5)) / 25
    data, found = background(put, a=labels, b=blurred.round().astype(np.uint8), c=WANTED)
    assert np.array_equal(found[0], labels > 0)
    assert np.array_equal(found[1], blurred.round() >= 128)
    assert (found[1] != WANTED).sum() <= 4 * 3  # the corners
    assert "if 255 means 'do not count', make it 0" in data.notes[0]


def test_a_coloured_jpeg_is_cut_by_its_brightest_colour(put):
    put("images/red.png", GREY)
    put("masks/red.jpg", np.where(WANTED[..., None], [255, 0, 0], 0).astype(np.uint8))
    mask = by_name(load(put), "red").mask[0].numpy() > 0
    assert (mask == WANTED).mean() > 0.98


def test_no_number_in_a_mask_is_background(put):
    mask = WANTED.astype(np.float32)
    mask[0, 0] = np.nan
    put("images/holes.png", GREY)
    put("masks/holes.tif", mask)
    data = load(put)
    assert torch.equal(by_name(data, "holes").mask[0] > 0, torch.from_numpy(WANTED))
    assert "holes.tif: values that are not finite numbers became background" in data.notes


def test_colours_of_16_bits_are_said_to_be_cut(put):
    height, width = SHAPE
    colours = np.stack([GREY.astype(">u2") * 16] * 3, axis=2)

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in colours))
    png = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    put("images/deep.png", b"\x89PNG\r\n\x1a\n" + png)
    put("masks/deep.png", WANTED)
    assert "deep.png: 16 bits a colour, of which only the upper 8 are read" in load(put).notes[0]


def test_what_will_be_in_the_way_of_training_is_noted(put):
    put("images/tiny.png", GREY[:5, :7])
    put("masks/tiny.png", WANTED[:5, :7])
    assert "tiny: less than 16 pixels high or wide" in "\n".join(load(put).notes)
    nothing = np.zeros(SHAPE, np.uint8)
    data, _ = background(put, a=nothing, b=nothing, c=WANTED)
    assert "no foreground at all in validation" in "\n".join(data.notes)
    mostly, _ = background(put, a=~WANTED, b=~WANTED, c=~WANTED)
    assert (
        "80% of all pixels are foreground; if black should be foreground, use invert=True"
        in mostly.notes
    )


@pytest.mark.parametrize(
    ("mask", "options", "said"),
    [
        (np.zeros(SHAPE, np.uint8), {}, "Every pixel of all 3 masks is 0 or black"),
        (np.zeros(SHAPE, np.uint8), {"invert": True}, "Every pixel of all 3 masks is 0 or black"),
        (np.full(SHAPE, 255, np.uint8), {"invert": True}, "No pixel of all 3 masks is 0 or black"),
        (np.zeros(SHAPE, np.uint8), {"classes": {"sky": 0, "road": 1}}, "that counts is of 'sky'"),
    ],
)
def test_masks_of_one_class_are_refused(put, mask, options, said):
    for number in range(3):
        put(f"masks/good {number}.png", mask)
    with pytest.raises(ValueError, match=said):
        load(put, **options)


TRIMAP = np.where(WANTED, 1, 2).astype(np.uint8)
TRIMAP[3, 6:30] = 3


@pytest.mark.parametrize("mask", [TRIMAP, np.stack([TRIMAP] * 3, axis=2)])
def test_labels_without_0_are_refused_with_the_classes_to_name(put, mask):
    for number in range(3):
        put(f"masks/good {number}.png", mask)
    said = r"labels 1, 2, 3 and no 0.*\{\"pet\": 1, \"background\": 2, \"border\": 3\}; pixels"
    with pytest.raises(ValueError, match=said):
        load(put)
    first = put.masks / "good 0.png"
    Image.fromarray(np.where(np.arange(40) < 2, 0, TRIMAP).astype(np.uint8)).save(first)
    with pytest.raises(ValueError, match="labels 1, 2, 3 and no 0"):
        load(put)  # although one mask has a 0
    data = load(put, classes={"pet": 1, "background": 2})
    assert by_name(data, "good 1").mask.unique().tolist() == [0, 1, 255]


def test_of_two_values_without_0_the_background_is_said(put):
    mask = np.where(WANTED, 2, 1).astype(np.uint8)
    data, found = background(put, a=mask, b=mask, c=mask)
    assert np.array_equal(found[0], WANTED)
    assert "is the background, 1; if that is inverted, use invert=True" in data.notes[0]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((12, 20), "resize it without new values: `Image.open(mask).resize((40, 24), Image.Res"),
        ((48, 80), "resize it without new values: `Image.open(mask).resize((40, 24), Image.Res"),
        ((40, 24), "the mask is turned by 90°, or its rows and columns are swapped"),
        ((24, 39), "they differ by few pixels: cut both to the smaller size"),
        ((30, 30), "one of them was cropped, padded or stretched"),
    ],
)
def test_a_mask_of_another_size_comes_with_what_to_do(put, shape, said):
    put("images/other.png", GREY)
    put("masks/other_mask.png", np.resize([0, 255], shape).astype(np.uint8))
    (note,) = load(put).notes
    size = "×".join(map(str, shape))
    assert f"other.png with other_mask.png: 24×40 (H×W) and the mask {size}, not used" in note
    assert said in note


POINTS = "[[1, 2], [9, 2], [5, 8]]"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("0.json", f'{{"shapes": [{{"points": {POINTS}}}]}}', "LabelMe, .*ImageDraw.Draw"),
        ("a.json", '{"annotations": [{"image_id": 1}]}', "COCO, .*annToMask"),
        ("a.json", '{"info": {}, "images": [{"file_name": "a.jpg"}, ', "COCO, .*annToMask"),
        (
            "a.json",
            '{"images": [], "annotations": [], "categories": []}',
            "COCO without any annotation, .*annotate the images, or export it again",
        ),
        ("a.json", '{"info": {}, "images": [], "annotations": []}', "COCO without any annotation"),
        ("a.json", '{"annotations": [ ]}', "COCO without any annotation"),
        (
            "a.json",
            '{"annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4], "segmentation": []}]}',
            "boxes in the format of COCO, without outlines, .*no mask can be made",
        ),
        (
            "a.json",
            '{"annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}',
            "boxes in the format of COCO",
        ),
        (
            "a.json",
            '{"annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3]]}, '
            '{"image_id": 2, "bbox": [1, 2, 3, 4], "segmentation": []}]}',
            "COCO, .*annToMask",
        ),
        ("a.json", '{"p.jpg12": {"regions": [{"shape_attributes": 1}]}}', "VIA .*ImageDraw"),
        ("a.geojson", '{"type": "FeatureCollection"}', "GeoJSON"),
        (
            "good 0.txt",
            "0 0.1 0.1 0.5 0.2 0.44 .5",
            "polygons in the format of YOLO, .*width",
        ),
        ("good 0.txt", "1 0.5 0.5 0.2 1", "boxes in the format of YOLO, .*no mask can be made"),
        ("a.xml", "<object><bndbox></bndbox></object>", "boxes in the format of PASCAL VOC"),
        ("a.xml", '<image id="0"><polygon points=""/></image>', "CVAT, .*Segmentation mask"),
        (
            "train.csv",
            "ImageId,EncodedPixels\na,1 3",
            r"run lengths.*start - 1 : start - 1",
        ),
        ("0.mat", "MATLAB 5.0", r"a MATLAB file.*scipy\.io\.loadmat"),
        ("0.nii.gz", "", "a NIfTI volume"),
        ("masks.zip", "PK", "an archive.*unpack it"),
        ("list.txt", "0.1 0.2 are numbers", "not a PNG, JPEG"),
        ("table.csv", "a,b", "not a PNG, JPEG"),
    ],
)
def test_annotations_in_place_of_masks_are_named_with_what_to_do(put, name, content, said):
    for path in put.masks.iterdir():
        path.unlink()
    (put.masks / name).write_text(content)
    with pytest.raises(ValueError, match=rf"(?s)No image could be paired.*{name}: {said}|{said}"):
        load(put)
    (put.masks / "deeper").mkdir()
    (put.masks / name).rename(put.masks / "deeper" / name)
    with pytest.raises(ValueError, match=rf"(?s)No image could be paired.*{said}"):
        load(put)
    with pytest.raises(ValueError, match=rf"is a file; give the folder of the masks\. .*{said}"):
        from_folder(put.images, put.masks / "deeper" / name)


@pytest.mark.parametrize("mask", [WANTED, WANTED[None] * 7, WANTED * 1.0, WANTED[..., None] * 255])
def test_masks_in_files_of_numpy_are_read(put, mask):
    np.save(put.masks / "one.npy", mask)
    np.savez(put.masks / "two.npz", mask=mask)
    put("images/one.png", GREY)
    np.save(put.images / "two.npy", GREY)
    data = load(put)
    for name in ("one", "two"):
        assert torch.equal(by_name(data, name).mask[0] > 0, torch.from_numpy(WANTED))
    assert not data.notes


def test_arrays_that_are_no_images_are_named(put):
    np.save(put.masks / "stack.npy", np.zeros((5, 4, 6)))
    np.save(put.masks / "object.npy", np.array([{}]), allow_pickle=True)
    np.save(put.masks / "huge.npy", np.full((4, 6), 2**40))
    np.savez(put.masks / "two.npz", a=WANTED, b=WANTED)
    for path in list(put.masks.glob("*.np*")):
        put(f"images/{path.stem}.png", GREY)
    notes = "\n".join(load(put).notes)
    assert "holds an array of shape (5, 4, 6)" in notes
    assert "object.npy: is damaged, or holds no plain array" in notes
    assert "holds numbers of more than 31 bits" in notes
    assert "two.npz: holds 2 arrays (a, b); save the one you need as .npy" in notes


def test_no_pair_at_all_is_a_sentence_with_the_reasons(put):
    for path in put.masks.iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=r"(?s)No image could be paired.*good 0\.png.*: no mask"):
        load(put)
    with pytest.raises(ValueError, match=r"There is no folder .*nowhere"):
        from_folder(put.images / "nowhere", put.masks)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [(None, TypeError, "images is of type NoneType; give a path"), ("", ValueError, "is empty")],
)
def test_what_is_no_folder_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        from_folder(given, "masks")


def test_two_empty_folders_are_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="the folder of the masks is empty"):
        from_folder(tmp_path, tmp_path)


def test_the_split_follows_the_seed(put):
    for number in range(3, 20):
        put(f"images/good {number}.png", GREY)
        put(f"masks/good {number}.png", WANTED)
    names = [[p.name for p in load(put, seed=seed).test] for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert len(names[0]) == 4


@pytest.mark.parametrize(("count", "each"), [(3, 1), (7, 1), (9, 1), (10, 2), (14, 2)])
def test_a_fifth_rounded_down_goes_to_validation_and_to_test(count, each):
    images = {str(n): (np.zeros((4, 6), "u1"), np.ones((4, 6), bool)) for n in range(count)}
    (train, validation, test), _ = splits.split_images(images, 0)
    assert (len(train), len(validation), len(test)) == (count - 2 * each, each, each)


def test_pages_after_the_first_are_said(put):
    pages = [Image.fromarray(GREY)] * 3
    put("images/stack.tif", pages[0], save_all=True, append_images=pages[1:])
    put("masks/stack.png", WANTED)
    assert "stack.tif: only the first of its 3 pages is used" in load(put).notes


def test_copies_of_an_image_in_other_splits_are_named(put):
    same = Image.fromarray(GREY)
    for number in range(3):
        put(f"images/good {number}.png", same)
    (note,) = load(put).notes
    assert all(f"good {number}" in note for number in range(3))
    assert "the same image is also in another split" in note


def test_no_seed_is_advised_where_the_cut_is_fixed(put):
    for number in (1, 2):
        (put.images / f"good {number}.png").unlink()
        (put.masks / f"good {number}.png").unlink()
    left = WANTED.copy()
    left[:, 20:] = False
    put("masks/good 0.png", left)
    notes = "\n".join(load(put).notes)
    assert "no foreground at all in test: add images" in notes
    assert "seed" not in notes


def test_grey_images_among_colours_and_negative_labels_are_noted(put):
    put("images/c.png", COLOUR)
    put("masks/c.tif", np.where(WANTED, -1, 0).astype(np.int32))
    notes = "\n".join(load(put).notes)
    assert "good 0, good 1, good 2: grey, while others are in colour" in notes
    assert "c.tif: values below 0 are not 0, so they are foreground" in notes
