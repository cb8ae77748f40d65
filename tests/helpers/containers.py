"""Containers with every kind of source, and limits that allow any."""

from __future__ import annotations

import zlib
from dataclasses import replace

from bitstream import AudioSource, Chunks, ColourFormat, Container, ImageSource, Limits, Stream

__all__ = ["AUDIO", "CUT_OUT", "DRAWING", "PHOTO", "ROOMY", "with_checksum"]

PHOTO = Container(
    fingerprint=bytes.fromhex("0123456789abcdef"),
    decoder_version=1,
    source=ImageSource(768, 512),
    rate_point=2,
    streams=(Stream(bytes(range(8)), 0xDEADBEEF), Stream(b"", 0)),
)
CUT_OUT = replace(PHOTO, source=ImageSource(768, 512, 384, 256), chunks=Chunks(b"alpha", b"metadata", b"overlay"))
DRAWING = replace(PHOTO, source=ImageSource(64, 64, colour=ColourFormat.PALETTE, palette=b"rgbRGB"))
AUDIO = replace(PHOTO, source=AudioSource(samples=2**40 + 1, sample_rate=44_100, channels=2))
ROOMY = Limits(max_pixels=2**64, max_samples=2**97, max_seconds=2**64)


def with_checksum(body: bytes) -> bytes:
    """A file whose last checksum is right, whatever the rest is."""
    return body + zlib.crc32(body).to_bytes(4, "little")
