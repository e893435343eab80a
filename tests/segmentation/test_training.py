"""Training: that it learns, stops, resumes, and says what went wrong."""

import itertools
import signal
from dataclasses import replace

import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import evaluate, lines_in_rings, load_model, train, training
from unet_teach.segmentation.data.dataset import Dataset, Pair
from unet_teach.segmentation.live_view import LiveView
from unet_teach.segmentation.task import Foreground
from unet_teach.segmentation.training import (
    bce_dice_loss,
    boundary_pixels,
    one_cycle,
    random_crops,
)
from unet_teach.segmentation.training_result import (
    StepMetrics,
    Training,
    centre_crops,
    diagnose,
    measure_step,
)


@pytest.fixture(scope="module")
def halves():
    """Pictures whose left part is bright and wanted: learnt within seconds."""
    random = torch.Generator().manual_seed(0)

    def pairs(count):
        made = []
        for number in range(count):
            mask = torch.zeros(1, 40, 56)
            mask[:, :, : 12 + 4 * number] = 1
            noise = 0.1 * torch.rand(1, 40, 56, generator=random)
            made.append(Pair(0.3 + 0.4 * mask + noise, mask, f"{number}"))
        return tuple(made)

    return Dataset("halves", pairs(6), pairs(2), pairs(2), "made for this test")


def small(seed=0, **options):
    torch.manual_seed(seed)
    return UNet(depth=1, base_channels=2, **options)


def short(model, data, **options):
    """Few steps on small crops, without a view."""
    return train(model, data, **{"batch": 2, "crop": 16, "live": False} | options)


def test_it_learns_and_keeps_the_best(halves):
    run = short(small(), halves, steps=60, learning_rate=0.02)
    assert run.ended == "finished"
    assert run.steps == 60
    assert not run.trouble
    assert evaluate(run.model, halves.test).iou > 0.9
    assert run.history[-1].train_loss < run.history[0].train_loss
    again = evaluate(run.model, halves.validation).iou
    assert again == pytest.approx(max(look.validation_iou for look in run.history))
    assert not run.model.training
    assert run.figure().axes


def test_the_same_seed_gives_the_same_numbers(halves):
    first, again, other = (
        short(small(), halves, steps=10, seed=seed).history[-1] for seed in (4, 4, 5)
    )
    assert first == again
    assert first != other


def test_a_budget_that_is_not_reached_changes_nothing_and_one_that_is_says_so(halves, monkeypatch):
    free = short(small(), halves, steps=10)
    ticks = itertools.count()
    monkeypatch.setattr(training, "clock", lambda: next(ticks))  # a second at each look at it
    assert short(small(), halves, steps=10, seconds=60).history == free.history
    cut_short = short(small(), halves, steps=1000, seconds=60)
    assert cut_short.ended == "out of time"
    assert cut_short.stopped_note == f", stopped after {cut_short.steps} steps"
    monkeypatch.setenv("UNET_TEACH_SECONDS", "inf")
    assert short(small(), halves, steps=40, seconds=20).steps == 40
    monkeypatch.setenv("UNET_TEACH_SECONDS", "20")
    assert short(small(), halves, steps=1000, seconds=60).steps < cut_short.steps
    assert short(small(), halves, steps=60).steps == 60  # no budget, nothing to replace


def test_a_stop_keeps_the_best_so_far_and_says_so(halves, monkeypatch):
    crops = itertools.count()

    def interrupted(*args):
        if next(crops) == 27:
            raise KeyboardInterrupt
        return random_crops(*args)

    monkeypatch.setattr(training, "random_crops", interrupted)
    run = short(small(), halves, steps=1000, learning_rate=0.02)
    assert run.ended == "stopped"
    assert run.steps == 27
    assert repr(run).startswith("Stopped by you after 27 steps. Kept: the weights of step ")
    assert evaluate(run.model, halves.validation).iou == pytest.approx(run.best.validation_iou)


