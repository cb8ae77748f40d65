"""Numbers and pieces from the front of some bytes, and the error of all that is not as docs/FORMAT.md says."""

from __future__ import annotations

__all__ = ["ByteReader", "FormatError", "require"]


class FormatError(ValueError):
    """A file is not as the text says."""


def require(condition: bool, message: str) -> None:
    if not condition:
        raise FormatError(message)


class ByteReader:
    """Takes bytes from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._position

    def take(self, size: int) -> bytes:
        taken = self._data[self._position : self._position + size]
        require(len(taken) == size, "the bytes end too early")
        self._position += size
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def varint(self, bits: int = 32) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            require(value < 2**bits, "a varint is too large")
            require(byte > 0 or shift == 0, "a varint is not the shortest")
            if byte < 0x80:
                return value
            shift += 7

    def rest(self) -> bytes:
        return self.take(self.left)
