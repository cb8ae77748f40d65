"""Pictures of the modes that the plugin of Pillow knows."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["MODES", "in_mode", "same"]

MODES = ["RGB", "RGBA", "L", "LA", "1", "P", "I;16", "CMYK"]


def same(one: Image.Image, other: Image.Image) -> bool:
    return (one.mode, one.size, one.tobytes()) == (other.mode, other.size, other.tobytes())


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)
