"""The exact prior of sound: its tables are those of a reference in integers, and its memory is bounded."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import ModelError
from tests.helpers.every_prior import tables_of
from tests.helpers.hostile_priors import layer
from tests.helpers.priors import random_indices
from tests.helpers.wavenets import RAGGED, WAVENETS, plain_wavenet, wavenet_named
from vqcodec.prior import dilated
from vqcodec.prior import wavenet as prior_module
from vqcodec.prior.exact import GATE_RANGE, ExactLayer, Tables, frequencies
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice

FrequencyTables = dict[int, NDArray[np.float64]]  # of each plane, [C, T, K]


# What it should be -------------------------------------------------------------------------------------------------


def in_integers(layer: ExactLayer, x: NDArray[np.int64], rate: int) -> NDArray[np.int64]:
    shift = layer.shift.astype(np.int64)
    acc = x @ layer.weight.astype(np.int64) + layer.bias[rate]
    rounded: NDArray[np.int64] = (2 * acc + (1 << shift)) >> (shift + 1)
    return rounded


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
            for causal, dilation in zip(network.causal[1:], prior.causal.dilations, strict=True):
                pair = np.concatenate([state, delayed(state, dilation)], 1)
                state = np.clip(state + gated(prior.tables, in_integers(causal, pair, rate)), -255, 255)
            logits, first = in_integers(network.heads[rate], state, 0).astype(np.float32), 0
            for plane in planes:
                size = prior.sizes[rate, plane]
                if size > 1:
                    table = frequencies(logits[:, first : first + size], np.array([0]), prior.tables)
                    tables.setdefault(plane, []).append(table)
                    first += size
    return {plane: np.stack(parts) for plane, parts in tables.items()}


every_wavenet = pytest.mark.parametrize("name", WAVENETS)


@every_wavenet
@settings(deadline=None, max_examples=6)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(0, 1), st.integers(0, 99))
@example(2, 1, 0, 0)
@example(1, 150, 0, 0)  # the buffers are moved
def test_tables_are_those_of_the_reference(name: str, channels: int, frames: int, rate_point: int, seed: int) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, rate_point, channels, frames, seed)
    expected, tables = reference(prior, indices, rate_point), tables_of(prior, indices, rate_point)
    assert tables.keys() == expected.keys()
    for plane, table in expected.items():
        assert (tables[plane].reshape(table.shape) == table).all()


@every_wavenet
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


@pytest.mark.parametrize(
    ("name", "most"), [("MOST_STACKED", 4 * 4 * 12 * 16 - 1), ("MOST_REMEMBERED", 2 * (8 * 4 * 6 + 64 * 12) - 1)]
)
def test_models_that_ask_for_too_much_memory(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dilated, name, most)
    prior = wavenet_named("ragged")
    parts = prior.slices, RAGGED.planes, RAGGED.streams, RAGGED.dilations, prior.values.astype(np.int8), prior.sizes
    with pytest.raises(ModelError, match="prior is too large"):
        WaveNet(*parts, prior.tables)


def test_many_slices_of_few_weights_are_too_much() -> None:
    """Each matrix is small, but side by side they are filled up to the largest: 600 MiB here."""
    counts = [1] * 300 + [3000]
    total, slices, first = sum(counts), [], 0
    for count in counts:
        rows = dilated.rows_read(range(first, first + count), total, 1)
        slices.append(WaveNetSlice((layer(len(rows), 40, rate_points=1),), (layer(20, 0, rate_points=1),)))
        first += count
    values, sizes = np.zeros((1, total, 1, 1), np.int8), np.ones((1, total), np.intp)
    with pytest.raises(ModelError, match="prior is too large"):
        WaveNet(slices, counts, [len(counts)], (), values, sizes, Tables.standard())
