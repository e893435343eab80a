"""The page that explains an error of torch: no kernel, no network, the widget at its numbers."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import axe_violations

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "why_it_fails.html"


@pytest.fixture(params=["light", "dark"])
def page(blank_page, request):
    """Open the file with the network off; the test fails if it asks for anything."""
    outside = []

    def note(asked):
        if not asked.url.startswith(("file:", "blob:")):
            outside.append(asked.url)

    phone = {"width": 390, "height": 844}
    page = blank_page(offline=True, color_scheme=request.param, viewport=phone)
    page.on("request", note)
    page.goto(PAGE.as_uri())
    page.get_by_role("button", name="25 against 26").wait_for()
    yield page
    page.remove_listener("request", note)
    assert outside == []


def test_it_is_fresh():
    command = [sys.executable, str(ROOT / "docs" / "build_why_it_fails.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_a_pasted_error_is_explained_on_a_phone(page):
    page.get_by_label("The error").fill(
        "RuntimeError: Sizes of tensors must match except in dimension 1. "
        "Expected size 25 but got size 26 for tensor number 1 in the list."
    )
    expect(page.locator("#help")).to_contain_text("25 and 26 differ by one")
    assert page.locator("mark").all_inner_texts() == ["25", "26"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert axe_violations(page, "html") == []


def test_the_widget_shows_the_numbers(page):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="25 against 26").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("group", name="Size ledger of a U-Net")).to_contain_text("26×26 ✕")
    expect(frame.locator("header")).to_have_count(0)


def test_an_unknown_message_is_not_guessed_at(page):
    page.get_by_label("The error").fill("ValueError: <b>no</b>")
    expect(page.locator("#help")).to_contain_text("isn't in the table")
    assert page.locator("#message").inner_text() == "ValueError: <b>no</b>"
    page.get_by_label("The error").fill("")
    expect(page.locator("#help")).to_be_hidden()
