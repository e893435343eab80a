# %% [markdown]
# # 6 · Take it apart
#
# **After this lesson you can**
# - summarise several training runs by their mean and spread,
# - test whether two variants of a network really differ, and say what "not told apart" means,
# - compare variants fairly, so that none of them gets an advantage.
#
# *40 minutes, of which your computer works about one by itself. You need lesson 5.*
#
# ![What two networks predict for one image of lines and rings. Without skips there are blobs where rings hold something. With depth 1 there are lines inside and outside of rings. Below them, small: the image and its target.](../docs/images/lesson_6.png)
#
# The task: mark lines, but only inside rings. A whole U-Net can do it. Without its skips (left) it draws blobs in two of the three rings, but no lines. With one halving instead of three (right) it draws thin lines, but can't tell inside from outside. Removing a part, training again and comparing is called an **ablation**. It sounds easy, but the difficulty is in the last
# word.

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from unet_teach import exercises
from unet_teach.segmentation import ablation, lines_in_rings
from unet_teach.segmentation.ablation import CutSkips, checkerboard
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Images made to be difficult
#
# Land and sea left much to chance. So here are images that were *made* to need a U-Net: thin lines, and rings.

# %%
data = lines_in_rings(64, seed=1)
print(data)

# %% jupyter={"source_hidden": true}
show(
    data.figure(most=3),
    "Grey noisy squares with thin bright lines across and one to three bright rings. Outlined as foreground: only the pieces of the "
    "lines that lie inside a ring.",
)

# %% [markdown]
# A pixel is foreground when it lies **on a line** and **in a ring**.
#
# - Whether it's *on a line* shows close up: three pixels are enough. But a halving blurs them.
# - Whether it's *in a ring* shows from afar: the ring may be 20 pixels away, and a small receptive field misses it.
#
# *Where* exactly, and *what*. Which part of a U-Net is for which?

# %% jupyter={"source_hidden": true}
Predict(
    "On test images the whole network reaches an IoU of about 0.8 here. In which range will it be without the skips?",
    answer="0.15 to 0.4",
    choices=["above 0.7", "0.4 to 0.7", "0.15 to 0.4", "below 0.15"],
    mistakes={
        "above 0.7": "Then lines 2 pixels wide would survive three halvings. Think of the glasses in the portrait.",
        "0.4 to 0.7": "There is nothing but lines to find here, and they are thin.",
        "below 0.15": "The bottleneck knows where the rings are, and roughly where lines are. That is worth something.",
    },
    explain="Without skips, all that the output knows of a line has been halved three times.",
)

# %% jupyter={"source_hidden": true}
Predict(
    "And with its skips, but only one halving instead of three?",
    answer="0.15 to 0.4",
    choices=["above 0.7", "0.4 to 0.7", "0.15 to 0.4", "below 0.15"],
    mistakes={
        "above 0.7": "Then a small window would be enough to know whether you are in a ring.",
        "0.4 to 0.7": "It can draw thin lines. But can it tell those inside a ring from the others?",
        "below 0.15": "Finding lines is not worthless: some of them do lie in a ring.",
    },
    explain="It sees lines sharply and sees too little around them to tell which lie in a ring.",
)

# %% [markdown]
# ## Take one out
#
# Here is one run: the same data, the same recipe and the same seed as one run of the whole network. Only the skips are gone. (This takes 15 to 30 seconds on a laptop.)

# %% tags=["nbval-ignore-output"]
mine = []  # stays empty if you stop the cell before its training has begun
mine += [ablation.measure("no skips", "lines in rings", seed=0)]
for run in mine:
    print(f"IoU {run.iou:.2f} with {run.parameters:,} parameters. {run.trouble}")

# %% [markdown]
# You may change the variant and run it again: `ablation.VARIANTS` lists them all. But one run is an anecdote, because another seed gives another
# score. So the course brings runs of its own: each variant with three seeds, on three data sets. Earth is scored by its outline,
# boundary F1.

# %%
runs = ablation.results()
first = [run for run in runs if run.seed < 3]
print(f"{sum(run.seconds for run in first) / 60:.0f} minutes of one core, which you don't have to spend")
Markdown(ablation.table(first))

