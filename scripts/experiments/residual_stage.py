"""Training on residual codes, in one process: what `vqcodec.training.stages.codes` is for the product quantizer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from scripts.experiments.residual import Residual, ResidualQuantizer
from vqcodec.training.engine.loop import Figures, Training, train
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.run import Run
from vqcodec.training.stages.codebooks import collect_latents
from vqcodec.training.stages.objective import Decoder, Encoder, Objective, StageData

__all__ = ["ResidualStage", "ResidualTraining", "train_residual"]

POSITIONS = 16_000  # latents that k-means is of
COUNTED = 30_000  # latents by whose use the code lengths are set
RESTART_EVERY = 20


@dataclass(frozen=True)
class ResidualStage:
    """Settings of the stage; the defaults are for networks that have not learned anything.

    Attributes:
        crop: in latent frames.
        encoder_learning_rate, decoder_learning_rate: Muon's; those of AdamW are a fifth of them.
        beta: weight of the commitment loss against the distance. With 0.02 the latents lost most of their dimensions.
    """

    steps: int = 700
    batch: int = 16
    crop: int = 64
    encoder_learning_rate: float = 1e-2
    decoder_learning_rate: float = 1e-2
    beta: float = 0.005


class ResidualTraining(Training):
    """The stage.

    Args:
        encoder, decoder, quantizer: trained in place.
        counts: `[R]`, how many stages of the quantizer each rate point of the decoder has.
        objective: what the distance is.
        data: to train on.
        stage: settings.
        run: of which it is a stage.
    """

    name = "residual"
    version = 1

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        quantizer: ResidualQuantizer,
        counts: Tensor,
        objective: Objective,
        data: StageData,
        stage: ResidualStage,
        run: Run,
    ) -> None:
        self.encoder, self.decoder, self.quantizer = encoder, decoder, quantizer
        self.modules = {"encoder": encoder, "decoder": decoder, "quantizer": quantizer}
        run.machine.place(self.modules.values())
        self.counts, self.objective, self.data = counts.to(run.machine.device), objective, data
        self.stage, self.steps, self.run = stage, stage.steps, run
        rates = [(encoder, stage.encoder_learning_rate), (decoder, stage.decoder_learning_rate)]
        self.optimizer = NetworkOptimizer(
            kernels=[(kernels_of(network), rate) for network, rate in rates],
            others=[(others_of(network), rate / 5) for network, rate in rates],
            schedule=Schedule(stage.steps),
        )

    def step(self, number: int) -> Figures:
        """Take a step."""
        draws = self.run.draws("residual", number, self.stage.batch)
        x = self.data.crops(draws)
        z, coded, distance = self._distance(x, draws.rate_points(len(self.counts), x))
        commitment = coded.commitment_loss.mean()
        loss = distance + self.stage.beta * commitment
        norm = self.optimizer.step(loss, number)
        if number % RESTART_EVERY == RESTART_EVERY - 1:
            self.quantizer.restart_dead_codes(vectors_of(z.detach()), draws.shared)
        figures = {"loss": loss, "distance": distance, "commitment": commitment}
        return figures | {"spread": z.std(), "gradient_norm": norm}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The distance on what is held out, the mean of all rate points."""
        self.quantizer.eval()
        batches = torch.split(self.data.held_out.to(self.run.machine.device), self.stage.batch)
        points = [torch.full((len(x),), point, device=x.device) for point in range(len(self.counts)) for x in batches]
        pairs = zip(list(batches) * len(self.counts), points, strict=True)
        distances = [self._distance(x, point)[2].item() for x, point in pairs]
        self.quantizer.train()
        return {"loss": sum(distances) / len(distances)}

    def report(self) -> dict[str, object]:
        """The use of codes."""
        return {"perplexity": self.quantizer.perplexity()}

    def _distance(self, x: Tensor, rate_point: Tensor) -> tuple[Tensor, Residual, Tensor]:
        """Latents and codes of originals, and the mean distance of what is decoded."""
        with self.run.machine.autocast():
            z = self.encoder(x).float()
        coded = self.quantizer(z, self.counts[rate_point])
        with self.run.machine.autocast():
            location, _ = self.decoder(coded.z_q, rate_point)
        return z, coded, self.objective.distortion(x, location).mean()


def train_residual(training: ResidualTraining) -> None:
    """Fit the codebooks, train all, then set the code lengths."""
    run, data, batch = training.run, training.data, training.stage.batch
    run.seed_networks("residual codebooks")
    latents = collect_latents(training.encoder, run.batches(data.crops, "residual codebooks", batch), POSITIONS)
    training.quantizer.fit(vectors_of(latents))
    train(training, run, {})
    training.quantizer.eval()
    latents = collect_latents(training.encoder, run.batches(data.crops, "residual counts", batch), COUNTED)
    training.quantizer.count(latents.transpose(2, 3))


def vectors_of(z: Tensor) -> Tensor:
    """`[B, C, h, w]` to `[B h w, C]`."""
    return z.permute(0, 2, 3, 1).flatten(0, 2)
