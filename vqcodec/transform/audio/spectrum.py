"""Short-time spectra and back: windows of four hops, centred on the hop that they stand for.

Frame f covers the samples from hop f - 3/2 hop to hop f + 5/2 hop. So N hops of sound have N frames, and a frame does
not depend on where a recording is cut. Outside of the recording there is silence.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["overlap_add", "spectra"]

OVERLAP = 4  # hops a window
# The squares of four Hann windows, a quarter of a window apart, sum to this everywhere.
WINDOW_GAIN = 1.5


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
