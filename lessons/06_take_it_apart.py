# %% [markdown]
# # 6 · Take it apart
#
# **After this lesson you can**
# - summarise several training runs by their mean and spread,
# - test whether two variants of a network really differ, and say what it means if a test shows no difference,
# - explain the difference between cutting a skip and training without it,
# - compare variants fairly, so that none of them gets an advantage.
#
# *45 minutes, of which your computer works about one by itself. You need lesson 5.*
#
# ![An image of lines and rings, and what two networks predict for it. Without skips there are blobs where rings hold something. With depth 1 there are lines inside and outside of rings.](../docs/images/lesson_6.png)
#
# The task is to mark lines, but only inside rings. A whole U-Net can do it. Without its skips (in the middle) it draws blobs instead of lines. With one halving instead of three (right) it draws thin lines, but can't tell inside from outside.
#
# To find out what a part is good for, you remove it, train again, and compare. That's called an **ablation**. Removing is easy. Most of this lesson is about comparing, because that's where people go wrong.

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display

from unet_teach import cut, exercises
from unet_teach.segmentation import ablation, evaluate, lines_in_rings, trained_unet
from unet_teach.segmentation.ablation import checkerboard
from unet_teach.shared.show import show
from unet_teach.widgets import Predict, SeeInside, Step

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Images made to be difficult
#
# These images were *made* to need a U-Net: thin lines and rings.

# %%
data = lines_in_rings(64, seed=1)
print(data)

# %% jupyter={"source_hidden": true}
show(
    data.figure(most=1),
    "Three grey noisy squares with thin bright lines across and one to three bright rings. Outlined as foreground: only the pieces of the "
    "lines that lie inside a ring.",
)

# %% [markdown]
# A pixel is foreground if it lies **on a line** and **inside a ring**.
#
# - You can tell whether it's *on a line* from close up, but you need every pixel: a halving blurs lines that thin.
# - You can only tell whether it's *inside a ring* from further away. The ring may be 20 pixels off, so a network with a small receptive field doesn't see it.
#
# Which part of a U-Net tells it *what* is there (inside a ring, or not), and which *where* exactly (on which pixel)?

# %% jupyter={"source_hidden": true}
Predict(
    "On test images the whole network reaches an IoU of about 0.8 here. In which range will it be without the skips?",
    answer="0.15 to 0.4",
    choices=["above 0.7", "0.4 to 0.7", "0.15 to 0.4", "below 0.15"],
    mistakes={
        "above 0.7": "For that, lines 2 pixels wide would have to survive three halvings. Remember what happened to the glasses in the portrait.",
        "0.4 to 0.7": "Everything that counts here is thin lines, and all of it has to pass the bottleneck.",
        "below 0.15": "The bottleneck still knows where the rings are, and roughly where the lines are. That is worth something.",
    },
    explain="Without skips, everything that the output knows about a line has been halved three times.",
)

# %% jupyter={"source_hidden": true}
Predict(
    "And with its skips, but only one halving instead of three?",
    answer="0.15 to 0.4",
    choices=["above 0.7", "0.4 to 0.7", "0.15 to 0.4", "below 0.15"],
    mistakes={
        "above 0.7": "For that, a small window would have to be enough to tell whether you're inside a ring.",
        "0.4 to 0.7": "It can draw thin lines, but can it tell those inside a ring from the others?",
        "below 0.15": "Finding lines is worth something, because some of them do lie in a ring.",
    },
    explain="It sees lines sharply, but too little around them to tell which ones lie in a ring.",
)

# %% [markdown]
# ## Take one out
#
# Here is one run without skips, with the data, settings and seed of one run of the whole network. (This takes 15 to 30 seconds on a laptop. On a very slow computer it stops by itself after two and a half minutes, and says so.)

# %% tags=["nbval-ignore-output"]
mine = []  # stays empty if you stop the cell before its training has begun
mine += [ablation.measure("no skips", "lines in rings", seed=0, seconds=150)]
for run in mine:
    print(f"IoU {run.iou:.2f} with {run.parameters:,} parameters. {run.trouble}")

# %% [markdown]
# One run proves little, so the course comes with runs of its own: every variant with three seeds on three data sets, lines in rings, the Earth of lesson 5 and the nuclei of lesson 0. Earth is scored by boundary F1, the others by IoU.

