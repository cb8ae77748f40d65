"""Second stage: codebooks fitted to the latents of a trained transform.

Channels are dealt into groups so that each group has about the same rate: the strongest channels lead one group each,
in order, and the weakest join the strongest. A group's codebook then neither saturates nor idles, and the planes stay
ordered by importance. The codebooks start from random latents and are refined by the entropy-constrained Lloyd
algorithm, in the metric that the widths of the training noise give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from vqcodec.nn.density import NoiseDensity
from vqcodec.nn.quantizer import ProductQuantizer
from vqcodec.training.objective import Decoder, Encoder

__all__ = [
    "CodebookStage",
    "collect_latents",
    "deal_channels",
    "fit_codebooks",
    "prepare_codebooks",
    "reorder_channels",
]


@dataclass(frozen=True)
class CodebookStage:
    """Settings of the fit: latent positions, and iterations of Lloyd's algorithm."""

    positions: int = 30_000
    iterations: int = 12


@torch.no_grad()
def collect_latents(encoder: Encoder, batches: Iterator[Tensor], positions: int) -> Tensor:
    """z_e at about `positions` places of training data, `[1, C, positions, 1]`."""
    parts: list[Tensor] = []
    while sum(len(part) for part in parts) < positions:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = encoder(next(batches))
        # Only the inside of a crop: at its border the encoder sees padding.
        rows = slice(1, -1) if z.shape[2] > 2 else slice(None)
        inside = z[:, :, rows, 1:-1].float()
        parts.append(inside.permute(0, 2, 3, 1).flatten(0, 2))
    return torch.cat(parts).T[None, :, :positions, None].contiguous()


def deal_channels(bits: Tensor, dimension: int) -> Tensor:
    """An order of the channels, by their rates `[C]`, in which every `dimension` neighbours are a balanced group."""
    ranked = bits.argsort(descending=True)
    rounds = ranked.view(dimension, -1)  # [D, P]: leaders first
    return torch.stack([rounds[0], *rounds[1:].flip(1)], 1).flatten()


@torch.no_grad()
def reorder_channels(encoder: Encoder, decoder: Decoder, density: NoiseDensity, order: Tensor) -> None:
    """Put the latent channels into `order`; what the networks compute does not change."""
    writers = [encoder.layers[-1], getattr(encoder, "linear", None)]
    readers = [decoder.stem, getattr(decoder, "linear", None)]
    for parameter in (p for writer in writers if writer for p in writer.parameters()):
        parameter.copy_(parameter[order].clone())
    for reader in filter(None, readers):
        reader.weight.copy_(reader.weight[:, order].clone())
    for parameter in (density.mean, density.log_scale, density.logit):
        parameter.copy_(parameter[order].clone())
    for parameter in (density.log_width, decoder.gain):
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
        quantizer.metric.copy_(widths.pow(-2).view(config.rates, config.planes, config.dimension))
    for rate in tqdm(range(config.rates), desc="codebooks", disable=None):
        for plane in range(config.planes):
            chosen = torch.randint(vectors.shape[1], (config.alphabet,))
            quantizer.codebooks[rate, plane] = vectors[plane, chosen]
        quantizer.alive[rate] = True
        quantizer.code_bits[rate] = float(np.log2(config.alphabet))
        for _ in range(iterations):
            quantizer.lloyd_step(latents, rate, lambda_)


@torch.no_grad()
def prepare_codebooks(
    stage: CodebookStage,
    encoder: Encoder,
    decoder: Decoder,
    density: NoiseDensity | None,
    quantizer: ProductQuantizer,
    latents: Tensor,
    lambda_: float,
) -> None:
    """Deal the channels into groups of equal rate, if a density tells the rates; fit the codebooks to `latents`."""
    widths = None
    if density is not None:
        rates = range(quantizer.config.rates)
        bits = torch.stack([density(latents, torch.tensor([rate]))[1].mean((0, 2, 3)) for rate in rates])
        order = deal_channels(bits.mean(0), quantizer.config.dimension)
        reorder_channels(encoder, decoder, density, order)
        latents, widths = latents[:, order], density.widths()
    fit_codebooks(quantizer, latents, widths, lambda_, stage.iterations)
