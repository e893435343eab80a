"""Runs a validation function on a small network and records what it did to the network."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.functions import alike
from unet_teach.shared.keep_state import SETTINGS

Validation = Callable[[nn.Module, Tensor, Tensor], Any]  # of a network, images and masks


@dataclass(frozen=True)
class ValidationTask:
    """A small network with a BatchNorm, images (N, 1, H, W) and boolean masks of the same shape."""

    network: nn.Module
    images: Tensor
    masks: Tensor

    def logits(self, *, training: bool) -> Tensor:
        """Return the network's logits (N, 1, H, W) in training or in eval mode."""
        network = copy.deepcopy(self.network).train(training)
        with torch.no_grad():
            logits: Tensor = network(self.images)
        return logits


def random_task(
    generator: torch.Generator | None = None,
    *,
    size: tuple[int, int, int] = (3, 8, 10),
    dropout: float = 0,
) -> ValidationTask:
    """Make a task whose BatchNorm's running statistics differ from those of its images.

    Args:
        generator: makes the random numbers; `None` takes torch's own.
        size: number of images, height and width.
        dropout: probability of the network's dropout; with one, the first convolution is frozen.
    """
    conv, norm, head = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1)
    network = nn.Sequential(conv, norm, nn.ReLU(), nn.Dropout(dropout), head)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert head.bias is not None
    count, height, width = size
    with torch.no_grad():
        for weight in (*conv.parameters(), *head.parameters(), norm.running_mean):
            weight.copy_(torch.randn(weight.shape, generator=generator))
        norm.running_var.copy_(0.5 + torch.rand(4, generator=generator))
        images = torch.randn(count, 1, height, width, generator=generator)
        # Half of the logits are above 0, and none is so close to 0 that rounding changes its sign.
        logits = network.eval()(images).flatten().sort().values
        third = len(logits) // 3
        gap = third + logits[third : 2 * third].diff().argmax()
        head.bias -= logits[gap : gap + 2].mean()
    conv.requires_grad_(not dropout)
    # The shares of foreground differ, so that the mean of the images' IoUs is not the IoU of all.
    share = torch.linspace(0.1, 0.8, count).reshape(count, 1, 1, 1)
    masks = torch.rand(images.shape, generator=generator) < share
    return ValidationTask(network, images, masks)


def known_task(seed: int = 7) -> ValidationTask:
    """Make a task that is the same each time, on which known mistakes are recognised.

    The image with the highest score is the last one of an odd seed, and the first of an even one.
    """
    task = random_task(torch.Generator().manual_seed(seed))
    if seed % 2:
        return task
    return replace(task, images=task.images.flip(0), masks=task.masks.flip(0))


def odd_task() -> ValidationTask:
    """Make a task with other sizes, a dropout and a frozen layer, the same each time."""
    return random_task(torch.Generator().manual_seed(5), size=(2, 7, 9), dropout=0.5)


@dataclass(frozen=True)
class ValidationRun:
    """What one call of a validation function returned and did to the network.

    Attributes:
        value: what it returned.
        modes: name and mode of each part of the network afterwards; the network's own name is "".
        ran_in_training: kinds of layers, of those whose mode matters, that ran in training mode.
        batches: how many images the network was given, each time.
        changes_images: whether it was given as many images as there are, but different ones.
        side_effects: what is not as it was before, each a kind and a sentence. Modes are no part.
        recorded: whether autograd recorded a forward pass of the network or the returned value.
    """

    value: Any
    modes: dict[str, bool]
    ran_in_training: set[str]
    batches: tuple[int, ...]
    changes_images: bool
    side_effects: dict[str, str]
    recorded: bool


