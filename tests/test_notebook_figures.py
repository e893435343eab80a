"""A figure that is the last line of a cell is shown as an image."""

import subprocess
import sys

import pytest

PROGRAM = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
shell = InteractiveShell.instance()
{before}
import unet_teach
{after}
from unet_teach.widgets import RoundTrip
shown, _ = shell.display_formatter.format(RoundTrip().figure())
print(*sorted(shown))
"""
CHOICE = "select_figure_formats(shell, {'svg'})"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [("", "", "png"), (CHOICE, "", "svg+xml"), ("", CHOICE, "svg+xml")],
    ids=["untouched", "reader chose before", "reader chose after"],
)
def test_a_figure_is_shown_as_an_image(before, after, kind):
    program = PROGRAM.format(before=before, after=after)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert f"image/{kind}" in told.stdout.split(), told.stderr
    assert (kind == "png") == ("image/png" in told.stdout)
