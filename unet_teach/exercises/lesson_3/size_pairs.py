"""What `pad_to` and `crop_to` have in common: two feature maps, one to be fitted to the other."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Function
from unet_teach.exercises.checks.tensors import seeded
from unet_teach.shared.sizes_as_text import sizes_as_text

Size = tuple[int, int]

CHANNELS = ((2, 5, 3), (2, 3, 5), (1, 1, 4), (3, 4, 4))  # the batch, the channels of both


@dataclass(frozen=True)
class Pairs:
    """Pairs of feature maps, of which the first has to be fitted to the second.

    Attributes:
        names: of both, as in ("up", "skip").
        sizes: of both, in each known pair; the last pair is float64.
        larger: by how many pixels the first may be larger in a random pair.
    """

    names: tuple[str, str]
    sizes: Sequence[tuple[Size, Size]]
    larger: range

    def known(self) -> list[Case]:
        """Return the known cases, the same each time."""
        *most, last = enumerate(self.sizes)
        return seeded(
            lambda: [*starmap(self._case, most), self._case(*last, torch.float64)],
        )()

    def cases(self) -> Iterator[Case]:
        """Yield the known cases, then random ones."""
        yield from self.known()
        chance = random.Random()
        for number in range(6):
            height, width = chance.randint(4, 9), chance.randint(4, 9)
            first = height + chance.choice(self.larger), width + chance.choice(self.larger)
            yield self._case(number, (first, (height, width)))

    def _case(self, number: int, sizes: tuple[Size, Size], dtype: Any = torch.float32) -> Case:
        batch, *channels = CHANNELS[number % len(CHANNELS)]
        inputs = [torch.randn(batch, c, *size) for c, size in zip(channels, sizes, strict=True)]
        named = [f"{n} {sizes_as_text(s)}" for n, s in zip(self.names, sizes, strict=True)]
        call = ", ".join(named).capitalize() + (", both float64" if dtype == torch.float64 else "")
        return Case(call, tuple(x.to(dtype) for x in inputs))

    @property
    def conditions(self) -> dict[str, Callable[[Tensor, Tensor], bool]]:
        """What may decide whether an answer is right, in words."""
        first, second = self.names
        return {
            f"{first} and {second} have the same size": lambda a, b: a.shape[2:] == b.shape[2:],
            f"{first} is square": lambda a, b: a.shape[2] == a.shape[3],
            f"{second} is square": lambda a, b: b.shape[2] == b.shape[3],
            "the batch has one item": lambda a, b: len(a) == 1,
            f"{first} has one channel": lambda a, b: a.shape[1] == 1,
            f"{first} and {second} have the same number of channels": (
                lambda a, b: a.shape[1] == b.shape[1]
            ),
            f"{first} and {second} are float32": lambda a, b: a.dtype == torch.float32,
        }


def _resized(**how: Any) -> Function:
    return lambda one, other: F.interpolate(one, size=other.shape[2:], **how)


RESIZED = (  # functions that resize the first feature map to the size of the second
    *(_resized(mode=mode) for mode in ("bilinear", "nearest", "nearest-exact", "area", "bicubic")),
    *(_resized(mode=mode, align_corners=True) for mode in ("bilinear", "bicubic")),
)
