"""Textures that look a little like photographs to a codec."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["texture"]


def texture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Noise whose power falls as 1 / f^2 with the frequency, as that of photographs does, in muted colours."""
    rng = np.random.default_rng(seed)
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequencies[0, 0] = np.inf
    channels = []
    for _ in range(3):
        spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequencies
        channel = np.fft.irfft2(spectrum, (height, width))
        channels.append(channel / channel.std())
    luma, *rest = channels
    pixels = np.stack([128 + 36 * luma + 8 * chroma for chroma in (rest[0], np.zeros_like(luma), rest[1])], axis=-1)
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))
