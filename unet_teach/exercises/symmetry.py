"""The exercises of lesson 4, Symmetric architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet
from unet_teach.exercises.engine import Exercise, Rung, Slip
from unet_teach.exercises.flow import Flow
from unet_teach.exercises.ladder import by, exactly, run, said, shape_fault, whole_numbers
from unet_teach.exercises.network_ladder import (
    IN_CHANNELS,
    OUT_CHANNELS,
    a_class,
    affine,
    flows,
    fresh,
    fresh_sizes,
    output_fault,
    raises,
    skip_fault,
)

Forward = Callable[[Any, Tensor], Any]


# ----------------------------------------------------------------------------------- room_for_skips
room_for_skips = Exercise(
    name="room_for_skips",
    lesson=4,
    prompt="How many skip connections is there room for in the document's network?",
    ladder=(
        whole_numbers(),
        exactly(3, "The number of skips", lambda _: "Count the resolutions that are met twice."),
    ),
    answers=(lambda: 3, lambda: 3.0),
    slips=(
        said("as listed", 4, "Four are listed. Which layer makes the 32 channels of skip4?"),
        said("the full size forgotten", 2, "conv1 makes a map as well, at the picture's own size."),
        said("the levels", 5, "A skip joins two maps of one size. Count the sizes met twice."),
        said("both ends counted", 6, "A skip has two ends: you counted each."),
        said("all layers", 8, "Those are the layers. A skip lies between two of them."),
        said("one", 1, "The bottom is one resolution; every resolution above it is met twice."),
    ),
    hints=(
        "Write the four sizes down on the way down, then the sizes on the way up.",
        "32×32 → 16×16 → 8×8 → 4×4 → 8×8 → 16×16 → 32×32: which sizes stand there twice?",
        "One skip for each halving: there are ___ halvings.",
    ),
    solution_text="`3`: three halvings (conv2, conv3, conv4), so three sizes are met twice. "
    "A fourth skip would need a fourth halving, and a layer with 32 channels.",
    praise="Three halvings, three skips. skip4 takes 32 channels that no layer makes: it goes.",
)


# ---------------------------------------------------------------------------------------- arguments
arguments = Exercise(
    name="arguments",
    lesson=4,
    prompt="Colour photographs, each pixel one of 5 classes: which (in_channels, out_channels)?",
    ladder=(
        whole_numbers(2),
        exactly((3, 5), "The pair", lambda _: "First what a pixel is, then what is said of it."),
    ),
    answers=(lambda: (3, 5), lambda: [3, 5]),
    slips=(
        said("the document's", (64, 128), "No photograph has 64 channels: those are conv2's."),
        said("swapped", (5, 3), "The other way round: in_channels is the picture's."),
        said("grey", (1, 5), "A colour photograph has red, green and blue."),
        said("a class map", (3, 1), "One channel answers yes or no. Each class needs its own."),
        said("a background added", (3, 6), "The 5 classes are all there are; background is one."),
        said("the first layer's", (3, 64), "64 is what conv1 makes. What leaves the *network*?"),
    ),
    hints=(
        "How many numbers does one pixel of a colour photograph hold?",
        "What comes out has one channel a class: how much each class is believed.",
        "`(___, 5)`",
    ),
    solution_text="`(3, 5)`: red, green, blue go in, one channel a class comes out.",
    praise="Red, green and blue go in, one channel a class comes out. 64 and 128 live inside.",
)


# ------------------------------------------------------------------------------------- double_conv
def _block(answer: Any, in_channels: int = 3, out_channels: int = 8) -> nn.Module:
    layer: nn.Module = answer(in_channels, out_channels)
    return layer


def _block_type_fault(answer: Any) -> str | None:
    if not callable(answer) or isinstance(answer, nn.Module):
        return (
            "A function was expected, `def double_conv(in_channels, out_channels)`; "
            f"this is of type {type(answer).__name__}."
        )
    made = answer(3, 8)
    if made is None:
        return "Your function returns nothing. Did you forget the word `return`?"
    if not isinstance(made, nn.Module):
        kind = type(made).__name__
        return f"A layer was expected, such as `nn.Sequential(…)`; yours returns a {kind}."
    return None


def _block_shape_fault(answer: Any) -> str | None:
    for height, width in [(7, 11), *fresh_sizes(3)]:
        for into, out in ((3, 8), (8, 4)):
            made = run(_block(answer, into, out), torch.randn(2, into, height, width))
            if isinstance(made, str):
                return made
            where = f"double_conv({into}, {out}) on a {height}×{width} map"
            if fault := shape_fault(made, (2, out, height, width), where):
                return fault
    return None


def _block_flow(answer: Any) -> Flow:
    return Flow(_block(answer), torch.randn(1, 3, 7, 11))


def _block_layers_fault(answer: Any) -> str | None:
    found = _block_flow(answer).convolutions
    if found != 2:
        return f"Two convolutions were wanted. The map goes through {found}."
    kernels = [m.kernel_size for m in _block(answer).modules() if isinstance(m, nn.Conv2d)]
    if wrong := [kernel for kernel in kernels if kernel != (3, 3)]:
        return f"3×3 was wanted. One of the kernels is {by(wrong[0])}."
    return None


def _block_activation_fault(answer: Any) -> str | None:
    flow = _block_flow(answer)
    if flow.bare:
        return "The second convolution takes what the first made, with no activation between."
    if not flow.ends_in_activation:
        return "Nothing but the second convolution at the end: its activation is missing."
    return None


def _sequence(*layers: Callable[[int, int], nn.Module]) -> Callable[[], Any]:
    """An answer that is a sequence of layers, each made from the channels in and out."""
    return lambda: lambda into, out: nn.Sequential(*(layer(into, out) for layer in layers))


def _first(into: int, out: int) -> nn.Module:
    return nn.Conv2d(into, out, 3, padding=1)


def _second(into: int, out: int) -> nn.Module:
    return nn.Conv2d(out, out, 3, padding=1)


def _relu(into: int, out: int) -> nn.Module:
    return nn.ReLU()


def _norm(into: int, out: int) -> nn.Module:
    return nn.BatchNorm2d(out)


class _Block(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(in_channels, out_channels, 3, padding="same")
        self.two = nn.Conv2d(out_channels, out_channels, 3, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.two(F.leaky_relu(self.one(x))))


double_conv = Exercise(
    name="double_conv",
    lesson=4,
    prompt="Write `double_conv`: two 3×3 convolutions that keep height and width, each followed by "
    "its activation.",
    ladder=(
        Rung("a function that makes a layer", _block_type_fault),
        Rung("its shapes", _block_shape_fault),
        Rung("two 3×3 convolutions", _block_layers_fault),
        Rung("its activations", _block_activation_fault),
    ),
    answers=(
        _sequence(_first, _relu, _second, _relu),
        _sequence(_first, _norm, _relu, _second, _norm, _relu),
        lambda: _Block,
    ),
    slips=(
        Slip(
            "no activation between",
            _sequence(_first, _second, _relu),
            lambda a: bool(_block_flow(a).bare) and _block_flow(a).ends_in_activation,
            "Two linear maps in a row are one linear map: the second adds cost and no power.",
        ),
        Slip(
            "no activation at the end",
            _sequence(_first, _relu, _second),
            lambda a: not _block_flow(a).bare and not _block_flow(a).ends_in_activation,
            "The next block begins with a convolution, and the two would be one linear map.",
        ),
        Slip(
            "no activation at all",
            _sequence(_first, _norm, _second),
            lambda a: bool(_block_flow(a).bare) and not _block_flow(a).ends_in_activation,
            "A normalisation is no activation: it scales and shifts, and that is linear.",
        ),
        Slip(
            "padding forgotten",
            _sequence(
                lambda into, out: nn.Conv2d(into, out, 3),
                _relu,
                lambda into, out: nn.Conv2d(out, out, 3),
                _relu,
            ),
            lambda a: _block(a)(torch.zeros(1, 3, 9, 12)).shape[2:] == (5, 8),
            "Each convolution loses a ring of cells, as in the network of 2015. Padding keeps it.",
        ),
        Slip(
            "the second takes what the first took",
            _sequence(_first, _relu, _first, _relu),
            raises(_block, "to have 3 channels, but got 8"),
            "The second convolution is given what the first made: out_channels, not in_channels.",
        ),
        Slip(
            "channels widened twice",
            _sequence(
                _first, _relu, lambda into, out: nn.Conv2d(out, 2 * out, 3, padding=1), _relu
            ),
            lambda a: _block(a)(torch.zeros(1, 3, 9, 12)).shape[1] == 16,
            "The first convolution widens to out_channels, the second keeps them.",
        ),
        Slip(
            "one convolution",
            _sequence(_first, _relu),
            lambda a: _block_flow(a).convolutions == 1,
            "A 3×3 window sees one neighbour. Two in a row see two, and bend the map twice.",
        ),
    ),
    hints=(
        "What stands between two convolutions so that they are not one?",
        "Conv2d, ReLU, Conv2d, ReLU. Which channels does each convolution take and make?",
        "`nn.Sequential(nn.Conv2d(in_channels, ___, 3, padding=1), nn.ReLU(), "
        "nn.Conv2d(___, ___, 3, padding=1), nn.ReLU())`",
    ),
    solution_text="`return nn.Sequential(\n    nn.Conv2d(in_channels, out_channels, 3, padding=1), "
    "nn.ReLU(),\n    nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU(),\n)`",
    praise="Two bends a level, nothing lost at the border.",
)


# ------------------------------------------------------------------- forward, additive and with cat
def _document(answer: Any) -> nn.Module:
    return fresh(answer, IN_CHANNELS, OUT_CHANNELS)


def _builds_fault(answer: Any) -> str | None:
    return output_fault(_document(answer), [(32, 48), *fresh_sizes(8)])


def _document_skips(answer: Any) -> str | None:
    sizes = [(32, 48), (16, 24), (8, 12)]
    return skip_fault(lambda: _document(answer), torch.randn(1, IN_CHANNELS, 32, 48), sizes)


def _kind_of_skips(wanted: str) -> Callable[[Any], str | None]:
    def fault(answer: Any) -> str | None:
        kinds = Flow(_document(answer), torch.randn(1, IN_CHANNELS, 32, 48)).skips
        wrong = [by(size) for size, kind in kinds.items() if kind != wanted]
        words = {"add": "added", "cat": "concatenated"}[wanted]
        return f"At {', '.join(wrong)} the two maps are not {words}." if wrong else None

    return fault


def _bend_fault(answer: Any) -> str | None:
    network, picture = _document(answer), torch.randn(1, IN_CHANNELS, 32, 48)
    if affine(network, picture):
        return (
            "Your network answers the sum of two pictures with the sum of its answers: "
            "all its layers together are one linear map."
        )
    flow = Flow(network, picture)
    for above, below in flow.bare:
        if below < above:
            return f"From {by(above)} to {by(below)} no activation stands between two convolutions."
    if flow.ends_in_activation:
        return "An activation comes last. What leaves the network are logits: any numbers."
    return None


def _document_ladder(kind: str, shown: str) -> tuple[Rung, ...]:
    return (
        a_class(shown),
        Rung("5 classes, as large as the picture", _builds_fault),
        Rung("a skip at each of three sizes", _document_skips),
        Rung({"add": "added", "cat": "concatenated"}[kind], _kind_of_skips(kind)),
        Rung("its activations", _bend_fault),
    )


class _HalfWide(DocumentUNet):
    """Only the first of them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)


