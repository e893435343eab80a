"""What an operation or a layer wants, by what torch says where it is not given that.

Each row is a part of torch's message and our sentence, which takes the groups of the pattern.
"""

from __future__ import annotations

import re

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.layer_settings import kind_of_layer

SEQUENCE = (
    "It takes sequences (N, L, features). x.flatten(2).transpose(1, 2) makes one of a map, and "
    "y.transpose(1, 2).view_as(x) makes it a map again."
)
FEATURES = (
    "It expects {0}, got {1} features in the last dimension. Bring the {0} features last, or set "
)
WANTED: dict[str, str] = {
    r"^(cat|concat|concatenate|stack)\(\)": "torch.{0} takes the tensors in one list: write "
    "torch.{0}([a, b], dim=1), with square brackets around them.",
    r"^([hvd]stack)\(\)": "torch.{0} takes the tensors in one list: torch.{0}([a, b]).",
    r"can only concatenate list \(not .Tensor": "A tensor is added to a list. A list with one more "
    "entry is [*skips, x]: torch.cat([*skips, x], dim=1).",
    r"expects split_sizes to sum exactly to (\d+).*split_sizes=\[([\d, ]+)\]": "The sizes of a "
    "split, {1}, must add up to {0}. Give such sizes, or x.chunk(2, 1) for two equal parts.",
    r"Halving dimension must be even, but dimension (\d) is size (\d+)": "A GLU divides dimension "
    "{0} into two halves, and {1} is odd. Let the layer before it make twice what should come "
    "out.",
    r"input\.dim\(\) = (\d) is not equal to len\(dims\) = (\d)": "permute names each dimension "
    "once: the tensor has {0}, and {1} are named. For an image, x.permute(0, 2, 3, 1).",
    r"Dimension out of range \(.*\[-\d, (\d)\], but got (-?\d+)\)": "Dimension {1} is asked for, "
    "and the tensor has 0 to {0}: images have the batch (0), channels (1), height and width.",
    r"padding \((\d+), (\d+)\) at dimension (\d) of input \[([\d, ]+)\]": "Reflection takes what "
    "it pads from the map, so it must be smaller than the map: padding {0} and {1} meet the sizes "
    "{3}. Pad less, give a larger image, or pad with zeros.",
    r"shape of indices.*\(\[([\d, ]+)\]\).*shape: \[([\d, ]+)\]": "An unpooling needs the indices "
    "of the pooling at its own level: the map is ({0}), its indices are ({1}). The last pooling's "
    "indices are needed first.",
    r"elements in indices should be type int64": "An unpooling needs the indices of a pooling: x, "
    "indices = F.max_pool2d(x, 2, return_indices=True).",
    r"one of int.*float|but ?got float|!(list of \[)?float|'float' object cannot": "Sizes are "
    "whole numbers, and / makes a float even where nothing is left: write h // 2.",
    r"Expected input to be 2D or 3D, got 4D": SEQUENCE,
    r"query should be .* received 4-D": SEQUENCE,
    r"view size is not compatible": "A view is asked for of a tensor that was transposed, permuted "
    "or cut, so its numbers lie in another order. Write .reshape(…) in place of .view(…).",
    r"'Tensor' object has no attribute '(\w+)'": "A tensor has no `{0}`. Its channels are "
    "x.shape[1], its height and width x.shape[-2:], its number of dimensions x.dim().",
    r"'generator' object is not subscriptable": "Round brackets around `… for …` make a generator, "
    "which has no entries. Write nn.ModuleList([… for …]).",
    r"slice indices must be integers": "A slice needs whole numbers, and / makes a float even "
    "where nothing is left: write h // 4.",
    r"missing \d+ required positional arguments?: (.*)": "The call leaves out {0}.",
    r"only one of size or scale_factor": "F.interpolate takes one of the two: "
    "size=skip.shape[2:], or scale_factor=2.",
    r"align_corners option can only be set": "align_corners belongs to mode='bilinear' (or "
    "'linear', 'bicubic', 'trilinear'). The mode is 'nearest' where none is given: give "
    "mode='bilinear', or leave align_corners out.",
    r'pattern "(.*?)"\.\n Input tensor shape: \S+?\[([\d, ]+)\].*?\n ([^\n]*?)\.?\s*$': "The "
    'pattern "{0}" does not fit a tensor of ({1}): {2}. Each name, or each bracket, stands for one '
    "dimension, and the names in a bracket multiply to its size.",
    r"passed-in embed_dim (\d+) didn't match last dim of query (\d+)": FEATURES
    + "embed_dim={1}. "
    + SEQUENCE,
    r"more than one element of the written-to tensor": "It writes into a map made by expand, whose "
    "positions share their cells. Copy it before, x.clone(), or write x = x + y.",
    r"either size or scale_factor should be defined": "Say how far to enlarge: scale_factor=2, or "
    "size=skip.shape[2:].",
    r"expanded size .*\((\d+)\) must match .*size \((\d+)\).*dimension (\d)": "expand repeats only "
    "dimensions of size 1, and dimension {2} has {1}, not {0}. Keep it by -1, or bring it to {0} "
    "by a layer.",
    r"Provided sizes \[([-\d, ]+)\] don't multiply up to the size of dim (\d) \((\d+)\)": "The "
    "product of ({0}) must be {2}, the size of dimension {1}.",
    r"batch[12] must be a 3D tensor": "torch.bmm takes two tensors (N, a, b) and (N, b, c): "
    "flatten maps by x.flatten(2), or use a @ b.",
    r"Padding length must be divisible by 2": "F.pad takes two numbers for each side, the last "
    "dimension first: (left, right, top, bottom).",
    r"expected grid to have size (\d) in last dimension.*sizes \[([\d, ]+)\]": "A grid is (N, H, "
    "W, {0}), and this one is ({1}): x.movedim(1, -1) brings its channels last.",
    r"repeat dims can not be smaller": "repeat names every dimension, those that stay by 1: "
    "x.repeat(1, 1, 2, 2).",
    r"index out of range in self": "An embedding is asked for a row that it does not have: with "
    "num_embeddings=n it has the rows 0 to n - 1. Make n larger, or count from 0.",
    r"Boolean value of Tensor": "A tensor of several numbers is neither true nor false: ask x is "
    "not None, or (x > 0).any().",
    r"subscript (\w) has size (\d+) for operand (\d+) .*size (\d+)": "In the einsum, the letter "
    "{0} stands for {3} in one tensor and for {1} in another. Each tensor's letters name its "
    "dimensions in their order: correct the order, or give the two sizes letters of their own.",
    r"same number of spatial dimensions": "A map is resized to a size with another number of sides "
    "than it has: leave the batch and the channels out, F.interpolate(x, size=skip.shape[2:]).",
    r"more than 1 spatial element.*Size\(\[\d+, (\d+)": "It computes mean and spread over the "
    "positions of each map, and is given maps of a single position (1×1). Give a larger image, "
    "leave it out here, or use nn.GroupNorm(1, {0}).",
    r"equal to input_size\. Expected (\d+), got (\d+)": FEATURES + "input_size={1}.",
    r"embedding dimension of (\d+), but got (\d+)": FEATURES + "embed_dim={1}.",
    r"input_size: got (\d+) expected (\d+)": "It expects {1}, got {0} features in the last "
    "dimension. Bring the {1} features last, or set input_size={0}.",
    r"not compiled with|No CUDA GPUs|NVIDIA driver|not linked with support": "This asks for a "
    "device that this computer does not have. Tensors that forward makes must be made where x is: "
    "device=x.device.",
    r"same device|on device": "Tensors on different devices meet. Tensors that forward makes must "
    "be made where x is: device=x.device.",
    r"maximum recursion depth": "The forward calls itself, or a layer that holds the network. Call "
    "its layers, self.layer(x), and not self(x).",
}


def operation_wants(attempt: Attempt) -> str:
    """An operation is given what it does not take, and torch's message has the numbers."""
    for said, wanted in WANTED.items():
        if found := re.search(said, attempt.message, re.DOTALL):
            kind = kind_of_layer(attempt).strip(" ,")
            place = attempt.stopped_in + (f" ({kind})" if kind else "")
            return f"In {place}: {wanted.format(*found.groups())}"
    return ""
