# %% [markdown]
# # 5 · Train it
#
# **After this lesson you can**
# - keep training, validation and test data apart,
# - score a prediction by IoU, and say what pixel accuracy hides,
# - read a training loop, and validate a network without changing it.
#
# *45 minutes, of which your computer works two or three by itself. You need lessons 1 to 4.*
#
# ![The Americas in grey; what a U-Net calls land; and its mistakes: pieces of South America and of the Great Lakes are missed, and coasts, the far north and an island in the Pacific are called land wrongly.](../docs/images/lesson_5.svg)
#
# So far your networks had random weights, so their outputs were noise of the right size. The one above was trained for half a minute to answer a single question: **where is land?**
#
# Saying how good a prediction is turns out to be harder than making one, and takes up most of this lesson.

# %%
import matplotlib.pyplot as plt
import torch
from torch.nn import functional as F

from unet_teach import UNet, exercises
from unet_teach.segmentation import ablation, baselines, earth, evaluate, nuclei, predict, train
from unet_teach.segmentation.plots import comparison
from unet_teach.segmentation.training import random_crops
from unet_teach.shared.show import show
from unet_teach.shared.time_left import time_left
from unet_teach.widgets import Predict, SeeInside

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Look at the data first

# %%
data = earth()
print(data)

# %% jupyter={"source_hidden": true}
show(
    data.figure(),
    "The Earth in grey from west to east, cut into four, the coast outlined. Test: the Americas. Train: Europe, Africa and West Asia. Validation: a strip from Siberia to Java. Train again: East Asia and Australia. Deserts are bright, forests nearly as dark as the sea.",
)

# %% [markdown]
# In colour, *blue* would give the answer away. In grey, a single pixel doesn't tell you much: the Amazon is nearly as dark as the sea, and shallow sea is brighter than the Amazon. The image is cut into four pieces, which serve three purposes:
#
# - **train**: the two pieces the network learns from. A good score here proves little, because the network could simply memorise them.
# - **validation**: the piece you look at *while you try things out*. It tells you when to stop training and which of two ideas is better.
# - **test**: the piece you look at *once*, at the end. Here it's the Americas.
#
# Why not just training and test? If you keep the best of twenty ideas by their test scores, it's partly just the luckiest, so the test no longer tells you how it does on unseen images.
#
# ## Exercise 1: nothing may leak
#
# Training uses **crops**, small squares cut out at random places, so that one image gives thousands of examples. If a crop reached into the validation strip, the network would train on pixels it will be judged by: the data would **leak**. Here the image was cut up beforehand, so that can't happen.
#
# Suppose it had been left whole. It is `width` pixels wide, a crop is `crop` pixels wide, and the strip covers columns `start` to `stop − 1`.
#
# Return a list of all left columns at which a crop may begin so that it fits into the image and doesn't touch the strip. (A crop that begins at `left` ends at `left + crop − 1`.)

# %%
def training_lefts(width, crop, start, stop):
    ### BEGIN SOLUTION
    return [left for left in range(width - crop + 1) if left + crop <= start or left >= stop]
    ### END SOLUTION


exercises.held_out.check(training_lefts)

# %% [markdown]
# ## How good is a prediction?
#
# What the network should predict is called the **target**, or **ground truth**. Here it's a mask: 1 where there is land, 0 elsewhere.
#
# The simplest score is **pixel accuracy**, the share of pixels that are right. Let's give it an easy test: the next cell predicts "sea" everywhere, on East Asia and Australia.

# %%
target = data.train[1].mask.bool()
nothing = torch.zeros_like(target)
print(f"pixel accuracy of 'sea' everywhere: {(nothing == target).float().mean():.0%}")

# %% [markdown]
# Three quarters, for doing nothing: pixel accuracy rewards the majority class. Better ask: what share of the pixels that you called land really is land (**precision**)? And what share of the land did you find (**recall**)?
#
# **Intersection over union**, IoU, answers both with one number. Take all pixels that *either* the prediction or the target calls land. IoU is the share of them that *both* call land. (**Dice** is a close relative: twice the overlap, divided by the sum of the two areas.)
#
# **Exercise 2.** Write IoU for masks of True and False: `a & b` is True where both are, `a | b` where at least one is, and `.sum()` counts. If both masks are empty, they agree, so return 1.

