"""What torch says about losses, weights, types and memory: rows of the table in `torch_messages`.

Each row is (pattern, sentence, remedy), as `Message` describes them.
"""

from __future__ import annotations

TRAINING_MESSAGES: tuple[tuple[str, str, str], ...] = (
    (
        r"Target size \(torch\.Size\(\[(?P<goal>[\d, ]+)\]\)\) must be the same as input size \(torch\.Size\(\[(?P<output>[\d, ]+)\]\)\)|target size \(torch\.Size\(\[(?P<goal2>[\d, ]+)\]\)\) that is different to the input size \(torch\.Size\(\[(?P<output2>[\d, ]+)\]\)\)",
        "This loss compares value by value, so output and target need one shape: the output is {output}, the target {goal}.",
        "A target without a channel axis gets one by target[:, None]. An output with too many channels needs out_channels=1.",
    ),
    (
        r"all elements of input should be between 0 and 1",
        "binary_cross_entropy takes probabilities, and was given other numbers.",
        "Give the logits to F.binary_cross_entropy_with_logits, without a sigmoid before it.",
    ),
    (
        r"result type Float can't be cast to the desired output type",
        "A tensor of whole numbers can't hold these floating-point numbers.",
        "Write target.float() for a loss, and x = x / y in place of x /= y, which keeps the type of x.",
    ),
    (
        r"Found dtype \w+ but expected Float",
        "The target of this loss has to be floating-point numbers, as the output is.",
        "Write target.float().",
    ),
    (
        r"only batches of spatial targets supported.*?(dimension|size): :?(?P<rank>\d)",
        "cross_entropy takes targets (N, H, W) that hold class numbers, without a channel axis. This one has {rank} axes.",
        "target[:, 0] takes a channel axis of 1 away. For one class and background, use binary_cross_entropy_with_logits.",
    ),
    (
        r"size mismatch \(got input: \[(?P<output>[\d, ]+)\] ?, target: \[(?P<goal>[\d, ]+)\]",
        "Output and target don't cover the same pixels: the output is {output}, the target {goal}.",
        "Crop or resize image and mask together, a mask with mode='nearest'. Or does the network return another size than it was given?",
    ),
    (
        r"Expected input batch_size \((?P<output>\d+)\) to match target batch_size \((?P<goal>\d+)\)",
        "The output's first axis is {output} long and the target's {goal}: they should be the same batch.",
        "Does a view or flatten mix the batch with another axis? x.flatten(1) leaves the batch alone.",
    ),
    (
        r"Target (?P<label>-?\d+) is out of bounds",
        "The target holds class {label}, and the output has no channel for it: n channels stand for classes 0 to n - 1.",
        "Count classes from 0, or give the network more out_channels. A mask of 0 and 255 becomes classes by (mask > 0).long(). If {label} means unlabelled: ignore_index={label}.",
    ),
    (
        r"device-side assert",
        "On a GPU, something was out of range; most often it is a class number in the target.",
        "Run the same step on the CPU: there the message names it.",
    ),
    (
        r"expected (scalar type|target dtype to be) Long( or Byte)?,? but (found|got) (?P<kind>\w+)",
        "The targets of cross_entropy are class numbers, so they have to be whole numbers (Long), and these are {kind}.",
        "Write target.long(). For one class and background, keep them and use binary_cross_entropy_with_logits.",
    ),
    (
        r"expected scalar type (?P<wanted>Float|Double|Half|BFloat16) but found (?P<found>\w+)",
        "Numbers of two types meet: {wanted} is expected, and {found} is there.",
        "numpy's numbers are float64 (Double), layers are float32 (Float): give the network image.float().",
    ),
    (
        r"same dtype, but got:? (?P<left>\w+) (and|!=) (?P<right>\w+)",
        "A matrix product of {left} and {right}: both have to be of one type.",
        "numpy's numbers are float64 (Double): x.float() makes them what layers have.",
    ),
    (
        r"one_hot is only applicable",
        "one_hot takes class numbers, which have to be whole numbers (Long).",
        "Write F.one_hot(labels.long(), num_classes).",
    ),
    (
        r"Class values must be smaller than num_classes",
        "A label is too large: with num_classes=n, labels are 0 to n - 1.",
        "Count from 0, or give a larger num_classes.",
    ),
    (
        r"index (?P<label>-?\d+) is out of bounds for dimension (?P<axis>\d+) with size (?P<length>\d+)",
        "Index {label} is asked for along {axis}, which has {length}, counted from 0.",
        "Print the smallest and the largest index.",
    ),
    (
        r"Unexpected key\(s\) in state_dict: \"module\.",
        "These weights were saved from nn.DataParallel, which puts `module.` before every name.",
        "Take it away with name.removeprefix('module.') for each name. Next time, save network.module.state_dict().",
    ),
    (
        r"size mismatch for (?P<layer>[\w.]+): copying a param with shape torch\.Size\(\[(?P<saved>[\d, ]*)\]\) from checkpoint, the shape in current model is torch\.Size\(\[(?P<own>[\d, ]*)\]\)",
        "The weights come from a network with other numbers of channels or other kernels: {layer} was saved as {saved}, and is {own} here.",
        "Build the network with the arguments it was trained with.",
    ),
    (
        r"Missing key\(s\) in state_dict: \"(?P<layer>[\w.]+)\"",
        "The file has no weights for {layer}: it was saved from another network.",
        "Compare network.state_dict().keys() with the file's. load_state_dict(state, strict=False) leaves missing weights as they are, untrained.",
    ),
    (
        r"Unexpected key\(s\) in state_dict: \"(?P<layer>[\w.]+)\"",
        "The file has weights for {layer}, which this network doesn't have: it was saved from another network.",
        "Compare network.state_dict().keys() with the file's.",
    ),
    (
        r"Expected state_dict to be dict-like",
        "load_state_dict takes the weights as a dict of tensors.",
        "For another network: network.load_state_dict(other.state_dict()).",
    ),
    (
        r"output padding must be smaller than either stride or dilation, but got output_padding_height: (?P<extra>\d+) output_padding_width: \d+ stride_height: (?P<stride>\d+)",
        "output_padding={extra} has to be smaller than stride={stride} (or than the dilation): it chooses between the sizes that this stride makes alike.",
        "With kernel 3, stride 2 and padding 1, output_padding=1 doubles the size.",
    ),
    (
        r"requested an output size of .*?(?P<asked>\d+(, \d+)*).*valid sizes range from \[(?P<low>[\d, ]+)\] to \[(?P<high>[\d, ]+)\]",
        "This transposed convolution can't make {asked} of its input: it can make {low} to {high}.",
        "F.interpolate(x, size=…) reaches any size.",
    ),
    (
        r"Given input size: \(\d+x(?P<small>\d+x\d+)\)\. Calculated output size: .*too small",
        "A feature map of {small} is too small for this pooling: nothing would be left of it.",
        "Give a larger image, or a network with fewer levels.",
    ),
    (
        r"Got 3D input, but bilinear mode needs 4D",
        "Bilinear up-sampling takes a batch of images with four axes, (N, C, H, W).",
        "For a single image (C, H, W), image[None] makes a batch of one.",
    ),
    (
        r"Only 2D, 3D, 4D, 5D padding|Padding size \d+ is not supported for",
        "Padding by reflection or copies needs a channel axis before height and width.",
        "For an image (H, W), image[None] adds one.",
    ),
    (
        r"backward through the graph a second time",
        "backward() was called twice for one forward pass, and the first call freed what it needs.",
        "Compute output and loss anew in each step. A loss that is kept for a curve needs .item().",
    ),
    (
        r"grad can be implicitly created only for scalar outputs",
        "backward() starts from a single number, and this tensor has more.",
        "Reduce the loss by .mean().",
    ),
    (
        r"does not require grad and does not have a grad_fn",
        "Nothing connects this loss with a weight that is trained.",
        "Was it computed inside torch.no_grad(), from .detach() or .item(), or with weights that are all frozen?",
    ),
    (
        r"optimizer got an empty parameter list",
        "The network has no weights that the optimizer could train.",
        "Layers in a plain list aren't registered: use nn.ModuleList. A generator network.parameters() is empty after its first use.",
    ),
    (
        r"out of memory|can't allocate memory",
        "The memory is full.",
        "Take a smaller batch or smaller crops first. Test inside torch.no_grad(), and keep loss.item() instead of losses.",
    ),
    (
        r"(?P<first_kind>torch\.[\w.]*Tensor)\) and weight type \((?P<second_kind>torch\.[\w.]*Tensor)\)",
        "The layer was given a {first_kind}, and its weights are a {second_kind}.",
        "With `cuda` in one of them, bring both to one device: network.to(device) and image.to(device). Otherwise give it image.float().",
    ),
    (
        r"missing the required \"forward\" function",
        "The class has layers, and no `forward` that uses them.",
        "Write def forward(self, x), inside the class and with exactly this name.",
    ),
    (
        r"argument '\w+' \(position \d+\) must be Tensor, not (?P<kind>\w+)",
        "This function takes a tensor, and was given a {kind}.",
        "A tuple means that a layer returned several values: take one of them. NoneType means that there is nothing: a function, often forward, has no return, or a layer has no bias.",
    ),
    (
        r"a Tensor with (?P<numbers>\d+) elements cannot be converted",
        "A tensor of {numbers} values is no single number.",
        "Reduce it first: x.mean().item().",
    ),
    (
        r"tensors with negative strides",
        "torch can't read a numpy array that was flipped without a copy.",
        "Write torch.from_numpy(array.copy()), or flip the tensor: x.flip(-1).",
    ),
    (
        r"(?P<side>in|out)_channels must be divisible by groups",
        "The number of groups must divide {side}_channels.",
        "groups=in_channels treats each channel alone; then out_channels is a multiple of in_channels.",
    ),
    (
        r"normalized_shape=\[(?P<last>[\d, ]+)\], expected .*size ?\[(?P<shape>[\d, ]+)\]",
        "A layer norm over {last} was given {shape}: it normalises the last axes.",
        "For maps (N, C, H, W), nn.GroupNorm(1, C) normalises over channels and pixels.",
    ),
    (
        r"divisible by the square of upscale_factor, but input\.size\(-3\)=(?P<channels>\d+) is not divisible by (?P<square>\d+)",
        "Pixel shuffle turns {square} channels into one, and {channels} is no multiple of {square}.",
        "Let the convolution before it make {square} times as many channels as should come out.",
    ),
)
