"""`vqcodec train audio`: from a folder of sounds to a model with an order-0 prior, in the stages of `stages`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from vqcodec.model.model import load_model
from vqcodec.prior.config import WaveNetConfig
from vqcodec.training.data.originals import split
from vqcodec.training.data.sound_cuts import SoundCuts, central_cuts
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.folder import work_folder
from vqcodec.training.engine.hardware import ANY, Hardware
from vqcodec.training.engine.identity import model_digest
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.likelihood import sample_code_length
from vqcodec.training.networks.audio import Decoder, Encoder, LikelihoodHead
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.spectral_distance import loudness_distance
from vqcodec.training.stages.codebooks import CodebookStage
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.sequence import Stages, TrainingData
from vqcodec.training.stages.settings import TrainingSettings
from vqcodec.training.stages.start import spread_latents, start_from_model
from vqcodec.transform.audio.config import AutoencoderConfig

__all__ = ["AudioTraining", "SoundObjective", "train_audio"]

MOST_HELD_OUT = 64  # sounds to judge by, at most, as they are decoded at all rate points


@dataclass(frozen=True)
class AudioTraining(TrainingSettings):
    """All settings of a model for sound; the defaults are the bundled model's.

    Attributes:
        lambdas: weight of the distance against bits a sample, one for each rate point.
        noise: the first stage, or None to train on codes from the start. `crop` is in latent frames here.
        held_out: one recording in so many is held out, to judge by.
    """

    autoencoder: AutoencoderConfig = field(default_factory=lambda: AutoencoderConfig(rate_points=10))
    quantizer: QuantizerConfig = field(default_factory=lambda: QuantizerConfig(planes=24, rate_points=10))
    prior: WaveNetConfig = field(default_factory=lambda: WaveNetConfig((2,) * 12, (4, 4, 4)))
    lambdas: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0, 384.0, 768.0)
    noise: NoiseStage | None = field(default_factory=lambda: NoiseStage(steps=8_000, batch=16, crop=64))
    codebooks: CodebookStage = field(default_factory=CodebookStage)
    codes: CodesStage = field(default_factory=lambda: CodesStage(steps=2_000, batch=16, crop=64))
    held_out: int = 50
    seed: int = 0
    description: str = ""


@dataclass(frozen=True)
class SoundObjective:
    """The distance for an ear, and the likelihood of 16-bit samples."""

    sample_rate: int

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """See `loudness_distance`: `[B]`."""
        return loudness_distance(x[:, 0], location[:, 0], self.sample_rate)

    def fidelity(self, distortion: float) -> float:
        """In dB, up to a constant."""
        return -20 * math.log10(max(distortion, 1e-6))

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a sample, `[B]`."""
        values = torch.round(x * 2**15).clamp(-(2**15), 2**15 - 1)
        return sample_code_length(values, location * 2**15, *parameters).mean((1, 2))


def train_audio(
    folder: Path, out: Path, config: Path | None = None, start: Path | None = None, hardware: Hardware = ANY
) -> None:
    """Train on the sounds of `folder` and write the model `out`; checkpoints go beside it, into `out` + ".training".

    Args:
        folder: sounds, of any sample rate.
        out: the model file.
        config: settings, as TOML; None for the defaults. Those of bundled models are in `vqcodec.training.recipes`.
        start: a model file whose networks to start from.
        hardware: what to train on.

    Raises:
        InputError: the configuration or the sounds cannot be used.
        ModelError: the checkpoints are of other settings or data.
    """
    settings = load_config(config, AudioTraining)
    launch(partial(_train, settings, folder, out, start), hardware)


def _train(settings: AudioTraining, folder: Path, out: Path, start: Path | None, machine: Machine) -> None:
    run = Run(machine, work_folder(out), settings.seed)
    run.seed_networks("networks")
    shape = settings.autoencoder
    encoder, decoder, objective = Encoder(shape), Decoder(shape), SoundObjective(shape.sample_rate)
    data, model = _data(settings, folder, run), load_model(start) if start else None
    digest = model_digest(model) if model else ""
    stages = Stages(settings, encoder, decoder, LikelihoodHead(shape), objective, data, run, digest)
    cuts = stages.batches("start")
    if model is not None:
        networks = encoder, decoder, stages.factorized_prior
        start_from_model(model, stages.goal.lambdas, *networks, cuts, hear=settings.noise is not None)
    else:
        spread_latents(encoder, cuts)
    made = stages.train()
    if machine.is_first:
        made.save(out)


def _data(settings: AudioTraining, folder: Path, run: Run) -> TrainingData:
    """The sounds of a folder, some of them held out."""
    stride = settings.autoencoder.stride
    with run.machine.first_on_each_host():
        cache = SoundCache(folder, run.folder / "cache", settings.autoencoder.sample_rate)
    held_out, others = split(len(cache.sounds), settings.held_out, settings.seed)
    training = [cache.sounds[number] for number in others or held_out]
    judged = [cache.sounds[number] for number in held_out[:MOST_HELD_OUT]]
    return TrainingData(
        crops=lambda frames, device: SoundCuts(training, frames * stride, device),
        held_out=lambda frames: central_cuts(judged, frames * stride),
        digest=cache.digest,
    )
