"""`vqcodec train image`: from a folder of pictures to a model with an order-0 prior, in the stages of `stages`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from torch import Tensor

from vqcodec.model.model import load_model
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.training.data.originals import split
from vqcodec.training.data.picture_crops import PictureCrops, central_crops
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.distortion import DISTORTIONS
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.folder import work_folder
from vqcodec.training.engine.hardware import ANY, Hardware
from vqcodec.training.engine.identity import model_digest
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.likelihood import pixel_code_length
from vqcodec.training.networks.image import Decoder, Encoder, LikelihoodHead
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.stages.codebooks import CodebookStage
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.revival import revive
from vqcodec.training.stages.sequence import Stages, TrainingData
from vqcodec.training.stages.settings import TrainingSettings
from vqcodec.training.stages.start import start_from_model, start_linear_path
from vqcodec.transform.image.config import AutoencoderConfig, Distortion

__all__ = ["ImageTraining", "PictureObjective", "train_image"]

MOST_HELD_OUT = 32  # pictures to judge by, at most, as they are decoded at all rate points


@dataclass(frozen=True)
class ImageTraining(TrainingSettings):
    """All settings of a model for pictures; those of bundled models are in `vqcodec.training.recipes`.

    Attributes:
        distortion: what pictures are to be close in.
        lambdas: weight of that distortion against bits per pixel, one for each rate point.
        noise: the first stage, or None to train on codes from the start.
        held_out: one picture in so many is held out, to judge by.
    """

    autoencoder: AutoencoderConfig = field(
        default_factory=lambda: AutoencoderConfig(latent_channels=192, rate_points=9, linear_path=True)
    )
    quantizer: QuantizerConfig = field(default_factory=lambda: QuantizerConfig(rate_points=9))
    prior: PixelCNNConfig = field(
        default_factory=lambda: PixelCNNConfig((2, 2, 4, 8, 8, 12, 12), (3, 2, 2), context=96, hidden=96)
    )
    distortion: Distortion = "squared error"
    lambdas: tuple[float, ...] = (0.0005, 0.00085, 0.00145, 0.0025, 0.0042, 0.0071, 0.0121, 0.0205, 0.0349)
    noise: NoiseStage | None = field(default_factory=NoiseStage)
    codebooks: CodebookStage = field(default_factory=CodebookStage)
    codes: CodesStage = field(default_factory=CodesStage)
    held_out: int = 50
    seed: int = 0
    description: str = ""


@dataclass(frozen=True)
class PictureObjective:
    """A distortion of pictures, and the likelihood of sub-pixels."""

    name: Distortion = "squared error"

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """See `vqcodec.transform.image.distortion`."""
        return DISTORTIONS[self.name](x, location)

    def fidelity(self, distortion: float) -> float:
        """PSNR, or MS-SSIM in dB."""
        most = 255**2 if self.name == "squared error" else 1
        return 10 * math.log10(most / max(distortion, 1e-9))

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a pixel, `[B]`."""
        bits = pixel_code_length((x + 0.5) * 255, (location.float() + 0.5) * 255, *parameters)
        return bits.sum(1).mean((1, 2))


def train_image(
    folder: Path, out: Path, config: Path | None = None, start: Path | None = None, hardware: Hardware = ANY
) -> None:
    """Train on the pictures of `folder` and write the model `out`; checkpoints go beside it, into `out` + ".training".

    Args:
        folder: pictures, and .npy files of uint8 `[N, H, W, 3]`.
        out: the model file.
        config: settings, as TOML; None for the defaults. Those of bundled models are in `vqcodec.training.recipes`.
        start: a model file whose networks to start from.
        hardware: what to train on.

    Raises:
        InputError: the configuration or the pictures cannot be used.
        ModelError: the checkpoints are of other settings or data.
    """
    settings = load_config(config, ImageTraining)
    launch(partial(_train, settings, folder, out, start), hardware)


def _train(settings: ImageTraining, folder: Path, out: Path, start: Path | None, machine: Machine) -> None:
    run = Run(machine, work_folder(out), settings.seed)
    run.seed_networks("networks")
    shape = settings.autoencoder
    encoder, decoder, objective = Encoder(shape), Decoder(shape), PictureObjective(settings.distortion)
    data, model = _data(settings, folder, run), load_model(start) if start else None
    digest = model_digest(model) if model else ""
    stages = Stages(settings, encoder, decoder, LikelihoodHead(shape), objective, data, run, digest)
    crops, lambdas = stages.batches("start"), stages.goal.lambdas
    if model is not None:
        alike = model.config.distortion == settings.distortion
        noisy = settings.noise is not None  # else the networks are taken as they are
        start_from_model(model, lambdas, encoder, decoder, stages.factorized_prior, crops, alike, noisy)
        if noisy and settings.distortion == "squared error":  # by which channels come back
            revive(encoder, decoder, stages.factorized_prior, lambdas, crops)
    else:
        start_linear_path(encoder, decoder, shape, crops)
    made = stages.train()
    if machine.is_first:
        made.save(out)


def _data(settings: ImageTraining, folder: Path, run: Run) -> TrainingData:
    """The pictures of a folder, some of them held out."""
    with run.machine.first_on_each_host():
        cache = PictureCache(folder, run.folder / "cache")
    held_out, others = split(len(cache), settings.held_out, settings.seed)
    training = [cache.pictures[number] for number in others or held_out]
    judged = [cache.pictures[number] for number in held_out[:MOST_HELD_OUT]]
    return TrainingData(
        crops=partial(PictureCrops, training),
        held_out=partial(central_crops, judged, settings.autoencoder.stride),
        digest=cache.digest,
    )
