"""Fitting codebooks to latents, and dealing their channels into planes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.stages.codebooks import deal_channels, fit_codebooks, lloyd, reorder_channels
from vqcodec.transform.image.config import AutoencoderConfig

PLANES, DIMENSION, RATE_POINTS = 3, 2, 2


def clustered(count: int, clusters: int) -> tuple[Tensor, Tensor]:
    """Vectors of every plane around the same centres on a circle: `[1, C, N, 1]`, and the centres."""
    angle = torch.arange(clusters) * 2 * math.pi / clusters
    centres = 10 * torch.stack([angle.cos(), angle.sin()], 1)
    vectors = centres[torch.randint(clusters, (PLANES, count))] + 0.1 * torch.randn(PLANES, count, DIMENSION)
    return vectors.transpose(1, 2).reshape(1, PLANES * DIMENSION, count, 1), centres


def test_k_means_finds_separated_clusters() -> None:
    torch.manual_seed(0)
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, 24, 1))
    z, centres = clustered(600, 5)
    fit_codebooks(model, z, None, 0.0, iterations=8)
    distance = torch.cdist(model.codebooks[0], centres.expand(PLANES, -1, -1))
    assert (distance.min(1).values < 0.5).all()  # every centre has a codeword
    used = torch.zeros(PLANES, 24, dtype=torch.bool).scatter_(1, model.assign(z, torch.tensor([0]))[0].flatten(1), True)
    assert (distance.min(2).values[used] < 0.5).all()  # and every codeword in use has a centre


def test_one_code_is_the_mean() -> None:
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, 1, 1))
    z = torch.randn(1, PLANES * DIMENSION, 12, 1)
    fit_codebooks(model, z, None, 0.0, iterations=1)
    torch.testing.assert_close(model.codebooks[0, :, 0], model.split(z)[0].mean(1))


def fitted(lambda_: float) -> tuple[float, float]:
    """Mean entropy of a plane in bits, and mean squared error, of codebooks fitted to a Gaussian."""
    torch.manual_seed(0)
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, 32, 1))
    z = torch.randn(1, PLANES * DIMENSION, 1500, 1)
    rate = torch.tensor([0])
    fit_codebooks(model, z, None, lambda_, iterations=8)
    indices = model.assign(z, rate, lambda_)
    p = torch.stack([torch.bincount(plane.flatten(), minlength=32) / 1500 for plane in indices[0]])
    entropy = -(p * p.clamp_min(1e-9).log2()).sum(-1).mean()
    return entropy.item(), (model.look_up(indices, rate) - z).square().mean().item()


def test_a_price_on_bits_lowers_the_entropy() -> None:
    entropies, errors = zip(*[fitted(lambda_) for lambda_ in (0.0, 0.05, 0.5)], strict=True)
    assert entropies[0] > entropies[1] + 0.2 > entropies[2] + 0.4
    assert errors[0] < errors[1] < errors[2]


def cost(vectors: Tensor, metric: Tensor, codewords: Tensor, counts: Tensor, lambda_: float) -> float:
    """Mean squared error plus lambda bits, of the code that costs least for each vector."""
    bits = -torch.log2(counts / counts.sum())
    errors = ((vectors[:, None] - codewords) ** 2 * metric).sum(-1)
    return (errors + lambda_ * bits).min(1).values.mean().item()


def test_every_iteration_of_lloyd_lowers_the_cost() -> None:
    torch.manual_seed(0)
    vectors, metric, first = torch.randn(2000, 3), torch.tensor([1.0, 4.0, 0.5]), torch.randn(64, 3)
    fits = [lloyd(vectors, metric, first, 0.3, iterations) for iterations in range(1, 9)]
    costs = [cost(vectors, metric, *fit, 0.3) for fit in fits]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0] - 0.1
    assert len(fits[-1][0]) < len(fits[0][0]) <= 64
    assert all(counts.min() > 0 and counts.sum() == 2000 for _, counts in fits)


def test_an_alphabet_of_codes_that_are_left() -> None:
    torch.manual_seed(0)
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, 24, RATE_POINTS))
    before = model.codebooks[0].clone()
    model.set_codebook(1, 2, torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([30.0, 10.0]))
    model.update_code_bits()
    assert model.alive[1, 2].sum() == 2
    assert model.alive.sum() == RATE_POINTS * PLANES * 24 - 22
    torch.testing.assert_close(model.codebooks[0], before)
    z = torch.tensor([0.0, 0, 0, 0, 2.9, 4.2]).reshape(1, 6, 1, 1)
    assert model.assign(z, torch.tensor([1]), 0.1)[0, 2].item() == 1
    assert model.code_bits[1, 2, :2].tolist() == pytest.approx([math.log2(4 / 3), 2], abs=0.01)
    torch.testing.assert_close(model.ema_sum[1, 2, 1], torch.tensor([30.0, 40.0]))


def test_metric_of_the_fit_is_the_inverse_square_of_the_widths() -> None:
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, 5, RATE_POINTS))
    widths = 0.5 + torch.rand(RATE_POINTS, PLANES * DIMENSION)
    fit_codebooks(model, torch.randn(1, PLANES * DIMENSION, 50, 1), widths, 0.1, iterations=1)
    torch.testing.assert_close(model.metric.flatten(1), widths**-2)


# Channels ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 12), st.integers(2, 6), st.integers(0, 1000))
def test_dealing_is_a_permutation_led_by_the_strongest(planes: int, dimension: int, seed: int) -> None:
    bits = torch.from_numpy(np.random.default_rng(seed).random(planes * dimension))
    order = deal_channels(bits, dimension)
    assert sorted(order.tolist()) == list(range(planes * dimension))
    assert torch.equal(bits[order].view(planes, dimension)[:, 0], bits.sort(descending=True).values[:planes])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 10), min_size=6, max_size=6))
def test_dealing_pairs_is_optimal(values: list[float]) -> None:
    """No other pairing has a smaller strongest pair."""
    order = deal_channels(torch.tensor(values, dtype=torch.float64), 2).tolist()

    def strongest(pairing: Sequence[int]) -> float:
        return max(values[a] + values[b] for a, b in zip(pairing[::2], pairing[1::2], strict=True))

    assert strongest(order) == min(map(strongest, itertools.permutations(range(6))))


@pytest.mark.parametrize("dimension", [2, 3, 4])
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_dealing_balances(dimension: int, power: float) -> None:
    bits = torch.linspace(1, 0, 12 * dimension) ** power
    dealt = bits[deal_channels(bits, dimension)].view(-1, dimension).sum(1)
    ranked = bits.view(-1, dimension).sum(1)
    assert dealt.std() < 0.6 * ranked.std()


@pytest.mark.parametrize("linear_path", [False, True])
def test_reordering_channels_changes_nothing_outside(linear_path: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand_like", lambda z: torch.full_like(z, 0.7))  # the same noise in every channel
    torch.manual_seed(0)
    config = AutoencoderConfig(
        widths=(6, 8), blocks=(1, 1), latent_channels=12, rate_points=RATE_POINTS, linear_path=linear_path
    )
    encoder, decoder, factorized_prior = Encoder(config), Decoder(config), FactorizedPrior(12, RATE_POINTS)
    for parameter in (decoder.gain, *factorized_prior.parameters()):
        nn.init.normal_(parameter)
    x, rate, order = torch.randn(2, 3, 16, 24), torch.tensor([0, 1]), torch.randperm(12)
    with torch.no_grad():
        z = encoder(x)
        noise = torch.rand_like(z) - 0.5
        (picture, _), widths, (noisy, bits) = (
            decoder(z, rate),
            factorized_prior.widths(),
            factorized_prior(z, rate, noise),
        )
        reorder_channels(encoder, decoder, factorized_prior, order)
        torch.testing.assert_close(encoder(x), z[:, order])
        torch.testing.assert_close(decoder(encoder(x), rate)[0], picture)
        torch.testing.assert_close(factorized_prior(z[:, order], rate, noise[:, order])[0], noisy[:, order])
        torch.testing.assert_close(factorized_prior(z[:, order], rate, noise[:, order])[1], bits[:, order])
        assert torch.equal(factorized_prior.widths(), widths[:, order])
    assert not torch.equal(order, torch.arange(12))
