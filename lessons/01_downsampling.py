# %% [markdown]
# # 1 · Down-sampling
#
# **After this lesson you can**
# - work out the output size of a convolution on paper,
# - explain why 31 and 32 pixels both become 16, and why that will matter,
# - say how many input pixels one value deep in a network depends on.
#
# *40 minutes. You need Python, and the idea of a tensor of shape (N, C, H, W): N images with C channels, H pixels high and W wide.*
#
# ![A portrait at 256×256, 128×128, 64×64 and 32×32 pixels, each with the same detail enlarged below it.](../docs/images/lesson_1.png)
#
# A segmentation network answers two questions about every pixel: *what* is it part of, and *where* exactly does that part end?
# To answer the first, it has to take in a large area at once, so it shrinks the image. At 32×32 you still recognise a face, but look at the eye: its
# detail is gone, and it will take two more lessons to get it back.

# %% [markdown]
# Shrinking is called **down-sampling**, the first of the four criteria, and it's what the encoder of a U-Net does at each level. In [the document](../docs/the_document.md#down-sampling), the one-page note that this
# course follows and tests, one line of PyTorch does it:
#
# ```python
# downsample = nn.Conv2d(in_channels=64, out_channels=128,
#                        kernel_size=3, stride=2, padding=1)
# ```
#
# Run the next cell first (Shift + Enter). It loads the tools, which takes a few seconds. Folded cells contain the text of a widget: run them in the same way.

# %%
import torch
from torch import nn
from torchinfo import summary

from unet_teach import exercises
from unet_teach.arithmetic import (
    conv_coverage,
    conv_input_sizes,
    conv_output_size,
    receptive_field,
)
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import show
from unet_teach.widgets import ConvExplorer, FeatureMaps, Predict, Step

# %% [markdown]
# ## What a convolution computes
#
# A **kernel** is a small window of **weights**, numbers that the network learns; `kernel_size=3` makes it 3×3, so it has nine.
#
# The layer lays it on the image, multiplies each of the nine values underneath by its weight, and adds
# up the products: that sum is *one* output value. Then it moves the kernel by `stride` pixels and does the same again. The result is called a **feature map**.
#
# (Before it starts, `padding=1` puts a border of zeros around the image, one pixel wide on each side. Finally, PyTorch adds the **bias**, one more learned number for each output channel. It shifts a whole output channel by the same amount, so the widget leaves it out.)

# %% [markdown]
# Make a guess before you read on. You'll remember the answer better, and a wrong guess tells you what to look for.

# %% jupyter={"source_hidden": true}
Predict(
    "A feature map of 32×32 cells goes into the line above, with `kernel_size=3`, `stride=2` and `padding=1`. What are the height and width of the output?",
    answer=(16, 16),
    mistakes={
        (15, 15): "That's the size without padding. Here `padding=1` adds one pixel on each side, and there is room for one more step.",
        (17, 17): "One too many. After 16 positions there is only half a step left, and PyTorch drops an incomplete step.",
        (32, 32): "That would be stride 1. With stride 2 the kernel skips every other position.",
        (30, 30): "That would be stride 1 without padding.",
    },
    explain="`stride=2` means that the kernel stops at every second position, so height and width are halved.",
)

# %% jupyter={"source_hidden": true}
ConvExplorer(
    input_size=8,
    kernel_size=3,
    stride=2,
    padding=1,
    numbers=True,
    playing=True,
    steps=[
        "Watch one output value being computed: nine products, added up. Press Space to pause.",
        Step(
            "Set `stride` to 1. How many positions does the kernel visit now?",
            answer=64,
            explain="There are 8 rows of 8 positions. With stride 2 the kernel visits 4×4 = 16 of them.",
        ),
        Step(
            "Set `stride` back to 2 and `padding` to 0. Which input row and column does no window reach?",
            when={"stride": 2, "padding": 0},
            explain="The last ones, which are hatched: there is no room for another step of 2.",
        ),
        Step(
            "Set `padding` back to 1, then try `input_size` 7 and 8. What do you notice about the output?",
            when=[{"input_size": 7, "padding": 1, "stride": 2}, {"input_size": 8, "padding": 1, "stride": 2}],
            explain="Both become 4×4. Remember this, because it's the most important fact of this lesson.",
        ),
        Step(
            "Make the kernel too large: `input_size` 5, `padding` 0, `kernel_size` 7. What does the message say?",
            when={"input_size": 5, "padding": 0, "kernel_size": 7},
            explain="PyTorch refuses as well: the kernel has to fit into the padded input.",
        ),
    ],
)

