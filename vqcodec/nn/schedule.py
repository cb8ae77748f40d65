"""The order in which a plane of indices is decoded: all positions of a diagonal at once.

With a causal 3x3 mask, position (i, j) depends on (i, j-1) and (i-1, j-1..j+1). All of these have a smaller

    t = j + 2 i                         0 1 2 3 4
                                        2 3 4 5 6
                                        4 5 6 7 8

so that an h x w plane takes w + 2 (h - 1) steps, whatever the depth of the network. On a diagonal each row has at
most one position: the activations of a diagonal are an array over rows, and the neighbours of rows i0..i1-1 are
slices of the three diagonals before it. No more than these are kept: memory is O(h), not O(h w).
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
        """The same positions in runs of at most `most`; 1 is one position at a time, to measure what batches save."""
        for first in range(self.first, self.last, most):
            yield Diagonal(self.t, first, min(first + most, self.last), self.width)


def diagonals(height: int, width: int) -> Iterator[Diagonal]:
    """All diagonals of a `height` x `width` plane, in order of t."""
    for t in range(width + 2 * (height - 1)):
        first = max(0, (t - width) // 2 + 1)
        yield Diagonal(t, first, min(height, t // 2 + 1), width)


class DiagonalCache:
    """The last three diagonals of one layer's activations, `[height + 1, C]` each; row 0 is the one above the plane."""

    def __init__(self, height: int, channels: int) -> None:
        self._shape = (height + 1, channels)
        self._previous = [np.zeros(self._shape, np.float32) for _ in range(3)]
        self._current = np.zeros(self._shape, np.float32)

    def neighbours(self, diagonal: Diagonal) -> NDArray[np.float32]:
        """The four causal neighbours of each position, `[N, 4 C]` in the order of `CAUSAL_OFFSETS`; zeros outside."""
        same, above = slice(diagonal.first + 1, diagonal.last + 1), slice(diagonal.first, diagonal.last)
        one, two, three = self._previous
        return np.concatenate([one[same], three[above], two[above], one[above]], axis=1)

    def put(self, diagonal: Diagonal, activations: NDArray[Any]) -> None:
        """Keep what was computed at `diagonal`, `[N, C]` in any type."""
        self._current[diagonal.first + 1 : diagonal.last + 1] = activations

    def advance(self) -> None:
        """Go on to the next diagonal."""
        self._previous = [self._current, *self._previous[:2]]
        self._current = np.zeros(self._shape, np.float32)
