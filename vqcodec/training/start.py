"""Where training starts: latents above the noise, principal components of patches, or the weights of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.image import autoencoder as image
from vqcodec.image.config import AutoencoderConfig
from vqcodec.model import Model
from vqcodec.nn.density import NoiseDensity
from vqcodec.training.codebooks import collect_latents
from vqcodec.training.objective import Decoder, Encoder

__all__ = ["spread_latents", "start_from_model", "start_linear_path"]

# Latents of the linear path are so many times the coefficients, to suit the first widths of the noise.
LATENT_SCALE = 6.0
PATCHES = 30_000
SPREAD = 3.0
FINER = 0.66  # the widths of a rate point, to begin with, over those of the one before


@torch.no_grad()
def spread_latents(encoder: Encoder, batches: Iterator[Tensor]) -> None:
    """Scale the last layer of an encoder so that every latent begins with the standard deviation SPREAD, around 0.

    That is above the first widths of the noise. A channel that begins below is not heard by the decoder, has no
    gradient from it, and is given up before it has learned anything.
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
    patches = torch.cat([F.pixel_unshuffle(x, config.stride).transpose(0, 1).flatten(1).T for x in _enough(batches)])
    moments = patches.T.double() @ patches.double()
    count = min(len(moments), config.latent_channels)
    components = torch.linalg.eigh(moments)[1].flip(1)[:, :count].float()
    for parameter in (*encoder.linear.parameters(), *decoder.linear.parameters()):
        parameter.zero_()
    encoder.linear.weight[:count, :, 0, 0] = components.T * LATENT_SCALE
    decoder.linear.weight[:, :count, 0, 0] = components / LATENT_SCALE


def _enough(batches: Iterator[Tensor]) -> Iterator[Tensor]:
    """Crops with more than PATCHES patches of 16x16 pixels."""
    pixels = 0
    while pixels < PATCHES * 256:
        x = next(batches)
        pixels += x[:, 0].numel()
        yield x


@torch.no_grad()
def start_from_model(
    model: Model, encoder: Encoder, decoder: Decoder, density: NoiseDensity, batches: Iterator[Tensor]
) -> None:
    """Take up the networks of a trained model; the density begins with the spread of its latents and their widths.

    Rate points beyond those of the model begin as its last one, each with finer noise than the one before.

    Raises:
        ModelError: the model has other networks.
    """
    rates = len(decoder.gain)
    widths = torch.from_numpy(model.codebooks.metric).flatten(1).rsqrt()
    finer = torch.tensor([FINER ** max(0, rate + 1 - len(widths)) for rate in range(rates)])[:, None]
    weights = model.state("decoder")
    for name in ("gain", "rate_bias.weight"):
        if name in weights:
            weights[name] = _to_rates(weights[name], rates)
    try:
        encoder.load_state_dict(model.state("encoder"))
        decoder.load_state_dict(weights)
        widths = _to_rates(widths, rates) * finer
        density.start(collect_latents(encoder, batches, PATCHES), widths.pow(-2))
    except RuntimeError:
        raise ModelError("the networks to start from have another shape than the configuration") from None


def _to_rates(rows: Tensor, rates: int) -> Tensor:
    """The first `rates` rows of `[R, C]`, the last one again where there are fewer."""
    return rows[torch.arange(rates).clamp_max(len(rows) - 1)]
