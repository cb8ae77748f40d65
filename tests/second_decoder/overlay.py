"""The overlay chunk: pixels that are coded without loss."""

from __future__ import annotations

import lzma

from tests.second_decoder.byte_reader import ByteReader, FormatError, require

__all__ = ["read_overlay"]

FILTER = {"id": lzma.FILTER_LZMA1, "dict_size": 2**22, "lc": 3, "lp": 0, "pb": 0}
Colour = tuple[int, int, int]


def read_overlay(chunk: bytes, height: int, width: int) -> list[list[Colour | None]]:
    """The colours of the overlay, row by row; None for what is below it."""
    data = ByteReader(chunk)
    count = data.varint()
    require(1 <= count <= 65535, "the number of colours is out of range")
    area, has_high_bytes = height * width, count >= 256
    unpacked = ByteReader(inflate(data.rest(), 3 * count + (2 if has_high_bytes else 1) * area))
    colours: list[Colour | None] = [None]
    for _ in range(count):
        red, green, blue = unpacked.take(3)
        colours.append((red, green, blue))
    indices = list(unpacked.take(area))
    if has_high_bytes:
        indices = [low + 256 * high for low, high in zip(indices, unpacked.take(area), strict=True)]
    require(max(indices) <= count, "an index has no colour")
    return [[colours[index] for index in indices[i * width : (i + 1) * width]] for i in range(height)]


def inflate(packed: bytes, size: int) -> bytes:
    """All of a stream that ends with its end marker, and has this size unpacked."""
    inflater = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[FILTER])
    try:
        unpacked = inflater.decompress(packed, size + 1)
    except lzma.LZMAError as error:
        raise FormatError("the overlay cannot be unpacked") from error
    require(inflater.eof and not inflater.unused_data, "the overlay goes on, or is cut")
    require(len(unpacked) == size, "the overlay is of another size")
    return unpacked
