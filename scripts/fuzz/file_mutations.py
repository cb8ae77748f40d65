"""Mutations of `.vq` files: other values in the fields, sizes and streams, and then right checksums.

A file is taken apart, changed as a container (which stays one that `pack` writes), then field by field as it is
encoded, and put together again. Most of what comes out passes the checksums, so that what lies behind them is tried.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from bitstream import (
    AudioSource,
    BitstreamError,
    Chunks,
    ColourFormat,
    Container,
    ImageSource,
    Limits,
    Rotation,
    Stream,
    pack,
    unpack,
)
from bitstream.fields import encode_varint
from bitstream.sources import audio_fields

from .byte_mutations import mutate_bytes, splice
from .chunk_mutations import other_chunks
from .numbers import NUMBERS, other_words, overlong

__all__ = ["mutate_file", "with_right_indices"]

ROOMY = Limits(max_pixels=2**64, max_samples=2**97, max_seconds=2**64, max_stream_bytes=2**40)
FEW, ANGLES = (0, 0, 1, 1, 2, 3, 2**63), (0, 1, 2**14, 2**15, 2**16 - 1, 2**16)
SIDES = (1, 2, 3, 15, 16, 17, 33, 64, 100, 2046, 2048, 8192)
RATES = (1, 999, 1_000, 8_000, 16_000, 44_100, 192_000, 10_000_000, 2**32 - 1)
OVERLONG = (b"\x80\0", b"\x80\x80\x80\x80\x80\0", b"\xff" * 5, b"\xff" * 11, b"")


@dataclass
class Draft:
    """A file in parts, as bytes: the fields up to the sizes, chunks, and streams with the CRC-32 of their indices."""

    fields: list[bytes]
    chunks: list[bytes]
    streams: list[tuple[bytes, int]]


def mutate_file(data: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """A changed `.vq` file; `others` are files whose parts may be taken."""
    container = _container(data)
    if container is None or rng.random() < 0.05:
        changed = mutate_bytes(data, rng) if rng.random() < 0.8 else splice(data, rng, others)
        return _repaired(changed) if rng.random() < 0.8 else changed
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        container = _other_container(container, rng, others)
    draft = _draft(container)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        _change_draft(draft, rng)
    changed = _assembled(draft, rng)
    if rng.random() < 0.1:
        changed = mutate_bytes(changed, rng)
        changed = _repaired(changed) if rng.random() < 0.5 else changed
    return changed[: rng.randrange(len(changed) + 1)] if rng.random() < 0.1 else changed


# As a container ----------------------------------------------------------------------------------------------------


@cache  # of seeds
def _container(data: bytes) -> Container | None:
    """Of a file that was cut, what is left as if that were all."""
    try:
        return replace(unpack(data, ROOMY, allow_truncated=True), cut_off=())
    except BitstreamError:
        return None


def _other_container(container: Container, rng: Random, others: Sequence[bytes]) -> Container:
    change: Callable[[Container, Random, Sequence[bytes]], Container]
    change = rng.choice((_other_source, _other_source, other_chunks, _other_streams, _other_streams, _other_numbers))
    try:
        return change(container, rng, others)
    except ValueError:  # no container
        return container


def _other_source(container: Container, rng: Random, _: Sequence[bytes]) -> Container:
    if isinstance(container.source, AudioSource):
        if container.source.channels == 2 and rng.random() < 0.3:
            turned = tuple(Rotation(rng.choice(FEW), rng.choice(ANGLES)) for _ in range(rng.randrange(3)))
            return replace(container, source=replace(container.source, rotations=turned))
        rows = tuple(rng.choice(FEW) for _ in range(rng.randrange(3)))
        changes: tuple[tuple[str, Sequence[Any]], ...]
        changes = (("samples", SIDES + NUMBERS), ("sample_rate", RATES), ("channels", SIDES), ("silent_rows", [rows]))
        name, choices = rng.choice(changes)
        return replace(container, source=replace(container.source, **{name: rng.choice(choices)}))
    width, height = rng.choice(SIDES + NUMBERS), rng.choice(SIDES)
    if rng.random() < 0.7:
        width, height = container.source.width, container.source.height
    coded = (0, 0) if rng.random() < 0.5 else (rng.randint(1, max(1, width)), rng.randint(1, height))
    colour = rng.choice(tuple(ColourFormat))
    palette = rng.randbytes(3 * rng.choice((0, 1, 2, 64, 256))) if colour == ColourFormat.PALETTE else b""
    chunks = container.chunks if colour in (ColourFormat.RGB, ColourFormat.GREY) else Chunks(b"")
    return replace(container, source=ImageSource(width, height, *coded, colour, palette), chunks=chunks)


def _other_streams(container: Container, rng: Random, others: Sequence[bytes]) -> Container:
    streams = list(container.streams)
    at, kind = rng.randrange(len(streams)), rng.randrange(8)
    if kind == 0:
        streams[at] = Stream(mutate_bytes(streams[at].data, rng), streams[at].indices_crc)
    elif kind == 1:
        streams[at] = Stream(rng.randbytes(4 * rng.choice((0, 1, 2, 10, 50))), streams[at].indices_crc)
    elif kind == 2:
        streams[at] = Stream(streams[at].data, rng.getrandbits(32))
    elif kind == 3:
        del streams[at]
    elif kind == 4:
        streams.insert(at, rng.choice(streams))
    elif kind == 5:
        rng.shuffle(streams)
    elif kind == 6:
        streams[at] = Stream(other_words(streams[at].data, rng), streams[at].indices_crc)
    elif others and (other := _container(rng.choice(others))) is not None:
        streams[at] = rng.choice(other.streams)
    return replace(container, streams=tuple(streams))


def _other_numbers(container: Container, rng: Random, _: Sequence[bytes]) -> Container:
    kind = rng.randrange(4)
    if kind == 0:
        return replace(container, decoder_version=rng.choice(NUMBERS))
    if kind == 1:
        return replace(container, fingerprint=rng.randbytes(8))
    return replace(container, rate_point=rng.choice((0, 1, 2, 3, 127, 255)))


# As fields ---------------------------------------------------------------------------------------------------------


def _draft(container: Container) -> Draft:
    streams = [(stream.data, stream.indices_crc) for stream in container.streams]
    chunks, source = list(container.chunks.present), container.source
    fields = [b"\x8eVQ\n", b"\1", bytes((isinstance(source, AudioSource),)), container.fingerprint]
    fields.append(encode_varint(container.decoder_version))
    if isinstance(source, AudioSource):
        fields += map(encode_varint, audio_fields(source))
    else:
        size, coded = (source.width, source.height), (source.coded_width, source.coded_height)
        parts = container.chunks.alpha, container.chunks.metadata, container.chunks.overlay
        flags = 0x10 * (size != coded) + sum(0x20 << bit for bit, part in enumerate(parts) if part)
        fields += [*map(encode_varint, size), bytes((source.colour | flags,))]
        fields += map(encode_varint, coded if size != coded else ())
        if source.colour == ColourFormat.PALETTE:
            fields += [encode_varint(len(source.palette) // 3), source.palette]
    fields += [encode_varint(container.rate_point), encode_varint(len(streams))]
    return Draft(fields, chunks, streams)


def _change_draft(draft: Draft, rng: Random) -> None:
    at = rng.randrange(len(draft.fields))
    kind = rng.randrange(7)
    if kind == 0:
        draft.fields[at] = mutate_bytes(draft.fields[at], rng)
    elif kind == 1:
        draft.fields[at] = encode_varint(rng.choice(NUMBERS))
    elif kind == 2:
        draft.fields[at] = rng.choice(OVERLONG)
    elif kind == 3:
        draft.fields[at] = bytes((rng.randrange(256),))
    elif kind == 4:
        draft.fields[at] = overlong(draft.fields[at])
    elif kind == 5:
        del draft.fields[at]
    else:
        other = rng.randrange(len(draft.fields))
        draft.fields[at], draft.fields[other] = draft.fields[other], draft.fields[at]
    if not draft.fields:
        draft.fields.append(b"")


def _assembled(draft: Draft, rng: Random) -> bytes:
    """The bytes of the file; now and then a size, a checksum or the end is wrong."""
    sizes = [len(stream) for stream, _ in draft.streams] + [len(chunk) for chunk in draft.chunks]
    if rng.random() < 0.1:
        sizes[rng.randrange(len(sizes))] = rng.choice(NUMBERS)
    numbers = list(map(encode_varint, sizes))
    if rng.random() < 0.05:
        at = rng.randrange(len(numbers))
        numbers[at] = overlong(numbers[at])
    parts = [*draft.fields, *numbers]
    for chunk in draft.chunks:
        crc = zlib.crc32(chunk) if rng.random() < 0.95 else rng.getrandbits(32)
        parts += (chunk, crc.to_bytes(4, "little"))
    for stream, crc in draft.streams:
        parts += (stream, crc.to_bytes(4, "little"))
    if rng.random() < 0.03:
        parts.append(rng.randbytes(rng.choice((1, 4, 9))))
    body = b"".join(parts)
    return _sealed(body) if rng.random() < 0.95 else body + rng.randbytes(4)


def _sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def _repaired(data: bytes) -> bytes:
    """With the checksum of the file in place of its last four bytes."""
    return _sealed(data[:-4])


def with_right_indices(data: bytes, checksums: Sequence[int]) -> bytes:
    """The file with other checksums of the indices of its streams."""
    container = unpack(data, ROOMY)
    streams = zip(container.streams, checksums, strict=True)
    return pack(replace(container, streams=tuple(Stream(stream.data, crc) for stream, crc in streams)))
