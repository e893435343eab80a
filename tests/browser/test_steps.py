"""The strip of steps on a page without Jupyter: what ticks a step off, and when it is explained."""

import pytest
from playwright.sync_api import expect

from unet_teach.widgets import ConvExplorer, Step
from unet_teach.widgets.base import CourseWidget

MACHINERY = {*CourseWidget.class_traits(), "_esm", "_css"} - {"steps", "_step", "_ticked"}
STEPS = [
    "Watch one sum.",
    Step("Set `stride` to 2. What changes?", when={"stride": 2}, explain="Half the positions."),
    Step("How many cells come out?", answer=9, explain="3 rows of 3."),
    Step("Try both.", when=[{"input_size": 7}, {"input_size": 8}]),
]


@pytest.fixture
def page(without_kernel):
    widget = ConvExplorer(input_size=7, kernel_size=3, steps=STEPS)
    state = {name: v for name, v in widget.get_state().items() if name not in MACHINERY}
    return without_kernel("explorer", state, viewport={"width": 1080, "height": 720})


def go_on(page):
    page.get_by_role("button", name="next ›").click()


def ticked(page):
    return page.evaluate("state._ticked")


def test_a_sentence_is_ticked_off_by_going_on(page):
    go_on(page)
    assert ticked(page) == [0]
    expect(page.get_by_text("Step 2 of 4:")).to_be_visible()
    expect(page.get_by_text("Step 1 of 4:")).not_to_be_visible()


def test_reaching_a_state_ticks_a_step_and_keeps_its_question(page):
    go_on(page)
    assert ticked(page) == [0]
    page.get_by_role("slider", name="stride").fill("2")
    assert ticked(page) == [0, 1]
    expect(page.get_by_text("What changes?")).to_be_visible()
    expect(page.get_by_text("Half the positions.")).not_to_be_visible()
    page.get_by_role("button", name="answer ›").click()
    expect(page.get_by_text("Half the positions.")).to_be_visible()
    expect(page.get_by_text("What changes?")).not_to_be_visible()
    go_on(page)
    expect(page.get_by_text("How many cells come out?")).to_be_visible()


def test_an_answer_is_checked_with_enter_and_explained_at_once(page):
    page.get_by_role("button", name="step 3").click()
    field = page.get_by_label("your answer to this step")
    for wrong in ("8", "nine"):
        field.fill(wrong)
        field.press("Enter")
        assert ticked(page) == []
    expect(page.get_by_role("button", name="show", exact=True)).not_to_be_visible()
    field.fill("25")
    field.press("Enter")
    expect(page.get_by_role("button", name="show", exact=True)).to_be_visible()
    field.fill("9")
    field.press("Enter")
    assert ticked(page) == [2]
    expect(page.get_by_text("3 rows of 3.")).to_be_visible()


def test_several_states_are_each_seen_once(page):
    page.get_by_role("button", name="step 4").click()
    assert ticked(page) == []
    page.get_by_role("slider", name="input_size").fill("8")
    assert ticked(page) == [3]
    expect(page.get_by_role("button", name="done", exact=True)).to_be_disabled()
