"""The course's widgets: traits and validation in Python, pictures in the browser."""

from unet_teach.widgets.cell_counter import CellCounter
from unet_teach.widgets.explorer import ConvExplorer, ConvTransposeExplorer
from unet_teach.widgets.feature_maps import FeatureMaps
from unet_teach.widgets.predict import Predict
from unet_teach.widgets.round_trip import RoundTrip
from unet_teach.widgets.see_inside import SeeInside
from unet_teach.widgets.size_ledger import SizeLedger
from unet_teach.widgets.steps import Step

__all__ = [
    "CellCounter",
    "ConvExplorer",
    "ConvTransposeExplorer",
    "FeatureMaps",
    "Predict",
    "RoundTrip",
    "SeeInside",
    "SizeLedger",
    "Step",
]
