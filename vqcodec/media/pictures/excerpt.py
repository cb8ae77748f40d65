"""An excerpt of a large picture, on which a search takes less time and memory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["excerpt", "is_large"]

Pixels = NDArray[np.uint8]

WINDOWS, SIDE = 16, 512  # number, and pixels a side of each
LARGE = 2 * WINDOWS * SIDE**2  # pixels: of fewer, an excerpt would save little


def is_large(pixels: Pixels) -> bool:
    """Whether pixels `[H, W, 3]` are so many that an excerpt is much smaller."""
    return pixels[..., 0].size > LARGE


def excerpt(pixels: Pixels) -> Pixels:
    """Evenly spaced windows of pixels `[H, W, 3]`, one below the other; the same array if they are not many."""
    if not is_large(pixels):
        return pixels
    height, width, _ = pixels.shape
    columns = min(max(round(math.sqrt(WINDOWS * width / height)), 1), WINDOWS)
    tops, lefts = _spans(height, WINDOWS // columns), _spans(width, columns)
    return np.concatenate([pixels[top, left] for top in tops for left in lefts])


def _spans(extent: int, count: int) -> list[slice]:
    """`count` spans of `extent` pixels, which may overlap."""
    length = min(SIDE, extent)
    firsts = [int((number + 0.5) / count * extent - length / 2) for number in range(count)]
    return [slice(first, first + length) for first in (min(max(each, 0), extent - length) for each in firsts)]
