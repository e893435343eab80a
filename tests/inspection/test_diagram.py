"""The U diagram: what it shows of a network, and that every text in it is only ever text."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.contrast import contrast, linear
from unet_teach import inspect_unet
from unet_teach.inspection import diagram
from unet_teach.inspection.diagram import Drawing, gallery, layout, svg, text
from unet_teach.networks import UNet
from unet_teach.relatives import six_networks
from unet_teach.specimens import twelve_networks

PICTURE = (1, 1, 64, 64)


@pytest.fixture(scope="module")
def six():
    return {k: inspect_unet(network, PICTURE).drawing for k, network in six_networks().items()}


@pytest.fixture(scope="module")
def twelve():
    return {k: inspect_unet(*pair).drawing for k, pair in twelve_networks().items()}


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_unet_has_a_box_a_level_and_arm_and_a_bridge_a_level(depth):
    drawing = inspect_unet(UNet(depth=depth, base_channels=4), PICTURE).drawing
    sides = [64 >> level for level in (*range(depth + 1), *reversed(range(depth)))]
    assert [box.size for box in drawing.boxes] == [f"{side}×{side}" for side in sides]
    assert [box.channels for box in drawing.boxes[: depth + 1]] == [
        4 << i for i in range(depth + 1)
    ]
    assert [b.kind for b in drawing.bridges if b.present] == ["cat"] * depth
    for bridge in drawing.bridges:
        assert drawing.boxes[bridge.source].size == drawing.boxes[bridge.target].size


def test_every_box_names_a_module_of_its_network():
    for network, shape in twelve_networks().values():
        paths = {name for name, _ in network.named_modules()}
        assert {box.module for box in inspect_unet(network, shape).drawing.boxes} <= paths


def test_down_the_page_means_coarser(six):
    for drawing in six.values():
        places, _, _ = layout(drawing)
        pairs = zip(drawing.boxes, places, strict=True)
        heights = [place.y for _, place in sorted(pairs, key=lambda pair: pair[0].level)]
        assert heights == sorted(heights)


def test_what_is_missing_is_drawn_as_missing(six):
    assert [bridge.present for bridge in six["B"].bridges] == [False] * 3
    assert svg(six["B"]).count("✕ missing") == 3


def test_a_network_of_one_level_shows_its_own_bridges(six):
    assert len(six["C"].boxes) == 8
    assert [(b.source, b.target, b.kind) for b in six["C"].bridges] == [
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
    marks = tuple(dataclasses.replace(mark, sentence=NASTY) for mark in six["A"].marks)
    nasty = Drawing(NASTY, NASTY, "", boxes, six["A"].bridges, marks)
    for source in (svg(nasty), svg(Drawing(NASTY, NASTY, NASTY, (), (), ()))):
        reader = Reader(source)
        assert reader.depth == 0
        assert "script" not in reader.tags
        assert NASTY in reader.said
    nasty_names = dataclasses.replace(nasty, title="a $b_{ <i>")
    assert diagram.figure(nasty_names)


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
    assert "down.0" not in text(six["A"])
    assert "encoder.3.3: convolution, makes 1 × 64 × 8 × 8" in source


@pytest.mark.parametrize(
    ("hues", "words", "ground"),
    [
        (diagram.LIGHT, diagram.WORDS, "#FFFFFF"),
        (diagram.DARK, diagram.WORDS_DARK, "#111111"),
    ],
    ids=["light", "dark"],
)
def test_text_and_lines_stand_out_from_the_ground(hues, words, ground):
    assert all(contrast(linear(hue), linear(ground)) >= 4.5 for hue in words.values())
    lines = {name: hue for name, hue in hues.items() if name != "skip"}
    assert all(contrast(linear(hue), linear(ground)) >= 3 for hue in lines.values())


def test_the_styles_touch_nothing_else_on_the_page():
    theme = (Path(diagram.__file__).parents[1] / "widgets" / "static" / "theme.css").read_text()
    own = set(re.findall(r"\.([a-z][\w-]*)", diagram.STYLE))
    assert own
    assert all(name.startswith("udia") for name in own)
    assert "udia" not in theme


def test_no_label_leaves_the_picture(twelve):
    for drawing in twelve.values():
        places, width, _ = layout(drawing)
        for box, place in zip(drawing.boxes, places, strict=True):
            half = diagram.LETTER * len(box.size) / 2
            assert half <= place.x <= width - half
    long = dataclasses.replace(twelve["A"].boxes[0], module="a.very.long.path" * 40)
    source = svg(dataclasses.replace(twelve["A"], boxes=(long,), bridges=()))
    lines = re.findall('udia-detail">(.*?)<', source)
    assert all(len(line) < 120 for line in lines)


def test_figures_of_all_twelve_can_be_drawn(twelve, tmp_path):
    gallery(twelve, columns=4)[0].savefig(tmp_path / "twelve.png")
    for drawing in twelve.values():
        diagram.figure(drawing).savefig(tmp_path / "one.pdf")
