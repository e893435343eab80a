"""The document's network, mended in two ways, and its six_networks."""

import re
from pathlib import Path

import pytest
import torch

from unet_teach.networks import document, six_networks
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet

LESSONS = Path(__file__).parents[1] / "lessons"
GLOSSARY = LESSONS.parent / "docs" / "glossary.md"
LESSON = LESSONS / "04_symmetric_architecture.py"


def layers(text):
    """The layers that a text lists, by name: class, numbers and options, in one spelling."""
    text = re.sub(r",\n#? +", ", ", text)  # a lesson's lines are short
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
    for letter, network in six_networks.six_networks().items():
        shape = (1, 10) if letter == "F" else (1, 1, 64, 64)
        assert network.eval()(picture).shape == shape
        assert sum(p.numel() for p in network.parameters()) < 200_000


# What the document says that is not quite so, and where the course meets it: the lesson, then an
# exercise by name, or words of the lesson itself.
MET = {
    "the skip joins the small map": ("03", "exercises.join.check"),
    "there is no forward": ("04", "exercises.forward_add.check"),
    "skip4 has nothing to feed it": ("04", "exercises.room_for_skips.check"),
    "the layers fit adding, the text says concatenating": ("04", "exercises.forward_cat.check"),
    "stride 2 does not always halve": ("01", "exercises.odd_sizes.check"),
    "output_padding=1 does not always double": ("02", "exercises.restore.check"),
    "output_padding adds no zeros": ("02", "## Is the extra row padding?"),
    "not every pixel is a centre": ("01", "exercises.centres.check"),
    "a transposed convolution is no inverse": (
        "02",
        "say [*deconvolution*](../docs/the_document.md#deconvolutional); this course doesn't",
    ),
    "kernel 3 with stride 2 draws a checkerboard": ("02", "exercises.even_overlap.check"),
    "without activations all is one linear map": ("04", "## Eight layers, or one?"),
    "UNet(64, 128) is no segmenter": ("04", "exercises.arguments.check"),
    "all of the above comes too early": ("02", '"all of the above, put together"'),
    "other ways down are only named": ("01", "## Other ways to halve"),
    "other ways up are only named": ("02", "## Which up-sampling layer should you choose?"),
}


@pytest.mark.parametrize("mistake", MET)
def test_every_mistake_of_the_document_is_met(mistake):
    number, words = MET[mistake]
    (lesson,) = LESSONS.glob(f"{number}_*.py")
    text = " ".join(lesson.read_text(encoding="utf-8").replace("\n# ", " ").split())
    assert words in text
    assert "## Read the document again" in text


def test_each_word_of_the_glossary_stands_in_the_lesson_it_names():
    rows = re.findall(r"^\| ([^|]+?) \| .* \| L(\d) \|$", GLOSSARY.read_text("utf-8"), re.M)
    assert len(rows) > 30
    for word, number in rows:
        (lesson,) = LESSONS.glob(f"0{number}_*.py")
        text = " ".join(lesson.read_text("utf-8").lower().replace("\n# ", " ").split())
        stem = word.lower().replace(" ", "[ _-]?")[:-2]
        assert re.search(stem, text), f"{word} is not in {lesson.name}"