# %%
runs = ablation.results()
first = [run for run in runs if run.seed < 3]
minutes = sum(run.seconds for run in first) / 60
print(f"{minutes:.0f} minutes of training that you don't have to wait for")


def scores(runs, data, variant):
    return [run.score for run in runs if (run.data, run.variant) == (data, variant)]


for variant in ("no skips", "depth 1"):
    found = sorted(scores(first, "lines in rings", variant))
    print(f"lines in rings, {variant}, three seeds: IoU {found[0]:.2f} to {found[-1]:.2f}")
    assert 0.15 < found[0] <= found[-1] < 0.4  # both predictions

# %% [markdown]
# Both fall into the same range, but for opposite reasons, as you'll see below. Here are six of the variants ("Going further" has all thirteen).
#
# *The U-Net*, the whole network, halves three times by max-pooling, doubles by transposed convolutions with kernel 2, concatenates its skips, and has two convolutions per level. Each variant changes one of these. *skip: add* adds its skips, and a *narrow decoder* has a quarter of the channels.
#
# *depth 1, wide* is a *control*: is it depth that matters, or only size? A network of depth 1 is small, so this one has more channels, and about as many parameters as the whole U-Net.

# %% jupyter={"source_hidden": true}
few = {
    "the U-Net", "skip: add", "no skips", "depth 1", "depth 1, wide", "depth 2", "narrow decoder"
}
few |= {run.variant for run in mine}
show(
    ablation.figure([run for run in first if run.variant in few], mine=mine),
    "A row for each variant, a column for each data set, a dot for each seed. On lines in rings, the networks without skips and of depth 1, narrow or "
    "wide, lie far left of the whole network. On earth, most variants overlap with the whole network's band; without skips no dot does. "
    "On nuclei, enlarged, all lie between 0.82 and 0.91, without skips left of the band.",
)

# %% [markdown]
# Each dot is one training run, each bar a mean, and the band spans the whole network's three seeds. Your own run is the diamond: filled, and on the dot of seed 0 or near it (another kind of processor rounds differently). If it was stopped, it's hollow and tells you nothing about skips.
#
# ## Exercise 1: say it in two numbers
#
# The **sample standard deviation** says how far scores typically lie from their mean. Square the distance of each score from the mean, add the squares up, divide by $n - 1$, and take the root ($\bar x$ is the mean):
#
# $$s = \sqrt{\frac{(x_1 - \bar x)^2 + \dots + (x_n - \bar x)^2}{n - 1}}$$
#
# The scores 0.5, 0.7 and 0.9 have the mean 0.7 and $s = \sqrt{(0.04 + 0 + 0.04) / 2} = 0.2$.
#
# Return mean and standard deviation; NumPy has functions for both, and `np.std(…, ddof=1)` divides by $n - 1$. If any score is NaN (*not a number*), both should be NaN.

# %%
def summarise(scores):
    ### BEGIN SOLUTION
    return np.mean(scores), np.std(scores, ddof=1)
    ### END SOLUTION


exercises.mean_and_spread.check(summarise)

# %% [markdown]
# ## Exercise 2: is it more than luck?
#
# On earth, the three runs of the whole network have a mean of 0.36 (they lie between 0.32 and 0.40), and those of depth 2 have 0.33. Is that because of the depth, or just luck with the seeds?
#
# Suppose that depth made no difference. Then any three of the six scores might have been the whole network's. So divide the six scores into two groups of three in every possible way (there are 20, because any three of the six may be the first group), and each time note how far apart the two means are.
#
# **p** is the share of these ways in which the means lie *at least as far apart* as in the real groups. With two scores each there are six ways. Say the real groups are 0.4 and 0.5 against 0.1 and 0.2:
#
# | first group | second group | distance of the means | at least 0.3? |
# |---|---|---:|---|
# | **0.4, 0.5** | **0.1, 0.2** | 0.3 | yes |
# | 0.4, 0.1 | 0.5, 0.2 | 0.1 | |
# | 0.4, 0.2 | 0.5, 0.1 | 0.0 | |
# | 0.5, 0.1 | 0.4, 0.2 | 0.0 | |
# | 0.5, 0.2 | 0.4, 0.1 | 0.1 | |
# | 0.1, 0.2 | 0.4, 0.5 | 0.3 | yes |
#
# So p is 2/6.
#
# This is the **exact two-sided permutation test**: *exact* because it counts every way, *two-sided* because either variant may be the better one.
#
# If p is small, luck alone would rarely produce such a difference. But p isn't the probability that the variants are equal, and it doesn't say how *large* a difference is. (A *t-test* assumes that scores follow a normal distribution, which three of them can't show.)
#
# We'll say that runs **show a difference**, or *tell two variants apart*, if p is 0.05 or less. That limit is a convention, one false alarm in twenty, and you have to choose it before you look.
#
# `deals` gives you every way, one pair of groups at a time:

