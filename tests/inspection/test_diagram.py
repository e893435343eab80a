"""The U diagram: what it shows of a network, and that every text in it is only ever text."""

import dataclasses
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from diagnosis_examples import EXAMPLES
from near_misses import CASES
from stopped_networks import STOPPED
from torch import nn

from tests.contrast import contrast, linear
from unet_teach import inspect_unet
from unet_teach.inspection.diagram.figure import figure, gallery
from unet_teach.inspection.diagram.geometry import GALLERY, PRESENT, SCREEN, STOP_RADIUS, Place
from unet_teach.inspection.diagram.layout import layout
from unet_teach.inspection.diagram.model import Drawing, alt_text
from unet_teach.inspection.diagram.page import page
from unet_teach.inspection.diagram.style import STYLE
from unet_teach.inspection.diagram.svg import picture
from unet_teach.networks import UNet
from unet_teach.networks.document import AdditiveUNet
from unet_teach.networks.six_networks import six_networks
from unet_teach.networks.twelve_networks import twelve_networks
from unet_teach.shared import palette
from unet_teach.widgets import SizeLedger

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
        places = layout(drawing, SCREEN).places
        pairs = zip(drawing.boxes, places, strict=True)
        heights = [place.y for _, place in sorted(pairs, key=lambda pair: pair[0].level)]
        assert heights == sorted(heights)


def test_what_is_missing_is_drawn_as_missing(six):
    assert [skip.present for skip in six["B"].skips] == [False] * 3
    assert picture(six["B"], SCREEN).count(">✕ missing<") == 3
    assert ">✕ no partner<" in picture(six["D"], SCREEN)
    assert six["F"].skips == ()  # without up-sampling, no skip is missing


def test_a_network_of_one_level_shows_its_own_skips(six):
    assert len(six["C"].boxes) == 8
    assert [(skip.source, skip.target, skip.kind) for skip in six["C"].skips] == [
        (0, 2, "add"),
        (2, 4, "add"),
        (4, 6, "add"),
    ]


def test_words_of_the_gallery_have_11_pixels_where_a_book_or_a_phone_shows_it(six):
    drawn, _ = gallery(six)
    assert drawn.get_figwidth() * drawn.dpi <= 740  # so that no page shrinks it
    words = [text for axes in drawn.axes for text in axes.texts]
    assert min(text.get_size() * drawn.dpi / 72 for text in words) >= 11


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


def test_a_network_that_stops_at_a_skip_is_drawn_up_to_it():
    report = inspect_unet(*STOPPED["skip"])
    drawing = report.drawing
    assert report.verdict == "The network stops at its first skip connection."
    reached = [box.size for box in drawing.boxes if box.reached]
    assert reached == ["200×300", "100×150", "50×75", "25×37", "12×18", "24×36"]
    assert [box.size for box in drawing.boxes if not box.reached] == ["50×75", "100×150", "200×300"]
    assert [(s.source, s.target, s.kind) for s in drawing.skips] == [
        (3, 5, "mismatch"),
        (2, 6, "not reached"),
        (1, 7, "not reached"),
        (0, 8, "not reached"),
    ]
    assert drawing.stop.label == "25×37 ≠ 24×36"
    assert drawing.stop.ledger == "SizeLedger(height=200, width=300, depth=4, base_channels=4)"
    assert [criterion.met for criterion in drawing.criteria] == [True, True, None, None]
    assert not any(criterion.met for criterion in report.criteria)


def test_the_size_ledger_that_is_offered_stops_at_the_same_level():
    for name, level in (("skip", 3), ("second skip", 1), ("deep", 5)):
        stop = inspect_unet(*STOPPED[name]).drawing.stop
        ledger = eval(stop.ledger, {"SizeLedger": SizeLedger})
        assert ledger.mismatch_at == level
    additive = inspect_unet(AdditiveUNet(3, 5), (1, 3, 50, 70)).drawing.stop
    assert 'down="strided_conv"' in additive.ledger
    ledger = eval(additive.ledger, {"SizeLedger": SizeLedger})
    assert ledger.levels[2]["encoder"] == [13, 18]
    assert inspect_unet(*STOPPED["last layer"]).drawing.stop.ledger == ""
    channels = EXAMPLES["added maps have different channels"][0]()
    assert inspect_unet(channels.model, *channels.args).drawing.stop.ledger == ""


def test_a_second_skip_that_fails_leaves_the_first_as_present():
    report = inspect_unet(*STOPPED["second skip"])
    assert report.verdict == "The network stops at its second skip connection."
    kinds = [(skip.kind, skip.present) for skip in report.drawing.skips]
    assert kinds == [("cat", True), ("mismatch", False), ("not reached", False)]


def test_a_network_that_stops_in_a_layer_has_the_mark_behind_the_last_box():
    for name, label, after in (
        ("last layer", "8 ch ≠ 24 ch", 4),
        ("first layer", "1 ch ≠ 3 ch", 0),
        ("bottleneck", "8 ch ≠ 4 ch", 2),
    ):
        drawing = inspect_unet(*STOPPED[name]).drawing
        assert (drawing.stop.label, drawing.stop.after) == (label, after)
        assert [box.reached for box in drawing.boxes] == [True] * (after + 1) + [False] * (
            after == 0
        )


def test_a_network_that_stops_at_once_shows_that_nothing_comes_after_its_input():
    drawing = inspect_unet(*STOPPED["first layer"]).drawing
    made = layout(drawing, SCREEN)
    (first, rest), ((x, y), label) = made.places, made.stop
    assert first.right < x < rest.left
    assert (y, first.width) == (first.y, SCREEN.largest)
    written = label.place(SCREEN)
    assert first.right < written.left < written.right < rest.left
    assert [text.text for text in made.labels[1]] == ["not reached"]


