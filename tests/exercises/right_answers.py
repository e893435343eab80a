"""Right answers to each exercise, as different ones as possible: functions that make them."""

import copy
import math
import statistics
from itertools import combinations, permutations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from tests.exercises.forward_variants import add, cat, with_forward
from tests.exercises.unet_variants import Student, changed
from unet_teach.arithmetic import output_padding_for
from unet_teach.exercises.lesson_3.crop_to import centre
from unet_teach.exercises.lesson_3.first_network import _up, _written
from unet_teach.exercises.lesson_3.fits import _fits, _halved_up
from unet_teach.exercises.lesson_3.join import _RIGHT as JOINED
from unet_teach.exercises.lesson_3.pad_to import _padded
from unet_teach.exercises.lesson_3.split_conv import _right as split
from unet_teach.exercises.lesson_4.double_conv import _first, _relu, _second, _sequence
from unet_teach.exercises.lesson_5.held_out import _lefts
from unet_teach.exercises.lesson_5.validation_iou import _validation
from unet_teach.exercises.lesson_6.checkerboard import _checkerboard
from unet_teach.exercises.lesson_6.fools_it import CROSSING
from unet_teach.exercises.lesson_6.mean_and_spread import summary
from unet_teach.exercises.lesson_6.tells_apart import _test, told_apart
from unet_teach.exercises.lesson_7.one_mark import _no_skips, _no_symmetry, _unet
from unet_teach.exercises.lesson_8.tile_starts import _pushed_back, _spread
from unet_teach.networks import UNet
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet
from unet_teach.segmentation import metrics


# ----------------------------------------------------------------------------------------- lesson 3
def padded_to_be_smaller(skip, up):
    rows, columns = up.shape[2] - skip.shape[2], up.shape[3] - skip.shape[3]
    return F.pad(skip, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


class InterpolatingUp(nn.Module):
    """Its decoder interpolates, and a 1×1 convolution follows."""

    def __init__(self, channels):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1), nn.ReLU()
        )
        self.back = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x):
        return torch.cat([self.back(F.interpolate(self.down(x), scale_factor=2)), x], dim=1)


def counted_up(size, depth):
    while size % 2**depth:
        size += 1
    return size


def copied_into_zeros(up, skip):
    output = up.new_zeros(*up.shape[:2], *skip.shape[2:])
    rows, columns = (min(u, s) for u, s in zip(up.shape[2:], skip.shape[2:], strict=True))
    output[:, :, :rows, :columns] = up[:, :, :rows, :columns]
    return output


def split_with_half_of_the_bias_in_each(conv, c):
    window = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    inputs = (c, conv.in_channels - c)
    layers = [nn.Conv2d(channels, conv.out_channels, *window) for channels in inputs]
    bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
    for layer, weight in zip(layers, conv.weight.tensor_split([c], dim=1), strict=True):
        layer.weight.data.copy_(weight)
        layer.bias = nn.Parameter(bias / 2)
    return tuple(layers)


