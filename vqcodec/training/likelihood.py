"""`vqcodec.transform.likelihood` of tensors, with gradients."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcodec.transform.likelihood import PIXEL_RANGE, SAMPLE_RANGE

__all__ = ["code_length", "pixel_code_length", "sample_code_length"]


def pixel_code_length(values: Tensor, location: Tensor, log_scale: Tensor, weights: Tensor) -> Tensor:
    """-log2 p of every sub-pixel, given the earlier colours of its pixel: `[B, 3, H, W]`.

    Args:
        values: 0..255, `[B, 3, H, W]`, as are the others.
        location: in the same units.
        log_scale: likewise.
        weights: w_0, w_1 and w_2 of each pixel.
    """
    red, green, _ = (values - location).unbind(1)
    follow = torch.stack([torch.zeros_like(red), weights[:, 0] * red, weights[:, 1] * red + weights[:, 2] * green], 1)
    return code_length(values, location + follow, log_scale)


def sample_code_length(values: Tensor, location: Tensor, log_scale: Tensor, factor: Tensor) -> Tensor:
    """-log2 p of samples -2**15..2**15-1, `[B, 1, N]` as all arguments; location and scale are in these units."""
    return code_length(values, factor * location, log_scale, SAMPLE_RANGE)


def code_length(values: Tensor, location: Tensor, log_scale: Tensor, ends: tuple[int, int] = PIXEL_RANGE) -> Tensor:
    """-log2 p(v) of integers from `ends[0]` to `ends[1]` (any shape), location and log scale in the same units."""
    lowest, highest = ends
    # Mirrored to the lower tail of F, where differences of small numbers keep their precision.
    side = torch.where(values > location, -1.0, 1.0)
    inverse = torch.exp(-log_scale)
    centre = side * (values - location)
    upper_edge = torch.where(side > 0, values == highest, values == lowest)
    lower_edge = torch.where(side > 0, values == lowest, values == highest)
    upper = ((centre + 0.5) * inverse).masked_fill(upper_edge, float("inf"))
    lower = ((centre - 0.5) * inverse).masked_fill(lower_edge, float("-inf"))
    # log(F(u) - F(l)) = log F(u) + log(1 - F(l) / F(u))
    log_upper, log_lower = F.logsigmoid(upper), F.logsigmoid(lower)
    return -(log_upper + torch.log1p(-torch.exp((log_lower - log_upper).clamp(max=-1e-7)))) / 0.6931471805599453
