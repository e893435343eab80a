"""Trains a network on pictures and masks, in the open: read it from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from math import cos, isfinite, pi
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation import checkpoint as checkpoints
from unet_teach.segmentation.data.dataset import Dataset, Pair
from unet_teach.segmentation.live_view import LiveView
from unet_teach.segmentation.training_result import Look, Training, alike, look, trouble_of

STEPS = 600  # when neither steps nor seconds are given
LOOK_EVERY = 25  # steps
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
    learning_rate: float = 3e-3,
    threads: int = 1,
    live: bool = True,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> Training:
    """Train a network, and keep the weights that did best on the validation pictures.

    Interrupt it whenever you like (■ in the toolbar, or Ctrl+C): the best so far is kept.

    Args:
        model: gives one logit a pixel: (N, C, H, W) to (N, 1, H, W). For the same result each time,
            call `torch.manual_seed` before you build it.
        data: such as `earth()`.
        steps: how often the weights change; 600 if `seconds` is not given either.
        seconds: a budget of time, with all looks. With steps as well, the first reached ends it.
        seed: of the crops and flips.
        batch: crops a step.
        crop: side of a crop in pixels, or the smallest side of a picture if that is less.
        learning_rate: the highest one of the cycle.
        threads: of torch while it trains. Small networks gain little from a second one
            (`benchmarks/training.py`), and with one the same seed gives the same result.
        live: show how it goes.
        checkpoint: a file that is written at every look, to go on from later.
        resume: go on from that file, if it is there.

    Returns:
        The network with its best weights in eval mode, and how it went.

    Raises:
        TypeError: for what is no network, no dataset, or no number.
        ValueError: for data or numbers that cannot be trained with, or for a checkpoint that is
            damaged, of another network, or of other data.
    """
    if steps is None and seconds is None:
        steps = STEPS
    argument_checks.whole(
        1, steps=1 if steps is None else steps, batch=batch, crop=crop, threads=threads
    )
    argument_checks.whole(0, seed=seed)
    argument_checks.positive(seconds=1 if seconds is None else seconds, learning_rate=learning_rate)
    argument_checks.trainable(model, data, crop)
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=…, the file to go on from.")
    file = None if checkpoint is None else checkpoints.file_at(checkpoint)
    crop = min(crop, *(side for pair in data.train for side in pair.mask.shape[-2:]))
    torch.manual_seed(seed)  # for networks that draw random numbers themselves
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    view, threads_before = LiveView(data.validation[0], shown=live), torch.get_num_threads()
    seen = alike(data.train, data.validation)
    history: list[Look] = []
    step, before, ended, best = 0, 0.0, "finished", deepcopy(model.state_dict())
    source, first, cost = f"{data.name} ({data.source})", -1, 0.0
    if file is not None and resume and file.exists():
        step, before, best, history = checkpoints.load(file, source, model, optimizer, random)
        first = step
    # Channels beside each other in memory: the same sums, a third faster (benchmarks/README.md).
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
    start = clock() - before
    torch.set_num_threads(threads)
    model.train()
    try:
        while True:
            done = _done(step, steps, clock() - start, seconds, cost)
            if step % LOOK_EVERY == 0 or done >= 1:
                if not history or history[-1].step < step:
                    began = clock()
                    history.append(look(model, step, loss_of, seen, data.validation))
                    if history[-1].beats(history[:-1]):
                        best = deepcopy(model.state_dict())
                    if file is not None:
                        so_far = step, clock() - start, best, history
                        checkpoints.save(file, source, model, optimizer, random, *so_far)
                    cost = clock() - began
                    done = _done(step, steps, clock() - start, seconds, cost)
                view.show(history, done, clock() - start)
            if done >= 1:
                ended = "finished" if steps and step >= steps else "out of time"
                ended = "done before" if step == first else ended
                break
            optimizer.param_groups[0]["lr"] = learning_rate * one_cycle(done)
            images, masks = random_crops(data.train, batch, crop, random)
            images = images.contiguous(memory_format=torch.channels_last)
            loss = loss_of(model(images), masks)
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
    model.load_state_dict(best)
    model.eval()
    if not history:  # stopped before there was anything to see
        history.append(look(model, step, loss_of, seen, data.validation))
    elapsed = clock() - start
    trouble = trouble_of(history, ended, step, learning_rate)
    training = Training(model, history, ended, step, elapsed, trouble, threads, view.spent)
    view.close(training)
    return training


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    """Return binary cross-entropy plus 1 − Dice: each pixel right, and the shape as a whole.

    Cross-entropy alone is content to predict nothing where little is foreground. The Dice of
    probabilities needs no cut: Milletari, Navab & Ahmadi, "V-Net", 2016, arXiv:1606.04797.
    """
    found = logits.sigmoid()
    dice = (2 * (found * masks).sum() + 1) / (found.sum() + masks.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) + 1 - dice


def random_crops(
    pairs: Sequence[Pair], n: int, side: int, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return n square crops, flipped or not: images (n, C, side, side), masks (n, 1, side, side).

    Each pixel is as likely as any other, so a large picture comes more often.
    """
    pixels = torch.tensor([float(pair.mask.numel()) for pair in pairs])
    images, masks = [], []
    for which in torch.multinomial(pixels, n, replacement=True, generator=random).tolist():
        image, mask, _ = pairs[which]
        top, left, *flips = torch.rand(4, generator=random).tolist()
        row = int(top * (mask.shape[1] - side + 1))
        column = int(left * (mask.shape[2] - side + 1))
        window = (slice(None), slice(row, row + side), slice(column, column + side))
        axes = [axis for axis, chance in zip((1, 2), flips, strict=True) if chance < 0.5]
        images.append(image[window].flip(axes))
        masks.append(mask[window].flip(axes))
    return torch.stack(images), torch.stack(masks)


def one_cycle(done: float) -> float:
    """Return the share of the learning rate when this share of the training is done.

    Up from 1/25 in the first 30 %, then down to almost nothing, both along a cosine: Smith & Topin,
    "Super-Convergence", 2017, arXiv:1708.07120, with the shape of `optim.lr_scheduler.OneCycleLR`.
    Written out, since a budget of seconds does not know its number of steps.
    """
    if done < 0.3:
        return 1 - (1 - 1 / 25) * (1 + cos(pi * done / 0.3)) / 2
    return max(1e-4, (1 + cos(pi * (done - 0.3) / 0.7)) / 2)


def _done(
    step: int, steps: int | None, elapsed: float, seconds: float | None, cost: float
) -> float:
    """Return which share of the training is done: by steps or by time, what is further.

    The last look takes time as well: `cost`, in seconds.
    """
    by_time = elapsed / max(seconds - cost, 1e-9) if seconds else 0.0
    return max(step / steps if steps else 0.0, by_time)
