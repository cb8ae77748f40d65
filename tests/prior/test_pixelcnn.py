"""The exact prior of pictures: its order, its ways to the same tables, and what it costs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.helpers.every_prior import tables_of
from tests.helpers.hostile_priors import layer
from tests.helpers.pixelcnns import PIXELCNNS, pixelcnn_named
from tests.helpers.priors import random_indices
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice
from vqcodec.prior.wavefront import diagonals


def coding_order(height: int, width: int) -> NDArray[np.intp]:
    return np.concatenate([diagonal.flat() for diagonal in diagonals(height, width)])


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_diagonals_cover_a_plane_in_order(height: int, width: int, most: int) -> None:
    flat = coding_order(height, width)
    assert sorted(flat) == list(range(height * width))
    times = flat % width + 2 * (flat // width)
    assert (np.diff(times) >= 0).all()
    assert len(list(diagonals(height, width))) == width + 2 * (height - 1)
    parts = [part.flat() for whole in diagonals(height, width) for part in whole.split(most)]
    assert max(map(len, parts)) <= most
    assert (np.concatenate(parts) == flat).all()


def tables_seen(prior: PixelCNN, work: Any) -> dict[int, NDArray[np.float64]]:
    """The tables of each plane that `work` computes, in order."""
    seen: dict[int, list[NDArray[np.float64]]] = {}
    compute = prior._tables

    def record(*arguments: Any) -> dict[int, NDArray[np.float64]]:
        tables = compute(*arguments)
        for plane, table in tables.items():
            seen.setdefault(plane, []).append(table.copy())
        return tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior, "_tables", record)
        work()
    return {plane: np.concatenate(parts) for plane, parts in seen.items()}


@pytest.mark.parametrize("name", PIXELCNNS)
@settings(deadline=None, max_examples=4)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1), st.integers(1, 3))
def test_all_ways_see_the_same_tables(name: str, height: int, width: int, rate_point: int, batch: int) -> None:
    """Parallel, a wavefront at a time, a few positions at a time; in both directions."""
    prior = pixelcnn_named(name)
    indices = random_indices(prior, rate_point, height, width)
    expected = tables_of(prior, indices, rate_point)
    raster = tables_seen(prior, partial(prior.bits, indices, rate_point))
    assert raster.keys() == expected.keys()
    assert all((raster[plane] == expected[plane]).all() for plane in expected)
    order = coding_order(height, width)
    for most in (None, batch):
        streams = prior.encode(indices, rate_point, most)
        for work in (
            partial(prior.encode, indices, rate_point, most),
            partial(prior.decode, streams, rate_point, height, width, most),
        ):
            tables = tables_seen(prior, work)
            assert tables.keys() == expected.keys()
            assert all((tables[plane] == expected[plane][order]).all() for plane in expected)
        assert (prior.decode(streams, rate_point, height, width, most) == indices).all()


def test_what_a_position_takes() -> None:
    """The third slice has 5 planes of 2 values, 6 channels of context, 8 hidden ones and heads of 7 and 8 logits."""
    prior = pixelcnn_named("ragged")
    *others, last = prior.slices
    context, causal = (layer(54, 200), layer(900, 200)), (layer(116, 16), *last.causal[1:])
    slices = [*others, PixelCNNSlice(context, causal, last.heads)]
    values = prior.values.astype(np.int8)
    wider = PixelCNN(slices, (1, 2, 2), (1, 2), values, prior.sizes, prior.tables).cost
    assert prior.cost.held == 6 * 5 + 4 * 6
    assert wider.held == 6 * 5 + 4 * 100
    assert prior.cost.numbers > prior.cost.widest > 54 + 12 + 54 + 12
    assert wider.multiply_adds - prior.cost.multiply_adds == 54 * 188 + (900 * 200 - 54 * 12) + 94 * 16
    assert prior.calls == 5 + 3 * (3 + 1)
