"""Rate and distortion of pictures: one compressed picture is a `Point`, the points of a codec are curves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from statistics import fmean
from typing import Protocol

from PIL import Image

from bitstream.errors import VqcodecError
from vqcodec.evaluation.curves import Curve, Metric
from vqcodec.evaluation.metrics import ms_ssim, psnr, ssimulacra2

__all__ = [
    "CODING_ERRORS",
    "METRICS",
    "Coded",
    "ImageCodec",
    "MeanPoint",
    "Point",
    "code",
    "curves",
    "judge",
    "means",
    "measure",
]

METRICS = (
    Metric("psnr", "PSNR", "PSNR of RGB, dB", 2),
    Metric("ms_ssim", "MS-SSIM", "MS-SSIM of RGB", 4, ends_at_one=True),
    Metric("ssimulacra2", "SSIMULACRA 2", "SSIMULACRA 2", 1),
)
# What codecs raise for a picture that they cannot take: too large, too many bytes, not enough memory.
CODING_ERRORS = (VqcodecError, OSError, ValueError, RuntimeError, MemoryError)


class ImageCodec(Protocol):
    """What is measured: `vqcodec.Codec` is one, and every `Peer`."""

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file."""

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of such a file."""


@dataclass(frozen=True)
class Coded:
    """A picture on its way through a codec; the times are wall clock."""

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
        encode_seconds: wall clock of `compress`.
        decode_seconds: wall clock of `decompress`.
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


def code(codec: ImageCodec, quality: float, image: Image.Image) -> Coded:
    """Compress and decompress a picture."""
    started = time.perf_counter()
    data = codec.compress(image, quality)
    compressed = time.perf_counter()
    decoded = codec.decompress(data)
    return Coded(data, decoded, compressed - started, time.perf_counter() - compressed)


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


def measure(codec_name: str, codec: ImageCodec, quality: float, image_name: str, image: Image.Image) -> Point:
    """Compress and decompress a picture, and compare."""
    return judge(codec_name, quality, image_name, image, code(codec, quality, image))


def means(points: Iterable[Point]) -> list[MeanPoint]:
    """The mean of every codec and quality, in this order.

    Raises:
        ValueError: a setting was measured on other pictures than the first one: such means cannot be compared.
    """
    ordered = sorted(points, key=lambda point: (point.codec, point.quality, point.image))
    groups = [list(group) for _, group in groupby(ordered, key=lambda point: (point.codec, point.quality))]
    for group in groups:
        if [point.image for point in group] != [point.image for point in groups[0]]:
            raise ValueError(f"{group[0].codec} at quality {group[0].quality:g} was measured on other pictures")
    return [_mean(group) for group in groups]


def _mean(group: Sequence[Point]) -> MeanPoint:
    averaged = [field.name for field in fields(MeanPoint) if field.name not in ("codec", "quality", "images")]
    return MeanPoint(
        codec=group[0].codec,
        quality=group[0].quality,
        images=len(group),
        **{name: fmean(getattr(point, name) for point in group) for name in averaged},
    )


def curves(points: Iterable[Point], metric: Metric) -> dict[str, Curve]:
    """The mean curve of every codec, in the order of the points.

    Pictures that have no such value at some setting, or an infinite one, are left out of both rate and metric: the
    smallest of a folder for MS-SSIM, those that a codec keeps without loss for PSNR.
    """
    kept = list(points)
    unusable = {point.image for point in kept if not math.isfinite(getattr(point, metric.name))}
    averages = means(point for point in kept if point.image not in unusable)
    found = {}
    for name in dict.fromkeys(point.codec for point in kept):
        own = [point for point in averages if point.codec == name]
        columns = [[getattr(point, column) for point in own] for column in ("quality", "bits_per_pixel", metric.name)]
        found[name] = Curve(*(tuple(column) for column in columns))
    return found
