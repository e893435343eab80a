"""Every widget in every window and state: nothing is too high, too small, cut off or overlaid."""

import pytest

from . import grid

# The last is the only one in present mode: all lengths of a larger screen are the same, scaled.
WINDOWS = ["notebook", "700", "390", "270", "present 720"]
# Beyond what the course shows: twelve lessons with the longest titles.
EXTREME = {
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
