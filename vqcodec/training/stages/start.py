"""Starting points of training: latents above the noise, principal components of patches, or the weights of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.model.model import Model
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks import image
from vqcodec.training.stages.codebooks import collect_latents
from vqcodec.training.stages.deepening import deepened
from vqcodec.training.stages.objective import Decoder, Encoder
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.torch_networks import state_of

__all__ = [
    "LATENT_SCALE",
    "PATCHES",
    "interpolation",
    "patches",
    "spread_latents",
    "start_from_model",
    "start_linear_path",
]

# The linear path scales coefficients by this factor, to suit the first widths of the noise.
LATENT_SCALE = 6.0
PATCHES = 30_000
SPREAD = 3.0
# A channel is drowned, and of no use to the decoder, if its noise is wider than this many standard deviations.
DROWNED = 4.0
# A rate point takes up a channel of a finer one only if the lambda of that one is at most this many times its own.
WITHIN = 10.0


@torch.no_grad()
def spread_latents(encoder: Encoder, batches: Iterator[Tensor]) -> None:
    """Scale the last layer of an encoder so that every latent begins with the standard deviation SPREAD, around 0.

    This is above the first widths of the noise. A channel that begins below them is drowned: it gets no gradient from
    the decoder, and is given up before it has learned anything.
    """
    z, last = encoder(next(batches)), cast(nn.Conv2d, encoder.layers[-1])
    factor = SPREAD / z.std((0, 2, 3)).clamp_min(1e-6)
    last.weight.mul_(factor[:, None, None, None])
    if last.bias is not None:
        last.bias.copy_((last.bias - z.mean((0, 2, 3))) * factor)


@torch.no_grad()
def start_linear_path(
    encoder: image.Encoder, decoder: image.Decoder, config: AutoencoderConfig, batches: Iterator[Tensor]
) -> None:
    """Let the linear path of both networks begin as the Karhunen-Loeve transform of patches, if there is one."""
    if encoder.linear is None or decoder.linear is None:
        return
    known: list[Tensor] = []
    while sum(map(len, known)) < PATCHES:
        known.append(patches(next(batches), config.stride))
    all_patches = torch.cat(known).double()
    moments = all_patches.T @ all_patches
    count = min(len(moments), config.latent_channels)
    components = torch.linalg.eigh(moments)[1].flip(1)[:, :count].float()
    for parameter in (*encoder.linear.parameters(), *decoder.linear.parameters()):
        parameter.zero_()
    encoder.linear.weight[:count, :, 0, 0] = components.T * LATENT_SCALE
    decoder.linear.weight[:, :count, 0, 0] = components / LATENT_SCALE


def patches(pixels: Tensor, stride: int) -> Tensor:
    """`[N, 3 stride^2]` of pixels `[B, 3, H, W]`."""
    return F.pixel_unshuffle(pixels, stride).transpose(0, 1).flatten(1).T


@torch.no_grad()
def start_from_model(
    model: Model,
    lambdas: Tensor,
    encoder: Encoder,
    decoder: Decoder,
    factorized_prior: FactorizedPrior,
    batches: Iterator[Tensor],
    same_objective: bool = True,
    hear: bool = True,
) -> None:
    """Take up the networks of a trained model; the factorized prior begins with the spread and widths of its latents.

    Parameters of rate points are interpolated between those of the model. Beyond its rate points, widths are in
    proportion to the inverse root of lambda. A model without lambdas is taken to have the first of `lambdas`; a model
    that was trained for another distortion, to have the same range, from coarse to fine. Channels may be used at
    coarser rate points than in the model: see `hear_coarser`.

    Args:
        model: to start from. A linear path that it does not have begins as 0, and new residual blocks as the identity.
        lambdas: `[R]`, of the new rate points.
        encoder, decoder, factorized_prior: changed in place.
        batches: originals `[B, C, ...]`.
        same_objective: whether the lambdas of the model weigh the same distortion.
        hear: whether channels are used at coarser rate points, which a noise stage must follow.

    Raises:
        ModelError: the model has other networks.
    """
    widths = torch.from_numpy(model.codebooks.metric).flatten(1).rsqrt()
    known = torch.tensor(model.config.lambdas) if model.config.lambdas else lambdas[: len(widths)]
    if len(known) != len(widths):
        raise ModelError("the model to start from has more rate points, and no lambdas")
    wanted = lambdas
    if not same_objective:
        wanted = torch.from_numpy(np.geomspace(known[0], known[-1], len(lambdas))).float()
    between = interpolation(known.log(), wanted.log())
    try:
        weights = deepened(state_of(model.networks, "encoder"), encoder)
        encoder.load_state_dict(_without_linear(encoder) | weights)
        latents = collect_latents(encoder, batches, PATCHES)
        weights = deepened(state_of(model.networks, "decoder"), decoder)
        gains = weights.get("gain", torch.ones_like(widths))
        if hear:
            widths, weights["gain"] = hear_coarser(widths, gains, latents.std((0, 2, 3)), known)
        weights |= {key: between @ weights[key] for key in ("gain", "rate_bias.weight") if key in weights}
        decoder.load_state_dict(_without_linear(decoder) | weights)
        beyond = wanted.clamp(known.min(), known.max()) / wanted
        widths = (between @ widths.log()).exp() * beyond.sqrt()[:, None]
        factorized_prior.start(latents, widths.pow(-2))
    except (RuntimeError, ValueError):
        raise ModelError("the networks to start from have another shape than the configuration") from None


def hear_coarser(widths: Tensor, gains: Tensor, spread: Tensor, lambdas: Tensor) -> tuple[Tensor, Tensor]:
    """Widths and gains with which coarse rate points use channels that only finer ones use so far.

    A channel that begins drowned in noise at a rate point has no gradient there, and stays drowned even if finer rate
    points have learned to use it. It now begins with the widths of the coarsest rate point that uses it, scaled by the
    root of the lambdas' ratio, if that ratio is at most WITHIN.

    Args:
        widths, gains: `[R, C]`.
        spread: `[C]`, standard deviations of the latents.
        lambdas: `[R]`, rising.
    """
    drowned = widths > DROWNED * spread
    first = drowned.sum(0).clamp_max(len(widths) - 1)  # drowned rate points are the coarsest
    channels = torch.arange(len(first))
    further = lambdas[first] / lambdas[:, None]
    heard = drowned & ~drowned[first, channels] & (further <= WITHIN)
    noisier = torch.where(heard, widths[first, channels] * further.sqrt(), widths)
    # Wiener's factor: the decoder trusts a channel with more noise less.
    belief = spread**2 / (spread**2 + noisier**2 / 12)
    return noisier, torch.where(heard, (gains / belief)[first, channels] * belief, gains)


def _without_linear(network: nn.Module) -> dict[str, Tensor]:
    """Zeros for the linear path of a network, if it has one."""
    return {key: torch.zeros_like(value) for key, value in network.state_dict().items() if "linear" in key}


def interpolation(known: Tensor, wanted: Tensor) -> Tensor:
    """Weights `[wanted, known]` of linear interpolation between rising positions; constant outside of them."""
    unit = np.eye(len(known))
    return torch.tensor(np.stack([np.interp(wanted, known, row) for row in unit], 1), dtype=torch.float32)
