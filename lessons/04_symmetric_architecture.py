# %% [markdown]
# # 4 · Symmetric architecture
# *45 minutes, and half an hour or more for a U-Net of your own. You will be able to build a U-Net yourself, and to find what is missing in one that does not run.*
#
# You have three marks: down, up, across. The fourth holds them together. For every step down there is a step up, and the way up
# passes the same sizes in reverse. That is why skips find a partner at each size, and why the thing looks like a U.
#
# The document ends with a whole network. You are going to run it, and it will not run. Find out why, one thing after the other:
# it has more than one fault, and each of them is enough to stop you.

# %%
import torch
from torch import nn
from torch.nn import functional as F
from torchinfo import summary

from unet_teach import UNet, exercises
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet
from unet_teach.widgets import Predict, SizeLedger

torch.manual_seed(0)
torch.set_num_threads(1)

# %% [markdown]
# ## The document's network
#
# Read it as you would read a colleague's code. What do you like? What makes you frown? Count the layers of each kind.
#
# ```python
# class UNet(nn.Module):
#     def __init__(self, in_channels, out_channels):
#         super().__init__()
#
#         # Down-sampling layers
#         self.conv1 = nn.Conv2d(in_channels, 64, kernel_size=3, stride=1, padding=1)
#         self.conv2 = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
#         self.conv3 = nn.Conv2d(128, 256, kernel_size=3, stride=2, padding=1)
#         self.conv4 = nn.Conv2d(256, 512, kernel_size=3, stride=2, padding=1)
#
#         # Up-sampling layers
#         self.upconv1 = nn.ConvTranspose2d(512, 256, kernel_size=3, stride=2, padding=1, output_padding=1)
#         self.upconv2 = nn.ConvTranspose2d(256, 128, kernel_size=3, stride=2, padding=1, output_padding=1)
#         self.upconv3 = nn.ConvTranspose2d(128, 64, kernel_size=3, stride=2, padding=1, output_padding=1)
#         self.upconv4 = nn.ConvTranspose2d(64, out_channels, kernel_size=3, stride=1, padding=1)
#
#         # Skip connections
#         self.skip1 = nn.Conv2d(256, 256, kernel_size=1, stride=1, padding=0)
#         self.skip2 = nn.Conv2d(128, 128, kernel_size=1, stride=1, padding=0)
#         self.skip3 = nn.Conv2d(64, 64, kernel_size=1, stride=1, padding=0)
#         # Add 4th layer.
#         self.skip4 = nn.Conv2d(32, 32, kernel_size=1, stride=1, padding=0)
#
#
# UNet(64, 128)
# ```
#
# In this notebook it is called `DocumentUNet`.

# %% jupyter={"source_hidden": true}
Predict(
    "`network = DocumentUNet(64, 128)` works. What does `network(torch.zeros(1, 64, 32, 32))` give?",
    answer="an error",
    choices=["a map of 128 channels, 32×32", "a map of 32 channels, 32×32", "an error", "nothing"],
    mistakes={
        "a map of 128 channels, 32×32": "Which line says that conv1 comes first?",
        "a map of 32 channels, 32×32": "skip4 has 32 channels, but which line would ever use it?",
        "nothing": "That is what a `forward` without a `return` gives. Is there a `forward`?",
    },
    explain="Without `forward` it owns layers, and nothing says in which order data goes through them.",
)

# %%
network = DocumentUNet(64, 128)
try:
    network(torch.zeros(1, 64, 32, 32))
except NotImplementedError as error:
    print(error)

# %% [markdown]
# `__init__` says which layers there are. In which order a picture meets them, `forward` says, and there is none. A list of
# parts is not a machine.
#
# ## The fourth mark
#
# So lead a map through the layers by hand, in the order in which they are listed:

# %%
x = torch.zeros(1, 64, 32, 32)
for name in ["conv1", "conv2", "conv3", "conv4", "upconv1", "upconv2", "upconv3", "upconv4"]:
    x = getattr(network, name)(x)
    print(f"{name:8} makes {x.shape[1]:3} channels, {x.shape[2]:2}×{x.shape[3]}")

