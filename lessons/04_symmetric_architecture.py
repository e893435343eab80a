# %% [markdown]
# # 4 · Symmetric architecture
#
# **After this lesson you can**
# - trace sizes and channels through a whole network, and find why it doesn't run,
# - write the `forward` of a U-Net whose skips are added, and of one whose skips are concatenated,
# - build a U-Net of any depth and width yourself.
#
# *40 minutes, and a project of 30 to 60 minutes for another day. You need lessons 1 to 3.*
#
# ![The portrait, clean and with noise; denoised with a single skip connection, as in lesson 3; and denoised by a U-Net with a skip at every level.](../docs/images/lesson_4.png)
#
# In lesson 3 a single skip brought back the rim of the glasses. A U-Net has one at *every* level, and the last image is its output after the same number of training steps.

# %% [markdown]
# You know three criteria: down-sampling, up-sampling and skip connections. The fourth, **symmetry**, holds them together: for every step down there is a step up, so the decoder passes through the sizes of the encoder in reverse. That gives every skip
# a partner of its own size, and it's why the drawing looks like a U.
#
# [The document](../docs/the_document.md#unet) ends with a whole network. It has several faults. One stops it at once, others stay silent, and you'll find them one after the other.

# %%
import torch
from torch import nn
from torch.nn import functional as F
from torchinfo import summary

from unet_teach import UNet, exercises
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import show
from unet_teach.shared.time_left import time_left
from unet_teach.widgets import Predict, SizeLedger, Step

torch.manual_seed(0)
torch.set_num_threads(1)

# %% [markdown]
# ## The document's network
#
# Read it as you would read a colleague's code, and count the layers of each kind. What makes you frown?
#
# ```python
# class UNet(nn.Module):
#     def __init__(self, in_channels, out_channels):
#         super().__init__()
#
#         # Down-sampling layers
#         self.conv1 = nn.Conv2d(in_channels, 64, kernel_size=3,
#             stride=1, padding=1)
#         self.conv2 = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
#         self.conv3 = nn.Conv2d(128, 256, kernel_size=3, stride=2, padding=1)
#         self.conv4 = nn.Conv2d(256, 512, kernel_size=3, stride=2, padding=1)
#
#         # Up-sampling layers
#         self.upconv1 = nn.ConvTranspose2d(512, 256, kernel_size=3, stride=2,
#             padding=1, output_padding=1)
#         self.upconv2 = nn.ConvTranspose2d(256, 128, kernel_size=3, stride=2,
#             padding=1, output_padding=1)
#         self.upconv3 = nn.ConvTranspose2d(128, 64, kernel_size=3, stride=2,
#             padding=1, output_padding=1)
#         self.upconv4 = nn.ConvTranspose2d(64, out_channels, kernel_size=3,
#             stride=1, padding=1)
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
    "`network = DocumentUNet(64, 128)` works. What does `network(torch.zeros(1, 64, 32, 32))` return?",
    answer="an error",
    choices=["128 channels, 32×32", "32 channels, 32×32", "an error", "nothing"],
    mistakes={
        "128 channels, 32×32": "Which line says that `conv1` comes first?",
        "32 channels, 32×32": "`skip4` has 32 channels, but which line would ever use it?",
        "nothing": "A `forward` without a `return` would give that. Is there a `forward`?",
    },
    explain="Without a `forward` the network has layers, but nothing says in which order data passes through them.",
)

# %%
network = DocumentUNet(64, 128)
try:
    network(torch.zeros(1, 64, 32, 32))
except NotImplementedError as error:
    print(error)

# %% [markdown]
# `__init__` only creates the layers. The order in which data passes through them belongs in `forward`, and there is none.
#
# ## The fourth criterion
#
# `network.conv1(x)` sends `x` through one layer. Let's do that by hand for all of them, in the order in which they are listed. (`getattr(network, "conv1")` is `network.conv1`, for a name in a variable.)

