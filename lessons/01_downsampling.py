# %% [markdown]
# # 1 · Down-sampling
# *35 minutes. You will be able to say, without running anything, how large a feature map leaves a convolution.*
#
# Is that spot in the X-ray a tumour? A window of 3×3 pixels cannot tell: it sees a grey patch. So the network steps back. It
# halves the picture, in height and in width, again and again, until a small window covers a large part of the body. That is
# the first mark of a U-Net, down-sampling, and one line does it:
#
# ```python
# downsample = nn.Conv2d(in_channels=64, out_channels=128, kernel_size=3, stride=2, padding=1)
# ```
#
# A *feature map* is what goes in and what comes out: a picture with as many channels as the network likes. We call its pixels
# *cells*, since they are no longer only light.
#
# The line comes from a one-page note on how to recognise a U-Net. The course follows this note, from here on *the document*,
# and studies its code. Where the document is not quite right, you will find it yourself.

# %% [markdown]
# First the tools. Run this cell (Shift + Enter); the first time it takes some seconds.

# %%
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data
from torch import nn
from torchinfo import summary

from unet_teach import exercises
from unet_teach.arithmetic import conv_coverage, conv_input_sizes, conv_output_size, receptive_field
from unet_teach.segmentation.plots import side_by_side
from unet_teach.shared.show import show
from unet_teach.widgets import ConvExplorer, FeatureMaps, Predict

plt.style.use("unet_teach.course")

# %% [markdown]
# ## Predict
#
# Guess before you know. A wrong guess is worth more than none: you will remember what it missed. (The cell's code is folded:
# it holds the answer.)

# %% jupyter={"source_hidden": true}
Predict(
    "A map of 32×32 cells goes into the line above. How high and wide is what comes out?",
    answer=(16, 16),
    mistakes={
        (15, 15): "That is the size without padding: (32 + 0 − 3) // 2 + 1.",
        (17, 17): "You rounded up. PyTorch rounds down: 31 / 2 is 15, plus 1.",
        (32, 32): "Stride 1 would do that.",
        (30, 30): "That is stride 1 without padding.",
    },
    explain="(32 + 2·1 − 3) // 2 + 1 = 16: the stride of 2 halves, and the padding makes up for what the kernel takes off.",
)

# %% [markdown]
# ## Play
#
# A smaller map shows the same thing. The orange frame is the *kernel*: the window that makes one output cell. Point at an
# output cell, or click the output and use the arrow keys. Point at an input cell: which outputs does it feed? Then try:
#
# 1. Move **stride** to 1 and back to 2. The window jumps over every other place: half as many outputs in each direction.
# 2. Set **padding** to 0. Now *blue* cells are hatched, the last row and column: no window reaches them any more.
# 3. Set padding back to 1 and **input_size** to 7. Does the output shrink? Remember the answer.
# 4. Set input_size to 5, padding to 0 and **kernel_size** to 7. Read what the picture says, and what PyTorch says.
# 5. Click **halve** to come back.

# %%
ConvExplorer(input_size=8, kernel_size=3, stride=2, padding=1)

# %% [markdown]
# ## The document's layer
#
# Now the real thing: a batch of one map, 64 channels, 32×32 cells. PyTorch writes this shape as `(N, C, H, W)`.

# %%
downsample = nn.Conv2d(in_channels=64, out_channels=128, kernel_size=3, stride=2, padding=1)
feature_map = torch.zeros(1, 64, 32, 32)
print(tuple(feature_map.shape), "→", tuple(downsample(feature_map).shape))

# %% [markdown]
# Half the height, half the width, twice the channels. Was that your guess? Take its five numbers one at a time.

# %% [markdown]
# ### `in_channels=64`: what the layer is given
#
# Each output cell looks at *all* input channels. So the layer must know how many there are, and refuses any other number.

# %%
photo = torch.zeros(1, 3, 32, 32)  # red, green, blue
try:
    downsample(photo)
except RuntimeError as error:
    print(error)

# %% [markdown]
# Read it slowly, it is a friend: *weight of size [128, 64, 3, 3]* means 128 filters, each 64 channels deep and 3×3 wide. The
# layer *expected 64 channels, but got 3*.

# %% [markdown]
# ### `out_channels=128`: what it makes
#
# Each of the 128 *filters* looks through all 64 channels and draws one new map. Count the numbers it learns:

# %%
filters, depth, height, width = downsample.weight.shape
print(
    f"{filters} filters × {depth} channels × {height}×{width} = {filters * depth * height * width:,} weights"
)
print(f"and one bias each: {sum(p.numel() for p in downsample.parameters()):,} parameters")

