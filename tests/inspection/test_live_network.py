"""What the kernel answers when SeeInside shows a network that the page cannot run."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from odd_networks import Small
from test_cut import STAND_INS
from torch import Tensor, nn

from unet_teach import cut
from unet_teach.inspection import live_network
from unet_teach.inspection.live_network import LiveNetwork

IMAGE = torch.rand(3, 8, 12, generator=torch.Generator().manual_seed(0))


def small() -> nn.Module:
    torch.manual_seed(0)
    return Small().eval()


def opened(model: nn.Module, image: Any = IMAGE, **options: Any) -> LiveNetwork:
    return LiveNetwork(model, image, options.pop("target", None), options)


def ask(live: LiveNetwork, *images: Any, **question: Any) -> tuple[dict[str, Any], Any]:
    asked = {"id": 1, "type": "run", "skips": [1, 1], "sample": "a", "open": "", "before": 0}
    buffers = [np.asarray(each, "<f4").tobytes() for each in images]
    answer, data = live.answer({**asked, **question}, buffers)
    assert answer["type"] != "failed", answer["sentence"]
    return answer, [np.frombuffer(each, "<f4") for each in data]


def prediction(data: list[Any]) -> Any:
    return torch.tensor(data[-1]).reshape(8, 12)


def test_the_task_says_what_there_is_at_each_level() -> None:
    task = opened(small(), target=IMAGE[0] > 0.5).task
    [network] = task["networks"]
    assert network["network"]["depth"] == 2
    assert network["network"]["rows"] == [
        {"name": "0", "encoder": True, "decoder": True, "skip": True},
        {"name": "1", "encoder": True, "decoder": True, "skip": True},
        {"name": "2", "encoder": True, "decoder": False, "skip": False},
    ]
    assert network["network"]["note"] == "Shown is 1 minus the softmax of class 0 of 2."
    assert [sample["name"] for sample in task["samples"]] == [
        "your image",
        "your image, turned round",
    ]


def test_a_slow_network_runs_once_to_open_and_once_for_a_switch() -> None:
    runs = []

    class Counted(Small):
        def forward(self, x: Tensor) -> Tensor:
            runs.append(not x.is_meta)
            return super().forward(x)

    torch.manual_seed(0)
    live = opened(Counted().eval())
    _, first = ask(live)
    assert sum(runs) == 1
    _, cut_off = ask(live, id=2, skips=[0, 1], before=1)
    assert sum(runs) == 2
    answer, again = ask(live, id=3, before=2)
    assert sum(runs) == 2
    assert torch.equal(prediction(first), prediction(again))
    assert not torch.equal(prediction(first), prediction(cut_off))
    assert answer["places"]["decoder 0"]["changed"] > 0


def test_a_network_that_is_not_quick_says_what_one_run_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(Small):
        def forward(self, x: Tensor) -> Tensor:
            if not x.is_meta:
                clock[0] += runs.pop(0)
            return super().forward(x)

    clock, runs = [0.0], [11.24, 12.0, 0.2]
    monkeypatch.setattr(live_network.time, "perf_counter", lambda: clock[0])
    live = opened(Slow().eval())
    assert live.task["networks"][0]["network"]["seconds"] == 11.2
    assert ask(live)[0]["seconds"] == 11.2  # answered from the first run
    assert ask(live, skips=[0, 1])[0]["seconds"] == 11.2  # the quickest counts
    assert ask(live, skips=[1, 0])[0]["seconds"] == 0  # the first was slow for another reason


def test_the_answer_that_is_compared_with_stays_and_older_ones_go() -> None:
    live = opened(small())
    ask(live)
    ask(live, id=2, before=1, skips=[0, 1])
    for number in range(3, 20):  # as while a stroke is painted
        answer, _ = ask(live, IMAGE * (1 - number / 100), id=number, before=2)
        assert answer["places"]["decoder 0"]["changed"] > 0
    assert len(live._looks) <= live_network.KEPT + 1


@pytest.mark.parametrize("name", STAND_INS)
def test_a_switch_does_what_cut_does_and_says_which_levels_changed(name: str) -> None:
    torch.manual_seed(0)
    model = STAND_INS[name]().eval()
    live = opened(model)
    ask(live)
    answer, data = ask(live, id=2, before=1, skips=[0, 1])
    with torch.no_grad(), cut(model, "level 0"):
        expected = 1 - model(IMAGE[None])[0].softmax(0)[0]
    assert torch.allclose(prediction(data), expected, atol=1e-6)
    changed = {place: shown.get("changed") for place, shown in answer["places"].items()}
    assert 0 < changed.pop("decoder 0") <= 1
    assert changed.pop("logits") is None
    assert set(changed.values()) == {0}
    again, _ = ask(live, id=3, before=2, skips=[0, 1])
    assert again["places"]["decoder 0"]["changed"] == 0


def test_a_painted_image_a_blurred_skip_and_that_of_another_image() -> None:
    model, other = small(), IMAGE.flip(2)
    live = opened(model)
    _, data = ask(live, other)
    with torch.no_grad():
        assert torch.equal(prediction(data), 1 - model(other[None])[0].softmax(0)[0])
        taken: list[Tensor] = []
        with cut(model, 0, replacement=lambda skip: taken.append(skip) or skip):
            model(other[None])
        with cut(model, 0, replacement=taken[0]):
            expected = 1 - model(IMAGE[None])[0].softmax(0)[0]
    _, data = ask(live, [], other, skips=["other", 1])
    assert torch.equal(prediction(data), expected)
    smooth = nn.AvgPool2d(5, 1, 2, count_include_pad=False)
    with torch.no_grad(), cut(model, 0, replacement=smooth):
        expected = 1 - model(IMAGE[None])[0].softmax(0)[0]
    assert torch.equal(prediction(ask(live, skips=["blur", 1])[1]), expected)


@pytest.mark.parametrize("name", ["tokens", "channels last"])
def test_skips_in_other_layouts_are_blurred_as_maps(name: str) -> None:
    from unet_teach.inspection.live_network import _blurrer

    maps = torch.rand(1, 4, 8, 12)
    expected = nn.AvgPool2d(5, 1, 2, count_include_pad=False)(maps)
    laid = {"tokens": (lambda x: x.flatten(2).transpose(1, 2)), "channels last": _channels_last}
    assert torch.equal(_blurrer("8×12")(laid[name](maps)), laid[name](expected))
    with pytest.raises(ValueError, match="do not lie in rows and columns"):
        _blurrer("8×12")(torch.rand(1, 95, 4))


def _channels_last(maps: Tensor) -> Tensor:
    return maps.movedim(1, -1)


def test_an_opened_level_shows_its_channels_in_an_order_that_stays() -> None:
    model, kept = small(), list[Tensor]()
    model.one.register_forward_hook(lambda module, given, made: kept.append(made[0].clone()))
    live = opened(model)
    answer, data = ask(live, open="encoder 0")
    shown = answer["places"]["encoder 0"]
    assert (shown["channels"], shown["total"], shown["size"]) == (4, 4, "8×12")
    with torch.no_grad():
        model(IMAGE[None])
    assert np.array_equal(data[0].reshape(4, 8, 12), kept[-1][list(shown["names"])].relu())
    painted, _ = ask(live, 1 - IMAGE, open="encoder 0")
    assert painted["places"]["encoder 0"]["names"] == shown["names"]


def test_pixels_that_move_a_value_are_those_of_its_gradient() -> None:
    model = small()
    live = opened(model)
    ask(live)
    given = IMAGE[None].clone().requires_grad_()
    model(given)[0, 1, 3, 5].backward()
    where = {"type": "matter", "place": "logits", "channel": 1, "row": 3, "column": 5}
    _, [pixels] = ask(live, **where)
    assert np.allclose(pixels.reshape(8, 12), given.grad[0].abs().sum(0), atol=1e-7)
    _, [local] = ask(live, **{**where, "place": "encoder 0", "channel": 0})
    assert set(map(tuple, np.argwhere(local.reshape(8, 12)))) <= {
        (row, column) for row in (2, 3, 4) for column in (4, 5, 6)
    }


def test_values_beyond_0_and_1_and_the_middle_slice_of_a_volume() -> None:
    model = small()
    live = opened(model, 8 * IMAGE - 3)
    low, high = (8 * IMAGE - 3).min(), (8 * IMAGE - 3).max()
    _, as_given = ask(live)
    _, as_sent = ask(live, (8 * IMAGE - 3 - low) / (high - low))
    assert torch.allclose(prediction(as_given), prediction(as_sent), atol=1e-5)

    torch.manual_seed(0)
    deep = Small(rank=3, channels=1).eval()
    volume = torch.rand(1, 1, 4, 8, 12)
    live = opened(deep, volume)
    note = live.task["networks"][0]["network"]["note"]
    assert note.startswith("Shown is the middle slice, 2 of 0 to 3.")
    painted = volume.clone()
    painted[0, 0, 2] = 0
    with torch.no_grad():
        expected = 1 - deep(painted)[0, :, 2].softmax(0)[0]
    assert torch.equal(prediction(ask(live, np.zeros((1, 8, 12)))[1]), expected)


def test_the_network_stays_as_it_was() -> None:
    model = Small()  # in training mode
    model.head.weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    hooks = [len(module._forward_hooks) for module in model.modules()]
    live = opened(model)
    for number, skips in enumerate([[1, 1], [0, 1], ["blur", "other"]]):
        ask(live, IMAGE, IMAGE, id=number + 1, skips=skips)
    ask(live, type="matter", place="logits", channel=0, row=0, column=0)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    assert [len(module._forward_hooks) for module in model.modules()] == hooks
    assert [p.requires_grad for p in model.head.parameters()] == [False, True]
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradients_are_those_of_the_loss_with_and_without_each_skip() -> None:
    model, made = small(), list[Tensor]()
    mask = IMAGE[0] > 0.5
    found = opened(model, target=mask).gradients()
    assert found["loss"] == "the cross-entropy with the target"
    assert list(found["runs"]) == ["all", "0", "1", "none"]

    def keep(module: nn.Module, given: Any, out: Tensor) -> None:
        out.retain_grad()
        made.append(out)

    model.three.register_forward_hook(keep)
    with cut(model, 0):
        nn.functional.cross_entropy(model(IMAGE[None]), mask[None].long()).backward()
    expected = made[0].relu().count_nonzero()  # some of it gets through the ReLU that follows
    assert expected
    norms = found["runs"]["0"]
    assert list(norms) == [*[f"encoder {i}" for i in range(3)], "decoder 1", "decoder 0"]
    assert made[0].grad is not None
    assert 0 < made[0].grad.norm() <= norms["encoder 2"] + 1e-9
    assert opened(small()).gradients()["loss"] == "the output's mean"


def test_a_network_that_fails_or_gives_nan_says_so() -> None:
    model = small()
    model.head.weight.data.fill_(float("nan"))
    live = opened(model)
    answer, _ = ask(live)
    assert answer["note"] == "192 values of the output are NaN or infinite."
    said, data = live.answer({"id": 7, "type": "run"}, [])
    assert (said["type"], said["id"], data) == ("failed", 7, [])
    said, _ = live.answer({"id": 8, "type": "run", "skips": [0.5, 3]}, [b"12345"])
    assert said["type"] == "failed"
