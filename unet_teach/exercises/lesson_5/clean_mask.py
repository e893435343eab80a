"""Exercise `clean_mask` of lesson 5: from the values of a mask file to a mask of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes, is_function
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.masks import (
    first_wrong_pixel,
    input_changed,
    runs_on,
    tensor_of,
    values_check,
    where_right,
)


def _files() -> list[Case]:
    foreground = torch.rand(5, 7, generator=torch.Generator().manual_seed(2)) < 0.4
    foreground[0, :2], foreground[0, 2] = True, False
    binary = foreground.to(torch.uint8)
    labels = binary * torch.arange(1, 36).reshape(5, 7)
    files = {
        "0 and 255": 255 * binary,
        "0 and 1": binary,
        "labels, 0 to 35": labels.to(torch.uint8),
        "True and False": foreground,
        "labels up to 450": (8 * labels + 170 * foreground).to(torch.int32),
        "labels up to 256": 256 * foreground.to(torch.int32),
        "0 alone": torch.zeros(5, 7, dtype=torch.uint8),
        "255 alone": torch.full((5, 7), 255, dtype=torch.uint8),
    }
    return [Case(f"On a file of {values}", (file,)) for values, file in files.items()]


def _mask(file: Tensor) -> Tensor:
    return (file != 0).float()


def _wrong_value(given: Tensor, pixel: Tensor) -> str:
    return f"a pixel of {given.item()} becomes {pixel.item():.4g}, wanted {_mask(given):.0f}"


def _ones_in_place(file: Tensor) -> Tensor:
    file[file != 0] = 1
    return file.float()


def _what_becomes(answer: Callable[[Tensor], Tensor]) -> str:
    """Say what becomes of each value, and in which files the mask is right."""
    values = torch.tensor([0, 1, 2, 7, 127, 128, 255, 256, 450], dtype=torch.int32)
    try:
        alone = [answer(value.repeat(2, 3)) for value in values]
        if alone[0].shape != (2, 3):
            return ""
        together = answer(values.repeat(2, 1)).flatten()
        fates = {int(v): {*x.flatten().tolist()} for v, x in zip(values, alone, strict=True)}
        own = all(
            fate == {float(together[i])} == {float(together[len(values) + i])}
            for i, fate in enumerate(fates.values())
        )
    except Exception:
        return ""
    if own and any(fate != {float(v > 0)} for v, fate in fates.items()):
        table = ", ".join(f"{v} → {next(iter(fate)):.3g}" for v, fate in fates.items())
        return f"In your mask, {table}; wanted 0 → 0, and 1 for all others."
    depends = "" if own else "What becomes of a value depends on the other pixels. "
    return depends + where_right(answer, _mask, _files())


def _many_values() -> Case:
    return Case(
        "On a file of many values", (torch.arange(0, 260, 4, dtype=torch.int32).reshape(5, 13),)
    )


known = Probes(lambda: [*_files(), _many_values()])

clean_mask = Exercise(
    name="clean_mask",
    lesson=5,
    prompt="A mask file holds 0 for ground and, for foreground, True, 1, 255 or the labels 1, 2, 3 and on (a tensor of bool, uint8 or int32). Make it a float tensor of 0 and 1.",
    checks=(
        is_function("clean_mask(picture)"),
        runs_on(_files, "floats", tensor_of(Tensor.is_floating_point, "; the loss needs floats")),
        values_check(_mask, _files, _what_becomes, first_wrong_pixel(_mask, _wrong_value)),
    ),
    answers=(
        lambda: _mask,
        lambda: lambda picture: picture.bool().to(torch.float32),
        lambda: lambda picture: picture.float().clamp(max=1),
        lambda: lambda picture: torch.where(picture > 0, 1.0, 0.0),
    ),
    mistakes=(
        input_changed("Whoever gave you the picture has lost it. Work on a copy, or compare: a comparison makes a new tensor.",
            _ones_in_place, lambda: _files()[0].inputs),
        known.mistake("divided by 255", "Divided by 255, a file of 0 and 1 becomes 0 and 0.004: next to no foreground. Which question do all the files answer alike?",
            lambda p: p / 255, lambda p: p.float() / 255),
        known.mistake("truth values, not floats", "The right pixels, but no floats: the loss subtracts and multiplies. One step more.",
            lambda p: p.bool(), lambda p: (p != 0).to(torch.uint8), lambda p: (p != 0).long(),
            at="floats"),
        known.mistake("divided by the largest", "Divided by the largest value, the objects of a file of labels get a share each and not 1, and a file of 0 alone divides by 0.",
            lambda p: p.float() / p.max(), lambda p: p.float() / p.float().max().clamp(min=1),
            lambda p: (p.float() - p.min()) / (p.max() - p.min()),
            lambda p: (p.float() - p.float().min()) / (p.float().max() - p.float().min())),
        known.mistake("half of the largest", "Your threshold depends on the other values of the file: in a file of labels the low ones get lost.",
            lambda p: (p == p.max()).float(), lambda p: (p >= p.max()).float(),
            lambda p: (p > p.max() / 2).float(), lambda p: (p.float() > p.float().mean()).float()),
    ),
    hints=(
        "1, 255, True, 7: all of them mean foreground. What do they have in common?",
        "A comparison with 0 gives True and False. How do they become 1.0 and 0.0?",
        "`return (picture ___ ___).float()`",
    ),
    solution_text="`return (picture != 0).float()`: whatever is not ground is 1.0.",
    praise="Whatever is not 0 is foreground, in all these files alike. Look at one all the same: some files have it the other way round.",
)  # fmt: skip
