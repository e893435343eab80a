"""What the lessons say in words about PyTorch and the course's networks, held against running code.

Claims about trained networks are in tests/segmentation/test_claims.py.
"""

import json
import re
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere
from torchinfo import summary

from unet_teach import UNet, exercises, inspect_unet
from unet_teach.arithmetic import (
    conv_coverage,
    conv_input_sizes,
    conv_output_size,
    conv_transpose_overlap,
)
from unet_teach.exercises.progress_file import RECORD
from unet_teach.exercises.reply import Outcome
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet
from unet_teach.networks.six_networks import six_networks
from unet_teach.networks.twelve_networks import Almost, twelve_networks
from unet_teach.segmentation import ablation
from unet_teach.segmentation.ablation.denoising import OneSkip
from unet_teach.segmentation.data.synthetic import RADII
from unet_teach.segmentation.unet_receptive_field import receptive_field_of
from unet_teach.widgets.see_inside import shipped
from unet_teach.widgets.see_inside_figure import read_image, read_mask, run_packed

LESSONS = Path(__file__).parents[2] / "lessons"
DOWN = {"kernel_size": 3, "stride": 2, "padding": 1}


def text(number):
    """The words of a lesson, without line breaks."""
    (lesson,) = LESSONS.glob(f"{number:02}_*.py")
    return " ".join(lesson.read_text(encoding="utf-8").replace("\n# ", " ").split())


@pytest.mark.parametrize(
    "words", ["Restart Kernel", "nothing you have solved is lost", "model not found"]
)
def test_lesson_0_says_what_to_do_when_nothing_answers(words):
    assert words in text(0)
    readme = (LESSONS.parent / "README.md").read_text(encoding="utf-8")
    assert words.lower() in " ".join(readme.lower().split())


def test_lesson_0_network_c_never_goes_down_and_d_comes_up_in_one_leap():
    reports = {
        letter: inspect_unet(network, (1, 1, 64, 64))
        for letter, network in six_networks().items()
        if letter in "CD"
    }
    assert not reports["C"].criteria.downsampling.met
    assert str(reports["D"]).count("→ 64×64") == 1
    assert "8×8 → 64×64" in str(reports["D"])


def living(network, skips):
    """What the living U-Net marks on its first image, and the mask: two (H, W) of bool."""
    task = shipped()[0]
    image, other = (read_image(sample, "") for sample in task["samples"][:2])
    (packed,) = (each["network"] for each in task["networks"] if each["name"] == network)
    marked = run_packed(packed, image, skips, other)["prediction"] >= 0.5
    return torch.from_numpy(marked), torch.from_numpy(read_mask(task["samples"][0])) > 0


@pytest.mark.parametrize(
    ("lessons", "network", "skips", "score"),
    [
        ((0, 3), "trained with skips", [1, 1, 1], "0.87"),
        ((0, 3), "trained with skips", [0, 1, 1], "0.77"),
        ((0, 3), "trained with skips", [0, 0, 0], "0.37"),
        ((3,), "trained with skips", ["other", 1, 1], "0.42"),
        ((3,), "trained without skips", [1, 1, 1], "0.54"),
    ],
)
def test_lessons_0_and_3_say_how_the_living_u_net_scores_on_its_first_image(
    lessons, network, skips, score
):
    marked, mask = living(network, skips)
    assert f"{(marked & mask).sum() / (marked | mask).sum():.2f}" == score
    assert all(score in text(number) for number in lessons)


def test_lesson_3_without_skip_0_pixels_change_only_along_the_borders_of_lines():
    (before, _), (after, _) = (living("trained with skips", [first, 1, 1]) for first in (1, 0))
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    assert f"{lost} are lost, {gained} appear" in text(3)
    marked = before[None].float()
    widest, narrowest = F.max_pool2d(marked, 3, 1, 1), 1 - F.max_pool2d(1 - marked, 3, 1, 1)
    assert not ((before != after) & (widest == narrowest)[0]).any()


def test_lesson_3_says_how_the_living_u_net_scores_on_64_test_images():
    path = LESSONS.parent / "benchmarks" / "results" / "living_unet.json"
    runs = json.loads(path.read_text(encoding="utf-8"))
    networks = shipped()[0]["networks"]
    (shown,) = (
        run
        for run in runs
        if (run["name"], run["width"]) == ("trained with skips", 6)
        and round(run["iou_8_bits"], 3) == networks[0]["score"]
    )
    (bare,) = (each["score"] for each in networks if each["name"] == "trained without skips")
    scores = [f"{score:.2f}" for score in (shown["iou"], shown["cut_all"], bare)]
    assert all(score in text(3) for score in scores)
    assert shown["cut_all"] < bare  # lesson 0: one that never had any skips does better
    assert f"falls to {shown['cut_0']:.2f} without skip 0" in text(3)