def test_what_was_learned_since_the_last_look_counts_after_a_stop(halves, monkeypatch):
    stops = itertools.count(1)

    def interrupted(*args):
        if next(stops) == 25:
            raise KeyboardInterrupt
        return random_crops(*args)

    monkeypatch.setattr(training, "random_crops", interrupted)
    run = short(small(), halves, steps=100, learning_rate=0.02)
    assert [look.step for look in run.history] == [0, 24]
    assert run.best.step == 24
    assert run.stopped_note == ", stopped after 24 steps"
    assert evaluate(run.model, halves.validation).iou == pytest.approx(run.best.validation_iou)


def test_a_second_stop_does_not_lose_what_the_first_one_left(halves, monkeypatch):
    def stop(*args):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training, "random_crops", stop)
    monkeypatch.setattr(training.LiveView, "close", stop)
    assert short(small(), halves, steps=10).stopped_note == ", stopped after 0 steps"


def test_a_stop_before_the_first_look_leaves_the_network_as_it_was(halves, monkeypatch):
    looks = itertools.count()
    look = training.measure_step

    def interrupted(*args):
        if next(looks) == 0:
            raise KeyboardInterrupt
        return look(*args)

    monkeypatch.setattr(training, "measure_step", interrupted)
    run = short(small(), halves, steps=10)
    assert (run.ended, run.steps, len(run.history)) == ("stopped", 0, 1)
    assert all(
        torch.equal(ours, theirs)
        for ours, theirs in zip(run.model.parameters(), small().parameters(), strict=True)
    )


@pytest.fixture
def slow(monkeypatch):
    """A step takes one second and a look five, by the clock of the training."""
    now = [100]

    def lasting(seconds, function):
        def do(*args):
            now[0] += seconds
            return function(*args)

        return do

    monkeypatch.setattr(training, "clock", lambda: now[0])
    monkeypatch.setattr(training, "measure_step", lasting(5, training.measure_step))
    monkeypatch.setattr(training, "random_crops", lasting(1, random_crops))
    monkeypatch.setattr(training, "DEFAULT_STEPS", 10)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("options", "ended", "steps", "seconds"),
    [
        ({"seconds": 45}, "out of time", 30, 45),  # with looks at steps 0, 25 and 30
        ({"seconds": 45, "steps": 40}, "out of time", 30, 45),
        ({"seconds": 45, "steps": 20}, "finished", 20, 30),
        ({"steps": 12}, "finished", 12, 22),
        ({}, "finished", 10, 20),
    ],
)
def test_a_budget_is_kept_with_all_looks(halves, options, ended, steps, seconds):
    run = short(small(), halves, **options)
    assert (run.ended, run.steps, run.seconds) == (ended, steps, seconds)
    ending = "Time is up" if ended == "out of time" else "Finished"
    assert repr(run).startswith(f"{ending} after {steps} steps")


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("options", "done"),
    [
        ({"steps": 4}, [0, 1 / 4, 2 / 4, 3 / 4]),
        ({"steps": 4, "seconds": 99}, [0, 1 / 4, 2 / 4, 3 / 4]),
        ({"seconds": 14}, [5 / 9, 6 / 9, 7 / 9, 8 / 9]),  # two looks take 5 seconds each
    ],
)
def test_each_step_has_the_learning_rate_of_its_progress(halves, monkeypatch, options, done):
    rates, step = [], torch.optim.AdamW.step

    def noted(optimizer):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    short(small(), halves, learning_rate=0.02, **options)
    assert rates == pytest.approx([0.02 * one_cycle(progress) for progress in done])


@pytest.mark.usefixtures("slow")
def test_the_view_is_told_the_time_since_the_start(halves, monkeypatch):
    told = []
    monkeypatch.setattr(LiveView, "show", lambda view, *given: told.append(given[1:]))
    short(small(), halves, steps=50)
    assert told == [(0, 5), (0.5, 5 + 25 + 5), (1, 35 + 25 + 5)]


