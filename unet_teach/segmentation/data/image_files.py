"""Reads an image from a file of any usual format, bit depth and colour mode."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile

from unet_teach.segmentation.data.array_files import ARRAYS, read_array
from unet_teach.segmentation.data.notes import UnreadableError

TIFF = (".tif", ".tiff")
PHOTOS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".pgm", ".ppm", ".pbm")
EXTENSIONS = (*PHOTOS, *TIFF, *ARRAYS)
MOST_PIXELS = 400_000_000  # larger files are not opened
NO_IMAGE = {  # the first bytes of files that are text, whatever their name says
    b"version https://git-lfs": "is a Git LFS pointer, not the image itself; run `git lfs pull` "
    "in its repository",
    b"<!DOCTYPE": "is a web page, not an image; download it again",
    b"<html": "is a web page, not an image; download it again",
}
DEEP = "16 bits a colour, of which only the upper 8 are read: scale it to 8 bits first"
DAMAGED, AGAIN = "is damaged, or of a kind that Pillow cannot read", "download or export it again"
FAX = ("group3", "group4", "tiff_ccitt")
# tifffile reads others too, if the package imagecodecs is installed.
KNOWN = (COMPRESSION.NONE, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE)
PixelsAndNotes = tuple[NDArray[np.generic], list[str]]  # (H, W) or (H, W, 3); how it was read


class Opened(NamedTuple):
    """One page of an image file.

    Attributes:
        image: rotated according to its EXIF data.
        notes: what was lost.
        white_is_zero: whether the file says that 0 is white, as some TIFF files do. Pillow has
            then inverted it if its mode is 1 or L, and has not if it is another one.
        fax: whether it is compressed as fax machines do, where white is always 0.
        pages: number of pages in the file; 0 if it is not the first that was opened.
        orientation: the EXIF orientation, 1 to 8; 1 if the image was not turned.
    """

    image: Image.Image
    notes: list[str]
    white_is_zero: bool
    fax: bool
    pages: int
    orientation: int


def read_image(opened: Opened) -> PixelsAndNotes:
    """Return an image as uint8, or as float32 from 0 to 1, and notes on how it was read.

    8-bit values stay as they are. Others (16 bits, floats) are scaled so that the smallest value
    of the image becomes 0 and the largest 1, because microscopes often use 12 of 16 bits.
    """
    image, notes = opened.image, list(opened.notes)
    with_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if with_alpha and alpha_channel(image).min() < 255:
        notes.append("its transparency is left out")
    if image.mode == "P" and palette_is_missing(image):
        notes.append("its palette is missing, so its numbers are taken as grey values")
        return np.asarray(image), notes
    if image.mode in ("1", "LA", "La"):
        return np.asarray(image.convert("L")), notes
    if image.mode == "L":
        return np.asarray(image), notes
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float32)
        if not np.isfinite(values).all():
            notes.append("values that are not finite numbers became 0")
            values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        notes.append("its values are scaled, its own smallest to 0 and its own largest to 1")
        scaled = (values - low) / max(high - low, 1e-12)
        return 1 - scaled if opened.white_is_zero else scaled, notes
    return np.asarray(image.convert("RGBA").convert("RGB")), notes


def open_page(path: Path, page: int = 0) -> Opened:
    """Return one page of an image file, rotated according to its EXIF data.

    Raises:
        UnreadableError: if the file cannot be read.
    """
    with path.open("rb") as start:
        head = start.read(32)
    if not head:
        raise UnreadableError(f"is an empty file: {AGAIN}")
    for text, reason in NO_IMAGE.items():
        if head.startswith(text):
            raise UnreadableError(reason)
    if path.suffix.lower() in ARRAYS:
        return Opened(read_array(path), [], False, False, 1, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                return _open_with_pillow(file, page)
    except Image.DecompressionBombError:
        raise UnreadableError("is larger than Pillow reads; cut it into parts") from None
    except UnreadableError:
        raise
    except Exception as error:  # the readers of some formats raise any kind of error
        if path.suffix.lower() in TIFF and isinstance(error, UnidentifiedImageError):
            return _open_tiff(path, page)
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"
        raise UnreadableError(f"{DAMAGED}{reason}: {AGAIN}") from None


def _open_with_pillow(file: Any, page: int) -> Opened:
    pages = 1  # the second image in a phone's file (MPO) is a preview
    if file.format != "MPO":
        pages = getattr(file, "n_frames", 1) if page == 0 else 0  # counting takes long
    if page:
        file.seek(page)
    if file.width * file.height > MOST_PIXELS:
        raise UnreadableError(f"has {file.width}×{file.height} pixels: too many")
    notes = []
    raw_modes = [
        tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in file.tile
    ]
    if file.mode in ("LA", "RGB", "RGBA") and any(";16" in str(mode) for mode in raw_modes):
        # Pillow keeps the upper 8 bits without a warning
        notes.append(DEEP)
    tags = getattr(file, "tag_v2", {})
    orientation = int(file.getexif().get(0x0112, 1))
    if file.mode in ("RGB", "RGBA") and int(tags.get(277, 1)) > 3:
        notes.append(_bands_left_out(int(tags[277]), 3))
    is_unsigned = tags.get(258) == (32,) and tags.get(339, (1,)) == (1,)
    inverted = int(tags.get(262, 1)) == PHOTOMETRIC.MINISWHITE
    fax = file.info.get("compression") in FAX
    file.load()
    image = ImageOps.exif_transpose(file)
    if file.mode == "I" and is_unsigned:
        image = Image.fromarray(np.asarray(image).view(np.uint32).astype(np.float32))
    return Opened(image, notes, inverted, fax, pages, orientation)


def _open_tiff(path: Path, page: int) -> Opened:
    """Return one page of a TIFF file that Pillow does not read, such as one of 64-bit numbers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on tags of a damaged file
            with TiffFile(path) as file:
                tiff, pages = file.pages[page].aspage(), len(file.pages)
                if tiff.compression not in KNOWN or tiff.dtype is None:
                    raise UnreadableError(
                        f"is a TIFF of {tiff.bitspersample}-bit numbers, compressed in the way "
                        f"{int(tiff.compression)}: save it as PNG, or as a TIFF without compression"
                    )
                if tiff.dataoffsets[-1] + tiff.databytecounts[-1] > file.filehandle.size:
                    raise ValueError("its end is missing")
                pixels = tiff.asarray()
                pixels = np.moveaxis(pixels, 0, 2) if tiff.axes == "SYX" else pixels
                pixels = pixels.reshape(tiff.imagelength, tiff.imagewidth, -1)
                inverted = tiff.photometric == PHOTOMETRIC.MINISWHITE
    except UnreadableError:
        raise
    except Exception as error:  # a damaged file can fail anywhere
        raise UnreadableError(f"{DAMAGED} ({error}): {AGAIN}") from None
    bands = pixels.shape[2]
    notes = []
    if bands == 3 and pixels.dtype.kind == "f" and (pixels != pixels[..., :1]).any():
        notes.append("its values are scaled, its own smallest to 0 and its own largest to 255")
        values = np.nan_to_num(pixels, nan=0, posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        pixels = np.round((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    is_colour = bands >= 3 and pixels.dtype in (np.uint8, np.uint16)
    if is_colour and pixels.dtype == np.uint16:
        notes.append(DEEP)
        pixels = (pixels >> 8).astype(np.uint8)
    used = 3 if is_colour else 1
    if bands > used:
        notes.append(_bands_left_out(bands, used))
    first = pixels[..., :3] if is_colour else pixels[..., 0].astype(np.float32)
    return Opened(Image.fromarray(np.ascontiguousarray(first)), notes, inverted, False, pages, 1)


def _bands_left_out(bands: int, used: int) -> str:
    what = "the first 3 are used, as red, green and blue" if used == 3 else "the first is used"
    return f"of its {bands} bands only {what}"


def palette_of(image: Image.Image) -> tuple[NDArray[np.int32], int]:
    """Return the colours of a palette, (256, 3), and how many of them the file has."""
    given = np.array(image.getpalette("RGB") or [], np.int32).reshape(-1, 3)
    return np.vstack([given, np.zeros((256 - len(given), 3), np.int32)]), len(given)


def palette_is_missing(image: Image.Image) -> bool:
    """Return whether a palette shows another used number in the same colour as number 0."""
    colours, _ = palette_of(image)
    used = np.unique(np.asarray(image))
    return bool((colours[used[used > 0]] == colours[0]).all(axis=1).any())


def alpha_channel(image: Image.Image) -> NDArray[np.uint8]:
    """Return the opacity of each pixel: (H, W), 0 to 255."""
    return np.asarray(image.convert("RGBA"))[..., 3]


def brightness(opened: Opened) -> NDArray[Any]:
    """Return the largest channel of each pixel, (H, W)."""
    image = opened.image.convert("RGB") if opened.image.mode == "P" else opened.image
    pixels: NDArray[Any] = np.nan_to_num(np.asarray(image))
    brightest: NDArray[Any] = pixels if pixels.ndim == 2 else pixels[..., :3].max(axis=2)
    return brightest
