"""The shapes of the image networks; here, so that reading a model's header needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from vqcodec.nn.bounds import check_bounds

__all__ = ["AutoencoderConfig", "Distortion", "PriorConfig"]

Distortion = Literal["squared error", "ms-ssim"]  # what a model is trained for: see `vqcodec.image.distortion`


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of the networks. ValueError is raised for one that no model has.

    Attributes:
        patch: side of the square of pixels that becomes one position of the first level.
        widths: channels of each level; every level after the first halves the resolution.
        blocks: residual blocks of each level.
        latent_channels: channels of z_e.
        rates: number of rate points, each with its own bias at the decoder's stem.
        linear_path: whether a linear transform of each patch of stride x stride pixels is added to what the networks
            compute, in both directions.
        decoder_blocks: residual blocks of each level in the decoder, in the order of `widths`, if it has others than
            the encoder.
        decoder_widths: channels of each level in the decoder, likewise.
    """

    patch: int = 4
    widths: tuple[int, ...] = (96, 160, 192)
    blocks: tuple[int, ...] = (1, 2, 1)
    latent_channels: int = 160
    rates: int = 1
    linear_path: bool = False
    decoder_blocks: tuple[int, ...] = ()
    decoder_widths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_bounds("patch", self.patch, 64)
        check_bounds("number of widths", len(self.widths), 8)
        for widths in (self.widths, self.widths_of_decoder):
            check_bounds("number of widths", len(widths), len(self.widths), low=len(self.widths))
            for width in widths:
                check_bounds("width", width, 4096)
        for counts in (self.blocks, self.blocks_of_decoder):
            check_bounds("number of blocks", len(counts), len(self.widths), low=len(self.widths))
            for count in counts:
                check_bounds("blocks", count, 64, low=0)
        check_bounds("latent channels", self.latent_channels, 4096)
        check_bounds("rates", self.rates, 256)

    @property
    def blocks_of_decoder(self) -> tuple[int, ...]:
        """Residual blocks of each level in the decoder, in the order of `widths`."""
        return self.decoder_blocks or self.blocks

    @property
    def widths_of_decoder(self) -> tuple[int, ...]:
        """Channels of each level in the decoder, in the order of `widths`."""
        return self.decoder_widths or self.widths

    @property
    def stride(self) -> int:
        """Pixels a latent position covers in each direction."""
        return int(self.patch * 2 ** (len(self.widths) - 1))

    @property
    def encoder_reach(self) -> int:
        """Latent positions to each side beyond whose pixels the encoder sees nothing."""
        patches = 0
        for level, blocks in enumerate(self.blocks):
            # The first convolution of a level works at the resolution of the level before.
            patches += (1 << max(0, level - 1)) + (2 * blocks << level)
        return -(-patches // (self.stride // self.patch))

    @property
    def decoder_reach(self) -> int:
        """Latent positions to each side beyond which a pixel, and its likelihood, depend on nothing."""
        patches = 1 + sum(2 * blocks << level for level, blocks in enumerate(self.blocks_of_decoder))
        return -(-patches // (self.stride // self.patch))

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of the encoder."""
        total, channels = 0, 3 * self.patch**2
        for width, blocks in zip(self.widths, self.blocks, strict=True):
            total += (9 * channels + 1 + 2 * blocks * (9 * width + 1)) * width
            channels = width
        linear = 3 * self.stride**2 + 1 if self.linear_path else 0
        return total + (channels + 1 + linear) * self.latent_channels

    @property
    def decoder_parameters(self) -> int:
        """Weights and biases of the decoder."""
        widths, blocks = self.widths_of_decoder[::-1], self.blocks_of_decoder[::-1]
        total = self.rates * (self.latent_channels + widths[0]) + (self.latent_channels + 1) * widths[0]
        total += sum(2 * count * (9 * width + 1) * width for width, count in zip(widths, blocks, strict=True))
        total += sum(4 * (before + 1) * width for before, width in pairwise(widths))
        total += (9 * widths[-1] + 1) * 3 * self.patch**2
        return total + ((self.latent_channels + 1) * 3 * self.stride**2 if self.linear_path else 0)


@dataclass(frozen=True)
class PriorConfig:
    """The shape of the prior. ValueError is raised for one that no model has.

    Attributes:
        planes: how many planes each slice has, in order.
        layers: how many slices each stream of a file has, in order.
        context: channels and number of the 3x3 layers over earlier slices.
        hidden: channels of the causal layers.
        depth: number of causal layers.
        features: inner dimension of the heads.
    """

    planes: tuple[int, ...]
    layers: tuple[int, ...]
    context: int = 64
    context_depth: int = 2
    hidden: int = 64
    depth: int = 3
    features: int = 16

    def __post_init__(self) -> None:
        for name in ("context", "context_depth", "hidden", "depth", "features"):
            check_bounds(name, getattr(self, name), 4096)
        for count in (*self.planes, *self.layers):
            check_bounds("planes of a slice, or slices of a layer", count, 4096)
        check_bounds("number of layers", len(self.layers), 8)
        check_bounds("slices of all layers", sum(self.layers), len(self.planes), low=len(self.planes))