# %%
def iou(prediction, target):
    ### BEGIN SOLUTION
    union = (prediction | target).sum()
    return 1.0 if union == 0 else (prediction & target).sum() / union
    ### END SOLUTION


exercises.iou.check(iou)

# %% [markdown]
# IoU has a blind spot. A continent is large and its coast is thin, so a prediction may blur every bay and still overlap almost perfectly.
#
# **Boundary F1** looks at the outline alone: the land pixels with sea above, below, left or right of them. A pixel of one outline is **matched** if it, or one of its four neighbours, lies on the other outline. The prediction below misses a lake and adds an island:

# %% jupyter={"source_hidden": true}
from unet_teach.segmentation import boundary_f1
from unet_teach.segmentation.drawings import matched_outlines, outline_example

show(
    matched_outlines(*outline_example()),
    "Two small maps of one land with its outline in green. In the prediction, a square island is orange and crossed: 27 of 31 pixels are matched. In the target, the outline of a lake is orange and crossed: 28 of 37 are matched.",
)
assert round(boundary_f1(*outline_example()), 2) == 0.81

# %% [markdown]
# 27 of the prediction's 31 outline pixels are matched: a precision of 0.87. (The other four, in orange, are the island.) Of the target's 37, 28 are matched: a recall of 0.76. (The rest is the lake.)
#
# Boundary F1 is their *harmonic mean*, 2 · 0.87 · 0.76 / (0.87 + 0.76) = 0.81, which is low as soon as one of the two is.
#
# ## First without a network
#
# Without a U-Net you'd probably try a threshold, because land tends to be brighter than sea. *Otsu's* threshold separates the grey values as well as possible without looking at a mask. The *best threshold* is the one with the best IoU on the training images.
#
# A *random forest* is many decision trees, each a chain of yes-or-no questions about the grey values around a pixel, up to 9 pixels away.
#
# These three are your **baselines**. A network that can't beat them isn't worth its electricity. (The forest takes a few seconds. **■** in the toolbar stops it, and then the trees grown so far are used.)

# %% tags=["nbval-ignore-output"]
forest = baselines.random_forest(data.train)
methods = {"Otsu": baselines.otsu(), "best threshold": baselines.best_threshold(data.train)}
methods["random forest"] = forest
for name, method in methods.items():
    print(f"{name:15}", evaluate(method, data.validation))

# %% [markdown]
# ## The training loop
#
# Here is all of training, with the U-Net that you wrote in lesson 4. (If you haven't written one yet, the course's stands in.) For each pixel it returns a **logit**, which may be any number. A *sigmoid* turns it into a probability of land: 0 becomes one half, positive logits become more, negative ones less.
#
# The **loss** is the number that says how wrong these probabilities are. Ours is a sum of two terms:
#
# - **Binary cross-entropy** looks at each pixel: how probable did the network find the right class? The less probable, the larger the loss. (PyTorch's function below takes the logits, and applies the sigmoid itself.)
# - **1 − Dice** compares the land as a whole, so a little land isn't drowned out by a lot of sea. Here probabilities take the place of the prediction's 0s and 1s, and all images of a training step count together.

# %% tags=["nbval-ignore-output"]
MyUNet = exercises.my_unet()


def loss_of(logits, masks):
    probabilities = logits.sigmoid()  # from 0 to 1
    overlap = (probabilities * masks).sum()
    dice = (2 * overlap + 1) / (probabilities.sum() + masks.sum() + 1)  # + 1: no land, no 0 / 0
    return F.binary_cross_entropy_with_logits(logits, masks) + 1 - dice

