"""The self-test of lesson 0: what it looks at, and what it advises."""

import re

import pytest

from unet_teach import installation, self_test
from unet_teach.widgets import ConvExplorer


@pytest.fixture(autouse=True)
def _as_in_a_fresh_kernel(monkeypatch):
    """The process that runs all the tests has seen more than any student's kernel."""
    monkeypatch.setattr(installation, "MUCH_MEMORY", 10**6)


def test_all_is_well_here():
    reply = self_test()
    assert reply.text.startswith("All is well.\n✓ Python 3.")
    assert "torch" in reply.text
    assert "✕" not in reply.text


def test_a_widget_that_was_not_shown_is_said_with_advice():
    reply = self_test(ConvExplorer())
    assert re.match(r"1 of \d+ needs your attention\.", reply.text)
    assert "✕ the widget has not shown yet\n   Run this cell once more" in reply.text


def test_a_widget_that_was_shown_is_a_tick():
    explorer = ConvExplorer()
    explorer._shown = True
    assert "✓ the widget shows" in self_test(explorer).text


@pytest.mark.parametrize("found", ["1.0", None])
def test_an_old_or_missing_package_is_told_with_the_command(monkeypatch, found):
    version = installation.metadata.version

    def of(name):
        if name != "torchinfo":
            return version(name)
        if found is None:
            raise installation.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(installation.metadata, "version", of)
    assert f"✕ torchinfo {found or 'is missing'}" in self_test().text
    assert "pip install 'torchinfo>=1.8'" in self_test().text


def test_little_memory_is_said(monkeypatch):
    monkeypatch.setattr(installation, "MUCH_MEMORY", 1)
    assert "Close other notebooks' kernels" in self_test().text
