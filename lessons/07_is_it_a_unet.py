# %% [markdown]
# # 7 · Is it a U-Net?
#
# **After this lesson you can**
# - judge a network by four questions, and give your reasons,
# - read the inspector's report, for networks that run and for networks that don't,
# - name what the inspector cannot see.
#
# *35 minutes. You need lessons 0 to 4.*
#
# ![Six of the twelve networks of this lesson, drawn by the inspector. Some are shaped like a U, with dashed skips across; others lack a skip or a step up.](../docs/images/lesson_7.svg)
#
# In lesson 0, somebody showed you 900 lines of code and said, "It's a U-Net." By now you know the four criteria, but nobody wants to read 900 lines to check four criteria, so the course has an **inspector** that does it for you.
#
# In this lesson you'll first judge twelve networks by eye, then let the inspector look, and finally try to fool it.

# %%
import torch
from IPython.display import display
from torch import nn

from unet_teach import UNet, exercises, inspect_unet
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.document import AdditiveUNet, DocumentUNet
from unet_teach.networks.twelve_networks import Almost, twelve_networks
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

torch.manual_seed(0)
networks = twelve_networks()
reports = {letter: inspect_unet(*pair) for letter, pair in networks.items()}

# %% [markdown]
# ## The criteria as questions
#
# To judge a network you've never seen, you need questions that have an answer. Here they are. As before, a **level** is all feature maps of one resolution. At level 0 a cell is as wide as a pixel of the input, at level 1 it's two pixels wide, at level 2 four.
#
# 1. **Down-sampling.** Does a path lead to a coarser level?
# 2. **Up-sampling.** Does it lead back to a finer one?
# 3. **Skip connections.** Take a level of the encoder. Is one of its feature maps joined there with one that has come up from a coarser level? The answer must be yes at half of the levels or more, not counting the bottleneck.
# 4. **Symmetry.** Does the decoder pass every level of the encoder on its way back, and end at the resolution of the input?
#
# In question 3, *joined* means concatenated, added or multiplied. The input image itself doesn't count, because no layer of the encoder made it.
#
# ## Twelve networks
#
# Each of these is small, and built like a well-known family of networks. Note the letters of those that you take for U-Nets.
#
# They take a colour image of 64×64, except **A**, which takes a grey image of 572×572. Each box is the output of a level's last layer. **A** starts with 568×568, because its convolutions have no padding. **D** and **F** shrink the image right away, so their first box is the image itself.

# %% jupyter={"source_hidden": true}
drawings = {
    letter: reports[letter].drawing for letter in "ABCDEF"
}
show(*gallery(drawings))

# %% [markdown]
# **G** shrinks its image right away as well: it cuts it into **tokens**, which means that each square of 4×4 pixels becomes one list of numbers. **I** takes 1,024 samples of sound, and **K** takes a volume, such as a stack of slices.

# %% jupyter={"source_hidden": true}
drawings = {
    letter: reports[letter].drawing for letter in "GHIJKL"
}
show(*gallery(drawings))

# %% jupyter={"source_hidden": true}
Predict(
    "One of them has skips, but its decoder jumps over a level that its encoder has. Which one? Give its letter.",
    answer="F",
    mistakes={
        "G": "Its decoder does jump from 16×16 to 64×64. But its encoder made the same jump, so there is no level in between.",
        "H": "It jumps over two levels, but it has no skips at all.",
        "A": "The sizes in its decoder differ from those in its encoder, but there is a step up for every step down.",
        "K": "Count its boxes: two steps down, two steps up.",
    },
    explain="F's decoder comes up to 16×16 and then jumps to 64×64, although its encoder has a feature map at 32×32.",
)

# %% [markdown]
# A drawing doesn't show everything. In **J**, for example, something does cross from the encoder to the decoder. Here is what its code does at each level:
#
# ```python
# # encoder: keep each maximum, and remember where it was
# x, place = F.max_pool2d(convs(x), 2, return_indices=True)
#
# # decoder: put each value back at that place, with zeros around it
# x = convs(F.max_unpool2d(x, place, [2, 2]))
# ```
#
# Is what crosses here a feature map? That's for you to decide.
#
# ## Exercise 1: which are U-Nets?
#
# Put the four questions to each network, and give the letters of those that pass all four.

# %%
### BEGIN SOLUTION
letters = "ACEGIKL"
### END SOLUTION
exercises.twelve.check(letters)

# %% [markdown]
# ## Read a report
#
# Now let the inspector answer. In its report, point at a box, or move from box to box with the Tab key: which layer is it, and what does it return?

# %%
reports["C"]

# %% [markdown]
# The reasons name layers and sizes, so you can look each of them up in the code. `print` gives you the report as text, for a log file. Here is the one for **F**:

# %%
print(reports["F"])