# %% [markdown]
# Each step of the loop takes a **batch** of 8 random crops and flips each of them at random. That's the simplest **augmentation**: a flipped coast is still a coast, so the network gets more examples for free.
#
# `backward()` computes the **gradient**, which says for each weight how fast the loss would grow if that weight grew. It *adds* the new gradient to the old one, so `zero_grad()` clears the old one first. Then the **optimizer**, here AdamW, takes a `step()`: it changes every weight a little so that the loss falls.
#
# How large those changes are is set by the **learning rate**. It follows a schedule called *one-cycle*: it rises during the first 30 % of the training and then falls to almost nothing. (`OneCycleLR` takes the highest rate, which replaces AdamW's own, and the number of steps. `cycle_momentum=False` leaves AdamW's momentum as it is.)
#
# The initial weights and the crops are random. A **seed** fixes where the random numbers start, so the same seed gives the same training again. (`generator` draws the crops.)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
mine = MyUNet(1, 1, depth=3, base_channels=8)
generator = torch.Generator().manual_seed(0)
optimizer = torch.optim.AdamW(mine.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=60, cycle_momentum=False)
losses = []
for _ in time_left(range(60)):  # shows how long it will take
    images, masks = random_crops(data.train, 8, 64, generator)  # (8, 1, 64, 64) each
    loss = loss_of(mine(images), masks)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
print(f"loss: {losses[0]:.2f} at first, {sum(losses[-10:]) / 10:.2f} on average in the last ten steps")

# %% [markdown]
# That's all there is to it. (Books count training in **epochs**, which are passes through all the training images. Random crops have no natural end, so this course counts steps.)
#
# The course's `train` does the same, and also validates every 25 steps, keeps the best weights, and shows what's going on.

# %% jupyter={"source_hidden": true}
Predict(
    "The course's U-Net, trained for 600 steps: what will its IoU be on the validation strip?",
    answer="0.85 to 0.93",
    choices=["below 0.73", "0.73 to 0.85", "0.85 to 0.93", "above 0.93"],
    mistakes={
        "below 0.73": "That's where the thresholds end up. They judge each pixel alone, but the network also sees its surroundings.",
        "0.73 to 0.85": "That's between the thresholds and the forest. Two of the twenty seeds that the course tried did end there, but most do better.",
        "above 0.93": "The mask was drawn from other images, by people. Would two people agree with each other that well?",
    },
    explain="Of the twenty seeds that the course tried, eighteen ended in this range. No formula tells you that in advance, you have to measure it.",
)

# %% [markdown]
# ## Train
#
# This is the longest wait of the course: about half a minute on a laptop, a minute or two on Binder, and never more than four, because then it stops by itself. Watch the curves meanwhile.
#
# You can press **■** at any time: the best weights so far are kept, and the tables and images below say after how many steps it was stopped.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
unet = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
training = train(unet, data, steps=600, seconds=240, device="cpu")
network, name = training.model, f"U-Net{training.stopped_note}"  # a note, if it ended early
print(f"{name:15}", evaluate(network, data.validation))
predictors = methods | {name: network}

# %% [markdown]
# Does it beat the forest on this strip? One run may be lucky, so count the course's twenty as well, which differ in their seeds:

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
forest_score = evaluate(forest, data.validation)
twenty = [run for run in ablation.results() if (run.data, run.variant) == ("earth", "the U-Net")]
wins = sum(run.validation_iou > forest_score.iou for run in twenty)
print(f"{'random forest':15}", forest_score)
print(f"{wins} of 20 U-Nets have a higher IoU")

# %% [markdown]
# By IoU nearly always. By boundary F1 neither is clearly better: another run may reverse that.
#
# Is that fair? Both learned from the same two pieces, and both are scored on the same strip.
#
# But the U-Net's weights are the best of 25 looks at that strip (one before training, then one every 25 steps), and nobody chose the forest by it, so the U-Net's score is a little optimistic. Only the test is fair to both.
#
# ## Read the curve
#
# The losses on training and on validation images are computed in the same way, so you may compare them.
#
# - **Both fall.** What the network learns also holds for images it hasn't seen. Jumps are normal as long as the learning rate is high, here for the first two thirds.
# - **The training loss falls and the validation loss rises.** The network **overfits**: it memorises the training images, as the network without a skip did in lesson 3.
# - **Neither falls.** Something is wrong: the data, the learning rate, or an unlucky seed.
#
# ## Exercise 3: from logits to a mask
#
# Turn the network's logits into a mask that is True where land is more likely than sea, and False everywhere else, including where both are equally likely.