# %%
def deals(a, b):
    """Yield each way to divide all scores into two groups as large as a and b."""
    pool = [*a, *b]
    for chosen in combinations(range(len(pool)), len(a)):
        rest = [i for i in range(len(pool)) if i not in chosen]
        yield [pool[i] for i in chosen], [pool[i] for i in rest]


print(*deals([0.4, 0.5], [0.1, 0.2]), sep="\n")

# %% [markdown]
# Return whether p is 0.05 or less. Loop with `for one, other in deals(a, b):`, and count how often the means of `one` and `other` are at least as far apart as those of `a` and `b`. Rounding must not decide, so subtract 1e-9 from the distance of `a` and `b` before you compare.

# %%
def tells_apart(a, b):
    ### BEGIN SOLUTION
    observed = abs(np.mean(a) - np.mean(b))
    distances = [abs(np.mean(first) - np.mean(second)) for first, second in deals(a, b)]
    return np.mean(np.array(distances) >= observed - 1e-9) <= 0.05
    ### END SOLUTION


exercises.tells_apart.check(tells_apart)

# %% [markdown]
# `ablation.p_value` computes the same p. The folded cell lets it compare each variant with the whole network, on each data set, using three seeds of each.

# %% jupyter={"source_hidden": true}
def compare(runs):
    rows = []
    for data in ablation.DATA:
        whole = scores(runs, data, "the U-Net")
        for variant in ablation.VARIANTS:
            theirs = scores(runs, data, variant)
            if theirs and variant != "the U-Net":
                p = ablation.p_value(whole, theirs)
                rows.append((p, data, variant, np.mean(whole), np.mean(theirs)))
    return rows


three = sorted(compare(first))
smallest, count = three[0][0], sum(p == three[0][0] for p, *_ in three)
print(f"{len(three)} comparisons; the smallest p is {smallest:.2f}, and {count} have it")

# %%
print(f"least possible, 3 against 3: {ablation.p_value([3, 4, 5], [0, 1, 2]):.3f}")
print(f"least possible, 5 against 5: {ablation.p_value(range(5, 10), range(5)):.3f}")
assert smallest == ablation.p_value([3, 4, 5], [0, 1, 2]) == 2 / 20
assert ablation.p_value(range(5, 10), range(5)) == 2 / 252

# %% [markdown]
# No variant shows a difference from the whole network, not even those that reach 0.3 where the whole network reaches 0.8. With this test, three seeds against three *can't* show one at 0.05: of the 20 ways, the real one and its mirror image always count, so p is at least 2/20.
#
# So **"no difference shown" doesn't mean "equal"**. It means that these runs can't answer the question, and that you need more of them.
#
# ## More seeds
#
# The course has trained the whole network with twenty seeds on each data set. On lines, it has trained the two variants that did badly, and the control, with five.
#
# (If you add runs only where a result looks promising, you get more false alarms. Here the gap is too large for that to matter, but decide on the number of seeds beforehand.)

# %% jupyter={"source_hidden": true}
for data in ablation.DATA:
    found = sorted(scores(runs, data, "the U-Net"))
    mean, seeds = np.mean(found), len(found)
    print(f"the U-Net on {data}, {seeds} seeds: {found[0]:.2f} to {found[-1]:.2f}, mean {mean:.2f}")
print()
more = sorted(compare(runs))
for p, data, variant, ours, theirs in more:
    if p <= 0.05:
        print(f"p = {p:.5f}  {data:15} {variant:20} {ours:.2f} → {theirs:.2f}")

