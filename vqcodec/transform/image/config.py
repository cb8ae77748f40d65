"""The shapes of the image networks, without torch, so that reading the header of a model does not need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from vqcodec.system.bounds import NETWORK_OF_PIXELS, Convolution, check_bounds, check_convolutions, parameters

__all__ = ["AutoencoderConfig", "Distortion"]

# What a model is trained for: see `vqcodec.transform.image.distortion`.
Distortion = Literal["squared error", "ms-ssim"]

MOST_STRIDE = 64  # pixels: a picture of one pixel has a position of this size
MOST_REACH = 512  # pixels: half a tile, so that at most three quarters of the work are for what is around tiles


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of the networks; ValueError if it is out of bounds.

    Attributes:
        patch: side of the square of pixels that becomes one position of the first level.
        widths: channels of each level; every level after the first halves the resolution.
        blocks: residual blocks of each level.
        latent_channels: channels of z_e.
        rate_points: their number, each with its own bias at the decoder's stem.
        linear_path: whether a linear transform of each patch of stride x stride pixels is added to the networks, both
            ways.
        decoder_blocks: residual blocks of each level in the decoder, in the order of `widths`; empty if they are those
            of the encoder.
        decoder_widths: channels of each level in the decoder, likewise.
    """

    patch: int = 4
    widths: tuple[int, ...] = (96, 160, 192)
    blocks: tuple[int, ...] = (1, 2, 1)
    latent_channels: int = 160
    rate_points: int = 1
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
        check_bounds("number of rate points", self.rate_points, 256)
        check_bounds("stride", self.stride, MOST_STRIDE)
        for positions in (self.encoder_reach, self.decoder_reach):
            check_bounds("reach in pixels", positions * self.stride, MOST_REACH, low=0)
        for layers in (self._encoder_layers(), self._decoder_layers()):
            check_convolutions(list(layers), NETWORK_OF_PIXELS)

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
        """Pixels that a latent position covers in each direction."""
        return int(self.patch * 2 ** (len(self.widths) - 1))

    @property
    def encoder_reach(self) -> int:
        """How many latent positions to each side the encoder sees, at most."""
        patches = 0
        for level, blocks in enumerate(self.blocks):
            # The first convolution of a level works at the resolution of the level before.
            patches += (1 << max(0, level - 1)) + (2 * blocks << level)
        return -(-patches // (self.stride // self.patch))

    @property
    def decoder_reach(self) -> int:
        """How many latent positions to each side a pixel and its likelihood depend on, at most."""
        patches = 1 + sum(2 * blocks << level for level, blocks in enumerate(self.blocks_of_decoder))
        return -(-patches // (self.stride // self.patch))

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of the encoder."""
        return parameters(list(self._encoder_layers()))

    @property
    def decoder_parameters(self) -> int:
        """Weights and biases of the decoder."""
        return parameters(list(self._decoder_layers())) + self.rate_points * (
            self.latent_channels + self.widths_of_decoder[-1]
        )

    def _encoder_layers(self) -> Iterator[Convolution]:
        channels = 3 * self.patch**2
        for level, (width, blocks) in enumerate(zip(self.widths, self.blocks, strict=True)):
            pixels = (self.patch << level) ** 2
            yield Convolution(9 * channels * width, width, pixels)
            yield from [Convolution(9 * width**2, width, pixels)] * (2 * blocks)
            channels = width
        yield Convolution(channels * self.latent_channels, self.latent_channels, self.stride**2)
        if self.linear_path:
            yield Convolution(3 * self.stride**2 * self.latent_channels, self.latent_channels, self.stride**2)

    def _decoder_layers(self) -> Iterator[Convolution]:
        widths = self.widths_of_decoder
        levels = [(self.patch << level) ** 2 for level in range(len(widths))]
        yield Convolution(self.latent_channels * widths[-1], widths[-1], levels[-1])
        for width, blocks, pixels in zip(widths, self.blocks_of_decoder, levels, strict=True):
            yield from [Convolution(9 * width**2, width, pixels)] * (2 * blocks)
        for (width, before), pixels in zip(pairwise(widths), levels[1:], strict=True):
            yield Convolution(before * 4 * width, 4 * width, pixels)
        yield Convolution(9 * widths[0] * 3 * self.patch**2, 3 * self.patch**2, levels[0])
        if self.linear_path:
            yield Convolution(self.latent_channels * 3 * self.stride**2, 3 * self.stride**2, self.stride**2)
