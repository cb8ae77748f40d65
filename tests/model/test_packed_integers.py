"""Integers under a Huffman code: nothing is lost, and what cannot be is refused."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bitstream import ModelError
from vqcodec.model.packed_integers import pack_integers, unpack_integers

MOST = 1 << 20
PACKED, SHAPES = pack_integers({"a": np.arange(-6, 6, dtype=np.int8).reshape(3, 4)})


@given(arrays.arrays(np.int8, arrays.array_shapes(min_dims=0, min_side=0, max_dims=4, max_side=9)))
def test_what_was_packed_is_unpacked(array: np.ndarray) -> None:
    packed, shapes = pack_integers({"a": array})
    unpacked = unpack_integers(packed, shapes, MOST)["a"]
    assert unpacked.dtype == np.int8
    np.testing.assert_array_equal(unpacked, array)


def test_small_weights_take_less() -> None:
    weights = np.random.default_rng(0).normal(0, 10, 10_000).clip(-127, 127).astype(np.int8)
    assert pack_integers({"a": weights})[0]["a"].nbytes < 0.75 * weights.nbytes


@pytest.mark.parametrize("kind", [np.float16, np.int16, np.uint8])
def test_other_arrays_stay_as_they_are(kind: type) -> None:
    array: NDArray[Any] = np.arange(6).astype(kind)
    packed, shapes = pack_integers({"a": array})
    assert packed["a"] is array
    assert unpack_integers(packed, shapes, MOST)["a"] is array


@pytest.mark.parametrize(
    "shapes",
    ["", "[]", "3", "{", '{"a": 3}', '{"a": null}', '{"a": ["x"]}', '{"a": [-3, -4]}', '{"a": [1e999]}', "[" * 50_000],
    ids=lambda shapes: shapes[:20],
)
def test_shapes_that_are_none(shapes: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be read|out of range"):
        unpack_integers(PACKED, shapes, MOST)


@pytest.mark.parametrize("shape", [[0, 10**30], [0, MOST + 1], [1] * 9, [0] + [1] * 99])
def test_shapes_that_numpy_does_not_have(shape: list[int]) -> None:
    nothing = np.frombuffer(zlib.compress(bytes(int(0 not in shape))), np.uint8)
    with pytest.raises(ModelError, match="out of range"):
        unpack_integers({"a": nothing}, json.dumps({"a": shape}), MOST)


@pytest.mark.parametrize("shape", [[3, 5], [3, 3], [0], [13]])
def test_as_many_values_as_the_shape_says(shape: list[int]) -> None:
    with pytest.raises(ModelError, match="array a is damaged"):
        unpack_integers(PACKED, json.dumps({"a": shape}), MOST)


@pytest.mark.parametrize("tail", [b"x", b"\0" * 9])
def test_nothing_may_follow(tail: bytes) -> None:
    longer = np.frombuffer(PACKED["a"].tobytes() + tail, np.uint8)
    with pytest.raises(ModelError, match="array a is damaged"):
        unpack_integers({"a": longer}, SHAPES, MOST)


def test_every_cut_is_refused() -> None:
    for length in range(len(PACKED["a"])):
        with pytest.raises(ModelError, match="array a is damaged"):
            unpack_integers({"a": PACKED["a"][:length]}, SHAPES, MOST)


def test_arrays_that_are_missing() -> None:
    with pytest.raises(ModelError, match="array 'a' is missing"):
        unpack_integers({}, SHAPES, MOST)
    with pytest.raises(ModelError, match=r"array '\\x1b\[2J' is missing"):  # escaped, as it may reach a terminal
        unpack_integers({}, json.dumps({"\x1b[2J": [3]}), MOST)


def test_arrays_of_another_type() -> None:
    with pytest.raises(ModelError, match="array a does not have the type of packed integers"):
        unpack_integers({"a": PACKED["a"].astype(np.int16)}, SHAPES, MOST)


def test_no_more_memory_than_asked_for() -> None:
    """Of all arrays together, packed or not."""
    zeros = np.zeros(1 << 18, np.uint8)
    arrays = {"a": zeros, "b": zeros, "c": np.zeros(MOST - 4096, np.uint8)}
    with pytest.raises(ModelError, match="too large"):
        unpack_integers(arrays, json.dumps({"a": [1024, 1025]}), MOST)
    with pytest.raises(ModelError, match="too large"):
        unpack_integers(arrays, json.dumps({"a": [64, 32], "b": [64, 33]}), MOST)
    with pytest.raises(ModelError, match="array a is damaged"):
        unpack_integers(arrays, json.dumps({"a": [64, 32], "b": [64, 32]}), MOST)


def test_nothing_is_packed_more_tightly_than_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Huffman code takes a bit a value; repeats would take less, and are refused before they are unpacked."""
    array = np.zeros(100_000, np.int8)
    packed, shapes = pack_integers({"a": array})
    assert array.size / 8 < packed["a"].nbytes < 1.01 * array.size / 8
    assert (unpack_integers(packed, shapes, MOST)["a"] == array).all()
    monkeypatch.setattr(zlib, "decompressobj", None)
    repeats = np.frombuffer(zlib.compress(array.tobytes(), 9), np.uint8)
    with pytest.raises(ModelError, match="packed in another way"):
        unpack_integers({"a": repeats}, shapes, MOST)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = np.frombuffer(zlib.compress(bytes(1 << 27)), np.uint8)
    with pytest.raises(ModelError, match="array a is damaged"):
        unpack_integers({"a": bomb}, '{"a": [12]}', MOST)
