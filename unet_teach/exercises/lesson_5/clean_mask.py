"""Exercise `clean_mask` of lesson 5: from the values of a mask file to a mask of 0 and 1."""

from collections.abc import Callable

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes
from unet_teach.exercises.checks.masks import (
    first_wrong_pixel,
    input_changed,
    tensor_of,
    three_checks,
    where_right,
)
from unet_teach.exercises.exercise import Exercise


def _files() -> list[Case]:
    foreground = torch.rand(5, 7, generator=torch.Generator().manual_seed(2)) < 0.4
    foreground[0, :2], foreground[0, 2] = True, False
    binary = foreground.to(torch.uint8)
    labels = binary * torch.arange(1, 36).reshape(5, 7)
    files = {
        "0 and 255": 255 * binary,
        "0 and 1": binary,
        f"numbered objects, 0 to {int(labels.max())}": labels.to(torch.uint8),
        "True and False": foreground,
        "numbered objects up to 450": (8 * labels + 170 * foreground).to(torch.int32),
        "0 and 256": 256 * foreground.to(torch.int32),
        "nothing but 0": torch.zeros(5, 7, dtype=torch.uint8),
        "nothing but 255": torch.full((5, 7), 255, dtype=torch.uint8),
        "a single row": binary[:1],
        "a single column": 255 * binary[:, :1],
    }
    return [Case(f"On a file of {values}", (file,)) for values, file in files.items()]


def _mask(file: Tensor) -> Tensor:
    return (file != 0).float()


def _wrong_value(inputs: tuple[Tensor], place: tuple[int, ...], pixel: Tensor) -> str:
    given = inputs[0][place]
    return f"a pixel of {given.item()} becomes {pixel.item():.4g}, but it should become {_mask(given):.0f}"


def _what_becomes(answer: Callable[[Tensor], Tensor]) -> str:
    """Say what becomes of each value, and in which files the mask is right."""
    values = torch.tensor([0, 1, 2, 7, 127, 128, 255, 256, 450], dtype=torch.int32)
    alone = [answer(value.repeat(2, 3)) for value in values]
    if alone[0].shape != (2, 3):
        return ""
    together = answer(values.repeat(2, 1)).flatten()
    # As texts, because NaN differs from itself.
    fates = {int(v): {*map(str, x.flatten().tolist())} for v, x in zip(values, alone, strict=True)}
    mixed = together.reshape(2, -1).T.tolist()
    own = all(
        len(fate) == 1 and {*map(str, pair)} == fate
        for pair, fate in zip(mixed, fates.values(), strict=True)
    )
    if own and any(fate != {str(float(v > 0))} for v, fate in fates.items()):
        table = ", ".join(f"{v} → {float(next(iter(fate))):.3g}" for v, fate in fates.items())
        return f"Your function turns {table}. It should turn 0 into 0 and every other value into 1."
    depends = "" if own else "What a value becomes depends on the other pixels. "
    return depends + where_right(answer, _mask, _files())


MANY = torch.arange(0, 260, 4, dtype=torch.int32).reshape(5, 13)  # values

known = Probes(lambda: [*_files(), (MANY,)])

clean_mask = Exercise(
    name="clean_mask",
    lesson=5,
    prompt="A mask file stores 0 for background. For foreground it stores True, 1, 255, or numbered objects 1, 2, 3 and so on, as a tensor of bool, uint8 or int32. Turn it into a float tensor of 0 and 1.",
    checks=three_checks("clean_mask(raw_mask)", "floats", tensor_of(Tensor.is_floating_point, ", but the loss needs floats"), _mask, _files, _what_becomes, first_wrong_pixel(_mask, _wrong_value)),
    mistakes=(
        input_changed("Your function overwrites the mask that it was given, so the caller's data are gone. A comparison such as `raw_mask != 0` makes a new tensor instead.",
            lambda file: file.masked_fill_(file != 0, 1).float(), lambda: _files()[0].inputs),
        known.mistake("divided by 255", "Dividing by 255 works for a file of 0 and 255, but it turns a file of 0 and 1 into 0 and 0.004, which is almost no foreground. Which question about a pixel has the same answer in every file?",
            lambda p: p / 255),
        known.mistake("truth values, not floats", "You picked the right pixels, but the loss calculates with the mask and needs floats. Convert the result.",
            lambda p: p.bool(), lambda p: (p != 0).to(torch.uint8), lambda p: (p != 0).long(),
            at="floats"),
        known.mistake("divided by the largest", "You scale by the largest value in the file. With numbered objects, only the last one becomes 1 and the others become fractions, and in an empty mask the largest value is 0. Which question can you ask about each pixel by itself?",
            lambda p: p.float() / p.max(), lambda p: p.float() / p.float().max().clamp(min=1),
            lambda p: (p.float() - p.min()) / (p.max() - p.min()),
            lambda p: (p.float() - p.float().min()) / (p.float().max() - p.float().min())),
        known.mistake("half of the largest", "Your threshold depends on the other values in the file, so with numbered objects the ones with low numbers become background. Which value means background in every file?",
            lambda p: (p == p.max()).float(), lambda p: (p > p.max() / 2).float(), lambda p: (p.float() > p.float().mean()).float()),
    ),
    hints=(
        "1, 255, True and 7 all mean foreground. What do they have in common that background doesn't?",
        "Compare each pixel with the value for background, which gives True and False. Which method turns those into 1.0 and 0.0?",
        "`return (raw_mask ___ ___).float()`",
    ),
    solution_text="`return (raw_mask != 0).float()`: everything that isn't background becomes 1.0.",
    praise="Whatever isn't 0 is foreground, in all of these files. Always look at one mask first, though: some files store it the other way round.",
)  # fmt: skip
