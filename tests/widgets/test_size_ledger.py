"""SizeLedger in Python: checked traits, sizes and parameters as torch has them, text, figure."""

import inspect
import itertools
import subprocess
import sys
from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere
from traitlets import TraitError

from unet_teach.networks import UNet
from unet_teach.networks import unet as networks
from unet_teach.widgets import SizeLedger, Step
from unet_teach.widgets.size_ledger_words import effect
from unet_teach.widgets.unet_sizes import CHOICES, DEFAULTS, Options, costs, ledger, nearest

SIZES = ["height", "width", "depth", "base_channels", "in_channels", "out_channels"]
DOWN, UP = CHOICES["down"], CHOICES["up"]
NONSENSE = [-1, 0, 10**9, 2.5, "3", None, True, (200, 300), float("nan")]
UNKNOWN = ["full", "", None, 1, 2.5, [], {}, ["crop"], object()]
KINDS = list(itertools.product([1, 2, 4], CHOICES["padding"], DOWN, UP, [True, False]))


def network(o):
    """The network that these options describe, without numbers."""
    with torch.device("meta"):
        return UNet(
            o.in_channels,
            o.out_channels,
            depth=o.depth,
            base_channels=o.base_channels,
            down=o.down,
            up=o.up,
            padding=o.padding,
            norm=o.norm,
        ).eval()


def sizes_in(model, o):
    """Run it and write down the size that leaves each part, by the names of the ledger."""
    seen = {}
    depth = o.depth
    parts = {("encoder", i): module for i, module in enumerate(model.encoder)}
    parts |= {("enters", i + 1): module for i, module in enumerate(model.down)}
    parts |= {("arrives", depth - 1 - i): module for i, module in enumerate(model.up)}
    parts |= {("decoder", depth - 1 - i): module for i, module in enumerate(model.decoder)}
    for place, module in parts.items():
        module.register_forward_hook(
            lambda _module, _args, out, place=place: seen.update({place: list(out.shape[2:])})
        )
    model(torch.zeros(1, o.in_channels, o.height, o.width, device="meta"))
    return seen


def options(depth, padding, down, up, norm, **more):
    return Options(depth=depth, padding=padding, down=down, up=up, norm=norm, **more)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_parameters_are_those_of_the_network(kind):
    o = options(*kind, base_channels=5, in_channels=3, out_channels=4)
    model, result = network(o), ledger(o)
    assert result["parameters"] == sum(p.numel() for p in model.parameters())
    for level in result["levels"]:  # each level with the layers that lead to it
        i = level["level"]
        parts = [model.encoder[i], *(model.down[i - 1 : i] if i else [])]
        if i < o.depth:
            parts += [model.up[o.depth - 1 - i], model.decoder[o.depth - 1 - i]]
        parts += [] if i else [model.head]
        assert level["parameters"] == sum(p.numel() for part in parts for p in part.parameters())
        assert level["channels"] == 5 * 2**i


def test_the_network_of_2015_weighs_31_million():
    assert SizeLedger(norm=False, out_channels=2, padding="valid").parameters == 31_030_658


@pytest.mark.parametrize("kind", [kind[:4] for kind in KINDS if kind[4]], ids=str)
def test_sizes_are_those_of_the_network_as_far_as_it_needs_no_repair(kind):
    sides = [(188, 221), (192, 208), (237, 191)] if kind[1] == "valid" else [(37, 53), (80, 112)]
    for height, width in sides:
        o = options(*kind, True, height=height, width=width, base_channels=1)
        result, model = ledger(o), network(o)
        if min(height, width) < model.smallest_side:
            assert not result["fits"]
            continue
        seen = sizes_in(model, o)
        for level in result["levels"]:
            i = level["level"]
            for name in ("enters", "encoder", "arrives", "decoder"):
                if level[name] and (name, i) in seen:
                    assert level[name] == seen[name, i], (name, i)
        if result["fits"]:
            assert result["output_size"] == seen["decoder", 0]
        else:
            part = result["levels"][result["mismatch_at"]]
            assert seen["arrives", part["level"]] != seen["encoder", part["level"]]


