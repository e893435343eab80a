# %% [markdown]
# # 2 · Up-sampling
# *45 minutes. You will be able to say how large a map leaves a transposed convolution, which of its rows are real, and what it
# draws by itself.*
#
# In lesson 1, three halvings made Grace Hopper very small. By then a network may know *that* there is a cap. You asked *which
# pixels* are cap, in the picture as it was taken. So the map must grow again. That is the second mark of a U-Net, up-sampling,
# and the document does it so:
#
# ```python
# upsample = nn.ConvTranspose2d(in_channels=128, out_channels=64, kernel_size=3, stride=2, padding=1, output_padding=1)
# ```
#
# The line of lesson 1 with its channels exchanged, *and one parameter more*. What is it for?

# %%
from itertools import product

import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data
from torch import nn
from torch.nn import functional as F
from torchinfo import summary

from unet_teach import exercises
from unet_teach.arithmetic import conv_transpose_output_size, conv_transpose_overlap
from unet_teach.segmentation.plots import side_by_side
from unet_teach.shared.show import show
from unet_teach.widgets import ConvTransposeExplorer, FeatureMaps, Predict, RoundTrip

plt.style.use("unet_teach.course")

# %% jupyter={"source_hidden": true}
Predict(
    "A map of 16×16 cells goes into the line above. How high and wide is what comes out?",
    answer=(32, 32),
    mistakes={
        (31, 31): "So near: that is what comes out without output_padding.",
        (8, 8): "A convolution with stride 2 would do that. This one is transposed.",
        (33, 33): "That is all that its kernels paint. padding crops some of it.",
        (34, 34): "The last patch begins at 15·2, not at 16·2.",
    },
    explain="(16 − 1)·2 + 3 − 2·1 + 1 = 32: patches begin 2 apart, and `output_padding` adds the row that makes it twice 16.",
)

# %%
upsample = nn.ConvTranspose2d(
    in_channels=128, out_channels=64, kernel_size=3, stride=2, padding=1, output_padding=1
)
low = torch.zeros(1, 128, 16, 16)
high = upsample(low)
print(tuple(low.shape), "→", tuple(high.shape))
print(f"{low.numel():,} numbers → {high.numel():,} numbers")

# %% [markdown]
# Twice the height, twice the width, half the channels. How does it do that?
#
# ## Play
#
# Point at an input cell, or click the input and use the arrow keys. Each cell **paints**: it multiplies the whole kernel by its
# value and lays this patch into the middle picture. Where patches overlap, they add up.
#
# 1. Go from one input cell to the next. How far does its patch move?
# 2. Set **padding** to 0 and back to 1. Here padding adds nothing. It *crops* what was painted.
# 3. Set **output_padding** to 0. Which row and column are gone? Had they been painted?
# 4. Read the numbers in the middle: how often each cell is painted. Remember their pattern.
# 5. Click **double** to come back.

# %%
ConvTransposeExplorer("double")

# %% [markdown]
# ## Three views of one layer
#
# ### It paints patches
#
# This is what you saw. By hand: patches of 3×3, each 2 cells after the last. `padding=1` crops the first and the last row and column,
# `output_padding=1` gives the last ones back. So only the first are lost, `[1:, 1:]`.

