"""How much a colour stands out from another, as WCAG 2 counts it."""

import numpy as np


def linear(hexadecimal):
    """A colour such as "#0072B2", as linear RGB from 0 to 1."""
    sharp = np.array([int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(sharp <= 0.04045, sharp / 12.92, ((sharp + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """WCAG 2's ratio of relative luminances, 1 to 21."""
    low, high = sorted(np.dot([0.2126, 0.7152, 0.0722], c) for c in (a, b))
    return (high + 0.05) / (low + 0.05)
