"""The stages of fitting a prior: in floats, then with rounding (quantization-aware)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from vqcodec.training.engine.loop import Figures, Training
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule
from vqcodec.training.engine.run import Run
from vqcodec.training.prior.networks import PriorNetwork
from vqcodec.training.prior.volumes import IndexVolumes

__all__ = ["PriorFitting", "PriorStage", "mean_bits"]

ROUNDED_LEARNING_RATE = 0.3  # learning rates with rounding, as a share of those in floats


@dataclass(frozen=True)
class PriorStage:
    """Settings of a stage.

    Attributes:
        quantized: whether with rounding, at lower learning rates.
        crop: side of a training crop in positions, or its length in frames.
        kernel_learning_rate: Muon's, for matrices.
        other_learning_rate: AdamW's.
    """

    quantized: bool
    steps: int
    batch: int
    crop: int
    kernel_learning_rate: float
    other_learning_rate: float


class PriorFitting(Training):
    """A stage.

    Args:
        network: trained in place.
        volumes: to train on.
        held_out: to judge by.
        stage: settings.
        run: of which it is a stage.
    """

    version = 1

    def __init__(
        self, network: PriorNetwork, volumes: IndexVolumes, held_out: IndexVolumes, stage: PriorStage, run: Run
    ) -> None:
        self.name = "prior-integer" if stage.quantized else "prior-float"
        self.network, self.modules = network, {"prior": network}
        run.machine.place([network])
        self.volumes, self.held_out, self.stage, self.steps, self.run = volumes, held_out, stage, stage.steps, run
        self.optimizer = self._optimizer()

    def step(self, number: int) -> Figures:
        """Take a step, at one rate point."""
        draws, stage = self.run.draws(self.name, number, self.stage.batch), self.stage
        rate_point = int(draws.shared.integers(len(self.network.values)))
        indices = self.volumes.crops(rate_point, stage.crop, draws).to(self.run.machine.device)
        if stage.quantized:
            bits = self.network(indices, rate_point, True).sum(1).mean()
        else:
            with self.run.machine.autocast():
                bits = self.network(indices, rate_point, False).sum(1).mean()
        # Relative to the bits of the rate point, so that all rate points weigh alike.
        loss = bits / self.network.order0[rate_point]
        return {"loss": loss, "gradient_norm": self.optimizer.step(loss, number)}

    def evaluate(self) -> dict[str, float]:
        """Bits a position at every rate point on what is held out, and their mean in parts of those at order 0."""
        bits = mean_bits(self.network, self.held_out, self.stage.quantized)
        loss = float(np.mean(np.array(bits) / self.network.order0.tolist()))
        return {"loss": loss} | {f"bits_{rate_point}": each for rate_point, each in enumerate(bits)}

    def _optimizer(self) -> NetworkOptimizer:
        factor = ROUNDED_LEARNING_RATE if self.stage.quantized else 1.0
        parameters = list(self.network.parameters())
        matrices = [p for p in parameters if p.ndim == 2 and p.shape[0] > self.network.values.shape[0]]
        chosen = {id(p) for p in matrices}
        rest = [p for p in parameters if id(p) not in chosen]
        return NetworkOptimizer(
            kernels=[(matrices, self.stage.kernel_learning_rate * factor)],
            others=[(rest, self.stage.other_learning_rate * factor)],
            schedule=Schedule(self.steps, constant=0.1),
            average=self.run.machine.average,
        )


@torch.no_grad()
def mean_bits(network: PriorNetwork, volumes: IndexVolumes, quantized: bool) -> list[float]:
    """Mean code length of a position (all planes) at each rate point."""
    means = []
    for rate_point, mine in enumerate(tqdm(volumes.volumes, desc="held out", disable=None, leave=False)):
        tensors = (torch.from_numpy(v.astype(np.int64))[None].to(network.values.device) for v in mine)
        bits = [network(indices, rate_point, quantized).sum().item() for indices in tensors]
        means.append(sum(bits) / sum(v.shape[1] * v.shape[2] for v in mine))
    return means
