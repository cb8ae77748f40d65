"""Model files that take as much as their bytes allow, or claim more; all of their weights are 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.helpers.hostile_priors import layer
from vqcodec.model.config import ModelConfig
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.prior.exact import ExactLayer, Tables
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.image.config import AutoencoderConfig

__all__ = ["heavy_codes", "heavy_networks", "heavy_prior", "model_of", "zero_prior"]


def zero_prior(
    planes: tuple[int, ...], alphabet: int, context: int = 0, hidden: int = 1, depth: int = 1, dimension: int = 1
) -> PixelCNN:
    """A prior of one rate point and one layer with these planes a slice, and widths of its layers."""
    slices, earlier = [], 0
    for count in planes:
        around = (layer(9 * earlier, 2 * context, 1),) if context and earlier else ()
        first = layer(4 * count * dimension + len(around) * context, 2 * hidden, 1)
        causal: tuple[ExactLayer, ...] = (first, *[layer(5 * hidden, 2 * hidden, 1)] * (depth - 1))
        slices.append(PixelCNNSlice(around, causal, (layer(hidden, count * alphabet * (alphabet > 1), 1),)))
        earlier += count * dimension
    values = np.zeros((1, sum(planes), alphabet, dimension), np.int8)
    return PixelCNN(slices, planes, [len(planes)], values, np.full((1, sum(planes)), alphabet), Tables.standard())


def model_of(shape: AutoencoderConfig, prior: PixelCNN) -> Model:
    """With a decoder that has as many zeros as the shape says, and no encoder."""
    _, planes, alphabet, dimension = prior.values.shape
    codebooks = Codebooks(
        np.zeros((1, planes, alphabet, dimension), np.float32),
        prior.sizes,
        np.ones((1, planes, dimension), np.float32),
        np.zeros((1, planes, alphabet), np.float32),
    )
    counts = tuple(len(each) for each in prior.plane_ranges)
    config = ModelConfig(shape, PixelCNNConfig(counts, (len(counts),)), (Setting(0, 0.0),))
    return Model(config, codebooks, prior, decoder_of(shape))


def decoder_of(shape: AutoencoderConfig) -> dict[str, np.ndarray]:
    """Zeros under the names that the decoder has."""
    import torch

    from vqcodec.training.networks.image import Decoder

    with torch.device("meta"):
        state = Decoder(shape).state_dict()
    return {f"decoder/{name}": np.zeros(tuple(value.shape), np.float32) for name, value in state.items()}


def heavy_networks(path: Path) -> Path:
    """As many weights of a decoder as a megabyte holds."""
    shape = AutoencoderConfig(patch=8, widths=(128,), blocks=(16,), latent_channels=2)
    model_of(shape, zero_prior((1, 1), 2)).save(path)
    return path


def heavy_prior(path: Path) -> Path:
    """As many weights of a prior."""
    shape = AutoencoderConfig(patch=16, widths=(2, 2, 2), blocks=(0, 0, 0), latent_channels=2)
    model_of(shape, zero_prior((1, 1), 2, context=2, hidden=600, depth=2)).save(path)
    return path


def heavy_codes(path: Path, planes: int = 64) -> Path:
    """As much room for codes that alphabets lack as any model may have; more with more planes."""
    shape = AutoencoderConfig(patch=16, widths=(2,), blocks=(0,), latent_channels=planes)
    prior, room = zero_prior((planes,), 1), np.zeros((1, planes, 1 << 15, 1), np.int8)
    model_of(shape, PixelCNN(prior.slices, (planes,), (1,), room, prior.sizes, prior.tables)).save(path)
    return path
