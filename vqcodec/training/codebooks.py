"""Second stage: codebooks fitted to the latents of a trained transform.

Channels are dealt into groups so that each group has about the same rate: the strongest channels lead one group each,
in order, and the weakest join the strongest. A group's codebook then neither saturates nor idles, and the planes stay
ordered by importance. The codebooks start from random latents and are refined by the entropy-constrained Lloyd
algorithm, in the metric that the widths of the training noise give.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.nn.density import NoiseDensity
from vqcodec.nn.quantizer import ProductQuantizer
from vqcodec.training.noise import crops_to_tensor

__all__ = ["collect_latents", "deal_channels", "fit_codebooks", "reorder_channels"]


@torch.no_grad()
def collect_latents(encoder: Encoder, crops: Iterator[NDArray[np.uint8]], positions: int) -> Tensor:
    """z_e at about `positions` places of training pictures, `[1, C, positions, 1]`."""
    parts: list[Tensor] = []
    while sum(len(part) for part in parts) < positions:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = encoder(crops_to_tensor(next(crops)))
        # Only the inside of a crop: at its border the encoder sees padding.
        inside = z[:, :, 1:-1, 1:-1].float()
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
    writers = [encoder.layers[-1], *([encoder.linear] if encoder.linear else [])]
    readers = [decoder.stem, *([decoder.linear] if decoder.linear else [])]
    for parameter in (p for writer in writers for p in writer.parameters()):
        parameter.copy_(parameter[order].clone())
    for reader in readers:
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
