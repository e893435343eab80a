"""Skips of any network are cut, weakened and replaced, and the network stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from near_misses import CASES
from odd_networks import Small
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet, cut
from unet_teach.inspection.followed import follow
from unet_teach.inspection.recording import find_all

LEVELS = 0, 1


class KnowsItsSkips(nn.Module):
    """A stand-in whose skips can be changed by hand: `change[level]` is what becomes of one."""

    def __init__(self) -> None:
        super().__init__()
        self.change: dict[int, Callable[[Tensor], Tensor]] = {}

    def skip(self, level: int, x: Tensor) -> Tensor:
        return self.change.get(level, lambda x: x)(x)


class Joined(KnowsItsSkips):
    """Joins its skips by concatenation, addition, multiplication or a write."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.net, self.kind = Small(joined=2 if kind in ("cat", "write") else 1), kind

    def join(self, x: Tensor, skip: Tensor) -> Tensor:
        if self.kind == "cat":
            return torch.cat([skip, x], 1)
        if self.kind == "write":
            both = x.new_zeros(x.shape[0], 2 * x.shape[1], *x.shape[2:])
            both[:, : x.shape[1]] = skip
            both[:, x.shape[1] :] = x
            return both
        if self.kind == "add in place":
            both = x.clone()
            both += skip
            return both
        return x * skip if self.kind == "gate" else x + skip

    def forward(self, x: Tensor) -> Any:
        net = self.net
        one = net.one(x)
        two = net.two(net.down(one))
        x = net.back_two(net.up(net.three(net.down(two))))
        x = net.back_one(net.up(net.after_two(self.join(x, self.skip(1, two)))))
        return net.head(net.after_one(self.join(x, self.skip(0, one))))


class Gated(KnowsItsSkips):
    """Attention gates: what comes from below says where the skip passes; then both are stacked."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Small()
        self.gates = nn.ModuleList([nn.Conv2d(4, 1, 1), nn.Conv2d(8, 1, 1)])

    def join(self, x: Tensor, skip: Tensor, level: int) -> Tensor:
        passed = skip * torch.sigmoid(self.gates[level](F.relu(x + skip)))
        return torch.cat([self.skip(level, passed), x], 1)

    def forward(self, x: Tensor) -> Any:
        net = self.net
        one = net.one(x)
        two = net.two(net.down(one))
        x = net.back_two(net.up(net.three(net.down(two))))
        x = net.back_one(net.up(net.after_two(self.join(x, two, 1))))
        return net.head(net.after_one(self.join(x, one, 0)))


class Tokens(KnowsItsSkips):
    """Works on rows of tokens (N, H·W, C); patch merging and expanding change their number."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 8), nn.Linear(8, 2)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.merge, self.expand = nn.Linear(32, 16), nn.Linear(16, 32)
        self.fuse = nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        one = self.block(self.first(x.flatten(2).transpose(1, 2)))
        four = one.view(n, h // 2, 2, w // 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(n, -1, 32)
        four = self.expand(self.merge(four)).view(n, h // 2, w // 2, 2, 2, 8)
        x = four.permute(0, 1, 3, 2, 4, 5).reshape(n, h * w, 8)
        x = self.last(self.fuse(torch.cat([x, self.skip(0, one)], -1)))
        return x.transpose(1, 2).reshape(n, 2, h, w)


class SkipInEachBlock(KnowsItsSkips):
    """As in diffusion networks: each of a level's two blocks hands its own map across."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.c = nn.Conv2d(4, 8, 3, 2, 1)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.d, self.e = nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        b = self.b(a.relu())
        x = self.up(self.c(b))
        x = self.d(torch.cat([x, self.skip(0, b)], 1)).relu()
        made: Tensor = self.e(torch.cat([x, self.skip(0, a)], 1))
        return made


class StageIsASmallU(KnowsItsSkips):
    """Its first stage goes down and up as well, with a skip that is not one of the network's."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.inner_down = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, 2, 1)
        self.inner_up, self.merge = nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(8, 4, 1)
        self.two, self.three = nn.Conv2d(4, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.up_two, self.up_one = nn.ConvTranspose2d(8, 8, 2, 2), nn.ConvTranspose2d(16, 4, 2, 2)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        one = self.merge(torch.cat([a, self.inner_up(self.inner_down(a))], 1)).relu()
        two = self.two(one).relu()
        x = torch.cat([self.up_two(self.three(two)), self.skip(1, two)], 1)
        made: Tensor = self.head(torch.cat([self.up_one(x), self.skip(0, one)], 1))
        return made


STAND_INS: dict[str, Callable[[], KnowsItsSkips]] = {
    **{k: (lambda k=k: Joined(k)) for k in ("cat", "add", "add in place", "gate", "write")},
    "attention gates": Gated,
    "tokens": Tokens,
    "a skip in each block": SkipInEachBlock,
    "a stage that is a small U": StageIsASmallU,
}


@pytest.fixture(params=STAND_INS)
def stand_in(request: pytest.FixtureRequest) -> KnowsItsSkips:
    torch.manual_seed(0)
    model = STAND_INS[request.param]().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):  # otherwise a cut can be lost in rounding
            nn.init.normal_(module.running_mean, std=0.1)  # type: ignore[arg-type]
    return model


IMAGE = torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))


