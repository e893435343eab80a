# %% [markdown]
# # 7 · Is it a U-Net?
# *30 minutes. You will be able to say of any network whether it is a U-Net, to give your reasons, and to read a report that gives its own.*
#
# In lesson 0 somebody showed you a network. "It is a U-Net", they said. Nine hundred lines. You know the marks now, you have built each
# of them, and you have seen what they are good for. But nobody reads nine hundred lines to find four marks.
#
# So this course brings an *inspector*. You will guess first, then let it look, then try to fool it.

# %%
import torch
from torch import nn

from unet_teach import UNet, exercises, inspect_unet
from unet_teach.document import AdditiveUNet, DocumentUNet
from unet_teach.figures import show
from unet_teach.inspection.diagram_figure import gallery
from unet_teach.specimens import Almost, twelve_networks
from unet_teach.widgets import Predict

torch.manual_seed(0)
networks = twelve_networks()
reports = {letter: inspect_unet(*pair) for letter, pair in networks.items()}

# %% [markdown]
# ## Twelve networks
#
# Each is small, and made in the manner of a well-known family. What goes in is a photograph, but for three: **A** takes a grey picture
# of 572×572, **I** a second of sound, **K** a volume.

# %%
show(*gallery({letter: report.drawing for letter, report in reports.items()}, columns=4))

# %% jupyter={"source_hidden": true}
Predict(
    "How many of the twelve are U-Nets?",
    answer=7,
    slips={
        5: "Are there two without photographs that you left out?",
        6: "One that you left out has all four marks. Adding, cropping, tokens?",
        8: "One too many: does each step down have its step up?",
        12: "Then the word would mean nothing.",
        1: "The family is larger than the one network of 2015.",
    },
)

# %% [markdown]
# A picture shows what it shows. If you want to see code, every class stands in `unet_teach.specimens`, each with the paper it comes from:
# `specimens.SegNet??` in a cell of its own prints one. (Import `specimens` first.)
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
# Its reasons name layers and sizes, so you can check each in the code. The same as text, as in a log file:

# %%
print(reports["F"])

# %% [markdown]
# **F** has three marks. It comes up to a quarter of the height, and there it is stretched to full size in one go. For detection that is
# enough. For the outline of a cell it is not: the map of 32×32 has no partner.

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = "".join(f"{'✓' if mark.met else '·':6}" for mark in report.criteria)
    print(f"{letter}  {marks}{'U-Net' if report.is_unet else ''}")

# %% [markdown]
# ## How does it know?
#
# It makes a copy of the network and sends a picture through that has a shape and no values. Nothing is computed. But PyTorch has to
# say of each operation what it takes and what it makes, and that is written down.
#
# Then it asks how *coarse* each map is: how many pixels of the picture is one step? A stride multiplies this number, up-sampling
# divides it. A crop leaves it alone. The number tells the level, and the four questions are about levels:
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
    slips={
        "no": "Its answer is smaller: it says nothing about the rim. But how large is one of its cells?",
        "only with padding": "Padding changes how many cells there are. Does it change how coarse they are?",
    },
)

# %%
for sentence in reports["A"].criteria.symmetry.evidence:
    print(sentence)

# %% [markdown]
# One cell of the answer is one pixel of the picture: level 0. *Size* is how many cells, *resolution* is how fine. The marks are about
# resolution.
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
# Most networks that people ask about are broken. Three of them, and what you know from the lessons:
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
    print(f"{inspect_unet(broken, shape)}\n")

# %% [markdown]
# Not a traceback, but a place: which layer, which level, which sizes would do. Compare the second with the four questions of lesson 3.
#
# ## Exercise 2: one line
#
# `Almost` is a network with one line left open: what to do where `x` comes up and `skip` comes across. As it is here, it does nothing.

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
fooled = inspect_unet(Almost(lambda x, skip: x + 0 * skip), (1, 1, 64, 64))
print(fooled.verdict)

# %% [markdown]
# The maps *meet*. That zero arrives, only values show, and the inspector looks at shapes. A tool that judges has limits, and you should
# know them: this is one. (The exercises send a real picture and look at the gradient. That takes longer.)
#
# ## Exercise 3: one mark less
#
# Make a network for one grey picture that lacks *exactly one* mark. Yours, or one of the course's with an option changed.

# %%
### BEGIN SOLUTION
network = UNet(depth=2, base_channels=4, skip="none")
### END SOLUTION
exercises.one_mark.check(network)

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
# The inspector says no: one of four levels is less than half. With two it would say yes. *Half* is a choice; its reason is that with
# fewer, most of what the encoder saw passes the bottom alone. You may draw the line elsewhere. Then say where, and why: two people who tick
# the marks off can disagree about a verdict and still know exactly about what.

# %% [markdown]
# ## Bring your own
#
# Any `torch.nn.Module`, yours or a library's: put it here, with the shape of what it takes. Two inputs? Give two shapes, or tensors.
#
# ```python
# from my_project.models import Net
# inspect_unet(Net(), (1, 3, 256, 256))
# ```

# %%
mine, shape = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Upsample(scale_factor=2)), (1, 3, 64, 64)
inspect_unet(mine, shape)

# %% [markdown]
# ## Read the document again
#
# - Its question was: *How do you know if it's U-Net?* Its four marks are enough: they told twelve networks apart.
# - "The encoder and decoder paths typically have the same number of *layers*." It is levels that count: two convolutions or ten, as long as the
#   resolutions are met again.
# - "Feature maps are usually doubled or halved." *Usually*: **I** has 8, 16, 24, and is one.
# - It never says *concatenate or add*. It need not.

# %% [markdown]
# ## Recap
#
# - Four marks, all of them about *how coarse* a map is; neither names nor sizes decide.
# - A verdict comes with its evidence, or it is an opinion.
# - A tool has limits: this one sees that maps meet, not what arrives.
#
# Next: **8 · Larger than memory**. A picture of 10,000×10,000 does not fit. Or does it?
