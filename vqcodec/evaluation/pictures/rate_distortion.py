"""Rate and distortion of pictures: one compressed picture is a `Point`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from bitstream.errors import VqcodecError
from vqcodec.evaluation.pictures.metrics import ms_ssim, psnr, ssimulacra2
from vqcodec.evaluation.shared.curves import Metric

__all__ = [
    "CODING_ERRORS",
    "METRICS",
    "Coded",
    "MeanPoint",
    "PictureCodec",
    "Point",
    "code",
    "judge",
    "measure",
]

METRICS = (
    Metric("psnr", "PSNR", "PSNR of RGB, dB", 2, unit="dB"),
    Metric("ms_ssim", "MS-SSIM", "MS-SSIM of RGB", 4, ends_at_one=True),
    Metric("ssimulacra2", "SSIMULACRA 2", "SSIMULACRA 2", 1),
)
# What codecs raise for a picture that they cannot take: too large, too many bytes, not enough memory.
CODING_ERRORS = (VqcodecError, OSError, ValueError, RuntimeError, MemoryError)


class PictureCodec(Protocol):
    """What is measured: `vqcodec.ImageCodec` is one, and every `Peer`."""

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file."""

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of such a file."""


@dataclass(frozen=True)
class Coded:
    """A picture on its way through a codec; the times are of the processor, as other work may go on beside."""

    data: bytes
    decoded: Image.Image
    encode_seconds: float
    decode_seconds: float


@dataclass(frozen=True)
class Point:
    """A picture, compressed and decompressed.

    Attributes:
        codec: its name.
        image: name of the picture.
        quality: setting of the codec.
        bytes: size of the whole file.
        bits_per_pixel: 8 bytes / pixels.
        psnr: over RGB, in dB; infinite if nothing was lost.
        ms_ssim: over RGB, 0..1; NaN for small pictures.
        ssimulacra2: at most 100; NaN for tiny pictures.
        encode_seconds: of the processor, for `compress`.
        decode_seconds: likewise, for `decompress`.
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
class MeanPoint:
    """The means of the points of one codec and quality, over `images` pictures."""

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


def code(codec: PictureCodec, quality: float, image: Image.Image) -> Coded:
    """Compress and decompress a picture."""
    started = time.process_time()
    data = codec.compress(image, quality)
    compressed = time.process_time()
    decoded = codec.decompress(data)
    return Coded(data, decoded, compressed - started, time.process_time() - compressed)


def judge(codec_name: str, quality: float, image_name: str, image: Image.Image, coded: Coded) -> Point:
    """Compare what was decoded with the original."""
    return Point(
        codec=codec_name,
        image=image_name,
        quality=quality,
        bytes=len(coded.data),
        bits_per_pixel=8 * len(coded.data) / (image.width * image.height),
        psnr=psnr(image, coded.decoded),
        ms_ssim=ms_ssim(image, coded.decoded),
        ssimulacra2=ssimulacra2(image, coded.decoded),
        encode_seconds=coded.encode_seconds,
        decode_seconds=coded.decode_seconds,
    )


def measure(codec_name: str, codec: PictureCodec, quality: float, image_name: str, image: Image.Image) -> Point:
    """Compress and decompress a picture, and compare."""
    return judge(codec_name, quality, image_name, image, code(codec, quality, image))
