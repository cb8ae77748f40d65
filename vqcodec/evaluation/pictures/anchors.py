"""The codecs that vqcodec is compared with: at several settings, as what is best for one metric is not for another.

All write files of formats that Pillow reads. Settings are as good as they get short of being slow.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np
import PIL
from PIL import AvifImagePlugin, Image, features

with suppress(ImportError):  # without it there is no JPEG XL
    from pillow_jxl import JpegXLImagePlugin

with suppress(ImportError):  # without it there is no MozJPEG
    import pyvips

__all__ = ["JPEG", "MOZJPEG", "PEERS", "WEBP", "Peer", "VipsPeer", "work_on_one_thread"]


JXL_PLUGIN = "pillow-jxl-plugin"
VIPS_BINARY = "pyvips-binary"  # libvips, whose JPEG encoder is MozJPEG


@dataclass(frozen=True)
class Peer:
    """A codec of Pillow at one setting; it compresses and decompresses as `vqcodec.ImageCodec` does.

    Attributes:
        name: of the codec, as options and curves have it.
        label: that name for people.
        setting: how this one differs from the others of this name, for people; empty if there are none.
        format: the name in Pillow.
        library: what writes the files, by its name in `PIL.features` or on PyPI.
        options: all that is set besides the quality, as the encoder takes it.
        qualities: from the lowest rate there is, or far below those compared, to about 1.2 bit per pixel.
        media_type: for browsers; empty if few of them show such pictures.
    """

    name: str
    label: str
    setting: str
    format: str
    library: str
    options: Mapping[str, Any]
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
        """The encoder and its options, for people."""
        flat = {**self.options, **self.options.get("advanced", {})}
        flat.pop("advanced", None)
        options = (name if value is True else f"{name} {value}" for name, value in flat.items() if value)
        return f"{self._encoder}, {', '.join(options)}".replace("_", " ")

    @property
    def version(self) -> str:
        """What its results depend on, besides the quality and the picture."""
        return f"{self._encoder} {dict(self.options)}"

    @property
    def _encoder(self) -> str:
        library = metadata.version(JXL_PLUGIN) if self.library == JXL_PLUGIN else features.version(self.library)
        return f"Pillow {PIL.__version__} with {self.library} {library}"

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file, headers included; `quality` is rounded, for these codecs count in integers."""
        file = io.BytesIO()
        image.convert("RGB").save(file, self.format, quality=round(quality), **self.options)
        return file.getvalue()

    def decompress(self, data: bytes) -> Image.Image:
        """The RGB picture of a file of this format."""
        with Image.open(io.BytesIO(data), formats=[self.format]) as image:
            return image.convert("RGB")

    def at(self, setting: str, **options: Any) -> Peer:
        """The same codec at another setting: with these options, too."""
        return replace(self, setting=setting, options={**self.options, **options})


@dataclass(frozen=True)
class VipsPeer(Peer):
    """A codec of libvips, whose encoders have more options than Pillow's."""

    @property
    def available(self) -> bool:
        """Whether pyvips is there with the libvips that was built with MozJPEG."""
        return find_spec("pyvips") is not None and find_spec("_libvips") is not None

    @property
    def remedy(self) -> str:
        """What to do if it is not there."""
        return f"pip install pyvips {VIPS_BINARY}"

    @property
    def _encoder(self) -> str:
        return f"{VIPS_BINARY} {metadata.version(VIPS_BINARY)}"

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file; `quality` is rounded.

        Raises:
            OSError: it cannot be coded.
        """
        pixels = pyvips.Image.new_from_array(np.asarray(image.convert("RGB")))
        try:
            return bytes(pixels.write_to_buffer(f".{self.format.lower()}", Q=round(quality), **self.options))
        except pyvips.Error as error:
            raise OSError(" ".join(str(error).split())) from None


def work_on_one_thread() -> None:
    """Let this process work on one thread, where the codecs have no option for it."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with suppress(NameError):
        JpegXLImagePlugin.DECODE_THREADS = 0
    with suppress(NameError):
        pyvips.concurrency_set(1)


JPEG = Peer(
    name="jpeg",
    label="JPEG",
    setting="4:2:0",
    format="JPEG",
    library="libjpeg_turbo",
    options={"optimize": True, "progressive": True, "subsampling": "4:2:0"},
    qualities=(1, 3, 5, 8, 12, 18, 26, 38, 52, 68),
    media_type="image/jpeg",
)
# Of its tables for quantization, those that are best on photographs by one of the metrics; 4:4:4 is behind by all.
MOZJPEG = VipsPeer(
    name="mozjpeg",
    label="MozJPEG",
    setting="MS-SSIM table",
    format="JPEG",
    library=VIPS_BINARY,
    options={
        "optimize_coding": True,
        "interlace": True,
        "optimize_scans": True,
        "trellis_quant": True,
        "overshoot_deringing": True,
        "subsample_mode": "on",
        "quant_table": 2,
    },
    qualities=(1, 4, 7, 12, 20, 32, 46, 62, 76),
    media_type="image/jpeg",
)
WEBP = Peer(
    name="webp",
    label="WebP",
    setting="plain YUV",
    format="WEBP",
    library="webp",
    options={"method": 6},
    qualities=(0, 2, 8, 20, 34, 50, 68, 80),
    media_type="image/webp",
)
# Pillow has no such option for still pictures, and does not say so.
SHARP_WEBP = VipsPeer(
    name="webp",
    label="WebP",
    setting="sharp YUV",
    format="WEBP",
    library=VIPS_BINARY,
    options={"effort": 6, "smart_subsample": True},
    qualities=WEBP.qualities,
    media_type="image/webp",
)
AVIF = Peer(
    name="avif",
    label="AVIF",
    setting="4:2:0 tune=iq",
    format="AVIF",
    library="avif",
    options={"speed": 4, "max_threads": 1, "subsampling": "4:2:0", "advanced": {"tune": "iq"}},
    qualities=(0, 8, 16, 26, 36, 46, 56, 66),
    media_type="image/avif",
)
AVIF_6 = replace(AVIF, name="avif6", label="AVIF, speed 6", options={**AVIF.options, "speed": 6})
JXL = Peer(
    name="jxl",
    label="JPEG XL",
    setting="",
    format="JXL",
    library=JXL_PLUGIN,
    options={"effort": 9, "num_threads": 1, "lossless_jpeg": False},
    qualities=(0, 6, 12, 19, 26, 34, 46, 58, 70, 80),
)
PEERS: tuple[Peer, ...] = (
    JPEG,
    JPEG.at("4:4:4", subsampling="4:4:4"),
    MOZJPEG,
    replace(MOZJPEG.at("flat table", quant_table=1), qualities=MOZJPEG.qualities[:-2]),  # its files are larger
    WEBP,
    SHARP_WEBP,
    *(
        avif.at(f"{subsampling} tune={tune}", subsampling=subsampling, advanced={"tune": tune})
        for avif in (AVIF, AVIF_6)
        for subsampling, tune in (("4:4:4", "psnr"), ("4:4:4", "iq"), ("4:2:0", "iq"))
    ),
    JXL,
)
