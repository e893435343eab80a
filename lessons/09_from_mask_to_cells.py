# %% [markdown]
# # 9 · From mask to cells
#
# **After this lesson you can**
# - turn numbered cells into a target with a border class, and leave out pixels that don't count,
# - give a rare class a weight, and say why pixel accuracy doesn't notice it,
# - get separate cells from probabilities, with a threshold of your choice,
# - match cells with a target, and count mistakes by cells instead of pixels.
#
# *45 minutes, of which your computer works half a minute by itself. You need lesson 5.*
#
# ![Touching cells under a microscope; their mask, in which connected pixels share a colour, so that a chain of three cells is one blob, and a pair another; and the same cells cut apart at likely borders: the chain is three cells, the pair still one.](../docs/images/lesson_9.png)
#
# How many cells are there? In the middle image every pixel of a cell is marked correctly, and you still can't count them, because cells that touch have become one. On the right, the chain of three is three cells again, though the pair above it isn't two.
#
# So far your networks asked of each pixel: foreground or not? Here you'll ask for three classes, and the third one, the **border** between two cells, is so rare that a network can ignore it and still look excellent.

# %%
import matplotlib.pyplot as plt
import torch
from torch.nn import functional as F

from unet_teach import UNet, exercises, progress
from unet_teach.segmentation import baselines, evaluate, object_scores, touching_nuclei, train
from unet_teach.segmentation.instances import connected_components
from unet_teach.segmentation.plots import paint_cells, side_by_side
from unet_teach.shared.show import show
from unet_teach.widgets import CellCounter, Predict, Step

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Numbered cells
#
# These are the nuclei of lesson 0. Experts outlined each of them and gave it a number. The image is divided into three strips: train, validation, test.

# %%
data, numbers = touching_nuclei()
for name, labels in numbers.items():
    cells, pieces = len(labels.unique()) - 1, connected_components(labels > 0).max()
    print(f"{name:10} {cells} cells, {pieces} connected pieces")

# %% [markdown]
# A **connected component** is a set of foreground pixels that you can walk through, up, down, left and right, without stepping on background. Even in the experts' own mask there are fewer components than cells. So a perfect network with two classes couldn't do better, as long as each component counts as a cell.
#
# The authors of the U-Net of 2015 taught it to leave a thin line of background between cells that touch. We go one step further, and give that line a class of its own.
#
# ## Exercise 1: where two cells meet
#
# A pixel is **border** if the 5×5 square around it holds pixels of *two* cells. How do you find such pixels without loops?
#
# - Max-pooling with stride 1 gives each pixel the *largest* number in its square.
# - The *smallest* comes from the same layer, because min(x) = −max(−x). But background, which is 0, would always be the smallest, so it's set to 1000 first, which is more than any cell's number.
#
# In a square without any cell, `largest` is 0 and `smallest` is 1000.

# %%
labels = numbers["train"][None].float()  # (1, 288, 512)
filled = labels.where(labels > 0, 1000.0)
largest = F.max_pool2d(labels, kernel_size=5, stride=1, padding=2)
smallest = -F.max_pool2d(-filled, kernel_size=5, stride=1, padding=2)

# %% [markdown]
# Now make the target: 2 for border, whatever the pixel was before, otherwise 1 inside a cell and 0 for background. (`torch.where(condition, a, b)` takes `a` where the condition is True, and `b` elsewhere; `(labels > 0).long()` is 1 in cells and 0 elsewhere.)

# %%
def three_classes(labels, largest, smallest):
    ### BEGIN SOLUTION
    return torch.where(smallest < largest, 2, (labels > 0).long())
    ### END SOLUTION


exercises.border_target.check(three_classes)

# %% [markdown]
# The course's data come with exactly this target. In the image, border is orange.

# %% jupyter={"source_hidden": true}
pair = data.train[0]
image, target = pair.image[:, 144:], pair.mask[0, 144:]
show(
    side_by_side({"half of the training image: inside is blue, border is orange": paint_cells(target, image)}, width=640),
    "Half of the training image. Cells are painted blue; where two of them touch or almost touch there is a short, thick orange line. There are only a few of them.",
)

