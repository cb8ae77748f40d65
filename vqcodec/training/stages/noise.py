"""First stage: encoder and decoder under additive uniform noise, at all rate points at once.

    loss = lambda_r distortion + bits per pixel (or sample), for a rate point r drawn for every crop.

The stage trains the transform, and the widths of the noise, which say how finely each channel is to be quantized.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.loop import run_stage
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.precision import autocast
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.stages.objective import Decoder, Encoder, Objective

__all__ = ["NoiseStage", "rate_weights", "train_noise"]


@dataclass(frozen=True)
class NoiseStage:
    """Settings of the stage; see `Schedule` for `constant`."""

    steps: int = 16_500
    batch: int = 8
    crop: int = 160
    kernel_learning_rate: float = 0.01
    constant: float = 0.1


def rate_weights(lambdas: Tensor) -> Tensor:
    """Weights that bring the losses of all rate points to one order of magnitude."""
    return (lambdas[len(lambdas) // 2] / lambdas).sqrt()


def train_noise(
    encoder: Encoder,
    decoder: Decoder,
    factorized_prior: FactorizedPrior,
    lambdas: Tensor,
    batches: Iterator[Tensor],
    objective: Objective,
    stage: NoiseStage,
    folder: Path,
) -> None:
    """Train in place; checkpoint and log go into `folder`.

    Args:
        lambdas: `[R]`, the weight of the distortion against bits a pixel or sample.
        batches: originals `[B, C, ...]`.
        objective: what the distortion is.
    """
    schedule = Schedule(stage.steps, constant=stage.constant)
    optimizer = NetworkOptimizer(
        kernels=[(kernels_of(encoder, decoder), stage.kernel_learning_rate)],
        others=[(others_of(encoder, decoder), 1e-3), (list(factorized_prior.parameters()), 2e-2)],
        schedule=schedule,
    )
    modules = {"encoder": encoder, "decoder": decoder, "density": factorized_prior}  # as in checkpoints
    weights = rate_weights(lambdas)

    def step(number: int) -> dict[str, float]:
        x = next(batches)
        rate_point = torch.randint(len(lambdas), (len(x),))
        with autocast():
            z = encoder(x)
        noisy, bits = factorized_prior(z.float(), rate_point)
        with autocast():
            location, _ = decoder(noisy, rate_point)
        distortion = objective.distortion(x, location)
        bpp = bits.sum((1, 2, 3)) / x[0, 0].numel()
        loss = (weights[rate_point] * (lambdas[rate_point] * distortion + bpp)).mean()
        optimizer.step(loss, number)
        return {"loss": loss.item(), "bpp": bpp.mean().item(), "distortion": distortion.mean().item()}

    run_stage(
        "noise", stage.steps, Checkpoint(folder / "noise.safetensors", modules, optimizer), folder / "log.jsonl", step
    )
