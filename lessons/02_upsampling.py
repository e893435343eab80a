# %% [markdown]
# # 2 · Up-sampling
#
# **After this lesson you can**
# - work out the output size of a transposed convolution on paper,
# - choose the `output_padding` that brings back the size you started from,
# - choose an up-sampling layer that doesn't draw a pattern of its own.
#
# *40 minutes. You need lesson 1.*
#
# ![The portrait as taken, at 32×32, and enlarged from 32×32 to 256×256 in two ways; the eye stays blurred in both.](../docs/images/lesson_2.png)
#
# In lesson 1 the portrait shrank to 32×32. At that size a network may know *that* there is an eye, but we want to know *which pixels* belong to it, so the feature map
# has to grow again.

# %% [markdown]
# Growing is called **up-sampling**, the second criterion and the work of the decoder. [The document](../docs/the_document.md#up-sampling) does it with a **transposed convolution**:
#
# ```python
# upsample = nn.ConvTranspose2d(
#     in_channels=128, out_channels=64,
#     kernel_size=3, stride=2, padding=1, output_padding=1)
# ```
#
# It looks like the line from lesson 1, with the channels swapped and one new parameter. What does `output_padding` do?

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from torchinfo import summary

from unet_teach import exercises
from unet_teach.arithmetic import conv_transpose_overlap
from unet_teach.segmentation.plots import side_by_side
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import show
from unet_teach.widgets import ConvTransposeExplorer, FeatureMaps, Predict, RoundTrip, Step

plt.style.use("unet_teach.course")

# %% jupyter={"source_hidden": true}
Predict(
    "A 16×16 feature map goes into the line above. What are the height and width of the output?",
    answer=(32, 32),
    mistakes={
        (31, 31): "Close: that is the size without `output_padding`.",
        (8, 8): "A convolution with stride 2 would halve it. A transposed one goes the other way.",
        (33, 33): "One too many. In this layer `padding` makes the output smaller, not larger.",
        (34, 34): "Two too many. In this layer `padding` makes the output smaller, not larger.",
    },
    explain="With these numbers 16 becomes exactly twice as much. The next widget shows where each of the 32 rows comes from.",
)

# %%
upsample = nn.ConvTranspose2d(128, 64, kernel_size=3,
                              stride=2, padding=1, output_padding=1)
low = torch.zeros(1, 128, 16, 16)
high = upsample(low)
print(tuple(low.shape), "→", tuple(high.shape))

# %% [markdown]
# ## What a transposed convolution computes
#
# A convolution *gathers*: with a 3×3 kernel it collects nine inputs into one output. A transposed convolution **scatters**: each input value multiplies the whole kernel, and the
# layer adds this patch to the output. Where patches overlap, their values add up.

# %% jupyter={"source_hidden": true}
ConvTransposeExplorer(
    "double",
    numbers=True,
    playing=True,
    steps=[
        Step(
            "Watch each input value scatter its patch (Space pauses). By how many cells does the patch move from one input to the next?",
            answer=2,
            explain="By the stride, 2. A patch is 3 wide, so it overlaps its neighbours by one cell.",
        ),
        Step(
            "Set `padding` and `output_padding` to 0. Does padding add anything here?",
            when={"padding": 0, "output_padding": 0},
            explain="No, here it crops: with padding 0 everything that was scattered is kept.",
        ),
        Step(
            "Set `padding` back to 1, then `output_padding` to 1. Which row and column of the output come back?",
            when=[{"padding": 1, "output_padding": 0}, {"padding": 1, "output_padding": 1}],
            explain="The last ones. Patches reach them anyway, so `output_padding` only decides whether they are cropped.",
        ),
        Step(
            "In how many patches does the busiest output cell lie?",
            answer=4,
            explain="In 4. The cells next to it lie in 2 patches, and others in only 1. Remember this uneven pattern.",
        ),
    ],
)

# %% [markdown]
# Here is the same by hand: 3×3 patches, each two cells further on. Together they cover 9×11 cells. `padding=1` crops a row and a column on each side, but `output_padding=1` keeps the last ones,
# so only the first row and column are lost (`[1:, 1:]`), and 8×10 are left, twice 4×5.
#
# (`F` has the layers as functions, to which you pass the kernel.)

