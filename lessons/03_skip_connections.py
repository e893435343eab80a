# %% [markdown]
# # 3 · Skip connections
# *60 minutes. You will be able to join what a network saw close up with what it sees from afar, and to mend the error that stops
# a U-Net again and again.*
#
# Three halvings, and a network knows *that* there is a cap, no longer *where* it ends. Yet it knew a moment ago: before each
# halving there was a map with every edge in its place. Why throw it away? A **skip connection** keeps it and joins it to the map
# that comes back up. It is the third mark of a U-Net, and the document writes it so:
#
# ```python
# x = downsample(input_tensor)
# y = upsample(x)
# # concatenate along the channel dimension
# z = torch.cat([x, y], dim=1)
# ```
#
# To *concatenate* is to lay maps on a pile: first the channels of one, then those of the other. Does it run?

# %%
import copy

import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data
from torch import nn
from torch.nn import functional as F

from unet_teach import exercises
from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.segmentation.plots import side_by_side
from unet_teach.shared.show import show
from unet_teach.widgets import FeatureMaps, Predict, SizeLedger

plt.style.use("unet_teach.course")

# %% jupyter={"source_hidden": true}
Predict(
    "`input_tensor` has the shape (1, 64, 32, 32), the layers are those of lessons 1 and 2. What is `z`?",
    answer="an error about sizes",
    choices=["128 channels, 32×32", "192 channels, 32×32", "an error about sizes", "an error about channels"],
    mistakes={
        "128 channels, 32×32": "64 and 64 channels would be 128. But how many has `x`?",
        "192 channels, 32×32": "128 and 64 channels, that is right. But how large is `x`?",
        "an error about channels": "On a pile, channels may differ. What has to be equal?",
    },
    explain="`x` is 16×16 and `y` is 32×32. `cat` joins channels, so height and width must be equal.",
)

# %%
torch.manual_seed(0)
downsample = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
upsample = nn.ConvTranspose2d(128, 64, kernel_size=3, stride=2, padding=1, output_padding=1)
input_tensor = torch.randn(1, 64, 32, 32)

x = downsample(input_tensor)
y = upsample(x)
try:
    z = torch.cat([x, y], dim=1)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Read it word by word
#
# - *Sizes of tensors must match*: maps on a pile need the same edges.
# - *except in dimension 1*: `dim=1` is the direction of the pile, the channels. There each may have as many as it likes.
# - *Expected size 16*: the size of the **first** tensor in the list. That is `x`.
# - *but got size 32 for tensor number 1 in the list*: Python counts from 0, so number 1 is the **second**, `y`.
#
# What it does not say: whether 16 and 32 are heights or widths, and which of the two tensors is the wrong one. So print the
# shapes. It is the first thing to do, each time.

# %%
for name, tensor in {"input_tensor": input_tensor, "x": x, "y": y}.items():
    print(f"{name:13}", tuple(tensor.shape))

# %% [markdown]
# `x` is the small map: it went down and has not come up again. Which map did the document mean?
#
# ## Play
#
# The same three maps on a photograph: Grace Hopper's eye, 32×32. (Means instead of learned weights, so that you see an eye.)
#
# 1. Point at the rim of her glasses in `input_tensor`. How many of its cells are one cell of `x`?
# 2. Point at the same place in `y`. It has 32×32 cells again. Has it the rim?

# %%
with get_sample_data("grace_hopper.jpg") as file:
    portrait = torch.tensor(plt.imread(file, format="jpg")).float().mean(dim=2) / 255
eye = F.avg_pool2d(portrait[None, None, 168:232, 272:336], 2)
eye_down = F.avg_pool2d(eye, 2)
eye_up = F.interpolate(eye_down, scale_factor=2, mode="bilinear")
FeatureMaps({"input_tensor": eye, "x": eye_down, "y": eye_up}, value_range=(0, 1))

# %% [markdown]
# `y` has the size, `input_tensor` has size *and* detail, `x` has neither. **A skip joins two maps of one resolution, equally high
# and wide: one before it is halved, and one that has come back up.**
#
# ## Exercise 1: mend the snippet
#
# Write it as a function that returns `z`. Stuck? `exercises.join.hint()`

# %%
def join(input_tensor, downsample, upsample):
    ### BEGIN SOLUTION
    x = downsample(input_tensor)
    y = upsample(x)
    return torch.cat([input_tensor, y], dim=1)
    ### END SOLUTION