@pytest.mark.usefixtures("slow")
def test_time_goes_on_where_a_run_was_saved(halves, tmp_path):
    file = tmp_path / "run.pt"
    assert short(small(), halves, steps=2, checkpoint=file).seconds == 5 + 2 + 5
    more = short(small(), halves, steps=4, checkpoint=file, resume=True)
    assert (more.steps, more.seconds) == (4, 12 + 2 + 5)
    assert [look.step for look in more.history] == [0, 2, 4]
    anew = short(small(), halves, steps=2, checkpoint=file)
    assert (anew.ended, anew.seconds, len(anew.history)) == ("finished", 12, 2)


def test_a_loss_that_is_no_number_ends_it_with_advice(halves):
    run = short(small(), halves, steps=40, learning_rate=1e25)
    assert run.ended == "not a number"
    assert repr(run).startswith("Ended after 1 step. Kept: the weights of step 0")
    assert "After 1 step the loss was NaN or infinite" in run.trouble
    assert "Try a learning rate ten times smaller" in repr(run)
    assert all(p.isfinite().all() for p in run.model.parameters())


class Constant(nn.Module):
    """Answers the same everywhere, whatever it learns."""

    def __init__(self, logit):
        super().__init__()
        self.logit, self.weight = logit, nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return torch.full_like(x, self.logit) + 0 * self.weight


@pytest.mark.parametrize(
    ("logit", "said"), [(-5.0, "almost no foreground: 0.0%"), (5.0, "everything as foreground")]
)
def test_a_collapsed_run_is_noticed_and_explained(halves, logit, said):
    run = short(Constant(logit), halves, steps=2)
    assert said in run.trouble
    assert "Try another seed first" in run.trouble
    high = short(Constant(logit), halves, steps=2, learning_rate=50)
    assert "Try a smaller learning rate than 50 first" in high.trouble


@pytest.mark.parametrize(
    ("predicted", "target", "said"),
    [
        (0.2, 0.25, ""),
        (0.03125, 0.625, ""),  # a twentieth of what is wanted
        (0.031, 0.625, "almost no foreground: 3.1% of the pixels, but the target has 62.5%"),
        (0.96875, 0.375, ""),  # a twentieth of the background that is wanted
        (0.97, 0.375, "everything as foreground: 97% of the pixels, but the target has 38%"),
        (0.955, 0.2, ""),
        (0.965, 0.2, "everything as foreground: 96% of the pixels, but the target has 20%"),
    ],
)
def test_a_run_collapses_below_a_twentieth_of_either_side(predicted, target, said):
    looks = [StepMetrics(step, 1.0, 1.0, 0.5, predicted, target) for step in (0, 25)]
    text = diagnose(looks, "finished")
    assert said in text
    assert bool(text) == bool(said)
    assert diagnose(looks[:1], "finished") == ""  # one look says nothing yet
    is_low = predicted < target / 20
    of_classes = diagnose(looks, "finished", several=True)
    assert of_classes.startswith("The network predicts almost only the most" if is_low else "")
    assert bool(of_classes) == is_low


@pytest.mark.parametrize(("steps", "is_short"), [(0, True), (24, True), (25, False)])
def test_few_steps_within_the_time_are_trouble(steps, is_short):
    looks = [StepMetrics(0, 1.0, 1.0, 0.5, 0.2, 0.25)]
    assert bool(diagnose(looks, "out of time", steps)) == is_short
    assert diagnose(looks, "finished", steps) == ""


@pytest.mark.parametrize(
    ("learning_rate", "first"),
    [(0.03, "another seed"), (0.04, "a smaller learning rate than 0.04")],
)
def test_a_high_learning_rate_is_the_first_thing_to_change(learning_rate, first):
    looks = [StepMetrics(step, 1.0, 1.0, 0.5, 0.0, 0.25) for step in (0, 25)]
    assert f"Try {first} first" in diagnose(looks, "finished", 25, learning_rate)


def test_the_best_look_is_the_first_of_the_highest():
    looks = [
        StepMetrics(step, 1.0, 1.0, iou, 0.2, 0.25) for step, iou in enumerate((0.5, 0.7, 0.7))
    ]
    assert [look.beats(looks[:i]) for i, look in enumerate(looks)] == [True, True, False]


