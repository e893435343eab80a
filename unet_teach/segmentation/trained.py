"""Loads the trained U-Nets that come with the course, the ones that `SeeInside` shows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from unet_teach.networks import UNet
from unet_teach.networks.packed import unpack

FILE = Path(__file__).parents[1] / "widgets" / "see_inside.json"


def trained_unet(name: str = "trained with skips", task: str = "lines in rings") -> UNet:
    """Return a trained U-Net in eval mode; `benchmarks/README.md` says how it was trained.

    Its normalisation is part of its weights, which are rounded to 8 bits.

    Args:
        name: for lines in rings, "trained with skips" (in training each was left out at random, so
            the network can do without), "ordinary training", "trained without skips" or "depth 1".
        task: "lines in rings", "nuclei" or "earth"; the last two have the first network only.

    Raises:
        ValueError: if there is no such network.
    """
    there = _networks()
    if (task, name) not in there:
        names = ", ".join(f"{name!r} for {task!r}" for task, name in there)
        raise ValueError(f"There is no network {name!r} for {task!r}. Use {names}.")
    return unpack(there[task, name])


@cache
def _networks() -> dict[tuple[str, str], dict[str, Any]]:
    tasks = json.loads(FILE.read_text(encoding="utf-8"))["tasks"]
    return {(t["name"], n["name"]): n["network"] for t in tasks for n in t["networks"]}
