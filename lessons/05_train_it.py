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
# So far our networks had random weights, and their outputs were noise of the right size. The one above was trained for half a minute to answer a single question: **where is land?** A child can do it. Can three halvings and three skips? And how good are they? That second question is the
# harder one, and most of this lesson is about it.

# %%
import matplotlib.pyplot as plt
import torch
from torch.nn import functional as F

from unet_teach import UNet, exercises
from unet_teach.segmentation import ablation, baselines, earth, evaluate, nuclei, predict, train
from unet_teach.segmentation.plots import comparison
from unet_teach.segmentation.training import random_crops
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %% [markdown]
# ## Look at the data first
#
# Always. It takes a minute, and people regret not having spent it.

# %%
data = earth()
print(data)

# %% jupyter={"source_hidden": true}
show(
    data.figure(),
    "The Earth in grey from west to east, cut into four, the coast outlined. Test: the Americas. Train: Europe, Africa and West Asia. Validation: a strip from Siberia to Java. Train again: East Asia and Australia. Deserts are bright, forests nearly as dark as the sea.",
)

# %% [markdown]
# The image is grey on purpose, because in colour *blue* would give the answer away. A single pixel doesn't tell: the Amazon is nearly as dark as the sea, and shallow sea is brighter. The image is cut into three parts:
#
# - **train**: what the network learns from. Memorising it would be easy, and useless.
# - **validation**: what you look at *while you try things out*. It tells you when to stop and which idea was better.
# - **test**: what you look at *once*, at the end. The Americas: the network has never seen them.
#
# Why three? If you choose the best of twenty attempts by its test score, that score is no longer about something unseen. You've picked the attempt that happens to fit it.
#
# ## Exercise 1: nothing may leak
#
# Training uses **crops**, small squares at random places. A network trained on a crop that reaches into the validation strip has seen part of it. Here the image was cut beforehand. If you cropped from the uncut image, where could a crop start without touching the strip? The image is `width` pixels wide, a crop is `crop` pixels wide, and the strip goes from column
# `start` to `stop − 1`. Return a list of left columns.

# %%
def training_lefts(width, crop, start, stop):
    ### BEGIN SOLUTION
    return [left for left in range(width - crop + 1) if left + crop <= start or left >= stop]
    ### END SOLUTION


exercises.held_out.check(training_lefts)

# %% [markdown]
# ## Exercise 2: a mask is 0 and 1
#
# The network learns from a **target**, also called ground truth. Here it's a mask: 1 where there is land, 0 elsewhere. Files aren't always like that: one stores 255 for the object, another 1, and another numbers its objects. Turn all of them into 0 and 1, as floats.

# %%
def clean_mask(raw_mask):
    ### BEGIN SOLUTION
    return (raw_mask != 0).float()
    ### END SOLUTION


exercises.clean_mask.check(clean_mask)

# %% [markdown]
# ## How good is a prediction?
#
# Count pixels. The share that is right is called **pixel accuracy**. The next cell predicts "sea" everywhere, for East Asia and Australia:

# %%
target = data.train[1].mask.bool()
nothing = torch.zeros_like(target)
print(f"pixel accuracy of 'sea' everywhere: {(nothing == target).float().mean():.0%}")

# %% [markdown]
# Three quarters, for nothing. Pixel accuracy rewards predicting the majority class. Two better questions: of the pixels that you called land, what share is land (**precision**)? And of the land, what share did you find (**recall**)? One number for both is **intersection over union**, IoU: of all pixels that *either* calls land, the share that *both* call
# land. It's 1 for a perfect prediction and 0 if nothing overlaps. (**Dice** is a close relative: twice the overlap over the sum of both areas.)
#
# **Exercise 3.** Write IoU for boolean masks.

# %%
def iou(prediction, target):
    ### BEGIN SOLUTION
    union = (prediction | target).sum()
    return 1.0 if union == 0 else (prediction & target).sum() / union
    ### END SOLUTION


exercises.iou.check(iou)

# %% [markdown]
# IoU has a blind spot. A continent is large and its coast is thin, so a prediction can blur every bay and still share most pixels. **Boundary F1** looks at the outlines alone: precision and recall of the outline, within one pixel, combined into their harmonic mean, which is low when either is low.
#
# ## First without a network
#
# What would you try if you had never heard of a U-Net? A threshold: bright is land. *Otsu's* threshold separates the grey values best without any training; the *best* one is chosen on the training images. Or a *random forest*, which judges each pixel by the grey values around it, up to 9 pixels away. These are your **baselines**. A network that doesn't beat them isn't
# worth its electricity. (The forest takes about ten seconds. **■** in the toolbar stops it, and the trees grown so far are used.)

# %%
forest = baselines.random_forest(data.train)
methods = {"Otsu": baselines.otsu(), "best threshold": baselines.best_threshold(data.train)}
methods["random forest"] = forest
for name, method in methods.items():
    print(f"{name:15}", evaluate(method, data.validation))

