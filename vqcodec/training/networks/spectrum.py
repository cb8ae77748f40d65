"""`vqcodec.transform.audio.spectrum` of tensors, with gradients."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcodec.transform.audio.spectrum import (
    COMPRESSION,
    FAINTEST,
    INITIAL_LOG_MAGNITUDE,
    LARGEST_LOG_MAGNITUDE,
    OVERLAP,
    WINDOW_GAIN,
)

__all__ = ["compressed_spectra", "overlap_add", "sound_of_spectra", "spectra"]


def compressed_spectra(x: Tensor, hop: int) -> Tensor:
    """What the encoder reads: `[B, 3 bins, 1, N / hop]` of samples `[B, N]`."""
    spectrum = spectra(x, hop)
    magnitude = spectrum.abs().clamp_min(FAINTEST)
    compressed = spectrum * magnitude ** (COMPRESSION - 1)
    return torch.cat([compressed.real, compressed.imag, magnitude.log()], 1)[:, :, None]


def sound_of_spectra(x: Tensor, hop: int) -> Tensor:
    """Samples `[B, N hop]` of what the decoder writes, `[B, 3 bins, 1, N]`."""
    log_magnitude, real, imaginary = x[:, :, 0].chunk(3, dim=1)
    magnitude = (log_magnitude + INITIAL_LOG_MAGNITUDE).clamp(max=LARGEST_LOG_MAGNITUDE).exp()
    scale = magnitude * (real.square() + imaginary.square() + 1e-6).rsqrt()
    return overlap_add(torch.complex(real * scale, imaginary * scale), hop)


def spectra(x: Tensor, hop: int) -> Tensor:
    """Complex spectra `[B, bins, N / hop]` of samples `[B, N]`, N a multiple of the hop."""
    size = OVERLAP * hop
    padded = F.pad(x, ((size - hop) // 2, size - hop - (size - hop) // 2))
    frames = padded.unfold(1, size, hop) * torch.hann_window(size, device=x.device)
    spectrum: Tensor = torch.fft.rfft(frames)
    return spectrum.transpose(1, 2)


def overlap_add(spectrum: Tensor, hop: int) -> Tensor:
    """Samples `[B, N hop]` of spectra `[B, bins, N]`: the inverse of `spectra` away from the ends."""
    size, count = OVERLAP * hop, spectrum.shape[2]
    frames = torch.fft.irfft(spectrum.transpose(1, 2), n=size) * torch.hann_window(size, device=spectrum.device)
    length = (count - 1) * hop + size
    summed = F.fold(frames.transpose(1, 2), (1, length), (1, size), stride=(1, hop))[:, 0, 0]
    first = (size - hop) // 2
    return summed[:, first : first + count * hop] / WINDOW_GAIN