def test_the_line_that_failed_has_the_sizes_under_its_names():
    code = inspect_unet(*STOPPED["skip"]).drawing.stop.code
    assert code.source == "x = torch.cat([skip, x], dim=1)"
    assert code.marks() == ["               25×37 24×36"]
    assert [code.source[a:b] for a, b, _ in code.shapes] == ["skip", "x"]
    assert re.fullmatch(r"stopped_networks.py, line \d+, in forward", code.where)
    channels = inspect_unet(*STOPPED["last layer"]).drawing.stop.code
    assert [shape for *_, shape in channels.shapes] == ["1×8×64×64"]
    fixed = EXAMPLES["number of positions is fixed"][0]()
    positions = inspect_unet(fixed.model, *fixed.args).drawing.stop.code
    assert [shape for *_, shape in positions.shapes] == ["1×3×64×64", "1×16×4"]


def test_why_and_the_next_step_are_apart_and_have_no_backticks_on_the_page():
    for model, shape in STOPPED.values():
        report = inspect_unet(model, shape)
        stop = report.drawing.stop
        assert stop.why
        assert stop.next_step
        assert stop.error.startswith(("RuntimeError: ", "NotImplementedError: "))
        assert stop.why in report.problem
        assert "`" not in report._repr_html_()
        text = Reader(report._repr_html_()).said
        assert "Why." in text
        assert "Next step." in text


def test_levels_of_the_facts_are_plain_numbers():
    facts = inspect_unet(UNet(depth=2, base_channels=4), PICTURE).criteria.downsampling.facts
    assert str(facts["levels"]) == "[0, 1, 2]"


NASTY = "<script>alert('x')</script>\"&"


def test_names_are_only_ever_text(six):
    boxes = tuple(dataclasses.replace(box, module=NASTY, operation=NASTY) for box in six["A"].boxes)
    verdicts = tuple(dataclasses.replace(c, sentences=(NASTY, NASTY)) for c in six["A"].criteria)
    nasty = Drawing(NASTY, NASTY, "", boxes, six["A"].skips, verdicts)
    for source in (page(nasty), page(Drawing(NASTY, NASTY, NASTY, (), (), ()))):
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
    source = picture(six["A"], SCREEN)
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
    static = Path(palette.__file__).parents[1] / "widgets" / "static"
    styles = [file.read_text() for file in static.glob("*.css")]
    assert styles
    own = set(re.findall(r"\.([a-z][\w-]*)", STYLE))
    assert own
    assert all(name.startswith("udia") for name in own)
    assert not any("udia" in style for style in styles)


@pytest.fixture(scope="module")
def drawings(six, twelve):
    """Networks of every kind, and every way to fail that has a diagnosis."""
    odd = [make() for make in CASES.values()]
    broken = [make() for make, _ in EXAMPLES.values()]
    return [
        *six.values(),
        *twelve.values(),
        *(inspect_unet(*network).drawing for network in STOPPED.values()),
        *(inspect_unet(model, *args).drawing for model, args, _ in odd),
        *(inspect_unet(model, *args, **kwargs).drawing for model, args, kwargs in broken),
    ]


def test_every_report_can_be_written(drawings):
    for drawing in drawings:
        assert Reader(page(drawing)).depth == 0
        assert "nan" not in picture(drawing, SCREEN) if drawing.boxes else drawing.problem


def _overlap(a, b):
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


@pytest.mark.parametrize("grid", [SCREEN, PRESENT, GALLERY], ids=["screen", "present", "gallery"])
def test_no_label_leaves_the_picture_or_lies_on_a_box_or_another_label(drawings, grid):
    for drawing in drawings:
        made = layout(drawing, grid)
        texts = [text for texts in made.labels for text in texts]
        texts += [line.label for line in made.skips if line.label]
        texts += [made.stop[1]] if made.stop and made.stop[1] else []
        labels = [text.place(grid) for text in texts]
        if made.stop:
            side = 2 * STOP_RADIUS * grid.font_size
            ring = Place(*made.stop[0], side, side)
            assert not any(_overlap(ring, other) for other in (*made.places, *labels))
        for number, label in enumerate(labels):
            assert -0.1 <= label.left <= label.right <= made.width + 0.1, texts[number]
            assert -0.1 <= label.top <= label.bottom <= made.height + 0.1, texts[number]
            for other in (*made.places, *labels[number + 1 :]):
                assert not _overlap(label, other), texts[number]


def test_boxes_are_to_scale_and_the_largest_has_the_size_that_fits():
    drawing = inspect_unet(UNet(depth=2, base_channels=4), (1, 1, 96, 160)).drawing
    for grid in (SCREEN, PRESENT):
        places = layout(drawing, grid).places
        first = places[0]
        assert first.width / first.height == pytest.approx(160 / 96)
        assert [p.width for p in places] == pytest.approx(
            [first.width / k for k in (1, 2, 4, 2, 1)]
        )
        assert first.width > 0.2 * grid.width or first.width == grid.largest


def test_a_long_path_is_shortened_in_its_line(twelve):
    long = dataclasses.replace(twelve["A"].boxes[0], module="a.very.long.path" * 40)
    source = page(dataclasses.replace(twelve["A"], boxes=(long,), skips=()))
    lines = re.findall('udia-detail">(.*?)<', source)
    assert lines
    assert all(len(line) < 160 for line in lines)


def test_figures_of_all_twelve_can_be_drawn(twelve, tmp_path):
    gallery(twelve, columns=4)[0].savefig(tmp_path / "twelve.png")
    for drawing in twelve.values():
        figure(drawing).savefig(tmp_path / "one.pdf")