# %% [markdown]
# The forest is good. Remember its IoU and its boundary F1.
#
# ## The training loop
#
# Here is all of training, with the U-Net that you wrote in lesson 4 (if you haven't, the course's stands in). First the **loss**, the number that says how wrong a prediction is. It is the sum of two: **cross-entropy**, which asks of every pixel how surprised the predicted probability is by the target, and 1 − Dice, which compares the land as a whole. (The two `+ 1` keep it defined where a crop has no land.)

# %% tags=["nbval-ignore-output"]
MyUNet = exercises.my_unet()


def loss_of(logits, masks):
    probabilities = logits.sigmoid()
    overlap = (probabilities * masks).sum()
    dice = (2 * overlap + 1) / (probabilities.sum() + masks.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) + 1 - dice

# %% [markdown]
# Then the loop. Every step takes a **batch** of 8 random crops, flipped left to right and top to bottom at random, which is the simplest **augmentation**: a flipped coast is still a coast. `backward()` computes for every weight in which direction the loss grows, and the **optimizer**, here AdamW, moves the weight a little in the other direction. How far is set by the **learning rate**: it rises during the first third and
# then falls to almost nothing (*one-cycle*).

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
mine = MyUNet(1, 1, depth=3, base_channels=8)
random = torch.Generator().manual_seed(0)
optimizer = torch.optim.AdamW(mine.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=60)
losses = []
for _ in range(60):
    images, masks = random_crops(data.train, 8, 64, random)  # (8, 1, 64, 64) each
    loss = loss_of(mine(images), masks)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
print(f"loss: {losses[0]:.2f} at first, {sum(losses[-10:]) / 10:.2f} on average in the last ten steps")

# %% [markdown]
# That's all there is to it. (Books count training in **epochs**, passes through all training images. With random crops there is no such thing, so this course counts steps.) Real training adds what you'd rather not write each time: validation every 25 steps, keeping the best weights, stopping when you ask it to, and a live view. `train` in
# `unet_teach.segmentation.training` does that with the same loss and optimizer; it is some 200 lines, made to be read.

# %% jupyter={"source_hidden": true}
Predict(
    "The course's U-Net, trained for 600 steps: what will its IoU be on the validation strip?",
    answer="0.85 to 0.93",
    choices=["below 0.73", "0.73 to 0.85", "0.85 to 0.93", "above 0.93"],
    mistakes={
        "below 0.73": "That's where the thresholds are. They see one pixel, and it sees its surroundings.",
        "0.73 to 0.85": "Between threshold and forest. Two of twenty seeds did stay there.",
        "above 0.93": "People drew the mask from other images. Would even they agree so well?",
    },
    explain="This is a guess about data, not about a formula. Of the twenty seeds that the course tried, eighteen ended there.",
)

# %% [markdown]
# ## Train
#
# It takes about half a minute on a laptop, a minute or two on Binder. Watch the curves and the prediction. **■** stops it at any time and keeps the best weights so far. The tables and images below then say after how many steps, and your numbers are lower than those discussed.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
training = train(UNet(in_channels=1, out_channels=1, depth=3, base_channels=8), data, steps=600)
network, name = training.model, f"U-Net{training.stopped_note}"  # the note says if you stopped it
print(f"{name:15}", evaluate(network, data.validation))
predictors = methods | {name: network}

# %% [markdown]
# ## Read the curve
#
# There are two losses: one on the training images, one on images never seen. Both are measured in the same way, so you may compare them.
#
# - Both fall: it learns, and what it learns holds elsewhere. Jumps are normal while the learning rate is high, here up to about step 425 of 600.
# - The first falls, the second rises: it **overfits**, as the network without a skip did in lesson 3.
# - Neither falls: something is wrong. The data, the learning rate, or bad luck with the seed.
#
# The weights that were kept are the best *on validation*, not the last. How much the line jumps tells you how much chance is in that choice.
#
# ## Exercise 4: from logits to a mask
#
# The network returns logits, which may be any number. The loss turns them into probabilities. You want a mask: True where land is more likely than sea, and False everywhere else, also where both are equally likely.

# %%
def to_mask(logits):
    ### BEGIN SOLUTION
    return logits > 0
    ### END SOLUTION


exercises.to_mask.check(to_mask)

# %% [markdown]
# ## Exercise 5: validate, and change nothing
#
# After each 3×3 convolution our U-Net has a **batch normalisation**: it shifts and scales each channel to mean 0 and standard deviation 1, so that no layer's values run away, and then by two numbers that it learns. In *training mode* it uses the mean and spread of the crops at hand, and keeps running averages of both. In *evaluation mode* it uses those. Validate in the
# wrong mode, and you score another network and change this one on the way.
#
# Write the IoU of a network as it will be used, all pixels counted together; the masks are boolean. Record nothing for learning (`torch.no_grad()`). Afterwards the network has to be as it was.

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
# Now the test, on land that none of them has seen. One training is one seed, so how often do twenty, which the course brings along, beat the forest?

