"""The codecs that vqcodec is compared with, at their best settings short of being slow, through Pillow."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import PIL
from PIL import Image

__all__ = ["AVIF", "JPEG", "PEERS", "WEBP", "Peer"]


@dataclass(frozen=True)
class Peer:
    """A codec of Pillow; it compresses and decompresses as `vqcodec.Codec` does.

    Attributes:
        name: of the codec, in tables.
        format: its name in Pillow.
        options: settings other than the quality, as Pillow's `save` takes them.
        qualities: from far below the lowest rate that is compared to well above the highest.
    """

    name: str
    format: str
    options: Mapping[str, bool | int]
    qualities: tuple[int, ...]

    @property
    def version(self) -> str:
        """What its results depend on, besides the quality and the picture."""
        return f"Pillow {PIL.__version__} {dict(self.options)}"

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file, headers included; `quality` is rounded, for these codecs count in integers."""
        file = io.BytesIO()
        image.convert("RGB").save(file, self.format, quality=round(quality), **self.options)
        return file.getvalue()

    def decompress(self, data: bytes) -> Image.Image:
        """The RGB picture of a file of this format."""
        with Image.open(io.BytesIO(data), formats=[self.format]) as image:
            return image.convert("RGB")


JPEG = Peer(
    name="JPEG",
    format="JPEG",
    options={"optimize": True, "progressive": True},
    qualities=(1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 75, 85),
)
WEBP = Peer(
    name="WebP",
    format="WEBP",
    options={"method": 6},
    qualities=(0, 1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 75, 85),
)
AVIF = Peer(
    name="AVIF",
    format="AVIF",
    options={"speed": 4},
    qualities=(1, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 70),
)
PEERS = (JPEG, WEBP, AVIF)
