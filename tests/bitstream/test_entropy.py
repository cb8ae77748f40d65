"""The entropy coder: pinned bytes, round trips, and streams that lie."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import (
    PRECISION,
    CorruptError,
    SymbolDecoder,
    SymbolEncoder,
    check_frequencies,
    ideal_bits,
    indices_crc,
)
from tests.helpers.strategies import draw_symbols, random_frequencies, symbols_and_frequencies
from tests.second_decoder.byte_reader import FormatError
from tests.second_decoder.range_decoder import RangeDecoder

Coded = tuple[NDArray[np.int32], NDArray[np.int64]]
TOTAL = 2**PRECISION


def encode(symbols: NDArray[np.int32], frequencies: NDArray[np.int64]) -> bytes:
    encoder = SymbolEncoder()
    encoder.encode(symbols, frequencies)
    return encoder.finish()


def decode(data: bytes, frequencies: NDArray[np.int64]) -> NDArray[np.int32]:
    decoder = SymbolDecoder(data)
    symbols = decoder.decode(frequencies)
    decoder.finish()
    return symbols


def golden_tables(count: int, alphabet: int) -> Coded:
    """Symbols and tables from integer arithmetic alone, so that no random generator has to stay the same."""
    positions = np.arange(count)[:, None]
    frequencies = (positions * 7919 + np.arange(alphabet) ** 3 * 104_729) % (TOTAL // alphabet - 1) + 1
    frequencies[:, -1] += TOTAL - frequencies.sum(axis=1)
    symbols = (np.arange(count) * 31 + 5) % alphabet
    return symbols.astype(np.int32), frequencies


@pytest.mark.parametrize(
    ("count", "alphabet", "expected"),
    [
        (0, 4, ""),
        (5, 1, ""),
        (1, 2, "00010000"),
        (40, 5, "00000000de4fc0245eed79e26cfe9ae733df97afd73478f2"),
        (24, 256, "ba77db01a0781a255d95f2c4b2b0fdbd50af3417edd8383ec0ec7f00"),
        (9, 1024, "a05c5000b2128bf34637b10c23459a52"),
    ],
)
def test_pinned_bytes(count: int, alphabet: int, expected: str) -> None:
    symbols, frequencies = golden_tables(count, alphabet)
    check_frequencies(frequencies)
    assert encode(symbols, frequencies).hex() == expected
    assert (decode(bytes.fromhex(expected), frequencies) == symbols).all()


@settings(deadline=None)
@given(symbols_and_frequencies())
def test_round_trip(coded: Coded) -> None:
    symbols, frequencies = coded
    check_frequencies(frequencies)
    decoded = decode(encode(symbols, frequencies), frequencies)
    assert decoded.dtype == np.int32
    assert decoded.shape == symbols.shape
    assert (decoded == symbols).all()


@settings(deadline=None)
@given(symbols_and_frequencies(), st.integers(1, 20))
def test_calls_can_be_split_anywhere(coded: Coded, step: int) -> None:
    symbols, frequencies = coded
    encoder = SymbolEncoder()
    for start in range(0, len(symbols), step):
        encoder.encode(symbols[start : start + step], frequencies[start : start + step])
    data = encoder.finish()
    assert data == encode(symbols, frequencies)
    decoder = SymbolDecoder(data)
    assert [decoder.decode(row[None])[0] for row in frequencies] == symbols.tolist()
    decoder.finish()


@pytest.mark.parametrize("symbol_type", [np.int64, np.int32, np.int16, np.uint8])
@pytest.mark.parametrize("table_type", [np.int64, np.int32, np.float64, np.float32])
def test_types_and_memory_layout_do_not_matter(symbol_type: type, table_type: type) -> None:
    symbols, frequencies = golden_tables(30, 17)
    expected = encode(symbols, frequencies)
    plain: NDArray[Any] = frequencies.astype(table_type)
    for table in (plain, np.asfortranarray(plain), np.repeat(plain, 2, axis=1)[:, ::2]):
        encoder = SymbolEncoder()
        encoder.encode(np.repeat(symbols, 2)[::2].astype(symbol_type), table)
        assert encoder.finish() == expected
        assert (SymbolDecoder(expected).decode(table) == symbols).all()


def test_alphabets_of_several_sizes_share_a_stream() -> None:
    rng = np.random.default_rng(1)
    tables = [random_frequencies(rng, 24, alphabet, 0.1) for alphabet in (1, 2, 256, 1, 512)]
    symbols = [draw_symbols(rng, table) for table in tables]
    encoder = SymbolEncoder()
    for values, table in zip(symbols, tables, strict=True):
        encoder.encode(values, table)
    decoder = SymbolDecoder(encoder.finish())
    assert all((decoder.decode(table) == values).all() for values, table in zip(symbols, tables, strict=True))
    decoder.finish()


@pytest.mark.parametrize(("alphabet", "spread"), [(2, 0.2), (16, 1.0), (256, 0.02), (256, 10.0)])
def test_overhead_over_the_ideal_code_length(alphabet: int, spread: float) -> None:
    rng = np.random.default_rng(alphabet)
    count, step = 100_000, 5_000
    encoder, ideal = SymbolEncoder(), 0.0
    for _ in range(0, count, step):
        frequencies = random_frequencies(rng, step, alphabet, spread)
        symbols = draw_symbols(rng, frequencies)
        encoder.encode(symbols, frequencies)
        ideal += ideal_bits(symbols, frequencies)
    assert len(encoder.finish()) < ideal / 8 * 1.001 + 8


@settings(deadline=None)
@given(symbols_and_frequencies(max_symbols=40))
def test_independent_decoder_agrees(coded: Coded) -> None:
    symbols, frequencies = coded
    decoder = RangeDecoder(encode(symbols, frequencies))
    assert [decoder.decode(row) for row in frequencies.tolist()] == symbols.tolist()
    decoder.finish()


@settings(deadline=None)
@given(symbols_and_frequencies(max_symbols=12), st.binary(max_size=24))
def test_independent_decoder_finds_the_same_streams_damaged(coded: Coded, data: bytes) -> None:
    symbols, frequencies = coded
    for stream in (data[: len(data) // 4 * 4], encode(symbols, frequencies) + data[: len(data) // 4 * 4]):
        try:
            decoder = RangeDecoder(stream)
            expected = [decoder.decode(row) for row in frequencies.tolist()]
            decoder.finish()
        except FormatError:
            with pytest.raises(CorruptError):
                decode(stream, frequencies)
        else:
            assert decode(stream, frequencies).tolist() == expected


@pytest.mark.parametrize("words", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 5])
def test_symbols_without_a_choice_have_no_words(words: int, count: int) -> None:
    with pytest.raises(CorruptError, match="more than its symbols"):
        decode(bytes(4 * words), np.full((count, 1), TOTAL))


def test_the_coder_uses_exactly_the_frequencies() -> None:
    """Quantiles just inside of each symbol's interval decode to it."""
    for row in (golden_tables(1, 37)[1][0], np.array([1, TOTAL - 3, 1, 1]), np.array([TOTAL // 2 + 1, TOTAL // 2 - 1])):
        bounds = [0, *accumulate(row.tolist())]
        for symbol, (low, high) in enumerate(pairwise(bounds)):
            assert low < high
            for quantile in (low, high - 1):
                point = (quantile * (2**40 - 1)).to_bytes(8, "big")  # scale is 2**40 - 1 at the start of a stream
                data = np.frombuffer(point, ">u4").astype("<u4").tobytes()
                assert SymbolDecoder(data).decode(row[None]) == [symbol]


@settings(deadline=None)
@given(symbols_and_frequencies(), st.data())
def test_damaged_streams(coded: Coded, data: st.DataObject) -> None:
    symbols, frequencies = coded
    stream = bytearray(encode(symbols, frequencies))
    match data.draw(st.sampled_from(["flip", "cut", "extend", "replace"])):
        case "flip" if stream:
            stream[data.draw(st.integers(0, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del stream[data.draw(st.integers(0, len(stream))) :]
        case "extend":
            stream += data.draw(st.binary(min_size=1, max_size=16))
        case _:
            stream[:] = data.draw(st.binary(max_size=40))
    try:
        decoded = decode(bytes(stream), frequencies)
    except CorruptError:
        return
    assert decoded.shape == symbols.shape
    assert ((decoded >= 0) & (decoded < frequencies.shape[1])).all()


def test_stream_that_no_symbols_have() -> None:
    _, frequencies = golden_tables(20, 16)
    with pytest.raises(CorruptError, match="cannot be decoded"):
        SymbolDecoder(b"\xff" * 40).decode(frequencies)


def test_stream_of_broken_words() -> None:
    with pytest.raises(CorruptError, match="5 bytes"):
        SymbolDecoder(bytes(5))


def test_stream_that_goes_on() -> None:
    symbols, frequencies = golden_tables(40, 64)
    decoder = SymbolDecoder(encode(symbols, frequencies))
    decoder.decode(frequencies[:20])
    with pytest.raises(CorruptError, match="more than its symbols"):
        decoder.finish()


@pytest.mark.parametrize("symbol", [-1, 16])
@pytest.mark.parametrize("alphabet", [1, 16])
def test_symbols_outside_of_their_table(symbol: int, alphabet: int) -> None:
    _, frequencies = golden_tables(1, alphabet)
    with pytest.raises(ValueError, match="outside of its table"):
        SymbolEncoder().encode(np.array([symbol]), frequencies)


@pytest.mark.parametrize(("symbols", "shape"), [((3,), (2, 4)), ((3, 1), (3, 4)), ((3,), (3,)), ((3,), (3, 0))])
def test_shapes_that_do_not_fit(symbols: tuple[int, ...], shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        SymbolEncoder().encode(np.zeros(symbols, np.int32), np.ones(shape))
    if len(shape) != 2 or shape[1] == 0:
        with pytest.raises(ValueError):  # noqa: PT011
            SymbolDecoder(b"").decode(np.ones(shape))


@pytest.mark.parametrize(
    ("frequencies", "message"),
    [
        (np.array([TOTAL]), "shape"),
        (np.ones((3, 0)), "shape"),
        (np.array([[TOTAL / 2 + 0.5, TOTAL / 2 - 0.5]]), "integer"),
        (np.array([[np.nan, 1.0]]), "integer"),
        (np.array([[0, TOTAL]]), "below 1"),
        (np.array([[1, TOTAL], [1, TOTAL - 1]]), "sum"),
    ],
)
def test_check_frequencies(frequencies: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_frequencies(frequencies)


def test_ideal_bits() -> None:
    frequencies = np.array([[TOTAL // 2, TOTAL // 4, TOTAL // 4], [1, 1, TOTAL - 2], [TOTAL // 2, TOTAL // 2 - 1, 1]])
    assert ideal_bits(np.array([1, 0, 0]), frequencies) == 2 + 24 + 1
    assert ideal_bits(np.zeros(0, np.int32), frequencies[:0]) == 0


def test_indices_crc_is_of_16_bit_little_endian_numbers() -> None:
    assert indices_crc(np.array([0x3231, 0x3433, 0x3635, 0x3837])) == 0x9AE0DAAF  # CRC-32 of b"12345678"
    assert indices_crc(np.zeros(0, np.int32)) == 0
