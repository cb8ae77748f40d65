"""Where training starts: from principal components of patches, or from the weights of a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.image.config import AutoencoderConfig
from vqcodec.model import Model
from vqcodec.nn.density import NoiseDensity
from vqcodec.training.codebooks import collect_latents
from vqcodec.training.noise import crops_to_tensor

__all__ = ["start_from_model", "start_linear_path"]

# Latents of the linear path are so many times the coefficients, to suit the first widths of the noise.
LATENT_SCALE = 6.0
PATCHES = 30_000


@torch.no_grad()
def start_linear_path(
    encoder: Encoder, decoder: Decoder, config: AutoencoderConfig, crops: Iterator[NDArray[np.uint8]]
) -> None:
    """Let the linear path of both networks begin as the Karhunen-Loeve transform of patches, if there is one."""
    if encoder.linear is None or decoder.linear is None:
        return
    patches = torch.cat([F.pixel_unshuffle(x, config.stride).transpose(0, 1).flatten(1).T for x in _enough(crops)])
    moments = patches.T.double() @ patches.double()
    count = min(len(moments), config.latent_channels)
    components = torch.linalg.eigh(moments)[1].flip(1)[:, :count].float()
    for parameter in (*encoder.linear.parameters(), *decoder.linear.parameters()):
        parameter.zero_()
    encoder.linear.weight[:count, :, 0, 0] = components.T * LATENT_SCALE
    decoder.linear.weight[:, :count, 0, 0] = components / LATENT_SCALE


def _enough(crops: Iterator[NDArray[np.uint8]]) -> Iterator[torch.Tensor]:
    """Crops with more than PATCHES patches of 16x16 pixels."""
    pixels = 0
    while pixels < PATCHES * 256:
        x = crops_to_tensor(next(crops))
        pixels += x[:, 0].numel()
        yield x


@torch.no_grad()
def start_from_model(
    model: Model, encoder: Encoder, decoder: Decoder, density: NoiseDensity, crops: Iterator[NDArray[np.uint8]]
) -> None:
    """Take up the networks of a trained model; the density begins with the spread of its latents and their widths.

    Raises:
        ModelError: the model has other networks.
    """
    try:
        encoder.load_state_dict(model.state("encoder"))
        decoder.load_state_dict(model.state("decoder"))
    except RuntimeError:
        raise ModelError("the networks to start from have another shape than the configuration") from None
    density.start(collect_latents(encoder, crops, PATCHES), torch.from_numpy(model.codebooks.metric).flatten(1))
