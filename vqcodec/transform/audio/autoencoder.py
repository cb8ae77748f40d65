"""Encoder and decoder for sound: residual convolutions over short-time spectra, at 1/hop of the sample rate and below.

    samples [B, 1, N] --spectra--> [B, 3 bins, 1, N/hop] --conv, blocks, stride-2 conv, ...--> latents [B, C, 1, frames]
    samples [B, 1, N] <--overlap-add-- magnitude, phase <--conv-- ... <--blocks-- latents [B, C, 1, frames]

The decoder writes spectra, not samples (Siuzdak, 'Vocos', 2023): nearly all of the work is done at frame rate. The
encoder reads spectra whose magnitudes are raised to the power 0.3, which is about how loud they sound.

Sound is a picture of one row here, so that quantizer and factorized prior serve both. All operators are local: a long
recording can be coded in pieces.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.audio.spectrum import overlap_add, spectra

__all__ = ["Decoder", "Encoder", "LikelihoodHead"]

COMPRESSION = 0.3
FAINTEST = 1e-3  # magnitudes below it do not count
LARGEST_LOG_MAGNITUDE = 7.0
INITIAL_LOG_MAGNITUDE = -2.0
INITIAL_LOG_SCALE = 6.5


class ResidualBlock(nn.Module):
    """`x + conv(act(conv(act(x))))` along time; the sum begins as x, so that depth costs nothing early in training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, (1, 3), padding=(0, 1))
        self.second = nn.Conv2d(width, width, (1, 3), padding=(0, 1))
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.second(F.leaky_relu(self.first(F.leaky_relu(x, 0.1)), 0.1))
        return x + inner


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [ResidualBlock(width) for _ in range(count)]


class TimeShuffle(nn.Module):
    """`[B, 2 C, 1, T]` to `[B, C, 1, 2 T]`."""

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, _, frames = x.shape
        return x.view(batch, 2, channels // 2, frames).permute(0, 2, 3, 1).reshape(batch, channels // 2, 1, 2 * frames)


class Encoder(nn.Module):
    """`[B, 1, N]` samples in -1..1 (N a multiple of the stride) to z_e `[B, C, 1, N / stride]`."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.hop = config.hop
        channels = 3 * config.bins
        layers: list[nn.Module] = []
        for level, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
            layers.append(nn.Conv2d(channels, width, (1, 3), stride=(1, 1 if level == 0 else 2), padding=(0, 1)))
            layers += _blocks(width, blocks)
            channels = width
        layers.append(nn.Conv2d(channels, config.latent_channels, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        spectrum = spectra(x[:, 0].float(), self.hop)
        magnitude = spectrum.abs().clamp_min(FAINTEST)
        compressed = spectrum * magnitude ** (COMPRESSION - 1)
        features = torch.cat([compressed.real, compressed.imag, magnitude.log()], 1)[:, :, None]
        z: Tensor = self.layers(features.contiguous(memory_format=torch.channels_last))
        return z


class Decoder(nn.Module):
    """From z_q `[B, C, 1, T]` and the rate point of each item `[B]` to the location of p(x|z_q).

    Returns the location `[B, 1, T stride]`, nominally in -1..1 and not clamped, and the features of the last level
    `[B, width, 1, T stride / hop]`.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths, blocks = config.widths[::-1], config.decoder_blocks[::-1]
        self.hop = config.hop
        self.gain = nn.Parameter(torch.ones(config.rate_points, config.latent_channels))
        self.stem = nn.Conv2d(config.latent_channels, widths[0], 1)
        self.rate_bias = nn.Embedding(config.rate_points, widths[0])
        nn.init.zeros_(self.rate_bias.weight)
        layers = _blocks(widths[0], blocks[0])
        for before, width, count in zip(widths, widths[1:], blocks[1:], strict=False):
            layers += [nn.Conv2d(before, 2 * width, 1), TimeShuffle(), *_blocks(width, count)]
        self.layers = nn.Sequential(*layers)
        self.location = nn.Conv2d(widths[-1], 3 * config.bins, (1, 3), padding=(0, 1))

    def forward(self, z_q: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor]:
        # A channel that a rate point does not pay for is all noise in training: its gain goes to 0.
        z = z_q * self.gain[rate_point][:, :, None, None]
        features: Tensor = self.layers(self.stem(z) + self.rate_bias(rate_point)[:, :, None, None])
        log_magnitude, real, imaginary = self.location(features)[:, :, 0].float().chunk(3, dim=1)
        magnitude = (log_magnitude + INITIAL_LOG_MAGNITUDE).clamp(max=LARGEST_LOG_MAGNITUDE).exp()
        scale = magnitude * (real.square() + imaginary.square() + 1e-6).rsqrt()
        return overlap_add(torch.complex(real * scale, imaginary * scale), self.hop)[:, None], features


class LikelihoodHead(nn.Module):
    """The parameters of p(x|z_q) besides its location, from the decoder's features: see `vqcodec.transform.likelihood`.

    Returns log s of 16-bit values, and the factor of the location, both `[B, 1, N]`. Where the codes do not have the
    phase of a sound, its location says nothing about a sample, and the best factor is 0.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.inner = nn.Conv2d(config.widths[0], 64, (1, 3), padding=(0, 1))
        self.outer = nn.Conv2d(64, 2 * config.hop, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        inner = F.leaky_relu(self.inner(features), 0.1)
        log_scale, factor = self.outer(inner)[:, :, 0].float().transpose(1, 2).chunk(2, dim=2)
        return (log_scale.flatten(1)[:, None] + INITIAL_LOG_SCALE).clamp(-3.0, 10.0), factor.flatten(1)[:, None]
