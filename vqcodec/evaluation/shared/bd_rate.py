"""BD-rate and BD-PSNR: "Calculation of average PSNR differences between RD-curves" (Bjontegaard, 2001)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bjontegaard
import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.shared.curves import Curve, Metric, to_decibels

__all__ = ["BjontegaardDelta", "bjontegaard_delta"]


@dataclass(frozen=True)
class BjontegaardDelta:
    """The average difference of a curve to that of an anchor; NaN where the curves have nothing in common.

    Attributes:
        rate: the BD-rate: how many percent more rate the curve needs for the same quality, averaged over the qualities
            that both curves have. Less than 0 is what it saves.
        quality: the BD-PSNR, or the same of another metric: how much better the curve is at the same rate, averaged
            over the logarithm of the rates that both curves have. In dB if the metric ends at 1.
        low: the least value of the metric that both curves have.
        high: the greatest value of the metric that both curves have.
    """

    rate: float
    quality: float
    low: float
    high: float


NOTHING_IN_COMMON = BjontegaardDelta(math.nan, math.nan, math.nan, math.nan)


def bjontegaard_delta(curve: Curve, anchor: Curve, metric: Metric) -> BjontegaardDelta:
    """`curve` against `anchor`, by monotone cubic interpolation (PCHIP) of the metric and the logarithm of the rate."""
    (rates, values), (anchor_rates, anchor_values) = (_rising(each) for each in (curve, anchor))
    if min(len(rates), len(anchor_rates)) < 2:
        return NOTHING_IN_COMMON
    low, high = max(values[0], anchor_values[0]), min(values[-1], anchor_values[-1])
    lowest_rate, highest_rate = max(rates[0], anchor_rates[0]), min(rates[-1], anchor_rates[-1])
    if metric.ends_at_one:
        values, anchor_values = to_decibels(values), to_decibels(anchor_values)
    known = (anchor_rates, anchor_values, rates, values, "pchip", False, False, 0)
    rate = float(bjontegaard.bd_rate(*known)) if low < high else math.nan
    quality = float(bjontegaard.bd_psnr(*known)) if lowest_rate < highest_rate else math.nan
    return BjontegaardDelta(rate, quality, *((low, high) if low < high else (math.nan, math.nan)))


def _rising(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates and values, both rising: without the points that are no better than one of the same or a lower rate."""
    kept: list[tuple[float, float]] = []
    finite = [pair for pair in zip(curve.rates, curve.values, strict=True) if math.isfinite(pair[1])]
    for rate, value in sorted(finite, key=lambda pair: (pair[0], -pair[1])):
        if not kept or (rate > kept[-1][0] and value > kept[-1][1]):
            kept.append((rate, value))
    rates, values = np.array(kept, np.float64).reshape(-1, 2).T
    return rates, values
