"""The distortions that a model can be trained for: how far a picture is from its original.

Functions of tensors take pixels `[B, 3, H, W]` in -0.5..0.5 and give `[B]`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pytorch_msssim import ms_ssim
from torch import Tensor

from vqcodec.transform.image.config import Distortion

__all__ = ["DISTORTIONS", "picture_distortion", "squared_error", "structural_error"]

# MS-SSIM has five scales, each half the size of the one before, and a window of 11 pixels. Smaller pictures are padded.
LEAST_SIDE = 176
# MS-SSIM hardly minds a wrong brightness or colour of large areas. This share of the squared error keeps them right.
SQUARED_SHARE = 3e-5
# A picture is compared in tiles of this many pixels a side, to bound the memory.
TILE = 1024


def squared_error(x: Tensor, location: Tensor) -> Tensor:
    """Mean over sub-pixels, on the scale of 8-bit values."""
    return (location.float() - x).square().mean((1, 2, 3)) * 255**2


def structural_error(x: Tensor, location: Tensor) -> Tensor:
    """1 - MS-SSIM (Wang, Simoncelli and Bovik, 2003), and a small share of the squared error."""
    location = location.float()
    if location.requires_grad:
        # A scale on which nothing is alike has a slope of infinity times 0.
        location.register_hook(lambda gradient: gradient.nan_to_num(0, 0, 0))  # type: ignore[no-untyped-call]
    height, width = x.shape[2:]
    padding = (0, max(0, LEAST_SIDE - width), 0, max(0, LEAST_SIDE - height))
    pair = [F.pad(part, padding, mode="replicate") + 0.5 for part in (x, location)]
    similarity: Tensor = ms_ssim(*pair, data_range=1.0, size_average=False)
    return 1 - similarity + SQUARED_SHARE * squared_error(x, location)


DISTORTIONS: dict[Distortion, Callable[[Tensor, Tensor], Tensor]] = {
    "squared error": squared_error,
    "ms-ssim": structural_error,
}


def picture_distortion(name: Distortion, original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """The distortion between pixels `[H, W, 3]`: the mean over tiles."""
    height, width = original.shape[:2]
    total = 0.0
    for i in range(0, height, TILE):
        for j in range(0, width, TILE):
            pair = [torch.tensor(each[i : i + TILE, j : j + TILE]) for each in (original, decoded)]
            x, y = (each.permute(2, 0, 1)[None].float() / 255 - 0.5 for each in pair)
            total += float(DISTORTIONS[name](x, y)) * x[0, 0].numel()
    return total / int(original[..., 0].size)
