"""The layout of a `.vq` file: what is packed comes back, and nothing else is accepted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    SymbolEncoder,
    TruncatedError,
    UnsupportedError,
    encode_alpha,
    indices_crc,
    overhead,
    pack,
    unpack,
)
from tests.helpers.containers import AUDIO, CUT_OUT, DRAWING, PHOTO, ROOMY, with_checksum
from tests.helpers.paths import FORMAT
from tests.helpers.strategies import containers


def test_worked_example_of_the_format_text() -> None:
    indices = np.array([2, 0, 1, 1, 0, 2, 0, 0, 1, 0, 2, 2])
    frequencies = np.array([[10_000_000, 5_000_000, 1_777_216]] * 12)
    encoder = SymbolEncoder()
    encoder.encode(indices, frequencies)
    example = Container(
        fingerprint=bytes.fromhex("c0ffee0123456789"),
        decoder_version=1,
        source=ImageSource(300, 200, 150, 100),
        rate_point=3,
        streams=(
            Stream(encoder.finish(), indices_crc(indices)),
            Stream(b"", indices_crc(np.zeros(12, np.int32))),
        ),
    )
    listing = FORMAT.read_text(encoding="utf-8").split("### A worked example")[1].split("```")[1]
    fields = re.findall(r"^((?:[0-9a-f]{2} ?)+)  ", listing, re.MULTILINE)
    assert pack(example) == bytes.fromhex("".join(fields))
    assert unpack(pack(example)) == example


def test_example_with_chunks_of_the_format_text() -> None:
    alpha = encode_alpha(np.array([[0, 255], [9, 255]], np.uint8))
    example = Container(
        fingerprint=bytes.fromhex("c0ffee0123456789"),
        decoder_version=1,
        source=ImageSource(2, 2),
        rate_point=0,
        streams=(Stream(b"", indices_crc(np.zeros(1, np.int32))),),
        chunks=Chunks(alpha, zlib.compress(b"\3\4<x/>", 9)),
    )
    listing = FORMAT.read_text(encoding="utf-8").split("### An example with chunks")[1].split("```")[1]
    fields = re.findall(r"^((?:[0-9a-f]{2} ?)+)  ", listing, re.MULTILINE)
    assert pack(example) == bytes.fromhex("".join(fields))
    assert unpack(pack(example)) == example


@settings(deadline=None)
@given(containers())
def test_round_trip(container: Container) -> None:
    data = pack(container)
    assert unpack(data) == container
    assert overhead(container) == len(data) - sum(len(stream.data) for stream in container.streams)


@pytest.mark.parametrize(("streams", "limit"), [(1, 33), (3, 48)])
def test_overhead_of_a_photo(streams: int, limit: int) -> None:
    stream = bytes(2**21 - 1)
    photo = replace(PHOTO, source=ImageSource(16_383, 10_000), streams=(Stream(stream, 0),) * streams)
    assert overhead(photo) <= limit
    assert len(pack(photo)) - streams * len(stream) <= limit


@pytest.mark.parametrize("container", [PHOTO, AUDIO, CUT_OUT, DRAWING])
def test_every_flip_truncation_and_extension_is_noticed(container: Container) -> None:
    data = pack(container)
    damaged = [data[:size] for size in range(len(data))]
    damaged += [data + bytes([value]) for value in range(256)]
    for position in range(len(data)):
        damaged += [data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :] for bit in range(8)]
    for attempt in damaged:
        with pytest.raises(BitstreamError):
            unpack(attempt, ROOMY)


@settings(deadline=None)
@given(containers(), st.data())
def test_damage_is_noticed(container: Container, data: st.DataObject) -> None:
    packed = pack(container)
    bit = data.draw(st.integers(0, 8 * len(packed) - 1))
    flipped = bytearray(packed)
    flipped[bit // 8] ^= 1 << bit % 8
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    for attempt in (bytes(flipped), cut, packed + data.draw(st.binary(min_size=1, max_size=9))):
        with pytest.raises(BitstreamError):
            unpack(attempt)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80), st.booleans(), st.booleans())
def test_only_packed_files_are_accepted(tail: bytes, allow_truncated: bool, repair: bool) -> None:
    """Any header, even with a right checksum, is rejected or is the only encoding of what it holds."""
    data = pack(PHOTO)[:5] + tail
    data = with_checksum(data) if repair else data
    try:
        container = unpack(data, allow_truncated=allow_truncated)
    except BitstreamError:
        return
    assert pack(container) == data or allow_truncated


@settings(deadline=None)
@given(containers(), st.data())
def test_a_rewritten_byte_with_a_right_checksum_is_the_only_encoding(container: Container, data: st.DataObject) -> None:
    body = bytearray(pack(container)[:-4])
    body[data.draw(st.integers(5, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        accepted = unpack(with_checksum(bytes(body)), ROOMY)
    except BitstreamError:
        return
    assert pack(accepted) == with_checksum(bytes(body))


@settings(deadline=None)
@given(containers(), st.data())
def test_truncated_files_return_their_whole_streams(container: Container, data: st.DataObject) -> None:
    packed = pack(container)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    ends = [len(packed) - 4]
    for stream in reversed(container.streams):
        ends.insert(0, ends[0] - len(stream.data) - 4)
    whole = sum(end <= len(cut) for end in ends[1:])
    if whole == 0:
        with pytest.raises((TruncatedError, NotAVqFileError)):
            unpack(cut, allow_truncated=True)
    else:
        sizes = tuple(len(stream.data) for stream in container.streams[whole:])
        found = unpack(cut, allow_truncated=True)
        assert found == replace(container, streams=container.streams[:whole], cut_off=sizes)
        assert found.stream_ends == container.stream_ends == tuple(ends[1:])
        assert pack(found) == (cut[: ends[whole]] if sizes else packed)
        found.check(Limits(), allow_truncated=True)
        with pytest.raises(TruncatedError, match=f"{whole} of its") if sizes else nullcontext():
            found.check(Limits())


def test_allow_truncated_still_rejects_damage_to_a_whole_file() -> None:
    data = pack(PHOTO)
    assert unpack(data, allow_truncated=True) == PHOTO
    with pytest.raises(CorruptError, match="checksum"):
        unpack(data[:-1] + bytes([data[-1] ^ 1]), allow_truncated=True)
    with pytest.raises(CorruptError, match="1 bytes follow"):
        unpack(data + b"\0", allow_truncated=True)


def test_allow_truncated_never_raises_anything_else() -> None:
    data = pack(PHOTO)
    for size in range(len(data)):
        for position in range(size):
            cut = bytearray(data[:size])
            cut[position] ^= 1 << (size + position) % 8
            with suppress(BitstreamError):
                unpack(bytes(cut), allow_truncated=True)


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
