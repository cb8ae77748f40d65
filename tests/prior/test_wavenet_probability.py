"""The prior of sound is a distribution: over all volumes it sums to 1, and samples cost its entropy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers.wavenets import plain_wavenet
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.prior.wavenet import WaveNet

SIZES = np.array([[2, 3, 2]])


def small(planes: tuple[int, ...]) -> WaveNet:
    return plain_wavenet(planes, (len(planes),), SIZES, (1, 2), hidden=4)


def all_volumes(frames: int) -> NDArray[np.int32]:
    """Every volume of so many frames, as the channels of one: `[P, N, T]`."""
    alphabets = [range(size) for size in SIZES[0] for _ in range(frames)]
    return np.array(list(itertools.product(*alphabets)), np.int32).reshape(-1, 3, frames).transpose(1, 0, 2)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("planes", [(1, 1, 1), (1, 2), (2, 1), (3,)])
def test_probabilities_of_all_volumes_sum_to_1(planes: tuple[int, ...], frames: int) -> None:
    volumes = all_volumes(frames)
    assert volumes.shape[1] == 12**frames
    p = np.exp2(-small(planes).bits(volumes, 0).sum((0, 2)))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert p.max() > 3 * p.min()  # not flat


def test_samples_cost_the_entropy() -> None:
    prior, frames, count = small((1, 1, 1)), 3, 4000
    every = prior.bits(all_volumes(frames), 0).sum((0, 2))
    p = np.exp2(-every)
    entropy = (p * every).sum()
    deviation = ((p * every**2).sum() - entropy**2) ** 0.5
    drawn = prior.sample(SymbolSampler(3), 0, count, frames)
    bits = prior.bits(drawn, 0).sum((0, 2))
    assert deviation > 0.5
    assert abs(bits.mean() - entropy) < 4 * deviation / count**0.5


def test_volumes_are_drawn_as_often_as_is_likely() -> None:
    """A chi-square test at five standard deviations."""
    prior, count = small((1, 2)), 20_000
    p = np.exp2(-prior.bits(all_volumes(2), 0).sum((0, 2)))
    number = {volume.tobytes(): n for n, volume in enumerate(all_volumes(2).transpose(1, 0, 2))}
    drawn = prior.sample(SymbolSampler(5), 0, count, 2).transpose(1, 0, 2)
    counts = np.bincount([number[volume.tobytes()] for volume in drawn], minlength=len(p))
    rare = count * p < 10
    observed, wanted = np.append(counts[~rare], counts[rare].sum()), count * np.append(p[~rare], p[rare].sum())
    assert ((observed - wanted) ** 2 / wanted).sum() < len(wanted) + 5 * (2 * len(wanted)) ** 0.5


def test_seeds_and_temperatures() -> None:
    prior = small((1, 2))
    first, again, other = (prior.sample(SymbolSampler(seed), 0, 2, 40) for seed in (0, 0, 1))
    assert first.shape == (3, 2, 40)
    assert (first == again).all()
    assert (first != other).any()
    costs = [prior.bits(prior.sample(SymbolSampler(0, t), 0, 4, 100), 0).sum() for t in (0.0, 0.5, 1.0, 2.0)]
    assert (np.diff(costs) > 0).all()
    flat = prior.sample(SymbolSampler(0, 0.0), 0, 1, 60)
    tables = [np.full((60, size), np.nan) for size in SIZES[0]]
    for plane, part, cost in prior.costs(flat, 0):
        tables[plane][part] = cost
    assert all((flat[plane, 0] == tables[plane].argmin(1)).mean() > 0.9 for plane in range(3))  # but for ties
