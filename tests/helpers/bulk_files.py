"""Files for bulk work, some of them poisoned, and commands on them."""

from __future__ import annotations

import io
import json
import struct
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.helpers.paths import GOLDEN_IMAGE_MODEL

__all__ = ["MODEL", "POISON", "bomb", "command", "png", "tar_of"]

MODEL = str(GOLDEN_IMAGE_MODEL)


def png(seed: int, width: int = 16, height: int = 16) -> bytes:
    """A picture file of noise."""
    memory = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(memory, "PNG")
    return memory.getvalue()


def bomb() -> bytes:
    """A small file that claims 10,000,000,000 pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1_000_000))
    chunks = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in (chunk, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


POISON = {
    "truncated.png": png(1, 64, 64)[:100],
    "bomb.png": bomb(),
    "empty.png": b"",
    "text.jpg": b"these are words, and no picture",
    "film.png": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
}


def command(*args: object) -> list[str]:
    """The command line of `vqcodec bulk` with two workers."""
    return [sys.executable, "-m", "vqcodec", "bulk", *map(str, args), "--workers", "2"]


def tar_of(path: Path, members: dict[str, bytes | dict[str, object]]) -> None:
    """Write a WebDataset shard; dictionaries become JSON."""
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
