"""The data of the course: pictures with their masks, split into train, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.generic]
PICTURES = Path(__file__).parent / "files"


class Pair(NamedTuple):
    """A picture and its mask.

    Attributes:
        image: (C, H, W), float32 from 0 to 1.
        mask: (1, H, W), float32: 1 for what is looked for, 0 for the rest.
        name: where it comes from.
    """

    image: Tensor
    mask: Tensor
    name: str


@dataclass(frozen=True, repr=False)
class Dataset:
    """Pictures to learn from, to choose by, and to be judged by; no pixel is in two of them.

    Attributes:
        name: of the data.
        train: what the network learns from.
        validation: what you look at while you try things out.
        test: what you look at once.
        source: who made it and under which terms.
        notes: what you should know about it, one sentence each; `from_folder` says here what it
            left out.
        side_by_side: names of the pictures from left to right, where they were cut from one.
    """

    name: str
    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str
    notes: tuple[str, ...] = ()
    side_by_side: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Channels of a picture: the network's `in_channels`."""
        return self.train[0].image.shape[0]

    def __repr__(self) -> str:
        """Say what is in it: pictures, sizes, the share of the foreground."""
        lines = [f"{self.name}: {self.source}"]
        for part in ("train", "validation", "test"):
            lines.append(f"  {part}: {_described(getattr(self, part))}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def figure(self, most: int = 4) -> Figure:
        """Return a drawing of the first pictures of each part, with the mask's outline.

        Args:
            most: pictures shown a part.
        """
        from unet_teach.segmentation.plots import gallery

        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        shown = {name: pairs[:most] for name, pairs in parts.items()}
        return gallery(shown, self.side_by_side)


def earth() -> Dataset:
    """Return a satellite picture in grey; what is looked for is land.

    Europe, Africa, Asia and Australia are there to learn from, less a strip from 95.6° to 118.1° E
    for validation. The Americas and Greenland are the test: the network has never seen them.
    """
    image, mask = _opened("earth.png"), _opened("earth_land.png")

    def part(name: str, first: int, last: int) -> Pair:
        return pair(image[:, first:last], mask[:, first:last], name)

    return Dataset(
        name="earth",
        train=(
            part("Europe, Africa, West Asia", 441, 784),
            part("East Asia, Australia", 848, 1024),
        ),
        validation=(part("Siberia to Java", 784, 848),),
        test=(part("the Americas", 28, 441),),
        source="NASA Blue Marble (credit: NASA Earth Observatory); land: Natural Earth",
        side_by_side=(
            "the Americas",
            "Europe, Africa, West Asia",
            "Siberia to Java",
            "East Asia, Australia",
        ),
    )


def nuclei() -> Dataset:
    """Return a fluorescence microscopy picture; what is looked for are cell nuclei.

    One picture of 512×512 pixels, cut from left to right: train, validation, test.
    """
    image, mask = _opened("nuclei.png"), _opened("nuclei_labels.png")

    def part(first: int, last: int) -> tuple[Pair, ...]:
        name = f"columns {first} to {last - 1}"
        return (pair(image[:, first:last], mask[:, first:last], name),)

    return Dataset(
        name="nuclei",
        train=part(0, 288),
        validation=part(288, 384),
        test=part(384, 512),
        source="image set BBBC038v1, Broad Bioimage Benchmark Collection, CC0; Caicedo et al. 2019",
    )


def pair(image: Pixels, mask: Pixels, name: str) -> Pair:
    """Make a pair of arrays: an image (H, W) or (H, W, C), a mask (H, W) whose foreground is not 0.

    Whole numbers of 8 bits are divided by 255; floats are taken as they are.
    """
    layers = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
    pixels = np.ascontiguousarray(layers).astype(np.float32)
    if image.dtype == np.uint8:
        pixels /= 255
    return Pair(
        torch.from_numpy(pixels), torch.from_numpy((mask[None] != 0).astype(np.float32)), name
    )


def _opened(name: str) -> Pixels:
    """Return a picture of the course: (H, W), 8 bits or bool."""
    return np.asarray(Image.open(PICTURES / name))


def _described(pairs: Sequence[Pair]) -> str:
    if not pairs:
        return "none"
    sizes = sorted({"×".join(map(str, p.mask.shape[-2:])) for p in pairs})
    pixels = sum(p.mask.numel() for p in pairs)
    share = sum(p.mask.sum().item() for p in pairs) / pixels
    noun = "picture" if len(pairs) == 1 else "pictures"
    shown = ", ".join(sizes[:3]) + (", …" if len(sizes) > 3 else "")
    return f"{len(pairs)} {noun} ({shown}), {share:.0%} of the pixels are foreground"
