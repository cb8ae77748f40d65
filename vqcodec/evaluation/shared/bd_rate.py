"""How far two curves are apart: "Calculation of average PSNR differences between RD-curves" (Bjontegaard, 2001)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bjontegaard
import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.shared.curves import Curve, Metric, to_decibels

__all__ = ["Distance", "distance"]


@dataclass(frozen=True)
class Distance:
    """How one curve lies to another, after Bjontegaard; NaN where the curves have nothing in common.

    Attributes:
        rate: percent of rate that it needs more for the same quality, averaged over the qualities of both.
        quality: how much better it is at the same rate, averaged over the logarithm of the rates of both; in dB for a
            metric that ends at 1.
        low: of the metric, the least that both curves have.
        high: of the metric, the most that both curves have.
    """

    rate: float
    quality: float
    low: float
    high: float


NOTHING_IN_COMMON = Distance(math.nan, math.nan, math.nan, math.nan)


def distance(curve: Curve, anchor: Curve, metric: Metric) -> Distance:
    """How `curve` lies to `anchor`, by monotone cubic interpolation (PCHIP) of metric and logarithm of the rate."""
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
    return Distance(rate, quality, *((low, high) if low < high else (math.nan, math.nan)))


def _rising(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates and values without the points that cost more, or as much, and give nothing for it; those never rise."""
    kept: list[tuple[float, float]] = []
    finite = [pair for pair in zip(curve.rates, curve.values, strict=True) if math.isfinite(pair[1])]
    for rate, value in sorted(finite, key=lambda pair: (pair[0], -pair[1])):
        if not kept or (rate > kept[-1][0] and value > kept[-1][1]):
            kept.append((rate, value))
    rates, values = np.array(kept, np.float64).reshape(-1, 2).T
    return rates, values
