"""`vqcodec train image`: from a folder of pictures to a model with an order-0 prior, in the stages of `stages`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcodec.model.model import load_model
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.training.data.pictures import PictureCache, random_crops
from vqcodec.training.engine.config import load_config
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.stages.codebooks import CodebookStage
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.revival import revive
from vqcodec.training.stages.sequence import Stages
from vqcodec.training.stages.settings import TrainingSettings
from vqcodec.training.stages.start import start_from_model, start_linear_path
from vqcodec.transform.image.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.transform.image.config import AutoencoderConfig, Distortion
from vqcodec.transform.image.distortion import DISTORTIONS
from vqcodec.transform.likelihood import pixel_code_length

__all__ = ["ImageTraining", "PictureObjective", "train_image"]


@dataclass(frozen=True)
class ImageTraining(TrainingSettings):
    """All settings of a model for pictures; those of bundled models are in `vqcodec.training.recipes`.

    Attributes:
        distortion: what pictures are to be close in.
        lambdas: weight of that distortion against bits per pixel, one for each rate point.
        noise: the first stage, or None to train on codes from the start.
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
    seed: int = 0
    description: str = ""


@dataclass(frozen=True)
class PictureObjective:
    """A distortion of pictures, and the likelihood of sub-pixels."""

    name: Distortion = "squared error"

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """See `vqcodec.transform.image.distortion`."""
        return DISTORTIONS[self.name](x, location)

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a pixel, `[B]`."""
        bits = pixel_code_length((x + 0.5) * 255, (location.float() + 0.5) * 255, *parameters)
        return bits.sum(1).mean((1, 2))


def train_image(folder: Path, out: Path, config: Path | None = None, start: Path | None = None) -> None:
    """Train on the pictures of `folder` and write the model `out`; checkpoints go beside it, into `out` + ".training".

    Args:
        folder: pictures, and .npy files of uint8 `[N, H, W, 3]`.
        out: the model file.
        config: settings, as TOML; None for the defaults. Those of bundled models are in `vqcodec.training.recipes`.
        start: a model file whose networks to start from.

    Raises:
        InputError: the configuration or the pictures cannot be used.
        ModelError: the checkpoints belong to another configuration.
    """
    settings = load_config(config, ImageTraining)
    torch.manual_seed(settings.seed)
    work, shape = out.with_name(out.name + ".training"), settings.autoencoder
    rng, pictures = np.random.default_rng(settings.seed), PictureCache(folder, work / "cache").pictures

    def batches(batch: int, size: int) -> Iterator[Tensor]:
        return random_crops(pictures, batch, size, rng)

    encoder, decoder = Encoder(shape), Decoder(shape)
    objective = PictureObjective(settings.distortion)
    stages = Stages(settings, encoder, decoder, LikelihoodHead(shape), objective, work, start is not None)
    crops = batches(settings.codes.batch, settings.codes.crop)
    if start is not None:
        model = load_model(start)
        alike = model.config.distortion == settings.distortion
        noisy = settings.noise is not None  # else the networks are taken as they are
        start_from_model(model, stages.lambdas, encoder, decoder, stages.factorized_prior, crops, alike, noisy)
        if noisy and settings.distortion == "squared error":  # by which channels come back
            revive(encoder, decoder, stages.factorized_prior, stages.lambdas, crops)
    else:
        start_linear_path(encoder, decoder, shape, crops)
    stages.run(batches).save(out)
