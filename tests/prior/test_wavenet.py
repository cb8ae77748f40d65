"""The exact prior of sound: both directions and all blocks see the same tables, those of a reference in integers."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import PRECISION, CorruptError, check_frequencies
from tests.helpers.priors import random_indices
from tests.helpers.wavenets import MAKERS, plain_wavenet, wavenet_named
from vqcodec.prior import wavenet as prior_module
from vqcodec.prior.exact import GATE_RANGE, ExactLayer, Tables, frequencies
from vqcodec.prior.wavenet import WaveNet

every_prior = pytest.mark.parametrize("name", MAKERS)
shapes = given(st.integers(1, 3), st.integers(1, 40), st.integers(0, 1), st.integers(0, 99))

FrequencyTables = dict[int, NDArray[np.float64]]  # of each plane, [C, T, K]


# What it should be -------------------------------------------------------------------------------------------------


def in_integers(layer: ExactLayer, x: NDArray[np.int64], rate: int) -> NDArray[np.int64]:
    shift = layer.shift.astype(np.int64)
    sums: NDArray[np.int64] = 2 * (x @ layer.weight.astype(np.int64) + layer.bias[rate]) + (1 << shift)
    return sums >> (shift + 1)


def gated(tables: Tables, x: NDArray[np.int64]) -> NDArray[np.int64]:
    at = np.clip(x, -GATE_RANGE, GATE_RANGE) + GATE_RANGE
    u, v = np.split(at, 2, axis=-1)
    return (tables.tanh.astype(np.int64)[u] * tables.sigmoid.astype(np.int64)[v] + 64) >> 7


def delayed(x: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """`x` `[T, C]` of so many frames ago (or ahead), zeros outside."""
    out = np.zeros_like(x)
    if frames >= 0:
        out[frames:] = x[: max(0, len(x) - frames)]
    else:
        out[:frames] = x[-frames:]
    return out


def reference(prior: WaveNet, indices: NDArray[np.int32], rate: int) -> FrequencyTables:
    """Slice after slice, channel after channel, in int64 and with nothing shared."""
    tables: dict[int, list[NDArray[np.float64]]] = {}
    for channel in range(indices.shape[1]):
        values = [prior.values[rate, plane][indices[plane, channel]].astype(np.int64) for plane in range(len(indices))]
        for network, planes in zip(prior.slices, prior.plane_ranges, strict=True):
            before, own = values[: planes.start], values[planes.start : planes.stop]
            x = [delayed(each, 2) for each in own] + [delayed(each, 1) for each in (*before, *own)]
            x += [*before, *(delayed(each, -1) for each in before)]
            state = gated(prior.tables, in_integers(network.causal[0], np.concatenate(x, 1), rate))
            for layer, dilation in zip(network.causal[1:], prior.causal.dilations, strict=True):
                pair = np.concatenate([state, delayed(state, dilation)], 1)
                state = np.clip(state + gated(prior.tables, in_integers(layer, pair, rate)), -255, 255)
            logits, first = in_integers(network.heads[rate], state, 0).astype(np.float32), 0
            for plane in planes:
                size = prior.sizes[rate, plane]
                if size > 1:
                    table = frequencies(logits[:, first : first + size], np.array([0]), prior.tables)
                    tables.setdefault(plane, []).append(table)
                    first += size
    return {plane: np.stack(parts) for plane, parts in tables.items()}


class Replay:
    """In place of a stream: gives known indices, in the order of coding, and keeps the tables it was asked with."""

    def __init__(self, prior: WaveNet, indices: NDArray[np.int32], rate: int) -> None:
        channels, frames = indices.shape[1:]
        slices = list(enumerate(prior.plane_ranges))
        self.tables = {plane: np.zeros((channels, frames, prior.sizes[rate, plane])) for plane in range(len(indices))}
        self._indices = indices
        self._next = iter(
            (plane, step - 2 * number)
            for step in range(frames + 2 * (len(slices) - 1))
            for number, planes in slices
            for plane in planes
            if 0 <= step - 2 * number < frames and prior.sizes[rate, plane] > 1
        )

    def decode(self, table: NDArray[np.float64]) -> NDArray[np.int32]:
        plane, frame = next(self._next)
        check_frequencies(table)
        self.tables[plane][:, frame] = table
        return self._indices[plane, :, frame]

    def done(self) -> bool:
        return next(self._next, None) is None


# Both directions ---------------------------------------------------------------------------------------------------


@every_prior
@settings(deadline=None, max_examples=15)
@shapes
@example(1, 1, 0, 0)
@example(3, 1, 1, 0)
@example(2, 2, 0, 0)
def test_round_trip(name: str, channels: int, frames: int, rate: int, seed: int) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, rate, channels, frames, seed)
    decoded = prior.decode(prior.encode(indices, rate), rate, channels, frames)
    assert decoded.dtype == np.int32
    assert decoded.flags.c_contiguous
    assert (decoded == indices).all()


@every_prior
@settings(deadline=None, max_examples=6)
@shapes
@example(2, 1, 0, 0)
@example(1, 150, 0, 0)  # the buffers are moved
def test_all_ways_see_the_tables_of_the_reference(name: str, channels: int, frames: int, rate: int, seed: int) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, rate, channels, frames, seed)
    expected = reference(prior, indices, rate)
    source = Replay(prior, indices, rate)
    assert (prior.sample(source, rate, channels, frames) == indices).all()
    assert source.done()
    assert expected.keys() == {plane for plane in range(len(indices)) if prior.sizes[rate, plane] > 1}
    for plane, tables in expected.items():
        assert (source.tables[plane] == tables).all()
    costs = {plane: np.full((channels * frames, tables.shape[2]), np.nan) for plane, tables in expected.items()}
    for plane, part, cost in prior.costs(indices, rate):
        assert cost.dtype == np.float32
        assert np.isnan(costs[plane][part]).all()
        costs[plane][part] = cost
    for plane, tables in expected.items():
        assert (costs[plane] == (PRECISION - np.log2(tables)).astype(np.float32).reshape(costs[plane].shape)).all()


@every_prior
@pytest.mark.parametrize("block", [1, 3, 64, 65])
def test_blocks_do_not_show(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, 0, 2, 140)
    bits, streams = prior.bits(indices, 0), prior.encode(indices, 0)
    monkeypatch.setattr(prior_module, "BLOCK", block)
    assert max(len(steps) for steps, _ in prior.hidden(indices, 0)) == block
    assert (prior.bits(indices, 0) == bits).all()
    assert prior.encode(indices, 0) == streams


@every_prior
def test_bits_are_those_of_the_tables(name: str) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, 1, 2, 20)
    bits = prior.bits(indices, 1)
    assert bits.shape == indices.shape
    for plane, tables in reference(prior, indices, 1).items():
        chosen = np.take_along_axis(tables, indices[plane, :, :, None], 2)[..., 0]
        np.testing.assert_allclose(bits[plane], PRECISION - np.log2(chosen), rtol=1e-6, atol=1e-6)
    assert not bits[prior.sizes[1] == 1].any()


@every_prior
def test_streams_are_as_long_as_the_bits(name: str) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, 0, 2, 400)
    bits, first = prior.bits(indices, 0), 0
    for stream, end in zip(prior.encode(indices, 0), prior.stream_ends, strict=True):
        ideal = bits[first:end].sum() / 8
        assert ideal - 4 <= len(stream) <= 1.001 * ideal + 8
        first = end


@every_prior
def test_channels_are_coded_alike_and_on_their_own(name: str) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, 0, 3, 17)
    alone = [prior.bits(indices[:, [channel]], 0) for channel in range(3)]
    assert (prior.bits(indices, 0) == np.concatenate(alone, 1)).all()


def test_streams_stay_what_they_are() -> None:
    """Of a model of integers alone: what a file of today holds is read for ever."""
    prior = wavenet_named("plain")
    words = np.random.PCG64(2).random_raw(4 * 2 * 30).reshape(4, 2, 30) >> np.uint64(40)
    indices = (words % prior.sizes[0][:, None, None].astype(np.uint64)).astype(np.int32)
    streams = prior.encode(indices, 0)
    assert [len(stream) for stream in streams] == [84, 24]
    assert hashlib.sha256(b"".join(streams)).hexdigest()[:16] == "a9a01325e5507af8"


# Parts of a file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("name", ["ragged", "bound", "plain", "far"])
def test_first_streams_decode_alone(name: str, rate: int) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, rate, 2, 11)
    streams, bits = prior.encode(indices, rate), prior.bits(indices, rate)
    for count in range(len(streams)):
        planes = prior.stream_ends[count - 1] if count else 0
        decoded = prior.decode(streams[:count], rate, 2, 11)
        assert decoded.shape == (planes, 2, 11)
        assert (decoded == indices[:planes]).all()
        if count:
            assert (prior.bits(decoded, rate) == bits[:planes]).all()


@pytest.mark.parametrize(("streams", "rate"), [(4, 0), (3, 2), (3, -1), (3, 255)])
def test_streams_and_rate_points_that_are_not_there(streams: int, rate: int) -> None:
    with pytest.raises(CorruptError, match="does not have"):
        wavenet_named("ragged").decode([b""] * streams, rate, 1, 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=24), min_size=3, max_size=3), st.integers(0, 1))
def test_any_streams_are_indices_or_corrupt(streams: list[bytes], rate: int) -> None:
    prior = wavenet_named("ragged")
    try:
        indices = prior.decode(streams, rate, 2, 6)
    except CorruptError:
        return
    assert ((indices >= 0) & (indices < prior.sizes[rate][:, None, None])).all()


def test_streams_with_more_than_their_symbols() -> None:
    prior = wavenet_named("ragged")
    first, *others = prior.encode(random_indices(prior, 0, 1, 30), 0)
    with pytest.raises(CorruptError, match="more than its symbols"):
        prior.decode([first + bytes(8), *others], 0, 1, 30)


# Resources ---------------------------------------------------------------------------------------------------------


def peak_of_costs(prior: WaveNet, frames: int) -> int:
    indices = random_indices(prior, 0, 1, frames)
    tracemalloc.start()
    try:
        for _ in prior.costs(indices, 0):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_recording() -> None:
    prior = wavenet_named("ragged")
    assert peak_of_costs(prior, 20_000) < 1.1 * peak_of_costs(prior, 4_000)


def test_memory_of_a_block_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever is widest: what the slices read, their activations, or the logits."""
    many_values = plain_wavenet((3, 2), (2,), np.full((1, 5), 2), (1,), hidden=2)
    many_channels = plain_wavenet((1,), (1,), np.full((1, 1), 2), (), hidden=50)
    many_codes = plain_wavenet((1, 1), (2,), np.full((1, 2), 40), (1,), hidden=4)
    monkeypatch.setattr(prior_module, "BLOCK_NUMBERS", 2000)
    for prior, width in ((many_values, 2 * 4 * 5 * 2), (many_channels, 2 * 50), (many_codes, 2 * 40)):
        blocks = [len(steps) for steps, _ in prior.hidden(random_indices(prior, 0, 3, 40), 0)]
        assert set(blocks[:-1]) == {2000 // (3 * width)}
