"""Unused latent channels of a model of pictures, put to use for the residual of its decoder.

A channel that the decoder does not use has no gradient and stays dead. Here each dead channel becomes a linear function
of its patch of pixels, and adds a linear function of itself to the decoded patch. Together these are the best linear
prediction of the residual, by reduced-rank regression (Izenman, 1975). Widths of the noise and gains are those of a
transform code, so that no rate point begins worse than before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.stages.codebooks import collect_latents
from vqcodec.training.stages.start import LATENT_SCALE, PATCHES, patches

__all__ = ["dead_channels", "reduced_rank_regression", "revive"]

REGRESSION_PATCHES = 120_000
DEAD = 0.25  # a channel is dead if its standard deviation over the finest width of the noise is below this


@torch.no_grad()
def revive(
    encoder: Encoder, decoder: Decoder, factorized_prior: FactorizedPrior, lambdas: Tensor, batches: Iterator[Tensor]
) -> int:
    """Put dead channels to use, in place, if the networks have a linear path; return their number.

    Args:
        encoder, decoder, factorized_prior: trained, or as a model left them.
        lambdas: `[R]`, weight of the squared error of 8-bit values against bits per pixel.
        batches: pictures `[B, 3, H, W]`.
    """
    if encoder.linear is None or decoder.linear is None:
        return 0
    dead = dead_channels(collect_latents(encoder, batches, PATCHES), factorized_prior)
    readers, writers, variances = reduced_rank_regression(*_missed(encoder, decoder, batches), len(dead))
    for parameter in (*encoder.layers[-1].parameters(), *encoder.linear.parameters()):
        parameter[dead] = 0
    decoder.stem.weight[:, dead] = 0
    encoder.linear.weight[dead] = LATENT_SCALE * readers[:, :, None, None]
    decoder.linear.weight[:, dead] = writers[:, :, None, None] / LATENT_SCALE
    # Where lambda 255^2 width^2 / 36 + bits is least: an error of width^2 / 12 in one of the sub-pixels of a patch.
    widths = (18 / (lambdas * 255**2 * math.log(2))).sqrt()[:, None]
    # A channel whose variance is little more than that error does not pay for its bits: with wide noise it costs few.
    widths = widths * (widths**2 / 4 / variances).clamp_min(1)
    decoder.gain[:, dead] = variances / (variances + widths**2 / 12)
    all_widths = factorized_prior.widths()
    all_widths[:, dead] = LATENT_SCALE * widths
    factorized_prior.start(collect_latents(encoder, batches, PATCHES), all_widths.pow(-2))
    return len(dead)


def dead_channels(latents: Tensor, factorized_prior: FactorizedPrior) -> Tensor:
    """Numbers of the channels that are dead even at the finest rate point, for latents `[1, C, N, 1]`."""
    return torch.nonzero(latents.std((0, 2, 3)) < DEAD * factorized_prior.widths()[-1])[:, 0]


def reduced_rank_regression(inputs: Tensor, cross: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best linear prediction through `rank` numbers: readers `[rank, D]`, writers `[D, rank]`, their variances.

    Args:
        inputs: second moments `[D, D]` of what is known, x.
        cross: `[D, D]`, second moments of what is wanted (rows) with x (columns).
        rank: at most D; what is wanted is predicted as writers @ (readers @ x), and writers are orthonormal.
    """
    ridge = 1e-6 * inputs.diagonal().mean() * torch.eye(len(inputs), dtype=inputs.dtype)
    best = torch.linalg.solve(inputs + ridge, cross.T).T
    variances, directions = torch.linalg.eigh(best @ inputs @ best.T)
    writers = directions.flip(1)[:, :rank]
    return (writers.T @ best).float(), writers.float(), variances.flip(0)[:rank].clamp_min(0).float()


def _missed(encoder: Encoder, decoder: Decoder, batches: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """Second moments of patches of pixels, and of the residuals of their finest decoding with them."""
    size = 3 * decoder.stride**2
    inputs, cross = torch.zeros(size, size, dtype=torch.double), torch.zeros(size, size, dtype=torch.double)
    count = 0
    while count < REGRESSION_PATCHES:
        x = next(batches)
        location, _ = decoder(encoder(x), torch.full((len(x),), len(decoder.gain) - 1))
        known, wanted = (patches(part, decoder.stride).double() for part in (x, x - location))
        inputs += known.T @ known
        cross += wanted.T @ known
        count += len(known)
    return inputs / count, cross / count