# %% [markdown]
# ## Exercise 2: a match is a match
#
# Whether cells are kept apart is a question about cells, so count cells, not pixels. A cell that was found and a cell of the target **match** if their IoU is above one half.
#
# Then no cell can match twice: cells of one mask don't overlap, so no two of them can both cover more than half of the same cell.
#
# The rest are **spurious** (found, but without a partner) or **missed** (in the target, but without one). **Object F1** is twice the matches, divided by all cells found plus all cells in the target. It's 1 if every cell is found, and nothing else.
#
# Write it for a table of IoUs, which has a row for each cell found and a column for each cell of the target. (`ious.shape` says how many rows and columns there are.)

# %%
def object_f1(ious):
    ### BEGIN SOLUTION
    return 2 * (ious > 0.5).sum() / sum(ious.shape)
    ### END SOLUTION


exercises.object_f1.check(object_f1)

# %% [markdown]
# What does a merge cost? Say two cells of 60 and 40 pixels become one of 100. Its IoU with the larger one is 60/100, so these two match, and only the smaller cell is missed.
#
# But if three cells of about the same size merge, none of them makes up half of the whole, so three are missed and one is spurious.
#
# ## A rare class
#
# How many of the pixels are border?

# %%
counts = torch.bincount(data.train[0].mask.flatten(), minlength=3)
for name, share in zip(data.classes, counts / counts.sum()):
    print(f"{name:10} {share:.1%}")

# %% jupyter={"source_hidden": true}
Predict(
    "A network gets every pixel of the test right, except that it never predicts border. What is its pixel accuracy?",
    answer="about 99 %",
    choices=["about 67 %", "about 90 %", "about 99 %"],
    mistakes={
        "about 67 %": "That would be so if each of the three classes had a third of the pixels. But pixel accuracy counts pixels, not classes.",
        "about 90 %": "For that, a tenth of the pixels would have to be border. Look at the shares above.",
    },
    explain="It is wrong only where there is border, and that's about one pixel in a hundred.",
)

# %%
target = data.test[0].mask
without = (numbers["test"] > 0).long()[None]  # border becomes cell or background, as it really is
print(f"pixel accuracy {(without == target).float().mean():.1%}")
print(object_scores(connected_components(without), numbers["test"]))

# %% [markdown]
# Pixel accuracy hardly notices. Counting does: a quarter of the cells are missed, even though this prediction is as good as one without borders can be, if components are simply counted.
#
# (A component is *merged* if it contains more than half of each of two cells or more. A cell is *split* if it contains more than half of each of two components or more.)
#
# That's the **accuracy trap**: by pixel accuracy, you'd choose a network that ignores the rare class.
#
# ## Exercise 3: weights
#
# The loss has the same trap. Cross-entropy (lesson 5's, for any number of classes) is a mean over pixels, and border is only 1 % of those, so it's sometimes hardly learned at all, even with a Dice term beside it. The remedy is to multiply each pixel's cross-entropy by a **weight** of its class.
#
# One over the class's frequency would balance the classes completely, but then a border pixel weighs a hundred times as much as a background pixel, and the network sees borders everywhere. One over the *square root* of the frequency is a common compromise.
#
# Write `class_weights`. It gets the number of pixels of each class, and returns the weights, as a tensor or a list. Only their ratios matter, because PyTorch divides by the sum of the weights, so scale them to a mean of 1.

# %%
def class_weights(counts):
    ### BEGIN SOLUTION
    weights = counts**-0.5
    return weights / weights.mean()
    ### END SOLUTION


exercises.rare_weights.check(class_weights)

# %% [markdown]
# ## Exercise 4: pixels that don't count
#
# Two experts would disagree by a pixel or two about where a cell ends. Data sets often give such pixels the label 255, called **void**, which means: don't count this one. Write pixel accuracy without them.

# %%
def accuracy(prediction, target):
    ### BEGIN SOLUTION
    counted = target != 255
    return (prediction == target)[counted].float().mean()
    ### END SOLUTION


exercises.ignore_void.check(accuracy)