# %% [markdown]
# Now even three runs of a variant can say something, because there are 1,771 ways to choose three of 23 scores (twenty of the whole network, three of the variant). Each line above has p, the whole network's mean, and the variant's.
#
# But `p_value` doesn't know how many questions we asked, and we asked 37: twelve variants on three data sets, and the control on one.
#
# If none made any difference, about two of the 37 would still get a p of 0.05 or less just by luck. Whenever you ask several questions, correct for that. The simplest way is to divide the limit by their number (**Bonferroni**). Which variants pass this *strict limit*, 0.05 / 37 = 0.00135?

# %%
limit = 0.05 / len(more)
passed = {(data, variant) for p, data, variant, *_ in more if p <= limit}
for data, variant in sorted(passed):
    print(f"{data}: {variant}")

# %% jupyter={"source_hidden": true}
LINES = "lines in rings"
unet_scores = scores(runs, LINES, "the U-Net")
told = {(data, variant): p for p, data, variant, *_ in more if p <= 0.05}
assert len(more) == 37
without = {(data, "no skips") for data in ablation.DATA}
assert passed == without | {(LINES, "depth 1"), (LINES, "depth 1, wide")}
assert set(told) - passed == {
    *((data, "strided convolution") for data in (LINES, "earth")),
    *((data, "narrow decoder") for data in (LINES, "earth")),
    (LINES, "depth 2"),
    ("earth", "transposed, kernel 4"),
    ("nuclei", "shallow decoder"),
}
for variant in ("no skips", "depth 1", "depth 1, wide"):
    assert min(unet_scores) > 1.5 * max(scores(runs, LINES, variant))

# %% [markdown]
# ## What each part did
#
# | | variant | compared with the whole network |
# |---|---|---|
# | **skips** | none | **lower** on all three data sets |
# | | added, not concatenated | no difference shown |
# | **depth** | 1 halving, narrow or wide | **lower** on lines |
# | | 2 halvings | lower on lines (p = 0.011) |
# | | 4 halvings | no difference shown |
# | **down-sampling** | strided convolution | lower on lines and earth (p below 0.005) |
# | **up-sampling** | kernel 3, bilinear, nearest | no difference shown |
# | | kernel 4 | lower on earth (p = 0.011) |
# | **decoder's size** | narrow decoder | lower on lines (p = 0.004) and earth (p = 0.038) |
# | | shallow decoder (one convolution per level) | lower on nuclei (p = 0.028) |
#
# Only the **lower** in bold passes the strict limit. Among the others there may be a false alarm or two. With kernel 4, for example, two of three runs lie below all twenty of the whole network (0.19 and 0.18), but the third (0.41) above its mean. Three runs can't say whether it's worse, or only fails now and then.
#
# Skips are the only criterion that was ever taken away: all other variants still meet all four. And every run was scored on the same test images, so p tells you whether other *seeds* would show the difference again, not other *images*. (We only compare here and choose nothing, so the test images may be used.)
#
# Is it depth, or only size? The control has 18 times as many parameters as depth 1, and its mean is 0.34 instead of 0.23, still far from 0.79. With one halving, an output pixel sees only 9 pixels to each side (you'll count that in lesson 8), and a ring has a radius of 13 to 22 pixels.
#
# All of this holds for *one set of settings*, which were chosen **with the whole U-Net**. So don't say "strided convolutions are worse". Say "with the whole network's settings, they scored lower".

# %% jupyter={"source_hidden": true}
# the numbers in the text above
assert max(told[data, "strided convolution"] for data in (LINES, "earth")) < 0.005
assert round(told["earth", "transposed, kernel 4"], 3) == 0.011
earth = scores(runs, "earth", "the U-Net")
far = {v for _, data, v, whole, theirs in more if data == "earth" and abs(whole - theirs) > 2 * np.std(earth, ddof=1)}
assert far == {"no skips", "strided convolution", "transposed, kernel 4"}
assert round(np.std(earth, ddof=1), 2) == 0.05
narrow_decoder = [round(told[data, "narrow decoder"], 3) for data in (LINES, "earth")]
assert narrow_decoder == [0.004, 0.038]
assert round(told[LINES, "depth 2"], 3) == 0.011
kernel_4 = [f"{score:.2f}" for score in scores(runs, "earth", "transposed, kernel 4")]
assert kernel_4 == ["0.19", "0.18", "0.41"]
assert [round(1771 * told[LINES, "strided convolution"]), int(1771 * limit)] == [3, 2]
assert round(told["nuclei", "shallow decoder"], 3) == 0.028