# %%
def scores(runs, data, variant):
    return [run.score for run in runs if (run.data, run.variant) == (data, variant)]


for variant in ("no skips", "depth 1"):
    found = sorted(scores(first, "lines in rings", variant))
    print(f"lines in rings, {variant}, three seeds: IoU {found[0]:.2f} to {found[-1]:.2f}")
    assert 0.15 < found[0] <= found[-1] < 0.4  # both predictions

# %% [markdown]
# Both fall into the same range, for opposite reasons, as you'll see below.
#
# One row of the table is a control. With depth 1 the network has 6,489 parameters instead of 121,033, so its low score might only mean that it is small.
# *depth 1, wide* has 34 channels where the others start with 8, which makes 114,207 parameters. It was trained on lines in rings only, because it
# takes three to four times as long.

# %% jupyter={"source_hidden": true}
show(
    ablation.figure(first, mine=mine),
    "A row for each variant, a column for each data set, a dot for each seed. On lines in rings, the networks without skips and of depth 1, narrow or "
    "wide, lie far left of the whole network. On earth, most variants overlap with the whole network's band; without skips no dot does. "
    "On nuclei, enlarged, all lie between 0.82 and 0.91, without skips left of the band.",
)

# %% [markdown]
# Each dot is one training run, each bar a mean. The band spans the whole network's three seeds. Your own run is the diamond: filled if it finished, and then
# it lies on the dot of seed 0; hollow if you stopped it, and then it says nothing about skips. On another kind of processor it lies somewhere among the dots: rounding differs, and the same seed becomes another training.
#
# ## Exercise 1: say it in two numbers
#
# Return the mean of the scores and their sample standard deviation, which divides by `n − 1`. If any score is NaN, both results are NaN.

# %%
def summarise(scores):
    ### BEGIN SOLUTION
    return np.mean(scores), np.std(scores, ddof=1)
    ### END SOLUTION


exercises.mean_and_spread.check(summarise)

# %% [markdown]
# ## Exercise 2: can these runs tell two variants apart?
#
# On earth the whole network has a mean of 0.36, and depth 2 has 0.33. Is that the depth, or luck with the seeds?
#
# Suppose that depth made no difference. Then the two names are arbitrary labels, and any three of the six scores could have been the whole
# network's. So deal the six scores into two groups of three in every possible way, 20 in all, and note how far apart the two means are each time.
#
# **p** is the share of the ways in which they lie *at least as far apart* as in the real groups, in either direction. A small p says that chance alone
# rarely does this. It's called the **exact two-sided permutation test** of the difference of means: *exact* because every way is counted,
# *two-sided* because either variant may be the better one.
#
# We say that runs *tell two variants apart* if p is 0.05 or less. Rounding must not decide: in Python `0.1 + 0.2` is more than `0.3`, so count a
# distance that falls short by less than 1e-9 as just as large.

# %%
def tells_apart(a, b):
    ### BEGIN SOLUTION
    pool, observed = [*a, *b], abs(np.mean(a) - np.mean(b))
    distances = []
    for chosen in combinations(pool, len(a)):
        rest = (sum(pool) - sum(chosen)) / len(b)
        distances.append(abs(np.mean(chosen) - rest))
    return np.mean(np.array(distances) >= observed - 1e-9) <= 0.05
    ### END SOLUTION


exercises.tells_apart.check(tells_apart)

# %% [markdown]
# `ablation.p_value` computes p in the same way. Let it compare each variant with the whole network, on the three seeds of the table.

# %%
def compare(runs):
    for data in ablation.DATA:
        whole = scores(runs, data, "the U-Net")
        for variant in ablation.VARIANTS:
            theirs = scores(runs, data, variant)
            if theirs and variant != "the U-Net":
                p = ablation.p_value(whole, theirs)
                yield p, data, variant, np.mean(whole), np.mean(theirs)


three = sorted(compare(first))
smallest = three[0][0]
count = sum(p == smallest for p, *_ in three)
print(f"{len(three)} comparisons; the smallest p is {smallest:.2f}, and {count} have it")

