# %% [markdown]
# # 3 · Skip connections
#
# **After this lesson you can**
# - join two feature maps with a skip connection, by `cat` and by addition,
# - write a small network as a class, with `__init__` and `forward`,
# - read the error *Sizes of tensors must match*, and repair it at the right place.
#
# *40 minutes. You need lessons 1 and 2.*
#
# ![The portrait, clean and with noise; denoised by a network without a skip connection, and by the same network with one. Of these two, only the last lets you make out the eye.](../docs/images/lesson_3.png)
#
# Both networks above were trained to remove the noise from the portrait. They are identical, except that in one of them the skip connection is multiplied by zero, so nothing gets across. You'll train both.

# %% [markdown]
# After three halvings a feature map may still show *that* there is an eye, but no longer *where* its outline runs. Yet before each halving there was a feature map with every edge in its place.
#
# A **skip connection** keeps that feature map and joins it to the one that comes back up. It's the third criterion, and [the document](../docs/the_document.md#cat) writes it like this:
#
# ```python
# x = downsample(input_tensor)
# y = upsample(x)
# # concatenate along the channel dimension
# z = torch.cat([x, y], dim=1)
# ```
#
# To **concatenate** two feature maps is to stack their channels: first those of one, then those of the other. The layers are those of lessons 1 and 2: `downsample` makes 128 channels of half the size out of 64, and `upsample` goes back to 64. Does the snippet run?

# %%
import torch
from torch import nn
from torch.nn import functional as F

from unet_teach import exercises
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import show
from unet_teach.shared.time_left import time_left
from unet_teach.widgets import FeatureMaps, Predict, SeeInside, SizeLedger, Step

# %% jupyter={"source_hidden": true}
Predict(
    "`input_tensor` has the shape (1, 64, 32, 32), and the layers are those of lessons 1 and 2. What is `z`?",
    answer="an error about sizes",
    choices=["128 channels, 32×32", "192 channels, 32×32", "an error about sizes", "an error about channels"],
    mistakes={
        "128 channels, 32×32": "64 and 64 channels would make 128. But how many does `x` have?",
        "192 channels, 32×32": "128 and 64 channels would make 192, that's right. But what are the height and width of `x`?",
        "an error about channels": "Channels may differ when you stack them. What has to be equal?",
    },
    explain="`x` is 16×16 and `y` is 32×32. `cat` stacks channels, so height and width have to be equal.",
)

# %%
torch.manual_seed(0)
downsample = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
upsample = nn.ConvTranspose2d(128, 64, kernel_size=3,
                              stride=2, padding=1, output_padding=1)
input_tensor = torch.randn(1, 64, 32, 32)

x = downsample(input_tensor)
y = upsample(x)
try:
    z = torch.cat([x, y], dim=1)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Read the error word by word
#
# - *Sizes of tensors must match*: stacked feature maps need the same height and width.
# - *except in dimension 1*: `dim=1` is the channel axis, along which they are stacked.
# - *Expected size 16*: the size of the **first** tensor in the list, `x`.
# - *but got size 32 for tensor number 1 in the list*: Python counts from 0, so number 1 is the **second** tensor, `y`.
#
# The message doesn't say which axis it means, nor which tensor is wrong. So first print the shapes:

# %%
for name, tensor in {"input_tensor": input_tensor, "x": x, "y": y}.items():
    print(f"{name:13}", tuple(tensor.shape))

# %% [markdown]
# `x` is the small feature map, which hasn't been enlarged again. Which one should the document have used?
#
# Here are the same three on a detail of the portrait (shrunk and enlarged by averaging). Point at the rim of the glasses in `input_tensor`, and look at the same place in `y`, which has 32×32 values again. Is the rim still there?

# %% jupyter={"source_hidden": true}
eye = torch.tensor(portrait())[None, None, 80:112, 136:168]
eye_down = F.avg_pool2d(eye, 2)
eye_up = F.interpolate(eye_down, scale_factor=2, mode="bilinear")
FeatureMaps({"input_tensor": eye, "x": eye_down, "y": eye_up}, value_range=(0, 1))

# %% [markdown]
# `y` has the size but not the detail, `x` has neither, and `input_tensor` has both. **A skip joins two feature maps of the same height and width: one of the encoder, from before a halving, and one of the decoder, which has come back up.**
#
# ## Exercise 1: repair the snippet
#
# Write it as a function that returns `z`.