# %% [markdown]
# Read the list from its middle outwards. *conv1* and *upconv4* keep the size. Between them, three halvings go down to 4×4, and three
# doublings pass the same sizes on the way back: **this is the symmetry.** The way down is called the *encoder*, the way up the *decoder*.
#
# Why are the channels doubled when the size is halved? A map of half the height and width has a quarter of the cells. What
# would have to be said about four pixels must now be said by one cell, so it is given more numbers to say it with.

# %%
for size, channels in [(32, 64), (16, 128), (8, 256), (4, 512)]:
    print(f"{channels:3} channels × {size:2}×{size:<2} = {channels * size * size:6,} numbers")

# %% [markdown]
# Twice the channels on a quarter of the cells: half of the numbers remain, level by level. The map is squeezed, but gently.

# %% [markdown]
# ## How many skips?
#
# A skip joins two maps of one size: one on its way down, one on its way up. The bottom, 4×4, is passed once and has no partner. For how many
# skips is there room in the document's network?

# %%
### BEGIN SOLUTION
skips = 3
### END SOLUTION
exercises.room_for_skips.check(skips)

# %% [markdown]
# The document lists four, with the note "Add 4th layer". Offer `skip4` every map of the way down:

# %%
maps = {"conv1": (64, 32), "conv2": (128, 16), "conv3": (256, 8), "conv4": (512, 4)}
for name, (channels, size) in maps.items():
    try:
        network.skip4(torch.zeros(1, channels, size, size))
        print(f"skip4 takes what {name} makes")
    except RuntimeError:
        print(f"skip4 wants 32 channels, {name} makes {channels}")

# %% [markdown]
# Nothing can feed it. A fourth skip would belong to a fourth halving. PyTorch does not complain: a layer that is never called
# costs memory and stays as random as on its first day.

# %% [markdown]
# ## What goes in, what comes out
#
# `UNet(64, 128)`: the two numbers look like those of a layer *inside*. But `in_channels` is the picture's: 3 for colour, 1 for
# grey. And `out_channels` is what you want to know of each pixel: one channel a *class*, such as sky, road or car. (For a question of yes or
# no one channel is enough; lesson 5 asks such a one.)
#
# You have colour photographs, and each pixel shall be one of 5 classes. Which two numbers?

# %%
### BEGIN SOLUTION
in_channels, out_channels = 3, 5
### END SOLUTION
exercises.arguments.check((in_channels, out_channels))

# %% [markdown]
# ## Eight layers, or one?
#
# Here is the shortest `forward` that can be: one layer after the other, no skips. After each layer but the last comes `bend`. That is either
# nothing, or an **activation**, which bends the numbers: ReLU, the simplest, turns negative ones into 0.
#
# Then ask it a strange question: is its answer to the *sum* of two pictures the sum of its answers? (Its biases would count once on one
# side and twice on the other. So the answer to an empty picture, `0 * a`, is added to make them even.)


# %%
def chain(network, x, bend):
    for layer in [network.conv1, network.conv2, network.conv3, network.conv4]:
        x = bend(layer(x))
    for layer in [network.upconv1, network.upconv2, network.upconv3]:
        x = bend(layer(x))
    return network.upconv4(x)


def off(network, a, b, bend):
    with torch.no_grad():
        together = chain(network, a + b, bend) + chain(network, 0 * a, bend)
        apart = chain(network, a, bend) + chain(network, b, bend)
    return ((together - apart).abs().max() / apart.abs().max()).item()


# %%
network = DocumentUNet(3, 5)
a, b = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 32, 32)
print(f"{sum(p.numel() for p in network.parameters()):,} numbers in {network.__class__.__name__}")
print("no activation: off by less than 0.001?", off(network, a, b, bend=lambda x: x) < 1e-3)
print("with ReLU:     off by less than 0.001?", off(network, a, b, bend=F.relu) < 1e-3)
assert off(network, a, b, lambda x: x) < 1e-3 < off(network, a, b, F.relu)

