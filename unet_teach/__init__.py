"""The names a lesson uses, loaded when they are first used.

`import unet_teach` costs little: torch and the widgets are imported by the first name that needs
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unet_teach.shared import live_networks
from unet_teach.shared.interrupts import explain_stopped_cells
from unet_teach.shared.lazy_imports import lazy_imports
from unet_teach.shared.no_compiler import keep_compiler_out
from unet_teach.shared.notebook_figures import show_figures

if TYPE_CHECKING:
    from unet_teach import exercises as exercises
    from unet_teach.error_help import explain as explain
    from unet_teach.exercises import export as export
    from unet_teach.exercises import next_lesson as next_lesson
    from unet_teach.exercises import progress as progress
    from unet_teach.inspection.cut import cut as cut
    from unet_teach.inspection.inspector import inspect_unet as inspect_unet
    from unet_teach.installation import self_test as self_test
    from unet_teach.networks import UNet as UNet
else:
    __getattr__, __dir__, __all__ = lazy_imports(__name__)


def _open_network(*given: Any) -> live_networks.LiveNetwork:
    from unet_teach.inspection.live_network import LiveNetwork

    keep_compiler_out()  # its import takes longer than most networks
    return LiveNetwork(*given)


live_networks.register(_open_network)
explain_stopped_cells()
show_figures()
