"""What torch says when it stops, in plain words, and what to do: one row for each message.

Knows nothing but the text of an error, so that exercises, the inspector and a reader can all ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from unet_teach.shared.call_messages import CALL_MESSAGES
from unet_teach.shared.operand_messages import OPERAND_MESSAGES
from unet_teach.shared.training_messages import TRAINING_MESSAGES


class Message(NamedTuple):
    """One message of torch.

    Attributes:
        pattern: a part of it. Groups have names; one that begins with "axis" is the number of a
            dimension, and shapes such as "1, 3, 8, 8" become 1×3×8×8.
        sentence: what it means, with the groups in braces.
        remedy: what to do; "" where only the code around it can tell.
    """

    pattern: str
    sentence: str
    remedy: str = ""


class Explanation(NamedTuple):
    """A message that was recognised.

    Attributes:
        sentence: what it means.
        remedy: what to do, or "".
        groups: the numbers and names in it, by the names of their groups.
        spans: where they are in the message, (start, stop) in characters, without the numbers of
            axes and of tensors in a list.
    """

    sentence: str
    remedy: str
    groups: dict[str, str]
    spans: tuple[tuple[int, int], ...]


TAKES = (
    "for {expected} input channels was given {given}: its weight is {weight}, its input {shape}."
)
CHANNELS = (
    r"weight of size \[(?P<weight>[\d, ]+)\], .* input\[(?P<shape>[\d, ]+)\] to have "
    r"(?P<expected>\d+) .* got (?P<given>\d+)"
)
BRACKETS = "Write torch.{name}([a, b], dim=1), with square brackets around them."
FEATURES = "It expects {expected}, got {given} features in the last dimension."
SEQUENCE = (
    "x.flatten(2).transpose(1, 2) makes a sequence of a map, and y.transpose(1, 2).view_as(x) makes "
    "it a map again."
)
WHERE_X_IS = "Tensors that forward makes must be made where x is: device=x.device."
RESIZE = "Give one of the two: size=skip.shape[2:], or scale_factor=2."
MESSAGES = (
    *(Message(*row) for row in OPERAND_MESSAGES),
    Message(rf"groups=1, {CHANNELS}", f"A convolution {TAKES}"),
    Message(rf"transposed=1, {CHANNELS}", f"A transposed convolution {TAKES}"),
    Message(
        r"expanded size .*?\((?P<to>\d+)\) must match .*?size \((?P<size>\d+)\) .*?dimension (?P<axis>\d+)\.\s+Target sizes: \[(?P<target>[\d, ]+)\]\.\s+Tensor sizes: \[(?P<shape>[\d, ]+)\]",
        "A tensor of {shape} does not fit where one of {target} goes: {axis} is {size} in place of {to}.",
    ),
    Message(
        r"size of tensor a \((?P<first>\d+)\) must match .* b \((?P<second>\d+)\) at non-singleton dimension (?P<axis>\d+)",
        "The two tensors do not match: {axis} is {first} in one and {second} in the other.",
    ),
    Message(
        r"must match except in dimension (?P<axis>\d+)\. Expected size (?P<first>\d+) but got size (?P<other>\d+) for tensor number (?P<number>\d+)",
        "Tensors that are joined along {axis} have to agree in every other axis: one of them is {first} in the first and {other} in another.",
    ),
    Message(
        r"mat1 and mat2 shapes cannot be multiplied \((?P<rows>\d+)x(?P<given>\d+) and (?P<expected>\d+)x\d+\)",
        "A linear layer or matrix for {expected} features was given {given}.",
        "Print x.shape right before this line: its last axis has to be {expected} long. Feature maps have to be flattened first, x.flatten(1).",
    ),
    Message(
        r"(?:running_mean|weight) should contain (?P<given>\d+) elements not (?P<expected>\d+)",
        "A batch norm for {expected} channels was given {given}.",
        "Make it for {given}.",
    ),
    Message(
        r"weight of shape \[(?P<expected>\d+)\] and input of shape \[\d+, (?P<given>\d+)",
        "A normalisation for {expected} channels was given {given}.",
        "Make it for {given}.",
    ),
    Message(
        r"to match num_features \((?P<expected>\d+)\), but got: (?P<given>\d+)",
        "An instance norm for {expected} channels was given {given}.",
        "Make it for {given}.",
    ),
    Message(
        r"parameter numbers = (?P<expected>\d+) and channel size = (?P<given>\d+)",
        "A PReLU for {expected} channels was given {given}.",
        "Make it for {given}.",
    ),
    Message(
        r"must be non-negative|negative dimension|negative output size",
        "A size or a length came out negative.",
    ),
    Message(
        r"padded input size per channel: \((?P<shape>[\d x]+)\)\. Kernel size: \((?P<kernel>[\d x]+)\)",
        "A kernel of {kernel} does not fit into {shape}, the input with its padding.",
        "padding=kernel_size // 2 keeps the size; or take a smaller kernel or a larger image.",
    ),
    Message(
        r"start \((?P<start>\d+)\) \+ length \((?P<length>\d+)\) exceeds dimension size \((?P<size>\d+)\)",
        "A window that starts at {start} and is {length} long does not fit into {size}.",
    ),
    Message(
        r"shape '\[(?P<asked>[\d, -]+)\]' is invalid for input of size (?P<numbers>\d+)",
        "{numbers} values cannot take the shape {asked}.",
        "The product of the sizes has to be the number of values. x.flatten(1) makes a row of each image, and one -1 stands for whatever size is left.",
    ),
    Message(
        r"(?P<name>cat|stack)\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not (?P<kind>\w+)",
        "`torch.{name}` takes a list of tensors, but was given a {kind}: write `torch.{name}([a, b], dim=1)`.",
        "Put square brackets around them.",
    ),
    Message(
        r"^(?P<name>cat|concat|concatenate|stack)\(\)",
        "torch.{name} takes the tensors in one list.",
        BRACKETS,
    ),
    Message(
        r"^(?P<name>[hvd]stack)\(\)",
        "torch.{name} takes the tensors in one list: torch.{name}([a, b]).",
    ),
    Message(
        r"expected Tensor as element (?P<number>\d+) in argument 0, but got (?P<kind>float|int|bool|str|list|tuple|NoneType|ndarray)\b",
        "Number {number} of your list, counted from 0, is a {kind}, not a tensor.",
    ),
    Message(
        r"expected Tensor as element (?P<number>\d+) in argument 0, but got (?P<kind>\w+)",
        "Number {number} of your list, counted from 0, is a {kind}, not a tensor.",
        "A layer has to be called.",
    ),
    Message(
        "slice indices must be integers",
        "A slice needs whole numbers: `//` divides without a remainder.",
    ),
    Message(
        r"stack expects each tensor to be equal size, but got \[(?P<first>[\d, ]+)\] at entry 0 and \[(?P<other>[\d, ]+)\]",
        "`stack` needs tensors of one shape: the first is {first}, another one {other}.",
        "Images of a batch have to be cropped or resized to one size. To join along channels: torch.cat(tensors, dim=1).",
    ),
    Message(
        r"can only concatenate list \(not .Tensor",
        "A tensor is added to a list.",
        "A list with one more entry is [*skips, x]: torch.cat([*skips, x], dim=1).",
    ),
    Message(
        r"expects split_sizes to sum exactly to (?P<size>\d+).*split_sizes=\[(?P<parts>[\d, ]+)\]",
        "The sizes of a split, {parts}, must add up to {size}.",
        "Give such sizes, or x.chunk(2, 1) for two equal parts.",
    ),
    Message(
        r"Halving dimension must be even, but dimension (?P<axis>\d) is size (?P<size>\d+)",
        "A GLU divides {axis} into two halves, and {size} is odd.",
        "Let the layer before it make twice what should come out.",
    ),
    Message(
        r"input\.dim\(\) = (?P<rank>\d) is not equal to len\(dims\) = (?P<named>\d)",
        "permute names each dimension once: the tensor has {rank}, and {named} are named.",
        "For an image, x.permute(0, 2, 3, 1).",
    ),
    Message(
        r"Dimension out of range \(.*\[-\d, (?P<last>\d)\], but got (?P<asked>-?\d+)\)",
        "Dimension {asked} is asked for, and the tensor has 0 to {last}.",
        "Images have the batch (0), channels (1), height and width.",
    ),
    Message(
        r"padding \((?P<before>\d+), (?P<after>\d+)\) at dimension \d of input \[(?P<shape>[\d, ]+)\]",
        "Reflection copies what it pads from the feature map, so the padding has to be smaller than the size: it is {before} and {after}, for a feature map of {shape}.",
        "Pad less, give a larger image, or pad with zeros.",
    ),
    Message(
        r"shape of indices.*\(\[(?P<shape>[\d, ]+)\]\).*shape: \[(?P<indices>[\d, ]+)\]",
        "An unpooling needs the indices of the pooling at its own level: the map is {shape}, its indices are {indices}.",
        "The last pooling's indices are needed first.",
    ),
    Message(
        r"elements in indices should be type int64",
        "An unpooling needs the indices of a pooling.",
        "x, indices = F.max_pool2d(x, 2, return_indices=True).",
    ),
    Message(
        r"one of int.*float|but ?got float|!(list of \[)?float|'float' object cannot",
        "Sizes are whole numbers, but / returns a float even if there is no remainder.",
        "Write h // 2.",
    ),
    Message(
        r"Expected input to be 2D or 3D, got 4D|query should be .* received 4-D",
        "It takes sequences (N, L, features).",
        SEQUENCE,
    ),
    Message(
        r"passed-in embed_dim (?P<expected>\d+) didn't match last dim of query (?P<given>\d+)",
        f"{FEATURES} It takes sequences (N, L, features).",
        f"Bring the {{expected}} features last, or set embed_dim={{given}}. {SEQUENCE}",
    ),
    Message(
        r"equal to input_size\. Expected (?P<expected>\d+), got (?P<given>\d+)|input_size: got (?P<given2>\d+) expected (?P<expected2>\d+)",
        FEATURES,
        "Bring the {expected} features last, or set input_size={given}.",
    ),
    Message(
        r"embedding dimension of (?P<expected>\d+), but got (?P<given>\d+)",
        FEATURES,
        "Bring the {expected} features last, or set embed_dim={given}.",
    ),
    Message(
        r"view size is not compatible",
        ".view() doesn't work on a tensor that was transposed, permuted or cropped, because its values are no longer stored in order.",
        "Write .reshape(…) in place of .view(…).",
    ),
    Message(
        r"'Tensor' object has no attribute '(?P<name>\w+)'",
        "A tensor has no `{name}`.",
        "Its channels are x.shape[1], its height and width x.shape[-2:], its number of dimensions x.dim().",
    ),
    Message(
        r"'generator' object is not subscriptable",
        "A generator has no entries. Round brackets around `… for …` make one, and model.parameters() returns one.",
        "Write nn.ModuleList([… for …]), or list(model.parameters())[0].",
    ),
    Message(
        r"either size or scale_factor should be defined",
        "Neither size nor scale_factor is given.",
        RESIZE,
    ),
    Message(
        r"only one of size or scale_factor",
        "Both size and scale_factor are given.",
        RESIZE,
    ),
    Message(
        r"align_corners option can only be set",
        "align_corners belongs to mode='bilinear' (or 'linear', 'bicubic', 'trilinear'). The mode is 'nearest' where none is given.",
        "Give mode='bilinear', or leave align_corners out.",
    ),
    Message(
        r"same number of spatial dimensions",
        "The new size should have only a height and a width.",
        "Leave out the batch and the channels: F.interpolate(x, size=skip.shape[2:]).",
    ),
    Message(
        r"Provided sizes \[(?P<sizes>[-\d, ]+)\] don't multiply up to the size of dim (?P<axis>\d) \((?P<size>\d+)\)",
        "The product of ({sizes}) must be {size}, the size of {axis}.",
    ),
    Message(
        r"batch[12] must be a 3D tensor",
        "torch.bmm takes two tensors (N, a, b) and (N, b, c).",
        "Flatten maps by x.flatten(2), or use a @ b.",
    ),
    Message(
        r"Padding length must be divisible by 2",
        "F.pad takes two numbers for each side, the last dimension first.",
        "Give (left, right, top, bottom).",
    ),
    Message(
        r"expected grid to have size (?P<size>\d) in last dimension.*sizes \[(?P<shape>[\d, ]+)\]",
        "A grid is (N, H, W, {size}), and this one is {shape}.",
        "x.movedim(1, -1) brings its channels last.",
    ),
    Message(
        r"repeat dims can not be smaller",
        "repeat names every dimension, those that stay by 1.",
        "x.repeat(1, 1, 2, 2).",
    ),
    Message(
        r"index out of range in self",
        "An embedding is asked for a row that it does not have: with num_embeddings=n it has the rows 0 to n - 1.",
        "Make n larger, or count from 0.",
    ),
    Message(
        r"Boolean value of Tensor|is ambiguous",
        "A tensor of several numbers is neither true nor false.",
        "`if`, `and`, `or` and `not` ask one question of all: x is not None, or (x > 0).any(). Pixel by pixel it is `&`, `|`, `~` or torch.where.",
    ),
    Message(
        r"subscript (?P<letter>\w) has size (?P<one>\d+) for operand \d+ .*size (?P<other>\d+)",
        "In the einsum, the letter {letter} stands for {other} in one tensor and for {one} in another.",
        "Each tensor's letters name its dimensions in their order: correct the order, or give the two sizes letters of their own.",
    ),
    Message(
        r"No module named '(?P<name>\w+)",
        "The package {name} is not installed.",
        "In a notebook: %pip install {name}. (cv2 is in opencv-python, skimage in scikit-image.)",
    ),
    Message(
        r"(?s)pattern \"(?P<pattern>.*?)\"\.\n Input tensor shape: \S+?\[(?P<shape>[\d, ]+)\].*?\n (?P<reason>[^\n]*?)\.?\s*$",
        'The pattern "{pattern}" does not fit a tensor of {shape}: {reason}.',
        "Each name, or each bracket, stands for one dimension, and the names in a bracket multiply to its size.",
    ),
    Message(
        r"more than 1 spatial element.*Size\(\[\d+, (?P<channels>\d+)",
        "It computes mean and spread over the positions of each map, and is given maps of a single position (1×1).",
        "Give a larger image, leave it out here, or use nn.GroupNorm(1, {channels}).",
    ),
    Message(
        r"Can't call numpy\(\) on Tensor that requires grad",
        "A tensor that training needs is turned into an array of NumPy, and gradients do not pass there.",
        "In forward, use torch's own functions. Elsewhere, to look at the numbers: x.detach().numpy().",
    ),
    Message(
        r"more than one element of the written-to tensor",
        "It writes into a map made by expand, whose positions share their cells.",
        "Copy it before, x.clone(), or write x = x + y.",
    ),
    Message(
        r"cannot resize variables that require grad",
        "`resize_` only changes how many cells are read from memory: it neither pads nor crops.",
        "F.pad does both.",
    ),
    Message(
        r"modified by an inplace operation.*output \d+ of (?P<maker>\w+?)(Backward|,)",
        "A map that training needs was changed in place after {maker} had made it.",
        "`+=` and functions that end in `_`, such as `x.add_(y)`, change a map that the gradient still needs: write x = x + y.",
    ),
    Message(
        r"missing \d+ required positional arguments?: (?P<names>.*)", "The call leaves out {names}."
    ),
    Message(
        r"not compiled with|No CUDA GPUs|NVIDIA driver|not linked with support",
        "This asks for a device that this computer does not have.",
        WHERE_X_IS,
    ),
    Message(r"same device|on device", "Tensors on different devices meet.", WHERE_X_IS),
    Message(
        r"maximum recursion depth",
        "It called itself without an end.",
        "A function needs a case in which it returns without calling itself. A forward should call the layers, self.layer(x), but not self(x).",
    ),
    Message(
        r"list is not a Module subclass",
        "nn.Sequential was given a list.",
        "nn.Sequential(*layers) takes the layers out of the list.",
    ),
    Message(
        r"is not a Module subclass",
        "nn.Sequential was given something that is not a layer.",
        "Create each layer with brackets: nn.ReLU().",
    ),
    Message(
        r"'(?P<owner>\w+)' object has no attribute '(?:_modules|_parameters|_buffers|_\w+_hooks|training)'",
        "{owner} is not set up: its __init__ does not run super().__init__().",
        "Begin the __init__ of {owner} with super().__init__().",
    ),
    Message(
        r"before Module\.__init__\(\) call",
        "Layers can only be assigned after the network itself has been set up.",
        "Write super().__init__() as the first line of __init__, with the arguments that the class takes from which yours inherits; nn.Module takes none.",
    ),
    Message(
        r"not implemented for 'Float'",
        "`&`, `|` and `~` work on masks of True and False, and this is a tensor of numbers.",
        "Compare first, each comparison in parentheses: (a > 0) & (b > 0).",
    ),
    Message(
        r"Subtraction, the `-` operator",
        "Masks of True and False can't be subtracted.",
        "~mask is the opposite, a & ~b is a without b, and .sum() makes a number that can be subtracted.",
    ),
    Message(
        r"could not infer output dtype",
        "A mean needs floating-point numbers, so whole numbers, and True and False, have none.",
        "Write .float() first.",
    ),
    Message(
        r"as parameter",
        "A layer's weight and bias each have to be an nn.Parameter.",
        "Wrap the tensor: nn.Parameter(tensor).",
    ),
    Message(
        r"expected 4D input|or 4D \(batched\) input to",
        "It takes a batch of images with four axes, (N, C, H, W).",
        "For a single image (C, H, W), image[None] makes a batch of one.",
    ),
    Message(
        r"and bias type",
        "A layer was given numbers of another type than its weights.",
        "Give it a float image: image.float().",
    ),
    Message(
        r"eval\(\) takes 1 positional",
        "eval() takes no arguments and returns the network.",
        "Write network.eval(), and then network(images).",
    ),
    Message(
        r"name '(?P<name>\w+)' is not defined",
        "Nothing is called `{name}` here.",
        "Is a `self.` missing before it, or an import?",
    ),
    Message(
        r"\b(?P<layer>(?!empty\b)\w+)\(\) received an invalid combination of arguments - got \((?P<kind>tuple|list|NoneType|numpy\.ndarray|Image)\b",
        "`{layer}` was given a {kind} in place of a tensor.",
        "A block that returns two tensors needs two names, x, skip = block(x), and one without `return` returns None. torch.from_numpy(array).float() makes a tensor of an array.",
    ),
    Message(
        r"(?<!empty\(\) received an )invalid combination of arguments",
        "A function was given a kind of argument that it does not take.",
        "Was a layer given a feature map where its settings go? nn.ReLU() makes the layer; nn.ReLU()(x) or F.relu(x) applies it.",
    ),
    *(Message(*row) for row in (*TRAINING_MESSAGES, *CALL_MESSAGES)),
)


def explain_message(
    message: str, axis_name: Callable[[int], str] = "dimension {}".format
) -> Explanation | None:
    """Explain the text of an error, with names for dimensions by number; `None` if not known."""
    for pattern, sentence, remedy in MESSAGES:
        if found := re.search(pattern, message, re.DOTALL):
            groups = {name.rstrip("2"): text for name, text in found.groupdict().items() if text}
            words = {
                name: axis_name(int(text)) if name.startswith("axis") else _sizes(name, text)
                for name, text in groups.items()
            }
            sizes = [name for name in found.groupdict() if found[name] and not _is_place(name)]
            spans = sorted(found.span(name) for name in sizes)
            return Explanation(
                sentence.format(**words), remedy.format(**words), groups, tuple(spans)
            )
    return None


def _is_place(name: str) -> bool:
    return name.startswith("axis") or name == "number"


def _sizes(name: str, text: str) -> str:
    if name in ("parts", "sizes"):  # a list of numbers, and no shape
        return text
    return re.sub(r"(?<=\d)(, | x )(?=-?\d)", "×", text)