# %% [markdown]
# Without activations, eight layers and 3 million numbers are *one* linear map: a weighted sum of pixels, plus a constant. It cannot say
# "bright, *unless* its neighbour is too", at any depth.
#
# One activation after each of these layers breaks the spell, in the decoder as well: each of the eight is there to compute something new from
# what the layer before has found. Only the **last** has none. What leaves the network are *logits*, any numbers; what measures the error
# (lesson 5) takes care of the rest.
#
# ## Does every convolution need one?
#
# No. Two linear layers with nothing between them are one linear layer. If both are meant to *find* something, the second is wasted. But some
# convolutions only prepare a map for the next layer: one of 1×1 on a skip changes or mixes channels, and a transposed convolution may only make
# a map larger before a join, with a block of convolutions behind it. There nothing is lost without an activation: the two together are one
# linear step, and an activation follows it. Here a 3×3 convolution takes over the 1×1 convolution before it:

# %%
project, conv = nn.Conv2d(64, 64, 1, bias=False), nn.Conv2d(64, 32, 3, padding=1, bias=False)
merged = nn.Conv2d(64, 32, 3, padding=1, bias=False)
across = torch.randn(1, 64, 8, 8)
with torch.no_grad():
    merged.weight.copy_(torch.einsum("omhw, mi -> oihw", conv.weight, project.weight[:, :, 0, 0]))
    assert torch.allclose(conv(project(across)), merged(across), atol=1e-5)
    assert not torch.allclose(conv(F.relu(project(across))), merged(across), atol=1e-2)
print("without an activation, 1×1 and then 3×3 are one convolution of 3×3")

# %% [markdown]
# So ask of two convolutions in a row: does the first one have work of its own? In the document's network the transposed convolutions are all the
# decoder has, so they need their activations. In your own U-Net, further down, each is followed by a block that brings two.

# %% [markdown]
# ## Write `forward`
#
# Everything is there now. Keep three maps on the way down. On the way up, *add* each to the map of its size: straight, or through `skip1`,
# `skip2` or `skip3`, convolutions of 1×1 that mix channels and move nothing. Which goes with which? Their channels say it. (Whether the ReLU
# of a transposed convolution comes before or after the `+` is free, and a skip needs none of its own.)


# %%
class Additive(DocumentUNet):
    def forward(self, x):
        ### BEGIN SOLUTION
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = F.relu(self.conv4(three))
        x = F.relu(self.upconv1(x)) + self.skip1(three)
        x = F.relu(self.upconv2(x)) + self.skip2(two)
        x = F.relu(self.upconv3(x)) + self.skip3(one)
        return self.upconv4(x)
        ### END SOLUTION


exercises.forward_add.check(Additive)

# %% [markdown]
# How does the check know? It does not read your code. It sends a picture through and follows what becomes of it: a skip counts
# when something arrives that was never smaller, and when a gradient finds its way back across.

# %% [markdown]
# ## Add, or concatenate?
#
# The document speaks of concatenating. Try it with the layers as they are: 256 channels from below, 256 across.

# %%
from_below, across = torch.zeros(1, 256, 8, 8), torch.zeros(1, 256, 8, 8)
together = torch.cat([from_below, across], dim=1)
try:
    network.upconv2(together)
except RuntimeError as error:
    print(error)

# %% [markdown]
# *expected input to have 256 channels, but got 512*. A pile of two maps has twice the channels, and the next layer must
# take them. So these layers, as written, are those of an *additive* U-Net. Change the ones that need it.


