"""Pictures, as `vqcodec eval rd` measures them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from vqcodec.evaluation.pictures.codecs import choose_picture_codecs
from vqcodec.evaluation.pictures.encoders import encode_on_one_thread
from vqcodec.evaluation.pictures.folder import OriginalPicture, load_picture, read_original_pictures
from vqcodec.evaluation.pictures.rate_distortion import (
    PICTURE_METRICS,
    REVISION,
    PictureCoder,
    PictureMean,
    PicturePoint,
    measure_picture,
)
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.jobs import Job
from vqcodec.evaluation.shared.modality import Conclusion, Modality
from vqcodec.evaluation.shared.published import Spelling
from vqcodec.evaluation.shared.versions import versions_of

__all__ = ["PICTURES", "measuring_version"]

MEASURED_BY = ("pytorch-msssim", "ssimulacra2")


def measuring_version() -> str:
    """Text that changes whenever the same files get other points: REVISION, and versions of packages."""
    return f"revision {REVISION}, {versions_of(MEASURED_BY)}"


def _job(original: OriginalPicture, codec: EvaluatedCodec[PictureCoder], quality: float) -> Job:
    key: dict[str, object] = {
        "codec": codec.name,
        "version": codec.version,
        "measuring": measuring_version(),
        "quality": quality,
        "image": original.digest,
    }
    return Job(original.name, f"{codec.title} at quality {quality:g}", key, partial(_measure, original, codec, quality))


def _measure(original: OriginalPicture, codec: EvaluatedCodec[PictureCoder], quality: float) -> PicturePoint:
    return measure_picture(codec.name, codec.coder, quality, original.name, load_picture(original.path))


def _conclude(codecs: Sequence[EvaluatedCodec[Any]], points: Sequence[Any]) -> Conclusion:
    """All that was measured."""
    return Conclusion(tuple(codecs), tuple(points))


PICTURES = Modality(
    name="picture",
    field="image",
    metrics=PICTURE_METRICS,
    point=PicturePoint,
    mean=PictureMean,
    spelling=Spelling(  # also as in the results of CompressAI
        rate=("bpp", "bits_per_pixel"),
        metrics={"psnr": ("psnr", "psnr-rgb", "psnr_rgb"), "ms_ssim": ("ms_ssim", "ms-ssim", "ms-ssim-rgb")},
        decibels={"ms_ssim": ("ms-ssim-db", "ms-ssim-db-rgb")},
    ),
    packages=(
        "numpy",
        "scipy",
        "onnxruntime",
        "torch",
        "pillow",
        "pillow-jxl-plugin",
        "pyvips-binary",
        "pytorch-msssim",
        "ssimulacra2",
        "bjontegaard",
    ),
    prepare=encode_on_one_thread,
    read=read_original_pictures,
    codecs=choose_picture_codecs,
    job=_job,
    conclude=_conclude,
)
