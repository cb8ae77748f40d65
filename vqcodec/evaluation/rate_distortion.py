"""Rate and distortion: one compressed picture is a `Point`, a setting's mean over the pictures a `MeanPoint`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy.interpolate import PchipInterpolator

from vqcodec.evaluation.metrics import ms_ssim, psnr

__all__ = ["ImageCodec", "MeanPoint", "Point", "interpolate", "means", "measure", "rises"]


class ImageCodec(Protocol):
    """What is measured: `vqcodec.Codec` is one, and every `Peer`."""

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a whole file."""

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of such a file."""


@dataclass(frozen=True)
class Point:
    """A picture, compressed and decompressed.

    Attributes:
        codec: its name.
        image: name of the picture.
        quality: setting of the codec.
        bytes: size of the whole file.
        bits_per_pixel: 8 bytes / pixels.
        psnr: over RGB, in dB.
        ms_ssim: over RGB, 0..1.
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
    encode_seconds: float
    decode_seconds: float


def measure(codec_name: str, codec: ImageCodec, quality: float, image_name: str, image: Image.Image) -> Point:
    """Compress and decompress a picture, and compare."""
    started = time.perf_counter()
    data = codec.compress(image, quality)
    compressed = time.perf_counter()
    decoded = codec.decompress(data)
    decompressed = time.perf_counter()
    return Point(
        codec=codec_name,
        image=image_name,
        quality=quality,
        bytes=len(data),
        bits_per_pixel=8 * len(data) / (image.width * image.height),
        psnr=psnr(image, decoded),
        ms_ssim=ms_ssim(image, decoded),
        encode_seconds=compressed - started,
        decode_seconds=decompressed - compressed,
    )


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
    return MeanPoint(
        codec=group[0].codec,
        quality=group[0].quality,
        images=len(group),
        bits_per_pixel=fmean(point.bits_per_pixel for point in group),
        psnr=fmean(point.psnr for point in group),
        ms_ssim=fmean(point.ms_ssim for point in group),
        encode_seconds=fmean(point.encode_seconds for point in group),
        decode_seconds=fmean(point.decode_seconds for point in group),
    )


def interpolate(rates: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Values at the rates `at`, by monotone cubic interpolation (PCHIP) over the logarithm of the rate.

    NaN outside of the measured rates, and everywhere if fewer than two were measured: never a guess. If two settings
    have the same rate, the first counts.
    """
    known, first = np.unique(np.asarray(rates, np.float64), return_index=True)
    wanted = np.asarray(at, np.float64)
    if len(known) < 2:
        return np.full(wanted.shape, np.nan)
    curve = PchipInterpolator(np.log(known), np.asarray(values, np.float64)[first], extrapolate=False)
    return np.asarray(curve(np.log(wanted)), np.float64)


def rises(values: ArrayLike) -> bool:
    """Whether each value is greater than the one before."""
    return bool(np.all(np.diff(np.asarray(values, np.float64)) > 0))
