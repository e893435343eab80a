"""Lesson 4: the student's own U-Net, of any depth, for images of any size."""

from typing import Any

from torch import Tensor, nn

from unet_teach.exercises.checks.networks import SIZES
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_4.own_unet_checks import CHECKS, DEPTHS, networks, smallest_size
from unet_teach.exercises.own_network import CourseUNet, keep


class _Shallower(nn.Sequential):
    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(
            CourseUNet(in_channels, out_channels, depth - 1, base_channels)
            if depth > 1
            else nn.Conv2d(in_channels, out_channels, 3, padding=1)
        )


class _Deeper(CourseUNet):
    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(in_channels, out_channels, depth + 1, base_channels)


class _InList(CourseUNet):
    head = property(lambda self: self.layers[0])

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(in_channels, out_channels, depth, base_channels)
        self.layers = [self._modules.pop("head")]


class _InForward(CourseUNet):
    def forward(self, x: Tensor) -> Any:
        return nn.LazyConv2d(self.head.out_channels, 1)(super().forward(x))


SOLUTION = """`def __init__(self, in_channels, out_channels, depth, base_channels):
    super().__init__()
    widths = [base_channels * 2**level for level in range(depth + 1)]
    steps = list(zip(widths, widths[1:]))
    self.stem = double_conv(in_channels, base_channels)
    self.down = nn.ModuleList([double_conv(above, below) for above, below in steps])
    steps.reverse()
    self.up = nn.ModuleList([nn.ConvTranspose2d(below, above, 2, 2) for above, below in steps])
    self.merge = nn.ModuleList([double_conv(2 * above, above) for above, _ in steps])
    self.head = nn.Conv2d(base_channels, out_channels, 1)

def forward(self, x):
    x, skips = self.stem(x), []
    for block in self.down:
        skips.append(x)
        x = block(F.max_pool2d(x, 2))
    for up, block in zip(self.up, self.merge):
        skip = skips.pop()
        x = up(x)
        x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))
        x = block(torch.cat([skip, x], dim=1))
    return self.head(x)`"""

own_unet = Exercise(
    name="own_unet",
    lesson=4,
    prompt="Write your own U-Net, `MyUNet(in_channels, out_channels, depth, base_channels)`, whose output is as large as the image, whatever the size.",
    checks=CHECKS,
    mistakes=(
        KnownMistake("one halving too few", "Your network halves one time too few. `depth` counts the halvings, and there are `depth + 1` levels with one halving between each two.",
            lambda: _Shallower, lambda a: [smallest_size(a, depth) for depth in (1, 2, 3)] == SIZES[:3],
            at=DEPTHS),
        KnownMistake("one halving too many", "Your network halves one time too many: `depth` is the number of halvings.",
            lambda: _Deeper, lambda a: smallest_size(a, 1) == SIZES[2] and smallest_size(a, 2) == SIZES[3],
            at=DEPTHS),
        *networks.unregistered_layers(lambda: _InList, lambda: _InForward, 1),
    ),
    hints=(
        "Divide the task: a block, a list of widths, a loop for the encoder that keeps feature maps, and a loop for the decoder that uses them. Which lists of layers does `__init__` need?",
        "`widths = [base_channels * 2**level for level in range(depth + 1)]`. In the encoder, a block leads from widths[level] to widths[level + 1]; in the decoder, a ConvTranspose2d and a block lead back.",
        "`for block in self.down: skips.append(x); x = block(F.max_pool2d(x, 2))` and then `for up, block in zip(self.up, self.merge): x = up(x); skip = skips.___(); x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, ___)); x = block(torch.cat([___, ___], dim=1))`. Layers in a list must be in `nn.ModuleList`.",
    ),
    solution_text=SOLUTION,
    praise="It runs at any depth, any width and any image size: this is a U-Net, and you wrote it.",
    when_solved=keep,
)  # fmt: skip