# %% [markdown]
# The size of the map does not appear. The same 73,856 numbers serve a 32×32 map and a 3200×3200 one.

# %% [markdown]
# ### `kernel_size=3`, `stride=2`, `padding=1`: the size that comes out
#
# Change one of the three and leave the others.

# %%
print("as it is       32 →", conv_output_size(32, kernel_size=3, stride=2, padding=1))
print("kernel_size=5  32 →", conv_output_size(32, kernel_size=5, stride=2, padding=1))
print("stride=1       32 →", conv_output_size(32, kernel_size=3, stride=1, padding=1))
print("stride=4       32 →", conv_output_size(32, kernel_size=3, stride=4, padding=1))
print("padding=0      32 →", conv_output_size(32, kernel_size=3, stride=2, padding=0))
print("padding=2      32 →", conv_output_size(32, kernel_size=3, stride=2, padding=2))

# %% [markdown]
# `stride=4` leaves 8, a quarter; `stride=1` keeps 32. The other two move the size by a single cell.
# **The stride divides. Kernel and padding settle what happens at the edge.**
#
# Why? The window has to fit. It is `kernel_size` wide and stands on `H + 2·padding` cells, so its first corner has
# `H + 2·padding − kernel_size` cells to travel. It travels in steps of `stride`; one more window stands at the start:
#
# $$H_\text{out} = \left\lfloor \frac{H + 2\cdot\text{padding} - \text{kernel\_size}}{\text{stride}} \right\rfloor + 1$$
#
# The brackets ⌊ ⌋ round down: a last step that does not fit whole is not made.

# %%
print("(32 + 2·1 − 3) // 2 + 1 =", (32 + 2 * 1 - 3) // 2 + 1)

# %% [markdown]
# Point at a number in the explorer's formula above: its slider lights up. (The explorer has one more, *dilation*: with 2, the
# kernel looks at every second cell, so a 3×3 kernel spans 5. With 1, as here, its cells are neighbours.)

# %% [markdown]
# ## Prove it
#
# A formula is a claim. Ask PyTorch, for every size from 1 to 64:

# %%
layer = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
for size in range(1, 65):
    assert layer(torch.zeros(1, 1, size, size)).shape[-1] == conv_output_size(
        size, 3, stride=2, padding=1
    )
print("64 sizes, all as the formula says")

# %% [markdown]
# ## Exercise: the formula, for good
#
# You will need it in every lesson. Write it as a function of whole numbers.


# %%
def output_size(size, kernel_size, stride, padding):
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel_size) // stride + 1
    ### END SOLUTION


exercises.output_size.check(output_size)

# %% [markdown]
# ## Exercise: another way to halve
#
# Make a layer that takes 64 channels, makes 128, and halves even heights and widths. Not the document's: choose
# `kernel_size=5`. A wrong answer is welcome, the check says what it does. Stuck? `exercises.halve.hint()`

# %%
### BEGIN SOLUTION
layer = nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)
### END SOLUTION
exercises.halve.check(layer)

# %% [markdown]
# ## A factor of 2? Not always
#
# **Predict** three sizes before you run the cell: 32, 31 and 33.

# %%
for size in (32, 31, 33):
    print(size, "→", conv_output_size(size, kernel_size=3, stride=2, padding=1))

# %% [markdown]
# "Halves" is true for even sizes. 31 and 32 both give 16. So ask the other way round: who could have been 16?

# %%
print("16 comes from", list(conv_input_sizes(16, kernel_size=3, stride=2, padding=1)))
print("17 comes from", list(conv_input_sizes(17, kernel_size=3, stride=2, padding=1)))
assert all(len(conv_input_sizes(size, 3, stride=2, padding=1)) == 2 for size in range(1, 65))

# %% [markdown]
# Always two sizes, and *from the 16 alone, no later layer can tell which it was*. Keep this in mind: in lesson 2 a parameter with an odd name
# exists for this alone, and in lesson 3 it stops a U-Net with an error you will meet again and again.

# %% [markdown]
# **Exercise.** Without a helper: which two sizes does the same layer leave as 8? Give them as a pair, `(…, …)`.

# %%
### BEGIN SOLUTION
pair = (15, 16)
### END SOLUTION
exercises.odd_sizes.check(pair)

# %% [markdown]
# ## Seen, or only covered?
#
# Which cells does the window's *centre* stand on? Padding 1 puts the first window's corner just outside the map, so its
# centre is on cell 0. From there it jumps by two.

