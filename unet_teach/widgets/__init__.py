"""The course's widgets: traits and validation in Python, pictures in the browser."""

from unet_teach.widgets.conv_explorer import ConvExplorer
from unet_teach.widgets.conv_transpose_explorer import ConvTransposeExplorer

__all__ = ["ConvExplorer", "ConvTransposeExplorer"]
