"""TIFF files of every type of number, written byte by byte."""

import struct
import zlib

import numpy as np
import pytest

from unet_teach.segmentation.data.image_files import open_page, read_image
from unet_teach.segmentation.data.mask_files import read_mask
from unet_teach.segmentation.data.notes import UnreadableError

MASK = np.zeros((17, 23), bool)
MASK[4:9, 6:20] = True
SAMPLE_FORMAT = {"u": 1, "i": 2, "f": 3, "b": 1}


def write(path, values, *, order="<", photometric=1, compress=False, compression=None):
    """Write values (H, W) or (H, W, bands) as a TIFF of one strip."""
    bands = 1 if values.ndim == 2 else values.shape[2]
    content = values.astype(values.dtype.newbyteorder(order)).tobytes()
    content = zlib.compress(content) if compress else content
    bits = values.dtype.itemsize * 8
    depth = [(258, 3, 1, bits)]
    start = 8 + 2 + 12 * 10 + 4
    tags = [(256, 4, 1, values.shape[1]), (257, 4, 1, values.shape[0]), *depth]
    tags += [(259, 3, 1, compression or (8 if compress else 1)), (262, 3, 1, photometric)]
    tags += [(273, 4, 1, start), (277, 3, 1, bands), (278, 4, 1, values.shape[0])]
    tags += [(279, 4, 1, len(content)), (339, 3, 1, SAMPLE_FORMAT[values.dtype.kind])]
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HIH", 42, 8, len(tags))
    for tag, kind, count, value in tags:
        packed = struct.pack(order + ("H" if kind == 3 else "I"), value).ljust(4, b"\0")
        head += struct.pack(order + "HHI", tag, kind, count) + packed
    path.write_bytes(head + bytes(4) + content)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"])
def test_any_type_of_number_is_read(tmp_path, kind, compress, order):
    path = write(tmp_path / "a.tif", (MASK * 3).astype(kind), order=order, compress=compress)
    assert np.array_equal(read_mask(open_page(path), lossy=False).pixels != 0, MASK)
    image, _ = read_image(open_page(path))
    assert image[MASK].min() > image[~MASK].max()


def test_large_unsigned_numbers_are_not_negative(tmp_path):
    values = np.where(MASK, 4_000_000_000, 10).astype("u4")
    values[0, :3] = 5, 20, 7
    mask = read_mask(open_page(write(tmp_path / "a.tif", values)), lossy=False)
    assert np.array_equal(mask.pixels, MASK)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_where_white_is_zero_masks_are_as_stored_and_images_as_shown(tmp_path, kind, order):
    path = write(tmp_path / "a.tif", (MASK * 200).astype(kind), order=order, photometric=0)
    mask = read_mask(open_page(path), lossy=False)
    assert np.array_equal(mask.pixels != 0, MASK)
    assert "the file says that 0 is white" in mask.notes[0]
    image, _ = read_image(open_page(path))
    assert image[MASK].max() < image[~MASK].min()


def test_bands_that_are_left_out_are_said(tmp_path):
    values = np.dstack([MASK * 200] * 2).astype("f4")
    image, notes = read_image(open_page(write(tmp_path / "a.tif", values)))
    assert image.shape == MASK.shape
    assert "of its 2 bands only the first is used" in notes


def test_three_bands_of_floats_are_colours_unless_they_are_equal(tmp_path):
    red = np.dstack([MASK * 0.9, MASK * 0, MASK * 0.3]).astype("f4")
    image, notes = read_image(open_page(write(tmp_path / "a.tif", red)))
    assert image[MASK].tolist() == [[255, 0, 85]] * MASK.sum()
    assert "its values are scaled, its own smallest to 0 and its own largest to 255" in notes
    labels = np.dstack([MASK * 2.0] * 3).astype("f4")
    mask = open_page(write(tmp_path / "b.tif", labels)).image
    assert np.unique(np.asarray(mask)).tolist() == [0, 2]


def test_an_unknown_compression_is_a_sentence_with_a_remedy(tmp_path):
    path = write(tmp_path / "a.tif", MASK.astype("f8"), compression=5)
    with pytest.raises(UnreadableError, match=r"64-bit numbers.*: save it as PNG, or as a TIFF"):
        open_page(path)


@pytest.mark.parametrize("kept", [60, 120, 400])
def test_a_file_that_was_cut_off_is_a_sentence(tmp_path, kept):
    path = write(tmp_path / "a.tif", MASK.astype("f8"))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UnreadableError, match="is damaged, or of a kind"):
        open_page(path)