# %%
x = torch.zeros(1, 64, 32, 32)
for name in ["conv1", "conv2", "conv3", "conv4",
             "upconv1", "upconv2", "upconv3", "upconv4"]:
    x = getattr(network, name)(x).detach()  # no gradients needed here
    _, channels, height, width = x.shape
    size = f"{height:2}×{width:<2}"
    print(f"{name:8} {channels:3} channels, {size} = {x.numel():7,} values")

# %% [markdown]
# Read the list from its middle outwards. `conv1` and `upconv4` keep the size. Between them, three halvings lead down to the bottleneck, 4×4, and three doublings pass through the same sizes on the way back. **That is the symmetry.**
#
# At every level down, the channels double while the number of positions falls to a quarter, as in lesson 1, so half of the values remain.
#
# ## How many skips?
#
# A skip joins a feature map of the encoder with one of the decoder that has the same size. The bottleneck occurs only once, so it has no partner. How many skips does the document's network have room for?

# %%
### BEGIN SOLUTION
skips = 3
### END SOLUTION
exercises.room_for_skips.check(skips)

# %% [markdown]
# The document lists four, with the note "Add 4th layer". But `skip4` takes 32 channels, and as the list above shows, no layer of the encoder returns 32. A fourth skip of this kind would need a fourth halving. PyTorch doesn't complain, because a layer that is never called just keeps its random weights.
#
# ## What goes in, and what comes out
#
# `UNet(64, 128)` looks like a layer from the *inside* of a network. But for a whole network `in_channels` are those of the image, 3 for colour or 1 for grey, and `out_channels` are what you want to know about every pixel: one channel for each **class** of things, such as sky, road or car. (For a
# yes-or-no question a single channel is enough.)
#
# You have colour photos, and want to assign each pixel to one of 5 classes. Which two numbers do you need?

# %%
### BEGIN SOLUTION
in_channels, out_channels = 3, 5
### END SOLUTION
exercises.arguments.check((in_channels, out_channels))

# %% [markdown]
# ## Eight layers, or one?
#
# One thing is missing from the document, and no error message will ever tell you: there is no **activation** between its layers.
#
# A convolution is **linear**: each output is a weighted sum of pixels, plus a constant. A weighted sum of such sums is again one. So for each output, its eight layers with 3 million parameters compute no more than *one* weighted sum of pixels, plus a constant.
#
# However deep, such a network can't express "bright, *unless* its neighbour is bright, too", because in a sum the neighbour always counts the same, whatever the pixel itself is. ("Going further" tests this.) An activation such as ReLU, which sets negative values to 0, changes that: write `F.relu(x)`, or `nn.ReLU()(x)`.
#
# Apply one after each layer, in the decoder as well as in the encoder, except the **last**. Its outputs may be any number. They are called **logits**, and lesson 5 turns them into probabilities. A 1×1 convolution on a skip needs none either, because it only prepares a feature map for the next layer.
#
# ## Write `forward`
#
# Now you have everything. Your class in lesson 3 built on `nn.Module`. `class Additive(DocumentUNet)` builds on the document's network (it *inherits* from it): it has all of its layers, `self.conv1` to `self.skip4`, and you add the `forward`.
#
# Keep three feature maps of the encoder, after their ReLU, and in the decoder *add* each of them to the feature map of its size, either directly or through `skip1`, `skip2` or `skip3`.
#
# These are 1×1 convolutions, which mix channels at each position without looking at its neighbours. Their channels tell you
# which of them belongs to which level. (You may apply the ReLU of a transposed convolution before or after the `+`.)


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
# How does the check know? It doesn't read your code, but sends an image through and follows what happens to it. A skip counts if what it brings has never been further down than the level at which it arrives, and if a gradient finds its way back across it.
#
# ## Add, or concatenate?
#
# The document's text says [concatenate](../docs/the_document.md#skip-connection). Let's try that with its layers as they are, 256 channels from below and 256 from the skip:

# %%
from_below, across = torch.zeros(1, 256, 8, 8), torch.zeros(1, 256, 8, 8)
together = torch.cat([from_below, across], dim=1)
try:
    network.upconv2(together)
except RuntimeError as error:
    print(error)

