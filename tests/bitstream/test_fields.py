"""Varints: one encoding for each number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitstream import CorruptError
from bitstream.fields import Reader, encode_varint


@given(st.integers(0, 2**64 - 1))
def test_varints(value: int) -> None:
    encoded = encode_varint(value)
    reader = Reader(encoded + b"\xff")
    assert reader.varint(bits=64) == value
    assert reader.position == len(encoded) == max(1, -(-value.bit_length() // 7))


@pytest.mark.parametrize("encoded", [b"\x80\0", b"\x80\x80\x80\x80\0", b"\x80" * 9, b"\xff\xff\xff\xff\x10"])
def test_varints_that_are_not_canonical(encoded: bytes) -> None:
    with pytest.raises(CorruptError):
        Reader(encoded).varint()


def test_varints_of_negative_numbers() -> None:
    with pytest.raises(ValueError, match="-1"):
        encode_varint(-1)
