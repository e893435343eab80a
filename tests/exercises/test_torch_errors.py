"""What PyTorch could not match is said in plain words, before its own words."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.sandbox import describe

X, HALF = torch.zeros(2, 8, 9, 12), torch.zeros(2, 8, 5, 12)


class Net(nn.Module):
    """Its layers are named in the line that fails."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(5, 4, 2, 2)

    def forward(self, x):
        return self.up(x)


def overwritten(x):
    place = torch.zeros(2, 3, 9, 12)
    place[:] = x
    return place


def sliced(x):
    start = x.shape[2] / 2
    return x[:, :, start:]


class Unset(nn.Module):
    """Asks for what is a name of its own."""

    def __init__(self, channels):
        super().__init__()
        self.down = nn.Conv2d(self.channels, 8, 3)


class TooLate(nn.Module):
    """Is set up after its layers."""

    def __init__(self):
        self.down = nn.Conv2d(8, 8, 3)
        super().__init__()


class NeverSetUp(nn.Module):
    """Is not set up at all."""

    def __init__(self):
        self.down = nn.Conv2d(8, 8, 3)


def copied(x):
    layer, first = nn.Conv2d(8, 4, 3, bias=False), 2
    with torch.no_grad():
        layer.weight.copy_(x[:, first:, :3, :3])


def of_a_bias(x):
    layer = nn.Conv2d(8, 4, 3, bias=False)
    return torch.zeros(4).copy_(layer.bias)


def too_few(x):
    layer = nn.Conv2d(8, 4, 3)
    return nn.Conv2d(layer.in_channels, layer.out_channels - x.shape[1], 3)


def narrower(x):
    layer, more = nn.Conv2d(8, 4, 3), 6
    return nn.Conv2d(layer.in_channels, layer.out_channels - more, 3)


def beyond(x):
    widths = [8, 16]
    return x[:, : widths[2]]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (lambda x: Unset(8), "write `channels` without `self.`, or put `self.channels = channels`"),
        (
            lambda x: TooLate(),
            "Your `super().__init__(…)` comes only after this line, or has no br",
        ),
        (
            lambda x: NeverSetUp(),
            "Write super().__init__() as the first line of __init__, with the",
        ),
        (lambda x: nn.conv2d(x, x), "`nn` has no `conv2d`. Is `nn.Conv2d` meant?"),
        (lambda x: F.Relu(x), "`F` has no `Relu`. Is `F.relu` meant?"),
        (lambda x: torch.concatt([x]), "`torch` has no `concatt`. Is `torch.concat` meant?"),
        (lambda x: torch.notanythingatall(x), "`torch` has no `notanythingatall`. There, `x`"),
        (beyond, "`widths` has 2 entries, and the last is number 1, but another one is asked for."),
        (copied, "There, `layer.weight` is 4×8×3×3, `x[:, first:, :3, :3]` is 2×6×3×3."),
        (of_a_bias, "There, `layer.bias` is None."),
        (narrower, "There, `layer.in_channels` is 8, `layer.out_channels - more` is -2."),
        (too_few, "There, `layer.in_channels` is 8, `layer.out_channels` is 4, `x` is 2×8×9×12."),
    ],
)
def test_what_is_there_is_said_beside_what_was_asked_for(code, says):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types
        code(X)
    assert says in describe(caught.value)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (lambda x: torch.cat([x, HALF], 1), "is 9 in the first and 5 in number 2. There, `x` is"),
        (lambda x: x + HALF, "axis 2 (height) is 9 in one and 5 in the other. There, `x` is"),
        (lambda x: torch.stack([x, HALF]), "the first is 2×8×9×12, another one 2×8×5×12"),
        (overwritten, "is 8 in place of 3. There, `place[:]` is 2×3×9×12, `x` is 2×8×9×12."),
        (Net(), "was given 8: its weight is 5×4×2×2, its input 2×8×9×12. There, `self.up` takes 5"),
        (lambda x: Net().down(x), "A convolution for 3 input channels was given 8"),
        (lambda x: nn.Linear(10, 3)(x), "A linear layer or matrix for 10 features was given 12"),
        (lambda x: nn.BatchNorm2d(5)(x), "A batch norm for 5 channels was given 8"),
        (lambda x: nn.Conv2d(8, 8, 13)(x), "A kernel of 13×13 does not fit into 9×12"),
        (lambda x: F.pad(x, (0, 0, -5, -5)), "More rows or columns are cut away"),
        (lambda x: x.narrow(2, 5, 6), "starts at 5 and is 6 long does not fit into 9"),
        (lambda x: x.view(5, 5), "1728 values cannot take the shape 5×5"),
        (sliced, "`//` divides without a remainder. There, `x` is 2×8×9×12, `start` is 4.5."),
    ],
)  # fmt: skip
def test_each_message_says_which_sizes_do_not_match(code, says):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types
        code(X)
    text = describe(caught.value)
    assert says in text
    assert f"Error message: {str(caught.value).rstrip('.')[:200]}" in text


def test_other_errors_stay_as_they_are():
    with pytest.raises(KeyError) as caught:
        raise KeyError("up")
    assert describe(caught.value).startswith("Your code stopped with KeyError: 'up', in line ")