# %% [markdown]
# *Expected 256 channels, but got 512*: two stacked feature maps have twice the channels, and the next layer has to accept them, so the document's layers fit a U-Net that *adds*. `super().__init__(…)` has already made the document's layers. To concatenate, assign new ones in place of those that come after a `cat`, as in `self.upconv2 = nn.ConvTranspose2d(…)`.


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
# Both are U-Nets. What does the difference cost?

# %% jupyter={"source_hidden": true}
add, cat = (
    sum(p.numel() for p in kind(3, 5).parameters())
    for kind in (AdditiveUNet, ConcatenatingUNet)
)
print(f"add {add:,} parameters, cat {cat:,}: {cat / add - 1:.0%} more")

# %% [markdown]
# With `cat` the next layer can weigh the two feature maps separately, and that's what the extra parameters are for. Addition sends both through the same weights.
#
# ## Sizes, channels, parameters
#
# A U-Net has two columns of numbers, sizes and channels, and most errors happen where one of them doesn't fit. (Half the channels everywhere make a quarter of the parameters, because every weight connects an input channel with an output channel.)

# %% jupyter={"source_hidden": true}
SizeLedger(
    height=96,
    width=96,
    depth=3,
    base_channels=64,
    steps=[
        Step(
            "Set `depth` to 4. How many channels does the new bottleneck have?",
            answer=1024,
            explain="1,024, which is 64 doubled four times. The number of parameters grows to about four times as many.",
        ),
    ],
)

# %% [markdown]
# ## An image that is 50 pixels high
#
# The additive network runs on 32×32. Does it run on a photo of 50×70? Halve height and width on paper first.

# %%
try:
    AdditiveUNet(3, 5)(torch.zeros(1, 3, 50, 70))
except RuntimeError as error:
    print(error)

# %% [markdown]
# You know this one: 50 → 25 → 13 → 7 in the encoder, then 7 → 14 in the decoder, but the skip is 13. Lesson 3 has the repairs, and a network that others will use should do one of them itself, like the course's own, `unet_teach.UNet`:

# %%
with torch.no_grad():
    for size in [(32, 32), (31, 45), (50, 70)]:
        output = UNet(3, 5, depth=3, base_channels=8)(torch.zeros(1, 3, *size))
        print(size, "→", tuple(output.shape))
        assert output.shape == (1, 5, *size)

# %% [markdown]
# ## The portrait, one last time
#
# We train this U-Net like the network with a single skip in lesson 3, with the same portrait and the same noise for 200 steps. It takes about ten seconds.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
torch.manual_seed(0)
noisy = face + 0.1 * torch.randn_like(face)


def fit(network):
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in time_left(range(200)):
        loss = F.mse_loss(network(face + 0.1 * torch.randn_like(face)), face)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


torch.manual_seed(0)
network = fit(UNet(1, 1, depth=3, base_channels=8))

# %% [markdown]
# Like most U-Nets, the course's has **batch normalisation**: layers that shift and scale each channel to mean 0 and spread 1, and then by two learned numbers. `eval()` makes them use the mean and spread collected in training, instead of those of the current images (lesson 5 says why). `no_grad()` saves the work of preparing gradients.

# %% tags=["nbval-ignore-output"]
network.eval()
with torch.no_grad():
    denoised = network(noisy)
before, after = (noisy - face).abs().mean(), (denoised - face).abs().mean()
print(f"mean error: {before:.3f} with noise, {after:.3f} denoised")
assert after < 0.5 * before

# %% jupyter={"source_hidden": true}
show(
    zoomed({"clean": face, "with noise": noisy, "U-Net": denoised}),
    "The portrait clean, with noise, and denoised by the U-Net: its skin is smooth, and the eye and the rim of the glasses are there.",
)

# %% [markdown]
# This network meets all four criteria, although noise can be removed with less. Lesson 6 asks what each of them contributes where it matters *what* something is.
#
# ## How symmetric is symmetric?
#
# The document says [*typically*](../docs/the_document.md#same-number), and that's the right word. The number of levels has to match, because a level without a partner has no skip, but the channels don't have to. Many U-Nets combine a wide encoder that was trained on photos with a narrow
# decoder. Their decoders pass through the same sizes in reverse, and that is the criterion. In lesson 6 you'll measure what a narrow decoder costs.

