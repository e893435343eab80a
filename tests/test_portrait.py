"""The portrait of lessons 1 to 4, and its detail at every size."""

import numpy as np
import pytest
import torch

from unet_teach.shared.portrait import detail, portrait, zoomed


def test_it_is_grey_and_square():
    image = portrait()
    assert image.shape == (256, 256)
    assert image.dtype == np.float32
    assert 0 <= image.min() < 0.05 < 0.95 < image.max() <= 1


@pytest.mark.parametrize("by", [1, 2, 4, 8])
def test_the_detail_is_the_same_place_at_every_size(by):
    image = torch.tensor(portrait())[None, None]
    smaller = torch.nn.functional.avg_pool2d(image, by)
    shown = torch.tensor(detail(image))[None, None]
    assert torch.allclose(
        torch.tensor(detail(smaller)), torch.nn.functional.avg_pool2d(shown, by)[0, 0], atol=1e-6
    )


def test_a_figure_has_a_caption_and_a_detail_for_each_image():
    figure = zoomed({"one": portrait(), "two": torch.zeros(1, 1, 32, 32)})
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["one", "two"]
    assert [axes.images[1].get_array().shape for axes in figure.axes] == [(32, 32), (4, 4)]


@pytest.mark.parametrize("shape", [(3, 32, 32), (40, 32), (32,)])
def test_another_shape_gets_a_sentence(shape):
    with pytest.raises(ValueError, match="is not the portrait"):
        detail(np.zeros(shape))
