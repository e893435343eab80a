"""Saves a network to a file, loads it again, and exports it for other programs as ONNX."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unet_teach.networks import UNet
from unet_teach.networks.packed import options_of
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.checkpoint import MODEL_FORMAT, explain_errors, read_file, write_file
from unet_teach.segmentation.device import device_of
from unet_teach.segmentation.evaluation import in_eval_mode

NEEDED = (
    "Exporting needs the packages onnx and onnxscript. Install them with pip install "
    '"unet-teach[export]", or pip install onnx onnxscript.'
)


def save_model(model: nn.Module, path: str | Path) -> Path:
    """Write a network's weights to a file; for the course's `UNet` its options as well.

    An existing file is replaced only once the new one is complete.

    Args:
        model: trained or not, on any device.
        path: where to write, such as "unet.pt".

    Returns:
        The path.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the file cannot be written.
    """
    argument_checks.require_network(model)
    file = argument_checks.as_file("path", path, "unet.pt")
    own = type(model) is UNet
    weights = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    options = options_of(model) if own and isinstance(model, UNet) else None
    write_file(file, {"format": MODEL_FORMAT, "options": options, "weights": weights}, "model")
    return file


def load_model(path: str | Path, model: nn.Module | None = None) -> nn.Module:
    """Return a network with the weights of a file, in eval mode, on the CPU unless it is given.

    The file is read without running code from it (`weights_only=True`).

    Args:
        path: a file that `save_model` wrote, or `train(…, checkpoint=path)`; of the latter the
            best weights are taken.
        model: a network built with the same options as the one in the file. None: build it, which
            works for a `UNet` that `save_model` wrote.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the file is missing or damaged, belongs to another network, or does not say
            which network to build.
    """
    file = argument_checks.as_file("path", path, "unet.pt")
    if model is not None:
        argument_checks.require_network(model)
    state = read_file(file)
    if model is None:
        options = state.get("options")
        if options is None:
            raise ValueError(
                f"{file} does not say which network it belongs to. Build the network, and give it: "
                "load_model(path, model)."
            )
        with explain_errors(file):
            model = UNet(**options)
    with explain_errors(file):
        model.load_state_dict(state["weights"] if "weights" in state else state["best"])
    return model.eval()


def export_onnx(
    model: nn.Module, path: str | Path, size: tuple[int, int] | None = None, channels: int = 0
) -> Path:
    """Write a network as an ONNX file, which runs without PyTorch: onnxruntime, browsers, phones.

    The file maps "image", (N, C, H, W) float32, to "logits", as `model` does in eval mode. It needs
    torch 2.6 or later.

    Args:
        model: a network on any device; it stays as it is.
        path: where to write, such as "unet.onnx".
        size: H and W of the images, if they are always the same: the file is smaller, and some
            programs need it. None: any N, H and W that the network takes.
        channels: of the images. 0: those that the first convolution takes.

    Returns:
        The path.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the network cannot be exported, the size is too small, a package is missing,
            or the file cannot be written.
    """
    argument_checks.require_network(model)
    file = argument_checks.as_file("path", path, "unet.onnx")
    argument_checks.require_integer(0, channels=channels)
    height, width = _example_size(model, size)
    first = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), 0)
    if not (channels or first):
        raise ValueError("The network has no Conv2d, so say how many channels an image has.")
    image = torch.rand(2, channels or first, height, width, device=device_of(model))
    moving = torch.export.Dim.DYNAMIC
    shapes: Any = ({0: moving, 2: moving, 3: moving},) if size is None else None
    with in_eval_mode(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, on its own internals
        logger = logging.getLogger("torch.onnx")
        level, logger.level = logger.level, logging.ERROR  # packages that the course does not use
        try:
            program = torch.onnx.export(
                model,
                (image[: 2 if size is None else 1],),
                dynamo=True,
                dynamic_shapes=shapes,
                input_names=["image"],
                output_names=["logits"],
                verbose=False,
            )
        except ModuleNotFoundError:
            raise ValueError(NEEDED) from None
        except Exception as error:  # the exporter raises its own errors, and those of the network
            cause = error.__cause__ or error
            said, *_ = str(cause).strip().splitlines() or [type(cause).__name__]
            raise ValueError(
                f"torch cannot export this network: {said} A fixed size may help: size=(H, W)."
            ) from None
        finally:
            logger.level = level
    assert program is not None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        program.save(str(file), external_data=False)
    except OSError as error:
        raise ValueError(
            f"{file} can't be written ({error.strerror}). Give another file."
        ) from None
    return file


def _example_size(model: nn.Module, size: object) -> tuple[int, int]:
    """Return H and W to run the network with."""
    smallest = int(getattr(model, "smallest_side", 1))
    if size is None:
        return smallest + 64, smallest + 80  # none of them special: not equal, and no power of two
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise TypeError(f"size={size!r}; give (H, W), two whole numbers, or None.")
    argument_checks.require_integer(smallest, height=size[0], width=size[1])
    return int(size[0]), int(size[1])
