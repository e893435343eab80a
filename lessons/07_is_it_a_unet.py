# %% [markdown]
# # 7 · Is it a U-Net?
# *45 minutes. You will be able to say of any network whether it is a U-Net, to give your reasons, and to read a report that gives its own.*
#
# In lesson 0 somebody showed you a network. "It is a U-Net", they said. Nine hundred lines. You know the marks now, you have built each
# of them, and you have seen what they are good for. But nobody reads nine hundred lines to find four marks.
#
# So this course brings an *inspector*. You will guess first, then let it look, then try to fool it.

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
# Each is small, and made in the manner of a well-known family. What goes in is a photograph of 64×64, but for three: **A** takes a
# grey picture of 572×572, **I** 1,024 samples of sound, **K** a volume.
#
# A box is what the last layer of its level makes: **A** begins with 568×568, since its two convolutions have no padding. **D**, **F**
# and **G** shrink the picture at once, so their first box is the picture itself. **G** cuts it into *tokens*: each square of 4×4
# pixels becomes one row of numbers.

# %%
show(*gallery({letter: report.drawing for letter, report in reports.items()}))

# %% jupyter={"source_hidden": true}
Predict(
    "One of them has bridges, and its way up leaps over a size where its way down had a map. Which letter?",
    answer="F",
    mistakes={
        "G": "It leaps from 16×16 to 64×64, yes. But its way down had no map in between.",
        "H": "It leaps over two sizes, and has no bridge.",
        "A": "Its sizes are others than on the way down. But each step down has its step up.",
        "K": "Count its boxes: two steps down, two steps up.",
    },
    explain="F comes up to 16×16 and leaps to 64×64, and its encoder had a map of 32×32.",
)

# %% [markdown]
# A picture does not show everything. The code of **J**, with the paper that its idea comes from:
#
# ```python
# from inspect import getsource
# print(getsource(type(networks["J"][0])))
# ```
#
# ## Exercise 1: which?
#
# Name the letters, before anybody tells you.

# %%
### BEGIN SOLUTION
letters = "ACEGIKL"
### END SOLUTION
exercises.twelve.check(letters)

# %% [markdown]
# ## Let it look
#
# Here is a report. Point at a box, or go from box to box with the Tab key: which layer is it, what does it make?

# %%
reports["C"]

# %% [markdown]
# Its reasons name layers and sizes, so you can check each in the code. It shows one a mark, the small triangles open the others.
# Here are all of them as text, as for a log file, of another network:

# %%
print(reports["F"])

# %% [markdown]
# **F** has three marks. It comes up to 16×16, a quarter of the height, and is stretched to full size in one go. Its map of 32×32
# has no partner.
#
# **G** makes the same leap, and may: it also went *down* from 64×64 to 16×16 in one step. It leaps over no level that it had visited.
#
# All twelve, with the names of their classes:

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = "".join(f"{'✓' if mark.met else '·':6}" for mark in report.criteria)
    print(f"{letter}  {marks}{'U-Net' if report.is_unet else '':7}{report.name}")

# %% [markdown]
# ## How does it know?
#
# It makes a copy of the network and sends a picture through that has a shape and no values. Nothing is computed, unless the network asks for
# a value, as in `if x.max() > 1`: then it is run with values. Either way PyTorch has to say of each operation what it takes and what it makes,
# and that is written down.
#
# Then it asks how *coarse* each map is: how many pixels of the picture is one step in it? For 16×16 made of 64×64, it is four. A
# stride multiplies this number, up-sampling divides it. A crop leaves it alone. The number tells the level, and the four questions
# are about levels:
#
# 1. Does a path lead to a coarser level?
# 2. Does it lead back to a finer one?
# 3. Does a map that was *never* coarser than its level meet one that was? At half of the levels, or more?
# 4. Does the way up pass each level of the way down, and end where the picture is?

# %% jupyter={"source_hidden": true}
Predict(
    "A, the U-Net of 2015, answers a picture of 572×572 with 388×388. Is its fourth mark there?",
    answer="yes",
    choices=["yes", "no", "only with padding"],
    mistakes={
        "no": "Its answer is smaller: it says nothing about the rim. But how large is one of its cells?",
        "only with padding": "Padding changes how many cells there are. Does it change how coarse they are?",
    },
    explain="Its output is smaller, but one of its cells still is one pixel of the image. Symmetry is about resolution.",
)

# %%
marks = reports["A"].criteria
for sentence in marks.symmetry.evidence:
    print(sentence)
print("levels down:", marks.downsampling.facts["levels"])
print("levels up:  ", marks.upsampling.facts["levels"])

