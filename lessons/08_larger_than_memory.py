# %% [markdown]
# # 8 · Larger than memory
#
# **After this lesson you can**
# - work out how far a U-Net looks, for any depth,
# - explain after which shifts a U-Net gives the same output again,
# - work out where tiles start, and how far they overlap, so that nobody can see a seam.
#
# *30 minutes. You need lessons 1, 2 and 5.*
#
# ![A wall of lines and rings; the prediction made at once; the prediction made of tiles laid edge to edge, in which pieces of lines are missing wherever a tile's border cuts a ring.](../docs/images/lesson_8.png)
#
# A slide under a microscope is scanned at 10,000×10,000 pixels and more. In lesson 5 your network was trained on squares of 64 pixels. It would run, because no layer asks how large an image is, but it has to *keep* feature maps for its skips. So the image is cut into **tiles**, and then things like those on the right happen.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from unet_teach import UNet, exercises, progress
from unet_teach.segmentation import lines_in_rings, predict_tiled, train
from unet_teach.segmentation.exact_sums import exact_sums
from unet_teach.segmentation.plots import side_by_side
from unet_teach.segmentation.tiling import needed_overlap, why_tiles_differ
from unet_teach.shared.show import show
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %%
side, base, depth = 10_000, 64, 4  # the network of 2015 on a slide
skips = [base * 2**level * (side // 2**level) ** 2 for level in range(depth)]
print(f"feature maps kept for the skips: {4 * sum(skips) / 1e9:.0f} GB")

# %% [markdown]
# More than most computers have. So cut the image into tiles, predict each of them, and put the predictions together. What could go wrong?

# %% jupyter={"source_hidden": true}
Predict(
    "Tiles laid edge to edge, each predicted alone: what do you expect along their borders?",
    answer="wrong predictions near the borders",
    choices=["nothing: each pixel gets its prediction", "wrong predictions near the borders", "wrong predictions everywhere"],
    mistakes={
        "nothing: each pixel gets its prediction": "What does a convolution see beyond the border of its input?",
        "wrong predictions everywhere": "A pixel in the middle of a large tile sees everything it needs.",
    },
    explain="At its border a tile sees zeros where the whole image goes on. Pixels far from the border see the same as before.",
)

# %% [markdown]
# ## A network and a wall
#
# We use lines in rings again, because there it matters what is far away. Train for about ten seconds, then lay 16 images side by side as one wall of 384×384. (If you stop the training with **■**, everything below still works, with what the network has learned by then. It may be too little for what you are told to see: the captions say after how many steps.)

# %% tags=["nbval-ignore-output"]
data = lines_in_rings(32, seed=1)
torch.manual_seed(0)
training = train(UNet(1, 1, depth=3, base_channels=8), data, steps=200, batch=4, crop=96, learning_rate=6e-3)
network, after = training.model, training.stopped_note  # empty, unless you stopped the training

# %%
images = [pair.image for pair in lines_in_rings(64, seed=2).test]
wall = torch.cat([torch.cat(images[row : row + 4], dim=2) for row in range(0, 16, 4)], dim=1)
with torch.no_grad():
    whole = network(wall[None])[0]
print("the wall", tuple(wall.shape), "and its prediction, made at once", tuple(whole.shape))

# %% [markdown]
# This wall still fits into memory, so we know what should come out: the prediction for the whole. Now in tiles of 64, without overlap:

# %%
def off(prediction):
    return (prediction.sigmoid() - whole.sigmoid()).abs()[0]


naive = predict_tiled(network, wall, tile=64, overlap=0)
print(f"largest difference in probability above 0.3? {bool(off(naive).max() > 0.3)}{after}")

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
shown = {f"at once{after}": whole[0].sigmoid(), "in tiles": naive[0].sigmoid(), "the wall": wall[0], "difference": off(naive)}
figure = side_by_side(shown, width=384, columns=2)
for panel in (panel for panel in figure.axes if panel.get_label() != "the wall"):
    for border in range(64, 384, 64):
        panel.axhline(border, color="#E69F00", linewidth=0.7)
        panel.axvline(border, color="#E69F00", linewidth=0.7)
show(
    figure,
    "The prediction for a wall at once, pieces of lines inside rings, and in tiles, whose borders are drawn in orange; below, the wall of lines and rings, and the difference: whole pieces of lines, wherever a tile's border cuts a ring.",
)

# %% [markdown]
# There is no fine line along the borders, but something worse: whole pieces of lines are missing. At a tile's border every convolution pads with zeros where the image really goes on. A ring that is cut by a border is no ring, and what lies in it is lost. Such a place is called a **seam**.
#
# (Lines also break every 96 pixels. Those are the joins of the wall itself, where its images meet.)
#
# Many tools hide seams by **blending**: tiles overlap a little, and their predictions are averaged with weights that fall off towards the border. That makes seams smooth, not right. The other way is to let each tile *read* more than it *keeps*. How much more?
#
# ## How far does a pixel see?
#
# Change one input pixel and see which outputs change. Or ask the other way round, with a gradient: which input pixels does one output depend on? That is its receptive field, as in lesson 1.

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation.unet_receptive_field import (
    gradient_of_output_pixel,
    nonzero_bounds,
    receptive_field_of,
    response_to_input_pixel,
)

measured = []
for place in (192, 194, 197):  # the first of a cell of 8, the third, the sixth
    for name, measure in {"change": response_to_input_pixel, "gradient": gradient_of_output_pixel}.items():
        top, bottom, left, right = (edge - place for edge in nonzero_bounds(measure(network, wall, place, place)))
        print(f"{place} by {name:9} rows {top:+} to {bottom:+}, columns {left:+} to {right:+}")
        measured += [-top, bottom, -left, right]

# %% [markdown]
# This is what it looks like on the wall. The counting below shows that nothing outside the square can change this pixel's prediction:

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
top, bottom, left, right = nonzero_bounds(gradient_of_output_pixel(network, wall, 194, 194))
shown = 0.35 * wall[0]
shown[top : bottom + 1, left : right + 1] = wall[0, top : bottom + 1, left : right + 1]
figure = side_by_side({"what one output pixel sees": shown}, width=256)
(panel,) = figure.axes
panel.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="#E69F00", linewidth=2))
panel.plot(194, 194, "s", color="#E69F00", markersize=4)
show(figure, "The wall, faint, and one output pixel near its middle. A square of about a hundred pixels around it, not quite centred, is its receptive field.")

