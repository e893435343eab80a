"""The lessons' opening pictures: they hold in both themes, and stand still if so wanted."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.contrast import contrast, linear

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def test_the_animation_ends_and_can_be_switched_off():
    style = (IMAGES / "lesson_0.svg").read_text(encoding="utf-8").split("</style>")[0]
    moving = re.findall(r"(\.\w+) \{[^}]*animation: \w+ 7s [\w-]+ 3;", style)
    assert moving == [".dot"]
    assert "clip-path" not in style  # the mask is whole from the start
    still = style.split("@media (prefers-reduced-motion: reduce)")[1]
    assert ".dot { animation: none; }" in still


@pytest.mark.parametrize("name", ["lesson_0.svg", "lesson_0_errors.svg"])
def test_words_stand_out_from_their_card(name):
    text = (IMAGES / name).read_text(encoding="utf-8")
    card = re.search(r'rx="12" fill="(#\w+)"', text)[1]
    for colour in set(re.findall(r"fill[:=] ?['\"]?(#\w+)", text.split("<rect")[0])):
        assert contrast(linear(colour), linear(card)) >= 4.5


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_portrait_has_no_ground_of_its_own(number):
    image = Image.open(IMAGES / f"lesson_{number}.png").convert("RGBA")
    assert image.getpixel((0, image.height - 1))[3] == 0  # left of the enlarged detail
