"""Answers that are classes: mistakes of Python and of state that a reply has to name."""

# ruff: noqa: D101 - the names say what is wrong

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from tests.exercises.unet_variants import Student
from unet_teach import exercises
from unet_teach.networks.document import ConcatenatingUNet, DocumentUNet


class DownAndUp(nn.Module):
    """A right answer to `first_network`."""

    def __init__(self, channels):
        super().__init__()
        self.down = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(2 * channels, channels, 3, 2, padding=1, output_padding=1)

    def forward(self, x):
        return torch.cat([x, self.up(self.down(x))], dim=1)


class MisspeltInit(nn.Module):
    def _init_(self, channels):
        super().__init__()


class NoInit(nn.Module):
    def forward(self, x):
        return x


class NoArgument(nn.Module):
    def __init__(self):
        super().__init__()


class TwoArguments(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()


class LocalLayer(DownAndUp):
    def __init__(self, channels):
        super().__init__(channels)
        late = nn.Conv2d(channels, channels, 1)
        late.requires_grad_()

    def forward(self, x):
        return torch.cat([x, self.up(self.late(x))], dim=1)


class AskedFromClass(DownAndUp):
    def forward(self, x):
        return torch.cat([x, AskedFromClass.up(self.down(x))], dim=1)


class GivesItself(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(self.down(self, x))], dim=1)


class GivesItselfUp(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(self, self.down(x))], dim=1)


class CountsCalls(DownAndUp):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return torch.cat([x, self.up(self.down(x)) * self.calls], dim=1)


class Difference(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(self.down(x)) - x], dim=1)


class Recursive(DownAndUp):
    def forward(self, x):
        return self(torch.cat([x, self.up(self.down(x))], dim=1))


class KeepsFirst(DownAndUp):
    def forward(self, x):
        if not hasattr(self, "first"):
            self.first = x
        return torch.cat([self.first, self.up(self.down(x))], dim=1)


class KeepsLast(DownAndUp):
    """Keeps feature maps in `self`, but makes them anew: right."""

    def forward(self, x):
        self.skip, self.all = x, [x]
        return torch.cat([self.skip, self.up(self.down(self.all.pop()))], dim=1)


class InputTwice(DownAndUp):
    def forward(self, x):
        self.up(self.down(x))
        return torch.cat([x, x], dim=1)


class OnlyInput(DownAndUp):
    def forward(self, x):
        self.up(self.down(x))
        return x


class OnlyUp(DownAndUp):
    def forward(self, x):
        return self.up(self.down(x))


class NoLayer(DownAndUp):
    def forward(self, x):
        return torch.cat([x, F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)], dim=1)


class WithoutGradient(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(self.down(x.data))], dim=1)


class WideUp(DownAndUp):
    def __init__(self, channels):
        super().__init__(channels)
        self.up = nn.ConvTranspose2d(2 * channels, 2 * channels, 2, stride=2)


class Squares(DownAndUp):
    def __init__(self, channels):
        super().__init__(channels)
        self.down = nn.Conv2d(channels, channels**2, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(channels**2, channels, 2, stride=2)


class ActiveSkip(DownAndUp):
    def forward(self, x):
        return torch.cat([F.relu(x), self.up(self.down(x))], dim=1)


class UpTwice(DownAndUp):
    def forward(self, x):
        y = self.up(self.down(x))
        return torch.cat([y, y], dim=1)


class Overwritten(DownAndUp):
    def forward(self, x):
        x = self.down(x)
        return torch.cat([x, self.up(x)], dim=1)


class WithoutSelf(nn.Module):
    def __init__(self, channels):
        super().__init__()
        down = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        down.requires_grad_()

    def forward(self, x):
        return down(x)  # noqa: F821 - the mistake


class ArgumentInForward(DownAndUp):
    def __init__(self, channels):
        super().__init__(channels)

    def forward(self, x):
        return torch.cat([x, self.up(self.down(x))], dim=channels)  # noqa: F821 - the mistake


class AskedFromLayer(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.down.up(x)], dim=1)


class AlongTheBatch(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(self.down(x))])


class Stacks(DownAndUp):
    def forward(self, x):
        return torch.stack([x, self.up(self.down(x))], dim=1)


class ReturnsSometimes(DownAndUp):
    def forward(self, x):
        if x.shape[1] == 3:
            return torch.cat([x, self.up(self.down(x))], dim=1)


OUTSIDE = nn.Conv2d(64, 128, 3, stride=2, padding=1)


