"""Steps on a device that is not there: every tensor must be on it.

Tensors that have a shape and a device, and no contents, stand for those of a GPU ("meta", under `FakeTensorMode`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch._subclasses.fake_tensor import FakeTensorMode

from tests.helpers import audio_models, image_models
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec.training.audio import SoundObjective
from vqcodec.training.data.picture_crops import PictureCrops
from vqcodec.training.data.sound_cuts import SoundCuts
from vqcodec.training.decoder.stage import CodedPiece, DecoderFitting, DecoderTraining
from vqcodec.training.engine.loop import Training
from vqcodec.training.engine.machine import this_process
from vqcodec.training.engine.run import Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.image import PictureObjective
from vqcodec.training.networks import audio, image
from vqcodec.training.prior.networks import prior_network
from vqcodec.training.prior.stage import PriorFitting, PriorStage
from vqcodec.training.prior.volumes import IndexVolumes
from vqcodec.training.quantizer import ProductQuantizer
from vqcodec.training.spectral_distance import loudness_distance
from vqcodec.training.stages.codes import CodesStage, CodesTraining
from vqcodec.training.stages.noise import NoiseStage, NoiseTraining
from vqcodec.training.stages.objective import Goal, StageData

BATCH = 2


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run on a device without contents."""
    machine = this_process("32")
    machine.device = torch.device("meta")
    return Run(machine, tmp_path, seed=0)


def take_steps(training: Training, *numbers: int) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True):
        for number in numbers:
            figures = training.step(number)
    assert "gradient_norm" in figures
    assert {value.device.type for value in figures.values()} == {"meta"}
    for module in training.modules.values():
        assert {value.device.type for value in module.state_dict().values()} == {"meta"}


def picture_data(run: Run, size: int = 32) -> StageData:
    return StageData(PictureCrops(list(pictures(3, 48, seed=1)), size, run.machine.device), torch.zeros(0))


def sound_data(run: Run) -> StageData:
    sounds: list[NDArray[np.int16]] = [(2**14 * voices(1, 9_000, seed=1)[0]).astype(np.int16)]
    loudness_distance(torch.zeros(1, 8_000), torch.zeros(1, 8_000), 16_000)  # its bands are made once, on the CPU
    return StageData(SoundCuts(sounds, 8_000, run.machine.device), torch.zeros(0))


@pytest.mark.parametrize("distortion", ["squared error", "ms-ssim"])
def test_noise(run: Run, distortion: str) -> None:
    shape = image_models.SETTINGS.autoencoder
    networks = image.Encoder(shape), image.Decoder(shape), FactorizedPrior(shape.latent_channels, shape.rate_points)
    goal = Goal(PictureObjective(distortion), torch.tensor(image_models.SETTINGS.lambdas))  # type: ignore[arg-type]
    take_steps(NoiseTraining(*networks, goal, picture_data(run), NoiseStage(batch=BATCH), run), 0)


def test_noise_on_sound(run: Run) -> None:
    shape = audio_models.SETTINGS.autoencoder
    networks = audio.Encoder(shape), audio.Decoder(shape), FactorizedPrior(shape.latent_channels, shape.rate_points)
    goal = Goal(SoundObjective(shape.sample_rate), torch.tensor(audio_models.SETTINGS.lambdas))
    take_steps(NoiseTraining(*networks, goal, sound_data(run), NoiseStage(batch=BATCH), run), 0)


@pytest.mark.parametrize("stage", [CodesStage(batch=BATCH), CodesStage(batch=BATCH, distortion="code length")])
def test_codes(run: Run, stage: CodesStage) -> None:
    settings = image_models.SETTINGS
    networks = image.Encoder(settings.autoencoder), image.Decoder(settings.autoencoder)
    rest = image.LikelihoodHead(settings.autoencoder), ProductQuantizer(settings.quantizer)
    goal = Goal(PictureObjective(), torch.tensor(settings.lambdas))
    training = CodesTraining(*networks, *rest, goal, picture_data(run), settings.stream_ends, stage, run)
    take_steps(training, 0, 19)  # at the last one, code lengths follow the counts


def test_codes_of_sound(run: Run) -> None:
    settings = audio_models.SETTINGS
    networks = audio.Encoder(settings.autoencoder), audio.Decoder(settings.autoencoder)
    rest = audio.LikelihoodHead(settings.autoencoder), ProductQuantizer(settings.quantizer)
    goal, stage = Goal(SoundObjective(16_000), torch.tensor(settings.lambdas)), CodesStage(batch=BATCH)
    take_steps(CodesTraining(*networks, *rest, goal, sound_data(run), settings.stream_ends, stage, run), 0)


@pytest.mark.parametrize("quantized", [False, True])
@pytest.mark.parametrize("kind", ["image", "audio"])
def test_prior(run: Run, kind: str, quantized: bool) -> None:
    model = image_models.tiny_model() if kind == "image" else audio_models.tiny_audio_model()
    network = prior_network(model.config.prior, model.codebooks)
    rows = 6 if kind == "image" else 1
    volume = np.zeros((len(model.codebooks.sizes[0]), rows, 9), np.uint16)
    volumes = IndexVolumes([[volume]] * len(model.codebooks.sizes))
    take_steps(PriorFitting(network, volumes, volumes, PriorStage(quantized, 10, BATCH, 5, 0.01, 0.01), run), 0)


def test_decoder(run: Run) -> None:
    model = image_models.tiny_model()
    shape = image_models.SETTINGS.autoencoder
    piece = CodedPiece(pictures(1, 64, seed=2)[0], np.zeros((6, 4, 4), np.int16), 1)
    settings = DecoderTraining(batch=BATCH, crop=32)
    take_steps(DecoderFitting(image.Decoder(shape), image.LikelihoodHead(shape), model, [piece], [], settings, run), 0)
