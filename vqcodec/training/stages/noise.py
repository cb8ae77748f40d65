"""First stage: encoder and decoder under additive uniform noise, at all rate points at once.

    loss = lambda_r distortion + bits per pixel (or sample), for a rate point r drawn for every crop.

The stage trains the transform, and the widths of the noise, which say how finely each channel is to be quantized.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vqcodec.training.engine.loop import Figures, Training
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.randomness import Draws
from vqcodec.training.engine.run import Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.stages.objective import Decoder, Encoder, Goal, StageData

__all__ = ["NoiseStage", "NoiseTraining"]

# Of the mathematics of the stage: raised when they change, so that no run goes on with others.
VERSION = 1


@dataclass(frozen=True)
class NoiseStage:
    """Settings of the stage; see `Schedule` for `constant`."""

    steps: int = 16_500
    batch: int = 8
    crop: int = 160
    kernel_learning_rate: float = 0.01
    constant: float = 0.1


class NoiseTraining(Training):
    """The stage.

    Args:
        encoder, decoder, factorized_prior: trained in place.
        goal: distortion against rate.
        data: to train on.
        stage: settings.
        run: of which it is a stage.
    """

    name = "noise"
    version = VERSION

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        factorized_prior: FactorizedPrior,
        goal: Goal,
        data: StageData,
        stage: NoiseStage,
        run: Run,
    ) -> None:
        # The density's name in checkpoints is older than that of the class.
        self.modules = {"encoder": encoder, "decoder": decoder, "density": factorized_prior}
        run.machine.place(self.modules.values())
        self.factorized_prior, self.goal, self.data = factorized_prior, goal.to(run.machine.device), data
        self.stage, self.steps, self.run = stage, stage.steps, run
        self.optimizer = NetworkOptimizer(
            kernels=[(kernels_of(encoder, decoder), stage.kernel_learning_rate)],
            others=[(others_of(encoder, decoder), 1e-3), (list(factorized_prior.parameters()), 2e-2)],
            schedule=Schedule(stage.steps, constant=stage.constant),
            average=run.machine.average,
        )
        self._encode, self._decode = run.machine.compiled(encoder), run.machine.compiled(decoder)

    def step(self, number: int) -> Figures:
        """Take a step."""
        draws = self.run.draws("noise", number, self.stage.batch)
        x = self.data.crops(draws)
        rate_point = draws.rate_points(len(self.goal.lambdas), x)
        losses, bpp, distortion = self._losses(x, rate_point, draws)
        loss = (self.goal.weights[rate_point] * losses).mean()
        norm = self.optimizer.step(loss, number)
        return {"loss": loss, "bpp": bpp.mean(), "distortion": distortion.mean(), "gradient_norm": norm}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Loss, and bits and fidelity at every rate point, on what is held out."""
        batches = torch.split(self.data.held_out, self.stage.batch)
        return self.goal.averages(self._held_out, batches, self.run.machine.device)

    def _held_out(self, number: int, x: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self._losses(x, rate_point, self.run.fixed_draws("noise", number, len(x)))

    def _losses(self, x: Tensor, rate_point: Tensor, draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, bits a pixel or sample and distortion of each item, `[B]`."""
        with self.run.machine.autocast():
            z = self._encode(x)
        noisy, bits = self.factorized_prior(z.float(), rate_point, draws.noise(z))
        with self.run.machine.autocast():
            location, _ = self._decode(noisy, rate_point)
        distortion = self.goal.objective.distortion(x, location)
        bpp = bits.sum((1, 2, 3)) / x[0, 0].numel()
        return self.goal.lambdas[rate_point] * distortion + bpp, bpp, distortion
