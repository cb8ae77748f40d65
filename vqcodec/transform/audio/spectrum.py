"""Short-time spectra and back: windows of four hops, centred on the hop that they stand for.

Frame f covers the samples from hop f - 3/2 hop to hop f + 5/2 hop. So N hops of sound have N frames, and a frame does
not depend on where a recording is cut. Outside of the recording there is silence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COMPRESSION",
    "FAINTEST",
    "INITIAL_LOG_MAGNITUDE",
    "LARGEST_LOG_MAGNITUDE",
    "OVERLAP",
    "WINDOW_GAIN",
    "compressed_spectra",
    "overlap_add",
    "sound_of_spectra",
    "spectra",
]

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]

OVERLAP = 4  # hops a window
# The squares of four Hann windows, a quarter of a window apart, sum to this everywhere.
WINDOW_GAIN = 1.5
COMPRESSION = 0.3
FAINTEST = 1e-3  # magnitudes below it do not count
LARGEST_LOG_MAGNITUDE = 7.0
INITIAL_LOG_MAGNITUDE = -2.0


def compressed_spectra(x: Floats, hop: int) -> Floats:
    """What the encoder reads, `[B, 3 bins, 1, N / hop]` of samples `[B, N]`: real and imaginary part, log magnitude.

    The magnitude of the parts is raised to the power COMPRESSION.
    """
    spectrum = spectra(x, hop)
    magnitude = np.maximum(np.abs(spectrum), np.float32(FAINTEST))
    compressed = spectrum * magnitude ** np.float32(COMPRESSION - 1)
    return np.concatenate([compressed.real, compressed.imag, np.log(magnitude)], axis=1)[:, :, None]


def sound_of_spectra(x: Floats, hop: int) -> Floats:
    """Samples `[B, N hop]` of what the decoder writes, `[B, 3 bins, 1, N]`: log magnitude, and a direction.

    They are not finite if what the decoder writes is too large.
    """
    log_magnitude, real, imaginary = np.split(x[:, :, 0], 3, axis=1)
    magnitude = np.exp(np.minimum(log_magnitude + np.float32(INITIAL_LOG_MAGNITUDE), np.float32(LARGEST_LOG_MAGNITUDE)))
    with np.errstate(over="ignore", invalid="ignore"):
        scale = magnitude / np.sqrt(real**2 + imaginary**2 + np.float32(1e-6))
        spectrum = np.empty(scale.shape, np.complex64)
        spectrum.real, spectrum.imag = real * scale, imaginary * scale
    return overlap_add(spectrum, hop)


def spectra(x: Floats, hop: int) -> Complex:
    """Complex spectra `[B, bins, N / hop]` of samples `[B, N]`, N a multiple of the hop."""
    size = OVERLAP * hop
    padded = np.pad(x, ((0, 0), ((size - hop) // 2, size - hop - (size - hop) // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop] * _window(size)
    return np.fft.rfft(frames).astype(np.complex64, copy=False).swapaxes(1, 2)


def overlap_add(spectrum: Complex, hop: int) -> Floats:
    """Samples `[B, N hop]` of spectra `[B, bins, N]`: the inverse of `spectra` away from the ends."""
    size, (batch, _, count) = OVERLAP * hop, spectrum.shape
    frames = np.fft.irfft(spectrum.swapaxes(1, 2), n=size).astype(np.float32, copy=False) * _window(size)
    summed = np.zeros((batch, count + OVERLAP - 1, hop), np.float32)
    for part in range(OVERLAP):
        summed[:, part : part + count] += frames[:, :, part * hop : (part + 1) * hop]
    first = (size - hop) // 2
    inside: Floats = summed.reshape(batch, -1)[:, first : first + count * hop]
    return inside / np.float32(WINDOW_GAIN)


def _window(size: int) -> Floats:
    """Hann's, periodic."""
    window: Floats = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    return window
