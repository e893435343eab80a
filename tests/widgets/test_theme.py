"""The widgets' colours, computed from the theme file: contrast, and colour-vision deficiencies."""

import colorsys
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from tests.contrast import contrast, linear
from unet_teach.shared import palette

CSS = (Path(__file__).parents[2] / "js" / "theme.css").read_text(encoding="utf-8")
GROUNDS = {"light": "#ffffff", "dark": "#111111"}  # JupyterLab's own grounds
MAPS = ["input", "output", "window", "wrong", "skip"]

# How the world looks to dichromats: Machado, Oliveira & Fernandes, "A physiologically-based model
# for simulation of color vision deficiency" (2009), matrices for severity 1.0.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def colour(name, theme):
    """A hue of the theme file, as linear RGB from 0 to 1."""
    pattern = rf"--ut-{name}:\s*(?:var\([^,]+,\s*)?light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)"
    found = re.search(pattern, CSS)
    assert found, f"--ut-{name} has no light-dark(…)"
    return linear(found[1 if theme == "light" else 2])


def declared(name):
    """A colour of the theme file as it is written for the light theme."""
    found = re.search(rf"--ut-{name}:\s*(?:light-dark\()?(#[0-9a-f]{{6}})", CSS)
    assert found, f"--ut-{name} is not in the theme"
    return found[1]


def hue(colour):
    """The hue in degrees of #rrggbb."""
    rgb = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hsv(*rgb)[0] * 360


def lab(rgb):
    """CIE 1976 L*a*b* of linear RGB, for distances as the eye sees them."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = np.array(to_xyz) @ rgb / [0.9505, 1, 1.089]
    f = np.where(t > 216 / 24389, np.cbrt(t), t * 841 / 108 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("name", ["text", "quiet", "input", "output", "window-text", "wrong"])
def test_text_stands_out_from_ground_and_panel(name, theme):
    for ground in (linear(GROUNDS[theme]), colour("panel", theme)):
        assert contrast(colour(name, theme), ground) >= 4.5


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("name", [*MAPS, "line"])
def test_graphics_stand_out_from_the_ground(name, theme):
    assert contrast(colour(name, theme), linear(GROUNDS[theme])) >= 3


def mixed(name, share, theme):
    """A hue of the theme file mixed into the ground, as `color-mix` does; linear RGB."""
    sharp = [_sharp(c) for c in (colour(name, theme), linear(GROUNDS[theme]))]
    mix = share * sharp[0] + (1 - share) * sharp[1]
    return np.where(mix <= 0.04045, mix / 12.92, ((mix + 0.055) / 1.055) ** 2.4)


def _sharp(rgb):
    rgb = np.asarray(rgb)
    return np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize(
    ("text", "hue", "share"),
    [
        ("text", "input", 0.18),
        ("text", "window", 0.38),
        ("text", "output", 0.38),  # where most patches meet
        ("quiet", "line", 0.13),
    ],
)
def test_numbers_stand_out_from_their_cells(text, hue, share, theme):
    assert contrast(colour(text, theme), mixed(hue, share, theme)) >= 4.5


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("hue", ["input", "output"])
def test_the_window_stands_out_from_the_cells_under_it(hue, theme):
    assert contrast(colour("window", theme), mixed(hue, 0.18, theme)) >= 3


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("matrix", DEFICIENCIES.values(), ids=DEFICIENCIES)
def test_hues_stay_apart_for_the_common_deficiencies(theme, matrix):
    seen = {n: lab(np.clip(np.array(matrix) @ colour(n, theme), 0, 1)) for n in MAPS}
    near = {
        (a, b): float(np.linalg.norm(seen[a] - seen[b]))
        for a, b in itertools.combinations(MAPS, 2)
        if np.linalg.norm(seen[a] - seen[b]) < 10
    }
    assert near == {}


@pytest.mark.parametrize(
    ("name", "of_figures"),
    [
        ("input", palette.INPUT),
        ("skip", palette.SKIP),
        ("amber", palette.AMBER),
        ("line", palette.GREY),
    ],
)
def test_figures_and_widgets_have_the_same_colours(name, of_figures):
    assert declared(name) == of_figures.lower()


@pytest.mark.parametrize("name", ["input", "output", "window", "wrong", "skip"])
def test_figures_and_widgets_have_the_same_hues_where_text_needs_darker_ones(name):
    assert hue(declared(name)) == pytest.approx(hue(getattr(palette, name.upper())), abs=4)


def test_no_class_is_styled_by_two_widgets():
    """Styles of all widgets meet on one page: a name used twice would change the other widget."""
    owners = {}
    shared = set(re.findall(r"\.(ut-[\w-]+)", CSS)) | {"ut-presenter"}  # the button of `shell.js`
    for path in (Path(__file__).parents[2] / "js" / "styles").glob("*.css"):
        for name in set(re.findall(r"\.(ut-[\w-]+)", path.read_text(encoding="utf-8"))) - shared:
            widget = "see_inside" if path.stem.startswith("see_inside") else path.stem
            owners.setdefault(name, set()).add(widget)
    own = {name for name, files in owners.items() if "steps" not in files}
    assert {name: owners[name] for name in own if len(owners[name]) > 1} == {}
