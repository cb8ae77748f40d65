"""The trainable twin of the prior of sound: the same numbers, the order-0 frequencies to begin with, and it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bitstream import PRECISION, ModelError
from tests.helpers.priors import random_indices
from tests.helpers.wavenets import RAGGED, ragged_network
from vqcodec.prior.config import WaveNetConfig
from vqcodec.prior.exact import PREACTIVATION_BITS, frequencies
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule
from vqcodec.training.prior.wavenet import WaveNetNetwork

UNDILATED = WaveNetConfig(planes=(3, 3), streams=(2,), hidden=8, dilations=(), features=20)


def networks() -> dict[str, WaveNetNetwork]:
    return {
        "ragged": ragged_network(),
        "mild": ragged_network(seed=3, scale=0.05),
        "undilated": ragged_network(seed=1, config=UNDILATED),
    }


# Agreement ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("name", networks())
def test_twin_with_rounding_is_the_exact_prior(name: str, rate: int) -> None:
    network = networks()[name]
    prior = network.export()
    indices = random_indices(prior, rate, 2, 50)
    exact, whole = prior.bits(indices, rate), torch.from_numpy(indices).long()
    with torch.no_grad():
        twin = network(whole[None], rate, quantized=True)[0].numpy()
        hidden = network.hidden(network.look_up(whole.transpose(0, 1), rate), rate, quantized=True)
        for planes, project, state in zip(network.ranges, network.project, hidden, strict=True):
            for plane in (each for each in planes if prior.sizes[rate, each] > 1):
                logits = network.logits(plane, project, state, rate, quantized=True).numpy() * 2**PREACTIVATION_BITS
                table = frequencies(logits.reshape(100, -1), np.array([0]), prior.tables)
                chosen = np.take_along_axis(table, indices[plane].reshape(100, 1), 1).reshape(2, 50)
                # The integer logits are the same; a difference to the exact bits is but that of float32.
                assert np.abs(PRECISION - np.log2(chosen) - exact[plane]).max() < 1e-4
    unclamped = exact < 12  # below that, exp and the least frequency round
    assert unclamped.mean() > 0.8
    assert np.abs(twin - exact)[unclamped].mean() < 1e-3


def test_twin_without_rounding_is_close() -> None:
    network = networks()["mild"]
    indices = random_indices(network.export(), 1, 1, 60)[None]
    with torch.no_grad():
        rounded, smooth = (network(torch.from_numpy(indices).long(), 1, quantized) for quantized in (True, False))
    assert 0 < (rounded - smooth).abs().mean() < 0.03


def test_channels_are_taken_as_sequences() -> None:
    network = ragged_network()
    indices = torch.from_numpy(random_indices(network.export(), 1, 6, 20)).long()
    batch = indices.view(6, 2, 3, 20).transpose(0, 1)  # [B, P, C, T]
    with torch.no_grad():
        together, alone = (network(x, 1, True) for x in (batch, indices.transpose(0, 1)))
    assert together.shape == (2, 6, 3, 20)
    assert alone.shape == (6, 6, 20)
    assert torch.equal(together.transpose(1, 2).reshape(6, 6, 20), alone)


def test_it_begins_with_the_order0_frequencies() -> None:
    torch.manual_seed(0)
    bits = torch.log2(torch.tensor([2.0, 4.0, 8.0, 8.0])).expand(1, 4, 4).clone()
    config = WaveNetConfig(planes=(1, 3), streams=(2,), hidden=4, dilations=(1,), features=4)
    network = WaveNetNetwork(config, torch.randn(1, 4, 4, 2), bits, torch.full((1, 4), 4))
    prior = network.export()
    indices = random_indices(prior, 0, 2, 9)
    with torch.no_grad():
        twin = network(torch.from_numpy(indices).long()[None], 0, False)[0].numpy()
    expected = bits[0, 0].numpy()[indices]
    np.testing.assert_allclose(twin, expected, rtol=1e-3)
    np.testing.assert_allclose(prior.bits(indices, 0), expected, atol=0.05)  # logits are in steps of 1/32
    assert network.order0.tolist() == [pytest.approx(4 * 1.75)]


def test_what_cannot_be_exact_is_not_exported() -> None:
    network = ragged_network()
    with torch.no_grad():
        network.causal[1].bias[0, 0, 0] = 1e6
    with pytest.raises(ModelError, match="exact"):
        network.export()


# Learning ----------------------------------------------------------------------------------------------------------


def test_every_parameter_learns() -> None:
    network = ragged_network()
    indices = torch.from_numpy(random_indices(network.export(), 1, 4, 20)).long().transpose(0, 1)
    network(indices, 1, quantized=True).mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def test_matrices_of_slices_are_for_the_optimiser() -> None:
    """Muon takes matrices; what is padded or stacked is none of them."""
    matrices = [p.shape for p in ragged_network().parameters() if p.ndim == 2]
    first = [(4, 16), (3 * 2 + 2 * 4, 16), (3 * 6 + 2 * 4, 16), (3 * 10 + 2 * 2, 16)]
    assert matrices == [*first, *([(16, 16)] * 4 * len(RAGGED.dilations))]


def recordings(count: int, frames: int, seed: int) -> Tensor:
    """Plane 0 mostly repeats what it was 3 frames ago; plane 1 is plane 0 a frame ahead; plane 2 is free."""
    rng = np.random.default_rng(seed)
    first = np.tile(rng.integers(0, 4, (count, 3)), frames)[:, : frames + 1]
    surprise = rng.random(first.shape) < 0.05
    first = np.where(surprise, rng.integers(0, 4, first.shape), first)
    free = rng.integers(0, 4, (count, frames))
    return torch.from_numpy(np.stack([first[:, :-1], first[:, 1:], free], 1))


def test_it_learns_what_is_before_and_ahead() -> None:
    torch.manual_seed(0)
    config = WaveNetConfig(planes=(1, 2), streams=(1, 1), hidden=16, dilations=(1, 2), features=8)
    network = WaveNetNetwork(config, torch.randn(1, 3, 4, 2), torch.full((1, 3, 4), 2.0), torch.full((1, 3), 4))
    matrices = [p for p in network.parameters() if p.ndim == 2]
    others = [p for p in network.parameters() if p.ndim != 2]
    optimizer = NetworkOptimizer([(matrices, 0.02)], [(others, 0.01)], Schedule(150, warmup=10))
    for step in range(150):
        bits = network(recordings(16, 32, step), 0, quantized=step > 75)
        optimizer.step(bits.mean(), step)
    test = recordings(3, 200, 1000)
    with torch.no_grad():
        smooth = network(test, 0, False).mean((0, 2))
    exact = network.export().bits(test.transpose(0, 1).numpy().astype(np.int32), 0).mean((1, 2))
    assert smooth[0] < 1
    assert smooth[1] < 0.3
    assert 1.9 < smooth[2] < 2.2
    assert (exact < smooth.numpy() + 0.05).all()