# %%
def join(input_tensor, downsample, upsample):
    ### BEGIN SOLUTION
    x = downsample(input_tensor)
    y = upsample(x)
    return torch.cat([input_tensor, y], dim=1)
    ### END SOLUTION


exercises.join.check(join)

# %% [markdown]
# ## Where a skip leaves
#
# Why not take `x`, enlarge it once more, and join that with `y`? It would run, but bring nothing new, because `y` was made of `x` as well. `x` has half as many values as `input_tensor` (128·16·16 against 64·32·32), so different inputs can give the same `x`, and no later layer can tell them apart. So a skip leaves **before** the down-sampling layer.
#
# If several layers work at one size, the skip leaves after the last of them: the feature map that is halved next is the one that goes across.
#
# ## What the next layer has to expect
#
# `z` has 64 + 64 channels. The layer after a `cat` needs `in_channels` for both:

# %%
z = torch.cat([input_tensor, y], dim=1)
layer = nn.Conv2d(64 + 64, 64, kernel_size=3, padding=1)
print(tuple(z.shape), "→", tuple(layer(z).shape))

# %% [markdown]
# ## Or add
#
# Some networks *add* the skip instead: `input_tensor + y`. Then the next layer needs no more channels than before. When does that work?

# %%
print("64 + 64 channels:", tuple((input_tensor + y).shape))
for channels in (32, 1):
    try:
        added = input_tensor + y[:, :channels]
        print(f"64 + {channels} channels:", tuple(added.shape))
    except RuntimeError as error:
        print(f"64 + {channels} channels:", error)

# %% [markdown]
# The numbers of channels have to be equal. Look at the last line, though: a *single* channel (PyTorch calls it *singleton*) is added to each of the 64 without any complaint.
#
# A convolution after `cat` has its own weights for each of the two feature maps. After an addition both get the *same* weights, so there are half as many. Both are skip connections.
#
# ## A network is a class
#
# So far you've called one layer after the other by hand. A **network** packs them into a class that builds on `nn.Module`. Here is the smallest one:

