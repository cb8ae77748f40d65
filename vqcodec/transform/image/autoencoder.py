"""Encoder and decoder for pictures: residual convolutions at 1/patch of the resolution and below.

    pixels [B, 3, H, W] --unshuffle--> [B, 3 p p, H/p, W/p] --conv, blocks, stride-2 conv, ...--> latents [B, C, h, w]

The decoder mirrors it. With a linear path, a linear function of its patch of pixels is added to each latent, and a
linear function of its latents to each patch, as in a transform code. It keeps channels of little variance alive, which
networks alone give up early in training and never use again.

All operators are local, so a large picture can be coded in overlapping tiles.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.transform.image.config import AutoencoderConfig

__all__ = ["Decoder", "Encoder", "LikelihoodHead"]


INITIAL_LOG_SCALE = 1.5


class ResidualBlock(nn.Module):
    """`x + conv(act(conv(act(x))))`; the sum begins as x, so that depth costs nothing early in training."""

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
        self.stride = config.stride
        self.linear = nn.Conv2d(3 * config.stride**2, config.latent_channels, 1) if config.linear_path else None

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = self.layers(x)
        return z if self.linear is None else z + self.linear(F.pixel_unshuffle(x, self.stride))


class Decoder(nn.Module):
    """From z_q `[B, C, h, w]` and the rate point of each item `[B]` to the location of p(x|z_q).

    Returns the location `[B, 3, H, W]`, nominally in -0.5..0.5 and not clamped, and the features of the last level
    `[B, width, H/patch, W/patch]`.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths, blocks = config.widths_of_decoder[::-1], config.blocks_of_decoder[::-1]
        self.gain = nn.Parameter(torch.ones(config.rate_points, config.latent_channels))
        self.stem = nn.Conv2d(config.latent_channels, widths[0], 1)
        self.rate_bias = nn.Embedding(config.rate_points, widths[0])
        nn.init.zeros_(self.rate_bias.weight)
        layers = _blocks(widths[0], blocks[0])
        for before, width, count in zip(widths, widths[1:], blocks[1:], strict=False):
            layers += [nn.Conv2d(before, 4 * width, 1), nn.PixelShuffle(2), *_blocks(width, count)]
        self.layers = nn.Sequential(*layers)
        self.location = nn.Conv2d(widths[-1], 3 * config.patch**2, 3, padding=1)
        self.to_pixels = nn.PixelShuffle(config.patch)
        self.stride = config.stride
        self.linear = nn.Conv2d(config.latent_channels, 3 * config.stride**2, 1) if config.linear_path else None

    def forward(self, z_q: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor]:
        # A channel that a rate point does not pay for is all noise in training: its gain goes to 0.
        z = z_q * self.gain[rate_point][:, :, None, None]
        bias = self.rate_bias(rate_point)[:, :, None, None]
        features: Tensor = self.layers(self.stem(z) + bias)
        location: Tensor = self.to_pixels(self.location(features))
        if self.linear is not None:
            location = location + F.pixel_shuffle(self.linear(z), self.stride)
        return location, features


class LikelihoodHead(nn.Module):
    """The parameters of p(x|z_q) besides its location, from the decoder's features: see `vqcodec.transform.likelihood`.

    Returns log s `[B, 3, H, W]` for 8-bit values, and the weights of earlier colours `[B, 3, H, W]`.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.inner = nn.Conv2d(config.widths_of_decoder[0], 32, 3, padding=1)
        self.outer = nn.Conv2d(32, 6 * config.patch**2, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)  # type: ignore[arg-type]
        self.to_pixels = nn.PixelShuffle(config.patch)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        inner = F.leaky_relu(self.inner(features), 0.1)
        log_scale, weights = self.to_pixels(self.outer(inner)).float().chunk(2, dim=1)
        return (log_scale + INITIAL_LOG_SCALE).clamp(-3.0, 5.0), weights
