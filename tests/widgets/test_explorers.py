"""The explorers in Python: checked traits, what they work out, their text forms and figures."""

import subprocess
import sys

import ipywidgets
import pytest
import torch
from matplotlib.patches import ConnectionPatch
from torch import nn
from traitlets import TraitError

from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer

EXPLORERS = [ConvExplorer, ConvTransposeExplorer]
PARAMETERS = [(kind, name) for kind in EXPLORERS for name in kind.PARAMETERS]
NONSENSE = [-1, 10**9, 2.5, "3", None, True, (1, 2, 3), (2,), (2, 99), (2, "2"), [], float("nan")]
NO_KERNEL = ["sharp", [], [[]], [[1], [1, 2]], [[None]], [[float("inf")]], 3, [[1] * 8], [[True]]]


def test_a_convolution_works_out_size_and_code():
    explorer = ConvExplorer(input_size=9, kernel_size=4, stride=2, padding=1)
    assert explorer.output_size == 4
    assert explorer.code == "nn.Conv2d(1, 1, kernel_size=4, stride=2, padding=1)"
    assert explorer.error == ""


def test_a_transposed_convolution_works_out_size_and_code():
    explorer = ConvTransposeExplorer(input_size=(4, 5), stride=(2, 3), output_padding=(1, 0))
    assert explorer.output_size == (10, 15)
    assert explorer.code == (
        "nn.ConvTranspose2d(1, 1, kernel_size=3, stride=(2, 3), output_padding=(1, 0))"
    )


@pytest.mark.parametrize("kind", EXPLORERS)
@pytest.mark.parametrize("sizes", [{}, {"stride": 3, "dilation": 2}, {"kernel_size": (3, 2)}])
def test_code_and_layer_are_what_is_shown(kind, sizes):
    explorer = kind(input_size=(7, 11), padding=1, **sizes)
    written = eval(explorer.code, {"nn": nn})
    for layer in (written, explorer.layer):
        assert tuple(layer(explorer.input).shape[2:]) == explorer.output_size
    assert (str(written), written.padding) == (str(explorer.layer), explorer.layer.padding)


def test_a_layer_is_fresh_and_can_learn():
    explorer = ConvExplorer(weights="edge")
    assert explorer.layer is not explorer.layer
    assert explorer.layer.weight[0, 0].tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    assert all(parameter.requires_grad for parameter in explorer.layer.parameters())


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        (ConvExplorer, {"input_size": 5, "kernel_size": 7}, "kernel_size=7 does not fit"),
        (ConvTransposeExplorer, {"output_padding": 1}, "output_padding=1 is too large"),
        (ConvTransposeExplorer, {"input_size": 1, "padding": 2}, "padding=2 leaves no output"),
        (ConvExplorer, {"input_size": (5, 9), "kernel_size": 7}, "Along the height"),
    ],
)
def test_an_illegal_layer_stays_with_its_reason_and_recovers(kind, changes, sentence):
    explorer = kind()
    legal = {name: getattr(explorer, name) for name in changes}
    for name, value in changes.items():
        setattr(explorer, name, value)
    assert explorer.output_size is None
    assert sentence in explorer.error
    assert sentence in repr(explorer)
    for name, value in legal.items():
        setattr(explorer, name, value)
    assert explorer.output_size is not None
    assert explorer.error == ""


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(kind, name, value):
    explorer = kind(stride=2, padding=1)
    before = explorer.parameters
    with pytest.raises(TraitError, match=rf"^{name}=.* takes a whole number from \d to \d+, or"):
        setattr(explorer, name, value)
    assert explorer.parameters == before


@pytest.mark.parametrize("value", NO_KERNEL, ids=repr)
def test_what_is_no_kernel_is_refused_with_a_sentence(value):
    explorer = ConvExplorer(weights="box")
    with pytest.raises(TraitError, match=r"^weights=.* is no kernel: use one of 'random', 'ident"):
        explorer.weights = value
    assert explorer.weights == "box"


@pytest.mark.parametrize("value", ["paint", None, 3, ["scatter"]])
def test_an_unknown_view_is_refused_with_the_known_ones(value):
    with pytest.raises(
        TraitError, match=r"is not known: view is 'scatter' or 'zero insertion' or 'crop window'"
    ):
        ConvTransposeExplorer(view=value)


@pytest.mark.parametrize("kind", EXPLORERS)
def test_unknown_names_are_refused_with_the_known_ones(kind):
    with pytest.raises(TypeError, match=r"has no 'strides'\. Its parameters: input_size, "):
        kind(strides=2)
    with pytest.raises(ValueError, match=r"no preset '<b>halve</b>'\. .* has '"):
        kind("<b>halve</b>")


@pytest.mark.parametrize("name", ["output_size", "code", "error"])
def test_what_is_worked_out_cannot_be_set(name):
    with pytest.raises(TraitError, match="read-only"):
        setattr(ConvExplorer(), name, None)


@pytest.mark.parametrize("kind", EXPLORERS)
def test_every_preset_is_legal_and_may_be_changed(kind):
    for name in kind.PRESETS:
        assert kind(name).error == ""
    assert kind("same", input_size=9).output_size == 9


def test_presets_do_what_their_names_say():
    assert ConvExplorer("halve").output_size == 4
    assert ConvExplorer("odd size").output_size == 4
    assert ConvTransposeExplorer("double").output_size == 6
    assert ConvTransposeExplorer("document").output_size == 16