# %% [markdown]
# How far a pixel sees, and to which side, depends on where it is in its cell of 8. You don't have to measure them all, you can count: each 3×3 convolution sees one cell further on each side, and a cell at level 3 is 8 pixels.

# %%
receptive_field = receptive_field_of(network)
print(f"the largest receptive field reaches {receptive_field.radius} pixels to one side")
assert max(measured) <= receptive_field.radius == 51

# %% [markdown]
# ## Exercise 1: how far, for any depth
#
# Count it for the course's U-Net: two convolutions per level, max-pooling in the encoder, transposed convolutions with kernel 2 in the decoder. Start with depth 0: two convolutions and nothing else.

# %%
def reach(depth):
    ### BEGIN SOLUTION
    return 2 if depth == 0 else 2 * reach(depth - 1) + 5
    ### END SOLUTION


exercises.reach.check(reach)

# %% [markdown]
# Is 51 enough, then? Let each tile read 51 more pixels on each side, and compare.

# %% jupyter={"source_hidden": true}
Predict(
    "Tiles of 64 that read 51 more pixels on each side: is the prediction the same as at once?",
    answer="no: something else is missing",
    choices=["yes", "no: something else is missing"],
    mistakes={"yes": "The network sees everything it needs. But does it halve at the same places?"},
    explain="A tile that starts 51 pixels earlier halves at other places than the whole image does, because 51 is not a multiple of 8.",
)

# %%
with exact_sums(), torch.no_grad():
    exact = network(wall[None])[0]
    print("51 pixels:", torch.equal(predict_tiled(network, wall, 64, overlap=51), exact))
print(why_tiles_differ(network, 384, 384, tile=64, overlap=51))

# %% [markdown]
# ## The grid of halvings
#
# Max-pooling combines pixels 0 and 1, then 2 and 3, and so on. Start one pixel later, and other pairs meet. Away from the border, a convolution with stride 1 is **equivariant** to shifts: shift the image, and the output is shifted in the same way. Does a U-Net keep this **equivariance**?
#
# Shift the wall by some pixels, predict, shift back, and compare.

