"""The U diagram: what it shows of a network, and that every text in it is only ever text."""

import dataclasses
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.contrast import contrast, linear
from unet_teach import inspect_unet
from unet_teach.inspection.diagram.figure import figure, gallery
from unet_teach.inspection.diagram.layout import GALLERY, SCREEN, layout, size_label_place
from unet_teach.inspection.diagram.model import Drawing, alt_text
from unet_teach.inspection.diagram.svg import STYLE, svg
from unet_teach.networks import UNet
from unet_teach.networks.six_networks import six_networks
from unet_teach.networks.twelve_networks import twelve_networks
from unet_teach.shared import palette

PICTURE = (1, 1, 64, 64)


@pytest.fixture(scope="module")
def six():
    return {k: inspect_unet(network, PICTURE).drawing for k, network in six_networks().items()}


@pytest.fixture(scope="module")
def twelve():
    return {k: inspect_unet(*pair).drawing for k, pair in twelve_networks().items()}


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_unet_has_a_box_for_each_level_and_arm_and_a_skip_for_each_level(depth):
    drawing = inspect_unet(UNet(depth=depth, base_channels=4), PICTURE).drawing
    sides = [64 >> level for level in (*range(depth + 1), *reversed(range(depth)))]
    assert [box.size for box in drawing.boxes] == [f"{side}×{side}" for side in sides]
    assert [box.channels for box in drawing.boxes[: depth + 1]] == [
        4 << i for i in range(depth + 1)
    ]
    assert [skip.kind for skip in drawing.skips if skip.present] == ["cat"] * depth
    for skip in drawing.skips:
        assert drawing.boxes[skip.source].size == drawing.boxes[skip.target].size


def _made_by_modules(network, shape):
    """Return the shapes that each module of the network makes of a real image."""
    made = {}

    def note(path, result):
        if isinstance(result, torch.Tensor):
            made.setdefault(path, []).append(result.shape)

    for path, module in network.named_modules():
        module.register_forward_hook(lambda module, given, result, path=path: note(path, result))
    network.eval()(torch.rand(shape))
    return made


ALL_NETWORKS = [
    *(pytest.param(network, PICTURE, id=f"0{k}") for k, network in six_networks().items()),
    *(pytest.param(*pair, id=f"7{k}") for k, pair in twelve_networks().items()),
]


@pytest.mark.parametrize(("network", "shape"), ALL_NETWORKS)
def test_channels_and_cells_are_those_of_a_tensor_that_the_network_makes(network, shape):
    drawing = inspect_unet(network, shape).drawing
    made = _made_by_modules(network, shape)
    for box in drawing.boxes:
        cells = 1 if box.size == "vector" else math.prod(map(int, box.size.split("×")))
        assert cells * box.channels == math.prod(box.shape)
        if box.module:
            real = {(math.prod(s), c) for s in made[box.module] for c in (s[1], s[-1])}
            assert (math.prod(box.shape), box.channels) in real


