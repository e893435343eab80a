# %% [markdown]
# # 0 · How do you know if it's a U-Net?
# *20 minutes. You will know the four marks by sight, and how this course works.*
#
# Somebody shows you a network. "It is a U-Net", they say. The file is 900 lines long. Is it?
#
# It matters. A U-Net is made to give an answer for each pixel: is it tumour, road, cell? The first Stable Diffusion, which paints
# pictures from text, has one at its heart. If it is one, you know what to expect of it, and where to look when it goes wrong.
#
# There is a one-page note that says how to tell. We call it *the document*, and quote its sentences where we judge them. It names four
# marks:
#
# 1. **Down-sampling layers**: the map becomes smaller.
# 2. **Up-sampling layers**: it becomes larger again.
# 3. **Skip connections**: bridges from the way down to the way up.
# 4. **Symmetric architecture**: for each step down there is a step up.
#
# The next four lessons take one mark each. You will also find that the document is wrong in places. You will find them yourself,
# and that is how you will know that you have understood it.

# %% [markdown]
# ## Does everything work here?
#
# This is a notebook: text and code in cells. Click into the next cell and press **Shift + Enter** to run it. Sliders should
# appear below it.

# %%
from unet_teach.widgets import ConvExplorer

explorer = ConvExplorer(input_size=6, kernel_size=3)
explorer

# %% [markdown]
# It is called a widget. Move a slider, point at a square. What it shows does not matter yet: you meet it in lesson 1. Now let the
# course look at itself:

# %% tags=["nbval-ignore-output"]
from unet_teach import self_test

self_test(explorer)

# %% [markdown]
# A ✕ says what to do: after a Run All, run this cell once more. Ticks all the way? Then go on.
#
# If a widget ever says *model not found*, the kernel that drew it is gone: run the widget's cell again. If a cell keeps its `[*]` for ever and nothing
# answers any more, not even the stop button, choose **Kernel → Restart Kernel…** in the menu, change that cell, and run the cells again
# from the top: nothing you have solved is lost.
#
# ## Six networks
#
# Here are six small networks as pictures. Read each from left to right: a box is a *feature map*, the picture on its way
# through the network. Beside it stands its size: *down* on the page means smaller. In it stands the number of its *channels*: a
# colour photograph has three, red, green and blue.
#
# Blue boxes with sharp corners come before anything is made larger again, even if nothing has become smaller, as in **C**. Round green
# ones come after. A bold box is the lowest of its network. A dashed line is a bridge: it carries a feature map past some layers.

# %%
from unet_teach import exercises, inspect_unet, progress
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.six_networks import six_networks
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

networks = six_networks()
reports = {letter: inspect_unet(network, (1, 1, 64, 64)) for letter, network in networks.items()}

# %%
show(*gallery({letter: report.drawing for letter, report in reports.items()}))

# %% jupyter={"source_hidden": true}
Predict(
    "Guess, before anything is explained: how many of the six are U-Nets?",
    answer=2,
    mistakes={
        1: "One is drawn like in the books. Another has the same shape, and other numbers and signs in it.",
        3: "Take your third: is there a down, an up, a bridge, and a step up for each step down?",
        6: "Then the word would mean nothing. Look for one that never goes down.",
    },
    explain="A wrong guess is worth more than none: you will remember what it missed.",
)

# %% [markdown]
# ## Tick them off
#
# A verdict without reasons is worth little. So take the marks one by one, for each picture:
#
# - **Down?** Follow the boxes. Does the path sink?
# - **Up?** Does it rise again?
# - **Bridges?** Does a dashed line cross from the left arm to the right?
# - **Symmetric?** Does the right arm pass each size of the left one?
#
# The arms have names. The left one is the *encoder*, the right one the *decoder*, and the lowest box, where one becomes the other, is
# the *bottleneck*.

# %% [markdown]
# ## How an exercise works
#
# You write an answer, the *check* says what it found. It knows many wrong answers by name, so a wrong one is worth giving. Try it: a
# picture of 96×96 goes in, and at the bottom of the U its map is 12×12. How often was it halved?
#
# Put **8** in place of the dots first, and run the cell. Read what it says. Then look at the first hint, in the cell below it. Then answer.

# %%
### BEGIN SOLUTION
times = 3
### END SOLUTION
exercises.halvings.check(times)

# %% tags=["nbval-ignore-output"]
exercises.halvings.hint()

# %% [markdown]
# There are at least three hints in each exercise. The first is open from the start, and each *different* attempt opens one more. After two
# different attempts `exercises.halvings.solution()` shows a solution. Attempts are noted, but only in a file on this machine: nothing is
# sent anywhere.
#
# ## Which are U-Nets?
#
# Now for good. Name the letters as a text, such as `"BF"`.

# %%
### BEGIN SOLUTION
letters = "AE"
### END SOLUTION
exercises.unets.check(letters)

# %% [markdown]
# ## Let the machine judge
#
# This course brings an inspector, which has drawn the pictures above. It follows a picture through a network and looks for the
# four marks. Names do not impress it. (If you want to answer the exercise on your own, do so before you run this cell.)

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = ["✓" if mark.met else "·" for mark in report.criteria]
    print(f"{letter}  " + "".join(f"{mark:6}" for mark in marks) + ("U-Net" if report.is_unet else ""))

assert [letter for letter, report in reports.items() if report.is_unet] == ["A", "E"], "the text below says two"

# %% [markdown]
# Two of six. Each of the others lacks a mark or more, and is a respectable network all the same:
#
# - **B** is an *autoencoder*: down and up, but all that the top learns of the picture has to pass the bottom.
# - **C** is a *residual network*: its bridges help it to learn, but it always looks from close by. It has no arms that could be
#   symmetric.
# - **D** is made in the manner of FCN-32s, a *fully convolutional network*: it goes down in three steps and comes up in one leap. (A U-Net
#   is fully convolutional as well: the words only say that a network has no layer tied to one size of image.)
# - **F** is a *classifier*: one answer for the whole picture, so there is no need to come up.
#
# **A** and **E** differ in their layers, and in how a skip joins: A concatenates the two maps along the channels, E adds them. Lesson 3
# shows what that changes. The U is the same.
#
# ## Where you are
#
# `progress()` shows it at any time. What you solve stays solved when you close the notebook: it is kept in a file on this
# machine. (In Binder the machine is only lent to you: when your session ends, the file is gone.) If an instructor asks for it, `exercises.export("my_name.csv")` writes one, and you decide whom you give it to.

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown]
# Words that are new to you stand in the [glossary](../docs/glossary.md).
#
# ## Recap
#
# - Four marks: down, up, across, symmetric. If one is missing, it is no U-Net. (How many bridges are enough, lesson 7 asks.)
# - Names prove nothing, and verdicts need reasons: tick the marks off.
# - A wrong answer is welcome here: the check says what it gets wrong.
#
# Next: **1 · Down-sampling**, and the one line that halves a picture.