# ----------------------------------------------------------------------------------------- lesson 4
class LeakyBlock(nn.Module):
    """Two convolutions with leaky ReLUs, by functions."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.one = nn.Conv2d(in_channels, out_channels, 3, padding="same")
        self.two = nn.Conv2d(out_channels, out_channels, 3, padding="same")

    def forward(self, x):
        return F.leaky_relu(self.two(F.leaky_relu(self.one(x))))


def norm(into, out):
    return nn.BatchNorm2d(out)


def course_unet(**options):
    def init(self, in_channels, out_channels, depth, base):
        UNet.__init__(self, in_channels, out_channels, depth=depth, base_channels=base, **options)

    return lambda: type("Student", (UNet,), {"__init__": init})


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with a 1×1 convolution around them."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.one = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.two = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.around = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return F.relu(self.two(F.relu(self.one(x))) + self.around(x))


def separable_block(in_channels, out_channels):
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels),
        *(nn.Conv2d(in_channels, out_channels, 1), nn.ReLU()),
    )


# ----------------------------------------------------------------------------------- lessons 5 to 9
def validation_on_a_copy(network, images, masks):
    with torch.inference_mode():
        prediction = torch.sigmoid(copy.deepcopy(network).eval()(images)) > 0.5
        return (prediction & masks).sum() / (prediction | masks).sum()


def validation_image_by_image(network, images, masks):
    was_training, both, either = network.training, 0, 0
    network.eval()
    for image, mask in zip(images, masks, strict=True):
        with torch.no_grad():
            prediction = network(image[None])[0] > 0
        both += int((prediction & mask).sum())
        either += int((prediction | mask).sum())
    network.train(was_training)
    return both / either


def checkerboard_without_fft(image):
    width = image.shape[1]
    power = []
    for frequency in (width // 2 - 2, width // 2 - 1, width // 2):
        angle = 2 * torch.pi * frequency * torch.arange(width) / width
        real, imaginary = (image * angle.cos()).sum(1), (image * angle.sin()).sum(1)
        power.append(float((real**2 + imaginary**2).mean()))
    return power[2] / ((power[0] + power[1]) / 2)


def checkerboard_with_numpy(image):
    power = (np.abs(np.fft.fft(image.numpy(), axis=1)) ** 2).mean(0)
    middle = image.shape[1] // 2
    return float(power[middle] / np.mean(power[middle - 2 : middle]))


def summary_by_the_library(scores):
    if any(map(math.isnan, scores)):
        return math.nan, math.nan
    return statistics.mean(scores), statistics.stdev(scores)


def all_orders(a, b):
    """Go through all orders: right, and slow."""
    total, size = sum(a) + sum(b), len(a)
    seen = abs(statistics.fmean(a) - statistics.fmean(b)) - 1e-9
    sums = [sum(order[:size]) for order in permutations([*a, *b])]
    return sum(abs(s / size - (total - s) / len(b)) >= seen for s in sums) <= 0.05 * len(sums)


def all_deals_with_numpy(a, b):
    pool, seen = np.array([*a, *b]), abs(np.mean(a) - np.mean(b))
    sums = pool[np.array(list(combinations(range(len(pool)), len(a))))].sum(1)
    far = np.abs(sums / len(a) - (pool.sum() - sums) / len(b))
    return np.mean((far > seen) | np.isclose(far, seen)) <= 0.05


class OnlyUpperSkip(nn.Module):
    """Two halvings, followed by one up-sampling by 4, and a skip around them."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        convs = (nn.Conv2d(4, 4, 2, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 2, stride=2), nn.ReLU())
        self.deeper = nn.Sequential(*convs, nn.Upsample(scale_factor=4.0))

    def forward(self, x):
        skip = F.relu(self.first(x))
        return skip + self.deeper(skip)


def reach_walked(depth):
    """Follow each pixel's leftmost dependency back through decoder, bottleneck and encoder."""
    farthest = 0
    for pixel in range(2**depth):
        left = pixel
        for _ in range(depth):
            left = (left - 2) // 2
        left -= 2
        for _ in range(depth):
            left = 2 * left - 2
        farthest = max(farthest, pixel - left)
    return farthest


def reach_recursive(depth):
    return 2 if depth == 0 else 2 * reach_recursive(depth - 1) + 5


def doubled(depth):
    step = 1
    for _ in range(depth):
        step *= 2
    return step


def starts_one_by_one(size, tile, shared):
    starts = [0]
    while starts[-1] + tile < size:
        starts.append(min(starts[-1] + tile - shared, size - tile))
    return starts


def target_step_by_step(labels, largest, smallest):
    target = torch.zeros(labels.shape, dtype=torch.uint8)
    target[labels > 0] = 1
    target[(largest > 0) & (smallest != largest)] = 2
    return target


def weights_of_shares(counts):
    weights = (counts / counts.sum()) ** -0.5
    return (weights / weights.mean()).tolist()


def harmonic_mean(ious):
    hits = int((ious > 0.5).sum())
    if not hits:
        return 0.0
    precision, recall = hits / ious.shape[0], hits / ious.shape[1]
    return 2 * precision * recall / (precision + recall)


