"""Second stage: codebooks fitted to the latents of a trained transform.

Channels are dealt into groups of about the same rate: the strongest channels lead one group each, in order, and the
weakest join the strongest. So no codebook is saturated or idle, and the planes stay ordered by importance. The
codebooks start from random latents and are refined by the entropy-constrained Lloyd algorithm (Chou, Lookabaugh and
Gray, 1989), in the metric that the widths of the training noise give.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.quantizer import ProductQuantizer
from vqcodec.training.stages.objective import Decoder, Encoder

__all__ = [
    "CodebookStage",
    "collect_latents",
    "deal_channels",
    "fit_codebooks",
    "lloyd",
    "prepare_codebooks",
    "reorder_channels",
]


@dataclass(frozen=True)
class CodebookStage:
    """Settings of the fit: latent positions, and iterations of Lloyd's algorithm."""

    positions: int = 30_000
    iterations: int = 24


@torch.no_grad()
def collect_latents(encoder: Encoder, batches: Iterator[Tensor], positions: int) -> Tensor:
    """z_e at `positions` places of training data, `[1, C, positions, 1]`."""
    parts: list[Tensor] = []
    while sum(len(part) for part in parts) < positions:
        z = encoder(next(batches))
        # Only the inside of a crop: at its border the encoder sees padding.
        rows = slice(1, -1) if z.shape[2] > 2 else slice(None)
        inside = z[:, :, rows, 1:-1]
        parts.append(inside.permute(0, 2, 3, 1).flatten(0, 2))
    return torch.cat(parts).T[None, :, :positions, None].contiguous()


def deal_channels(bits: Tensor, dimension: int) -> Tensor:
    """An order of the channels, by their bits `[C]`, in which every `dimension` neighbours are a balanced group."""
    ranked = bits.argsort(descending=True)
    rounds = ranked.view(dimension, -1)  # [D, P]: leaders first
    return torch.stack([rounds[0], *rounds[1:].flip(1)], 1).flatten()


@torch.no_grad()
def reorder_channels(encoder: Encoder, decoder: Decoder, factorized_prior: FactorizedPrior, order: Tensor) -> None:
    """Put the latent channels into `order`, without a change of what the networks compute."""
    writers = [encoder.layers[-1], getattr(encoder, "linear", None)]
    readers = [decoder.stem, getattr(decoder, "linear", None)]
    for parameter in (p for writer in writers if writer for p in writer.parameters()):
        parameter.copy_(parameter[order].clone())
    for reader in filter(None, readers):
        reader.weight.copy_(reader.weight[:, order].clone())
    for parameter in (factorized_prior.mean, factorized_prior.log_scale, factorized_prior.logit):
        parameter.copy_(parameter[order].clone())
    for parameter in (factorized_prior.log_width, decoder.gain):
        parameter.copy_(parameter[:, order].clone())


@torch.no_grad()
def fit_codebooks(
    quantizer: ProductQuantizer, latents: Tensor, widths: Tensor | None, lambda_: float, iterations: int
) -> None:
    """Fit all codebooks in place.

    Args:
        quantizer: whose codebooks, code lengths and metric are set.
        latents: `[1, C, N, 1]`.
        widths: `[R, C]`, how finely each channel is to be quantized; None for a plain metric.
        lambda_: squared widths that a bit is worth; 0 is k-means.
        iterations: of Lloyd's algorithm.
    """
    config = quantizer.config
    vectors = quantizer.split(latents)[0]
    if widths is not None:
        quantizer.metric.copy_(widths.pow(-2).view(config.rate_points, config.planes, config.dimension))
    cells = itertools.product(range(config.rate_points), range(config.planes))
    for rate_point, plane in tqdm(cells, desc="codebooks", total=config.rate_points * config.planes, disable=None):
        own = vectors[plane]
        first = own[torch.randint(len(own), (config.alphabet,))]
        codewords, counts = lloyd(own, quantizer.metric[rate_point, plane], first, lambda_, iterations)
        quantizer.set_codebook(rate_point, plane, codewords, counts)
    quantizer.update_code_bits()


def lloyd(vectors: Tensor, metric: Tensor, codewords: Tensor, lambda_: float, iterations: int) -> tuple[Tensor, Tensor]:
    """Refine codewords `[K, D]` for vectors `[N, D]` by the entropy-constrained Lloyd algorithm.

    Codes that are never chosen are dropped; with `lambda_` 0, they keep their place.

    Returns:
        The codewords `[K', D]`, and how often each is chosen, `[K']`.
    """
    counts = torch.ones(len(codewords))
    weighted = vectors * metric
    for _ in range(iterations):
        bits = -torch.log2(counts / counts.sum()) if lambda_ else counts
        costs = torch.addmm((codewords.square() * metric).sum(-1) + lambda_ * bits, weighted, codewords.T, alpha=-2)
        chosen = costs.argmin(-1)
        counts = torch.bincount(chosen, minlength=len(codewords)).to(vectors.dtype)
        sums = torch.zeros_like(codewords).index_add_(0, chosen, vectors)
        codewords = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), codewords)
        if lambda_:
            codewords, counts = codewords[counts > 0], counts[counts > 0]
    return codewords, counts


@torch.no_grad()
def prepare_codebooks(
    stage: CodebookStage,
    encoder: Encoder,
    decoder: Decoder,
    factorized_prior: FactorizedPrior | None,
    quantizer: ProductQuantizer,
    latents: Tensor,
    lambda_: float,
) -> None:
    """Deal the channels into groups of equal bits, if a factorized prior is given; fit the codebooks to `latents`."""
    widths = None
    if factorized_prior is not None:
        noise, points = torch.rand_like(latents) - 0.5, torch.arange(quantizer.config.rate_points)
        bits = [factorized_prior(latents, point[None], noise)[1].mean((0, 2, 3)) for point in points]
        order = deal_channels(torch.stack(bits).mean(0), quantizer.config.dimension)
        reorder_channels(encoder, decoder, factorized_prior, order)
        latents, widths = latents[:, order], factorized_prior.widths()
    fit_codebooks(quantizer, latents, widths, lambda_, stage.iterations)