# %%
class Halve(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv2d(channels, 2 * channels, kernel_size=3, stride=2, padding=1)

    def forward(self, x):
        return self.layer(x)


halve = Halve(8)
print("(1, 8, 32, 32) →", tuple(halve(torch.zeros(1, 8, 32, 32)).shape))

# %% [markdown]
# - `__init__` runs once, in `Halve(8)`, and makes the layers. `super().__init__()` comes first: it lets `nn.Module` prepare itself.
# - `self` is the network. `self.layer = …` keeps a layer in it, so that `forward` can use it, and PyTorch finds its weights when it trains them.
# - `forward` says in which order data goes through the layers. You call `halve(…)`, and PyTorch calls `forward`.
#
# ## Exercise 2: your first network
#
# Write the repaired snippet as a network. In `__init__`, make its two layers for any number of channels: the first doubles the channels and halves the size, the second undoes both. All other numbers are those of the snippet. `forward` gets the input as `x`, and returns it stacked with what came back up.

# %%
class DownAndUp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        ### BEGIN SOLUTION
        self.downsample = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        self.upsample = nn.ConvTranspose2d(2 * channels, channels, 3, stride=2,
                                           padding=1, output_padding=1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.upsample(self.downsample(x))
        return torch.cat([x, y], dim=1)
        ### END SOLUTION


exercises.first_network.check(DownAndUp)

# %% [markdown]
# ## What a skip is worth
#
# Now for the experiment from the top of this lesson: both networks get the portrait with noise and should return it clean. Their class, folded, is built like yours, with three halvings (and a `ReLU` after each layer but the last, which lesson 4 explains). Lesson 5 explains the training.

# %% jupyter={"source_hidden": true}
def down(ins, outs):
    return nn.Sequential(nn.Conv2d(ins, outs, 3, stride=2, padding=1), nn.ReLU())


def up(ins, outs):
    layer = nn.ConvTranspose2d(ins, outs, 3, 2, padding=1, output_padding=1)
    return nn.Sequential(layer, nn.ReLU())


class OneSkip(nn.Module):
    def __init__(self, keep):
        super().__init__()
        self.keep = keep  # 1: the skip arrives; 0: zeros arrive in its place
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
        self.encoder = nn.Sequential(down(8, 16), down(16, 32), down(32, 32))
        self.decoder = nn.Sequential(up(32, 32), up(32, 16), up(16, 8))
        self.last = nn.Conv2d(8 + 8, 1, 3, padding=1)

    def forward(self, image):
        fine = self.first(image)
        coarse = self.decoder(self.encoder(fine))
        return self.last(torch.cat([self.keep * fine, coarse], dim=1))

# %% jupyter={"source_hidden": true}
face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
torch.manual_seed(0)
noisy = face + 0.1 * torch.randn_like(face)


def fit(keep):
    torch.manual_seed(0)  # the same initial weights and the same noise for both
    network = OneSkip(keep)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in time_left(range(200)):
        loss = F.mse_loss(network(face + 0.1 * torch.randn_like(face)), face)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network

# %% tags=["nbval-ignore-output"]
torch.set_num_threads(1)  # with several, the last digits may change
without, skipped = fit(keep=0), fit(keep=1)

# %% [markdown]
# The tenth of the pixels where brightness changes most are the *edges*: cap, glasses, eyes. For each image, the next cell prints the mean distance from the clean portrait, there and elsewhere (black is 0, white is 1). Guess first: which of the three is furthest off at the edges?

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
steepness = torch.hypot(*torch.gradient(face[0, 0]))
edges = (steepness > steepness.quantile(0.9)).expand_as(face)
with torch.no_grad():
    outputs = {"noisy input": noisy, "without a skip": without(noisy), "with a skip": skipped(noisy)}
off = {name: (output - face).abs() for name, output in outputs.items()}
for name, error in off.items():
    print(f"{name:14} edges {error[edges].mean():.3f}, elsewhere {error[~edges].mean():.3f}")

assert max(off["without a skip"][~edges].mean(), off["with a skip"][~edges].mean()) < 0.08
assert off["without a skip"][edges].mean() > 1.4 * off["noisy input"][edges].mean()
assert 0.8 < off["with a skip"][edges].mean() / off["noisy input"][edges].mean() < 1.2
assert 0.4 < off["with a skip"][~edges].mean() / off["noisy input"][~edges].mean() < 0.6

# %% jupyter={"source_hidden": true}
show(
    zoomed({"clean": face, **outputs}),
    "The portrait four times, with the eye enlarged. Clean; noisy; without a skip: smooth, but as if through frosted glass; with a skip: less noise, and the rim of the glasses is there.",
)

# %% [markdown]
# At edges the network without a skip is off by about twice as much as the noise was (other initial weights give somewhat other numbers), because halving has blurred them. The one with a skip is no better there than the noisy image, but elsewhere half of the noise is gone.
#
# After ten times as many steps the network without a skip is nearly as good on this portrait, but only because it has memorised it. That is called **overfitting**; "Going further" has the numbers.

# %% [markdown]
# ## When sizes don't match
#
# Now we give the repaired snippet a 31×31 input.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([input_tensor, y], dim=1)` on 31×31 stops with `Expected size A but got size B`. Give A and B, written as 3×4.",
    answer=(31, 32),
    mistakes={
        (32, 31): "`Expected` is the size of the first tensor in the list, and that is `input_tensor`.",
        (31, 16): "16 is the size of `x`, which is enlarged again before the `cat`.",
        (16, 32): "That was the document's list, [x, y].",
        (31, 31): "Then it would run. The encoder turns 31 into 16. And what does the decoder make of 16?",
        (31, 30): "The encoder turns 31 into (31 + 2 − 3) // 2 + 1 = 16, not 15.",
    },
    explain="The encoder turns 31 into 16, and the decoder turns 16 into 32. The skip is still 31 high.",
)

# %%
odd = torch.randn(1, 64, 31, 31)
try:
    torch.cat([odd, upsample(downsample(odd))], dim=1)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Four questions
#
# All feature maps of one resolution form a **level**: level 0 has the resolution of the image, and every halving leads one level down. Whenever you meet *Sizes of tensors must match*, ask in this order:
#
# 1. **Which tensors?** Print all shapes right before the `cat`.
# 2. **Which axis?** Compare height first, then width: the message gives the sizes along the first axis that differs.
# 3. **Off by how much?**
#    - By *one*: an odd size was halved, or an up-sampling layer lacks its `output_padding`.
#    - By a *factor* of 2 or 4: the skip comes from another level.
#    - By another even number, such as 8: most likely, the convolutions have no padding.
# 4. **Which level?** Look at the size of the *skip*. In an image 80 high, 20 is what two halvings leave, so a skip of 20 belongs to level 2.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([skip, up], dim=1)` says: `Expected size 64 but got size 32`. What has happened?",
    answer="the skip comes from another level",
    choices=["an odd size was halved", "the skip comes from another level", "padding is missing", "in_channels is too small"],
    mistakes={
        "an odd size was halved": "Then the two would differ by one.",
        "padding is missing": "Each 3×3 convolution without padding takes off 2, so it would take 16 of them to get from 64 to 32.",
        "in_channels is too small": "`cat` only joins tensors. It knows nothing about the `in_channels` of the next layer.",
    },
    explain="64 is twice 32, and a factor of two is one level.",
)

