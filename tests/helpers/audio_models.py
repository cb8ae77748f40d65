"""A small seeded model for sound, untrained but with codebooks of its own latents and a prior that is far from flat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from tests.helpers.sounds import voices
from vqcodec.model.model import Model
from vqcodec.prior.config import WaveNetConfig
from vqcodec.training.audio import AudioTraining
from vqcodec.training.networks.audio import Decoder, Encoder, LikelihoodHead
from vqcodec.training.prior.networks import prior_network
from vqcodec.training.prior.wavenet import WaveNetNetwork
from vqcodec.training.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.stages.codebooks import collect_latents, fit_codebooks
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.export import export_model
from vqcodec.transform.audio.config import AutoencoderConfig

RATE_POINTS = 2
SETTINGS = AudioTraining(
    autoencoder=AutoencoderConfig(
        widths=(8, 12), blocks=(1, 1), decoder_blocks=(1, 1), latent_channels=16, rate_points=RATE_POINTS
    ),
    quantizer=QuantizerConfig(planes=4, dimension=4, alphabet=16, rate_points=RATE_POINTS),
    prior=WaveNetConfig(planes=(1, 2, 1), streams=(1, 2), hidden=8, dilations=(1, 2), features=16),
    lambdas=(1.0, 10.0),
    codes=CodesStage(lambda_=0.02),
    description="a small untrained model for tests",
)


def tiny_audio_model(seed: int = 0) -> Model:
    """The model; the same for the same seed."""
    torch.manual_seed(seed)
    encoder, decoder = Encoder(SETTINGS.autoencoder), Decoder(SETTINGS.autoencoder)
    quantizer, likelihood = ProductQuantizer(SETTINGS.quantizer), LikelihoodHead(SETTINGS.autoencoder)
    batch = torch.from_numpy(voices(8, 48_000, seed))[:, None]
    latents = collect_latents(encoder, iter([batch]), 2000)
    spread = latents.std((0, 2, 3))
    fit_codebooks(quantizer, latents, torch.stack([spread, spread / 3]), SETTINGS.codes.lambda_, iterations=4)
    model = export_model(SETTINGS, encoder, decoder, likelihood, quantizer, latents)
    network = prior_network(model.config.prior, model.codebooks)
    assert isinstance(network, WaveNetNetwork)
    for project in network.project:
        torch.nn.init.normal_(project, std=0.03)
    return replace(model, prior=network.export())


def save_tiny_audio_model(path: Path, seed: int = 0) -> Path:
    """Write it to `path`."""
    tiny_audio_model(seed).save(path)
    return path