# %% [markdown]
# ## The formula
#
# You have just seen everything the formula says. The kernel starts at the border and has room to move by `H + 2·padding − kernel_size` pixels, in steps of `stride`. An
# incomplete last step is dropped (that's what ⌊ ⌋ means), and we add 1 for the starting position:
#
# $$\begin{aligned}\text{room} &= H + 2\cdot\text{padding}\\ &\quad - \text{kernel\_size}\\[4pt] H_\text{out} &= \left\lfloor\frac{\text{room}}{\text{stride}}\right\rfloor + 1\end{aligned}$$
#
# Here PyTorch tests it for a kernel of 3 with stride 2 and padding 1, at every size from 1 to 64 (`shape[-1]` is the last axis, the width):

# %%
layer = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
for size in range(1, 65):
    output = layer(torch.zeros(1, 1, size, size))
    assert output.shape[-1] == (size + 2 * 1 - 3) // 2 + 1
print("32 →", (32 + 2 - 3) // 2 + 1, "and PyTorch agrees for all 64 sizes")

# %% [markdown]
# Now we change one number at a time. Which of them decides how much smaller the output is?

# %%
print("as it is       32 →", conv_output_size(32, 3, stride=2, padding=1))
print("kernel_size=5  32 →", conv_output_size(32, 5, stride=2, padding=1))
print("padding=0      32 →", conv_output_size(32, 3, stride=2, padding=0))
print("stride=1       32 →", conv_output_size(32, 3, stride=1, padding=1))
print("stride=4       32 →", conv_output_size(32, 3, stride=4, padding=1))

# %% [markdown]
# **The stride divides the size.** Kernel size and padding change the *output size* only by what happens at the border, a pixel or two.
# (The explorer has one more slider, **dilation**. With dilation 2 the kernel takes every second pixel, so a 3×3 kernel spans 5 pixels, and the formula takes 5 for `kernel_size`.)
#
# ## Exercise: write the formula
#
# You'll need it again and again, so write it as a function of whole numbers.


# %%
def output_size(size, kernel_size, stride, padding):
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel_size) // stride + 1
    ### END SOLUTION


exercises.output_size.check(output_size)

# %% [markdown]
# ## Channels: from 64 to 128
#
# An image has one channel (grey) or three (red, green, blue). A feature map inside a network has as many as its designer likes, and each can respond to a different
# pattern: an edge, a texture, a corner.

# %%
downsample = nn.Conv2d(in_channels=64, out_channels=128,
                       kernel_size=3, stride=2, padding=1)
feature_map = torch.zeros(1, 64, 32, 32)
print(tuple(feature_map.shape), "→", tuple(downsample(feature_map).shape))

# %% [markdown]
# So far a single channel went in, and nine weights were enough. Now each of the 64 input channels gets nine weights of its own, and all 64·9 = 576 products are added up to *one* output value: the kernel is 64×3×3.
#
# There are 128 such kernels, also called **filters**, one for each output channel. The shape of the weight says exactly that, and an input with another number of channels is refused:

# %%
print(tuple(downsample.weight.shape), "and", len(downsample.bias), "biases")
parameters = sum(p.numel() for p in downsample.parameters())
print(f"{parameters:,} parameters, whatever the size of the image")
try:
    downsample(torch.zeros(1, 3, 32, 32))  # a colour photo
except RuntimeError as error:
    print(error)

# %% [markdown]
# Why twice as many channels? Halving height and width leaves a quarter of the positions, and each of them has to describe four times the area. Twice the channels give it more numbers to do so, and the
# feature map still shrinks to half as many values.
#
# A convolution that keeps size and channels costs as many multiplications after the halving as before: at a quarter of the positions, but with 128·128 pairs of an input and an output channel instead of 64·64, which is four times as many.

