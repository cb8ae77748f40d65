"""The trainable twins of the exact priors give the same numbers, and begin with the order-0 frequencies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bitstream import ModelError
from tests.helpers import pixelcnns, wavenets
from tests.helpers.image_models import SETTINGS, tiny_model
from tests.helpers.priors import random_indices
from vqcodec.prior.config import PixelCNNConfig, WaveNetConfig
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.training.prior.networks import PriorNetwork, prior_network
from vqcodec.training.prior.pixelcnn import PixelCNNNetwork
from vqcodec.training.prior.wavenet import WaveNetNetwork

UNDILATED = WaveNetConfig(planes=(3, 3), streams=(2,), hidden=8, dilations=(), features=20)

NETWORKS: dict[str, Callable[[], PriorNetwork]] = {
    "pixelcnn-ragged": pixelcnns.ragged_network,
    "pixelcnn-mild": lambda: pixelcnns.ragged_network(seed=3, scale=0.05),
    "pixelcnn-fresh": lambda: prior_network(SETTINGS.prior, tiny_model().codebooks),
    "wavenet-ragged": wavenets.ragged_network,
    "wavenet-mild": lambda: wavenets.ragged_network(seed=3, scale=0.05),
    "wavenet-undilated": lambda: wavenets.ragged_network(seed=1, config=UNDILATED),
}
every_kind = pytest.mark.parametrize("kind", ["pixelcnn", "wavenet"])


@pytest.mark.parametrize("rate_point", [0, 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_twin_with_rounding_is_the_exact_prior(name: str, rate_point: int) -> None:
    network = NETWORKS[name]()
    prior = network.export()
    indices = random_indices(prior, rate_point, *((12, 13) if isinstance(prior, PixelCNN) else (2, 50)))
    exact = prior.bits(indices, rate_point)
    with torch.no_grad():
        twin = network(torch.from_numpy(indices).long()[None], rate_point, quantized=True)[0].numpy()
    unclamped = exact < 12  # below that, exp and the least frequency round
    assert unclamped.mean() > 0.8
    assert np.abs(twin - exact)[unclamped].mean() < 1e-3


@every_kind
def test_twin_without_rounding_is_close(kind: str) -> None:
    network = NETWORKS[f"{kind}-mild"]()
    indices = torch.from_numpy(random_indices(network.export(), 1, 6, 10)).long()[None]
    with torch.no_grad():
        rounded, smooth = (network(indices, 1, quantized) for quantized in (True, False))
    assert 0 < (rounded - smooth).abs().mean() < 0.03


@every_kind
def test_it_begins_with_the_order0_frequencies(kind: str) -> None:
    torch.manual_seed(0)
    bits = torch.log2(torch.tensor([2.0, 4.0, 8.0, 8.0])).expand(1, 4, 4).clone()
    parts = torch.randn(1, 4, 4, 2), bits, torch.full((1, 4), 4)
    if kind == "pixelcnn":
        shape = PixelCNNConfig((1, 3), (2,), context=4, context_depth=1, hidden=4, depth=2, features=4)
        network: PriorNetwork = PixelCNNNetwork(shape, *parts)
    else:
        network = WaveNetNetwork(WaveNetConfig((1, 3), (2,), hidden=4, dilations=(1,), features=4), *parts)
    prior = network.export()
    indices = random_indices(prior, 0, 2, 9)
    with torch.no_grad():
        twin = network(torch.from_numpy(indices).long()[None], 0, False)[0].numpy()
    expected = bits[0, 0].numpy()[indices]
    np.testing.assert_allclose(twin, expected, rtol=1e-3)
    np.testing.assert_allclose(prior.bits(indices, 0), expected, atol=0.05)  # logits are in steps of 1/32
    assert network.order0.tolist() == [pytest.approx(4 * 1.75)]


@every_kind
def test_every_parameter_learns(kind: str) -> None:
    network = NETWORKS[f"{kind}-ragged"]()
    indices = torch.from_numpy(random_indices(network.export(), 1, 4, 20)).long()[None]
    network(indices, 1, quantized=True).mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


@every_kind
def test_what_cannot_be_exact_is_not_exported(kind: str) -> None:
    network = NETWORKS[f"{kind}-ragged"]()
    layer = network.slices[1].causal[0] if isinstance(network, PixelCNNNetwork) else network.causal[1]
    with torch.no_grad():
        layer.bias[0].fill_(1e6)
    with pytest.raises(ModelError, match="exact"):
        network.export()
