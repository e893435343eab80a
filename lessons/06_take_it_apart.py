# %% [markdown]
# # 6 · Take it apart
# *45 minutes, of which your computer works about one alone. You will be able to say which of the four marks matters for which data, and how sure you are.*
#
# Down, up, across, symmetric. You have built them, and lesson 5 has shown that the whole can learn. But which part did the work? A
# watchmaker would take one wheel out and see what stops.
#
# That is called an *ablation*. It sounds easy: remove a part, train again, compare. The difficulty is in the last word.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from unet_teach import exercises
from unet_teach.segmentation import ablation, lines_in_rings
from unet_teach.segmentation.ablation import checkerboard
from unet_teach.shared.show import show
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
    "Grey noisy squares with thin bright lines across and one to three bright rings. Outlined as foreground: only the pieces of the "
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
    mistakes={
        "about 0.8": "Then lines 2 pixels wide would survive three halvings. Think of Grace Hopper's glasses.",
        "about 0.6": "Lines are all there is to find here, and they are thin.",
        "about 0": "The bottom knows the rings, and roughly where lines are. Roughly.",
    },
    explain="Without skips, all that the output knows of a line has been halved three times.",
)

# %% jupyter={"source_hidden": true}
Predict(
    "And with its skips, but only one halving instead of three?",
    answer="about 0.2",
    choices=["about 0.8", "about 0.5", "about 0.2"],
    mistakes={
        "about 0.8": "Then 9 pixels to a side would be enough to know whether you are in a ring.",
        "about 0.5": "It finds every line. But can it tell those in a ring from the others?",
    },
    explain="It sees lines sharply and sees too little around them to tell which lie in a ring.",
)

# %% [markdown]
# ## Take one out
#
# Here is one run: the same data, the same recipe, the same seed as the whole network had. Only the skips are gone. (Half a minute of a laptop.)

# %% tags=["nbval-ignore-output"]
mine = ablation.measure("no skips", "lines in rings", seed=0)
print(f"IoU {mine.iou:.2f} with {mine.parameters:,} parameters")

# %% [markdown]
# You may change the variant and run again: `ablation.VARIANTS` lists them. But one run is an anecdote. Another seed, another score.
#
# So the course brings its own runs: each variant with three seeds, on three data sets. Earth is scored by its outline, boundary F1.

# %%
runs = ablation.results()
first = [run for run in runs if run.seed < 3]
print(f"{sum(run.seconds for run in first) / 60:.0f} minutes of one core, which you need not spend")
Markdown(ablation.table(first))

# %%
show(
    ablation.figure(first, mine=[mine]),
    "A row for each variant, a column for each data set, a dot for each seed. On lines in rings, the network without skips and the one of "
    "depth 1 lie far left of the whole. On earth, dots of nearly all variants lie in the whole network's band; without skips none does. "
    "On nuclei, enlarged, all lie between 0.82 and 0.91, without skips left of the band.",
)

# %% [markdown]
# Each dot is a training, each bar a mean. The band is where the whole network's three seeds lie. Your own run is the diamond, on the dot
# of its seed.
#
# ## Exercise 1: say it in two numbers
#
# The mean of the seeds, and their sample standard deviation: `n − 1` below the line. If a run is NaN, so are both.

# %%
def summarise(scores):
    ### BEGIN SOLUTION
    return np.mean(scores), np.std(scores, ddof=1)
    ### END SOLUTION


exercises.mean_and_spread.check(summarise)

# %% [markdown]
# ## Exercise 2: are they apart?
#
# 0.36 is more than 0.33. Is the U-Net, whose depth is 3, better on earth than one with depth 2? Look at the dots. Here is a simple
# rule for few seeds: *every* seed of one lies above *every* seed of the other.

# %%
def tells_apart(a, b):
    ### BEGIN SOLUTION
    return min(a) > max(b) or min(b) > max(a)
    ### END SOLUTION


exercises.tells_apart.check(tells_apart)

# %% [markdown]
# Now let a rule like that read the table for us. Which variants are apart from the whole network?

# %%
def scores(runs, data, variant):
    return [run.score for run in runs if (run.data, run.variant) == (data, variant)]


def read_table(runs):
    for data in ablation.DATA:
        whole = scores(runs, data, "the U-Net")
        for variant in ablation.VARIANTS:
            theirs = scores(runs, data, variant)
            if min(whole) > max(theirs) or min(theirs) > max(whole):
                print(f"{data:15} {variant:22} {np.mean(whole):.2f} → {np.mean(theirs):.2f}")


read_table(first)

# %%
whole = min(scores(first, "lines in rings", "the U-Net"))
for part in ("no skips", "depth 1"):
    assert whole > 2 * max(scores(first, "lines in rings", part))
