# %% [markdown]
# # 0 · How do you know if it's a U-Net?
#
# **After this lesson you can**
# - name the four criteria, and check a drawing of a network against each of them,
# - follow how the size of a feature map changes on its way through a network,
# - work with the widgets, checks and hints of this course.
#
# *20 minutes. You need Python, and a rough idea of what a neural network is.*
#
# ![A microscope photo goes in on the left. Its feature maps shrink from 128×128 to 16×16 and grow back, with three skip connections across. A mask of the nuclei comes out on the right.](../docs/images/lesson_0.svg)

# %% [markdown]
# This is a U-Net at work: for every pixel of the photo it answers one question, *does this belong to a cell nucleus?* That is called **segmentation**. Other U-Nets look for tumours, roads or rain, and the first Stable Diffusion, which makes images from text, has one at its heart.
#
# They also make characteristic mistakes. This network merges two nuclei that touch, and misses the rim of a faint one:
#
# Each row of three is the photo, the **target** (what an expert marked) and the **prediction** (what the network says). An image of 0 and 1 like these two is called a **mask**.
#
# ![Two cut-outs, each as photo, target and prediction. In the first, two touching nuclei became one. In the second, part of a faint nucleus is missing.](../docs/images/lesson_0_errors.svg)
#
# By the end of this course you can explain both, train such a network in a minute, and take it apart.

# %% [markdown]
# ## Four criteria
#
# Now somebody shows you 900 lines of code and says, "It's a U-Net." Is it? If it is, you know what to expect of it, and where to look when it goes wrong. A one-page note, [the document](../docs/the_document.md), names four criteria:
#
# 1. **Down-sampling layers** make the feature map smaller.
# 2. **Up-sampling layers** make it larger again.
# 3. **Skip connections** carry feature maps directly from the first half to the second.
# 4. **Symmetric architecture**: for every step down there is a step up.
#
# The next four lessons take one criterion each, and follow the document's code. Some of its claims are wrong. You'll find out which, and that's how you know that you've understood it.

# %% [markdown]
# ## Does everything work?
#
# This is a notebook: text and code in cells. Click into the next cell and press **Shift + Enter** to run it. A drawing with sliders should appear below it.

# %%
from unet_teach.widgets import ConvExplorer

explorer = ConvExplorer(input_size=6, kernel_size=3)
explorer

# %% [markdown]
# This is a **widget**. Move a slider, or point at a square; lesson 1 explains what it shows. Now let the course check itself:

# %% tags=["nbval-ignore-output"]
from unet_teach import self_test

self_test(explorer)

# %% [markdown]
# A ✕ comes with what to do about it. (If you ran all cells at once, run this one again.)
#
# *If something gets stuck later:* when a widget says *model not found*, the kernel that drew it is gone, so run its cell again. When a cell keeps its `[*]` and not even ■ stops it, choose **Kernel → Restart Kernel…** in the menu, change that cell, and run the cells
# from the top: nothing you have solved is lost. After a restart the kernel knows nothing of the cells above. If you see *NameError* or *This cell needs …*, choose **Run → Run All Above Selected Cell**, then run your cell again.

# %% [markdown]
# ## Six networks
#
# Each drawing shows one network, read from left to right. A box is a **feature map**: what the image has become at this point. The labels at each box are the size of the feature map and how many **channels** it has, such as *8 ch* (a colour photo has three: red, green and blue). Boxes
# further down the page are smaller.
#
# The boxes that lead down are the **encoder** (blue, square), those that lead up the **decoder** (green, rounded), and the smallest one, where they meet, is the **bottleneck**. A dashed line is a shortcut; it counts as a skip connection only if it leads from the encoder to the decoder. Boxes stay blue until something grows again: in **C** nothing shrinks or grows, so all of them are blue.

# %%
from unet_teach import exercises, inspect_unet, progress
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.six_networks import six_networks
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

networks = six_networks()
reports = {letter: inspect_unet(network, (1, 1, 64, 64)) for letter, network in networks.items()}
show(*gallery({letter: report.drawing for letter, report in reports.items()}))

