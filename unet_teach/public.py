"""The public surface: what lessons and users may import. Everything else may change.

Each entry names a module and the names in it. A test compares it with what the lessons import.
"""

PUBLIC: dict[str, tuple[str, ...]] = {
    "unet_teach": ("UNet", "exercises", "export", "inspect_unet", "progress", "self_test"),
}
