"""Encoder and decoder for sound: residual convolutions over short-time spectra, at 1/hop of the sample rate and below.

    samples [B, N] --spectra--> [B, 3 bins, 1, N/hop] --conv, blocks, stride-2 conv, ...--> latents [B, C, 1, frames]
    samples [B, N] <--overlap-add-- magnitude, phase <--conv-- ... <--blocks-- latents [B, C, 1, frames]

The decoder writes spectra, not samples (Siuzdak, 'Vocos', 2023): nearly all of the work is done at frame rate. The
encoder reads spectra whose magnitudes are raised to the power 0.3, which is about how loud they sound. Both have their
spectra from `spectrum.py`; the networks are between them and latents.

Sound is a picture of one row here, so that quantizer and factorized prior serve both. All operators are local: a long
recording can be coded in pieces. `vqcodec.transform.layers` says how a network is written.
"""

from __future__ import annotations

from typing import Any

from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.layers import (
    Convolution,
    DepthToTime,
    LeakyRelu,
    Part,
    Parts,
    RateBias,
    RateGain,
    ResidualBlock,
    Sequence,
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

KERNEL = 1, 3
LIKELIHOOD_WIDTH = 64
INITIAL_LOG_SCALE = 6.5


def _blocks(width: int, count: int) -> list[Part]:
    return [ResidualBlock(width, KERNEL)] * count


def encoder_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from spectra to z_e."""
    layers: list[Part] = []
    channels = 3 * config.bins
    for level, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
        layers += [Convolution(channels, width, KERNEL, stride=(1, 2) if level else (1, 1)), *_blocks(width, blocks)]
        channels = width
    return {"layers": Sequence((*layers, Convolution(channels, config.latent_channels)))}


def encode(net: Any, spectra: Any) -> Any:
    """Compressed spectra `[B, 3 bins, 1, N / hop]` of `spectrum.py` to z_e `[B, C, 1, N / stride]`."""
    return net.layers(spectra)


def decoder_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from z_q to spectra."""
    widths, blocks = config.widths[::-1], config.decoder_blocks[::-1]
    layers = _blocks(widths[0], blocks[0])
    for before, width, count in zip(widths, widths[1:], blocks[1:], strict=False):
        layers += [Convolution(before, 2 * width), DepthToTime(width), *_blocks(width, count)]
    return {
        "gain": RateGain(config.rate_points, config.latent_channels),
        "stem": Convolution(config.latent_channels, widths[0]),
        "rate_bias": RateBias(config.rate_points, widths[0]),
        "layers": Sequence(tuple(layers)),
        "location": Convolution(widths[-1], 3 * config.bins, KERNEL),
    }


def decode(net: Any, z_q: Any, rate_point: Any) -> tuple[Any, Any]:
    """From z_q `[B, C, 1, T]` and the rate point of each item `[B]` to the location of p(x|z_q), as spectra.

    Returns:
        Log magnitudes and directions `[B, 3 bins, 1, T stride / hop]`, of which `spectrum.py` makes samples, and the
        features of the last level `[B, width, 1, T stride / hop]`.
    """
    # A channel that a rate point does not pay for is all noise in training: its gain goes to 0.
    z = z_q * net.row("gain", rate_point)
    features = net.layers(net.stem(z) + net.row("rate_bias", rate_point))
    return net.location(features), features


def likelihood_parts(config: AutoencoderConfig) -> Parts:
    """Of a network from the decoder's features to the parameters of p(x|z_q) besides its location."""
    return {
        "inner": Convolution(config.widths[0], LIKELIHOOD_WIDTH, KERNEL),
        "act": LeakyRelu(),
        "outer": Convolution(LIKELIHOOD_WIDTH, 2 * config.hop),
    }


def likelihood(net: Any, features: Any) -> Any:
    """`[B, 2 hop, 1, N / hop]`: see `likelihood_parameters`."""
    return net.outer(net.act(net.inner(features)))


def likelihood_parameters(x: Any) -> tuple[Any, Any]:
    """Log s of 16-bit values, and the factor of the location, both `[B, N]`: see `vqcodec.transform.likelihood`.

    Where the codes do not have the phase of a sound, its location says nothing about a sample: the best factor is 0.
    """
    batch, channels = x.shape[:2]
    of_samples = x.swapaxes(1, 3)  # [B, N / hop, 1, 2 hop]
    log_scale, factor = (
        part.reshape(batch, -1) for part in (of_samples[..., : channels // 2], of_samples[..., channels // 2 :])
    )
    return (log_scale + INITIAL_LOG_SCALE).clip(-3.0, 10.0), factor
