"""Saves the state of a training to a file, and resumes from it. Loads tensors, never code."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.training_result import StepMetrics

FORMAT = 1
MODEL_FORMAT = "unet_teach model 1"
FORMATS = FORMAT, MODEL_FORMAT
STORED_METRICS = tuple(name for name in StepMetrics.__dataclass_fields__ if name != "probabilities")

DAMAGED = (
    "{path} is damaged, or not a checkpoint of this course. Delete it and train again, or give "
    "another file."
)


def save(
    path: Path,
    data: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
    step: int,
    elapsed: float,
    best: dict[str, Any],
    history: list[StepMetrics],
) -> None:
    """Write everything that the next training step needs; of the history, no probabilities.

    `data` is the name and source of the dataset, to refuse other data when the training resumes;
    `elapsed` are the seconds so far, and `best` is the state dict of the best weights.

    Raises:
        ValueError: if the file cannot be written.
    """
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
        "history": [[getattr(metrics, name) for name in STORED_METRICS] for metrics in history],
    }
    write_file(path, state, "checkpoint")


def write_file(path: Path, state: dict[str, Any], what: str) -> None:
    """Write tensors and numbers to a file; an existing one is replaced once the new is complete.

    Raises:
        ValueError: if the file cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            torch.save(state, file)
        os.replace(unfinished, path)
    except OSError as error:
        raise ValueError(
            f"The {what} {path} can't be written ({error.strerror}). Give another file."
        ) from None


def load(
    path: Path,
    data: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
) -> tuple[int, float, dict[str, Any], list[StepMetrics]]:
    """Restore a training; the arguments are those of `save`, and are changed in place.

    Returns:
        The step, the seconds so far, the state dict of the best weights, and the history.

    Raises:
        ValueError: if the file is missing or damaged, or belongs to another network or other data.
    """
    state = read_file(path)
    if state["format"] != FORMAT:
        raise ValueError(DAMAGED.format(path=path))
    trained_on = state.get("data", data)
    if trained_on != data:
        raise ValueError(
            f"{path} was trained on {trained_on}, but these data are {data}. Give another file, or "
            "train again with resume=False. To start from its weights only, use load_model(path, "
            "model)."
        )
    with explain_errors(path):
        model.load_state_dict(state["best"])
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        history = [
            StepMetrics(**dict(zip(STORED_METRICS, row, strict=True))) for row in state["history"]
        ]
        argument_checks.require_integer(0, step=state["step"])
        argument_checks.require_non_negative(elapsed=state["elapsed"])
        random.set_state(state["random"])
        torch.set_rng_state(state["torch_random"])
    return state["step"], state["elapsed"], state["best"], history


def read_file(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint or a saved model: tensors, text and numbers only.

    Raises:
        ValueError: if the file is missing, damaged, or of another kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on a pickle that torch has not written
            state = torch.load(path, weights_only=True, map_location="cpu")
        is_valid = isinstance(state, dict) and state["format"] in FORMATS
    except FileNotFoundError:
        raise ValueError(
            f"There is no file {path}. Train with checkpoint={str(path)!r}, or save a model, first."
        ) from None
    except Exception:  # a damaged file may raise anything in the unpickler
        is_valid = False
    if not is_valid:
        raise ValueError(DAMAGED.format(path=path))
    return dict(state)


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Turn any error while a state is restored into a `ValueError` that says what to do."""
    try:
        yield
    except Exception as error:  # wrong content may raise anything
        if "Error(s) in loading state_dict" not in str(error):
            raise ValueError(DAMAGED.format(path=path)) from None
        raise ValueError(
            f"{path} belongs to another network: {str(error).splitlines()[-1].strip()} Build the "
            "network with the options it was trained with, or train a new one: resume=False."
        ) from None
