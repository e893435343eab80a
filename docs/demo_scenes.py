"""The scenes of the live demo, in the order in which they are shown: edit here what it says.

Options are what people in a room really answer: most wrong ones are known mistakes of the
exercises. `build_demo.py` puts the scenes on a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import exercises
from unet_teach.exercises.progress import TITLES
from unet_teach.networks.six_networks import six_networks
from unet_teach.segmentation import nuclei
from unet_teach.widgets import (
    ConvExplorer,
    ConvTransposeExplorer,
    FeatureMaps,
    Predict,
    RoundTrip,
    SizeLedger,
)
from unet_teach.widgets.base import CourseWidget
from unet_teach.widgets.progress_map import ProgressMap

OPENING, DOWN, UP = "Opening", "Down-sampling", "Up-sampling"
SKIPS, SYMMETRIC, END = "Skip connections", "Symmetric architecture", "End"
IMAGE = (1, 1, 64, 64)  # what the six networks take
TOUCHING = (slice(28, 76), slice(20, 116))  # of the test image: nuclei that touch
BRIGHTEST = 0.45  # what is drawn white: the photo is dark


@dataclass(frozen=True)
class Scene:
    """One scene: look, vote, see.

    Attributes:
        title: for the overview and the speaker.
        group: the criterion that it belongs to.
        minutes: that it takes.
        notes: what the speaker says, does, and may expect, one sentence or two each.
        question: what the room votes on; `code` stands below it.
        options: each with what is said of it once the answer shows.
        right: index of the right option.
        look: widgets before the question.
        shows: widgets after the answer.
        network: drawn with the question; `answer` is drawn instead once the answer shows.
        verdict: what the criteria say, as a sentence.
        criteria: a few words about each of the four.
        room: a question that counts what the room calls out, instead of options.
        seconds: for a vote.
    """

    title: str
    group: str
    minutes: int
    notes: tuple[str, ...]
    question: str = ""
    code: str = ""
    options: tuple[tuple[str, str], ...] = ()
    right: int = 0
    look: tuple[CourseWidget, ...] = ()
    shows: tuple[CourseWidget, ...] = ()
    network: nn.Module | None = None
    answer: nn.Module | None = None
    verdict: str = ""
    criteria: tuple[str, ...] = ()
    room: Predict | None = None
    seconds: int = 60


def receptive_fields() -> dict[str, dict[str, np.ndarray]]:
    """Return the receptive field of one value after one, two and three layers, by stride."""
    fields: dict[str, dict[str, np.ndarray]] = {}
    for stride in (1, 2):
        widths = [1 + 2 * sum(stride**layer for layer in range(n)) for n in (1, 2, 3)]
        fields[f"stride {stride}"] = {
            name: np.pad(np.ones((width, width)), (17 - width) // 2)
            for name, width in zip(("1st", "2nd", "3rd"), widths, strict=True)
        }
    return fields


def touching_nuclei() -> dict[str, np.ndarray]:
    """Return a photo, the same halved three times, that enlarged again, and the target: (H, W).

    Counted in whole steps of 1/255 until the end, so that every machine finds the same numbers.
    """
    image, mask = (tensor[(..., *TOUCHING)][None].double() for tensor in nuclei().test[0][:2])
    steps = torch.round(image * 255)
    small = F.avg_pool2d(steps, 8)
    large = F.interpolate(small, scale_factor=8, mode="bilinear")
    named = {
        "input_tensor": steps / 255,
        "x: halved three times": small / 255,
        "y: enlarged again": large / 255,
        "the target": mask * BRIGHTEST,
    }
    return {name: map_[0, 0].numpy() for name, map_ in named.items()}


def lessons() -> ProgressMap:
    """Return the map of all lessons, with nothing done yet."""
    untouched = {"state": "untouched", "attempts": 0, "hints": 0}
    rows = [
        {
            "number": number,
            "title": title if number else "The four criteria",  # lesson 0 asks the scenes' question
            "exercises": [
                {"name": each.name, **untouched} for each in exercises.ALL if each.lesson == number
            ],
        }
        for number, title in enumerate(TITLES)
    ]
    return ProgressMap(rows)


def scenes() -> tuple[Scene, ...]:
    """Return the scenes, made anew: widgets and networks can change."""
    networks = six_networks()
    nuclei_maps = touching_nuclei()
    in_one_scale = {"value_range": (0, BRIGHTEST), "input_size": (48, 96)}
    return (
        Scene(
            "Is this a U-Net?",
            OPENING,
            4,
            (
                "Vote first, explain later. The result stays: the last scene comes back to this drawing.",
                "Many say yes, because it has the shape of a U. It is an autoencoder: the decoder only gets what fits through 8×8.",
                "Then name the four criteria from the screen. The session takes them in this order.",
            ),
            "Somebody shows you this and says, “It's a U-Net.” Is it?",
            options=(("Yes", ""), ("No", ""), ("A drawing can't tell", "")),
            right=1,
            network=networks["B"],
            verdict="No: three criteria of four are met.",
            criteria=(
                "3 steps, 64×64 down to 8×8",
                "3 steps, 8×8 up to 64×64",
                "nothing goes straight across",
                "same sizes, in reverse order",
            ),
        ),
        Scene(
            "What does the stride do?",
            DOWN,
            4,
            (
                "Play the window once (▶): nine products, one sum, one output cell. Then go on to the question.",
                "3×3 forgets the padding. 5×5 rounds up: a last step that doesn't fit whole isn't made. 16×16 multiplies by the stride.",
                "Afterwards, ask where the last column went: it is hatched, no window reaches it.",
            ),
            "The stride becomes 2. How large is the output for an input of 8×8?",
            "nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)",
            (
                ("16×16", "A window that moves further has fewer positions, not more."),
                ("5×5", "Rounded up. A last step that doesn't fit whole isn't made."),
                ("4×4", "⌊(8 + 2·1 − 3) / 2⌋ + 1 = ⌊3.5⌋ + 1 = 4"),
                ("3×3", "That is without padding: ⌊(8 − 3) / 2⌋ + 1 = 3."),
            ),
            2,
            look=(ConvExplorer("same"),),
            shows=(ConvExplorer("halve"),),
        ),
        Scene(
            "Who gets a centre?",
            DOWN,
            3,
            (
                "This sentence is in the document that the course checks. It is true for stride 1 only.",
                "32 counts one axis. 9 forgets the padding.",
                "On the screen, walk through the output cells with the arrow keys and watch the middle of the window.",
            ),
            "The document says that with padding “all pixels are visited by the center of the convolutional kernel”. How many of 8×8 are?",
            "nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)",
            (
                ("64", "That needs stride 1. With stride 2 the centre skips every second cell."),
                ("32", "That skips in one axis. The window skips rows and columns."),
                ("16", "Every second row and every second column: 4 · 4, a quarter."),
                ("9", "That is without padding: 3 · 3 windows."),
            ),
            2,
            shows=(ConvExplorer("halve"),),
        ),
        Scene(
            "31 or 32?",
            DOWN,
            3,
            (
                "This is the question that decides what goes wrong in the decoder. Take your time for it.",
                "The screen shows it small: 7 and 8 both become 4. Press + and − at input_size.",
                "Ask before you go on: if all you have is the 16, which size did you start from?",
            ),
            "One image is 31×31, another 32×32. What does this layer make of them?",
            "nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)",
            (
                (
                    "15×15 and 16×16",
                    "31: ⌊(31 + 2 − 3) / 2⌋ + 1 = 15 + 1. The first window counts, too.",
                ),
                ("16×16 and 16×16", "⌊30 / 2⌋ + 1 = 16 and ⌊31 / 2⌋ + 1 = 16."),
                ("16×16 and 17×17", "32: ⌊31 / 2⌋ is 15, because the last half step isn't made."),
                ("an error for 31×31", "PyTorch rounds down and says nothing."),
            ),
            1,
            shows=(ConvExplorer("odd size"),),
        ),
        Scene(
            "How far does a value see?",
            DOWN,
            4,
            (
                "This is what down-sampling is for: context, not saving memory.",
                "7 is stride 1. 9 adds the kernels, 27 multiplies them; but the windows of neighbours overlap.",
                "Compare the two rows: stride 1 adds two pixels a layer, stride 2 twice as many each time. After five layers it is 11 against 63.",
            ),
            "Three layers with kernel 3 and stride 2. How many pixels across does one value depend on?",
            "",
            (
                ("7", "That is with stride 1: 3, 5, 7."),
                ("9", "3 + 3 + 3. Each layer adds more than the one before."),
                ("15", "3, 7, 15: each layer adds twice as much as the one before."),
                ("27", "3 · 3 · 3. Windows of neighbours overlap, so widths don't multiply."),
            ),
            2,
            shows=(
                FeatureMaps(
                    receptive_fields(),
                    title="The receptive field of one value after each layer",
                    notes={
                        "stride 1": "every layer adds two pixels",
                        "stride 2": "every layer adds twice as many as the one before",
                    },
                    nested=True,
                ),
            ),
        ),
        Scene(
            "Back up again",
            UP,
            4,
            (
                "First look: every input value scatters a scaled copy of the kernel, two cells apart. 3×3 becomes 7×7.",
                "10×10 is the most frequent answer: in a convolution padding adds. Here it crops, on both sides.",
                "Press − at output_padding: the last row and column go. Then walk through the cells where several patches meet.",
            ),
            "3×3 became 7×7. What does it become with `padding=1` and `output_padding=1`?",
            "nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)",
            (
                ("10×10", "7 + 2 + 1. Padding doesn't add here: it crops."),
                ("8×8", "7 + 1. Padding crops one cell on each side as well."),
                ("6×6", "(3 − 1)·2 + 3 − 2·1 + 1 = 6: twice the input."),
                ("2×2", "That is the formula of the convolution."),
            ),
            2,
            look=(ConvTransposeExplorer(input_size=3, kernel_size=3, stride=2),),
            shows=(ConvTransposeExplorer("double"),),
        ),
        Scene(
            "Does it undo the convolution?",
            UP,
            4,
            (
                "“Deconvolution” makes people expect the image back. Nothing here inverts values.",
                "Sizes: 16 alone doesn't say whether it was 31 or 32. `output_padding` is your answer to that question.",
                "Press − at output_padding: now the odd sizes come back. Then try stride 3: one size of three.",
            ),
            "First a convolution, then the transposed one. What comes back for sure?",
            "nn.Conv2d(1, 1, 3, stride=2, padding=1)\nnn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)",
            (
                (
                    "the image itself",
                    "A transposed convolution doesn't know the values that were there.",
                ),
                ("the size, always", "31 and 32 both become 16, and 16 becomes 32."),
                (
                    "only even sizes",
                    "With `output_padding=0` only odd ones. Of two sizes, one comes back.",
                ),
                ("neither", "32 → 16 → 32 does come back."),
            ),
            2,
            shows=(RoundTrip(),),
        ),
        Scene(
            "A pattern from nowhere",
            UP,
            3,
            (
                "Equal weights and a uniform image: whatever pattern appears comes from the layer alone.",
                "The screen counts how many patches meet in each cell: 1, 2 or 4.",
                "The next screen is the remedy: with kernel 2 and stride 2 every cell gets one patch. So does kernel 4 with padding 1, where each gets four.",
            ),
            "A uniform grey image goes in, and all weights are equal. What does the output look like?",
            "nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2)",
            (
                ("uniform grey", "Only if the same number of patches meets in every cell."),
                ("a regular grid", "1, 2 or 4 patches meet in a cell: a checkerboard."),
                (
                    "grey, with a dark frame",
                    "The border is darker, but the pattern goes on inside.",
                ),
                ("random noise", "There is nothing random in it: the weights are equal."),
            ),
            1,
            shows=(
                ConvTransposeExplorer("checkerboard", weights="box", numbers=False),
                ConvTransposeExplorer(
                    input_size=4, kernel_size=2, stride=2, weights="box", numbers=False
                ),
            ),
        ),
        Scene(
            "Across, not through",
            SKIPS,
            3,
            (
                "Let people call out shapes and type them; + counts another hand. The next step shows the answer.",
                "(2, 64, 32, 32) joins along the batch. (1, 64, 64, 32) puts one map below the other. (1, 64, 32, 32) adds, as a residual block does.",
                "Both ways of joining count as a skip connection: concatenating and adding.",
            ),
            room=Predict(
                "`a` and `b` both have the shape `(1, 64, 32, 32)`. What is the shape of `torch.cat([a, b], dim=1)`?",
                answer=(1, 128, 32, 32),
                mistakes={
                    (2, 64, 32, 32): "That is `dim=0`: the images of a batch.",
                    (1, 64, 64, 32): "That is `dim=2`: one map below the other.",
                    (1, 64, 32, 64): "That is `dim=3`: one map beside the other.",
                    (1, 64, 32, 32): "That is `a + b`: it keeps the channels.",
                    (1, 128, 64, 64): "`cat` changes one axis only.",
                },
                why="`dim=1` counts the channels: 64 + 64.",
            ),
        ),
        Scene(
            "What is lost on the way?",
            SKIPS,
            4,
            (
                "First look: nuclei that touch. A network has to tell them apart, as in the target. Point at a gap.",
                "The size comes back, the gaps don't: 6×12 values can't say where they were.",
                "Point at a gap in one map: the others outline the same place. Ask which map a decoder would need to draw the target. That is the skip.",
            ),
            "The photo is halved three times, to 6×12, and enlarged again to 48×96. Are the gaps between the nuclei still there?",
            "x = F.avg_pool2d(input_tensor, 8)\ny = F.interpolate(x, scale_factor=8, mode='bilinear')",
            (
                ("yes, at 48×96 again", "It has the size again, but not the detail."),
                ("yes, but wider", "Nothing is left of them: nuclei that touch are one blob."),
                ("no", "6×12 values can't hold them. A map from before the halvings can."),
            ),
            2,
            look=(
                FeatureMaps(
                    {"input_tensor": nuclei_maps["input_tensor"]},
                    title="Nuclei that touch: where does one end?",
                    **in_one_scale,
                ),
            ),
            shows=(FeatureMaps(nuclei_maps, **in_one_scale),),
        ),
        Scene(
            "The document's skip",
            SKIPS,
            2,
            (
                "These are the document's own three lines. Somebody usually says 192 at once: right by channels, but the sizes don't match.",
                "Ask for the repair. It is one word: `input_tensor` in place of `x`.",
            ),
            "`input_tensor` is 32×32 and has 64 channels. What does the last line make?",
            "x = downsample(input_tensor)   # 128 ch, 16×16\ny = upsample(x)                # 64 ch, 32×32\nz = torch.cat([x, y], dim=1)",
            (
                ("192 channels, 32×32", "`cat` doesn't enlarge `x`."),
                ("192 channels, 16×16", "`cat` doesn't crop `y`."),
                ("an error", "16×16 doesn't match 32×32. `cat([input_tensor, y])` joins 64 + 64."),
            ),
            2,
        ),
        Scene(
            "100×100 goes in",
            SKIPS,
            4,
            (
                "“Even is enough” is the misconception: half of 100 is even, too, but half of that is 25.",
                "On the screen: 25 becomes 12, and 12 becomes 24. The skip still has 25.",
                "The next screen repairs it. Try the others (crop, pad, output_padding, resize) and ask what each costs.",
            ),
            "A U-Net halves four times with max-pooling. A 100×100 image goes in. What happens?",
            "",
            (
                ("it works: 100 is even", "100, 50, 25: the third halving meets an odd number."),
                (
                    "an error in the encoder",
                    "25 becomes 12. Pooling rounds down and says nothing.",
                ),
                ("an error in the decoder", "12 becomes 24, and the skip brings 25×25."),
                ("96×96 comes out", "Nothing is cropped unless you write it."),
            ),
            2,
            shows=(
                SizeLedger(height=100, width=100),
                SizeLedger(height=100, width=100, repair="pad_input"),
            ),
        ),
        Scene(
            "Which size fits?",
            SYMMETRIC,
            2,
            (
                "120 is a multiple of 2 · 4. It has to be a multiple of 2⁴, because every halving doubles what must divide.",
                "On the screen: type other sizes, and use the arrows beside them for the next size that fits.",
            ),
            "Four halvings, no repair. Which image fits?",
            "",
            (
                ("100×100", "100, 50, 25: even is enough for one halving only."),
                ("120×120", "120, 60, 30, 15: it divides by 2·4, but not by 2⁴."),
                ("112×112", "112, 56, 28, 14, 7: it divides by 2⁴ = 16."),
                (
                    "only 64, 128, 256, …",
                    "Powers of two fit, and so does every other multiple of 16.",
                ),
            ),
            2,
            shows=(SizeLedger(height=112, width=112),),
        ),
        Scene(
            "Same size, so symmetric?",
            SYMMETRIC,
            2,
            (
                "Input and output have the same size, and many take that for symmetry. It has one step up for three steps down.",
                "This is the idea of FCN-32s (Long, Shelhamer and Darrell, 2015): a good network, and no U-Net.",
            ),
            "64×64 goes in, 64×64 comes out. Which criteria are not met?",
            options=(
                ("none", ""),
                ("only skips", ""),
                ("skips, symmetry", ""),
                ("up-sampling", ""),
            ),
            right=2,
            network=networks["D"],
            verdict="No U-Net: it comes up in a single step.",
            criteria=(
                "3 steps, 64×64 down to 8×8",
                "1 step, 8×8 up to 64×64",
                "nothing to connect to",
                "32×32 and 16×16 never return",
            ),
        ),
        Scene(
            "Another one",
            SYMMETRIC,
            2,
            (
                "It differs from the paper of 2015 in every detail: strided convolutions, nearest up-sampling, addition.",
                "The criteria ask what a layer does, not what it is called.",
            ),
            "No pooling, no transposed convolution, no `cat`. A U-Net?",
            options=(("Yes", ""), ("No: needs cat", ""), ("No: + is a ResNet", "")),
            right=0,
            network=networks["E"],
            verdict="Yes: all four criteria are met.",
            criteria=(
                "3 strided convolutions",
                "3 times nearest",
                "3, added instead of stacked",
                "same sizes, in reverse order",
            ),
        ),
        Scene(
            "The first one again",
            END,
            2,
            (
                "The drawing of the first scene. Compare with the first vote (Home shows it, End comes back).",
                "The next steps draw the repaired network, and the ten lessons that go on from here.",
            ),
            "What does it take to make this a U-Net?",
            options=(
                ("more levels", ""),
                ("skip connections", ""),
                ("more channels", ""),
                ("pooling", ""),
            ),
            right=1,
            network=networks["B"],
            answer=networks["A"],
            verdict="A U-Net: down, up, across, and symmetric.",
            criteria=(
                "3 steps, 64×64 down to 8×8",
                "3 steps, 8×8 up to 64×64",
                "3 of 3 are there",
                "same sizes, in reverse order",
            ),
            shows=(lessons(),),
        ),
    )
