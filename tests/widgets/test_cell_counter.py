"""CellCounter in Python: what it takes, what it refuses, what it says."""

import numpy as np
import pytest
import torch
from traitlets import TraitError

from unet_teach.widgets import CellCounter

# Two cells of 3×4 pixels, with a column of likely border between them.
BORDER = torch.zeros(5, 9)
BORDER[1:4, 4] = 0.6
BACKGROUND = torch.ones(5, 9)
BACKGROUND[1:4, 0:9] = 0.1
SHARES = torch.stack([BACKGROUND, 1 - BACKGROUND - BORDER * 0.9, BORDER]).clamp(0, 1)
TARGET = torch.zeros(5, 9).int()
TARGET[1:4, :4], TARGET[1:4, 5:] = 7, 300


def counter(**options):
    return CellCounter(torch.rand(1, 5, 9), SHARES[None], TARGET, **options)


def test_the_threshold_decides_how_many_cells_there_are():
    widget = counter()
    assert widget.labels.max() == 2
    widget.threshold = 0.6
    assert widget.labels.max() == 1
    widget.threshold = 0
    assert widget.labels.max() == 2
    widget.smallest = 13
    assert widget.labels.max() == 0


def test_it_says_how_many_cells_are_found_and_how_many_there_are():
    assert counter(threshold=1).describe() == (
        "CellCounter: in an image of 5×9, 1 cell is found where the border is at most 1.00. "
        "The target has 2."
    )
    without = CellCounter(np.zeros((5, 9)), SHARES.numpy())
    assert without.describe().endswith("2 cells are found where the border is at most 0.50.")


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "0.5", True, float("nan")])
def test_a_threshold_is_a_share(threshold):
    widget = counter()
    with pytest.raises(TraitError, match="give a number from 0 to 1"):
        widget.threshold = threshold
    assert widget.threshold == 0.5


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((torch.rand(3, 5, 9), SHARES), r"image is \(3, 5, 9\); give \(H, W\)"),
        ((torch.rand(5, 8), SHARES), r"probabilities are \(3, 5, 9\) and the image is \(5, 8\)"),
        ((torch.rand(5, 9), 3 * SHARES), "Turn logits into probabilities first"),
        ((torch.rand(5, 9), SHARES, -TARGET), "Give a whole number from 0 to 65,535"),
        ((torch.rand(5, 9), SHARES, TARGET + 0.5), "Give a whole number from 0 to 65,535"),
        ((torch.rand(5, 9), SHARES, TARGET * torch.nan), "Give a whole number from 0 to 65,535"),
        ((torch.rand(5, 9), SHARES, TARGET[:4]), r"target is \(4, 9\)"),
        ((torch.rand(5, 9) * torch.nan, SHARES), "values of the image have NaN in them"),
        ((torch.rand(5, 9), SHARES * torch.nan), "values of the probabilities have NaN in them"),
        ((255 * torch.rand(5, 9), SHARES), "Divide 8-bit values by 255"),
        ((torch.rand(0, 9), torch.rand(3, 0, 9)), r"image is \(0, 9\); give \(H, W\)"),
        ((torch.rand(300, 300), SHARES), "at most 65,536 pixels"),
        (("an image", SHARES), "image holds no numbers"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(given, says):
    with pytest.raises(ValueError, match=says):
        CellCounter(*given)


@pytest.mark.parametrize("shape", [(16, 1), (1, 16), (2, 2)])
def test_small_and_empty_images_are_counted(shape):
    nothing = torch.stack([torch.ones(shape), torch.zeros(shape), torch.zeros(shape)])
    widget = CellCounter(torch.zeros(shape), nothing, torch.zeros(shape))
    assert "0 cells are found" in widget.describe()
    assert len(widget.figure().axes) == 2
    widget = CellCounter(torch.zeros(shape), nothing.flip(0).roll(-1, 0), smallest=1)
    assert "1 cell is found" in widget.describe()


@pytest.mark.parametrize("width", [9, 30])
def test_its_figure_has_the_cells_and_the_border_score(width):
    shares = torch.zeros(3, 5, width)
    shares[1] = 1
    figure = CellCounter(torch.rand(5, width), shares).figure()
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "1 cell found",
        "border score; orange is cut out",
    ]