# %%
before, after = 64 * 32 * 32, 128 * 16 * 16
print(f"values: {before:,} → {after:,}")
for channels, side in ((64, 32), (128, 16)):
    work = channels * channels * 9 * side * side
    print(f"{channels} → {channels} channels at {side}×{side}: {work:,} multiplications")

# %% [markdown]
# ## Exercise: another layer that halves
#
# Make a layer that takes 64 channels, returns 128, and halves any even height and width. The document's layer has a kernel of 3; to make a different one, use `kernel_size=5`. If
# you're stuck, run `exercises.halve.hint()`.

# %%
### BEGIN SOLUTION
layer = nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)
### END SOLUTION
exercises.halve.check(layer)

# %% [markdown]
# ## A factor of 2? Not always
#
# With stride 2, `padding=kernel_size // 2` makes any odd kernel halve every *even* size. But in the explorer, 7 and 8 both became 4. Here are three larger sizes; **predict** what becomes of each before you run the cell.

# %%
for size in (31, 32, 33):
    print(size, "→", conv_output_size(size, 3, stride=2, padding=1))

# %% [markdown]
# Now turn the question round: which input sizes give 16, and which give 17?

# %%
for size in (16, 17):
    print(size, "comes from", list(conv_input_sizes(size, 3, stride=2, padding=1)))

# %% [markdown]
# It's always two. **From 16 alone, no later layer can tell whether the size was 31 or 32.** In lesson 2 you'll meet a parameter with an odd name that exists only to choose between the
# two, and in lesson 3 they cause one of the most frequent errors in U-Net code.
#
# **Exercise.** Without a helper: which two input sizes does the same layer turn into 8? Give them as a pair, `(…, …)`.

# %%
### BEGIN SOLUTION
pair = (15, 16)
### END SOLUTION
exercises.odd_sizes.check(pair)

# %% [markdown]
# ## How far does one value see?
#
# Why shrink the image at all, instead of stacking convolutions at full size? Take one value of the result and ask which input pixels it depends on. They
# are its **receptive field**.
#
# We can find it by experiment. The **gradient** of an output value says how much it would change if some number changed a little. Training asks for the gradients of the weights; here we ask for those of the input pixels (`requires_grad=True`), and `backward()` computes them all at once and puts them into `image.grad`.
#
# All weights are set to 1, and there is nothing but convolutions, so the gradient is positive for every pixel inside the receptive field and zero for all others.


# %%
def receptive_field_of_one_value(stride, layers):
    image = torch.zeros(1, 1, 32, 32, requires_grad=True)
    output = image
    for _ in range(layers):
        convolution = nn.Conv2d(1, 1, kernel_size=3, stride=stride, padding=1)
        nn.init.ones_(convolution.weight)
        output = convolution(output)
    middle = output.shape[-1] // 2
    output[0, 0, middle, middle].backward()
    return (image.grad[0, 0] > 0).float()


# %% jupyter={"source_hidden": true}
fields = {
    f"stride {stride}": {f"layer {n}": receptive_field_of_one_value(stride, n) for n in (1, 2, 3)}
    for stride in (1, 2)
}
FeatureMaps(
    fields,
    title="One value's receptive field grows like a cone, with stride 2 much faster",
    notes={"stride 1": "every layer adds two pixels", "stride 2": "every layer adds twice as many as the one before"},
    nested=True,
)

# %%
for stride, layers in fields.items():
    sizes = [int(field.any(dim=0).sum()) for field in layers.values()]
    print(f"{stride}: one value depends on", *sizes, "pixels in a row")
for stride in (1, 2):  # each layer is (kernel_size, stride, padding)
    size = receptive_field([(3, stride, 1)] * 5).size
    print(f"stride {stride}, after five layers: {size}")
assert receptive_field([(3, 2, 1)] * 6).size == 127

