"""What torch says about tensors and their sizes, each message provoked for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

PICTURE, FLAT = torch.zeros(2, 8, 6, 10), torch.zeros(2, 3)


class NoInit(nn.Module):
    """A network that is not set up before its layers."""

    def __init__(self) -> None:
        self.act = nn.ReLU()


class NotSetUp(nn.Module):
    """A network that has no layers, and is not set up."""

    def __init__(self) -> None:
        self.dim = 1


def endless() -> None:
    endless()


PROVOKED: dict[str, tuple[Callable[[], Any], str]] = {
    "expand": (
        lambda: torch.zeros(2, 3).expand(2, 5),
        "A tensor of 2×3 does not fit where one of 2×5 goes:",
    ),
    "normalisation": (
        lambda: F.batch_norm(PICTURE, None, None, torch.ones(5), training=True),
        "A batch norm for 5 channels was given 8",
    ),
    "prelu": (lambda: nn.PReLU(5)(PICTURE), "A PReLU for 5 channels was given 8"),
    "a weight of 5": (
        lambda: F.group_norm(PICTURE, 2, torch.ones(5)),
        "A normalisation for 5 channels was given 8",
    ),
    "cropped away": (lambda: F.pad(PICTURE, (-6, -6)), "A size or a length came out negative"),
    "cat of nothing": (lambda: torch.cat(dim=1), "torch.cat takes the tensors in one list"),
    "and": (lambda: FLAT & FLAT, "`&`, `|` and `~` work on masks of True and False, and"),
    "max": (
        lambda: PICTURE.max(2, 3, 4),
        "A function was given a kind of argument that it does not",
    ),
    "negative": (lambda: torch.zeros(-1), "A size or a length came out negative"),
    "narrow": (
        lambda: PICTURE.narrow(2, 4, 5),
        "A window that starts at 4 and is 5 long does not fit into",
    ),
    "cat of one": (
        lambda: torch.cat(PICTURE),
        "`torch.cat` takes a list of tensors, but was given a",
    ),
    "hstack": (
        lambda: torch.hstack(PICTURE, PICTURE),
        "torch.hstack takes the tensors in one list:",
    ),
    "cat with a number": (
        lambda: torch.cat([PICTURE, 1.0], 1),
        "Number 1 of your list, counted from 0, is a float, not a",
    ),
    "cat with a layer": (
        lambda: torch.cat([PICTURE, nn.ReLU()], 1),
        "Number 1 of your list, counted from 0, is a ReLU, not a",
    ),
    "slice": (lambda: PICTURE[:, : 8 / 2], "A slice needs whole numbers: `//` divides without a"),
    "stack": (
        lambda: torch.stack([PICTURE, PICTURE[1:]]),
        "`stack` needs tensors of one shape: the first is",
    ),
    "list and tensor": (
        lambda: [PICTURE] + PICTURE,  # noqa: RUF005 - the mistake
        "A tensor is added to a list",
    ),
    "split": (lambda: PICTURE.split([3, 4], 1), "The sizes of a split, 3, 4, must add up to 8"),
    "glu": (lambda: F.glu(FLAT), "A GLU divides dimension 1 into two halves, and 3 is odd"),
    "permute": (
        lambda: PICTURE.permute(0, 2, 3),
        "permute names each dimension once: the tensor has 4, and",
    ),
    "dimension": (lambda: PICTURE.sum(4), "Dimension 4 is asked for, and the tensor has 0 to 3"),
    "reflect": (
        lambda: F.pad(PICTURE, (10, 10, 0, 0), mode="reflect"),
        "Reflection copies what it pads from the feature map, so",
    ),
    "unpool": (
        lambda: F.max_unpool2d(PICTURE, torch.zeros(2, 8, 6, 5, dtype=torch.long), 2),
        "An unpooling needs the indices of the pooling at its own",
    ),
    "unpool floats": (
        lambda: F.max_unpool2d(PICTURE, PICTURE, 2),
        "An unpooling needs the indices of a pooling",
    ),
    "a float size": (
        lambda: PICTURE.view(2, 8, 60.0),
        "Sizes are whole numbers, but / returns a float even if",
    ),
    "lstm of maps": (lambda: nn.LSTM(10, 2)(PICTURE), "It takes sequences (N, L, features)"),
    "attention of maps": (
        lambda: nn.MultiheadAttention(10, 1)(*[PICTURE] * 3),
        "It takes sequences (N, L, features)",
    ),
    "view": (
        lambda: PICTURE.permute(0, 2, 3, 1).view(2, -1),
        ".view() doesn't work on a tensor that was transposed,",
    ),
    "an attribute of a tensor": (lambda: PICTURE.widht, "A tensor has no `widht`"),
    "a generator": (
        lambda: nn.ReLU().parameters()[0],
        "A generator has no entries",
    ),
    "no size": (lambda: F.interpolate(PICTURE), "Neither size nor scale_factor is given"),
    "two sizes": (
        lambda: F.interpolate(PICTURE, size=(3, 3), scale_factor=2),
        "Both size and scale_factor are given",
    ),
    "align_corners": (
        lambda: F.interpolate(PICTURE, scale_factor=2, align_corners=True),
        "align_corners belongs to mode='bilinear' (or 'linear',",
    ),
    "spatial": (
        lambda: F.interpolate(PICTURE, size=(3, 3, 3)),
        "The new size should have only a height and a width",
    ),
    "unflatten": (
        lambda: PICTURE.unflatten(1, (3, 3)),
        "The product of (3, 3) must be 8, the size of dimension 1",
    ),
    "bmm": (
        lambda: torch.bmm(PICTURE, PICTURE),
        "torch.bmm takes two tensors (N, a, b) and (N, b, c)",
    ),
    "odd padding": (
        lambda: F.pad(PICTURE, (1, 1, 1)),
        "F.pad takes two numbers for each side, the last dimension",
    ),
    "grid": (
        lambda: F.grid_sample(PICTURE, torch.zeros(2, 3, 3, 3)),
        "A grid is (N, H, W, 2), and this one is 2×3×3×3",
    ),
    "repeat": (lambda: PICTURE.repeat(2, 2), "repeat names every dimension, those that stay by 1"),
    "embedding": (
        lambda: nn.Embedding(3, 2)(torch.tensor([5])),
        "An embedding is asked for a row that it does not have:",
    ),
    "bool": (lambda: bool(FLAT > 0), "A tensor of several numbers is neither true nor false"),
    "einsum": (
        lambda: torch.einsum("ij,jk->ik", FLAT, FLAT),
        "In the einsum, the letter j stands for 3 in one tensor",
    ),
    "instance norm of one": (
        lambda: nn.InstanceNorm2d(8)(PICTURE[:, :, :1, :1]),
        "It computes mean and spread over the positions of each",
    ),
    "in place on expanded": (
        lambda: torch.zeros(1).expand(3).add_(1),
        "It writes into a map made by expand, whose positions",
    ),
    "resize": (
        lambda: torch.zeros(3, requires_grad=True).resize_(4),
        "`resize_` only changes how many cells are read from",
    ),
    "missing": (lambda: nn.Conv2d(3, 4), "The call leaves out 'kernel_size'"),
    "devices": (lambda: FLAT + FLAT.to("meta"), "Tensors on different devices meet"),
    "recursion": (endless, "It called itself without an end"),
    "a list in Sequential": (lambda: nn.Sequential([nn.ReLU()]), "nn.Sequential was given a list"),
    "a function in Sequential": (
        lambda: nn.Sequential(F.relu),
        "nn.Sequential was given something that is not a layer",
    ),
    "not set up": (
        lambda: NotSetUp()(PICTURE),
        "NotSetUp is not set up: its __init__ does not run",
    ),
    "no super": (NoInit, "Layers can only be assigned after the network itself has"),
    "mean of whole numbers": (
        lambda: torch.zeros(2).long().mean(),
        "A mean needs floating-point numbers, so whole numbers,",
    ),
    "minus": (lambda: (FLAT > 0) - (FLAT > 0), "Masks of True and False can't be subtracted"),
    "parameter": (
        lambda: setattr(nn.Conv2d(1, 1, 1), "weight", FLAT),
        "A layer's weight and bias each have to be an nn.Parameter",
    ),
    "numpy": (
        lambda: torch.zeros(1, requires_grad=True).numpy(),
        "turned into an array of NumPy, and gradients do not pass there",
    ),
    "four axes": (
        lambda: nn.BatchNorm2d(8)(FLAT),
        "It takes a batch of images with four axes, (N, C, H, W)",
    ),
    "bias": (
        lambda: F.conv2d(PICTURE, torch.zeros(4, 8, 1, 1), torch.zeros(4).double()),
        "A layer was given numbers of another type than its weights",
    ),
    "eval": (lambda: nn.ReLU().eval(True), "eval() takes no arguments and returns the network"),
    "name": (lambda: eval("undefined"), "Nothing is called `undefined` here"),
    "arguments": (lambda: F.relu(FLAT, True, 3), "`relu` takes 2 arguments and was given 3"),
    "two types": (
        lambda: torch.bmm(FLAT[None], FLAT.double()[None].mT),
        "Numbers of two types meet: Float is expected, and Double is there",
    ),
}