# %% [markdown]
# In the loss, both are arguments: `F.cross_entropy(logits, target, weight=weights, ignore_index=255)`.
#
# ## Train
#
# Three classes need three output channels, and `class_weights="inverse_sqrt"` computes the weights of exercise 3. The rest is as in lesson 5. (This takes half a minute on a laptop. After two minutes it stops by itself; if it's stopped, the best weights so far are kept.)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
unet = UNet(in_channels=1, out_channels=3, depth=3, base_channels=8)
training = train(unet, data, steps=300, learning_rate=6e-3, class_weights="inverse_sqrt", seconds=120, device="cpu")
network, after = training.model, training.stopped_note  # empty, unless it was stopped
scores = evaluate(network, data.validation, classes=data.classes)
print(scores)

# %% [markdown]
# Each class has an IoU of its own now. `train` kept the weights with the best *mean IoU*: there, border counts as much as background. Its IoU is low, because a thin line is hard to hit exactly. What matters is whether it keeps cells apart.
#
# What do the weights change? The course also trained ten networks without them, and ten with. Pixel accuracy on the test set is 0.957 without weights, and 0.947 with them (means; the benchmark is `benchmarks/cells.py`), so by pixel accuracy you'd leave them out.
#
# But look at the borders: four of the ten networks without weights found less than 10 % of the border pixels, and the ten with weights found 48 to 86 %.
#
# ## From probabilities to cells
#
# The network returns three logits for each pixel. `softmax` turns them into three probabilities that add up to 1.

# %% tags=["nbval-ignore-output"]
def probabilities_of(pair):
    with torch.no_grad():
        return network(pair.image[None])[0].softmax(0)  # (3, H, W)


validation, test = probabilities_of(data.validation[0]), probabilities_of(data.test[0])
inside = validation.argmax(0) == 1
print("by argmax:", object_scores(connected_components(inside), numbers["validation"]))

# %% [markdown]
# `argmax` takes the most probable class. You can also cut wherever border is more probable than a **threshold**, and choose the threshold yourself. Low thresholds cut much, high ones little.
#
# **Exercise 5.** Return a mask of what is left: True where background is less probable than one half *and* border is at most as probable as the threshold. `probabilities[0]` is background, `probabilities[2]` border, and `&` joins two masks (each in parentheses).

# %%
def left_over(probabilities, threshold):
    ### BEGIN SOLUTION
    return (probabilities[0] < 0.5) & (probabilities[2] <= threshold)
    ### END SOLUTION


exercises.border_threshold.check(left_over)

# %% [markdown]
# Here are the validation cells. Each change of the threshold recolours the connected components of what is left. Each kind of mistake has a mark in the image, and the same mark beside its count: a black number, for example, says how many cells were merged into one.

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
CellCounter(
    data.validation[0].image,
    validation,
    numbers["validation"],
    steps=[
        Step("At 0.5 hardly anything is cut. Set `threshold` to 0.2. What happens to the cells with a black number?", when={"threshold": 0.2}, explain="Most of them come apart: where they touch, border is possible, though seldom more probable than one half."),
        Step("Now search: at which threshold is object F1 highest?", when={"best": True}, explain="None of the thresholds 0.05, 0.10, … 0.95 is better than this one."),
    ],
)

# %% [markdown]
# Low thresholds split cells and eat away their outlines, high ones merge neighbours. Choose on the validation cells, where you may look as often as you like. (`cells_below` is `left_over`, then `connected_components`.)

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation.instances import cells_below

tried = [round(0.05 * step, 2) for step in range(1, 20)]
by_threshold = {t: object_scores(cells_below(validation, t), numbers["validation"]).f1 for t in tried}
best = max(by_threshold, key=by_threshold.get)
print(f"best threshold {best}, object F1 {by_threshold[best]:.2f}; at 0.5 it is {by_threshold[0.5]:.2f}")

# %% [markdown]
# Compare the best threshold with `argmax`, above. A single cell of the 28 makes a difference of about 0.03, so one run can't say which is better.
#
# The benchmark has ten runs of each kind. For networks trained *without* weights a threshold helps: object F1 on the test set rises from 0.70 by `argmax` to 0.77, on average. With weights, it's 0.81 by `argmax` and 0.78 with a threshold, so there it brings nothing more.
#
# So weights and a threshold treat the same problem, one during training and the other after it, when you can't train again.
#
# ## The test
#
# All choices so far were made without the test. (It's a strip of the same image, so it says nothing about other microscopes.) Your cuts have rivals:
#
# - *Otsu* is the threshold of lesson 5, and needs no network.
# - The **distance watershed** needs no border class. It cuts any mask where it's narrow.
# - The **border watershed** cuts along the most probable borders, and gives back the pixels that were cut out. ("Going further" says how both work. Radius 9 and threshold 0.9 are among those that the benchmark chose on validation data.)

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation.instances import border_watershed, distance_watershed

