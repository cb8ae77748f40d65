"""Mutations of any bytes, which know nothing of what they are."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

__all__ = ["mutate_bytes", "splice"]

BYTES = (0, 1, 0x7F, 0x80, 0xFF)


def mutate_bytes(data: bytes, rng: Random) -> bytes:
    """Bits flipped, bytes set, cut out, doubled or added."""
    changed = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, length = rng.randrange(len(changed) + 1), rng.choice((1, 1, 2, 4, 16))
        kind = rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(changed):
            changed[at] = rng.choice((*BYTES, rng.randrange(256)))
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = changed[at : at + length]
        else:
            changed[at:at] = rng.randbytes(length)
    return bytes(changed)


def splice(data: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """The front of one input and the back of another."""
    other = rng.choice(others) if others else data
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