# %%
print(f"least possible, 3 against 3: {ablation.p_value([3, 4, 5], [0, 1, 2]):.3f}")
print(f"least possible, 5 against 5: {ablation.p_value(range(5, 10), range(5)):.3f}")
assert smallest == ablation.p_value([3, 4, 5], [0, 1, 2]) == 2 / 20
assert ablation.p_value(range(5, 10), range(5)) == 2 / 252

# %% [markdown]
# Not one of them is told apart, not even the networks that reach 0.3 instead of 0.8. Three seeds against three *cannot* do it: of the 20 ways, the real
# one and its mirror image always count, so p is at least 2/20. With three seeds per variant you can't find anything at 0.05.
#
# So **"not told apart by these runs" is not "equal"**. It's no reason to drop the question either. It's a reason to train more.
#
# ## More seeds
#
# The whole network was trained with twenty seeds on each data set, and the two networks that failed on lines, with the control, with five there. With 3 scores
# against 20 there are 1,771 ways.

# %%
for data in ablation.DATA:
    found = sorted(scores(runs, data, "the U-Net"))
    print(f"the U-Net on {data}, {len(found)} seeds: {found[0]:.2f} to {found[-1]:.2f}")
print()
more = sorted(compare(runs))
for p, data, variant, whole, theirs in more:
    if p <= 0.05:
        print(f"p = {p:.5f}  {data:15} {variant:20} {whole:.2f} → {theirs:.2f}")

# %% [markdown]
# Now even three dots say something, because there are twenty to hold them against.
#
# But `p_value` doesn't know about the other questions, and we asked 37. If no variant differed at all, up to about two of the 37 would still get a p of
# 0.05 or less, on average. The simplest correction divides the limit by the number of questions (**Bonferroni**). Which ones pass 0.05 / 37?

# %%
limit = 0.05 / len(more)
print(f"limit {limit:.5f}; expected by luck alone: {0.05 * len(more):.1f} of {len(more)}")
passed = {(data, variant) for p, data, variant, *_ in more if p <= limit}
for data, variant in sorted(passed):
    print(f"{data}: {variant}")

# %%
told = {(data, variant): p for p, data, variant, *_ in more if p <= 0.05}
lines, rings = "lines in rings", scores(runs, "lines in rings", "the U-Net")
assert len(more) == 37
assert passed == {*((data, "no skips") for data in ablation.DATA), (lines, "depth 1"), (lines, "depth 1, wide")}
assert set(told) - passed == {
    *((data, variant) for data in (lines, "earth") for variant in ("strided convolution", "narrow decoder")),
    (lines, "depth 2"),
    ("earth", "transposed, kernel 4"),
    ("nuclei", "shallow decoder"),
}
for variant in ("no skips", "depth 1", "depth 1, wide"):
    assert min(rings) > 1.5 * max(scores(runs, lines, variant))

# %% [markdown]
# ## What the four criteria did
#
# **Skips.** Without them lines are lost, and some of the outline on the other two; all three pass the strict limit. *Added* instead of concatenated: not told
# apart by these runs, on any of the three.
#
# **Depth**, the number of halvings. With one halving the network finds lines and can't say which of them count. Two halvings are told apart from three on
# lines, but not by the strict limit. Depth 4 is not told apart, although on two data sets one of its three seeds lies far behind.
#
# **Is it depth, or only size?** That is what the control is for. With 18 times the parameters, depth 1 does a little better, and stays far below the
# whole network, which has about as many:

# %%
narrow, wide = (scores(runs, lines, variant) for variant in ("depth 1", "depth 1, wide"))
for name, found in (("depth 1", narrow), ("depth 1, wide", wide), ("the U-Net", rings)):
    print(f"{name:14} {len(found)} seeds: {min(found):.2f} to {max(found):.2f}")
print(f"narrow against wide: p = {ablation.p_value(narrow, wide):.3f}")
print(f"wide against the U-Net: p = {ablation.p_value(wide, rings):.5f}")
assert max(narrow) < min(wide)
assert max(wide) < min(rings) - 0.2

