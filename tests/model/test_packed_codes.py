"""Codes one after the other: nothing is lost, and what cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitstream import ModelError
from vqcodec.model.packed_codes import pack_codes, unpack_codes

MOST = 1 << 20
SIZES = np.array([[2, 1], [3, 2]], np.int16)


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 9), st.integers(0, 2), st.integers(0, 99))
def test_what_was_packed_is_unpacked(rate_points: int, planes: int, alphabet: int, more: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, alphabet + 1, (rate_points, planes)).astype(np.int16)
    array = rng.integers(-9, 10, (rate_points, planes, alphabet, *[2] * more)).astype(np.int8)
    array[np.arange(alphabet) >= sizes[..., None]] = 0
    packed = pack_codes(array, sizes)
    assert packed.shape == (sizes.sum(), *[2] * more)
    unpacked = unpack_codes(packed, sizes, alphabet, MOST)
    assert unpacked.dtype == array.dtype
    np.testing.assert_array_equal(unpacked, array)


def test_the_order_is_that_of_rate_points_and_planes() -> None:
    unpacked = unpack_codes(np.arange(1, 9), SIZES, 3, MOST)
    np.testing.assert_array_equal(unpacked, [[[1, 2, 0], [3, 0, 0]], [[4, 5, 6], [7, 8, 0]]])


def test_values_without_a_code_are_not_dropped() -> None:
    with pytest.raises(ModelError, match="beyond the end of an alphabet"):
        pack_codes(np.ones((2, 2, 3)), SIZES)


@pytest.mark.parametrize("packed", [np.zeros(7), np.zeros(9), np.zeros(()), np.zeros((0, 2))])
def test_codes_are_as_many_as_the_alphabets_say(packed: np.ndarray) -> None:
    with pytest.raises(ModelError, match="of the model do"):
        unpack_codes(packed, SIZES, 3, MOST)


@pytest.mark.parametrize("sizes", [SIZES[0], SIZES[None], SIZES[:0], SIZES - 1, SIZES + 1, -SIZES])
def test_alphabets_that_cannot_be(sizes: np.ndarray) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        unpack_codes(np.zeros((8, 4)), sizes, 3, MOST)


def test_no_more_memory_than_asked_for() -> None:
    sizes = np.ones((1000, 1000), np.int16)
    with pytest.raises(ModelError, match="do not fit"):
        unpack_codes(np.zeros((1_000_000, 2), np.float16), sizes, 1 << 15, MOST)
