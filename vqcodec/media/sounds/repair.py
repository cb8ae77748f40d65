"""Damaged sound files that other programs read: WAV without a length, MPEG behind other bytes, chained Ogg."""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["first_mpeg_frame", "ogg_chain", "wav_patch"]

SEARCHED = 2**20  # bytes in which MPEG frames may begin
FRAMES = 4  # so many in a row are no accident
_UNKNOWN = struct.pack("<I", 2**32 - 1)  # a length with which libsndfile reads to the end of the file

# kbit/s of MPEG frames, by version 1 or another one, and layer.
_BITRATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)


def wav_patch(file: BinaryIO, size: int) -> tuple[int, bytes] | None:
    """The place in a WAV file where its length is 0 although samples follow, and the bytes to read there instead.

    Such files are left by programs that were stopped before they could write the length. The file has `size` bytes.
    """
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
        return None
    order = "<I" if head[:4] == b"RIFF" else ">I"
    place = 12
    while place + 8 < size:
        file.seek(place)
        name, length = file.read(4), struct.unpack(order, file.read(4))[0]
        if name == b"data":
            ends_in_chunks = _is_chunk(file.read(8), order, size - place - 16)
            return (place + 4, _UNKNOWN) if length == 0 and not ends_in_chunks else None
        place += 8 + length + length % 2
    return None


def first_mpeg_frame(file: BinaryIO) -> int | None:
    """Where MPEG audio begins in a file that begins with other bytes, at most SEARCHED of them."""
    file.seek(0)
    data = file.read(2 * SEARCHED)
    place = data.find(b"\xff")
    while 0 <= place < SEARCHED:
        if _are_frames(data, place):
            return place
        place = data.find(b"\xff", place + 1)
    return None


def ogg_chain(file: BinaryIO, size: int) -> int:
    """The number of consecutive Ogg streams in a file of `size` bytes; 0 if it is not Ogg."""
    place, links, begun = 0, 0, False
    while place < size:
        file.seek(place)
        page = file.read(27)
        if len(page) < 27 or page[:4] != b"OggS":
            break
        begins = bool(page[5] & 2)
        links += begins and not begun
        begun = begins
        place += 27 + page[26] + sum(file.read(page[26]))
    return links


def _is_chunk(head: bytes, order: str, left: int) -> bool:
    """Whether 8 bytes of a WAV file begin a chunk; `left` bytes follow them."""
    return len(head) == 8 and head[:4].isascii() and head[:4].decode().isprintable() and _number(head, order) <= left


def _number(head: bytes, order: str) -> int:
    return int(struct.unpack(order, head[4:])[0])


def _are_frames(data: bytes, place: int) -> bool:
    """Whether FRAMES frames of one kind begin at `place`; fewer if the data end before."""
    kind = None
    for count in range(FRAMES):
        if count > 1 and place >= len(data):
            return True
        found = _frame(data[place : place + 4])
        if found is None or kind not in (None, found[1:]):
            return False
        kind, place = found[1:], place + found[0]
    return True


def _frame(head: bytes) -> tuple[int, int, int, int] | None:
    """The bytes, version, layer and sample rate of a frame of MPEG audio, of its first 4 bytes."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or sample_rate == 3:
        return None
    is_first = version == 3
    hertz = _RATES[sample_rate] >> (0 if is_first else 1 if version == 2 else 2)
    bits, padding = 1000 * _BITRATES[is_first, layer][bitrate - 1], head[2] >> 1 & 1
    if layer == 1:
        return 4 * (12 * bits // hertz + padding), version, layer, hertz
    return (144 if is_first or layer == 2 else 72) * bits // hertz + padding, version, layer, hertz
