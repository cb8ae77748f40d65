"""The shapes of the image networks; here, so that reading a model's header needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AutoencoderConfig", "PriorConfig"]


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of the networks.

    Attributes:
        patch: side of the square of pixels that becomes one position of the first level.
        widths: channels of each level; every level after the first halves the resolution.
        blocks: residual blocks of each level, in the encoder and again in the decoder.
        latent_channels: channels of z_e.
        rates: number of rate points, each with its own bias at the decoder's stem.
    """

    patch: int = 4
    widths: tuple[int, ...] = (96, 160, 192)
    blocks: tuple[int, ...] = (1, 2, 1)
    latent_channels: int = 160
    rates: int = 1

    @property
    def stride(self) -> int:
        """Pixels a latent position covers in each direction."""
        return int(self.patch * 2 ** (len(self.widths) - 1))


@dataclass(frozen=True)
class PriorConfig:
    """The shape of the prior.

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