# %% [markdown]
# **Down-sampling.** Strided convolutions score lower than max-pooling on lines and on earth, with p below 0.005, though not below the strict limit.
#
# **Up-sampling.** Kernel 3, bilinear and nearest are not told apart from kernel 2. Kernel 4 is, on earth only, with p = 0.011: it may be one of the two
# that luck brings.
#
# **Symmetry.** A decoder with a quarter of the channels scores lower on lines and on earth. On lines, one of its three runs failed outright, which is much of the difference. One with a single convolution
# per level is not told apart on these two; on nuclei it has p = 0.028.
#
# All of this holds for *one recipe*: the steps and the learning rate were chosen **with the whole U-Net**. A variant that needs other ones had no
# chance to show it. So the fair sentence is not "strided convolutions are worse", but "with the whole network's recipe they scored lower".

# %%
assert max(told[data, "strided convolution"] for data in (lines, "earth")) < 0.005
assert round(told["earth", "transposed, kernel 4"], 3) == 0.011
earth = scores(runs, "earth", "the U-Net")
gaps = [abs(whole - theirs) for _, data, _, whole, theirs in more if data == "earth"]
assert max(gaps) < max(earth) - min(earth)
assert round(told["nuclei", "shallow decoder"], 3) == 0.028

# %% jupyter={"source_hidden": true}
asked = ("no skips", "depth 1")
show(
    ablation.prediction_figure(lines, [run for run in runs if run.variant in asked]),
    "What two networks predict for one test image, over the faint image. Without skips there are blobs in two rings, nothing in the one "
    "on the left. Depth 1 misses pieces of lines and has many that lie in no ring. Below them, small: the image and its target.",
)

# %% [markdown]
# Look at the failures, which are opposite. Without skips the network knows roughly where rings hold something, and loses the lines: *what*, not
# *where*. With depth 1 it finds lines, inside rings or not: *where*, not *what*. That is the whole idea of a U-Net, in two images.
#
# ## Your own U-Net, cut
#
# Which of *your* network's skips matter? There is a quicker way to ask than training it again: train it once, then **cut** a skip, so that zeros arrive in place of the encoder's feature map. `CutSkips` finds the skips of any network, wherever a `cat` or a `+` joins a feature map that was never smaller to one that was.
#
# Here the U-Net that you wrote in lesson 4 (if you haven't, the course's stands in) learns to denoise the portrait, which takes about ten seconds.

# %%
from torch.nn import functional as F

from unet_teach.shared.portrait import portrait, zoomed

torch.manual_seed(0)
face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
noisy = face + 0.1 * torch.randn_like(face)

# %% tags=["nbval-ignore-output"]
own = exercises.my_unet()(1, 1, depth=3, base_channels=8)
optimizer = torch.optim.Adam(own.parameters(), lr=3e-3)
losses = []
for _ in range(200):
    loss = F.mse_loss(own(face + 0.1 * torch.randn_like(face)), face)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

# %% tags=["nbval-ignore-output"]
whole = CutSkips(own.eval())
with torch.no_grad():
    results = {f"whole, {len(losses)} steps": whole(noisy)}
    for level in sorted(whole.found):
        results[f"level {level} cut"] = CutSkips(own, [level])(noisy)
    results["all cut"] = CutSkips(own, whole.found)(noisy)
for name, image in results.items():
    print(f"{name:16} mean error {(image - face).abs().mean():.3f}")
print(f"{'the noisy image':16} mean error {(noisy - face).abs().mean():.3f}")

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
show(
    zoomed(results),
    "The denoised portrait with the detail of the eye: by the whole network, with each skip cut, and with all of them cut.",
)