# %% jupyter={"source_hidden": true}
asked = ("no skips", "depth 1")
show(
    ablation.prediction_figure(LINES, [run for run in runs if run.variant in asked]),
    "What two networks predict for one test image, over the faint image. Without skips there are blobs in two rings, nothing in the one "
    "on the left. Depth 1 misses pieces of lines and has many that lie in no ring. Below them, small: the image and its target.",
)

# %% [markdown]
# The two failures are opposite. Without skips, the network knows in which rings there is something, but not on which pixels: *what*, but not *where*. With depth 1 it finds lines whether they're inside a ring or not: *where*, but not *what*. That is the whole idea of a U-Net, in two images.
#
# ## Cut, or trained without?
#
# A quicker way than training again is to take a trained network and **cut** its skips: the decoder gets zeros in place of the encoder's feature maps.
#
# Does that answer the same question? The course has trained three networks, for longer and on more of these images than above:
#
# - *trained with skips*: its skips were left out at random during training, so that it can cope with a cut. It reaches an IoU of 0.81.
# - *trained without skips*: it never had any. It reaches 0.49.
# - *ordinary training*: its skips were always there, as in most networks.

# %% jupyter={"source_hidden": true}
Predict(
    "The one with skips reaches 0.81. Now cut all of them. What IoU is left?",
    answer="0.2 to 0.45",
    choices=["about 0.8", "about 0.49, as if trained without", "0.2 to 0.45", "almost 0"],
    mistakes={
        "about 0.8": "That would mean that its skips are useless. Where else could the thin lines come from?",
        "about 0.49, as if trained without": "That network had the whole training to make the best of what its decoder gets. This one also had to learn to use its skips.",
        "almost 0": "An ordinary network comes close to that: it never met a missing skip in training. But this one did, now and then.",
    },
    explain="0.36. Cutting asks how much this network relies on its skips. Training without them asks what a network can do if it never had them.",
)

# %%
images = lines_in_rings(256, seed=1).test
whole = trained_unet("trained with skips")
print(f"with all skips:       IoU {evaluate(whole, images).iou:.2f}")
with cut(whole):
    print(f"all of them cut:      IoU {evaluate(whole, images).iou:.2f}")
print(f"trained without them: IoU {evaluate(trained_unet('trained without skips'), images).iou:.2f}")
ordinary = trained_unet("ordinary training")
print(f"ordinary training:    IoU {evaluate(ordinary, images).iou:.2f}")
with cut(ordinary):
    print(f"the same, all cut:    IoU {evaluate(ordinary, images).iou:.2f}")

# %% [markdown]
# So a cut and an ablation are two different things. And the network trained in the ordinary way (the last two lines) has almost nothing left when all its skips are cut, because it never met a missing one.
#
# See for yourself, on one image. (If the U is below your screen, press *present*, or hide the file browser with Ctrl + B.)

# %% jupyter={"source_hidden": true}
SeeInside(
    task="lines in rings",
    network="trained with skips",
    steps=[
        Step("Press “cut all”. What does the prediction still get right?", when={"skips": [0, 0, 0]}, explain="Mostly which ring, and not which pixels: the lines have become blobs or broken pieces."),
        Step("Select the network “trained without skips”. Are its lines better than those of the network that you cut?", when={"network": "trained without skips"}, explain="Yes. It had to get along without skips from the start, so its bottleneck keeps more of each line."),
    ],
)

# %% [markdown]
# ## Exercise 3: which skip matters most?
#
# Which of the three skips does the first network, `whole`, need most to draw thin lines? Decide first. Then measure it in a cell of your own: inside a block `with cut(whole, 1):`, the skip at level 1 is cut (`"48×48"`, its size, works as well), and `print(evaluate(whole, images))` gives the score.
#
# Give the height of that skip's feature maps: 96, 48 or 24.

