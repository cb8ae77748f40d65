"""p(x|z_q): a discretized logistic on 8-bit values, a location and a scale for every sub-pixel.

    p(v) = F((v + 1/2 - m) / s) - F((v - 1/2 - m) / s),  F the logistic function, the two ends open (v = 0 and v = 255)

Pixels are independent given z_q. Within one, green's location follows the error of red's, and blue's those of both:

    m_r = location_r,    m_g = location_g + w_0 (r - location_r),
    m_b = location_b + w_1 (r - location_r) + w_2 (g - location_g)

Salimans et al., 'PixelCNN++' (2017), with one component. The masses of 0..255 sum to 1 for any m and s.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["code_length", "pixel_code_length"]


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


def code_length(values: Tensor, location: Tensor, log_scale: Tensor) -> Tensor:
    """-log2 p(v) of 8-bit `values` 0..255 (any shape), location and log scale in the same units."""
    # Mirrored to the lower tail of F, where differences of small numbers keep their precision.
    side = torch.where(values > location, -1.0, 1.0)
    inverse = torch.exp(-log_scale)
    centre = side * (values - location)
    upper_edge = torch.where(side > 0, values == 255, values == 0)
    lower_edge = torch.where(side > 0, values == 0, values == 255)
    upper = ((centre + 0.5) * inverse).masked_fill(upper_edge, float("inf"))
    lower = ((centre - 0.5) * inverse).masked_fill(lower_edge, float("-inf"))
    # log(F(u) - F(l)) = log F(u) + log(1 - F(l) / F(u))
    log_upper, log_lower = F.logsigmoid(upper), F.logsigmoid(lower)
    return -(log_upper + torch.log1p(-torch.exp((log_lower - log_upper).clamp(max=-1e-7)))) / 0.6931471805599453