# %%
torch.manual_seed(0)
small, kernel = torch.rand(4, 5), torch.rand(3, 3)
scattered = torch.zeros(3 * 2 + 3, 4 * 2 + 3)
for row in range(4):
    for column in range(5):
        patch = small[row, column] * kernel
        scattered[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += patch

options = {"stride": 2, "padding": 1, "output_padding": 1}
output = F.conv_transpose2d(small[None, None], kernel[None, None], **options)[0, 0]
assert torch.allclose(scattered[1:, 1:], output)
print("scattered:", tuple(scattered.shape), "kept:", tuple(output.shape))

# %% [markdown]
# Going down and up again restores only the *shape*. The values don't come back, because many different images become the same small one. The document and many papers say
# [*deconvolution*](../docs/the_document.md#deconvolutional); this course doesn't, because elsewhere, as in microscopy, that word means recovering the values. ("Going further" says what is *transposed*.)
#
# ## How large is the output?
#
# The first patch covers `kernel_size` cells, and each of the other `H − 1` inputs starts its own patch `stride` cells further on. Then `padding` crops both ends, and `output_padding`
# keeps a few more cells at the last one. (With dilation, the kernel spans more cells, as in lesson 1.)
#
# $$\begin{aligned}H_\text{out} ={} &(H - 1)\cdot\text{stride}\\ &+ \text{kernel\_size} - 2\cdot\text{padding}\\ &+ \text{output\_padding}\end{aligned}$$

# %%
print("(16 − 1)·2 + 3 − 2·1 + 1 =", (16 - 1) * 2 + 3 - 2 * 1 + 1)
for size in range(1, 65):
    for extra in (0, 1):
        layer = nn.ConvTranspose2d(1, 1, 3, 2, padding=1, output_padding=extra)
        side = layer(torch.zeros(1, 1, size, 1)).shape[2]
        assert side == (size - 1) * 2 + 3 - 2 * 1 + extra
print("PyTorch agrees for 64 sizes, with and without output_padding")

# %% [markdown]
# ## Exercise 1: write the formula
#
# Write it as a function of whole numbers.

# %%
def up_size(size, kernel_size, stride, padding, output_padding):
    ### BEGIN SOLUTION
    return (size - 1) * stride + kernel_size - 2 * padding + output_padding
    ### END SOLUTION


exercises.up_size.check(up_size)

# %% [markdown]
# ## Exercise 2: double without the extra parameter
#
# Make a layer that takes 128 channels, returns 64, and doubles height and width. With an even `kernel_size`, such as 4, you don't need `output_padding`. (The check accepts any layer
# that doubles, has weights to learn, and leaves no output cell without input.)

# %%
### BEGIN SOLUTION
layer = nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)
### END SOLUTION
exercises.double.check(layer)

# %% [markdown]
# ## Why output_padding exists
#
# Send an image down through lesson 1's layer, and up again through the document's.

# %% jupyter={"source_hidden": true}
Predict(
    "31×31 goes down (`kernel_size=3, stride=2, padding=1`) and up again (the same, with `output_padding=1`). What size comes back?",
    answer=(32, 32),
    mistakes={
        (31, 31): "Down-sampling turns 31 into 16, and 16 is doubled. Nothing about the 16 says that it was 31.",
        (30, 30): "Down-sampling turns 31 into 16, not 15: (31 + 2·1 − 3) // 2 + 1.",
        (33, 33): "One too many: (16 − 1)·2 + 3 − 2·1 + 1.",
    },
    explain="Down-sampling turns both 31 and 32 into 16, and this layer turns every 16 into 32. It can't know which size it was.",
)

# %% jupyter={"source_hidden": true}
RoundTrip(
    steps=[
        Step(
            "Each tile is a size that goes down and up again; click some. Which sizes come back as they were, the odd ones or the even ones?",
            answer="even",
            explain="The even ones, because `output_padding=1` always returns the larger of two sizes.",
        ),
        Step(
            "Set `output_padding` to 0. Which sizes come back now?",
            when={"output_padding": 0},
            explain="The odd ones. No single value is right for all sizes.",
        ),
    ],
)

# %% [markdown]
# With kernel 3, stride 2 and padding 1, inputs of size 31 and 32 both become 16. On the way back up, 16 alone doesn't say which one you started from, so PyTorch lets you
# choose: `output_padding=0` gives 31, and `output_padding=1` gives 32. (With stride 3, three sizes share one. So the choices are 0 to `stride` − 1, and without dilation PyTorch refuses more.)
#
# Since no fixed value fits every image, you can also pass the size with each call:

