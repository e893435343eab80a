"""Lesson 4: a `forward` for the document's layers, with skips that are concatenated."""

import torch

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_4.forward_checks import forward_checks, shared_mistakes
from unet_teach.networks.document import ConcatenatingUNet

forward_cat = Exercise(
    name="forward_cat",
    lesson=4,
    prompt="Now concatenate the skips with `torch.cat`, and change the layers that need it.",
    checks=forward_checks("cat", "class Concatenating(DocumentUNet): …"),
    mistakes=shared_mistakes(ConcatenatingUNet, lambda x, skip: torch.cat([x, skip], 1)),
    hints=(
        "How many channels does `torch.cat([a, b], dim=1)` have if a and b have 256 each?",
        "Three layers get two concatenated feature maps: upconv2, upconv3 and upconv4. Their in_channels double.",
        "`self.upconv2 = nn.ConvTranspose2d(___, 128, 3, stride=2, padding=1, output_padding=1)`, and `x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=___)`",
    ),
    solution_text=(
        "`def __init__(self, in_channels, out_channels):\n"
        "    super().__init__(in_channels, out_channels)\n"
        "    self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)\n"
        "    self.upconv3 = nn.ConvTranspose2d(256, 64, 3, stride=2, padding=1, output_padding=1)\n"
        "    self.upconv4 = nn.ConvTranspose2d(128, out_channels, 3, padding=1)\n"
        "\n"
        "def forward(self, x):\n"
        "    one = F.relu(self.conv1(x))\n"
        "    two = F.relu(self.conv2(one))\n"
        "    three = F.relu(self.conv3(two))\n"
        "    x = F.relu(self.conv4(three))\n"
        "    x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=1)\n"
        "    x = torch.cat([F.relu(self.upconv2(x)), self.skip2(two)], dim=1)\n"
        "    x = torch.cat([F.relu(self.upconv3(x)), self.skip3(one)], dim=1)\n"
        "    return self.upconv4(x)`"
    ),
    praise="Your network concatenates three skips, and the three layers after them take twice the channels.",
)  # fmt: skip
