"""The three stages of training, for the networks of any modality.

1. noise: the transform, under additive noise instead of quantization (skipped if the configuration has none);
2. codebooks: fitted to its latents;
3. codes: Algorithm 1 with a rate term on hard codes. Rare codes die out in its moving averages, so with a rate term the
   codebooks are fitted once more at the end, to the final latents.

Every stage leaves a checkpoint, and a run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vqcodec.training.engine.identity import Identity, identity_of
from vqcodec.training.engine.loop import train
from vqcodec.training.engine.run import Crops, Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.quantizer import ProductQuantizer
from vqcodec.training.stages.codebooks import collect_latents, fit_codebooks, prepare_codebooks
from vqcodec.training.stages.codes import CodesTraining
from vqcodec.training.stages.export import export_model
from vqcodec.training.stages.noise import NoiseTraining
from vqcodec.training.stages.objective import Decoder, Encoder, Goal, LikelihoodHead, Objective, StageData

if TYPE_CHECKING:
    from vqcodec.model.model import Model
    from vqcodec.training.stages.codes import CodesStage
    from vqcodec.training.stages.noise import NoiseStage
    from vqcodec.training.stages.settings import TrainingSettings

__all__ = ["Stages", "TrainingData"]

EXPORT_POSITIONS = 50_000  # latents on which the use of codes is counted, to sort them
# What the noise stage does not depend on.
LATER = ("quantizer", "prior", "codebooks", "codes", "description")


@dataclass(frozen=True)
class TrainingData:
    """The originals of a training.

    Attributes:
        crops: from the size of a crop and a device to random crops, there, of the originals to train on.
        held_out: from the size of a crop to originals `[N, C, ...]` to judge by.
        digest: of all originals.
    """

    crops: Callable[[int, torch.device], Crops]
    held_out: Callable[[int], Tensor]
    digest: str

    def of(self, stage: NoiseStage | CodesStage, device: torch.device) -> StageData:
        """The data of a stage."""
        return StageData(self.crops(stage.crop, device), self.held_out(stage.crop))


class Stages:
    """The networks of a model in training.

    Args:
        settings: of all stages.
        encoder, decoder, likelihood: of the modality, with the shapes in `settings`.
        objective: of the modality.
        data: to train on.
        run: the training.
        start: digest of the model file whose networks and widths these begin with; empty if there is none.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        encoder: Encoder,
        decoder: Decoder,
        likelihood: LikelihoodHead,
        objective: Objective,
        data: TrainingData,
        run: Run,
        start: str = "",
    ) -> None:
        self.settings, self.data, self.run, self.start = settings, data, run, start
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        # In this order, as the noise stage does not depend on the quantizer.
        self.factorized_prior = FactorizedPrior(settings.autoencoder.latent_channels, settings.autoencoder.rate_points)
        self.quantizer = ProductQuantizer(settings.quantizer)
        self.goal = Goal(objective, torch.tensor(settings.lambdas))

    def batches(self, purpose: str) -> Iterator[Tensor]:
        """Batches of the size that the first stage has, for what is done without steps."""
        stage = self.settings.noise or self.settings.codes
        return self.run.batches(self.data.crops(stage.crop, torch.device("cpu")), purpose, stage.batch)

    def train(self) -> Model:
        """All stages."""
        settings, machine = self.settings, self.run.machine
        machine.share(settings.codes.batch)  # raises what cannot be shared before the first stage is trained
        if settings.noise:
            self.noise(settings.noise)
        if not machine.from_first((self.run.folder / "codes.safetensors").exists):
            self.codebooks()  # else the stage goes on with what it had
        self.codes()
        self.run.seed_networks("export")
        latents = collect_latents(self.encoder, self.batches("export"), EXPORT_POSITIONS)
        if settings.codes.lambda_:
            some = latents[:, :, : settings.codebooks.positions]
            fit_codebooks(self.quantizer, some, None, settings.codes.lambda_, settings.codebooks.iterations)
        return export_model(settings, self.encoder, self.decoder, self.likelihood, self.quantizer, latents)

    def noise(self, stage: NoiseStage) -> None:
        """The first stage."""
        networks = (self.encoder, self.decoder, self.factorized_prior)
        data = self.data.of(stage, self.run.machine.device)
        train(NoiseTraining(*networks, self.goal, data, stage, self.run), self.run, self.identity(*LATER))

    def codebooks(self) -> None:
        """The second stage."""
        self.run.seed_networks("codebooks")
        stage, lambda_ = self.settings.codebooks, self.settings.codes.lambda_
        latents = collect_latents(self.encoder, self.batches("codebooks"), stage.positions)
        # How finely each channel is to be quantized is known from the noise stage, or from the model to start from.
        factorized_prior = self.factorized_prior if self.start or self.settings.noise else None
        prepare_codebooks(stage, self.encoder, self.decoder, factorized_prior, self.quantizer, latents, lambda_)

    def codes(self) -> None:
        """The third stage."""
        stage, ends = self.settings.codes, self.settings.stream_ends
        networks = (self.encoder, self.decoder, self.likelihood, self.quantizer)
        data = self.data.of(stage, self.run.machine.device)
        training = CodesTraining(*networks, self.goal, data, ends, stage, self.run)
        train(training, self.run, self.identity("description"))

    def identity(self, *leave_out: str) -> Identity:
        """What weights depend on, but for some settings."""
        return identity_of(self.settings, leave_out, data=self.data.digest, start=self.start)
