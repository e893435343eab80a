"""With the colours of a high-contrast theme, drawings can be read and what is on can be told."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.contrast import contrast, linear
from unet_teach.widgets import (
    CellCounter,
    ConvExplorer,
    ConvTransposeExplorer,
    FeatureMaps,
    Predict,
    RoundTrip,
    SeeInside,
    SizeLedger,
)
from unet_teach.widgets.progress_map import ProgressMap

from .boxes import state_of

EXERCISES = [{"name": "halve", "state": "solved"}, {"name": "sees", "state": "tried"}]
WIDGETS = {
    "explorer": lambda: ConvExplorer("halve"),
    "explorer, transposed": lambda: ConvTransposeExplorer("double"),
    "size_ledger": lambda: SizeLedger(),
    "round_trip": lambda: RoundTrip(),
    "cell_counter": lambda: CellCounter(np.eye(4), np.full((3, 4, 4), 1 / 3), np.eye(4)),
    "feature_maps": lambda: FeatureMaps({"a": np.eye(4)}),
    "predict": lambda: Predict("How?", "a", choices=["a", "b"]),
    "see_inside": lambda: SeeInside(skips=[0]),
    "progress_map": lambda: ProgressMap([{"number": 0, "title": "Start", "exercises": EXERCISES}]),
}
# The ground, the colours of all texts, and the buttons that are on without a sign of it.
SEEN = """(root) => {
  const style = (node) => getComputedStyle(node);
  const texts = [...root.querySelectorAll('*')].filter((node) => node.checkVisibility() &&
    !node.closest('.ut-frame svg') && // on cells as dark or light as their values
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return {
    ground: style(root).backgroundColor,
    colours: [...new Set(texts.map((node) => node.ownerSVGElement ? style(node).fill :
      style(node).color))],
    unseen: [...root.querySelectorAll('[aria-pressed=true]')].filter((node) =>
      node.checkVisibility() && style(node).outlineStyle === 'none').map((n) => n.textContent),
  };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WIDGETS)
def test_everything_can_be_read_in_forced_colours(without_kernel, name, scheme):
    state = state_of(WIDGETS[name]())
    window = {"viewport": {"width": 1080, "height": 720}, "color_scheme": scheme}
    page = without_kernel(name.partition(",")[0], state, forced_colors="active", **window)
    page.evaluate(
        "(t) => { document.body.dataset.jpThemeLight = t }", str(scheme == "light").lower()
    )
    seen = page.locator(".ut").evaluate(SEEN)
    assert seen["unseen"] == []

    def as_hex(colour):
        return "#{:02x}{:02x}{:02x}".format(*map(int, re.findall(r"\d+", colour)[:3]))

    ground = linear(as_hex(seen["ground"]))
    for colour in seen["colours"]:
        assert contrast(linear(as_hex(colour)), ground) >= 4.5, (colour, seen["ground"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tour_s_button_shows_its_sign_and_strengths_have_a_track(without_kernel, scheme):
    state = state_of(SeeInside(skips=[0.5]))
    # Set from the start: a page that had other colours may keep them in its next screenshot.
    page = without_kernel("see_inside", state, forced_colors="active", color_scheme=scheme)
    seen = page.locator(".ut-see-play").evaluate(
        "(node) => [getComputedStyle(node), getComputedStyle(node, '::before')]"
        ".map((style) => style.backgroundColor)"
    )
    assert seen[0] != seen[1]
    shot = page.locator(".ut-see-skip input").first.screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("L")).astype(int)
    middle = abs(pixels - pixels[0, 0])[:, pixels.shape[1] // 8]
    assert middle.max() > 100, "no track"