def test_lesson_1_padding_covers_each_row_and_without_it_even_sizes_lose_their_last():
    for size in range(3, 65):
        assert min(conv_coverage(size, **DOWN)) > 0
        bare = conv_coverage(size, kernel_size=3, stride=2, padding=0)
        assert bare.index(0) == size - 1 if size % 2 == 0 else min(bare) > 0


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_lesson_1_padding_of_half_the_kernel_halves_every_even_size(kernel):
    for size in range(2, 65, 2):
        assert conv_output_size(size, kernel, stride=2, padding=kernel // 2) == size // 2


def test_lesson_1_every_size_comes_from_two():
    assert all(len(conv_input_sizes(size, **DOWN)) == 2 for size in range(1, 65))


def halved_line(weight, column):
    line = torch.zeros(1, 1, 16, 16)
    line[..., column] = 1
    return F.conv2d(line, weight, stride=2, padding=1)[0, 0, 4]


def test_lesson_1_the_mean_of_nine_leaves_a_third_once_or_twice_and_others_keep_all():
    mean = torch.full((1, 1, 3, 3), 1 / 9)
    for column, windows in ((4, 1), (5, 2)):
        row = halved_line(mean, column)
        assert row.sum() == pytest.approx(windows / 3)
        assert row[row > 0] == pytest.approx(torch.full((windows,), 1 / 3))
    right = torch.zeros(1, 1, 3, 3)
    right[..., 2] = 1 / 3
    assert halved_line(right, 5).max() == pytest.approx(1)


def test_lesson_2_extra_rows_are_empty_only_where_a_kernel_is_smaller_than_its_stride():
    empty = 0
    for kernel, stride, padding in product(range(1, 6), range(1, 6), range(5)):
        for extra in range(1, min(stride, padding + 1)):
            options = {"stride": (stride, 1), "padding": (padding, 0), "output_padding": (extra, 0)}
            if 2 * stride + kernel <= 2 * padding:
                continue
            made = F.conv_transpose2d(
                torch.ones(1, 1, 3, 1), torch.ones(1, 1, kernel, 1), **options
            )[0, 0, :, 0]
            counts = conv_transpose_overlap(
                3, kernel, stride, padding=padding, output_padding=extra
            )
            assert made.int().tolist() == list(counts)
            if (made[-extra:] == 0).any():
                assert kernel < stride
                empty += 1
    assert empty > 0


def test_lesson_2_with_dilation_the_kernel_counts_as_many_cells_as_it_spans():
    options = {"stride": 2, "padding": 1, "output_padding": 1}
    dilated, wide = (
        nn.ConvTranspose2d(1, 1, kernel, dilation=dilation, **options)(torch.zeros(1, 1, 16, 16))
        for kernel, dilation in ((3, 2), (5, 1))
    )
    assert dilated.shape == wide.shape


def test_lesson_2_pixel_shuffle_starts_flat_if_its_four_channels_start_alike():
    torch.manual_seed(0)
    conv = nn.Conv2d(8, 4 * 2, 3, padding=1)
    with torch.no_grad():
        for part in (conv.weight, conv.bias):
            part.copy_(part[::4].repeat_interleave(4, dim=0))
        made = F.pixel_shuffle(conv(torch.ones(1, 8, 12, 12)), 2)[0, :, 8:16, 8:16]
    assert torch.allclose(made, made[:, :1, :1].expand_as(made), atol=1e-6)


def test_lesson_2_beyond_the_padding_there_is_only_the_bias():
    layer = nn.ConvTranspose2d(1, 1, 2, stride=2)
    made = layer(torch.rand(1, 1, 5, 5), output_size=(11, 11))[0, 0]
    assert torch.equal(made[-1], layer.bias.expand(11))


def test_lesson_2_output_padding_is_smaller_than_the_stride():
    x = torch.zeros(1, 1, 4, 4)
    for stride in (2, 3):
        options = {"kernel_size": 3, "stride": stride, "padding": 1}
        sizes = [
            nn.ConvTranspose2d(1, 1, **options, output_padding=extra)(x).shape[-1]
            for extra in range(stride)
        ]
        down = nn.Conv2d(1, 1, **options)
        assert {down(torch.zeros(1, 1, size, size)).shape[-1] for size in sizes} == {4}
        with pytest.raises(RuntimeError, match="must be smaller than either stride"):
            nn.ConvTranspose2d(1, 1, **options, output_padding=stride)(x)


def test_lesson_3_the_error_of_cat_means_the_first_axis_that_differs():
    for size, named in {(32, 34): "31 but got size 32", (31, 34): "33 but got size 34"}.items():
        with pytest.raises(RuntimeError, match=f"Expected size {named}"):
            torch.cat([torch.zeros(1, 2, 31, 33), torch.zeros(1, 4, *size)], dim=1)


def test_lesson_3_one_off_is_doubled_where_levels_below_have_no_skip():
    down = nn.Conv2d(1, 1, **DOWN)
    up = nn.ConvTranspose2d(1, 1, **DOWN, output_padding=1)
    x = torch.zeros(1, 1, 100, 100)
    assert nn.Sequential(down, down, down, up, up, up)(x).shape[-1] == 104
    bare = nn.ConvTranspose2d(1, 1, **DOWN)
    assert bare(down(torch.zeros(1, 1, 32, 32))).shape[-1] == 31  # no output_padding: one off


def test_lesson_3_bilinear_resizing_moves_every_value():
    torch.manual_seed(0)
    big = torch.randn(1, 64, 32, 32)
    small = F.interpolate(big, size=(31, 31), mode="bilinear")
    assert torch.isclose(small, big[:, :, :31, :31], atol=1e-5).float().mean() < 0.001


def test_lesson_4_a_layer_behind_a_cat_can_take_over_the_convolution_of_a_skip():
    torch.manual_seed(0)
    network, x = ConcatenatingUNet(3, 5), torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        network.skip3.bias.zero_()
        before = network(x)
        mixing, behind = network.skip3.weight[:, :, 0, 0], network.upconv4.weight[64:]
        network.upconv4.weight[64:] = torch.einsum("io, ikhw -> okhw", mixing, behind)
        network.skip3.weight.copy_(torch.eye(64)[:, :, None, None])
        assert torch.allclose(network(x), before, atol=1e-4)


def test_lesson_4_the_network_of_lesson_3_has_a_quarter_of_its_parameters():
    small, large = (
        sum(p.numel() for p in network.parameters())
        for network in (OneSkip(keep=1), UNet(1, 1, depth=3, base_channels=8))
    )
    assert 0.2 < small / large < 0.3


def test_lesson_4_torchinfo_counts_a_transposed_convolution_four_times_too_often():
    layer = nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1, output_padding=1, bias=False)
    counted = summary(layer, (1, 4, 16, 16), verbose=0).total_mult_adds
    assert counted == 4 * layer.weight.numel() * 16 * 16


