"""The distortions of `vqcodec.transform.image.distortion` of tensors: of pixels `[B, 3, H, W]` in -0.5..0.5, `[B]`."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from pytorch_msssim import ms_ssim
from torch import Tensor

from vqcodec.transform.image.config import Distortion
from vqcodec.transform.image.distortion import SQUARED_SHARE
from vqcodec.transform.image.ms_ssim import LEAST_SIDE

__all__ = ["DISTORTIONS", "squared_error", "structural_error"]


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