# %% [markdown]
# With stride 1, every layer adds two pixels: 3, 5, 7. With stride 2, the second layer combines 3 values, each 3 pixels wide and 2 pixels apart: 3 + 2·2 = 7. The third combines 3 values, 7 wide and 4 apart: 7 + 2·4 = 15. Each layer
# adds twice as much as the one before.
#
# After five layers that makes 11 pixels against 63, and a sixth reaches 127, half the width of the portrait. **This is what down-sampling is for**: small kernels take in a large area with few layers. (Not all of these pixels count equally: those in the middle reach the value on many more paths than those at the border.)
#
# **Exercise.** Two convolutions with kernel 5, stride 2 and padding 2, one after the other: how many pixels wide is the receptive field of one value?

# %%
### BEGIN SOLUTION
width = 13
### END SOLUTION
exercises.sees.check(width)

# %% [markdown]
# ## Other ways to halve
#
# Here are five more layers that shrink a feature map. The image is a single bright line, one pixel wide, in column 5 (counted from 0), and the convolution has nine equal weights of 1/9.
# Guess first: in which of the outputs is the line still there?

# %%
line = torch.zeros(1, 1, 16, 16)
line[..., 5] = 1  # column 5 of every row
mean = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1, bias=False)
nn.init.constant_(mean.weight, 1 / 9)
ways = {
    "strided conv": mean,
    "max-pool": nn.MaxPool2d(2),
    "average-pool": nn.AvgPool2d(2),
    "nearest": nn.Upsample(scale_factor=0.5, mode="nearest"),
    "bilinear": nn.Upsample(scale_factor=0.5, mode="bilinear"),
    "pixel-unshuffle": nn.PixelUnshuffle(2),
}

# %%
halved = {name: way(line).detach() for name, way in ways.items()}
title = "One bright line, halved in six ways"
FeatureMaps({"the image": line} | halved, input_size=16, title=title)

# %%
for name, made in halved.items():
    print(f"{name:15} brightest {made.max():.2f}   mean {made.mean():.4f}")
print(f"{'the image':15} brightest {line.max():.2f}   mean {line.mean():.4f}")

assert halved["average-pool"].mean() == halved["bilinear"].mean() == line.mean()
assert torch.equal(nn.PixelShuffle(2)(halved["pixel-unshuffle"]), line)
assert ways["nearest"](line.roll(-1, dims=3)).max() == 1
for name in ("max-pool", "average-pool", "nearest", "bilinear"):
    assert {ways[name](torch.zeros(1, 1, size, size)).shape[-1] for size in (30, 31)} == {15}
assert nn.MaxPool2d(2, ceil_mode=True)(torch.zeros(1, 1, 31, 31)).shape[-1] == 16

# %% [markdown]
# - **Max-pooling** keeps the line as bright as it was, but you can no longer tell in which of two columns it ran. The U-Net of 2015 uses it, with convolutions before and after.
# - **Average-pooling** and **bilinear** interpolation halve its brightness. Since a column is now twice as wide, the mean stays exactly the same.
# - The **strided convolution** leaves a third of the brightness in each of two columns, because two windows cover the line. (Its weights are learned, though, and others would keep it as bright.)
# - **Nearest** interpolation takes every second column, the even ones, so the line is gone. In column 4 it would have survived at full brightness.
# - **Pixel-unshuffle** loses nothing and can be undone: it moves the four pixels of each 2×2 square into four channels. Step through **channel** to see them.
# - **Odd sizes**: pooling and interpolation drop the last row, so 30 and 31 both become 15 (with `ceil_mode=True`, a pooling makes 16 of 31), and pixel-unshuffle refuses 31.
#
# Only the convolution has parameters, and only there can you choose the number of channels. The others need a convolution next to them for that.

# %% [markdown]
# ## What survives
#
# Back to the portrait. This layer averages each 3×3 window with stride 2, and we apply it three times. (`[None, None]` adds the axes N and C: an image of shape (256, 256) becomes (1, 1, 256, 256), as a layer expects it.)

# %%
blur = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1, bias=False)
nn.init.constant_(blur.weight, 1 / 9)
images = [torch.tensor(portrait())[None, None]]
for _ in range(3):
    images.append(blur(images[-1]).detach())