# %%
def to_mask(logits):
    ### BEGIN SOLUTION
    return logits > 0
    ### END SOLUTION


exercises.to_mask.check(to_mask)

# %% [markdown]
# ## Exercise 4: validate, and change nothing
#
# After each 3×3 convolution, the course's U-Net has a **batch normalisation** (yours has one only if you added it). As in lesson 4, it shifts and scales each channel. By how much depends on the network's mode:
#
# - In *training mode* (`network.train()`), the layer measures the mean and spread of the current batch, and keeps a running average of them.
# - In *evaluation mode* (`network.eval()`), it uses that running average.
#
# If you validate in training mode, the running averages change, and with them the network.
#
# Write `validate`. It returns the IoU in evaluation mode, with the pixels of all images counted together: `images` is a tensor (N, 1, H, W), and `masks`, of the same shape, holds True and False. Inside `with torch.no_grad():`, PyTorch records nothing for learning. Afterwards, leave the network in the mode it was in: `network.training` says which, and `network.train(True)` or `network.train(False)` sets it.

# %%
def validate(network, images, masks):
    ### BEGIN SOLUTION
    was = network.training
    network.eval()
    with torch.no_grad():
        prediction = network(images) > 0
    network.train(was)
    return float((prediction & masks).sum() / (prediction | masks).sum())
    ### END SOLUTION


exercises.validation_iou.check(validate)

# %% [markdown]
# ## The Americas, once
#
# Now for the test, on land that none of the methods has seen.

# %% tags=["nbval-ignore-output"]
scores = {name: evaluate(method, data.test) for name, method in predictors.items()}
for name, score in scores.items():
    print(f"{name:15}", score)

# %% [markdown]
# How often do the course's twenty runs beat the forest here?

# %%
for measure in ("iou", "boundary_f1"):
    forest_score = getattr(scores["random forest"], measure)
    ours = [getattr(run, measure) for run in twenty]
    wins = sum(value > forest_score for value in ours)
    print(f"{measure}: {min(ours):.2f} to {max(ours):.2f}, above {forest_score:.2f} in {wins} of 20")

# %% [markdown]
# - By **IoU**, most seeds of the U-Net beat the forest here, too. Much of the difference is literally forest: the random forest takes dark woods for sea.
# - By **boundary F1**, the forest beats most seeds.
# - And *Otsu* has the best outline in the table above, although its IoU is the worst of all!
#
# Can a threshold really draw the best coast? When a score surprises you, ask *where* it is earned: here in the far north, where bright snow lies beside dark water (*Going further* shows it).
#
# Report the score that fits your question, or both. And one warning: you've now seen the test scores. If you change something *because* of them, you need new images to test it on.
#
# ## Where are the mistakes?

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
pair = data.test[0]
shown = {name: method for name, method in predictors.items() if name != "best threshold"}
predictions = {name: predict(method, pair.image) for name, method in shown.items()}
places = {"Great Lakes": (87, 239), "Amazon": (227, 307)}
show(
    comparison(pair, predictions, places),
    f"The Americas, and for each method the pixels that are right, missed, and too much (U-Net{training.stopped_note}); Great Lakes and Amazon are circled. Otsu has "
    "snow and mountains, little else. The random forest misses the Amazon and the Great Lakes. The U-Net misses part of the lakes and pieces of "
    "northern and western South America, and sees an island in the Pacific. Both err along coasts and in the far north.",
)

