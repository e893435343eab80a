"""ConvExplorer in Python: checked traits, what it works out, its text form and its figure."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from traitlets import TraitError

from unet_teach.widgets import ConvExplorer

NONSENSE = [-1, 10**9, 2.5, "3", None, True, (1, 2, 3), [2], float("nan")]


def test_it_works_out_size_and_code():
    explorer = ConvExplorer(input_size=9, kernel_size=4, stride=2, padding=1)
    assert explorer.output_size == 4
    assert explorer.code == "nn.Conv2d(1, 1, kernel_size=4, stride=2, padding=1)"
    assert explorer.error == ""


def test_the_code_line_makes_the_layer_it_shows():
    explorer = ConvExplorer(input_size=11, kernel_size=3, stride=3, padding=2, dilation=2)
    layer = eval(explorer.code, {"nn": nn})
    assert layer(torch.zeros(1, 1, 11, 11)).shape[-1] == explorer.output_size


def test_an_illegal_layer_stays_with_its_reason():
    explorer = ConvExplorer(input_size=5)
    explorer.kernel_size = 7
    assert explorer.kernel_size == 7
    assert explorer.output_size is None
    assert "kernel_size=7 does not fit" in explorer.error
    explorer.padding = 1
    assert (explorer.output_size, explorer.error) == (1, "")


@pytest.mark.parametrize("value", NONSENSE)
@pytest.mark.parametrize("name", ["input_size", "kernel_size", "stride", "padding", "dilation"])
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(name, value):
    explorer = ConvExplorer(stride=2, padding=1)
    before = explorer.parameters
    with pytest.raises(TraitError, match=rf"^{name}=.* takes a whole number from \d to \d+\.$"):
        setattr(explorer, name, value)
    assert explorer.parameters == before


@pytest.mark.parametrize("name", ["output_size", "code", "error"])
def test_what_is_worked_out_cannot_be_set(name):
    with pytest.raises(TraitError, match="read-only"):
        setattr(ConvExplorer(), name, None)


def test_observers_hear_of_the_new_size():
    explorer = ConvExplorer(input_size=8)
    heard = []
    explorer.observe(lambda change: heard.append((change.old, change.new)), "output_size")
    explorer.stride = 2
    assert heard == [(6, 3)]


def test_its_text_form_says_what_it_shows_and_holds_no_address():
    explorer = ConvExplorer(stride=2, padding=1)
    line = "ConvExplorer · nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1) · 8×8 → 4×4"
    assert repr(explorer) == line
    assert explorer._repr_mimebundle_()[0]["text/plain"] == line


def test_torch_is_asked_once_somebody_looks():
    explorer = ConvExplorer(stride=2, padding=1)
    assert explorer._echo == {}
    explorer._shown = True
    assert explorer._echo == {
        "parameters": explorer.parameters,
        "accepts": True,
        "says": "(1, 1, 4, 4)",
    }


def test_torch_is_quoted_when_it_refuses():
    explorer = ConvExplorer(input_size=5, kernel_size=7)
    explorer._shown = True
    assert not explorer._echo["accepts"]
    assert "Kernel size can't be greater than actual input size" in explorer._echo["says"]


def test_asking_torch_leaves_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    explorer = ConvExplorer()
    explorer._shown = True
    assert torch.equal(torch.rand(2), expected)


def test_its_figure_draws_legal_and_illegal_layers():
    legal = ConvExplorer(input_size=7, stride=2, padding=1).figure()
    assert [axes.get_title("left") for axes in legal.axes] == ["Input 7×7, padding 1", "Output 4×4"]
    illegal = ConvExplorer(input_size=5, kernel_size=7).figure()
    assert "does not fit" in illegal.axes[1].texts[0].get_text()


def test_importing_the_package_and_its_widgets_leaves_torch_out():
    program = (
        "import sys, unet_teach, unet_teach.arithmetic, unet_teach.widgets as widgets\n"
        "widgets.ConvExplorer().stride = 2\n"
        "print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
