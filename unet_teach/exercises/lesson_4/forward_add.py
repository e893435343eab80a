"""Lesson 4: a `forward` for the document's layers, with skips that are added."""

import torch

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_4.forward_checks import forward_checks, shared_mistakes
from unet_teach.networks.document import AdditiveUNet

forward_add = Exercise(
    name="forward_add",
    lesson=4,
    prompt="Write a `forward` for the document's layers that adds a skip at each of three sizes.",
    checks=forward_checks("add", "class Additive(DocumentUNet): …"),
    mistakes=shared_mistakes(AdditiveUNet, torch.add),
    hints=(
        "Which feature maps do you have to keep in the encoder, so that the decoder can use them?",
        "upconv1 returns 256 channels at a quarter of the image's height. Which convolution of the encoder returned a feature map like that?",
        "`one = F.relu(self.conv1(x))`, then two and three; `x = F.relu(self.conv4(three))`; `x = F.relu(self.upconv1(x)) + self.skip1(___)`; twice more; `return self.upconv4(___)`",
    ),
    solution_text=(
        "`one = F.relu(self.conv1(x))\n"
        "two = F.relu(self.conv2(one))\n"
        "three = F.relu(self.conv3(two))\n"
        "x = F.relu(self.conv4(three))\n"
        "x = F.relu(self.upconv1(x)) + self.skip1(three)\n"
        "x = F.relu(self.upconv2(x)) + self.skip2(two)\n"
        "x = F.relu(self.upconv3(x)) + self.skip3(one)\n"
        "return self.upconv4(x)`"
    ),
    praise="Your network has three working skips, at 32×48, 16×24 and 8×12, and it runs on every other size tried.",
)  # fmt: skip