image, foreground, otsu = data.test[0].image, test[0] < 0.5, baselines.otsu()
found = {
    "Otsu": connected_components(otsu(image)),
    "Otsu, distance watershed": distance_watershed(otsu(image), radius=9),
    "network, not cut": connected_components(foreground),
    "network, argmax": connected_components(test.argmax(0) == 1),
    f"network, border ≤ {best}": cells_below(test, best),
    "network, border watershed": border_watershed(test, threshold=0.9),
    "network, distance watershed": distance_watershed(foreground, radius=9),
}
for name, cells in found.items():
    print(f"{name:28}", object_scores(cells, numbers["test"]), after.removeprefix(", "))

# %% [markdown]
# That's one run, and its ranking means little. Here is what more runs say ("Going further" has ten seeds):
#
# - Anything is better than not cutting. But on this strip, **Otsu with a distance watershed reaches 0.78, without a network**. This lesson's own route, weights and then a threshold, has 0.78 on average.
# - If the image is cut into four strips instead, and each of them is the test once, Otsu with a distance watershed only has 0.68 over all of them, cutting at a threshold 0.81, and both watersheds of the network have 0.87 (weights of exercise 3, three seeds). So the network is worth its cost.
# - The border class is hardly worth it for cells as round as these: cutting where the mask is narrow works as well.

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
shown = {
    "target": numbers["test"],
    "not cut": found["network, not cut"],
    f"border ≤ {best}{after}": cells_below(test, best),
}
show(
    side_by_side({name: paint_cells(cells) for name, cells in shown.items()}, width=768, columns=1),
    "Three times the test image, cells in colours: the target; the components of the network's foreground, in which clusters of touching cells have one colour; and the components after borders were cut out, most of them separate.",
)