# %%
class Concatenating(DocumentUNet):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        ### BEGIN SOLUTION
        self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)
        self.upconv3 = nn.ConvTranspose2d(256, 64, 3, stride=2, padding=1, output_padding=1)
        self.upconv4 = nn.ConvTranspose2d(128, out_channels, 3, padding=1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = F.relu(self.conv4(three))
        x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=1)
        x = torch.cat([F.relu(self.upconv2(x)), self.skip2(two)], dim=1)
        x = torch.cat([F.relu(self.upconv3(x)), self.skip3(one)], dim=1)
        return self.upconv4(x)
        ### END SOLUTION


exercises.forward_cat.check(Concatenating)

# %% [markdown]
# Both are U-Nets. What does the difference cost? `torchinfo` lists the layers that ran, with what each made and how many
# numbers it holds. (It does not show what is joined to what: for that you have lesson 7. And its *mult-adds* count a transposed convolution
# by its output cells, four times too many with stride 2. You know that each *input* cell paints once, so count yourself.)

# %%
summary(ConcatenatingUNet(3, 5), (1, 3, 32, 32), col_names=["output_size", "num_params"], verbose=0)

# %% [markdown]
# Look at its first row. 1,056 numbers stand beside the network itself, in no layer that ran: they are skip4's, 32·32 weights
# and 32 biases. So a summary can tell you of a layer that nobody calls.

# %%
assert sum(p.numel() for p in ConcatenatingUNet(3, 5).skip4.parameters()) == 32 * 32 + 32 == 1056

# %%
def multiplications(network):
    counts = []

    def count(layer, inputs, made):
        paints = isinstance(layer, nn.ConvTranspose2d)
        cells = (inputs[0] if paints else made).shape[2:].numel()
        counts.append(layer.weight.numel() * cells)

    for layer in network.children():
        layer.register_forward_hook(count)  # called whenever the layer runs
    network(torch.zeros(1, 3, 32, 32))
    return sum(counts)


# %%
costs = {}
for kind in (AdditiveUNet, ConcatenatingUNet):
    network = kind(3, 5)
    costs[kind] = sum(p.numel() for p in network.parameters()), multiplications(network)
    print(f"{kind.__name__:17} {costs[kind][0]:9,} parameters, {costs[kind][1]:11,} multiplications")
more = [cat / add - 1 for add, cat in zip(costs[AdditiveUNet], costs[ConcatenatingUNet])]
print("cat costs {:.0%} more parameters and {:.0%} more multiplications".format(*more))

# %% [markdown]
# Concatenating keeps both maps and lets the next layer weigh them; that is what the extra numbers are for. Adding sends both
# through the same weights: it is concatenating with the two halves of the weights made equal, as lesson 3 showed.

# %% [markdown]
# ## Keep the ledger
#
# A U-Net has two columns of numbers, sizes and channels, and nearly every error is one of them not adding up. Play book-keeper:
#
# 1. Set **depth** to 4. How many channels has the new bottom, and what happens to the number of parameters?
# 2. Set **base_channels** to 32. Half the width everywhere: how many parameters are left, a half or a quarter?
# 3. Set **height** to 100. At which level do the sizes part? Choose a **repair**.

# %%
SizeLedger(height=96, width=96, depth=3, base_channels=64)

# %% [markdown]
# ## The picture that is 50 high
#
# **Predict**: the additive network has run on 32×32. What about a photograph of 50×70?

# %%
try:
    AdditiveUNet(3, 5)(torch.zeros(1, 3, 50, 70))
except RuntimeError as error:
    print(error)

# %% [markdown]
# You know this one: 50 → 25 → 13 → 7, and back 7 → 14. But the skip is 13. Lesson 3 has the repairs. A network that is to be used by
# others needs one of them inside.

# %% [markdown]
# ## A block for a level
#
# The document has one convolution a level. The U-Net of 2015 has two, each with its ReLU, and many after it kept that:
# a window that sees two neighbours on each side instead of one, and two activations. Write a function that makes such a block.


# %%
def double_conv(in_channels, out_channels):
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.ReLU(),
    )
    ### END SOLUTION


exercises.double_conv.check(double_conv)