def levels_of(model: nn.Module) -> list[int]:
    return [int(name.removeprefix("level ")) for name in follow(model, (IMAGE,), {}).skips]


def test_a_cut_skip_is_zero_and_one_where_it_is_multiplied(stand_in: KnowsItsSkips) -> None:
    is_gate = getattr(stand_in, "kind", "") == "gate"
    for level in levels_of(stand_in):
        full = stand_in(IMAGE)
        with cut(stand_in, f"level {level}"):
            got = stand_in(IMAGE)
        stand_in.change = {level: torch.ones_like if is_gate else torch.zeros_like}
        assert torch.equal(got, stand_in(IMAGE))
        assert not torch.equal(got, full)
        stand_in.change = {}
        assert torch.equal(stand_in(IMAGE), full)


def test_strength_and_replacement(stand_in: KnowsItsSkips) -> None:
    is_gate = getattr(stand_in, "kind", "") == "gate"
    for level in levels_of(stand_in):
        with cut(stand_in, level, strength=0.25):
            weak = stand_in(IMAGE)
        with cut(stand_in, level, replacement=lambda skip: skip.flip(-1)):
            flipped = stand_in(IMAGE)
        stand_in.change = {level: lambda x: x * 0.25 + (0.75 if is_gate else 0)}
        assert torch.equal(weak, stand_in(IMAGE))
        stand_in.change = {level: lambda x: x.flip(-1)}
        assert torch.equal(flipped, stand_in(IMAGE))
        stand_in.change = {}


def test_gradients_do_not_pass_a_cut_skip(stand_in: KnowsItsSkips) -> None:
    weights = [p for p in stand_in.parameters() if p.requires_grad]
    with cut(stand_in, 0):
        got = torch.autograd.grad(stand_in(IMAGE).square().sum(), weights, allow_unused=True)
    is_gate = getattr(stand_in, "kind", "") == "gate"
    stand_in.change = {0: torch.ones_like if is_gate else torch.zeros_like}
    wanted = torch.autograd.grad(stand_in(IMAGE).square().sum(), weights, allow_unused=True)
    for a, b in zip(got, wanted, strict=True):
        if a is not None and b is not None:
            assert torch.allclose(a, b, atol=1e-6 * float(b.abs().max()) + 1e-12)
        else:
            assert a is b


@pytest.mark.parametrize("options", [{}, {"skip": "add"}, {"padding": "valid"}, {"up": "nearest"}])
def test_the_course_s_unet_is_cut_as_in_its_own_code(options: dict[str, Any]) -> None:
    class Cut(UNet):
        level = -1

        def _join(self, x: Tensor, skip: Tensor) -> Tensor:
            is_cut = skip.shape[1] == 4 * 2**self.level
            return super()._join(x, torch.zeros_like(skip) if is_cut else skip)

    torch.manual_seed(0)
    model = Cut(1, 2, depth=3, base_channels=4, **options).eval()
    images = torch.rand(2, 1, 108, 124)
    for level in range(3):
        with cut(model, f"level {level}"):
            got = model(images)
        model.level = level
        assert torch.equal(got, model(images))
        model.level = -1
    with cut(model, 0), cut(model, 1, 2):
        nested = model(images)
    with cut(model):
        assert torch.equal(nested, model(images))


