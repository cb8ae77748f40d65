"""Curves of quality over rate, of any modality, and what lies between their points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

__all__ = ["Curve", "Metric", "envelope", "interpolate", "rises", "setting_near", "to_decibels"]

MOST = 1 - 1e-7  # of a metric that ends at 1, where decibels would be infinite


@dataclass(frozen=True)
class Metric:
    """A measure of quality: higher is better.

    Attributes:
        name: the field of a point that holds it.
        short: the name for people.
        label: the name for people with what is measured, and the unit.
        digits: how many decimals are shown.
        unit: of differences; empty if there is none.
        ends_at_one: 1 is the best value. Differences are taken in decibels then, of -10 log10(1 - value), as what
            counts is how much is missing to 1.
    """

    name: str
    short: str
    label: str
    digits: int
    unit: str = ""
    ends_at_one: bool = False


@dataclass(frozen=True)
class Curve:
    """A metric over the rate. All fields have an entry for each point, or none where it is not known.

    Attributes:
        qualities: settings of the codec; empty if they are not known.
        rates: positive.
        values: of the metric.
        codecs: names of the evaluated codecs; empty if they are not known.
    """

    qualities: tuple[float, ...]
    rates: tuple[float, ...]
    values: tuple[float, ...]
    codecs: tuple[str, ...] = ()


def envelope(curves: Sequence[Curve]) -> Curve:
    """The best of several curves of one metric at every rate: the points that lie below none of the other curves.

    The points are in order of rate. The line between the points of two curves may be a little above both. Beyond its
    highest rate a curve keeps its last value, as nobody has to spend more. A single curve stays as it is.
    """
    if len(curves) == 1:
        return curves[0]
    kept = []
    for curve in curves:
        others = [_reached(other, curve.rates) for other in curves if other is not curve and other.rates]
        most = np.fmax.reduce([np.asarray(curve.values), *others])
        points = zip(curve.rates, curve.values, curve.qualities, curve.codecs, strict=True)
        kept += [point for point, best in zip(points, most, strict=True) if point[1] >= best]
    rates, values, qualities, codecs = zip(*sorted(kept), strict=True) if kept else ((), (), (), ())
    return Curve(qualities, rates, values, codecs)


def _reached(curve: Curve, rates: Sequence[float]) -> NDArray[np.float64]:
    """The values of a curve at these rates: beyond its highest rate its last value, below its lowest rate NaN."""
    return interpolate(curve.rates, curve.values, np.minimum(rates, max(curve.rates)))


def to_decibels(values: ArrayLike) -> NDArray[np.float64]:
    """-10 log10(1 - value): equal steps are equal ratios of what is missing to 1. At most 70 dB."""
    return np.asarray(-10 * np.log10(1 - np.minimum(np.asarray(values, np.float64), MOST)))


def interpolate(rates: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Values at the rates `at`, by monotone cubic interpolation (PCHIP) over the logarithm of the rate.

    They are NaN outside of the known rates, and everywhere if fewer than two rates are known. Of two points of the same
    rate the first counts.
    """
    known, first = np.unique(np.asarray(rates, np.float64), return_index=True)
    wanted = np.asarray(at, np.float64)
    if len(known) < 2:
        return np.full(wanted.shape, np.nan)
    curve = PchipInterpolator(np.log(known), np.asarray(values, np.float64)[first], extrapolate=False)
    return np.asarray(curve(np.log(wanted)), np.float64)


def setting_near(rates: Sequence[float], qualities: Sequence[float], rate: float) -> float:
    """The whole number, within the qualities that were measured, at which the rate should be nearest to `rate`."""
    known, first = np.unique(np.asarray(rates, np.float64), return_index=True)
    return float(round(np.interp(math.log(rate), np.log(known), np.asarray(qualities, np.float64)[first])))


def rises(values: Sequence[float]) -> bool:
    """Whether each value is greater than the one before."""
    return all(after > before for before, after in pairwise(values))
