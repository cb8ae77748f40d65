"""Numbers of the fields of a `.vq` file that are worth trying, wrong ways to write them, and words of streams."""

from __future__ import annotations

from random import Random

__all__ = ["NUMBERS", "other_words", "overlong"]

NUMBERS = (0, 1, 2, 3, 15, 16, 17, 127, 128, 255, 256, 2**14, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64)


def overlong(varint: bytes) -> bytes:
    """The same number in one byte more than it needs."""
    return varint[:-1] + bytes((varint[-1] | 0x80, 0)) if varint else varint


def other_words(stream: bytes, rng: Random) -> bytes:
    """A stream with words more or less at its end."""
    more, count = rng.random() < 0.6, 4 * rng.choice((1, 2, 2, 3, 20))
    return stream + rng.choice((bytes(count), rng.randbytes(count))) if more else stream[:-count]