# %%
layer = nn.ConvTranspose2d(128, 64, kernel_size=3, stride=2, padding=1)
for size in (31, 32):
    print("16 →", layer(low, output_size=(size, size)).shape[-1])

# %% [markdown]
# Inside a U-Net you know that size, because the encoder's feature map of the same resolution still has it. Lesson 3 uses this.
#
# ## Exercise 3: back to the size you started from
#
# Write `restore(low, target)`, which returns the `output_padding` with which kernel 3, stride 2 and padding 1 go from size `low` to size `target`, for example from 16 to 31. You may
# rely on `target` being one of the two sizes that become `low`.

# %%
def restore(low, target):
    ### BEGIN SOLUTION
    return target - (2 * low - 1)
    ### END SOLUTION


exercises.restore.check(restore)

# %% [markdown]
# ## Is the extra row padding?
#
# The name `output_padding` suggests that it is. To find out, take a feature map of ones and a kernel with the numbers 1 to 9:

# %% jupyter={"source_hidden": true}
Predict(
    "With `output_padding=1`, what does the extra row contain?",
    answer="sums of products, as in every row",
    choices=["zeros", "a copy of the row before", "sums of products, as in every row"],
    mistakes={
        "zeros": "In a convolution, padding means zeros. Here the word means something else.",
        "a copy of the row before": "That row comes from the kernel's middle row. Which row of the kernel reaches this one?",
    },
    explain="Patches reach this row as well. Without `output_padding` it would be cropped.",
)

# %%
ones, kernel = torch.ones(1, 1, 3, 3), torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
without = F.conv_transpose2d(ones, kernel, stride=2, padding=1)[0, 0]
extra = F.conv_transpose2d(ones, kernel, **options)[0, 0]  # output_padding=1
assert torch.equal(extra[:5, :5], without)
print(extra.int())

# %% [markdown]
# The last row, 8 16 8 16 8 9, was scattered by the kernel's last row, 7 8 9. So `output_padding` adds nothing: **it crops less**.
#
# ## Does the detail come back?
#
# The size comes back, but does the eye? Here the portrait is halved three times by averaging, as in lesson 1, and enlarged again in two ways: by blending neighbours (bilinear interpolation), and by
# the document's transposed convolution with the same averaging weights.

# %%
ninths = torch.full((1, 1, 3, 3), 1 / 9)
image = torch.tensor(portrait())[None, None]
down = image
for _ in range(3):
    down = F.conv2d(down, ninths, stride=2, padding=1)
blended = F.interpolate(down, scale_factor=8, mode="bilinear")
scattered = down
for _ in range(3):  # times 4: a value has to cover four pixels, on average
    scattered = F.conv_transpose2d(scattered, 4 * ninths, **options)

# %% jupyter={"source_hidden": true}
show(
    zoomed({"as taken": image, "down to 32×32": down, "up, bilinear": blended, "up, transposed": scattered}),
    "The portrait as taken; at 32×32; and back at 256×256 in two ways. Blended, the eye is a smooth blur. Scattered, it disappears behind a grid of dark lines.",
)

# %% [markdown]
# The bottleneck has 1,024 values for 65,536 pixels. Many different images have the same 1,024 averages, so no up-sampling layer can know which of them went in; it can only blend, or guess. **Up-sampling restores the size, not the detail.**
#
# But where does the grid in the last image come from? It wasn't in the portrait.
#
# ## The checkerboard
#
# Let's count how many patches reach each row:

# %%
for size, padding, extra in [(2, 0, 0), (3, 1, 1), (4, 1, 0), (5, 2, 1)]:
    counts = conv_transpose_overlap(16, size, 2, padding=padding, output_padding=extra)
    print(f"kernel {size}:", *counts[8:20], "…")

# %% [markdown]
# With kernel 3 and stride 2 the counts alternate: 1, 2, 1, 2. Rows and columns together give 1, 2, 2 or 4 patches for a cell, and the result is a **checkerboard**. It arises because three weights can't be split
# evenly between two rows, while two or four can.
#
# Such a pattern is called an **artefact**, because it comes from the layer and not from the image. A layer can learn weights that compensate for it, but a new one starts with it
# ([Odena, Dumoulin and Olah, 2016](https://doi.org/10.23915/distill.00003)).
#
# ## Which up-sampling layer should you choose?
#
# The document [ends with a list of such layers](../docs/the_document.md#up-sampling-layers). Here are six candidates. (Pixel shuffle undoes the pixel-unshuffle of lesson 1: four channels become the four cells of a 2×2 square. `nn.Sequential(a, b)` applies `a`, then `b`.)

