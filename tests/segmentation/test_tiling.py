"""Prediction in tiles: equal where theory says so, a reason where not, and flat memory."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import predict_tiled
from unet_teach.segmentation.sight import by_gradient, by_light, extent, sight_of
from unet_teach.segmentation.tiling import needed_overlap, same_order, tiles, why_not_equal

UPS = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
EXACT = [up for up in UPS if up != "bilinear"]  # its sums depend on how wide a map is
DOWNS = ["max_pool", "strided_conv"]


def network(seed=0, **options):
    torch.manual_seed(seed)
    model = UNet(1, 1, **{"depth": 2, "base_channels": 4} | options)
    with torch.no_grad():  # the normalisations learn what is usual: then the answer is no flat map
        for _ in range(20):
            model(torch.rand(2, 1, 32, 32))
    return model.to(memory_format=torch.channels_last).eval()


def picture(height=104, width=152, seed=1):
    return torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed))


def whole(model, image):
    with torch.no_grad():
        return model(image[None])[0]


@pytest.mark.parametrize(("up", "down"), list(product(EXACT, DOWNS)))
@pytest.mark.parametrize("skip", ["cat", "none"])
def test_tiles_give_the_whole_picture_to_the_last_bit(up, down, skip):
    model, image = network(up=up, down=down, skip=skip), picture()
    overlap = needed_overlap(model)
    assert why_not_equal(model, 104, 152, 32, overlap) == ""
    with same_order():
        assert torch.equal(predict_tiled(model, image, 32, overlap), whole(model, image))


@pytest.mark.parametrize("decoder", ["narrow", "shallow"])
def test_so_they_do_with_another_depth_and_decoder_and_odd_sides(decoder):
    model, image = network(depth=3, decoder=decoder), picture(117, 203)
    with same_order():
        assert torch.equal(predict_tiled(model, image, 48), whole(model, image))


@pytest.mark.parametrize("up", UPS)
def test_fast_convolutions_differ_in_the_last_digits_only(up):
    model, image = network(up=up), picture()
    there, here = whole(model, image), predict_tiled(model, image, 32)
    torch.testing.assert_close(here, there, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("up", UPS)
def test_less_overlap_than_the_network_sees_leaves_seams(up):
    model, image = network(up=up), picture()
    overlap = needed_overlap(model) - 4
    with same_order():
        difference = (predict_tiled(model, image, 32, 4) - whole(model, image)).abs()
    assert difference.max() > 1e-4
    reason = why_not_equal(model, 104, 152, 32, overlap)
    assert reason.startswith(f"overlap={overlap} is less than the ")
    assert reason.endswith(f"Use overlap={needed_overlap(model)}.")


def test_tiles_that_start_between_the_halvings_give_another_answer():
    model, image = network(), picture()
    with same_order():
        difference = (predict_tiled(model, image, 30, 24) - whole(model, image)).abs()
    assert difference.max() > 1e-4
    reason = why_not_equal(model, 104, 152, 30, 24)
    assert reason == (
        "tile=30 is no multiple of 4 = 2^depth: tiles are halved at other pixels than the whole "
        "picture. Use tile=32."
    )


def test_one_tile_is_the_whole_picture_and_nothing_is_wrong_with_it():
    model, image = network(), picture(17, 30)
    assert why_not_equal(model, 17, 30, 32, 0) == ""
    assert torch.equal(predict_tiled(model, image, 32, 0), whole(model, image))


@pytest.mark.parametrize("step", [4, 8])
def test_a_shift_by_2_to_the_depth_shifts_the_answer(step):
    model, image = network(), picture()
    with same_order():
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


def seeing(**options):
    """A network that hides nothing: all weights positive, no ReLU ever closed."""
    model = network(norm=False, **options).double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model


@pytest.mark.parametrize(("up", "down"), list(product(UPS, DOWNS)))
@pytest.mark.parametrize(("depth", "skip"), [(1, "cat"), (2, "none"), (2, "add")])
def test_what_a_pixel_sees_is_what_lights_it_up(up, down, depth, skip):
    """The farthest that any light reaches, over one period of places, is what was computed."""
    model = seeing(up=up, down=down, depth=depth, skip=skip, base_channels=1)
    sight = sight_of(model)
    assert sight.period == 2**depth
    dark, reach = torch.zeros(1, 96, 96, dtype=torch.float64), 0
    for place in range(48, 48 + sight.period):
        first, last, *_ = extent(by_light(model, dark, place, 48, light=1000))
        reach = max(reach, place - first, last - place)
    assert reach == sight.reach


def test_gradients_stay_within_what_a_pixel_sees():
    model, image = network(depth=2, down="strided_conv"), picture(96, 96)
    reach = sight_of(model).reach
    top, bottom, left, right = extent(by_gradient(model, image, 48, 50))
    assert reach - 8 <= max(48 - top, bottom - 48) <= reach
    assert reach - 8 <= max(50 - left, right - 50) <= reach


def test_where_nothing_is_seen_it_says_so():
    with pytest.raises(ValueError, match="0 everywhere"):
        extent(torch.zeros(3, 4))


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


def test_what_cannot_be_tiled_is_a_sentence():
    model = network()
    with pytest.raises(ValueError, match=r"has the shape \(104, 152\)\. Use \(C, H, W\)"):
        predict_tiled(model, picture()[0])
    with pytest.raises(ValueError, match="tile is 1 or more"):
        predict_tiled(model, picture(), 0)
    with pytest.raises(TypeError, match="Conv2d is not a UNet of this course"):
        predict_tiled(nn.Conv2d(1, 1, 3, padding=1), picture())
    with pytest.raises(ValueError, match=r'keeps the size: UNet\(padding="same"\)'):
        predict_tiled(nn.Conv2d(1, 1, 3), picture(), 32, 4)


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
    for side in (512, 3072):
        command = [sys.executable, "-c", MEMORY, str(side), str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        held.append(int(run.stdout))
    assert held[1] - held[0] < 2**24  # 16 MB; the picture and its answer are 47 MB
