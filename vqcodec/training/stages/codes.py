"""Third stage: everything on hard codes. Algorithm 1 of van den Oord et al. (2017) with a rate term.

    loss = distortion  +  bits per pixel (or sample)  +  codebook loss  +  beta commitment loss

The distortion is lambda_r times that of the modality (of pictures 255^2 |x - x^|^2, p(x|z_q) with a fixed variance) or
-log2 p(x|z_q) itself. The decoder learns from the first term; the encoder from it, straight through, from the soft bits
of its codes and from the commitment; the codebooks from their own loss or as moving averages. With lambda_ = 0 the bits
are the constant N log2 K of a uniform prior, and this is the paper's algorithm. Unless the distortion is the code
length, the other parameters of p(x|z_q) are fitted along the way on detached features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vqcodec.training.engine.loop import Figures, Training
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.randomness import Draws
from vqcodec.training.engine.run import Run
from vqcodec.training.quantizer import ProductQuantizer, Quantized
from vqcodec.training.stages.objective import Decoder, Encoder, Goal, LikelihoodHead, StageData

__all__ = ["CodesStage", "CodesTraining", "drop_streams"]

# Of the mathematics of the stage: raised when they change, so that no run goes on with others.
VERSION = 1

# Some crops are decoded from their first streams only, at a low weight, so that a file cut short still gives a picture.
DROP_CHANCE = 0.1
DROP_WEIGHT = 0.2
# The code lengths follow the counts at this interval, and codes without use are restarted (under a uniform prior).
REFRESH_EVERY = 20
RESTART_EVERY = 200


@dataclass(frozen=True)
class CodesStage:
    """Settings of the stage.

    Attributes:
        lambda_: squared quantization widths that a bit is worth when codes are chosen; 0 is nearest neighbour.
        spread: codes are chosen with lambda_ 2**u, u uniform in -spread..spread, so that one codebook serves a range.
        encoder_learning_rate: Muon's learning rate for the encoder; low, as its gradient passes straight through.
        decoder_learning_rate: Muon's learning rate for the decoder.
        beta: weight of the commitment loss.
        distortion: what the decoder is trained for.
    """

    steps: int = 4_000
    batch: int = 8
    crop: int = 160
    lambda_: float = 0.13
    spread: float = 0.7
    encoder_learning_rate: float = 3e-4
    decoder_learning_rate: float = 2e-3
    beta: float = 0.25
    distortion: Literal["distance", "code length"] = "distance"


@dataclass(frozen=True)
class Losses:
    """Of each item of a batch, `[B]`.

    Attributes:
        total: distortion, rate and vector losses.
        bpp: bits a pixel or sample.
        distance: the distortion of the modality.
        code_length: -log2 p(x|z_q) a pixel or sample.
    """

    total: Tensor
    bpp: Tensor
    distance: Tensor
    code_length: Tensor


def drop_streams(
    quantizer: ProductQuantizer, z_q: Tensor, rate_point: Tensor, ends: Sequence[int], draws: Draws
) -> tuple[Tensor, Tensor]:
    """Replace the last streams of some items by their most frequent codes; z_q and a weight for each item.

    Args:
        quantizer: whose codebooks these are.
        z_q: `[B, C, h, w]`.
        rate_point: `[B]`.
        ends: number of planes up to the end of each stream.
        draws: of the step.
    """
    weight = torch.ones(len(z_q), device=z_q.device)
    if len(ends) < 2:
        return z_q, weight
    z_q = z_q.clone()
    for item, generator in enumerate(draws.items):
        if generator.random() < DROP_CHANCE:
            kept = ends[int(generator.integers(len(ends) - 1))]
            usual = quantizer.code_bits[rate_point[item]].argmin(-1)[None, :, None, None]
            filler = quantizer.look_up(usual, rate_point[item : item + 1])[0]
            z_q[item, kept * quantizer.config.dimension :] = filler[kept * quantizer.config.dimension :]
            weight[item] = DROP_WEIGHT
    return z_q, weight


class CodesTraining(Training):
    """The stage.

    Args:
        encoder, decoder, likelihood, quantizer: trained in place.
        goal: distortion against rate.
        data: to train on.
        stream_ends: number of planes up to the end of each stream.
        stage: settings.
        run: of which it is a stage.
    """

    name = "codes"
    version = VERSION

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        likelihood: LikelihoodHead,
        quantizer: ProductQuantizer,
        goal: Goal,
        data: StageData,
        stream_ends: Sequence[int],
        stage: CodesStage,
        run: Run,
    ) -> None:
        self.encoder, self.decoder, self.likelihood, self.quantizer = encoder, decoder, likelihood, quantizer
        self.modules = {"encoder": encoder, "decoder": decoder, "likelihood": likelihood, "quantizer": quantizer}
        run.machine.place(self.modules.values())
        self.goal, self.data, self.stream_ends = goal.to(run.machine.device), data, stream_ends
        self.stage, self.steps, self.run = stage, stage.steps, run
        self.optimizer = self._optimizer()
        self._encode, self._decode = run.machine.compiled(encoder), run.machine.compiled(decoder)
        self._by_distance = stage.distortion == "distance"

    def step(self, number: int) -> Figures:
        """Take a step."""
        draws, stage = self.run.draws("codes", number, self.stage.batch), self.stage
        x = self.data.crops(draws)
        rate_point = draws.rate_points(len(self.goal.lambdas), x)
        with self.run.machine.autocast():
            z = self._encode(x).float()
        lambda_ = stage.lambda_ * 2 ** (stage.spread * draws.shared.uniform(-1, 1))
        quantized = self.quantizer(z, rate_point, lambda_, self.run.machine.total)
        z_q, kept = drop_streams(self.quantizer, quantized.z_q, rate_point, self.stream_ends, draws)
        losses = self._losses(x, z, quantized, z_q, rate_point)
        loss = (self.goal.weights[rate_point] * kept * losses.total).mean()
        code_length = losses.code_length.mean()
        # By distance, nothing but the likelihood's own layers has a gradient from the code length.
        norm = self.optimizer.step(loss + code_length / 3 if self._by_distance else loss, number)
        self._maintain(z.detach(), rate_point, number, draws)
        return {
            "loss": loss,
            "bpp": losses.bpp.mean(),
            "distortion": losses.distance.mean(),
            "commitment": quantized.commitment_loss.mean(),
            "code_length": code_length,
            "gradient_norm": norm,
        }

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Loss, and bits and fidelity at every rate point, on what is held out."""
        self.quantizer.eval()
        found = self.goal.averages(
            self._held_out, torch.split(self.data.held_out, self.stage.batch), self.run.machine.device
        )
        self.quantizer.train()
        return found

    def _held_out(self, number: int, x: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, bits and distance of each item, `[B]`."""
        with self.run.machine.autocast():
            z = self.encoder(x).float()
        quantized = self.quantizer(z, rate_point, self.stage.lambda_)
        losses = self._losses(x, z, quantized, quantized.z_q, rate_point)
        return losses.total, losses.bpp, losses.distance

    def _losses(self, x: Tensor, z: Tensor, quantized: Quantized, z_q: Tensor, rate_point: Tensor) -> Losses:
        stage, by_distance, objective = self.stage, self._by_distance, self.goal.objective
        with self.run.machine.autocast():
            location, features = self._decode(z_q, rate_point)
            parameters = self.likelihood(features.detach() if by_distance else features)
        distance = objective.distortion(x, location)
        code_length = objective.code_length(x, location.detach() if by_distance else location, parameters)
        distortion = self.goal.lambdas[rate_point] * distance if by_distance else code_length
        per_pixel = z[0, 0].numel() / x[0, 0].numel()
        bit = stage.lambda_ or 1.0  # in squared widths, as are the vector losses
        vector_losses = (quantized.codebook_loss + stage.beta * quantized.commitment_loss) * per_pixel / bit
        bpp = quantized.bits * per_pixel
        return Losses(distortion + bpp + vector_losses, bpp, distance, code_length)

    def report(self) -> dict[str, object]:
        """The use of codes since the last report."""
        report: dict[str, object] = {
            "perplexity": [[round(p, 1) for p in row] for row in self.quantizer.perplexity().tolist()],
            "codes_used": (self.quantizer.usage > 0).sum(-1).tolist(),
        }
        self.quantizer.reset_usage()
        return report

    def _maintain(self, z: Tensor, rate_point: Tensor, number: int, draws: Draws) -> None:
        """Keep the code lengths up to date; under a uniform prior, bring idle codes back to life."""
        uniform = self.stage.lambda_ == 0
        if not uniform and number % REFRESH_EVERY == REFRESH_EVERY - 1:
            self.quantizer.update_code_bits()
        if uniform and number % RESTART_EVERY == RESTART_EVERY - 1:
            all_z, all_points = (self.run.machine.gather(each, self.stage.batch) for each in (z, rate_point))
            self.quantizer.restart_dead_codes(all_z, all_points, draws.shared)

    def _optimizer(self) -> NetworkOptimizer:
        stage, codebooks = self.stage, self.quantizer.codebooks
        return NetworkOptimizer(
            kernels=[
                (kernels_of(self.encoder), stage.encoder_learning_rate),
                (kernels_of(self.decoder), stage.decoder_learning_rate),
            ],
            others=[
                (others_of(self.encoder), 1e-4),
                (others_of(self.decoder), 3e-4),
                (list(self.likelihood.parameters()), 1e-3),
                ([codebooks] if codebooks.requires_grad else [], 1e-3),
            ],
            schedule=Schedule(stage.steps),
            average=self.run.machine.average,
        )