# %% tags=["nbval-ignore-output"]
scores = {name: evaluate(method, data.test) for name, method in predictors.items()}
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
# - By **IoU** the U-Net wins with most seeds. Much of the difference is forest: the random forest takes dark woods for sea.
# - By **boundary F1** the forest wins against most seeds.
# - And *Otsu* has the best outline in this table! Of the twenty U-Nets only one does better. Its area is the worst.
#
# Can a threshold draw the best coast? When a score surprises you, ask *where* it is earned. In the far north coasts are long, and snow lies beside dark water. So cut the image at 60° N:

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation import boundary_f1

target, row = data.test[0].mask, 45  # row 45 is 60° N
for name, method in predictors.items():
    mask = predict(method, data.test[0].image)
    north = boundary_f1(mask[:, :row], target[:, :row])
    south = boundary_f1(mask[:, row:], target[:, row:])
    print(f"{name:15} boundary F1 north of 60°: {north:.2f}, south of it: {south:.2f}")

# %% [markdown]
# Otsu and the forest earn their outlines in the north. South of it both thresholds are far behind, and the U-Net's outline is better than the forest's with six of seven seeds (`benchmarks/coast.py`). So the forest doesn't draw coasts better, it draws *northern* ones better, and they are 44 % of the coast here. On the validation strip few coasts are that far north, and Otsu's outline is
# the worst.
#
# Is the network too small? With twice the channels, each of three seeds beats the forest's outline on the whole image (`benchmarks/coast.py`), but in the north none of them does. We don't know why. (From here on we only explain a test score. We no longer choose by it.)
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
# Go along the mistakes and sort them. Some are the method's: dark forest is not sea, and there is no island in the Pacific. Some are the *target's*: the mask calls the Great Lakes land, and the image shows water. Is a network wrong that says *water* there? **Look at what you score against.**
#
# ## Read the document again
#
# - It doesn't say a word about training, and it doesn't have to. But [its `UNet(64, 128)`](../docs/the_document.md#unet) would give 128 outputs for each pixel. Here it's one.
# - Its network has no normalisation. If you solved the project in lesson 4 with plain convolutions, yours has none either. Train it for 600 steps with `train(MyUNet(1, 1, depth=3, base_channels=8), data)` and compare on validation.
#
# ## Recap
#
# - Look at the data, keep validation and test apart, and try a baseline first.
# - Training is a short loop: predict, measure the loss, `backward`, `step`.
# - IoU sees areas, boundary F1 sees outlines. Pixel accuracy rewards the majority class.
# - Two scores can rank methods differently. Ask where each score is earned.
#
# Next: [**6 · Take it apart**](06_take_it_apart.ipynb). Which of the four criteria did the work?

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further
#
# Optional: another seed, nuclei under a microscope, and your own images.

# %% [markdown]
# ### Another seed
#
# Weights start at random, and crops are drawn at random. If you have the patience, train a *new* network (this one would only go on):
#
# ```python
# torch.manual_seed(1)
# other = UNet(in_channels=1, out_channels=1, depth=3, base_channels=8)
# train(other, data, steps=600, seed=1)
# ```
#
# Compare on validation, because the test is spent. A difference smaller than that between two seeds says nothing. Lesson 6 does it properly.
#
# ### Other data: nuclei
#
# A microscope image, as in lesson 0. The bright spots are cell nuclei, outlined by experts. (The next cell takes 20 to 40 seconds.)

# %% jupyter={"source_hidden": true}
cells = nuclei()
show(
    cells.figure(),
    "Grey oval spots on a dark ground, some touching, a few very bright, all outlined. From left to right: train, validation, test.",
)

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
cells_training = train(UNet(1, 1, depth=3, base_channels=8), cells, steps=200, live=False)
print(cells_training)
tries = {"Otsu": baselines.otsu(), "random forest": baselines.random_forest(cells.train)}
tries["U-Net" + cells_training.stopped_note] = cells_training.model
for name, method in tries.items():
    print(f"{name:14} IoU {evaluate(method, cells.test).iou:.2f}")

# %% [markdown]
# If you let it train to the end, the U-Net ties with the forest. Why? Bright is nucleus, dark is not, and a few pixels around are enough to tell: in lesson 6, a U-Net with one halving scores as high here as one with three. (To tell *touching* nuclei apart would be a harder task, but this mask doesn't ask for it.)
#
# ### Your own images
#
# Two folders, images and masks with the same names. It tells you what it couldn't use.
#
# ```python
# from unet_teach.segmentation import from_folder
# my_data = from_folder("my_images", "my_masks")
# print(my_data)
# training = train(UNet(my_data.channels, 1, depth=3, base_channels=8), my_data, seconds=60)
# ```
#
# Nothing leaves your computer. With `checkpoint="mine.pt", resume=True` a training continues where it was interrupted.
#
# Of every five images, one is set aside for validation and one for the test. Slices of one patient or frames of one film are nearly the same image, so they leak: then split the files yourself, patient by patient.