exercises.join.check(join)

# %% [markdown]
# ## Before the halving, not after
#
# Why not make `x` large again and join that? It would run. But it would bring nothing. Here are two very different maps: fine
# stripes of 0 and 1, and an even grey.

# %%
stripes = torch.zeros(1, 1, 32, 32)
stripes[..., ::2] = 1
grey = torch.full((1, 1, 32, 32), 0.5)
assert torch.equal(F.avg_pool2d(stripes, 2), F.avg_pool2d(grey, 2))
print("after the halving, stripes and grey are one and the same map")
print(f"the document's halving: {input_tensor.numel():,} numbers → {x.numel():,}")

# %% [markdown]
# What has become the same, no later layer can tell apart. Learned weights choose better what to keep than a mean does, but half of
# the numbers go. So a skip leaves **before** the down-sampling, at each level.
#
# ## What the next layer must know
#
# The mended `z` is a pile of 64 and 64 channels. A layer behind it that takes 64 has not been told:

# %%
z = torch.cat([input_tensor, y], dim=1)
print(tuple(z.shape))
try:
    nn.Conv2d(64, 64, kernel_size=3, padding=1)(z)
except RuntimeError as error:
    print(error)
print(tuple(nn.Conv2d(128, 64, kernel_size=3, padding=1)(z).shape))

# %% [markdown]
# *expected … 64 channels, but got 128*. Behind each `cat`, the next layer needs `in_channels` for both maps. In lesson 4 you will
# find layers of the document that forgot.
#
# ## Or add
#
# Some networks add the skip: `input_tensor + y`. No pile, no wider layer. When does it work?

# %%
print("64 + 64 channels:", tuple((input_tensor + y).shape))
for channels in (32, 1):
    try:
        print(f"64 + {channels} channels:", tuple((input_tensor + y[:, :channels]).shape))
    except RuntimeError as error:
        print(f"64 + {channels} channels:", error)

# %% [markdown]
# *Dimension 1* is again the channels: for adding, they must be equal. Did the last line alarm you? A *single* channel is added to
# each of the 64, without a word. An error that you can read is better luck.
#
# ## How different are the two?
#
# A convolution multiplies and sums over all its channels: over the first 64, those of `a`, and over the others, those of `b`. A
# sum can be taken in two parts. So there should be two smaller convolutions with
#
# $$\text{conv}(\text{cat}(a, b)) = \text{conv}_a(a) + \text{conv}_b(b)$$
#
# Test it: put zeros where `b` was, then where `a` was.

# %%
a, b, nothing = input_tensor, y, torch.zeros_like(y)
conv = nn.Conv2d(128, 64, kernel_size=3, padding=1)
together = conv(torch.cat([a, b], dim=1))
apart = conv(torch.cat([a, nothing], dim=1)) + conv(torch.cat([nothing, b], dim=1))
print("equal?", torch.allclose(together, apart, atol=1e-5))
too_much = apart - together
print("too much:", too_much[0, :3, 0, 0].detach(), "and the bias:", conv.bias[:3].detach())
assert torch.allclose(too_much, conv.bias[:, None, None].expand_as(too_much), atol=1e-5)

# %% [markdown]
# Equal, but for the bias: it was added twice. And in each of the two, half of the weights only met zeros.
#
# ## Exercise 2: take it apart
#
# The hardest of this lesson. Write `split_conv(conv, c)`: from a convolution over `cat([a, b])`, whose first `c` channels are `a`'s, make
# the two smaller ones. It must work for any kernel, stride, padding and dilation, with a bias or without.
# `copy.deepcopy(layer)` copies a layer; `layer.weight = nn.Parameter(tensor)` gives it other weights.

# %%
def split_conv(conv, c):
    ### BEGIN SOLUTION
    conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)
    conv_a.weight = nn.Parameter(conv.weight[:, :c])
    conv_b.weight = nn.Parameter(conv.weight[:, c:])
    conv_b.bias = None
    return conv_a, conv_b
    ### END SOLUTION


exercises.split_conv.check(split_conv)

# %% [markdown]
# So where a convolution follows a `cat`, the two maps are added after all, but only *after* each has met weights of its own. And adding
# first? That is `cat` with the same weights twice:

# %%
shared = nn.Conv2d(64, 64, kernel_size=3, padding=1)
with torch.no_grad():
    conv.weight.copy_(torch.cat([shared.weight, shared.weight], dim=1))
    conv.bias.copy_(shared.bias)
    assert torch.allclose(conv(torch.cat([a, b], dim=1)), shared(a + b), atol=1e-5)
for name, layer in {"cat": conv, "add": shared}.items():
    print(name, f"{sum(p.numel() for p in layer.parameters()):,} parameters")

# %% [markdown]
# With `cat` each map gets its own weights, twice as many in all. After an addition both meet the same ones. Both are skips, and networks
# with either are U-Nets.
#
# ## What is lost without a skip?
#
# Try it on her face. Two networks get a noisy portrait and shall give back the clean one. Both go down three times and up three
# times, as in the document, and both end in a `cat`. But in one of them the skip is multiplied by zero. (`ReLU` turns negative
# numbers into 0; lesson 4 says why it is there.)

# %%
face = F.avg_pool2d(portrait[None, None, 40:296, 120:376], 2)
torch.manual_seed(0)
noisy = face + 0.1 * torch.randn_like(face)


def down(ins, outs):
    return nn.Sequential(nn.Conv2d(ins, outs, 3, stride=2, padding=1), nn.ReLU())


def up(ins, outs):
    layer = nn.ConvTranspose2d(ins, outs, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(layer, nn.ReLU())


# %%
class OneSkip(nn.Module):
    def __init__(self, keep):
        super().__init__()
        self.keep = keep  # 1: the skip arrives. 0: zeros arrive in its place
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
        self.there = nn.Sequential(down(8, 16), down(16, 32), down(32, 32))
        self.back = nn.Sequential(up(32, 32), up(32, 16), up(16, 8))
        self.last = nn.Conv2d(8 + 8, 1, 3, padding=1)

    def forward(self, picture):
        fine = self.first(picture)
        coarse = self.back(self.there(fine))
        return self.last(torch.cat([self.keep * fine, coarse], dim=1))


# %% [markdown]
# Now *fit* them: 200 times, each gets the portrait with fresh noise, and every weight is moved a little so that the answer comes
# closer to the clean face. (How that works is lesson 5: run it, do not read it.) It takes some seconds.

# %%
def fit(keep):
    torch.manual_seed(0)  # the same first weights and the same noise for both
    network = OneSkip(keep)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(200):
        loss = F.mse_loss(network(face + 0.1 * torch.randn_like(face)), face)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return network(noisy)


torch.set_num_threads(1)  # on several, sums are taken in another order and the last digits change
without, skipped = fit(keep=0), fit(keep=1)

# %% jupyter={"source_hidden": true}
Predict(
    "In both answers there is less noise. Where will the one without a skip be off most?",
    answer="at the edges: cap, glasses, eyes",
    choices=["everywhere alike", "in even places: wall, skin", "at the edges: cap, glasses, eyes"],
    mistakes={
        "everywhere alike": "Some places look the same before and after three halvings. Which?",
        "in even places: wall, skin": "An even place is the same grey, near or far. What is not?",
    },
    explain="Edges are what halving blurs. The skip brings them across before anything is halved.",
)

# %% [markdown]
# Call the steepest tenth of the face its *edges*. How far is each picture off, on average? (Black is 0, white is 1.)

# %% tags=["nbval-ignore-output"]
steepness = torch.hypot(*torch.gradient(face[0, 0]))
edges = (steepness > steepness.quantile(0.9)).expand_as(face)
pictures = {"noisy": noisy, "without skip": without, "with skip": skipped}
off = {name: (picture - face).abs() for name, picture in pictures.items()}
for name, error in off.items():
    print(f"{name:12} edges {error[edges].mean():.3f}, elsewhere {error[~edges].mean():.3f}")

assert max(off["without skip"][~edges].mean(), off["with skip"][~edges].mean()) < 0.08
assert off["without skip"][edges].mean() > 1.4 * off["noisy"][edges].mean()
assert off["with skip"][edges].mean() < 0.7 * off["without skip"][edges].mean()

# %%
shown = {"clean": face, "edges": edges, **pictures}
show(
    side_by_side({name: picture[0] for name, picture in shown.items()}),
    "A face five times. Clean; its edges; covered with noise; without a skip: smooth, but blurred like "
    "through frosted glass; with a skip: less noise, glasses and cap badge sharp.",
)

# %% [markdown]
# Away from edges, both clean the picture. At the edges they differ: the network without a skip is off by about twice as much as the noise was. With
# the skip, what comes from afar says *this is skin, make it even*, and what comes across says *here runs a rim*. It is no magic: at the edges
# it is about as far off as the noise was, and everywhere else much cleaner.
#
# Can the one without a skip not do it, or has it not learned it *yet*? Both were trained longer, with five seeds each. This is how far they are
# off at the edges, on average, with the lowest and the highest seed. Three seeds of each were also tried on the face's mirror image, which
# they have never seen:

# %%
from IPython.display import Markdown

from unet_teach.segmentation.ablation import denoising

Markdown(denoising.table())

# %% [markdown]
# So the skip gives the edges from the first steps on. Without it they can be learned too, because it is always the same face: after 2,000 steps
# both are equally far off. But look at the mirror image. There the network with a skip is nearly as good as on the face itself, and the one without
# is hardly better than after 200 steps: it has **memorised** where this face has its edges. Lesson 6 measures what skips are worth on many
# pictures that no network has seen.
#
# ## Sizes that part
#
# So far all was even. Now the mended snippet meets a map of 31×31.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([input_tensor, y], dim=1)` on 31×31 stops with `Expected size A but got size B`. "
    "Which two numbers, as in 3×4?",
    answer=(31, 32),
    mistakes={
        (32, 31): "Expected is what the first in the list has. That is input_tensor.",
        (31, 16): "16 is `x`. It comes up again before the `cat`.",
        (16, 32): "That was the document's list, [x, y].",
        (31, 31): "Then it would run. Down, 31 becomes 16. And up?",
        (31, 30): "Down, 31 becomes (31 + 2 − 3) // 2 + 1 = 16, not 15.",
    },
    explain="31 becomes 16 on the way down, and 16 becomes 32. The first in the list is still 31 high.",
)