# %% [markdown]
# ## Your own U-Net
#
# Now for good: any depth, any width, any size of picture. `depth` counts the halvings. You need
#
# - a list of widths: `base_channels`, then twice as many at each level;
# - a first block, from `in_channels` to `base_channels`;
# - on the way down, `depth` times: keep the map, `F.max_pool2d(x, 2)`, a block;
# - on the way up, as often: `nn.ConvTranspose2d(below, above, 2, stride=2)` (no activation: the block has them), a repair (`F.pad`, lesson 3,
#   exercise 4), the skip, a block;
# - at the end a 1×1 convolution to `out_channels`. Layers in a list belong in an `nn.ModuleList`, or PyTorch does not find them.
#
# It is the longest exercise of the course: some twenty lines. The check tells you each time what holds already. If you skipped
# the block, take the course's: `from unet_teach.networks import double_conv`.


# %%
class MyUNet(nn.Module):
    def __init__(self, in_channels, out_channels, depth, base_channels):
        super().__init__()
        ### BEGIN SOLUTION
        widths = [base_channels * 2**level for level in range(depth + 1)]
        steps = list(zip(widths, widths[1:]))
        self.stem = double_conv(in_channels, base_channels)
        self.down = nn.ModuleList([double_conv(above, below) for above, below in steps])
        steps.reverse()
        self.up = nn.ModuleList([nn.ConvTranspose2d(below, above, 2, 2) for above, below in steps])
        self.merge = nn.ModuleList([double_conv(2 * above, above) for above, _ in steps])
        self.head = nn.Conv2d(base_channels, out_channels, 1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x, skips = self.stem(x), []
        for block in self.down:
            skips.append(x)
            x = block(F.max_pool2d(x, 2))
        for up, block in zip(self.up, self.merge):
            skip = skips.pop()
            x = up(x)
            x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))
            x = block(torch.cat([skip, x], dim=1))
        return self.head(x)
        ### END SOLUTION


exercises.own_unet.check(MyUNet)

# %% [markdown]
# The course's own is `unet_teach.UNet`. It has more to choose from, and the same shape:

# %%
with torch.no_grad():
    for size in [(32, 32), (31, 45), (50, 70)]:
        answer = UNet(3, 5, depth=3, base_channels=8)(torch.zeros(1, 3, *size))
        print(size, "→", tuple(answer.shape))
        assert answer.shape == (1, 5, *size)

# %% [markdown]
# ## How symmetric is symmetric?
#
# The document says *typically*, and it is right to. The number of levels must match: a level without a partner has no
# skip. Widths need not. Many U-Nets have a wide encoder, borrowed from a network that was trained on photographs, and a narrow decoder. They
# pass the same sizes in reverse; that is the mark. In lesson 6 you will see what a narrow decoder costs.

# %% [markdown]
# ## Read the document again
#
# - Its class has no `forward`: a U-Net on paper. You wrote it.
# - `skip4` takes 32 channels, and no layer makes 32. There are three halvings, hence three skips.
# - It speaks of concatenating, and its layers fit adding. For `torch.cat`, `upconv2` to `upconv4` take twice the channels.
# - `UNet(64, 128)` runs as a constructor. As a network for colour photographs and 5 classes it is `UNet(3, 5)`.
# - There is no activation anywhere: as listed, all of it is one linear map and a constant.
# - Its 1×1 skip convolutions are allowed, and not needed: a skip may be a plain wire.
#
# What stands: four layers on the way down, four on the way up, channels doubled and halved, sizes mirrored. The fourth mark is all there.

# %% [markdown]
# ## Recap
#
# - Symmetric means: the way up passes the sizes of the way down in reverse, so that each skip finds its partner.
# - `cat` widens the next layer's in_channels, adding does not.
# - Each convolution with work of its own needs its activation, the last one excepted. A 1×1 convolution on a skip needs none, nor does a
#   transposed convolution before a block.
# - A network for pictures of any size needs a repair where sizes part.
#
# All four marks are yours, and the document's network runs. Next: **5 · Train it**, on a picture of the Earth.
