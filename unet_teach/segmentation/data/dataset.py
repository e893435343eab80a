"""The datasets of the course: images with their masks, split into train, validation and test."""

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

from unet_teach.segmentation.plots import gallery
from unet_teach.shared.sizes_as_text import sizes_as_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.generic]
VOID = 255  # the label of pixels that do not count, where a mask holds several classes
FILES = Path(__file__).parent / "files"


class Pair(NamedTuple):
    """An image and its mask.

    Attributes:
        image: (C, H, W), float32 from 0 to 1.
        mask: (1, H, W). float32: 1 for foreground, 0 for background. With several classes uint8:
            the number of each pixel's class, or 255 where it does not count.
        name: where the image comes from, such as its file name.
    """

    image: Tensor
    mask: Tensor
    name: str


@dataclass(frozen=True, repr=False)
class Dataset:
    """Images with masks, split into train, validation and test; no pixel is in two of them.

    Attributes:
        name: name of the dataset.
        train: what the network learns from.
        validation: what decisions are based on: which weights to keep, which idea is better.
        test: what is scored once, at the end.
        source: who made the data, and under which terms.
        notes: what you should know about the data, one sentence each; `from_folder` notes here
            which files it left out.
        classes: names of several classes, in the order of their numbers; () for foreground and
            background.
        colours: of the classes in figures, as "#rrggbb"; () for the course's own.
        side_by_side: names of the images from left to right, if they were cut from one image.
    """

    name: str
    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    side_by_side: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Number of channels of an image: the network's `in_channels`."""
        return self.train[0].image.shape[0]

    @property
    def out_channels(self) -> int:
        """Number of channels that a network for these masks returns: 1, or one for each class."""
        return len(self.classes) or 1

    @property
    def splits(self) -> dict[str, tuple[Pair, ...]]:
        """The pairs of train, validation and test, by these names."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def __repr__(self) -> str:
        """Describe each split: number of images, sizes, fraction of foreground or of each class."""
        lines = [f"{self.name}: {self.source}"]
        lines += [
            f"  {name}: {_describe(pairs, self.classes)}" for name, pairs in self.splits.items()
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def figure(self, most: int = 4) -> Figure:
        """Draw the first images of each split with the outlines of their masks, or their classes.

        Args:
            most: largest number of images drawn for a split.
        """
        first = {name: pairs[:most] for name, pairs in self.splits.items()}
        return gallery(first, self.side_by_side, self.classes, self.colours)


def earth() -> Dataset:
    """Return a grey satellite image of the Earth; the foreground is land.

    Train is Europe, Africa, Asia and Australia without a strip from 95.6° E to 118.1° E, which is
    validation. Test is the Americas and Greenland.
    """
    files = load_pixels("earth.png"), load_pixels("earth_land.png")
    americas = _columns(files, 28, 441, "the Americas")
    west = _columns(files, 441, 784, "Europe, Africa, West Asia")
    middle = _columns(files, 784, 848, "Siberia to Java")
    east = _columns(files, 848, 1024, "East Asia, Australia")
    return Dataset(
        name="earth",
        train=(west, east),
        validation=(middle,),
        test=(americas,),
        source="NASA Blue Marble (credit: NASA Earth Observatory); land: Natural Earth",
        side_by_side=tuple(pair.name for pair in (americas, west, middle, east)),
    )


def nuclei() -> Dataset:
    """Return a fluorescence microscopy image; the foreground is cell nuclei.

    It is one image of 512×512 pixels, cut from left to right into train, validation and test.
    """
    files = load_pixels("nuclei.png"), load_pixels("nuclei_labels.png")
    return Dataset(
        name="nuclei",
        train=(_columns(files, 0, 288),),
        validation=(_columns(files, 288, 384),),
        test=(_columns(files, 384, 512),),
        source="image set BBBC038v1, Broad Bioimage Benchmark Collection, CC0; Caicedo et al. 2019",
    )


def _columns(files: tuple[Pixels, Pixels], first: int, last: int, name: str = "") -> Pair:
    image, mask = (pixels[:, first:last] for pixels in files)
    return make_pair(image, mask, name or f"columns {first} to {last - 1}")


def make_pair(image: Pixels, mask: Pixels, name: str, *, labels: bool = False) -> Pair:
    """Return a pair of float32 tensors from arrays.

    Args:
        image: (H, W) or (H, W, C). uint8 is divided by 255; floats are taken as they are.
        mask: (H, W); whatever is not 0 is foreground, unless it holds labels of classes.
        name: name of the pair.
        labels: whether the mask holds labels, uint8.
    """
    channels_first = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
    pixels = np.ascontiguousarray(channels_first).astype(np.float32)
    if image.dtype == np.uint8:
        pixels /= 255
    values = np.ascontiguousarray(mask[None]) if labels else (mask[None] != 0).astype(np.float32)
    return Pair(torch.from_numpy(pixels), torch.from_numpy(values), name)


def load_pixels(name: str) -> Pixels:
    """Return the pixels of a packaged file: (H, W), uint8 or bool."""
    return np.asarray(Image.open(FILES / name))


def _describe(pairs: Sequence[Pair], classes: Sequence[str]) -> str:
    if not pairs:
        return "none"
    sizes = sorted({sizes_as_text(pair.mask.shape[-2:]) for pair in pairs})
    noun = "image" if len(pairs) == 1 else "images"
    shown = ", ".join(sizes[:3]) + (", …" if len(sizes) > 3 else "")
    if not classes:
        content = f"{foreground_fraction(pairs):.0%} of the pixels are foreground"
    else:
        counts = label_counts(pairs, len(classes))
        shares = (counts / counts.sum().clamp(min=1)).tolist()
        content = ", ".join(
            f"{name} {share:.1%}" for name, share in zip(classes, shares, strict=True)
        )
    return f"{len(pairs)} {noun} ({shown}), {content}"


def foreground_fraction(pairs: Sequence[Pair]) -> float:
    """Return the fraction of all pixels of the pairs that are foreground, 0 to 1."""
    foreground = sum(pair.mask.sum().item() for pair in pairs)
    return foreground / sum(pair.mask.numel() for pair in pairs)


def label_counts(pairs: Sequence[Pair], count: int) -> Tensor:
    """Return how many pixels have each of `count` labels, (count,); void pixels do not count."""
    counts = [torch.bincount(pair.mask.flatten(), minlength=VOID + 1) for pair in pairs]
    return torch.stack(counts).sum(0)[:count]
