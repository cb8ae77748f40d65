"""Priors of sound for tests: one of ragged alphabets, one at the end of the exact range, one of integers alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tests.helpers.priors import bound_layer
from vqcodec.prior.config import WaveNetConfig
from vqcodec.prior.dilated import rows_read
from vqcodec.prior.exact import ACTIVATION_MAX, ExactLayer, Tables
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice

if TYPE_CHECKING:
    from vqcodec.training.prior.wavenet import WaveNetNetwork

__all__ = ["RAGGED", "bound_wavenet", "plain_wavenet", "ragged_network", "wavenet_named"]

RAGGED = WaveNetConfig(planes=(1, 2, 2, 1), streams=(1, 2, 1), hidden=8, dilations=(1, 3, 2), features=5)
RAGGED_SIZES = [[7, 1, 1, 5, 2, 1], [3, 7, 2, 6, 1, 4]]  # at rate point 0, two slices have no choice at all

BOUND_PLANES, BOUND_STREAMS, BOUND_HIDDEN = (3, 3), (1, 1), 264
DIMENSION, ALPHABET, RATE_POINTS = 48, 16, 2


def ragged_network(seed: int = 0, scale: float = 0.3, config: WaveNetConfig = RAGGED) -> WaveNetNetwork:
    """A random prior whose alphabets differ; larger `scale`s give bolder predictions."""
    import torch  # which takes seconds, and others do without

    from vqcodec.training.prior.wavenet import WaveNetNetwork

    torch.manual_seed(seed)
    network = WaveNetNetwork(config, torch.randn(2, 6, 7, 2), 1 + 3 * torch.rand(2, 6, 7), torch.tensor(RAGGED_SIZES))
    for project in network.project:
        torch.nn.init.normal_(project, std=scale)
    for layer in network.causal:
        torch.nn.init.normal_(layer.bias, std=scale)
    return network


def bound_wavenet(seed: int = 0) -> WaveNet:
    """A prior all of whose layers are at the bound, on values as large as they may be."""
    rng = np.random.default_rng(seed)
    total, outputs, slices, first = sum(BOUND_PLANES), 2 * BOUND_HIDDEN, [], 0
    for count in BOUND_PLANES:
        inputs = [len(rows_read(range(first, first + count), total, DIMENSION)), outputs, outputs]
        causal = tuple(bound_layer(rng, each, outputs, RATE_POINTS, shifts=(12, 13)) for each in inputs)
        heads = tuple(bound_layer(rng, BOUND_HIDDEN, count * ALPHABET, shifts=(11, 11)) for _ in range(RATE_POINTS))
        slices.append(WaveNetSlice(causal, heads))
        first += count
    values = rng.choice([-128, -127, 127], (RATE_POINTS, total, ALPHABET, DIMENSION)).astype(np.int8)
    values[:, :, ::2] = rng.choice([-128, 127], (*values[:, :, ::2].shape[:3], 1))  # of one sign
    sizes = np.full((RATE_POINTS, total), ALPHABET)
    return WaveNet(slices, BOUND_PLANES, BOUND_STREAMS, (1, 4), values, sizes, Tables.standard())


def plain_wavenet(
    planes: Sequence[int], streams: Sequence[int], sizes: NDArray[np.intp], dilations: Sequence[int], hidden: int = 6
) -> WaveNet:
    """A prior of random integers that are the same with every NumPy: no floats, and of a generator its words only."""
    words = np.random.PCG64(1)

    def draw(low: int, high: int, *shape: int) -> NDArray[np.int64]:
        raw = (words.random_raw(int(np.prod(shape))) >> np.uint64(40)).astype(np.int64)
        return (raw % (high - low) + low).reshape(shape)

    def layer(inputs: int, outputs: int, rate_points: int, shift: int) -> ExactLayer:
        weight, bias = draw(-127, 128, inputs, outputs), draw(-3000, 3000, rate_points, outputs)
        return ExactLayer(
            weight.astype(np.int8), bias.astype(np.int32), np.full(outputs, shift, np.int8), ACTIVATION_MAX
        )

    rate_points, total = sizes.shape
    slices, first = [], 0
    for count in planes:
        own = range(first, first + count)
        inputs = [len(rows_read(own, total, 2)), *([2 * hidden] * len(dilations))]
        chosen = [int(each[each > 1].sum()) for each in sizes[:, first : first + count]]
        causal = tuple(layer(each, 2 * hidden, rate_points, 8) for each in inputs)
        slices.append(WaveNetSlice(causal, tuple(layer(hidden, each, 1, 8) for each in chosen)))
        first += count
    values = draw(-128, 128, rate_points, total, int(sizes.max()), 2).astype(np.int8)
    values[np.arange(sizes.max()) >= sizes[..., None]] = 0
    return WaveNet(slices, planes, streams, dilations, values, sizes, Tables.standard())


MAKERS: dict[str, Callable[[], WaveNet]] = {
    "ragged": lambda: ragged_network().export(),
    "bound": bound_wavenet,
    "plain": lambda: plain_wavenet((2, 1, 1), (2, 1), np.array([[5, 2, 7, 3], [4, 1, 1, 9]]), (1, 2)),
    "far": lambda: plain_wavenet((1, 2), (1, 1), np.array([[5, 2, 7], [4, 1, 1]]), (4, 100, 1)),
    "short": lambda: plain_wavenet((1,) * 6, (6,), np.array([[3] * 6, [1, 3, 1, 2, 1, 1]]), ()),
}


@cache
def wavenet_named(name: str) -> WaveNet:
    """One of `MAKERS`, made once."""
    return MAKERS[name]()
