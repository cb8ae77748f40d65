"""Priors of pictures: one of ragged alphabets, one at the very end of the exact range, that of the small model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tests.helpers.priors import bound_layer
from vqcodec.model.config import ModelConfig
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.prior.exact import ExactLayer, Tables
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.image.config import AutoencoderConfig

if TYPE_CHECKING:
    from vqcodec.training.prior.pixelcnn import PixelCNNNetwork

__all__ = ["PIXELCNNS", "RAGGED", "bound_model", "bound_prior", "pixelcnn_named", "ragged_network"]

RAGGED = PixelCNNConfig(planes=(1, 2, 2), streams=(1, 2), context=6, context_depth=2, hidden=8, depth=3, features=5)
RAGGED_SIZES = [[7, 1, 1, 5, 2], [3, 7, 2, 6, 1]]  # at rate point 0, the second slice has no choice at all

# Rows enough that every column of every layer reaches the bound by its weights.
BOUND = PixelCNNConfig(planes=(3, 3), streams=(1, 1), context=64, context_depth=2, hidden=264, depth=2)
DIMENSION, ALPHABET, RATE_POINTS = 24, 16, 2


def ragged_network(seed: int = 0, scale: float = 0.3) -> PixelCNNNetwork:
    """A random prior whose alphabets differ; larger `scale`s give bolder predictions."""
    import torch  # which takes seconds, and others do without

    from vqcodec.training.prior.pixelcnn import PixelCNNNetwork

    torch.manual_seed(seed)
    sizes = torch.tensor(RAGGED_SIZES)
    network = PixelCNNNetwork(RAGGED, torch.randn(2, 5, 7, 2), 1 + 3 * torch.rand(2, 5, 7), sizes)
    for module in network.slices:
        torch.nn.init.normal_(module.project, std=scale)
        for layer in (*module.context, *module.causal):
            torch.nn.init.normal_(layer.bias, std=scale)
    return network


def bound_prior(seed: int = 0) -> PixelCNN:
    """A prior all of whose layers are at the bound, on values as large as they may be."""
    rng = np.random.default_rng(seed)

    def gated(inputs: int, channels: int) -> ExactLayer:
        return bound_layer(rng, inputs, 2 * channels, RATE_POINTS, shifts=(12, 13))

    slices, earlier = [], 0
    for count in BOUND.planes:
        context = (gated(9 * earlier, BOUND.context), gated(9 * BOUND.context, BOUND.context)) if earlier else ()
        own = 4 * count * DIMENSION + (BOUND.context if earlier else 0)
        causal = (gated(own, BOUND.hidden), gated(5 * BOUND.hidden, BOUND.hidden))
        heads = tuple(bound_layer(rng, BOUND.hidden, count * ALPHABET, shifts=(11, 11)) for _ in range(RATE_POINTS))
        slices.append(PixelCNNSlice(context, causal, heads))
        earlier += count * DIMENSION
    values = rng.choice([-128, -127, 127], (RATE_POINTS, sum(BOUND.planes), ALPHABET, DIMENSION)).astype(np.int8)
    values[:, :, ::2] = rng.choice([-128, 127], (*values[:, :, ::2].shape[:3], 1))  # of one sign
    sizes = np.full(values.shape[:2], ALPHABET)
    return PixelCNN(slices, BOUND.planes, BOUND.streams, values, sizes, Tables.standard())


def bound_model(seed: int = 0) -> Model:
    """A model with that prior, and an encoder and decoder to no purpose."""
    import torch

    from vqcodec.training.networks.image import Decoder, Encoder

    torch.manual_seed(seed)
    channels = sum(BOUND.planes) * DIMENSION
    shape = AutoencoderConfig(widths=(8, 8), blocks=(0, 0), latent_channels=channels, rate_points=RATE_POINTS)
    prior = bound_prior(seed)
    networks = {
        f"{name}/{key}": value.numpy()
        for name, network in (("encoder", Encoder(shape)), ("decoder", Decoder(shape)))
        for key, value in network.state_dict().items()
    }
    codewords = (0.3 * torch.randn(prior.values.shape)).half().float().numpy()
    ones = np.ones((RATE_POINTS, sum(BOUND.planes), DIMENSION), np.float32)
    codebooks = Codebooks(codewords, prior.sizes, ones, np.full(codewords.shape[:3], 4, np.float32))
    config = ModelConfig(shape, BOUND, (Setting(0, 0.01), Setting(1, 0.01)))
    return Model(config, codebooks, prior, networks)


def tiny_prior() -> PixelCNN:
    """That of the small model of pictures."""
    from tests.helpers.image_models import tiny_model

    prior = tiny_model().prior
    assert isinstance(prior, PixelCNN)
    return prior


PIXELCNNS: dict[str, Callable[[], PixelCNN]] = {
    "ragged": lambda: ragged_network().export(),
    "tiny": tiny_prior,
    "bound": bound_prior,
}


@cache
def pixelcnn_named(name: str) -> PixelCNN:
    """One of `PIXELCNNS`, made once."""
    return PIXELCNNS[name]()
