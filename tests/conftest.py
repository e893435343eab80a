"""What all tests share: settings of hypothesis and torch, npm's packages, counts."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings

from tests import npm_packages

COMPARED = pytest.StashKey[Counter[str]]()

# HYPOTHESIS_PROFILE=explore draws anew on every run; the default draws the same every time.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COMPARED] = Counter()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Give torch one thread: for small layers, waking threads costs more than they compute.

    The kernels and programs that tests start keep the number of threads that they would have.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session")
def compared(pytestconfig: pytest.Config) -> Counter[str]:
    """Count configurations that were held against torch: all, legal ones, mismatches."""
    return pytestconfig.stash[COMPARED]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand this process's count over to the one that reports, where several share the tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["compared"] = dict(session.config.stash[COMPARED])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the count of a process that has ended; it has none if it crashed."""
    node.config.stash[COMPARED].update(getattr(node, "workeroutput", {}).get("compared", {}))


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
    """What npm installs into js/."""
    npm_packages.install()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where processes share the tests, fetch npm's packages while they collect and begin."""
    if session.config.pluginmanager.hasplugin("dsession"):
        threading.Thread(target=npm_packages.install, daemon=True).start()
