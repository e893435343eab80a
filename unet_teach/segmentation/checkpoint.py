"""Writes how far a training has come to a file, and goes on from there. Loads numbers, no code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unet_teach.segmentation.history import Look

FORMAT = 1
NUMBERS = tuple(name for name in Look.__dataclass_fields__ if name != "shown")


def save(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
    step: int,
    elapsed: float,
    best: dict[str, Any],
    history: list[Look],
) -> None:
    """Write everything that the next step needs. A file that is there stays whole until the end."""
    path = Path(path)
    beside = path.with_name(path.name + ".part")
    state = {
        "format": FORMAT,
        "step": step,
        "elapsed": elapsed,
        "model": model.state_dict(),
        "best": best,
        "optimizer": optimizer.state_dict(),
        "random": random.get_state(),
        "torch_random": torch.get_rng_state(),
        "history": [[getattr(look, name) for name in NUMBERS] for look in history],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, beside)
    os.replace(beside, path)


def load(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    random: torch.Generator,
) -> tuple[int, float, dict[str, Any], list[Look]]:
    """Put everything back; return step, seconds so far, the best weights and the history.

    Raises:
        ValueError: if the file is damaged, of another kind, or of another network.
    """
    state = read(path)
    try:
        model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise ValueError(
            f"{path} belongs to another network: {str(error).splitlines()[-1].strip()} Build the "
            "network with the options it was trained with, or train a new one: resume=False."
        ) from None
    optimizer.load_state_dict(state["optimizer"])
    random.set_state(state["random"])
    torch.set_rng_state(state["torch_random"])
    history = [Look(**dict(zip(NUMBERS, row, strict=True))) for row in state["history"]]
    return state["step"], state["elapsed"], state["best"], history


def load_model(path: str | Path, model: nn.Module) -> nn.Module:
    """Return the network with the best weights of a checkpoint, in eval mode.

    Raises:
        ValueError: as `load`.
    """
    try:
        model.load_state_dict(read(path)["best"])
    except RuntimeError as error:
        raise ValueError(
            f"{path} belongs to another network: {str(error).splitlines()[-1].strip()}"
        ) from None
    return model.eval()


def read(path: str | Path) -> dict[str, Any]:
    """Return what a checkpoint holds: tensors and numbers only."""
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        whole = isinstance(state, dict) and state["format"] == FORMAT
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. Train with checkpoint={str(path)!r}.") from None
    except Exception:  # whatever a damaged file makes the unpickler do
        whole = False
    if not whole:
        raise ValueError(
            f"{path} is damaged, or no checkpoint of this course. Delete it and train anew, or "
            "give another file."
        )
    return dict(state)
