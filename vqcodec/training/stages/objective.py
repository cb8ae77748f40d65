"""The parts of training that depend on the modality: networks, distortion and likelihood."""

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
    """Distortion and likelihood of originals and locations, `[B, C, ...]` as in the networks."""

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """The distortion that the lambda of a rate point weighs against bits a pixel or sample: `[B]`."""

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a pixel or sample, given the outputs of the likelihood head: `[B]`."""
