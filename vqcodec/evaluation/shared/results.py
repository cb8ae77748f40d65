"""All that was measured, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vqcodec.evaluation.shared.averages import curves, means
from vqcodec.evaluation.shared.bd_rate import BjontegaardDelta, bjontegaard_delta
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.curves import Curve, Metric, envelope
from vqcodec.evaluation.shared.folder import OriginalFile, Skipped
from vqcodec.evaluation.shared.modality import Modality, RDPoint
from vqcodec.evaluation.shared.published import Published

__all__ = ["Comparison", "Results"]


@dataclass(frozen=True)
class Comparison:
    """The first family against another curve, by a metric: on one original, or on the means if `name` is empty."""

    name: str
    against: str
    metric: Metric
    delta: BjontegaardDelta


@dataclass(frozen=True)
class Results:
    """The points of every original, codec and setting, and what they are about.

    Attributes:
        modality: pictures or sounds.
        folder: the name of the folder.
        codecs: the evaluated ones; the family of the first is compared with the others.
        originals: those that were measured.
        skipped: those that were not.
        unscored: names of originals that were measured and are in no mean.
        notes: what else is to be told, a line each.
        published: curves of others.
        points: an `RDPoint` of the modality for every original, codec and setting, in this order.
    """

    modality: Modality
    folder: str
    codecs: tuple[EvaluatedCodec[Any], ...]
    originals: tuple[OriginalFile, ...]
    skipped: tuple[Skipped, ...]
    unscored: frozenset[str]
    notes: tuple[str, ...]
    published: tuple[Published, ...]
    points: tuple[Any, ...]

    @property
    def families(self) -> dict[str, str]:
        """Every family of codecs that was measured, and its name for people."""
        return {each.family: each.label for each in self.codecs}

    @property
    def labels(self) -> dict[str, str]:
        """Every curve, of a family or published, and its name for people."""
        return self.families | {each.name: each.name for each in self.published}

    @property
    def first(self) -> str:
        """The family that is compared with the others."""
        return self.codecs[0].family

    @cached_property
    def points_of(self) -> dict[str, list[Any]]:
        """By the name of the original."""
        found: dict[str, list[Any]] = {each.name: [] for each in self.originals}
        for point in self.points:
            found[point.name].append(point)
        return found

    @cached_property
    def scored(self) -> list[Any]:
        """The points that are in the means."""
        return [point for point in self.points if point.name not in self.unscored]

    @cached_property
    def means(self) -> list[Any]:
        """Of every codec and setting."""
        return means(self.scored, self.modality)

    @cached_property
    def curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and family, over the means of all originals: the best of its variants at every rate."""
        return {metric.name: self._best(self.scored, metric) for metric in self.modality.metrics}

    def curves_of(self, original: str) -> dict[str, dict[str, Curve]]:
        """The same of one original, without the points that have no finite value."""
        points = self.points_of[original]
        return {
            metric.name: self._best([each for each in points if math.isfinite(getattr(each, metric.name))], metric)
            for metric in self.modality.metrics
        }

    @cached_property
    def published_curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and name."""
        return {
            metric.name: {each.name: each.curves[metric.name] for each in self.published if metric.name in each.curves}
            for metric in self.modality.metrics
        }

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """On the means with every other family and published curve, then on each original with every other family."""
        metrics = self.modality.metrics
        found = [each for metric in metrics for each in self._compare("", metric, self.curves[metric.name])]
        for original in self.originals:
            for metric in metrics:
                found += self._compare(original.name, metric, self._best(self.points_of[original.name], metric))
        return found

    def _best(self, points: Sequence[RDPoint], metric: Metric) -> dict[str, Curve]:
        measured = curves(points, metric)
        variants: dict[str, list[Curve]] = {}
        for each in self.codecs:
            variants.setdefault(each.family, []).append(measured.get(each.name, Curve((), (), ())))
        return {family: envelope(own) for family, own in variants.items()}

    def _compare(self, name: str, metric: Metric, known: dict[str, Curve]) -> Iterator[Comparison]:
        first, *others = known
        published = {} if name else self.published_curves[metric.name]
        for other, anchor in ({other: known[other] for other in others} | published).items():
            yield Comparison(name, other, metric, bjontegaard_delta(known[first], anchor, metric))
