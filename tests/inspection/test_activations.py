"""The maps of every level of any network, with skips cut, and the gradients that reach them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from odd_networks import Small
from test_cut import STAND_INS
from torch import Tensor, nn

from unet_teach import UNet, cut
from unet_teach.inspection.activations import Activations


def course_unet(**options: Any) -> UNet:
    torch.manual_seed(0)
    model = UNet(1, 2, **{"depth": 2, "base_channels": 4, **options})
    with torch.no_grad():
        for _ in range(3):  # gives the normalisations statistics
            model(torch.rand(4, 1, 24, 28))
    return model.eval()


IMAGE = torch.rand(1, 1, 24, 28, generator=torch.Generator().manual_seed(0))


def test_the_maps_are_what_each_block_of_the_course_s_unet_returns() -> None:
    model, made = course_unet(), []
    handles = [
        block.register_forward_hook(lambda m, given, out: made.append(out[0]))
        for block in (*model.encoder, *model.decoder)
    ]
    output = model(IMAGE)[0]
    for handle in handles:
        handle.remove()
    look = Activations(model, IMAGE).look()
    assert torch.equal(look.output, output)
    shown = [(maps.arm, maps.level, maps.size, maps.channels) for maps in look.levels]
    assert shown == [
        ("encoder", "level 0", "24×28", 4),
        ("encoder", "level 1", "12×14", 8),
        ("bottleneck", "level 2", "6×7", 16),
        ("decoder", "level 1", "12×14", 8),
        ("decoder", "level 0", "24×28", 4),
    ]
    for maps, block in zip(look.levels, made, strict=True):
        activity = block.abs().mean(dim=(1, 2))[list(maps.order)]
        assert torch.equal(activity, activity.sort(descending=True).values)
        assert torch.equal(maps.maps, block[list(maps.order)])


def test_levels_below_a_cut_stay_the_same() -> None:
    seen = Activations(course_unet(), IMAGE)
    full, without = seen.look(), seen.look({"level 1": 0.0})
    same = [torch.equal(a.maps, b.maps) for a, b in zip(full.levels, without.levels, strict=True)]
    assert same == [True, True, True, False, False]
    assert seen.skips == {"level 0": "24×28", "level 1": "12×14"}


def test_large_maps_are_reduced_and_many_channels_left_out() -> None:
    look = Activations(course_unet(depth=3, base_channels=8), torch.rand(1, 1, 200, 150)).look()
    assert look.levels[0].maps.shape == (8, 96, 72)
    assert look.levels[3].maps.shape == (32, 25, 18)
    assert (look.levels[3].channels, len(look.levels[3].order)) == (64, 64)


@pytest.mark.parametrize("name", STAND_INS)
def test_every_kind_of_join_is_shown_as_it_is_cut(name: str) -> None:
    torch.manual_seed(0)
    model, image = STAND_INS[name]().eval(), torch.rand(1, 3, 8, 12)
    seen = Activations(model, image)
    assert torch.equal(seen.look().output, model(image)[0])
    with cut(model, 0):
        without = model(image)[0]
    assert torch.equal(seen.look({"level 0": 0.0}).output, without)
    sizes = {maps.level: maps.maps.shape[1:] for maps in seen.look().levels}
    assert sizes["level 0"] == (8, 12)
    assert sizes["level 1"] == (4, 6)


def test_tokens_lie_where_their_pixels_are() -> None:
    model = STAND_INS["tokens"]().eval()
    model.block = nn.Identity()  # attention would look at every pixel
    dark, bright = torch.zeros(1, 3, 8, 12), torch.zeros(1, 3, 8, 12)
    bright[..., 2, 7] = 1
    before, after = (Activations(model, x).look().levels[0] for x in (dark, bright))
    in_order = [maps.maps[torch.tensor(maps.order).argsort()] for maps in (before, after)]
    assert (in_order[0] != in_order[1]).any(0).nonzero().tolist() == [[2, 7]]


def test_of_a_volume_the_middle_slice_is_shown() -> None:
    class Volume(Small):
        def __init__(self) -> None:
            super().__init__(rank=3, channels=1)

    torch.manual_seed(0)
    model, volume = Volume().eval(), torch.rand(1, 1, 8, 12, 16)
    seen = Activations(model, volume)
    assert seen.note == "Shown is the middle slice, 4 of 0 to 7."
    assert torch.equal(seen.look().output, model(volume)[0, :, 4])
    assert [maps.maps.shape[1:] for maps in seen.look().levels] == [
        *[(12, 16), (6, 8), (3, 4), (6, 8), (12, 16)],
    ]


def test_gradients_are_those_of_a_backward_pass() -> None:
    model, made = course_unet(), []
    target = (torch.rand(1, 2, 24, 28) > 0.5).float()
    seen = Activations(model, IMAGE)
    found = seen.gradients(lambda x: nn.functional.binary_cross_entropy_with_logits(x, target))
    assert list(found) == ["all skips", "without level 0", "without level 1", "without skips"]

    def keep(module: nn.Module, given: Any, out: Tensor) -> None:
        out.retain_grad()
        made.append(out)

    for block in (*model.encoder, *model.decoder):
        block.register_forward_hook(keep)
    for run, levels in (("all skips", ()), ("without level 1", (1,)), ("without skips", (0, 1))):
        made.clear()
        with cut(model, *levels) if levels else torch.enable_grad():
            loss = nn.functional.binary_cross_entropy_with_logits(model(IMAGE), target)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = [out.grad.norm().item() for out in made]
        assert list(found[run].values()) == pytest.approx(norms, rel=1e-5)
    assert list(found["all skips"])[:2] == ["encoder level 0", "encoder level 1"]
    without, whole = found["without level 0"], found["all skips"]
    assert without["encoder level 0"] < whole["encoder level 0"]


def test_gradients_leave_the_network_alone() -> None:
    model = course_unet().requires_grad_(requires_grad=False)
    seen = Activations(model, IMAGE)
    assert seen.gradients()["all skips"]["encoder level 0"] > 0
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_network_is_copied_and_stays_as_it_is() -> None:
    model = course_unet().train()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    seen = Activations(model, IMAGE)
    before = seen.look().output
    assert all(torch.equal(weights[n], t) for n, t in model.state_dict().items())
    assert model.training
    nn.init.zeros_(model.head.weight)
    assert torch.equal(seen.look().output, before)


@pytest.mark.parametrize(
    ("model", "given", "sentence"),
    [
        (UNet(4, 1, depth=1), torch.zeros(1, 4, 8, 8), r"works on \(1, 4, 8, 8\).*1 to 3 channels"),
        (UNet(3, 1, depth=1), torch.zeros(1, 1, 8, 8), "3 channels"),
        (Small(rank=1), torch.zeros(1, 3, 16), r"works on \(1, 3, 16\)"),
        (nn.Sequential(), torch.zeros(1, 1, 8, 8), "Sequential never changes the resolution"),
        (nn.Linear(8, 2), torch.zeros(1, 8), "never changes the resolution"),
    ],
)
def test_what_cannot_be_shown_gets_a_sentence(model: nn.Module, given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Activations(model, given)


def test_other_images_and_replaced_skips() -> None:
    model, other = course_unet(), torch.rand(1, 1, 24, 28)
    seen = Activations(model, IMAGE)
    assert torch.equal(seen.look(image=other).output, model(other)[0])
    with cut(model, 0, replacement=lambda skip: skip.flip(-1)):
        flipped = model(other)[0]
    look = seen.look({"level 0": lambda skip: skip.flip(-1)}, other)
    assert torch.equal(look.output, flipped)


def test_unknown_skips_get_a_sentence() -> None:
    seen = Activations(course_unet(), IMAGE)
    with pytest.raises(ValueError, match="no skip at 'level 2'"):
        seen.look({"level 2": 0.0})
    with pytest.raises(ValueError, match="not finite"):
        seen.look({"level 1": float("nan")})
