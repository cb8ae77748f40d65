"""HEIC and AVIF: how to tell them, how to open HEIC, and their colour spaces. See ISO/IEC 23008-12."""

from __future__ import annotations

import io
import struct
from importlib.util import find_spec

from PIL import Image, ImageFile

from bitstream.errors import InputError
from vqcodec.media.pictures.colour_spaces import SRGB, ColourSpace, coded_space

__all__ = ["HEIC_SUFFIXES", "coded_colours", "is_avif", "is_heic", "open_heic", "reads_heic"]

HEIC_SUFFIXES = (".heic", ".heics", ".heif", ".heifs", ".hif")

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF = {b"avif", b"avis"}
_ANY = {b"mif1", b"mif2", b"msf1"}  # pictures of any codec, mostly of the first kind
_NCLX = b"colrnclx"  # a box with code points for colours, and its kind


def is_heic(data: bytes) -> bool:
    """Whether the first bytes are those of a HEIC file."""
    major, *others = _brands(data)
    return major in _HEIC or (major in _ANY and not _AVIF & {*others})


def is_avif(data: bytes) -> bool:
    """Whether the first bytes are those of an AVIF file."""
    major, *others = _brands(data)
    return major in _AVIF or (major in _ANY and bool(_AVIF & {*others}))


def reads_heic() -> bool:
    """Whether the package that reads HEIC is installed."""
    return find_spec("pillow_heif") is not None


def open_heic(data: bytes) -> ImageFile.ImageFile:
    """Open a HEIC file. The format is not registered with Pillow, as that would hold for the whole process.

    Raises:
        InputError: the package that reads it is not installed, or the picture is too large.
        Exception: of nearly any type, if the file is damaged.
    """
    if not reads_heic():
        raise InputError("HEIC pictures are read by pillow-heif, which is not installed: pip install pillow-heif")
    from pillow_heif import HeifImageFile

    image: ImageFile.ImageFile = HeifImageFile(io.BytesIO(data))
    most = Image.MAX_IMAGE_PIXELS
    if most is not None and image.width * image.height > 2 * most:  # as Image.open has it
        raise InputError(f"the picture is too large: it has {image.width * image.height} pixels")
    return image


def coded_colours(data: bytes, notes: list[str]) -> ColourSpace:
    """The colour space of the first code points in the boxes that describe the pictures of a HEIC or AVIF file."""
    place = data.find(_NCLX, 0, _end_of_description(data))
    if place < 0:
        return SRGB
    primaries, transfer = struct.unpack_from(">HH", data.ljust(place + 12, b"\0"), place + len(_NCLX))
    return coded_space(primaries, transfer, notes) or SRGB


def _brands(data: bytes) -> tuple[bytes, ...]:
    """The major brand and the compatible ones; for another format, bytes that are no brand."""
    if data[4:8] != b"ftyp":
        return (b"",)
    end = min(int.from_bytes(data[:4], "big"), 4096)
    return data[8:12], *(data[place : place + 4] for place in range(16, end, 4))


def _end_of_description(data: bytes) -> int:
    """Where the first box `meta` or `moov` ends; 0 if there is none."""
    place = 0
    while place + 8 <= len(data):
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind in (b"meta", b"moov"):
            return place + size
        if size < 8:
            return 0
        place += size
    return 0
