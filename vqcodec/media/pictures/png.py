"""PNG files -> files that Pillow reads: damaged chunks besides the pixels are left out, and colours become a profile.

Pillow refuses a file for the checksum of a comment, which browsers ignore, and its switch for that holds for the whole
process. It does not know cICP either. See the PNG specification (third edition, W3C 2025), 11.3 for the chunks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bitstream.errors import InputError
from vqcodec.media.pictures.colour_spaces import SRGB, Chromaticities, ColourSpace, coded_space, gamma_curve
from vqcodec.media.pictures.metadata import MAX_BYTES

__all__ = ["SIGNATURE", "Png", "read_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_TEXT = 2**20  # bytes of a text that is kept, unpacked: Pillow has the same limit
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_ANIMATION_NAME = "animation"
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
# Texts that are metadata; the second is how ImageMagick writes EXIF.
_KEPT_TEXT = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")
_PACKED = {b"iCCP": MAX_BYTES, **dict.fromkeys(_TEXT, MAX_TEXT)}  # bytes of these chunks, unpacked, that are of use
_MOST_INFLATED = 4 * MAX_BYTES  # in all
_SIZES = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}  # of the chunks that have one
_GAMMAS_OF_SRGB = (0.45, 0.46)


@dataclass(frozen=True)
class Png:
    """A PNG file.

    Attributes:
        data: a PNG file with the same pixels, EXIF and XMP, and nothing else.
        space: its colour space; bytes are an ICC profile.
        notes: what is damaged or not kept, a line each.
    """

    data: bytes
    space: ColourSpace | bytes
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    content: bytes
    intact: bool = True


def read_png(data: bytes) -> Png:
    """Take a PNG file apart. It may be cut, and may be damaged wherever that does not matter to the pixels.

    Raises:
        InputError: it has no pixels, or its header or palette is damaged.
    """
    notes: list[str] = []
    chunks = _whole(list(_chunks(data)), notes)
    if not chunks or chunks[0].kind != b"IHDR" or all(chunk.kind != b"IDAT" for chunk in chunks):
        raise InputError("the picture is damaged: it is a PNG file without a header, or without pixels")
    kept = [chunk for chunk in chunks if _is_kept(chunk)]
    space = _space_of(chunks, notes)
    return Png(SIGNATURE + b"".join(map(_written, kept)), space, tuple(dict.fromkeys(notes)))


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """The chunks up to IEND, or to something that is not a chunk; the last one may be cut."""
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        (size,), kind = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        if not kind.isalpha():
            return
        content, end = data[place + 8 : place + 8 + size], place + 8 + size
        yield _Chunk(kind, content, data[end : end + 4] == zlib.crc32(kind + content).to_bytes(4, "big"))
        if kind == b"IEND":
            return
        place = end + 4


def _whole(chunks: list[_Chunk], notes: list[str]) -> list[_Chunk]:
    """The chunks without the damaged ones. Damaged pixels are kept, as some may be readable."""
    if chunks and chunks[-1].kind != b"IEND":
        notes.append("it ends early")
        chunks = [*chunks, _Chunk(b"IEND", b"")]
    room, sound, broken = _MOST_INFLATED, [], set[bytes]()
    for chunk in chunks:
        is_sound = chunk.intact and len(chunk.content) >= _SIZES.get(chunk.kind, 0)
        if is_sound and chunk.kind in _PACKED:
            content = _inflated(chunk, room)
            is_sound = content is not None
            if chunk.kind != b"tEXt":  # which is as large as it is
                room = max(room - (_PACKED[chunk.kind] if content is None else len(content)), 0)
        if is_sound or chunk.kind in (b"IDAT", b"IEND"):
            sound.append(chunk)
        else:
            broken.add(chunk.kind)
    if broken & {b"IHDR", b"PLTE"}:
        raise InputError("the picture is damaged: the checksum of its header or palette does not match")
    names = {_name_of(kind) for kind in broken}
    notes.extend(f"its {name} is damaged or too large, and left out" for name in sorted(names))
    # The frames of an animation are numbered.
    return [chunk for chunk in sound if chunk.kind not in _ANIMATION] if _ANIMATION_NAME in names else sound


def _name_of(kind: bytes) -> str:
    """The name of a kind of chunk in notes."""
    if kind in _ANIMATION:
        return _ANIMATION_NAME
    return "text" if kind in _TEXT else kind.decode("ascii")


def _inflated(chunk: _Chunk, room: int = MAX_BYTES) -> bytes | None:
    """The content after the keyword of a text or profile, unpacked; None if it is damaged or too large."""
    most = min(_PACKED[chunk.kind], room)
    _, _, rest = chunk.content.partition(b"\0")
    if chunk.kind == b"iTXt":
        flags, rest = rest[:2], rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        packed, method = flags[:1] == b"\1", flags[1:]
    else:
        packed = chunk.kind != b"tEXt"
        method, rest = (rest[:1], rest[1:]) if packed else (b"\0", rest)
    if not packed:
        return rest if len(rest) <= _PACKED[chunk.kind] else None
    if method != b"\0" or not most:
        return None
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(rest, most)
    except zlib.error:
        return None
    return content if unpacking.eof else None


def _is_kept(chunk: _Chunk) -> bool:
    """Whether Pillow needs it."""
    if chunk.kind in _TEXT:
        return chunk.content.startswith(_KEPT_TEXT)
    return chunk.kind in (*_PIXELS, *_ANIMATION, b"eXIf")


def _written(chunk: _Chunk) -> bytes:
    checksum = zlib.crc32(chunk.kind + chunk.content)
    return struct.pack(">I", len(chunk.content)) + chunk.kind + chunk.content + checksum.to_bytes(4, "big")


# Colours -----------------------------------------------------------------------------------------------------------


def _space_of(chunks: list[_Chunk], notes: list[str]) -> ColourSpace | bytes:
    """The colour space, or the profile if there is one: cICP counts before iCCP, sRGB, and gAMA with cHRM."""
    found = {chunk.kind: chunk for chunk in reversed(chunks)}  # the first of each
    if b"cICP" in found:
        primaries, transfer, matrix, is_full = found[b"cICP"].content[:4]
        if matrix == 0 and is_full == 1:
            space = coded_space(primaries, transfer, notes)
            if space is not None:
                return space
        else:
            notes.append("its cICP chunk is for YCbCr or a narrow range, and left out")
    if b"iCCP" in found:
        return _inflated(found[b"iCCP"]) or SRGB
    return SRGB if b"sRGB" in found else _measured(found, notes)


def _measured(found: dict[bytes, _Chunk], notes: list[str]) -> ColourSpace:
    """The space of gAMA and cHRM. Without one of them, its part is that of sRGB."""
    curve, chromaticities, names = SRGB.curve, SRGB.chromaticities, []
    try:
        if b"cHRM" in found:
            chromaticities = _chromaticities(found[b"cHRM"].content)
        if b"gAMA" in found:
            gamma = int.from_bytes(found[b"gAMA"].content[:4], "big") / 100_000
            # Before there was a chunk for sRGB, writers of sRGB wrote 1 / 2.2.
            if chromaticities != SRGB.chromaticities or not _GAMMAS_OF_SRGB[0] <= gamma <= _GAMMAS_OF_SRGB[1]:
                curve = gamma_curve(gamma)
                names.append(f"gAMA {gamma:g}")
        if chromaticities != SRGB.chromaticities:
            names.append("cHRM")
        space = ColourSpace(" and ".join(names), chromaticities, curve) if names else SRGB
        space.profile(grey=False)
    except ValueError as error:
        notes.append(f"its colour space is unusable, sRGB is assumed: {error}")
        return SRGB
    return space


def _chromaticities(content: bytes) -> Chromaticities:
    white_x, white_y, *primaries = (value / 100_000 for value in struct.unpack(">8I", content[:32]))
    found = (white_x, white_y, *primaries)
    close = max(abs(one - other) for one, other in zip(found, SRGB.chromaticities, strict=True)) <= 0.001
    return SRGB.chromaticities if close else found
