"""What a trace says of single calls of torch: their kinds, where they come from, what they join."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from unet_teach.exercises.checks.forward_trace import Trace, _same, with_shape
from unet_teach.exercises.checks.stopped_call import why_stopped

IMAGES = torch.randn(2, 4, 6, 9, generator=torch.Generator().manual_seed(0))

MADE = ", computed from the input (4 channels, 6×9)"


class Net(nn.Module):
    """Layers that a function may use, or not."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv, self.up = nn.Conv2d(4, 4, 3, padding=1), nn.ConvTranspose2d(4, 4, 2, 2)
        self.norm, self.other = nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1)
        self.scale = nn.Parameter(torch.tensor(3.0))
        nn.init.constant_(self.norm.weight, 2)

    def forward(self, x):
        return self.function(self, x)


def trace_of(function, **options):
    torch.manual_seed(0)
    return Trace(Net(function), IMAGES, **options)


@pytest.mark.parametrize(
    ("function", "name", "kind", "properties"),
    [
        (lambda net, x: x.relu(), "relu", "pointwise", ""),
        (lambda net, x: x.clone().relu_(), "relu", "pointwise", ""),
        (lambda net, x: 2 * x, "mul", "pointwise", "affine scales"),
        (lambda net, x: x + 1, "add", "pointwise", "affine scales"),
        (lambda net, x: 0 * x, "mul", "pointwise", "affine scales"),  # whatever x is
        (lambda net, x: x + 0, "add", "pointwise", "identical affine"),
        (lambda net, x: x * net.scale, "mul", "pointwise", "affine"),  # a weight
        (lambda net, x: net.norm(x), "batch_norm", "pointwise", "affine"),
        (lambda net, x: x.clamp(-100, 100), "clamp", "pointwise", ""),
        (lambda net, x: x.clamp(min=-100), "clamp", "pointwise", ""),
        (lambda net, x: x.softmax(1), "softmax", "other", ""),
        (lambda net, x: x.flip(2), "flip", "other", "affine"),
        (lambda net, x: x.flatten(1), "flatten", "pointwise", "identical affine"),
        (lambda net, x: x.mT.reshape(2, 4, 9, 6), "reshape", "pointwise", "identical affine"),
        (lambda net, x: x.permute(0, 1, 3, 2), "permute", "resize", "affine"),
        (lambda net, x: x[:, :2], "__getitem__", "other", "affine"),
        (lambda net, x: x[..., 1:], "__getitem__", "resize", "affine"),
        (lambda net, x: x[:1], "__getitem__", "other", "affine"),
        (lambda net, x: x.mean((2, 3)), "mean", "other", "affine"),
        (lambda net, x: F.avg_pool2d(x, 2), "avg_pool2d", "resize", "affine"),
        (lambda net, x: F.max_pool2d(x, 2), "max_pool2d", "resize", ""),
        (lambda net, x: F.pad(x, (1, 1)), "pad", "resize", "affine"),
        (lambda net, x: net.conv(x), "conv2d", "layer", ""),
        (lambda net, x: net.up(x), "conv_transpose2d", "layer", ""),
        (lambda net, x: x + x.relu(), "add", "pointwise", "affine"),  # of one feature map
        (lambda net, x: torch.cat([x, x.relu()], 1), "cat", "join", "affine"),
        (lambda net, x: x + net.conv(x), "add", "join", "affine"),
        (lambda net, x: x * net.conv(x), "mul", "join", ""),
        (lambda net, x: torch.stack([x, net.conv(x)]).sum(0), "sum", "join", "affine"),
        (lambda net, x: torch.stack([x, net.conv(x)]).amax(0), "amax", "other", ""),
        (lambda net, x: net.conv(x)[:, :1].expand_as(x), "expand_as", "other", "affine"),
        (lambda net, x: net.conv(x).to(x), "to", "pointwise", "identical affine"),
    ],
)
def test_kinds_of_calls(function, name, kind, properties):
    step = trace_of(function).used[-1]
    assert (step.name, step.kind) == (name, kind)
    assert " ".join(key for key in ("identical", "affine", "scales") if getattr(step, key)) == (
        properties
    )


