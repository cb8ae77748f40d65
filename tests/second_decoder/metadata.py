"""The metadata chunk: an ICC profile, EXIF and XMP."""

from __future__ import annotations

import zlib

from tests.second_decoder.byte_reader import ByteReader, FormatError, require

__all__ = ["read_metadata"]

LARGEST = 2**24
KINDS = {1: "icc_profile", 2: "exif", 3: "xmp"}


def read_metadata(chunk: bytes) -> dict[str, bytes]:
    """The records of a chunk by their kinds."""
    inflater = zlib.decompressobj()
    try:
        unpacked = inflater.decompress(chunk, LARGEST + 1)
    except zlib.error as error:
        raise FormatError("the metadata cannot be inflated") from error
    require(len(unpacked) <= LARGEST, "there are too many metadata")
    require(inflater.eof and not inflater.unused_data, "the metadata do not end with the chunk")
    data, records, before = ByteReader(unpacked), {}, 0
    while data.left:
        kind = data.byte()
        require(kind > before, "the kinds do not ascend")
        records[kind], before = data.take(data.varint()), kind
    return {name: records[kind] for kind, name in KINDS.items() if kind in records}
