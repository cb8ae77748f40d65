"""Integer frequency tables <-> words of a range coder (`constriction.stream.queue`).

A table is a row of K integers, each at least 1, that sum to `2**PRECISION`: the chances of the symbols 0..K-1. Symbols
are coded one after the other, each with its own row; how they are split into calls does not change the stream.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from .errors import CorruptError

__all__ = ["PRECISION", "SymbolDecoder", "SymbolEncoder", "check_frequencies", "ideal_bits", "indices_crc"]

PRECISION = 24
"""Bits of a probability: the frequencies of a table sum to `2**PRECISION`."""

Integers = NDArray[np.integer[Any]]
Frequencies = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]

WORD_SIZE = 4
# A family: each symbol brings its own row.
_CATEGORICAL = stream.model.Categorical(perfect=False)


class SymbolEncoder:
    """Codes symbols into a stream of bytes; after an error it cannot go on."""

    def __init__(self) -> None:
        self._coder = stream.queue.RangeEncoder()

    def encode(self, symbols: Integers, frequencies: Frequencies) -> None:
        """Append `symbols` [n], each in 0..K-1, with the tables `frequencies` [n, K].

        The tables are trusted (`check_frequencies` is for tests). With K = 1 nothing is written.

        Raises:
            ValueError: the shapes do not fit, or a symbol is outside of its table.
        """
        rows, alphabet = frequencies.shape
        if symbols.shape != (rows,) or alphabet < 1:
            raise ValueError(f"symbols {symbols.shape} do not fit the frequencies {frequencies.shape}")
        if alphabet == 1:
            if symbols.any():
                raise ValueError("a symbol is outside of its table")
            return
        try:
            self._coder.encode(symbols.astype(np.int32, copy=False), _CATEGORICAL, _weights(frequencies))
        except KeyError as error:
            raise ValueError("a symbol is outside of its table") from error

    def finish(self) -> bytes:
        """Return the stream: whole 4-byte words, or nothing if no symbol had a choice."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype("<u4", copy=False).tobytes()


class SymbolDecoder:
    """Reads back the symbols of a stream, given the same tables in the same order.

    Raises:
        CorruptError: `data` are not whole words.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) % WORD_SIZE:
            raise CorruptError(f"a stream of {len(data)} bytes does not consist of whole {WORD_SIZE}-byte words")
        self._coder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))
        self._is_unread = len(data) > 0

    def decode(self, frequencies: Frequencies) -> NDArray[np.int32]:
        """Return the next n symbols [n], each in 0..K-1, given their tables `frequencies` [n, K].

        A damaged stream, or one that has ended, may decode to any symbols: checksums notice it.

        Raises:
            CorruptError: no symbols can give this stream.
            ValueError: `frequencies` are not tables.
        """
        rows, alphabet = frequencies.shape
        if alphabet <= 1:
            if alphabet < 1:
                raise ValueError("frequencies of no symbols")
            return np.zeros(rows, np.int32)
        self._is_unread &= rows == 0
        try:
            symbols: NDArray[np.int32] = self._coder.decode(_CATEGORICAL, _weights(frequencies))
        except AssertionError as error:  # constriction's type for invalid data
            raise CorruptError("a stream is damaged: it cannot be decoded with this model") from error
        return symbols

    def finish(self) -> None:
        """Check that the whole stream was read, as far as a range coder can tell.

        Raises:
            CorruptError: some of the stream is left.
        """
        # The coder takes two words before the first symbol, so that it would not miss a stream that has no more.
        if self._is_unread or not self._coder.maybe_exhausted():
            raise CorruptError("a stream is damaged: it holds more than its symbols")


def ideal_bits(symbols: Integers, frequencies: Frequencies) -> float:
    """Return the bits that a perfect coder spends on `symbols` [n] with `frequencies` [n, K]: their sum of -log2 p."""
    chosen = np.take_along_axis(frequencies, symbols[:, None].astype(np.int64), axis=1)
    return float(PRECISION * len(symbols) - np.log2(chosen.astype(np.float64)).sum())


def check_frequencies(frequencies: Frequencies) -> None:
    """Check what `encode` and `decode` take on trust. It is too slow for each call of a decoder.

    Raises:
        ValueError: not [n, K], not integers, a frequency below 1, or a row that does not sum to `2**PRECISION`.
    """
    if frequencies.ndim != 2 or frequencies.shape[1] < 1:
        raise ValueError(f"frequencies have the shape {frequencies.shape}, not [n, K]")
    if not (frequencies == np.floor(frequencies)).all():
        raise ValueError("a frequency is not an integer")
    if not (frequencies >= 1).all():
        raise ValueError("a frequency is below 1")
    if not (frequencies.sum(axis=1, dtype=np.float64) == 2**PRECISION).all():
        raise ValueError(f"a row of frequencies does not sum to {2**PRECISION}")


def indices_crc(indices: Integers) -> int:
    """Return the CRC-32 of `indices` [n] (0..65535), each as two little-endian bytes, in the order of coding."""
    return zlib.crc32(indices.astype("<u2").tobytes())


def _weights(frequencies: Frequencies) -> NDArray[np.float32]:
    # The coder grants each symbol one unit, and shares out the other 2**24 - K units in proportion to what it is given.
    # Given f - 1, which sums to 2**24 - K, its scale is exactly 1, and the table that it uses is exactly f. float32
    # holds 24 bits, so nothing is rounded. C order, because constriction reads the memory of a Fortran-ordered table
    # as if it were C-ordered, without an error.
    return frequencies.astype(np.float32, order="C") - np.float32(1)
