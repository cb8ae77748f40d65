"""The range coder, read: a stream and tables to symbols, one at a time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate

from tests.second_decoder.byte_reader import require

__all__ = ["RangeDecoder"]

PRECISION = 24


class RangeDecoder:
    """Decodes one stream."""

    def __init__(self, stream: bytes) -> None:
        require(len(stream) % 4 == 0, "a stream is not made of words")
        self._words = struct.unpack(f"<{len(stream) // 4}I", stream)
        self._read = 0  # words, those after the last one included
        self._range = 2**64 - 1
        self._offset = 0

    def decode(self, table: Sequence[int]) -> int:
        """The next symbol, of a table of chances in units of 2^-24."""
        if len(table) == 1:
            return 0
        if self._read == 0:
            self._offset = self._next_word() << 32 | self._next_word()
        bounds = [0, *accumulate(table)]  # symbol s owns bounds[s] to bounds[s + 1]
        scale = self._range >> PRECISION
        quantile = self._offset // scale
        require(quantile < 2**PRECISION, "no symbols give such a stream")
        symbol = next(s for s in range(len(table)) if quantile < bounds[s + 1])
        self._offset -= scale * bounds[symbol]
        self._range = scale * (bounds[symbol + 1] - bounds[symbol])
        if self._range < 2**32:
            self._range <<= 32
            self._offset = self._offset << 32 | self._next_word()
        return symbol

    def finish(self) -> None:
        """After the last symbol: raises FormatError if the stream holds more."""
        require(len(self._words) <= self._read and self._offset < 2**33 - 1, "a stream holds more than its symbols")

    def _next_word(self) -> int:
        self._read += 1
        return self._words[self._read - 1] if self._read <= len(self._words) else 0
