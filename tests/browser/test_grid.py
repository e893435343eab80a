"""Every widget in every window and state: nothing is too high, too small, cut off or overlaid."""

import pytest

from . import grid

# Beyond what the course shows: an image one pixel wide, and twelve lessons with the longest titles.
# A score beside a network's long name is shortened on a phone.
EXTREME = {
    ("cell_counter", "present 720"): {"smallest"},
    ("cell_counter", "present 1080"): {"smallest"},
    ("progress_map", "notebook"): {"largest"},
    ("see_inside", "390"): {"skips cut"},
}


@pytest.mark.parametrize("window", grid.WINDOWS)
@pytest.mark.parametrize("view", grid.DRAWINGS)
def test_no_state_breaks_a_limit(blank_page, view, window):
    found = dict(grid.walk(blank_page(), view, window))
    assert found
    known = EXTREME.get((view, window), set())
    wrong = {
        name: broken
        for name, state in found.items()
        if name not in known and (broken := grid.violations(state, view, window))
    }
    assert wrong == {}