# %% [markdown]
# ## A whole U-Net on 200×304
#
# Here every level has its skip, and the document's layers halve and double. It stops at level 3, where the skip is 25 high and what comes up is 26: in the enlarged corner, the last row (orange) has no partner.

# %% jupyter={"source_hidden": true}
SizeLedger(
    height=200,
    width=304,
    depth=4,
    down="strided_conv",
    up="conv_transpose_3",
    steps=[
        Step(
            "Halve 108 four times, on paper. At which level won't the sizes match? Then set `height` to 108 and see.",
            answer=2,
            explain="Level 2: 108 → 54 → 27, and 27 is odd. The next halving gives 14, which is even again.",
        ),
    ],
)

# %% [markdown]
# ## The repairs
#
# Those in italics are choices of the widget above.
#
# | what to do | what it costs |
# |---|---|
# | *set output_padding*, or call `upsample(x, output_size=size)` with `size = skip.shape[2:]` | nothing: the document's layer can make both sizes |
# | *pad the smaller* or *crop the larger*, usually the decoder's feature map | a row of zeros, or a row that is thrown away |
# | crop the skip (the U-Net of 2015) | its border is lost, and the output gets smaller |
# | *resize to the skip*, bilinear | every value of the decoder's feature map changes a little |
# | *pad the input* to a multiple of 2 to the power of depth, such as 208 for 200 and depth 4 | more pixels, and the output has to be cropped |

# %% [markdown]
# ## Exercise 3: pad or crop what comes up
#
# The skip stays whole. Write `pad_to(up, skip)`, which returns `up` with the height and width of `skip`, and with its own channels.
#
# The top-left value stays at the top left. What's missing at the bottom and on the right becomes zeros, and whatever is too much is cropped.
#
# `F.pad(up, (left, right, top, bottom))` adds so many columns and rows of zeros (the last axis, the width, comes first); a negative number crops. How many are missing? Compare the shapes: `up.shape[2]` is a height, `up.shape[3]` a width.

# %%
def pad_to(up, skip):
    ### BEGIN SOLUTION
    rows = skip.shape[2] - up.shape[2]
    columns = skip.shape[3] - up.shape[3]
    return F.pad(up, (0, columns, 0, rows))
    ### END SOLUTION


exercises.pad_to.check(pad_to)

# %% [markdown]
# ## Read the document again
#
# - [Its snippet](../docs/the_document.md#cat) joins `x` and `y`, which can't work, because one is half the size of the other. `y` has to be joined with `input_tensor`.
# - It speaks of [an earlier and a later layer](../docs/the_document.md#skip-connection). Not any two will do, because both need the same resolution.
# - A skip may start from the [output of a down-sampling layer](../docs/the_document.md#skip-connections), but before the next one halves it.

# %% [markdown]
# ## Recap
#
# - A skip carries a feature map from before a halving to the decoder's feature map of the same size.
# - `cat` stacks channels, and the next layer has to expect all of them. After an addition, both feature maps get the same weights.
# - Sizes stop matching where an odd one was halved. Repair that by `output_size`, by padding or cropping, or by image sizes that are multiples of 2 to the power of depth.
#
# Next: [**4 · Symmetric architecture**](04_symmetric_architecture.ipynb) puts all three criteria into one network, the document's, and finds out what is wrong with it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Nothing later depends on this part: longer training, cuts pixel by pixel, what the repairs cost, sizes that need no repair, what `cat` and addition have in common, and how the U-Net of 2015 crops its skips.

