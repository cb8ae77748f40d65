"""The field types of a header: bytes and canonical varints, and a reader that notices the end of the data.

A varint is unsigned LEB128: seven bits a byte, least significant first, the top bit set on every byte but the last.
A number has exactly one encoding: a last byte of zero (after the first byte) is rejected, so that equal containers are
equal files and no bytes hide in a header.
"""

from __future__ import annotations

from .errors import CorruptError, TruncatedError

__all__ = ["Reader", "encode_varint"]


def encode_varint(value: int) -> bytes:
    """Return `value` (>= 0) as an unsigned LEB128 varint.

    Raises:
        ValueError: `value` is negative.
    """
    if value < 0:
        raise ValueError(f"a varint cannot hold {value}")
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class Reader:
    """Reads fields from the front of `data`; `position` is the offset of the next unread byte."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self.position = position

    @property
    def remaining(self) -> int:
        """Number of unread bytes."""
        return len(self._data) - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            TruncatedError: fewer than `count` bytes are left.
        """
        if count > self.remaining:
            raise TruncatedError(f"the file is cut short or damaged: it ends in its header, at byte {self.position}")
        start, self.position = self.position, self.position + count
        return self._data[start : self.position]

    def byte(self) -> int:
        """Return the next byte, 0..255; raises TruncatedError at the end."""
        return self.take(1)[0]

    def uint32(self) -> int:
        """Return the next four bytes as a little-endian number; raises TruncatedError at the end."""
        return int.from_bytes(self.take(4), "little")

    def varint(self, bits: int = 32) -> int:
        """Return the next varint, which must be below `2**bits`.

        Raises:
            CorruptError: the number is over-long or too large.
            TruncatedError: the data end inside the number.
        """
        value = shift = 0
        while True:
            group = self.byte()
            value |= (group & 0x7F) << shift
            shift += 7
            if value >> bits:
                raise CorruptError(f"a number in the header exceeds {bits} bits")
            if group < 0x80:
                break
            if shift >= bits:
                raise CorruptError("a number in the header is encoded with more bytes than it may have")
        if group == 0 and shift > 7:
            raise CorruptError("a number in the header is encoded with more bytes than it needs")
        return value
