"""Which mask belongs to which image: several masks, folders in folders, pages, turned images."""

import itertools
import re
import shutil
import unicodedata
import warnings
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from PIL import Image, ImageSequence

from unet_teach.segmentation import from_folder
from unet_teach.segmentation.data.mask_kinds import about_kinds

SHAPE = 24, 40
LEFT, RIGHT = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
LEFT[4:12, 6:14] = RIGHT[9:20, 22:34] = True
BOTH = LEFT | RIGHT
GREY = (np.where(BOTH, 200, 60) + np.random.default_rng(0).normal(0, 9, SHAPE)).astype(np.uint8)


def put(path, content, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is GREY:  # no two images are copies
        content = GREY.copy()
        content[0, :4] = [byte // 4 for byte in crc32(str(path).encode()).to_bytes(4, "big")]
    image = content if isinstance(content, Image.Image) else Image.fromarray(content)
    image.save(path, **options)


def load(images, masks):
    """Return the masks by name, and the notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = from_folder(images, masks)
    pairs = [*data.train, *data.validation, *data.test]
    return {pair.name: pair.mask[0].numpy() > 0 for pair in pairs}, "\n".join(data.notes)


LAYOUTS = {
    "a number after the suffix": ("i/{}.png", "m/{}_mask.png", "m/{}_mask_1.png"),
    "all with numbers": ("i/{}.png", "m/{}_mask_01.png", "m/{}_mask_02.png"),
    "numbers in brackets": ("i/{}.png", "m/{}_mask (1).png", "m/{}_mask (2).png"),
    "no sign before the number": ("i/{}.png", "m/{}_seg1.png", "m/{}_seg2.png"),
    "numbers alone": ("i/{}.png", "m/{}_1.png", "m/{}_2.png"),
    "a folder of masks": ("i/{}.png", "m/{}/x.png", "m/{}/y.png"),
    "one folder": ("i/{}.png", "i/{}_mask.png", "i/{}_mask_1.png"),
    "a folder an image": ("i/{}/image.png", "i/{}/mask_0.png", "i/{}/mask_1.png"),
    "folders in it": ("i/{0}/images/{0}.png", "i/{0}/masks/x.png", "i/{0}/masks/y.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_several_masks_of_an_image_are_merged_and_said(tmp_path, layout):
    image, first, second = LAYOUTS[layout]
    for name in ("a", "b", "c"):
        put(tmp_path / image.format(name), GREY)
        put(tmp_path / first.format(name), LEFT)
        put(tmp_path / second.format(name), RIGHT)
    masks = tmp_path / first.partition("/")[0]
    found, notes = load(tmp_path / "i", masks)
    assert set(found) == {"a", "b", "c"}
    assert all(np.array_equal(mask, BOTH) for mask in found.values())
    assert "its masks are merged into one" in notes


NAMES = {
    "a word before": ("i/{}.png", "m/mask_{}.png"),
    "two words": ("i/image{}.png", "m/mask{}.png"),
    "two suffixes": ("i/scan{}_image.png", "m/scan{}_mask.png"),
    "words in the middle": ("i/patient_img_{}_t1.png", "m/patient_seg_{}_t1.png"),
    "ISIC": ("i/ISIC_{:07}.png", "m/ISIC_{:07}_segmentation.png"),
    "zeros": ("i/{}.png", "m/{:03}.png"),
    "a target": ("i/{}_input.png", "m/{}_target.png"),
    "one folder, words before": ("i/image_{}.png", "i/mask_{}.png"),
    "one folder, numbers after": ("i/img{}.png", "i/gt{}.png"),
}


@pytest.mark.parametrize("names", NAMES)
def test_names_that_differ_by_words_and_zeros_are_paired(tmp_path, names):
    image, mask = NAMES[names]
    for number, half in ((1, LEFT), (2, RIGHT), (10, BOTH)):
        put(tmp_path / image.format(number), GREY)
        put(tmp_path / mask.format(number), half)
    found, notes = load(tmp_path / "i", tmp_path / mask.partition("/")[0])
    masks = sorted(found.items(), key=lambda each: int(re.search(r"0*(\d+)", each[0])[1]))
    assert len(masks) == 3
    for (_, half), expected in zip(masks, (LEFT, RIGHT, BOTH), strict=True):
        assert np.array_equal(half, expected)
    assert "not used" not in notes


def test_what_a_system_leaves_in_a_folder_is_not_mentioned(tmp_path):
    for name in "abc":
        put(tmp_path / f"i/{name}.png", GREY)
        put(tmp_path / f"m/{name}.png", LEFT)
    (tmp_path / "i" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "m" / "__MACOSX").mkdir()
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert (set(found), notes) == ({"a", "b", "c"}, "")


def test_names_that_leave_a_choice_are_not_paired(tmp_path):
    for name in ("a_1", "a_01", "b"):
        put(tmp_path / f"i/{name}.png", GREY)
    put(tmp_path / "m/mask_a_1.png", LEFT)
    put(tmp_path / "m/mask_b.png", RIGHT)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert "mask_a_1.png: a mask without an image, not used" in notes
    assert "b.png with mask_b.png: paired by what their names share" in notes
    assert set(found) == {"b"}


def test_images_with_numbers_keep_their_own_masks(tmp_path):
    for name, mask in (("x", LEFT), ("x_1", RIGHT), ("x_2", BOTH)):
        put(tmp_path / f"i/{name}.png", GREY)
        put(tmp_path / f"m/{name}_mask.png", mask)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert np.array_equal(found["x"], LEFT)
    assert np.array_equal(found["x_1"], RIGHT)
    assert not notes


def test_a_second_opinion_is_not_merged(tmp_path):
    for name in ("a", "b", "c"):
        put(tmp_path / f"i/{name}.png", GREY)
        put(tmp_path / f"m/{name}_gt.png", LEFT)
        put(tmp_path / f"m/{name}_mask.png", RIGHT)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert np.array_equal(found["a"], LEFT)
    assert "a second mask for the same image, not used" in notes


def test_names_are_the_same_in_any_unicode_form(tmp_path):
    for number in range(3):
        name = f"Größe é{number}"
        put(tmp_path / "i" / unicodedata.normalize("NFD", f"{name}.png"), GREY)
        put(tmp_path / "m" / unicodedata.normalize("NFC", f"{name}_mask.png"), LEFT)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert set(found) == {f"größe é{number}" for number in range(3)}
    assert not notes


@pytest.mark.parametrize("ending", ["gif", "bmp", "webp"])
def test_other_formats_are_read(tmp_path, ending):
    for number in range(3):
        put(tmp_path / f"i/{number}.{ending}", np.stack([GREY] * 3, axis=2))
        put(tmp_path / f"m/{number}_mask.{ending.replace('webp', 'gif')}", LEFT)
    found, _ = load(tmp_path / "i", tmp_path / "m")
    assert all(np.array_equal(mask, LEFT) for mask in found.values())


def stack(path, pages):
    first, *rest = [Image.fromarray(page) for page in pages]
    put(path, first, save_all=True, append_images=rest)


def test_pages_are_images_if_the_mask_has_as_many(tmp_path):
    masks = [np.roll(LEFT, number, axis=1) for number in range(7)]
    stack(tmp_path / "i/stack.tif", [GREY] * 7)
    stack(tmp_path / "m/stack.tif", masks)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert len(found) == 7
    assert np.array_equal(found["stack, page 3"], masks[2])
    assert "stack.tif: its 7 pages are 7 images" in notes


def test_pages_that_do_not_match_are_said(tmp_path):
    stack(tmp_path / "i/stack.tif", [np.tile(GREY, 5)] * 4)
    stack(tmp_path / "m/stack.tif", [np.tile(LEFT, 5)] * 3)
    _, notes = load(tmp_path / "i", tmp_path / "m")
    assert "stack.tif: only the first of its 4 pages is used" in notes
    assert "all pages are used only if an image and its mask have the same number of them" in notes


TURNS = {2: 0, 3: 1, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that undoes an orientation
SQUARE = slice(0, 24), slice(0, 24)


def turned(tmp_path, orientation, window, draw):
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {3: 3, 4: 1, 2: 0, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    for number in range(3):
        seen = Image.fromarray(np.maximum(GREY[window], 50 + 9 * number).astype(np.uint8))
        put(tmp_path / f"i/{number}.png", seen.transpose(Image.Transpose(how)), exif=exif)
        mask = Image.fromarray(LEFT[window])
        put(tmp_path / f"m/{number}.png", draw(mask, Image.Transpose(how)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return from_folder(tmp_path / "i", tmp_path / "m")


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_of_the_pixels_as_stored_turns_its_image_back(tmp_path, orientation):
    """The sides differ, so the sizes tell on which pixels the mask was drawn."""
    seen = turned(tmp_path / "a", orientation, (), lambda mask, _: mask)
    stored = turned(tmp_path / "b", orientation, (), lambda mask, how: mask.transpose(how))
    assert not seen.notes
    assert "its EXIF data would turn it" in stored.notes[0]
    for data in (seen, stored):
        (pair,) = data.test
        inside = pair.image[0][pair.mask[0] > 0]
        assert inside.min() > 0.6


@pytest.mark.parametrize(("orientation", "window"), [(6, SQUARE), (3, ()), (2, ())])
def test_where_both_fit_it_is_said(tmp_path, orientation, window):
    data = turned(tmp_path, orientation, window, lambda mask, how: mask.transpose(how))
    assert "turned by its EXIF data, and the mask fits both ways" in data.notes[0]


def test_swapped_folders_are_a_sentence(tmp_path):
    for number in range(3):
        put(tmp_path / f"i/{number}.png", GREY)
        put(tmp_path / f"m/{number}.png", LEFT)
    with pytest.raises(ValueError, match="the two folders are probably swapped"):
        from_folder(tmp_path / "m", tmp_path / "i")


def test_masks_of_two_values_and_dark_photos_are_swapped_as_well(tmp_path):
    for number in range(3):
        cells = np.where(LEFT, 230, 8) + np.random.default_rng(number).integers(0, 12, LEFT.shape)
        put(tmp_path / f"i/{number}.png", cells.astype(np.uint8))
        put(tmp_path / f"m/{number}.png", LEFT)
    assert len(load(tmp_path / "i", tmp_path / "m")[0]) == 3
    with pytest.raises(ValueError, match="the two folders are probably swapped"):
        from_folder(tmp_path / "m", tmp_path / "i")


KINDS = {
    "Cityscapes": ("i/{0}/{1}_leftImg8bit.png", "m/{0}/{1}_gtFine_{kind}.png", ("color", "ids")),
    "two readers, one folder": ("i/im_{0}{1}.png", "i/im_{0}{1}_{kind}.png", ("1stHO", "2ndHO")),
    "words before": ("i/{0}{1}.png", "m/{kind}_{0}{1}.png", ("lesion", "lesion_coarse")),
    "folders": ("i/{0}{1}.png", "m/{kind}/{0}{1}.png", ("Class", "Object")),
}


@pytest.mark.parametrize("layout", KINDS)
def test_of_several_kinds_of_masks_one_is_to_be_chosen(tmp_path, layout, monkeypatch):
    image, mask, kinds = KINDS[layout]
    for town, number in itertools.product(("bonn", "ulm"), ("a", "b")):
        put(tmp_path / image.format(town, number), GREY)
        for kind, content in zip(kinds, (LEFT, RIGHT), strict=True):
            put(tmp_path / mask.format(town, number, kind=kind), content)
    monkeypatch.chdir(tmp_path)
    masks = mask[0]
    with pytest.raises(ValueError, match="there are 2 masks for each image") as refused:
        from_folder("i", masks)
    assert "_mask" not in str(refused.value)
    remedy = re.search(r"`(shutil.copytree.*?)`|such as (m/\w+)\n", str(refused.value))
    if remedy[1]:
        exec(remedy[1], {"shutil": shutil})
    chosen = "one_kind" if remedy[1] else remedy[2]
    found, _ = load(chosen if masks == "i" else "i", chosen)
    assert len(found) == 4
    assert all(np.array_equal(m, LEFT > 0) for m in found.values())


def test_where_names_of_kinds_contain_one_another_no_command_is_given():
    kinds = [[Path(f"m/{name}{end}.png") for name in "ab"] for end in ("_color", "")]
    assert "Copy those of one kind" in about_kinds(Path("m"), kinds)


def test_what_names_add_to_those_of_images_makes_masks(tmp_path):
    for name in ("a", "b", "a_1", "b_1"):
        put(tmp_path / f"{name}.png", GREY)
        put(tmp_path / f"{name}_L.png", LEFT)
    found, notes = load(tmp_path, tmp_path)
    assert set(found) == {"a", "b", "a_1", "b_1"}
    assert all(np.array_equal(mask, LEFT > 0) for mask in found.values())
    assert "taken as masks, since their names add the same" in notes


def test_of_two_files_of_a_name_the_jpeg_is_the_image(tmp_path):
    for name in ("a", "b", "c"):
        put(tmp_path / f"{name}.jpg", GREY, quality=95)
        put(tmp_path / f"{name}.png", LEFT)
    found, notes = load(tmp_path, tmp_path)
    assert all(np.array_equal(mask, LEFT > 0) for mask in found.values())
    assert "a.png, b.png, c.png: taken as masks, and the images are JPEG files" in notes
    for name in ("a", "b", "c"):
        put(tmp_path / f"{name}.png", GREY)
    with pytest.raises(ValueError, match="look like images as well"):
        from_folder(tmp_path, tmp_path)


@pytest.mark.parametrize("added", ["_flip", "_white"])
def test_photos_whose_names_add_the_same_are_no_masks(tmp_path, added):
    for number in range(4 if added == "_flip" else 1):
        put(tmp_path / f"x{number}{added}.png", GREY)
    for number in range(4):
        put(tmp_path / f"x{number}.png", GREY)
    with pytest.raises(ValueError, match="no name in it says that it is a mask"):
        from_folder(tmp_path, tmp_path)


def test_numbers_that_begin_elsewhere_are_no_pairs(tmp_path):
    for number in range(6):
        put(tmp_path / f"i/img{number + 1}.png", GREY)
        put(tmp_path / f"m/label{number}.png", LEFT)
    with pytest.raises(ValueError, match="numbered from 1 to 6 and the masks from 0 to 5"):
        from_folder(tmp_path / "i", tmp_path / "m")
    (tmp_path / "i/img6.png").unlink()
    (tmp_path / "m/label0.png").unlink()
    assert len(load(tmp_path / "i", tmp_path / "m")[0]) == 5


INVERTED_MASKS = {"one": {3}, "half": {1, 3, 5, 7}, "most": {0, 1, 2, 4, 5, 6}}


@pytest.mark.parametrize("which", INVERTED_MASKS)
def test_masks_that_are_inverted_are_named_and_can_be_mended(tmp_path, which):
    height, width = LEFT.shape
    rows, columns = np.mgrid[:height, :width]
    discs = []
    for number in range(8):
        disc = (rows - height / 2) ** 2 + (columns - 8 - number) ** 2 < 30
        discs.append(disc)
        put(tmp_path / f"i/{number}.png", (np.where(disc, 90, 160) + rows % 7).astype(np.uint8))
        shown = disc != (number in INVERTED_MASKS[which])
        put(tmp_path / f"m/{number}.png", shown.astype(np.uint8) * 255)
    found, notes = load(tmp_path / "i", tmp_path / "m")
    note = next(line for line in notes.splitlines() if "looks inverted" in line)
    odd = INVERTED_MASKS[which] if len(INVERTED_MASKS[which]) <= 4 else {3, 7}
    assert note.partition(": looks")[0] == ", ".join(f"{number}.png" for number in sorted(odd))
    assert "invert=True" not in notes
    assign, act = re.findall(r"`(.*?)`", note)
    for path in sorted((tmp_path / "m").iterdir()):
        exec(f"{assign}\n{act}", {"np": np, "Image": Image, "path": path})
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert "looks inverted" not in notes
    flipped = which == "most"
    assert all(np.array_equal(found[str(n)], disc != flipped) for n, disc in enumerate(discs))


def test_large_objects_are_not_inverted_masks(tmp_path):
    height, width = LEFT.shape
    rows = np.mgrid[:height, :width][0]
    for number in range(8):
        block = rows < height * (0.8 if number % 2 else 0.2)
        put(tmp_path / f"i/{number}.png", (np.where(block, 90, 160) + rows % 7).astype(np.uint8))
        put(tmp_path / f"m/{number}.png", block.astype(np.uint8) * 255)
    assert "inverted" not in load(tmp_path / "i", tmp_path / "m")[1]


def test_git_lfs_pointers_are_one_note(tmp_path):
    for number in range(3):
        put(tmp_path / f"i/{number}.png", GREY)
        put(tmp_path / f"m/{number}.png", LEFT)
    for number in range(3, 50):
        (tmp_path / f"i/{number}.png").write_text("version https://git-lfs.github.com/spec/v1\n")
        put(tmp_path / f"m/{number}.png", LEFT)
    _, notes = load(tmp_path / "i", tmp_path / "m")
    assert "and 42 more: is a Git LFS pointer, not the image itself; run `git lfs pull`" in notes
    assert "\n" not in notes


def test_damaged_files_are_one_note(tmp_path):
    for number in range(3):
        put(tmp_path / f"i/{number}.png", GREY)
        put(tmp_path / f"m/{number}.png", LEFT)
    for number in range(3, 20):
        (tmp_path / f"i/{number}.png").write_bytes(b"nothing that Pillow knows")
        put(tmp_path / f"m/{number}.png", LEFT)
    _, notes = load(tmp_path / "i", tmp_path / "m")
    assert "and 12 more: is damaged, or of a kind that Pillow cannot read: " in notes


@pytest.mark.parametrize("size", [(160, 240), (416, 416), (16, 1600)])
def test_sizes_with_a_16_are_no_bit_depth(tmp_path, size):
    rows = np.arange(size[0] * size[1]).reshape(size)
    for ending in ("png", "tif", "jpg"):
        put(tmp_path / f"i/{ending}.{ending}", np.stack([rows.astype(np.uint8)] * 3, axis=2))
        put(tmp_path / f"m/{ending}.png", rows % 7 > 2)
    _, notes = load(tmp_path / "i", tmp_path / "m")
    assert "16 bits" not in notes


NAMED = {
    "DeepGlobe": ("{}_sat.png", "{}_mask.png"),
    "Cityscapes": ("x/x_{}_19_leftImg8bit.png", "x/x_{}_19_gtFine_labelIds.png"),
    "CamVid": ("{}.png", "{}_L.png"),
    "LiTS": ("volume-{}.png", "segmentation-{}.png"),
    "DRIVE": ("{}_training.png", "{}_manual1.png"),
    "CHASE": ("Image_{}L.png", "Image_{}L_1stHO.png"),
    "a folder a patient": ("p0/im{}.png", "im{}.png"),
}


@pytest.mark.parametrize("layout", NAMED)
def test_names_without_a_common_ending_or_beginning_are_paired_and_said(tmp_path, layout):
    image, mask = NAMED[layout]
    wanted = {number: np.roll(LEFT, number, 1) for number in (2, 3, 12)}
    for number in wanted:
        put(tmp_path / "i" / image.format(number), GREY)
        put(tmp_path / "m" / mask.format(number), wanted[number])
    found, notes = load(tmp_path / "i", tmp_path / "m")
    assert len(found) == 3
    for name, pixels in found.items():
        (number,) = [n for n in wanted if re.search(rf"(?<!\d){n}(?!\d)", name)]
        assert np.array_equal(pixels, wanted[number])
    assert "paired by what their names share" in notes


def test_numbers_that_differ_are_never_left_out_of_names(tmp_path):
    for name in ("s1_1", "s1_2"):
        put(tmp_path / f"i/{name}.png", GREY)
        put(tmp_path / f"m/{name.replace('s1', 's2')}_L.png", LEFT)
    with pytest.raises(ValueError, match="No image could be paired"):
        load(tmp_path / "i", tmp_path / "m")


def test_a_given_split_is_kept(tmp_path):
    wanted = {"train": {"a", "b"}, "validation": {"c", "f"}, "test": {"d", "e"}}
    for folder, names in zip(("train", "val", "test"), wanted.values(), strict=True):
        for name in names:
            put(tmp_path / f"i/{folder}/{name}.png", GREY)
            put(tmp_path / f"m/{folder}/{name}.png", LEFT)
    with pytest.warns(UserWarning, match="are kept as the split"):
        data = from_folder(tmp_path / "i", tmp_path / "m", seed=3)
    for split, names in wanted.items():
        assert {pair.name[-1] for pair in data.splits[split]} == names
    put(tmp_path / "i/more/x.png", GREY)
    put(tmp_path / "m/more/x.png", LEFT)
    assert "mixed and split anew" in load(tmp_path / "i", tmp_path / "m")[1]


@pytest.mark.parametrize(("given", "lacking"), [("testing", "validation"), ("val", "test")])
def test_what_a_given_split_lacks_is_a_fifth_of_train(tmp_path, given, lacking):
    for folder, names in {"train": "abcdefghij", given: "xy"}.items():
        for name in names:
            put(tmp_path / f"i/{folder}/{name}.png", GREY)
            put(tmp_path / f"m/{folder}/{name}.png", LEFT)
    with pytest.warns(UserWarning, match=f"2 of the 10 images of train are for {lacking}"):
        data = from_folder(tmp_path / "i", tmp_path / "m", seed=3)
    names = {split: {pair.name[-1] for pair in pairs} for split, pairs in data.splits.items()}
    kept = "validation" if given == "val" else "test"
    assert names[kept] == {"x", "y"}
    assert len(names[lacking]) == 2
    assert names["train"] | names[lacking] == set("abcdefghij")


TOGETHER = {  # in one folder that is given twice
    "CamVid": ("train/{}.png", "train_labels/{}_L.png"),
    "PASCAL VOC": ("VOC2012/JPEGImages/{}.png", "VOC2012/SegmentationClass/{}.png"),
    "ISIC": ("ISIC_Data/ISIC_{}.png", "ISIC_GroundTruth/ISIC_{}_segmentation.png"),
    "nnU-Net": ("imagesTr/case_{}_0000.png", "labelsTr/case_{}.png"),
    "two words": ("Original/{}.png", "Ground Truth/{}.png"),
    "mattes": ("photos/{}.png", "mattes/{}.png"),
    "capitals": ("RGB/{}.png", "RGBMask/{}.png"),
    "a word in both": ("segmentation_images/{}.png", "segmentation_masks/{}.png"),
    "a sign": ("x/{}-volume.png", "x/{}-labels.png"),
    "a dot": ("x/{}.png", "x/{}.gt.png"),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("layout", TOGETHER)
def test_folders_whose_names_say_that_they_hold_masks(tmp_path, layout, inside):
    image, mask = TOGETHER[layout]
    wanted = {number: np.roll(LEFT, number, 1) for number in (2, 3, 12, 15)}
    for number in wanted:
        put(tmp_path / image.format(number), GREY)
        put(tmp_path / mask.format(number), wanted[number])
    if inside and image.rpartition("/")[0] != mask.rpartition("/")[0]:
        found, _ = load(tmp_path, (tmp_path / mask).parent)  # which lies in the folder of images
    else:
        found, _ = load(tmp_path, tmp_path)
    assert len(found) == 4
    for name, pixels in found.items():
        (number,) = [n for n in wanted if re.search(rf"(?<!\d){n}(?!\d)", name)]
        assert np.array_equal(pixels, wanted[number])


CHANNELS = {
    "nnU-Net": (["case_1_0000", "case_2_0000"], ["case_1", "case_2"], 2),
    "with a suffix": (["a_0000", "b_0000"], ["a_mask", "b_mask"], 2),
    "the same number": (["a_01", "b_01", "c_01"], ["a", "b", "c"], 3),
    "masks with another number": (["a_1", "b_1"], ["a_2", "b_2"], 0),
    "two channels": (["a_0000", "a_0001"], ["a"], 0),
    "a single image": (["a_0000"], ["a"], 0),
}


@pytest.mark.parametrize("case", CHANNELS)
def test_a_number_that_all_images_end_in_is_left_out_where_masks_lack_it(tmp_path, case):
    images, masks, count = CHANNELS[case]
    for name in images:
        put(tmp_path / f"i/{name}.png", GREY)
    for name in masks:
        put(tmp_path / f"m/{name}.png", LEFT)
    if count:
        assert len(load(tmp_path / "i", tmp_path / "m")[0]) == count
    else:
        with pytest.raises(ValueError, match="No image could be paired"):
            load(tmp_path / "i", tmp_path / "m")


@pytest.mark.parametrize(
    ("first", "second", "is_asked"),
    [
        ("mask/{}.png", "1st_hand/{}.png", True),
        ("mask/{}_training_mask.png", "1st_hand/{}_hand1.png", True),
        ("masks/{}.png", "edges/{}.png", True),
        ("data/masks/{}.png", "data/contours/{}.png", True),
        ("label/{}.png", "roi/{}_roi.png", True),
        ("masks/{}.png", "test/{}.png", False),
        ("masks/{}.png", "other/place/{}.png", False),
    ],
)
def test_a_folder_beside_that_may_hold_the_masks_is_asked_about(tmp_path, first, second, is_asked):
    image = "data/images/{}.png" if first.startswith("data") else "images/{}.png"
    for number in range(4):
        put(tmp_path / image.format(number), GREY)
        put(tmp_path / first.format(number), LEFT)
        put(tmp_path / second.format(number), RIGHT)
    if not is_asked:
        assert len(load(tmp_path, tmp_path)[0]) == 4
        return
    with pytest.raises(ValueError, match="which of them counts is not known") as told:
        load(tmp_path, tmp_path)
    folders = re.findall(r"'([^']+)'", str(told.value).partition("Give both folders")[2])
    images, *masks = map(Path, folders)
    for folder, half in zip(masks, (LEFT, RIGHT), strict=True):
        found, _ = load(images, folder)
        assert len(found) == 4
        assert all(np.array_equal(mask, half) for mask in found.values())


DEPTH = (np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE) * 60 + 900).astype(np.uint16)


@pytest.mark.parametrize("beside", [GREY, np.stack([GREY, 255 - GREY, GREY], 2), DEPTH])
def test_photos_beside_are_no_second_masks(tmp_path, beside):
    for number in range(4):
        put(tmp_path / f"images/{number}.png", GREY)
        put(tmp_path / f"masks/{number}.png", LEFT)
        put(tmp_path / f"overlays/{number}.png", beside)
    assert len(load(tmp_path, tmp_path)[0]) == 4


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("train/a.coco.json", "train/a.coco.json: annotations in the format of COCO"),
        ("masks/0.mat", "masks/0.mat: a MATLAB file"),
        ("a/b/c/0.nii.gz", "a/b/c/0.nii.gz: a NIfTI volume"),
        ("labels/masks.zip", "labels/masks.zip: an archive"),
        ("labels/0.txt", "labels/0.txt: boxes in the format of YOLO"),
    ],
)
def test_what_lies_deeper_is_named_if_nothing_can_be_paired(tmp_path, file, said):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"annotations": [{"image_id": 1}]}' if "json" in file else "1 .5 .5 .2 1")
    for number in range(3):
        put(tmp_path / f"train/{number}.png", GREY)
    with pytest.raises(ValueError, match=re.escape(said)):
        load(tmp_path, tmp_path)
    for number in range(3):
        put(tmp_path / f"train/{number}_mask.png", LEFT)
    found, notes = load(tmp_path, tmp_path)
    assert len(found) == 3
    assert said not in notes


def test_folders_that_no_name_tells_apart_are_named(tmp_path):
    for number in range(3):
        put(tmp_path / f"first/{number}.png", GREY)
        put(tmp_path / f"second/{number}.png", LEFT)
    with pytest.raises(ValueError, match=r"from_folder\(images, masks\).*first, second"):
        load(tmp_path, tmp_path)
    assert len(load(tmp_path / "first", tmp_path / "second")[0]) == 3
    assert len(load(tmp_path, tmp_path / "second")[0]) == 3


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", "__MACOSX", ".git"])
def test_hidden_folders_are_passed_over(tmp_path, hidden):
    for number in range(3):
        put(tmp_path / f"images/{number}.png", GREY)
        put(tmp_path / f"masks/{number}.png", LEFT)
    put(tmp_path / f"images/{hidden}/0-checkpoint.png", GREY)
    found, notes = load(tmp_path, tmp_path)
    assert len(found) == 3
    assert "checkpoint" not in notes


def test_kinds_that_lie_deeper_are_chosen_by_their_folder(tmp_path):
    for number in range(4):
        put(tmp_path / f"images/{number}.png", GREY)
        put(tmp_path / f"masks/cell/{number}.png", LEFT)
        put(tmp_path / f"masks/nucleus/{number}.png", RIGHT)
    for images, masks in ((tmp_path, tmp_path), (tmp_path / "images", tmp_path / "masks")):
        with pytest.raises(ValueError, match="Give the folder of one kind") as told:
            load(images, masks)
        folder = re.search(r"such as (\S+/masks/\w+)\n", str(told.value))[1]
        found, _ = load(tmp_path / "images", folder)
        assert len(found) == 4
        assert all(np.array_equal(mask, LEFT) for mask in found.values())


STACKS = {
    "masks.npy": lambda path, stack: np.save(path, stack),
    "masks of one channel.npy": lambda path, stack: np.save(path, stack[..., None]),
    "masks.npz": lambda path, stack: np.savez(path, stack),
    "masks.tif": lambda path, stack: put(
        path,
        Image.fromarray(stack[0]),
        save_all=True,
        append_images=[*map(Image.fromarray, stack[1:])],
    ),
    "mask of all.tiff": lambda path, stack: put(
        path,
        Image.fromarray(stack[0]),
        save_all=True,
        append_images=[*map(Image.fromarray, stack[1:])],
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_masks_in_one_file_are_said_to_be_a_stack(tmp_path, name, monkeypatch):
    wanted = [np.roll(LEFT, number, 1) for number in range(5)]
    for number in range(5):
        put(tmp_path / f"i/{number}.png", GREY)
    (tmp_path / "m").mkdir()
    path = tmp_path / "m" / name
    STACKS[name](path, np.stack(wanted).astype(np.uint8) * 255)
    with pytest.raises(ValueError, match=r"zip\(names, ") as told:
        load(tmp_path / "i", tmp_path / "m")
    code = re.search(r"`(for name, .*?)`", str(told.value))[1]
    (tmp_path / "one").mkdir()
    monkeypatch.chdir(tmp_path / "one")
    names = {"names": [str(number) for number in range(5)], "path": path}
    exec(code, {"np": np, "Image": Image, "ImageSequence": ImageSequence, **names})
    found, _ = load(tmp_path / "i", tmp_path / "one")
    assert len(found) == 5
    for number, mask in enumerate(wanted):
        assert np.array_equal(found[str(number)], mask)
