# %% [markdown]
# # 8 · Larger than memory
#
# **After this lesson you can**
# - work out how large a U-Net's receptive field is, for any depth,
# - say which shifts of an image only shift the output, and change nothing else,
# - work out where tiles start, and how many more pixels they read than they keep, so that there is no seam.
#
# *40 minutes. You need lessons 1, 2 and 5.*
#
# ![A wall of lines and rings; the prediction made at once; the prediction made of tiles laid edge to edge, in which pieces of lines are missing wherever a tile's border cuts a ring.](../docs/images/lesson_8.png)
#
# Slides under a microscope are scanned at 10,000×10,000 pixels and more. Your network in lesson 5 was trained on squares of 64. It would accept the whole slide, because no layer asks how large an image is. But it has to *keep* feature maps for its skips, and they don't fit into memory.
#
# So people cut the image into **tiles** and predict them one by one. Then what you see on the right can happen.

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
from unet_teach.shared.time_left import time_left
from unet_teach.widgets import Predict

plt.style.use("unet_teach.course")
torch.set_num_threads(1)

# %%
side, base, depth = 10_000, 64, 4  # the network of 2015 on a slide
skips = [base * 2**level * (side // 2**level) ** 2 for level in range(depth)]
print(f"feature maps kept for the skips: {4 * sum(skips) / 1e9:.0f} GB")

# %% [markdown]
# That's more than most computers have, and the skips are only a part of it. (Shrinking the slide wouldn't help: then the details that you look for are gone.) So cut the image into tiles, predict each of them, and put the predictions together. But as you can see in the image above, that goes wrong near their borders. How near?

# %% jupyter={"source_hidden": true}
Predict(
    "In the image above, lines are missing where tiles meet. With three halvings, how far from a tile's border can a prediction be wrong?",
    answer="about 50 pixels",
    choices=["1 pixel", "about 10 pixels", "about 50 pixels"],
    mistakes={
        "1 pixel": "That would be so with a single 3×3 convolution. But the next convolution carries the error one step further, and so does the one after that.",
        "about 10 pixels": "The network does have more than ten convolutions. But after each halving, one step is worth twice as many pixels.",
    },
    explain="Each convolution carries the error one cell further, and in the bottleneck a cell is 8 pixels wide. You'll soon measure it.",
)

# %% [markdown]
# ## A network and a wall
#
# To see the damage, we use lines in rings again, because there it matters what is far away. First train a network, for ten seconds to a minute, then lay 16 test images side by side as one wall of 384×384.
#
# (If you stop the training with **■**, or it takes more than two minutes, it ends there. Everything below still works, but the network may know too little to show what the text describes. The captions say after how many steps it was stopped.)

# %% tags=["nbval-ignore-output"]
data = lines_in_rings(32, seed=1)
torch.manual_seed(0)
unet = UNet(1, 1, depth=3, base_channels=8)
training = train(unet, data, steps=200, batch=4, crop=96, learning_rate=6e-3, seconds=120, device="cpu")
network, after = training.model, training.stopped_note  # empty, unless it was stopped

# %%
images = [pair.image for pair in lines_in_rings(64, seed=2).test]
wall = torch.cat([torch.cat(images[row : row + 4], dim=2) for row in range(0, 16, 4)], dim=1)
with torch.no_grad():
    whole = network(wall[None])[0]
print("the wall", tuple(wall.shape), "and its prediction, made at once", tuple(whole.shape))

# %% [markdown]
# This wall still fits into memory, so you know what should come out: the prediction for the whole wall. Now predict it in tiles of 64, without overlap. (The images show its upper half.)

# %% tags=["nbval-ignore-output"]
def off(prediction):
    return (prediction.sigmoid() - whole.sigmoid()).abs()[0]


naive = predict_tiled(network, wall, tile=64, overlap=0)
print(f"largest difference in probability above 0.3? {bool(off(naive).max() > 0.3)}{after}")

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
shown = {
    f"at once{after}": whole[0].sigmoid(),
    "in tiles": naive[0].sigmoid(),
    "the wall": wall[0],
    "difference": off(naive),
}
figure = side_by_side({name: image[:192] for name, image in shown.items()}, width=384, columns=2)
for panel in (panel for panel in figure.axes if panel.get_label() != "the wall"):
    for border in range(64, 384, 64):
        panel.axvline(border, color="#E69F00", linewidth=0.7)
    for border in (64, 128):
        panel.axhline(border, color="#E69F00", linewidth=0.7)
show(
    figure,
    "The upper half of the wall. Its prediction at once, pieces of lines inside rings, and in tiles, whose borders are drawn in orange; below, the wall of lines and rings, and the difference: whole pieces of lines, wherever a tile's border cuts a ring.",
)

# %% [markdown]
# Look at the difference. It isn't thin lines along the borders: whole pieces of lines are missing, far into the tiles. At a tile's border, every convolution pads with zeros where the image really goes on. A ring that is cut in two is no ring any more, so the network drops the lines inside it. Such a place is called a **seam**.
#
# (Lines also end every 96 pixels, because the wall is made of separate images.)
#
# Many tools hide seams by **blending**. Tiles overlap a little, and their predictions are averaged with weights that fall off towards the border. That makes the transition smooth, but not the same as at once. (Whether it scores better or worse, only a target can tell.)
#
# The alternative is to let each tile *read* more pixels than it *keeps*. How many more?
#
# ## How large is the receptive field?
#
# You can measure that in two ways. Change one input pixel, and see which outputs change. Or take one output pixel, and ask with a gradient which input pixels it depends on. The second is its receptive field, as in lesson 1.
#
# (A gradient of zero doesn't prove that a pixel lies outside: a ReLU may just be off, and a max-pooling passes on one value of four. But there are many channels, and at the edge of the field at least one of them is on.)

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation.unet_receptive_field import (
    gradient_of_output_pixel,
    nonzero_bounds,
    receptive_field_of,
    response_to_input_pixel,
)

ways = {"change": response_to_input_pixel, "gradient": gradient_of_output_pixel}
measured = []
for place in (192, 194, 197):  # the first of a cell of 8, the third, the sixth
    for name, measure in ways.items():
        bounds = nonzero_bounds(measure(network, wall, place, place))
        top, bottom, left, right = (edge - place for edge in bounds)
        print(f"{place} by {name:9} rows {top:+} to {bottom:+}, columns {left:+} to {right:+}")
        measured += [-top, bottom, -left, right]

# %% [markdown]
# This is what a receptive field looks like on the wall. Nothing outside the square can change this pixel's prediction.

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# one pixel's receptive field
field = gradient_of_output_pixel(network, wall, 194, 194)
top, bottom, left, right = nonzero_bounds(field)
shown = 0.35 * wall[0]
shown[top : bottom + 1, left : right + 1] = wall[0, top : bottom + 1, left : right + 1]
figure = side_by_side({"what one output pixel sees": shown}, width=480)
(panel,) = figure.axes
panel.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="#E69F00", linewidth=2))
panel.plot(194, 194, "s", color="#E69F00", markersize=4)
show(figure, "The wall, faint, and one output pixel near its middle. A square of about a hundred pixels around it, not quite centred, is its receptive field.")

