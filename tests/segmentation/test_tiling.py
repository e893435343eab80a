"""Prediction in tiles: equal where theory says so, a reason where not, and flat memory."""

import random
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import predict_tiled
from unet_teach.segmentation.exact_sums import exact_sums
from unet_teach.segmentation.tiling import (
    _misses_pixels,
    needed_overlap,
    tiles,
    why_tiles_differ,
)
from unet_teach.segmentation.unet_receptive_field import receptive_field_of

UPS = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
DOWNS = ["max_pool", "strided_conv"]


def network(seed=0, **options):
    torch.manual_seed(seed)
    model = UNet(1, 1, **{"depth": 2, "base_channels": 4} | options)
    with torch.no_grad():  # the normalisations learn what is usual: then the answer is no flat map
        for _ in range(20 * options.get("norm", True)):
            model(torch.rand(2, 1, 32, 32))
    return model.to(memory_format=torch.channels_last).eval()


def picture(height=104, width=152, seed=1):
    return torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed))


def whole(model, image):
    with torch.no_grad():
        return model(image[None])[0]


@pytest.mark.parametrize(("up", "down"), list(product(UPS, DOWNS)))
@pytest.mark.parametrize("skip", ["cat", "none"])
def test_tiles_give_the_whole_picture_to_the_last_bit(up, down, skip):
    model, image = network(up=up, down=down, skip=skip), picture()
    overlap = needed_overlap(model)
    assert why_tiles_differ(model, 104, 152, 32, overlap) == ""
    with exact_sums():
        assert torch.equal(predict_tiled(model, image, 32, overlap), whole(model, image))


@pytest.mark.parametrize("decoder", ["narrow", "shallow"])
def test_so_they_do_with_another_depth_and_decoder_and_odd_sides(decoder):
    model, image = network(depth=3, decoder=decoder), picture(117, 203)
    with exact_sums():
        assert torch.equal(predict_tiled(model, image, 48), whole(model, image))


@pytest.mark.parametrize("up", UPS)
def test_fast_convolutions_differ_in_the_last_digits_only(up):
    model, image = network(up=up), picture()
    there, here = whole(model, image), predict_tiled(model, image, 32)
    torch.testing.assert_close(here, there, rtol=1e-5, atol=1e-6)


def seeing(seed=0, **options):
    """A network that hides nothing: all weights positive, no ReLU ever closed."""
    model = network(norm=False, **options).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.05, 0.15, generator=generator)
    return model


def off(model, image, tile, overlap):
    """By how much tiles differ from the whole picture, as a share of the largest value."""
    there = whole(model, image)
    out = np.empty(there.shape)
    predict_tiled(model, image, tile, overlap, out=out)
    return float((torch.from_numpy(out) - there).abs().max() / there.abs().max())


@pytest.mark.parametrize(("up", "down"), list(product(UPS, DOWNS)))
@pytest.mark.parametrize(("depth", "skip"), [(1, "cat"), (1, "none"), (2, "cat"), (2, "none")])
def test_the_overlap_it_says_is_enough_and_one_step_less_is_not(up, down, depth, skip):
    """Along both axes at once, with odd sides, in numbers so fine that rounding hides nothing."""
    model = seeing(up=up, down=down, depth=depth, skip=skip, base_channels=2)
    overlap, step = needed_overlap(model), 2**depth
    image = torch.rand(1, 2 * overlap + 37, 2 * overlap + 53, dtype=torch.float64)
    assert off(model, image, 4 * step, overlap) < 1e-13
    assert off(model, image, 4 * step, overlap - step) > 1e-12


@pytest.mark.parametrize("depth", [3, 4])
def test_so_it_is_for_the_network_of_the_lesson_and_a_deeper_one(depth):
    model = seeing(depth=depth, base_channels=1)
    overlap, step = needed_overlap(model), 2**depth
    assert overlap == 6 * step
    image = torch.rand(1, 2 * step, 2 * overlap + 5 * step + 3, dtype=torch.float64)
    assert off(model, image, 3 * step, overlap) < 1e-13
    assert off(model, image, 3 * step, overlap - step) > 1e-12


