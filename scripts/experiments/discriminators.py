"""Discriminators of short-time spectra at several resolutions, for the adversarial training of a decoder.

Small two-dimensional convolutions over complex spectra, as in EnCodec (Défossez et al., 'High fidelity neural audio
compression', 2022) and Vocos (Siuzdak, 2023), with the hinge loss and feature matching; the gradients of the losses are
brought to given norms where they meet, at the samples, by EnCodec's balancer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vqcodec.training.engine.machine import Machine

__all__ = ["Discriminators", "Judgement", "balanced", "discriminator_loss", "feature_distance", "generator_loss"]

WINDOWS = (1024, 512, 256)
COMPRESSION = 0.3  # of magnitudes: as the encoder sees them
FAINTEST = 1e-3

# Of one discriminator: scores `[B, 1, frames, bands]`, and the features before them.
Judgement = tuple[Tensor, list[Tensor]]


class SpectrumDiscriminator(nn.Module):
    """Real and imaginary parts of spectra to a score for each place, higher for what seems real."""

    def __init__(self, window: int, channels: int, machine: Machine) -> None:
        super().__init__()
        self.window, self.machine = window, machine
        layers: list[nn.Module] = []
        for before, dilation in ((2, 1), (channels, 1), (channels, 2), (channels, 4)):
            padding, rows = (dilation, 2), (dilation, 1)
            layers.append(nn.Conv2d(before, channels, (3, 5), stride=(1, 2), padding=padding, dilation=rows))
        layers.append(nn.Conv2d(channels, channels, 3, padding=1))
        self.layers = nn.ModuleList(map(weight_norm, layers))
        self.score = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Judgement:
        """Samples `[B, N]`."""
        frames = x.unfold(1, self.window, self.window // 4) * torch.hann_window(self.window, device=x.device)
        spectrum = torch.fft.rfft(frames)
        power = spectrum.real.square() + spectrum.imag.square() + FAINTEST**2
        spectrum = spectrum * power ** ((COMPRESSION - 1) / 2)
        inner = torch.stack([spectrum.real, spectrum.imag], 1).contiguous(memory_format=torch.channels_last)
        features = []
        with self.machine.autocast():
            for layer in self.layers:
                inner = F.leaky_relu(layer(inner), 0.1)
                features.append(inner)
            scores = self.score(inner)
        return scores.float(), [each.float() for each in features]


class Discriminators(nn.Module):
    """One discriminator for each of WINDOWS; layers are computed with the precision of a machine."""

    def __init__(self, machine: Machine, channels: int = 16) -> None:
        super().__init__()
        self.each = nn.ModuleList(SpectrumDiscriminator(window, channels, machine) for window in WINDOWS)

    def forward(self, x: Tensor) -> list[Judgement]:
        """Samples `[B, 1, N]`."""
        return [discriminator(x[:, 0]) for discriminator in self.each]


def discriminator_loss(real: Sequence[Judgement], decoded: Sequence[Judgement]) -> Tensor:
    """The hinge loss: 0 if all of the real is above 1 and all of the decoded below -1, 2 if nothing is told apart."""
    losses = [F.relu(1 - r).mean() + F.relu(1 + d).mean() for (r, _), (d, _) in zip(real, decoded, strict=True)]
    return torch.stack(losses).mean()


def generator_loss(decoded: Sequence[Judgement]) -> Tensor:
    """What the decoder is to lower: the mean score, negative."""
    return -torch.stack([scores.mean() for scores, _ in decoded]).mean()


def feature_distance(real: Sequence[Judgement], decoded: Sequence[Judgement]) -> Tensor:
    """Mean absolute difference of features, beside the mean size of the real ones."""
    losses = []
    for (_, of_real), (_, of_decoded) in zip(real, decoded, strict=True):
        for r, d in zip(of_real, of_decoded, strict=True):
            losses.append((r.detach() - d).abs().mean() / r.detach().abs().mean().clamp_min(1e-6))
    return torch.stack(losses).mean()


def balanced(x: Tensor, losses: Sequence[tuple[Tensor, float]]) -> Tensor:
    """A loss whose gradient at `x` is the sum of those of the losses, each brought to the norm of its weight."""
    total = torch.zeros_like(x)
    for loss, weight in losses:
        (gradient,) = torch.autograd.grad(loss, x, retain_graph=True)
        total += weight * gradient / gradient.norm().clamp_min(1e-12)
    return (x * total.detach()).sum()
