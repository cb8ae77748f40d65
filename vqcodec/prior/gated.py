"""Gated 3x3 layers on top of each other over a plane, in integers: everywhere at once, or a diagonal at a time.

All but the first are residual.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.prior.base import Floats
from vqcodec.prior.exact import ExactLayer, Tables, add_clamped, gate
from vqcodec.prior.neighbours import areas, shifted
from vqcodec.prior.wavefront import Diagonal, DiagonalCache

__all__ = ["DiagonalPass", "Narrow", "bands", "channels_of", "everywhere"]

# Values have 8 bits, and activations 9: kept like this, a large picture takes half the memory, or a quarter.
Narrow = NDArray[np.signedinteger[Any]]
Taps = Sequence[tuple[int, int]]

# The parallel pass works on this many positions at once, to bound its memory; on fewer where layers read many numbers.
BAND = 4096
BAND_NUMBERS = 1 << 23


def channels_of(layers: Sequence[ExactLayer], inputs: int, taps: int, rate_points: int) -> int:
    """The channels of layers, all of one width, with `inputs` into the first one.

    Raises:
        ModelError: they do not fit on top of each other.
    """
    channels = layers[0].shift.size // 2
    for layer in layers:
        if layer.weight.shape != (inputs, 2 * channels) or len(layer.bias) != rate_points:
            raise ModelError("a layer of the model's prior has the wrong shape")
        inputs = taps * channels
    return channels


def bands(positions: int) -> Iterator[slice]:
    """Ranges of positions to work on at once."""
    for first in range(0, positions, BAND):
        yield slice(first, min(first + BAND, positions))


def everywhere(
    layers: Sequence[ExactLayer],
    taps: Sequence[Taps],
    state: Narrow,
    context: Narrow | None,
    rate_point: int,
    tables: Tables,
) -> Narrow:
    """The activations at every position: `[h, w, H]` of values `[h, w, C]`.

    Args:
        layers: gated, residual but for the first one.
        taps: the neighbours that the first layer sees, and the others.
        state: the values.
        context: `[h, w, C']`, what the first layer sees besides them.
        rate_point: the rate point.
        tables: the integer functions.
    """
    for depth, layer in enumerate(layers):
        new = np.empty((*state.shape[:2], layer.shift.size // 2), np.int16)
        for area in areas(state.shape, max(1, min(BAND, BAND_NUMBERS // len(layer.weight)))):
            x = shifted(state, taps[min(depth, 1)], *area)
            if depth == 0 and context is not None:
                x = np.concatenate([x, context[area].reshape(len(x), -1)], axis=1)
            new[area] = _gated(layer, x, depth > 0, rate_point, tables).reshape(new[area].shape)
        state = new
    return state


class DiagonalPass:
    """Causal layers that see a plane of `height` x `width` a diagonal at a time.

    Args:
        layers: gated, residual but for the first one.
        channels: of the values that the first layer reads.
        height: of the plane.
        width: likewise.
        rate_point: the rate point.
        tables: the integer functions.
    """

    def __init__(
        self, layers: Sequence[ExactLayer], channels: int, height: int, width: int, rate_point: int, tables: Tables
    ) -> None:
        self._layers, self._rate_point, self._tables = layers, rate_point, tables
        inputs = [channels, *(layer.shift.size // 2 for layer in layers[:-1])]
        self._caches = [DiagonalCache(height, width, each) for each in inputs]

    def hidden(self, diagonal: Diagonal, context: Narrow | None) -> Floats:
        """Activations `[N, H]` of a diagonal, from those before it and the context `[N, C]`."""
        x = self._caches[0].neighbours(diagonal)
        state = self._layer(0, x if context is None else np.hstack([x, context]))
        for depth, cache in enumerate(self._caches[1:], start=1):
            cache.put(diagonal, state)
            state = self._layer(depth, np.hstack([cache.neighbours(diagonal), state]))
        return state

    def put(self, diagonal: Diagonal, values: Narrow) -> None:
        """Keep the values of a diagonal, `[N, C]`, once they are known."""
        self._caches[0].put(diagonal, values)

    def advance(self) -> None:
        """Go on to the next diagonal."""
        for cache in self._caches:
            cache.advance()

    def _layer(self, depth: int, x: Floats) -> Floats:
        return _gated(self._layers[depth], x, depth > 0, self._rate_point, self._tables)


def _gated(layer: ExactLayer, x: Floats, residual: bool, rate_point: int, tables: Tables) -> Floats:
    """One layer: its inputs `[N, I]` to activations `[N, H]`; a residual one has the position itself as tap 4."""
    out = gate(layer(x, rate_point), tables)
    channels = out.shape[1]
    return add_clamped(x[:, 4 * channels : 5 * channels], out) if residual else out
