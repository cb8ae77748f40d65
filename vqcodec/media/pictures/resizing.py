"""Pixels at another size, in bounded memory.

Filters are Lanczos with three lobes. Of Pillow's filters, they gave the highest PSNR of pictures that were scaled down
and up again, measured on pictures held out of training.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["resized"]

Pixels = NDArray[np.uint8]

# So many pixels are made at once, to bound the memory.
STRIP = 1 << 22
LOBES = 3


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Pixels `[H, W, 3]` scaled to a size, up or down; the same array if they have this size."""
    before, _, _ = pixels.shape
    if pixels.shape[:2] == (height, width):
        return pixels
    out, rows = np.empty((height, width, 3), np.uint8), max(1, STRIP // width)
    reach = LOBES * max(1, before / height) + 1
    for first in range(0, height, rows):
        last = min(first + rows, height)
        top, bottom = first * before / height, last * before / height
        low, high = max(0, math.floor(top - reach)), min(before, math.ceil(bottom + reach))
        # The filter also sees what is around the box.
        box = (0, top - low, pixels.shape[1], bottom - low)
        strip = Image.fromarray(pixels[low:high]).resize((width, last - first), Image.Resampling.LANCZOS, box)
        out[first:last] = np.asarray(strip)
    return out