# %%
with exact_sums(), torch.no_grad():
    for shift in (1, 2, 4, 8, 16):
        moved = network(wall.roll(shift, dims=2)[None])[0].roll(-shift, dims=2)
        inside = (moved - exact)[..., 100:-100]  # away from where the wall was rolled over its border
        print(f"shifted by {shift:2}: the same? {bool((inside == 0).all())}")

# %% [markdown]
# Only for some shifts. **Exercise 2.** What is the smallest shift for which a U-Net is equivariant, for any depth?

# %%
def repeats_after(depth):
    ### BEGIN SOLUTION
    return 2**depth
    ### END SOLUTION


exercises.repeats_after.check(repeats_after)

# %% [markdown]
# So a tile has to start on that grid, at a multiple of 8. Then it keeps whole cells, and what counts is how far a pixel sees beyond its *cell*. (A pixel that sees 51 pixels to the right lies near the left border of its cell, so less of that is beyond the cell.) None sees further than 46 pixels beyond, and 46 rounded up to the grid is 48.

# %%
overlap = needed_overlap(network)
assert (receptive_field.halo, overlap) == (46, 48)
with exact_sums(), torch.no_grad():
    tiled = predict_tiled(network, wall, tile=64, overlap=overlap)
assert torch.equal(tiled, exact)
print(f"overlap {overlap}: equal to the prediction at once, to the last bit")

# %% [markdown]
# *To the last bit*, without any seam. (A processor adds in an order that depends on the size of a feature map, and each order rounds differently in the seventh digit; nobody will see that. `exact_sums()` first rounds weights and feature maps a little, so that no sum needs rounding and only true differences are left. Both predictions here are computed like that. Such tiles with a *halo* are described by
# [Majurski and Bajcsy, 2021](https://doi.org/10.6028/jres.126.009).)
#
# ## How much overlap is enough?
#
# 48 pixels on each side of 64 is a lot of work for what is kept. Is less enough?

# %% tags=["nbval-ignore-output"]
for less in range(0, overlap + 8, 8):
    tried = predict_tiled(network, wall, tile=64, overlap=less)
    changed = ((tried > 0) != (whole > 0)).sum().item()
    print(f"overlap {less:2}: off by at most {off(tried).max():<8.2g} {changed:4} pixels classified differently")
    assert less < overlap or off(tried).max() < 1e-4  # what is left is rounding

# %% [markdown]
# On the whole, the further away a pixel is, the less it matters, but below 48 some probability is always off. At which overlap the last pixel gets the class that it has at once differs from training to training: one network classified every pixel the same from 32 on (`benchmarks/tiling.py`), while another still had some to change. So measure it for
# each network and its images, or use 48, which is guaranteed for this network with any weights.
#
# Larger tiles are cheaper, because the overlap is a smaller share of them.
#
# ## Exercise 3: where tiles start
#
# Some tools want tiles of equal size, all inside the image, the last one ending with it. Where do they start?
#
# Careful: here `tile` is everything that a tile reads, and `overlap` is what two neighbours share. List the starts from 0 on, as few as possible; an image no larger than a tile has one.

# %%
def tile_starts(size, tile, overlap):
    ### BEGIN SOLUTION
    last = max(0, size - tile)
    return [*range(0, last, tile - overlap), last]
    ### END SOLUTION


exercises.tile_starts.check(tile_starts)

# %% [markdown]
# (The last of these tiles doesn't have to start on the grid. That is one reason why predictions of different tools differ a little.)

# %% [markdown]
# ## Larger than memory
#
# Now the real thing. The image is in a file and is never read as a whole, and the prediction goes into another file. Only one tile at a time is in memory. Without `overlap=`, `predict_tiled` takes the 48 that this network needs. (It has 1,500×1,500 pixels here, to be quick. The course's own measurement, `benchmarks/tiling.py`, does 10,000×10,000.)

# %%
import tempfile
from pathlib import Path

