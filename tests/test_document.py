"""The document's network, mended in two ways, and its relatives."""

import re
from pathlib import Path

import pytest
import torch

from unet_teach import document, relatives
from unet_teach.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet

LESSON = Path(__file__).parents[1] / "lessons" / "04_symmetric_architecture.py"


def layers(text):
    """The layers that a text lists, by name: class, numbers and options, in one spelling."""
    found = re.findall(r"self\.(\w+) = (nn\.\w+)\((.*?)\)$", text, re.M)
    return {name: (kind, arguments.replace("kernel_size=", "")) for name, kind, arguments in found}


def test_the_network_of_lesson_4_is_that_of_the_package():
    quoted = layers(LESSON.read_text(encoding="utf-8").split("```python")[1].split("```")[0])
    source = Path(document.__file__).read_text(encoding="utf-8")
    kept = layers(source[source.index("class DocumentUNet") : source.index("class AdditiveUNet")])
    assert quoted == kept
    assert len(quoted) == 12


def test_the_document_has_no_forward():
    with pytest.raises(NotImplementedError, match="forward"):
        DocumentUNet(64, 128)(torch.zeros(1, 64, 32, 32))


@pytest.mark.parametrize("kind", [AdditiveUNet, ConcatenatingUNet])
def test_both_mended_networks_answer_at_the_pictures_size(kind):
    assert kind(3, 5)(torch.zeros(2, 3, 24, 40)).shape == (2, 5, 24, 40)


def test_the_six_networks_of_lesson_0_are_small_and_run():
    picture = torch.zeros(1, 1, 64, 64)
    for letter, network in relatives.six_networks().items():
        shape = (1, 10) if letter == "F" else (1, 1, 64, 64)
        assert network.eval()(picture).shape == shape
        assert sum(p.numel() for p in network.parameters()) < 200_000
