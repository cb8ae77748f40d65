"""TIFF files, prepared for Pillow: raw files of cameras are found, and grey of 12 and 16 bits becomes readable.

Tags are those of TIFF 6.0 (Adobe, 1992), TIFF/EP (ISO 12234-2) and DNG (Adobe).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from bitstream.errors import InputError

__all__ = ["SIGNATURES", "Tiff", "read_tiff"]

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two with offsets of 64 bits

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _SUBFILES = 254, 256, 257, 258, 262, 277, 330
_FILL_ORDER, _SAMPLE_FORMAT, _DNG_VERSION = 266, 339, 50706
_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_SENSOR = (32803, 34892)  # photometric: what a sensor saw, behind its colour filters or without
_REDUCED = 1  # bit of the kind of a subfile
_SIGNED = 2  # sample format
_MOST_DIRECTORIES = 64  # that are looked at

Directory = ImageFileDirectory_v2


@dataclass(frozen=True)
class Tiff:
    """A TIFF file.

    Attributes:
        data: a file that Pillow reads, with the same pixels.
        page: number of the page that is its picture, from 0.
        bits: of its grey, as Pillow returns it: 12 bits are not scaled to 16.
        is_inverted: whether Pillow returns its grey with 0 for white.
    """

    data: bytes
    page: int = 0
    bits: int = 16
    is_inverted: bool = False

    def stretch(self, image: Image.Image) -> None:
        """Scale the picture of this file in place, if it is grey of more than 8 bits: black to 0, white to 65535."""
        if not image.mode.startswith("I;16") or (self.bits == 16 and not self.is_inverted):
            return
        levels = np.asarray(image)
        found = (levels.astype(np.uint32) * 65535 + 2047) // 4095 if self.bits == 12 else levels
        if self.is_inverted:
            found = 65535 - found
        image.frombytes(found.astype(levels.dtype).tobytes(), "raw", image.mode)


def read_tiff(data: bytes) -> Tiff | None:
    """Look at the directories of a TIFF file; None if it is the raw file of a camera, whose first page is a thumbnail.

    The page is the first one that is not a thumbnail. Errors in the directories are left to Pillow.

    Raises:
        InputError: the range of its pixels is not known.
    """
    if data[8:10] == b"CR":  # of Canon
        return None
    try:
        pages = list(_pages(data))
        others = [below for page in pages for below in _below(data, page)]
        page = next((place for place, each in enumerate(pages) if not _is_reduced(each)), 0)
        found = pages[page]
        if _is_raw(found, [*pages, *others]):
            return None
        signed = _number(found, _SAMPLE_FORMAT, 1) == _SIGNED and _number(found, _BITS, 1) <= 16  # not so in mode I
        read = _grey(data, found, page)
    except MemoryError:
        raise
    except Exception:  # as Pillow raises nearly any type
        return Tiff(data)
    if signed:
        raise InputError("the picture has signed pixels, whose range is not known")
    return read


# Directories -------------------------------------------------------------------------------------------------------


def _pages(data: bytes) -> Iterator[Directory]:
    """The directories that follow each other."""
    place, seen = _directory(data, None).next, set[int]()
    while place and place not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(place)
        directory = _directory(data, place)
        yield directory
        place = directory.next


def _below(data: bytes, page: Directory) -> Iterator[Directory]:
    """The directories that a directory names as parts of its picture."""
    for place in _numbers(page, _SUBFILES)[:_MOST_DIRECTORIES]:
        yield _directory(data, place)


def _directory(data: bytes, place: int | None) -> Directory:
    """The directory at an offset; without an offset, the first one that the header names."""
    directory = ImageFileDirectory_v2(data[:16] if data[2:4] in (b"+\0", b"\0+") else data[:8])
    if place is not None:
        file = io.BytesIO(data)
        file.seek(place)
        directory.load(file)
    return directory


def _numbers(directory: Directory, tag: int) -> tuple[int, ...]:
    """The values of a tag that has integers, if it is there."""
    value: Any = directory.get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _number(directory: Directory, tag: int, default: int) -> int:
    return (*_numbers(directory, tag), default)[0]


def _is_reduced(directory: Directory) -> bool:
    return bool(_number(directory, _SUBFILE, 0) & _REDUCED)


def _pixels(directory: Directory) -> int:
    return _number(directory, _WIDTH, 0) * _number(directory, _HEIGHT, 0)


def _is_raw(picture: Directory, directories: list[Directory]) -> bool:
    """Whether a file has the raw data of a sensor, and its picture is not the developed one at full size."""
    sensor = [each for each in directories if _number(each, _PHOTOMETRIC, 0) in _SENSOR]
    if any(each is picture or _pixels(picture) < _pixels(each) / 2 for each in sensor):
        return True
    return _is_reduced(picture) and (bool(sensor) or _DNG_VERSION in picture)


# Grey --------------------------------------------------------------------------------------------------------------

# What a directory that is written anew takes over: the layout of the pixels, texts, and the colour profile.
_COPIED: tuple[int, ...] = (
    254,
    256,
    257,
    258,
    259,
    266,
    270,
    271,
    272,
    273,
    274,
    277,
    278,
    279,
    284,
    305,
    306,
    315,
    317,
    322,
    323,
    324,
)
_COPIED += (325, 339, 700, 33432, 34675)
_ASCII, _LONG, _UNDEFINED = 2, 4, 7  # types of values


def _grey(data: bytes, page: Directory, place: int) -> Tiff:
    """The file, changed so that Pillow reads its grey: black is said to be 0, or the byte order swapped."""
    bits, order = _numbers(page, _BITS), data[:2]
    photometric = _number(page, _PHOTOMETRIC, _WHITE_IS_ZERO)  # as Pillow and libtiff take it
    if bits not in ((12,), (16,)) or photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        return Tiff(data, place)
    found = Tiff(data, place, bits=bits[0], is_inverted=photometric == _WHITE_IS_ZERO)
    as_it_is = photometric == _BLACK_IS_ZERO or (bits == (16,) and _number(page, _FILL_ORDER, 1) == 1)
    if (as_it_is and order == b"II") or (bits == (16,) and photometric == _BLACK_IS_ZERO):
        return found
    # 12 bits are a stream of bits in either order, but Pillow reads them in one only.
    return replace(found, page=0, data=_rewritten(data, page, "<" if bits == (12,) or order == b"II" else ">"))


def _rewritten(data: bytes, page: Directory, order: str) -> bytes:
    """The file with a new directory of one page at its end, in which black is 0. The pixels stay in their place."""
    values: dict[int, Any] = {tag: page[tag] for tag in _COPIED if tag in page} | {_PHOTOMETRIC: _BLACK_IS_ZERO}
    place = len(data) + len(data) % 2
    behind = place + 2 + 12 * len(values) + 4
    entries, contents = struct.pack(f"{order}H", len(values)), b""
    for tag in sorted(values):
        kind, count, content = _entry(values[tag], order)
        if len(content) > 4:
            start = behind + len(contents)
            contents += content + bytes(len(content) % 2)
            content = struct.pack(f"{order}I", start)
        entries += struct.pack(f"{order}HHI", tag, kind, count) + content.ljust(4, b"\0")
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, place)
    return head + data[8:] + bytes(len(data) % 2) + entries + bytes(4) + contents


def _entry(value: Any, order: str) -> tuple[int, int, bytes]:
    """Type, count and content of a tag, from what Pillow read of it."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace") + b"\0"
        return _ASCII, len(value), value
    if isinstance(value, bytes):
        return _UNDEFINED, len(value), value
    numbers = value if isinstance(value, tuple) else (value,)
    return _LONG, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers)
