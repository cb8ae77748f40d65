"""How what is measured on pictures is told."""

from __future__ import annotations

from vqcodec.evaluation.pictures.folder import OriginalPicture
from vqcodec.evaluation.pictures.rate_distortion import PICTURE_METRICS
from vqcodec.evaluation.report.wording import RateScale, Wording

__all__ = ["PICTURE_WORDING"]


def _size(original: OriginalPicture) -> str:
    return f"{original.width} x {original.height}"


PICTURE_WORDING = Wording(
    one="picture",
    many="pictures",
    setting="quality",
    settings="qualities",
    rate=RateScale(
        unit="bit per pixel",
        short="bit/pixel",
        digits=3,
        tabled=(0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
        ticks=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
    ),
    drawn=PICTURE_METRICS[:2],
    against=", MS-SSIM in decibels",
    clock="seconds of one processor",
    facts=("pixels", _size),
    sections=lambda results: [],
)