# %% [markdown]
# ## Read the document again
#
# - [Its class](../docs/the_document.md#unet) has no `forward`, so you wrote one.
# - `skip4` takes 32 channels, which no layer returns. With three halvings there is room for three skips.
# - It speaks of concatenating, but its layers fit addition. For `torch.cat`, `upconv2` to `upconv4` need twice the input channels.
# - `UNet(64, 128)` runs, but these are the numbers of a layer, not of an image. For colour photos and 5 classes it would be `UNet(3, 5)`.
# - There is no activation anywhere, so each output of the whole network is one weighted sum of pixels, plus a constant.
# - Its 1×1 convolutions on the skips are allowed, but not needed.
#
# Almost everything else in it is right (though its comments count `conv1` and `upconv4`, which keep the size, among the layers that change it): there are four layers in the encoder and four in the decoder, three halvings and three doublings, the channels double and halve, and the sizes are mirrored.

# %% [markdown]
# ## Recap
#
# - Symmetric means that the decoder passes the sizes of the encoder in reverse, so that every skip finds its partner.
# - `cat` widens the `in_channels` of the next layer; addition doesn't.
# - In the document's network an activation belongs after every layer except the last. Without one, layers in a row are no more than a single layer.
# - A network for images of any size needs a repair where sizes don't match.
#
# Next: [**5 · Train it**](05_train_it.ipynb), on an image of the Earth. Lesson 5 can train *your own* U-Net, if you build it in the project below (now, or another day).

# %% [markdown]
# ## Project: your own U-Net
#
# *30 minutes if you write such classes often, otherwise an hour, now or another day.* We start with a block. The document has one convolution per level; the U-Net of 2015 has two, each followed by a ReLU, and many later ones have kept that. Write a function that makes such a block.


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
# Now comes the network, for any depth and width and for images of any size. `depth` counts the halvings. You need
#
# - a list of widths: `base_channels`, then twice as many at each level;
# - a first block, from `in_channels` to `base_channels`;
# - in the encoder, `depth` times: keep the feature map, `F.max_pool2d(x, 2)`, a block;
# - in the decoder, just as often, through your lists *backwards*, because the deepest level comes first and `skips.pop()` returns the skip that was kept last: `nn.ConvTranspose2d(below, above, 2, stride=2)` (without an activation, because the block has two), a repair (`F.pad`, lesson 3; max-pooling makes 15 of 31, so here what comes up is one too small), the skip, a block;
# - at the end a 1×1 convolution to `out_channels`. Keep layers in an `nn.ModuleList`, because PyTorch doesn't find their weights in a plain list.
#
# It's the longest exercise of the course, some twenty lines, and the check tells you each time what works already. Once it's solved, your class is kept in `my_unet.py`, beside your progress file, and lessons 5 and 6 use it.
#
# If you skipped the block, use the course's: `from unet_teach.networks import double_conv`. (The course's block has an `nn.BatchNorm2d(out_channels)` after each convolution. Add them to yours if you want to train it in lesson 5, where networks without them score lower.)


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

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Nothing later depends on this part. It asks which skips denoise the portrait, tests the document's network without activations, asks which convolutions need one, and looks at what `torchinfo` counts.

# %% [markdown]
# ### Which skips does the portrait need?
#
# The same U-Net, trained in the same way, but zeros arrive across all of its skips except the finest, which has 8 channels:

# %%
class OnlyFinest(UNet):
    def _join(self, x, skip):  # the course's U-Net joins every skip here
        return super()._join(x, skip if skip.shape[1] == 8 else 0 * skip)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
finest = fit(OnlyFinest(1, 1, depth=3, base_channels=8)).eval()
with torch.no_grad():
    only = (finest(noisy) - face).abs().mean()
print(f"mean error: {after:.3f} with all skips, {only:.3f} with the finest alone")
assert only < after + 0.006

# %% [markdown]
# So for this task the coarser skips hardly matter. In lesson 3 a network with one skip and a quarter of the parameters left more noise: the layers make that difference, not the skips.

