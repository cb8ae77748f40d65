"""Which settings of which codecs are shown of a picture: those that come near to a few rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from vqcodec.evaluation.pictures.rate_distortion import PictureCoder, PicturePoint
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.curves import interpolate, setting_near

__all__ = ["AIMS", "PictureChoice", "choose_aims", "choose_settings"]

AIMS = (0.15, 0.4)  # bit per pixel; other ones if the first codec reaches neither


@dataclass(frozen=True)
class PictureChoice:
    """A setting of a codec that is shown, and the rate in bit per pixel that it aims at."""

    codec: EvaluatedCodec[PictureCoder]
    aim: float
    quality: float


def choose_aims(points: Sequence[PicturePoint], first: EvaluatedCodec[PictureCoder]) -> tuple[float, ...]:
    """The rates to show: AIMS; or if the first codec reaches neither, two rates between its lowest and its highest."""
    rates = [
        fmean(point.bits_per_pixel for point in points if (point.codec, point.quality) == (first.name, quality))
        for quality in first.qualities
    ]
    low, high = min(rates), max(rates)
    if any(low <= aim <= high for aim in AIMS):
        return AIMS
    return tuple(float(f"{low * (high / low) ** way:.2g}") for way in (1 / 3, 2 / 3))


def choose_settings(
    points: Sequence[PicturePoint], codecs: Sequence[EvaluatedCodec[PictureCoder]], aims: Sequence[float]
) -> tuple[PictureChoice, ...]:
    """For one picture, the setting of every family of codecs that should come nearest to each of the aims.

    Of the variants of a family it is the one that is the best there by SSIMULACRA 2. Where the first codec cannot reach
    the aim, the others have to match the nearest rate that it has.
    """
    measured = {each.name: [point for point in points if point.codec == each.name] for each in codecs}
    first_rates = [point.rate for point in measured[codecs[0].name]]
    families = [list(group) for _, group in groupby(codecs, key=lambda each: each.family)]
    choices = []
    for aim in aims:
        rate = min(max(aim, min(first_rates)), max(first_rates))
        for variants in families:
            best = max(variants, key=lambda each: _ssimulacra2_at(measured[each.name], rate))
            rates, qualities = zip(*((point.rate, point.quality) for point in measured[best.name]), strict=True)
            choices.append(PictureChoice(best, aim, setting_near(rates, qualities, rate)))
    return tuple(choices)


def _ssimulacra2_at(points: Sequence[PicturePoint], rate: float) -> float:
    """SSIMULACRA 2 at a rate; minus infinity where it is not known."""
    known = [each for each in points if math.isfinite(each.ssimulacra2)]
    value = float(interpolate([each.rate for each in known], [each.ssimulacra2 for each in known], rate))
    return -math.inf if math.isnan(value) else value