# %%
odd = torch.randn(1, 64, 31, 31)
try:
    torch.cat([odd, upsample(downsample(odd))], dim=1)
except RuntimeError as error:
    print(error)
low = conv_output_size(31, kernel_size=3, stride=2, padding=1)
high = conv_transpose_output_size(low, 3, stride=2, padding=1, output_padding=1)
print(31, "→", low, "→", high)

# %% [markdown]
# ## Four questions
#
# Maps of one resolution are a **level**: level 0 is the picture's own, each halving leads one level down. Each *Sizes of tensors must
# match* is answered by these, in this order:
#
# 1. **Which tensors?** Print all shapes right before the `cat`. *Number 1* is the second in the list.
# 2. **Which axis?** Compare the shapes from the left, channels aside. The first that differs is meant: height before width.
# 3. **Off by how much?** By *one*: an odd size was halved, or an up-sampling layer lacks its `output_padding`. By a *factor* of two: the
#    skip is from another level. Neither, but an *even* number such as 8: convolutions without padding. (If levels below have no skip, nothing
#    stops at them, and the one is doubled on its way up: with three halvings and one skip, 100 meets 104.)
# 4. **Which level?** The expected size tells. In a picture 200 high, 25 is what three halvings leave: level 3.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([skip, up], dim=1)` says: `Expected size 64 but got size 32`. What has happened?",
    answer="the skip is from another level",
    choices=["an odd size was halved", "the skip is from another level", "no padding", "too few in_channels"],
    mistakes={
        "an odd size was halved": "Then the two would differ by one.",
        "no padding": "Each convolution takes 2 off. From 64 to 32 that would be 16 of them.",
        "too few in_channels": "`cat` does not look at any layer, nor at channels.",
    },
    explain="64 is twice 32: a factor of two is one level.",
)

# %% [markdown]
# ## Play: a whole U-Net
#
# Each level has its skip here; it is halved and doubled by the document's layers. The picture is 200×300.
#
# 1. At which level do the sizes part, and which number was odd there?
# 2. Set **depth** to 3, then to 2. Why does 2 go through?
# 3. Back to 4. Which heights near 200 need no repair?
# 4. Try every **repair** and read what it costs.

# %%
SizeLedger(height=200, width=300, depth=4, down="strided_conv", up="conv_transpose_3")

