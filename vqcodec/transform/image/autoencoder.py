"""Encoder and decoder for pictures: residual convolutions at 1/patch of the resolution and below.

    pixels [B, 3, H, W] --unshuffle--> [B, 3 p p, H/p, W/p] --conv, blocks, stride-2 conv, ...--> latents [B, C, h, w]

The decoder mirrors it. With a linear path, a linear function of its patch of pixels is added to each latent, and a
linear function of its latents to each patch, as in a transform code. It keeps channels of little variance alive, which
networks alone give up early in training and never use again.

All operators are local, so a large picture can be coded in overlapping tiles. `vqcodec.transform.layers` says how a
network is written: its parts, and a function of them.
"""

from __future__ import annotations

from typing import Any

from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.layers import (
    Convolution,
    DepthToSpace,
    LeakyRelu,
    Part,
    Parts,
    RateBias,
    RateGain,
    ResidualBlock,
    Sequence,
    SpaceToDepth,
)

__all__ = [
    "decode",
    "decoder_parts",
    "encode",
    "encoder_parts",
    "likelihood",
    "likelihood_parameters",
    "likelihood_parts",
]

KERNEL = 3, 3
LIKELIHOOD_WIDTH = 32
INITIAL_LOG_SCALE = 1.5


def _blocks(width: int, count: int) -> list[Part]:
    return [ResidualBlock(width, KERNEL)] * count


def encoder_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from pixels to z_e."""
    layers: list[Part] = [SpaceToDepth(3, config.patch)]
    channels = 3 * config.patch**2
    for level, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
        layers += [Convolution(channels, width, KERNEL, stride=(2, 2) if level else (1, 1)), *_blocks(width, blocks)]
        channels = width
    layers.append(Convolution(channels, config.latent_channels))
    linear = Convolution(3 * config.stride**2, config.latent_channels) if config.linear_path else None
    return {"layers": Sequence(tuple(layers)), "to_patches": SpaceToDepth(3, config.stride), "linear": linear}


def encode(net: Any, x: Any) -> Any:
    """`[B, 3, H, W]` pixels in -0.5..0.5 (H, W multiples of the stride) to z_e `[B, C, H/stride, W/stride]`."""
    z = net.layers(x)
    return z if net.linear is None else z + net.linear(net.to_patches(x))


def decoder_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from z_q to pixels."""
    widths, blocks = config.widths_of_decoder[::-1], config.blocks_of_decoder[::-1]
    layers = _blocks(widths[0], blocks[0])
    for before, width, count in zip(widths, widths[1:], blocks[1:], strict=False):
        layers += [Convolution(before, 4 * width), DepthToSpace(width, 2), *_blocks(width, count)]
    linear = Convolution(config.latent_channels, 3 * config.stride**2) if config.linear_path else None
    return {
        "gain": RateGain(config.rate_points, config.latent_channels),
        "stem": Convolution(config.latent_channels, widths[0]),
        "rate_bias": RateBias(config.rate_points, widths[0]),
        "layers": Sequence(tuple(layers)),
        "location": Convolution(widths[-1], 3 * config.patch**2, KERNEL),
        "to_pixels": DepthToSpace(3, config.patch),
        "linear": linear,
        "from_patches": DepthToSpace(3, config.stride),
    }


def decode(net: Any, z_q: Any, rate_point: Any) -> tuple[Any, Any]:
    """From z_q `[B, C, h, w]` and the rate point of each item `[B]` to the location of p(x|z_q).

    Returns:
        The location `[B, 3, H, W]`, nominally in -0.5..0.5 and not clamped, and the features of the last level
        `[B, width, H/patch, W/patch]`.
    """
    # A channel that a rate point does not pay for is all noise in training: its gain goes to 0.
    z = z_q * net.row("gain", rate_point)
    features = net.layers(net.stem(z) + net.row("rate_bias", rate_point))
    location = net.to_pixels(net.location(features))
    return location if net.linear is None else location + net.from_patches(net.linear(z)), features


def likelihood_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from the decoder's features to the parameters of p(x|z_q) besides its location."""
    return {
        "inner": Convolution(config.widths_of_decoder[0], LIKELIHOOD_WIDTH, KERNEL),
        "act": LeakyRelu(),
        "outer": Convolution(LIKELIHOOD_WIDTH, 6 * config.patch**2),
        "to_pixels": DepthToSpace(6, config.patch),
    }


def likelihood(net: Any, features: Any) -> Any:
    """`[B, 6, H, W]`: see `likelihood_parameters`."""
    return net.to_pixels(net.outer(net.act(net.inner(features))))


def likelihood_parameters(x: Any) -> tuple[Any, Any]:
    """Log s `[B, 3, H, W]` for 8-bit values, and the weights of earlier colours `[B, 3, H, W]`.

    See `vqcodec.transform.likelihood`.
    """
    return (x[:, :3] + INITIAL_LOG_SCALE).clip(-3.0, 5.0), x[:, 3:]
