"""The three stages of training, for the networks of any modality.

1. noise: the transform, under additive noise instead of quantization (skipped if the configuration has none);
2. codebooks: fitted to its latents;
3. codes: Algorithm 1 with a rate term on hard codes. Rare codes die out in its moving averages, so with a rate term the
   codebooks are fitted once more at the end, to the final latents.

Every stage leaves a checkpoint, and a run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.quantizer import ProductQuantizer
from vqcodec.training.stages.codebooks import collect_latents, fit_codebooks, prepare_codebooks
from vqcodec.training.stages.codes import CodesStage, train_codes
from vqcodec.training.stages.export import export_model
from vqcodec.training.stages.noise import NoiseStage, train_noise
from vqcodec.training.stages.objective import Decoder, Encoder, LikelihoodHead, Objective

if TYPE_CHECKING:
    from vqcodec.model.model import Model
    from vqcodec.training.stages.settings import TrainingSettings

__all__ = ["Stages"]

Batches = Iterator[Tensor]

EXPORT_POSITIONS = 50_000  # latents on which the use of codes is counted, to sort them


class Stages:
    """The networks of a model in training.

    Args:
        settings: of all stages.
        encoder, decoder, likelihood: of the modality, with the shapes in `settings`.
        objective: of the modality.
        folder: for checkpoints and log.
        started: whether the networks and the factorized prior begin as those of a model.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        encoder: Encoder,
        decoder: Decoder,
        likelihood: LikelihoodHead,
        objective: Objective,
        folder: Path,
        started: bool = False,
    ) -> None:
        self.settings, self.objective, self.folder = settings, objective, folder
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.quantizer = ProductQuantizer(settings.quantizer)
        self.factorized_prior = FactorizedPrior(settings.autoencoder.latent_channels, settings.autoencoder.rate_points)
        self.lambdas = torch.tensor(settings.lambdas)
        # How finely each channel is to be quantized is known from the noise stage, or from the model to start from.
        self.knows_widths = started or settings.noise is not None

    def run(self, batches: Callable[[int, int], Batches]) -> Model:
        """All stages; `batches(batch, crop)` gives the training data in batches of crops."""
        settings = self.settings
        if settings.noise:
            self.noise(batches(settings.noise.batch, settings.noise.crop), settings.noise)
        crops = batches(settings.codes.batch, settings.codes.crop)
        if not (self.folder / "codes.safetensors").exists():  # else the stage goes on with what it had
            self.codebooks(crops)
        self.codes(crops, settings.codes)
        latents = collect_latents(self.encoder, crops, EXPORT_POSITIONS)
        if settings.codes.lambda_:
            some = latents[:, :, : settings.codebooks.positions]
            fit_codebooks(self.quantizer, some, None, settings.codes.lambda_, settings.codebooks.iterations)
        return export_model(settings, self.encoder, self.decoder, self.likelihood, self.quantizer, latents)

    def noise(self, batches: Batches, stage: NoiseStage) -> None:
        """The first stage."""
        networks = (self.encoder, self.decoder, self.factorized_prior)
        train_noise(*networks, self.lambdas, batches, self.objective, stage, self.folder)

    def codebooks(self, batches: Batches) -> None:
        """The second stage."""
        latents = collect_latents(self.encoder, batches, self.settings.codebooks.positions)
        factorized_prior = self.factorized_prior if self.knows_widths else None
        stage, lambda_ = self.settings.codebooks, self.settings.codes.lambda_
        prepare_codebooks(stage, self.encoder, self.decoder, factorized_prior, self.quantizer, latents, lambda_)

    def codes(self, batches: Batches, stage: CodesStage) -> None:
        """The third stage."""
        networks = (self.encoder, self.decoder, self.likelihood, self.quantizer)
        ends = self.settings.stream_ends
        train_codes(*networks, self.lambdas, ends, batches, self.objective, stage, self.folder)