# %% [markdown]
# ## Where it merges, and where it splits
#
# Compare the last image with the target, cluster by cluster. The cut **merges** cells that overlap: where one lies on top of another, there's no dark line, so the image holds no evidence of a border. With a low threshold it also **splits** cells in which a dark fold looks like a border.
#
# ## What a U-Net doesn't know
#
# The network's output is three probabilities for each pixel. Nowhere in it is there a cell. *You* made the cells, by walking through connected pixels. A gap of one pixel in a border joins two cells, and the loss would hardly have noticed.
#
# Could you let the network predict the cells' numbers? Not with this loss: exchange the numbers of two cells, and the target is just as right, but the loss is completely different. So people let networks predict something else for each pixel:
#
# - [StarDist](https://doi.org/10.1007/978-3-030-00934-2_30): how far it is to its cell's outline in 32 directions. Use it for round cells that lie close together.
# - [Cellpose](https://doi.org/10.1038/s41592-020-01018-x): an arrow; following the arrows leads to the inside of its cell. Use it for cells of any shape, and try it first, because it comes trained.
#
# Both are U-Nets inside (Cellpose up to version 3), so you know how they work up to the last layer.
#
# ## Read the document again
#
# [`UNet(64, 128)`](../docs/the_document.md#unet) returns 128 channels. As the output of a whole network, that would be 128 classes. The document doesn't name the classes or weigh them: that's no part of the architecture, but it decides what the network is good for.
#
# ## Recap
#
# - Several classes are several output channels, and void pixels don't count.
# - A rare class hides in pixel accuracy. Score each class, and score what you want to know: cells.
# - `argmax` isn't the only way from probabilities to a decision. A threshold is yours to choose, on validation data.
# - A U-Net classifies pixels. Cells are made afterwards, and one pixel can merge two.
#
# That was the last lesson, and you know the four criteria.
#
# The next time somebody shows you 900 lines and says *it's a U-Net*, you'll know how to find out.
#
# Here is what's left to solve:

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: two watersheds, and ten seeds
#
# Optional. A **watershed** treats an image as a landscape. Water rises from its valleys, and where the water of two valleys meets, there's a line between two cells.
#
# - The **distance watershed** computes how far each foreground pixel is from the background. A round cell has a peak in its middle, and two round cells that touch have two. Turned upside down, each peak is a valley, if it's the highest point within `radius` pixels.
# - The **border watershed** takes the probability of border as its landscape, so that likely borders are ridges.
#
# (Outside this course, `scipy.ndimage.label` finds components, and `skimage.segmentation.watershed` floods.)
#
# Here is object F1 on the test for ten seeds with this recipe: the mean, and lowest to highest. Radius and thresholds were chosen on the validation data, for each network (`benchmarks/cells.py`).
#
# | | no weights | weights of exercise 3 |
# |---|---|---|
# | not cut | 0.56 (0.51 to 0.61) | 0.52 (0.46 to 0.55) |
# | argmax | 0.70 (0.58 to 0.83) | 0.81 (0.77 to 0.90) |
# | border ≤ threshold | 0.77 (0.58 to 0.84) | 0.78 (0.69 to 0.86) |
# | distance watershed | 0.80 (0.74 to 0.86) | 0.80 (0.71 to 0.89) |
# | border watershed | 0.84 (0.76 to 0.90) | 0.82 (0.78 to 0.93) |
#
# - Above, `argmax` did better than a threshold of 0.5. Why? It also cuts where border or background is the most probable class with *less* than one half. A threshold of 0.5 leaves those pixels in, and a bridge of one pixel merges two cells.
# - With `argmax`, weights score higher (p = 0.010 by the test of lesson 6, but that's one question of five). With a threshold or a watershed, no difference is shown.
# - The border watershed beats the distance watershed of the same network in 14 of 20 runs here, but the other divisions don't confirm it.
#
# Why do runs differ so much? Not only because of the seed. The same recipe, with the loss added up in another order, rounds differently, and small differences grow during training: seed 0 found 77 % of the border pixels instead of 48 %. So your own numbers may differ from these even with the same seed.
#
# The test has 36 cells, so a single one makes a difference of 0.03.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: how good are the outlines?
#
# Optional. Object F1 asks whether a cell was found, and is content with an IoU just above one half. **Average precision** asks for more: it counts matches at ten thresholds of the IoU, from 0.5 to 0.95, divides by all cells (matched, spurious and missed), and takes the mean. (That's the score of the 2018 Data Science Bowl, from which this image comes. In other fields the same name means something else.)

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation import average_precision

for name, cells in found.items():
    print(f"{name:28} average precision {average_precision(cells, numbers['test']):.2f}")

# %% [markdown]
# In the benchmark, the border watershed has 0.32 to 0.56, and cutting at a threshold 0.25 to 0.47. Cutting takes the border pixels away from the cells, and a watershed gives them back.
#
# How far could the distance watershed get, if the mask were perfect?

# %% tags=["nbval-ignore-output"]
perfect = distance_watershed(numbers["test"] > 0, radius=9)
print(object_scores(perfect, numbers["test"]))

# %% [markdown]
# Very far, because these cells are round. But where one cell lies half on top of another, the outline of the two has no waist, so there's nothing to cut.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: a weight for each pixel
#
# Optional. The paper of 2015 gives a weight not only to each class, but to each *pixel*:
#
# $$w = w_c + w_0 \cdot \exp\left(-\frac{(d_1 + d_2)^2}{2\sigma^2}\right)$$
#
# Here $w_c$ is the weight of the pixel's class, and $d_1$ and $d_2$ are the distances to the nearest and the second nearest cell. The paper chose $w_0 = 10$, which is what the narrowest gap adds, and $\sigma$ of about 5 pixels, which says how wide a gap may be before it no longer matters.

# %% jupyter={"source_hidden": true}
from unet_teach.segmentation.cell_targets import weight_map

piece = (slice(0, 96), slice(0, 256))
weights = weight_map(numbers["validation"])[piece]
show(
    side_by_side({"numbered cells": paint_cells(numbers["validation"][piece]), "weight of each pixel, 1 to 11": weights / 11}, width=384, columns=2),
    "Numbered cells in colours, and the weight map: dark nearly everywhere, bright in the narrow gaps between neighbours and where two cells touch.",
)

# %% [markdown]
# In the benchmark, three networks trained with it found 57 to 65 % of the border pixels, where the ten with the weights of exercise 3 found 48 to 86 %.
