"""Means of points over originals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from itertools import groupby
from statistics import fmean
from typing import Any, TypeVar

from vqcodec.evaluation.shared.curves import Curve, Metric
from vqcodec.evaluation.shared.modality import Modality, RDPoint

__all__ = ["curves", "means"]

Point = TypeVar("Point", bound=RDPoint)


def means(points: Iterable[RDPoint], modality: Modality) -> list[Any]:
    """The mean of every codec and quality, in this order: a `modality.mean` each.

    Raises:
        ValueError: not all of them were measured on the same originals, so that their means cannot be compared.
    """
    return [_mean(group, modality) for group in _settings(points)]


def curves(points: Iterable[RDPoint], metric: Metric) -> dict[str, Curve]:
    """The mean curve of every evaluated codec, by its name, in the order of the points.

    An original is left out of both rate and metric if a codec has no value on it, or an infinite one: a small picture
    for MS-SSIM, or one that a codec keeps without loss for PSNR.
    """
    kept = list(points)
    unusable = {point.name for point in kept if not math.isfinite(getattr(point, metric.name))}
    groups = _settings(point for point in kept if point.name not in unusable)
    found = {}
    for name in dict.fromkeys(point.codec for point in kept):
        own = [group for group in groups if group[0].codec == name]
        rates = tuple(fmean(point.rate for point in group) for group in own)
        values = tuple(fmean(getattr(point, metric.name) for point in group) for group in own)
        found[name] = Curve(tuple(group[0].quality for group in own), rates, values, (name,) * len(own))
    return found


def _settings(points: Iterable[Point]) -> list[list[Point]]:
    """The points of every codec and quality, in this order; ValueError as for `means`."""
    ordered = sorted(points, key=lambda point: (point.codec, point.quality, point.name))
    groups = [list(group) for _, group in groupby(ordered, key=lambda point: (point.codec, point.quality))]
    for group in groups:
        if [point.name for point in group] != [point.name for point in groups[0]]:
            raise ValueError(f"{group[0].codec} at quality {group[0].quality:g} was measured on other originals")
    return groups


def _mean(group: list[RDPoint], modality: Modality) -> Any:
    counted = f"{modality.field}s"
    averaged = [each.name for each in fields(modality.mean) if each.name not in ("codec", "quality", counted)]
    return modality.mean(
        codec=group[0].codec,
        quality=group[0].quality,
        **{counted: len(group)},
        **{name: fmean(getattr(point, name) for point in group) for name in averaged},
    )
