"""How pytest treats notebooks: the solved ones must show what they stored, a student's must run."""

import pytest
from nbval.plugin import IPyNbFile


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, IPyNbFile):
        collector.compare_outputs = collector.path.parent.name == "solved"