# %% [markdown]
# ### If it trains for longer
#
# Is it impossible without a skip, or has the network just not learned it *yet*? We trained both for longer, with five seeds each (other initial weights, other noise).
#
# The table has the mean error at edges, with the lowest and the highest seed in parentheses. The last two
# columns test the same networks on the mirrored portrait, which they have never seen: it has the same kind of edges, in other places.

# %%
from IPython.display import Markdown

from unet_teach.segmentation.ablation import denoising

Markdown(denoising.table())

# %% [markdown]
# With a skip, the edges are as good as in the noisy image after 200 steps, and better from 500 on. Without one, longer training helps on *this* portrait: after 2,000 steps the mean is 0.077, not far from the 0.067 with a skip, and the best seed (0.052) beats the best with a skip (0.061).
#
# But look at the mirrored portrait. There the network with a skip is as good as before, while the one without is far worse than the noise and has learned nothing useful since step 500. It has memorised where *this* face has its edges, instead of learning what an edge is.

# %% [markdown]
# ### And without the bottleneck?
#
# Now cut the *other* side: zeros arrive in place of what comes from the bottleneck.

# %% tags=["nbval-ignore-output"]
with torch.no_grad():
    skipped.last.weight[:, 8:] = 0  # the 8 channels that come from the bottleneck
    bottleneck_cut = skipped(noisy)
error = (bottleneck_cut - face).abs()
print(f"bottleneck cut: edges {error[edges].mean():.3f}, elsewhere {error[~edges].mean():.3f}")
assert (bottleneck_cut - outputs["with a skip"]).abs().mean() < 0.01

# %% [markdown]
# The same network does just as well, so it hardly uses its bottleneck: the near neighbours, which come across the skip, do nearly all of the work. A network needs its bottleneck where the question is *what* something is, as in lesson 0.
#
# ### Cut it yourself
#
# Here is the small U-Net of lesson 0 again, with three skips. You know that cutting one costs something, but which pixels? The small image beside the ground truth shows them, with new ones in green. (*present* shows it larger.)

# %% jupyter={"source_hidden": true}
SeeInside(
    steps=[
        Step(
            "Cut skip 0. Which pixels change: those inside the lines, those along their borders, or those far away?",
            when={"skips": [0, 1, 1]},
            explain="Those along the borders: 17 are lost, 17 appear, and the IoU falls from 0.87 to 0.77. The deeper levels stay the same, so the network still knows which lines to mark.",
        ),
        Step(
            "Below the switch of skip 0, choose `other image`: the skip now carries the edges of another image. Is that better than nothing?",
            when={"skips": ["other", 1, 1]},
            explain="No, it's worse: the IoU is 0.42. The decoder relies on the skip for the places of edges, and now they are false.",
        ),
        Step(
            "Cut all three skips and note the IoU. Then choose the network `trained without skips`. Which of the two is better?",
            when={"network": "trained without skips"},
            explain="Trained without: 0.54 against 0.37. Its decoder learned to place lines from small maps, and the other one relied on its skips.",
        ),
    ]
)

# %% [markdown]
# These are two different questions. Cutting asks what *this* network relies on; training without skips asks what the *task* needs them for. Over 64 test images this network has an IoU of 0.81, which falls to 0.71 without skip 0 and to 0.36 without any. One that was trained without skips has 0.49.
#
# (This network is a sturdy one: in training, its skips were left out at random, so that it copes with a cut. An ordinary network falls much further, as lesson 6 shows.)

# %% [markdown]
# ### What the repairs cost
#
# Three repairs of the same feature map. How many of its values are the same as before?

# %%
low_map = downsample(odd)
high_map = upsample(low_map)
repaired = {
    "output_size": upsample(low_map, output_size=odd.shape[2:]),
    "crop": high_map[:, :, :31, :31],
    "resize": F.interpolate(high_map, size=(31, 31), mode="bilinear"),
}
for name, made in repaired.items():
    stayed = torch.isclose(made, high_map[:, :, :31, :31], atol=1e-5).float().mean()
    print(f"{name:12} {tuple(made.shape[2:])}, unchanged values: {stayed:.0%}")

# %% [markdown]
# ### Exercise 4: sizes that need no repair
#
# A size that is even at every halving never causes a mismatch. Write `fits(size, depth)`, which returns the smallest such size that isn't smaller than `size`. For 200 and a depth of 5 it's 224, as you can see in the widget above: set `depth` to 5 and watch the height alone.

