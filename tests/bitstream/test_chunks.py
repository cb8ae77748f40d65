"""What a file holds beside its indices: where it lies, and what it costs a file that has none of it."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from bitstream import ColourFormat, CorruptError, ImageSource, pack, unpack
from tests.helpers.containers import CUT_OUT, PHOTO, with_checksum


def test_plain_pictures_have_no_byte_more() -> None:
    head = b"\x8eVQ\n\1\0" + PHOTO.fingerprint + b"\1" + b"\x80\6\x80\4\0" + b"\2\2" + b"\x08\0"
    assert pack(PHOTO).startswith(head + PHOTO.streams[0].data)
    for colour in set(ColourFormat) - {ColourFormat.PALETTE}:
        assert len(pack(replace(PHOTO, source=ImageSource(768, 512, colour=colour)))) == len(pack(PHOTO))


def test_chunks_lie_before_the_streams_with_their_own_checksums() -> None:
    packed = pack(CUT_OUT)
    chunks = b"".join(part + zlib.crc32(part).to_bytes(4, "little") for part in (b"alpha", b"metadata", b"overlay"))
    assert chunks + CUT_OUT.streams[0].data in packed
    cut = packed[: packed.index(CUT_OUT.streams[0].data) + 8 + 4]
    sizes = tuple(len(stream.data) for stream in CUT_OUT.streams[1:])
    assert unpack(cut, allow_truncated=True) == replace(CUT_OUT, streams=CUT_OUT.streams[:1], cut_off=sizes)
    for place in (cut.index(b"alpha"), cut.index(b"metadata"), cut.index(b"overlay"), cut.index(chunks) + 5):
        damaged = bytearray(cut)
        damaged[place] ^= 1
        for attempt, is_cut in ((bytes(damaged), True), (with_checksum(bytes(damaged) + packed[len(cut) : -4]), False)):
            with pytest.raises(CorruptError, match="alpha, metadata or overlay"):
                unpack(attempt, allow_truncated=is_cut)