def test_a_reason_is_given_where_tiles_differ_and_only_there():
    chance, found = random.Random(0), set()
    for _ in range(60):
        depth, up, down = chance.choice((1, 2)), chance.choice(UPS), chance.choice(DOWNS)
        model = seeing(depth=depth, up=up, down=down, base_channels=1)
        sides = chance.randrange(40, 90), chance.randrange(40, 90)
        step = chance.choice((1, 4))
        tile, overlap = (
            step * (24 // step + chance.randrange(4)),
            step * chance.randrange(4 // step, 28 // step),
        )
        image = torch.rand(1, *sides, dtype=torch.float64)
        reason = why_tiles_differ(model, *sides, tile, overlap)
        differs = off(model, image, tile, overlap) > 1e-12
        assert differs == bool(reason), (up, down, depth, sides, tile, overlap)
        found.add(differs)
    assert found == {True, False}


def test_too_little_overlap_is_told_what_the_network_sees():
    reason = why_tiles_differ(network(), 104, 152, 32, 20)
    assert reason == (
        "overlap=20 is less than the 22 pixels that the network sees beyond a cell of 4, so a "
        "tile pads with zeros where the image goes on. Use overlap=24."
    )


def test_an_overlap_off_the_grid_is_told_the_nearest_that_is_enough():
    model = network(depth=3)
    assert why_tiles_differ(model, 384, 384, 64, 48) == ""
    for overlap, use in ((47, 48), (51, 48), (60, 56)):
        reason, *_ = why_tiles_differ(model, 384, 384, 64, overlap).splitlines()
        assert reason.startswith(f"overlap={overlap} is not a multiple of 8 = 2^depth")
        assert reason.endswith(f"Use overlap={use}.")


def test_tiles_that_start_between_the_halvings_give_another_answer():
    model, image = network(), picture()
    with exact_sums():
        difference = (predict_tiled(model, image, 30, 24) - whole(model, image)).abs()
    assert difference.max() > 1e-4
    reason = why_tiles_differ(model, 104, 152, 30, 24)
    assert reason == (
        "tile=30 is not a multiple of 4 = 2^depth, so tiles are halved at other places than "
        "the whole image. Use tile=32."
    )


def test_one_tile_is_the_whole_picture_and_nothing_is_wrong_with_it():
    model, image = network(), picture(17, 30)
    assert why_tiles_differ(model, 17, 30, 32, 0) == ""
    assert torch.equal(predict_tiled(model, image, 32, 0), whole(model, image))


def test_tiles_that_all_read_the_whole_picture_are_nothing_else():
    model, image = network(), picture(60, 60)
    assert why_tiles_differ(model, 60, 60, 30, 30) == ""
    assert torch.equal(predict_tiled(model, image, 30, 30), whole(model, image))


def test_without_an_overlap_the_tile_is_brought_to_the_grid():
    model, image = network(), picture()
    with exact_sums():
        assert torch.equal(predict_tiled(model, image, 30), whole(model, image))


@pytest.mark.parametrize("step", [4, 8])
def test_a_shift_by_2_to_the_depth_shifts_the_answer(step):
    model, image = network(), picture()
    with exact_sums():
        answer, moved = whole(model, image), whole(model, image[:, step:, step:])
    inner = slice(24, 72)
    assert torch.equal(
        moved[:, inner, inner], answer[:, 24 + step : 72 + step, 24 + step : 72 + step]
    )


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_shift_by_less_does_not(step):
    model, image = network(), picture()
    answer, moved = whole(model, image), whole(model, image[:, step:, step:])
    inner = slice(24, 72)
    there = answer[:, 24 + step : 72 + step, 24 + step : 72 + step]
    assert (moved[:, inner, inner] - there).abs().max() > 1e-4


def test_tiles_cover_every_pixel_once_and_read_no_pixel_outside():
    count = np.zeros((37, 53), dtype=int)
    for read, kept in tiles(37, 53, 16, 5):
        count[kept] += 1
        for axis, side in enumerate((37, 53)):
            assert 0 <= read[axis].start <= kept[axis].start
            assert kept[axis].stop <= read[axis].stop <= side
    assert (count == 1).all()


def test_arrays_are_read_and_written_in_place():
    model = network()
    pixels = (picture().numpy() * 255).astype(np.uint8)
    out = np.zeros((1, 104, 152), dtype=np.float32)
    assert predict_tiled(model, pixels, 32, out=out) is out
    there = predict_tiled(model, torch.from_numpy(pixels).float() / 255, 32)
    assert np.array_equal(out, there.numpy())


def test_the_network_is_left_as_it_was():
    model = network().train()
    predict_tiled(model, picture(), 64)
    assert model.training
    assert predict_tiled(model, picture(), 64).requires_grad is False


def without_running_statistics(layer):
    layer.running_mean = layer.running_var = None


MENDED = [
    (nn.BatchNorm2d, without_running_statistics, "BatchNorm2d without running statistics, which"),
    (
        nn.Conv2d,
        lambda layer: setattr(layer, "padding_mode", "circular"),
        "Conv2d, which pads with",
    ),
    (
        nn.Upsample,
        lambda layer: setattr(layer, "align_corners", True),
        "Upsample with align_corners",
    ),
    (nn.MaxPool2d, lambda layer: setattr(layer, "stride", 1), "MaxPool2d, and how far that sees"),
]


@pytest.mark.parametrize(
    ("kind", "change", "says"), MENDED, ids=[kind.__name__ for kind, *_ in MENDED]
)
def test_a_network_whose_layers_look_at_the_whole_tile_is_named(kind, change, says):
    model = network(up="bilinear")
    for layer in model.modules():
        if type(layer) is kind:
            change(layer)
    assert why_tiles_differ(model, 104, 152, 32, 96).startswith(f"The network contains {says}")
    with pytest.raises(ValueError, match=says):
        needed_overlap(model)
    with pytest.raises(ValueError, match=says):
        predict_tiled(model, picture())
    assert why_tiles_differ(model, 104, 152, 152, 0) == ""  # one tile


def test_instance_norms_differ_and_are_named():
    model, image = network(), picture()
    for block in [part for part in model.modules() if isinstance(part, nn.Sequential)]:
        for place, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                block[place] = nn.InstanceNorm2d(layer.num_features)
    assert (predict_tiled(model, image, 32, 96) - whole(model, image)).abs().max() > 1e-3
    reason = why_tiles_differ(model, 104, 152, 32, 96)
    assert reason == (
        "The network contains InstanceNorm2d, which takes its mean over the whole tile: no overlap "
        "makes that equal."
    )


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_other_paddings_than_zeros_are_equal_as_well(mode):
    model, image = network(), picture()
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3):
            layer.padding_mode, layer._reversed_padding_repeated_twice = mode, [1, 1, 1, 1]
    assert why_tiles_differ(model, 104, 152, 32, 24) == ""
    with exact_sums():
        assert torch.equal(predict_tiled(model, image, 32), whole(model, image))


def test_an_unpadded_network_is_told_what_to_use():
    model = UNet(1, 1, depth=2, base_channels=4, padding="valid")
    for ask in (lambda: needed_overlap(model), lambda: predict_tiled(model, picture())):
        with pytest.raises(ValueError, match=r'padding="valid".*UNet\(padding="same"\)'):
            ask()
    assert "smaller than the image" in why_tiles_differ(model, 400, 400, 512, 0)


@pytest.mark.parametrize("dtype", [">f4", "<f4", "f2", "f8", "longdouble", "?"])
def test_numbers_are_read_in_any_format_and_order_of_bytes(dtype):
    pixels = (picture().numpy() > 0.5).astype(dtype)
    there = predict_tiled(network(), torch.from_numpy(pixels.astype("f4")), 32)
    assert torch.equal(predict_tiled(network(), pixels, 32), there)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_network_with_other_numbers_is_asked_in_them(dtype):
    model, image = network(), picture()
    answer = predict_tiled(network().to(dtype), image, 64)
    assert answer.dtype == torch.float32
    torch.testing.assert_close(answer, whole(model, image), rtol=0.1, atol=0.1)


PIXELS = picture().numpy()
REFUSED = [
    (
        lambda m: predict_tiled(m, picture()[0]),
        r"shape \(104, 152\)\. Use \(C, H, W\).*image\[None",
    ),
    (lambda m: predict_tiled(m, picture()[None]), r"shape \(1, 1, 104, 152\)\. Use \(C, H, W\)"),
    (lambda m: predict_tiled(m, PIXELS.transpose(1, 2, 0)), r"np\.moveaxis\(image, -1, 0\)"),
    (lambda m: predict_tiled(m, picture()[0, ..., None]), r"image\.movedim\(-1, 0\)"),
    (lambda m: predict_tiled(m, torch.rand(3, 64, 64)), "has 3 channels, but the network takes 1"),
    (
        lambda m: predict_tiled(UNet(3, 1, depth=1), picture()),
        "has 1 channel, but the network takes 3",
    ),
    (lambda m: predict_tiled(m, torch.rand(1, 0, 9)), "so it has no pixels"),
    (lambda m: predict_tiled(m, torch.rand(1, 3, 9)), "The picture is 3×9"),
    (lambda m: predict_tiled(m, PIXELS.tolist()), "The image is of type list. Give its pixels"),
    (lambda m: predict_tiled(m, "slide.png"), "The image is of type str"),
    (lambda m: predict_tiled(m, PIXELS.astype("u2")), "whole numbers of type uint16.*Scale them"),
    (lambda m: predict_tiled(m, PIXELS.astype(">i2")), "whole numbers of type int16"),
    (lambda m: predict_tiled(m, picture().long()), "whole numbers of type int64"),
    (lambda m: predict_tiled(m, picture().to(torch.int8)), "whole numbers of type int8"),
    (lambda m: predict_tiled(m, PIXELS.astype("c8")), "values of type complex64"),
    (lambda m: predict_tiled(m, picture() * 1j), "complex values"),
    (
        lambda m: predict_tiled(m, picture(), 0),
        "tile=0 does not work; give a whole number, 1 or more",
    ),
    (
        lambda m: predict_tiled(m, picture(), 64, -1),
        "overlap=-1 does not work; give a whole number, 0",
    ),
    (lambda m: predict_tiled(m, picture(), 64.0), "tile=64.0 is of type float; give a whole"),
    (lambda m: predict_tiled(m, picture(), (64, 64)), r"tile=\(64, 64\) is of type tuple"),
    (lambda m: predict_tiled(m, picture(), 64, True), "overlap=True is of type bool"),
    (lambda m: why_tiles_differ(m, 104, 152, 0, 0), "tile=0 does not work"),
    (lambda m: why_tiles_differ(m, "104", 152, 32, 0), "height='104' is of type str"),
    (lambda m: predict_tiled(m, picture(104, 130), 64, 0), "last tile is only 2 wide.*tile=68 or"),
    (lambda m: predict_tiled(m, picture(), 2, 0), "A tile is only 2 wide.*the network needs 4"),
    (
        lambda m: predict_tiled(UNet, picture()),
        r"model is the class UNet; build it: UNet\(…\)",
    ),
    (lambda m: predict_tiled(torch.sigmoid, picture()), "give a network that is built"),
    (lambda m: predict_tiled(nn.Conv2d(1, 1, 3), picture()), "Conv2d, not a UNet of this course"),
    (lambda m: predict_tiled(nn.Conv2d(1, 1, 3), picture(), 32, 4), "32×36 into 34×34|36×36 into"),
    (lambda m: predict_tiled(nn.Flatten(), picture(), 200, 0), "into 1×15808"),
]


@pytest.mark.parametrize("place", range(len(REFUSED)))
def test_what_cannot_be_tiled_is_a_sentence(place):
    ask, says = REFUSED[place]
    with pytest.raises((ValueError, TypeError), match=says):
        ask(network())


class Named(nn.Module):
    """A network that answers with a dict."""

    def forward(self, x):
        return {"out": x}


def test_an_answer_that_is_no_tensor_is_named():
    with pytest.raises(TypeError, match=r"of type dict\. Wrap it in one that returns only the log"):
        predict_tiled(Named(), picture(), 32, 4)


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (
            np.zeros((1, 80, 80), "u1"),
            r"out is \(1, 80, 80\) uint8; it must be \(1, 64, 64\) float32",
        ),
        (np.zeros((1, 64, 64), "u1"), r"out is \(1, 64, 64\) uint8; it must"),
        (np.zeros((1, 80, 80), "f4"), r"out is \(1, 80, 80\) float32; it must"),
        (np.zeros((3, 64, 64), "f4"), r"out is \(3, 64, 64\) float32; it must"),
        (torch.zeros(64, 64), r"out is \(64, 64\) float32; it must"),
        ([0], r"out is of type list; it must be an array \(1, 64, 64\) float32"),
        (np.broadcast_to(np.float32(0), (1, 64, 64)), "cannot be written"),
    ],
)
def test_a_place_that_cannot_hold_the_answer_is_refused_before_the_first_tile(out, says):
    def never(*_):
        raise AssertionError("The network was asked.")

    model = network()
    model.register_forward_pre_hook(never)
    with pytest.raises((ValueError, TypeError), match=says):
        predict_tiled(model, picture(64, 64), 32, out=out)
    with pytest.raises((ValueError, TypeError), match=says):  # where it is known afterwards
        predict_tiled(nn.Conv2d(1, 1, 3, padding=1), picture(64, 64), 32, 4, out=out)