class Tokens(nn.Module):
    """Halves and doubles maps of `rank` axes; windows of tokens are folded into the batch."""

    def __init__(self, rank):
        super().__init__()
        self.rank = rank
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
        self.down, self.mix = conv(3, 6, 2, stride=2), nn.Linear(6, 10)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x):
        x = self.down(x)
        n, c, *sizes = x.shape
        parted = x.view(n, c, *(part for size in sizes for part in (size // 2, 2)))
        outer, inner = range(2, 2 + 2 * self.rank, 2), range(3, 3 + 2 * self.rank, 2)
        windows = parted.permute(0, *outer, *inner, 1).reshape(-1, 2**self.rank, c)
        mixed = self.mix(windows).view(n, *(s // 2 for s in sizes), *(2,) * self.rank, 10)
        back = [p for i in range(self.rank) for p in (2 + i, 2 + self.rank + i)]
        order = (0, 1 + 2 * self.rank, *(axis - 1 for axis in back))
        return self.up(mixed.permute(order).reshape(n, 10, *sizes))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("images", [1, 3])
def test_channels_of_windows_are_what_runs_along_no_axis(rank, images):
    sides = (16, 24, 8)[:rank]
    drawing = inspect_unet(Tokens(rank), (images, 3, *sides)).drawing
    halved = "×".join(str(side // 2) for side in sides)
    seen = [(box.size, box.channels) for box in drawing.boxes]
    assert seen == [("×".join(map(str, sides)), 3), (halved, 10), ("×".join(map(str, sides)), 10)]


def test_channels_in_the_last_dimension_are_counted():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.mix = nn.Conv2d(1, 5, 2, stride=2), nn.Linear(5, 7)

        def forward(self, x):
            x = self.mix(self.down(x).permute(0, 2, 3, 1))
            return nn.functional.interpolate(x.permute(0, 3, 1, 2), scale_factor=2)

    boxes = inspect_unet(Last(), (2, 1, 12, 20)).drawing.boxes
    assert [(box.size, box.channels) for box in boxes] == [("12×20", 1), ("6×10", 7), ("12×20", 7)]


def test_every_box_names_a_module_of_its_network():
    for network, shape in twelve_networks().values():
        paths = {name for name, _ in network.named_modules()}
        assert {box.module for box in inspect_unet(network, shape).drawing.boxes} <= paths


def test_down_the_page_means_coarser(six):
    for drawing in six.values():
        places, _, _ = layout(drawing, SCREEN)
        pairs = zip(drawing.boxes, places, strict=True)
        heights = [place.y for _, place in sorted(pairs, key=lambda pair: pair[0].level)]
        assert heights == sorted(heights)


def test_what_is_missing_is_drawn_as_missing(six):
    assert [skip.present for skip in six["B"].skips] == [False] * 3
    assert svg(six["B"]).count('class="udia-absent">✕') == 3
    assert "✕ no partner" in svg(six["D"])
    assert six["F"].skips == ()  # without up-sampling, no skip is missing


def test_a_network_of_one_level_shows_its_own_skips(six):
    assert len(six["C"].boxes) == 8
    assert [(skip.source, skip.target, skip.kind) for skip in six["C"].skips] == [
        (0, 2, "add"),
        (2, 4, "add"),
        (4, 6, "add"),
    ]


def test_the_gallery_gives_no_verdict_away(six):
    figure, said = gallery(six)
    drawn = " ".join(t.get_text() for axes in figure.axes for t in axes.texts)
    for words in (said, drawn):
        assert not re.search("missing|U-Net|✓|✕|UNet", words)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list("ABCDEF")


class Reader(HTMLParser):
    """Collects tags, and the text that a reader sees."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.depth, self.said = [], 0, ""
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith("on") or name == "href" for name, _ in attributes)
        self.depth += 1

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.said += data


NASTY = "<script>alert('x')</script>\"&"


def test_names_are_only_ever_text(six):
    boxes = tuple(dataclasses.replace(box, module=NASTY, operation=NASTY) for box in six["A"].boxes)
    verdicts = tuple(dataclasses.replace(c, sentences=(NASTY, NASTY)) for c in six["A"].criteria)
    nasty = Drawing(NASTY, NASTY, "", boxes, six["A"].skips, verdicts)
    for source in (svg(nasty), svg(Drawing(NASTY, NASTY, NASTY, (), (), ()))):
        reader = Reader(source)
        assert reader.depth == 0
        assert "script" not in reader.tags
        assert NASTY in reader.said
    nasty_names = dataclasses.replace(nasty, title="a $b_{ <i>")
    assert figure(nasty_names)


def test_a_module_of_any_name_is_drawn():
    network = nn.Sequential()
    network.add_module("<b>\"x'", nn.Conv2d(1, 4, 3, stride=2, padding=1))
    network.add_module("up", nn.Upsample(scale_factor=2))
    html = inspect_unet(network, PICTURE)._repr_html_()
    assert "<b>\"x'" not in html
    assert "&lt;b&gt;" in html


def test_equal_drawings_give_equal_bytes():
    torch.manual_seed(0)
    one, two = (inspect_unet(UNet(depth=2, base_channels=4), PICTURE) for _ in range(2))
    assert one._repr_html_() == two._repr_html_()


def test_each_box_can_be_reached_and_says_what_it_is(six):
    source = svg(six["A"])
    assert source.count('tabindex="0" role="img"') == len(six["A"].boxes)
    assert "down.0" not in alt_text(six["A"])
    assert "encoder.3.3: convolution, makes 1 × 64 × 8 × 8" in source


@pytest.mark.parametrize(
    ("lines", "text", "background"),
    [
        (palette.DIAGRAM, palette.DIAGRAM_TEXT, "#FFFFFF"),
        (palette.DIAGRAM_DARK, palette.DIAGRAM_TEXT_DARK, "#111111"),
    ],
    ids=["light", "dark"],
)
def test_text_and_lines_stand_out_from_the_background(lines, text, background):
    assert all(contrast(linear(c), linear(background)) >= 4.5 for c in text.values())
    plain = {name: colour for name, colour in lines.items() if name != "skip"}
    assert all(contrast(linear(c), linear(background)) >= 3 for c in plain.values())


def test_the_styles_touch_nothing_else_on_the_page():
    theme = (Path(palette.__file__).parents[1] / "widgets" / "static" / "theme.css").read_text()
    own = set(re.findall(r"\.([a-z][\w-]*)", STYLE))
    assert own
    assert all(name.startswith("udia") for name in own)
    assert "udia" not in theme


@pytest.mark.parametrize("grid", [SCREEN, GALLERY], ids=["screen", "gallery"])
def test_no_size_leaves_the_picture_or_lies_on_a_box(six, twelve, grid):
    for drawing in (*six.values(), *twelve.values()):
        places, width, height = layout(drawing, grid)
        boxes = [
            (p.x - p.width / 2, p.y - p.height / 2, p.x + p.width / 2, p.y + p.height / 2)
            for p in places
        ]
        labels = []
        for index, box in enumerate(drawing.boxes):
            if (place := size_label_place(drawing, places, index)) is not None:
                x, y, anchor = place
                wide, high = grid.text_width(box.size), grid.font_size / 2
                left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[anchor]
                labels.append((left, y - high, left + wide, y + high))
        assert labels
        for number, (left, top, right, low) in enumerate(labels):
            assert 0 <= left <= right <= width
            assert 0 <= top <= low <= height
            for a, b, c, d in (*boxes, *labels[:number], *labels[number + 1 :]):
                assert right <= a or c <= left or low <= b or d <= top


def test_a_long_path_is_shortened_in_its_line(twelve):
    long = dataclasses.replace(twelve["A"].boxes[0], module="a.very.long.path" * 40)
    source = svg(dataclasses.replace(twelve["A"], boxes=(long,), skips=()))
    lines = re.findall('udia-detail">(.*?)<', source)
    assert all(len(line) < 120 for line in lines)


def test_figures_of_all_twelve_can_be_drawn(twelve, tmp_path):
    gallery(twelve, columns=4)[0].savefig(tmp_path / "twelve.png")
    for drawing in twelve.values():
        figure(drawing).savefig(tmp_path / "one.pdf")