@pytest.mark.parametrize(
    ("function", "joins_by"),
    [
        (lambda net, x: x + net.conv(x), "add"),
        (lambda net, x: torch.stack([x, net.conv(x)]).sum(0), "add"),
        (lambda net, x: torch.stack([x, net.conv(x)]).mean(0), "other"),
        (lambda net, x: x - net.conv(x), "other"),
        (lambda net, x: torch.cat([x, net.conv(x)], 1), "cat"),
        (lambda net, x: torch.cat([net.conv(x), x], 1), "cat"),
        (lambda net, x: torch.cat([x, net.conv(x)], 2), "other"),
        (lambda net, x: torch.cat([x, net.conv(x)], 0), "other"),
        (lambda net, x: torch.cat([x, net.conv(x)[..., 1:]], 3), "other"),
        (lambda net, x: x + net.conv(x).mean((2, 3), keepdim=True), "other"),
        (lambda net, x: torch.cat([x, net.conv(x), net.norm(net.other(x))], 1), "other"),
    ],
)
def test_how_maps_are_brought_together(function, joins_by):
    step = trace_of(function).used[-1]
    assert step.kind == "join"
    assert step.joins_by == joins_by


@pytest.mark.parametrize(
    ("function", "text", "shape"),
    [
        (lambda net, x: x.relu(), "the input", " (4 channels, 6×9)"),
        (lambda net, x: net.conv(x).relu() * 2, "`conv`'s output", " (4 channels, 6×9)"),
        (
            lambda net, x: F.conv2d(x, net.conv.weight),
            "`conv2d`'s output",
            " (4 channels, 4×7)",
        ),
        (
            lambda net, x: F.avg_pool2d(x, 2),
            "the result of `avg_pool2d`",
            " (4 channels, 3×4)" + MADE,
        ),
        (lambda net, x: x[:, :3], "the result of the index `[…]`", " (3 channels, 6×9)" + MADE),
        (lambda net, x: x.sum((2, 3)), "the result of `sum`", " (shape (2, 4))"),
        (
            lambda net, x: torch.cat([x, net.conv(x)], 1).relu(),
            "the `cat` of the input (4 channels, 6×9) and `conv`'s output (4 channels, 6×9)",
            ", together 8 channels, 6×9",
        ),
        (
            lambda net, x: torch.cat([x, x, net.conv(x)], 1),
            "the `cat` of the input (4 channels, 6×9) and `conv`'s output (4 channels, 6×9), some "
            "of it more than once",
            ", together 12 channels, 6×9",
        ),
    ],
)
def test_where_a_value_comes_from(function, text, shape):
    step = trace_of(function).used[-1]
    assert step.text == text
    assert with_shape(step) == f"{text}{shape}"


def low(net, x):
    return net.up(F.relu(F.max_pool2d(x, 2)))


@pytest.mark.parametrize(
    ("function", "sizes"),
    [
        (lambda net, x, skip: torch.cat([skip, low(net, skip)], 1), [(6, 8)]),
        (lambda net, x, skip: skip * low(net, skip), [(6, 8)]),
        (lambda net, x, skip: torch.cat([x[..., :8], low(net, skip)], 1), []),  # the raw image
        (lambda net, x, skip: torch.cat([skip, net.other(skip)], 1), []),  # none was smaller
        (lambda net, x, skip: torch.cat([low(net, skip), low(net, skip)], 1), []),
        (lambda net, x, skip: low(net, skip) + 1e-5 * skip, [(6, 8)]),  # however little
        (lambda net, x, skip: torch.cat([skip, skip + low(net, skip)], 1), [(6, 8)]),
        (lambda net, x, skip: low(net, skip) + skip - skip, []),
        (lambda net, x, skip: (torch.cat([skip, low(net, skip)], 1), skip)[1], []),
        (lambda net, x, skip: torch.cat([0 * skip, low(net, skip)], 1), []),
        (lambda net, x, skip: torch.cat([skip, low(net, skip)], 1) * 0 + x[:, :1, :, :8], []),
    ],
)
def test_live_skips(function, sizes):
    trace = trace_of(lambda net, x: function(net, x, net.conv(x)[..., :8]))
    assert trace.skips == sizes