# %%
def conv(ins, outs):
    return nn.Conv2d(ins, outs, kernel_size=3, padding=1)


def ways_up(ins, outs):
    nearest, bilinear = (nn.Upsample(scale_factor=2, mode=mode) for mode in ("nearest", "bilinear"))
    return {
        "kernel 3": nn.ConvTranspose2d(ins, outs, 3, 2, 1, output_padding=1),
        "kernel 2": nn.ConvTranspose2d(ins, outs, 2, stride=2),
        "kernel 4": nn.ConvTranspose2d(ins, outs, 4, stride=2, padding=1),
        "nearest + conv": nn.Sequential(nearest, conv(ins, outs)),
        "bilinear + conv": nn.Sequential(bilinear, conv(ins, outs)),
        "pixel shuffle": nn.Sequential(conv(ins, 4 * outs), nn.PixelShuffle(2)),
    }

# %% [markdown]
# We feed each of them a *flat* feature map, all ones, so any pattern in the output is the layer's own. We look at it twice: with all weights equal, and with the random weights of a new layer.

# %% jupyter={"source_hidden": true}
Predict(
    "With all weights equal: how many of the six layers draw a pattern on a flat feature map?",
    answer=1,
    mistakes={
        3: "All three transposed convolutions? Two of them have the same count in every row.",
        0: "Look at the counts again: one of the kernels gives 1, 2, 1, 2.",
        6: "With equal weights, a copy or a blend of a flat feature map stays flat.",
    },
    explain="Only kernel 3 does, because its counts alternate.",
)

# %% jupyter={"source_hidden": true}
def with_equal_weights(layer):
    for weight in layer.parameters():
        nn.init.constant_(weight, 1 if weight.dim() > 1 else 0)  # all weights 1, every bias 0
    return layer


def from_flat(layer):
    with torch.no_grad():
        return layer(torch.ones(1, 8, 12, 12))[0, :, 8:16, 8:16]  # away from the border


def first_channel(layer):
    made = from_flat(layer)[0]
    return made / made.abs().max() * made.mean().sign()  # brighter is more, whatever the sign

# %% jupyter={"source_hidden": true}
torch.manual_seed(0)
shown = {}
for weights, start in {"equal": with_equal_weights, "random": lambda layer: layer}.items():
    for name, layer in ways_up(8, 8).items():
        shown[f"{name}\n{weights} weights"] = first_channel(start(layer))
show(
    side_by_side(shown, width=112, columns=6, value_range=(-1.3, 1.3)),
    "The first channel of each layer's output. With equal weights only kernel 3 is uneven. With random weights all are uneven except the two that end in a convolution.",
)

# %% [markdown]
# As a number: how far is a cell from the mean of its channel, on average, divided by the mean size of the values? 0 % is flat.

# %%
def pattern(layer):
    made = from_flat(layer)
    off = made - made.mean(dim=(-2, -1), keepdim=True)
    return (off.abs().mean() / made.abs().mean()).item()


torch.manual_seed(0)
for name, layer in ways_up(8, 64).items():
    new, equal = pattern(layer), pattern(with_equal_weights(layer))
    print(f"{name:16} equal weights {equal:4.0%}   random weights {new:4.0%}")
    assert new < 1e-3 if name.endswith("conv") else 0.7 < new < 0.95
    assert (equal > 0.1) == (name == "kernel 3")

# %% [markdown]
# With *random* weights, kernel 2, kernel 4 and pixel shuffle draw as much of a pattern as kernel 3, because neighbouring outputs are computed with different weights. The difference is that kernel 3 keeps its pattern even if all weights are equal.
#
# Of these six, only the two that copy or blend and then convolve start flat: their enlarged map is flat, and a convolution treats all of its positions alike. So:
#
# | choose | when |
# |---|---|
# | bilinear or nearest + convolution | the output is an image, or patterns would hurt |
# | kernel 2, stride 2 | you want what the U-Net of 2015 uses; training may or may not remove the pattern (lesson 6 looks) |
# | kernel 4, stride 2, padding 1 | the same, with patches that overlap evenly |
# | pixel shuffle | you can afford four times as many channels; it starts flat if the initial weights are equal for all four ([ICNR](https://arxiv.org/abs/1707.02937)) |
#
# (With bilinear, leave `align_corners` at False. True stretches the feature map, so it no longer lies on its skip.) Which of them is more *accurate*, only training can tell: lesson 6.

