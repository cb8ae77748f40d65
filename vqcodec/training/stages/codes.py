"""Third stage: everything on hard codes. Algorithm 1 of van den Oord et al. (2017) with a rate term.

    loss = distortion  +  bits per pixel (or sample)  +  codebook loss  +  beta commitment loss

The distortion is lambda_r times that of the modality (of pictures 255^2 |x - x^|^2, p(x|z_q) with a fixed variance) or
-log2 p(x|z_q) itself. The decoder learns from the first term; the encoder from it, straight through, from the soft bits
of its codes and from the commitment; the codebooks from their own loss or as moving averages. With lambda_ = 0 the bits
are the constant N log2 K of a uniform prior, and this is the paper's algorithm. Unless the distortion is the code
length, the other parameters of p(x|z_q) are fitted along the way on detached features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.loop import run_stage
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.precision import autocast
from vqcodec.training.quantizer import ProductQuantizer
from vqcodec.training.stages.noise import rate_weights
from vqcodec.training.stages.objective import Decoder, Encoder, LikelihoodHead, Objective

__all__ = ["CodesStage", "train_codes"]

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


def drop_streams(
    quantizer: ProductQuantizer, z_q: Tensor, rate_point: Tensor, ends: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Replace the last streams of some items by their most frequent codes; z_q and a weight for each item.

    Args:
        quantizer: whose codebooks these are.
        z_q: `[B, C, h, w]`.
        rate_point: `[B]`.
        ends: number of planes up to the end of each stream.
    """
    weight = torch.ones(len(z_q))
    if len(ends) < 2:
        return z_q, weight
    z_q = z_q.clone()
    for item in range(len(z_q)):
        if torch.rand(()) < DROP_CHANCE:
            kept = ends[int(torch.randint(len(ends) - 1, ()))]
            usual = quantizer.code_bits[rate_point[item]].argmin(-1)[None, :, None, None]
            filler = quantizer.look_up(usual, rate_point[item : item + 1])[0]
            z_q[item, kept * quantizer.config.dimension :] = filler[kept * quantizer.config.dimension :]
            weight[item] = DROP_WEIGHT
    return z_q, weight


def train_codes(
    encoder: Encoder,
    decoder: Decoder,
    likelihood: LikelihoodHead,
    quantizer: ProductQuantizer,
    lambdas: Tensor,
    stream_ends: Sequence[int],
    batches: Iterator[Tensor],
    objective: Objective,
    stage: CodesStage,
    folder: Path,
) -> None:
    """Train in place; checkpoint and log go into `folder`.

    Args:
        lambdas: `[R]`, the weight of the distortion against bits a pixel or sample.
        stream_ends: number of planes up to the end of each stream.
        batches: originals `[B, C, ...]`.
        objective: what distortion and code length are.
    """
    codebooks = [quantizer.codebooks] if quantizer.codebooks.requires_grad else []
    optimizer = NetworkOptimizer(
        kernels=[
            (kernels_of(encoder), stage.encoder_learning_rate),
            (kernels_of(decoder), stage.decoder_learning_rate),
        ],
        others=[
            (others_of(encoder), 1e-4),
            (others_of(decoder), 3e-4),
            (list(likelihood.parameters()), 1e-3),
            (codebooks, 1e-3),
        ],
        schedule=Schedule(stage.steps),
    )
    modules = {"encoder": encoder, "decoder": decoder, "likelihood": likelihood, "quantizer": quantizer}
    weights = rate_weights(lambdas)
    bit = stage.lambda_ or 1.0  # in squared widths, as are the vector losses
    by_distance = stage.distortion == "distance"

    def step(number: int) -> dict[str, float]:
        x = next(batches)
        pixels = x[0, 0].numel()
        rate_point = torch.randint(len(lambdas), (len(x),))
        with autocast():
            z = encoder(x).float()
        lambda_ = stage.lambda_ * 2 ** (stage.spread * float(2 * torch.rand(()) - 1))
        quantized = quantizer(z, rate_point, lambda_)
        z_q, kept = drop_streams(quantizer, quantized.z_q, rate_point, stream_ends)
        with autocast():
            location, features = decoder(z_q, rate_point)
            shape = likelihood(features.detach() if by_distance else features)
        distance = objective.distortion(x, location)
        code_length = objective.code_length(x, location.detach() if by_distance else location, shape)
        distortion = lambdas[rate_point] * distance if by_distance else code_length
        per_pixel = z[0, 0].numel() / pixels
        bpp = quantized.bits * per_pixel
        vector_losses = (quantized.codebook_loss + stage.beta * quantized.commitment_loss) * per_pixel / bit
        loss = (weights[rate_point] * kept * (distortion + bpp + vector_losses)).mean()
        # In the first case nothing but the likelihood's own layers has a gradient from the code length.
        optimizer.step(loss + code_length.mean() / 3 if by_distance else loss, number)
        _maintain(quantizer, z.detach(), rate_point, number, uniform=stage.lambda_ == 0)
        return {
            "loss": loss.item(),
            "bpp": bpp.mean().item(),
            "distortion": distance.mean().item(),
            "commitment": quantized.commitment_loss.mean().item(),
            "code_length": code_length.mean().item(),
        }

    def usage() -> dict[str, object]:
        report: dict[str, object] = {
            "perplexity": [[round(p, 1) for p in row] for row in quantizer.perplexity().tolist()],
            "codes_used": (quantizer.usage > 0).sum(-1).tolist(),
        }
        quantizer.reset_usage()
        return report

    checkpoint = Checkpoint(folder / "codes.safetensors", modules, optimizer)
    run_stage("codes", stage.steps, checkpoint, folder / "log.jsonl", step, usage)


def _maintain(quantizer: ProductQuantizer, z: Tensor, rate_point: Tensor, number: int, uniform: bool) -> None:
    """Keep the code lengths up to date; under a uniform prior, bring idle codes back to life."""
    if not uniform and number % REFRESH_EVERY == REFRESH_EVERY - 1:
        quantizer.update_code_bits()
    if uniform and number % RESTART_EVERY == RESTART_EVERY - 1:
        quantizer.restart_dead_codes(z, rate_point)
