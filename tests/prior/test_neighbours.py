"""Neighbours of positions, on diagonals and in areas: those of the whole plane, zeros outside."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vqcodec.prior.neighbours import AROUND_OFFSETS, areas, shifted
from vqcodec.prior.wavefront import CAUSAL_OFFSETS, DiagonalCache, diagonals

EXTENT = st.integers(1, 9)


def plane_of(height: int, width: int) -> NDArray[np.float32]:
    """`[h, w, 2]`, no number twice, and none of them 0."""
    return 1 + np.arange(height * width * 2, dtype=np.float32).reshape(height, width, 2)


def at(plane: NDArray[np.float32], i: int, j: int) -> list[float]:
    height, width, _ = plane.shape
    return plane[i, j].tolist() if 0 <= i < height and 0 <= j < width else [0.0, 0.0]


@given(EXTENT, EXTENT, st.integers(1, 9))
def test_the_cache_has_the_neighbours_of_every_diagonal(height: int, width: int, batch: int) -> None:
    plane, cache, seen = plane_of(height, width), DiagonalCache(height, width, 2), 0
    for whole in diagonals(height, width):
        for diagonal in whole.split(batch):
            found = cache.neighbours(diagonal)
            for row, i in enumerate(range(diagonal.first, diagonal.last)):
                j = diagonal.t - 2 * i
                assert found[row].tolist() == [each for di, dj in CAUSAL_OFFSETS for each in at(plane, i + di, j + dj)]
                seen += 1
            cache.put(diagonal, plane.reshape(-1, 2)[diagonal.flat()])
        cache.advance()
    assert seen == height * width


def test_the_cache_is_no_larger_than_diagonals() -> None:
    """A picture of one column has a position on a diagonal, however high it is."""
    tracemalloc.start()
    try:
        cache = DiagonalCache(10**6, 1, 64)
        for _, diagonal in zip(range(10), diagonals(10**6, 1), strict=False):
            cache.put(diagonal, np.ones((diagonal.last - diagonal.first, 64)))
            cache.advance()
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


@settings(deadline=None)
@given(EXTENT, EXTENT, st.integers(1, 40))
def test_areas_have_the_neighbours_of_the_plane(height: int, width: int, most: int) -> None:
    plane, seen = plane_of(height, width), np.zeros((height, width), int)
    for rows, columns in areas(plane.shape, most):
        places = [(i, j) for i in range(*rows.indices(height)) for j in range(*columns.indices(width))]
        assert len(places) <= most
        found = shifted(plane, AROUND_OFFSETS, rows, columns)
        for (i, j), own in zip(places, found, strict=True):
            assert own.tolist() == [each for di, dj in AROUND_OFFSETS for each in at(plane, i + di, j + dj)]
        seen[rows, columns] += 1
    assert (seen == 1).all()