def test_a_look_by_hand():
    image, mask = torch.tensor([[[-1.0, 0, 2, 3]]]), torch.tensor([[[0.0, 1, 1, 0]]])
    pair, other = Pair(image, mask, ""), Pair(image - 3, 1 - mask, "")

    class Task(Foreground):
        def loss(self, logits, masks):
            assert logits.shape == masks.shape == (1, 1, 1, 4)
            return (logits * masks).sum()

    look = measure_step(nn.Identity(), 7, Task(), [pair], [pair, other])
    # A logit of 0 is background: found are two pixels of the first image, one of them right.
    assert (look.step, look.train_loss, look.validation_loss) == (7, 2, (2 - 4) / 2)
    assert look.validation_iou == 1 / 5
    assert (look.predicted_foreground, look.target_foreground) == (2 / 8, 4 / 8)
    assert look.probabilities.shape == (1, 4)
    assert look.probabilities[0, 1] == 0.5


def test_crops_are_the_centres_of_pictures():
    large = torch.arange(9.0 * 14).reshape(1, 9, 14)
    small, wide = torch.zeros(1, 4, 7), torch.zeros(1, 12, 6)
    given = [Pair(large, large, name) for name in "ab"]
    one, two = centre_crops(given, [Pair(small, small, ""), Pair(wide, wide, "")])
    assert torch.equal(one.image, large[:, 2:6, 3:10])
    assert torch.equal(two.mask, large[:, :, 4:10])
    assert (one.name, two.name) == ("a", "b")


def test_a_loss_that_is_no_number_at_a_look_is_trouble(halves):
    run = short(Constant(torch.nan), halves, steps=2)
    assert run.best.validation_iou == 0
    looks = [
        StepMetrics(0, 1.0, 1.0, 0.5, 0.2, 0.25),
        StepMetrics(25, 1.0, torch.nan, 0.0, 0.2, 0.25),
    ]
    assert "the loss was NaN or infinite" in diagnose(looks, "finished")


def test_a_budget_that_is_too_short_is_trouble(halves):
    run = short(small(), halves, seconds=1e-6)
    assert run.steps == 0  # one look takes all of it
    assert "only time for 0 steps between" in run.trouble


def test_a_run_goes_on_where_it_was_saved_and_ends_like_one_that_was_not_cut(halves, tmp_path):
    file = tmp_path / "run.pt"

    def flat(done):  # the cycle depends on the length of a run; here both have one rate
        return 1.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "one_cycle", flat)
        whole = short(small(), halves, steps=8)
        short(small(), halves, steps=5, checkpoint=file)
        rest = short(small(seed=9), halves, steps=8, checkpoint=file, resume=True)
    assert rest.steps == 8
    assert rest.history[-1] == whole.history[-1]
    for ours, theirs in zip(rest.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("steps", [5, 3])
def test_a_run_with_nothing_left_to_do_says_so(halves, tmp_path, steps):
    file = tmp_path / "run.pt"
    before = short(small(), halves, steps=5, checkpoint=file)
    again = short(small(seed=9), halves, steps=steps, checkpoint=file, resume=True)
    assert (again.ended, again.steps) == ("done before", 5)
    assert "Nothing was trained" in repr(again)
    assert evaluate(again.model, halves.test) == evaluate(before.model, halves.test)


def test_a_checkpoint_of_other_data_is_a_sentence(halves, tmp_path):
    file = tmp_path / "run.pt"
    short(small(), halves, steps=1, checkpoint=file)
    others = replace(halves, name="thirds")
    with pytest.raises(ValueError, match=r"was trained on halves .*, but these data are thirds"):
        short(small(), others, steps=2, checkpoint=file, resume=True)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("best", None),
        ("model", 3),
        ("optimizer", {}),
        ("random", torch.zeros(3, dtype=torch.uint8)),
        ("history", [[1, 2]]),
        ("step", "many"),
        ("elapsed", float("nan")),
    ],
)
def test_a_checkpoint_with_something_else_inside_is_a_sentence(halves, tmp_path, part, content):
    file = tmp_path / "run.pt"
    short(small(), halves, steps=1, checkpoint=file)
    torch.save(torch.load(file, weights_only=True) | {part: content}, file)
    with pytest.raises(
        ValueError, match=r"run\.pt is damaged, or not a checkpoint of this course\."
    ):
        short(small(), halves, steps=2, checkpoint=file, resume=True)


