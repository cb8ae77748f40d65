"""Metrics of decoded pictures: PSNR, MS-SSIM and SSIMULACRA 2."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pytorch_msssim import ms_ssim as _ms_ssim

from vqcodec.evaluation.pictures.ssimulacra2 import ssimulacra2 as _ssimulacra2

__all__ = ["ms_ssim", "psnr", "ssimulacra2"]

PEAK = 255
# Five scales, each half the size of the one before, under a window of 11 pixels.
MS_SSIM_LEAST_SIDE = 161


def psnr(original: Image.Image, decoded: Image.Image) -> float:
    """PSNR in dB, from the mean squared error over all pixels and the three colours; infinite if they are equal.

    Raises:
        ValueError: the pictures differ in size.
    """
    a, b = _pixels(original, decoded)
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 10 * math.log10(PEAK**2 / error) if error else math.inf


def ms_ssim(original: Image.Image, decoded: Image.Image) -> float:
    """Multi-scale SSIM (Wang, Simoncelli and Bovik, 2003), the mean over the three colours.

    NaN if a side is shorter than 161 pixels, as the picture is too small then for the coarsest of the five scales.

    Raises:
        ValueError: the pictures differ in size.
    """
    a, b = _pixels(original, decoded)
    if min(original.size) < MS_SSIM_LEAST_SIDE:
        return math.nan
    x, y = (torch.tensor(each, dtype=torch.float32).permute(2, 0, 1)[None] for each in (a, b))
    return float(_ms_ssim(x, y, data_range=PEAK))


def ssimulacra2(original: Image.Image, decoded: Image.Image) -> float:
    """SSIMULACRA 2.1, at most 100; NaN if a side is shorter than 8 pixels.

    Raises:
        ValueError: the pictures differ in size.
    """
    return _ssimulacra2(*_pixels(original, decoded))


def _pixels(original: Image.Image, decoded: Image.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both pictures as RGB, uint8 `[H, W, 3]`."""
    if original.size != decoded.size:
        raise ValueError(f"pictures of {original.size} and {decoded.size} pixels cannot be compared")
    return np.asarray(original.convert("RGB")), np.asarray(decoded.convert("RGB"))