# %%
torch.manual_seed(0)
small, kernel = torch.rand(4, 5), torch.rand(3, 3)
painted = torch.zeros(3 * 2 + 3, 4 * 2 + 3)
for row in range(4):
    for column in range(5):
        patch = small[row, column] * kernel
        painted[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += patch

options = {"stride": 2, "padding": 1, "output_padding": 1}
made = F.conv_transpose2d(small[None, None], kernel[None, None], **options)[0, 0]
assert torch.allclose(painted[1:, 1:], made)
print("4×5 paints {}×{}".format(*painted.shape), "and keeps {}×{}".format(*made.shape))

# %% [markdown]
# ### It puts zeros between the cells, then convolves
#
# In the explorer, click **zero insertion**. The cells move apart, zeros fill the gaps, and a window with stride 1 walks over
# them: a plain convolution, its kernel turned by 180°.

# %%
spread = torch.zeros(10, 12)
spread[1:8:2, 1:10:2] = small  # zeros: 1 between, 1 before, 2 after
turned = kernel.flip(0, 1)
assert torch.allclose(F.conv2d(spread[None, None], turned[None, None])[0, 0], made)
print(f"the same values; {int((spread == 0).sum())} of {spread.numel()} cells are zeros")

# %% [markdown]
# ### It is a convolution run backwards
#
# Training runs every convolution backwards: each output cell hands a number back to the input cells it saw. Here PyTorch does
# so with a convolution from 8×10 to 4×5: `grad_outputs` is what is handed back.

# %%
big = torch.zeros(1, 1, 8, 10, requires_grad=True)
down = F.conv2d(big, kernel[None, None], stride=2, padding=1)
(back,) = torch.autograd.grad(down, big, grad_outputs=small[None, None])
assert torch.allclose(back[0, 0], made)
print("forwards 8×10 → {}×{}".format(*down.shape[2:]), "and backwards → {}×{}".format(*back.shape[2:]))

# %% [markdown]
# Written as one large table of numbers, a convolution is a matrix. On the way back its rows become columns, it is *transposed*: hence the
# name. And notice: nobody said
# `output_padding` here. PyTorch had *seen* that `big` was 8×10. A layer on the way up has not. Keep that.
#
# ## How large?
#
# Count what is painted. The first patch is `kernel_size` wide, and each of the other `H − 1` cells begins its own `stride`
# further on. `padding` crops both sides, `output_padding` gives some of it back at the end:
#
# $$H_\text{out} = (H - 1)\cdot\text{stride} + \text{kernel\_size} - 2\cdot\text{padding} + \text{output\_padding}$$
#
# On the way down the stride divided. Here it multiplies.

# %%
print("(16 − 1)·2 + 3 − 2·1 + 1 =", (16 - 1) * 2 + 3 - 2 * 1 + 1)
for size in range(1, 65):
    for extra in (0, 1):
        layer = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=extra)
        side = layer(torch.zeros(1, 1, size, 1)).shape[2]
        assert side == conv_transpose_output_size(size, 3, 2, padding=1, output_padding=extra)
print("64 sizes, with and without output_padding, all as the formula says")

# %% [markdown]
# ## Exercise 1: the formula, for good
#
# Write it as a function of whole numbers. Stuck? `exercises.up_size.hint()`

# %%
def up_size(size, kernel_size, stride, padding, output_padding):
    ### BEGIN SOLUTION
    return (size - 1) * stride + kernel_size - 2 * padding + output_padding
    ### END SOLUTION


exercises.up_size.check(up_size)

# %% [markdown]
# ## Exercise 2: double without the extra parameter
#
# Make a layer that takes 128 channels, makes 64, and doubles height and width. Try `kernel_size=4`, which does without `output_padding`.
# (The check takes any layer that doubles, learns, and leaves no output cell without input; the document's as well.)

# %%
### BEGIN SOLUTION
layer = nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)
### END SOLUTION
exercises.double.check(layer)

# %% [markdown]
# ## Why output_padding exists
#
# Send a map down by lesson 1's line and up by the document's.

# %% jupyter={"source_hidden": true}
Predict(
    "A 31×31 map goes down (`kernel_size=3, stride=2, padding=1`) and up again (the same, and `output_padding=1`). "
    "How large does it come back?",
    answer=(32, 32),
    mistakes={
        (31, 31): "It went down to 16, and 16 is doubled. The 31 is forgotten on the way.",
        (30, 30): "Down, 31 becomes 16, not 15: (31 + 2·1 − 3) // 2 + 1.",
        (33, 33): "One too many: (16 − 1)·2 + 3 − 2·1 + 1.",
    },
    explain="Down, (31 + 2·1 − 3) // 2 + 1 = 16. Up, 16 becomes 32. 31 and 32 both become 16, so the way up cannot know which it was.",
)

# %% [markdown]
# Each tile is a size. Round green ones come back, the others say by how much they are off.
#
# 1. Click 31, then 32. What does each become on the way down?
# 2. Set **output_padding** to 0. Who comes back now?
# 3. Set **stride** to 3 and try output_padding 0, 1 and 2. How many sizes share one small map?

# %%
RoundTrip()

# %% [markdown]
# A stride of 2 merges two sizes into one, and the small map does not know which it was. `output_padding` says it. No fixed value
# is right for every picture, so PyTorch also takes the size itself, call by call:

# %%
layer = nn.ConvTranspose2d(128, 64, kernel_size=3, stride=2, padding=1)
for size in (31, 32):
    print("16 →", layer(low, output_size=(size, size)).shape[-1])