# %% [markdown]
# ## The repairs
#
# | what to do | what it costs |
# |---|---|
# | `upsample(x, output_size=skip.shape[2:])` | nothing here: the document's layer can make both sizes. (With kernel 2, an extra row holds only the bias) |
# | pad or cut what comes up | a row of zeros, or a row made in vain |
# | crop the skip (2015) | its rim is lost, and the answer gets smaller |
# | resize what comes up, bilinear | every value moves |
# | feed only sizes that fit | pad the picture, cut the answer |
#
# (The ledger's *pad* and *crop* change whichever of the two is smaller or larger. Here it is always what comes up that gives way.)
#
# See what becomes of the values of `y`, 32×32, when it has to be 31×31:

# %%
low_map = downsample(odd)
high_map = upsample(low_map)
repaired = {
    "output_size": upsample(low_map, output_size=odd.shape[2:]),
    "cut": high_map[:, :, :31, :31],
    "resize": F.interpolate(high_map, size=(31, 31), mode="bilinear"),
}
for name, made in repaired.items():
    stayed = torch.isclose(made, high_map[:, :, :31, :31], atol=1e-5).float().mean()
    print(f"{name:12} {tuple(made.shape[2:])}, values that stayed: {stayed:.0%}")

# %% [markdown]
# `output_size` and a cut give the very same map. To resize mixes all of it, and blurs once more what was to become sharp.
#
# ## Exercise 3: crop, as in 2015
#
# The first U-Net has no padding: each 3×3 convolution takes one cell off every side, so what comes up is *smaller* than its skip,
# and lies in the skip's middle ([Ronneberger, Fischer and Brox, 2015](https://arxiv.org/abs/1505.04597), figure 1).

# %%
first = SizeLedger(height=572, width=572, depth=4, padding="valid")
for level in first.levels[:4]:
    print("skip {}×{}".format(*level["encoder"]), "meets {}×{}".format(*level["arrives"]))

# %% [markdown]
# Write `crop_to(skip, up)`: cut the skip out of its middle, as high and wide as `up`. Where the difference is odd, either middle is
# right.

# %%
def crop_to(skip, up):
    ### BEGIN SOLUTION
    top = (skip.shape[2] - up.shape[2]) // 2
    left = (skip.shape[3] - up.shape[3]) // 2
    return skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]
    ### END SOLUTION


exercises.crop_to.check(crop_to)

# %% [markdown]
# ## Exercise 4: or change what comes up
#
# With padded convolutions the two are a row apart at most, and the skip can stay whole. Write `pad_to(up, skip)`: bring `up` to the
# skip's height and width. Cell (0, 0) stays cell (0, 0). What is missing below and on the right becomes zeros, what is too much is
# cut. (`F.pad(up, (left, right, top, bottom))` adds zeros.)

# %%
def pad_to(up, skip):
    ### BEGIN SOLUTION
    rows = skip.shape[2] - up.shape[2]
    columns = skip.shape[3] - up.shape[3]
    return F.pad(up, (0, columns, 0, rows))
    ### END SOLUTION


exercises.pad_to.check(pad_to)

# %% [markdown]
# ## Exercise 5: or let nothing part
#
# A size that comes out even in every halving needs no repair. Write `fits(size, depth)`: the smallest such size that is not below
# `size`. For 200 and a depth of 4, the ledger above has told you.

# %%
def fits(size, depth):
    ### BEGIN SOLUTION
    step = 2**depth
    return (size + step - 1) // step * step
    ### END SOLUTION


exercises.fits.check(fits)

# %% [markdown]
# ## Read the document again
#
# - Its snippet joins `x` and `y`. It cannot: one is half as large. It is `input_tensor` that `y` has to meet.
# - It speaks of an earlier and a later layer. Any two will not do: both must have the same resolution.
# - At its end, a skip starts from the *output of a down-sampling layer*. Right, as long as you take it before the next one halves it.
# - With its two layers the snippet, mended, works for 32 and stops at 31.

# %% [markdown]
# ## Recap
#
# - A skip takes a map *before* it is halved to the map of the same size on the way up: the *where* beside the *what*.
# - `cat` piles channels up, and the next layer must take them all; adding is `cat` with the same weights twice.
# - Sizes part where an odd one was halved: `output_size`, pad, crop, or feed multiples of 2 to the power of depth.
#
# Next: **4 · Symmetric architecture**. All three marks in one network, the document's, and what is wrong with it.