# %% [markdown]
# Which cut costs most? Noise sits on single pixels, so this task leans on the skip at level 0, the image's own resolution. On another task it may be another one: cut them there, too.
#
# But **a cut is not an ablation**. The layers behind it were trained *with* the skip, and now get zeros that they never met. So cutting asks what this network has come to rely on. Training without, as above, asks what a network could do. The first answer is usually the more dramatic one.
#
# ## Why do real images disagree?
#
# On nuclei, depth 1 and depth 3 both reach 0.89, and these runs don't tell them apart. Brightness and a few pixels around are nearly
# enough, so little has to be seen from afar. Without skips the mean is 0.86: told apart by the strict limit, and yet not far apart, because p says nothing about how far.
#
# On earth, the whole network's own seeds range from 0.28 to 0.50. No variant's mean is as far from its mean as these two are from each other.
#
# A null result is a result. If somebody claims that their skip is better, ask on which data, with how many seeds, and after how many comparisons.
#
# ## Exercise 3: the same chance for all
#
# There is another way to be wrong. If you tune the learning rate for *your* variant and leave the other at a default, you compare how much care each got, not
# the networks. Here all variants share one recipe, chosen with the whole network; that is equal treatment, but not an equal chance. Better still is to tune each of them, with the same effort.
#
# Write a function that gets a list of trials, each `(learning_rate, validation, test)`, where a higher score is better, and returns the learning rate you would go on with.

# %%
def pick(trials):
    ### BEGIN SOLUTION
    return max(trials, key=lambda trial: trial[1])[0]
    ### END SOLUTION


exercises.same_recipe.check(pick)

# %% [markdown]
# ## How often does it fail?
#
# None of the whole network's sixty runs failed. Of all the runs in the table, which went wrong: less than a twentieth of the target predicted as foreground, or nearly everything?

# %%
assert not any(run.trouble for run in runs if run.variant == "the U-Net")
for run in runs:
    if run.trouble:
        print(f"{run.data}, {run.variant}, seed {run.seed}: {run.trouble.partition(':')[0]}")

# %% [markdown]
# The failed run is not left out of the mean, and neither is depth 4's worst run on lines (0.33), which is merely bad. They are part of what the variants do.

# %% [markdown]
# ## Read the document again
#
# - It lists [four criteria](../docs/the_document.md#four-criteria) as equals. For the question *is it a U-Net?* they are. For the question *what does it need?*, look at your data.
# - A skip is there [to preserve more detailed information](../docs/the_document.md#skip-connection). That is the reason you have now seen in numbers.
# - Encoder and decoder [typically have the same number of layers](../docs/the_document.md#same-number). With half of the convolutions, a decoder was not told apart from the symmetric one on two of three data sets.
#
# ## Recap
#
# - Depth finds out *what*, skips keep *where*. On data that need both, leaving out either cost most.
# - One run is an anecdote. Three seeds against three can't tell anything apart at 0.05; with five against five p can reach 2/252.
# - Say how many comparisons you made, and with which variant the recipe was chosen. "Not told apart" is not "equal".
#
# Next: [**7 · Is it a U-Net?**](07_is_it_a_unet.ipynb) Twelve networks, and you are the judge.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: the checkerboard after training
#
# Optional. In lesson 2 a *new* layer drew a pattern. Does it survive training? Small networks without skips were trained to reproduce their own input. Look for a pattern that repeats every two pixels, the finest there can be.
#
# A row of pixels is a sum of waves, slow and fast. A **Fourier transform** finds them: `torch.fft.rfft(row).abs() ** 2` says how strong each is, its *power*, the slowest first. The last is the fastest: +1 −1 +1 −1.
#
# **Exercise 4.** Average the powers over all rows of an image `(H, W)`. Return the last one, divided by the mean of the two before it.

# %%
def measure(image):
    ### BEGIN SOLUTION
    power = (torch.fft.rfft(image).abs() ** 2).mean(0)
    return power[-1] / power[-3:-1].mean()
    ### END SOLUTION


exercises.checkerboard.check(measure)

# %% jupyter={"source_hidden": true}
display(Markdown(checkerboard.table()))
show(
    checkerboard.figure(),
    "A piece of Mongolia, and what each kind of network drew of it, all blurred. The three with transposed convolutions lay a fine regular "
    "pattern over everything, as of woven cloth. The two with interpolation are smooth: bilinear has long folds, nearest a flat patch.",
)

# %% [markdown]
# The table has a measure like yours, lowest to highest of three seeds. Around 1, no pattern of period 2 stands out. All three transposed convolutions draw a pattern, kernel 2 and 4 as well although their counts were even, probably because their *weights* differ from place to place. Interpolation draws none. And the error of the three is not larger but
# smaller. So a low error doesn't rule the pattern out: it counts where people look at the image.