# %% jupyter={"source_hidden": true}
show(
    zoomed({"{}×{}".format(*image.shape[-2:]): image for image in images}),
    "The portrait at 256×256, 128×128, 64×64 and 32×32 pixels. The face stays recognisable; the detail of the eye turns into a few grey squares.",
)

# %% [markdown]
# *What* is in the image survives: you still recognise Grace Hopper, who wrote one of the first compilers. *Where exactly* the rim of her glasses runs is lost. A U-Net needs
# both, and lesson 3 brings the *where* back. (The dark line along the top and the left border comes from the padding, because there the mean includes zeros.)

# %% [markdown]
# ## Read the document again
#
# You can now judge two of its claims:
#
# - It says that [`stride=2` reduces the size by a factor of 2](../docs/the_document.md#stride). For even sizes it does, but 31 becomes 16, and 33 becomes 17.
# - It says that [`padding=1` makes the kernel's centre visit all pixels](../docs/the_document.md#padding). With stride 2 the centre visits every second pixel in each direction, one pixel in
#   four. What padding changes is the border: without it, the last row and column of *even* sizes lie in no window. With padding 1 every pixel is *covered*, at any size.

# %% [markdown]
# ## Recap
#
# - One output value is a sum of products, and the kernel visits every `stride`-th position, so the output size is ⌊(H + 2·padding − kernel_size) / stride⌋ + 1.
# - A halving merges two sizes into one: with kernel 3 and padding 1, 31 and 32 both become 16; with max-pooling, 30 and 31 both become 15.
# - Down-sampling makes the receptive field grow fast: 3, 7, 15 pixels instead of 3, 5, 7.
#
# Next: [**2 · Up-sampling**](02_upsampling.ipynb) goes back up, and there you have to say whether the size was 31 or 32.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Nothing later depends on this part. It answers two questions: which pixels does the kernel's centre visit, and what does each way of halving cost?

# %% [markdown]
# ### Centres and cover
#
# With padding 1 the first window begins one pixel outside the image, so its centre is on pixel 0. From there it moves two pixels at a time.

# %%
centres = [2 * output for output in range(conv_output_size(32, 3, stride=2, padding=1))]
print("centres:", centres)
print(f"that is {len(centres) ** 2} of {32**2} pixels: one in {32**2 // len(centres) ** 2}")
for size in (31, 32):
    print(f"windows over each of {size} rows:", conv_coverage(size, 3, stride=2, padding=1))

# %% [markdown]
# There is no zero in these lists, so every row is covered, some once and some twice. PyTorch agrees: if all weights are 1, the sum of all outputs contains each input
# pixel once for every window that covers it, so the gradient of that sum is the count.

# %%
layer = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
nn.init.ones_(layer.weight)
image = torch.zeros(1, 1, 32, 32, requires_grad=True)
layer(image).sum().backward()
print(image.grad[0, 0, :6, :6].int())
counts = torch.tensor(conv_coverage(32, kernel_size=3, stride=2, padding=1))
assert torch.equal(image.grad[0, 0].long(), torch.outer(counts, counts))

# %% [markdown]
# A centre is used once, a pixel between two centres twice, and a pixel in the middle of four centres four times. In lesson 2 this uneven pattern becomes visible.
#
# **Exercise.** A feature map of 20×30 cells goes through the same layer. How many of its cells are visited by the kernel's centre?

# %%
### BEGIN SOLUTION
number = 10 * 15
### END SOLUTION
exercises.centres.check(number)

# %% [markdown]
# ### What each way of halving costs
#
# On the document's 64 channels, `torchinfo` counts the parameters of each:

# %%
costly = ways | {"strided conv": nn.Conv2d(64, 128, 3, stride=2, padding=1)}
for name, way in costly.items():
    made = summary(way, (1, 64, 32, 32), verbose=0)
    shape = tuple(way(torch.zeros(1, 64, 32, 32)).shape)
    print(f"{name:15} {shape!s:20} {made.total_params:6,} parameters")
