"""JPEG files that end early: how much of the picture there is. See ITU-T T.81, annex B, for the markers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["SIGNATURE", "are_scans_of_all", "with_end", "with_noise_and_end"]

SIGNATURE = b"\xff\xd8\xff"

_END = b"\xff\xd9"
_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_SOS, _EOI = 0xDA, 0xD9
_BARE = {0x00, 0x01, *range(0xD0, 0xD9)}  # bytes after ff that do not begin a segment: stuffing, restarts, ...


def with_end(data: bytes) -> bytes:
    """The file with an end marker. A decoder fills what is missing before it with grey."""
    return data.removesuffix(b"\xff") + _END


def with_noise_and_end(data: bytes) -> bytes:
    """The same, with noise at the cut: from there on, other pixels are decoded."""
    noise = np.random.default_rng(0).integers(0, 255, 256, np.uint8)  # no 255, which would begin a marker
    return data.removesuffix(b"\xff") + noise.tobytes() + _END


def are_scans_of_all(data: bytes) -> bool:
    """Whether there is a whole scan of each component, and something after it.

    The first scans of a progressive file are coarse, so that the picture is there from top to bottom.
    """
    components, whole, last = b"", set[int](), b""
    for marker, content in _segments(data):
        whole |= set(last)  # a scan is whole when something follows it
        last = b""
        if marker in _SOF:
            components = content[6 : 6 + 3 * content[5] : 3] if len(content) > 5 else b""
        elif marker == _SOS and content and content[-3:-2] == b"\0":  # it begins with the lowest frequency
            last = content[1 : 1 + 2 * content[0] : 2]
    return bool(components) and whole >= set(components)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their contents, without the data of scans."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0 and place + 4 <= len(data):
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _BARE:
            place += 2
        elif marker == _EOI:
            yield marker, b""
            return
        else:
            size = int.from_bytes(data[place + 2 : place + 4], "big")
            yield marker, data[place + 4 : place + 2 + size]
            place += 2 + size