# %%
centres = [2 * output for output in range(conv_output_size(32, 3, stride=2, padding=1))]
print("centres:", centres)
print(f"that is {len(centres) ** 2} of {32**2} cells: one in {32**2 // len(centres) ** 2}")

# %% [markdown]
# One pixel in four is a centre, as on every map of even height and width. And the rest, are they lost? Count how many windows *cover* each row:

# %%
print("windows over each row:", conv_coverage(32, kernel_size=3, stride=2, padding=1))

# %% [markdown]
# No zero in the list: every row is covered. Some once, some twice.
#
# PyTorch agrees. Add up all outputs of a kernel of ones: each input cell is in that sum as often as windows cover it. So
# the sum's *gradient*, how much it grows when one cell grows by 1, is that count.

# %%
layer = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
nn.init.ones_(layer.weight)
picture = torch.zeros(1, 1, 32, 32, requires_grad=True)
layer(picture).sum().backward()
print(picture.grad[0, 0, :6, :6].int())
counts = torch.tensor(conv_coverage(32, kernel_size=3, stride=2, padding=1))
assert torch.equal(picture.grad[0, 0].long(), torch.outer(counts, counts))

# %% [markdown]
# Rows times columns: a centre is used once, a cell between two centres twice, a cell amid four of them four times. This
# uneven pattern returns in lesson 2, where it can be *seen*.

# %% [markdown]
# **Exercise.** A map of 20×30 cells, the same layer: on how many of its cells does a centre stand?

# %%
### BEGIN SOLUTION
number = 10 * 15
### END SOLUTION
exercises.centres.check(number)

# %% [markdown]
# ## Other ways to halve
#
# A strided convolution is not the only layer that makes a map smaller. The document names pooling in one line at its end; here
# it is beside five other layers. The picture is a single bright line, one cell wide, in column 5. Where is it afterwards?

# %%
line = torch.zeros(1, 1, 16, 16)
line[..., 5] = 1
mean = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1, bias=False)
nn.init.constant_(mean.weight, 1 / 9)
ways = {
    "strided convolution": mean,
    "max-pool": nn.MaxPool2d(2),
    "average-pool": nn.AvgPool2d(2),
    "interpolation, nearest": nn.Upsample(scale_factor=0.5, mode="nearest"),
    "interpolation, bilinear": nn.Upsample(scale_factor=0.5, mode="bilinear"),
    "pixel-unshuffle": nn.PixelUnshuffle(2),
}

# %%
halved = {name: way(line).detach() for name, way in ways.items()}
FeatureMaps({"the picture": line, **halved}, input_size=16)

# %%
for name, made in halved.items():
    print(f"{name:24} brightest {made.max():.2f}   mean {made.mean():.4f}")
print(f"{'the picture':24} brightest {line.max():.2f}   mean {line.mean():.4f}")

assert halved["average-pool"].mean() == halved["interpolation, bilinear"].mean() == line.mean()
assert torch.equal(nn.functional.pixel_shuffle(halved["pixel-unshuffle"], 2), line)
assert torch.equal(ways["interpolation, nearest"](line.roll(-1, dims=3))[0, 0, :, 2], torch.ones(8))

# %% [markdown]
# - **max-pool** keeps the line as bright as it was, and makes it look twice as thick.
# - **average-pool** and **bilinear** make it half as bright. It is also twice as thick, so the mean of the map is exactly what it was.
# - The **convolution** leaves a third of the brightness, in two columns, because two windows see the line. In column 4 only one would. But
#   its weights are learned, and others keep the line at full brightness.
# - **nearest** takes every other column, the even ones. The line is gone. (Move it to column 4, and it is all there.)
# - **pixel-unshuffle** loses nothing, and can be undone. It moves the four cells of each 2×2 square into four channels: step through **channel**.
#
# And what do they cost? On the document's 64 channels, `torchinfo` counts what each has to learn:

# %%
costly = {**ways, "strided convolution": nn.Conv2d(64, 128, 3, stride=2, padding=1)}
for name, way in costly.items():
    made = summary(way, (1, 64, 32, 32), verbose=0)
    shape = tuple(way(torch.zeros(1, 64, 32, 32)).shape)
    print(f"{name:24} {shape!s:20} {made.total_params:6,} parameters")

# %% [markdown]
# Only the convolution learns, and only it can choose the number of channels. The others are cheap and fixed, so a
# network that pools puts convolutions around the pool. The U-Net of 2015 does: max-pool to halve, convolutions to think.