# %% [markdown]
# A U-Net can know that size: the map on the way down, before it was halved, still has it. Lesson 3 fetches it.
#
# ## Exercise 3: back to where it came from
#
# Write `restore(low, wanted)`: the `output_padding` with which kernel 3, stride 2, padding 1 go from `low` to `wanted`, such as
# from 16 to 31. You may rely on `wanted` being one of the two sizes that become `low`.

# %%
def restore(low, wanted):
    ### BEGIN SOLUTION
    return wanted - (2 * low - 1)
    ### END SOLUTION


exercises.restore.check(restore)

# %% [markdown]
# ## Is the extra row padding?
#
# Its name says so. Take a map of ones and a kernel with the numbers 1 to 9.

# %% jupyter={"source_hidden": true}
Predict(
    "With `output_padding=1`, what stands in the extra row?",
    answer="sums of products, as in every row",
    choices=["zeros", "a copy of the row before", "sums of products, as in every row"],
    mistakes={
        "zeros": "On the way down, padding is zeros. Here the word means something else.",
        "a copy of the row before": "That row is painted by the kernel's middle row. And this one?",
    },
    explain="The kernels reach this row as well. Without `output_padding` it is cropped.",
)

# %%
ones, kernel = torch.ones(1, 1, 3, 3), torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
without = F.conv_transpose2d(ones, kernel, stride=2, padding=1)[0, 0].int()
extra = F.conv_transpose2d(ones, kernel, stride=2, padding=1, output_padding=1)[0, 0].int()
assert torch.equal(extra[:5, :5], without)
print(extra)

# %% [markdown]
# The last row holds 8, 16, 8, 16, 8, 9: painted by the kernel's last row, 7 8 9. The crop had taken it, and `output_padding` **crops
# less**. The other 5×5 cells are what they were.
#
# So it can only give back what was cropped. As long as `output_padding` is not larger than `padding`, and the kernel not smaller than the
# stride, every extra row is real. Beyond that no patch reaches: those cells hold only the bias. (In the explorer: kernel_size 2, padding 0,
# and the extra row is dotted.) A kernel smaller than its stride leaves such empty rows *between* patches as well.

# %%
beyond = F.conv_transpose2d(ones, torch.ones(1, 1, 2, 2), stride=2, padding=0, output_padding=1)
print(beyond[0, 0].int())

# %%
empty = []  # layers with an extra row that nothing paints, though output_padding <= padding
for kernel_size, stride, padding in product(range(1, 6), range(1, 6), range(1, 5)):
    for rows in range(1, min(stride, padding + 1)):
        if 2 * stride + kernel_size + rows > 2 * padding:  # three input cells leave something over
            painted = conv_transpose_overlap(3, kernel_size, stride, padding=padding, output_padding=rows)
            if 0 in painted[-rows:]:
                empty.append((kernel_size, stride, padding, rows))
assert (1, 3, 2, 2) in empty
assert all(kernel_size < stride for kernel_size, stride, _, _ in empty)
print("an empty extra row in", len(empty), "layers: in each, the kernel is smaller than the stride")

# %% [markdown]
# ## Exercise 4: the same numbers down and up
#
# A widely used textbook sends a 16×16 map down and up with `kernel_size=5, stride=3, padding=2`, the same numbers both times, no
# `output_padding`. It comes back as 16×16, and the book says that this is always so
# ([Dive into Deep Learning, 14.10](https://d2l.ai/chapter_computer-vision/transposed-conv.html)). Luck?
#
# Which of the sizes 12, 13, 14, 15, 16, 17, 18 do **not** come back? Answer with a tuple. By hand, with a loop, with a widget: as
# you like.

# %%
### BEGIN SOLUTION
lost = (12, 14, 15, 17, 18)
### END SOLUTION
exercises.not_restored.check(lost)

# %% [markdown]
# ## Do the values come back?
#
# The size can come back. Can Grace Hopper? Send her down with a mean of 3×3 and up with the same weights, times 4, since the
# paint of one cell now covers four. Here is her left eye.

# %%
with get_sample_data("grace_hopper.jpg") as file:
    portrait = torch.tensor(plt.imread(file, format="jpg")).float().mean(dim=2) / 255
