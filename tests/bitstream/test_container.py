"""The layout of a `.vq` file: what is packed comes back, and nothing else is accepted."""

from __future__ import annotations

import re
import zlib
from contextlib import nullcontext, suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream import (
    BitstreamError,
    Chunks,
    Container,
    CorruptError,
    ImageSource,
    Limits,
    NotAVqFileError,
    Stream,
    SymbolEncoder,
    TruncatedError,
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
