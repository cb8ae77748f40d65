"""A small seeded model, untrained but with codebooks of its own latents and a prior that is far from flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tests.helpers.pictures import pictures
from vqcodec.model.model import Model
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.image import ImageTraining
from vqcodec.training.networks.image import Decoder, Encoder, LikelihoodHead
from vqcodec.training.prior.networks import prior_network
from vqcodec.training.prior.pixelcnn import PixelCNNNetwork
from vqcodec.training.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.stages.codebooks import collect_latents, fit_codebooks
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.export import export_model
from vqcodec.transform.image.config import AutoencoderConfig

RATE_POINTS = 2
SETTINGS = ImageTraining(
    autoencoder=AutoencoderConfig(widths=(8, 12, 16), blocks=(1, 1, 1), latent_channels=24, rate_points=RATE_POINTS),
    quantizer=QuantizerConfig(planes=6, dimension=4, alphabet=16, rate_points=RATE_POINTS),
    prior=PixelCNNConfig(planes=(2, 2, 2), streams=(1, 2), context=8, hidden=8, depth=3, features=16),
    lambdas=(0.01, 0.1),
    codes=CodesStage(lambda_=0.02),
    description="a small untrained model for tests",
)


def tiny_model(seed: int = 0) -> Model:
    """The model; the same for the same seed."""
    torch.manual_seed(seed)
    encoder, decoder = Encoder(SETTINGS.autoencoder), Decoder(SETTINGS.autoencoder)
    quantizer, likelihood = ProductQuantizer(SETTINGS.quantizer), LikelihoodHead(SETTINGS.autoencoder)
    latents = collect_latents(encoder, iter([crops_to_tensor(pictures(8, 256, seed))]), 1500)
    spread = latents.std((0, 2, 3))
    widths = torch.stack([spread, spread / 3])
    fit_codebooks(quantizer, latents, widths, SETTINGS.codes.lambda_, iterations=4)
    model = export_model(SETTINGS, encoder, decoder, likelihood, quantizer, latents)
    network = prior_network(model.config.prior, model.codebooks)
    assert isinstance(network, PixelCNNNetwork)
    for module in network.slices:
        torch.nn.init.normal_(module.project, std=0.03)
    return replace(model, prior=network.export())


def lively(networks: Mapping[str, NDArray[np.float32]], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Weights whose zeros, with which training begins, are random instead: residual blocks, biases, likelihoods."""
    rng = np.random.default_rng(seed)
    return {
        name: array if array.any() else rng.normal(0, 0.1, array.shape).astype(np.float32)
        for name, array in networks.items()
    }


def save_tiny_model(path: Path, seed: int = 0) -> Path:
    """Write it to `path`."""
    tiny_model(seed).save(path)
    return path
