# %% [markdown]
# # 0 · How do you know if it's a U-Net?
#
# **After this lesson you can**
# - name the four criteria, and check a drawing of a network against each of them,
# - follow how the size of a feature map changes on its way through a network,
# - work with the widgets, checks and hints of this course.
#
# *25 minutes. You need Python, and a rough idea of what a neural network is.*
#
# ![A microscope photo goes in on the left. Its feature maps shrink from 128×128 to 16×16 and grow back, with three skip connections across. A mask of the nuclei comes out on the right.](../docs/images/lesson_0.svg)

# %% [markdown]
# This is a U-Net at work. For every pixel of the photo it answers one question: *does this belong to a cell nucleus?* Answering a question for every pixel is called **segmentation**. Other U-Nets look for tumours, roads or rain, and the first Stable Diffusion, which makes images from text, has one at its heart.
#
# U-Nets also make characteristic mistakes. In the first example below, two nuclei that touch are merged into one; in the second, part of a faint nucleus is missing. Each example shows the photo, the **target** (what an expert marked) and the **prediction** (what the network marked). Images of 0 and 1, like the last two, are called **masks**.
#
# ![Two cut-outs, each as photo, target and prediction. In the first, two touching nuclei became one. In the second, part of a faint nucleus is missing.](../docs/images/lesson_0_errors.svg)
#
# By the end of this course you'll be able to train such a network in a minute, take it apart, and say where its mistakes come from. (All minutes in this course assume that you know tensors and Python classes a little. If they're new to you, plan twice as long.)

# %% [markdown]
# ## Four criteria
#
# Now somebody shows you 900 lines of code and says, "It's a U-Net." Is it? If it is, you know what to expect of it, and where to look when it goes wrong. A one-page note, [the document](../docs/the_document.md), names four criteria (there is no official definition; this is the one that the course uses):
#
# 1. **Down-sampling layers** make the feature map smaller.
# 2. **Up-sampling layers** make it larger again.
# 3. **Skip connections** carry feature maps directly from the first half of the network to the second.
# 4. **Symmetric architecture**: for every step down there is a step up.
#
# (A **feature map** is what the image has become at some point inside the network.) The next four lessons take one criterion each and follow the document's code. Some of its claims are wrong, and finding them is the best test of your understanding.

# %% [markdown]
# ## See inside one
#
# Now you can try out a small, trained U-Net, which runs in your browser. Its task is made up: mark the pixels of every line, but *only inside a ring*. So it has to find out *what* to mark (lines in rings), and *where exactly* each line runs.
#
# The image is on the left and the prediction on the right, where an outline shows the target. In between, feature maps shrink (blue), grow back (green), and cross over by three skip connections, numbered 0, 1 and 2 from the top.
#
# The score, **IoU**, divides the pixels that prediction and target share by the pixels that at least one of them marks. If they share 6 pixels, and each marks 2 more, it's 6 / (6 + 2 + 2) = 0.6. 1 is perfect, and 0 means that they have nothing in common.
#
# This page is a notebook: text and code in cells. Click into the next cell and press **Shift + Enter** three times, which runs three cells; the first time takes a few seconds.
#
# There's no need to open the folded ones. The first only installs the course where it's missing. The last draws a **widget** with three things to try, and is folded because it contains the answers.
#
# (If the widget doesn't fit on your screen, press its *present* button. Its slider shows the network at earlier steps of its training; leave it where it is for now.)

# %%
from unet_teach import exercises, inspect_unet, progress, self_test
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.six_networks import six_networks
from unet_teach.shared.show import show
from unet_teach.widgets import Predict, SeeInside, Step

# %% jupyter={"source_hidden": true}
living = SeeInside(
    steps=[
        Step(
            "Find a piece of line that isn't inside any ring, and paint a ring around it, about as large as the others: press where its centre should be, and drag. What appears in the prediction?",
            explain="Most of the line inside your ring: nobody programmed this rule, the network learned it from examples. Where your ring crosses another one, it may take the arc for a line.",
        ),
        Step(
            "Press `undo`, then cut skip 0 by pressing its switch. What is the IoU now?",
            answer=0.77,
            explain="0.77 instead of 0.87. The same lines are found, but some pixels along their borders are lost, and others are added.",
        ),
        Step(
            "Cut skips 1 and 2 as well. What does the network still find, and what is lost?",
            when={"skips": [0, 0, 0]},
            explain="It still knows roughly where to mark something, but the lines have become blobs, and the IoU is 0.37.",
        ),
    ]
)
living

# %% [markdown]
# The smallest feature map has 12×12 cells, each standing for 8×8 pixels. That's enough to know *what* is there, but the skips have to bring back *where exactly*. Lesson 3 comes back to this.
#
# A word of caution: 0.37 doesn't tell you what a network without skips can do. This one was trained with skips and relies on them. One that *never had* any does better, because it learned to do without. Lesson 6 has the numbers.

# %% [markdown]
# ## Does everything work?
#
# Let the course check itself. A ✕ comes with what to do about it. (If you ran all cells at once, run this one again.)

# %% tags=["nbval-ignore-output"]
self_test(living)

# %% [markdown]
# *If something gets stuck later:*
#
# - When a widget says *model not found*, the kernel that drew it is gone, so run its cell again.
# - When a cell keeps its `[*]` and not even ■ stops it, choose **Kernel → Restart Kernel…** in the menu, change that cell, and run the cells from the top: nothing you have solved is lost.
# - When you see *NameError* or *This cell needs …*, choose **Run → Run All Above Selected Cell** and run your cell again.

