"""What torch and Python say about making and calling a layer: rows of the table in `torch_messages`.

Each row is (pattern, sentence, remedy), as `Message` describes them.
"""

from __future__ import annotations

CALL_MESSAGES: tuple[tuple[str, str, str], ...] = (
    (
        r"more than 1 value per channel when training.*Size\(\[(?P<shape>[\d, ]+)\]",
        "While training, a batch norm computes mean and spread of each channel over the batch and all positions, and {shape} has a single value per channel.",
        "Give a batch of at least two images, or use nn.GroupNorm. A larger image helps where halvings made it 1×1, not after a pooling to 1×1. For a prediction, call network.eval() first.",
    ),
    (
        r"num_channels must be divisible by num_groups",
        "The channels cannot be divided into groups of one size.",
        "Take a number of groups that divides the number of channels; nn.GroupNorm(1, channels) always works.",
    ),
    (
        r"num_channels \((?P<channels>\d+)\) must be divisible by num_groups \((?P<groups>\d+)\)|divisible by num_groups, but got input of shape \[\d+, (?P<channels2>\d+).*num_groups=(?P<groups2>\d+)",
        "{channels} channels cannot be divided into {groups} groups of one size.",
        "Take a number of groups that divides {channels}; nn.GroupNorm(1, {channels}) always works.",
    ),
    (
        r"embed_dim must be divisible by num_heads",
        "Each head of an attention gets an equal part of the features, so num_heads must divide embed_dim.",
        "For 64 features, 1, 2, 4, 8, 16, 32 or 64 heads are possible.",
    ),
    (
        r"at most half of (effective )?kernel size, but got pad=(?P<padding>\d+), kernel_size=(?P<kernel>\d+)",
        "A pooling with kernel {kernel} allows a padding of at most half of it, and got {padding}.",
        "nn.MaxPool2d(2) needs no padding to halve an even size. With kernel 3, padding=1 is possible.",
    ),
    (
        r"pixel_unshuffle expects (?P<side>height|width) to be divisible by downscale_factor, but input\.size\(-\d\)=(?P<size>\d+) is not divisible by (?P<factor>\d+)",
        "Pixel unshuffle cuts the image into squares of {factor}×{factor}, and the {side} of {size} is no multiple of {factor}.",
        "Pad the image, or crop it, to a multiple of {factor}.",
    ),
    (
        r"kernel size should be greater than zero, but got kernel_height: (?P<height>-?\d+) kernel_width: (?P<width>-?\d+)|kernel size should be greater than zero",
        "A kernel needs at least one row and one column.",
        "Is kernel_size computed, such as size // 2? Print it. The order is nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding).",
    ),
    (
        r"non-positive stride is not supported|stride should (be greater than|not be) zero",
        "A stride has to be 1 or more.",
        "Is the stride computed? Print it. The order is nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding).",
    ),
    (
        r"padding='same' is not supported for strided",
        "padding='same' means an output as large as the input, which a stride above 1 contradicts.",
        "Write the padding as a number: kernel_size=3, stride=2, padding=1 halves an even size.",
    ),
    (
        r"must have same number of dimensions: got (?P<left>\d+) and (?P<right>\d+)",
        "Tensors that are joined need the same number of dimensions: these have {left} and {right}.",
        "Print both shapes. x[None] adds a batch of one, and a flattened feature map can't be joined with one that isn't.",
    ),
    (
        r"too many indices for tensor of dimension (?P<rank>\d+)",
        "More positions are asked for than the tensor has dimensions: it has {rank}.",
        "Print its shape. Was a batch or a channel axis already taken away?",
    ),
    (
        r"empty\(\) received an invalid combination of arguments - got \(tuple, dtype",
        "Numbers of channels and sizes are whole numbers, and one of these is not. Often / is why: it returns a float even if there is no remainder.",
        "Write channels // 2.",
    ),
    (
        r"must be tuple of ints,? but (found|got)[^\n]*float|empty\(\) received an invalid combination[^\n]*float",
        "Numbers of channels and sizes are whole numbers, but / returns a float even if there is no remainder.",
        "Write channels // 2.",
    ),
    (
        r"not all arguments converted during string formatting",
        "A number of channels was given as text.",
        "Leave out the quotation marks, or write int(text).",
    ),
    (
        r"(?<!\w)UNet\.__init__\(\) got an unexpected keyword argument '(?P<name>\w+)'",
        "UNet has no option `{name}`.",
        "Its options are depth, base_channels, skip, down, up, padding, norm and decoder.",
    ),
    (
        r"(?P<layer>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<name>\w+)'",
        "{layer} has no argument `{name}`.",
        "help({layer}) lists its arguments: for convolutions these are kernel_size, stride, padding, dilation, groups and bias, and output_padding for transposed ones.",
    ),
    (
        r"got an unexpected keyword argument '(?P<name>\w+)'",
        "The function has no argument `{name}`.",
        "Compare the name with those in its definition.",
    ),
    (
        r"(?P<layer>\w+)\.__init__\(\) takes from \d+ to (?P<most>\d+) positional arguments but (?P<given>\d+) were given|(?P<layer2>\w+)\.__init__\(\) takes (?P<most2>\d+) positional arguments? but (?P<given2>\d+) (was|were) given",
        "{layer} is made with too many arguments ({given} of at most {most}, both with `self`).",
        "If one of them is a feature map, make the layer first and call it then: nn.ReLU()(x).",
    ),
    (
        r"(?P<name>\w+)\(\) takes (?:from \d+ to )?(?P<most>\d+) positional arguments? but (?P<given>\d+) (was|were) given",
        "`{name}` takes {most} arguments and was given {given}, both with `self`.",
        "Is `self` missing in its definition? If it needs the skip too, write def {name}(self, x, skip).",
    ),
    (
        r"Only 3D, 4D and 5D input Tensors supported[^\n]*got (?P<mode>[a-z-]+)\)",
        "F.interpolate has no mode '{mode}' for a tensor with this number of dimensions.",
        "For images (N, C, H, W) it is 'nearest', 'bilinear' or 'bicubic'; 'linear' takes (N, C, L) and 'trilinear' (N, C, D, H, W).",
    ),
    (
        r"only one element tensors can be converted|setting an array element with a sequence",
        "torch.tensor makes a tensor of numbers, and was given a list of tensors.",
        "Write torch.stack(tensors), or torch.cat(tensors, dim=1) to join feature maps.",
    ),
    (
        r"can't convert np\.ndarray of type numpy\.(?P<kind>\w+)",
        "torch has no numbers of the type `{kind}`.",
        "`object_` is a list of arrays of several sizes: bring them to one size first. Others: array.astype('float32').",
    ),
    (
        r"invalid max index",
        "An unpooling was given an index outside of its output.",
        "It needs the indices of the pooling at its own level, and output_size where the size was odd.",
    ),
    (
        r"leaf Variable that requires grad",
        "A weight was changed in place while gradients are recorded.",
        "Change weights inside with torch.no_grad():, or by nn.init. In forward, write w = w + 1 in place of w += 1.",
    ),
    (
        r"'(?P<kind>Tensor|torch\.Size|Size|tuple|list|NoneType|int|float|dict)' object is not callable",
        "Round brackets call a function, and this is a {kind}.",
        "x.shape[1] has square brackets. nn.ReLU()(x) makes a layer and calls it, while F.relu(x) is already the result. An nn.Sequential, unlike a list of layers, can be called.",
    ),
    (
        r"'NoneType' object has no attribute '(?P<name>\w+)'",
        "What stands before `.{name}` is None.",
        "A function without `return` gives None, and so do the bias of a layer made with bias=False and `.grad` before backward().",
    ),
    (
        r"'(?P<kind>tuple|list)' object has no attribute '(?P<name>\w+)'",
        "This is a {kind} of tensors, and not one tensor.",
        "A block that returns two, such as `return x, skip`, needs two names: x, skip = block(x). torch.cat joins the tensors of a list.",
    ),
    (
        r"'(?P<kind>float|int|bool|str|dict|set|function|numpy\.\w+)' object has no attribute '(?P<name>\w+)'",
        "Something of type {kind} has nothing called `{name}`.",
        "Print what stands before `.{name}`: where should it have become something else?",
    ),
    (
        r"'(?P<kind>\w+)' object has no attribute '(?P<name>\w+)'",
        "The {kind} has nothing called `{name}`.",
        "Compare the spelling with the line in __init__ that sets it: self.{name} = …",
    ),
    (
        r"No such file or directory: '?(?P<path>[^'\n]+)",
        "There is no file or folder {path}.",
        "Names are relative to the notebook's folder: print(Path.cwd()), and list(Path('.').iterdir()).",
    ),
)  # fmt: skip
