# %% [markdown]
# # 6 · Take it apart
# *30 minutes, of which your computer works about one alone. You will be able to say which of the four marks matters for which data, and how sure you are.*
#
# Down, up, across, symmetric. You have built them, and lesson 5 has shown that the whole can learn. But which part did the work? A
# watchmaker would take one wheel out and see what stops.
#
# That is called an *ablation*. It sounds easy: remove a part, train again, compare. The difficulty is in the last word.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from unet_teach import exercises
from unet_teach.figures import show
from unet_teach.segmentation import ablation, checkerboard, lines_in_rings
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## A picture made to be difficult
#
# Land and sea left much to chance. So here is a picture that was *made* to need a U-Net: thin lines, and rings.

# %%
data = lines_in_rings(64, seed=1)
show(
    data.figure(most=3),
    "Grey noisy squares with thin bright lines across and two or three bright rings. Outlined as foreground: only the pieces of the "
    "lines that lie inside a ring.",
)

# %% [markdown]
# A pixel is foreground when it lies **on a line** and **in a ring**.
#
# - *On a line* shows close up: three pixels are enough. But a halving blurs it.
# - *In a ring* shows from afar: the ring may be 20 pixels away, and a small window sees none of it.
#
# *Where* exactly, and *what*. You know which part of a U-Net is for which.

# %% jupyter={"source_hidden": true}
Predict(
    "The whole network reaches an IoU of about 0.8 here. Without its skips?",
    answer="about 0.3",
    choices=["about 0.8", "about 0.6", "about 0.3", "about 0"],
    slips={
        "about 0.8": "Then lines 2 pixels wide would survive three halvings. Think of Grace Hopper's glasses.",
        "about 0.6": "Lines are all there is to find here, and they are thin.",
        "about 0": "The bottom knows the rings, and roughly where lines are. Roughly.",
    },
)

# %% jupyter={"source_hidden": true}
Predict(
    "And with its skips, but only one halving instead of three?",
    answer="about 0.2",
    choices=["about 0.8", "about 0.5", "about 0.2"],
    slips={
        "about 0.8": "Then 9 pixels to a side would be enough to know whether you are in a ring.",
        "about 0.5": "It finds every line. But can it tell those in a ring from the others?",
    },
)

# %% [markdown]
# ## Take one out
#
# Here is one run: the same data, the same recipe, the same seed as the whole network had. Only the skips are gone. (Half a minute of a laptop.)

# %% tags=["nbval-ignore-output"]
mine = ablation.measure("no skips", "lines in rings", seed=0)
print(f"IoU {mine.iou:.2f} with {mine.parameters:,} parameters")
assert 0.1 < mine.iou < 0.5

# %% [markdown]
# You may change the variant and run again: `ablation.VARIANTS` lists them. But one run is an anecdote. Another seed, another score.
#
# So the course brings its own runs: each variant with three seeds, on three data sets.

# %%
runs = ablation.results()
print(f"{sum(run.seconds for run in runs) / 60:.0f} minutes of one core, which you need not spend")
print(ablation.table(run for run in runs if run.seed < 3))

# %%
show(
    ablation.figure([run for run in runs if run.seed < 3], mine=[mine]),
    "A row for each variant, a column for each data set, a dot for each seed. On lines in rings, the network without skips and the one of "
    "depth 1 lie far left of all others; on earth the dots of all variants overlap; on nuclei they lie in one narrow band, the one without skips left of the others.",
)

# %% [markdown]
# Each dot is a training, each bar a mean; your own run is the diamond. The band is where the whole network's three seeds lie.
#
# ## Exercise 1: say it in two numbers
#
# The mean of the seeds, and how far they lie from it.

# %%
def summarise(scores):
    ### BEGIN SOLUTION
    return np.mean(scores), np.std(scores, ddof=1)
    ### END SOLUTION


exercises.mean_and_spread.check(summarise)

# %% [markdown]
# ## Exercise 2: are they apart?
#
# 0.36 is more than 0.33. Is a U-Net with depth 3 better on earth than one with depth 2? Look at the dots. Here is a rule for few seeds,
# simple and strict: *every* seed of one lies above *every* seed of the other.

# %%
def tells_apart(a, b):
    ### BEGIN SOLUTION
    return min(a) > max(b) or min(b) > max(a)
    ### END SOLUTION


exercises.tells_apart.check(tells_apart)

# %% [markdown]
# Now let a rule like that read the table for us. Which variants are apart from the whole network?

# %%
def scores(data, variant):
    return [run.score for run in runs if (run.data, run.variant) == (data, variant) and run.seed < 3]


for name in ablation.DATA:
    whole = scores(name, "the U-Net")
    for variant in ablation.VARIANTS:
        theirs = scores(name, variant)
        if theirs and (min(whole) > max(theirs) or min(theirs) > max(whole)):
            print(f"{name:15} {variant:22} {np.mean(whole):.2f} → {np.mean(theirs):.2f}")