# %% [markdown]
# ## Six networks
#
# Each drawing shows one network, read from left to right. A box is a feature map, and the labels beside it are its size and how many **channels** it has, such as *8 ch* (a colour photo has three: red, green and blue). Boxes further down the page are smaller.
#
# The boxes that lead down are the **encoder** (blue, square), those that lead up the **decoder** (green, rounded), and the smallest one, where they meet, is the **bottleneck**. A dashed line is a shortcut; it counts as a skip connection only if it leads from the encoder to the decoder. Boxes stay blue until something grows again, so in **C**, where nothing shrinks or grows, all of them are blue.

# %%
networks = six_networks()
size = (1, 1, 64, 64)  # one grey image of 64×64
reports = {letter: inspect_unet(network, size) for letter, network in networks.items()}
show(*gallery({letter: report.drawing for letter, report in reports.items()}))

# %% jupyter={"source_hidden": true}
Predict(
    "Make a guess before you check them: how many of the six are U-Nets?",
    answer=2,
    mistakes={
        1: "One looks as it does in the textbooks. Another has the same shape, but other numbers and another sign where a skip arrives.",
        3: "Check your third: does it go down, come up again, have a skip, and have a step up for every step down?",
        6: "If all of them were, the word wouldn't mean much. Look for one that never gets smaller.",
    },
    explain="Each of the other four lacks at least one criterion.",
)

# %% [markdown]
# ## Check them one by one
#
# A verdict is worth little without its reasons, so go through the four criteria for each drawing:
#
# - **Down-sampling?** Does the path go down?
# - **Up-sampling?** Does it come up again?
# - **Skip connections?** Does a dashed line lead from the encoder to the decoder?
# - **Symmetric?** Does the decoder pass through every size of the encoder, in reverse? (If nothing shrinks, there are no two halves to compare, so no.)

# %% [markdown]
# ## How an exercise works
#
# You write an answer, and the **check** tells you what it found. It recognises many typical mistakes, so a wrong answer teaches you something. Try it: a 96×96 image goes in, and the feature map at the bottleneck is 12×12. How many times was it halved?
#
# The number of halvings is called the network's **depth**. First put **8** in place of the dots (the comment behind them may stay) and run the cell. Read the reply, look at the first hint in the cell below, and then correct your answer.

# %%
### BEGIN SOLUTION
times = 3
### END SOLUTION
exercises.halvings.check(times)

# %% tags=["nbval-ignore-output"]
exercises.halvings.hint()

# %% [markdown]
# Every exercise has at least three hints. The first is open from the start, and each *different* attempt opens one more. After two different attempts, `exercises.halvings.solution()` shows a solution. Attempts are counted, but only in a file on this computer; nothing is sent anywhere.
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
# Answer the exercise before you run this cell. The drawings above were made by the course's **inspector**, which sends an image through a network, follows what happens to it, and checks the four criteria. What things are called makes no difference to it.
#
# (A line that begins with `assert` only checks what the text says. You can skip such lines in every lesson.)

# %%
print("   down  up    skips symmetric")
for letter, report in reports.items():
    marks = ["✓" if criterion.met else "·" for criterion in report.criteria]
    verdict = "U-Net" if report.is_unet else ""
    print(f"{letter}  " + "".join(f"{mark:6}" for mark in marks) + verdict)

assert [letter for letter in reports if reports[letter].is_unet] == ["A", "E"]

# %% [markdown]
# Two of the six are U-Nets. The others are respectable networks all the same:
#
# - **B** is an **autoencoder**: it goes down and up, but without skips everything has to squeeze through the bottleneck.
# - **C** is a **residual network** that never shrinks (most of them do; lesson 7 has one). Its shortcuts make it easier to train, but each output sees only a small neighbourhood.
# - **D** comes up in a single step, like FCN-32s, a **fully convolutional network** (which halves five times, and D only three).
# - **F** is a **classifier**: it gives one answer for the whole image, so it never needs to come up.
#
# **A** and **E** differ in their layers and in how a skip joins the decoder: A concatenates the two feature maps (it stacks their channels), while E adds them. Lesson 3 shows what difference that makes. Both are U-Nets.
#
# ## Where you are
#
# `progress()` shows what you've solved. It's saved in a file on this computer, so you can close the notebook without losing anything. If an instructor asks for your results, `exercises.export("my_name.csv", name="…")` writes a file, and you decide who gets it.
#
# Binder lends you a computer and deletes everything on it when your session ends. Download such a file before you leave and upload it next time; `exercises.load("my_name.csv")` reads it back. A kernel in which nothing has run for two hours (30 minutes on Binder) is stopped to free its memory. If that happens, run the cells again from the top.

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown]
# ## Recap
#
# - A U-Net meets four criteria: down-sampling, up-sampling, skip connections and symmetric architecture. If one is missing, it isn't a U-Net. (Lesson 7 asks how many skips are enough.)
# - Names prove nothing, and a verdict needs reasons, so check the criteria one by one.
# - Wrong answers are welcome here, because the check tells you what's wrong with them.
#
# Words that are new to you are in the [glossary](../docs/glossary.md). Next: [**1 · Down-sampling**](01_downsampling.ipynb), and the one line of code that halves an image.
