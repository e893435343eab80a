"""Writes how far a training has come to a file, and goes on from there. Loads numbers, no code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.training_result import Look

FORMAT = 1
NUMBERS = tuple(name for name in Look.__dataclass_fields__ if name != "shown")


DAMAGED = (
    "{path} is damaged, or no checkpoint of this course. Delete it and train anew, or give another "
    "file."
)


def file_at(path: object) -> Path:
    """Return where a checkpoint is or will be.

    Raises:
        TypeError: if it is no path.
        ValueError: if it is empty, or a folder.
    """
    path = argument_checks.path("checkpoint", path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder. Give a file in it: {str(path / 'training.pt')!r}.")
    return path


def save(
    path: Path,
    data: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
    step: int,
    elapsed: float,
    best: dict[str, Any],
    history: list[Look],
) -> None:
    """Write everything that the next step needs. A file that is there stays whole until the end.

    Raises:
        ValueError: if it cannot be written there.
    """
    beside = path.with_name(path.name + ".part")
    state = {
        "format": FORMAT,
        "data": data,
        "step": step,
        "elapsed": elapsed,
        "model": model.state_dict(),
        "best": best,
        "optimizer": optimizer.state_dict(),
        "random": random.get_state(),
        "torch_random": torch.get_rng_state(),
        "history": [[getattr(look, name) for name in NUMBERS] for look in history],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            torch.save(state, file)
        os.replace(beside, path)
    except OSError as error:
        raise ValueError(
            f"The checkpoint {path} cannot be written ({error.strerror}). Give another file."
        ) from None


def load(
    path: Path,
    data: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
) -> tuple[int, float, dict[str, Any], list[Look]]:
    """Put everything back; return step, seconds so far, the best weights and the history.

    Raises:
        ValueError: if the file is damaged, of another kind, of another network or of other data.
    """
    state = read(path)
    before = state.get("data", data)
    if before != data:
        raise ValueError(
            f"{path} was trained on {before}, and these are {data}. Give another file, or train "
            "anew: resume=False. Only to begin with its weights, load_model(path, model)."
        )
    with _said(path):
        model.load_state_dict(state["best"])
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        history = [Look(**dict(zip(NUMBERS, row, strict=True))) for row in state["history"]]
        argument_checks.whole(0, step=state["step"])
        argument_checks.not_negative(elapsed=state["elapsed"])
        random.set_state(state["random"])
        torch.set_rng_state(state["torch_random"])
    return state["step"], state["elapsed"], state["best"], history


def load_model(path: str | Path, model: nn.Module) -> nn.Module:
    """Return the network with the best weights of a checkpoint, in eval mode.

    Raises:
        TypeError: if the two change places.
        ValueError: as `load`.
    """
    path = file_at(path)
    argument_checks.network(model)
    state = read(path)
    with _said(path):
        model.load_state_dict(state["best"])
    return model.eval()


def read(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds: tensors and numbers only."""
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        whole = isinstance(state, dict) and state["format"] == FORMAT
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. Train with checkpoint={str(path)!r}.") from None
    except Exception:  # whatever a damaged file makes the unpickler do
        whole = False
    if not whole:
        raise ValueError(DAMAGED.format(path=path))
    return dict(state)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a state is put back into a sentence."""
    try:
        yield
    except Exception as error:  # whatever stands in the file in place of what should
        if "Error(s) in loading state_dict" not in str(error):
            raise ValueError(DAMAGED.format(path=path)) from None
        raise ValueError(
            f"{path} belongs to another network: {str(error).splitlines()[-1].strip()} Build the "
            "network with the options it was trained with, or train a new one: resume=False."
        ) from None
