"""The container: from the bytes of a file to its header, its chunks and its streams."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import pairwise

from tests.second_decoder.byte_reader import ByteReader, require

__all__ = ["Container", "Picture", "Sound", "Stream", "read_container"]

MAGIC = bytes.fromhex("8e56510a")
RGB, GREY, PALETTE, CMYK = 0, 1, 3, 5
HAS_CODED_SIZE, HAS_ALPHA, HAS_METADATA, HAS_OVERLAY = 1 << 4, 1 << 5, 1 << 6, 1 << 7


@dataclass(frozen=True)
class Picture:
    """The source of an image."""

    width: int
    height: int
    colour: int  # the colour format
    coded_width: int
    coded_height: int
    palette: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Sound:
    """The source of audio."""

    samples: int
    sample_rate: int
    channels: int
    silent_rows: tuple[int, ...] = ()
    rotations: tuple[tuple[int, int], ...] = ()  # stretches, and the angles from there on

    @property
    def coded_rows(self) -> int:
        """Rows that have indices."""
        return self.channels - len(self.silent_rows)


@dataclass(frozen=True)
class Stream:
    """The bytes of a stream, and the CRC-32 of the indices that they decode to."""

    data: bytes
    indices_crc: int


@dataclass(frozen=True)
class Container:
    """A file. If it was cut, `streams` are those of `stream_count` that are complete."""

    fingerprint: bytes
    decoder_version: int
    source: Picture | Sound
    rate_point: int
    stream_count: int
    alpha: bytes | None
    metadata: bytes | None
    overlay: bytes | None
    streams: tuple[Stream, ...]


def read_container(file: bytes, cut: bool = False) -> Container:
    """Take a file apart; raises FormatError. With `cut`, its end may be missing, but not its first stream."""
    data = ByteReader(file)
    require(data.take(4) == MAGIC, "the magic is another one")
    require(data.byte() == 1, "the format version is another one")
    whole = zlib.crc32(file[:-4]) == int.from_bytes(file[-4:], "little")
    require(whole or cut, "the file is damaged, or was cut")
    kind = data.byte()
    require(kind in (0, 1), "the mode or the modality is reserved")
    fingerprint, decoder_version = data.take(8), data.varint()
    source, has_chunks = read_picture(data) if kind == 0 else (read_sound(data), [False] * 3)
    rate_point, count = data.varint(), data.varint()
    require(rate_point <= 255, "the rate point is out of range")
    require(1 <= count <= 8, "the number of streams is out of range")
    sizes = [data.varint() for _ in range(count)]
    chunk_sizes = [data.varint() if has_chunk else None for has_chunk in has_chunks]
    require(0 not in chunk_sizes, "a chunk is empty")
    alpha, metadata, overlay = (read_chunk(data, size) for size in chunk_sizes)
    streams = read_streams(data, sizes)
    end = data.rest()
    is_complete, is_shorter = len(streams) == count and len(end) == 4, len(streams) < count or len(end) < 4
    require((whole and is_complete) or (cut and is_shorter), "the file was cut, or goes on after its end")
    require(len(streams) > 0, "no stream is complete")
    return Container(fingerprint, decoder_version, source, rate_point, count, alpha, metadata, overlay, streams)


def read_picture(data: ByteReader) -> tuple[Picture | Sound, list[bool]]:
    """The source, and whether there are the chunks of alpha, metadata and overlay."""
    width, height, byte = data.varint(), data.varint(), data.byte()
    colour = byte & 15
    require(colour <= CMYK, "the colour is reserved")
    require(not byte & HAS_ALPHA or colour in (RGB, GREY), "a colour format that has no alpha has some")
    coded_width, coded_height = width, height
    if byte & HAS_CODED_SIZE:
        coded_width, coded_height = data.varint(), data.varint()
        require((coded_width, coded_height) != (width, height), "the coded size does not differ")
    require(1 <= coded_width <= width and 1 <= coded_height <= height, "a size is out of range")
    colours = data.varint() if colour == PALETTE else 0
    require(colours <= 256, "the palette is too large")
    palette = [data.take(3) for _ in range(colours)]
    source = Picture(width, height, colour, coded_width, coded_height, tuple((r, g, b) for r, g, b in palette))
    return source, [bool(byte & flag) for flag in (HAS_ALPHA, HAS_METADATA, HAS_OVERLAY)]


def read_sound(data: ByteReader) -> Sound:
    samples, sample_rate, channels = data.varint(64), data.varint(), data.varint()
    require(samples > 0 and sample_rate > 0 and channels > 0, "a field is 0")
    count = data.varint() if channels > 1 else 0
    require(count < channels, "all rows are silent")
    silent = tuple(data.varint() for _ in range(count))
    require(list(silent) == sorted(set(silent)) and all(row < channels for row in silent), "rows are out of order")
    count = data.varint() if channels == 2 else 0
    rotations = tuple((data.varint(64), data.varint()) for _ in range(count))
    stretches, angles = [each[0] for each in rotations], [0, *(each[1] for each in rotations)]
    require(stretches == sorted(set(stretches)), "stretches are out of order")
    require(all(stretch < -(-samples // (8 * sample_rate)) for stretch in stretches), "a stretch is behind the end")
    require(all(angle <= 65535 for angle in angles), "an angle is out of range")
    require(all(one != other for one, other in pairwise(angles)), "an angle is repeated")
    return Sound(samples, sample_rate, channels, silent, rotations)


def read_chunk(data: ByteReader, size: int | None) -> bytes | None:
    if size is None:
        return None
    chunk = data.take(size)
    require(data.uint32() == zlib.crc32(chunk), "a chunk is damaged")
    return chunk


def read_streams(data: ByteReader, sizes: list[int]) -> tuple[Stream, ...]:
    """Those that are complete."""
    streams: list[Stream] = []
    for size in sizes:
        if data.left < size + 4:
            break
        streams.append(Stream(data.take(size), data.uint32()))
    return tuple(streams)
