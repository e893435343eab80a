"""Cuts, weakens or replaces the skip connections of any network while it runs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from unet_teach.inspection.calls import Place, ReplayedCalls
from unet_teach.inspection.followed import COMPILED, Change, Followed, Skip, follow
from unet_teach.inspection.inspector import check_model

Replacement = Tensor | Callable[[Tensor], Tensor]
NOTHING_TO_CUT = (
    "{name} has no skip connection, so there is nothing to cut. "
    "inspect_unet(model, …) shows what was found."
)


@contextlib.contextmanager
def cut(
    model: nn.Module,
    *levels: str | int | float,
    strength: float | None = None,
    replacement: Replacement | None = None,
) -> Iterator[None]:
    """Cut skip connections of a network for as long as a `with` block lasts.

        with cut(model, "level 1"):
            prediction = model(image)

    What a cut skip contributes is zero where it is concatenated, added or attended to, and one
    where it is multiplied; what goes down from there to the next level is as before. Gradients
    follow. The network itself is not changed: it is recorded once for each shape of its inputs, and
    torch's functions get other arguments while it runs.

    Args:
        model: any network in which `inspect_unet` finds skip connections.
        *levels: such as "level 1" or 1, or a size as in the report, such as "48×48". Level 0 has
            the resolution of the input. Without any, all skips are cut.
        strength: what the skip is multiplied by: 0, the default, cuts it, and 1 changes nothing.
        replacement: what is put in place of the skip, with a strength of 1 by default: a tensor of
            its shape, such as the skip of another image, or a function that makes one of it, such
            as a blur.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: for a strength that is not finite. When the network runs: if it has no such
            level, cannot be followed, or the replacement has another shape.
    """
    check_model(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError(COMPILED.format(what=type(model).__name__))
    if strength is None:
        strength = 0.0 if replacement is None else 1.0
    change = changed_by(strength, replacement)
    hooks = _Hooks(model, levels, change)
    before = model.register_forward_pre_hook(hooks.begin, prepend=True, with_kwargs=True)
    after = model.register_forward_hook(hooks.end, always_call=True)
    try:
        yield
    finally:
        before.remove()
        after.remove()


class _Hooks:
    """Starts and ends the changes with each run of the network."""

    def __init__(
        self, model: nn.Module, levels: tuple[Any, ...], change: Callable[[Skip], Change]
    ) -> None:
        self._model, self._levels, self._change = model, levels, change
        self._changes: dict[Any, dict[Place, dict[int, Change]]] = {}
        self._running: list[ReplayedCalls] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> _Hooks:
        """Stay the same object, so that a copy of the network that is recorded runs uncut."""
        return self

    def begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Change the calls from here on."""
        if module is not self._model:
            return
        leaves = tree_leaves((args, kwargs))
        key = tuple(tuple(x.shape) if isinstance(x, Tensor) else type(x) for x in leaves)
        if key not in self._changes:
            followed = follow(module, args, kwargs)
            skips = chosen_skips(followed, self._levels)
            self._changes[key] = changes_of({skip: self._change(skip) for skip in skips})
        calls = ReplayedCalls(self._changes[key])
        self._running.append(calls)
        calls.__enter__()  # type: ignore[no-untyped-call]

    def end(self, module: nn.Module, args: Any, made: Any) -> None:
        """Change nothing any more."""
        if module is self._model and self._running:
            self._running.pop().__exit__(None, None, None)  # type: ignore[no-untyped-call]


def chosen_skips(followed: Followed, levels: tuple[Any, ...]) -> list[Skip]:
    """Return the skips with these names, all without a name.

    Raises:
        TypeError: for a level that is neither a text nor a number.
        ValueError: if there is no such skip, or no skip at all; or if it cannot be reached.
    """
    skips = followed.skips
    if not skips:
        raise ValueError(NOTHING_TO_CUT.format(name=followed.name))
    chosen = []
    for level in levels or tuple(skips):
        if isinstance(level, bool) or not isinstance(level, str | int | float):
            raise TypeError(
                f'The level is of type {type(level).__name__}; give a text such as "level 1".'
            )
        text = f"level {level:g}" if isinstance(level, int | float) else level.strip().lower()
        text = text.replace("x", "×")
        fitting = [s for s in skips.values() if text in (s.name, s.name[6:], s.size)]
        if not fitting:
            there = ", ".join(f"{skip.name!r} ({skip.size})" for skip in skips.values())
            raise ValueError(
                f"{followed.name} has no skip at {level!r}. With this input there are: {there}."
            )
        if not fitting[0].arguments:
            raise ValueError(COMPILED.format(what=f"What joins the skip at {level!r}"))
        chosen.append(fitting[0])
    return chosen


def changed_by(strength: float, replacement: Replacement | None) -> Callable[[Skip], Change]:
    """Return a function that says, for a skip, what becomes of it.

    Raises:
        TypeError: if the strength is no number, or the replacement neither a tensor nor callable.
        ValueError: if the strength is not finite.
    """
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise TypeError(f"strength is of type {type(strength).__name__}; give a number: 0 to 1.")
    if not math.isfinite(strength):
        raise ValueError(f"strength={strength} is not finite. 0 cuts a skip, 1 leaves it as it is.")
    if not (replacement is None or isinstance(replacement, Tensor) or callable(replacement)):
        raise TypeError(
            f"replacement is of type {type(replacement).__name__}; give a tensor of the skip's "
            "shape, or a function that takes the skip and returns one."
        )

    def change_of(skip: Skip) -> Change:
        def change(tensor: Tensor) -> Tensor:
            made = tensor
            if replacement is not None:
                made = replacement if isinstance(replacement, Tensor) else replacement(tensor)
                _check_replacement(made, tensor, skip)
            if strength == 1:
                return made
            if skip.kind == "gate":  # the neutral element of a product
                return made * strength + (1 - strength)
            # Zeros also where the skip holds NaN, which times 0 would stay.
            return made * strength if strength else torch.zeros_like(made)

        return change

    return change_of


def _check_replacement(made: Any, skip: Tensor, known: Skip) -> None:
    if not isinstance(made, Tensor) or made.shape != skip.shape:
        given = tuple(made.shape) if isinstance(made, Tensor) else f"a {type(made).__name__}"
        raise ValueError(
            f"The replacement of {known.name!r} is {given}, and the skip is {tuple(skip.shape)}. "
            "Give a tensor of the same shape."
        )


def changes_of(changes: dict[Skip, Change]) -> dict[Place, dict[int, Change]]:
    """Return what becomes of the arguments of calls when these skips are changed."""
    found: dict[Place, dict[int, Change]] = {}
    for skip, change in changes.items():
        for place, indices in skip.arguments.items():
            found.setdefault(place, {}).update(dict.fromkeys(indices, change))
    return found