def test_an_image_may_be_padded_before_the_first_layer_but_not_after_it():
    def padded_first(net, x):
        skip = net.conv(F.pad(x, (0, 1, 1, 1)))
        return torch.cat([skip, low(net, skip)], 1)

    def padded_later(net, x):
        skip = net.conv(F.pad(net.other(x), (0, 1, 1, 1)))
        return torch.cat([skip, low(net, skip)], 1)

    assert trace_of(padded_first).skips == [(8, 10)]
    assert trace_of(padded_later).skips == []


def test_a_map_of_equal_cells_is_constant_and_numbers_are_not():
    def constants(net, x):
        return x.mean((2, 3), keepdim=True).expand(2, 4, 6, 9), 0 * x.mean((2, 3)), x

    trace = trace_of(constants)
    by_name = {step.name: step.is_constant for step in trace.steps}
    assert (by_name["expand"], by_name["mul"], by_name["image"]) == (True, False, False)


def test_layers_up_to_the_last_one_and_the_tail():
    trace = trace_of(lambda net, x: net.other(net.conv(x).relu()).sigmoid() * 2)
    assert [step.name for step in trace.until_last_layer] == ["image", "conv2d", "relu", "conv2d"]
    assert [step.name for step in trace.tail] == ["sigmoid", "mul"]
    assert trace.has_activation
    assert [step.size for step in trace.convolutions] == [(6, 9)] * 2


@pytest.mark.parametrize(
    ("function", "pairs", "bends"),
    [
        (lambda net, x: net.other(net.conv(x)), 1, False),
        (lambda net, x: net.other(net.norm(net.conv(x))), 1, False),
        (lambda net, x: net.other(net.conv(x).relu()), 0, True),
        (lambda net, x: net.other(net.conv(x).relu() + net.conv(x)), 1, True),
        (lambda net, x: net.up(net.other(net.conv(x).relu())), 1, True),
        (lambda net, x: net.conv(x.relu()), 0, True),
        (lambda net, x: net.conv(x), 0, False),
        (lambda net, x: net.conv(x * x), 0, True),
    ],
)
def test_activations_between_layers(function, pairs, bends):
    trace = trace_of(function)
    assert len(trace.not_activated) == pairs
    assert trace.has_activation == bends


def test_layers_that_were_never_called_unless_they_change_neither_channels_nor_size():
    net = Net(lambda net, x: x.relu())
    net.wide, net.low = nn.Conv2d(4, 5, 1), nn.Conv2d(5, 5, (1, 3))
    assert Trace(net, IMAGES).never_called == ["conv", "up", "norm", "wide", "low"]
    assert trace_of(lambda net, x: net.conv(x)).never_called == ["up", "norm"]


def test_the_output_of_a_step_as_it_was_made_unless_it_was_changed_in_place():
    trace = trace_of(lambda net, x: net.conv(x).relu())
    assert trace.tensor(trace.used[-1]) is trace.result
    assert [trace.tensor(step).requires_grad for step in trace.used] == [False, True, True]
    trace = trace_of(lambda net, x: net.conv(x).relu_())
    assert [trace.tensor(step) is trace.result for step in trace.used] == [False, False, True]
    assert trace.tensor(trace.used[1]) is None


def test_what_takes_no_part_is_named():
    loose = nn.Conv2d(4, 4, 1)
    trace = trace_of(lambda net, x: loose(net.conv(x)).detach() + net.other(x))
    assert {name.partition(".")[0] for name in trace.unused} == {"conv", "up", "norm", "scale"}
    assert len(trace.unused) == 7
    assert trace.unregistered == [loose.weight, loose.bias]
    assert [step.name for step in trace.used if step.cuts_gradient] == ["detach"]
    assert [step.layer for step in trace.used if step.kind == "layer"] == [
        "`conv`",
        "an `nn.Conv2d` that isn't in your network",
        "`other`",
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([0.0, 1000.0], [9e-4, 1000.0], True),  # a millionth of the largest
        ([0.0, 1000.0], [1.1e-3, 1000.0], False),
        ([0.0, 1000.0], [0.0, 1000.09], True),
        ([0.0, 1000.0], [0.0, 1000.2], False),
        ([0.0, 0.0], [9e-7, 0.0], True),
        ([0.0, 0.0], [1.1e-6, 0.0], False),
        ([0.0, 0.0], [0.0], False),
        ([], [], True),
    ],
)
def test_values_are_the_same_but_for_rounding(one, other, same):
    assert _same(torch.tensor(one), torch.tensor(other)) == same


