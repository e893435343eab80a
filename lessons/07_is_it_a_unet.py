# %% [markdown]
# # 7 · Is it a U-Net?
#
# **After this lesson you can**
# - say of any network whether it's a U-Net, and give your reasons,
# - read the inspector's report, for networks that run and for networks that don't,
# - name what the inspector cannot see.
#
# *30 minutes. You need lessons 0 to 4.*
#
# ![Six of the twelve networks of this lesson, drawn by the inspector. Some are shaped like a U, with dashed skips across; others lack a skip or a step up.](../docs/images/lesson_7.png)
#
# In lesson 0 somebody showed you 900 lines and said, "It's a U-Net." Now you know the criteria, you've built each of them, and you've seen what they're good for. But nobody reads 900 lines to check four criteria. That's what the course's **inspector** is for. First you'll guess, then you'll let it look, and then you'll try to fool it.

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
# ## Twelve networks
#
# Each is small, and built like a well-known family of networks. Their input is a colour image of 64×64, with three exceptions: **A** takes a grey image of 572×572, **I** 1,024 samples of sound, and **K** a volume.
#
# A box is the output of the last layer of a level. **A** starts with 568×568, because its two convolutions have no padding. **D**, **F** and **G** shrink the image at once, so their first box is the image itself. **G** cuts it into **tokens**: each square of 4×4 pixels becomes one row of numbers.

# %% jupyter={"source_hidden": true}
show(*gallery({letter: report.drawing for letter, report in reports.items()}))

# %% jupyter={"source_hidden": true}
Predict(
    "One of them has skips, but its decoder jumps over a level that its encoder has. Which letter?",
    answer="F",
    mistakes={
        "G": "It jumps from 16×16 to 64×64, yes. But its encoder had no feature map in between.",
        "H": "It jumps over two sizes, and has no skip.",
        "A": "Its sizes differ from those of the encoder. But every step down has its step up.",
        "K": "Count its boxes: two steps down, two steps up.",
    },
    explain="F comes up to 16×16 and jumps to 64×64, and its encoder had a feature map at 32×32.",
)

# %% [markdown]
# A drawing doesn't show everything. This prints the code of **J**, with the paper that its idea comes from:
#
# ```python
# from inspect import getsource
# kind = type(networks["J"][0])
# print(getsource(kind))
# ```
#
# ## Exercise 1: which are U-Nets?
#
# Name the letters before anybody tells you.

# %%
### BEGIN SOLUTION
letters = "ACEGIKL"
### END SOLUTION
exercises.twelve.check(letters)

# %% [markdown]
# ## Read a report
#
# Point at a box, or move from box to box with the Tab key: which layer is it, and what does it return?

# %%
reports["C"]

# %% [markdown]
# Its reasons name layers and sizes, so you can look them up in the code. `print` gives the whole report as text, for a log file. Here is that of **F**:

# %%
print(reports["F"])

# %% [markdown]
# **F** meets three criteria. Its decoder comes up to 16×16, a quarter of the height, and is then stretched to full size in one go, without any layer that could use the detail. And the encoder's feature map at 32×32 has no partner.
#
# **G** makes the same jump, and that's fine: its encoder also went from 64×64 to 16×16 in one step, so no level is left out.
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
# It copies the network and sends an image through that has a shape but no values. Nothing is computed unless the network asks for a value, as in `if x.max() > 1`; then it is run with values. For every operation PyTorch has to say what goes in and what comes out, and the inspector writes that down.
#
# Then it asks of each feature map how *coarse* it is: how many input pixels is one step? At 16×16, made from 64×64, it's four. A stride multiplies this number, up-sampling divides it, and a crop doesn't change it. It tells the level, and the four questions are about levels:
#
# 1. Does a path lead to a coarser level?
# 2. Does it lead back to a finer one?
# 3. At half of the levels or more: is a feature map that was *never* coarser than its level joined with one that was?
# 4. Does the decoder pass each level of the encoder, with layers and not by one bare enlargement, and end at the resolution of the image?

# %% jupyter={"source_hidden": true}
Predict(
    "A, the U-Net of 2015, turns 572×572 into 388×388. Does it meet the fourth criterion?",
    answer="yes",
    choices=["yes", "no", "only with padding"],
    mistakes={
        "no": "Its output is smaller, because it says nothing about the border. But how coarse is one of its pixels?",
        "only with padding": "Padding changes how many pixels there are. Does it change how coarse they are?",
    },
    explain="One pixel of its output is still one pixel of the image. Symmetry is about resolution, not about size.",
)

# %%
criteria = reports["A"].criteria
for sentence in criteria.symmetry.evidence:
    print(sentence)