# %% [markdown]
# None of these sizes is one of the way down, but the levels are the same. One cell of the answer is one pixel of the picture: level
# 0. *Size* is how many cells, *resolution* is how fine. The marks are about resolution.
#
# ## Names prove nothing
#
# Take **B**, the autoencoder, and call it what you like.

# %%
network, shape = networks["B"]
Renamed = type("UNet", (type(network),), {})
report = inspect_unet(Renamed(3), shape)
print(f"{report.name}: {report.verdict}")
assert not report.is_unet

# %% [markdown]
# And the user's network stays as it was: the copy was run, not the original.

# %%
network, shape = networks["L"]
before = {name: value.clone() for name, value in network.state_dict().items()}
inspect_unet(network, shape)
assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
assert network.training
print("every weight, every running mean and the mode: as before")

# %% [markdown]
# ## When it does not run
#
# Many networks do not run when you meet them. Three of them, and what you know from the lessons:
#
# - the document's class as written;
# - the additive one, on a picture of 50×70;
# - the course's own, made for colour, on a grey picture.
#
# **Predict** what each report will say before you run the cell.

# %%
for broken, shape in [
    (DocumentUNet(3, 5), (1, 3, 64, 64)),
    (AdditiveUNet(3, 5), (1, 3, 50, 70)),
    (UNet(3, 5, depth=2, base_channels=8), (1, 1, 64, 64)),
]:
    display(inspect_unet(broken, shape))

# %% [markdown]
# Not a traceback, but what is missing, or a place: which layer, which level, which sizes would do. Compare the second with the four questions of lesson 3.
#
# ## Exercise 2: one line
#
# `Almost` is a network with one line left open: what to do where `x` comes up and `skip` comes across. Both have 16 channels, and the
# next layer takes 16. `Almost??` in a cell of its own shows the code. As it is here, the line hands on `x` and forgets `skip`:

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
# The check of that exercise knows something that the inspector does not. Look:

# %%
fooled = inspect_unet(Almost(lambda x, skip: x + (skip - skip)), (1, 1, 64, 64))
print(fooled.verdict)

# %% [markdown]
# The maps *meet*. That only zeros arrive, values show, and the inspector looks at shapes. A tool that judges has limits, and you
# should know them: this is one. (Exercise 2 sends numbers through your line and looks at the gradient.)
#
# ## Exercise 3: one mark less
#
# Make two networks for one grey picture. One lacks its *skips* and nothing else, the other its *symmetry* and nothing else. Start from
# `UNet(depth=2, base_channels=4)`; `UNet?` in a cell of its own lists its options. The twelve and `Almost` do not count.

# %%
### BEGIN SOLUTION
no_skips = UNet(depth=2, base_channels=4, skip="none")
no_symmetry = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))
### END SOLUTION
exercises.one_mark.check((no_skips, no_symmetry))

# %% [markdown]
# ## Defend your verdict
#
# A U-Net of four halvings, and a skip at one level only. Somebody saved memory. Is it one?


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
# The inspector says no: one of four levels is less than half. With two it would say yes. *Half* is a choice: with fewer, more
# levels go without a bridge than with one. You may draw the line elsewhere. Then say where, and why: two people who tick the marks off
# can disagree about a verdict and still know exactly about what.

# %% [markdown]
# ## Bring your own
#
# Any `torch.nn.Module`, yours or a library's: put it here, with the shape of what it takes. Two inputs? Give two shapes, or tensors.
# Does it not run? The report says where, as for the three above.
#
# ```python
# from my_project.models import Net
# inspect_unet(Net(), (1, 3, 256, 256))
# ```

# %%
mine = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
inspect_unet(mine, (1, 3, 64, 64))

# %% [markdown]
# ## Read the document again
#
# - Its question was: *How do you know if it's U-Net?* By its four marks, if you say how many skips are enough, and whether
#   symmetric means sizes or levels.
# - "The encoder and decoder paths typically have the same number of *layers*." It is levels that count: two convolutions or ten, as long as the
#   resolutions are met again.
# - "Feature maps are usually doubled or halved." *Usually*: **I** has 8, 16, 24, and is one.
# - It says that a skip *concatenates*, but its own layers fit adding. For the mark it makes no difference: **C** and **L** add, and are U-Nets.

# %% [markdown]
# ## Recap
#
# - Four marks, all of them about *how coarse* a map is; neither names nor sizes decide.
# - A verdict comes with its evidence, or it is an opinion.
# - A tool has limits: this one sees that maps meet, not what arrives.
#
# Next: **8 · Larger than memory**. A picture of 10,000×10,000 does not fit. Or does it?
