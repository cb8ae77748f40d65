"""Pictures for tests."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["pictures"]


def pictures(count: int, size: int, seed: int) -> np.ndarray:
    """Smooth random pictures with some noise, uint8 `[count, size, size, 3]`."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(size=(count, 3, size // 8 + 2, size // 8 + 2))).float()
    smooth = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)
    noisy = 128 + 50 * smooth.numpy() + 5 * rng.normal(size=(count, 3, size, size))
    return np.ascontiguousarray(noisy.clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1))
