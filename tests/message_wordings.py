"""Collects how this environment's torch words each message that the tests provoke.

    python tests/message_wordings.py >> wordings

Run in a clean environment with another torch, numpy and pytest; `message_wordings.json` keeps what
it printed there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from tests import (
    test_call_messages,
    test_tensor_messages,
    test_torch_messages,
    test_training_messages,
)

TABLES: dict[str, Mapping[str, tuple[Any, ...]]] = {  # a call, a part of the sentence
    "training": test_training_messages.PROVOKED,
    "calls": test_call_messages.PROVOKED | test_call_messages.OTHERS,
    "layers": test_torch_messages.SAID,
    "tensors": test_tensor_messages.PROVOKED,
}


def message_of(call: Callable[[], Any]) -> str:
    """Return what a call raises, as text; "" if it passes."""
    try:
        call()
    except Exception as error:  # of any type: its text is what counts
        return str(error)
    return ""


def wordings() -> dict[str, dict[str, str]]:
    """Return all messages by table and name."""
    return {
        table: {name: message_of(row[0]) for name, row in rows.items()}
        for table, rows in TABLES.items()
    }


if __name__ == "__main__":
    version = torch.__version__.partition("+")[0]
    print(json.dumps({version: wordings()}, indent=1, ensure_ascii=False))