RIGHT = {
    "halvings": (lambda: 3, lambda: 3.0),
    "unets": (
        lambda: "AE",
        lambda: "e, a",
        lambda: "A and E",
        lambda: {"A", "E"},
        lambda: ["A", "E"],
    ),
    "output_size": (
        lambda: lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        lambda: lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s)),
    ),
    "halve": (
        lambda: nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1),
        lambda: nn.Conv2d(64, 128, 2, stride=2),
        lambda: nn.Conv2d(64, 128, 5, stride=2, padding=2),
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
        lambda: nn.LazyConv2d(128, 5, stride=2, padding=2),
        lambda: nn.Conv2d(64, 128, (3, 5), stride=2, padding=(1, 2)),
    ),
    "odd_sizes": (lambda: (15, 16), lambda: [15, 16], lambda: (16, 15)),
    "sees": (lambda: 13, lambda: 5 + 4 * 2),
    "centres": (lambda: 150, lambda: 10 * 15, lambda: 150.0),
    "up_size": (
        lambda: lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + o,
        lambda: lambda n, k, s, p, o: len(range(p, (n - 1) * s + k - p + o)),
        lambda: lambda n, k, s, p, o: n * s + (k - s) - 2 * p + o,
    ),
    "double": (
        lambda: nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1, output_padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 2, stride=2),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1)),
        lambda: nn.Sequential(nn.Conv2d(128, 256, 1), nn.PixelShuffle(2)),
        lambda: nn.LazyConvTranspose2d(64, 4, stride=2, padding=1),
    ),
    "restore": (
        lambda: lambda low, target: target - (2 * low - 1),
        lambda: lambda low, target: 1 - target % 2,
        lambda: lambda low, target: 1 if target == 2 * low else 0,
        lambda: lambda low, target: output_padding_for(low, target, 3, stride=2, padding=1),
    ),
    "even_overlap": (
        lambda: nn.ConvTranspose2d(8, 8, 2, stride=2),
        lambda: nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1),
        lambda: nn.ConvTranspose2d(8, 8, 6, stride=2, padding=2),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3, padding=1)),
        lambda: nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        ),
        lambda: nn.Sequential(nn.Conv2d(8, 32, 3, padding=1), nn.PixelShuffle(2)),
    ),
    "not_restored": (
        lambda: (12, 14, 15, 17, 18),
        lambda: {18, 17, 15, 14, 12},
        lambda: [n for n in range(12, 19) if (n - 1) % 3],
    ),
    "join": (
        lambda: JOINED[0],
        lambda: JOINED[1],
        lambda: lambda i, down, up: torch.hstack((i, nn.Sequential(down, up)(i))),
    ),
    "first_network": (
        _written(lambda network, x: torch.cat([x, _up(network, x)], dim=1)),
        _written(lambda network, x: torch.cat([_up(network, x), x], dim=1)),
        lambda: InterpolatingUp,
    ),
    "pad_to": (lambda: _padded, lambda: copied_into_zeros),
    "fits": (lambda: _fits, lambda: counted_up, lambda: _halved_up),
    "crop_to": (
        lambda: centre,
        lambda: lambda skip, up: padded_to_be_smaller(skip.flip(2, 3), up).flip(2, 3),
        lambda: padded_to_be_smaller,
        lambda: lambda skip, up: centre(skip, up).contiguous(),
    ),
    "split_conv": (
        lambda: split,
        lambda: split_with_half_of_the_bias_in_each,
        lambda: lambda conv, c: list(split(conv, c)),
    ),
    "room_for_skips": (lambda: 3, lambda: 3.0),
    "arguments": (lambda: (3, 5), lambda: [3, 5]),
    "forward_add": (
        lambda: AdditiveUNet,
        with_forward(add),
        with_forward(lambda x, skip: F.relu(skip + x), activation=F.silu),
    ),
    "forward_cat": (
        lambda: ConcatenatingUNet,
        with_forward(cat, base=ConcatenatingUNet),
        with_forward(
            lambda x, skip: torch.cat([x, skip], dim=1),
            base=ConcatenatingUNet,
            activation=F.gelu,
        ),
    ),
    "double_conv": (
        _sequence(_first, _relu, _second, _relu),
        _sequence(_first, norm, _relu, _second, norm, _relu),
        lambda: LeakyBlock,
    ),
    "own_unet": (
        lambda: Student,
        changed(fit=lambda self, x, skip: F.interpolate(x, size=skip.shape[2:])),
        course_unet(),
        course_unet(skip="add", down="strided_conv", up="bilinear"),
        changed(block=lambda self, into, out: ResidualBlock(into, out)),
        changed(block=lambda self, into, out: separable_block(into, out)),
    ),
    "held_out": (
        lambda: _lefts,
        lambda: lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x >= b],
        lambda: lambda *strip: set(_lefts(*strip)),
        lambda: lambda *strip: _lefts(*strip)[::-1],
        lambda: (
            lambda w, c, a, b: [
                x for x in range(w - c + 1) if not set(range(x, x + c)) & set(range(a, b))
            ]
        ),
    ),
    "iou": (
        lambda: lambda a, t: (a & t).sum() / (a | t).sum() if a.sum() + t.sum() else 1.0,
        lambda: lambda a, t: ((a & t).sum() + 1e-9) / (torch.logical_or(a, t).sum() + 1e-9),
        lambda: metrics.iou,
    ),
    "to_mask": (
        lambda: lambda logits: logits > 0,
        lambda: lambda logits: torch.sigmoid(logits) > 0.5,
        lambda: lambda logits: torch.sigmoid(logits).round().bool(),
        lambda: lambda logits: torch.where(logits <= 0, 0, 1) == 1,
    ),
    "validation_iou": (
        _validation,
        lambda: validation_on_a_copy,
        lambda: validation_image_by_image,
    ),
    "clean_mask": (
        lambda: lambda raw_mask: (raw_mask != 0).float(),
        lambda: lambda raw_mask: raw_mask.bool().to(torch.float32),
        lambda: lambda raw_mask: raw_mask.float().clamp(max=1),
        lambda: lambda raw_mask: torch.where(raw_mask > 0, 1.0, 0.0),
    ),
    "mean_and_spread": (
        lambda: summary,
        lambda: lambda scores: (np.mean(scores), np.std(scores, ddof=1)),
        lambda: summary_by_the_library,
    ),
    "tells_apart": (lambda: told_apart, _test, lambda: all_orders, lambda: all_deals_with_numpy),
    "rim_skip": (lambda: 96, lambda: 96.0, lambda: max(96, 48, 24)),
    "same_recipe": (
        lambda: lambda trials: max(trials, key=lambda trial: trial[1])[0],
        lambda: lambda trials: sorted((score, rate) for rate, score, _ in trials)[-1][1],
        lambda: lambda trials: trials[int(np.argmax([t[1] for t in trials]))][0],
        lambda: lambda trials: sorted(trials, key=lambda t: -t[1])[0][0],
    ),
    "fools_it": (
        lambda: [("ring", 48, 48, 40), *CROSSING],
        lambda: [["ring", 48, 48, 46], *map(list, CROSSING)],
        lambda: (("ring", 48.0, 48.0, 40.0), ("ring", 48, 48, 20), *CROSSING),
    ),
    "checkerboard": (
        lambda: _checkerboard,
        lambda: checkerboard_without_fft,
        lambda: checkerboard_with_numpy,
    ),
    "twelve": (
        lambda: "ACEGIKL",
        lambda: set("ACEGIKL"),
        lambda: "l, k, i, g, e, c, a",
        lambda: "A, C, E, G, I, K and L",
    ),
    "one_line": (
        lambda: lambda x, skip: x + skip,
        lambda: lambda x, skip: torch.stack([x, skip]).mean(0),
        lambda: lambda x, skip: torch.cat([x[:, :8], skip[:, :8]], dim=1),
    ),
    "one_mark": (
        lambda: (_no_skips(), _no_symmetry()),
        lambda: [_no_skips(), nn.Sequential(_unet(), nn.Upsample(scale_factor=2))],
        lambda: (_no_skips(), nn.Sequential(nn.Conv2d(1, 1, 2, stride=2), _unet())),
        lambda: (_no_skips(), OnlyUpperSkip),
    ),
    "reach": (
        lambda: lambda depth: 7 * 2**depth - 5,
        lambda: reach_walked,
        lambda: reach_recursive,
    ),
    "repeats_after": (
        lambda: lambda depth: 2**depth,
        lambda: doubled,
        lambda: lambda depth: 1 << depth,
    ),
    "tile_starts": (lambda: _pushed_back, lambda: _spread, lambda: starts_one_by_one),
    "border_target": (
        lambda: lambda a, b, c: torch.where(c < b, 2, (a > 0).long()),
        lambda: target_step_by_step,
    ),
    "object_f1": (
        lambda: lambda ious: 2 * (ious > 0.5).sum() / sum(ious.shape),
        lambda: lambda ious: float(2 * (ious > 0.5).sum() / sum(ious.shape)),
        lambda: harmonic_mean,
    ),
    "rare_weights": (
        lambda: lambda counts: counts**-0.5 / (counts**-0.5).mean(),
        lambda: lambda counts: len(counts) * (1 / counts.sqrt()) / (1 / counts.sqrt()).sum(),
        lambda: weights_of_shares,
    ),
    "ignore_void": (
        lambda: lambda p, t: (p == t)[t != 255].float().mean(),
        lambda: lambda p, t: float((p == t).sum() / (t != 255).sum()),
        lambda: lambda p, t: (p[t != 255] == t[t != 255]).double().mean().item(),
    ),
    "border_threshold": (
        lambda: lambda p, threshold: (p[0] < 0.5) & (p[2] <= threshold),
        lambda: lambda p, threshold: ~((p[0] >= 0.5) | (p[2] > threshold)),
        lambda: lambda p, threshold: torch.logical_and(p[0] < 0.5, p[2].le(threshold)),
    ),
}