# %% [markdown]
# ## How far does one cell see?
#
# Back to the spot in the X-ray. Why halve at all, and not just stack convolutions? Take one cell of the result and ask which pixels of
# the picture it depends on: its *receptive field*. Light that one cell, and let the gradient carry the light back.


# %%
def seen_by_one_cell(layers, size=32):
    picture = torch.zeros(1, 1, size, size, requires_grad=True)
    made = nn.Sequential(*layers)(picture)
    middle = made.shape[-1] // 2
    made[0, 0, middle, middle].backward()
    return (picture.grad[0, 0] > 0).float()


def ones(stride):
    layer = nn.Conv2d(1, 1, kernel_size=3, stride=stride, padding=1)
    nn.init.ones_(layer.weight)
    return layer


# %%
fields = {
    f"stride {stride}, layer {count}": seen_by_one_cell([ones(stride) for _ in range(count)])
    for stride in (1, 2)
    for count in (1, 2, 3)
}
FeatureMaps(fields)

# %%
for name, field in fields.items():
    print(f"{name}: one cell sees {int(field.any(dim=0).sum()):2} pixels")

# %% [markdown]
# With stride 1, each layer adds one pixel on each side: 3, 5, 7. With stride 2, each layer adds twice as much as the one before:
# 3, 7, 15. After ten layers that is 21 pixels against 2047. This is what down-sampling is *for*.

# %%
assert receptive_field([(3, 1, 1)] * 10).size == 21
assert receptive_field([(3, 2, 1)] * 10).size == 2047
assert [receptive_field([(3, 2, 1)] * n).size for n in (1, 2, 3)] == [3, 7, 15]

# %% [markdown]
# **Exercise.** Two convolutions with kernel 5, stride 2 and padding 2, one after the other: how wide does one cell see?

# %%
### BEGIN SOLUTION
width = 13
### END SOLUTION
exercises.sees.check(width)

# %% [markdown]
# ## On a real picture
#
# Grace Hopper, who wrote one of the first compilers (a portrait by James S. Davis, US Navy, 1984, in the public domain; it comes with
# matplotlib). One channel, and a kernel whose nine weights are all 1/9: each output cell is the mean of its nine inputs.

# %%
with get_sample_data("grace_hopper.jpg") as file:
    portrait = torch.tensor(plt.imread(file, format="jpg")).float().mean(dim=2) / 255
blur = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1, bias=False)
nn.init.constant_(blur.weight, 1 / 9)
print("the portrait:", tuple(portrait.shape))

# %%
maps = [portrait]
for _ in range(3):
    with torch.no_grad():
        maps.append(blur(maps[-1][None, None])[0, 0])
shown = {"{}×{}".format(*picture.shape): picture for picture in maps}
for picture, zoom in zip(maps, (1, 2, 4, 8), strict=True):
    cap = picture[24 // zoom : 104 // zoom, 192 // zoom : 288 // zoom]
    shown["the cap, {}×{}".format(*cap.shape)] = cap
show(
    side_by_side(shown, width=192, columns=4),
    "The portrait four times, from 600×512 down to 75×64: the face stays, its edges blur. Below, the cap's badge, enlarged: "
    "sharp at first, at last 10×12 grey squares.",
)

# %% [markdown]
# Three halvings and she is 75×64: still Grace Hopper. *What* is in the picture survives. *Where exactly* an edge runs
# does not: look at the cap. A U-Net needs both, and lesson 3 fetches the *where* back. (See the dark line along the top and
# the left? There the mean takes in padding zeros.)

# %% [markdown]
# ## Read the document again
#
# Two of its claims you can now judge:
#
# - On `padding=1`: the kernel's centre then visits every pixel. You counted: with stride 2 it visits one in four. What
#   padding 1 does ensure is that every pixel is *covered*, at odd sizes and at even ones, which without it lose their last row and column.
# - On `stride=2`: the layer divides height and width by 2. For even sizes, yes. 31 becomes 16, 33 becomes 17.
#
# And one line at its end, which names pooling beside strided convolutions as if they were the same. You have seen what each
# does to a thin line, and what it costs.

# %% [markdown]
# ## Recap
#
# - The stride divides, kernel and padding settle what happens at the border: ⌊(H + 2·padding − kernel_size) / stride⌋ + 1.
# - Stride 2 merges two sizes into one: 31 and 32 both become 16.
# - Halving is how a small window comes to see far: 3, 7, 15 instead of 3, 5, 7.
#
# Next: **2 · Up-sampling**, the way back, and why it cannot know whether it was 31 or 32.
