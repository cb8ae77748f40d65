"""`vqcodec train image`: from a folder of pictures to a model with an order-0 prior, in three stages.

1. noise: the transform, under additive noise instead of quantization (skipped if the configuration has none);
2. codebooks: fitted to its latents;
3. codes: Algorithm 1 with a rate term on hard codes.

Every stage leaves a checkpoint beside the model and a run goes on where it stopped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from cattrs import Converter
from cattrs.errors import AttributeValidationNote, BaseValidationError
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.image.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.image.config import AutoencoderConfig, PriorConfig
from vqcodec.model import load_model
from vqcodec.nn.density import NoiseDensity
from vqcodec.nn.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.codebooks import collect_latents, deal_channels, fit_codebooks, reorder_channels
from vqcodec.training.codes import CodesStage, train_codes
from vqcodec.training.data import PictureCache, random_crops
from vqcodec.training.export import export_model
from vqcodec.training.noise import NoiseStage, train_noise
from vqcodec.training.start import start_from_model, start_linear_path

__all__ = ["ImageTraining", "load_config", "train_image"]

Config = TypeVar("Config")


@dataclass(frozen=True)
class CodebookStage:
    """Settings of the fit: latent positions, and iterations of Lloyd's algorithm."""

    positions: int = 30_000
    iterations: int = 12


@dataclass(frozen=True)
class ImageTraining:
    """All settings of a model for pictures; the defaults are the bundled model's.

    Attributes:
        lambdas: weight of the squared error (of 8-bit values) against bits per pixel, one for each rate point.
        noise: the first stage, or None to train on codes from the start.
    """

    autoencoder: AutoencoderConfig = field(default_factory=lambda: AutoencoderConfig(latent_channels=192, rates=6))
    quantizer: QuantizerConfig = field(default_factory=lambda: QuantizerConfig(rates=6))
    prior: PriorConfig = field(default_factory=lambda: PriorConfig((4, 4, 8, 8, 12, 12), (2, 2, 2)))
    lambdas: tuple[float, ...] = (0.0004, 0.00128, 0.0041, 0.0131, 0.0419, 0.1342)
    noise: NoiseStage | None = field(default_factory=NoiseStage)
    codebooks: CodebookStage = field(default_factory=CodebookStage)
    codes: CodesStage = field(default_factory=CodesStage)
    seed: int = 0
    description: str = ""

    def __post_init__(self) -> None:
        rates = {self.autoencoder.rates, self.quantizer.rates, len(self.lambdas)}
        channels = self.quantizer.planes * self.quantizer.dimension
        if len(rates) != 1 or channels != self.autoencoder.latent_channels:
            raise ValueError("autoencoder, quantizer and lambdas disagree on rate points or latent channels")
        if sum(self.prior.planes) != self.quantizer.planes or sum(self.prior.layers) != len(self.prior.planes):
            raise ValueError("the prior's slices do not make up the quantizer's planes, or its layers not its slices")

    @property
    def layer_ends(self) -> list[int]:
        """Number of planes up to and with each layer of a file."""
        plane_ends = [0, *accumulate(self.prior.planes)]
        return [plane_ends[end] for end in accumulate(self.prior.layers)]


def load_config(path: Path | None, kind: type[Config]) -> Config:
    """Read a TOML file into a configuration; None gives the defaults.

    Raises:
        InputError: the file cannot be read, or has a setting that does not exist or fit.
    """
    if path is None:
        return kind()
    converter = Converter(forbid_extra_keys=True)
    # TOML has no null: `noise = false` leaves the stage out.
    converter.register_structure_hook(
        NoiseStage | None, lambda value, _: None if value is False else converter.structure(value, NoiseStage)
    )
    try:
        return converter.structure(tomllib.loads(path.read_text("utf-8")), kind)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, BaseValidationError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {_cause(error)}".splitlines()[0]) from None


def _cause(error: Exception) -> str:
    """What is wrong, and with which setting, of the nested errors of cattrs."""
    where: list[str] = []
    while isinstance(error, BaseValidationError):
        error = error.exceptions[0]
        where += [note.name for note in getattr(error, "__notes__", ()) if isinstance(note, AttributeValidationNote)]
    return ": ".join([".".join(where), str(error)] if where else [str(error)])


def train_image(folder: Path, out: Path, config: Path | None = None, start: Path | None = None) -> None:
    """Train on the pictures of `folder` and write the model `out`; checkpoints go beside it, into `out` + ".training".

    Args:
        folder: pictures, and .npy files of uint8 `[N, H, W, 3]`.
        out: the model file.
        config: settings, as TOML; None for the bundled model's.
        start: a model file whose networks to start from.

    Raises:
        InputError: the configuration or the pictures cannot be used.
        ModelError: the checkpoints belong to another configuration.
    """
    settings = load_config(config, ImageTraining)
    torch.manual_seed(settings.seed)
    work = out.with_name(out.name + ".training")
    pictures = PictureCache(folder, work / "cache").pictures
    rng = np.random.default_rng(settings.seed)
    encoder, decoder = Encoder(settings.autoencoder), Decoder(settings.autoencoder)
    likelihood, quantizer = LikelihoodHead(settings.autoencoder), ProductQuantizer(settings.quantizer)
    density = NoiseDensity(settings.autoencoder.latent_channels, settings.autoencoder.rates)
    lambdas = torch.tensor(settings.lambdas)

    crops = random_crops(pictures, settings.codes.batch, settings.codes.crop, rng)
    if start:
        start_from_model(load_model(start), encoder, decoder, density, crops)
    else:
        start_linear_path(encoder, decoder, settings.autoencoder, crops)
    if settings.noise:
        noise_crops = random_crops(pictures, settings.noise.batch, settings.noise.crop, rng)
        train_noise(encoder, decoder, density, lambdas, noise_crops, settings.noise, work)
    if not (work / "codes.safetensors").exists():  # else the stage goes on with what it had
        prepare_codebooks(settings, encoder, decoder, density, quantizer, crops)
    train_codes(encoder, decoder, likelihood, quantizer, lambdas, settings.layer_ends, crops, settings.codes, work)
    export_model(settings, encoder, decoder, likelihood, quantizer, collect_latents(encoder, crops, 50_000)).save(out)


@torch.no_grad()
def prepare_codebooks(
    settings: ImageTraining,
    encoder: Encoder,
    decoder: Decoder,
    density: NoiseDensity,
    quantizer: ProductQuantizer,
    crops: Iterator[NDArray[np.uint8]],
) -> None:
    """Deal the channels into groups of equal rate, if the first stage has told the rates; fit the codebooks."""
    latents = collect_latents(encoder, crops, settings.codebooks.positions)
    if settings.noise:
        rates = range(len(settings.lambdas))
        bits = torch.stack([density(latents, torch.tensor([rate]))[1].mean((0, 2, 3)) for rate in rates])
        order = deal_channels(bits.mean(0), settings.quantizer.dimension)
        reorder_channels(encoder, decoder, density, order)
        latents = latents[:, order]
    widths = density.widths() if settings.noise else None
    fit_codebooks(quantizer, latents, widths, settings.codes.lambda_, settings.codebooks.iterations)