class _LastNarrow(ConcatenatingUNet):
    """All but the last of them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.upconv4 = nn.ConvTranspose2d(64, out_channels, 3, padding=1)


def _with(
    join: Callable[[Tensor, Tensor], Tensor],
    *,
    base: type[DocumentUNet] = DocumentUNet,
    bend: Callable[[Tensor], Tensor] = F.relu,
    end: Callable[[Tensor], Any] = lambda x: x,
    level: Callable[[int, Tensor], Tensor] = lambda level, skip: skip,
) -> Callable[[], type[nn.Module]]:
    """A class whose forward joins maps this way; `level` changes the skip of one level."""

    def forward(self: Any, x: Tensor) -> Any:
        skips = []
        for conv in (self.conv1, self.conv2, self.conv3):
            x = bend(conv(x))
            skips.append(x)
        x = bend(self.conv4(x))
        lateral = (self.skip3, self.skip2, self.skip1)
        for i, up in ((2, self.upconv1), (1, self.upconv2), (0, self.upconv3)):
            x = join(bend(up(x)), level(i, lateral[i](skips[i])))
        return end(self.upconv4(x))

    return lambda: type("Student", (base,), {"forward": forward})


def _early(self: Any, x: Tensor) -> Tensor:
    one = F.relu(self.conv1(x))
    two = F.relu(self.conv2(one))
    three = F.relu(self.conv3(two))
    four = F.relu(self.conv4(three))
    x = self.upconv1(four) + two
    return self.upconv4(self.upconv3(self.upconv2(x) + one))  # type: ignore[no-any-return]


def _crossed(self: Any, x: Tensor) -> Tensor:
    one = F.relu(self.conv1(x))
    two = F.relu(self.conv2(one))
    three = F.relu(self.conv3(two))
    x = self.upconv1(F.relu(self.conv4(three))) + self.skip1(one)
    return self.upconv4(self.upconv3(self.upconv2(x) + self.skip2(two)))  # type: ignore[no-any-return]


def _as(forward: Forward, base: type[nn.Module] = DocumentUNet) -> Callable[[], type[nn.Module]]:
    return lambda: type("Student", (base,), {"forward": forward})


def _add(x: Tensor, skip: Tensor) -> Tensor:
    return x + skip


def _cat(x: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([skip, x], dim=1)


def _slips_of_both(
    join: Callable[[Tensor, Tensor], Tensor], base: type[DocumentUNet]
) -> tuple[Slip, ...]:
    """The mistakes that can be made with either way of joining."""

    def zeroed(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, 0 * skip)

    def cut(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, skip.detach())

    def fixed(x: Tensor) -> Tensor:
        return F.interpolate(x, size=(32, 48))

    return (
        Slip(
            "no forward",
            lambda: DocumentUNet,
            raises(_document, "missing the required", "forward"),
            "`__init__` lists the layers. In which order the data meets them, `forward` says.",
        ),
        Slip(
            "one skip left out",
            _with(join, base=base, level=lambda i, skip: 0 * skip if i == 1 else skip),
            flows(_document, lambda flow: 0 < len(flow.skips) < 3),
            "The other sizes have theirs.",
        ),
        Slip(
            "a skip multiplied by zero",
            _with(zeroed, base=base),
            flows(_document, lambda flow: not flow.skips and flow.dead_joins),
            "The join is there, but what comes across is worth nothing: its gradient is zero.",
        ),
        Slip(
            "a detached skip",
            _with(cut, base=base),
            flows(_document, lambda flow: not flow.skips and flow.cut_joins),
            "The join is there, but no gradient goes back across it. Is something detached?",
        ),
        Slip(
            "no activation",
            _with(join, base=base, bend=lambda x: x),
            lambda a: affine(_document(a), torch.randn(1, IN_CHANNELS, 32, 48)),
            "Where does a ReLU belong? After each convolution but the last.",
        ),
        Slip(
            "an activation after the last layer",
            _with(join, base=base, end=F.relu),
            flows(_document, lambda flow: flow.ends_in_activation),
            "The loss applies its own. A ReLU here makes every class at least 0.",
        ),
        Slip(
            "hard-coded size",
            _with(join, base=base, end=fixed),
            lambda a: _document(a)(torch.randn(1, IN_CHANNELS, 40, 32)).shape[2:] == (32, 48),
            "That is the size of the first picture tried. Take sizes from the maps, not a number.",
        ),
        Slip(
            "more than the map returned",
            _with(join, base=base, end=lambda x: (x, x)),
            lambda a: isinstance(_document(a)(torch.randn(1, IN_CHANNELS, 32, 48)), tuple | list),
            "A loss wants the logits alone.",
        ),
    )


forward_add = Exercise(
    name="forward_add",
    lesson=4,
    prompt="Write `forward` for the document's layers, with a skip added at each of three sizes.",
    ladder=_document_ladder("add", "class Additive(DocumentUNet): …"),
    answers=(
        lambda: AdditiveUNet,
        _with(_add),
        _with(lambda x, skip: F.relu(skip + x), bend=F.silu),
    ),
    slips=(
        *_slips_of_both(_add, DocumentUNet),
        Slip(
            "no skip",
            _with(lambda x, skip: x),
            flows(_document, lambda flow: not flow.skips),
            "The data goes down and up and never across: that is an autoencoder.",
        ),
        Slip(
            "skip of another level",
            _as(_early),
            raises(_document, "The size of tensor a"),
            "Two maps of different sizes meet. Which map is as large as what leaves upconv1?",
        ),
        Slip(
            "wrong order",
            _as(_crossed),
            raises(_document, "to have 256 channels, but got 64"),
            "The first map stored is the last one used: the skips are met in reverse.",
        ),
        Slip(
            "concatenated",
            _with(_cat),
            raises(_document, "to have 256 channels, but got 512"),
            "`cat` doubles the channels, and upconv2 takes 256: these layers fit addition.",
        ),
    ),
    hints=(
        "Which maps must you keep on the way down, so that the way up can meet them?",
        "What leaves upconv1 has 256 channels and a quarter of the height. Which convolution made "
        "such a map on the way down?",
        "`one = F.relu(self.conv1(x))`, then two and three; `x = F.relu(self.conv4(three))`; "
        "`x = F.relu(self.upconv1(x)) + self.skip1(___)`; twice more; `return self.upconv4(___)`",
    ),
    solution_text=(
        "`one = F.relu(self.conv1(x))\n"
        "two = F.relu(self.conv2(one))\n"
        "three = F.relu(self.conv3(two))\n"
        "x = F.relu(self.conv4(three))\n"
        "x = F.relu(self.upconv1(x)) + self.skip1(three)\n"
        "x = F.relu(self.upconv2(x)) + self.skip2(two)\n"
        "x = F.relu(self.upconv3(x)) + self.skip3(one)\n"
        "return self.upconv4(x)`"
    ),
    praise="Three skips, each alive, at 32×48, 16×24 and 8×12, and on every other size tried.",
)

forward_cat = Exercise(
    name="forward_cat",
    lesson=4,
    prompt="Now concatenate: change the layers that need it, and join with `torch.cat`.",
    ladder=_document_ladder("cat", "class Concatenating(DocumentUNet): …"),
    answers=(
        lambda: ConcatenatingUNet,
        _with(_cat, base=ConcatenatingUNet),
        _with(lambda x, skip: torch.cat([x, skip], dim=1), base=ConcatenatingUNet, bend=F.gelu),
    ),
    slips=(
        *_slips_of_both(_cat, ConcatenatingUNet),
        Slip(
            "layers unchanged",
            _with(_cat),
            raises(_document, "to have 256 channels, but got 512"),
            "256 from below and 256 from the skip: upconv2 is given 512 channels.",
        ),
        Slip(
            "only the first layer changed",
            _with(_cat, base=_HalfWide),
            raises(_document, "to have 128 channels, but got 256"),
            "upconv2 is right now. The layers above it meet a skip as well.",
        ),
        Slip(
            "joined along the batch",
            _with(lambda x, skip: torch.cat([x, skip], dim=0), base=ConcatenatingUNet),
            raises(_document, "input[2,", "to have 512 channels, but got 256"),
            "dim=0 is the batch. Channels are dim=1.",
        ),
        Slip(
            "added after all",
            _with(_add, base=ConcatenatingUNet),
            raises(_document, "to have 512 channels, but got 256"),
            "The layers wait for twice the channels: here the maps are added, or one is left out.",
        ),
        Slip(
            "the last layer forgotten",
            _with(_cat, base=_LastNarrow),
            raises(_document, "to have 64 channels, but got 128"),
            "upconv4 meets the topmost skip: 64 from below, 64 across.",
        ),
        Slip(
            "the map from below twice",
            _with(lambda x, skip: torch.cat([x, x], dim=1), base=ConcatenatingUNet),
            flows(_document, lambda flow: not flow.skips),
            "Does anything come from the way down? The channels fit, but nothing crosses.",
        ),
    ),
    hints=(
        "How many channels has `torch.cat([a, b], dim=1)` when each has 256?",
        "Three layers take what a join made: upconv2, upconv3, upconv4. Their in_channels double.",
        "`self.upconv2 = nn.ConvTranspose2d(___, 128, 3, stride=2, padding=1, output_padding=1)`, "
        "and `x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=___)`",
    ),
    solution_text=(
        "In `__init__`:\n"
        "`self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)\n"
        "self.upconv3 = nn.ConvTranspose2d(256, 64, 3, stride=2, padding=1, output_padding=1)\n"
        "self.upconv4 = nn.ConvTranspose2d(128, out_channels, 3, padding=1)`\n"
        "In `forward`, three times, as in:\n"
        "`x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=1)`"
    ),
    praise="Three joins side by side, and the three layers above them take twice the channels.",
)
