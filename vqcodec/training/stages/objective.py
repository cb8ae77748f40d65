"""What training asks of a modality: its networks, how far a reconstruction is, and how likely the original under it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from vqcodec.transform.audio import autoencoder as audio
from vqcodec.transform.image import autoencoder as image

__all__ = ["Decoder", "Encoder", "LikelihoodHead", "Objective"]

Encoder = image.Encoder | audio.Encoder
Decoder = image.Decoder | audio.Decoder
LikelihoodHead = image.LikelihoodHead | audio.LikelihoodHead


class Objective(Protocol):
    """Originals and locations are `[B, C, ...]`, as the networks take and give them."""

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """What the lambda of a rate point is the weight of, against bits a pixel or sample: `[B]`."""

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a pixel or sample, given what the likelihood head returned: `[B]`."""