def run_validation(
    validation: Validation, task: ValidationTask, *, training: bool, records: bool = True
) -> ValidationRun:
    """Call a validation function with a copy of the network.

    Args:
        validation: the function.
        task: what it is called with, copied.
        training: whether the network comes in training mode.
        records: whether autograd is switched on at the call.
    """
    network = copy.deepcopy(task.network).train(training)
    for weight in network.parameters():
        weight.grad = torch.full_like(weight, 0.25) if weight.requires_grad else None
    settings = repr(network)
    before, images, masks = _tensors(network), task.images.clone(), task.masks.clone()
    recorded: list[bool] = []
    in_training: set[str] = set()
    seen: list[Tensor] = []

    def watch_part(module: nn.Module, inputs: Any, output: Any) -> None:
        if module.training and isinstance(module, nn.BatchNorm2d | nn.Dropout):
            in_training.add(type(module).__name__)

    def watch_network(module: nn.Module, inputs: Any, output: Any) -> None:
        seen.extend(part.detach().clone() for part in inputs[:1] if isinstance(part, Tensor))
        recorded.append(_requires_grad(output))

    for part in list(network.children()):
        part.register_forward_hook(watch_part)
    network.register_forward_hook(watch_network)
    with torch.set_grad_enabled(records):
        torch_was = [read() for read, _ in SETTINGS]
        value = validation(network, images, masks)
        records_now, torch_now = torch.is_grad_enabled(), [read() for read, _ in SETTINGS]
        for (_, write), was, now in zip(SETTINGS, torch_was, torch_now, strict=True):
            if was != now:
                write(was)
    effects = _network_changes(network, before)
    if repr(network) != settings:
        old, new = settings.splitlines(), repr(network).splitlines()
        pair = next(((a, b) for a, b in zip(old, new, strict=False) if a != b), (old[0], new[0]))
        was, now = (line.strip() for line in pair)
        effects["settings"] = f"After your validation, `{was}` has become `{now}`."
    for name, given, now in (("images", task.images, images), ("masks", task.masks, masks)):
        if not torch.equal(given, now):
            effects[name] = f"Your validation changes the {name} that it was given."
    if records_now != records:
        what = "no longer records gradients" if records else "records gradients again"
        effects["grad mode"] = (
            f"After your validation, PyTorch {what}, in all code that follows. A block "
            "`with torch.no_grad():` restores by itself what was before."
        )
    elif torch_was != torch_now:
        changed = zip(SETTINGS, torch_was, torch_now, strict=True)
        read, was, now = next((read, a, b) for (read, _), a, b in changed if a != b)
        effects["settings of torch"] = (
            f"After your validation, a setting that all code shares is {now}, but it was {was} "
            f"(`{read.__name__}`)."
        )
    return ValidationRun(
        value,
        {name: part.training for name, part in network.named_modules()},
        in_training,
        tuple(map(len, seen)),
        sum(map(len, seen)) == len(images) and not alike(torch.cat(seen), task.images),
        effects,
        any(recorded) or _requires_grad(value),
    )


def reseeds(validation: Validation, task: ValidationTask) -> bool:
    """Whether a validation function sets torch's random numbers to a seed of its own."""
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        run_validation(validation, task, training=True)
        states.append(torch.get_rng_state())
    return torch.equal(*states)


# What there is to a tensor of the network: its values, whether it can learn, and its gradient.
_State = tuple[Tensor, bool, Tensor | None]


def _tensors(network: nn.Module) -> dict[str, _State]:
    return {
        name: (x.detach().clone(), x.requires_grad, None if x.grad is None else x.grad.clone())
        for name, x in network.state_dict(keep_vars=True).items()
    }


def _network_changes(network: nn.Module, before: dict[str, _State]) -> dict[str, str]:
    """Compare a network's weights, statistics and gradients with those before."""
    after = _tensors(network)
    if list(before) != list(after):
        return {"parts": "After your validation, the network has other weights or layers."}
    changes: dict[str, str] = {}  # of each kind the first
    for name, (old, learned, gradient) in before.items():
        new, learns, gradient_now = after[name]
        layer, _, short = name.rpartition(".")
        what = f"`{short}` of its {type(network.get_submodule(layer)).__name__}"
        found = {}
        if new.dtype != old.dtype:
            types = f"{str(new.dtype)[6:]} instead of {str(old.dtype)[6:]}"
            found["type"] = f"the network's weights are {types}."
        elif not torch.equal(new, old):
            kind = "weights" if name in dict(network.named_parameters()) else "statistics"
            found[kind] = f"the network has changed: {what} is different."
        if learned and not learns:
            found["frozen"] = (
                f"`requires_grad` is False for {what}, but it was True, so it would no longer be "
                "trained. Inside `with torch.no_grad():` nothing is recorded, whatever the weights "
                "say, so leave them alone."
            )
        elif learns and not learned:
            found["unfrozen"] = f"`requires_grad` is True for {what}, but it was False."
        one, other = (() if x is None else x.tolist() for x in (gradient, gradient_now))
        if one != other:
            verb = "a different one" if gradient_now is not None and gradient_now.any() else "gone"
            found["gradients"] = (
                f"the gradient stored for {what} is {verb}. `zero_grad()` and `backward()` change "
                "gradients, and both belong to training."
            )
        for kind, text in found.items():
            changes.setdefault(kind, f"After your validation, {text}")
    return changes


def _requires_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad
