"""The fields of a `.vq` file: what is wrong with one is told, and none leaves its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bitstream import (
    AudioSource,
    BitstreamError,
    Chunks,
    ColourFormat,
    Container,
    CorruptError,
    ImageSource,
    LimitError,
    Limits,
    NotAVqFileError,
    Rotation,
    Stream,
    TruncatedError,
    UnsupportedError,
    pack,
    unpack,
)
from tests.helpers.containers import AUDIO, CUT_OUT, DRAWING, PHOTO, ROOMY, with_checksum


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", NotAVqFileError, "empty"),
        (b"\xff\xd8\xff\xe0\0\0", NotAVqFileError, "not a .vq file: it begins with the bytes ff d8 ff e0"),
        (b"\x8f", NotAVqFileError, "not a .vq file"),
        (b"\x8eVQ\r\n\x01", NotAVqFileError, "text mode"),
        (b"\x8eVQ\n".decode("latin-1").encode(), NotAVqFileError, "text mode"),
        (b"\x8eVQ\n".decode("cp1252").encode(), NotAVqFileError, "text mode"),
        (b"\x8eVQ\n".decode(errors="replace").encode(), NotAVqFileError, "text mode"),
        (b"\x8eVQ\n".decode("ascii", "ignore").encode(), NotAVqFileError, "text mode"),
        (b"\x8eVQ\n\x02", UnsupportedError, "version 2"),
        (b"\x8eV", TruncatedError, "2 bytes"),
        (pack(PHOTO)[:-5], TruncatedError, "1 of 2 streams whole"),
        (pack(PHOTO)[:12], TruncatedError, "in its header"),
        (pack(PHOTO) + b"abc", CorruptError, "3 bytes follow its end"),
    ],
)
def test_messages_tell_what_happened(data: bytes, error: type[BitstreamError], message: str) -> None:
    with pytest.raises(error, match=message):
        unpack(data)


def header_with(kind: int = 0, source: bytes = b"\1\1\0", rest: bytes = b"\0\1\0") -> bytes:
    """A file of one empty stream, with a right checksum, around the given fields."""
    return with_checksum(b"\x8eVQ\n\1" + bytes([kind]) + bytes(8) + b"\0" + source + rest + bytes(4))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (header_with(kind=0x10), UnsupportedError),  # lossless
        (header_with(kind=0x20), UnsupportedError),  # a mode that does not exist
        (header_with(kind=0x02), UnsupportedError),  # a modality that does not exist
        (header_with(source=b"\1\1\6"), UnsupportedError),  # a colour format that does not exist
        *((header_with(source=bytes((1, 1, 0x20 | n, 0)), rest=b"\0\1\0\1"), UnsupportedError) for n in (2, 3, 4, 5)),
        (header_with(source=b"\1\1\x20", rest=b"\0\1\0\0"), CorruptError),  # a chunk without bytes
        (header_with(source=b"\1\1\x40", rest=b"\0\1\0\0"), CorruptError),  # likewise
        (header_with(source=b"\1\1\x80", rest=b"\0\1\0\0"), CorruptError),  # likewise
        (header_with(source=b"\1\1\x20", rest=b"\0\1\0\x63"), TruncatedError),  # a chunk that is not there
        (header_with(source=b"\1\1\3\x81\2" + bytes(771)), CorruptError),  # 257 colours
        (header_with(source=b"\1\1\3\x80\1"), TruncatedError),  # colours that are not there
        (header_with(source=b"\0\1\0"), CorruptError),  # no width
        (header_with(source=b"\2\2\x10\3\1"), CorruptError),  # coded larger than the source
        (header_with(source=b"\2\2\x10\0\1"), CorruptError),  # coded without width
        (header_with(source=b"\2\2\x10\2\2"), CorruptError),  # a coded size that does not differ
        (header_with(kind=1, source=b"\1\0\1"), CorruptError),  # a sample rate of 0
        (header_with(kind=1, source=b"\1\1\3\3\0\1\2"), CorruptError),  # all rows are silent
        (header_with(kind=1, source=b"\1\1\3\1\3"), CorruptError),  # a row that is not there is silent
        (header_with(kind=1, source=b"\1\1\3\2\1\1"), CorruptError),  # a row that is silent twice
        (header_with(kind=1, source=b"\1\1\2\0\1\1\5"), CorruptError),  # a rotation behind the end
        (header_with(kind=1, source=b"\1\1\2\0\1\0\0"), CorruptError),  # one by the angle that there was
        (header_with(kind=1, source=b"\1\1\2\0\1\0\x80\x80\4"), CorruptError),  # one by half a turn
        (header_with(kind=1, source=b"\1\1\2\0\xff\xff\xff\xff\x0f"), TruncatedError),  # many that are not there
        (header_with(source=b"\x81\0\1\0"), CorruptError),  # an over-long varint
        (header_with(source=b"\xff\xff\xff\xff\x1f\1\0"), CorruptError),  # more than 32 bits
        (header_with(rest=b"\x80\2\1\0"), CorruptError),  # rate point 256
        (header_with(rest=b"\0\0"), CorruptError),  # no stream
        (header_with(rest=b"\0\x09" + bytes(9 + 32)), CorruptError),  # nine streams
        (header_with(rest=b"\0\1\1"), TruncatedError),  # a stream that is not there
    ],
)
def test_fields_are_checked(data: bytes, error: type[BitstreamError]) -> None:
    assert unpack(header_with()).streams == (Stream(b"", 0),)
    with pytest.raises(error):
        unpack(data)


@pytest.mark.parametrize(
    ("container", "limits"),
    [
        (replace(PHOTO, source=ImageSource(2**31, 2**31)), Limits()),
        (replace(PHOTO, source=ImageSource(2**31, 2**31, 1, 1)), Limits()),
        (PHOTO, Limits(max_pixels=768 * 512 - 1)),
        (PHOTO, Limits(max_streams=1)),
        (PHOTO, Limits(max_stream_bytes=7)),
        (CUT_OUT, Limits(max_stream_bytes=8 + 5 + 8 - 1)),
        (AUDIO, Limits()),
        (replace(PHOTO, source=AudioSource(1_000, 8_000, 2)), Limits(max_samples=1_999)),
        (replace(PHOTO, source=AudioSource(8_001, 8_000, 1)), Limits(max_seconds=1)),
        (replace(PHOTO, source=AudioSource(2**17 + 1, 1, 1)), Limits()),
        (replace(PHOTO, source=AudioSource(2**63, 1, 2**32 - 1)), Limits()),
    ],
)
def test_limits(container: Container, limits: Limits) -> None:
    data = pack(container)
    assert unpack(data, ROOMY) == container
    with pytest.raises(LimitError):
        unpack(data, limits)
    with pytest.raises(LimitError):
        container.check(limits)
    with pytest.raises(LimitError):
        unpack(data[:-1], limits, allow_truncated=True)


def test_values_at_the_limits_are_allowed() -> None:
    assert unpack(pack(PHOTO), Limits(max_pixels=768 * 512, max_streams=2, max_stream_bytes=8)) == PHOTO


@pytest.mark.parametrize(
    "build",
    [
        lambda: ImageSource(0, 1),
        lambda: ImageSource(2**32, 1),
        lambda: ImageSource(4, 4, 5, 4),
        lambda: ImageSource(4, 4, coded_height=-1),
        lambda: ImageSource(4, 4, colour=ColourFormat.PALETTE, palette=bytes(3 * 257)),
        lambda: ImageSource(4, 4, colour=ColourFormat.PALETTE, palette=bytes(4)),
        lambda: ImageSource(4, 4, palette=bytes(3)),
        lambda: AudioSource(2**64, 1, 1),
        lambda: AudioSource(1, 0, 1),
        lambda: AudioSource(1, 1, 2, silent_rows=(0, 1)),
        lambda: AudioSource(1, 1, 3, silent_rows=(1, 0)),
        lambda: AudioSource(9, 1, 1, rotations=(Rotation(0, 1),)),
        lambda: AudioSource(9, 1, 2, rotations=(Rotation(2, 1),)),
        lambda: AudioSource(9, 1, 2, rotations=(Rotation(1, 1), Rotation(1, 2))),
        lambda: AudioSource(9, 1, 2, rotations=(Rotation(0, 2**16),)),
        lambda: Stream(b"", 2**32),
        lambda: replace(PHOTO, fingerprint=bytes(7)),
        lambda: replace(PHOTO, decoder_version=-1),
        lambda: replace(PHOTO, rate_point=256),
        lambda: replace(PHOTO, streams=()),
        lambda: replace(PHOTO, streams=(), cut_off=(0,)),
        lambda: replace(PHOTO, cut_off=(2**32,)),
        lambda: replace(PHOTO, cut_off=(0,) * 7),
        lambda: replace(DRAWING, chunks=Chunks(alpha=b"a")),
        lambda: replace(AUDIO, chunks=Chunks(alpha=b"a")),
        lambda: replace(AUDIO, chunks=Chunks(metadata=b"a")),
        lambda: replace(PHOTO, streams=PHOTO.streams * 5),
    ],
)
def test_construction_is_checked(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"outside of|colours of 3 bytes"):
        build()