@pytest.mark.parametrize("image", [picture(64, 64), picture(64, 64).numpy()])
def test_the_answer_is_not_written_over_the_picture(image):
    with pytest.raises(ValueError, match="tiles would read predictions"):
        predict_tiled(network(), image, 32, out=image)


MEMORY = """
import resource, sys
import numpy as np, torch
from unet_teach import UNet
from unet_teach.segmentation import predict_tiled
torch.set_num_threads(1)
side, folder = int(sys.argv[1]), sys.argv[2]
image = np.memmap(folder + "/in", np.uint8, "w+", shape=(1, side, side))
out = np.memmap(folder + "/out", np.float32, "w+", shape=(1, side, side))
predict_tiled(UNet(depth=1, base_channels=1), image[:, :512], 256, 16, out=out[:, :512])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
class Counted:  # what the tiles hold, without the pages of the files that the system keeps
    ndim, shape = 3, image.shape
    def __getitem__(self, window):
        return np.array(image[window])
class Sink:
    shape, dtype = out.shape, out.dtype
    def __setitem__(self, window, values):
        out[window] = values
        if window[2].start == 0:
            out.flush()
predict_tiled(UNet(depth=1, base_channels=1), Counted(), 256, 16, out=Sink())
import psutil
kept = psutil.Process().memory_info()
print(kept.rss - kept.shared)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells mapped pages from others")
def test_memory_does_not_grow_with_the_picture(tmp_path):
    """Pages of a file that is mapped are the system's to drop; all else stays the same."""
    held = []
    for side in (512, 2560):
        command = [sys.executable, "-c", MEMORY, str(side), str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        held.append(int(run.stdout))
    assert held[1] - held[0] < 2**24  # 16 MB; the picture and its answer are 33 MB


@pytest.mark.parametrize(
    ("side", "read", "misses"),
    [
        # Pixels 40 and 41 of a network of depth 1 see 8 pixels beyond their cell: 32 to 49.
        (100, (32, 50), False),
        (100, (33, 50), True),
        (100, (32, 49), True),
        (49, (32, 49), False),  # the image ends there
    ],
)
def test_a_tile_misses_a_single_pixel_that_it_needs(side, read, misses):
    model = UNet(1, 1, depth=1, base_channels=1)
    assert _misses_pixels(model, receptive_field_of(model), side, read, (40, 42)) == misses
