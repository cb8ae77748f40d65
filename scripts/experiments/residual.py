"""Residual vector quantization, as most neural codecs for sound have it, for trials beside the product quantizer.

    r_0 = z_e,   k_s = argmin_j |r_s - e_s,j|^2,   r_s+1 = r_s - e_s,k_s,   z_q = sum of e_s,k_s over the first stages

Zeghidour et al., 'SoundStream' (2021), and Défossez et al., 'High fidelity neural audio compression' (2022): codebooks
begin with k-means and follow as moving averages, codes out of use are moved onto vectors of the batch, the gradient
passes straight through, and the number of stages is drawn for every item, so that one model serves several rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from vqcodec.training.stages.objective import Decoder, Encoder

__all__ = ["Residual", "ResidualQuantizer", "divide_latents"]

ITERATIONS = 8
DEAD = 0.05  # use, as a share of what it would be if all codes were used alike


@dataclass(frozen=True)
class Residual:
    """Result of a pass.

    Attributes:
        z_q: `[B, C, 1, T]`, its gradient copied to z_e (straight-through).
        indices: `[B, S, T]` int64, of all stages.
        commitment_loss: |r_s - sg[e_s]|^2, mean over channels, frames and the stages of an item: `[B]`.
    """

    z_q: Tensor
    indices: Tensor
    commitment_loss: Tensor


class ResidualQuantizer(nn.Module):
    """See the module.

    Args:
        channels: of the latents.
        stages: most stages S of an item.
        alphabet: codes K of a stage.
        decay: of the moving averages.
    """

    codebooks: Tensor
    use: Tensor
    code_bits: Tensor

    def __init__(self, channels: int, stages: int = 8, alphabet: int = 1024, decay: float = 0.99) -> None:
        super().__init__()
        self.decay, self.alphabet = decay, alphabet
        self.register_buffer("codebooks", torch.randn(stages, alphabet, channels))
        self.register_buffer("use", torch.ones(stages, alphabet))  # 1: that of all codes alike
        self.register_buffer("code_bits", torch.full((stages, alphabet), math.log2(alphabet)))

    def forward(self, z: Tensor, stages: Tensor) -> Residual:
        """Quantize z_e `[B, C, 1, T]` with so many stages `[B]`; in training, the codebooks follow.

        They follow all items at all stages: the number of stages only says what the decoder gets.
        """
        vectors = z[:, :, 0].transpose(1, 2)
        before, z_q, losses, indices = torch.zeros_like(vectors), torch.zeros_like(vectors), [], []
        for stage, codebook in enumerate(self.codebooks.clone()):
            residual = (vectors - before).detach()
            index = _nearest(residual.flatten(0, 1), codebook).view(residual.shape[:2])
            if self.training:
                self._follow(stage, residual.flatten(0, 1), index.flatten())
            before = before + codebook[index]
            kept = (stages > stage).float()
            z_q = z_q + codebook[index] * kept[:, None, None]
            losses.append((vectors - before).square().mean((1, 2)) * kept)
            indices.append(index)
        z_q = z_q.transpose(1, 2)[:, :, None]
        return Residual(z + (z_q - z).detach(), torch.stack(indices, 1), torch.stack(losses).sum(0) / stages)

    @torch.no_grad()
    def _follow(self, stage: int, vectors: Tensor, index: Tensor) -> None:
        """Move a codebook towards the vectors `[N, C]` that its codes stand for."""
        share = self.alphabet / len(vectors)
        counts = torch.bincount(index, minlength=self.alphabet) * share
        sums = torch.zeros_like(self.codebooks[stage]).index_add_(0, index, vectors, alpha=share)
        old = self.decay * self.use[stage]
        self.use[stage] = old + (1 - self.decay) * counts
        moved = old[:, None] * self.codebooks[stage] + (1 - self.decay) * sums
        self.codebooks[stage] = moved / self.use[stage].clamp_min(1e-9)[:, None]

    @torch.no_grad()
    def fit(self, vectors: Tensor) -> None:
        """Begin with k-means of latents `[N, C]`, stage after stage on what is left."""
        for stage in range(len(self.codebooks)):
            codebook = vectors[torch.randperm(len(vectors))[: self.alphabet]].clone()
            for _ in range(ITERATIONS):
                index = _nearest(vectors, codebook)
                counts = torch.bincount(index, minlength=self.alphabet)
                sums = torch.zeros_like(codebook).index_add_(0, index, vectors)
                codebook = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1)[:, None], codebook)
            self.codebooks[stage] = codebook
            self.use[stage] = counts * (self.alphabet / len(vectors))
            vectors = vectors - codebook[_nearest(vectors, codebook)]

    @torch.no_grad()
    def restart_dead_codes(self, vectors: Tensor, rng: np.random.Generator) -> None:
        """Move codes that are hardly in use onto what is left of random latents `[N, C]` at their stage."""
        for stage, codebook in enumerate(self.codebooks):
            (dead,) = (self.use[stage] < DEAD).nonzero(as_tuple=True)
            left = vectors - codebook[_nearest(vectors, codebook)]
            codebook[dead] = vectors[torch.from_numpy(rng.integers(len(vectors), size=len(dead)))]
            self.use[stage, dead] = 1.0
            vectors = left

    @torch.no_grad()
    def count(self, z: Tensor) -> None:
        """Set the order-0 code lengths by the use of the codes for z_e `[1, C, 1, T]`, each counted once more."""
        for stage, index in enumerate(self(z, torch.tensor([len(self.codebooks)])).indices[0]):
            counts = torch.bincount(index, minlength=self.alphabet) + 1.0
            self.code_bits[stage] = -torch.log2(counts / counts.sum())

    def perplexity(self) -> list[float]:
        """2^entropy of the codes of each stage, by the moving averages."""
        p = self.use / self.use.sum(-1, keepdim=True)
        return [round(each, 1) for each in torch.exp2(-(p * p.clamp_min(1e-12).log2()).sum(-1)).tolist()]


def _nearest(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Indices `[N]` of the codewords `[K, C]` nearest to vectors `[N, C]`."""
    return torch.addmm(codebook.square().sum(-1), vectors, codebook.T, alpha=-2).argmin(-1)


@torch.no_grad()
def divide_latents(encoder: Encoder, decoder: Decoder, widths: Tensor) -> None:
    """Let the latents be in units of `widths` `[C]`; what the decoder makes of them does not change."""
    for parameter in encoder.layers[-1].parameters():
        parameter.div_(widths.view(-1, *[1] * (parameter.ndim - 1)))
    decoder.gain.mul_(widths)
