"""What `own_unet` says of wrong networks beyond its known mistakes, and that chance has no part."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

from tests.exercises.unet_variants import Student, changed
from unet_teach.exercises import own_unet


@pytest.fixture(autouse=True)
def _one_thread(tmp_path, monkeypatch):
    from unet_teach.exercises.exercise import RECORD

    monkeypatch.setattr(RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(RECORD, "_memory", {})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def made_with(arguments):
    """A class that makes the right network with other arguments than it is given."""

    def init(self, in_channels, out_channels, depth, base_channels):
        Student.__init__(self, *arguments(in_channels, out_channels, depth, base_channels))

    return changed(__init__=init)


def ends(end):
    return changed(forward=lambda self, x: end(Student.forward(self, x)))


def begins(begin):
    return changed(forward=lambda self, x: Student.forward(self, begin(x)))


def keeps(container):
    """Layers of the encoder in something that torch does not look into."""

    def init(self, *arguments):
        Student.__init__(self, *arguments)
        layers = list(self.down)
        del self.down
        self.kept = container(layers)

    def down(self):
        kept = self.kept
        while not isinstance(kept[0], nn.Module):
            kept = kept[0]
        return kept.values() if isinstance(kept, dict) else kept

    return changed(__init__=init, down=property(down))


def extra_layer(self, *arguments):
    Student.__init__(self, *arguments)
    self.extra = nn.Conv2d(4, 4, 3)


def in_order(self, in_channels, out_channels, base_channels, depth):
    Student.__init__(self, in_channels, out_channels, depth, base_channels)


def stored_after_pool(self, x):
    skips = []
    x = self.into(x)
    for block in self.down:
        x = self.shrink(x)
        skips.append(x)
        x = block(x)
    for level in reversed(range(len(self.up))):
        skip = skips.pop()
        x = F.interpolate(self.up[level](x), size=skip.shape[2:])
        x = self.merge[level](torch.cat([skip, x], dim=1))
    return self.head(x)


def with_bottleneck_detached(self, x):
    skips = [self.into(x)]
    for block in self.down:
        skips.append(block(self.shrink(skips[-1])))
    x = skips.pop().detach()
    for level in reversed(range(len(self.up))):
        x = self.merge[level](self.join(self.up[level](x), skips[level], level))
    return self.head(x)


class NoSuper(nn.Module):
    """Its `super().__init__()` was forgotten."""

    def __init__(self, in_channels, out_channels, depth, base_channels):
        self.stem = nn.Conv2d(in_channels, base_channels, 3)


class NoSuperAndOtherAttributes(NoSuper):
    """Sets a list first, so that PyTorch misses its own attributes instead of the call."""

    def __init__(self, in_channels, out_channels, depth, base_channels):
        self.widths = [base_channels * 2**level for level in range(depth + 1)]


class Misspelt(nn.Module):
    """Its forward has another name."""

    def __init__(self, in_channels, out_channels, depth, base_channels):
        super().__init__()
        self.stem = nn.Conv2d(in_channels, base_channels, 3)

    def foward(self, x):
        return self.stem(x)


def _scale(self, *arguments):
    Student.__init__(self, *arguments)
    self.scale = torch.ones(1, requires_grad=True)


def _scaled_fit(self, x, skip):
    return self.scale * Student.fit(self, x, skip)


WRONG = {
    "in_channels": (
        made_with(lambda i, o, d, b: (3, o, d, b)),
        ["MyUNet(1, 2,", "`into.0` takes 3 channels, but is given 1", "the input", "works"],
    ),
    "out_channels": (
        made_with(lambda i, o, d, b: (i, 1, d, b)),
        ["has 1 channel, but it should have 5. `head` turns 16 channels into 1."],
    ),
    "everything": (
        made_with(lambda i, o, d, b: (i, o, 2, 8)),
        ["`depth` and `base_channels` change nothing"],
    ),
    "depth of three at most": (
        made_with(lambda i, o, d, b: (i, o, min(d, 3), b)),
        ["depth=4, no convolution returns a feature map of 2×3"],
    ),
    "arguments swapped": (
        changed(__init__=in_order),
        ["in the order in_channels, out_channels, base_channels, depth"],
    ),
    "three arguments": (
        changed(__init__=lambda self, i, o, d: Student.__init__(self, i, o, d, 8)),
        ["MyUNet(i, o, d)", "four arguments"],
    ),
    "a network": (lambda: Student(3, 5, 2, 4), ["Give it the class"]),
    "no super": (lambda: NoSuper, ["can't be created", "super().__init__()"]),
    "no super, no layer": (lambda: NoSuperAndOtherAttributes, ["super().__init__()"]),
    "forward misspelt": (lambda: Misspelt, ["a method `foward`: rename it"]),
    "clamp": (
        ends(lambda y: y.clamp(0, 1)),
        ["Your output is `head`'s output after `clamp`", "logits"],
    ),
    "scaled sigmoid": (
        ends(lambda y: 2 * torch.sigmoid(y)),
        ["Your output is `head`'s output after `sigmoid`"],
    ),
    "sigmoid for one class": (
        ends(lambda y: torch.sigmoid(y) if y.shape[1] == 1 else y),
        ["With out_channels=1: Your output is `head`'s output after `sigmoid`"],
    ),
    "softmax in training": (
        changed(
            forward=lambda self, x: (
                Student.forward(self, x).softmax(1) if self.training else Student.forward(self, x)
            )
        ),
        ["In training mode: Your output is `head`'s output after `softmax`"],
    ),
    "round": (ends(torch.round), ["Your output is `head`'s output after `round`"]),
    "flipped": (
        ends(lambda y: y.flip(3)),
        ["others, as (row, column): (3, 5) on (", "flipped or turned"],
    ),
    "reshaped": (
        ends(lambda y: y.permute(0, 2, 3, 1).reshape(y.shape)),
        ["reshaped instead of permuted"],
    ),
    "channels last": (
        ends(lambda y: y.permute(0, 2, 3, 1)),
        [
            "(2, 32, 48, 5), but it should be (2, 5, 32, 48). These are the same axes in another "
            "order"
        ],
    ),
    "skip in place": (
        changed(
            join=lambda self, x, skip, level: torch.cat([skip.exp_(), self.fit(x, skip)], dim=1)
        ),
        [
            "modified by an inplace operation",
            "is changed is the result of `exp`",
            "write x = x + y",
        ],
    ),
    "a bottleneck of one size": (
        changed(__init__=lambda self, i, o, d, b: _linear_bottleneck(self, i, o, d, b)),
        ["expects 384, got 96 features"],
    ),
    "divided by its maximum": (
        ends(lambda y: y / y.amax((1, 2, 3), keepdim=True)),
        ["Your output is `head`'s output after `amax`"],
    ),
    "a mean in place of a map": (
        ends(lambda y: y.mean((2, 3))),
        ["(2, 5), but it should be (2, 5, 32,"],
    ),
    "a tensor with a gradient": (
        changed(__init__=_scale, fit=_scaled_fit),
        ["`self.scale` (of type Tensor)", "nn.Parameter(…)"],
    ),
    "noise": (
        changed(
            join=lambda self, x, skip, level: torch.cat(
                [torch.randn_like(skip), self.fit(x, skip)], dim=1
            )
        ),
        ["a different output at the next call", "`randn_like` draws new random numbers"],
    ),
    "dropout": (
        ends(lambda y: F.dropout(y, 0.3)),
        ["a different output at the next call", "training=self.training"],
    ),
    "one channel for all classes": (
        ends(lambda y: y[:, :1].expand_as(y)),
        ["all channels of the output are the same"],
    ),
    "eval in forward": (
        changed(forward=lambda self, x: Student.forward(self.eval(), x)),
        ["your `forward` calls `eval()` or `train()`"],
    ),
    "skip twice": (
        changed(join=lambda self, x, skip, level: torch.cat([skip, self.fit(x, skip), skip], 1)),
        ["is given 48 at 32×48", "some of it more than once"],
    ),
    "batch mean": (
        begins(lambda x: x - x.mean()),
        ["other images of its batch", "that of `mean`, whose input is the input"],
    ),
    "squeeze": (ends(torch.squeeze), ["(2, 24, 16), but it should be (1, 2, 24, 16)"]),
    "float64": (
        ends(torch.Tensor.double),
        ["the output is float64, but the input is float32."],
    ),
    "float32": (
        begins(torch.Tensor.float),
        ["With network and image in float64", "into.0: float32 meets float64"],
    ),
    "image in place": (
        begins(lambda x: x.sub_(1)),
        ["changes its input in place", "Write `x = x - …`"],
    ),
    "no_grad": (
        changed(forward=lambda self, x: torch.no_grad()(Student.forward)(self, x)),
        ["`into.0` runs as if inside `torch.no_grad()`", "cuts the gradient"],
    ),
    "bottleneck detached": (
        changed(forward=with_bottleneck_detached),
        ["`detach` cuts the gradient of `down.2.2`'s output (128 channels, 4×6)"],
    ),
    "up and down again": (
        changed(fit=lambda self, x, skip: Student.fit(self, F.avg_pool2d(x, 2), skip)),
        ["made twice as large", "8×12 → 16×24 (`up.2`) → 8×12 (`avg_pool2d`) → 16×24 (`pad`)"],
    ),
    "up too far": (
        changed(
            fit=lambda self, x, skip: Student.fit(self, F.interpolate(x, scale_factor=2), skip)
        ),
        ["→ 32×48 (`interpolate`) → 16×24 (`pad`)", "with which stride?"],
    ),
    "padded without up-sampling": (
        changed(fit=lambda self, x, skip: Student.fit(self, x[:, :, ::2, ::2], skip)),
        ["made twice as large", "(the index `[…]`) → 16×24 (`pad`)"],
    ),
    "mirrored": (
        changed(fit=lambda self, x, skip: Student.fit(self, x, skip).flip(3)),
        ["Its cell (4, 3) depends most on cell (2, 10)", "Is it flipped"],
    ),
    "skips that cancel": (
        changed(
            join=lambda self, x, skip, level: (
                self.fit(x, skip).repeat(1, 2, 1, 1)
                + skip.repeat(1, 2, 1, 1)
                - skip.repeat(1, 2, 1, 1)
            )
        ),
        ["no skip arrives at 32×48", "which has no effect on the output"],
    ),
    "unused": (
        changed(__init__=extra_layer),
        ["2 of your network's weights and biases don't affect its output", "`extra`"],
    ),
    "tuple": (keeps(tuple), ["`self.kept` (of type tuple)", "nn.ModuleList"]),
    "list in a list": (keeps(lambda layers: [layers]), ["`self.kept` (of type list)"]),
    "dict": (keeps(lambda layers: dict(enumerate(layers))), ["`self.kept` (of type dict)"]),
    "dict in a list": (keeps(lambda layers: [dict(enumerate(layers))]), ["`self.kept`"]),
    "closure": (
        keeps(lambda layers: type("Box", (), {"__getitem__": lambda self, at: layers[at]})()),
        ["or another object. Assign"],
    ),
    "zeros at odd sizes": (
        changed(
            join=lambda self, x, skip, level: torch.cat(
                [skip if skip.shape == x.shape else 0 * skip, self.fit(x, skip)], dim=1
            )
        ),
        ["31×47 image at no size"],
    ),
    "skips times zero": (
        changed(join=lambda self, x, skip, level: torch.cat([0 * skip, x], dim=1)),
        [
            "no skip arrives at 32×48, 16×24, 8×12",
            "16×24, `cat` joins `down.0.2`'s",
            "zero in all",
        ],
    ),
    "zeros for skips": (
        changed(join=lambda self, x, skip, level: torch.cat([torch.zeros_like(skip), x], dim=1)),
        [
            "no skip arrives at 32×48",
            "`up.2`'s output",
            "something that is not computed from the image",
        ],
    ),
    "no repair": (
        changed(fit=lambda self, x, skip: x),
        [
            "7×11) and `up.2`'s output (64 channels, 6×10)",
            "a crop, or `F.interpolate",
            "On 32×48, which can be halved three times, it works.",
        ],
    ),
    "sigmoid": (ends(torch.sigmoid), ["Your output is `head`'s output after `sigmoid`", "logits"]),
    "no skip": (
        changed(join=lambda self, x, skip, level: torch.cat([x, x], dim=1)),
        ["no skip arrives at 32×48, 16×24, 8×12: at 32×48, `cat` joins `up.0`'s", "with itself"],
    ),
    "a skip that has left torch": (
        changed(
            join=lambda self, x, skip, level: torch.cat([torch.tensor(skip.tolist()), x], dim=1)
        ),
        ["no skip arrives at 32×48", "with something that is not computed from the image"],
    ),
    "an output that has left torch": (
        ends(lambda y: torch.tensor(y.tolist(), dtype=y.dtype)),
        ["No gradient flows back from the output", "`.tolist()` or `torch.tensor(…)`"],
    ),
    "one skip ignored": (
        changed(
            join=lambda self, x, skip, level: torch.cat([x, x] if level == 1 else [skip, x], dim=1)
        ),
        ["no skip arrives at 16×24: `cat` joins `up.1`'s output", "with itself"],
    ),
    "joined along the batch": (
        changed(join=lambda self, x, skip, level: torch.cat([skip, x], dim=0)),
        ["takes 32 channels, but is given 16", "joins along dim=0, the batch; channels are dim=1"],
    ),
    "a skip that is cut off again": (
        changed(
            join=lambda self, x, skip, level: F.pad(
                torch.cat([skip, x], dim=1)[:, skip.shape[1] :], (0, 0, 0, 0, 0, skip.shape[1])
            )
        ),
        [
            "no skip arrives at 32×48, 16×24, 8×12",
            "`cat` joins `into.2`'s",
            "no effect on the output",
        ],
    ),
    "one skip detached": (
        changed(
            join=lambda self, x, skip, level: torch.cat(
                [skip.detach() if level == 1 else skip, self.fit(x, skip)], dim=1
            )
        ),
        ["`detach` cuts the gradient of `down.0.2`'s output (32 channels, 16×24)"],
    ),
    "channels not doubled for cat": (
        changed(join=lambda self, x, skip, level: self.fit(x, skip)),
        ["`merge.0.0` takes 32 channels, but is given 16 at 32×48: `up.0`'s output"],
    ),
    "height for both": (
        changed(
            fit=lambda self, x, skip: F.pad(
                x, (0, skip.shape[2] - x.shape[2], 0, skip.shape[2] - x.shape[2])
            )
        ),
        ["15×22) and", "by (left, right, top, bottom) = (0, 1, 0, 1) (32 channels, 15×23)"],
    ),
    "stored after the pool": (
        changed(forward=stored_after_pool),
        [
            "is 16×24, but it should be 32×48",
            "→ 16×24 (`max_pool2d`) → 32×48 (`up.0`) → 16×24 (`interpolate`)",
        ],
    ),
    "one block at two places": (
        changed(__init__=lambda self, i, o, d, b: _one_block(self, i, o, d, b)),
        [
            "`down.0.0` takes 16 channels, but is given 32",
            "It is also `down.1.0`: make a layer for",
        ],
    ),
    "skips of the call before": (
        changed(
            __init__=lambda self, *a: _keeping(self, *a), forward=lambda self, x: kept(self, x)
        ),
        ["depends on earlier calls of your network. `self.skips` keeps what was computed then."],
    ),
    "height and width swapped in F.pad": (
        changed(
            fit=lambda self, x, skip: F.pad(
                x, (0, skip.shape[2] - x.shape[2], 0, skip.shape[3] - x.shape[3])
            )
        ),
        ["(0, 1, 0, 0)", "are rows and columns the wrong way round?"],
    ),
    "skips kept from call to call": (
        changed(
            __init__=lambda self, *a: _keeping(self, *a),
            forward=lambda self, x: kept(self, x, newest=True),
        ),
        ["`self.skips` gets longer at each call"],
    ),
    "padded in NumPy": (
        changed(
            fit=lambda self, x, skip: torch.from_numpy(
                np.pad(
                    x.detach().numpy(),
                    [
                        (0, 0),
                        (0, 0),
                        *((0, b - a) for a, b in zip(x.shape[2:], skip.shape[2:], strict=True)),
                    ],
                )
            )
        ),
        ["no gradient flows back to `down.0.0`", "`.numpy()`"],
    ),
    "image cut first": (
        begins(lambda x: x[:, :, : x.shape[2] // 8 * 8, : x.shape[3] // 8 * 8]),
        [
            "is 16×24, but it should be 20×24",
            "20×24 → 16×24 (the index `[…]`) → 8×12 (`max_p",
        ],
    ),
    "head without padding": (
        changed(__init__=lambda self, i, o, d, b: _valid_head(self, i, o, d, b)),
        ["→ 30×46 (`head`). `head`: kernel 3×3", "padding (0, 0)"],
    ),
}


def _linear_bottleneck(self, in_channels, out_channels, depth, base_channels):
    Student.__init__(self, in_channels, out_channels, depth, base_channels)
    height, width = 32 >> depth, 48 >> depth
    self.linear = nn.Linear(height * width, height * width)
    layers = nn.Flatten(2), self.linear, nn.Unflatten(2, (height, width))
    self.down[-1] = nn.Sequential(self.down[-1], *layers)


def _one_block(self, in_channels, out_channels, depth, base_channels):
    Student.__init__(self, in_channels, out_channels, depth, base_channels)
    self.down = nn.ModuleList([self.down[0]] * depth)


def _keeping(self, *arguments):
    Student.__init__(self, *arguments)
    self.skips = []


def kept(self, x, newest=False):
    x = self.into(x)
    for block in self.down:
        self.skips.append(x)
        x = block(self.shrink(x))
    for level in reversed(range(len(self.up))):
        x = self.merge[level](
            torch.cat([self.skips[level - len(self.up) * newest], self.up[level](x)], dim=1)
        )
    return self.head(x)


def _valid_head(self, in_channels, out_channels, depth, base_channels):
    Student.__init__(self, in_channels, out_channels, depth, base_channels)
    self.head = nn.Conv2d(base_channels, out_channels, 3)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name):
    make, says = WRONG[name]
    reply = own_unet.check(make()).text
    assert [words for words in says if words not in reply] == [], reply
    assert "unet_teach/" not in reply


def test_where_the_bottleneck_is_taken_for_a_skip_the_two_maps_are_named():
    """Stored after their blocks, the first one popped is the bottleneck itself."""

    def forward(self, x):
        x, skips = self.into(x), []
        for block in self.down:
            x = block(self.shrink(x))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = self.merge[level](torch.cat([skips.pop(), self.up[level](x)], dim=1))
        return self.head(x)

    reply = own_unet.check(changed(forward=forward)()).text
    assert "`down.0.2`'s output (32 channels, 16×24) and `up.0`'s output (16 channels, 32" in reply
    assert "`into.2`'s output (16 channels, 32×48) has the size of `up.0`'s output." in reply


@pytest.mark.parametrize(
    "end",
    [lambda y: y * 2, lambda y: y / 3 + 1, lambda y: y[:, :, :, :], lambda y: F.pad(y, (0, 0))],
)
def test_a_last_step_that_only_scales_or_crops_is_no_activation(end):
    assert own_unet.check(ends(end)()).text == own_unet.praise


class Gate(nn.Module):
    """Weighs the channels of a map by what they are on average, as squeeze and excitation does."""

    def __init__(self, block, channels):
        super().__init__()
        self.block = block
        self.weigh = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        x = self.block(x)
        return x * torch.sigmoid(self.weigh(x))


def recomputed(self, x):
    skips = [self.into(x)]
    for block in self.down:
        skips.append(checkpoint(block, self.shrink(skips[-1]), use_reentrant=False))
    x = skips.pop()
    for level in reversed(range(len(self.up))):
        x = self.merge[level](self.join(self.up[level](x), skips[level], level))
    return self.head(x)


def _as_added(self, i, o, depth, base):
    Student.__init__(self, i, o, depth, base)
    widths = [base * 2**level for level in range(depth)]
    self.merge = nn.ModuleList([self.block(width, width) for width in widths])


def padded_first(self, x):
    step, (height, width) = 2 ** len(self.down), x.shape[2:]
    x = F.pad(x, (0, -width % step, 0, -height % step), mode="reflect")
    return Student.forward(self, x)[:, :, :height, :width]


@pytest.mark.parametrize(
    "make",
    [
        changed(block=lambda self, i, o: Gate(Student.block(self, i, o), o)),
        changed(forward=padded_first),
        changed(
            __init__=_as_added,
            join=lambda s, x, skip, _: torch.stack([s.fit(x, skip), skip]).mean(0),
        ),
        changed(__init__=_as_added, join=lambda s, x, skip, _: s.fit(x, skip).add_(skip)),
        changed(
            forward=recomputed,
            block=lambda self, i, o: nn.Sequential(
                nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()
            ),
        ),
        changed(
            block=lambda self, i, o: nn.Sequential(
                nn.LazyConv2d(o, 3, padding=1), nn.GroupNorm(8, o), nn.SiLU(), nn.Dropout2d(0.1)
            )
        ),
    ],
    ids=[
        "weighed channels",
        "image padded first",
        "mean of a stack",
        "added in place",
        "recomputed",
        "lazy layers and GroupNorm",
    ],
)
def test_right_networks_of_other_kinds_pass(make):
    assert own_unet.check(make()).text == own_unet.praise


QUICK = [
    "in_channels",
    "out_channels",
    "no super",
    "forward misspelt",
    "squeeze",
    "image in place",
    "no_grad",
    "tuple",
    "channels not doubled for cat",
    "head without padding",
]


@pytest.mark.parametrize("name", QUICK)
def test_a_reply_does_not_depend_on_chance(name):
    texts = set()
    for seed in range(5):
        torch.manual_seed(seed)
        texts.add(own_unet._diagnosis(WRONG[name][0]()))
    assert len(texts) == 1


def test_a_depth_that_is_ignored_gets_the_same_reply_each_time():
    replies = [
        own_unet._diagnosis(made_with(lambda i, o, d, b: (i, o, 3, b))())[0] for _ in range(3)
    ]
    assert "4×6 with depth=1, 4×6 with depth=2, 4×6 with depth=3" in replies[0]
    assert len(set(replies)) == 1


def test_a_large_network_that_ignores_its_arguments_is_hardly_run():
    runs = []

    def forward(self, x):
        runs.append(x.shape)
        return Student.forward(self, x)

    def init(self, in_channels, out_channels, depth, base_channels):
        Student.__init__(self, in_channels, out_channels, 2, 8)

    own_unet.check(changed(__init__=init, forward=forward)())
    assert len(runs) <= 4
