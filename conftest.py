"""How pytest treats notebooks: the solved ones must show what they stored, a student's must run."""

import os
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile


def pytest_configure(config: pytest.Config) -> None:
    """Keep the progress of whoever runs the tests apart from that of the tests."""
    if "UNET_TEACH_PROGRESS" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="unet_teach_"))
        os.environ["UNET_TEACH_PROGRESS"] = str(folder / "progress.json")


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, IPyNbFile):
        collector.compare_outputs = collector.path.parent.name == "solved"
        # What is shown as HTML says the same as its text form, which is compared.
        collector.skip_compare = (*collector.skip_compare, "text/html")
