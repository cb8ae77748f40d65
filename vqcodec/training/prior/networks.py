"""The trainable prior of a modality."""

from __future__ import annotations

import torch

from vqcodec.prior.config import PixelCNNConfig, WaveNetConfig
from vqcodec.training.prior.pixelcnn import PixelCNNNetwork
from vqcodec.training.prior.wavenet import WaveNetNetwork
from vqcodec.transform.codebooks import Codebooks

__all__ = ["PriorNetwork", "prior_network"]

PriorNetwork = PixelCNNNetwork | WaveNetNetwork


def prior_network(config: PixelCNNConfig | WaveNetConfig, codebooks: Codebooks) -> PriorNetwork:
    """A prior for the codebooks that begins with their order-0 frequencies."""
    arrays = (torch.from_numpy(each) for each in (codebooks.codewords, codebooks.code_bits, codebooks.sizes))
    return WaveNetNetwork(config, *arrays) if isinstance(config, WaveNetConfig) else PixelCNNNetwork(config, *arrays)