# %% [markdown]
# The numbers differ from place to place, because they depend on where in its 8×8 cell a pixel lies. But you don't have to measure them all, you can count.
#
# Here is a row of pixels in a U-Net of depth 1, read from the top: what does one output pixel need, and what do those values need in turn? (The number on the right says how many pixels from the output pixel the last value lies. Where a cell is wider than a pixel, it's the distance to the cell's beginning.)

# %% jupyter={"source_hidden": true}
# what one output pixel needs
from unet_teach.segmentation.drawings import receptive_field_chain

show(
    receptive_field_chain(),
    "A chain of six rows. One output pixel; 5 pixels for the decoder's convolutions; the 3 cells that cover them; 7 cells for the bottleneck's convolutions; the 14 pixels in these cells; 18 input pixels, the last of them 9 to the right of the output pixel.",
)
assert receptive_field_of(UNet(depth=1, base_channels=2)).radius == 9

# %% [markdown]
# The same as a table, to the side on which most is added:
#
# | layers | why | pixels further |
# |---|---|---:|
# | 2 convolutions in the decoder | 1 cell each, a cell is 1 pixel | 2 · 1 |
# | transposed convolution, kernel 2 | each output comes from a single cell | 0 |
# | 2 convolutions in the bottleneck | 1 cell each, a cell is 2 pixels | 2 · 2 |
# | max-pooling | a cell is a pair of pixels: what needs one gets the other | 1 |
# | 2 convolutions in the encoder | 1 cell each, a cell is 1 pixel | 2 · 1 |
# | **together** | | **9** |

# %%
receptive_field = receptive_field_of(network)
print(f"the largest receptive field reaches {receptive_field.radius} pixels to one side")
assert max(measured) <= receptive_field.radius == 51

# %% [markdown]
# ## Exercise 1: how far, for any depth
#
# Do the count for the course's U-Net, which has two 3×3 convolutions per level on each side, max-pooling in the encoder, and transposed convolutions with kernel 2 in the decoder. Return how many pixels its receptive field reaches to one side at most.
#
# Start with depth 0, which is two convolutions and nothing else: 2. In the table, the bottleneck is such a network, with cells twice as wide. So ask what one more level adds around a network that you've already counted.