def test_where_no_checkpoint_can_be_is_a_sentence(halves, tmp_path):
    with pytest.raises(ValueError, match=r"is a folder\. Give a file in it: .*training\.pt"):
        short(small(), halves, steps=1, checkpoint=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"can't be written \("):
        short(small(), halves, steps=1, checkpoint=tmp_path / "file" / "run.pt")
    with pytest.raises(TypeError, match="path is of type UNet; give a path"):
        load_model(small(), tmp_path / "file")


def test_a_checkpoint_gives_the_best_weights_back(halves, tmp_path):
    file = tmp_path / "deep" / "run.pt"
    run = short(small(), halves, steps=30, checkpoint=file, learning_rate=0.02)
    model = load_model(file, small(seed=7))
    assert evaluate(model, halves.test) == evaluate(run.model, halves.test)


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "code"])
def test_a_damaged_checkpoint_is_a_sentence(halves, tmp_path, damage):
    file = tmp_path / "run.pt"
    short(small(), halves, steps=1, checkpoint=file)
    whole = file.read_bytes()
    if damage == "code":
        torch.save({"format": 1, "model": small()}, file)  # a pickled object, not numbers
    elif damage == "other":
        torch.save({"weights": torch.ones(2)}, file)
    else:
        file.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    with pytest.raises(
        ValueError, match=r"run\.pt is damaged, or not a checkpoint of this course\."
    ):
        short(small(), halves, steps=2, checkpoint=file, resume=True)


def test_a_checkpoint_of_another_network_is_a_sentence(halves, tmp_path):
    file = tmp_path / "run.pt"
    short(small(), halves, steps=1, checkpoint=file)
    with pytest.raises(ValueError, match="belongs to another network"):
        short(small(skip="add"), halves, steps=2, checkpoint=file, resume=True)
    with pytest.raises(ValueError, match="belongs to another network"):
        load_model(file, small(skip="add"))
    with pytest.raises(ValueError, match=r"There is no file .*nowhere\.pt"):
        load_model(tmp_path / "nowhere.pt", small())


def test_both_curves_are_measured_alike(halves):
    """The same pictures in both parts give the same numbers, in every look."""
    same = Dataset("same", halves.train, halves.train, halves.test, "")
    for look in short(small(), same, steps=26).history:
        assert look.train_loss == pytest.approx(look.validation_loss)


def test_threads_are_as_before_afterwards(halves):
    torch.set_num_threads(2)
    short(small(), halves, steps=1, threads=1)
    assert torch.get_num_threads() == 2


