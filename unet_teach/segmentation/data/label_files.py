"""Reads masks of several classes: numbers or colours in a file become numbers of classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation.data.dataset import VOID
from unet_teach.segmentation.data.image_files import Opened
from unet_teach.segmentation.data.mask_files import VOID_COLOUR

Labels = NDArray[np.uint8]
Colour = tuple[int, int, int]
ALLOWED = (
    'give a dict of at least two classes, each with its number or its colour in the masks: {"sky": '
    '0, "road": 7}, or {"sky": (128, 128, 128), "road": "#804080"}'
)
NEAR = 8  # values of 8 bits: how far the grain of a JPEG lies from a class
MOST_CLASSES = VOID  # numbers 0 to 254; 255 is void


class LabelReader:
    """Turns the content of mask files into numbers of classes, and counts what no class names.

    Args:
        classes: number or colour of each class in the files, by its name.

    Raises:
        TypeError: if it is not a dict of names with numbers or colours.
        ValueError: if a colour is none, two classes are equal, or there are fewer than two.
    """

    def __init__(self, classes: object) -> None:
        if not isinstance(classes, Mapping):
            raise TypeError(f"classes is of type {type(classes).__name__}; {ALLOWED}.")
        if not 2 <= len(classes) <= MOST_CLASSES:
            raise ValueError(f"classes has {len(classes)} entries; {ALLOWED}.")
        self.names = tuple(classes)
        if not all(isinstance(name, str) for name in self.names):
            raise TypeError(f"The names of classes must be text; {ALLOWED}.")
        codes = [_as_code(name, value) for name, value in classes.items()]
        self.by_colour = isinstance(codes[0], tuple)
        if len({type(code) for code in codes}) > 1:
            raise TypeError(f"Give numbers for all classes, or colours for all; {ALLOWED}.")
        if len(set(codes)) < len(codes):
            twice = next(code for code in codes if codes.count(code) > 1)
            raise ValueError(f"Two classes have the same value, {twice}. Give each its own.")
        self.numbers = {_packed(code): number for number, code in enumerate(codes)}
        self.colours = (
            tuple("#{:02x}{:02x}{:02x}".format(*code) for code in codes if isinstance(code, tuple))
            if self.by_colour
            else ()
        )
        self.unnamed: Counter[int] = Counter()
        self.absent = dict(zip(self.numbers, self.names, strict=True))  # in no mask so far
        self.pixels = 0

    def read(self, opened: Opened) -> tuple[Labels | None, str]:
        """Return the labels (H, W) of a mask file, and a note or "".

        What no class names becomes 255, which does not count. None if the file holds colours, but
        the classes are numbers.
        """
        image = opened.image
        if self.by_colour:
            colours = np.asarray(image.convert("RGB")).astype(np.int64)
            codes = colours @ np.array([1 << 16, 1 << 8, 1])
        else:
            values = np.asarray(image.convert("L") if image.mode in ("LA", "La") else image)
            if values.ndim == 3:
                if (values[..., :3] != values[..., :1]).any():
                    return None, "is in colour, but the classes are numbers; give their colours"
                values = values[..., 0]
            if opened.white_is_zero and image.mode == "L" and not opened.fax:
                values = 255 - values  # as stored: Pillow has inverted it
            codes = values.astype(np.int64)
        labels = np.full(codes.shape, VOID, np.uint8)
        for code, number in self.numbers.items():
            labels[codes == code] = number
            if code in self.absent and (labels == number).any():
                del self.absent[code]
        unnamed = codes[labels == VOID]
        found, counts = np.unique(unnamed, return_counts=True)
        self.unnamed.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        self.pixels += codes.size
        return labels, ""

    def note(self) -> str:
        """Return a note on all pixels that no class names, or "".

        Raises:
            ValueError: if these are more than half of all pixels.
        """
        void = _packed(VOID_COLOUR) if self.by_colour else VOID
        share = sum(self.unnamed.values()) / max(1, self.pixels)
        others = [code for code, _ in self.unnamed.most_common() if code != void]
        named = [*map(self._shown, others[:6]), *(["…"] if len(others) > 6 else [])]
        if void in self.unnamed and (self.absent or share > 0.5):
            named.append(f"{self._shown(void)}, which is taken as void")
        shown = ", ".join(named)
        if share > 0.5:
            raise ValueError(
                f"No class names {share:.0%} of the pixels of the masks. They hold {shown}. Add "
                f"these to classes, or check the values there.{self._cause(others)}{self.misfit()}"
            )
        if not others and not self.absent:
            return ""
        if not self.unnamed:
            return self.misfit().strip().removesuffix(".") if self.pixels else ""
        note = f"{share:.1%} of all pixels are of no class ({shown}), so they do not count"
        return f"{note}.{self._cause(others)}{self.misfit()}".removesuffix(".")

    def misfit(self) -> str:
        """Return sentences on the classes that no mask holds, with what may be meant, or ""."""
        if not self.absent:
            return ""
        absent = ", ".join(f"{self._shown(code)} ({name!r})" for code, name in self.absent.items())
        problem = f" No mask holds {absent}"
        if not self.unnamed:
            return f"{problem}. Check the value in classes, or leave the class out."
        common = self.unnamed.most_common(6)
        held = ", ".join(f"{self._shown(code)} ({count} pixels)" for code, count in common)
        problem += f", but the masks hold {held}"
        reversed_ = {code: (code & 255) << 16 | code & 0xFF00 | code >> 16 for code in self.absent}
        if self.by_colour and all(code in self.unnamed for code in reversed_.values()):
            meant, why = reversed_, "Red and blue are in reverse order, as OpenCV has them"
        elif len(self.unnamed) == len(self.absent):
            meant = dict(zip(sorted(self.absent), sorted(self.unnamed), strict=True))
            why = "If these are meant"
        else:
            return f"{problem}. Check the values in classes."
        written = ", ".join(
            f"{name!r}: {self._shown(meant.get(code, code))}"
            for code, name in zip(self.numbers, self.names, strict=True)
        )
        return f"{problem}. {why}: classes={{{written}}}."

    def _cause(self, others: list[int]) -> str:
        """Return why there are many values that no class names, if they look like blends."""
        if len(others) < 3 * len(self.numbers):
            return ""
        known = self._channels(list(self.numbers))
        distances = np.abs(self._channels(others)[:, None] - known).max(axis=2).min(axis=1)
        counts = np.array([self.unnamed[code] for code in others])
        if counts[distances <= NEAR].sum() > 0.5 * counts.sum():
            return (
                " Most of them hardly differ from a class, as after saving as JPEG, which damages "
                "labels also where it cannot be seen: export the masks again as PNG."
            )
        return (
            " There are many such values, as after resizing with smoothing, which also makes wrong "
            "classes: resize masks with Image.Resampling.NEAREST."
        )

    def _channels(self, codes: list[int]) -> NDArray[np.int64]:
        values = np.array(codes, np.int64)
        if not self.by_colour:
            return values[:, None]
        return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1)

    def _shown(self, code: int) -> str:
        if not self.by_colour:
            return str(code)
        return f"({code >> 16}, {code >> 8 & 255}, {code & 255})"


def _as_code(name: str, value: object) -> int | Colour:
    """Return a number as an int, and a colour as three of them."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    colour: object = value
    if isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value):
        colour = tuple(bytes.fromhex(value[1:]))
    if isinstance(colour, (tuple, list)) and len(colour) == 3:
        red, green, blue = (
            int(channel) if isinstance(channel, Integral) else -1 for channel in colour
        )
        if 0 <= min(red, green, blue) <= max(red, green, blue) <= 255:
            return red, green, blue
    kind = TypeError if not isinstance(value, (str, tuple, list)) else ValueError
    raise kind(f"The value {value!r} of the class {name!r} is no number and no colour; {ALLOWED}.")


def _packed(code: int | Colour) -> int:
    return code if isinstance(code, int) else code[0] << 16 | code[1] << 8 | code[2]