class FromOutside(DownAndUp):
    def forward(self, x):
        return torch.cat([x, self.up(OUTSIDE(x))], dim=1)


FIRST_NETWORK = [
    (MisspeltInit, "Python doesn't call `_init_` when a network is made. Rename it to `__init__`"),
    (NoInit, "has no `__init__`, so it can't take any values. Begin it with `def __init__(self, c"),
    (NoArgument, "Your class takes `DownAndUp()`, but it should take one argument, `DownAndUp(cha"),
    (TwoArguments, "missing a required argument: 'out_channels'. Begin its `__init__` with `def"),
    (LocalLayer, "its __init__ makes a variable of this name, which is gone when it ends. Write"),
    (AskedFromClass, "asks the class, but each network has layers of its own: write `self.up`"),
    (GivesItself, "`self.down` is given `self` as well, but it already knows its network. Write"),
    (GivesItselfUp, "`self.up` is given `self` as well, but it already knows its network. Wr"),
    (CountsCalls, "The output for an image depends on earlier calls of your network. Compute"),
    (Difference, "`sub` joins the input with `up`'s output (4 channels, 8×12) before they are"),
    (Recursive, "forward calls itself: self(…) inside forward runs the same forward again"),
    (KeepsFirst, "depends on earlier calls of your network. `self.first` keeps what was computed"),
    (InputTwice, "Your network halves its input, but the output doesn't depend on what comes of"),
    (OnlyInput, "The output is the input alone. Stack it with what came back up"),
    (OnlyUp, "The output has only the channels of what came back up."),
    (NoLayer, "No layer of your network is called in `forward`, so there is nothing to train."),
    (WithoutGradient, "No gradient flows back from what came back up to the input"),
    (WideUp, "`cat` stacks the input (4 channels, 8×12) and `up`'s output (8 channels, 8×12), whi"),
    (Squares, "DownAndUp(4): `down` returns 16 channels. As in the snippet, there should be twice"),
    (ActiveSkip, "Channels 0 to 3 are `relu` of the input, channels 4 to 7 are `up`'s output."),
    (UpTwice, "Channels 0 to 3 are `up`'s output, channels 4 to 7 are `up`'s output."),
    (Overwritten, "The input (4 channels, 8×12) has the size of `up`'s output."),
    (
        WithoutSelf,
        "`down` is only a variable of __init__, which is gone when that ends. Write `sel",
    ),
    (
        ArgumentInForward,
        "`channels` is an argument of __init__, and known only there. Keep it with",
    ),
    (AskedFromLayer, "down, a Conv2d, has no `up`, but the network itself has: write `self.up`."),
    (AlongTheBatch, "It joins along dim=0, the batch; channels are dim=1."),
    (Stacks, "`torch.stack` makes a new axis. `torch.cat([…, …], dim=1)` joins feature maps along"),
    (
        ReturnsSometimes,
        "There is a `return` with a value, but it is not reached here: does it stand i",
    ),
    (FromOutside, "An `nn.Conv2d` that isn't in your network takes 64 channels, but is given 4"),
]


@pytest.mark.parametrize(("kind", "says"), FIRST_NETWORK)
def test_first_network_names(kind, says):
    assert says in exercises.first_network.check(kind).text


@pytest.mark.parametrize("kind", [DownAndUp, KeepsLast])
def test_first_network_accepts(kind):
    assert exercises.first_network.check(kind).solved


# ----------------------------------------------------------------------- the document's network
class Steps(ConcatenatingUNet):
    """A right answer to `forward_cat`, written step by step."""

    def encoder(self, x):
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        return one, two, three, F.relu(self.conv4(three))

    def forward(self, x):
        one, two, three, x = self.encoder(x)
        x = torch.cat([F.relu(self.upconv1(x)), three], dim=1)
        x = torch.cat([F.relu(self.upconv2(x)), two], dim=1)
        return self.upconv4(torch.cat([F.relu(self.upconv3(x)), one], dim=1))


class NotCalled(Steps):
    def forward(self, x):
        one, two, three, x = self.encoder(x)
        x = torch.cat([F.relu(self.upconv1(x)), three], dim=1)
        x = torch.cat([F.relu(self.upconv2(x)), two], dim=1)
        return torch.cat([F.relu(self.upconv3(x)), one], dim=1)


class NoBottleneck(Steps):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.upconv2 = nn.ConvTranspose2d(256, 128, 3, 2, padding=1, output_padding=1)

    def forward(self, x):
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        x = F.relu(self.conv3(two))
        x = torch.cat([F.relu(self.upconv2(x)), two], dim=1)
        return self.upconv4(torch.cat([F.relu(self.upconv3(x)), one], dim=1))