# %%
def reach(depth):
    ### BEGIN SOLUTION
    return 2 if depth == 0 else 2 * reach(depth - 1) + 5
    ### END SOLUTION


exercises.reach.check(reach)

# %% [markdown]
# So is 51 enough? Let each tile read 51 more pixels on each side (`overlap=51`), and compare. (`exact_sums` keeps rounding out of the comparison, as explained below.)

# %% jupyter={"source_hidden": true}
Predict(
    "Tiles of 64 that read 51 more pixels on each side: is the prediction the same as at once?",
    answer="no: something else is missing",
    choices=["yes", "no: something else is missing"],
    mistakes={"yes": "Every pixel does see everything it needs. But are the halvings made at the same places as in the whole image?"},
    explain="Tiles that start 51 pixels earlier pair up other pixels than the whole image does when they halve, because 51 isn't a multiple of 8.",
)

# %% tags=["nbval-ignore-output"]
with exact_sums(), torch.no_grad():
    exact = network(wall[None])[0]
    tiled = predict_tiled(network, wall, tile=64, overlap=51)
print("51 pixels:", torch.equal(tiled, exact))
assert not torch.equal(tiled, exact)
print(why_tiles_differ(network, 384, 384, tile=64, overlap=51))

# %% [markdown]
# ## The grid of halvings
#
# Max-pooling combines pixels 0 and 1, then 2 and 3, and so on. Start one pixel later, and it combines other pairs.
#
# Away from the border, a convolution with stride 1 is **equivariant** to shifts: if you shift the image, the output shifts with it and doesn't change otherwise. Does a U-Net keep this **equivariance**? Shift the wall by some pixels, predict, shift the prediction back, and compare.

# %% tags=["nbval-ignore-output"]
with exact_sums(), torch.no_grad():
    for shift in time_left((1, 2, 4, 8, 16)):
        moved = network(wall.roll(shift, dims=2)[None])[0].roll(-shift, dims=2)
        inside = (moved - exact)[..., 100:-100]  # away from where the wall was rolled over its border
        print(f"shifted by {shift:2}: the same? {bool((inside == 0).all())}")
        assert bool((inside == 0).all()) == (shift in (8, 16)), "the text below says which"

# %% [markdown]
# Only for some shifts.
#
# **Exercise 2.** What is the smallest shift, in pixels, to which a U-Net of a given depth is equivariant?

# %%
def repeats_after(depth):
    ### BEGIN SOLUTION
    return 2**depth
    ### END SOLUTION


exercises.repeats_after.check(repeats_after)

# %% [markdown]
# So a tile has to start on that grid, at a multiple of 8. Then it consists of whole cells, and what counts is how far the receptive field reaches beyond a pixel's own *cell*.
#
# Take the pixel at 194 from above. It reaches 51 pixels to the right, to 245. But its cell goes from 192 to 199, and from 199 to 245 it's only 46.
#
# For no pixel is it more than that: the others in this cell reach no further beyond it, on either side. So each tile needs a margin of 46, and rounded up to the grid that's **48**.

# %% tags=["nbval-ignore-output"]
overlap = needed_overlap(network)
assert (receptive_field.halo, overlap) == (46, 48)
with exact_sums(), torch.no_grad():
    tiled = predict_tiled(network, wall, tile=64, overlap=overlap)
assert torch.equal(tiled, exact)
print(f"overlap {overlap}: equal to the prediction at once, to the last bit")

# %% [markdown]
# There is no seam: the two are equal *to the last bit*. Such a margin is also called a *halo*. It's described by [Majurski and Bajcsy, 2021](https://doi.org/10.6028/jres.126.009).
#
# This needs a network in evaluation mode, as `train` returns it. In training mode, batch normalisation would use the mean and spread of each tile, so a pixel would depend on everything in its tile, however far away. The same goes for layers that always average over the whole image, such as instance normalisation.
#
# (Why `exact_sums()`? A processor adds numbers in an order that depends on the size of the feature map, and each order rounds differently, in about the seventh digit. PyTorch's `use_deterministic_algorithms` doesn't change that. `exact_sums()` first rounds weights and feature maps so that no sum has to be rounded. You only need it for such a proof.)
#
# ## How much overlap is enough?
#
# Reading 48 more pixels on each side of a tile of 64 is a lot of work. Would less do?

# %% tags=["nbval-ignore-output"]
for less in range(0, overlap + 8, 8):
    tried = predict_tiled(network, wall, tile=64, overlap=less)
    changed, most = ((tried > 0) != (whole > 0)).sum().item(), off(tried).max()
    print(f"overlap {less:2}: off by at most {most:<8.2g} {changed:4} pixels classified differently")
    assert less < overlap or most < 1e-4  # what is left is rounding

