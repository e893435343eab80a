# %% [markdown]
# # 5 · Train it
# *45 minutes, of which your computer works two or three alone. You will be able to train a U-Net, to say how good it is, and to doubt
# the number.*
#
# So far the networks were empty. Their weights were random, and what came out was noise of the right size. Now one of them shall learn
# something: **where is land?** The picture is the Earth from space. A child can do it. Can three halvings and three skips?
#
# And if they can: is it any good? That second question is the harder one, and most of this lesson is about it.

# %%
import matplotlib.pyplot as plt
import torch

from unet_teach import UNet, exercises
from unet_teach.segmentation import ablation, baselines, earth, evaluate, nuclei, predict, train
from unet_teach.segmentation.plots import comparison
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Look at the data first
#
# Always. It takes a minute, and it is the minute that people regret not having spent.

# %%
data = earth()
print(data)

# %%
show(
    data.figure(),
    "The Earth in grey from west to east, cut into four, the coast outlined. Test: the Americas. Train: Europe, Africa and West Asia. "
    "Validation: a strip from Siberia to Java. Train again: East Asia and Australia. Deserts are bright, forests nearly as dark as the sea.",
)

# %% [markdown]
# The picture is grey on purpose: in colour, *blue* would give the answer away. So it is not enough to look at one pixel. Compare the
# Amazon with the sea. The forest is nearly as dark, and shallow sea is brighter.
#
# It is cut into three parts:
#
# - **train**: what the network learns from. Here it may learn by heart.
# - **validation**: what you look at *while you try things out*. It tells you when to stop and which idea was better.
# - **test**: what you look at *once*, at the end. The Americas: the network has never seen them.
#
# Why three? If you choose the best of twenty tries by their test score, the score is no longer of something unseen: you have picked what
# happens to fit it.
#
# ## Exercise 1: nothing may leak
#
# Training takes *crops*: small squares at random places. A crop that reaches into the validation strip has seen it. Here the world is
# cut beforehand. Had you left it whole, which left edges would be allowed? The picture is `width` wide, a crop `crop`, the strip goes
# from `start` to `stop − 1`. Return a list.

# %%
def training_lefts(width, crop, start, stop):
    ### BEGIN SOLUTION
    return [left for left in range(width - crop + 1) if left + crop <= start or left >= stop]
    ### END SOLUTION


exercises.held_out.check(training_lefts)

# %% [markdown]
# ## A mask is 0 and 1
#
# The network is told the truth as a *mask*: 1 where there is land, 0 where there is none. Files do not always hold that. One says 255
# for foreground, another 1, another numbers its objects.
#
# **Exercise 2.** Make 0 and 1 of all of them, as floats.

# %%
def clean_mask(picture):
    ### BEGIN SOLUTION
    return (picture != 0).float()
    ### END SOLUTION


exercises.clean_mask.check(clean_mask)

# %% [markdown]
# ## How good is an answer?
#
# Count pixels. What share of them is right? The next cell answers "sea" everywhere, for East Asia and Australia.

# %%
truth = data.train[1].mask.bool()
nothing = torch.zeros_like(truth)
print(f"right pixels, for saying 'sea' everywhere: {(nothing == truth).float().mean():.0%}")

# %% [markdown]
# Three quarters, for nothing. The share of right pixels flatters whoever says what is common. So divide by what matters: of all pixels that
# *either* calls land, how many do *both* call land? **Intersection over union**, IoU. It is 1 when the two agree, and 0 when they share
# nothing. (A relative is **Dice**: twice what is shared over the sum of both.)
#
# **Exercise 3.** Write it, for boolean masks.

# %%
def iou(answer, truth):
    ### BEGIN SOLUTION
    union = (answer | truth).sum()
    return 1.0 if union == 0 else (answer & truth).sum() / union
    ### END SOLUTION


exercises.iou.check(iou)

# %% [markdown]
# IoU has a blind spot. A continent is large and its coast is thin: an answer can blur every bay and still share most of the pixels.
# **Boundary F1** looks at the outlines alone. Which share of the answer's lies within a pixel of the true one, and which share of the
# true one within a pixel of the answer's? Of the two shares it is the harmonic mean, which is low when either is.
#
# ## First without a network
#
# What would you try if you had never heard of a U-Net? A threshold: bright is land. *Otsu's* is the one that parts the greys of a picture best,
# without any training; the *best* one is tried out on the training pictures. Or a *random forest*, which judges each pixel by the greys around it, up to
# 9 pixels away. They are your **baselines**. A network that does not beat them is not worth its electricity.

# %%
forest = baselines.random_forest(data.train)
finders = {"Otsu": baselines.otsu(), "best threshold": baselines.best_threshold(data.train)}
finders["random forest"] = forest
for name, finder in finders.items():
    print(f"{name:15}", evaluate(finder, data.validation))