# %% [markdown]
# Some mistakes are the method's fault: dark forest isn't sea, and there is no island in that part of the Pacific. Others are the *target's*: the mask calls the Great Lakes land, although the image shows water. Is a network wrong if it says *water* there? **Look at what you score against.**
#
# ## See inside your network
#
# This is the network you just trained, with a piece of South America as its input. It runs in this page, so it answers while you paint. (If the U is below your screen, press *present*.)

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# 128×128 around the Amazon
piece = (slice(None), slice(163, 291), slice(243, 371))
SeeInside(
    network,
    pair.image[piece],
    target=pair.mask[piece],
    steps=[
        "Paint a bright line across the sea. A threshold would call it land. Does your network?",
        "Click a pixel of the prediction in the middle of the dark Amazon. Which input pixels does the network look at to decide?",
    ],
)

# %% [markdown]
# ## Read the document again
#
# It doesn't say a word about training, and it doesn't have to. But [its `UNet(64, 128)`](../docs/the_document.md#unet) would return 128 logits for each pixel, where we need one.
#
# ## Recap
#
# - Look at the data, keep validation and test apart, and try a baseline before you try a network.
# - Training is a short loop: predict, measure the loss, `backward`, `step`.
# - Pixel accuracy rewards the majority class. IoU measures areas, boundary F1 measures outlines.
# - Two scores can rank methods differently, so ask where each of them is earned.
#
# Next: [**6 · Take it apart**](06_take_it_apart.ipynb). Which of its parts did the work?

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Optional: where the best coast is, a better minute of training, another seed, nuclei under a microscope, and your own images.

# %% [markdown]
# ### Where is the best coast?
#
# In the far north coasts are long, and bright snow lies beside dark water. (They also count for more, because this map stretches the north: at 60° N, everything is twice as wide as it should be.) So let's split the image there.

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation import boundary_f1

target, row = data.test[0].mask, 45  # row 45 is 60° N
for name, method in predictors.items():
    mask = predict(method, data.test[0].image)
    north = boundary_f1(mask[:, :row], target[:, :row])
    south = boundary_f1(mask[:, row:], target[:, row:])
    print(f"{name:15} boundary F1 north of 60°: {north:.2f}, south of it: {south:.2f}")

# %% [markdown]
# So **Otsu and the forest earn their outlines in the north**, which has 44 % of the coast in this image. South of 60° both thresholds are far behind, and the U-Net's outline is better than the forest's (with six of the seven seeds for which `benchmarks/coast.py` compared them).
#
# Nobody noticed earlier because the validation strip has little northern coast; there, Otsu's outline is the worst.
#
# Would a larger network do better in the north? Not one with twice the channels. What does help, in the same time, comes next.

# %% [markdown]
# ### A better minute
#
# Can the same network draw better outlines than the forest, in about the same time? Every choice was made on the validation data, with 40 seconds of processor time for each run (`benchmarks/boundary.py`).
#
# | what was changed | seeds | boundary F1 on validation: mean, lowest to highest |
# |---|---:|---:|
# | nothing | 3 | 0.45 (0.40 to 0.50) |
# | half of the crops over a random pixel of the coast | 3 | 0.53 (0.51 to 0.55) |
# | *all* crops over a random pixel of the coast | 20 | 0.53 (0.42 to 0.64) |
# | ... with 4 crops in a batch instead of 8 | 2 | 0.53 (0.47 to 0.60) |
# | 12 channels instead of 8 | 2 | 0.37 (0.32 to 0.42) |
# | 16 channels, and a narrow decoder | 2 | 0.32 (0.32 to 0.33) |
#
# **What helped** is where the crops lie. But one setting spreads from 0.42 to 0.64 over twenty seeds, so two or three seeds can't rank the three rows with 0.53.
#
# (The twenty seeds made 700 steps each, which took less than the 40 seconds. The first two seeds of *all* had 0.61 on average. They used up their time and made 966 steps on average: was it that, or luck?) Wider networks get through half as many steps in the time.
#
# Two ways to average made outlines no better: over the weights of recent steps, and over predictions for flipped images.
#
# To try it, use a new network:
#
# ```python
# torch.manual_seed(1)
# other = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
# train(other, data, steps=700, seed=1, crop_at="boundary", device="cpu")
# ```
#
# **On the test set**, 20 of 20 seeds beat the forest by IoU *and* by boundary F1: theirs is 0.50 to 0.68, the forest's 0.42 to 0.46. (With a threshold of −0.5 for the logits, which validation prefers, it is 0.48 to 0.67.) They win in the north as well. Such crops don't help the forest: on the validation strip, its boundary F1 falls from 0.38 (three seeds, 0.37 to 0.39) to 0.33 (0.28 to 0.38).
#
# But remember the warning. We looked for better outlines *because* this test had shown bad ones, so these numbers are optimistic. For a fair test you'd need images of land that nobody has looked at.

