"""The order in which a plane of indices is decoded: all positions of a diagonal at once.

With a causal 3x3 mask, position (i, j) depends on (i, j-1) and (i-1, j-1..j+1). All of these have a smaller

    t = j + 2 i                         0 1 2 3 4
                                        2 3 4 5 6
                                        4 5 6 7 8

so that an h x w plane takes w + 2 (h - 1) steps, whatever the depth of the network. On a diagonal each row has at
most one position: the activations of a diagonal are an array over rows, and the neighbours of rows i0..i1-1 are
slices of the three diagonals before it. Only these are kept, so the memory is that of a few diagonals, not O(h w).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAUSAL_OFFSETS", "Diagonal", "DiagonalCache", "diagonals"]

# (row, column) of the four causal neighbours, in the order in which layers expect them.
CAUSAL_OFFSETS = ((0, -1), (-1, -1), (-1, 0), (-1, 1))


@dataclass(frozen=True)
class Diagonal:
    """The positions (i, t - 2 i) for rows `first` <= i < `last` of a plane of `width` columns."""

    t: int
    first: int
    last: int
    width: int

    def flat(self) -> NDArray[np.intp]:
        """Their indices in the flattened plane, `[last - first]`."""
        rows = np.arange(self.first, self.last)
        return rows * self.width + self.t - 2 * rows

    def split(self, most: int) -> Iterator[Diagonal]:
        """The same positions in runs of at most `most`."""
        for first in range(self.first, self.last, most):
            yield Diagonal(self.t, first, min(first + most, self.last), self.width)


def diagonals(height: int, width: int) -> Iterator[Diagonal]:
    """All diagonals of a `height` x `width` plane, in order of t."""
    for t in range(width + 2 * (height - 1)):
        rows = _rows(t, height, width)
        yield Diagonal(t, rows.start, rows.stop, width)


class DiagonalCache:
    """The current diagonal of one layer's activations, and the three before it.

    A diagonal is kept as `[1 + N + 1, C]`: its N rows, and a row of zeros before and after them. Row i of the plane,
    if it is one of them, has column t - 2 i, so that the neighbours of rows i0..i1-1 are slices of what is kept.
    """

    def __init__(self, height: int, width: int, channels: int) -> None:
        self._height, self._width, self._channels = height, width, channels
        self._t = 0
        self._kept = [self._empty(t) for t in (0, -1, -2, -3)]  # the current diagonal, and those before it

    def neighbours(self, diagonal: Diagonal) -> NDArray[np.float32]:
        """The four causal neighbours of each position, `[N, 4 C]` in the order of `CAUSAL_OFFSETS`; zeros outside."""
        same, above = (diagonal.first, diagonal.last), (diagonal.first - 1, diagonal.last - 1)
        parts = [self._slice(back, *rows) for back, rows in ((1, same), (3, above), (2, above), (1, above))]
        return np.concatenate(parts, axis=1)

    def put(self, diagonal: Diagonal, activations: NDArray[Any]) -> None:
        """Keep what was computed at `diagonal`, `[N, C]` in any type."""
        self._slice(0, diagonal.first, diagonal.last)[:] = activations

    def advance(self) -> None:
        """Go on to the next diagonal."""
        self._t += 1
        self._kept = [self._empty(self._t), *self._kept[:3]]

    def _empty(self, t: int) -> tuple[int, NDArray[np.float32]]:
        """Zeros for the diagonal t, and the row that the first of them is at."""
        rows = _rows(t, self._height, self._width)
        return rows.start - 1, np.zeros((len(rows) + 2, self._channels), np.float32)

    def _slice(self, back: int, first: int, last: int) -> NDArray[np.float32]:
        start, kept = self._kept[back]
        return kept[first - start : last - start]


def _rows(t: int, height: int, width: int) -> range:
    """The rows with a position on the diagonal t, which may lie before or after the plane."""
    first = max(0, (t - width) // 2 + 1)
    return range(first, max(first, min(height, t // 2 + 1)))