# %% [markdown]
# The forest is good. Remember its IoU, and its boundary F1.

# %% jupyter={"source_hidden": true}
Predict(
    "A U-Net, trained for a minute or so: what will its IoU be on the validation strip?",
    answer="0.85 to 0.93",
    choices=["below 0.73", "0.73 to 0.85", "0.85 to 0.93", "above 0.93"],
    mistakes={
        "below 0.73": "That is where the thresholds are. They see one pixel, and it sees its surroundings.",
        "0.73 to 0.85": "Between threshold and forest. Two of twenty seeds did stay there.",
        "above 0.93": "The mask was drawn by people from other pictures. Do even they agree so well?",
    },
    explain="It is a guess about data, not about a formula. Of twenty seeds that the course tried, eighteen ended there.",
)

# %% [markdown]
# ## Train
#
# A step: take 8 crops, let the network answer, measure how wrong it is (the *loss*), move each weight a little to where the loss is
# smaller (how little: the *learning rate*). And again, 600 times. The loop is `unet_teach.segmentation.training`, some 200 lines to be read.
#
# It takes about half a minute of a laptop, a minute or two in Binder. Watch the curves, and what is found on the right. **■** in the
# toolbar stops it at any time, and the best so far is kept. (Stopped early, your numbers are lower than those discussed below.)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
network = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
training = train(network, data, steps=600)
print(f"{'U-Net':15}", evaluate(network, data.validation))

# %% [markdown]
# ## Read the curve
#
# Two losses: one on what it learns from, one on what it has never seen. Both are measured alike, so you may compare them.
#
# - Both fall: it learns, and what it learns holds elsewhere. Leaps are normal while the learning rate is high, here up to
#   about step 425 of 600. It falls towards the end, and so do they.
# - The first falls, the second rises: it **overfits**, which means that it memorises the training pictures.
# - Neither falls: something is wrong. Data, learning rate, or bad luck with the seed.

#
# Kept is the best step *on validation*, not the last. How much the line leaps says how much chance is in that choice.
#
# ## From logits to a mask
#
# What leaves the network are logits: any numbers. The loss turns them into probabilities. You want a mask: True where land is more
# likely than sea, and False everywhere else, also where both are equally likely.
#
# **Exercise 4.**

# %%
def to_mask(logits):
    ### BEGIN SOLUTION
    return logits > 0
    ### END SOLUTION


exercises.to_mask.check(to_mask)

# %% [markdown]
# ## Validate, and change nothing
#
# After each 3×3 convolution our U-Net has a *batch normalisation*: it shifts and scales each channel to mean 0 and deviation 1, so that no layer's
# numbers run away, and then by two numbers that it learns. In *training mode* it does so by the crops at hand, and takes notes. In *evaluation mode* it uses its notes.
# Whoever validates in the wrong mode scores another network, and changes this one on the way.
#
# **Exercise 5.** The IoU of a network as it will be used, all pixels counted together; the masks are boolean. Record nothing for learning
# (`torch.no_grad()`). Afterwards the network is as it was.

# %%
def validate(network, pictures, masks):
    ### BEGIN SOLUTION
    was = network.training
    network.eval()
    with torch.no_grad():
        answer = network(pictures) > 0
    network.train(was)
    return float((answer & masks).sum() / (answer | masks).sum())
    ### END SOLUTION


exercises.validation_iou.check(validate)

# %% [markdown]
# ## The Americas, once
#
# Now the test, on a continent that none of them has seen. And since one training is one seed: how often do twenty, which the course
# brings along, beat the forest?

# %% tags=["nbval-ignore-output"]
scores = {name: evaluate(finder, data.test) for name, finder in (finders | {"U-Net": network}).items()}
for name, score in scores.items():
    print(f"{name:15}", score)

# %%
twenty = [run for run in ablation.results() if (run.data, run.variant) == ("earth", "the U-Net")]
for measure in ("iou", "boundary_f1"):
    forests = getattr(scores["random forest"], measure)
    ours = [getattr(run, measure) for run in twenty]
    wins = sum(value > forests for value in ours)
    print(f"{measure}: {min(ours):.2f} to {max(ours):.2f}, above {forests:.2f} in {wins} of {len(ours)}")

# %% [markdown]
# Look closely before you celebrate.
#
# - By **IoU** the U-Net wins with most seeds: it knows large forms. The forest takes dark woods for sea.
# - By **boundary F1** the forest wins against most seeds.
# - And *Otsu* has the best outline of all! Its area is the worst.
#
# Can a threshold draw the best coast? When a score surprises you, ask *where* it is earned. In the far north, coasts are long, and snow lies
# beside dark water. So cut the picture at 60° N:

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation import boundary_f1