# %% [markdown]
# ### Is the document's network linear?
#
# If it is, its output for the *sum* of two images is the sum of its outputs for each of them. (The bias counts once on one side and twice on the other, so we add the output for an empty image, `0 * a`.)


# %%
def chain(network, x, activation):
    for layer in [network.conv1, network.conv2, network.conv3, network.conv4]:
        x = activation(layer(x))
    for layer in [network.upconv1, network.upconv2, network.upconv3]:
        x = activation(layer(x))
    return network.upconv4(x)


def is_linear(network, a, b, activation):
    with torch.no_grad():
        together = chain(network, a + b, activation)
        together += chain(network, 0 * a, activation)
        apart = chain(network, a, activation) + chain(network, b, activation)
    return ((together - apart).abs().max() / apart.abs().max()).item() < 1e-3


# %%
a, b = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 32, 32)
print(f"{sum(p.numel() for p in DocumentUNet(3, 5).parameters()):,} parameters")
print("without an activation: linear?", is_linear(DocumentUNet(3, 5), a, b, lambda x: x))
print("with ReLU:             linear?", is_linear(DocumentUNet(3, 5), a, b, F.relu))
assert is_linear(DocumentUNet(3, 5), a, b, lambda x: x)
assert not is_linear(DocumentUNet(3, 5), a, b, F.relu)

# %% [markdown]
# ### Does every convolution need an activation?
#
# No. Two linear layers with nothing between them are one linear layer, so if both should *compute* something, the second is wasted. But some convolutions only prepare a feature map for the next layer: a 1×1 convolution on a skip mixes channels, and a transposed convolution may only enlarge a
# feature map before a block. Nothing is lost there. In this example a 3×3 convolution takes over the 1×1 convolution before it:

# %%
project, conv = nn.Conv2d(64, 64, 1, bias=False), nn.Conv2d(64, 32, 3, padding=1, bias=False)
merged = nn.Conv2d(64, 32, 3, padding=1, bias=False)
across = torch.randn(1, 64, 8, 8)
with torch.no_grad():
    merged.weight.copy_(torch.einsum("omhw, mi -> oihw", conv.weight, project.weight[:, :, 0, 0]))
    assert torch.allclose(conv(project(across)), merged(across), atol=1e-5)
    assert not torch.allclose(conv(F.relu(project(across))), merged(across), atol=1e-2)
print("without an activation, a 1×1 and then a 3×3 convolution are one 3×3 convolution")

# %% [markdown]
# So when two convolutions follow each other, ask whether the first one should compute something of its own. In the document's network the transposed convolutions are all that the decoder has, so they need their activations. In your own U-Net each is followed by a block that has two.
#
# ### What torchinfo counts
#
# `torchinfo` lists the layers that ran, with the output and the parameters of each. It doesn't show what is joined to what; lesson 7 does.

# %%
columns = ["output_size", "num_params"]
print(summary(ConcatenatingUNet(3, 5), (1, 3, 32, 32), col_names=columns, verbose=0))

# %% [markdown]
# Look at its first row: 1,056 parameters belong to the network itself, and to no layer that ran. They are those of `skip4`, 32·32 weights and 32 biases. So a summary can tell you about a layer that is never called.
#
# Its *mult-adds* count a transposed convolution by its output, which with stride 2 is four times too many. Each *input* value is multiplied by the kernel once, so we count for ourselves:

# %%
assert sum(p.numel() for p in ConcatenatingUNet(3, 5).skip4.parameters()) == 32 * 32 + 32 == 1056


def multiplications(network):
    counts = []

    def count(layer, inputs, output):
        scatters = isinstance(layer, nn.ConvTranspose2d)
        counts.append(layer.weight.numel() * (inputs[0] if scatters else output).shape[2:].numel())

    for layer in network.children():
        layer.register_forward_hook(count)  # called whenever the layer runs
    network(torch.zeros(1, 3, 32, 32))
    return sum(counts)


# %%
for kind in (AdditiveUNet, ConcatenatingUNet):
    print(f"{kind.__name__:17} {multiplications(kind(3, 5)):11,} multiplications")
