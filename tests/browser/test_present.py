"""Present mode on the whole screen, which the other tests of present mode do without."""

import pytest

from unet_teach.widgets import ConvExplorer, Predict, RoundTrip, SizeLedger

from .boxes import state_of

# The places of all elements as shares of the window: the screen may be larger than the window.
PLACES = """() => [...document.querySelectorAll('.ut-present, .ut-present *')]
  .filter((node) => node.checkVisibility()).map((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    return [left / innerWidth, top / innerHeight, right / innerWidth, bottom / innerHeight]
      .map((share) => share.toFixed(2)).join(' ') + ` ${node.localName}`;
  })"""


@pytest.fixture
def on_screen(without_kernel):
    """Show a widget that may use the whole screen."""

    def show(view, state, **options):
        page = without_kernel(view, state, **options)
        page.evaluate("delete document.querySelector('.ut').requestFullscreen")
        return page

    return show


def leave_screen(page):
    """Leave the whole screen: the next test's window may not be resized before."""
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function("!document.fullscreenElement")


def test_a_page_that_fills_the_screen_still_does_after_presenting(on_screen):
    page = on_screen("predict", state_of(Predict("How?", "a", choices=["a", "b"])))
    page.evaluate("document.documentElement.requestFullscreen()")
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    button = page.locator(".ut-presenter")
    button.click()
    page.wait_for_function("document.fullscreenElement?.matches('.ut-present')")
    assert button.inner_text() == "⤢ leave"
    button.click()
    page.wait_for_function("!document.querySelector('.ut-present')")
    assert page.evaluate("document.fullscreenElement === document.documentElement")
    leave_screen(page)


@pytest.mark.parametrize(
    ("view", "widget"),
    [
        ("explorer", ConvExplorer("halve")),
        ("predict", Predict("How?", "a", choices=["a", "b"])),
        ("round_trip", RoundTrip()),
        ("size_ledger", SizeLedger()),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_whole_screen_looks_like_a_window_of_its_size(on_screen, without_kernel, view, widget):
    page = on_screen(view, state_of(widget))
    page.locator(".ut-presenter").click()
    page.wait_for_function("document.fullscreenElement?.matches('.ut-present')")
    page.wait_for_function("innerWidth === screen.width && innerHeight === screen.height")
    screen = page.evaluate("({ width: innerWidth, height: innerHeight })")
    whole = page.evaluate(PLACES)
    leave_screen(page)
    window = without_kernel(view, state_of(widget), viewport=screen)
    window.locator(".ut-presenter").click()
    window.wait_for_selector(".ut-present")
    assert window.evaluate("document.fullscreenElement") is None
    assert window.evaluate(PLACES) == whole
