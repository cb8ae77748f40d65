"""Mutations of the chunks of a `.vq` file: alpha, metadata and overlay."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from bitstream import Container, ImageSource, encode_alpha, encode_overlay
from bitstream.fields import Reader, encode_varint

from .bombs import bomb
from .byte_mutations import mutate_bytes
from .numbers import NUMBERS, other_words, overlong

__all__ = ["other_chunks"]

# EXIF of either byte order, and XMP, with the orientation 6.
TURNED = (
    b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0",
    b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0",
    b'<x tiff:Orientation="6"/>',
)


def other_chunks(container: Container, rng: Random, _: Sequence[bytes]) -> Container:
    """The container with another chunk."""
    name = rng.choice(("alpha", "metadata", "overlay"))
    kind, chunk = rng.randrange(4), getattr(container.chunks, name)
    if rng.random() < 0.02 and name != "overlay":
        new = _alpha_bomb(container) if name == "alpha" else bomb()
    elif kind == 0:
        new = b""
    elif kind == 1:
        new = rng.randbytes(20)
    elif kind == 2:
        new = mutate_bytes(chunk, rng)
    else:
        new = {"alpha": _alpha, "metadata": _metadata, "overlay": _overlay}[name](container, rng)
    return replace(container, chunks=replace(container.chunks, **{name: new}))


def _alpha_bomb(container: Container) -> bytes:
    """Alpha that is neither 0 nor 255 anywhere, and unpacks to far more values than there are pixels."""
    source = container.source
    if not isinstance(source, ImageSource) or source.width * source.height > 2**12:
        return b""
    size, stream, values = _alpha_parts(encode_alpha(np.full((source.height, source.width), 128, np.uint8)))
    return size + stream + values[:1] + bomb()


def _alpha(container: Container, rng: Random) -> bytes:
    """A true alpha chunk, mostly of the size of the picture, sometimes with other bytes in it."""
    height, width = _size(container, rng)
    levels = np.array(rng.choice(((0, 255), (0, 9, 255), (128,), (255,), (0,), tuple(range(256)))), np.uint8)
    alpha = np.random.default_rng(rng.getrandbits(32)).choice(levels, (height, width))
    chunk = encode_alpha(alpha)
    if rng.random() < 0.5:
        return chunk
    size, stream, values = _alpha_parts(chunk)
    kind = rng.randrange(4)
    if kind == 0:
        stream = other_words(stream, rng)
    elif kind == 1 and values:
        values = values[:1] + zlib.compress(bytes(rng.choice((0, 1, alpha.size, 2**16))))
    else:
        return mutate_bytes(chunk, rng)
    return (encode_varint(len(stream)) if rng.random() < 0.9 else size) + stream + values


def _alpha_parts(chunk: bytes) -> tuple[bytes, bytes, bytes]:
    """Size of the stream, stream, and values of a true alpha chunk."""
    reader = Reader(chunk)
    size = reader.varint()
    start = reader.position
    return chunk[:start], chunk[start : start + size], chunk[start + size :]


def _overlay(container: Container, rng: Random) -> bytes:
    """A true overlay chunk, mostly of the size of the picture, sometimes with other bytes in it."""
    height, width = _size(container, rng)
    draws = np.random.default_rng(rng.getrandbits(32))
    pixels = draws.integers(0, rng.choice((1, 2, 256)), (height, width, 3), np.uint8)
    mask = draws.random((height, width)) < rng.choice((0.1, 0.9, 1))
    mask[0, 0] = True
    chunk = encode_overlay(pixels, mask)
    return chunk if rng.random() < 0.5 else mutate_bytes(chunk, rng)


def _size(container: Container, rng: Random) -> tuple[int, int]:
    """Mostly height and width of the picture, if it is small."""
    source = container.source
    if isinstance(source, ImageSource) and source.width * source.height <= 2**10 and rng.random() < 0.9:
        return source.height, source.width
    return 5, 7


def _metadata(_container: Container, rng: Random) -> bytes:
    records = b""
    for _ in range(rng.choice((0, 1, 2, 3))):
        content = rng.choice((b"", *TURNED, b"II*\0", b"<x/>", rng.randbytes(30)))
        content = mutate_bytes(content, rng) if rng.random() < 0.3 else content
        size = rng.choice((len(content), len(content), rng.choice(NUMBERS)))
        number = encode_varint(size) if rng.random() < 0.9 else overlong(encode_varint(size))
        records += bytes((rng.randrange(6),)) + number + content
    return zlib.compress(records) + rng.choice((b"", b"", b"\0"))