@pytest.mark.parametrize("layer", [nn.Conv2d(3, 8, (3, 5), 2, 1), nn.Conv2d(4, 4, 3, groups=4)])
def test_a_layer_of_a_network_is_shown(layer):
    explorer = ConvExplorer.from_layer(layer, input_size=(9, 12))
    assert tuple(layer(torch.zeros(1, layer.in_channels, 9, 12)).shape[2:]) == (
        explorer.output_size
    )


def test_same_and_valid_padding_become_numbers():
    assert ConvExplorer.from_layer(nn.Conv2d(1, 1, 5, padding="same")).padding == 2
    assert ConvExplorer.from_layer(nn.Conv2d(1, 1, 5, padding="valid")).padding == 0
    with pytest.raises(ValueError, match="odd kernel_size"):
        ConvExplorer.from_layer(nn.Conv2d(1, 1, 4, padding="same"))


@pytest.mark.parametrize("layer", [nn.ConvTranspose2d(1, 1, 3), nn.Conv1d(1, 1, 3), nn.ReLU(), 3])
def test_another_kind_of_layer_is_refused_with_a_sentence(layer):
    with pytest.raises(TypeError, match=r"ConvExplorer shows nn\.Conv2d, not "):
        ConvExplorer.from_layer(layer)


def test_a_layer_beyond_the_sliders_is_refused_with_a_sentence():
    with pytest.raises(TraitError, match=r"kernel_size=11 is out of range"):
        ConvExplorer.from_layer(nn.Conv2d(1, 1, 11))


def test_observers_hear_of_the_new_size():
    explorer = ConvExplorer(input_size=8)
    heard = []
    explorer.observe(lambda change: heard.append((change.old, change.new)), "output_size")
    explorer.stride = 2
    assert heard == [(6, 3)]


def test_two_explorers_can_be_linked_and_stand_in_boxes():
    down, up = ConvExplorer(), ConvTransposeExplorer()
    ipywidgets.link((down, "stride"), (up, "stride"))
    down.stride = (2, 3)
    assert up.stride == (2, 3)
    assert ipywidgets.jslink((down, "padding"), (up, "padding")).source == (down, "padding")
    assert ipywidgets.HBox([down, up]).children == (down, up)


@pytest.mark.parametrize(
    ("explorer", "line"),
    [
        (
            ConvExplorer("halve"),
            "ConvExplorer · nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1) · 8×8 → 4×4",
        ),
        (
            ConvTransposeExplorer(kernel_size=2, stride=2, input_size=(3, 5)),
            "ConvTransposeExplorer · nn.ConvTranspose2d(1, 1, kernel_size=2, stride=2) "
            "· 3×5 → 6×10",
        ),
    ],
)
def test_the_text_form_says_what_is_shown_and_holds_no_address(explorer, line):
    assert repr(explorer) == line
    assert explorer._repr_mimebundle_()[0]["text/plain"] == line


def test_torch_is_asked_once_somebody_looks():
    explorer = ConvExplorer("halve")
    assert explorer._echo == {}
    explorer._shown = True
    parameters = explorer.parameters
    assert explorer._echo == {"parameters": parameters, "accepts": True, "text": "(1, 1, 4, 4)"}
    explorer.input_size = (8, 12)
    assert explorer._echo["text"] == "(1, 1, 4, 6)"


def test_torch_is_quoted_when_it_refuses():
    explorer = ConvTransposeExplorer(output_padding=2)
    explorer._shown = True
    assert not explorer._echo["accepts"]
    assert (
        "output padding must be smaller than either stride or dilation" in (explorer._echo["text"])
    )


@pytest.mark.parametrize("kind", EXPLORERS)
def test_nothing_moves_the_random_numbers(kind):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    explorer = kind()
    explorer._shown = True
    assert explorer.layer(explorer.input).shape[-1] == explorer.output_size
    assert torch.equal(torch.rand(2), expected)


def test_figures_draw_legal_and_illegal_layers():
    titles = [axes.get_title("left") for axes in ConvExplorer("odd size").figure().axes]
    assert titles == ["Input 7×7, padding 1", "Output 4×4"]
    titles = [axes.get_title("left") for axes in ConvTransposeExplorer("double").figure().axes]
    assert titles == ["Input 3×3", "Scattered 7×7, padding 1 cropped", "Output 6×6"]
    for illegal in (ConvExplorer(input_size=2), ConvTransposeExplorer(padding=6)):
        assert illegal.error in illegal.figure().axes[-1].texts[0].get_text()


@pytest.mark.parametrize("kind", EXPLORERS)
def test_figures_leave_the_page_s_ground_and_lead_from_cells_to_cells(kind):
    figure = kind(stride=2, padding=1).figure()
    assert figure.get_facecolor()[3] == 0
    before, after = figure.axes[:2]
    lines = [each for each in after.get_children() if isinstance(each, ConnectionPatch)]
    assert [(line.axesA, line.axesB) for line in lines] == [(before, after)] * 2


def test_the_figure_counts_no_contribution_to_cells_beyond_the_kernels():
    explorer = ConvTransposeExplorer(input_size=1, kernel_size=2, stride=2, output_padding=1)
    counted = [text.get_text() for text in explorer.figure().axes[1].texts]
    assert counted == ["1", "1", "0", "1", "1", "0", "0", "0", "0"]


def test_importing_the_package_and_its_widgets_leaves_torch_out():
    program = (
        "import sys, unet_teach, unet_teach.arithmetic, unet_teach.widgets as widgets\n"
        "widgets.ConvExplorer().stride = 2; widgets.ConvTransposeExplorer()\n"
        "print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