def test_values_of_two_types_are_compared_as_numbers():
    one = torch.tensor([1.0, 2.0])
    for other in (one.double(), one.half(), one.long()):
        assert _same(one, other)
        assert _same(other, one)
        assert not _same(one, other + 1)
    assert _same(one > 1.5, torch.tensor([False, True]))
    assert not _same(one > 1.5, one < 1.5)


def test_random_numbers_are_noted():
    assert trace_of(lambda net, x: x + torch.rand(9)).random == ["rand"]
    assert trace_of(lambda net, x: x.relu()).random == []


@pytest.mark.parametrize(
    ("function", "first"),
    [
        (lambda net, x: net.conv(x).relu() + torch.rand(9), "add"),
        (lambda net, x: (net.conv(x) * torch.rand(1)).relu(), "mul"),
        (lambda net, x: net.conv(x) + F.pad(torch.rand(1, 1), (0, 8, 0, 5)), "add"),  # one cell
        (lambda net, x: (x * torch.rand(1), net.conv(x))[1], None),  # has no part in the result
        (lambda net, x: net.conv(x).relu(), None),
    ],
)
def test_the_first_difference_between_two_runs(function, first):
    net = Net(function)
    one, two = Trace(net, IMAGES), Trace(net, IMAGES)
    found = one.first_difference(two)
    assert (found and found.name) == first