# %% [markdown]
# ## Exercise 4: no checkerboard
#
# Make a layer, or several in `nn.Sequential`, that takes 8 channels, returns 8, and doubles height and width, so that
#
# - it has weights to learn, which mix the channels,
# - every output cell gets some input,
# - with all weights equal, a flat feature map stays flat away from the border.

# %%
### BEGIN SOLUTION
layer = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, kernel_size=3, padding=1))
### END SOLUTION
exercises.even_overlap.check(layer)

# %% [markdown]
# ## Read the document again
#
# - Its section opens with ["all of the above, put together"](../docs/the_document.md#put-together). Nothing has been put together yet, so that line belongs at the very end.
# - Its layer [doubles the size](../docs/the_document.md#doubles): 16 does become 32, but an image that had been 31 comes back as 32, one row and one column too many.
# - It says that apart from the channels everything is "same as before", although there is a new parameter.
# - "Deconvolutional" promises the values, but only the shape is restored.
# - It doesn't mention that kernel 3 with stride 2 overlaps unevenly, 1, 2, 1, 2.

# %% [markdown]
# ## Recap
#
# - Each input value scatters a patch, `stride` cells after the last, so the output size is (H − 1)·stride + kernel_size − 2·padding + output_padding.
# - `output_padding` chooses among the sizes that down-sampling merged, by cropping less.
# - A kernel that isn't a multiple of the stride draws a checkerboard even with equal weights. With random weights most layers draw some pattern; nearest or bilinear plus a convolution doesn't.
# - Up-sampling restores the size, not the detail.
#
# Next: [**3 · Skip connections**](03_skip_connections.ipynb), which fetch the detail from where it still exists.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Nothing later depends on this part. It has three more ways to see the layer, the cases in which an extra row stays empty, a textbook's claim to test, and the face enlarged in six ways.

# %% [markdown]
# ### Why it is called transposed
#
# A convolution can be written as a matrix W. Take one dimension, a kernel of `[1, 2, 3]`, stride 2, and 7 values: each row of W is one position of the kernel. Multiplying by
# the *transposed* matrix Wᵀ goes from 3 values to 7, and that is exactly what `conv_transpose1d` computes.

# %% jupyter={"source_hidden": true}
weights = torch.tensor([[[1.0, 2.0, 3.0]]])
# What the convolution makes of each unit vector is a column of its matrix.
matrix = F.conv1d(torch.eye(7)[:, None], weights, stride=2)[:, 0].T
figure, panels = plt.subplots(1, 2, figsize=(6, 4), width_ratios=(7, 3))
tables = {"W\n7 → 3 values": matrix, "Wᵀ\n3 → 7 values": matrix.T}
for panel, (title, table) in zip(panels, tables.items(), strict=True):
    panel.imshow(table.where(table > 0, float("nan")), vmin=-1, vmax=6, cmap="YlOrBr")
    for (row, column), value in ((tuple(place), table[tuple(place)]) for place in table.nonzero().tolist()):
        panel.text(column, row, f"{value:.0f}", ha="center", va="center", color="black")
    panel.set(xticks=[], yticks=[], title=title, anchor="NW")
    panel.set_xticks([column - 0.5 for column in range(table.shape[1] + 1)], minor=True)
    panel.set_yticks([row - 0.5 for row in range(table.shape[0] + 1)], minor=True)
    panel.grid(which="minor")
    panel.tick_params(which="minor", length=0)
show(
    figure,
    "Two matrices. Left, 3 rows of 7: the numbers 1 2 3 in each row, two columns further to the right from row to row. Right, the same matrix transposed: 1 2 3 in each of 3 columns.",
)

# %%
three = torch.tensor([1.0, 10.0, 100.0])
seven = F.conv_transpose1d(three[None, None], weights, stride=2)[0, 0]
print("1, 10, 100 become", *seven.int().tolist())
assert torch.equal(matrix.T @ three, seven)

# %% [markdown]
# ### Zeros between the values, then a convolution
#
# Choose **zero insertion** in the explorer. The values move apart, zeros fill the gaps, and an ordinary window with stride 1 moves over them. So a transposed convolution is also a plain convolution over a spread-out input, with the kernel turned by 180°.

