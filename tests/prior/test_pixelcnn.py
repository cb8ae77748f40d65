"""The exact prior: both directions see the same tables, nothing sees the future, and hostile parts are refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import PRECISION, CorruptError
from tests.helpers.image_models import SETTINGS, tiny_model
from tests.helpers.pixelcnns import RAGGED, bound_prior, ragged_network
from tests.helpers.priors import random_indices
from vqcodec.prior import pixelcnn as prior_module
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavefront import diagonals
from vqcodec.training.prior.networks import PriorNetwork, prior_network

Tables = dict[int, NDArray[np.float64]]

PRIORS: dict[str, Callable[[], PixelCNN]] = {
    "ragged": lambda: ragged_network().export(),
    "tiny": lambda: cast(PixelCNN, tiny_model().prior),
    "bound": bound_prior,
}
every_prior = pytest.mark.parametrize("name", PRIORS)


@cache
def prior_named(name: str) -> PixelCNN:
    return PRIORS[name]()


def tables_of(prior: PixelCNN, run: Callable[[], object]) -> Tables:
    """The tables of each plane that `run` computes, in order."""
    recorded: dict[int, list[NDArray[np.float64]]] = {}
    compute = prior._tables

    def record(*arguments: Any) -> Tables:
        tables = compute(*arguments)
        for plane, table in tables.items():
            recorded.setdefault(plane, []).append(table.copy())
        return tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior, "_tables", record)
        run()
    return {plane: np.concatenate(parts) for plane, parts in recorded.items()}


def coding_order(height: int, width: int) -> NDArray[np.intp]:
    return np.concatenate([diagonal.flat() for diagonal in diagonals(height, width)])


# The order ---------------------------------------------------------------------------------------------------------


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


# Both directions ---------------------------------------------------------------------------------------------------


@every_prior
@settings(deadline=None, max_examples=12)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 1), st.integers(0, 99))
@example(1, 1, 0, 0)
@example(1, 9, 1, 0)
@example(9, 1, 0, 0)
@example(2, 1, 1, 0)
def test_round_trip(name: str, height: int, width: int, rate: int, seed: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, rate, height, width, seed)
    decoded = prior.decode(prior.encode(indices, rate), rate, height, width)
    assert decoded.dtype == np.int32
    assert (decoded == indices).all()


@every_prior
@settings(deadline=None, max_examples=4)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1), st.integers(1, 3))
def test_all_ways_see_the_same_tables(name: str, height: int, width: int, rate: int, batch: int) -> None:
    """Parallel, a wavefront at a time, a few positions at a time; in both directions."""
    prior = prior_named(name)
    indices = random_indices(prior, rate, height, width)
    raster = tables_of(prior, lambda: prior.bits(indices, rate))
    order = coding_order(height, width)
    for most in (None, batch):
        streams = prior.encode(indices, rate, most)
        ways: list[Callable[[], object]] = [
            partial(prior.encode, indices, rate, most),
            partial(prior.decode, streams, rate, height, width, most),
        ]
        for way in ways:
            tables = tables_of(prior, way)
            assert tables.keys() == raster.keys() == {p for p in range(len(indices)) if prior.sizes[rate, p] > 1}
            assert all((tables[plane] == raster[plane][order]).all() for plane in raster)
        assert (prior.decode(streams, rate, height, width, most) == indices).all()


@every_prior
@pytest.mark.parametrize("band", [1, 5, 12])
def test_bands_do_not_show(name: str, band: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 1, 5, 6)
    bits, streams = prior.bits(indices, 1), prior.encode(indices, 1)
    monkeypatch.setattr(prior_module, "BAND", band)
    assert (prior.bits(indices, 1) == bits).all()
    assert prior.encode(indices, 1) == streams


@every_prior
def test_bits_are_those_of_the_tables(name: str) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 1, 4, 5)
    tables = tables_of(prior, lambda: prior.encode(indices, 1))
    bits = prior.bits(indices, 1).reshape(len(indices), -1)[:, coding_order(4, 5)]
    flat = indices.reshape(len(indices), -1)[:, coding_order(4, 5)]
    for plane in range(len(indices)):
        expected = np.zeros(20)
        if plane in tables:
            expected = PRECISION - np.log2(tables[plane][np.arange(20), flat[plane]])
        np.testing.assert_allclose(bits[plane], expected, rtol=1e-6, atol=1e-6)


@every_prior
def test_streams_are_as_long_as_the_bits(name: str) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 1, 24, 30)
    bits, first = prior.bits(indices, 1), 0
    for stream, end in zip(prior.encode(indices, 1), prior.stream_ends, strict=True):
        ideal = bits[first:end].sum() / 8
        assert ideal - 4 <= len(stream) <= 1.001 * ideal + 8
        first = end


@every_prior
@pytest.mark.parametrize("count", [0, 1, 2])
def test_first_streams_decode_alone(name: str, count: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 0, 4, 5)
    streams = prior.encode(indices, 0)
    planes = prior.stream_ends[count - 1] if count else 0
    decoded = prior.decode(streams[:count], 0, 4, 5)
    assert decoded.shape == (planes, 4, 5)
    assert (decoded == indices[:planes]).all()


@pytest.mark.parametrize(("streams", "rate"), [(3, 0), (2, 2), (2, -1), (2, 255)])
def test_streams_and_rate_points_that_are_not_there(streams: int, rate: int) -> None:
    with pytest.raises(CorruptError, match="does not have"):
        prior_named("ragged").decode([b""] * streams, rate, 3, 3)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.binary(max_size=24), min_size=2, max_size=2), st.integers(0, 1))
def test_any_streams_are_indices_or_corrupt(streams: list[bytes], rate: int) -> None:
    prior = prior_named("ragged")
    try:
        indices = prior.decode(streams, rate, 3, 4)
    except CorruptError:
        return
    assert ((indices >= 0) & (indices < prior.sizes[rate][:, None, None])).all()


# Causality ---------------------------------------------------------------------------------------------------------


def time_of(height: int, width: int) -> NDArray[np.intp]:
    return np.arange(width) + 2 * np.arange(height)[:, None]


@pytest.mark.parametrize("number", range(len(RAGGED.planes)))
def test_no_logit_depends_on_the_future(number: int) -> None:
    """By gradient: only on the slice's own values at an earlier time, and on earlier slices, anywhere."""
    network, height, width, rate = ragged_network(), 5, 6, 1
    indices = torch.from_numpy(random_indices(prior_named("ragged"), rate, height, width)).long()
    values = network.look_up(indices[None], rate).requires_grad_()
    planes, module = network.ranges[number], network.slices[number]
    first, last = planes.start * 2, planes.stop * 2
    hidden = module(values[:, first:last], values[:, :first], rate, quantized=False).permute(0, 2, 3, 1)
    logits = torch.cat([network.logits(plane, module.project, hidden, rate, quantized=False) for plane in planes], -1)
    time = time_of(height, width)
    reached = np.zeros((height, width), bool)
    for i, j in np.ndindex(height, width):
        score = logits[0, i, j] @ torch.randn(logits.shape[-1])
        (gradient,) = torch.autograd.grad(score, values, retain_graph=True)
        touched = (gradient[0] != 0).numpy()
        assert not touched[first:last, time >= time[i, j]].any()
        assert not touched[last:].any()
        reached |= touched[first:last].any(0)
        assert touched[:first].any() == (number > 0)
        assert all(
            touched[first:last, i + di, j + dj].any()
            for di, dj in ((0, -1), (-1, -1), (-1, 0), (-1, 1))
            if i + di >= 0 and 0 <= j + dj < width
        )
    assert reached.sum() == height * width - 1  # all but the last position are of use to some other


