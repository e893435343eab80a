"""A mistake in a line of a forward: the report says what to write there, and that it runs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet

RUNS = ", the network runs."


class Blocks(nn.Module):
    """Two levels whose maps have a batch norm, or not; each network below joins them."""

    def __init__(self, channels: int = 3, *, norm: bool = True) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if norm else nn.Identity
        self.top = nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), kind(8))
        self.low = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), kind(16))
        self.up, self.head = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 1, 1)
        self.pool, self.gate = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 8)

    def unet(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        made: Tensor = self.head(torch.cat([skip, self.up(self.low(skip))], dim=1))
        return made


class _FirstImage(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        image = x[0]
        return self.unet(image)


class _FirstImageWithoutNorm(_FirstImage):
    def __init__(self) -> None:
        super().__init__(norm=False)


class _Grey(Blocks):
    def __init__(self) -> None:
        super().__init__(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.unet(x.mean(dim=1))


class _OneBand(_Grey):
    def forward(self, x: Tensor) -> Tensor:
        return self.unet(x[:, 2])


class _Squeezed(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        factor = self.gate(self.pool(skip).squeeze())
        made: Tensor = skip * factor[:, :, None, None]
        return made


class _SqueezedSizes(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        factor = torch.squeeze(self.pool(skip))
        batch, channels = factor.shape
        made: Tensor = skip * self.gate(factor).view(batch, channels, 1, 1)
        return made


class _Unpacked(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        x, _skip = self.top(x)
        made: Tensor = self.head(self.low(x))
        return made


class _PooledWithoutIndices(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        x, places = F.max_pool2d(self.top(x), 2)
        return F.max_unpool2d(self.low(x), places, 2)


class _PoolLayerWithoutIndices(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.shrink, self.grow, self.same = nn.MaxPool2d(2), nn.MaxUnpool2d(2), nn.BatchNorm2d(8)

    def forward(self, x: Tensor) -> Tensor:
        x, places = self.shrink(self.top(x))
        made: Tensor = self.grow(self.same(x), places)
        return made


class _WrongNormOfAFrame(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.top[1] = nn.BatchNorm3d(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.unet(x[:, -1])


class _SplitIntoTwo(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.split(self.top(x), 2, dim=1)
        return a * b


class _SplitAlongTheBatch(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        a, b = self.top(x).chunk(2)
        return a * b


class _NextSkip(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skips = [self.top(x)]
        for i in range(1):
            x = self.up(self.low(skips[i]))
            x = self.head(torch.cat([x, skips[i + 1]], dim=1))
        return x


class _CountsFromOne(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.ups = nn.ModuleList([nn.Identity(), self.up])

    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        level = 1
        made: Tensor = self.head(torch.cat([self.ups[level + 1](self.low(skip)), skip], dim=1))
        return made


class _WithHooks(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Tensor] = {}
        for name in ("top", "low"):

            def keep(module: nn.Module, given: Any, made: Tensor) -> None:
                self.kept[name] = made  # noqa: B023 - the mistake

            getattr(self, name).register_forward_hook(keep)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.low(self.top(x)))
        made: Tensor = self.head(torch.cat([x, self.kept["top"]], dim=1))
        return made


class _WithLambdas(Blocks):
    """Its hooks keep maps in a list, in a dict or as attributes, all of them as the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[Any] = [None, None]
        self.kept: dict[str, Tensor] = {}
        for i, part in enumerate((self.top, self.low)):
            part.register_forward_hook(lambda m, x, y: self.listed.__setitem__(i, y))  # noqa: B023
        for name in ("top", "low"):
            hooked = getattr(self, name)
            hooked.register_forward_hook(lambda m, x, y: self.keep(name, y))  # noqa: B023
            hooked.register_forward_hook(lambda m, x, y: setattr(self, f"a_{name}", y))  # noqa: B023

    def keep(self, name: str, made: Tensor) -> None:
        self.kept[name] = made

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.low(self.top(x)))
        made: Tensor = self.head(torch.cat([x, self.skip()], dim=1))
        return made

    def skip(self) -> Any:
        return self.kept["top"]