target, row = data.test[0].mask, 45  # row 45 is 60° N
for name, method in (finders | {"U-Net": network}).items():
    mask = predict(method, data.test[0].image)
    north = boundary_f1(mask[:, :row], target[:, :row])
    south = boundary_f1(mask[:, row:], target[:, row:])
    print(f"{name:15} boundary F1 north of 60°: {north:.2f}, south of it: {south:.2f}")

# %% [markdown]
# Otsu and the forest earn their outlines in the north. South of it both thresholds are far behind, and the U-Net's outline is better than the
# forest's with most seeds. So the forest does not draw coasts better: it draws *northern* ones better, and they are 44 % of the coast here. On the validation
# strip few coasts are so far north, and Otsu's outline is the worst.
#
# Why is the network weaker there? Its size is part of it. With twice the channels, each of three seeds beats the forest's outline on the whole
# picture (`benchmarks/coast.py`). In the north even these stay behind, and why, we do not know.
#
# ## Where are the mistakes?

# %% tags=["nbval-ignore-output"]
pair = data.test[0]
shown = {"Otsu": finders["Otsu"], "random forest": forest, "U-Net": network}
found = {name: predict(finder, pair.image) for name, finder in shown.items()}
places = {"Great Lakes": (87, 239), "Amazon": (227, 307)}
show(
    comparison(pair, found, places),
    "The Americas, and for each method the pixels that are right, missed, and too much; Great Lakes and Amazon are circled. Otsu has "
    "snow and mountains, little else. The random forest misses the Amazon, the U-Net smaller pieces. Both miss the Great Lakes and "
    "err along coasts and in the far north.",
)

# %% [markdown]
# Go along the mistakes and sort them. Some are the network's: dark forest is not sea. Some are the *truth's*: the mask calls the Great
# Lakes land, and the picture shows water. Is a network that says *water* there wrong? **Look at what you score against.**
#
# ## Another seed
#
# Weights begin at random, and crops are drawn at random. If you have the patience, train a *new* network; this one would only go on:
#
# ```python
# torch.manual_seed(1)
# other = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
# train(other, data, steps=600, seed=1)
# ```
#
# Compare on validation: the test is spent. A difference smaller than that between two seeds says nothing. Lesson 6 does it properly.
#
# ## Other data: nuclei
#
# A microscope's picture. Bright spots are the nuclei of cells, outlined by experts.

# %% tags=["nbval-ignore-output"]
cells = nuclei()
show(
    cells.figure(),
    "Grey oval spots on a dark ground, some touching, a few very bright, all outlined. From left to right: train, validation, test.",
)
torch.manual_seed(0)
small = train(UNet(1, 1, depth=3, base_channels=8), cells, steps=200, live=False).model
tries = {"Otsu": baselines.otsu(), "random forest": baselines.random_forest(cells.train), "U-Net": small}
ious = {name: evaluate(finder, cells.test).iou for name, finder in tries.items()}
for name, value in ious.items():
    print(f"{name:14} IoU {value:.2f}")

# %% [markdown]
# If you let it train to the end, the U-Net ties with the forest. Why? Bright is nucleus, dark is not, and a few pixels around are enough to tell:
# in lesson 6, a U-Net with one halving scores as high here as one with three. (To tell *touching* nuclei apart would be a harder task, but this
# mask does not ask for it.)
#
# ## Your own pictures
#
# Two folders, pictures and masks with the same names. It says what it could not use.
#
# ```python
# from unet_teach.segmentation import from_folder
# mine = from_folder("my_pictures", "my_masks")
# print(mine)
# training = train(UNet(mine.channels, 1, depth=3, base_channels=8), mine, seconds=60)
# ```
#
# Nothing leaves your machine. With `checkpoint="mine.pt", resume=True` a training goes on where it was cut off.
#
# Of every five pictures, one is drawn for validation and one for the test. Slices of one patient, or frames of one film, are nearly the same
# picture, and leak: then split yourself, patient by patient.

# %% [markdown]
# ## Read the document again
#
# - It does not say a word about training, and it need not. But its `out_channels=128` would be 128 answers for each pixel. Here it is one.
# - Its network has no normalisation. Would yours do without? Train `UNet(1, 1, depth=3, base_channels=8, norm=False)` for as many steps, and compare on
#   validation.
#
# ## Recap
#
# - Look at the data, keep validation and test apart, and try a baseline first.
# - IoU sees areas, boundary F1 sees outlines. One number hides the other.
# - A tie with something simple is a result. Ask why.
#
# Next: **6 · Take it apart**. Which of the four marks did the work?
