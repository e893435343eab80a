"""Networks that are nearly a U-Net, and U-Nets in styles that are easily missed."""

from __future__ import annotations

import torch
from hard_to_trace import CASES as CASES  # three files fill it
from odd_networks import ALL, Case, Small, case, conv
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

PICTURE = (1, 3, 64, 64)


class Pyramid(nn.Module):
    """A stem of patches, an encoder, sums in the decoder, and one enlargement at the end."""

    def __init__(self, patch: int, *, fuse: bool) -> None:
        super().__init__()
        self.patch, self.fuse = patch, fuse
        self.stem = nn.Conv2d(3, 8, patch, patch)
        self.stages = nn.ModuleList([conv(8, 8), conv(8, 8, 2), conv(8, 8, 2)])
        self.across = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in range(3)])
        self.head = nn.Conv2d(24 if fuse else 8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x, maps = self.stem(x), []
        for stage, across in zip(self.stages, self.across, strict=True):
            x = stage(x)
            maps.append(across(x))
        for i in (1, 0):
            maps[i] = maps[i] + F.interpolate(maps[i + 1], scale_factor=2)
        sizes = maps[0].shape[2:]
        last = torch.cat([F.interpolate(m, sizes) for m in maps], 1) if self.fuse else maps[0]
        return F.interpolate(self.head(last), scale_factor=self.patch)


@case
def patches_and_a_bare_enlargement() -> Case:
    return Pyramid(4, fuse=False), (PICTURE,), ALL - {"symmetry"}


@case
def patches_and_fused_maps() -> Case:
    return Pyramid(8, fuse=True), ((1, 3, 128, 128),), ALL - {"symmetry"}


class LabelMap(nn.Module):
    """A decoder that is given the resized label map, or features of it, at each level."""

    def __init__(self, channels: int, *, of_features: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, channels, 3, padding=1) if of_features else nn.Identity()
        self.start = nn.Linear(4, 8 * 64)
        given = channels if of_features else 3
        self.scales = nn.ModuleList([nn.Conv2d(given, 8, 3, padding=1) for _ in range(4)])
        self.convs = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1) for _ in range(4)])

    def forward(self, labels: Tensor) -> Tensor:
        x = self.start(torch.randn(1, 4)).view(1, 8, 8, 8)
        features = self.first(labels)
        for i, (scale, layer) in enumerate(zip(self.scales, self.convs, strict=True)):
            x = F.interpolate(x, scale_factor=2) if i else x
            x = layer(x * scale(F.interpolate(features, x.shape[2:]))).relu()
        return x


@case
def resized_labels_in_a_decoder() -> Case:
    return LabelMap(4, of_features=False), (PICTURE,), ALL - {"skip_connections"}


@case
def resized_features_in_a_decoder() -> Case:
    return LabelMap(4, of_features=True), (PICTURE,), ALL - {"skip_connections"}


class Flat(nn.Module):
    """A network at full size with one pooled branch."""

    def __init__(self, pool: int, join: str) -> None:
        super().__init__()
        self.pool, self.join = pool, join
        self.before, self.after = nn.Sequential(conv(3, 8), conv(8, 8)), conv(8, 8)
        self.branch = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Conv2d(16 if join == "cat" else 8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.after(self.before(x))
        side = F.interpolate(self.branch(F.avg_pool2d(x, self.pool)), scale_factor=self.pool)
        joined = {
            "gate": lambda: x * side.sigmoid(),
            "add": lambda: x + side,
            "cat": lambda: torch.cat([x, side], 1),
        }[self.join]()
        made: Tensor = self.head(joined)
        return made


@case
def gated_by_a_pooled_branch() -> Case:
    return Flat(2, "gate"), (PICTURE,), ALL - {"skip_connections"}


@case
def pooled_context_added() -> Case:
    return Flat(8, "add"), (PICTURE,), ALL - {"skip_connections"}


@case
def pooled_context_concatenated() -> Case:
    return Flat(4, "cat"), (PICTURE,), ALL - {"skip_connections"}


@case
def blurred_one_axis_at_a_time() -> Case:
    class Blurred(Small):
        def down(self, x: Tensor) -> Tensor:
            channels, kernel = x.shape[1], torch.tensor([1.0, 2.0, 1.0]) / 4
            rows = kernel.view(1, 1, 3, 1).expand(channels, 1, 3, 1)
            columns = kernel.view(1, 1, 1, 3).expand(channels, 1, 1, 3)
            x = F.conv2d(x, rows, stride=(2, 1), padding=(1, 0), groups=channels)
            return F.conv2d(x, columns, stride=(1, 2), padding=(0, 1), groups=channels)

    return Blurred(), (PICTURE,), ALL


@case
def halved_by_products_with_matrices() -> Case:
    class Multiplied(Small):
        def down(self, x: Tensor) -> Tensor:
            rows, columns = (torch.eye(n // 2).repeat_interleave(2, 1) for n in x.shape[2:])
            return rows @ x @ columns.T

    return Multiplied(), ((1, 3, 32, 64),), ALL


class LastWord(nn.Module):
    """A language model that only needs the features of the last words."""

    def __init__(self, index: list[int] | range) -> None:
        super().__init__()
        self.index, self.embed, self.head = index, nn.Embedding(50, 8), nn.Linear(8, 50)
        self.mix = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, words: Tensor) -> Tensor:
        is_range = isinstance(self.index, range)
        index = torch.arange(self.index.start, self.index.stop) if is_range else self.index
        made: Tensor = self.head(self.mix(self.embed(words))[:, index])
        return made


@case
def last_word_by_index() -> Case:
    return LastWord([-1]), (torch.zeros(1, 16, dtype=torch.long),), set()


@case
def last_words_by_index() -> Case:
    return LastWord(range(12, 16)), (torch.zeros(1, 16, dtype=torch.long),), set()


@case
def last_words_by_a_list() -> Case:
    return LastWord([12, 13, 14, 15]), (torch.zeros(1, 16, dtype=torch.long),), set()


@case
def every_second_word_by_index() -> Case:
    words = torch.zeros(1, 16, dtype=torch.long)
    return LastWord(list(range(0, 16, 2))), (words,), {"downsampling"}
