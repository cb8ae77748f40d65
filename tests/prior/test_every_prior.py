"""What every exact prior does: both directions see the same tables, and no stream is believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitstream import PRECISION, CorruptError
from tests.helpers.every_prior import LAYOUTS, NAMES, prior_named, tables_of
from tests.helpers.priors import random_indices
from vqcodec.prior.exact import code_lengths
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.prior.wavenet import WaveNet

every_prior = pytest.mark.parametrize("name", NAMES)
every_rate_point = pytest.mark.parametrize("rate_point", [0, 1])
ragged = pytest.mark.parametrize("name", ["pixelcnn-ragged", "wavenet-ragged"])

RATE_POINTS = st.integers(0, 1)
SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7)) | st.tuples(st.integers(1, 3), st.integers(1, 40))


# Both directions ---------------------------------------------------------------------------------------------------


@every_prior
@settings(deadline=None, max_examples=15)
@given(SHAPES, RATE_POINTS, st.integers(0, 99))
@example((1, 1), 0, 0)
@example((1, 9), 1, 0)
@example((9, 1), 0, 0)
@example((2, 1), 1, 0)
@example((3, 1), 1, 0)
@example((2, 2), 0, 0)
def test_round_trip(name: str, shape: tuple[int, int], rate_point: int, seed: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, rate_point, *shape, seed)
    decoded = prior.decode(prior.encode(indices, rate_point), rate_point, *shape)
    assert decoded.dtype == np.int32
    assert decoded.flags.c_contiguous
    assert (decoded == indices).all()


@every_prior
@settings(deadline=None, max_examples=6)
@given(SHAPES, RATE_POINTS)
@example((2, 1), 0)
@example((4, 5), 1)
@example((2, 20), 1)
@example((1, 150), 0)
def test_costs_and_bits_are_those_of_the_tables(name: str, shape: tuple[int, int], rate_point: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, rate_point, *shape)
    tables = tables_of(prior, indices, rate_point)
    expected = {plane: code_lengths(table) for plane, table in tables.items()}
    costs = {plane: np.full(cost.shape, np.nan, np.float32) for plane, cost in expected.items()}
    for plane, part, cost in prior.costs(indices, rate_point):
        assert cost.dtype == np.float32
        assert np.isnan(costs[plane][part]).all()
        costs[plane][part] = cost
    bits = prior.bits(indices, rate_point)
    assert bits.shape == indices.shape
    assert not bits[prior.sizes[rate_point] == 1].any()
    for plane, table in tables.items():
        assert (costs[plane] == expected[plane]).all()
        chosen = np.take_along_axis(table, indices[plane].reshape(-1, 1), axis=1)
        assert (bits[plane].reshape(-1, 1) == PRECISION - np.log2(chosen)).all()


@every_prior
@every_rate_point
def test_streams_are_as_long_as_the_bits(name: str, rate_point: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, rate_point, *((24, 30) if isinstance(prior, PixelCNN) else (2, 400)))
    bits, first = prior.bits(indices, rate_point), 0
    for stream, end in zip(prior.encode(indices, rate_point), prior.stream_ends, strict=True):
        ideal = bits[first:end].sum() / 8
        assert ideal - 4 <= len(stream) <= 1.001 * ideal + 8
        first = end


PIXELCNN_BATCHES, WAVENET_BATCHES = (1, 5, 12), (1, 3, 64, 65)


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        (name, batch)
        for name in NAMES
        for batch in (PIXELCNN_BATCHES if name.startswith("pixelcnn") else WAVENET_BATCHES)
    ],
)
def test_batches_do_not_show(name: str, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = prior_named(name)
    for rate_point in (0, 1):
        indices = random_indices(prior, rate_point, *((5, 6) if isinstance(prior, PixelCNN) else (2, 140)))
        bits, streams = prior.bits(indices, rate_point), prior.encode(indices, rate_point)
        with monkeypatch.context() as patch:
            patch.setattr("vqcodec.prior.gated.BAND", batch)
            patch.setattr("vqcodec.prior.wavenet.BLOCK", batch)
            if isinstance(prior, WaveNet):
                assert max(len(steps) for steps, _ in prior.hidden(indices, rate_point)) == batch
            assert (prior.bits(indices, rate_point) == bits).all()
            assert prior.encode(indices, rate_point) == streams


# Parts of a file ---------------------------------------------------------------------------------------------------


@every_prior
@every_rate_point
def test_first_streams_decode_alone(name: str, rate_point: int) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, rate_point, 2, 11)
    streams, bits = prior.encode(indices, rate_point), prior.bits(indices, rate_point)
    for count, planes in enumerate([0, *prior.stream_ends]):
        decoded = prior.decode(streams[:count], rate_point, 2, 11)
        assert decoded.shape == (planes, 2, 11)
        assert (decoded == indices[:planes]).all()
        if count:
            assert (prior.bits(decoded, rate_point) == bits[:planes]).all()


@ragged
@pytest.mark.parametrize(("more", "rate_point"), [(1, 0), (0, 2), (0, -1), (0, 255)])
def test_streams_and_rate_points_that_are_not_there(name: str, more: int, rate_point: int) -> None:
    prior = prior_named(name)
    with pytest.raises(CorruptError, match="does not have"):
        prior.decode([b""] * (len(prior.stream_ends) + more), rate_point, 3, 3)


@ragged
@settings(deadline=None, max_examples=60)
@given(st.data(), RATE_POINTS)
def test_any_streams_are_indices_or_corrupt(name: str, data: st.DataObject, rate_point: int) -> None:
    prior = prior_named(name)
    count = len(prior.stream_ends)
    streams = data.draw(st.lists(st.binary(max_size=24), min_size=count, max_size=count))
    try:
        indices = prior.decode(streams, rate_point, 3, 4)
    except CorruptError:
        return
    assert ((indices >= 0) & (indices < prior.sizes[rate_point][:, None, None])).all()


@every_prior
@every_rate_point
def test_streams_with_more_than_their_symbols(name: str, rate_point: int) -> None:
    prior = prior_named(name)
    first, *others = prior.encode(random_indices(prior, rate_point, 1, 30), rate_point)
    with pytest.raises(CorruptError, match="more than its symbols"):
        prior.decode([first + bytes(8), *others], rate_point, 1, 30)


# Draws -------------------------------------------------------------------------------------------------------------


@every_prior
@every_rate_point
def test_draws_follow_from_their_seed(name: str, rate_point: int) -> None:
    prior = prior_named(name)
    first, again, other = (prior.sample(SymbolSampler(seed), rate_point, 4, 12) for seed in (0, 0, 1))
    assert first.shape == (prior.stream_ends[-1], 4, 12)
    assert (first == again).all()
    assert (first != other).any()
    assert ((first >= 0) & (first < prior.sizes[rate_point][:, None, None])).all()


@every_prior
def test_low_temperatures_draw_cheaper_indices(name: str) -> None:
    prior = prior_named(name)
    drawn = [prior.sample(SymbolSampler(0, temperature), 0, 4, 40) for temperature in (0.0, 0.5, 1.0, 2.0)]
    assert (np.diff([prior.bits(each, 0).sum() for each in drawn]) > 0).all()


# Inputs ------------------------------------------------------------------------------------------------------------


@every_prior
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_indices_do_not_show(name: str, layout: str) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 0, 3, 20)
    other = LAYOUTS[layout](indices)
    assert prior.encode(other, 0) == prior.encode(indices, 0)
    assert (prior.bits(other, 0) == prior.bits(indices, 0)).all()
