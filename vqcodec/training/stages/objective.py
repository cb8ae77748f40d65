"""The parts of training that depend on the modality: networks, distortion and likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from vqcodec.training.engine.run import Crops
from vqcodec.training.networks import audio, image

__all__ = ["Decoder", "Encoder", "Goal", "LikelihoodHead", "Objective", "StageData", "rate_weights"]

Encoder = image.Encoder | audio.Encoder
Decoder = image.Decoder | audio.Decoder
LikelihoodHead = image.LikelihoodHead | audio.LikelihoodHead


class Objective(Protocol):
    """Distortion, fidelity and likelihood of originals and locations, `[B, C, ...]` as in the networks."""

    def distortion(self, x: Tensor, location: Tensor) -> Tensor:
        """The distortion that the lambda of a rate point weighs against bits a pixel or sample: `[B]`."""

    def fidelity(self, distortion: float) -> float:
        """The same in dB, where more is better: PSNR, or MS-SSIM, or what is like it for sound."""

    def code_length(self, x: Tensor, location: Tensor, parameters: tuple[Tensor, Tensor]) -> Tensor:
        """-log2 p(x|z_q) a pixel or sample, given the outputs of the likelihood head: `[B]`."""


@dataclass(frozen=True)
class Goal:
    """Distortion against rate, at all rate points.

    Attributes:
        objective: what the distortion is.
        lambdas: `[R]`, the weight of the distortion against bits a pixel or sample.
    """

    objective: Objective
    lambdas: Tensor

    @property
    def weights(self) -> Tensor:
        """Of the losses of the rate points, `[R]`."""
        return rate_weights(self.lambdas)

    def to(self, device: torch.device) -> Goal:
        """The same on another device."""
        return replace(self, lambdas=self.lambdas.to(device))

    def averages(
        self,
        measure: Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]],
        batches: Sequence[Tensor],
        device: torch.device,
    ) -> dict[str, float]:
        """Means over batches at every rate point, and of all their losses.

        Args:
            measure: loss, bits a pixel or sample and distortion of each item `[B]`, given the number of a batch, its
                originals `[B, C, ...]` and their rate points `[B]`.
            batches: of originals.
            device: on which to measure.
        """
        figures: dict[str, float] = {}
        losses = []
        for point, weight in enumerate(self.weights.tolist()):
            rate_points = [torch.full((len(x),), point, device=device) for x in batches]
            parts = [
                torch.stack(measure(number, x.to(device), rate_point))
                for number, (x, rate_point) in enumerate(zip(batches, rate_points, strict=True))
            ]
            loss, bpp, distortion = torch.cat(parts, 1).mean(1).tolist()
            losses.append(weight * loss)
            figures |= {f"bpp_{point}": bpp, f"fidelity_{point}": self.objective.fidelity(distortion)}
        return {"loss": sum(losses) / len(losses)} | figures


@dataclass(frozen=True)
class StageData:
    """What a stage is trained and judged on.

    Attributes:
        crops: of the originals to train on.
        held_out: originals `[N, C, ...]` that it is judged by.
    """

    crops: Crops
    held_out: Tensor


def rate_weights(lambdas: Tensor) -> Tensor:
    """Weights that bring the losses of all rate points to one order of magnitude."""
    return (lambdas[len(lambdas) // 2] / lambdas).sqrt()