def test_lesson_4_the_first_row_of_the_summary_shows_the_layer_that_nobody_calls():
    (row,) = re.findall(
        r"^ConcatenatingUNet .*$",
        str(summary(ConcatenatingUNet(3, 5), (1, 3, 32, 32), verbose=0)),
        re.M,
    )
    assert row.split()[-1] == "1,056"


def test_lesson_4_a_layer_that_is_never_called_stays_as_it_was():
    network = AdditiveUNet(3, 5)
    before = network.skip4.weight.clone()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    network(torch.randn(1, 3, 16, 16)).square().mean().backward()
    optimizer.step()
    assert torch.equal(network.skip4.weight, before)


def test_lesson_9_only_the_ratios_of_class_weights_matter():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 3, 5, 7), torch.randint(0, 3, (2, 5, 7))
    target[0, 0] = 255
    weights = torch.tensor([1.0, 2.0, 9.0])
    first, second = (
        F.cross_entropy(logits, target, weight=scale * weights, ignore_index=255)
        for scale in (1, 7)
    )
    assert torch.isclose(first, second)


def test_lesson_6_skips_are_the_only_criterion_that_was_taken_away():
    for name, options in ablation.VARIANTS.items():
        network = UNet(1, 1, **{"depth": 3, "base_channels": 8} | options)
        report = inspect_unet(network, (1, 1, 64, 64))
        unmet = [criterion for criterion in report.criteria if not criterion.met]
        expected = [report.criteria.skip_connections] if name == "no skips" else []
        assert unmet == expected, name


