"""The metadata of a picture: colour profile, EXIF and XMP, and the chunk that holds them."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

from PIL import Image

from bitstream.errors import CorruptError, LimitError, TruncatedError
from bitstream.fields import Reader, encode_varint

__all__ = ["MAX_BYTES", "Metadata", "describing_tags", "metadata_of", "pack_metadata", "unpack_metadata", "upright"]

MAX_BYTES = 2**24  # of a chunk, unpacked

_EXIF_HEAD = b"Exif\0\0"  # in front of EXIF in JPEG, and in what Pillow's writers take
# The EXIF of a TIFF file lies among the tags that say how its pixels are stored. These say what they show: description,
# make, model, software, date and time, artist, copyright, and the directories for exposure and place.
_DESCRIBING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825)
_DIRECTORIES = _DESCRIBING[-2:]

_ORIENTATION = 0x0112
_AS_IT_IS, _SHORT = 1, 3  # an orientation, and the type that it has
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[0-9]+""")


@dataclass(frozen=True)
class Metadata:
    """What is kept of a picture besides its pixels. Fields are empty if there is nothing.

    Attributes:
        icc_profile: the colour space that the pixels are in.
        exif: as in a TIFF file, beginning with "II" or "MM". The picture is upright, whatever it says.
        xmp: XML.
    """

    icc_profile: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return len(self.icc_profile) + len(self.exif) + len(self.xmp)

    def info(self) -> dict[Any, Any]:
        """The same in the form of Pillow's `Image.info`."""
        exif = _EXIF_HEAD + self.exif if self.exif else b""
        found = {"icc_profile": self.icc_profile, "exif": exif, "xmp": self.xmp}
        return {name: value for name, value in found.items() if value}


def metadata_of(image: Image.Image) -> Metadata:
    """The metadata that a picture has in its `info`."""
    exif = _without_head(_bytes(image.info.get("exif")))
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    return Metadata(_bytes(image.info.get("icc_profile")), exif, _bytes(xmp))


def describing_tags(tags: Image.Exif) -> bytes:
    """EXIF with the tags of a TIFF file, or of EXIF, that do not say how pixels are stored; empty if there are none.

    The orientation is left out.

    Raises:
        Exception: of nearly any type, if the tags are damaged.
    """
    kept = Image.Exif()
    for tag in _DESCRIBING:
        if tag in tags:
            kept[tag] = tags.get_ifd(tag) if tag in _DIRECTORIES else tags[tag]
    return kept.tobytes() if len(kept) else b""


def upright(metadata: Metadata) -> Metadata:
    """The metadata with an orientation of 1, "as it is", as any other would turn a picture that is upright already.

    All else stays in its place, as the notes of camera makers have offsets that nobody else knows.
    """
    xmp = _XMP_ORIENTATION.sub(rb"\g<1>%d" % _AS_IT_IS, metadata.xmp)
    return replace(metadata, exif=_upright_exif(_without_head(metadata.exif)), xmp=xmp)


def pack_metadata(metadata: Metadata) -> bytes:
    """The chunk of metadata; empty if there is none."""
    parts: list[bytes] = []
    for number, field in enumerate(fields(Metadata), start=1):
        content: bytes = getattr(metadata, field.name)
        if content:
            parts += (bytes((number,)), encode_varint(len(content)), content)
    return zlib.compress(b"".join(parts), 9) if parts else b""


def unpack_metadata(chunk: bytes) -> Metadata:
    """The metadata of a chunk, which may be empty; an orientation is left out.

    Raises:
        CorruptError: the chunk is damaged.
        LimitError: unpacked, it has more than `MAX_BYTES`.
    """
    found, names, last = Metadata(), [field.name for field in fields(Metadata)], 0
    reader = Reader(_inflated(chunk) if chunk else b"")
    while reader.remaining:
        try:
            number = reader.byte()
            content = reader.take(reader.varint())
        except TruncatedError:
            raise CorruptError("the metadata are damaged: they end early") from None
        if number <= last:
            raise CorruptError("the metadata are damaged: they are out of order")
        last = number
        if number <= len(names):  # others are of later releases
            found = replace(found, **{names[number - 1]: content})
    return upright(found)


def _inflated(chunk: bytes) -> bytes:
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(chunk, MAX_BYTES + 1)
    except zlib.error:
        raise CorruptError("the metadata are damaged: they cannot be unpacked") from None
    if len(content) > MAX_BYTES:
        raise LimitError(f"the metadata have more than {MAX_BYTES} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise CorruptError("the metadata are damaged: they do not end where they should")
    return content


def _upright_exif(exif: bytes) -> bytes:
    """EXIF whose first directory has no orientation but 1; anything else stays as it is."""
    order, changed = (">" if exif.startswith(b"MM") else "<"), bytearray(exif)
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            if struct.unpack_from(f"{order}H", exif, place) == (_ORIENTATION,):
                struct.pack_into(f"{order}HHIHH", changed, place, _ORIENTATION, _SHORT, 1, _AS_IT_IS, 0)
    except struct.error:  # it ends early
        pass
    return bytes(changed)


def _without_head(exif: bytes) -> bytes:
    """EXIF without what JPEG and Pillow have in front of it."""
    while exif.startswith(_EXIF_HEAD):
        exif = exif.removeprefix(_EXIF_HEAD)
    return exif


def _bytes(value: Any) -> bytes:
    """Pillow has the same field as bytes or as text, depending on the format."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) else b""