class SwappedArguments(ConcatenatingUNet):
    def __init__(self, out_channels, in_channels):
        super().__init__(in_channels, out_channels)


class LostReplacement(DocumentUNet):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        upconv2 = nn.ConvTranspose2d(512, 128, 3, 2, padding=1, output_padding=1)
        upconv2.requires_grad_()

    encoder, forward = Steps.encoder, Steps.forward


class OwnInit(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)


class Shrunk(Steps):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.upconv2 = nn.ConvTranspose2d(512, 128, 3, 2, padding=1)


FORWARD_CAT = [
    (NotCalled, "the output has 128 channels, but it should have 5. `cat` stacks"),
    (NoBottleneck, "`conv4`, `upconv1` are never called: does `forward` need them?"),
    (SwappedArguments, "takes its arguments in the order out_channels, in_channels. It should be"),
    (type("Own", (nn.Module,), {"forward": Steps.forward}), "doesn't inherit from `DocumentUNet`"),
    (NotCalled, "`upconv4` is never called: does `forward` need it?"),
    (OwnInit, "Your class doesn't inherit from `DocumentUNet`, so it has none of its layers"),
    (LostReplacement, "In `__init__`, `upconv2 = …` only makes a variable, which is gone when it"),
    (Shrunk, "kernel 3×3, stride (2, 2), padding (1, 1), output_padding (0, 0)."),
]


@pytest.mark.parametrize(("kind", "says"), FORWARD_CAT)
def test_forward_cat_names(kind, says):
    assert says in exercises.forward_cat.check(kind).text


def test_forward_cat_accepts_layers_of_the_student():
    assert exercises.forward_cat.check(Steps).solved


# -------------------------------------------------------------------------------- an own U-Net
class EmptyList(Student):
    def __init__(self, in_channels, out_channels, depth, base_channels):
        super().__init__(in_channels, out_channels, depth, base_channels)
        layers = iter(self.up)
        assert len(list(layers)) == depth
        self.up = nn.ModuleList(layers)


class Parts(Student):
    """A right answer whose encoder and steps of the decoder are methods."""

    def encoder(self, x):
        skips = [self.into(x)]
        for block in self.down:
            skips.append(block(self.shrink(skips[-1])))
        return skips.pop(), skips

    def step(self, x, skips):
        level = len(skips) - 1
        return self.merge[level](self.join(self.up[level](x), skips.pop(), level))

    def forward(self, x):
        x, skips = self.encoder(x)
        while skips:
            x = self.step(x, skips)
        return self.head(x)


class ReturnsInLoop(Parts):
    def forward(self, x):
        x, skips = self.encoder(x)
        while skips:
            x = self.step(x, skips)
            return self.head(x)


class NoHead(Parts):
    def forward(self, x):
        x, skips = self.encoder(x)
        while skips:
            x = self.step(x, skips)
        return x


class ShrinksWithoutGradient(Parts):
    def shrink(self, x):
        with torch.no_grad():
            return super().shrink(x)


class AlwaysFirstSkip(Student):
    def skip(self, skips, level):
        return skips[0]


KEPT = []


class KeepsOutside(Parts):
    def encoder(self, x):
        x, skips = super().encoder(x)
        KEPT.extend(skips)
        return x, KEPT[: len(skips)]


OWN_UNET = [
    (EmptyList, "No layer is in `up`. Was nothing appended, or was a zip, a generator or a rever"),
    (ReturnsInLoop, "Only 1 of the 2 layers in `merge` ran before it. Does a line stand too far"),
    (NoHead, "the output has 16 channels, but it should have 5."),
    (NoHead, "`head` is never called: does `forward` need it?"),
    (ShrinksWithoutGradient, "`max_pool2d` runs as if inside `torch.no_grad()`, which cuts the"),
    (AlwaysFirstSkip, "`pad` turns 16×24 into 32×48, but a repair only adds or crops a row or a"),
    (KeepsOutside, "a tensor of shape (2, 16, 32, 48) that isn't computed from this image. Was it"),
]


@pytest.mark.parametrize(("kind", "says"), OWN_UNET)
def test_own_unet_names(kind, says):
    KEPT.clear()
    assert says in exercises.own_unet.check(kind).text


def test_own_unet_accepts_the_base_of_these():
    assert exercises.own_unet.check(Parts).solved