# %% [markdown]
# **F** meets three criteria. Its decoder comes up to 16×16, and from there the result is stretched to full size in one go. So the encoder's feature map at 32×32 has no counterpart in the decoder. (The report says *bare: ×4 at once*; the word is explained below.) Its skips arrive at two of three levels, which is enough.
#
# **H** jumps as well, but from the bottleneck itself, so no level is left at which a skip could arrive. And **J** sends places across, not values, so it has no skip.
#
# **G** makes the same jump, but in **G** that's fine, because its encoder went from 64×64 to 16×16 in one step as well. No level is left out.
#
# Here are all twelve, with the names of their classes:

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = "".join(f"{'✓' if criterion.met else '·':6}" for criterion in report.criteria)
    print(f"{letter}  {marks}{'U-Net' if report.is_unet else '':7}{report.name}")

# %% [markdown]
# ## How does it know?
#
# The inspector copies the network and runs the copy on an image that has a shape but no values (a *meta* tensor), so almost nothing has to be computed. PyTorch reports what goes into every operation and what comes out (to a `TorchDispatchMode`), and the inspector writes it down.
#
# (If the network asks for a value, as in `if x.max() > 1`, it's run again with real ones.)
#
# Then it works out the level of every feature map. A stride multiplies the width of a cell, up-sampling divides it, and a crop leaves it alone. At 16×16, made from 64×64, a cell is four pixels wide. With the levels known, the four questions can be answered one by one.
#
# There is one more condition for symmetry. If the last step up is an interpolation by *more than 2*, a convolution with a kernel larger than 1×1 has to follow it. Otherwise the step is *bare*: nothing there mirrors the encoder. A last interpolation by 2 is accepted, because it leaves out no level.

# %% jupyter={"source_hidden": true}
Predict(
    "A, the U-Net of 2015, turns 572×572 into 388×388. Does it meet the fourth criterion?",
    answer="yes",
    choices=["yes", "no", "only with padding"],
    mistakes={
        "no": "Its output is smaller than the input, because it says nothing about the border. But how coarse is one of its pixels?",
        "only with padding": "Padding changes how many pixels there are, but does it change how coarse they are?",
    },
    explain="One pixel of its output still stands for one pixel of the image. Symmetry is about resolution, not about size.",
)

# %%
criteria = reports["A"].criteria
for sentence in criteria.symmetry.evidence:
    print(sentence)
print("levels of the encoder:", criteria.downsampling.facts["levels"])
print("levels of the decoder:", criteria.upsampling.facts["levels"])

# %% [markdown]
# The decoder has none of the encoder's *sizes*, but above the bottleneck (level 4) it has all of its *levels*. Size is how many pixels there are, resolution is how fine they are, and the criteria are about resolution.
#
# ## Names prove nothing
#
# Take **B**, which is an autoencoder, and call it a UNet:

# %%
network, shape = networks["B"]


class Renamed(type(network)):
    """An autoencoder, and nothing else."""


Renamed.__name__ = "UNet"
report = inspect_unet(Renamed(3), shape)
print(f"{report.name}: {report.verdict}")
assert not report.is_unet

# %% [markdown]
# ## When a network doesn't run
#
# Many networks don't run when you first meet them, and then there is nothing to judge. Here are three, each with a fault that you know from lesson 4:
#
# - the document's class as it's written,
# - the additive network, on an image of 50×70,
# - the course's own U-Net, made for colour, on a grey image.
#
# Before you run the cell, decide what each report ought to say. The U is drawn up to the place where the network stops.

# %%
for broken, shape in [
    (DocumentUNet(3, 5), (1, 3, 64, 64)),
    (AdditiveUNet(3, 5), (1, 3, 50, 70)),
    (UNet(3, 5, depth=2, base_channels=8), (1, 1, 64, 64)),
]:
    display(inspect_unet(broken, shape))

# %% [markdown]
# Instead of a traceback you get what is missing or where it stops: which layer, at which level, and which sizes would work. Compare the second report with the four questions that lesson 3 asked about such an error.
#
# ## Exercise 2: one line
#
# `Almost` is a network with one line left open: what to do where `x` comes up and `skip` comes across. Both have 16 channels, and the next layer expects 16. (In a notebook, `Almost??` in a cell of its own shows the code.)
#
# Here the line is a function without a name, a `lambda`: it gets `x` and `skip`, returns `x` and drops `skip`, which the report notices:

# %%
inspect_unet(Almost(lambda x, skip: x), (1, 1, 64, 64))


# %%
def meet(x, skip):
    ### BEGIN SOLUTION
    return x + skip
    ### END SOLUTION


exercises.one_line.check(meet)

# %% [markdown]
# ## Fool it
#
# Can you satisfy the inspector without really using the skip? Here are three tricks:

