"""The public surface: what lessons and users may import. Everything else may change.

A test compares it with the lessons.
"""

# All names that these packages declare in `__all__`.
PACKAGES = ("unet_teach", "unet_teach.arithmetic", "unet_teach.segmentation", "unet_teach.widgets")

# And of these modules the names that stay.
MODULES: dict[str, tuple[str, ...]] = {
    "unet_teach.inspection.diagram.figure": ("gallery",),
    "unet_teach.lesson_docs": ("show_lesson_docs",),
    "unet_teach.networks": (
        "UNet",
        "double_conv",
    ),
    "unet_teach.networks.document": (
        "AdditiveUNet",
        "ConcatenatingUNet",
        "DocumentUNet",
    ),
    "unet_teach.networks.six_networks": ("six_networks",),
    "unet_teach.networks.twelve_networks": (
        "Almost",
        "twelve_networks",
    ),
    "unet_teach.segmentation.ablation": ("checkerboard", "denoising"),
    "unet_teach.segmentation.cell_targets": ("border_classes", "weight_map"),
    "unet_teach.segmentation.drawings": (
        "matched_outlines",
        "outline_example",
        "receptive_field_chain",
    ),
    "unet_teach.segmentation.exact_sums": ("exact_sums",),
    "unet_teach.segmentation.instances": (
        "border_watershed",
        "cells_below",
        "connected_components",
        "distance_watershed",
        "watershed",
    ),
    "unet_teach.segmentation.plots": (
        "comparison",
        "curves",
        "paint_cells",
        "side_by_side",
    ),
    "unet_teach.segmentation.tiling": (
        "needed_overlap",
        "why_tiles_differ",
    ),
    "unet_teach.segmentation.unet_receptive_field": (
        "gradient_of_output_pixel",
        "nonzero_bounds",
        "receptive_field_of",
        "response_to_input_pixel",
    ),
    "unet_teach.segmentation.training": ("random_crops",),
    "unet_teach.shared.portrait": ("portrait", "zoomed"),
    "unet_teach.shared.show": ("show",),
    "unet_teach.shared.time_left": ("time_left",),
}
