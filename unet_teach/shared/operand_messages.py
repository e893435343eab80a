"""What torch and Python say about a value of the wrong kind: rows of the table in `torch_messages`.

Each row is (pattern, sentence, remedy), as `Message` describes them. They come first there, because
later rows say less about the same errors.
"""

from __future__ import annotations

LAYERS = "Conv2d|ConvTranspose2d|Linear|Sequential|ModuleList|ReLU|Sigmoid|MaxPool2d|AvgPool2d|Upsample|BatchNorm2d"
INVALID = r"\(\) received an invalid combination of arguments"

OPERAND_MESSAGES: tuple[tuple[str, str, str], ...] = (
    (
        rf"conv\w*{INVALID} - got \((?P<kind>int|float|bool|str)\b",
        "A layer was called with something of type {kind} where its feature map belongs.",
        "nn.Conv2d(3, 8, 3) makes a layer, and only calling it, layer(x), needs a tensor. A function that makes layers returns them uncalled, as in nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).",
    ),
    (
        rf"conv\w*{INVALID}.*(!tuple of \([\w, ]*float|(stride|padding|dilation)=float)",
        "The stride, padding and dilation of a convolution are whole numbers, and one of these is not.",
        "To halve the size, the stride is 2. Where a number is computed, write // in place of /.",
    ),
    (
        rf"argument '(input|self)' \(position 1\) must be Tensor, not (?P<kind>{LAYERS})\b",
        "A function or layer takes a feature map, and was given a layer itself, a {kind}.",
        "Call the inner layer first: up(down(x)).",
    ),
    (
        r"argument '(input|self)' \(position 1\) must be Tensor, not (?P<kind>int|float|bool|str)\b",
        "A function of torch takes a tensor, and was given something of type {kind}.",
        "Give it the feature map; or compute with plain numbers: max(x, 0), math.exp(x).",
    ),
    (
        r"must be tuple of ints,? ?but (found|got)[^\n]*str\b",
        "A size or a number of channels was given as text.",
        "Leave out the quotation marks.",
    ),
    (
        r"argument 'pad' \(position 2\) must be tuple of ints, not (?P<kind>\w+)",
        "F.pad takes several numbers in brackets, and was given one {kind}.",
        "Write F.pad(x, (left, right, top, bottom)).",
    ),
    (
        r"(?P<name>\w+)\(\): argument '(?P<which>\w+)' (\(position \d+\) )?must be int, not (?P<kind>\w+)",
        "`{name}` takes a whole number for `{which}`, and was given something of type {kind}.",
        "Write the number itself, as in dim=1, without quotation marks or brackets.",
    ),
    (
        r"(?P<name>cat|stack)\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not NoneType",
        "`torch.{name}` takes a list of tensors, and was given None.",
        "list.append(x) changes the list and returns None, so write parts.append(x) in a line of its own. A function without `return` gives None as well.",
    ),
    (
        r"dict is not a Module subclass",
        "nn.Sequential takes layers one after the other, and was given a dict.",
        "Write nn.Sequential(*layers.values()), or hand over an OrderedDict.",
    ),
    (
        r"(?P<kind>int|float|str|tuple|generator|Tensor) is not a Module subclass",
        "nn.Sequential takes layers, and was given something of type {kind} as well.",
        "Each argument has to be a layer, as in nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()). nn.Sequential(*layers) takes several layers out of a tuple.",
    ),
    (
        r"negative padding is not supported",
        "The padding of a layer can't be negative.",
        "Is it computed? Print it. To crop a feature map, F.pad takes negative numbers.",
    ),
    (
        r"Unsupported input type encountered for isin\(\): Bool",
        "torch.isin looks for numbers, and was given True and False.",
        "Compare the masks themselves: a == b, or a & b for what is True in both.",
    ),
    (
        r"result type (?P<kind>\w+) can't be cast to the desired output type bool",
        "A function that works in place would put numbers of type {kind} into a tensor of True and False.",
        "Make numbers of it first: mask.float(), or mask.long().",
    ),
    (
        r"(?P<name>\w+)\(\): Expected reduction dim (?P<axis>-?\d+) to have non-zero size",
        "`{name}` is taken along {axis}, and there is nothing along it: it has the size 0.",
        "Say what the result is in that case before this line: if x.numel() == 0: return …",
    ),
    (
        r"(?P<name>\w+)\(\): Expected reduction dim to be specified for input\.numel\(\) == 0",
        "`{name}` is taken of a tensor without any values.",
        "Say what the result is in that case before this line: if x.numel() == 0: return …",
    ),
    (
        r"Negation, the `-` operator, on a bool tensor",
        "A mask of True and False has no negative.",
        "~mask is the opposite mask. For numbers, convert it first: -mask.float().",
    ),
    (
        r"can only concatenate (?P<kind>tuple|list|str) \(not \"?(?P<other>(?!Tensor)\w+)\"?\)",
        "With +, a {kind} can be joined only with another {kind}, and this is of type {other}.",
        "Take one of its numbers first, as in x.shape[2] + 1.",
    ),
    (
        r"unsupported operand type\(s\) for (?P<sign>\S+): '(?P<left>[\w.]+)' and '(?P<right>[\w.]+)'",
        "`{sign}` can't compute with a {left} on the left and a {right} on the right.",
        "Print both. NoneType is what a function without `return` gives; of a tuple or a list, take one entry first.",
    ),
    (
        r"'(builtin_function_or_method|method|function)' object is not subscriptable",
        "Square brackets stand right after a function, which has no entries.",
        "Call it first: x.size(2), or x.shape[2].",
    ),
    (
        r"object of type '(?P<kind>int|float)' has no len\(\)",
        "A single number, here of type {kind}, has no length.",
        "len(x) counts the entries of a list, and x.numel() those of a tensor.",
    ),
    (
        r"tuple index out of range",
        "A tuple has fewer entries than this number asks for; the first is number 0.",
        "x.shape has one entry for each dimension: for an image 0 (batch) to 3 (width).",
    ),
)  # fmt: skip
