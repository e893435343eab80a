"""Trains a network on images and masks: a complete training loop to read from top to bottom."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from copy import deepcopy
from math import cos, isfinite, pi
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation import checkpoint as checkpoints
from unet_teach.segmentation.before_training import hints_before_training
from unet_teach.segmentation.data.dataset import Dataset, Pair
from unet_teach.segmentation.device import choose_device, device_of
from unet_teach.segmentation.live_view import LiveView
from unet_teach.segmentation.task import ClassWeights, task_of
from unet_teach.segmentation.task import bce_dice_loss as bce_dice_loss  # where readers look for it
from unet_teach.segmentation.training_result import (
    StepMetrics,
    Training,
    centre_crops,
    diagnose,
    measure_step,
)
from unet_teach.shared.interrupts import hold_interrupts

DEFAULT_STEPS = 600  # if neither steps nor seconds are given
METRICS_EVERY = 25  # steps
clock = time.perf_counter


def train(
    model: nn.Module,
    data: Dataset,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    batch: int = 8,
    crop: int = 64,
    crop_at: Literal["random", "boundary"] = "random",
    learning_rate: float = 3e-3,
    threads: int = 1,
    device: str | torch.device | None = None,
    class_weights: ClassWeights = "none",
    live: bool = True,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> Training:
    """Train a network, and keep the weights with the best IoU on the validation images.

    Interrupt it at any time (■ in the toolbar, or Ctrl+C): the best weights so far are kept, those
    of the last step among them.
    Before the first step, a warning says what would make the training worthless, such as a sigmoid
    at the end of the network.

    Args:
        model: maps images (N, C, H, W) to logits (N, 1, H, W), or (N, K, H, W) if the data have K
            classes. For the same result each time, call `torch.manual_seed` before you build it.
        data: such as `earth()`. With several classes the loss is cross-entropy plus Dice, and the
            score is the mean IoU of the classes.
        steps: number of updates of the weights; 600 if `seconds` is not given either.
        seconds: time budget, including the computation of metrics. If `steps` is given as well,
            training ends at the limit that is reached first, and the learning rate follows the
            steps, so that a budget that is not reached changes nothing. The environment variable
            UNET_TEACH_SECONDS replaces such a budget; `inf` switches it off.
        seed: of the crops and flips.
        batch: number of crops in a step.
        crop: side of a crop in pixels, or the smallest side of an image if that is less.
        crop_at: where crops lie: anywhere ("random"), or over a random pixel at a boundary of the
            mask ("boundary"), which draws better outlines (`benchmarks/boundary.py`).
        learning_rate: maximum of the one-cycle schedule.
        threads: number of threads that torch uses. Small networks gain little from a second one
            (`benchmarks/training.py`), and with one the same seed gives the same result.
        device: where to train, such as "cpu" or "cuda". None: where the network is, or, if that is
            the CPU, the fastest device of this machine. Crops are moved there batch by batch, and
            the network comes back to where it was. Only the CPU repeats results to the last digit.
        class_weights: of several classes in the cross-entropy: "none", "inverse_sqrt" (one over the
            square root of a class's frequency, with a mean of 1), or a number for each class.
        live: show the progress while training.
        checkpoint: a file to save the state to, each time that metrics are computed.
        resume: continue from that file if it exists.

    Returns:
        The network in eval mode with its best weights, and the history of its metrics.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the network cannot be trained with these data or numbers; or if the
            checkpoint is damaged, or belongs to another network or other data.
    """
    if steps is None and seconds is None:
        steps = DEFAULT_STEPS
    argument_checks.require_integer(
        1, steps=1 if steps is None else steps, batch=batch, crop=crop, threads=threads
    )
    argument_checks.require_integer(0, seed=seed)
    argument_checks.require_positive(
        seconds=1 if seconds is None else seconds, learning_rate=learning_rate
    )
    if steps is not None and seconds is not None:  # notebooks are built without, tested with less
        seconds = float(os.environ.get("UNET_TEACH_SECONDS", seconds))
    if crop_at not in ("random", "boundary"):
        raise ValueError(f"crop_at={crop_at!r} is not known. Use 'random' or 'boundary'.")
    argument_checks.require_trainable(model, data, crop)
    task, home = task_of(data, class_weights), device_of(model)
    place = choose_device(model, device)
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=…, the file to continue from.")
    file = (
        None
        if checkpoint is None
        else argument_checks.as_file("checkpoint", checkpoint, "training.pt")
    )
    largest_crop, sides = crop, [side for pair in data.train for side in pair.mask.shape[-2:]]
    crop = min(crop, *sides)
    hints = hints_before_training(model, data.train, batch, crop, largest_crop, data.classes)
    for hint in hints:
        warnings.warn(hint, stacklevel=2)
    torch.manual_seed(seed)  # for networks that draw random numbers themselves
    random = torch.Generator().manual_seed(seed)
    at = [boundary_pixels(p.mask) for p in data.train] if crop_at == "boundary" else None
    model.to(place)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    view = LiveView(data.validation[0], shown=live, colours=data.colours)
    threads_before = torch.get_num_threads()
    train_crops = centre_crops(data.train, data.validation)
    history: list[StepMetrics] = []
    best_weights = deepcopy(model.state_dict())
    step, elapsed_before, metrics_seconds, ended = 0, 0.0, 0.0, "finished"
    source, resumed_at = f"{data.name} ({data.source})", -1
    if file is not None and resume and file.exists():
        state = checkpoints.load(file, source, model, optimizer, random)
        step, elapsed_before, best_weights, history = state
        resumed_at = step
    # The channels_last layout gives the same sums a third faster (benchmarks/README.md).
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
    start = clock() - elapsed_before
    torch.set_num_threads(threads)
    model.train()
    try:
        while True:
            progress = _progress(step, steps, clock() - start, seconds, metrics_seconds)
            if step % METRICS_EVERY == 0 or progress >= 1:
                if not history or history[-1].step < step:  # a resumed step has its metrics
                    metrics_start = clock()
                    metrics = measure_step(model, step, task, train_crops, data.validation)
                    if metrics.beats(history):
                        best_weights = deepcopy(model.state_dict())
                    history.append(metrics)
                    if file is not None:
                        state = step, clock() - start, best_weights, history
                        checkpoints.save(file, source, model, optimizer, random, *state)
                    metrics_seconds = clock() - metrics_start
                    progress = _progress(step, steps, clock() - start, seconds, metrics_seconds)
                view.show(history, progress, clock() - start)
            if progress >= 1:
                ended = "finished" if steps and step >= steps else "out of time"
                ended = "done before" if step == resumed_at else ended
                break
            # By steps where they are given, so that the clock does not change the result.
            done = step / steps if steps else progress
            optimizer.param_groups[0]["lr"] = learning_rate * one_cycle(done)
            images, masks = random_crops(data.train, batch, crop, random, at)
            images = images.to(place, memory_format=torch.channels_last)
            loss = task.loss(model(images), masks.to(place))
            if not isfinite(loss.item()):
                ended = "not a number"
                break
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            optimizer.step()
            step += 1
    except KeyboardInterrupt:
        ended = "stopped"
    finally:
        torch.set_num_threads(threads_before)
    with hold_interrupts():  # a second ■ does not lose what the first one left
        if ended == "stopped" and (not history or history[-1].step < step):
            metrics = measure_step(model, step, task, train_crops, data.validation)
            if metrics.beats(history):
                best_weights = deepcopy(model.state_dict())
            history.append(metrics)
        model.load_state_dict(best_weights)
        model.eval().to(home)
        elapsed = clock() - start
        problem = diagnose(history, ended, step, learning_rate, several=bool(data.classes))
        trouble = " ".join([*hints, problem]).rstrip()
        training = Training(
            model,
            history,
            ended,
            step,
            elapsed,
            trouble,
            threads,
            device=str(place),
            drawing_seconds=view.drawing_seconds,
            cell=view.cell,
        )
        view.close(training)
    return training


def random_crops(
    pairs: Sequence[Pair],
    n: int,
    side: int,
    random: torch.Generator,
    at: Sequence[Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return n random square crops, each flipped along each axis with probability one half.

    An image is chosen in proportion to its number of pixels.

    Args:
        pairs: images with masks, each at least `side` pixels high and wide.
        n: number of crops.
        side: of a crop, in pixels.
        random: generator of the choices.
        at: for each image, pixels (N, 2), row and column; each crop holds one of them, chosen at
            random, unless its image has none. None: crops lie anywhere.

    Returns:
        Images (n, C, side, side) and masks (n, 1, side, side).
    """
    pixels = torch.tensor([float(pair.mask.numel()) for pair in pairs])
    images, masks = [], []
    for index in torch.multinomial(pixels, n, replacement=True, generator=random).tolist():
        image, mask, _ = pairs[index]
        top, left, *flips = torch.rand(4, generator=random).tolist()
        row = int(top * (mask.shape[1] - side + 1))
        column = int(left * (mask.shape[2] - side + 1))
        if at is not None and len(at[index]):
            choice = torch.randint(len(at[index]), (1,), generator=random).item()
            down, right = at[index][int(choice)].tolist()
            row = min(max(0, down - int(top * side)), mask.shape[1] - side)
            column = min(max(0, right - int(left * side)), mask.shape[2] - side)
        window = (slice(None), slice(row, row + side), slice(column, column + side))
        axes = [axis for axis, chance in zip((1, 2), flips, strict=True) if chance < 0.5]
        images.append(image[window].flip(axes))
        masks.append(mask[window].flip(axes))
    return torch.stack(images), torch.stack(masks)


def boundary_pixels(mask: Tensor) -> Tensor:
    """Return row and column, (N, 2), of the pixels that differ from one below or to the right."""
    edges = torch.zeros_like(mask[0], dtype=torch.bool)
    edges[:-1] |= mask[0, 1:] != mask[0, :-1]
    edges[:, :-1] |= mask[0, :, 1:] != mask[0, :, :-1]
    return edges.nonzero()


def one_cycle(progress: float) -> float:
    """Return the learning rate at some progress (0 to 1), as a fraction of its maximum.

    It rises from 1/25 during the first 30 %, then falls to almost 0, both along a cosine: Smith &
    Topin, "Super-Convergence", 2017, arXiv:1708.07120, in the form of `OneCycleLR` of torch. That
    class needs the number of steps, which is unknown when training ends after some seconds.
    """
    if progress < 0.3:
        return 1 - (1 - 1 / 25) * (1 + cos(pi * progress / 0.3)) / 2
    return max(1e-4, (1 + cos(pi * (progress - 0.3) / 0.7)) / 2)


def _progress(
    step: int, steps: int | None, elapsed: float, seconds: float | None, metrics_seconds: float
) -> float:
    """Return the fraction of the training that is done, by steps or by time, whichever is larger.

    The budget of seconds leaves time for the last metrics, which take about `metrics_seconds`.
    """
    by_time = elapsed / max(seconds - metrics_seconds, 1e-9) if seconds else 0.0
    return max(step / steps if steps else 0.0, by_time)