# %% [markdown]
# Usually a pixel matters less the further away it is. (The part that matters noticeably is the *effective receptive field*, and it's much smaller.)
#
# But with less than 48, some probability is always off. How much it takes until every pixel at least gets the right class depends on the training: in one network 32 was enough (`benchmarks/tiling.py`), in another even 40 wasn't.
#
# So either measure it, for each network and its images, or use 48, which is guaranteed for this architecture with any weights. And choose large tiles. With a margin of 48, a tile of 64 reads 160², which is 6.25 times its own pixels; a tile of 256 reads 352², only 1.9 times.
#
# ## Exercise 3: where tiles start
#
# Some tools count differently. All their tiles have the same size and lie inside the image, and the last one ends where the image ends. So far, a tile of 64 was what it *keeps*. Here `tile` is everything that it *reads*, and `shared` is how many pixels two neighbours have in common at least: twice the margin.
#
# Where do the tiles start? List the starts from 0 on, and as few as possible. An image no larger than a tile has a single start.

# %%
def tile_starts(size, tile, shared):
    ### BEGIN SOLUTION
    last = max(0, size - tile)
    return [*range(0, last, tile - shared), last]
    ### END SOLUTION


exercises.tile_starts.check(tile_starts)

# %% [markdown]
# (The last of these tiles needn't start on the grid, one reason why tools differ a little.)

# %% [markdown]
# ## Larger than memory
#
# The image is in a file and is never read as a whole (`np.memmap` reads only the pixels that you ask for), the prediction is written to another file, and only one tile at a time is in memory. If you don't pass `overlap`, `predict_tiled` works out the 48 that this network needs.
#
# (To be quick, this image has only 1,500×1,500 pixels. `benchmarks/tiling.py` does 10,000×10,000.)

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
pieces = (prediction[:, row : row + 256] for row in range(0, size, 256))
lines = sum(int((piece > 0).sum()) for piece in pieces)
print(f"lines predicted on {lines / prediction.size:.0%} of {prediction.size:,} pixels")

# %% [markdown]
# Is there a seam? Four tiles meet at row 512, column 512. Take a piece of the image around that place, predict it at once, and leave out a border of 48.

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
# It doesn't mention tiles, but three of its numbers decide how to cut them:
#
# - [`padding=1`](../docs/the_document.md#padding) puts zeros around every tile. In the middle of an image those zeros are wrong, and they cause the seam.
# - [`stride=2`](../docs/the_document.md#stride) makes the grid: at each level, a cell stands for 2, 4 or 8 pixels, and always for the same ones.
# - [`kernel_size=3`](../docs/the_document.md#kernel-size) lets every layer look one cell further on each side. Add that up level by level, and you have the receptive field.
#
# ## Recap
#
# - A tile has to start on the network's grid of halvings, and to read as far as the receptive field reaches beyond one cell of it.
# - Then tiles give the same prediction as the whole image: to the last bit with exact sums, otherwise up to rounding. Blending only smooths the difference.
# - Away from the border, a U-Net is equivariant to shifts by multiples of 2 to the power of its depth, and in general to no others.
#
# Next: [**9 · From mask to cells**](09_from_mask_to_cells.ipynb). How many of them are there?
#
# Here is what's left to solve:

# %% tags=["nbval-ignore-output"]
progress()

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Going further: tiles without padding
#
# Optional. The U-Net of 2015 doesn't pad, so its output is smaller than its input: it leaves out exactly those pixels for which it would need to know more. Such outputs can be laid edge to edge without a seam. That's why its authors did it. Their images didn't fit into the memory of a graphics card either.

# %%
valid = UNet(1, 1, depth=2, base_channels=4, padding="valid").eval()
with torch.no_grad():
    for side in (140, 188):
        print(f"{side}×{side} →", "{}×{}".format(*valid(torch.zeros(1, 1, side, side)).shape[2:]))

# %% [markdown]
# So a tile of 140 gives a prediction of 100, and the next tile starts 100 further on. It has to start on the grid, because otherwise the predictions differ. (The cell computes in double precision, to tell a real difference from rounding.)

# %%
strip = torch.rand(1, 1, 140, 240, dtype=torch.double)
with torch.no_grad():
    at_once = valid.double()(strip)
    for further in (100, 50):
        part, alone = at_once[..., further : further + 100], valid(strip[..., further : further + 140])
        print(f"{further} further: the same? {bool((part - alone).abs().max() < 1e-12)}")
        assert ((part - alone).abs().max() < 1e-12) == (further % 2**2 == 0)