# %%
for part in ("no skips", "depth 1"):
    assert min(scores("lines in rings", "the U-Net")) > 2 * max(scores("lines in rings", part))
assert abs(np.mean(scores("nuclei", "depth 1")) - np.mean(scores("nuclei", "the U-Net"))) < 0.03

# %% [markdown]
# ## What the marks did
#
# **Skips.** Without them, lines are lost, and some of the coast. *Added* instead of concatenated, hardly a difference.
#
# **Depth**, the halvings. With one, it finds lines and cannot say which of them count. With three it can. More is not better: depth 4 has four
# times the parameters, and on two data sets one of its seeds lies far behind.
#
# **How to go down.** On lines, strided convolutions stay behind max-pool. Both halve; that is all that the first mark asks.
#
# **How to come up.** No difference that three seeds could show. Lesson 2's ways up differ in what they *draw*, not in how well they score.
#
# **Symmetry.** A decoder with one convolution a level is as good. One with a quarter of the channels is not to be relied on: look at its dots.
#
# So depth and skips carry it, *on data that need them*: those whose *what* is far away and whose *where* is fine.

# %%
show(
    ablation.pictures("lines in rings"),
    "One test picture and what each variant found in it. The whole network has the pieces of lines inside the rings. Without skips there are soft "
    "blobs where they run. Depth 1 misses some and has many that lie in no ring. The others look much like the whole network.",
)

# %% [markdown]
# Look at the two that fail. They fail in opposite ways: one knows *what* and not *where*, the other *where* and not *what*. That is the whole idea
# of a U-Net, in two pictures.
#
# ## Why do real pictures disagree?
#
# On nuclei hardly anything matters: with one halving or with three, 0.89. Bright is nucleus. *What* is not far away, so nothing has to look
# from afar. Only without skips it is a little less, since the outlines blur. (*Apart* is not *much*: the rule says nothing about how far.)
# On earth, seeds differ more than most variants. A difference may be there; three seeds and one planet do not show it.
#
# A null result is a result. If somebody claims that his skip is better, ask: on which data, with how many seeds?
#
# ## Exercise 3: the same chance for all
#
# There is another way to be wrong. If you tune the learning rate for *your* variant and leave the other with a default, you compare care, not
# networks. Here the recipe was chosen once, for all. Pick one from these trials, each `(learning_rate, validation, test)`:

# %%
def pick(results):
    ### BEGIN SOLUTION
    return max(results, key=lambda result: result[1])[0]
    ### END SOLUTION


exercises.same_recipe.check(pick)

# %% [markdown]
# ## How often does it fail?
#
# The whole network was trained with more seeds on lines in rings, to see how often it finds nothing.

# %%
found = sorted(run.iou for run in runs if (run.data, run.variant) == ("lines in rings", "the U-Net"))
print(f"{len(found)} seeds: {found[0]:.2f} to {found[-1]:.2f}, {sum(iou > 0.5 for iou in found)} above 0.5")

# %% [markdown]
# And of all the runs in the table, which went wrong?

# %%
for run in runs:
    if run.trouble and run.seed < 3:
        print(f"{run.data}, {run.variant}, seed {run.seed}: {run.trouble.partition(':')[0]}")

# %% [markdown]
# Such a run is not left out of a mean. It is part of what the variant does.
#
# ## The checkerboard, once more
#
# Lesson 2 promised: *how well* a network scores, only training shows. And *what it draws*? Small networks without skips were trained to draw their
# own input again. Then one looks for a pattern that repeats every two pixels, the finest there can be.
#
# **Exercise 4.** Measure it: how much stronger is the highest frequency than those below?

# %%
def measure(picture):
    ### BEGIN SOLUTION
    power = (torch.fft.rfft(picture).abs() ** 2).mean(0)
    return power[-1] / power[-3:-1].mean()
    ### END SOLUTION


exercises.checkerboard.check(measure)

# %%
print(checkerboard.table())

# %% [markdown]
# Around 1: nothing repeats. All three transposed convolutions leave their pattern in what they draw, kernel 2 and 4 as well, though their counts were even:
# their *weights* differ from place to place. Interpolation leaves none. And the error of the three is no larger, but smaller. So it is an
# artefact, not a matter of accuracy: it counts where people look at the picture.

# %% [markdown]
# ## Read the document again
#
# - It lists four marks as equals. They are, for the question *is it one?* For the question *what does it do?*, look at your data.
# - "In order to preserve more detailed information": of its reasons this is the one that you have seen in numbers.
# - "Typically the same number of layers": a decoder with half of the layers did as well.
#
# ## Recap
#
# - Depth finds out *what*, skips keep *where*. Data that need both need a U-Net.
# - One run is an anecdote; compare seeds with seeds, one recipe for all, and report ties.
# - A transposed convolution draws a pattern, and scores as well.
#
# Next: **7 · Is it a U-Net?** Twelve networks, and you are the judge.