print("levels of the encoder:", criteria.downsampling.facts["levels"])
print("levels of the decoder:", criteria.upsampling.facts["levels"])

# %% [markdown]
# None of the decoder's sizes occurs in the encoder, but above the bottleneck (level 4) the levels are the same. *Size* is how many pixels, *resolution* is how fine they are, and the criteria are about resolution.
#
# ## Names prove nothing
#
# Take **B**, the autoencoder, and call it whatever you like:

# %%
network, shape = networks["B"]
Renamed = type("UNet", (type(network),), {})
report = inspect_unet(Renamed(3), shape)
print(f"{report.name}: {report.verdict}")
assert not report.is_unet

# %% [markdown]
# ## When a network doesn't run
#
# Many networks don't run when you first meet them. Here are three, each with a fault that you know from lesson 4:
#
# - the document's class as written,
# - the additive one, on an image of 50×70,
# - the course's own, made for colour, on a grey image.
#
# Before you run the cell, say what each report will say. The U is drawn up to the place where the network stops.

# %%
for broken, shape in [
    (DocumentUNet(3, 5), (1, 3, 64, 64)),
    (AdditiveUNet(3, 5), (1, 3, 50, 70)),
    (UNet(3, 5, depth=2, base_channels=8), (1, 1, 64, 64)),
]:
    display(inspect_unet(broken, shape))

# %% [markdown]
# Not a traceback, but what is missing, or where it stops: which layer, which level, and which sizes would work. Compare the second report with the four questions of lesson 3.
#
# ## Exercise 2: one line
#
# `Almost` is a network with one open line: what happens where `x` comes up and `skip` comes across. Both have 16 channels, and the next layer takes 16. (`Almost??` in a cell of its own shows the code.) As it is here, the line returns `x` and forgets `skip`:

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
# The check of that exercise knows something that the inspector doesn't:

# %%
fooled = inspect_unet(Almost(lambda x, skip: x + (skip - skip)), (1, 1, 64, 64))
print(fooled.verdict)

# %% [markdown]
# The two feature maps do meet. Only their *values* show that nothing but zeros arrives, and the inspector looks at shapes. Every tool that judges has limits, and this is one of them. (Exercise 2 sends numbers through your line and looks at the gradient.)
#
# ## Exercise 3: one criterion less
#
# Make two networks for one grey image. One lacks *skip connections* and nothing else, the other *symmetry* and nothing else. Start from `UNet(depth=2, base_channels=4)`; `UNet?` in a cell of its own lists its options. The twelve networks and `Almost` don't count.

# %%
### BEGIN SOLUTION
no_skips = UNet(depth=2, base_channels=4, skip="none")
no_symmetry = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))
### END SOLUTION
exercises.one_mark.check((no_skips, no_symmetry))

# %% [markdown]
# ## Defend your verdict
#
# A U-Net with four halvings has a skip at one level only, because somebody wanted to save memory. Is it one? (`_join` is the method of the course's U-Net that joins `x` and `skip`.)


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
# The inspector says no: one of four levels is less than half. With two it would say yes. *Half* is a choice: with fewer, most levels have no skip. You may draw the line elsewhere; then say where, and why. Two people who check the criteria one by one can disagree about a verdict and still know exactly what they disagree about.
#
# ## Try your own
#
# Put any `torch.nn.Module` here, yours or a library's, with the shape of its input. For two inputs give two shapes, or tensors. If it doesn't run, the report says where.
#
# ```python
# from my_project.models import Net
# inspect_unet(Net(), (1, 3, 256, 256))
# ```

# %%
mine = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
inspect_unet(mine, (1, 3, 64, 64))

# %% [markdown]
# Your network stays as it was, because the inspector runs a copy:

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
# - [*How do you know if it's U-Net?*](../docs/the_document.md#four-criteria) By its four criteria, once you've said how many skips are enough, and whether symmetric means sizes or levels.
# - "The encoder and decoder paths [typically have the same number of layers](../docs/the_document.md#same-number)." What counts is levels: two convolutions or ten, as long as the decoder passes the same resolutions.
# - Feature maps are [usually doubled or halved](../docs/the_document.md#doubled). *Usually*: **I** has 8, 16 and 24, and is a U-Net.
# - It says that a skip [concatenates](../docs/the_document.md#skip-connection), but its own layers fit addition. For the criterion that makes no difference: **C** and **L** add.
#
# ## Recap
#
# - All four questions start from *how coarse* a feature map is; neither names nor sizes decide.
# - A verdict comes with its evidence, or it's just an opinion.
# - A tool has limits: this one sees that feature maps meet, not what arrives.
#
# Next: [**8 · Larger than memory**](08_larger_than_memory.ipynb). An image of 10,000×10,000 doesn't fit. Or does it?