# %%
tricks = {
    "x + 0 * skip": lambda x, skip: x + 0 * skip,
    "x + (skip - skip)": lambda x, skip: x + (skip - skip),
    "x + 1e-9 * skip": lambda x, skip: x + 1e-9 * skip,
}
for name, line in tricks.items():
    print(f"{name:17}", inspect_unet(Almost(line), (1, 1, 64, 64)).verdict)

# %% [markdown]
# The last two fool it. It sees which operations a feature map goes through, so it recognises a multiplication by zero. But it doesn't see values, so it can't know that `skip - skip` is always zero, or that a billionth of the skip is as good as nothing.
#
# (Exercise 2 isn't fooled, because its check sends numbers through your line and looks at the gradient.)
#
# How often is it wrong otherwise? The course's tests have 80 networks with a known verdict, many of them made to be misjudged, and it judges all of them correctly. But it was improved *on* these networks, so that's a training score. The [gallery](../docs/gallery.md) shows its verdicts on 36 public architectures, with the evidence.
#
# ## Exercise 3: one criterion less
#
# Make two networks for a grey image of 64×64: one that lacks *skip connections* and nothing else, and one that lacks *symmetry* and nothing else. Start from `UNet(depth=2, base_channels=4)` both times. For the first, `UNet?` in a cell of its own lists the options. For the second, ask what could follow a whole U-Net. The twelve networks and `Almost` don't count.

# %%
### BEGIN SOLUTION
no_skips = UNet(depth=2, base_channels=4, skip="none")
no_symmetry = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))
### END SOLUTION
exercises.one_mark.check((no_skips, no_symmetry))

# %% [markdown]
# ## Defend your verdict
#
# Somebody wanted to save memory, so their U-Net with four halvings has a skip at one level only. Is it still a U-Net? (`_join` is the method of the course's U-Net that joins `x` and `skip`.)


# %%
class Thrifty(UNet):
    def _join(self, x, skip):
        keep = skip.shape[1] == 32  # the level with 32 channels, and no other
        return torch.cat([skip if keep else x, x], dim=1)


thrifty = inspect_unet(Thrifty(1, 1, depth=4, base_channels=8), (1, 1, 64, 64))
print(thrifty.verdict)
for sentence in thrifty.criteria.skip_connections.evidence:
    print("-", sentence)

# %% [markdown]
# The inspector says no, because one of four levels is less than half. With two skips it would say yes. But *half* is a choice that somebody made: with fewer, most levels have no skip. (So by this rule lesson 3's network, with one skip for three levels, isn't a U-Net either.)
#
# You may draw the line elsewhere, as long as you say where and why. If two people go through the criteria one by one, they may still disagree, but at least they know about what.
#
# ## Try your own
#
# Put in any `torch.nn.Module`, yours or a library's, with the shape of its input. (If it takes two inputs, as diffusion networks do, give two shapes, or two tensors.) If it doesn't run, the report says where it stops.
#
# ```python
# from my_project.models import Net
# inspect_unet(Net(), (1, 3, 256, 256))
# ```

# %%
mine = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
inspect_unet(mine, (1, 3, 64, 64))

# %% [markdown]
# Does this little network deserve its tick for symmetry? It has a single level to come back to, and its last step is an interpolation by 2, so by the rule above it does. It still isn't a U-Net.
#
# The inspector runs a copy, so your own network stays exactly as it was:

# %%
network, shape = networks["L"]
before = {name: value.clone() for name, value in network.state_dict().items()}
inspect_unet(network, shape)
assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
assert all(module.training for module in network.modules())
print("every weight, every running mean and every layer's mode: as before")

# %% [markdown]
# ## Read the document again
#
# - [*How do you know if it's U-Net?*](../docs/the_document.md#four-criteria) By its four criteria, once you've said how many skips are enough, and whether "symmetric" is about sizes or about levels.
# - "The encoder and decoder paths [typically have the same number of layers](../docs/the_document.md#same-number)." It's the levels that count. A level may have two convolutions or ten, as long as the decoder passes the same resolutions.
# - Feature maps are [usually doubled or halved](../docs/the_document.md#doubled). *Usually* is right: **I** has 8, 16 and 24 channels, and it's a U-Net.
# - It says that a skip [concatenates](../docs/the_document.md#skip-connection), but its own layers only fit addition. The criterion accepts both: **C** and **L** add.
#
# ## Recap
#
# - All four questions are about levels. Neither names nor sizes decide.
# - A verdict without evidence is just an opinion, so give the layers and sizes along with it.
# - Every tool has limits. This one sees which operations feature maps go through, but not their values.
#
# Next: [**8 · Larger than memory**](08_larger_than_memory.ipynb). An image of 10,000×10,000 doesn't fit. Or does it?
