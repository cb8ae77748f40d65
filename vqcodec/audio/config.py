"""The shapes of the audio networks; here, so that reading a model's header needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from vqcodec.nn.bounds import check_bounds

__all__ = ["AutoencoderConfig", "PriorConfig"]


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of the networks. ValueError is raised for one that no model has.

    Attributes:
        sample_rate: of the sound that the networks see, in Hz.
        window: samples of a short-time spectrum.
        hop: samples from one spectrum to the next, a quarter of the window.
        widths: channels of each level; every level after the first halves the frame rate.
        blocks: residual blocks of each level, in the encoder.
        decoder_blocks: likewise in the decoder.
        latent_channels: channels of z_e.
        rates: number of rate points, each with its own bias at the decoder's stem.
    """

    sample_rate: int = 16_000
    window: int = 320
    hop: int = 80
    widths: tuple[int, ...] = (128, 192, 256)
    blocks: tuple[int, ...] = (1, 1, 2)
    decoder_blocks: tuple[int, ...] = (3, 2, 4)
    latent_channels: int = 96
    rates: int = 6

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
        check_bounds("rates", self.rates, 256)

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
        """The most numbers that an activation has for a latent position."""
        hops = self.stride // self.hop
        inner = max(2 * width * hops >> level for level, width in enumerate(self.widths))
        return max(inner, 3 * self.bins * hops, 4 * self.window * hops)

    @property
    def encoder_reach(self) -> int:
        """Latent positions to each side beyond whose samples the encoder sees nothing."""
        hops = 2  # of the window
        for level, blocks in enumerate(self.blocks):
            # The first convolution of a level works at the frame rate of the level before.
            hops += (1 << max(0, level - 1)) + (2 * blocks << level)
        return -(-hops // (self.stride // self.hop))

    @property
    def decoder_reach(self) -> int:
        """Latent positions to each side beyond which a sample depends on nothing."""
        hops = 3 + sum(2 * blocks << level for level, blocks in enumerate(self.decoder_blocks))
        return -(-hops // (self.stride // self.hop))

    @property
    def decoder_parameters(self) -> int:
        """Weights and biases of the decoder."""
        widths, blocks = self.widths[::-1], self.decoder_blocks[::-1]
        total = self.rates * (self.latent_channels + widths[0]) + (self.latent_channels + 1) * widths[0]
        total += sum(2 * count * (3 * width + 1) * width for width, count in zip(widths, blocks, strict=True))
        total += sum(2 * (before + 1) * width for before, width in pairwise(widths))
        return total + (3 * widths[-1] + 1) * 3 * self.bins

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of the encoder."""
        total, channels = 0, 3 * self.bins
        for width, blocks in zip(self.widths, self.blocks, strict=True):
            total += (3 * channels + 1 + 2 * blocks * (3 * width + 1)) * width
            channels = width
        return total + (channels + 1) * self.latent_channels


@dataclass(frozen=True)
class PriorConfig:
    """The shape of the prior. ValueError is raised for one that no model has.

    Attributes:
        planes: how many planes each slice has, in order.
        layers: how many slices each stream of a file has, in order.
        hidden: channels of the causal layers.
        dilations: for each layer after the first, how many frames back it looks.
        features: inner dimension of the heads.
    """

    planes: tuple[int, ...]
    layers: tuple[int, ...]
    hidden: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    features: int = 16

    def __post_init__(self) -> None:
        check_bounds("hidden", self.hidden, 4096)
        check_bounds("features", self.features, 4096)
        for count in (*self.planes, *self.layers):
            check_bounds("planes of a slice, or slices of a layer", count, 4096)
        check_bounds("number of layers", len(self.layers), 8)
        check_bounds("slices of all layers", sum(self.layers), len(self.planes), low=len(self.planes))
        check_bounds("number of dilations", len(self.dilations), 16, low=0)
        for dilation in self.dilations:
            check_bounds("dilation", dilation, 4096)
