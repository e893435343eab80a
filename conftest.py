"""How pytest treats notebooks, in which order tests start, and where their progress is kept.

Solved notebooks must show the outputs that they stored; a student's notebook must only run.
"""

import os
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile

# Where the longest files are. Processes that share the tests take these first, in this order, so
# that none still runs a long file when the others have nothing left to do. Notebooks need none of
# npm's packages, which a slow network brings a minute after the start.
LONG_FILES = ("notebooks/", "tests/browser/", "tests/js/", "tests/test_", "tests/exercises/")

# Threads that wait for each other keep a core busy, where several processes share few cores: 60
# steps of training took ten times as long. Asleep, they compute the same to the last digit.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_configure() -> None:
    """Keep the progress of this process apart from that of other processes, and of a student."""
    folder = Path(tempfile.mkdtemp(prefix="unet_teach_"))
    os.environ["UNET_TEACH_PROGRESS"] = str(folder / "progress.json")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Limit the trainings of a notebook, before its kernel starts.

    The solved one, which is compared, trains to the end. The other one shows that every cell runs
    without a solution, and after a training that was too short.
    """
    os.environ.pop("UNET_TEACH_SECONDS", None)
    if isinstance(item.parent, IPyNbFile):
        os.environ["UNET_TEACH_SECONDS"] = "inf" if item.parent.compare_outputs else "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long files first in each of several processes; the order in a file stays."""

    def place(item: pytest.Item) -> int:
        return [*map(item.nodeid.startswith, LONG_FILES), True].index(True)

    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=place)


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, IPyNbFile):
        collector.compare_outputs = collector.path.parent.name == "solved"
        # What is shown as HTML says the same as its text form, which is compared.
        collector.skip_compare = (*collector.skip_compare, "text/html")
