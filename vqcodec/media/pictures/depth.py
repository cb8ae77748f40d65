"""Grey of 16 bits <-> grey of 8 bits, by scaling, where Pillow may clip."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["to_eight_bits", "to_sixteen_bits"]

RATIO = 257  # 65535 / 255


def to_eight_bits(image: Image.Image) -> Image.Image:
    """A picture of mode I;16 as L, rounded."""
    values = (np.asarray(image).astype(np.uint32) + RATIO // 2) // RATIO
    return Image.fromarray(values.astype(np.uint8))


def to_sixteen_bits(image: Image.Image) -> Image.Image:
    """A picture of mode L as I;16."""
    return Image.fromarray(np.asarray(image).astype(np.uint16) * RATIO)