@every_prior
@settings(deadline=None, max_examples=12)
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(0, 1))
def test_no_table_depends_on_the_future(name: str, plane: int, i: int, j: int, rate: int) -> None:
    """By perturbation of the exact prior."""
    prior = prior_named(name)
    indices = random_indices(prior, rate, 5, 5)
    other = indices.copy()
    other[plane, i, j] = (other[plane, i, j] + 1) % prior.sizes[rate, plane]
    before, after = (tables_of(prior, partial(prior.bits, x, rate)) for x in (indices, other))
    (own,) = [planes for planes in prior.plane_ranges if plane in planes]
    later = (time_of(5, 5) > j + 2 * i).ravel()
    for each in before:
        changed = (before[each] != after[each]).any(1)
        assert each >= own.start or not changed.any()
        assert each not in own or not changed[~later].any()


@every_prior
def test_tables_depend_on_the_past(name: str) -> None:
    """Of small weights, which differ between processors, some codes say nothing of what follows."""
    prior = prior_named(name)
    indices = random_indices(prior, 1, 5, 5)
    before = tables_of(prior, lambda: prior.bits(indices, 1))
    last = max(before)
    to_the_right, in_the_last_slice = set(), set()
    for code in range(prior.sizes[1, 0]):
        other = indices.copy()
        other[0, 0, 0] = code
        after = tables_of(prior, partial(prior.bits, other, 1))
        to_the_right.add((before[0][1] != after[0][1]).any())
        in_the_last_slice.add((before[last][0] != after[last][0]).any())
    assert True in to_the_right
    assert True in in_the_last_slice


# The trainable twin ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("name", ["ragged", "mild", "fresh"])
def test_twin_with_rounding_is_the_exact_prior(name: str, rate: int) -> None:
    makers: dict[str, Callable[[], PriorNetwork]] = {
        "ragged": ragged_network,
        "mild": partial(ragged_network, seed=3, scale=0.05),
        "fresh": partial(prior_network, SETTINGS.prior, tiny_model().codebooks),
    }
    network = makers[name]()
    prior = network.export()
    indices = random_indices(prior, rate, 12, 13)
    exact = prior.bits(indices, rate)
    with torch.no_grad():
        twin = network(torch.from_numpy(indices).long()[None], rate, quantized=True)[0].numpy()
    unclamped = exact < 12  # below that, exp and the least frequency round
    assert unclamped.mean() > 0.8
    assert np.abs(twin - exact)[unclamped].mean() < 1e-3
