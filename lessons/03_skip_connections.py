# %% [markdown]
# # 3 · Skip connections
#
# **After this lesson you can**
# - join two feature maps with a skip connection, by `cat` and by addition,
# - read the error *Sizes of tensors must match*, and repair it at the right place,
# - choose image sizes that need no repair.
#
# *40 minutes. You need lessons 1 and 2.*
#
# ![The portrait with noise, denoised by a network without a skip connection, and by the same network with one; only in the last can you make out the eye.](../docs/images/lesson_3.png)
#
# Both networks above were trained to remove the noise. They are identical, except that in one of them the skip connection is multiplied by zero, so nothing gets across. That one removes the noise, and the eye with
# it.

# %% [markdown]
# Three halvings, and a network knows *that* there is an eye but no longer *where* its rim runs. Yet a moment earlier it did: before each halving there was a feature map with every edge in its place. A
# **skip connection** keeps that feature map and joins it to the one that comes back up. It's the third criterion, and [the document](../docs/the_document.md#cat) writes it like this:
#
# ```python
# x = downsample(input_tensor)
# y = upsample(x)
# # concatenate along the channel dimension
# z = torch.cat([x, y], dim=1)
# ```
#
# To **concatenate** is to stack channels: first those of one feature map, then those of the other. Does the snippet run?

# %%
import copy

import torch
from torch import nn
from torch.nn import functional as F

from unet_teach import exercises
from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import show
from unet_teach.widgets import FeatureMaps, Predict, SizeLedger, Step

