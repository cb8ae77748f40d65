"""The codecs that vqcodec is compared with, at their best settings short of being slow, through Pillow."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata

import PIL
from PIL import AvifImagePlugin, Image, features

with suppress(ImportError):  # without it there is no JPEG XL
    from pillow_jxl import JpegXLImagePlugin

__all__ = ["AVIF", "JPEG", "JXL", "PEERS", "WEBP", "Peer", "decode_on_one_thread"]


JXL_PLUGIN = "pillow-jxl-plugin"


@dataclass(frozen=True)
class Peer:
    """A codec of Pillow; it compresses and decompresses as `vqcodec.ImageCodec` does.

    Attributes:
        name: of the codec, as options and results have it.
        label: the name for people.
        format: the name in Pillow.
        library: what writes the files, by its name in `PIL.features` or as a plug-in.
        options: settings other than the quality, as Pillow's `save` takes them.
        qualities: from the lowest rate there is, or far below those compared, to about 1.2 bit per pixel.
        media_type: for browsers; empty if few of them show such pictures.
    """

    name: str
    label: str
    format: str
    library: str
    options: Mapping[str, bool | int]
    qualities: tuple[int, ...]
    media_type: str = ""

    @property
    def available(self) -> bool:
        """Whether this Pillow writes and reads the format."""
        Image.init()
        return self.format in Image.SAVE

    @property
    def remedy(self) -> str:
        """What to do if it is not there."""
        return f"pip install {JXL_PLUGIN}" if self.library == JXL_PLUGIN else "this Pillow was built without it"

    @property
    def settings(self) -> str:
        """The options, for people."""
        options = (name if value is True else f"{name} {value}" for name, value in self.options.items() if value)
        return f"Pillow {PIL.__version__}, {', '.join(options)}".replace("_", " ")

    @property
    def version(self) -> str:
        """What its results depend on, besides the quality and the picture."""
        library = metadata.version(JXL_PLUGIN) if self.library == JXL_PLUGIN else features.version(self.library)
        return f"Pillow {PIL.__version__} with {library} {dict(self.options)}"

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file, headers included; `quality` is rounded, for these codecs count in integers."""
        file = io.BytesIO()
        image.convert("RGB").save(file, self.format, quality=round(quality), **self.options)
        return file.getvalue()

    def decompress(self, data: bytes) -> Image.Image:
        """The RGB picture of a file of this format."""
        with Image.open(io.BytesIO(data), formats=[self.format]) as image:
            return image.convert("RGB")


def decode_on_one_thread() -> None:
    """Let this process decode on one thread, where Pillow has no option for it."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with suppress(NameError):
        JpegXLImagePlugin.DECODE_THREADS = 0


JPEG = Peer(
    name="jpeg",
    label="JPEG",
    format="JPEG",
    library="libjpeg_turbo",
    options={"optimize": True, "progressive": True},
    qualities=(1, 3, 5, 8, 12, 18, 26, 38, 52, 68),
    media_type="image/jpeg",
)
WEBP = Peer(
    name="webp",
    label="WebP",
    format="WEBP",
    library="webp",
    options={"method": 6},
    qualities=(0, 1, 4, 10, 20, 32, 46, 60, 75, 82),
    media_type="image/webp",
)
AVIF = Peer(
    name="avif",
    label="AVIF",
    format="AVIF",
    library="avif",
    options={"speed": 4, "max_threads": 1},
    qualities=(0, 8, 14, 21, 28, 36, 44, 52, 60, 68),
    media_type="image/avif",
)
JXL = Peer(
    name="jxl",
    label="JPEG XL",
    format="JXL",
    library=JXL_PLUGIN,
    options={"effort": 9, "num_threads": 1, "lossless_jpeg": False},
    qualities=(0, 6, 12, 19, 26, 34, 46, 58, 70, 80),
)
PEERS = (JPEG, WEBP, AVIF, JXL)
