"""Find a browser for the tests of the widgets, and install one where there is none.

`python -m tests.browser.find_browser` makes sure that there is one; `course.py test` starts it so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Names of the program on the PATH, in the order of preference. The first has no windows, as
# Playwright's own, and needs a sixth less processor time than the others.
COMMANDS = (
    "chromium-headless-shell google-chrome google-chrome-stable chromium chromium-browser "
    "microsoft-edge microsoft-edge-stable chrome msedge"
)
MAC_APPS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS_PROGRAMS = ("Google/Chrome/Application/chrome", "Microsoft/Edge/Application/msedge")
VERSION_SECONDS = 60  # a browser that cannot say its version within this time does not start
INSTALLING_FAILED = (
    "The tests of the widgets need Chrome, Chromium or Edge, and installing one failed. "
    "Install it yourself (Debian: sudo apt install chromium), "
    "or set UNET_TEACH_BROWSER to where it is; then start again."
)
NO_BROWSER = (
    "The tests of the widgets need Chrome, Chromium or Edge: `python3 course.py test` installs one."
)


class NoBrowserError(Exception):
    """Raised where there is no browser; its message is a sentence for the reader."""


def find_browser(*, install: bool = False) -> str | None:
    """Return the path of a browser that starts; None stands for Playwright's own.

    The environment variable `UNET_TEACH_BROWSER` decides, where it is set.

    Args:
        install: install a Chromium where there is no browser.

    Raises:
        NoBrowserError: if there is no browser, or not the one that the variable names.
    """
    given = os.environ.get("UNET_TEACH_BROWSER")
    if given and not os.path.isfile(given):
        raise NoBrowserError(
            f"UNET_TEACH_BROWSER names {given}, which is not there. Correct or unset it."
        )
    found = given or installed_browser()
    if found or has_playwrights_own():
        return found
    if not install:
        raise NoBrowserError(NO_BROWSER)
    found = install_browser()
    if found or has_playwrights_own():
        return found
    raise NoBrowserError(INSTALLING_FAILED)


def installed_browser() -> str | None:
    """Return the path of an installed Chrome, Chromium or Edge that starts, or None."""
    paths = [Path(path) for path in map(shutil.which, COMMANDS.split()) if path]
    for app in MAC_APPS:
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            paths.append(folder / f"{app}.app" / "Contents" / "MacOS" / app)
    for variable in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
        for program in WINDOWS_PROGRAMS:
            paths.append(Path(os.environ.get(variable, "")) / f"{program}.exe")
    return next((str(path) for path in paths if path.is_file() and starts(path)), None)


def starts(browser: Path) -> bool:
    """Tell whether a browser can start. Ubuntu's only says where to get the real one."""
    if os.name == "nt":  # there, --version would open a window
        return True
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        command = [str(browser), "--version"]
        done = subprocess.run(command, capture_output=True, timeout=VERSION_SECONDS)
        return done.returncode == 0
    return False


def has_playwrights_own() -> bool:
    """Tell whether Playwright has downloaded a Chromium of its own that starts."""
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path.is_file() and starts(path)


def install_browser() -> str | None:
    """Install a Chromium; return its path, or None after the attempt to install Playwright's own.

    Root on Debian takes a package of the system: it brings the libraries along that a browser
    needs. Where the small one without windows is not there, the whole Chromium is.
    """
    print("The tests of the widgets need a Chromium: installing one.", flush=True)
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], env=quiet)
        for package in ("chromium-headless-shell", "chromium"):
            subprocess.run(["apt-get", "install", "-y", package], env=quiet)
            if found := installed_browser():
                return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    return None


def main() -> int:
    """Make sure that there is a browser; return 0, or 1 after a sentence that says why not."""
    try:
        find_browser(install=True)
    except NoBrowserError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:  # course.py says that it was stopped
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
