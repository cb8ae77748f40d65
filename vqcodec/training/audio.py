"""`vqcodec train audio`: from a folder of sounds to a model with an order-0 prior, in the stages of `stages`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcodec.model.model import load_model
from vqcodec.prior.config import WaveNetConfig
from vqcodec.training.data.sounds import SoundCache, random_cuts
from vqcodec.training.engine.config import load_config
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.spectral_distance import loudness_distance
from vqcodec.training.stages.codebooks import CodebookStage
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.sequence import Stages
from vqcodec.training.stages.settings import TrainingSettings
from vqcodec.training.stages.start import spread_latents, start_from_model
from vqcodec.transform.audio.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.likelihood import sample_code_length

__all__ = ["AudioTraining", "SoundObjective", "train_audio"]


@dataclass(frozen=True)
class AudioTraining(TrainingSettings):
    """All settings of a model for sound; the defaults are the bundled model's.

    Attributes:
        lambdas: weight of the distance against bits a sample, one for each rate point.
        noise: the first stage, or None to train on codes from the start. `crop` is in latent frames here.
    """

    autoencoder: AutoencoderConfig = field(default_factory=lambda: AutoencoderConfig(rate_points=10))
    quantizer: QuantizerConfig = field(default_factory=lambda: QuantizerConfig(planes=24, rate_points=10))
    prior: WaveNetConfig = field(default_factory=lambda: WaveNetConfig((2,) * 12, (4, 4, 4)))
    lambdas: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0, 384.0, 768.0)
    noise: NoiseStage | None = field(default_factory=lambda: NoiseStage(steps=8_000, batch=16, crop=64))
    codebooks: CodebookStage = field(default_factory=CodebookStage)
    codes: CodesStage = field(default_factory=lambda: CodesStage(steps=2_000, batch=16, crop=64))
    seed: int = 0
    description: str = ""


@dataclass(frozen=True)
class SoundObjective:
    """The distance for an ear, and the likelihood of 16-bit samples."""

    sample_rate: int

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """See `loudness_distance`: `[B]`."""
        return loudness_distance(x[:, 0], location[:, 0], self.sample_rate)

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a sample, `[B]`."""
        values = torch.round(x * 2**15).clamp(-(2**15), 2**15 - 1)
        return sample_code_length(values, location * 2**15, *parameters).mean((1, 2))


def train_audio(folder: Path, out: Path, config: Path | None = None, start: Path | None = None) -> None:
    """Train on the sounds of `folder` and write the model `out`; checkpoints go beside it, into `out` + ".training".

    Args:
        folder: sounds, of any sample rate.
        out: the model file.
        config: settings, as TOML; None for the defaults. Those of bundled models are in `vqcodec.training.recipes`.
        start: a model file whose networks to start from.

    Raises:
        InputError: the configuration or the sounds cannot be used.
        ModelError: the checkpoints belong to another configuration.
    """
    settings = load_config(config, AudioTraining)
    torch.manual_seed(settings.seed)
    work, shape = out.with_name(out.name + ".training"), settings.autoencoder
    rng, sounds = np.random.default_rng(settings.seed), SoundCache(folder, work / "cache", shape.sample_rate).sounds

    def batches(batch: int, frames: int) -> Iterator[Tensor]:
        return random_cuts(sounds, batch, frames * shape.stride, rng)

    objective = SoundObjective(shape.sample_rate)
    stages = Stages(settings, Encoder(shape), Decoder(shape), LikelihoodHead(shape), objective, work, start is not None)
    cuts = batches(settings.codes.batch, settings.codes.crop)
    if start is not None:
        networks = stages.encoder, stages.decoder, stages.factorized_prior
        start_from_model(load_model(start), stages.lambdas, *networks, cuts, hear=settings.noise is not None)
    else:
        spread_latents(stages.encoder, cuts)
    stages.run(batches).save(out)