# %% [markdown]
# ### Another seed
#
# The initial weights and the crops are random. If you have the patience, train a *new* network with another seed. (Calling `train` with the old one would only continue where it left off.)
#
# ```python
# torch.manual_seed(1)
# other = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
# train(other, data, steps=600, seed=1, device="cpu")
# ```
#
# Compare the two on the validation data, because you've already looked at the test set. (Or train the network that you wrote in lesson 4, for as long: `train(MyUNet(1, 1, depth=3, base_channels=8), data, device="cpu")`. Without batch normalisation, expect a lower score.)
#
# If the gap between two *methods* is smaller than the gap between two seeds of one method, it tells you nothing. Lesson 6 shows how to compare properly.
#
# ### Other data: nuclei
#
# This is the microscope image of lesson 0. The bright spots are cell nuclei, outlined by experts. (Training on them takes 10 to 40 seconds.)

# %% jupyter={"source_hidden": true}
cells = nuclei()
show(
    cells.figure(),
    "Grey oval spots on a dark ground, some touching, a few very bright, all outlined. From left to right: train, validation, test.",
)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
cells_training = train(UNet(1, 1, depth=3, base_channels=8), cells, steps=200, seconds=60, device="cpu")
tries = {"Otsu": baselines.otsu(), "random forest": baselines.random_forest(cells.train)}
tries["U-Net" + cells_training.stopped_note] = cells_training.model
for name, method in tries.items():
    print(f"{name:14} IoU {evaluate(method, cells.test).iou:.2f}")

# %% [markdown]
# After all 200 steps, the U-Net only ties with the forest. Why? Nuclei are bright and the background is dark, so a few pixels around each point are enough to tell. In lesson 6, a U-Net with one halving scores as high here as one with three. (Telling *touching* nuclei apart would be harder, but this mask doesn't ask for that.)
#
# ### Your own images
#
# You need two folders, one with images and one with masks of the same names. `from_folder` tells you which files it couldn't use, and why. (`train` uses a GPU if torch sees one. The lessons pass `device="cpu"`, where a seed gives the same numbers again.)
#
# ```python
# from unet_teach.segmentation import from_folder
# my_data = from_folder("my_images", "my_masks")
# print(my_data)
# training = train(UNet(my_data.channels, my_data.out_channels, depth=3, base_channels=8), my_data, seconds=60)
# ```
#
# **Exercise 5.** Mask files aren't always tidy. Some store 255 for the object, others 1, and others give each object a number of its own. `from_folder` copes with all of them. Do the same: `clean_mask` gets a mask as a tensor, and returns it with 0 and 1, as floats.

# %%
def clean_mask(raw_mask):
    ### BEGIN SOLUTION
    return (raw_mask != 0).float()
    ### END SOLUTION


exercises.clean_mask.check(clean_mask)

# %% [markdown]
# If your masks have several classes, name them: `from_folder("my_images", "my_masks", classes={"sky": 0, "road": 7})`. Then the network returns a channel for each class, and [Use it elsewhere](../docs/use_elsewhere.md) says how to score and keep it. Nothing leaves your computer. With `checkpoint="mine.pt", resume=True`, an interrupted training continues where it was.
#
# Out of every five images, one is set aside for validation and one for the test. But slices of one patient, or frames of one film, are nearly the same image, so they would leak from one part into another. If you have such images, split the files yourself, patient by patient.
