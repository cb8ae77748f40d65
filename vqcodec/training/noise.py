"""First stage: encoder and decoder under additive uniform noise, at all rates at once.

    loss = lambda_r 255^2 MSE + bits per pixel, for a rate point r drawn for every crop.

The stage gives the transform, and the widths of the noise say how finely each channel is to be quantized.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.nn.density import NoiseDensity
from vqcodec.training.checkpoint import Checkpoint
from vqcodec.training.loop import run_stage
from vqcodec.training.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of

__all__ = ["NoiseStage", "crops_to_tensor", "rate_weights", "squared_error", "train_noise"]


@dataclass(frozen=True)
class NoiseStage:
    """Settings of the stage; see `Schedule` for `constant`."""

    steps: int = 16_500
    batch: int = 8
    crop: int = 160
    kernel_rate: float = 0.01
    constant: float = 0.1


def crops_to_tensor(crops: NDArray[np.uint8]) -> Tensor:
    """uint8 `[B, H, W, 3]` to floats `[B, 3, H, W]` in -0.5..0.5, channels last in memory."""
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255 - 0.5


def squared_error(x: Tensor, location: Tensor) -> Tensor:
    """Mean squared error of each item on the scale of 8-bit values, `[B]`."""
    return (location.float() - x).square().mean((1, 2, 3)) * 255**2


def rate_weights(lambdas: Tensor) -> Tensor:
    """Weights that keep the losses of the rate points of one order: without them the finest drown the coarsest."""
    return (lambdas[len(lambdas) // 2] / lambdas).sqrt()


def train_noise(
    encoder: Encoder,
    decoder: Decoder,
    density: NoiseDensity,
    lambdas: Tensor,
    crops: Iterator[NDArray[np.uint8]],
    stage: NoiseStage,
    folder: Path,
) -> None:
    """Train in place; checkpoint and log go into `folder`.

    Args:
        lambdas: `[rates]`, the weight of the squared error against bits per pixel.
        crops: batches from `random_crops`.
    """
    others = [p for p in others_of(encoder, decoder) if p is not decoder.gain]
    schedule = Schedule(stage.steps, constant=stage.constant)
    optimizer = NetworkOptimizer(
        kernels=[(kernels_of(encoder, decoder), stage.kernel_rate)],
        others=[(others, 1e-3), ([decoder.gain, *density.parameters()], 2e-2)],
        schedule=schedule,
    )
    modules = {"encoder": encoder, "decoder": decoder, "density": density}
    weights = rate_weights(lambdas)

    def step(number: int) -> dict[str, float]:
        x = crops_to_tensor(next(crops))
        rate = torch.randint(len(lambdas), (len(x),))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = encoder(x)
        noisy, bits = density(z.float(), rate)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            location, _ = decoder(noisy, rate)
        mse = squared_error(x, location)
        bpp = bits.sum((1, 2, 3)) / x[0, 0].numel()
        loss = (weights[rate] * (lambdas[rate] * mse + bpp)).mean()
        optimizer.step(loss, number)
        return {"loss": loss.item(), "bpp": bpp.mean().item(), "mse": mse.mean().item()}

    run_stage(
        "noise", stage.steps, Checkpoint(folder / "noise.safetensors", modules, optimizer), folder / "log.jsonl", step
    )
