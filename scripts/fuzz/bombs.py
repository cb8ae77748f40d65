"""Small streams that unpack to much."""

from __future__ import annotations

import zlib
from functools import cache

from .target import MIB

__all__ = ["BOMB", "bomb"]

BOMB = 320 * MIB  # more than the memory of any target


@cache
def bomb(size: int = BOMB) -> bytes:
    """A zlib stream of about a thousandth of `size` (a multiple of MIB) zeros: one piece, over and over."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    piece = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = size % 65521 << 16 | 1  # Adler-32 of zeros
    return b"\x78\xda" + piece * (size // MIB) + b"\x03\0" + checksum.to_bytes(4, "big")
