"""A model so small that all its indices can be counted up: two planes, of 3 and of 4 codes."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from bitstream import ImageSource
from vqcodec import ImageCodec, Indices
from vqcodec.model.config import ModelConfig
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.training.networks.image import Decoder, Encoder, LikelihoodHead
from vqcodec.training.prior.pixelcnn import PixelCNNNetwork
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.image.config import AutoencoderConfig

__all__ = ["ALPHABETS", "STRIDE", "all_indices", "enumerable_model", "probabilities"]

ALPHABETS = (3, 4)
SHAPE = AutoencoderConfig(patch=2, widths=(4, 6), blocks=(0, 1), latent_channels=4)
STRIDE = SHAPE.stride
PRIOR = PixelCNNConfig(planes=(1, 1), streams=(1, 1), context=4, context_depth=1, hidden=6, depth=2, features=4)


def enumerable_model(seed: int = 0) -> Model:
    """The model; everything in it is random, and its prior far from flat."""
    torch.manual_seed(seed)
    encoder, decoder, likelihood = Encoder(SHAPE), Decoder(SHAPE), LikelihoodHead(SHAPE)
    torch.nn.init.normal_(likelihood.outer.weight, std=0.5)
    assert likelihood.outer.bias is not None
    torch.nn.init.normal_(likelihood.outer.bias, std=0.5)
    networks = {
        f"{name}/{key}": value.half().float().numpy()
        for name, network in (("encoder", encoder), ("decoder", decoder), ("likelihood", likelihood))
        for key, value in network.state_dict().items()
    }
    codewords, code_bits = torch.randn(1, 2, 4, 2).half().float(), 1 + 2 * torch.rand(1, 2, 4).half().float()
    taken = torch.arange(4) < torch.tensor([ALPHABETS])[..., None]
    codewords, code_bits = torch.where(taken[..., None], codewords, 0), torch.where(taken, code_bits, 0)
    prior = PixelCNNNetwork(PRIOR, codewords, code_bits, torch.tensor([ALPHABETS]))
    for module in prior.slices:
        torch.nn.init.normal_(module.project, std=0.3)
    ones, sizes = np.ones((1, 2, 2), np.float32), np.array([ALPHABETS])
    codebooks = Codebooks(codewords.numpy(), sizes, ones, code_bits.numpy())
    return Model(ModelConfig(SHAPE, PRIOR, (Setting(0, 0.1),)), codebooks, prior.export(), networks)


def all_indices(codec: ImageCodec, width: int, height: int) -> list[Indices]:
    """All that a picture of `width` x `height` pixels could have."""
    shape = (-(-height // STRIDE), -(-width // STRIDE))
    positions = shape[0] * shape[1]
    choices = itertools.product(*(range(size) for size in ALPHABETS for _ in range(positions)))
    volumes = (np.array(choice, np.int32).reshape(2, *shape) for choice in choices)
    return [codec.indices(values, 0, ImageSource(width, height)) for values in volumes]


def probabilities(codec: ImageCodec, volumes: list[Indices]) -> np.ndarray:
    """p(k) of each under the exact prior."""
    return np.exp2([-codec.bits(volume).sum() for volume in volumes])
