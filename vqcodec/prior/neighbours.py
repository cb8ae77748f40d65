"""The neighbours of every position of a plane at once: a 3x3 convolution becomes a matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AROUND_OFFSETS", "areas", "shifted"]

# (row, column) of a position and of all around it, in the order in which layers expect them.
AROUND_OFFSETS = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1))


def shifted(
    plane: NDArray[Any], offsets: Sequence[tuple[int, int]], rows: slice, columns: slice
) -> NDArray[np.float32]:
    """The neighbours at `offsets` of every position of an area: plane `[h, w, C]` to `[positions, len(offsets) C]`.

    The plane may have any type; the result has floats.
    """
    height, width, channels = plane.shape
    (top, bottom, _), (left, right, _) = rows.indices(height), columns.indices(width)
    padded = np.zeros((bottom - top + 2, right - left + 2, channels), np.float32)
    inner = plane[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1]
    row, column = int(top == 0), int(left == 0)
    padded[row : row + inner.shape[0], column : column + inner.shape[1]] = inner
    views = [padded[1 + i : 1 + i + bottom - top, 1 + j : 1 + j + right - left] for i, j in offsets]
    return np.concatenate(views, axis=2).reshape(-1, len(offsets) * channels)


def areas(shape: tuple[int, ...], most: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of areas of a plane `[h, w, ...]`, each of at most `most` positions, to bound the memory."""
    height, width = shape[:2]
    columns = min(width, most)
    rows = most // columns
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield slice(top, min(top + rows, height)), slice(left, min(left + columns, width))
