"""Compressed data -> a known number of bytes, and no more than these in memory, whatever the data would make."""

from __future__ import annotations

import lzma
import zlib
from typing import Protocol

from .errors import CorruptError

__all__ = ["Decompressor", "decompressed"]


class Decompressor(Protocol):
    """As `zlib.decompressobj()` and `lzma.LZMADecompressor()` are."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decompressed(data: bytes, size: int, decompressor: Decompressor, what: str) -> bytes:
    """The `size` bytes of compressed data.

    Raises:
        CorruptError: the data are damaged, or make more bytes or fewer; the text begins with `what`.
    """
    try:
        values = decompressor.decompress(data, size + 1)
    except (zlib.error, lzma.LZMAError):
        raise CorruptError(f"{what} is damaged: it cannot be decompressed") from None
    if len(values) != size or not decompressor.eof or decompressor.unused_data:
        raise CorruptError(f"{what} is damaged: it is of another size")
    return values
