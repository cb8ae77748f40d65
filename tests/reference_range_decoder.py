"""The entropy layer of docs/FORMAT.md once more, in plain Python and with nothing of constriction.

It is slow and meant to be read beside the text; the tests hold it against `bitstream.SymbolDecoder`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["ReferenceDecoder"]

PRECISION = 24
MASK = 2**64 - 1


class ReferenceDecoder:
    """Decodes one stream, a symbol at a time."""

    def __init__(self, data: bytes) -> None:
        words = struct.unpack(f"<{len(data) // 4}I", data)
        self._words = iter(words)
        self._range = MASK
        self._offset = self._next_word() << 32 | self._next_word()

    def decode(self, frequencies: Sequence[int]) -> int:
        """Return the next symbol; raises ValueError if no symbols give such a stream."""
        if len(frequencies) == 1:
            return 0
        bounds = [0, *accumulate(frequencies)]  # symbol s owns bounds[s:s+2]
        scale = self._range >> PRECISION
        quantile = self._offset // scale
        if quantile >= 2**PRECISION:
            raise ValueError("invalid data")
        symbol = next(s for s in range(len(frequencies)) if quantile < bounds[s + 1])
        self._offset -= scale * bounds[symbol]
        self._range = scale * (bounds[symbol + 1] - bounds[symbol])
        if self._range < 2**32:
            self._range <<= 32
            self._offset = self._offset << 32 | self._next_word()
        return symbol

    def _next_word(self) -> int:
        return next(self._words, 0)
