"""Priors of random shapes, all of whose layers are at the very end of the exact range."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.helpers.priors import bound_layer
from vqcodec.prior.dilated import rows_read
from vqcodec.prior.exact import ExactLayer, Tables
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice

__all__ = ["random_pixelcnns", "random_wavenets"]

RATE_POINTS = 2


def _parts(draw: st.DrawFn) -> tuple[np.random.Generator, list[int], list[int], NDArray[np.int8], NDArray[np.intp]]:
    """A generator, planes of slices, slices of streams, values and alphabets."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    planes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    first = draw(st.integers(1, len(planes)))
    streams = [first, len(planes) - first] if first < len(planes) else [first]
    alphabet, dimension = draw(st.sampled_from([1, 2, 7, 8, 9, 33, 300])), draw(st.integers(1, 3))
    values = rng.choice([-128, -1, 127], (RATE_POINTS, sum(planes), alphabet, dimension)).astype(np.int8)
    sizes = rng.integers(1, alphabet, values.shape[:2], endpoint=True)
    sizes[rng.random(sizes.shape) < 0.2] = 1
    return rng, planes, streams, values, sizes


def _gated(rng: np.random.Generator, inputs: int, channels: int) -> ExactLayer:
    return bound_layer(rng, inputs, 2 * channels, RATE_POINTS, shifts=(0, 20))


def _heads(rng: np.random.Generator, hidden: int, sizes: NDArray[np.intp]) -> tuple[ExactLayer, ...]:
    """One for each rate point, for alphabets `[R, planes]`."""
    return tuple(bound_layer(rng, hidden, int(own[own > 1].sum()), shifts=(8, 14)) for own in sizes)


@st.composite
def random_pixelcnns(draw: st.DrawFn) -> PixelCNN:
    """Priors of pictures."""
    rng, planes, streams, values, sizes = _parts(draw)
    hidden, depth, context = draw(st.integers(1, 40)), draw(st.integers(1, 3)), draw(st.integers(1, 20))
    slices, earlier = [], 0
    for count in planes:
        seen = earlier * values.shape[3]
        around = (_gated(rng, 9 * seen, context), _gated(rng, 9 * context, context)) if seen else ()
        own = 4 * count * values.shape[3] + (context if seen else 0)
        causal = [_gated(rng, inputs, hidden) for inputs in [own, *[5 * hidden] * (depth - 1)]]
        heads = _heads(rng, hidden, sizes[:, earlier : earlier + count])
        slices.append(PixelCNNSlice(around, tuple(causal), heads))
        earlier += count
    return PixelCNN(slices, planes, streams, values, sizes, Tables.standard())


@st.composite
def random_wavenets(draw: st.DrawFn) -> WaveNet:
    """Priors of sound."""
    rng, planes, streams, values, sizes = _parts(draw)
    hidden, dilations = draw(st.integers(1, 40)), draw(st.lists(st.integers(1, 30), max_size=3))
    slices, first = [], 0
    for count in planes:
        own = len(rows_read(range(first, first + count), sum(planes), values.shape[3]))
        causal = [_gated(rng, inputs, hidden) for inputs in [own, *[2 * hidden] * len(dilations)]]
        slices.append(WaveNetSlice(tuple(causal), _heads(rng, hidden, sizes[:, first : first + count])))
        first += count
    return WaveNet(slices, planes, streams, dilations, values, sizes, Tables.standard())
