"""A perceptual distance of sounds: compressed spectra are compared at several resolutions.

Loudness is about the power of a sound to the 0.23, in bands of equal width on the Bark scale (Zwicker and Fastl,
'Psychoacoustics'; ITU-T P.862). It is compared in such bands, and bin by bin, which keeps harmonics apart. With several
windows, as in Yamamoto, Song and Kim, 'Parallel WaveGAN' (2020), both pitch and onsets count. A last term compares
complex spectra, so that the phase is kept if there are bits for it.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

__all__ = ["loudness_distance"]

WINDOWS = (2048, 1024, 512, 256, 128)
ROOTS_OF_BINS = 3  # square roots of powers, one after the other: magnitudes to the power 1/4
ROOTS_OF_BANDS = 2
FAINTEST = 1e-7  # added to powers: white noise at -70 dB of full scale
BANDS_PER_BARK = 2.0
PHASE_WINDOW = 512
PHASE_WEIGHT = 0.1


def loudness_distance(x: Tensor, y: Tensor, sample_rate: int) -> Tensor:
    """Distance of sounds `[B, N]` in -1..1: `[B]`, 0 for equal ones, about 0.4 for speech and silence."""
    total = x.new_zeros(len(x))
    for window in WINDOWS:
        of_x, of_y = _spectra(x, window), _spectra(y, window)
        power_x, power_y = (s.real.square() + s.imag.square() for s in (of_x, of_y))
        bands = bark_bands(window, sample_rate).to(x.device)
        bins_x, bins_y = (_compressed(power, ROOTS_OF_BINS) for power in (power_x, power_y))
        bands_x, bands_y = (_compressed(power @ bands, ROOTS_OF_BANDS) for power in (power_x, power_y))
        distance = (bins_x - bins_y).abs().mean((1, 2)) + (bands_x - bands_y).abs().mean((1, 2))
        total = total + distance / len(WINDOWS)
        if window == PHASE_WINDOW:
            difference = of_x * (bins_x / (power_x + FAINTEST).sqrt()) - of_y * (bins_y / (power_y + FAINTEST).sqrt())
            total = total + PHASE_WEIGHT * (difference.real.square() + difference.imag.square()).mean((1, 2))
    return total


def _spectra(x: Tensor, window: int) -> Tensor:
    """`[B, frames, bins]`, scaled so that white noise of variance v has power v in every bin."""
    shape = torch.hann_window(window, device=x.device)
    frames = x.unfold(1, window, window // 4) * (shape / shape.square().sum().sqrt())
    spectra: Tensor = torch.fft.rfft(frames)
    return spectra


def _compressed(power: Tensor, roots: int) -> Tensor:
    """Powers to the power 2**-roots: several times faster than by a logarithm."""
    power = power + FAINTEST
    for _ in range(roots):
        power = power.sqrt()
    return power


@cache
def bark_bands(window: int, sample_rate: int) -> Tensor:
    """Triangular bands `[bins, bands]`, each of sum 1, no two closer than one bin (the Bark scale of Traunmueller)."""
    frequency = torch.arange(window // 2 + 1, dtype=torch.float64) * sample_rate / window
    bark = 26.81 * frequency / (1960 + frequency) - 0.53
    count = min(int((bark[-1] - bark[0]).item() * BANDS_PER_BARK), len(bark) // 2)
    centres = torch.linspace(bark[0].item(), bark[-1].item(), count, dtype=torch.float64)
    spacing = centres[1] - centres[0]
    # At low frequencies bins are wider than bands: a band takes at least the bins on both sides of its centre.
    width = torch.maximum(spacing, torch.gradient(bark)[0])[:, None]
    weights = (1 - (bark[:, None] - centres).abs() / width).clamp_min(0)
    return (weights / weights.sum(0).clamp_min(1e-9)).float()