def test_the_first_difference_between_a_batch_and_its_last_image():
    alone = Net(lambda net, x: net.conv(x).relu() + 1)
    mixed = Net(lambda net, x: net.conv(x - x.mean(0)).relu() + 1)
    for net, first in ((alone, None), (mixed, "mean")):
        found = Trace(net, IMAGES).first_difference(Trace(net, IMAGES[1:]))
        assert (found and found.name) == first


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (
            lambda net, x: net.conv(torch.cat([x, net.other(x)], 1)),
            "`conv` takes 4 channels, but is given 8 at 6×9: the `cat` of the input (4 channels, "
            "6×9) and `other`'s output (4 channels, 6×9).",
        ),
        (
            lambda net, x: net.conv(torch.cat([x, net.other(x)], -1)[:, :2]),
            "`conv` takes 4 channels, but is given 2 at 6×18: the result of the index `[…]`.",
        ),
        (
            lambda net, x: net.conv(torch.cat([x[:, :2], net.other(x)[:, :2]], 2)),
            "`conv` takes 4 channels, but is given 2 at 12×9: the `cat` of the result of the index "
            f"`[…]` (2 channels, 6×9){MADE} and the result of the index `[…]` (2 channels, 6×9), "
            "computed from `other`'s output (4 channels, 6×9). `cat` joins along dim=2, the "
            "height; "
            "channels are dim=1.",
        ),
        (
            lambda net, x: net.up(x[:, :3]),
            "`up` takes 4 channels, but is given 3 at 6×9: the result of the index `[…]`.",
        ),
        (
            lambda net, x: F.conv_transpose2d(x, torch.rand(3, 5, 2, 2)),
            "`conv_transpose2d` takes 3 channels, but is given 4 at 6×9: the input.",
        ),
        (
            lambda net, x: F.conv2d(x, torch.rand(6, 3, 1, 1), groups=2),
            "`conv2d` takes 6 channels, but is given 4 at 6×9: the input.",
        ),
        (lambda net, x: net.conv(x.flatten(1)), "`conv` is given the input (shape (2, 216))."),
        (
            lambda net, x: torch.cat([x, net.up(x)], 1),
            "`cat` can't join the input (4 channels, 6×9) and `up`'s output "
            "(4 channels, 12×18). `up` gets the input (4 channels, 6×9): kernel 2×2, "
            "stride (2, 2), padding (0, 0), output_padding (0, 0). Its height is "
            "(6 − 1)·2 + 2 − 2·0 + 0 = 12.",
        ),
        (
            lambda net, x: net.norm(x[:, :3]),
            f"`norm` fails on the result of the index `[…]` (3 channels, 6×9){MADE}.",
        ),
        (lambda net, x: x.view(7, -1), "`view` fails on the input (4 channels, 6×9)."),
        (
            lambda net, x: net.up(x).relu().view(7, -1),
            "`view` fails on `up`'s output (4 channels, 12×18).",
        ),
        (lambda net, x: torch.zeros(2) + torch.zeros(3), ""),
        (
            lambda net, x: F.conv2d(x, torch.rand(2, 4, 9, 3)),
            "`conv2d` is given the input (4 channels, 6×9).",
        ),
        (
            lambda net, x: net.conv(torch.stack([x, net.other(x)], 1)),
            "`conv` is given the `stack` of the input (4 channels, 6×9) and `other`'s output "
            "(4 channels, 6×9) (shape (2, 2, 4, 6, 9)). `torch.stack` makes a new axis. "
            "`torch.cat([…, …], dim=1)` joins feature maps along the channel axis.",
        ),
        (
            lambda net, x: F.conv_transpose2d(x, torch.rand(2, 2, 2, 2), groups=2),
            "`conv_transpose2d` takes 2 channels, but is given 4 at 6×9: the input. It returns 4: "
            "are its two numbers of channels the wrong way round?",
        ),
        (
            lambda net, x: F.conv2d(x, torch.rand(4, 1, 1, 1)),
            "`conv2d` takes 1 channel, but is given 4 at 6×9: the input.",
        ),
        (
            lambda net, x: (setattr(net.conv, "in_channels", 3), net.conv(x[:, :3]))[1],
            "`conv` takes 4 channels, but is given 3 at 6×9: the result of the index `[…]`. Its "
            "`in_channels` was set to 3 afterwards, which doesn't change its weight: make a new "
            "layer.",
        ),
        (
            lambda net, x: x + torch.zeros(2, 4, 5, 9),
            "`add` can't join the input (4 channels, 6×9) and a tensor of shape (2, 4, 5, 9) that "
            "isn't computed from this image. Was it kept from an earlier call?",
        ),
        (
            lambda net, x: x @ torch.zeros(2, 4, 5, 9),
            "`matmul` fails on the input (4 channels, 6×9).",
        ),
        (lambda net, x: x + net.conv.weight, "`add` fails on the input (4 channels, 6×9)."),
        (
            lambda net, x: torch.cat([x, net.conv(x)[..., 1:], net.other(x)], 1),
            "`cat` can't join the input (4 channels, 6×9) and the result of the index `[…]` "
            "(4 channels, 6×8), computed from `conv`'s output (4 channels, 6×9) and `other`'s "
            "output (4 channels, 6×9).",
        ),
        (
            lambda net, x: x + net.conv(x).flatten(1),
            "`add` can't join the input (4 channels, 6×9) and `conv`'s output (shape (2, 216)).",
        ),
        (
            lambda net, x: x + net.conv(x)[:, :3],
            "`add` can't join the input (4 channels, 6×9) and the result of the index `[…]` "
            "(3 channels, 6×9), computed from `conv`'s output (4 channels, 6×9).",
        ),
        (
            lambda net, x: net.conv(x) + net.up(x),
            "`add` can't join `conv`'s output (4 channels, 6×9) and `up`'s output (4 channels, "
            "12×18). `up` gets the input (4 channels, 6×9): kernel 2×2, stride (2, 2), padding "
            "(0, 0), output_padding (0, 0). Its height is (6 − 1)·2 + 2 − 2·0 + 0 = 12.",
        ),
        (
            lambda net, x: net.up(F.max_pool2d(net.conv(x[..., :6]), 2)) + x,
            "`add` can't join `up`'s output (4 channels, 6×6) and the input (4 channels, 6×9). "
            "`up` gets the result of `max_pool2d` (4 channels, 3×3), computed from `conv`'s "
            "output (4 channels, 6×6): kernel 2×2, stride (2, 2), padding (0, 0), output_padding "
            "(0, 0). Its width is (3 − 1)·2 + 2 − 2·0 + 0 = 6.",
        ),
        (
            lambda net, x: x + F.conv_transpose2d(x, net.up.weight),
            "`add` can't join the input (4 channels, 6×9) and `conv_transpose2d`'s output "
            "(4 channels, 7×10). `conv_transpose2d` gets the input (4 channels, 6×9): kernel 2×2. "
            "Its height is (6 − 1)·1 + 2 − 2·0 + 0 = 7.",
        ),
        (
            lambda net, x: x + F.conv_transpose2d(x, net.up.weight, dilation=2),
            "`add` can't join the input (4 channels, 6×9) and `conv_transpose2d`'s output "
            "(4 channels, 8×11). `conv_transpose2d` gets the input (4 channels, 6×9): kernel 2×2, "
            "dilation 2.",
        ),
        (
            lambda net, x: F.conv2d(net.other(x)[:, :, :5, :6], net.conv.weight) + x[..., :8],
            "`add` can't join `conv2d`'s output (4 channels, 3×4) and the result of the index "
            f"`[…]` (4 channels, 6×8){MADE}.",
        ),
        (
            lambda net, x: net.conv(F.avg_pool2d(net.other(x), 2)) + x,
            "`add` can't join `conv`'s output (4 channels, 3×4) and the input (4 channels, 6×9).",
        ),
        (
            lambda net, x: x + F.pad(net.conv(x)[..., 1:, 2:], (0, 1)),
            "`add` can't join the input (4 channels, 6×9) and the result of `pad` by (left, "
            "right, top, bottom) = (0, 1) (4 channels, 5×8), computed from the result of "
            "the index `[…]` (4 channels, 5×7), computed from `conv`'s output (4 channels, 6×9). "
            "`pad` turns 5×7 into 5×8, but the other map is 6×9.",
        ),
        (
            lambda net, x: net.other(torch.cat([x, F.interpolate(net.up(x), size=(6, 9))], 1)),
            "`other` takes 4 channels, but is given 8 at 6×9: the `cat` of the input (4 channels, "
            "6×9) and the result of `interpolate` (4 channels, 6×9), computed from `up`'s output "
            "(4 channels, 12×18). `interpolate` turns 12×18 into 6×9, but a repair only adds or "
            "crops a row or a column. Does the skip come from another level?",
        ),
        (
            lambda net, x: net.other(
                torch.cat([x, F.interpolate(F.max_pool2d(x, 2), size=(6, 9))], 1)
            ),
            "`other` takes 4 channels, but is given 8 at 6×9: the `cat` of the input (4 channels, "
            "6×9) and the result of `interpolate` (4 channels, 6×9), computed from the result of "
            f"`max_pool2d` (4 channels, 3×4){MADE}.",
        ),
        (
            lambda net, x: net.other(torch.cat([x, F.pad(x[..., :5, :5], (0, 4, 0, 1))], 1)),
            "`other` takes 4 channels, but is given 8 at 6×9: the `cat` of the input (4 channels, "
            "6×9) and the result of `pad` by (left, right, top, bottom) = (0, 4, 0, 1) (4 "
            f"channels, 6×9), computed from the result of the index `[…]` (4 channels, 5×5){MADE}.",
        ),
        (
            lambda net, x: F.conv2d(x, torch.rand(0, 4, 1, 1)),
            "`conv2d` takes 4 channels and returns 0. Each number has to be 1 or more: how is it "
            "computed in `__init__`?",
        ),
        (
            lambda net, x: F.conv_transpose2d(x, torch.rand(2, 4, 2, 2)),
            "`conv_transpose2d` takes 2 channels, but is given 4 at 6×9: the input. It returns 4: "
            "are its two numbers of channels the wrong way round?",
        ),
        (
            lambda net, x: net.up(F.max_pool2d(net.conv(x[..., :8]), 2)) + F.max_pool2d(x, 2),
            "`add` can't join `up`'s output (4 channels, 6×8) and the result of `max_pool2d` "
            "(4 channels, 3×4), computed from the input (4 channels, 6×9). `conv`'s output "
            "(4 channels, 6×8) has the size of `up`'s output.",
        ),
        (
            lambda net, x: x + F.pad(net.conv(x)[..., 1:, 2:], (0, 1, 0, 2)),
            "`add` can't join the input (4 channels, 6×9) and the result of `pad` by (left, "
            "right, top, bottom) = (0, 1, 0, 2) (4 channels, 7×8), computed from the result of "
            "the index `[…]` (4 channels, 5×7), computed from `conv`'s output (4 channels, 6×9). "
            "`pad` turns 5×7 into 7×8, but the other map is 6×9. Its first two numbers are left "
            "and right, the other two top and bottom: are rows and columns the wrong way round?",
        ),
        (
            lambda net, x: x + F.pad(net.conv(x)[..., 1:, 2:], (0, -2, 0, -1)),
            "`add` can't join the input (4 channels, 6×9) and the result of `pad` by (left, "
            "right, top, bottom) = (0, -2, 0, -1) (4 channels, 4×5), computed from the result of "
            "the index `[…]` (4 channels, 5×7), computed from `conv`'s output (4 channels, 6×9). "
            "`pad` turns 5×7 into 4×5, but the other map is 6×9. Is the difference taken the "
            "wrong way round, or is the wrong one of the two padded?",
        ),
    ],
)
def test_the_call_that_an_error_stopped(function, sentence):
    trace = trace_of(function)
    assert trace.result is None
    assert why_stopped(trace) == sentence


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (
            (0, 2),
            "`layers.2` takes 6 channels, but is given 8 at 6×9: `layers.0`'s output. `layers.1` "
            "takes as many: is this list gone through in the right order?",
        ),
        (
            (0, 1, 1),
            "`layers.1` takes 8 channels, but is given 6 at 6×9: `layers.1`'s output. It was "
            "already called once in this run: is it the right layer here?",
        ),
        (
            (0, 1, 2, 3),
            "`layers.3` takes 7 channels, but is given 5 at 6×9: `layers.2`'s output.",
        ),
        ((0, 1, 2), ""),
    ],
)
def test_a_layer_of_a_list_that_is_called_at_the_wrong_place(order, sentence):
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            channels = ((4, 8), (8, 6), (6, 5), (7, 4))
            self.layers = nn.ModuleList([nn.Conv2d(*pair, 1) for pair in channels])

        def forward(self, x):
            for place in order:
                x = self.layers[place](x)
            return x

    assert why_stopped(Trace(Listed(), IMAGES)) == sentence