# %%
### BEGIN SOLUTION
height = 96
### END SOLUTION
exercises.rim_skip.check(height)

# %% [markdown]
# ## Why do real images disagree?
#
# On nuclei, depth 1 and depth 3 both reach 0.89, because brightness and a few pixels around are nearly enough there. Without skips the mean is 0.86. That passes the strict limit although it's only 0.03 less: a small p doesn't mean a large difference.
#
# On earth, the whole network's twenty runs have a standard deviation of 0.05, and most variants disappear in it. If somebody claims that their skip is better, ask on which data, and with how many seeds and comparisons.
#
# ## Exercise 4: the same chance for all
#
# If you tune the learning rate for *your* variant and leave the other one's at its default, you measure how much care each of them got. Sharing the same settings, as in this lesson, isn't quite fair either, because they suit the whole U-Net. It would be better to tune each variant with the same effort.
#
# Tuning means trying several learning rates and keeping one. Write its last step, `pick`: it gets a list of trials, each `(learning_rate, validation, test)`, where higher scores are better, and returns the learning rate you'd go on with. (`max(trials, key=f)` returns the trial for which `f(trial)` is largest.)

# %%
def pick(trials):
    ### BEGIN SOLUTION
    return max(trials, key=lambda trial: trial[1])[0]
    ### END SOLUTION


exercises.same_recipe.check(pick)

# %% [markdown]
# ## Read the document again
#
# - It lists [four criteria](../docs/the_document.md#four-criteria) as equals. They are, if you ask *is it a U-Net?* If you ask *what does my task need?*, the answer depends on your data.
# - Encoder and decoder [typically have the same number of layers](../docs/the_document.md#same-number). A decoder with half of them scored lower on one of three data sets, which doesn't pass the strict limit.
#
# ## Recap
#
# - Depth enlarges the receptive field, which tells the network *what*. Skips keep *where*. On data that need both, leaving out either cost most.
# - One run proves little, and with this test three seeds against three can't show a difference at 0.05.
# - "No difference shown" doesn't mean "equal". Say how many comparisons you made, and for which variant the settings were chosen.
# - Cutting a skip asks what a network relies on. Training without it asks what a network can do.
#
# Next: [**7 · Is it a U-Net?**](07_is_it_a_unet.ipynb) Twelve networks, and you are the judge.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Optional: all numbers, fool a network, cut your own U-Net, count failures, and find a checkerboard.

# %% [markdown]
# ### All numbers
#
# Means of three seeds, ± their standard deviation. Earth is scored by boundary F1, the others by IoU. A *shallow decoder* has one convolution per level instead of two. (`ablation.measure`, which trained your own run above, takes any of these names.)

# %%
Markdown(ablation.table(first))

# %% [markdown]
# Read each mean with its spread. On earth the whole network has 0.36 ± 0.04, and bilinear up-sampling 0.38 ± 0.02: three seeds can't tell these two apart. Over all twenty seeds the whole network itself has 0.38: a mean of three moves that much. Three variants have a mean that lies more than two standard deviations (of the twenty) from the whole network's.
#
# The control takes three to four times as long to train, so it was only trained on lines in rings. (The other variants have no such control, although depth 2 and the narrow decoder are smaller, too.)

# %%
narrow, wide = (scores(runs, LINES, variant) for variant in ("depth 1", "depth 1, wide"))
for name, found in (("depth 1", narrow), ("depth 1, wide", wide), ("the U-Net", unet_scores)):
    print(f"{name:14} {len(found)} seeds: {min(found):.2f} to {max(found):.2f}")
print(f"narrow against wide: p = {ablation.p_value(narrow, wide):.3f}")
print(f"wide against the U-Net: p = {ablation.p_value(wide, unet_scores):.5f}")
assert max(narrow) < min(wide)
assert max(wide) < min(unet_scores) - 0.2

# %% [markdown]
# So size isn't what's missing. Other ways of seeing further, such as larger kernels, might help as well, but they weren't tried here.
#
# Strided convolutions don't pass the strict limit on lines: 3 of the 1,771 ways are as extreme, and 2 would have passed. So whether a variant passes also depends on how many runs it got. And one of the narrow decoder's three runs on lines failed outright, which accounts for much of its difference.

