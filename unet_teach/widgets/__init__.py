"""The course's widgets: traits and validation in Python, pictures in the browser."""

from unet_teach.widgets.conv_explorer import ConvExplorer

__all__ = ["ConvExplorer"]
