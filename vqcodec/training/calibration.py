"""The quality knob: which rate point and which worth of a bit give a rate best.

At each rate point, larger worths of a bit trade fidelity for rate. All rate points are measured on a few pictures; for
every target rate the setting with the highest PSNR is taken. Targets are evenly spaced in the logarithm of the rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vqcodec.codec import Codec
from vqcodec.quality import Setting

__all__ = ["calibrate"]

Pixels = NDArray[np.uint8]
Latents = NDArray[np.float32]

FACTORS = tuple(2.0**exponent for exponent in (-3, -1.5, -0.5, 0, 0.5, 1.5, 2.5))
ENTRIES = 100
CROP = 512
LOWEST_RATE = 0.035  # bits per pixel: below, a picture is better coded at a smaller scale


@dataclass(frozen=True)
class Measured:
    """Means over the pictures at one setting."""

    log_rate: float
    psnr: float
    log_lambda: float


def calibrate(codec: Codec, pictures: list[NDArray[np.uint8]], lambda_: float) -> tuple[Setting, ...]:
    """Settings of quality 1..100, from LOWEST_RATE (or what the model gives) to its highest rate."""
    crops = [np.ascontiguousarray(picture[:CROP, :CROP]) for picture in pictures]
    analysed = [(crop, codec.analyse(crop)) for crop in crops]
    rates = range(len(codec.model.codebooks.sizes))
    curves = [
        [measure(codec, analysed, Setting(rate, lambda_ * factor)) for factor in FACTORS]
        for rate in tqdm(rates, desc="calibration", disable=None)
    ]
    ends = [point.log_rate for curve in curves for point in curve]
    lowest = min(max(min(ends), math.log2(LOWEST_RATE)), max(ends))
    return tuple(best_setting(curves, target) for target in np.linspace(lowest, max(ends), ENTRIES))


def measure(codec: Codec, analysed: list[tuple[Pixels, Latents]], chosen: Setting) -> Measured:
    """Code crops, given with their latents: log2 of the mean bits per pixel, mean PSNR."""
    rates, psnrs = [], []
    for crop, latents in analysed:
        values = codec.choose(latents, chosen)
        indices = codec.indices(values, chosen.rate_point, width=crop.shape[1], height=crop.shape[0])
        error = np.asarray(codec.decode(indices)).astype(np.float64) - crop
        rates.append(codec.bits(indices).sum() / (crop.size / 3))
        psnrs.append(10 * math.log10(255**2 / max(float((error**2).mean()), 1e-3)))
    return Measured(math.log2(np.mean(rates)), float(np.mean(psnrs)), math.log2(chosen.lambda_))


def best_setting(curves: list[list[Measured]], log_rate: float) -> Setting:
    """The setting at `log_rate` with the highest PSNR, by linear interpolation along the curve of each rate point."""
    candidates = []
    for rate, curve in enumerate(curves):
        ordered = sorted(curve, key=lambda point: point.log_rate)
        x = [point.log_rate for point in ordered]
        inside = x[0] <= log_rate <= x[-1]
        psnr = float(np.interp(log_rate, x, [point.psnr for point in ordered]))
        log_lambda = float(np.interp(log_rate, x, [point.log_lambda for point in ordered]))
        outside = max(x[0] - log_rate, log_rate - x[-1], 0.0)
        candidates.append((inside, -outside, psnr, Setting(rate, 2.0**log_lambda)))
    return max(candidates, key=lambda each: each[:3])[3]