# %%
def fits(size, depth):
    ### BEGIN SOLUTION
    step = 2**depth
    return (size + step - 1) // step * step
    ### END SOLUTION


exercises.fits.check(fits)

# %% [markdown]
# ### Addition is a special case of `cat`
#
# If a convolution after `cat` has the same weights for both feature maps, it computes what a smaller one computes after an addition:

# %%
a, b = input_tensor, y
shared = nn.Conv2d(64, 64, kernel_size=3, padding=1)
conv = nn.Conv2d(128, 64, kernel_size=3, padding=1)
with torch.no_grad():
    conv.weight.copy_(torch.cat([shared.weight] * 2, dim=1))  # the same weights twice
    conv.bias.copy_(shared.bias)
    assert torch.allclose(conv(torch.cat([a, b], dim=1)), shared(a + b), atol=1e-5)
for name, layer in {"cat": conv, "add": shared}.items():
    print(name, f"{sum(p.numel() for p in layer.parameters()):,} parameters")

# %% [markdown]
# ### Exercise 5: crop, as in 2015
#
# The first U-Net has no padding. Each 3×3 convolution takes one pixel off every side, so what comes up is *smaller* than its skip and lies in the skip's middle
# ([Ronneberger, Fischer and Brox, 2015](https://arxiv.org/abs/1505.04597), figure 1).

# %%
first = SizeLedger(height=572, width=572, depth=4, padding="valid")
for level in first.levels[:4]:
    print("skip {}×{}".format(*level["encoder"]), "meets {}×{}".format(*level["arrives"]))

# %% [markdown]
# Write `crop_to(skip, up)`, which cuts a piece with the height and width of `up` out of the skip's middle. Where the difference is odd, either middle is right.

# %%
def crop_to(skip, up):
    ### BEGIN SOLUTION
    top = (skip.shape[2] - up.shape[2]) // 2
    left = (skip.shape[3] - up.shape[3]) // 2
    return skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]
    ### END SOLUTION


exercises.crop_to.check(crop_to)

# %% [markdown]
# ### One convolution, taken apart
#
# A convolution multiplies and adds over all its channels: first those of `a`, then those of `b`. A sum can be taken in two parts, so there should be two smaller convolutions with
#
# $$\text{conv}(\text{cat}(a, b)) = \text{conv}_a(a) + \text{conv}_b(b)$$
#
# Test it: replace `b` by zeros, then `a`.

# %%
torch.manual_seed(0)
nothing = torch.zeros_like(b)
conv = nn.Conv2d(128, 64, kernel_size=3, padding=1)
together = conv(torch.cat([a, b], dim=1))
apart = conv(torch.cat([a, nothing], dim=1)) + conv(torch.cat([nothing, b], dim=1))
print("equal?", torch.allclose(together, apart, atol=1e-5))
too_much = apart - together
print("too much:", too_much[0, :3, 0, 0].detach(), "and the bias:", conv.bias[:3].detach())
assert torch.allclose(too_much, conv.bias[:, None, None].expand_as(too_much), atol=1e-5)

# %% [markdown]
# They are equal, except that the bias was added twice. And in each of the two convolutions, half of the weights were only multiplied by zeros.
#
# **Exercise 6**, the hardest of this lesson. Write `split_conv(conv, c)`: from a convolution over `cat([a, b])`, whose first `c` channels belong to `a`, make the two smaller ones. It has to work for any kernel, stride, padding (of zeros) and dilation,
# with a bias or without, but not for `groups`.
#
# `conv` has them as attributes, such as `conv.stride`; `nn.Conv2d` takes `bias=False`; and inside `with torch.no_grad():`, `layer.weight.copy_(tensor)` fills in weights.

# %%
def split_conv(conv, c):
    ### BEGIN SOLUTION
    window = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    conv_a = nn.Conv2d(c, conv.out_channels, *window, bias=conv.bias is not None)
    conv_b = nn.Conv2d(conv.in_channels - c, conv.out_channels, *window, bias=False)
    with torch.no_grad():
        conv_a.weight.copy_(conv.weight[:, :c])
        conv_b.weight.copy_(conv.weight[:, c:])
        if conv.bias is not None:
            conv_a.bias.copy_(conv.bias)
    return conv_a, conv_b
    ### END SOLUTION


exercises.split_conv.check(split_conv)