# %% jupyter={"source_hidden": true}
Predict(
    "`input_tensor` has the shape (1, 64, 32, 32), and the layers are those of lessons 1 and 2. What is `z`?",
    answer="an error about sizes",
    choices=["128 channels, 32×32", "192 channels, 32×32", "an error about sizes", "an error about channels"],
    mistakes={
        "128 channels, 32×32": "64 and 64 channels would make 128. But how many does `x` have?",
        "192 channels, 32×32": "128 and 64 channels, that's right. But what are the height and width of `x`?",
        "an error about channels": "Channels may differ when you stack them. What has to be equal?",
    },
    explain="`x` is 16×16 and `y` is 32×32. `cat` stacks channels, so height and width have to be equal.",
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
# ## Read the error word by word
#
# - *Sizes of tensors must match*: stacked feature maps need the same height and width.
# - *except in dimension 1*: `dim=1` is the channel axis, along which they are stacked.
# - *Expected size 16*: the size of the **first** tensor in the list, `x`.
# - *but got size 32 for tensor number 1 in the list*: Python counts from 0, so number 1 is the **second** tensor, `y`.
#
# The message doesn't say whether 16 and 32 are heights or widths, or which of the two tensors is the wrong one. So the first thing to do is always the same: print the shapes.

# %%
for name, tensor in {"input_tensor": input_tensor, "x": x, "y": y}.items():
    print(f"{name:13}", tuple(tensor.shape))

# %% [markdown]
# `x` is the small feature map, which hasn't come up again. Which one should the document have used? Here are the same three on the portrait's detail (shrunk by averaging and enlarged by blending, so that
# you still see an eye):

# %%
eye = torch.tensor(portrait())[None, None, 80:112, 136:168]
eye_down = F.avg_pool2d(eye, 2)
eye_up = F.interpolate(eye_down, scale_factor=2, mode="bilinear")
FeatureMaps(
    {"input_tensor": eye, "x": eye_down, "y": eye_up},
    value_range=(0, 1),
    steps=[
        "Point at the rim of the glasses in `input_tensor`, then at the same place in `y`. It has 32×32 values again. Is the rim still there?",
    ],
)

# %% [markdown]
# `y` has the size, `x` has neither size nor detail, and `input_tensor` has both. **A skip joins two feature maps of the same height and width: one from before a halving, and one that has come back up.**
#
# ## Exercise 1: repair the snippet
#
# Write it as a function that returns `z`. If you're stuck: `exercises.join.hint()`

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
# Why not enlarge `x` and join that? It would run, but it would bring nothing new. Here are two very different inputs, fine stripes of 0 and 1, and a uniform grey. Halved, they are the same:

# %%
stripes = torch.zeros(1, 1, 32, 32)
stripes[..., ::2] = 1
grey = torch.full((1, 1, 32, 32), 0.5)
assert torch.equal(F.avg_pool2d(stripes, 2), F.avg_pool2d(grey, 2))
print(f"equal after halving; the document's layer keeps {x.numel():,} of {input_tensor.numel():,} values")

# %% [markdown]
# What has become equal can't be told apart by any later layer. Learned weights keep more of what matters than an average does, but half of the values go. So a skip leaves **before** the down-sampling layer. If several layers
# work at one size (usually convolution, normalisation, activation, and the same again), it leaves after the last of them: the feature map that is halved next is the one that goes across.
#
# ## What the next layer has to expect
#
# `z` has 64 + 64 channels. The layer after a `cat` needs `in_channels` for both:

# %%
z = torch.cat([input_tensor, y], dim=1)
print(tuple(z.shape))
try:
    nn.Conv2d(64, 64, kernel_size=3, padding=1)(z)
except RuntimeError as error:
    print(error)
print(tuple(nn.Conv2d(128, 64, kernel_size=3, padding=1)(z).shape))

# %% [markdown]
# In lesson 4 you'll find layers of the document that forgot this.
#
# ## Or add
#
# Some networks *add* the skip instead: `input_tensor + y`. Nothing is stacked, and the next layer stays narrow. When does that work?

# %%
print("64 + 64 channels:", tuple((input_tensor + y).shape))
for channels in (32, 1):
    try:
        print(f"64 + {channels} channels:", tuple((input_tensor + y[:, :channels]).shape))
    except RuntimeError as error:
        print(f"64 + {channels} channels:", error)

# %% [markdown]
# For an addition the channel counts have to be equal. Look at the last line, though: a *single* channel is added to each of the 64, without a word. You would be luckier to get an error message.
#
# How do the two differ? A convolution after `cat` gives each feature map its own weights. Adding first means that both get the *same* weights:

# %%
a, b = input_tensor, y
shared = nn.Conv2d(64, 64, kernel_size=3, padding=1)
conv = nn.Conv2d(128, 64, kernel_size=3, padding=1)
with torch.no_grad():
    conv.weight.copy_(torch.cat([shared.weight, shared.weight], dim=1))  # the same weights twice
    conv.bias.copy_(shared.bias)
    assert torch.allclose(conv(torch.cat([a, b], dim=1)), shared(a + b), atol=1e-5)
for name, layer in {"cat": conv, "add": shared}.items():
    print(name, f"{sum(p.numel() for p in layer.parameters()):,} parameters")

# %% [markdown]
# So addition is the special case, with half the parameters. Both are skip connections, and networks with either are U-Nets.
#
# ## What a skip is worth
#
# Let's repeat the experiment from the top of this lesson. Both networks get the portrait with noise and should return it clean. Both go down three times and up three times, as in the document, and both end in a `cat`, but
# in one of them the skip is multiplied by zero. (`ReLU` sets negative values to 0; lesson 4 explains why it's there.)

# %%
def down(ins, outs):
    return nn.Sequential(nn.Conv2d(ins, outs, 3, stride=2, padding=1), nn.ReLU())


def up(ins, outs):
    layer = nn.ConvTranspose2d(ins, outs, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(layer, nn.ReLU())


# %%
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

# %% [markdown]
# Training means: 200 times, show the portrait with fresh noise, and change every weight a little so that the output moves towards the clean image. (Lesson 5 explains these lines. Just run them; it takes a few seconds.)

# %%
face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
torch.manual_seed(0)
noisy = face + 0.1 * torch.randn_like(face)


def fit(keep):
    torch.manual_seed(0)  # the same first weights and the same noise for both
    network = OneSkip(keep)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(200):
        loss = F.mse_loss(network(face + 0.1 * torch.randn_like(face)), face)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network(noisy).detach()

# %%
torch.set_num_threads(1)  # with several, sums are taken in another order and the last digits change
without, skipped = fit(keep=0), fit(keep=1)

# %% jupyter={"source_hidden": true}
Predict(
    "Both outputs have less noise than the input. Where is the network without a skip furthest off?",
    answer="at edges: cap, glasses, eyes",
    choices=["everywhere equally", "in smooth areas: wall, skin", "at edges: cap, glasses, eyes"],
    mistakes={
        "everywhere equally": "Some areas look the same before and after three halvings. Which?",
        "in smooth areas: wall, skin": "A smooth area has the same grey at every resolution. What doesn't?",
    },
    explain="Edges are what halving blurs. The skip brings them across before anything is halved.",
)

# %% [markdown]
# Let's call the steepest tenth of the image its *edges*. How far off is each output, on average? (Black is 0, white is 1.)

# %% tags=["nbval-ignore-output"]
steepness = torch.hypot(*torch.gradient(face[0, 0]))
edges = (steepness > steepness.quantile(0.9)).expand_as(face)
outputs = {"with noise": noisy, "without a skip": without, "with a skip": skipped}
off = {name: (output - face).abs() for name, output in outputs.items()}
for name, error in off.items():
    print(f"{name:14} edges {error[edges].mean():.3f}, elsewhere {error[~edges].mean():.3f}")

assert max(off["without a skip"][~edges].mean(), off["with a skip"][~edges].mean()) < 0.08
assert off["without a skip"][edges].mean() > 1.4 * off["with noise"][edges].mean()
assert off["with a skip"][edges].mean() < 0.7 * off["without a skip"][edges].mean()

# %% jupyter={"source_hidden": true}
show(
    zoomed({"clean": face, **outputs}),
    "The portrait four times, with the eye enlarged. Clean; covered with noise; without a skip: no noise, but as if through frosted glass; with a skip: less noise, and the rim of the glasses is there.",
)

# %% [markdown]
# In smooth areas both reduce the noise, by a third and by half. At edges the network without a skip is off by about twice as much as the noise was; with the skip it's about as much as the noise. What comes from the bottleneck says *this is
# skin, make it smooth*, and what comes across the skip says *here runs a rim*.
#
# Is it impossible without a skip, or has the network just not learned it *yet*? We trained both for longer, with five seeds each. The table has the mean error at edges, with the lowest and the highest seed. The last two
# columns test the same networks on the mirrored portrait, which they have never seen:

# %%
from IPython.display import Markdown

from unet_teach.segmentation.ablation import denoising

Markdown(denoising.table())

# %% [markdown]
# With a skip the edges are there after 200 steps already. Without one, longer training helps on *this* portrait: after 2,000 steps the error at edges is 0.077, not far from 0.067 with a skip, and its best seed (0.052) beats the best with a skip (0.061). But look at the mirrored portrait. There the network
# with a skip is as good as before, and the one without has learned nothing useful after step 500. That is **overfitting**: it has memorised where this face has its edges, instead of learning what an edge is. Lesson 6 measures what skips are worth on images
# that the network has never seen.
#
# ## When sizes don't match
#
# So far all sizes were even. Now the repaired snippet gets 31×31.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([input_tensor, y], dim=1)` on 31×31 stops with `Expected size A but got size B`. Which two numbers? Write A×B, as in 3×4.",
    answer=(31, 32),
    mistakes={
        (32, 31): "*Expected* is the size of the first tensor in the list. That is `input_tensor`.",
        (31, 16): "16 is the size of `x`. It comes up again before the `cat`.",
        (16, 32): "That was the document's list, [x, y].",
        (31, 31): "Then it would run. The encoder makes 31 into 16. And what does the decoder make of 16?",
        (31, 30): "The encoder makes 31 into (31 + 2 − 3) // 2 + 1 = 16, not 15.",
    },
    explain="The encoder makes 31 into 16, and the decoder makes 16 into 32. The skip is still 31 high.",
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
# Feature maps of one resolution are a **level**: level 0 has the resolution of the image, and every halving leads one level down. Whenever you meet *Sizes of tensors must match*, ask in this order:
#
# 1. **Which tensors?** Print all shapes right before the `cat`. *Number 1* is the second in the list.
# 2. **Which axis?** Compare height first, then width. The message is about the first that differs.
# 3. **Off by how much?** By *one*: an odd size was halved, or an up-sampling layer lacks its `output_padding`. By a *factor of two*: the skip comes from another level. By another *even* number, such as 8: convolutions
#    without padding. (Or an odd size further down: if the deeper levels have no skips, a difference of one there doubles at each step up.)
# 4. **Which level?** The expected size tells you. In an image 200 high, 25 is what three halvings leave, so it's level 3.

# %% jupyter={"source_hidden": true}
Predict(
    "`torch.cat([skip, up], dim=1)` says: `Expected size 64 but got size 32`. What has happened?",
    answer="the skip comes from another level",
    choices=["an odd size was halved", "the skip comes from another level", "padding is missing", "in_channels is too small"],
    mistakes={
        "an odd size was halved": "Then the two would differ by one.",
        "padding is missing": "Each 3×3 convolution without padding takes off 2. From 64 to 32 that would be 16 of them.",
        "in_channels is too small": "`cat` doesn't look at any layer, and not at channels either.",
    },
    explain="64 is twice 32, and a factor of two is one level.",
)

# %% [markdown]
# ## A whole U-Net on 200×304
#
# Here every level has its skip. Down-sampling and up-sampling are the document's layers.

# %% jupyter={"source_hidden": true}
SizeLedger(
    height=200,
    width=304,
    depth=4,
    down="strided_conv",
    up="conv_transpose_3",
    steps=[
        Step("At which level do the sizes not match?", answer=3, explain="Level 3: three halvings leave 25×38, and 25 is odd. The width is fine."),
        Step(
            "Which is the next larger `height` that needs no repair?",
            answer=208,
            explain="208 = 13·16: with depth 4, multiples of 2⁴ = 16 need no repair.",
        ),
        Step(
            "Try every repair, and read what it does.",
            when=[{"repair": name} for name in ("pad_input", "crop", "pad", "output_padding", "resize")],
        ),
    ],
)

# %% [markdown]
# ## The repairs
#
# | what to do | what it costs |
# |---|---|
# | *set output_padding*, or call `upsample` with `x` and `output_size=` `skip.shape[2:]` | nothing here, because the document's layer can make both sizes (with kernel 2, an extra row holds only the bias) |
# | *pad the smaller*, *crop the larger*: usually what comes up | a row of zeros, or a row computed and thrown away |
# | crop the skip (the U-Net of 2015) | its border is lost, and the output gets smaller |
# | *resize to the skip*, bilinear | every value changes, and the detail we wanted back is blurred |
# | *pad the input* to a size that fits | pad the image first, crop the output |

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
# ## Exercise 2: pad or crop what comes up
#
# With padded convolutions the two sizes differ by one row at most, and the skip can stay whole. Write `pad_to(up, skip)`, which brings `up` to the height and width of `skip`. The top-left value stays at the top left. What's missing
# at the bottom and on the right becomes zeros; what's too much is cropped. (`F.pad(up, (left, right, top, bottom))` adds zeros.)

# %%
def pad_to(up, skip):
    ### BEGIN SOLUTION
    rows = skip.shape[2] - up.shape[2]
    columns = skip.shape[3] - up.shape[3]
    return F.pad(up, (0, columns, 0, rows))
    ### END SOLUTION


exercises.pad_to.check(pad_to)

# %% [markdown]
# ## Exercise 3: sizes that need no repair
#
# A size that is even at every halving never causes a mismatch. Write `fits(size, depth)`: the smallest such size that isn't smaller than `size`. For 200 and a depth of 4 you've just seen the answer.

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
# - [Its snippet](../docs/the_document.md#cat) joins `x` and `y`. It can't: one is half the size of the other. `y` has to meet `input_tensor`.
# - It speaks of [an earlier and a later layer](../docs/the_document.md#skip-connection). Not any two will do: both need the same resolution.
# - At its end, a skip starts from the [output of a down-sampling layer](../docs/the_document.md#skip-connections). That's right as long as you take it before the next layer halves it.
# - With its two layers the repaired snippet works for 32 and stops at 31.

# %% [markdown]
# ## Recap
#
# - A skip carries a feature map from before a halving to the decoder's feature map of the same size: it brings the *where* to the *what*.
# - `cat` stacks channels, and the next layer has to expect all of them. Addition is `cat` with the same weights twice.
# - Sizes stop matching where an odd one was halved. Repair: `output_size`, pad, crop, or multiples of 2 to the power of depth.
#
# Next: [**4 · Symmetric architecture**](04_symmetric_architecture.ipynb). All three criteria in one network, the document's, and what is wrong with it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Optional: how the U-Net of 2015 crops its skips, and a convolution after `cat`, taken apart.

# %% [markdown]
# ### Exercise 4: crop, as in 2015
#
# The first U-Net has no padding. Each 3×3 convolution takes one pixel off every side, so what comes up is *smaller* than its skip and lies in the skip's middle
# ([Ronneberger, Fischer and Brox, 2015](https://arxiv.org/abs/1505.04597), figure 1).

# %%
first = SizeLedger(height=572, width=572, depth=4, padding="valid")
for level in first.levels[:4]:
    print("skip {}×{}".format(*level["encoder"]), "meets {}×{}".format(*level["arrives"]))

# %% [markdown]
# Write `crop_to(skip, up)`, which cuts a piece of the height and width of `up` out of the skip's middle. Where the difference is odd, either middle is right.

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
nothing = torch.zeros_like(b)
conv = nn.Conv2d(128, 64, kernel_size=3, padding=1)
together = conv(torch.cat([a, b], dim=1))
apart = conv(torch.cat([a, nothing], dim=1)) + conv(torch.cat([nothing, b], dim=1))
print("equal?", torch.allclose(together, apart, atol=1e-5))
too_much = apart - together
print("too much:", too_much[0, :3, 0, 0].detach(), "and the bias:", conv.bias[:3].detach())
assert torch.allclose(too_much, conv.bias[:, None, None].expand_as(too_much), atol=1e-5)

# %% [markdown]
# Equal, except that the bias was added twice. And in each of the two, half of the weights only met zeros.
#
# **Exercise 5**, the hardest of this lesson. Write `split_conv(conv, c)`: from a convolution over `cat([a, b])`, whose first `c` channels belong to `a`, make the two smaller ones. It has to work for any kernel, stride, padding and dilation,
# with a bias or without. `copy.deepcopy(layer)` copies a layer; `layer.weight = nn.Parameter(tensor)` gives it other weights.

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