def test_lesson_6_depth_1_sees_nine_pixels_and_every_ring_is_larger():
    assert receptive_field_of(UNet(depth=1, base_channels=2)).radius == 9 < min(RADII)
    assert RADII == (13, 22)


def test_lesson_7_its_pictures_show_what_it_says_of_them():
    reports = {letter: inspect_unet(*pair) for letter, pair in twelve_networks().items()}
    words = {letter: str(report) for letter, report in reports.items()}
    assert {letter for letter in words if "16×16 → 64×64" in words[letter]} == {"F", "G"}
    assert {letter for letter in words if "64×64 → 16×16" in words[letter]} == {"G"}
    assert {letter for letter in words if "is added to" in words[letter]} >= {"C", "L"}
    assert not reports["H"].criteria.skip_connections.met


@pytest.mark.parametrize(("steps", "met"), [(1, True), (2, False)])
def test_lesson_7_a_last_bare_interpolation_is_accepted_up_to_a_factor_of_two(steps, met):
    down = [nn.Conv2d(1, 1, 3, stride=2, padding=1) for _ in range(steps)]
    network = nn.Sequential(*down, nn.Upsample(scale_factor=2**steps))
    report = inspect_unet(network, (1, 1, 64, 64))
    assert report.criteria.symmetry.met is met


class Thrifty(UNet):
    """Lesson 7's network, with skips at the levels that have these numbers of channels."""

    kept: tuple[int, ...] = ()

    def _join(self, x, skip):
        return torch.cat([skip if skip.shape[1] in self.kept else x, x], dim=1)


@pytest.mark.parametrize(("kept", "enough"), [((32,), False), ((32, 16), True), ((64, 8), True)])
def test_lesson_7_two_of_four_levels_are_enough_and_one_is_not(kept, enough):
    network = type("Thrifty", (Thrifty,), {"kept": kept})(1, 1, depth=4, base_channels=8)
    assert inspect_unet(network, (1, 1, 64, 64)).is_unet is enough


def test_lesson_7_a_network_that_asks_for_a_value_is_judged_and_fooled_alike():
    class Asks(Almost):
        def forward(self, x):
            return super().forward(x / 2 if x.max() > 1 else x)

    tricks = {
        "0 * skip": (lambda x, skip: x + 0 * skip, False),  # the only one that it sees through
        "skip - skip": (lambda x, skip: x + (skip - skip), True),
        "1e-9 * skip": (lambda x, skip: x + 1e-9 * skip, True),
    }
    for network in (Almost, Asks):
        for name, (line, fooled) in tricks.items():
            assert inspect_unet(network(line), (1, 1, 64, 64)).is_unet is fooled, name


def test_lesson_7_the_network_of_lesson_3_has_too_few_skips():
    report = inspect_unet(OneSkip(1), (1, 1, 64, 64))
    assert len(report.criteria.skip_connections.facts["missing"]) == 2
    assert not report.criteria.skip_connections.met


def mended(base, join):
    """The document's network with a way to join what comes up and, through its layer, a skip."""

    def forward(self, x):
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = join(self.upconv1(F.relu(self.conv4(three))), three, self.skip1)
        x = join(self.upconv2(x), two, self.skip2)
        return self.upconv4(join(self.upconv3(x), one, self.skip3))

    return type("Mended", (base,), {"forward": forward})


def stack(*maps):
    return torch.cat(maps, dim=1)


@pytest.mark.parametrize(
    ("name", "join", "solved"),
    [
        ("add", lambda x, skip, layer: F.relu(x) + layer(skip), True),
        ("add", lambda x, skip, layer: F.relu(x + layer(skip)), True),
        ("add", lambda x, skip, layer: F.relu(x) + skip, True),
        ("add", lambda x, skip, layer: x + F.relu(layer(skip)), False),
        ("cat", lambda x, skip, layer: stack(F.relu(x), layer(skip)), True),
        ("cat", lambda x, skip, layer: F.relu(stack(x, layer(skip))), True),
        ("cat", lambda x, skip, layer: stack(x, layer(skip)), False),
    ],
)
def test_lesson_4_says_of_activations_what_its_checks_ask(
    name, join, solved, tmp_path, monkeypatch
):
    monkeypatch.setattr(RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(RECORD, "_memory", {})
    base = DocumentUNet if name == "add" else ConcatenatingUNet
    reply = getattr(exercises, f"forward_{name}").check(mended(base, join))
    assert reply.outcome is (Outcome.SOLVED if solved else Outcome.NOT_YET)
