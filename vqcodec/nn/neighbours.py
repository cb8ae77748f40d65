"""The neighbours of every position of a plane at once: a 3x3 convolution becomes a matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AROUND_OFFSETS", "bands", "shifted"]

# (row, column) of a position and of all around it, in the order in which layers expect them.
AROUND_OFFSETS = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1))


def shifted(plane: NDArray[Any], offsets: Sequence[tuple[int, int]], rows: slice) -> NDArray[np.float32]:
    """The neighbours at `offsets` of every position of `rows`: plane `[h, w, C]` to `[rows w, len(offsets) C]`.

    The plane may hold its numbers in any type; those of a run of rows become floats.
    """
    height, width, channels = plane.shape
    first, last, _ = rows.indices(height)
    padded = np.zeros((last - first + 2, width + 2, channels), np.float32)
    low, high = max(0, first - 1), min(height, last + 1)
    padded[low - first + 1 : high - first + 1, 1:-1] = plane[low:high]
    views = [padded[1 + i : 1 + i + last - first, 1 + j : 1 + j + width] for i, j in offsets]
    return np.concatenate(views, axis=2).reshape(-1, len(offsets) * channels)


def bands(shape: tuple[int, ...], most: int) -> Iterator[slice]:
    """Runs of rows of a plane `[h, w, ...]` with about `most` positions, to bound the memory of `shifted`."""
    rows = max(1, most // shape[1])
    for first in range(0, shape[0], rows):
        yield slice(first, min(first + rows, shape[0]))
