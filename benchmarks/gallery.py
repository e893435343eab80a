"""Judges public architectures by the four criteria and draws each: docs/gallery.md.

Run it in an environment that has the packages: `python -m benchmarks.gallery`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from benchmarks.public_networks import BLOCKS, WITH_WORDS
from unet_teach import inspect_unet

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = Path(__file__).parent / "results" / "gallery.json"
CRITERIA = ("downsampling", "upsampling", "skip_connections", "symmetry")
MARKS = {True: "✓", False: "✕"}
PAGE = DOCS / "gallery.md"
TEMPLATE = DOCS / "gallery.template.md"


class Architecture(NamedTuple):
    """One network of a public package.

    Attributes:
        title: what it is called here.
        package: its distribution.
        call: module and class, "module:Class".
        args: what the class is called with.
        kwargs: likewise, by name.
        inputs: shapes of the inputs; an int is a time step.
        named: inputs by name: shapes, or an int.
    """

    title: str
    package: str
    call: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - never changed
    inputs: tuple[Any, ...] = ((1, 3, 128, 128),)
    named: dict[str, Any] = {}  # noqa: RUF012

    @property
    def file(self) -> str:
        """The name of its drawing."""
        return re.sub(r"[^a-z0-9]+", "_", self.title.lower().replace("²", "2")).strip("_") + ".svg"

    def build(self) -> nn.Module:
        """Return the network, without weights."""
        module, _, name = self.call.partition(":")
        torch.manual_seed(0)
        made: nn.Module = getattr(import_module(module), name)(*self.args, **self.kwargs)
        return made.eval()


SMP = "segmentation-models-pytorch"
NETS = "monai.networks.nets:"
GREY, VOLUME = ((1, 1, 96, 96),), ((1, 1, 64, 64, 64),)
WIDTHS = (16, 32, 64, 128)


def smp(name: str, encoder: str, **more: Any) -> Architecture:
    """Return a network of segmentation-models-pytorch with an encoder."""
    inputs = more.pop("inputs", ((1, 3, 128, 128),))
    kwargs = {"encoder_weights": None, "classes": 2, **more}
    title = f"smp {name}, {encoder}"
    return Architecture(
        title, SMP, f"segmentation_models_pytorch:{name}", (encoder,), kwargs, inputs
    )


def monai(name: str, *args: Any, inputs: Any = GREY, said: str = "", **kwargs: Any) -> Architecture:
    """Return a network of MONAI."""
    title = f"MONAI {name}{said}"
    return Architecture(title, "monai", NETS + name, args, kwargs, inputs)


def segformer() -> nn.Module:
    """Return SegFormer as its configuration makes it, with the smallest encoder."""
    transformers = import_module("transformers")
    made: nn.Module = transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig())
    return made


def upernet() -> nn.Module:
    """Return UPerNet on a small Swin transformer."""
    transformers = import_module("transformers")
    backbone = transformers.SwinConfig(
        embed_dim=24,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 4, 8],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = transformers.UperNetConfig(backbone_config=backbone, hidden_size=32)
    made: nn.Module = transformers.UperNetForSemanticSegmentation(config)
    return made


TWO_BLOCKS = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
}
THREE_D = {
    "kernel_size": [3] * 6,
    "strides": [1, 2, 2, 2, 2, 2],
    "upsample_kernel_size": [2] * 5,
    "filters": (8, 16, 16, 32, 32, 32),
}
SPANDREL = "spandrel.architectures."
GALLERY = (
    Architecture("U-Net of this course", "unet-teach", "unet_teach:UNet", inputs=GREY),
    smp("Unet", "resnet18"),
    smp("Unet", "mobilenet_v2"),
    smp("Unet", "vgg11_bn"),
    smp("Unet", "mit_b0"),
    smp("UnetPlusPlus", "resnet18"),
    smp("Linknet", "resnet18"),
    smp("MAnet", "resnet18"),
    smp("FPN", "resnet18"),
    smp("PAN", "resnet18"),
    smp("PSPNet", "resnet18", inputs=((1, 3, 192, 192),)),
    smp("DeepLabV3", "resnet18"),
    smp("DeepLabV3Plus", "resnet18"),
    smp("UPerNet", "resnet18"),
    monai("UNet", 2, 1, 2, WIDTHS, (2, 2, 2), num_res_units=2),
    monai("BasicUNet", 3, 1, 2, (8, 8, 16, 32, 64, 8), inputs=VOLUME, said=", 3-D"),
    monai("AttentionUnet", 2, 1, 2, WIDTHS, (2, 2, 2)),
    monai("DynUNet", 3, 1, 2, **THREE_D, inputs=VOLUME, said=" (nnU-Net), 3-D, depth 5"),
    monai("SegResNet", 3, 8, 1, 2, inputs=VOLUME, said=", 3-D"),
    monai("SwinUNETR", 1, 2, feature_size=12, inputs=VOLUME, said=", 3-D"),
    monai(
        "UNETR",
        *(1, 2, (64, 64, 64)),
        **{"feature_size": 8, "hidden_size": 96, "mlp_dim": 192, "num_heads": 4},
        inputs=VOLUME,
        said=", 3-D",
    ),
    monai("VNet", 3, 1, 2, inputs=VOLUME, said=", 3-D"),
    monai("AutoEncoder", 2, 1, 1, (8, 16, 32), (2, 2, 2)),
    monai("HighResNet", 2, 1, 2),
    Architecture(
        "diffusers UNet2DModel",
        "diffusers",
        "diffusers:UNet2DModel",
        kwargs=BLOCKS,
        inputs=((1, 3, 64, 64), 10),
    ),
    Architecture(
        "diffusers UNet2DConditionModel",
        "diffusers",
        "diffusers:UNet2DConditionModel",
        kwargs=WITH_WORDS,
        inputs=((1, 4, 64, 64),),
        named={"timestep": 3, "encoder_hidden_states": (1, 7, 32)},
    ),
    Architecture(
        "diffusers AutoencoderKL",
        "diffusers",
        "diffusers:AutoencoderKL",
        kwargs=TWO_BLOCKS,
        inputs=((1, 3, 64, 64),),
    ),
    Architecture(
        "denoising-diffusion Unet",
        "denoising-diffusion-pytorch",
        "denoising_diffusion_pytorch:Unet",
        (16,),
        {"dim_mults": (1, 2, 4)},
        ((1, 3, 64, 64), 3),
    ),
    Architecture("U²-Net (small)", "u2net-fast", "u2net_fast.model:U2NETP"),
    Architecture(
        "NAFNet",
        "spandrel",
        f"{SPANDREL}NAFNet:NAFNet",
        kwargs={"width": 8, "enc_blk_nums": [1, 1, 1], "dec_blk_nums": [1, 1, 1]},
    ),
    Architecture(
        "DRUNet",
        "spandrel",
        f"{SPANDREL}DRUNet.__arch.network_unet:DRUNet",
        kwargs={"in_nc": 3, "out_nc": 3, "nc": [8, 16, 32, 64], "nb": 1},
    ),
    Architecture("Uformer", "uformer-pytorch", "uformer_pytorch:Uformer", kwargs={
        "dim": 16, "stages": 3, "num_blocks": 1, "window_size": 8, "dim_head": 8, "heads": 2,
    }, inputs=((1, 3, 64, 64),)),
    Architecture("SegFormer", "transformers", "benchmarks.gallery:segformer"),
    Architecture("UPerNet, Swin", "transformers", "benchmarks.gallery:upernet"),
    Architecture(
        "torchvision FCN, ResNet-50",
        "torchvision",
        "torchvision.models.segmentation:fcn_resnet50",
        kwargs={"weights": None, "weights_backbone": None},
    ),
    Architecture("timm ConvNeXt (a classifier)", "timm", "timm:create_model", ("convnext_atto",)),
)  # fmt: skip


def judge(each: Architecture) -> dict[str, Any]:
    """Return what the inspector says of a network, and write its drawing."""

    def given(value: Any) -> Any:
        return value if isinstance(value, tuple) else torch.tensor([value])

    model = each.build()
    start = time.perf_counter()
    inputs = [given(value) for value in each.inputs]
    report = inspect_unet(model, *inputs, **{k: given(v) for k, v in each.named.items()})
    seconds = round(time.perf_counter() - start, 1)
    report.save(DOCS / "gallery" / each.file)
    return {
        "network": each.title,
        "package": f"{each.package} {metadata.version(each.package)}",
        "torch": torch.__version__,
        "seconds": seconds,
        "parameters": report.parameters,
        **report.to_dict(),
    }


def page(found: dict[str, dict[str, Any]]) -> str:
    """Return the gallery's page, from what was found of each network."""
    rows, drawings, versions = [], [], {}
    for title, row in found.items():
        each = next(each for each in GALLERY if each.title == title)
        marks = [MARKS[row["criteria"][name]["met"]] for name in CRITERIA]
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")  # GitHub's, of a heading
        says = "**yes**" if row["is_unet"] else "no"
        rows.append(f"| [{title}](#{anchor}) | {' | '.join(marks)} | {says} |")
        drawings.append(f"### {title}\n\n![{title}. {row['verdict']}](gallery/{each.file})")
        package, version = row["package"].split(" ")
        versions[package] = version

    def bullets(criterion: str) -> dict[str, str]:
        chosen = ("No ", "There is no", "At least")  # what is missing
        return {
            title: "\n".join(
                f"- {sentence}"
                for sentence in row["criteria"][criterion]["evidence"]
                if not sentence.startswith(chosen)
            )
            for title, row in found.items()
        }

    skips = {title: row["criteria"]["skip_connections"] for title, row in found.items()}
    return TEMPLATE.read_text(encoding="utf-8").format(
        count=len(found),
        rows="\n".join(rows),
        drawings="\n\n".join(drawings),
        skips=bullets("skip_connections"),
        up=bullets("upsampling"),
        count_of={title: len(each["joins"]) for title, each in skips.items()},
        missing={
            title: " ".join(s for s in each["evidence"] if s.startswith("There is no"))
            for title, each in skips.items()
        },
        without=", ".join(title for title, each in skips.items() if not each["joins"]),
        versions=", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], help="words of titles")
    given = parser.parse_args()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for each in GALLERY:
        if given.only and not any(word.lower() in each.title.lower() for word in given.only):
            continue
        try:
            found[each.title] = judge(each)
        except ImportError as error:
            print(f"{each.title}: left out, {error}")
            continue
        row = found[each.title]
        print(f"{each.title}: {row['verdict']} ({row['seconds']} s)", flush=True)
    found = {each.title: found[each.title] for each in GALLERY if each.title in found}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
