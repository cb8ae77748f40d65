"""The shapes of the audio networks, without torch, so that reading the header of a model does not need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from vqcodec.system.bounds import NETWORK_OF_SAMPLES, Convolution, check_bounds, check_convolutions, parameters

__all__ = ["AutoencoderConfig"]


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of the networks; ValueError if it is out of bounds.

    Attributes:
        sample_rate: of the sound that the networks see, in Hz.
        window: samples of a short-time spectrum.
        hop: samples from one spectrum to the next, a quarter of the window.
        widths: channels of each level; every level after the first halves the frame rate.
        blocks: residual blocks of each level, in the encoder.
        decoder_blocks: likewise in the decoder.
        latent_channels: channels of z_e.
        rate_points: their number, each with its own bias at the decoder's stem.
    """

    sample_rate: int = 16_000
    window: int = 320
    hop: int = 80
    widths: tuple[int, ...] = (128, 192, 256)
    blocks: tuple[int, ...] = (1, 1, 2)
    decoder_blocks: tuple[int, ...] = (3, 2, 4)
    latent_channels: int = 96
    rate_points: int = 6

    def __post_init__(self) -> None:
        check_bounds("sample rate", self.sample_rate, 1_000_000, low=1_000)
        check_bounds("hop", self.hop, 4096, low=2)
        check_bounds("window", self.window, 4 * self.hop, low=4 * self.hop)
        check_bounds("number of widths", len(self.widths), 8)
        for name, counts in (("blocks", self.blocks), ("decoder blocks", self.decoder_blocks)):
            check_bounds(f"number of {name}", len(counts), len(self.widths), low=len(self.widths))
            for count in counts:
                check_bounds(name, count, 64, low=0)
        for width in self.widths:
            check_bounds("width", width, 4096)
        check_bounds("latent channels", self.latent_channels, 4096)
        check_bounds("number of rate points", self.rate_points, 256)
        for layers in (self._encoder_layers(), self._decoder_layers()):
            check_convolutions(list(layers), NETWORK_OF_SAMPLES)

    @property
    def stride(self) -> int:
        """Samples that a latent position covers."""
        return int(self.hop * 2 ** (len(self.widths) - 1))

    @property
    def bins(self) -> int:
        """Frequencies of a spectrum."""
        return self.window // 2 + 1

    @property
    def widest(self) -> int:
        """Numbers of the largest activation, for a latent position."""
        hops = self.stride // self.hop
        inner = max(2 * width * hops >> level for level, width in enumerate(self.widths))
        return max(inner, 3 * self.bins * hops, 4 * self.window * hops)

    @property
    def encoder_reach(self) -> int:
        """How many latent positions to each side the encoder sees, at most."""
        hops = 2  # of the window
        for level, blocks in enumerate(self.blocks):
            # The first convolution of a level works at the frame rate of the level before.
            hops += (1 << max(0, level - 1)) + (2 * blocks << level)
        return -(-hops // (self.stride // self.hop))

    @property
    def decoder_reach(self) -> int:
        """How many latent positions to each side a sample depends on, at most."""
        hops = 3 + sum(2 * blocks << level for level, blocks in enumerate(self.decoder_blocks))
        return -(-hops // (self.stride // self.hop))

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of the encoder."""
        return parameters(list(self._encoder_layers()))

    @property
    def decoder_parameters(self) -> int:
        """Weights and biases of the decoder."""
        return parameters(list(self._decoder_layers())) + self.rate_points * (self.latent_channels + self.widths[-1])

    def _encoder_layers(self) -> Iterator[Convolution]:
        channels = 3 * self.bins
        for level, (width, blocks) in enumerate(zip(self.widths, self.blocks, strict=True)):
            samples = self.hop << level
            yield Convolution(3 * channels * width, width, samples)
            yield from [Convolution(3 * width**2, width, samples)] * (2 * blocks)
            channels = width
        yield Convolution(channels * self.latent_channels, self.latent_channels, self.stride)

    def _decoder_layers(self) -> Iterator[Convolution]:
        levels = [self.hop << level for level in range(len(self.widths))]
        yield Convolution(self.latent_channels * self.widths[-1], self.widths[-1], levels[-1])
        for width, blocks, samples in zip(self.widths, self.decoder_blocks, levels, strict=True):
            yield from [Convolution(3 * width**2, width, samples)] * (2 * blocks)
        for (width, before), samples in zip(pairwise(self.widths), levels[1:], strict=True):
            yield Convolution(before * 2 * width, 2 * width, samples)
        yield Convolution(3 * self.widths[0] * 3 * self.bins, 3 * self.bins, self.hop)
