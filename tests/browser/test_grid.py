"""Every widget in every window and state: nothing is too high, too small, cut off or overlaid."""

import pytest

from . import grid
from .stub import STATIC

# The last is the only one in present mode: all lengths of a larger screen are the same, scaled.
WINDOWS = ["notebook", "824", "700", "390", "270", "present 720"]
# Beyond what the course shows: an image one pixel wide, twelve lessons with the longest titles.
EXTREME = {
    ("cell_counter", "824"): {"smallest"},
    ("progress_map", "notebook"): {"largest"},
}


@pytest.mark.parametrize("view", grid.DRAWINGS)
def test_no_state_breaks_a_limit(blank_page, view):
    found = list(grid.walk(blank_page(), view, WINDOWS))
    assert found
    wrong = {
        (name, window): broken
        for name, window, measured in found
        if name not in EXTREME.get((view, window), set())
        and (broken := grid.violations(measured, view, window))
    }
    assert wrong == {}


LOOKS = """() => [...document.querySelectorAll('main *')].map((node) => {
  const style = getComputedStyle(node);
  const names = ['display', 'fontSize', 'lineHeight', 'color', 'fill', 'padding', 'margin',
    'borderWidth', 'borderRadius', 'flexWrap', 'maxWidth', 'letterSpacing', 'strokeWidth'];
  return `${node.localName}.${node.classList}: ${names.map((name) => style[name])}`;
})"""


# The living U-Net draws itself little by little, so its elements cannot be compared.
@pytest.mark.parametrize("view", sorted({*grid.DRAWINGS} - {"report", "see_inside"}))
@pytest.mark.parametrize("window", ["390", "present 720"])
def test_other_widgets_on_the_page_change_nothing(view, window, blank_page):
    page = blank_page()
    grid.resize(page, window)
    grid.put(page, next(state for state in grid.STATES if state.view == view))
    if grid.WINDOWS[window][2]:
        page.get_by_role("button", name="present").click()
    own, *others = [
        sheet.read_text(encoding="utf-8")
        for sheet in sorted(STATIC.glob("*.css"), key=lambda sheet: sheet.stem != view)
    ]
    looks = []
    for sheets in ([own, *others], [*others, own]):
        page.locator("style").evaluate(
            "(style, css) => { style.textContent = css }", "".join(sheets)
        )
        looks.append(page.evaluate(LOOKS))
    assert len(looks[0]) > 10
    assert looks[0] == looks[1]
