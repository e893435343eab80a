# %% [markdown]
# # 8 · Larger than memory
# *40 minutes. You will be able to run a U-Net on a picture that does not fit, and to prove that nobody can see how you did it.*
#
# A slide under a microscope is scanned at 10,000×10,000 pixels and more. A satellite strip has no end at all. Your network was trained on squares of 64. Will
# it run?
#
# It will: no layer asks how large a map is. But it has to *keep* maps, for the skips. How many numbers is that?

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
print(f"the maps kept for its skips: {4 * sum(skips) / 1e9:.0f} GB")

# %% [markdown]
# More than most computers have. So cut the picture into *tiles*, answer each, and put the answers together. Nothing easier.

# %% jupyter={"source_hidden": true}
Predict(
    "Tiles laid edge to edge, each answered alone: what do you expect along the edges?",
    answer="wrong answers near the edges",
    choices=["nothing: each pixel has its answer", "wrong answers near the edges", "wrong answers everywhere"],
    mistakes={
        "nothing: each pixel has its answer": "What does a convolution see beyond the edge of its map?",
        "wrong answers everywhere": "A pixel in the middle of a large tile sees all that it needs.",
    },
    explain="At its edge a tile sees zeros where the whole image goes on. Pixels far from the edge see the same as before.",
)

# %% [markdown]
# ## A network and a wall
#
# Lines in rings again, since there it matters what lies far away. Train for a moment, then lay 16 pictures side by side as one wall of 384×384.

# %% tags=["nbval-ignore-output"]
data = lines_in_rings(32, seed=1)
torch.manual_seed(0)
network = UNet(1, 1, depth=3, base_channels=8)
train(network, data, steps=200, batch=4, crop=96, learning_rate=6e-3)

# %%
pictures = [pair.image for pair in lines_in_rings(64, seed=2).test]
wall = torch.cat([torch.cat(pictures[row : row + 4], dim=2) for row in range(0, 16, 4)], dim=1)
with torch.no_grad():
    whole = network(wall[None])[0]
print("the wall", tuple(wall.shape), "and its answer, made at once", tuple(whole.shape))

# %% [markdown]
# This one fits, so the right answer is known: it is what the network says of the whole. Now in tiles of 64, without overlap.

# %%
def off(answer):
    return (answer.sigmoid() - whole.sigmoid()).abs()[0]


naive = predict_tiled(network, wall, tile=64, overlap=0)
print("largest difference in probability above 0.3?", bool(off(naive).max() > 0.3))

# %% tags=["nbval-ignore-output"]
shown = {"the wall": wall[0], "answered at once": whole[0].sigmoid(), "tiles: how far off": off(naive)}
figure = side_by_side(shown)
for panel in figure.axes[1:]:
    for edge in range(64, 384, 64):
        panel.axhline(edge, color="#E69F00", linewidth=0.7)
        panel.axvline(edge, color="#E69F00", linewidth=0.7)
show(
    figure,
    "A wall of lines and rings; the answer at once: pieces of lines inside the rings; and where tiles are off: whole pieces of lines, "
    "wherever a tile's edge, drawn in orange, cuts a ring.",
)

# %% [markdown]
# No fine line along the edges, but worse: whole pieces of lines. At a tile's edge, each convolution pads with zeros, where really the picture
# goes on. A ring that is cut by an edge is no ring, and what lies in it is lost. That is a **seam**.
#
# (Lines also break every 96 pixels. These are the wall's own joins: there its pictures meet.)
#
# The remedy: let each tile *read* more than it *keeps*. How much more?
#
# ## How far does a pixel see?
#
# Light one pixel up and see which answers change. Or ask the other way round, with a gradient: on which pixels does one answer depend?

# %% tags=["nbval-ignore-output"]
from unet_teach.segmentation.unet_receptive_field import (
    gradient_of_output_pixel,
    nonzero_bounds,
    receptive_field_of,
    response_to_input_pixel,
)

measured = []
for place in (192, 194, 197):  # the first of a cell of 8, the third, the sixth
    for name, measure in {"light": response_to_input_pixel, "gradient": gradient_of_output_pixel}.items():
        top, bottom, left, right = (edge - place for edge in nonzero_bounds(measure(network, wall, place, place)))
        print(f"{place} by {name:9} rows {top:+} to {bottom:+}, columns {left:+} to {right:+}")
        measured += [-top, bottom, -left, right]

# %% [markdown]
# Each is measured at one pixel. Where in its cell of 8 a pixel stands decides how far it sees, and to which side. Do not measure them all: count. Each
# 3×3 convolution sees one cell further on each side, and a cell at level 3 is 8 pixels.