# %% [markdown]
# ### Paint an image that fools it
#
# **Exercise 5.** `trained_unet()` is the network *trained with skips*. Paint an image on which its IoU falls below 0.5, although you can see at once what belongs inside. The rule that made its data decides what is right.
#
# Give a list of strokes, in pixels of 96×96: `("ring", row, column, radius)` and `("line", row, column, row, column)`. Or paint in a widget of your own, `mine_to_paint = SeeInside(task="lines in rings")`, and give the strokes of `mine_to_paint.strokes`.

# %%
### BEGIN SOLUTION
strokes = [("ring", 48, 48, 40), ("line", 20, 0, 70, 95), ("line", 60, 0, 30, 95)]
### END SOLUTION
exercises.fools_it.check(strokes)

# %% [markdown]
# ### Your own U-Net, cut
#
# `cut` works with any network whose skips the course's inspector can follow, so also with the U-Net that you wrote in lesson 4. (If you haven't written one, the course's stands in.) Here it learns to denoise the portrait, which takes about ten seconds.

# %%
from torch.nn import functional as F

from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.time_left import time_left

torch.manual_seed(0)
face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
noisy = face + 0.1 * torch.randn_like(face)

# %% tags=["nbval-ignore-output"]
own = exercises.my_unet()(1, 1, depth=3, base_channels=8)
optimizer = torch.optim.Adam(own.parameters(), lr=3e-3)
losses = []
for _ in time_left(range(200)):
    loss = F.mse_loss(own(face + 0.1 * torch.randn_like(face)), face)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

# %% tags=["nbval-ignore-output"]
own.eval()
with torch.no_grad():
    results = {f"whole, {len(losses)} steps": own(noisy)}
    for level in range(3):
        with cut(own, level):
            results[f"level {level} cut"] = own(noisy)
    with cut(own):
        results["all cut"] = own(noisy)
for name, image in results.items():
    print(f"{name:16} mean error {(image - face).abs().mean():.3f}")
print(f"{'the noisy image':16} mean error {(noisy - face).abs().mean():.3f}")

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
show(
    zoomed(results),
    "The denoised portrait with the detail of the eye: by the whole network, with each skip cut, and with all of them cut.",
)

# %% [markdown]
# Which single cut costs most? The output has to keep the portrait's fine detail and drop the noise, and only level 0 still has that detail. So this network relies most on the skip at level 0. For another task it may be a different one.
#
# ### How often does training fail?
#
# None of the whole network's sixty runs failed. Which of all the other runs did? A run counts as failed if it predicts less than a twentieth of the foreground there is, or if it predicts nearly everything as foreground.

# %%
assert not any(run.trouble for run in runs if run.variant == "the U-Net")
for run in runs:
    if run.trouble:
        print(f"{run.data}, {run.variant}, seed {run.seed}: {run.trouble.partition(':')[0]}")

# %% [markdown]
# The failed run isn't left out of the mean. Neither is the worst run of depth 4 on lines, which didn't fail but only reached 0.33. Both are part of what these variants do.

# %% [markdown]
# ### The checkerboard after training
#
# In lesson 2 a *new* layer drew a pattern. Does the pattern survive training? To find out, small networks without skips were trained to reproduce their own input. Look for something that repeats every two pixels, which is the finest pattern there can be.
#
# A row of pixels is a sum of waves, from slow to fast. A **Fourier transform** finds them: `torch.fft.rfft(row).abs() ** 2` says how strong each of them is (its *power*), the slowest first. If the row has an even number of pixels, the last one is the fastest wave: +1 −1 +1 −1.
#
# **Exercise 6.** For an image `(H, W)` with even `W`, average the powers over all rows. Return the last of the averages, divided by the mean of the two before it.

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
# The table has a measure like yours, from the lowest to the highest of three seeds. Around 1, no pattern of period 2 stands out.
#
# All three kinds of transposed convolution draw a pattern. Kernels 2 and 4 do so as well, although they cover every pixel equally often, probably because their *weights* differ from place to place. Interpolation draws none. Yet the transposed convolutions have the smaller error! So a low error doesn't rule out a pattern that people will notice.