@pytest.mark.parametrize("down", DOWN)
def test_a_size_fits_exactly_if_it_is_divisible(down):
    for depth, side in itertools.product([1, 3], range(1, 40)):
        o = Options(height=side, width=side, depth=depth, down=down)
        assert ledger(o)["fits"] == (side % 2**depth == 0)


@pytest.mark.parametrize("down", DOWN)
def test_without_padding_exactly_the_pictures_that_the_network_takes_fit(down):
    smallest = UNet(depth=2, base_channels=1, padding="valid", down=down).smallest_side
    for side in range(1, 80):
        o = Options(height=side, width=100, depth=2, down=down, padding="valid")
        assert ledger(o)["fits"] == (side >= smallest)


@pytest.mark.parametrize(
    ("side", "depth", "where"),
    [
        # without padding: 12 → 8 → 4 → 0; 14 → 10 → 5 → 1 → 2 → 0; 18 → 14 → 7 → 3 → 6 → 2
        (4, 1, ("down", 0)),
        (12, 1, ("down", 1)),
        (13, 1, ("down", 1)),
        (14, 1, ("up", 0)),
        (17, 1, ("up", 0)),
        (18, 1, (None, None)),
        (28, 2, ("down", 2)),
        (32, 2, ("up", 1)),
        (36, 2, ("up", 1)),
        (42, 2, ("up", 0)),
        (44, 2, (None, None)),
    ],
)
def test_where_less_than_one_row_is_left(side, depth, where):
    for height, width in ((side, 188), (188, side), (side, side)):
        result = ledger(Options(height, width, depth=depth, padding="valid"))
        assert (result["vanishes_on"], result["vanishes_at"]) == where
        assert result["fits"] == (where[0] is None)


def test_nothing_vanishes_where_sizes_do_not_match():
    result = ledger(Options(height=6, depth=2))
    assert (result["mismatch_at"], result["vanishes_on"], result["vanishes_at"]) == (1, None, None)