folder, size = Path(tempfile.mkdtemp()), 1500
big = np.memmap(folder / "slide.raw", dtype=np.uint8, mode="w+", shape=(1, size, size))
for row in range(0, size, 384):  # written piece by piece: the wall, again and again
    for column in range(0, size, 384):
        height, width = min(384, size - row), min(384, size - column)
        big[0, row : row + height, column : column + width] = 255 * wall[0, :height, :width]

# %% tags=["nbval-ignore-output"]
file = np.memmap(folder / "prediction.raw", dtype=np.float32, mode="w+", shape=(1, size, size))
prediction = predict_tiled(network, big, tile=256, out=file)
lines = sum(int((prediction[:, row : row + 256] > 0).sum()) for row in range(0, size, 256))  # piece by piece
print(f"lines predicted on {lines / prediction.size:.0%} of {prediction.size:,} pixels")

# %% [markdown]
# Is there a seam? Four tiles meet at row 512, column 512. Take a piece from around that place, predict it at once, and leave out its border of 48.

# %%
piece = torch.from_numpy(big[:, 352:672, 352:672]).float() / 255
with torch.no_grad():
    there = network(piece[None])[0, 0, 48:-48, 48:-48]
here = torch.from_numpy(prediction[0, 400:624, 400:624])
torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-4)
print("the same across four tiles, apart from rounding")

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
inner = slice(64, -64)
shown = {"the image": piece[0, inner, inner], f"prediction from four tiles{after}": here.sigmoid()[16:-16, 16:-16]}
figure = side_by_side(shown, width=384, columns=2)
for panel in figure.axes:
    panel.axhline(96, color="#E69F00", linewidth=0.7)
    panel.axvline(96, color="#E69F00", linewidth=0.7)
show(figure, "A piece of the large image and its prediction. Orange lines mark where four tiles meet; nothing else shows it.")

# %% [markdown]
# ## Read the document again
#
# It doesn't mention tiles. But three of its numbers decide about them:
#
# - [`padding=1`](../docs/the_document.md#padding): zeros at the border. In the middle of an image they are wrong, and they make the seam.
# - [`stride=2`](../docs/the_document.md#stride): the grid. One cell stands for 2, 4, 8 pixels, always the same ones.
# - [`kernel_size=3`](../docs/the_document.md#kernel-size): one cell further on each side, in every layer. Add them up, level by level, and you know how far a pixel sees; the grid turns that into the overlap.
#
# ## Recap
#
# - A tile has to start on the network's grid of halvings, and read as far as the network sees beyond one cell of it.
# - Then tiles and whole are equal: with exact sums to the last bit, otherwise up to rounding. Blending only hides the difference.
# - Away from the border, a U-Net is equivariant to shifts by multiples of 2 to the power of depth, and not to others.
#
# That was the last lesson. You know all four criteria, you've repaired a network that somebody wrote down wrong, built your own, trained it, taken it apart, judged others, and used it beyond the size of your memory. And when somebody shows you 900 lines and says *it's a U-Net*, you know how to find out.
#
# What is left to solve:

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: tiles without padding
#
# Optional. The U-Net of 2015 doesn't pad. Its output is smaller than its input, by exactly what it can't know. Such outputs can be laid edge to edge, because the network itself cuts off what a padded one would get wrong. Its authors did this because otherwise the memory of their graphics card would have limited the size of an image.

# %%
valid = UNet(1, 1, depth=2, base_channels=4, padding="valid").eval()
with torch.no_grad():
    for side in (140, 188):
        print(f"{side}×{side} →", "{}×{}".format(*valid(torch.zeros(1, 1, side, side)).shape[2:]))

# %% [markdown]
# So a tile of 140 gives a prediction of 100, and the next one starts 100 further. It has to start on the grid: off it, they differ. (In double precision, to tell the difference from rounding.)

# %%
strip = torch.rand(1, 1, 140, 240, dtype=torch.double)
with torch.no_grad():
    at_once = valid.double()(strip)
    for further in (100, 50):
        part, alone = at_once[..., further : further + 100], valid(strip[..., further : further + 140])
        print(f"{further} further: the same? {bool((part - alone).abs().max() < 1e-12)}")
        assert ((part - alone).abs().max() < 1e-12) == (further % 2**2 == 0)
