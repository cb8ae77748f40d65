"""Pictures for tests."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image

__all__ = ["disc", "pictures", "same_pixels"]


def pictures(count: int, size: int, seed: int) -> NDArray[np.uint8]:
    """Smooth random pictures with some noise, uint8 `[count, size, size, 3]`."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(size=(count, 3, size // 8 + 2, size // 8 + 2))).float()
    smooth = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)
    noisy = 128 + 50 * smooth.numpy() + 5 * rng.normal(size=(count, 3, size, size))
    return np.ascontiguousarray(noisy.clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1))


def disc(height: int, width: int, softness: float = 1.0) -> NDArray[np.uint8]:
    """Opaque in the middle, with an edge of about `softness` pixels."""
    y, x = np.mgrid[:height, :width]
    distance = min(height, width) / 3 - np.hypot(y - height / 2, x - width / 2)
    opacity: NDArray[np.float64] = np.clip(0.5 + distance / softness, 0, 1)
    return (255 * opacity).astype(np.uint8)


def same_pixels(first: Image.Image | ArrayLike, second: Image.Image | ArrayLike) -> bool:
    """Whether two pictures have the same size and the same values, whatever their modes."""
    return np.array_equal(np.asarray(first), np.asarray(second))
