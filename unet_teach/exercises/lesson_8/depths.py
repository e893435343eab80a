"""Depths that the exercises of lesson 8 try."""

from __future__ import annotations

DEPTHS = [(1,), (2,), (3,), (4,), (5,), (6,)]
