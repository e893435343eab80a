"""Pages that tests without JupyterLab share: a new window costs more than most of them."""

from __future__ import annotations

from typing import Any, Literal

from playwright.sync_api import Browser, Page, ViewportSize

from .lab import new_page


class SharedPages:
    """Lends blank pages, and takes them back for the next test."""

    def __init__(self, browser: Browser):
        self._browser = browser
        self._free: dict[str, list[Page]] = {}
        self._lent: list[tuple[str, Page]] = []
        self._errors: list[str] = []

    def lend(
        self,
        viewport: ViewportSize | None = None,
        color_scheme: Literal["light", "dark"] = "light",
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        **options: Any,
    ) -> Page:
        """Return a blank page; `options` are Playwright's for a new page."""
        free = self._free.setdefault(str(options), [])
        if not free:
            free.append(new_page(self._browser, **options))
            free[0].on("pageerror", lambda error: self._errors.append(str(error)))
        page = free.pop()
        self._lent.append((str(options), page))
        page.bring_to_front()  # a window behind others may not be painted
        page.set_viewport_size(viewport or {"width": 1280, "height": 720})
        page.emulate_media(  # all of it: a test may have changed any
            media="screen",
            color_scheme=color_scheme,
            reduced_motion=reduced_motion,
            forced_colors=options.get("forced_colors", "none"),
        )
        return page

    def take_back(self) -> list[str]:
        """Make all pages blank again, as in a new window; return the errors that they had."""
        for options, page in self._lent:
            page.mouse.move(-1, -1)  # nothing of the next page lies under it
            page.goto("about:blank")
            self._free[options].append(page)
        self._lent.clear()
        errors, self._errors[:] = list(self._errors), []
        return errors
