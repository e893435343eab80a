"""Present mode on a page that fills the screen already."""

from unet_teach.widgets import Predict

from .boxes import state_of


def test_a_page_that_fills_the_screen_still_does_after_presenting(without_kernel):
    page = without_kernel("predict", state_of(Predict("How?", "a", choices=["a", "b"])))
    page.evaluate("document.documentElement.requestFullscreen()")
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    button = page.locator(".ut-presenter")
    button.click()
    page.wait_for_function("document.fullscreenElement?.matches('.ut-present')")
    assert button.inner_text() == "⤢ leave"
    button.click()
    page.wait_for_function("!document.querySelector('.ut-present')")
    assert page.evaluate("document.fullscreenElement === document.documentElement")