def test_crops_are_windows_flipped_alike():
    numbers = torch.arange(9.0 * 13).reshape(1, 9, 13)
    images, masks = random_crops(
        [Pair(numbers, numbers, "")], 50, 4, torch.Generator().manual_seed(0)
    )
    assert images.shape == masks.shape == (50, 1, 4, 4)
    assert torch.equal(images, masks)
    steps = {(int(c[0, 1, 0] - c[0, 0, 0]), int(c[0, 0, 1] - c[0, 0, 0])) for c in images}
    assert steps == {(13, 1), (-13, 1), (13, -1), (-13, -1)}
    assert {int(c.min()) % 13 for c in images} == set(range(10))
    assert {int(c.min()) // 13 for c in images} == set(range(6))


def test_crops_at_a_boundary_hold_one_of_its_pixels_anywhere_in_them():
    numbers, mask = torch.arange(9.0 * 13).reshape(1, 9, 13), torch.zeros(1, 9, 13)
    mask[0, 4, 6] = 1
    found = boundary_pixels(mask)
    assert found.tolist() == [[3, 6], [4, 5], [4, 6]]  # each differs from one below or to the right
    random = torch.Generator().manual_seed(0)
    crops, _ = random_crops([Pair(numbers, mask, "")], 200, 4, random, [torch.tensor([[4, 6]])])
    assert (crops == 4 * 13 + 6).flatten(1).any(1).all()
    corners = {divmod(int(crop.min()), 13) for crop in crops}
    assert corners == {(row, column) for row in range(1, 5) for column in range(3, 7)}
    at_corner, _ = random_crops([Pair(numbers, mask, "")], 9, 4, random, [torch.tensor([[8, 0]])])
    assert {divmod(int(crop.min()), 13) for crop in at_corner} == {(5, 0)}


def test_crops_at_boundaries_leave_images_without_any_and_the_default_as_they_were(halves):
    whole = Pair(torch.rand(1, 20, 20), torch.ones(1, 20, 20), "")
    for at in (None, [boundary_pixels(whole.mask)]):
        random = torch.Generator().manual_seed(3)
        images, _ = random_crops([whole], 5, 8, random, at)
        plain, _ = random_crops([whole], 5, 8, torch.Generator().manual_seed(3))
        assert torch.equal(images, plain)
    at_boundary, default = (
        short(small(), halves, steps=3, **options).history[-1]
        for options in ({"crop_at": "boundary"}, {})
    )
    assert at_boundary != default
    with pytest.raises(ValueError, match="crop_at='coast' is not known"):
        short(small(), halves, steps=1, crop_at="coast")


def test_the_loss_by_hand():
    logits, masks = torch.zeros(1, 1, 1, 2), torch.tensor([[[[1.0, 0.0]]]])
    # Probabilities of one half: cross-entropy ln 2; Dice (2 · 0.5 + 1) / (1 + 1 + 1).
    assert bce_dice_loss(logits, masks).item() == pytest.approx(0.693147 + 1 - 2 / 3)


def test_the_learning_rate_goes_up_and_down_as_that_of_torch():
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight])
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=1001)
    for step in range(0, 1000, 50):
        assert one_cycle(step / 1000) == pytest.approx(cycle.get_last_lr()[0], abs=5e-3)
        for _ in range(50):
            optimizer.step()
            cycle.step()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 0}, r"steps=0 does not work; give a whole number, 1 or more\."),
        ({"seconds": -1}, r"seconds=-1 does not work; give a number above 0\."),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"learning_rate": 0}, "learning_rate=0"),
        ({"batch": 0}, "batch=0"),
        ({"seed": -1}, "seed=-1"),
        ({"threads": 0}, "threads=0"),
        ({"crop": 1}, "crop=1, but the network needs at least 2 pixels .*; use a larger"),
        ({"resume": True}, "needs checkpoint="),
        ({"checkpoint": ""}, "checkpoint is empty"),
    ],
)
def test_impossible_numbers_are_refused(halves, options, said):
    with pytest.raises(ValueError, match=said):
        train(small(), halves, live=False, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 2.5}, r"steps=2\.5 is of type float; give a whole number, 1 or more\."),
        ({"batch": "8"}, "batch='8' is of type str"),
        ({"threads": True}, "threads=True is of type bool"),
        ({"checkpoint": 3}, "checkpoint is of type int; give a path"),
        ({"model": UNet}, "model is the class UNet; build it"),
        ({"data": lines_in_rings}, "data is of type function; give a dataset, such as earth"),
    ],
)
def test_what_is_of_another_type_is_refused(halves, options, said):
    with pytest.raises(TypeError, match=said):
        train(**{"model": small(), "data": halves, "live": False} | options)