mean = torch.full((1, 1, 3, 3), 1 / 9)
half = F.conv2d(portrait[None, None], mean, stride=2, padding=1)
back = F.conv_transpose2d(half, 4 * mean, **options)
assert back[0, 0].shape == portrait.shape
assert abs(back.mean() - portrait.mean()) < 0.01

# %%
shown = {
    "as taken, 64×64": portrait[168:232, 272:336],
    "down, 32×32": half[0, 0, 84:116, 136:168],
    "and up, 64×64": back[0, 0, 168:232, 272:336],
}
show(
    side_by_side(shown),
    "An eye behind glasses: sharp; then halved and blurred; "
    "then large again, still blurred, under a fine grid of light and dark lines.",
)

# %% [markdown]
# The size is back, she is not. Would better weights do? Go back to the document's layer: 65,536 numbers stood above it on the way
# down, 32,768 arrive. Half of them are gone, and no weights bring all of that back.
#
# The layer reverses the *shape* of a convolution, not its values. So this course does not call it *deconvolution*, as the
# document and many papers do: elsewhere in science, that word means getting the values back.
#
# ## The checkerboard
#
# And the grid over her eye? It was not in the portrait. Count how often each row is painted:

# %%
for kernel_size, padding, extra in [(2, 0, 0), (3, 1, 1), (4, 1, 0), (5, 2, 1)]:
    counts = conv_transpose_overlap(16, kernel_size, stride=2, padding=padding, output_padding=extra)
    print(f"kernel {kernel_size}:", *counts[8:20], "…")

# %% [markdown]
# Kernel 3 with stride 2: 1, 2, 1, 2. Over rows and columns the counts multiply to 1, 2, 2, 4, and that is a **checkerboard**. Three
# places of a kernel cannot be shared out evenly over two rows. Two can, and four. (It is lesson 1's uneven cover, backwards.)
#
# ## Six ways up, side by side
#
# The document ends with a list of ways up: transposed convolutions, up-sampling layers, bilinear interpolation. Compare them, and
# one more.
#
# - **Nearest** copies each cell into 2×2, **bilinear** blends neighbours. Neither learns, so a convolution follows.
# - **Pixel shuffle**: a convolution makes four times the channels, and each four become 2×2 cells of one.

# %%
def ways_up(ins, outs):
    return {
        "kernel 3": nn.ConvTranspose2d(ins, outs, 3, stride=2, padding=1, output_padding=1),
        "kernel 2": nn.ConvTranspose2d(ins, outs, 2, stride=2),
        "kernel 4": nn.ConvTranspose2d(ins, outs, 4, stride=2, padding=1),
        "nearest + conv": nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(ins, outs, 3, padding=1)),
        "bilinear + conv": nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(ins, outs, 3, padding=1)
        ),
        "pixel shuffle": nn.Sequential(nn.Conv2d(ins, 4 * outs, 3, padding=1), nn.PixelShuffle(2)),
    }


# %%
lines = []
for name, layer in ways_up(128, 64).items():
    parameters = summary(layer, input_size=low.shape, verbose=0).total_params
    size = "{}×{}".format(*layer(low).shape[2:])
    lines.append(f"{name:16} 16×16 → {size} {parameters:>10,} parameters")
print("\n".join(lines))

# %% [markdown]
# The same size from all. The parameters follow the kernel's places, 4, 9 or 16; pixel shuffle has four times the filters.
#
# Now feed each a *flat* map, all ones. Whatever is uneven in the result, the layer drew by itself.

# %% jupyter={"source_hidden": true}
Predict(
    "A flat map, and in each layer all weights alike. How many of the six ways draw a pattern?",
    answer=1,
    mistakes={
        3: "All three transposed convolutions? Look at the counts: two of them are even.",
        0: "Look at the counts: one kernel paints 1, 2, 1, 2.",
        6: "Where all weights are alike, a copy or a blend of a flat map stays flat.",
    },
    explain="And with random weights, as in a new layer? The picture shows both.",
)

# %%
def alike(layer):
    for weight in layer.parameters():
        nn.init.constant_(weight, 1 if weight.dim() > 1 else 0)  # all weights 1, every bias 0
    return layer


def middle(layer):
    with torch.no_grad():
        return layer(torch.ones(1, 8, 12, 12))[0, :, 8:16, 8:16]  # away from the border


def pattern(made):  # how large the pattern is beside the whole: 0 is flat, 1 is nothing but pattern
    return ((made - made.mean(dim=(-2, -1), keepdim=True)).norm() / made.norm()).item()


