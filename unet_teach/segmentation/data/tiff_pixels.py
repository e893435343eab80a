"""Reads TIFF files that Pillow does not: 64-bit numbers, any byte order and number of bands."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

KINDS = {1: "u", 2: "i", 3: "f"}  # by the tag SampleFormat
MOST_BITS = 64


class UnknownTiffError(ValueError):
    """Raised for a TIFF file of a kind that this module does not read; its text is the kind."""


def read_tiff(path: Path, page: int = 0) -> tuple[NDArray[Any], bool, int]:
    """Return one page of a TIFF file.

    Returns:
        Pixels, (H, W, bands), as they are stored; whether 0 is white; the number of pages.

    Raises:
        UnknownTiffError: if its compression or type of numbers is not known here.
    """
    with path.open("rb") as file:
        pages = _pages(file)
        tags = pages[page]
        return _read_page(file, tags), white_is_zero(tags), len(pages)


def white_is_zero(tags: Any) -> bool:
    """Return whether 0 is white in a TIFF file."""
    return int(tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 1)) == 0


def _pages(file: BinaryIO) -> list[TiffImagePlugin.ImageFileDirectory_v2]:
    """Return the tags of each page."""
    header = file.read(8)
    big = header[2:3] == b"\x2b" or header[3:4] == b"\x2b"
    header += file.read(8) if big else b""
    pages = []
    position = TiffImagePlugin.ImageFileDirectory_v2(header).next
    seen = set()
    while position and position not in seen:  # a damaged file may lead in a circle
        seen.add(position)
        tags = TiffImagePlugin.ImageFileDirectory_v2(header)
        file.seek(position)
        tags.load(file)
        pages.append(tags)
        position = tags.next
    return pages


def _read_page(file: BinaryIO, tags: Any) -> NDArray[Any]:
    width, height = int(tags[256]), int(tags[257])
    bits, bands = tags.get(258, (1,))[0], int(tags.get(277, 1))
    kind = KINDS.get(tags.get(339, (1,))[0])
    compression, predictor = int(tags.get(259, 1)), int(tags.get(317, 1))
    if kind is None or bits % 8 or bits > MOST_BITS:
        raise UnknownTiffError(f"a TIFF of numbers with {bits} bits")
    if compression not in (1, 8, 32946) or predictor not in (1, 2):
        raise UnknownTiffError(f"a TIFF of {bits}-bit numbers, compressed in the way {compression}")
    dtype = np.dtype(f"{(tags.prefix[:1] == b'I' and '<') or '>'}{kind}{bits // 8}")
    planes = bands if int(tags.get(284, 1)) == 2 and bands > 1 else 1
    tiled = 322 in tags
    columns, rows = (
        (int(tags[322]), int(tags[323])) if tiled else (width, int(tags.get(278, height)))
    )
    rows = rows if tiled else min(rows, height)
    starts, lengths = tags[324 if tiled else 273], tags[325 if tiled else 279]
    down, across = -(-height // rows), -(-width // columns)
    pixels = np.zeros((planes, down * rows, across * columns, bands // planes), dtype)
    if len(starts) < planes * down * across:
        raise ValueError("parts of it are missing")
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        file.seek(start)
        content = file.read(length)
        values = np.frombuffer(zlib.decompress(content) if compression > 1 else content, dtype)
        block = values.reshape(-1, columns, bands // planes)
        if predictor == 2:
            block = np.cumsum(block, axis=1, dtype=dtype)
        plane, place = divmod(number, down * across)
        row, column = place // across * rows, place % across * columns
        if row + len(block) < min(row + rows, height):
            raise ValueError("its end is missing")
        pixels[plane, row : row + len(block), column : column + columns] = block
    joined = np.concatenate(list(pixels[:, :height, :width]), axis=2)
    return joined.astype(dtype.newbyteorder("="))
