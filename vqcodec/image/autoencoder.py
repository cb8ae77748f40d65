"""Encoder and decoder for pictures: residual convolutions at 1/patch of the resolution and below.

    pixels [B, 3, H, W] --unshuffle--> [B, 3 p p, H/p, W/p] --conv, blocks, stride-2 conv, ...--> latents [B, C, h, w]

The decoder mirrors it. All operators are local, so a large picture can be coded in overlapping tiles.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.image.config import AutoencoderConfig

__all__ = ["Decoder", "Encoder", "ScaleHead"]


class ResidualBlock(nn.Module):
    """`x + conv(act(conv(act(x))))`, zero at the start so that depth costs nothing early in training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.second(F.leaky_relu(self.first(F.leaky_relu(x, 0.1)), 0.1))
        return x + inner


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [ResidualBlock(width) for _ in range(count)]


class Encoder(nn.Module):
    """`[B, 3, H, W]` pixels in -0.5..0.5 (H, W multiples of the stride) to z_e `[B, C, H/stride, W/stride]`."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        channels = 3 * config.patch**2
        layers: list[nn.Module] = [nn.PixelUnshuffle(config.patch)]
        for level, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
            layers.append(nn.Conv2d(channels, width, 3, stride=1 if level == 0 else 2, padding=1))
            layers += _blocks(width, blocks)
            channels = width
        layers.append(nn.Conv2d(channels, config.latent_channels, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """z_q `[B, C, h, w]` and the rate point of each item `[B]` to features `[B, width, h', w']` and pixels."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths, blocks = config.widths[::-1], config.blocks[::-1]
        self.stem = nn.Conv2d(config.latent_channels, widths[0], 1)
        self.rate_bias = nn.Embedding(config.rates, widths[0])
        nn.init.zeros_(self.rate_bias.weight)
        layers = _blocks(widths[0], blocks[0])
        for before, width, count in zip(widths, widths[1:], blocks[1:], strict=False):
            layers += [nn.Conv2d(before, 4 * width, 1), nn.PixelShuffle(2), *_blocks(width, count)]
        self.layers = nn.Sequential(*layers)
        self.location = nn.Conv2d(widths[-1], 3 * config.patch**2, 3, padding=1)
        self.to_pixels = nn.PixelShuffle(config.patch)

    def features(self, z_q: Tensor, rate: Tensor) -> Tensor:
        """What the output heads read: `[B, width, h', w']` at 1/patch of the resolution."""
        bias = self.rate_bias(rate)[:, :, None, None]
        return self.layers(self.stem(z_q) + bias)  # type: ignore[no-any-return]

    def pixels(self, features: Tensor) -> Tensor:
        """The location of p(x|z_q): `[B, 3, H, W]`, nominally in -0.5..0.5, not clamped."""
        return self.to_pixels(self.location(features))  # type: ignore[no-any-return]

    def forward(self, z_q: Tensor, rate: Tensor) -> Tensor:
        return self.pixels(self.features(z_q, rate))


class ScaleHead(nn.Module):
    """The scale of p(x|z_q), fitted on the decoder's detached features: log s `[B, 3, H, W]` for 8-bit values."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.inner = nn.Conv2d(config.widths[0], 32, 3, padding=1)
        self.outer = nn.Conv2d(32, 3 * config.patch**2, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.constant_(self.outer.bias, 1.5)  # type: ignore[arg-type]
        self.to_pixels = nn.PixelShuffle(config.patch)

    def forward(self, features: Tensor) -> Tensor:
        inner = F.leaky_relu(self.inner(features), 0.1)
        return self.to_pixels(self.outer(inner)).clamp(-3.0, 5.0)  # type: ignore[no-any-return]
