"""The gradient of code lengths, beside autograd on the trainable twin of the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bitstream import ModelError
from tests.helpers.image_models import tiny_model
from vqcodec import ImageCodec
from vqcodec.codec.rate_gradient import RateGradient
from vqcodec.model.model import Model
from vqcodec.prior.fastest import fastest
from vqcodec.training.prior.networks import prior_network
from vqcodec.training.prior.pixelcnn import PixelCNNNetwork


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


def twin(model: Model, seed: int) -> PixelCNNNetwork:
    """A trainable prior in which all layers matter."""
    torch.manual_seed(seed)
    network = prior_network(model.config.prior, model.codebooks)
    assert isinstance(network, PixelCNNNetwork)
    for module in network.slices:
        torch.nn.init.normal_(module.project, std=0.03)
        for layer in (*module.context, *module.causal):
            torch.nn.init.normal_(layer.bias, std=0.2)
    return network


def by_autograd(network: PixelCNNNetwork, indices: NDArray[np.int32], rate_point: int) -> NDArray[np.float32]:
    """In the values `[P D, h, w]` of the prior, of the bits of all other codes."""
    codes = torch.from_numpy(indices.astype(np.int64))[None]
    values = network.look_up(codes, rate_point).requires_grad_()
    dimension, total = network.values.shape[-1], torch.zeros(())
    for planes, module in zip(network.ranges, network.slices, strict=True):
        own, earlier = (
            values[:, planes.start * dimension : planes.stop * dimension],
            values[:, : planes.start * dimension],
        )
        hidden = module(own, earlier, rate_point, False).permute(0, 2, 3, 1)
        for plane in planes:
            total = total + network.plane_bits(plane, module.project, hidden, codes[:, plane], rate_point, False).sum()
    found: NDArray[np.float32] = torch.autograd.grad(total, values)[0][0].numpy()
    return found


@pytest.mark.parametrize("rate_point", [0, 1])
def test_it_is_that_of_the_trainable_twin(model: Model, rate_point: int) -> None:
    network, codebooks = twin(model, seed=3), model.codebooks
    prior = network.export()
    rng = np.random.default_rng(4)
    sizes = codebooks.sizes[rate_point][:, None, None]
    indices = (rng.random((len(sizes), 19, 23)) ** 2 * sizes).astype(np.int32)
    found = RateGradient(prior, fastest(prior), codebooks)(indices, rate_point)

    spread = np.abs(codebooks.codewords).max((0, 2, 3))  # a unit of latents is 127 / spread values
    expected = by_autograd(network, indices, rate_point).reshape(found.shape) * (127 / spread)[:, None, None, None]
    # Weights of the exact prior are rounded to 8 bits.
    assert np.abs(found - expected).max() < 0.08 * np.abs(expected).max()
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999


def test_tiles_give_the_same(tiny_codec: ImageCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    prior, codebooks = twin(tiny_codec.model, seed=5).export(), tiny_codec.model.codebooks
    indices = np.random.default_rng(0).integers(
        0, codebooks.sizes[1].min(), (len(codebooks.sizes[1]), 30, 17), np.int32
    )
    whole = RateGradient(prior, fastest(prior), codebooks)(indices, 1)
    monkeypatch.setattr("vqcodec.codec.rate_gradient.TILE", 6)
    assert np.allclose(
        RateGradient(prior, fastest(prior), codebooks)(indices, 1), whole, atol=1e-4 * np.abs(whole).max()
    )


def test_a_prior_of_other_numbers_is_refused(model: Model) -> None:
    codebooks = replace(
        model.codebooks, codewords=model.codebooks.codewords[..., :3], metric=model.codebooks.metric[..., :3]
    )
    prior = twin(model, seed=7).export()
    with pytest.raises(ModelError, match="codewords"):
        RateGradient(prior, fastest(prior), codebooks)


def test_planes_without_a_choice_cost_nothing(tiny_codec: ImageCodec) -> None:
    prior = twin(tiny_codec.model, seed=6).export()
    prior.sizes[:] = 1
    indices = np.zeros((prior.sizes.shape[1], 5, 6), np.int32)
    assert not RateGradient(prior, fastest(prior), tiny_codec.model.codebooks)(indices, 0).any()