# %%
receptive_field = receptive_field_of(network)
print(f"the farthest-sighted pixel sees {receptive_field.radius} pixels to a side")
assert max(measured) <= receptive_field.radius == 51

# %% [markdown]
# ## Exercise 1: how far, for any depth
#
# Count it for the course's U-Net: two convolutions a level, max-pool on the way down, transposed convolutions with kernel 2 on the way up. Begin with depth 0:
# two convolutions and nothing else.

# %%
def reach(depth):
    ### BEGIN SOLUTION
    return 2 if depth == 0 else 2 * reach(depth - 1) + 5
    ### END SOLUTION


exercises.reach.check(reach)

# %% [markdown]
# Is 51 enough, then? Read 51 pixels more on each side, and compare.

# %% jupyter={"source_hidden": true}
Predict(
    "Tiles of 64 that read 51 pixels more on each side: is the answer the same as at once?",
    answer="no: something else is missing",
    choices=["yes", "no: something else is missing"],
    mistakes={"yes": "The network sees all that it needs. But does it halve at the same places?"},
    explain="A tile that begins 51 pixels earlier halves at other places than the whole image does: 51 is not a multiple of 8.",
)

# %%
with exact_sums(), torch.no_grad():
    exact = network(wall[None])[0]
    print("51 pixels:", torch.equal(predict_tiled(network, wall, 64, overlap=51), exact))
print(why_tiles_differ(network, 384, 384, tile=64, overlap=51))

# %% [markdown]
# ## The grid of halvings
#
# A max-pool takes pixels 0 and 1 together, 2 and 3, and so on. Begin one pixel later, and other pairs meet: another map, another answer. So a U-Net does not
# simply move its answer when the picture moves.
#
# Move the wall by some pixels, answer, move back, and compare.

# %%
with exact_sums(), torch.no_grad():
    for shift in (1, 2, 4, 8, 16):
        moved = network(wall.roll(shift, dims=2)[None])[0].roll(-shift, dims=2)
        inside = (moved - exact)[..., 100:-100]  # away from where the wall was rolled over its edge
        print(f"moved by {shift:2}: the same? {bool((inside == 0).all())}")

# %% [markdown]
# **Exercise 2.** What is the smallest shift after which a U-Net repeats itself, for any depth?

# %%
def repeats_after(depth):
    ### BEGIN SOLUTION
    return 2**depth
    ### END SOLUTION


exercises.repeats_after.check(repeats_after)

# %% [markdown]
# So a tile must begin on that grid: at a multiple of 8. Then it keeps whole cells, and what counts is how far one sees beyond its *cell*. A pixel that sees far
# to one side stands on the other side of its cell. None sees further than 46 beyond, and 46 rounded up to the grid is 48.

# %%
overlap = needed_overlap(network)
assert (receptive_field.halo, overlap) == (46, 48)
with exact_sums(), torch.no_grad():
    tiled = predict_tiled(network, wall, tile=64, overlap=overlap)
assert torch.equal(tiled, exact)
print(f"overlap {overlap}: equal to the answer at once, to the last bit")

# %% [markdown]
# *To the last bit.* Not a seam, not a digit. (A processor adds in an order that depends on a map's size, and each order rounds differently in the
# seventh digit; nobody will see that. `exact_sums()` keeps sums from rounding, so that only true differences are left. Such tiles with a *halo* are described
# by [Majurski and Bajcsy, 2021](https://doi.org/10.6028/jres.126.009).)
#
# ## How much overlap is enough?
#
# 48 pixels on each side of 64 is a lot of work for what is kept. Does less do?

# %% tags=["nbval-ignore-output"]
for less in range(0, overlap + 8, 8):
    answer = predict_tiled(network, wall, tile=64, overlap=less)
    changed = ((answer > 0) != (whole > 0)).sum().item()
    print(f"overlap {less:2}: off by at most {off(answer).max():<8.2g} {changed:4} pixels decided otherwise")
    assert less < overlap or off(answer).max() < 1e-4  # what is left is rounding

# %% [markdown]
# The farther away, the less it matters, but it does matter: short of 48, probabilities are still off somewhere. When the last pixel changes sides differs from
# training to training. One network decided every pixel alike from 32 on (`benchmarks/tiling.py`), where another still had some to change. So measure it, for each
# network and its pictures, or take 48: it is a promise, for this network with any weights.
#
# Larger tiles are the better bargain: what is read in vain is a smaller share of them.
#
# ## Exercise 3: where tiles begin
#
# Some tools want tiles of one size, all inside the picture, the last one ending with it. Where do they begin?
#
# Careful: here `tile` is all that is read, and `overlap` what two neighbours share. List the beginnings from 0 on, as few as do; a picture no larger than a tile
# has one.

