"""Product vector quantizer with one set of codebooks for each rate point.

    z_e [B, C, h, w] --split into P groups of D channels--> k [B, P, h, w] --look up--> z_q [B, C, h, w]

A group is a plane of the index volume. Nearest neighbours are found in a metric of one weight a channel, and
`lambda_ > 0` makes the assignment entropy-constrained (Chou, Lookabaugh and Gray, 1989):

    k = argmin_j  |z_e - e_j|^2 + lambda bits(j)

Losses and the straight-through estimator are those of van den Oord et al., 'Neural discrete representation learning'
(2017); the moving-average update is that paper's appendix A.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["ProductQuantizer", "Quantized", "QuantizerConfig"]

# Distances are computed for at most this many (position, code) pairs of a plane set at once: 64 MB of floats.
CHUNK = 1 << 24


@dataclass(frozen=True)
class QuantizerConfig:
    """The shape of the quantizer; the latents have `planes * dimension` channels."""

    planes: int = 48
    dimension: int = 4
    alphabet: int = 256
    rate_points: int = 1
    update: Literal["gradient", "ema"] = "ema"
    decay: float = 0.99

    def __post_init__(self) -> None:
        if self.dimension < 2:
            raise ValueError("codewords have at least 2 dimensions")


@dataclass(frozen=True)
class Quantized:
    """Result of a training pass.

    Attributes:
        z_q: `[B, C, h, w]`, its gradient copied to z_e (straight-through).
        indices: `[B, P, h, w]` int64.
        codebook_loss: |sg[z_e] - e|^2 in the metric, `[B]`: summed over channels, mean over the positions.
        commitment_loss: |z_e - sg[e]|^2, likewise.
        bits: expected code length of the soft assignment, `[B]`: summed over planes, mean over the positions.
    """

    z_q: Tensor
    indices: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor
    bits: Tensor


def _alone(statistics: Tensor) -> Tensor:
    """There is one process."""
    return statistics


class ProductQuantizer(nn.Module):
    """See the module. `codebooks` is `[R, P, K, D]`; `code_bits` holds each code's length, `[R, P, K]`."""

    code_bits: Tensor
    metric: Tensor
    alive: Tensor
    ema_count: Tensor
    ema_sum: Tensor
    usage: Tensor
    idle: Tensor

    def __init__(self, config: QuantizerConfig) -> None:
        super().__init__()
        self.config = config
        shape = (config.rate_points, config.planes, config.alphabet)
        codebooks = torch.randn(*shape, config.dimension)
        self.codebooks = nn.Parameter(codebooks, requires_grad=config.update == "gradient")
        self.register_buffer("code_bits", torch.full(shape, float(torch.tensor(config.alphabet).log2())))
        self.register_buffer("metric", torch.ones(config.rate_points, config.planes, config.dimension))
        self.register_buffer("alive", torch.ones(shape, dtype=torch.bool))
        self.register_buffer("ema_count", torch.ones(shape))
        self.register_buffer("ema_sum", codebooks.clone())
        self.register_buffer("usage", torch.zeros(shape), persistent=False)
        self.register_buffer("idle", torch.ones(shape, dtype=torch.bool))

    def split(self, z: Tensor) -> Tensor:
        """`[B, C, h, w]` to vectors `[B, P, h w, D]`."""
        batch, _, height, width = z.shape
        planes, dimension = self.config.planes, self.config.dimension
        return z.reshape(batch, planes, dimension, height * width).transpose(2, 3)

    def costs(self, vectors: Tensor, rate_point: Tensor, lambda_: float) -> Tensor:
        """|z_e - e_j|^2 + lambda bits(j) of vectors `[B, P, N, D]` at rate points `[B]` for every code, `[B, P, N, K]`.

        Those of dead codes are infinite.
        """
        metric = self.metric[rate_point][:, :, None]
        code = self.codebooks.detach()[rate_point]  # a copy: the moving averages change them before the backward pass
        energy = (code.square() * metric).sum(-1) + lambda_ * self.code_bits[rate_point]
        energy = energy.masked_fill(~self.alive[rate_point], float("inf"))
        own = (vectors.square() * metric).sum(-1, keepdim=True)
        flat = [each.flatten(0, 1) for each in (energy[:, :, None] + own, vectors * metric, code.transpose(2, 3))]
        return torch.baddbmm(*flat, alpha=-2).view(*vectors.shape[:3], -1)

    @torch.no_grad()
    def assign(self, z: Tensor, rate_point: Tensor, lambda_: float = 0.0) -> Tensor:
        """Indices `[B, P, h, w]` of z_e `[B, C, h, w]` at rate points `[B]`; `lambda_` 0 is the nearest neighbour."""
        items = []
        step = max(1, CHUNK // (self.config.planes * self.config.alphabet))
        for vectors, point in zip(self.split(z), rate_point, strict=True):
            chunks = [
                self.costs(part, point[None], lambda_).argmin(-1) for part in torch.split(vectors[None], step, dim=2)
            ]
            items.append(torch.cat(chunks, 2))
        return torch.cat(items).reshape(len(z), self.config.planes, *z.shape[2:])

    def look_up(self, indices: Tensor, rate_point: Tensor) -> Tensor:
        """z_q `[B, C, h, w]` of indices `[B, P, h, w]`."""
        batch, planes, height, width = indices.shape
        plane = torch.arange(planes, device=indices.device)[None, :, None]
        vectors = self.codebooks[rate_point[:, None, None], plane, indices.flatten(2)]
        return vectors.transpose(2, 3).reshape(batch, planes * self.config.dimension, height, width)

    def forward(
        self, z: Tensor, rate_point: Tensor, lambda_: float = 0.0, total: Callable[[Tensor], Tensor] = _alone
    ) -> Quantized:
        """Quantize z_e `[B, C, h, w]` at rate points `[B]` for training; with "ema" the codebooks follow.

        `total` sums a tensor over all processes that train.
        """
        batch, height, width = len(z), *z.shape[2:]
        costs = self.costs(self.split(z), rate_point, lambda_)
        indices, bits = costs.detach().argmin(-1), self._expected_bits(costs, rate_point, lambda_)
        if self.training:
            self._follow(z.detach(), indices, rate_point, total)
        indices = indices.reshape(batch, self.config.planes, height, width)
        e = self.look_up(indices, rate_point)
        metric = self.metric[rate_point].reshape(batch, -1, 1, 1)
        return Quantized(
            z_q=z + (e - z).detach(),
            indices=indices,
            codebook_loss=((z.detach() - e).square() * metric).sum(1).mean((1, 2)),
            commitment_loss=((z - e.detach()).square() * metric).sum(1).mean((1, 2)),
            bits=bits,
        )

    def _expected_bits(self, costs: Tensor, rate_point: Tensor, lambda_: float) -> Tensor:
        """Mean over positions of the bits under the soft p(j|z_e) ~ p(j) exp(-ln 2 |z_e - e_j|^2 / lambda), `[B]`."""
        if lambda_ == 0:
            # The uniform prior of the paper: log2 K a plane.
            return costs.new_full((len(costs),), self.config.planes * math.log2(self.config.alphabet))
        posterior = torch.softmax(costs * (-0.6931 / lambda_), -1)
        return (posterior * self.code_bits[rate_point][:, :, None]).sum((1, 3)).mean(1)

    def _statistics(self, z: Tensor, indices: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor]:
        """How often each code was used, `[R, P, K]`, and the sums of the vectors it stands for, `[R, P, K, D]`."""
        planes, alphabet = self.config.planes, self.config.alphabet
        plane = torch.arange(planes, device=z.device)[None, :, None]
        cell = ((rate_point[:, None, None] * planes + plane) * alphabet + indices.flatten(2)).flatten()
        counts = z.new_zeros(self.usage.numel()).index_add_(0, cell, z.new_ones(len(cell)))
        vectors = self.split(z).reshape(-1, self.config.dimension)
        sums = z.new_zeros(self.usage.numel(), self.config.dimension).index_add_(0, cell, vectors)
        return counts.view_as(self.usage), sums.view_as(self.ema_sum)

    @torch.no_grad()
    def _follow(self, z: Tensor, indices: Tensor, rate_point: Tensor, total: Callable[[Tensor], Tensor]) -> None:
        """Count the codes' use; with "ema" move the codebooks towards the vectors that they stand for.

        Codebooks of rate points that are not in the batch stay.
        """
        counts, sums = map(total, self._statistics(z, indices, rate_point))
        self.usage += counts
        self.idle &= counts == 0
        seen = counts.sum((1, 2)) > 0
        share = (1 - self.config.decay) * seen[:, None, None]
        self.ema_count.lerp_(counts, share)
        if self.config.update == "ema":
            self.ema_sum.lerp_(sums, share[..., None])
            means = self.ema_sum / self.ema_count.clamp_min(1e-5)[..., None]
            self.codebooks.copy_(torch.where(seen[:, None, None, None], means, self.codebooks))

    @torch.no_grad()
    def set_codebook(self, rate_point: int, plane: int, codewords: Tensor, counts: Tensor) -> None:
        """Give a plane the codewords `[K', D]`, used so often, `[K']`; what is left of its alphabet is dead."""
        used = len(codewords)
        self.codebooks[rate_point, plane, :used] = codewords
        self.alive[rate_point, plane] = torch.arange(self.config.alphabet) < used
        self.ema_count[rate_point, plane], self.ema_sum[rate_point, plane] = 0.0, 0.0
        self.ema_count[rate_point, plane, :used], self.ema_sum[rate_point, plane, :used] = (
            counts,
            counts[:, None] * codewords,
        )

    @torch.no_grad()
    def update_code_bits(self) -> None:
        """Set the code lengths from the moving average of the counts (add-one-half smoothing over living codes)."""
        counts = (self.ema_count + 0.5 / self.config.alphabet) * self.alive
        self.code_bits.copy_(-torch.log2((counts / counts.sum(-1, keepdim=True)).clamp_min(2**-24)))

    @torch.no_grad()
    def restart_dead_codes(self, z: Tensor, rate_point: Tensor, rng: np.random.Generator) -> int:
        """Move codes that were not used since the last restart onto random vectors of z `[B, C, h, w]`; how many."""
        restarted = 0
        for point in torch.unique(rate_point).tolist():
            vectors = self.split(z[rate_point == point]).transpose(0, 1).flatten(1, 2)
            dead = self.idle[point] & self.alive[point]
            plane, code = dead.nonzero(as_tuple=True)
            chosen = vectors[plane, torch.from_numpy(rng.integers(vectors.shape[1], size=len(plane)))]
            self.codebooks[point, plane, code] = chosen
            self.ema_sum[point, plane, code], self.ema_count[point, plane, code] = chosen, 1.0
            restarted += len(plane)
        self.idle.fill_(True)
        return restarted

    def perplexity(self) -> Tensor:
        """2^entropy of the codes counted since `reset_usage`, `[R, P]`."""
        p = self.usage / self.usage.sum(-1, keepdim=True).clamp_min(1)
        return torch.exp2(-(p * p.clamp_min(1e-12).log2()).sum(-1))

    def reset_usage(self) -> None:
        """Begin to count anew."""
        self.usage.zero_()
