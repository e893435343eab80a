# %% [markdown]
# # 1 · Down-sampling
# *25 minutes. You will be able to say, without running anything, how large a feature map leaves a convolution.*
#
# A network that must find a cell in a 512-pixel picture cannot look at all pixels at once. It looks from further away:
# half the height, half the width, again and again. That is the first mark of a U-Net, and one line does it:
#
# ```python
# downsample = nn.Conv2d(in_channels=64, out_channels=128, kernel_size=3, stride=2, padding=1)
# ```
#
# A *feature map* is what goes in and what comes out: a picture with as many channels as the network likes. The line is from
# *the document*: one page on how to tell a U-Net, as many a student finds it on the way. We study its code; it is mostly right.

# %% [markdown]
# **Predict.** A map of 32×32 cells goes in. How high and wide is what comes out? And which of the five numbers does that?
#
# Write your guess down. It is worth more wrong than missing.

# %%
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data
from torch import nn

from unet_teach import exercises
from unet_teach.arithmetic import conv_coverage, conv_input_sizes, conv_output_size
from unet_teach.widgets import ConvExplorer

plt.style.use("unet_teach.course")

# %% [markdown]
# ## Play
#
# A smaller map shows the same thing. The orange frame is the *kernel*: the window that makes one output cell.
# Point at an output cell, or click the output and use the arrow keys. Point at an input cell: which outputs does it feed?

# %%
ConvExplorer(input_size=8, kernel_size=3, stride=2, padding=1)

# %% [markdown]
# 1. Move **stride** to 1 and back to 2. The window jumps over every other place, so half as many outputs remain, in
#    each direction.
# 2. Set **padding** to 0. The last row and column are hatched: no window reaches them any more.
# 3. Set padding to 1 again and **input_size** to 7. Does the output shrink?
# 4. Set **kernel_size** to 7, padding to 0 and input_size to 5. Read what the picture says, and what torch says.

# %% [markdown]
# ## The document's layer
#
# Now the real thing: a batch of one map, 64 channels, 32×32 cells. PyTorch writes this shape as `(N, C, H, W)`.

# %%
downsample = nn.Conv2d(in_channels=64, out_channels=128, kernel_size=3, stride=2, padding=1)
feature_map = torch.zeros(1, 64, 32, 32)
print(tuple(feature_map.shape), "→", tuple(downsample(feature_map).shape))

# %% [markdown]
# Half the height, half the width, twice the channels. Was that your guess? Let us take its five numbers one at a time.

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
for change in (
    {},
    {"kernel_size": 5},
    {"stride": 1},
    {"stride": 4},
    {"padding": 0},
    {"padding": 2},
):
    parameters = {"kernel_size": 3, "stride": 2, "padding": 1, **change}
    size = conv_output_size(32, **parameters)
    print(f"{change!s:20} 32 → {size}")

# %% [markdown]
# `stride=1` keeps 32, `stride=4` leaves 8. The other two move the size by one or two cells.
# **The stride divides. Kernel and padding only mend the edge.**
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
# Point at a number in the explorer's formula above: its slider lights up. (The explorer also knows *dilation*, cells between
# the kernel's taps. With `dilation=1` the taps stand side by side and the formula is the one here.)

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

# %% [markdown]
# Always two sizes, and *nobody downstream can tell which it was*. Keep this in mind: in lesson 2 a parameter with an odd name
# exists for this alone, and in lesson 3 it is the most frequent U-Net error there is.

# %% [markdown]
# ## Seen, or only covered?
#
# Which cells does the window's *centre* stand on? With stride 2 it starts on cell 0 and jumps by two.

# %%
centres = [2 * output for output in range(conv_output_size(32, 3, stride=2, padding=1))]
print("centres:", centres)
print(f"that is {len(centres) ** 2} of {32**2} cells: one in {32**2 // len(centres) ** 2}")

# %% [markdown]
# One pixel in four is a centre. And the rest, are they lost? Count how many windows *cover* each row:

# %%
print("windows over each row:", conv_coverage(32, kernel_size=3, stride=2, padding=1))

# %% [markdown]
# No zero in the list: every cell is covered. Some once, some twice. PyTorch agrees: with a kernel of ones, the gradient
# of the output's sum counts how often each input cell was used.

# %%
layer = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)
nn.init.ones_(layer.weight)
picture = torch.zeros(1, 1, 32, 32, requires_grad=True)
layer(picture).sum().backward()
print(picture.grad[0, 0, :6, :6].int())
rows = torch.tensor(conv_coverage(32, kernel_size=3, stride=2, padding=1))
assert torch.equal(picture.grad[0, 0].long(), rows[:, None] * rows)

# %% [markdown]
# 1, 2, 4: cells between two centres are used more often. This uneven pattern returns in lesson 2, where it can be *seen*.

# %% [markdown]
# ## On a real picture
#
# Grace Hopper, who wrote one of the first compilers (a portrait by James S. Davis, US Navy, 1984, in the public domain; it comes with
# matplotlib). We use one channel, and a kernel whose nine weights are all 1/9: each output cell is the mean of what it sees.

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
figure, panels = plt.subplots(1, 4, figsize=(9, 3.4))
for panel, picture in zip(panels, maps, strict=True):
    panel.imshow(picture, vmin=0, vmax=1)
    panel.set(title="{}×{}".format(*picture.shape), xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Three halvings and she is 75×64: still Grace Hopper. *What* is in the picture survives. *Where exactly* an edge runs
# does not: look at the cap. A U-Net needs both, and lesson 3 fetches the *where* back.
#
# Now cut one row and one column off, so that the sizes are odd.

# %%
odd = portrait[:599, :511]
with torch.no_grad():
    half = blur(odd[None, None])[0, 0]
print(tuple(odd.shape), "→", tuple(half.shape))
print("twice that is", tuple(2 * side for side in half.shape), "and not", tuple(odd.shape))

# %% [markdown]
# ## Exercise
#
# Make a layer that takes 64 channels, makes 128, and halves even heights and widths. A wrong answer is welcome: the check
# says what it does. Stuck? `exercises.halve.hint()`. After two tries: `exercises.halve.solution()`.

# %%
### BEGIN SOLUTION
layer = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
### END SOLUTION
exercises.halve.check(layer)

# %% [markdown]
# ## Read the document again
#
# On `padding=1` it says that the centre of the kernel then visits every pixel. You counted: with stride 2 it visits one in
# four. What padding 1 does ensure is that every pixel is *covered*.
#
# On `stride=2` it says that the layer divides height and width by 2. For even sizes, yes. 31 becomes 16, 33 becomes 17:
# ⌊(H + 2·1 − 3) / 2⌋ + 1.

# %% [markdown]
# ## Recap
#
# - The stride divides; kernel and padding mend the edge: ⌊(H + 2·padding − kernel_size) / stride⌋ + 1.
# - Stride 2 merges two sizes into one: 31 and 32 both become 16.
# - Channels are chosen apart from the size: in_channels is what arrives, out_channels what you want.
#
# Next: **2 · Up-sampling**, the way back, and why it cannot know whether it was 31 or 32.
