"""Rate and distortion of pictures: one compressed picture is a `PicturePoint`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from vqcodec.evaluation.pictures.metrics import ms_ssim, psnr, ssimulacra2
from vqcodec.evaluation.shared.curves import Metric

__all__ = [
    "PICTURE_METRICS",
    "REVISION",
    "CodedPicture",
    "PictureCoder",
    "PictureMean",
    "PicturePoint",
    "code_picture",
    "compare_pictures",
    "measure_picture",
]

# Raise this number when pictures get other results and no version of a package says so: when vqcodec codes them in
# another way, or when a metric is computed in another way. Results of other revisions are measured again.
REVISION = 2

PICTURE_METRICS = (
    Metric("psnr", "PSNR", "PSNR of RGB, dB", 2, unit="dB"),
    Metric("ms_ssim", "MS-SSIM", "MS-SSIM of RGB", 4, ends_at_one=True),
    Metric("ssimulacra2", "SSIMULACRA 2", "SSIMULACRA 2", 1),
)


class PictureCoder(Protocol):
    """What compresses and decompresses pictures, as `vqcodec.ImageCodec` and every `PictureAnchor` do."""

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file."""

    def decompress(self, data: bytes) -> Image.Image:
        """The picture in such a file."""


@dataclass(frozen=True)
class CodedPicture:
    """A picture that was compressed and decompressed. Times are of the processor, as other work may go on beside."""

    data: bytes
    decoded: Image.Image
    encode_seconds: float
    decode_seconds: float


@dataclass(frozen=True)
class PicturePoint:
    """Rate and distortion of a picture at a setting of a codec.

    Attributes:
        codec: the name of the evaluated codec.
        image: name of the picture.
        quality: the setting of the codec.
        bytes: size of the whole file.
        bits_per_pixel: 8 bytes / pixels.
        psnr: over RGB, in dB; infinite if nothing was lost.
        ms_ssim: over RGB, 0..1; NaN for small pictures.
        ssimulacra2: at most 100; NaN for tiny pictures.
        encode_seconds: time of the processor for `compress`.
        decode_seconds: time of the processor for `decompress`.
    """

    codec: str
    image: str
    quality: float
    bytes: int
    bits_per_pixel: float
    psnr: float
    ms_ssim: float
    ssimulacra2: float
    encode_seconds: float
    decode_seconds: float

    @property
    def name(self) -> str:
        """Of the picture."""
        return self.image

    @property
    def rate(self) -> float:
        """In bit per pixel."""
        return self.bits_per_pixel


@dataclass(frozen=True)
class PictureMean:
    """The mean of the points of a codec at a setting, over `images` pictures."""

    codec: str
    quality: float
    images: int
    bits_per_pixel: float
    psnr: float
    ms_ssim: float
    ssimulacra2: float
    encode_seconds: float
    decode_seconds: float

    @property
    def rate(self) -> float:
        """In bit per pixel."""
        return self.bits_per_pixel


def code_picture(coder: PictureCoder, quality: float, image: Image.Image) -> CodedPicture:
    """Compress and decompress a picture."""
    started = time.process_time()
    data = coder.compress(image, quality)
    compressed = time.process_time()
    decoded = coder.decompress(data)
    return CodedPicture(data, decoded, compressed - started, time.process_time() - compressed)


def compare_pictures(codec: str, quality: float, name: str, original: Image.Image, coded: CodedPicture) -> PicturePoint:
    """Compare a picture that was coded with its original; `codec` and `name` are what the point tells of them."""
    return PicturePoint(
        codec=codec,
        image=name,
        quality=quality,
        bytes=len(coded.data),
        bits_per_pixel=8 * len(coded.data) / (original.width * original.height),
        psnr=psnr(original, coded.decoded),
        ms_ssim=ms_ssim(original, coded.decoded),
        ssimulacra2=ssimulacra2(original, coded.decoded),
        encode_seconds=coded.encode_seconds,
        decode_seconds=coded.decode_seconds,
    )


def measure_picture(codec: str, coder: PictureCoder, quality: float, name: str, original: Image.Image) -> PicturePoint:
    """Compress and decompress a picture, and compare it with the original."""
    return compare_pictures(codec, quality, name, original, code_picture(coder, quality, original))
