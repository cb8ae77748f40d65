"""Files of pictures, as Pillow writes them or made by hand, and a colour profile for them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

from vqcodec.media.pictures.colour_spaces import ColourSpace, coded_space

__all__ = ["chunk", "display_p3", "grey_profile", "png_of", "saved"]


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file, as Pillow writes it."""
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


def chunk(kind: bytes, content: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG file; its checksum is right unless another one is given."""
    found = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", found)


def png_of(head: bytes, data: bytes, *others: bytes) -> bytes:
    """A PNG file of the contents of its chunks."""
    between = [chunk(other[:4], other[4:]) for other in others]
    parts = chunk(b"IHDR", head), *between, chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def display_p3() -> ColourSpace:
    """The colour space of many screens, as code points 12 and 13 have it."""
    found = coded_space(12, 13, [])
    assert found is not None
    return found


def grey_profile(gamma: float) -> bytes:
    """A colour profile for grey: a header, and the four tags that it needs."""
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249))),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2),
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Grey\0" + bytes(78) + bytes(1),
        b"cprt": b"text\0\0\0\0none\0" + bytes(3),
    }
    table, content = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(content), len(data))
        content += data
    size = start + len(content)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + content
