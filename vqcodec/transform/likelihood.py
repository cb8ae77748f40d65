"""p(x|z_q): a discretized logistic on integers, a location and a scale for every sub-pixel or sample.

    p(v) = F((v + 1/2 - m) / s) - F((v - 1/2 - m) / s),  F the logistic function, the two ends of the range open

Pixels have values 0..255 and are independent given z_q. Within a pixel, the location of green follows the error of red,
and the location of blue follows both errors:

    m_r = location_r,    m_g = location_g + w_0 (r - location_r),
    m_b = location_b + w_1 (r - location_r) + w_2 (g - location_g)

Salimans et al., 'PixelCNN++' (2017), with one component. Samples of sound have values
-2**15..2**15-1, and are independent given z_q:

    m = factor location,    one location and one factor for each sample, from the decoder

The masses of all values sum to 1 for any m and s. `vqcodec.training.likelihood` has the same of tensors, with
gradients.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["PIXEL_RANGE", "SAMPLE_RANGE", "code_length", "pixel_code_length", "sample_code_length"]

PIXEL_RANGE = (0, 255)
SAMPLE_RANGE = (-(2**15), 2**15 - 1)

Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])


def pixel_code_length(values: Floats, location: Floats, log_scale: Floats, weights: Floats) -> Floats:
    """-log2 p of every sub-pixel, given the earlier colours of its pixel: `[B, 3, H, W]`.

    Args:
        values: 0..255, `[B, 3, H, W]`, as are the others.
        location: in the same units.
        log_scale: likewise.
        weights: w_0, w_1 and w_2 of each pixel.
    """
    red, green, _ = (values - location).swapaxes(0, 1)
    mean = location.copy()
    mean[:, 1] += weights[:, 0] * red
    mean[:, 2] += weights[:, 1] * red + weights[:, 2] * green
    return code_length(values, mean, log_scale)


def sample_code_length(values: Floats, location: Floats, log_scale: Floats, factor: Floats) -> Floats:
    """-log2 p of samples -2**15..2**15-1, `[B, N]` as all arguments; location and scale are in these units."""
    return code_length(values, factor * location, log_scale, SAMPLE_RANGE)


def code_length(values: Floats, location: Floats, log_scale: Floats, ends: tuple[int, int] = PIXEL_RANGE) -> Floats:
    """-log2 p(v) of integers from `ends[0]` to `ends[1]` (any shape), location and log scale in the same units."""
    lowest, highest = ends
    # Mirrored to the lower tail of F, where differences of small numbers keep their precision.
    above = values > location
    inverse = np.exp(-log_scale)
    centre = -np.abs(values - location)
    upper_edge = np.where(above, values == lowest, values == highest)
    lower_edge = np.where(above, values == highest, values == lowest)
    upper = np.where(upper_edge, np.inf, (centre + 0.5) * inverse).astype(values.dtype, copy=False)
    lower = np.where(lower_edge, -np.inf, (centre - 0.5) * inverse).astype(values.dtype, copy=False)
    # log(F(u) - F(l)) = log F(u) + log(1 - F(l) / F(u))
    log_upper, log_lower = _log_logistic(upper), _log_logistic(lower)
    bits: Floats = -(log_upper + np.log1p(-np.exp(np.minimum(log_lower - log_upper, -1e-7)))) / math.log(2)
    return bits


def _log_logistic(x: Floats) -> Floats:
    """log F(x)."""
    found: Floats = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    return found
