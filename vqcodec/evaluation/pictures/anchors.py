"""The anchors for pictures: other codecs, in several variants, as the best by one metric is not the best by another.

Their options are the best ones that are not slow.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from vqcodec.evaluation.pictures.encoders import JXL_PLUGIN, Encoder, PillowEncoder, VipsEncoder

__all__ = ["ANCHORS", "AVIF", "JPEG", "JXL", "MOZJPEG", "WEBP", "PictureAnchor"]


@dataclass(frozen=True)
class PictureAnchor:
    """A codec with fixed options: it compresses by an encoder, and decompresses by Pillow.

    Attributes:
        family: the name of the codec, as options and results have it.
        label: that name for people.
        variant: for people, how it differs from the other variants of its family; empty if it is the only one.
        encoder: what writes the files.
        options: of the encoder, all that is set besides the quality.
        qualities: settings from the lowest rate there is, or far below those compared, to about 1.2 bit per pixel.
        media_type: of the files, for browsers; empty if few of them show such pictures.
    """

    family: str
    label: str
    variant: str
    encoder: Encoder
    options: Mapping[str, Any]
    qualities: tuple[int, ...]
    media_type: str = ""

    @property
    def available(self) -> bool:
        """Whether it can be used on this machine."""
        return self.encoder.available

    @property
    def remedy(self) -> str:
        """How to make it available."""
        return self.encoder.remedy

    @property
    def description(self) -> str:
        """The encoder and its options, for people."""
        flat = {**self.options, **self.options.get("advanced", {})}
        flat.pop("advanced", None)
        options = (name if value is True else f"{name} {value}" for name, value in flat.items() if value)
        return f"{self.encoder.version}, {', '.join(options)}".replace("_", " ")

    @property
    def version(self) -> str:
        """Text that changes whenever results may change."""
        return f"{self.encoder.version} {dict(self.options)}"

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file, headers included. `quality` is rounded, as these codecs take whole numbers.

        Raises:
            OSError, ValueError: the picture cannot be coded.
        """
        return self.encoder.encode(image.convert("RGB"), round(quality), self.options)

    def decompress(self, data: bytes) -> Image.Image:
        """The RGB picture of a file of this format."""
        with Image.open(io.BytesIO(data), formats=[self.encoder.format]) as image:
            return image.convert("RGB")

    def with_options(self, variant: str, **options: Any) -> PictureAnchor:
        """Another variant of the same codec: with these options, too."""
        return replace(self, variant=variant, options={**self.options, **options})


JPEG = PictureAnchor(
    family="jpeg",
    label="JPEG",
    variant="4:2:0",
    encoder=PillowEncoder("JPEG", "libjpeg_turbo"),
    options={"optimize": True, "progressive": True, "subsampling": "4:2:0"},
    qualities=(1, 3, 5, 8, 12, 18, 26, 38, 52, 68),
    media_type="image/jpeg",
)
# Of its quantization tables, those that are the best on photographs by one of the metrics. 4:4:4 is behind by all.
MOZJPEG = PictureAnchor(
    family="mozjpeg",
    label="MozJPEG",
    variant="MS-SSIM table",
    encoder=VipsEncoder("JPEG"),
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
FLAT_MOZJPEG = replace(
    MOZJPEG.with_options("flat table", quant_table=1),
    qualities=MOZJPEG.qualities[:-2],  # as its files are larger
)
WEBP = PictureAnchor(
    family="webp",
    label="WebP",
    variant="plain YUV",
    encoder=PillowEncoder("WEBP", "webp"),
    options={"method": 6},
    qualities=(0, 2, 8, 20, 34, 50, 68, 80),
    media_type="image/webp",
)
# By libvips, as Pillow ignores the option for still pictures.
SHARP_WEBP = replace(
    WEBP, variant="sharp YUV", encoder=VipsEncoder("WEBP"), options={"effort": 6, "smart_subsample": True}
)
AVIF = PictureAnchor(
    family="avif",
    label="AVIF",
    variant="4:2:0 tune=iq",
    encoder=PillowEncoder("AVIF", "avif"),
    options={"speed": 4, "max_threads": 1, "subsampling": "4:2:0", "advanced": {"tune": "iq"}},
    qualities=(0, 8, 16, 26, 36, 46, 56, 66),
    media_type="image/avif",
)
AVIF_6 = replace(AVIF, family="avif6", label="AVIF, speed 6", options={**AVIF.options, "speed": 6})
JXL = PictureAnchor(
    family="jxl",
    label="JPEG XL",
    variant="",
    encoder=PillowEncoder("JXL", JXL_PLUGIN),
    options={"effort": 9, "num_threads": 1, "lossless_jpeg": False},
    qualities=(0, 6, 12, 19, 26, 34, 46, 58, 70, 80),
)
ANCHORS: tuple[PictureAnchor, ...] = (
    JPEG,
    JPEG.with_options("4:4:4", subsampling="4:4:4"),
    MOZJPEG,
    FLAT_MOZJPEG,
    WEBP,
    SHARP_WEBP,
    *(
        avif.with_options(f"{subsampling} tune={tune}", subsampling=subsampling, advanced={"tune": tune})
        for avif in (AVIF, AVIF_6)
        for subsampling, tune in (("4:4:4", "psnr"), ("4:4:4", "iq"), ("4:2:0", "iq"))
    ),
    JXL,
)