# %%
def tile_starts(size, tile, overlap):
    ### BEGIN SOLUTION
    last = max(0, size - tile)
    return [*range(0, last, tile - overlap), last]
    ### END SOLUTION


exercises.tile_starts.check(tile_starts)

# %% [markdown]
# (With such tiles the last one need not begin on the grid. That is one reason why pictures answered by different tools differ a little.)
#
# ## And without padding?
#
# The U-Net of 2015 has no zeros to pad with. Its answer is smaller than what it reads, by what it cannot know. Such answers can be laid edge to edge: the
# network itself cuts away what a padded one would get wrong. Its authors did so because otherwise their card's memory would have limited the size of a picture.

# %%
valid = UNet(1, 1, depth=2, base_channels=4, padding="valid").eval()
with torch.no_grad():
    for side in (140, 188):
        print(f"reads {side}×{side}, answers {valid(torch.zeros(1, 1, side, side)).shape[-1]}")

# %% [markdown]
# So a tile of 140 answers for 100, and the next one begins 100 further. On the grid, of course: off it, they differ. (In double numbers, to see it apart from rounding.)

# %%
strip = torch.rand(1, 1, 140, 240, dtype=torch.double)
with torch.no_grad():
    at_once = valid.double()(strip)
    for further in (100, 50):
        there, here = at_once[..., further : further + 100], valid(strip[..., further : further + 140])
        print(f"{further} further: the same? {bool((there - here).abs().max() < 1e-12)}")
        assert ((there - here).abs().max() < 1e-12) == (further % 2**2 == 0)

# %% [markdown]
# ## Larger than memory
#
# Now the thing itself. The picture lies in a file and is never read as a whole; the answer goes into another file. In memory is one tile at a time. (1,500×1,500 here,
# to be quick. The course's own measurement, `benchmarks/tiling.py`, does 10,000×10,000.)

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
answer = np.memmap(folder / "answer.raw", dtype=np.float32, mode="w+", shape=(1, size, size))
predict_tiled(network, big, tile=256, out=answer)
found = sum(int((answer[:, row : row + 256] > 0).sum()) for row in range(0, size, 256))  # piece by piece
print(f"lines found on {found / answer.size:.0%} of {answer.size:,} pixels")

# %% [markdown]
# Is there a seam? Four tiles meet at row 512, column 512. Take a piece from around that place, answer it at once, and leave out its border of 48.

# %%
piece = torch.from_numpy(big[:, 352:672, 352:672]).float() / 255
with torch.no_grad():
    there = network(piece[None])[0, 0, 48:-48, 48:-48]
here = torch.from_numpy(answer[0, 400:624, 400:624])
torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-4)
print("the same across four tiles, but for how it is rounded")

# %% tags=["nbval-ignore-output"]
inner = slice(64, -64)
shown = {"the picture": piece[0, inner, inner], "its answer, from four tiles": here.sigmoid()[16:-16, 16:-16]}
figure = side_by_side(shown, width=384, columns=2)
for panel in figure.axes:
    panel.axhline(96, color="#E69F00", linewidth=0.7)
    panel.axvline(96, color="#E69F00", linewidth=0.7)
show(figure, "A piece of the large picture and its answer: nothing shows where four tiles meet, which orange lines mark.")

# %% [markdown]
# ## Read the document again
#
# It does not speak of tiles. But three of its words decide about them:
#
# - `padding=1`: zeros at the edge. In a picture's middle they are wrong, and make the seam.
# - `stride=2`: the grid. It makes 2, 4, 8 pixels one, always the same ones.
# - `kernel_size=3`: one cell further on each side, in each layer. Add them up, level by level, and you have the overlap.
#
# ## Recap
#
# - A tile must begin on the network's grid of halvings, and read as far as it sees beyond a cell of it.
# - Then tiles and whole are equal: with exact sums to the last bit, otherwise up to rounding.
# - A U-Net repeats itself after 2 to the power of depth pixels, not after one.
#
# That was the last lesson. You have found every mark, mended a network that somebody wrote down wrong, built your own, trained it, taken it apart, judged others, and
# used it beyond the size of your memory. And when somebody shows you nine hundred lines and says *it is a U-Net*: you know how to know.
#
# What is left to solve:

# %% tags=["nbval-ignore-output"]
progress()