# %%
shown = {}
alt = "What a flat map becomes in six layers: the first channel, and the share of pattern in it."
for weights in ("alike", "random"):
    torch.manual_seed(0)
    alt += f" Weights {weights}:"
    for name, layer in ways_up(8, 8).items():
        layer = alike(layer) if weights == "alike" else layer
        made, share = middle(layer)[0], f"{pattern(middle(layer)[0]):.0%}"
        made = made / made.abs().max() * made.mean().sign()  # brighter is more, whatever the sign
        shown[f"{name}\n{weights}: {share}"] = made
        alt += f" {name} {share}."
show(side_by_side(shown, width=124, columns=6, value_range=(-1.3, 1.3)), alt)

# %% [markdown]
# The picture and its percentage show one channel. With equal weights *only* kernel 3 draws, as its counts said. With random weights kernel 2,
# kernel 4 and pixel shuffle draw as well, because neighbouring cells come from different weights. How strongly differs from channel to
# channel, so take 64 of them:

# %%
torch.manual_seed(0)
for name, layer in ways_up(8, 64).items():
    share = pattern(middle(layer))
    print(f"{name:16} {share:4.0%} over 64 channels")
    assert share < 1e-3 if name.endswith("conv") else 0.7 < share < 0.95

# %% [markdown]
# All four draw about equally strongly. A convolution *after* copying or blending cannot: on a flat map it sees the same everywhere.
#
# And weights are learned. The document's own layer can learn to draw nothing at all:

# %%
layer = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1, bias=False)
even = torch.tensor([0.5, 1.0, 0.5])
layer.weight.data[:] = torch.outer(even, even)
print(layer(torch.ones(1, 1, 3, 3))[0, 0].detach())

# %% [markdown]
# Flat, except along the last row and column. So the checkerboard is an *artefact*, something a layer adds until its weights have learned not to.
# Networks that paint pictures often show it ([Odena, Dumoulin and Olah, 2016](https://doi.org/10.23915/distill.00003)). It is **no
# verdict on accuracy**: how well a trained network finds the cap, only training shows.
#
# Her face through all six, weights alike (with all weights alike, wider kernels blur more; learned ones need not). Point at a cell: the
# others outline the same place.

# %%
face = portrait[None, None, 40:296, 130:386]
small_face = F.avg_pool2d(face, 8)
maps = {"as taken": F.avg_pool2d(face, 4), "what goes in": small_face}
for name, layer in ways_up(1, 1).items():
    made = alike(layer)(small_face)
    maps[name] = made * (small_face.mean() / made.mean())  # as bright as what goes in
FeatureMaps(maps, value_range=(0, 1))

# %% [markdown]
# ## Exercise 5: no checkerboard
#
# Make a layer, or several in `nn.Sequential`: 8 channels in, 8 out, mixed by learned weights, every map doubled, no cell without input. And with all its
# weights alike, a flat map stays flat away from the border. There are many answers.

# %%
### BEGIN SOLUTION
layer = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, kernel_size=3, padding=1))
### END SOLUTION
exercises.even_overlap.check(layer)

# %% [markdown]
# ## Read the document again
#
# - Its section on up-sampling opens with "all of the above, put together". Nothing is put together yet: that line belongs
#   at the very end, after the fourth mark.
# - Its layer "doubles". 16 becomes 32, yes. But a map that had been 31 comes back as 32, one too many.
# - "Same as before", it says, with the channels reversed. The new parameter goes without a word. You can explain it.
# - Its other name for the layer promises an inverse. The shapes run backwards, the values do not.
# - Kernel 3 with stride 2 paints 1, 2, 1, 2. It does not say so.
# - In its last lines it lists other ways up. You have compared them.

# %% [markdown]
# ## Recap
#
# - Each cell paints a patch, `stride` after the last: (H − 1)·stride + kernel_size − 2·padding + output_padding.
# - `output_padding` says which of the merged sizes to come back to. It crops less: up to `padding`, its rows are real, if
#   the kernel is not smaller than the stride.
# - With equal weights, a kernel_size that is no multiple of `stride` draws a checkerboard. With random ones kernel 2 and 4 do as well. Weights
#   can learn not to.
#
# Next: **3 · Skip connections**. Half of the numbers were lost on the way down. A skip fetches them from across.