assert len(ablation.DATA) * (len(ablation.VARIANTS) - 1) == 36  # so often the rule was asked

# %% [markdown]
# ## What the marks did, with three seeds
#
# **Skips.** Without them, lines are lost, and some of the coast's outline. *Added* instead of concatenated, hardly a difference.
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
    ablation.prediction_figure("lines in rings"),
    "One test picture, what is wanted in it, and what each variant found, over the faint picture. The whole network has most pieces of "
    "lines in the three rings. Without skips there are blobs in two rings, nothing in the third. Depth 1 misses some pieces and has many "
    "that lie in no ring. The others look much like the whole network.",
)

# %% [markdown]
# Look at the two that fail, in opposite ways. Without skips it knows roughly where rings hold something, and loses the lines: *what*, not
# *where*. With depth 1 it finds lines, in rings or not: *where*, not *what*. That is the whole idea of a U-Net, in two pictures.
#
# ## Why do real pictures disagree?
#
# On nuclei hardly anything matters: with one halving or with three, 0.89. Bright is nucleus. *What* is not far away, so nothing has to look
# from afar. Only without skips it is a little less, since the outlines blur. (*Apart* is not *much*: the rule says nothing about how far.)
# On earth, seeds differ more than variants. Only the network without skips is apart, and only in its outline: by IoU, none is.
#
# A null result is a result. If somebody claims that his skip is better, ask: on which data, with how many seeds?
#
# ## Exercise 3: the same chance for all
#
# There is another way to be wrong. If you tune the learning rate for *your* variant and leave the other with a default, you compare care, not
# networks. Here the recipe was chosen once, for all. Write a function that gets a list of trials, each `(learning_rate, validation, test)`,
# scores where higher is better, and returns the learning rate you would go on with.

# %%
def pick(results):
    ### BEGIN SOLUTION
    return max(results, key=lambda result: result[1])[0]
    ### END SOLUTION


exercises.same_recipe.check(pick)

# %% [markdown]
# ## How often does it fail?
#
# On lines and on earth the whole network was trained with more seeds. How often does it find nothing? And which variants are still apart?

# %%
for data in ("lines in rings", "earth"):
    found = sorted(scores(runs, data, "the U-Net"))
    print(f"{data}, {len(found)} seeds: {found[0]:.2f} to {found[-1]:.2f}")
read_table(runs)

# %% [markdown]
# None failed. But two lines are gone: from twenty seeds, depth 2 and strided convolutions are no longer apart. The rule calls 1 in 10 pairs
# of equals apart, and you asked it 36 times: three or four lines may be luck. No skips stays, on lines and on earth's outline, and depth 1
# on lines. (Nuclei have only three seeds.)
#
# Of all the runs in the table, which went wrong: less than a twentieth found of what is wanted, or nearly everything?

# %%
for run in first:
    if run.trouble:
        print(f"{run.data}, {run.variant}, seed {run.seed}: {run.trouble.partition(':')[0]}")

# %% [markdown]
# It is not left out of the mean, nor is depth 4's 0.33, which is merely bad. They are part of what the variants do.
#
# ## The checkerboard, once more
#
# Lesson 2 promised: *how well* a network scores, only training shows. And *what it draws*? Small networks without skips were trained to draw their
# own input again. Look for a pattern that repeats every two pixels, the finest there can be.
#
# A row of pixels is a sum of waves, slow and fast: a *Fourier transform* finds them. `torch.fft.rfft(row).abs() ** 2` says how strong each is,
# its *power*, the slowest first. The last is the fastest: +1 −1 +1 −1.
#
# **Exercise 4.** Average the powers over all rows of a picture `(H, W)`. Return the last, over the mean of the two before it.

# %%
def measure(picture):
    ### BEGIN SOLUTION
    power = (torch.fft.rfft(picture).abs() ** 2).mean(0)
    return power[-1] / power[-3:-1].mean()
    ### END SOLUTION


exercises.checkerboard.check(measure)

# %%
display(Markdown(checkerboard.table()))
show(
    checkerboard.figure(),
    "A piece of Mongolia, and what each kind of network drew of it, all blurred. The three with transposed convolutions lay a fine regular "
    "pattern over everything, as of woven cloth. The two with interpolation are smooth: bilinear has long folds, nearest a flat patch.",
)

# %% [markdown]
# A measure like yours, lowest to highest of three seeds: around 1, nothing repeats. All three transposed convolutions weave their pattern, kernel 2
# and 4 as well, though their counts were even: their *weights* differ from place to place. Interpolation weaves none. And the error of the three is
# no larger, but smaller. So it is an artefact, not a matter of accuracy: it counts where people look at the picture.

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