# %%
kernel = torch.rand(3, 3)
output = F.conv_transpose2d(small[None, None], kernel[None, None], **options)[0, 0]
spread = torch.zeros(10, 12)
spread[1:8:2, 1:10:2] = small  # zeros: 1 between, 1 before, 2 after
assert torch.allclose(F.conv2d(spread[None, None], kernel.flip(0, 1)[None, None])[0, 0], output)
print(f"the same values; {int((spread == 0).sum())} of {spread.numel()} cells are zeros")

# %% [markdown]
# ### A convolution run backwards
#
# Training runs every convolution backwards: the gradient at each output is passed on to the inputs from which that output was computed. That is a transposed convolution, too. (So the gradients of a strided convolution overlap unevenly as well, 1, 2, 1, 2.) Here `output_padding` isn't needed, because PyTorch has kept
# the input's size, 8×10.

# %%
big = torch.zeros(1, 1, 8, 10, requires_grad=True)
gathered = F.conv2d(big, kernel[None, None], stride=2, padding=1)
(back,) = torch.autograd.grad(gathered, big, grad_outputs=small[None, None])
assert torch.allclose(back[0, 0], output)
print("forwards:", tuple(gathered.shape[2:]), "backwards:", tuple(back.shape[2:]))

# %% [markdown]
# ### When an extra row stays empty
#
# If `output_padding` is larger than `padding`, or the kernel smaller than the stride, there can be rows that no patch reaches. They hold only the bias.

# %%
beyond = F.conv_transpose2d(ones, torch.ones(1, 1, 2, 2), stride=2, padding=0, output_padding=1)
print(beyond[0, 0].int())

# %%
tried, empty = 0, []  # extra rows that no patch reaches although output_padding <= padding
for kernel_size, stride, padding in [(k, s, p) for k in range(1, 6) for s in range(1, 6) for p in range(1, 5)]:
    for rows in range(1, min(stride, padding + 1)):
        if 2 * stride + kernel_size + rows > 2 * padding:  # three inputs leave something over
            counts = conv_transpose_overlap(3, kernel_size, stride, padding=padding, output_padding=rows)
            tried += 1
            if 0 in counts[-rows:]:
                empty.append((kernel_size, stride, padding, rows))
assert (1, 3, 2, 2) in empty
assert all(kernel_size < stride for kernel_size, stride, _, _ in empty)
print(f"{len(empty)} of {tried} layers have an empty extra row; in each, the kernel is smaller than the stride")

# %% [markdown]
# ### Exercise 5: the same numbers down and up
#
# A widely used textbook sends a 16×16 input down and up with `kernel_size=5, stride=3, padding=2`, the same numbers both times, without `output_padding`. It comes back as 16×16, and the book says that this always works
# ([Dive into Deep Learning, 14.10](https://d2l.ai/chapter_computer-vision/transposed-conv.html)). Does it?
#
# Which of the sizes 12, 13, 14, 15, 16, 17, 18 do **not** come back as they were? Answer with a tuple.

# %%
### BEGIN SOLUTION
lost = (12, 14, 15, 17, 18)
### END SOLUTION
exercises.not_restored.check(lost)

# %% [markdown]
# ### A face, enlarged in six ways
#
# All weights are equal. Point at a pixel, and the other images outline the same place.

# %% jupyter={"source_hidden": true}
face = F.avg_pool2d(image, 8)
maps = {"as taken": F.avg_pool2d(image, 4), "what goes in": face}
for name, layer in ways_up(1, 1).items():
    made = with_equal_weights(layer)(face)
    maps[name] = (made * (face.mean() / made.mean())).detach()  # as bright as what goes in
FeatureMaps(maps, value_range=(0, 1), title="The same small face, enlarged in six ways")

# %% [markdown]
# Which needs how many parameters, from 128 to 64 channels?

# %%
for name, layer in ways_up(128, 64).items():
    counted = summary(layer, input_size=low.shape, verbose=0)
    print(f"{name:16} {counted.total_params:>8,} parameters")

# %% [markdown]
# The document's own layer can learn to draw no pattern. With these weights a flat input stays flat, except along the last row and column:

# %%
layer = nn.ConvTranspose2d(1, 1, 3, 2, padding=1, output_padding=1, bias=False)
half = torch.tensor([0.5, 1.0, 0.5])
with torch.no_grad():
    layer.weight.copy_(torch.outer(half, half))
    print(layer(torch.ones(1, 1, 3, 3))[0, 0])