class Named(nn.Module):
    """Two layers that double, of which the second takes too few channels, and another one."""

    def __init__(self, other, kind=nn.ConvTranspose2d):
        super().__init__()
        self.up1 = nn.ConvTranspose2d(4, 6, 2, 2)
        if other == "upward2":
            self.upward2 = nn.ConvTranspose2d(6, 2, 2, 2)
        self.upward3 = nn.ConvTranspose2d(2, 2, 2, 2)
        if other != "upward2":
            setattr(self, other, kind(6, 2, 2, 2))
        self.last = nn.ConvTranspose2d(2, 1, 2, 2)

    def forward(self, x):
        return self.last(self.upward3(self.up1(x)))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("upwrad3", " `upwrad3` takes as many and has not run: is one of the two names misspelt?"),
        ("upward2", " `upward2` takes as many and has not run: is it left out before this line?"),
        ("upward4", ""),  # a later one: nothing says that it is left out
        ("another", ""),
        ("upwardabc", ""),  # three quarters are the same
    ],
)
def test_a_layer_that_fits_and_has_not_run(other, said):
    sentence = "`upward3` takes 2 channels, but is given 6 at 12×18: `up1`'s output."
    assert why_stopped(Trace(Named(other), IMAGES)) == sentence + said
    if other != "upward2":
        assert why_stopped(Trace(Named(other, nn.Conv2d), IMAGES)) == sentence


class Decoder(nn.Module):
    """Blocks in a list, in the wrong order; a convolution that does not double."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1)) for channels in (2, 4)
        )

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def test_blocks_in_the_wrong_order():
    assert why_stopped(Trace(Decoder(), IMAGES)) == (
        "`blocks.0.0` takes 2 channels, but is given 4 at 6×9: the input. `blocks.1` takes as "
        "many: is this list gone through in the right order?"
    )


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            lambda net, x: net.conv(F.avg_pool2d(net.other(x)[..., :8], 2)) + x[..., :8],
            " `conv` is a convolution, which returns the size that it is given: 3×4.",
        ),
        (
            lambda net, x: (net.conv(x), net.up(torch.cat([x, x], 1)))[1],
            " Not used so far, with as many channels: `conv`'s output (4 channels, 6×9).",
        ),
    ],
)
def test_what_else_is_known_of_a_call_that_stopped(function, said):
    assert why_stopped(trace_of(function)).endswith(said)