def with_one(halves, part, image, mask):
    """The data with one picture more."""
    return replace(halves, **{part: (*getattr(halves, part), Pair(image, mask, "odd one"))})


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize(
    ("image", "mask", "said"),
    [
        (torch.full((1, 40, 56), torch.nan), torch.zeros(1, 40, 56), "that are NaN or infinite"),
        (torch.zeros(1, 40, 56), torch.zeros(1, 20, 56), r"its mask \(1, 20, 56\)"),
        (
            torch.zeros(1, 40, 56),
            torch.full((1, 40, 56), 255.0),
            "a mask with values from 255 to 255",
        ),
        (torch.zeros(3, 40, 56), torch.zeros(1, 40, 56), "has 3 channels, but the first one has 1"),
        (torch.zeros(1, 40, 1), torch.zeros(1, 40, 1), "is 40×1, but the network needs at least 2"),
        (torch.zeros(1, 40, 56).byte(), torch.zeros(1, 40, 56), "convert the image to float32"),
    ],
)
def test_a_picture_that_cannot_be_learnt_from_is_named(halves, part, image, mask, said):
    with pytest.raises(ValueError, match=f"The {part} image 'odd one' .*{said}"):
        short(small(), with_one(halves, part, image, mask), steps=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"in_channels": 3}, "takes images with 3 channels, but this one has 1"),
        ({"out_channels": 2}, r"returns \(2, 40, 56\), but it should return one"),
        ({"padding": "valid"}, r"Build it with out_channels=1, padding=\"same\"\."),
    ],
)
def test_a_network_that_does_not_fit_the_pictures_is_refused(halves, options, said):
    with pytest.raises(ValueError, match=said):
        short(small(**options), halves, steps=1, crop=40)


def test_a_network_that_cannot_change_is_refused(halves):
    with pytest.raises(ValueError, match="no weights that can be trained"):
        short(small().requires_grad_(False), halves)


def test_outside_of_a_notebook_it_prints_a_line_a_look(halves, capsys):
    short(small(), halves, steps=2, live=True)
    said = capsys.readouterr().out
    assert said.startswith("step 0, 0% done: loss ")
    assert "Finished after 2 steps." in said


def test_the_last_line_has_the_losses_of_the_weights_that_are_kept(halves, capsys):
    looks = [StepMetrics(0, 1.0, 1.1, 0.5, 0.2, 0.25), StepMetrics(25, 2.0, 2.1, 0.4, 0.2, 0.25)]
    view = LiveView(halves.validation[0], shown=True)
    view.close(Training(small(), looks, "finished", 25, 1.0, "", threads=1))
    kept = "step 0, the best on validation (IoU 0.50): loss 1.000 (train) 1.100 (validation), "
    assert f"{kept}validation IoU 0.50" in capsys.readouterr().out


def test_the_view_draws_in_its_share_of_the_time_only(halves):
    view = LiveView(halves.validation[0], shown=True)
    drawn = []
    view._draw = lambda *args: drawn.append(args)
    looks = [StepMetrics(0, 1.0, 1.0, 0.5, 0.2, 0.25)]
    view.show(looks, 0.1, elapsed=0.0)
    view.drawing_seconds = 1.0
    view.show(looks, 0.2, elapsed=30.0)
    assert len(drawn) == 1
    view.show(looks, 0.3, elapsed=40.0)
    assert len(drawn) == 2


def test_the_page_shows_curves_pictures_and_the_trouble(halves):
    view = LiveView(halves.validation[0], shown=False)
    look = StepMetrics(0, 0.5, 0.6, 0.7, 0.0, 0.25, torch.rand(40, 56))
    page = view._html([look], look, 0.5, "step 0 <", "something < else")
    assert 'alt="train loss 0.50, validation loss 0.60, validation IoU 0.70"' in page
    assert page.count("<img") == 4
    assert "something &lt; else" in page
    assert "step 0 &lt;" in page


def test_lines_in_rings_can_be_learnt_from(request):
    """Thirty steps are enough to see the loss go down on the real thing."""
    torch.manual_seed(0)
    run = train(
        UNet(depth=2, base_channels=4), lines_in_rings(8), steps=30, batch=4, crop=48, live=False
    )
    assert run.history[-1].train_loss < run.history[0].train_loss