@pytest.mark.parametrize("name", CASES)
def test_every_skip_of_odd_networks_can_be_cut(name: str) -> None:
    torch.manual_seed(0)
    model, inputs, criteria = CASES[name]()
    model.eval()
    values = [torch.rand(g) if isinstance(g, tuple) else g for g in inputs]
    if "skip_connections" not in criteria:
        return
    if name == "scripted":
        with pytest.raises(ValueError, match="is compiled"):
            follow(model, tuple(values), {})
        return
    skips = follow(model, tuple(values), {}).skips
    assert skips

    def run() -> list[Tensor]:
        with torch.no_grad():
            return [*find_all(model(*[_copied(value) for value in values]), Tensor)]

    full = run()
    for level in skips:
        changed = []
        for strength in (0, -1000):  # classes of an untrained network may survive a cut
            with cut(model, level, strength=strength):
                changed += [not torch.equal(*both) for both in zip(full, run(), strict=True)]
        assert any(changed), level


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def test_the_network_stays_as_it_is(stand_in: KnowsItsSkips) -> None:
    next(iter(stand_in.children())).train()
    for module in stand_in.modules():  # in training, a network changes its statistics itself
        if isinstance(module, nn.BatchNorm2d | nn.Dropout):
            module.eval()
    weights = {name: tensor.clone() for name, tensor in stand_in.state_dict().items()}
    modes, own = [module.training for module in stand_in.modules()], set(vars(stand_in))
    hooks = [name for name in own if name.endswith("hooks") or "_hooks_" in name]
    random = torch.get_rng_state()
    with cut(stand_in, 0), torch.no_grad():
        stand_in(IMAGE)
    assert [module.training for module in stand_in.modules()] == modes
    assert all(torch.equal(weights[n], t) for n, t in stand_in.state_dict().items())
    assert all(parameter.grad is None for parameter in stand_in.parameters())
    assert set(vars(stand_in)) == own
    assert not any(vars(stand_in)[name] for name in hooks)
    assert torch.equal(torch.get_rng_state(), random)


def test_a_network_that_fails_is_cut_no_longer() -> None:
    model = UNet(1, 1, depth=1, base_channels=2).eval()
    image = torch.rand(1, 1, 8, 8)
    full = model(image)
    model.head.register_forward_pre_hook(lambda *_: 1 / 0)
    with cut(model, 0), pytest.raises(ValueError, match=r".+"):
        model(image)
    model.head._forward_pre_hooks.clear()
    assert torch.equal(model(image), full)


def test_nonsense_gets_a_sentence() -> None:
    model, image = UNet(1, 1, depth=2, base_channels=2).eval(), torch.rand(1, 1, 12, 16)

    def fails(error: type[Exception], sentence: str, *args: Any, **kwargs: Any) -> None:
        with pytest.raises(error, match=sentence), cut(*args, **kwargs):
            model(image)

    there = r"there are: 'level 0' \(12×16\), 'level 1' \(6×8\)"
    fails(ValueError, f"no skip at 'level 2'. With this input {there}", model, "level 2")
    fails(ValueError, f"no skip at 'bottom'.*{there}", model, "bottom")
    fails(TypeError, "level is of type NoneType", model, None)
    fails(TypeError, "takes a network", "model", 0)
    fails(ValueError, "strength=nan is not finite", model, 0, strength=float("nan"))
    fails(TypeError, "strength is of type str", model, 0, strength="all")
    fails(TypeError, "replacement is of type int", model, 0, replacement=3)
    wrong = torch.zeros(1, 2, 6, 8)
    fails(
        ValueError, r"\(1, 2, 6, 8\), and the skip is \(1, 2, 12, 16\)", model, 0, replacement=wrong
    )
    fails(ValueError, "a NoneType, and the skip is", model, 0, replacement=lambda skip: None)
    scripted = torch.jit.script(nn.Conv2d(1, 1, 1))
    fails(ValueError, "is compiled", scripted, 0)
    plain = nn.Conv2d(1, 1, 1)
    with pytest.raises(ValueError, match="Conv2d has no skip connection"), cut(plain):
        plain(image)
    with pytest.raises(ValueError, match=r"3 channels"), cut(model, 0):
        model(torch.rand(1, 3, 12, 16))


def test_sizes_name_levels_as_well() -> None:
    model, image = UNet(1, 1, depth=2, base_channels=2).eval(), torch.rand(1, 1, 12, 16)
    with cut(model, "6x8"):
        by_size = model(image)
    with cut(model, "level 1"):
        assert torch.equal(model(image), by_size)


def test_inputs_by_name_and_of_several_sizes() -> None:
    model = UNet(1, 1, depth=1, base_channels=2).eval()
    with cut(model, 0):
        small, large = model(x=torch.zeros(1, 1, 8, 8)), model(x=torch.zeros(1, 1, 16, 8))
    assert (small.shape, large.shape) == ((1, 1, 8, 8), (1, 1, 16, 8))
