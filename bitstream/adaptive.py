"""Maps of symbols coded by diagonals, with tables that adapt to each context, as JBIG (ITU-T T.82) does for bilevel
pictures: what the chunks for alpha and for flat areas share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .entropy import PRECISION

__all__ = ["AdaptiveTables", "diagonals"]

# How counts of symbols adapt: each begins at 1, is raised where its symbol occurs, and halved when their sum is large.
RAISE, LARGE = 32, 1024

Integers = NDArray[np.int64]


class AdaptiveTables:
    """Counts of the symbols 0..K-1 in each of `contexts` contexts, and the tables that they make."""

    def __init__(self, contexts: int, alphabet: int) -> None:
        self._counts = np.ones((contexts, alphabet), np.int64)

    def of(self, contexts: Integers) -> Integers:
        """Tables `[n, K]` in proportion to the counts; the first symbol gets what rounding leaves."""
        counts, alphabet = self._counts[contexts], self._counts.shape[1]
        tables: Integers = 1 + counts * (2**PRECISION - alphabet) // counts.sum(1, keepdims=True)
        tables[:, 0] += 2**PRECISION - tables.sum(1)
        return tables

    def update(self, contexts: Integers, symbols: NDArray[np.integer]) -> None:
        """Count `symbols` `[n]`, each in its context."""
        counts = self._counts
        np.add.at(counts, (contexts, symbols), RAISE)
        large = contexts[counts[contexts].sum(1) > LARGE]
        counts[large] = (counts[large] + 1) // 2  # once for each, as it is assigned and not added


def diagonals(height: int, width: int, margin: int) -> Iterator[Integers]:
    """Places on the diagonals j + 2 i = 0, 1, 2, ... of a map, in one that has `margin` above, left and right of it."""
    stride = width + 2 * margin
    for diagonal in range(width + 2 * (height - 1)):
        i = np.arange(max(0, (diagonal - width + 2) // 2), min(height - 1, diagonal // 2) + 1)
        yield (i + margin) * stride + margin + diagonal - 2 * i
