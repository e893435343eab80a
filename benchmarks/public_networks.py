"""Cuts the skips of public networks and shows their maps: which work, and what the others are told.

Run it in an environment with monai, diffusers and segmentation-models-pytorch:
`python -m benchmarks.public_networks`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach import UNet, cut
from unet_teach.inspection.followed import follow
from unet_teach.inspection.live_network import LiveNetwork
from unet_teach.inspection.recording import find_all

RESULTS = Path(__file__).parent / "results" / "public_networks.json"
Given = dict[str, Any]


def monai(name: str, *args: Any, **kwargs: Any) -> Callable[[], nn.Module]:
    """Return what builds a network of monai."""

    def build() -> nn.Module:
        from monai.networks import nets

        made: nn.Module = getattr(nets, name)(*args, **kwargs)
        return made

    return build


def smp(name: str, encoder: str, **kwargs: Any) -> Callable[[], nn.Module]:
    """Return what builds a network of segmentation-models-pytorch, without its weights."""

    def build() -> nn.Module:
        import segmentation_models_pytorch

        made: nn.Module = getattr(segmentation_models_pytorch, name)(
            encoder, encoder_weights=None, **kwargs
        )
        return made

    return build


def diffusers(name: str, **kwargs: Any) -> Callable[[], nn.Module]:
    """Return what builds a network of diffusers."""

    def build() -> nn.Module:
        import diffusers

        made: nn.Module = getattr(diffusers, name)(**kwargs)
        return made

    return build


LARGE, LARGE_RGB = (1, 1, 256, 256), (1, 3, 256, 256)
GREY, RGB, VOLUME = (1, 1, 128, 128), (1, 3, 128, 128), (1, 1, 64, 64, 64)
WIDTHS = (16, 32, 64, 128)
BLOCKS = {
    "block_out_channels": (32, 64, 64),
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
}
WITH_WORDS = {
    "block_out_channels": (32, 64),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
}
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], Given]] = {
    "UNet of the course, 256×256": (partial(UNet, base_channels=16), LARGE, {}),
    "UNet of the course, 128×128": (partial(UNet, base_channels=16), GREY, {}),
    "monai UNet": (monai("UNet", 2, 1, 2, WIDTHS, (2, 2, 2), num_res_units=2), GREY, {}),
    "monai BasicUNet, 3-D": (monai("BasicUNet", 3, 1, 2, (8, 8, 16, 32, 64, 8)), VOLUME, {}),
    "monai AttentionUnet": (monai("AttentionUnet", 2, 1, 2, WIDTHS, (2, 2, 2)), GREY, {}),
    "monai SegResNet": (monai("SegResNet", 2, 8, 1, 2), GREY, {}),
    "monai SwinUNETR, 3-D": (monai("SwinUNETR", 1, 2, feature_size=12), VOLUME, {}),
    "monai SwinUNETR, 256×256": (
        monai("SwinUNETR", 1, 2, feature_size=12, spatial_dims=2),
        LARGE,
        {},
    ),
    "monai FlexibleUNet": (monai("FlexibleUNet", 3, 2, "efficientnet-b0"), RGB, {}),
    "monai UNet, 1-D": (monai("UNet", 1, 1, 2, (8, 16, 32), (2, 2)), (1, 1, 256), {}),
    "smp Unet, resnet18": (smp("Unet", "resnet18"), RGB, {}),
    "smp Unet, mit_b0 (tokens)": (smp("Unet", "mit_b0"), RGB, {}),
    "smp Unet, scSE gates": (smp("Unet", "resnet18", decoder_attention_type="scse"), RGB, {}),
    "smp UnetPlusPlus": (smp("UnetPlusPlus", "resnet18"), RGB, {}),
    "smp Linknet": (smp("Linknet", "resnet18"), RGB, {}),
    "smp MAnet": (smp("MAnet", "resnet18"), RGB, {}),
    "smp DeepLabV3": (smp("DeepLabV3", "resnet18"), RGB, {}),
    "diffusers UNet2DModel": (diffusers("UNet2DModel", **BLOCKS), RGB, {"timestep": 3}),
    "diffusers UNet2DModel, 256×256": (
        diffusers("UNet2DModel", **BLOCKS),
        LARGE_RGB,
        {"timestep": 3},
    ),
    "diffusers UNet2DConditionModel": (
        diffusers("UNet2DConditionModel", **WITH_WORDS),
        (1, 4, 64, 64),
        {"timestep": 3, "encoder_hidden_states": (1, 7, 32)},
    ),
}


def measure(name: str) -> dict[str, Any]:
    """Return what became of one network: levels, skips, seconds, and sentences."""
    build, shape, named = NETWORKS[name]
    torch.manual_seed(0)
    model, image = build().eval(), torch.rand(shape)
    kwargs = {k: torch.rand(v) if isinstance(v, tuple) else v for k, v in named.items()}
    found: dict[str, Any] = {"network": name}

    def run() -> list[Tensor]:
        with torch.no_grad():
            return [*find_all(model(image, **kwargs), Tensor)]

    full = run()
    skips = follow(model, (image,), kwargs).skips
    found["skips"] = {level: [skip.kind, len(skip.arguments)] for level, skip in skips.items()}
    try:
        with cut(model):
            without = run()
        found["cut"] = any(not torch.equal(a, b) for a, b in zip(full, without, strict=True))
    except ValueError as error:
        found["cut"] = str(error)
    start = time.process_time()
    found["as before"] = all(torch.equal(a, b) for a, b in zip(full, run(), strict=True))
    found["forward"] = round(time.process_time() - start, 2)
    start = time.process_time()
    try:
        live = LiveNetwork(model, image, None, kwargs)
        depth = live.task["networks"][0]["network"]["depth"]
        asked = {"id": 1, "type": "run", "sample": "", "open": "", "before": 0, "skips": []}
        answer, _ = live.answer(asked, [])
        found["open"] = round(time.process_time() - start, 2)
        found["levels"] = len(answer["places"]) - 1  # without the output
        for name, how in ("switch", 0), ("blur", "blur"):
            start = time.process_time()
            answer, _ = live.answer({**asked, "id": 2, "before": 1, "skips": [how] * depth}, [])
            found[name] = round(time.process_time() - start, 2)
            changed = [shown.get("changed") or 0 for shown in answer["places"].values()]
            found[f"changed by {name}"] = round(max(changed), 2)
    except ValueError as error:
        found["shown"] = str(error)
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    found = {row["network"]: row for row in rows}
    for name in given.names:
        found[name] = measure(name)
        print(found[name], flush=True)
        ordered = [found[name] for name in NETWORKS if name in found]
        text = json.dumps(ordered, indent=1, ensure_ascii=False)
        RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