class _WithAListOfMaps(_WithLambdas):
    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.low(self.top(x)))
        made: Tensor = self.head(torch.cat([x, self.listed[0]], dim=1))
        return made


class _WithAttributes(_WithLambdas):
    def skip(self) -> Any:
        return self.a_top


class _DividesTheBatch(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        a, b = self.top(x)
        return a * b


class _ThreeForTwo(Blocks):
    def three(self, x: Tensor) -> Any:
        skip = self.top(x)
        return x, skip, skip

    def forward(self, x: Tensor) -> Tensor:
        x, skip = self.three(x)
        return x * skip


class _PairsOfOneList(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        for up, norm in self.top:
            x = norm(up(x))
        return x


class _NumbersAndPairs(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        for _i, first, second in enumerate(zip(self.top, self.low, strict=True)):
            x = second(first(x)) if x.shape[1] == 0 else x
        return x


class _Comma(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = (self.top(x),)
        made: Tensor = self.low(skip)
        return made


class _PopsByNumber(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skips = [self.top(x)]
        x = self.up(self.low(skips[0]))
        made: Tensor = self.head(torch.cat([x, skips.pop(1)], dim=1))
        return made


class _Next(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skips = iter([self.top(x)])
        x = self.up(self.low(next(skips)))
        made: Tensor = self.head(torch.cat([x, next(skips)], dim=1))
        return made


class _ImageByImage(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.unet(image) for image in x])


class _ImageByNumber(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        made = []
        for i in range(len(x)):
            made.append(self.unet(x[i]))
        return torch.cat(made)


class _VectorAsMap(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        vector = self.pool(skip).squeeze()
        vector = vector.unsqueeze(-1).unsqueeze(-1)
        return skip * vector.expand(-1, -1, *x.shape[2:])


class _HooksInOrder(_WithLambdas):
    def forward(self, x: Tensor) -> Tensor:
        self.low(self.top(x))
        skip, low = self.kept.values()
        made: Tensor = self.head(torch.cat([skip, self.up(low)], dim=1))
        return made


class _Named(NamedTuple):
    skip: Tensor
    low: Tensor


class _NamedMaps(Blocks):
    def encode(self, x: Tensor) -> _Named:
        skip = self.top(x)
        return _Named(skip, self.low(skip))

    def forward(self, x: Tensor) -> Any:
        maps = self.encode(x)
        return self.head(torch.cat([maps.skip, self.up(maps)], dim=1))


def _halves(x: Tensor) -> Tensor:
    a, b = x.split(2, dim=1)
    return a * b


class _InAFunctionBeside(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        return _halves(self.top(x))


class _InAFunctionInside(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        def first() -> Tensor:
            return x[0]

        return self.unet(first())


class _Pair(nn.Sequential):
    def forward(self, x: Tensor) -> Any:
        skip = super().forward(x)
        return F.max_pool2d(skip, 2), skip


class _PairAsOne(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.pair = _Pair(self.top)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pair(x)
        made: Tensor = self.up(self.low(x))
        return made


class _PairWithItsName(_PairAsOne):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.pair(x)
        made: Tensor = self.head(torch.cat([self.up(self.low(skip * 2)), skip], dim=1))
        return made


class _Attention(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.top(x).flatten(2).transpose(1, 2)
        more = self.attend(tokens, tokens, tokens)
        return more + tokens


class _AttentionAtOnce(_Attention):
    def forward(self, x: Tensor) -> Tensor:
        tokens = self.top(x).flatten(2).transpose(1, 2)
        return tokens + self.attend(tokens, tokens, tokens)


class _Recurrent(_Attention):
    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.GRU(8, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.top(x).flatten(2).transpose(1, 2)
        tokens = self.attend(tokens)
        return tokens.transpose(1, 2)


class _RecurrentInARow(_Attention):
    def __init__(self) -> None:
        super().__init__()
        self.row = nn.Sequential(nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.row(self.top(x).flatten(2).transpose(1, 2))
        return made


class _Maximum(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        x = self.top(x)
        most = x.max(1, keepdim=True)
        return most * x


class _Parts(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        parts = self.top(x).chunk(2, dim=1)
        return torch.sigmoid(parts)


class _ListOfMaps(Blocks):
    def encode(self, x: Tensor) -> Any:
        maps = [self.top(x)]
        maps.append(self.low(maps[0]))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        maps = self.encode(x)
        made: Tensor = self.head(torch.cat([self.up(maps), maps[0]], dim=1))
        return made


class _DictOfMaps(_ListOfMaps):
    def encode(self, x: Tensor) -> Any:
        skip = self.top(x)
        return {"skip": skip, "low": self.low(skip)}

    def forward(self, x: Tensor) -> Tensor:
        maps = self.encode(x)
        made: Tensor = self.head(torch.cat([self.up(maps), maps["skip"]], dim=1))
        return made


class _NoReturn(Blocks):
    def fuse(self, skip: Tensor, x: Tensor) -> Any:
        torch.cat([skip, x], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        both = self.fuse(skip, self.up(self.low(skip)))
        made: Tensor = self.head(both)
        return made


class _Product(_Attention):
    def forward(self, x: Tensor) -> Tensor:
        q = self.top(x).flatten(2).transpose(1, 2)
        return self.attended(q, q, q)

    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return (q @ k).softmax(-1) @ v


class _ProductInOtherOrder(_Product):
    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return torch.matmul(v, (q @ k.transpose(-2, -1)).softmax(-1))


class _ProductOverTheBatch(_Product):
    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return (q @ k.transpose(0, 1)).softmax(-1) @ v


class _ProductWithChannelsSecond(_Product):
    def forward(self, x: Tensor) -> Tensor:
        v = self.top(x).flatten(2)
        weights = (v.transpose(1, 2) @ v).softmax(-1)
        return torch.bmm(weights, v).view(len(x), 8, *x.shape[2:])


class _Einsum(_Product):
    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = torch.einsum("bid, bdj -> bij", q, k)
        return scores.softmax(-1) @ v


class _EinsumWithHeads(_Product):
    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return torch.einsum("bhid,bhjd->bhij", q, k) @ v


class _EinsumWithUnknown(_Product):
    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return torch.einsum("bid,bjd->bik", q, k) @ v


class Attend2d(_Einsum):  # no layer of torch, which has no Attend3d either
    """Its name ends as those of torch's layers do."""


class _TimeOfAnotherWidth(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.time, self.shift = nn.Linear(1, 32), nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        code = self.time(x.mean((1, 2, 3)).unsqueeze(1))
        made: Tensor = self.top(x) + self.shift(F.silu(code))[:, :, None, None]
        return made


class _FromNumpy(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        ramp = torch.from_numpy(np.linspace(0, 1, 32))
        return self.unet(x * ramp)


class _MadeDouble(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x).double()
        return self.gate(self.pool(skip).flatten(1))


class _SqueezedInside(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        weight = self.pool(skip).squeeze()
        return skip * weight[:, :, None, None]


class _TwoMapsForOneLayer(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        return self.head(skip, self.up(self.low(skip)))


class _TwoMapsToAdd(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        return self.low(skip, self.up(self.low(skip)))


class _KeptClass(Blocks):
    def __init__(self, kind: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.act = kind

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.top(x))
        return self.low(y)


class _KeptClassOfANorm(_KeptClass):
    def __init__(self) -> None:
        super().__init__(nn.BatchNorm2d)


class _Keeps(Blocks):
    def forward(self, x: Tensor) -> list[Tensor]:
        kept = []
        for layer in (self.top, self.low):
            x = layer(x)
            if layer is self.top:
                kept.append(x)
        return kept


class _KeepsInATuple(Blocks):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        skip = self.top(x)
        low = self.low(skip)
        up = self.up(low)
        assert up.shape == skip.shape
        return skip, low


class _LastIsNotKept(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.enc = _Keeps()

    def forward(self, x: Tensor) -> Tensor:
        skip, low = self.enc(x)
        return self.head(torch.cat([self.up(low), skip], dim=1))


class _ThirdIsNotReturned(_LastIsNotKept):
    def __init__(self) -> None:
        super().__init__()
        self.enc = _KeepsInATuple()

    def forward(self, x: Tensor) -> Tensor:
        skip, low, up = self.enc(x)
        return self.head(torch.cat([up, skip], dim=1)) + self.up(low).mean()


class _PadExchanged(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        up = self.up(self.low(skip))
        dh, dw = skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]
        return self.head(torch.cat([skip, F.pad(up, (dh, 0, dw, 0))], dim=1))


class _PadOfTheWrongSign(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        up = self.up(self.low(skip))
        more = up.shape[2] - skip.shape[2]
        return self.head(torch.cat([skip, F.pad(up, (0, 0, more, 0))], dim=1))


class _NotEnlarged(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        gate = self.low(skip)[:, :8]
        return skip * self.top[1](gate)


class _Branches(nn.Module):
    def __init__(self, rates: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        self.rows = nn.ModuleList()
        for rate in rates:
            self.rows.append(nn.Conv2d(3, 4, 5, padding=2, dilation=rate))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([row(x) for row in self.rows], dim=1)


class _Levels(nn.Module):
    def __init__(self, widths: tuple[int, ...] = (8, 16, 24)) -> None:
        super().__init__()
        pairs = list(pairwise((3, *widths)))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
        self.back = nn.ModuleList()
        for width in widths[-2::-1]:
            self.back.append(nn.Conv2d(2 * width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = skips.pop()
        for layer in self.back:
            x = layer(torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], dim=1))
        return x


class _BeginsAtTheSecond(_Levels):
    def forward(self, x: Tensor) -> Tensor:
        for layer in self.down[1:]:
            x = layer(x)
        return x


class _FixedVector(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.vector, self.back = nn.Linear(8 * 16 * 16, 4), nn.Linear(4, 8 * 16 * 16)

    def forward(self, x: Tensor) -> Tensor:
        code = self.vector(F.max_pool2d(self.top(x), 2).flatten(1))
        made: Tensor = self.back(code).view(-1, 8, 16, 16)
        return F.interpolate(made, scale_factor=2)


class _ChangesAWeight(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        self.scale /= self.scale.sum() + 1e-4
        return self.low(self.top(x) * self.scale)


class _OnOneLine(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.split(self.top(x), 2, dim=1); made = a + b  # fmt: skip # noqa: E702
        return made


class _Spatial(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(2, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.mean(x, dim=1)
        most, _ = torch.max(x, dim=1)
        both = torch.cat([mean, most], dim=1)
        return self.unet(x * self.look(both))


class _Windows(Blocks):
    def divide(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        parts = x.view(batch, channels, height // 5, 5, width // 5, 5)
        return parts.flatten(4).flatten(2, 3).reshape(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.divide(self.top(x))
        low = self.divide(self.low(skip))
        return self.head(torch.cat([skip, self.up(low)], 1))


class _LeavesOneOut(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        maps = [skip, self.up(self.low(skip))]
        return self.head(torch.cat([maps[i] for i in range(len(maps) - 1)], dim=1))


class _NotInTheList(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        skip = self.top(x)
        up = self.up(self.low(skip))
        return self.head(torch.cat([up], dim=1)) + skip.mean(1, keepdim=True)


class _PopsOfHooks(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Tensor] = []
        self.top.register_forward_hook(lambda module, given, made: self.kept.append(made))

    def forward(self, x: Tensor) -> Tensor:
        made = self.low(self.top(x))
        self.kept.pop()
        return made + self.kept.pop()


class _Shared(nn.Module):
    """A block that is used at two levels; a value in those below fits in neither."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.act = nn.Conv2d(before, after, 3, padding=1), nn.PReLU()
        self.second = nn.Conv2d(after, after, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.first(x))
        return x + self.second(x)


class _NormOfShared(_Shared):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.act = nn.PReLU(before)


class _SecondOfShared(_Shared):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.second = nn.Conv2d(before, after, 3, padding=1)


class _PaddingOfShared(_Shared):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        half = 2
        self.second = nn.Conv2d(after, after, (1, 5), padding=(half, 0))


class _WideNorm(nn.Module):
    kind: type[_Shared] = _NormOfShared

    def __init__(self) -> None:
        super().__init__()
        self.top = self.kind(3, 8)
        self.low = self.kind(8, 16)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.low(F.max_pool2d(self.top(x), 2))
        return made


class _WideSecond(_WideNorm):
    kind = _SecondOfShared


class _TurnedPadding(_WideNorm):
    kind = _PaddingOfShared


class _Blur(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", torch.ones(channels, 1, 3, 3) / 9)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel, stride=2, padding=1, groups=len(self.kernel))


class _Blurs(Blocks):
    def __init__(self) -> None:
        super().__init__()
        self.blur, self.blur_low = _Blur(16), _Blur(24)

    def forward(self, x: Tensor) -> Tensor:
        low = self.low(self.blur(self.top(x)))
        return self.blur_low(low)


class _TransposedLevels(nn.Module):
    def __init__(self, widths: tuple[int, ...] = (8, 12, 16)) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise((3, *widths)))
        self.back = nn.ModuleList()
        for width in widths[-2::-1]:
            self.back.append(nn.ConvTranspose2d(2 * width, width, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.down, *self.back):
            x = layer(x)
        return x


ONE, TWO = (1, 3, 32, 32), (2, 3, 32, 32)
ODD = (2, 3, 33, 32)


@pytest.mark.parametrize(
    ("model", "shape", "said"),
    [
        (_FirstImage, TWO, "so the batch is gone. With `x` in place of `x[0]`" + RUNS),
        (_FirstImageWithoutNorm, TWO, "With `x` in place of `x[0]`" + RUNS),
        (_Grey, TWO, "the channel axis is gone. With `x.mean(dim=1, keepdim=True)`" + RUNS),
        (_OneBand, TWO, "an index made 2×32×32 of 2×3×32×32, so the channel axis is gone"),
        (_OneBand, TWO, "With `x[:, 2:3]`" + RUNS),
        (_Squeezed, ONE, "squeeze made (8,) of 1×8×1×1, so the batch is gone: without a number"),
        (_Squeezed, ONE, "With `self.pool(skip).flatten(1)`" + RUNS),
        (_SqueezedSizes, ONE, "`factor.shape` has 1 number, (8,), and is given to 2 names."),
        (_SqueezedSizes, ONE, "With `self.pool(skip).flatten(1)`" + RUNS),
        (_Unpacked, TWO, "unpacking one tensor made 8×32×32 of 2×8×32×32"),
        (_Unpacked, TWO, "With `x = self.top(x)`" + RUNS),
        (_PoolLayerWithoutIndices, TWO, "With return_indices=True where `shrink` is made" + RUNS),
        (_WrongNormOfAFrame, (2, 4, *TWO[1:]), "Use nn.BatchNorm2d."),
        (_SplitIntoTwo, TWO, "along dim 1, which has 8, into 4 pieces of 2, for 2 names."),
        (_SplitIntoTwo, TWO, "`torch.chunk(self.top(x), 2, dim=1)` makes 2 of 4, and the network"),
        (_SplitAlongTheBatch, ONE, "`torch.chunk(self.top(x), 2, dim=1)` makes 2 of 4"),
        (_NextSkip, TWO, "`skips[i + 1]` asks for number 1 (i is 0), and `skips` has 1 entry"),
        (_NextSkip, TWO, "With `skips[i]`" + RUNS),
        (_CountsFromOne, TWO, "`self.ups[level + 1]` asks for number 2 (level is 1)"),
        (_CountsFromOne, TWO, "With `self.ups[level]`" + RUNS),
        (_PairAsOne, TWO, "returned by `return F.max_pool2d(skip, 2), skip`."),
        (_PairAsOne, TWO, "With `x, skip = self.pair(x)` or"),
        (_PairWithItsName, TWO, "With `_, skip = self.pair(x)`" + RUNS),
        (_Attention, TWO, "returned: the output and the weights of the attention."),
        (_Attention, TWO, "With `more, _ = self.attend(tokens, tokens, tokens)`" + RUNS),
        (_AttentionAtOnce, TWO, "With `self.attend(tokens, tokens, tokens)[0]`" + RUNS),
        (_Recurrent, TWO, "With `tokens, _ = self.attend(tokens)`" + RUNS),
        (_RecurrentInARow, TWO, "row.0, an LSTM, returned a tuple: the output and the last states"),
        (_RecurrentInARow, TWO, "With the first part alone, the network runs: make this layer"),
        (_Maximum, TWO, "With `most, _ = x.max(1, keepdim=True)`" + RUNS),
        (_Parts, TWO, "Give each part a name: `a, b = self.top(x).chunk(2, dim=1)`."),
        (_ListOfMaps, TWO, "With `maps[-1]`" + RUNS),
        (_DictOfMaps, TWO, "With `maps['low']`" + RUNS),
        (_NoReturn, TWO, "the code of `self.fuse` ends without a `return`."),
        (_Product, TWO, "With `q @ k.transpose(-2, -1)`" + RUNS),
        (
            _ProductInOtherOrder,
            TWO,
            "With `torch.matmul((q @ k.transpose(-2, -1)).softmax(-1), v",
        ),
        (_ProductOverTheBatch, TWO, "With `q @ k.transpose(-2, -1)`" + RUNS),
        (_ProductWithChannelsSecond, TWO, "With `torch.bmm(v, weights.transpose(-2, -1))`" + RUNS),
        (_Einsum, TWO, "`d` is 8 in q (`bid`, 2×1024×8) and 1024 in k (`bdj`, 2×1024×8)."),
        (_Einsum, TWO, 'With "bid, bjd -> bij", where k is `bjd`' + RUNS),
        (_EinsumWithHeads, TWO, "names 4 axes of q, `bhid`, which has 3: 2×1024×8."),
        (_EinsumWithHeads, TWO, 'With "bid,bjd->bij"' + RUNS),
        (_EinsumWithUnknown, TWO, 'With "bid,bjd->bij"' + RUNS),
        (Attend2d, TWO, "where k is `bjd`" + RUNS),
        (_TimeOfAnotherWidth, TWO, "The 32 are made by time. Build this layer for 32"),
        (_TimeOfAnotherWidth, TWO, "(nn.Linear(32, 8)), or let time make 16."),
        (
            _WithLambdas,
            TWO,
            "Bind it where it is made: `lambda m, x, y, name=name: self.keep",
        ),
        (_WithAListOfMaps, TWO, "`self.listed[0]` is None. The lambda in line"),
        (
            _WithAListOfMaps,
            TWO,
            "so each writes to 1. Bind it where it is made: `lambda m, x, y, i=i",
        ),
        (_WithAttributes, TWO, "has no `a_top`: its forward asks for `self.a_top`. The lambda in"),
        (_DividesTheBatch, (3, 3, 32, 32), "With `torch.chunk(self.top(x), 2, dim=1)`" + RUNS),
        (_ThreeForTwo, TWO, "`self.three(x)` returns 3 values, by `return x, skip, skip`, and is"),
        (_PairsOfOneList, TWO, "come from zip: for up, norm in zip(self.top, …)."),
        (
            _NumbersAndPairs,
            TWO,
            "With `for _i, (first, second) in enumerate(zip(self.top, self",
        ),
        (_Comma, TWO, "`skip` is a tuple of 1, the first 2×8×32×32: the comma at the end of line"),
        (_Comma, TWO, "With `skip = self.top(x)`" + RUNS),
        (_PopsByNumber, TWO, "With `skips.pop()`" + RUNS),
        (_Next, TWO, "next(…) is asked for more than there is."),
        (_ImageByImage, TWO, "With `x.split(1)` in place of `x`" + RUNS),
        (_ImageByNumber, TWO, "With `x[i:i + 1]`" + RUNS),
        (_VectorAsMap, ONE, "With `self.pool(skip).flatten(1)`" + RUNS),
        (_HooksInOrder, TWO, "2 names are given another number of values. The lambda in line"),
        (_NamedMaps, TWO, "`maps` is a _Named, which `self.encode(x)` in line"),
        (_NamedMaps, TWO, "With `maps.low`" + RUNS),
        (_InAFunctionBeside, TWO, "`torch.chunk(x, 2, dim=1)` makes 2 of 4, and the network runs."),
        (_InAFunctionInside, TWO, "With `x` in place of `x[0]`" + RUNS),
        (_FromNumpy, TWO, "float64 comes from line"),
        (_FromNumpy, TWO, "With `torch.from_numpy(np.linspace(0, 1, 32)).float()` there" + RUNS),
        (_MadeDouble, TWO, "With `self.top(x)` there" + RUNS),
        (_SqueezedInside, ONE, "In the forward, `weight` is (8,). In line"),
        (_TwoMapsForOneLayer, TWO, "With `self.head(torch.cat([skip, self.up(self.low(skip))], d"),
        (_TwoMapsToAdd, TWO, "With `self.low(skip + self.up(self.low(skip)))`" + RUNS),
        (_KeptClass, TWO, "keeps the class, not a layer: with `self.act = kind()`, it runs."),
        (_KeptClassOfANorm, TWO, "`self.act = kind` in line"),
        (_LastIsNotKept, TWO, "`kept` is filled by `kept.append(x)` in line"),
        (_LastIsNotKept, TWO, "With `kept.append(x)` before `return kept` in line"),
        (_ThirdIsNotReturned, TWO, "`up` is not returned: with `return skip, low, up`, it runs."),
        (_PadExchanged, (2, 3, 32, 33), "with `(dw, 0, dh, 0)` in line"),
        (_PadOfTheWrongSign, ODD, "with `skip.shape[2] - up.shape[2]`" + RUNS),
        (_NotEnlarged, TWO, "`F.interpolate(self.top[1](gate), size=skip.shape[2:])`."),
        (_Branches, TWO, "keeps the size with padding=2 * dilation (`padding=2 * rate` in line"),
        (_Branches, TWO, "with that in rows.1 and rows.2" + RUNS),
        (
            _Levels,
            TWO,
            "back.0 and back.1 are given 40 and 24 channels, and are made for",
        ),
        (_Levels, TWO, "by `self.back.append(nn.Conv2d(2 * width, width, 3, padding=1))` in line"),
        (_BeginsAtTheSecond, TWO, "down.0 takes 3, makes 8 and was not called."),
        (_FixedVector, (2, 3, 32, 48), "the output is 32×32 for images of 32×48: back makes 2048"),
        (_FixedVector, (2, 3, 32, 48), "which `self.back(code).view(-1, 8, 16, 16)` in line"),
        (_OnOneLine, TWO, "`torch.chunk(self.top(x), 2, dim=1)` makes 2 of 4, and the network"),
        (
            _Spatial,
            TWO,
            "With `torch.mean(x, dim=1, keepdim=True)` and `torch.max(x, dim=1, keepdim=True)`",
        ),
        (_Windows, (1, 3, 64, 64), "multiples of 10: 60×60 or 70×70 works. Pad the input."),
        (
            _LeavesOneOut,
            TWO,
            "`range(len(maps) - 1)` leaves one out: with `range(len(maps))` in place of",
        ),
        (_NotInTheList, TWO, "among them: with `torch.cat([up, skip], dim=1)`" + RUNS),
        (_PopsOfHooks, TWO, "The network has 1 forward hook, on top, set in line"),
        (_WideNorm, TWO, "With `nn.PReLU(after)` in line"),
        (_WideSecond, TWO, "With `nn.Conv2d(after, after, 3, padding=1)` in line"),
        (_TurnedPadding, TWO, "with `nn.Conv2d(after, after, (1, 5), padding=(0, half))` in line"),
        (_Blurs, TWO, "Let this one take 8; then a later layer does not fit either."),
        (_TransposedLevels, TWO, "back.0 and back.1 are given 16 and 12 channels, and are made"),
        (_WithHooks, TWO, "`def keep(module, given, made, name=name)`."),
    ],
)
def test_the_line_is_said_and_what_to_write(
    model: type[nn.Module], shape: tuple[int, ...], said: str
) -> None:
    told = str(inspect_unet(model(), shape).problem)
    assert said in told, told
    assert "BatchNorm1d" not in told


def test_a_weight_is_not_changed_in_place() -> None:
    told = str(inspect_unet(_ChangesAWeight(), TWO))
    assert "Write `scale = self.scale / (self.scale.sum() + 1e-4)`, and `scale` in place" in told
    assert "nn.init" not in told


def test_a_remedy_that_does_not_run_is_not_said() -> None:
    told = str(inspect_unet(_PooledWithoutIndices(), TWO).problem)
    assert "so the batch is gone" in told
    assert RUNS not in told


def test_a_remedy_whose_code_cannot_be_compiled_is_not_said() -> None:
    around = (1, 2)  # a name that only the function around the class knows

    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 1)

        def forward(self, x: Tensor, size: int = len(around)) -> Tensor:
            skips = [x[:, :size], x]
            made: Tensor = self.conv(skips[len(skips)])
            return made

    code = Wide.forward.__code__
    told = str(inspect_unet(Wide(), (1, 3, 8, 8)).problem)
    assert "`skips[len(skips)]` asks for number 2" in told
    assert Wide.forward.__code__ is code


def test_a_key_with_another_number_is_not_meant() -> None:
    class Numbered(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            kept = {"stage2": x, "stage3": x}
            return kept["stage1"]

    told = str(inspect_unet(Numbered(), TWO).problem)
    assert "`kept` has no key 'stage1'" in told
    assert "meant" not in told


def test_what_was_tried_leaves_the_network_and_its_functions_as_they_were() -> None:
    network, functions = _InAFunctionBeside(), (_halves, _InAFunctionBeside.forward)
    before = [function.__code__ for function in functions]
    inspect_unet(network, TWO)
    assert [function.__code__ for function in functions] == before
    assert "forward" not in vars(network)


def test_a_batch_that_is_lost_is_no_series_where_the_code_is_not_known() -> None:
    space: dict[str, Any] = {"torch": torch}
    exec("def first(x):\n    return x[0]", space)
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8))
    network[0].register_forward_hook(lambda module, given, made: space["first"](made))
    told = str(inspect_unet(network, (1, 3, 8, 8)).problem)
    assert "an index made 8×8×8 of 1×8×8×8, so the batch is gone" in told
    assert "BatchNorm1d" not in told