# %% jupyter={"source_hidden": true}
Predict(
    "Make a guess before you check them: how many of the six are U-Nets?",
    answer=2,
    mistakes={
        1: "One looks as in the textbooks. Another has the same shape, with other numbers and other signs in it.",
        3: "Check your third: does it go down, come up, have a skip, and a step up for every step down?",
        6: "Then the word wouldn't mean anything. Look for one that never gets smaller.",
    },
    explain="Each of the other four lacks at least one criterion.",
)

# %% [markdown]
# ## Check them one by one
#
# A verdict is worth little without reasons. Go through the four criteria for each drawing:
#
# - **Down-sampling?** Does the path go down?
# - **Up-sampling?** Does it come up again?
# - **Skip connections?** Does a dashed line lead from the encoder to the decoder?
# - **Symmetric?** Does the decoder pass each size of the encoder?

# %% [markdown]
# ## How an exercise works
#
# You write an answer, and the **check** tells you what it found. It recognises many typical mistakes, so a wrong answer teaches you something. Try it: a 96×96 image goes in, and at the bottleneck its feature map is 12×12. How many times was it halved?
#
# The number of halvings is called the network's **depth**. First put **8** in place of the dots and run the cell. Read the reply, look at the first hint in the cell below, and then give the right answer.

# %%
### BEGIN SOLUTION
times = 3
### END SOLUTION
exercises.halvings.check(times)

# %% tags=["nbval-ignore-output"]
exercises.halvings.hint()

# %% [markdown]
# Every exercise has at least three hints. The first is open from the start, and each *different* attempt opens one more. After two different attempts, `exercises.halvings.solution()` shows a solution. Attempts are counted, but only in a file on this computer: nothing is sent anywhere.
#
# ## Which of them are U-Nets?
#
# Give the letters as text, for example `"BF"`.

# %%
### BEGIN SOLUTION
letters = "AE"
### END SOLUTION
exercises.unets.check(letters)

# %% [markdown]
# ## What the inspector says
#
# Answer the exercise first, then run this cell. The course has an inspector, which made the drawings above. It sends an image through a network, follows what happens to it, and checks the four criteria. It ignores what things are called.

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = ["✓" if criterion.met else "·" for criterion in report.criteria]
    print(f"{letter}  " + "".join(f"{mark:6}" for mark in marks) + ("U-Net" if report.is_unet else ""))

assert [letter for letter, report in reports.items() if report.is_unet] == ["A", "E"], "the text below says two"

# %% [markdown]
# Two of six. The others are respectable networks all the same:
#
# - **B** is an **autoencoder**: down and up, but everything has to squeeze through the bottleneck.
# - **C** is a **residual network**: its shortcuts make it easier to train, but it stays at full resolution, so each output sees only a small neighbourhood. It has no two halves that could be symmetric.
# - **D** is built like FCN-32s, a **fully convolutional network**: down in three steps, and up in a single one. (A U-Net is fully convolutional as well; the term only says that no layer is tied to one image size.)
# - **F** is a **classifier**: one answer for the whole image, so it never needs to come up.
#
# **A** and **E** differ in their layers and in how a skip joins the decoder: A concatenates the two feature maps along the channels, E adds them. Lesson 3 shows what that changes. Both are U-Nets.
#
# ## Where you are
#
# `progress()` shows what you've solved. It's saved in a file on this computer, so closing the notebook loses nothing. If an instructor asks for your results, `exercises.export("my_name.csv", name="…")` writes a file, and you decide who gets it.
#
# Binder lends you a computer, and forgets all when your session ends: download such a file before you leave, upload it next time, and `exercises.load("my_name.csv")` reads it back. A kernel in which nothing ran for two hours (on Binder, 30 minutes) is stopped to free its memory: run the cells again from the top.

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown]
# ## Recap
#
# - Four criteria: down-sampling, up-sampling, skip connections, symmetric architecture. If one is missing, it isn't a U-Net. (How many skips are enough? Lesson 7 asks.)
# - Names prove nothing, and a verdict needs reasons: check the criteria one by one.
# - Wrong answers are welcome here: the check tells you what's wrong with them.
#
# Words that are new to you are in the [glossary](../docs/glossary.md). Next: [**1 · Down-sampling**](01_downsampling.ipynb), and the one line that halves an image.
