"""From the hidden activations of slices to the frequencies of their planes, all slices at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vqcodec.prior.base import Floats, Frequencies
from vqcodec.prior.exact import ExactLayer, Tables, frequencies

__all__ = ["ExactHeads"]


class ExactHeads:
    """The heads of all slices at one rate point.

    Args:
        layers: one for each slice: hidden to the logits of its planes with a choice, side by side.
        planes: the planes of each slice.
        sizes: `[P]`, the alphabet of each plane; a plane with an alphabet above 1 has a choice.
        tables: the integer functions.

    Attributes:
        slices: how many slices there are up to the last one with a choice.
        columns: logits of all slices.
    """

    def __init__(
        self, layers: Sequence[ExactLayer], planes: Sequence[range], sizes: NDArray[np.intp], tables: Tables
    ) -> None:
        chosen = [[plane for plane in each if sizes[plane] > 1] for each in planes]
        self.slices = max((number + 1 for number, each in enumerate(chosen) if each), default=0)
        self.columns = sum(layer.shift.size for layer in layers)
        self._layers, self._tables = tuple(layers), tables
        self._planes = [plane for each in chosen for plane in each]
        self._starts = np.cumsum([0, *sizes[self._planes]])  # their first logits, and the end
        self._bounds = np.cumsum([0, *map(len, chosen)]).tolist()  # the first of `_planes` of each slice, and the end
        self._offsets = np.concatenate([layer.offsets[0] for layer in layers])

    def __call__(self, hidden: Floats, numbers: range) -> Iterator[tuple[int, Frequencies]]:
        """Frequencies `[N, K]` of each plane with a choice in slices `numbers`, given `[S, N, H]` of all slices."""
        first, last = self._bounds[numbers.start], self._bounds[numbers.stop]
        if first == last:
            return
        begin = self._starts[first]
        starts = self._starts[first : last + 1] - begin
        logits = np.empty((hidden.shape[1], starts[-1]), np.float32)
        for number in numbers:
            own = slice(*(self._starts[self._bounds[number + end]] - begin for end in (0, 1)))
            np.matmul(hidden[number], self._layers[number].matrix, out=logits[:, own])
        logits += self._offsets[begin : begin + starts[-1]]
        table = frequencies(np.floor(logits, out=logits), starts[:-1], self._tables)
        ends = starts.tolist()
        for plane, a, b in zip(self._planes[first:last], ends[:-1], ends[1:], strict=True):
            yield plane, table[:, a:b]
