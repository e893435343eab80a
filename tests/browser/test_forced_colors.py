"""With the colours of a high-contrast theme, drawings can be read and what is on can be told."""

import re

import numpy as np
import pytest

from tests.contrast import contrast, linear
from unet_teach.widgets import (
    CellCounter,
    ConvExplorer,
    ConvTransposeExplorer,
    FeatureMaps,
    Predict,
    RoundTrip,
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
    page = without_kernel(name.partition(",")[0], state, viewport={"width": 1080, "height": 720})
    page.emulate_media(forced_colors="active", color_scheme=scheme)
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
