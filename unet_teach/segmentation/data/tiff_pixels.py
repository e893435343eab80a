"""Reads TIFF files that Pillow does not: 64-bit numbers, any byte order and number of bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile

from unet_teach.segmentation.data.notes import UnreadableError

# tifffile reads others too, if the package imagecodecs is installed.
KNOWN = (COMPRESSION.NONE, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE)


def read_tiff(path: Path, page: int = 0) -> tuple[NDArray[Any], bool, int]:
    """Return one page of a TIFF file.

    Returns:
        Its values, (H, W, bands); whether 0 is white; the number of pages.

    Raises:
        UnreadableError: if its compression or type of numbers is not known here.
        Exception: of any type, if the file is damaged.
    """
    with TiffFile(path) as file:
        tiff = file.pages[page].aspage()
        if tiff.compression not in KNOWN or tiff.dtype is None:
            raise UnreadableError(
                f"is a TIFF of {tiff.bitspersample}-bit numbers, compressed in the way "
                f"{int(tiff.compression)}: save it as PNG, or as a TIFF without compression"
            )
        if tiff.dataoffsets[-1] + tiff.databytecounts[-1] > file.filehandle.size:
            raise ValueError("its end is missing")
        pixels = tiff.asarray()
        pixels = np.moveaxis(pixels, 0, 2) if tiff.axes == "SYX" else pixels
        height, width = tiff.imagelength, tiff.imagewidth
        return pixels.reshape(height, width, -1), white_is_zero(tiff.photometric), len(file.pages)


def white_is_zero(photometric: int) -> bool:
    """Return whether 0 is white, given the TIFF tag PhotometricInterpretation."""
    return photometric == PHOTOMETRIC.MINISWHITE
