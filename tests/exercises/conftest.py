"""Give answers as much time as a busy machine needs: how fast they are is not judged here."""

import pytest

from unet_teach.exercises import exercise


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch):
    monkeypatch.setattr(exercise, "SECONDS", 600)
