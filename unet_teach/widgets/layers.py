"""Bounds, presets, defaults and option names, read from the file that the browser reads as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LAYERS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "layers.json").read_text(encoding="utf-8")
)
TORCH_DEFAULTS: dict[str, int] = LAYERS["torch_defaults"]
