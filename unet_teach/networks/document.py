"""The document's network as it was written, and repaired in two ways; H and W are in pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere


class DocumentUNet(nn.Module):
    """The U-Net as the document wrote it: layers without a `forward`, one of which fits nowhere.

    Args:
        in_channels: channels of the image.
        out_channels: channels of the output, one for each class.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()

        # Down-sampling layers
        self.conv1 = nn.Conv2d(in_channels, 64, kernel_size=3, stride=1, padding=1)
        self.conv2 = nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(128, 256, kernel_size=3, stride=2, padding=1)
        self.conv4 = nn.Conv2d(256, 512, kernel_size=3, stride=2, padding=1)

        # Up-sampling layers
        self.upconv1 = nn.ConvTranspose2d(512, 256, 3, stride=2, padding=1, output_padding=1)
        self.upconv2 = nn.ConvTranspose2d(256, 128, 3, stride=2, padding=1, output_padding=1)
        self.upconv3 = nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1, output_padding=1)
        self.upconv4 = nn.ConvTranspose2d(64, out_channels, kernel_size=3, stride=1, padding=1)

        # Skip connections
        self.skip1 = nn.Conv2d(256, 256, kernel_size=1, stride=1, padding=0)
        self.skip2 = nn.Conv2d(128, 128, kernel_size=1, stride=1, padding=0)
        self.skip3 = nn.Conv2d(64, 64, kernel_size=1, stride=1, padding=0)
        self.skip4 = nn.Conv2d(32, 32, kernel_size=1, stride=1, padding=0)


class AdditiveUNet(DocumentUNet):
    """The document's layers with the `forward` they fit: the skips are added."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, out_channels, H, W); H and W must be divisible by 8."""
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = F.relu(self.conv4(three))
        x = F.relu(self.upconv1(x)) + self.skip1(three)
        x = F.relu(self.upconv2(x)) + self.skip2(two)
        x = F.relu(self.upconv3(x)) + self.skip3(one)
        logits: Tensor = self.upconv4(x)
        return logits


class ConcatenatingUNet(DocumentUNet):
    """The document's layers with skips that are concatenated.

    The three layers after a skip therefore take twice the channels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)
        self.upconv3 = nn.ConvTranspose2d(256, 64, 3, stride=2, padding=1, output_padding=1)
        self.upconv4 = nn.ConvTranspose2d(128, out_channels, 3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, out_channels, H, W); H and W must be divisible by 8."""
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = F.relu(self.conv4(three))
        x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=1)
        x = torch.cat([F.relu(self.upconv2(x)), self.skip2(two)], dim=1)
        x = torch.cat([F.relu(self.upconv3(x)), self.skip3(one)], dim=1)
        logits: Tensor = self.upconv4(x)
        return logits