@pytest.mark.parametrize("down", DOWN)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_receptive_field_is_where_the_gradient_comes_from(depth, down):
    o = Options(depth=depth, down=down, base_channels=1)
    side = 2**depth * (2 + ledger(o)["receptive_field"] // 2**depth)
    model = UNet(depth=depth, base_channels=1, down=down, norm=False).double()
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    halvings = [nn.AvgPool2d(2) if down == "max_pool" else layer for layer in model.down]
    x = torch.ones(1, 1, side, side, dtype=torch.double, requires_grad=True)
    y = model.encoder[0](x)
    for halve, convs in zip(halvings, model.encoder[1:], strict=True):
        y = convs(halve(y))
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    reached = x.grad[0, 0].nonzero()
    extent = reached.max(dim=0).values - reached.min(dim=0).values + 1
    assert extent.tolist() == [ledger(o)["receptive_field"]] * 2


def test_the_first_mismatch_is_found_from_below():
    ours = SizeLedger(height=200, width=300, depth=4, down="strided_conv")
    assert (ours.fits, ours.mismatch_at) == (False, 3)
    assert ours.levels[3]["encoder"] == [25, 38]
    assert ours.levels[3]["arrives"] == [26, 38]
    assert ours.levels[3]["decoder"] is ours.levels[2]["arrives"] is None
    assert ours.nearest == {"height": (192, 208), "width": (288, 304)}
    assert ours.error == (
        "The height doesn't match: the skip is 25×38, but the decoder brings 26×38. "
        "Sizes that fit: height 192 or 208, width 288 or 304."
    )


def test_a_map_of_less_than_one_row_is_an_error_and_padding_the_input_its_only_repair():
    ours = SizeLedger(height=5)
    assert (ours.fits, ours.mismatch_at) == (False, None)
    assert "Less than one row or column is left at level 3" in ours.error
    assert [cost["repair"] for cost in costs(ours.options) if cost["fits"]] == ["pad_input"]
    valid = SizeLedger(height=100, width=572, padding="valid")
    assert not valid.fits
    assert valid.nearest == {"height": (None, 188), "width": (572, 572)}


def test_output_padding_undoes_a_pool_with_kernel_2_and_a_strided_convolution_with_kernel_3():
    for down, up in itertools.product(DOWN, [f"conv_transpose_{k}" for k in (2, 3, 4)]):
        ours = SizeLedger(height=37, width=53, depth=3, down=down, up=up, repair="output_padding")
        assert ours.fits == ((down == "max_pool") == (up != "conv_transpose_3"))


def test_the_output_padding_it_chooses_brings_torch_to_the_skip():
    ours = SizeLedger(height=37, width=53, depth=3, repair="output_padding")
    for above, below in itertools.pairwise(ours.levels):
        layer = nn.ConvTranspose2d(1, 1, 2, stride=2, output_padding=above["output_padding"])
        came = layer(torch.zeros(1, 1, *(below["decoder"] or below["encoder"])))
        assert list(came.shape[2:]) == above["encoder"]


def test_a_mismatch_names_the_sides_that_are_wrong():
    assert ledger(Options(height=200, width=304))["wrong"] == ["height"]
    assert ledger(Options(height=208, width=300))["wrong"] == ["width"]
    assert ledger(Options())["wrong"] == ["height", "width"]
    assert ledger(Options(repair="crop"))["wrong"] == []
    assert "The width doesn't match: the skip is 26×37" in SizeLedger(height=208).error
    assert "Height and width don't match" in SizeLedger().error


@pytest.mark.parametrize(
    ("repair", "down", "output"),
    [
        ("pad_input", "max_pool", [200, 300]),
        ("crop", "max_pool", [192, 288]),
        ("crop", "strided_conv", [200, 300]),
        ("pad", "max_pool", [200, 300]),
        ("pad", "strided_conv", [200, 300]),
        ("resize", "max_pool", [200, 300]),
    ],
)
def test_a_repair_reaches_the_top(repair, down, output):
    ours = SizeLedger(height=200, width=300, down=down, repair=repair)
    assert ours.fits
    assert ours.error == ""
    came = f"{output[0]}×{output[1]}"
    assert repr(ours).startswith(f"SizeLedger · 200×300, depth 4 ✓ {came} comes out · {repair}: ")


def run_repaired(o):
    """Run a network of torch with a repair; write down sizes, and the zeros that padding adds."""
    model, repair = network(o), o.repair
    x = torch.zeros(1, o.in_channels, *ledger(o)["input_size"], device="meta")
    skips, sizes, zeros = [], {}, {}
    x = model.encoder[0](x)
    for down, convs in zip(model.down, model.encoder[1:], strict=True):
        skips.append(x)
        x = convs(down(x))
    for level, up, convs in zip(reversed(range(o.depth)), model.up, model.decoder, strict=True):
        skip = skips.pop()
        if repair == "output_padding":  # torch chooses it for this size, or refuses
            x = up(x, output_size=skip.shape[2:]) if isinstance(up, nn.ConvTranspose2d) else up(x)
        else:
            x = up(x)
        both = [list(skip.shape[2:]), list(x.shape[2:])]
        pairs = list(zip(*both, strict=True))
        if repair == "crop":
            height, width = map(min, pairs)
            skip, x = skip[..., :height, :width], x[..., :height, :width]
        if repair == "pad":
            height, width = map(max, pairs)
            padding = [(0, width - w, 0, height - h) for h, w in both]
            skip, x = F.pad(skip, padding[0]), F.pad(x, padding[1])
            ones = [
                F.pad(torch.ones(*size), edge) for size, edge in zip(both, padding, strict=True)
            ]
            zeros[level] = sum(int((padded == 0).sum()) for padded in ones)
        if repair == "resize":
            x = F.interpolate(x, size=skip.shape[2:])
        x = convs(torch.cat([skip, x], dim=1))
        sizes[level] = [*both, list(x.shape[2:])]
    return (
        sizes,
        zeros,
        [min(n, limit) for n, limit in zip(x.shape[2:], (o.height, o.width), strict=True)],
    )


@pytest.mark.parametrize("repair", CHOICES["repair"][1:])
@pytest.mark.parametrize("down", DOWN)
@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("sides", [(200, 300, 4), (37, 53, 3), (255, 130, 6), (21, 8, 1)], ids=str)
def test_a_repair_does_to_a_network_of_torch_what_the_ledger_says(repair, down, up, sides):
    height, width, depth = sides
    more = {"base_channels": 1, "norm": False}
    o = Options(height, width, depth, down=down, up=up, repair=repair, **more)
    cost = next(cost for cost in costs(o) if cost["repair"] == repair)
    if not cost["fits"]:
        assert repair == "output_padding"
        with pytest.raises((ValueError, RuntimeError)):
            run_repaired(o)
        return
    sizes, zeros, output = run_repaired(o)
    assert output == cost["output_size"]
    for level in ledger(o)["levels"][:-1]:
        names = ("encoder", "arrives", "decoder")
        assert [level[name] for name in names] == sizes[level["level"]]
    if repair == "pad":
        counted = {
            level["level"]: n for level, n in zip(cost["changed"], cost["zeros"], strict=True)
        }
        assert {level: n for level, n in zeros.items() if n} == counted
    if repair == "resize":
        ratios = [
            a / b for _, came, done in sizes.values() for a, b in zip(done, came, strict=True)
        ]
        assert cost["stretch"] == pytest.approx(100 * max(abs(ratio - 1) for ratio in ratios))


@pytest.mark.parametrize("kernel", [2, 4])
def test_cells_that_output_padding_adds_hold_bias_alone_exactly_with_kernel_2(kernel):
    o = Options(height=37, width=53, depth=1, up=f"conv_transpose_{kernel}")
    cost = next(cost for cost in costs(o) if cost["repair"] == "output_padding")
    level = cost["changed"][0]
    below = ledger(o)["levels"][1]["encoder"]
    layer = network(o).up[0]
    settings = {name: getattr(layer, name) for name in ("kernel_size", "stride", "padding")}
    real = nn.ConvTranspose2d(1, 1, output_padding=level["output_padding"], **settings)
    came = real(torch.rand(1, 1, *below))[0, 0]
    assert list(came.shape) == level["encoder"]
    alone = bool((came[-1] == real.bias).all() and (came[:, -1] == real.bias).all())
    assert alone == (kernel == 2)
    assert effect(o, cost) == f"(1, 1): {'bias only there' if alone else 'all computed'}"


@pytest.mark.parametrize(
    ("more", "effects"),
    [
        (
            {},
            [
                "",
                "208×304 goes in, 5.4\u00a0% more pixels",
                "skip 25×37 → 24×36; output 192×288",
                "61 zeros a channel, then 50 at level 2",
                "(1, 1), then (0, 1): bias only there",
                "24×36 → 25×37; stretched by 4.2\u00a0%",
            ],
        ),
        (
            {"down": "strided_conv"},
            [
                "",
                "208×304 goes in, 5.4\u00a0% more pixels",
                "decoder → 25×38; output 200×300",
                "38 zeros a channel and 3 more levels",
                "13 → 26 or 27, never 25",
                "26×38 → 25×38; shrunk by 3.8\u00a0%",
            ],
        ),
        (
            {"height": 208, "width": 304},
            ["", *["nothing to repair"] * 5],
        ),
        (
            {"height": 572, "width": 572, "padding": "valid"},
            ["", "764×764 goes in, 78\u00a0% more pixels", *["skips are cropped anyway"] * 4],
        ),
        (
            {"height": 5},
            [
                "",
                "16×304 goes in, 224\u00a0% more pixels",
                *["no help: nothing is left at level 3"] * 4,
            ],
        ),
        (
            {"up": "bilinear", "width": 304},
            [
                "",
                "208×304 goes in, 4.0\u00a0% more pixels",
                "skip 25×38 → 24×38; output 192×304",
                "38 zeros a channel",
                "bilinear has no output_padding",
                "24×38 → 25×38; stretched by 4.2\u00a0%",
            ],
        ),
    ],
    ids=str,
)
def test_every_repair_says_what_it_does_with_these_numbers(more, effects):
    o = Options(**more)
    assert [effect(o, cost) for cost in costs(o)] == effects


def test_mirroring_the_border_gives_every_pixel_an_answer_without_padding():
    ours = SizeLedger(height=388, width=389, padding="valid", repair="pad_input")
    assert ours.levels[0]["enters"] == [572, 588]
    assert ours.levels[0]["decoder"] == [388, 404]


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
@pytest.mark.parametrize("name", SIZES)
def test_a_size_that_is_none_is_refused_and_changes_nothing(name, value):
    ours = SizeLedger(height=37, width=53)
    before = ours.options
    with pytest.raises(TraitError, match=rf"^{name}=.* takes a whole number from \d+ to \d+\.$"):
        setattr(ours, name, value)
    assert ours.options == before


@pytest.mark.parametrize("value", UNKNOWN, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", CHOICES)
def test_an_unknown_choice_is_refused_with_those_that_are_known(name, value):
    ours = SizeLedger(
        padding="valid", down="strided_conv", up="bilinear", norm=False, repair="crop"
    )
    before = ours.options
    with pytest.raises(TraitError, match=rf"(?s)^{name}=.* is not known: {name} is .+ or .+\.$"):
        setattr(ours, name, value)
    assert ours.options == before


@pytest.mark.parametrize(
    "name", ["fits", "mismatch_at", "levels", "parameters", "nearest", "error"]
)
def test_what_is_worked_out_cannot_be_set(name):
    with pytest.raises(TraitError, match="read-only"):
        setattr(SizeLedger(), name, None)


def test_whoever_observes_a_result_finds_the_others_new():
    ours = SizeLedger(height=200, width=304)
    heard = []
    ours.observe(lambda change: heard.append((change.new, ours.fits, ours.error)), "mismatch_at")
    ours.height = 208
    assert heard == [(None, True, "")]


def test_its_text_form_says_what_it_shows_and_holds_no_address():
    line = (
        "SizeLedger · 200×300, depth 4 ✕ sizes don't match at level 3 · Height and width don't "
        "match: the skip is 25×37, but the decoder brings 24×36. "
        "Sizes that fit: height 192 or 208, width 288 or 304."
    )
    ours = SizeLedger()
    assert repr(ours) == line
    assert ours._repr_mimebundle_()[0]["text/plain"] == line
    assert repr(SizeLedger(width=304, height=208)).endswith(
        "✓ 208×304 comes out · 31,036,481 parameters"
    )
    assert repr(SizeLedger(repair="pad")).endswith(
        " · pad: 61 zeros a channel, then 50 at level 2 · 31,036,481 parameters"
    )


def test_steps_may_wait_for_what_comes_out():
    states = [{"fits": True}, {"mismatch_level": 3}, {"output_size": (192, 288)}, {"depth": 2}]
    ours = SizeLedger(steps=[Step("Look.", when=state) for state in states])
    assert [step["when"] for step in ours.steps] == [[state] for state in states]
    with pytest.raises(TraitError, match=r"asks for 'parameters'\. This widget has .*fits"):
        SizeLedger(steps=[Step("Look.", when={"parameters": 1})])


@pytest.mark.parametrize(
    "shown",
    [{}, {"repair": "crop"}, {"depth": 6}, {"depth": 1}, {"height": 5}, {"padding": "valid"}],
    ids=str,
)
def test_its_figure_says_the_headline_and_every_size(shown):
    ours = SizeLedger(**shown)
    figure = ours.figure()
    assert figure.axes[0].get_title("left") in repr(ours)
    texts = [text.get_text() for text in figure.axes[0].texts]
    for level in ours.levels:
        size = level["encoder"]
        assert not size or any(text.startswith(f"{size[0]}×{size[1]}") for text in texts)
        assert not size or any(text.startswith(f"{level['channels']:,} ch") for text in texts)
    assert ours.mismatch_at is None or any(text.endswith("✕") for text in texts)
    assert ("not reached" in texts) == (not ours.fits)
    figure.canvas.draw()


@pytest.mark.parametrize("name", ["down", "up", "padding"])
def test_it_names_the_options_that_the_network_has(name):
    assert get_args(getattr(networks, name.capitalize())) == tuple(CHOICES[name])


@pytest.mark.parametrize("name", [*DEFAULTS, "padding", "down", "up", "norm"])
def test_its_defaults_are_those_of_the_network(name):
    parameters = inspect.signature(UNet).parameters
    if name in ("height", "width"):  # of the image; the network takes any
        assert name not in parameters
    else:
        assert parameters[name].default == getattr(SizeLedger(), name)


@pytest.mark.parametrize(("conv", "padding"), [("padded", "same"), ("valid", "valid")])
def test_the_older_spelling_of_padding_is_read(conv, padding):
    assert SizeLedger(conv=conv).padding == padding
    with pytest.raises(TypeError, match=r"the same option\. Use padding alone\."):
        SizeLedger(conv=conv, padding=padding)


def test_an_unknown_value_in_the_older_spelling_is_refused():
    with pytest.raises(TraitError, match=r"^padding='full' is not known: padding is 'same' or"):
        SizeLedger(conv="full")


def test_it_needs_no_torch():
    program = (
        "import sys, unet_teach.widgets as widgets\n"
        "widgets.SizeLedger(height=37).describe()\n"
        "print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


@pytest.mark.parametrize(
    ("side", "padding", "sides"),
    [
        (1023, "same", (1008, 1024)),
        (15, "same", (None, 16)),
        (1024, "valid", (1020, None)),  # the next one, 1036, is beyond the slider's end
        (187, "valid", (None, 188)),
        (188, "valid", (188, 188)),
    ],
)
def test_the_nearest_sides_lie_between_1_and_1024(side, padding, sides):
    assert nearest(side, Options(depth=4, padding=padding)) == sides


def test_sizes_are_told_as_far_as_both_sides_get():
    names = ("enters", "encoder", "arrives", "joined", "decoder")

    def told(**options):
        levels = ledger(Options(depth=2, repair="none", **options))["levels"]
        return [[level[name] for name in names] for level in levels]

    # 30 is halved to 15 and 7, and comes back as 14; 32 would fit.
    assert told(height=30, width=32) == [
        [[30, 32], [30, 32], None, None, None],
        [[15, 16], [15, 16], [14, 16], None, None],
        [[7, 8], [7, 8], None, None, None],
    ]
    # Each level takes 4 from 12 and from 40; 12 has nothing left at level 1.
    assert told(height=12, width=40, padding="valid") == [
        [[12, 40], [8, 36], None, None, None],
        [[4, 18], [0, 14], None, None, None],
        [None] * 5,
    ]


def test_an_image_of_one_pixel_can_come_back():
    result = ledger(Options(height=1, width=1, depth=1, down="strided_conv", repair="crop"))
    assert (result["fits"], result["output_size"]) == (True, [1, 1])
